//! Reads and writes files: whole or not at all.

use std::path::{Path, PathBuf};

use crate::model::document::{Document, Problem};
use crate::report::Report;

/// Why a design could not be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// The file could not be read.
    File(Report),
    /// The file was read, but is no design.
    Design(Vec<Problem>),
}

/// Opens a design. Never changes the file.
pub fn open(path: &Path) -> Result<Document, OpenError> {
    let _ = path;
    unimplemented!()
}

/// Writes a file beside and renames it, so that there is never half a file; keeps the mode of one that was there.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Report> {
    let _ = (path, bytes);
    unimplemented!()
}

/// The folder for autosaves and the list of clusters: `$XDG_STATE_HOME/pgcascade`.
pub fn state_folder() -> Option<PathBuf> {
    unimplemented!()
}

/// Keeps an unsaved design in the state folder; `text: None` forgets it.
pub fn autosave(path: Option<&Path>, text: Option<&str>) -> Result<(), Report> {
    let _ = (path, text);
    unimplemented!()
}

/// Unsaved designs that earlier sessions left: the path of the file each belongs to, and its text.
pub fn recoverable() -> Vec<(Option<PathBuf>, String)> {
    unimplemented!()
}
