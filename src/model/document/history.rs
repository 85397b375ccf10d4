//! Undo and redo: whole documents, one for each finished gesture.

use super::Document;

/// How many steps back are kept. A design of thirty servers is a few kilobytes.
const DEPTH: usize = 200;

#[derive(Clone, Debug, Default)]
pub struct History {
    undo: Vec<Entry>,
    redo: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    label: String,
    document: Document,
}

impl History {
    /// Keeps the document as it was before a command. What was undone before can no longer be redone.
    pub fn record(&mut self, before: Document, label: String) {
        self.redo.clear();
        self.undo.push(Entry {
            label,
            document: before,
        });
        if self.undo.len() > DEPTH {
            self.undo.remove(0);
        }
    }

    /// The document before the last command, if there is one; the current one can be redone.
    pub fn undo(&mut self, current: &Document) -> Option<Document> {
        let entry = self.undo.pop()?;
        self.redo.push(Entry {
            label: entry.label,
            document: current.clone(),
        });
        Some(entry.document)
    }

    pub fn redo(&mut self, current: &Document) -> Option<Document> {
        let entry = self.redo.pop()?;
        self.undo.push(Entry {
            label: entry.label,
            document: current.clone(),
        });
        Some(entry.document)
    }

    /// What "Undo …" would take back.
    pub fn undo_label(&self) -> Option<&str> {
        self.undo.last().map(|entry| entry.label.as_str())
    }

    pub fn redo_label(&self) -> Option<&str> {
        self.redo.last().map(|entry| entry.label.as_str())
    }
}
