//! The design on its way out: where it can go, what would be written there, and what is lost of it.

use std::path::PathBuf;
use std::sync::Arc;

use super::Session;
use crate::model::export::{self, Export, Fate, Kept, NotPossible, Target};
use crate::report::Report;

/// What can happen while the design is exported.
#[derive(Clone, Debug, PartialEq)]
pub enum ExportMessage {
    /// Show where the design can go.
    Ask,
    /// Show this target (`None`: the bundle); with the folder as it is typed by now.
    Target(Option<Target>, String),
    /// Ask the desktop for a folder; with what is typed by now.
    ChooseFolder(String),
    /// Write the files into this folder.
    Write(Target, PathBuf),
    /// They are there: so many.
    Written(Target, PathBuf, usize),
    NotWritten(Report),
}

/// The dialog: what is chosen, and what would come of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Exporting {
    /// `None`: the bundle, in one file.
    pub target: Option<Target>,
    /// What the field for the folder begins with.
    pub folder: String,
    /// Computed once: a large design has many files.
    pub shown: Arc<Shown>,
    /// Why it was not written.
    pub problem: Option<Report>,
    pub is_writing: bool,
}

/// What there is to know of a target before anything is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Each file with its length; or why the design cannot go there.
    pub files: Result<Vec<(String, usize)>, NotPossible>,
    /// Every feature of the design; none for the bundle, which is where a design is deployed from.
    pub kept: Vec<Kept>,
}

impl Exporting {
    /// A design whose servers are all here goes into a bundle, most likely.
    pub(super) fn first(session: &Session) -> Option<Target> {
        let is_here = session.desk.document.topology().is_all_loopback();
        (!is_here).then_some(Target::Hosts)
    }

    pub(super) fn of(session: &Session, target: Option<Target>, folder: String) -> Self {
        Self {
            target,
            folder,
            shown: Arc::new(Shown::of(session, target)),
            problem: None,
            is_writing: false,
        }
    }
}

impl Shown {
    fn of(session: &Session, target: Option<Target>) -> Self {
        let Some(target) = target else {
            let files = session.bundle().files.iter();
            let named = files.map(|file| (file.path.clone(), file.contents.len()));
            return Self {
                files: Ok(named.collect()),
                kept: Vec::new(),
            };
        };
        let document = &session.desk.document;
        let named = |export: Export| {
            let files = export.files.into_iter();
            files.map(|file| (file.path, file.contents.len())).collect()
        };
        Self {
            files: export::export(document, target).map(named),
            kept: export::losses(document, target),
        }
    }

    /// The features that end like this, in the order of the list.
    pub fn of_fate(&self, fate: Fate) -> impl Iterator<Item = &Kept> {
        self.kept.iter().filter(move |one| one.fate == fate)
    }

    pub fn count(&self, fate: Fate) -> usize {
        self.of_fate(fate).count()
    }
}
