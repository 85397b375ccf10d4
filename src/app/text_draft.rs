//! The design's own text while it is typed: until it has been read, and for as long as it is not a design.
//!
//! While the text is a design, it is the document's own, and none of this is there.

use super::Session;
use crate::model::document::{Problem, format};

/// A text that is not the drawing's, not yet or not at all. Nothing of it is lost: it is what is saved aside, what Undo
/// goes back in, and what Redo brings back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextDraft {
    pub text: String,
    /// Why it is not a design. Those of the text before, until this one has been read.
    pub problems: Vec<Problem>,
    pub(super) is_read: bool,
    /// What it was before each burst of typing, as far as that was no design either.
    pub(super) earlier: Vec<String>,
    pub(super) later: Vec<String>,
}

impl TextDraft {
    pub(super) fn new(text: String) -> Self {
        Self {
            text,
            problems: Vec::new(),
            is_read: false,
            earlier: Vec::new(),
            later: Vec::new(),
        }
    }
}

/// The words of Undo and Redo for typing.
pub(super) const TYPING: &str = "Edit the text";

impl Session {
    /// False for a file that was opened as text and has not been a design since: what is drawn is only a placeholder.
    pub fn has_good_drawing(&self) -> bool {
        !self.is_text_broken()
            || self.desk.history.undo_label().is_some()
            || format::read(&self.desk.saved_text).is_ok()
    }

    /// The design's text as it stands in the window: the drawing's, or what is typed in its place.
    pub fn text(&self) -> &str {
        self.desk
            .typed
            .as_ref()
            .map_or(&self.derived.text, |typed| &typed.text)
    }

    /// True while the text is not a design: the drawing is the last good one, older than the text.
    pub fn is_text_broken(&self) -> bool {
        !self.text_problems().is_empty()
    }

    /// What is wrong with the text, by its lines.
    pub fn text_problems(&self) -> &[Problem] {
        self.desk.typed.as_ref().map_or(&[], |typed| &typed.problems)
    }

    /// What Undo would undo.
    pub fn undo_label(&self) -> Option<&str> {
        match &self.desk.typed {
            Some(_) => Some(TYPING),
            None => self.desk.history.undo_label(),
        }
    }

    /// What Redo would do again.
    pub fn redo_label(&self) -> Option<&str> {
        match &self.desk.typed {
            Some(typed) => (!typed.later.is_empty()).then_some(TYPING),
            None if self.aside().is_some() => Some(TYPING),
            None => self.desk.history.redo_label(),
        }
    }

    /// A text that was no design when it was undone from this very drawing.
    pub(super) fn aside(&self) -> Option<&TextDraft> {
        let (revision, typed) = self.desk.set_aside.as_ref()?;
        (*revision == self.desk.revision).then_some(typed)
    }
}
