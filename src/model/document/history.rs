//! Undo and redo: whole documents, one for each finished gesture.

use super::Document;

/// How many servers the kept steps may hold together: thousands of steps of an ordinary design, hundreds of a huge one.
const KEPT_SERVERS: usize = 300_000;
/// So many steps are kept of a design of any size.
const KEPT_STEPS: usize = 50;

#[derive(Clone, Debug, Default)]
pub struct History {
    undo: Vec<Entry>,
    redo: Vec<Entry>,
    /// The servers of all documents in `undo`.
    servers: usize,
}

#[derive(Clone, Debug)]
struct Entry {
    label: String,
    document: Document,
}

impl Entry {
    fn servers(&self) -> usize {
        self.document.topology().servers().len()
    }
}

impl History {
    /// Keeps the document as it was before a command. What was undone before can no longer be redone.
    pub fn record(&mut self, before: Document, label: String) {
        self.redo.clear();
        self.keep(Entry {
            label,
            document: before,
        });
        let mut surplus = 0;
        for entry in self.undo.iter().take(self.undo.len().saturating_sub(KEPT_STEPS)) {
            if self.servers <= KEPT_SERVERS {
                break;
            }
            self.servers -= entry.servers();
            surplus += 1;
        }
        self.undo.drain(..surplus);
    }

    fn keep(&mut self, entry: Entry) {
        self.servers += entry.servers();
        self.undo.push(entry);
    }

    /// The document before the last command, if there is one; the current one can be redone.
    pub fn undo(&mut self, current: &Document) -> Option<Document> {
        let entry = self.undo.pop()?;
        self.servers -= entry.servers();
        self.redo.push(Entry {
            label: entry.label,
            document: current.clone(),
        });
        Some(entry.document)
    }

    pub fn redo(&mut self, current: &Document) -> Option<Document> {
        let entry = self.redo.pop()?;
        self.keep(Entry {
            label: entry.label,
            document: current.clone(),
        });
        Some(entry.document)
    }

    /// What "Undo …" would undo.
    pub fn undo_label(&self) -> Option<&str> {
        self.undo.last().map(|entry| entry.label.as_str())
    }

    pub fn redo_label(&self) -> Option<&str> {
        self.redo.last().map(|entry| entry.label.as_str())
    }
}
