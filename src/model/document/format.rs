//! The design file: TOML, read with every problem named by line, written with as little changed as can be.

use super::Document;
use crate::model::topology::Topology;

/// Why a text is no design: one of possibly many, each with its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The id under which `check` lists it, for example `loop` or `unknown-key`.
    pub rule: &'static str,
    /// From 1; `None` if the problem has no place, such as a missing key.
    pub line: Option<usize>,
    /// The server it is about, by name.
    pub server: Option<String>,
    pub message: String,
    /// What to do about it.
    pub fix: Option<String>,
}

/// The text a document was read from (empty for a new one), and which of its tables is which server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Source {
    text: String,
}

impl Source {
    pub(super) fn of_saved(text: &str, _topology: &Topology) -> Self {
        Self {
            text: text.to_owned(),
        }
    }

    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Reads a design file; says everything that is wrong with it, not only the first thing.
pub fn read(_text: &str) -> Result<Document, Vec<Problem>> {
    Err(Vec::new())
}

/// Writes the document over the text it came from.
pub fn write(document: &Document) -> String {
    document.source().text.clone()
}
