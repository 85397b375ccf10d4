//! Text that is written together with where it comes from.

use std::borrow::Cow;

use super::origin::{LineOrigin, Origin, Provenance};
use super::setting::comment;

/// A file's text, and where its lines come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced {
    pub contents: String,
    pub provenance: Provenance,
}

impl Sourced {
    /// A file that is explained as a whole.
    pub fn whole(contents: impl Into<String>, origin: Origin, reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            contents: contents.into(),
            provenance: Provenance::Whole {
                origin,
                reason: reason.into(),
            },
        }
    }
}

/// Writes a configuration file from top to bottom.
#[derive(Debug, Default)]
pub struct Writer {
    text: String,
    /// How many lines the text has.
    line: usize,
    /// Where the comment of the next statement begins.
    comment_at: usize,
    lines: Vec<LineOrigin>,
}

impl Writer {
    /// A comment; it belongs to the statement below it, unless a blank line comes between.
    pub fn comment(&mut self, words: &str) {
        self.push(&comment(words));
    }

    /// A comment line as it is, for what is aligned by blanks.
    pub fn comment_line(&mut self, line: &str) {
        self.push(line);
        self.push("\n");
    }

    /// A blank line: what stands above it belongs to nothing below it.
    pub fn blank(&mut self) {
        self.push("\n");
        self.comment_at = self.line;
    }

    /// A line that the server reads, without its line end.
    pub fn statement(&mut self, line: &str, origin: Origin, reason: impl Into<Cow<'static, str>>) {
        self.push(line);
        self.push("\n");
        self.lines.push(LineOrigin {
            lines: self.comment_at..self.line,
            origin,
            reason: reason.into(),
        });
        self.comment_at = self.line;
    }

    pub fn finish(self) -> Sourced {
        Sourced {
            contents: self.text,
            provenance: Provenance::Lines(self.lines),
        }
    }

    fn push(&mut self, text: &str) {
        self.line += text.matches('\n').count();
        self.text.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::configuration::Decision;

    #[test]
    fn a_comment_belongs_to_the_line_below_it() {
        let mut writer = Writer::default();
        writer.comment("A head\nof two lines");
        writer.blank();
        writer.comment("Why.");
        writer.statement("a = 1", Decision::Listen.for_cluster(), "Why.");
        writer.statement("b = 2", Decision::Port.for_cluster(), "Why.");
        let file = writer.finish();
        assert_eq!(
            file.contents,
            "# A head\n# of two lines\n\n# Why.\na = 1\nb = 2\n"
        );
        let ranges: Vec<_> = file
            .provenance
            .lines()
            .iter()
            .map(|line| line.lines.clone())
            .collect();
        assert_eq!(ranges, [3..5, 5..6]);
    }
}
