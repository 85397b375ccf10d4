//! What each piece of a line is, by the language of its file: so that settings, names and values are told apart at a glance.
//!
//! One [`Highlighter`] goes through a text line by line, since a quoted text may go on in the next line. Never colour
//! alone: what a piece is can always be read from its own signs (`#`, quotes, brackets).

mod lines;
mod pen;
mod shell;
mod toml;

use std::ops::Range;

use egui::text::{LayoutJob, TextFormat};
use egui::{Color32, FontId};

use crate::ui::theme::Tokens;

/// What a text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// A design.
    Toml,
    /// postgresql.conf and recovery.conf: `name = 'value'`.
    Conf,
    /// pg_hba.conf: columns.
    Hba,
    Shell,
    /// The README.
    Markdown,
    /// Sums and the like.
    Plain,
}

/// What a piece of a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Blanks, signs, and what has no colour of its own.
    Plain,
    Comment,
    /// `[[server]]`, a heading.
    Section,
    /// A key, a setting, a shell variable that is set.
    Name,
    /// In quotes.
    Text,
    Number,
    /// A word of the language: true, on, if, replication, scram-sha-256.
    Word,
    /// `$name`.
    Variable,
}

/// Pieces that cover the whole line, in order.
pub type Pieces = Vec<(Kind, Range<usize>)>;

#[derive(Clone, Debug)]
pub struct Highlighter {
    language: Language,
    /// What a quoted text that began in an earlier line ends with.
    open: Option<&'static str>,
}

impl Language {
    /// By the path inside the bundle.
    pub fn of_file(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        match name.rsplit_once('.') {
            Some((_, "toml")) => Self::Toml,
            Some(("pg_hba", "conf")) => Self::Hba,
            Some((_, "conf")) => Self::Conf,
            Some((_, "md")) => Self::Markdown,
            Some((_, "sh")) | None => Self::Shell,
            Some(_) => Self::Plain,
        }
    }
}

impl Highlighter {
    pub fn new(language: Language) -> Self {
        Self { language, open: None }
    }

    /// The pieces of the next line, which is given without its end.
    pub fn line(&mut self, line: &str) -> Pieces {
        lines::pieces(self.language, &mut self.open, line)
    }

    /// The same, ready to be laid out.
    pub fn append_line(
        &mut self,
        job: &mut LayoutJob,
        line: &str,
        space: f32,
        font: &FontId,
        tokens: &Tokens,
    ) {
        let mut space = space;
        for (kind, range) in self.line(line) {
            let format = TextFormat::simple(font.clone(), kind.colour(tokens));
            job.append(line.get(range).unwrap_or_default(), space, format);
            space = 0.0;
        }
    }
}

impl Kind {
    pub fn colour(self, tokens: &Tokens) -> Color32 {
        match self {
            Self::Plain => tokens.text,
            Self::Comment => tokens.text_weak,
            Self::Section => tokens.code_section,
            Self::Name => tokens.code_name,
            Self::Text => tokens.code_text,
            Self::Number => tokens.code_number,
            Self::Word => tokens.code_word,
            Self::Variable => tokens.code_variable,
        }
    }
}
