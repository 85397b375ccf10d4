//! What the window says at its corner.

use std::path::PathBuf;

use crate::report::Report;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    Done,
    Info,
    Problem,
}

/// A sentence that appears at the corner, until it is closed.
#[derive(Clone, Debug)]
pub struct Notice {
    pub number: u64,
    pub kind: NoticeKind,
    pub report: Report,
    /// How often it was said again since.
    pub repeats: usize,
    /// A folder to offer "Show in folder" for.
    pub folder: Option<PathBuf>,
}
