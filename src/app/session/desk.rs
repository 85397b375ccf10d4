//! The design, its file, and how it came to be as it is.

use std::path::PathBuf;

use crate::app::TextDraft;
use crate::model::document::{Document, History};

#[derive(Debug)]
pub struct Desk {
    pub document: Document,
    pub history: History,
    /// Moves on every change of the document, undo included; what is derived compares for *different*.
    pub revision: u64,
    /// The design's text where it is not the drawing's: just typed, or not a design at all.
    pub typed: Option<TextDraft>,
    /// The file of the design, once it has one.
    pub path: Option<PathBuf>,
    /// The text as it is in that file; "unsaved" is a comparison with it, never a flag.
    pub saved_text: String,
    /// The design as it was exported last, in this session or an earlier one.
    pub last_export: Option<Document>,
    /// What the design's file holds is not known yet: the design was recovered.
    pub(in crate::app) is_file_unknown: bool,
    /// The revision that the last burst of typing led to: it may go on.
    pub(in crate::app) burst: Option<u64>,
    /// A text that was not a design and was undone, with the revision of the drawing that it was typed at.
    pub(in crate::app) set_aside: Option<(u64, TextDraft)>,
}

impl Desk {
    /// A design as it comes onto the desk: nothing of the one before is its own, neither undo steps nor half-typed text.
    /// `saved_text` is what its file holds, or, without a file, the text that counts as saved.
    pub(in crate::app) fn of(
        document: Document,
        path: Option<PathBuf>,
        saved_text: String,
        revision: u64,
    ) -> Self {
        Self {
            document,
            history: History::default(),
            revision,
            typed: None,
            path,
            saved_text,
            last_export: None,
            is_file_unknown: false,
            burst: None,
            set_aside: None,
        }
    }
}
