//! Designs that were worked on before: opened or saved lately, or left unsaved by a session that has ended.

use std::path::PathBuf;

use serde::Serialize;

/// A design that was worked on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecentDesign {
    pub path: PathBuf,
    /// How long ago it was opened or saved.
    pub age_secs: u64,
    /// The file is gone if not.
    pub is_there: bool,
}

/// What a session that has ended left unsaved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsaved {
    /// What it is forgotten by.
    pub id: String,
    /// The file the design belongs to, if it has one.
    pub path: Option<PathBuf>,
    pub text: String,
    /// How long ago it was kept.
    pub age_secs: u64,
}
