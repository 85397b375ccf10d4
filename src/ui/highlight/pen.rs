//! Goes along one line and notes its pieces, whatever the language.

use std::ops::Range;

use super::{Kind, Language, Pieces};

pub(super) const SWITCHES: [&str; 6] = ["on", "off", "true", "false", "yes", "no"];

/// Goes along a line and notes its pieces.
pub(super) struct Pen<'a> {
    pub(super) line: &'a str,
    pub(super) at: usize,
    pub(super) pieces: Pieces,
}

impl Pen<'_> {
    pub(super) fn left(&self) -> &str {
        self.line.get(self.at..).unwrap_or_default()
    }

    pub(super) fn first(&self) -> Option<char> {
        self.left().chars().next()
    }

    /// The next bytes are of this kind; what is of the same kind as the piece before becomes part of it.
    pub(super) fn take(&mut self, kind: Kind, bytes: usize) {
        let range: Range<usize> = self.at..(self.at + bytes).min(self.line.len());
        self.at = range.end;
        if range.is_empty() {
            return;
        }
        match self.pieces.last_mut() {
            Some((before, known)) if *before == kind => known.end = range.end,
            _ => self.pieces.push((kind, range)),
        }
    }

    pub(super) fn take_while(&mut self, kind: Kind, is_part: impl Fn(char) -> bool) {
        let left = self.left();
        let bytes = left.find(|letter| !is_part(letter)).unwrap_or(left.len());
        self.take(kind, bytes);
    }

    pub(super) fn take_letter(&mut self, kind: Kind) {
        let bytes = self.first().map_or(0, char::len_utf8);
        self.take(kind, bytes);
    }

    pub(super) fn blanks(&mut self) {
        self.take_while(Kind::Plain, char::is_whitespace);
    }

    pub(super) fn rest(&mut self, kind: Kind) {
        self.take(kind, self.line.len());
    }

    /// The rest of a quoted text; false if it does not end in this line.
    pub(super) fn text_up_to(&mut self, end: &str, language: Language) -> bool {
        // In TOML and the shell, a backslash hides a quote, but not where the quotes are single ones.
        let hides = matches!(language, Language::Toml | Language::Shell) && end.starts_with('"');
        let left = self.left();
        let mut hidden = false;
        let mut found = None;
        for (at, letter) in left.char_indices() {
            if hidden {
                hidden = false;
            } else if hides && letter == '\\' {
                hidden = true;
            } else if left.get(at..).is_some_and(|left| left.starts_with(end)) {
                found = Some(at + end.len());
                break;
            }
        }
        let bytes = found.unwrap_or(left.len());
        self.take(Kind::Text, bytes);
        found.is_some()
    }

    /// A text that begins here with these quotes.
    pub(super) fn text(&mut self, quotes: &'static str, language: Language) -> bool {
        self.take(Kind::Text, quotes.len());
        self.text_up_to(quotes, language)
    }
}

pub(super) fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.')
}

/// A word that stands as a value.
pub(super) fn value_kind(word: &str, words: &[&str]) -> Kind {
    if words.contains(&word) {
        Kind::Word
    } else if word.starts_with(|letter: char| letter.is_ascii_digit() || matches!(letter, '-' | '+')) {
        Kind::Number
    } else {
        Kind::Plain
    }
}

pub(super) fn value(pen: &mut Pen<'_>, words: &[&str]) {
    let left = pen.left();
    let bytes = left
        .find(|letter| !is_name(letter) && letter != '+')
        .unwrap_or(left.len());
    let kind = value_kind(left.get(..bytes).unwrap_or_default(), words);
    pen.take(kind, bytes);
}
