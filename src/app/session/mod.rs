//! All state of the window. Panels read it; only `update` changes it.
//!
//! `desk` is the design with its file, `looks` what of it is looked at, `live` what runs, `pending` what waits for an
//! answer; `derived` follows from the design; `dialog` and `notice` are what the window says and asks.

mod derived;
mod desk;
mod dialog;
mod live;
mod looks;
mod notice;
mod pending;

pub use derived::Derived;
pub use desk::Desk;
pub use dialog::{Dialog, Pick};
pub use live::{ClusterView, HostsPlan, Live, RunView, ToHosts};
pub use looks::{Looks, Tab};
pub use notice::{Notice, NoticeKind};
pub use pending::Pending;

use std::path::PathBuf;
use std::sync::Arc;

use super::{Effect, Imported, Learning, Mode, OpenLesson, Start, WhatIf};
use crate::model::bundle::{self, Bundle};
use crate::model::desk::{FontFile, Preferences};
use crate::model::document::Document;

/// The window's state, in groups: each keeps what is true of it.
#[derive(Debug)]
pub struct Session {
    /// The design, its file, and how it came to be as it is. Opening a design replaces it whole.
    pub desk: Desk,
    /// Everything computed from the document, fresh for `desk.revision`.
    pub derived: Derived,
    /// What of it is looked at.
    pub looks: Looks,
    /// What runs, and what is done to it.
    pub live: Live,
    /// What the window is for just now.
    pub mode: Mode,
    pub start: Start,
    /// The lesson that the design belongs to.
    pub lesson: Option<OpenLesson>,
    pub learning: Learning,
    /// What the design was imported from, and what it does not say.
    pub imported: Option<Arc<Imported>>,
    pub notices: Vec<Notice>,
    pub dialog: Option<Dialog>,
    /// Fonts of this machine that were found for letters which the window's own lack.
    pub fonts: Vec<FontFile>,
    /// What lasts from session to session.
    pub preferences: Preferences,
    /// The folder below which deployments are suggested; set by whoever knows the user's home.
    pub default_folder: PathBuf,
    /// Where files of an unsaved design are suggested: the user's home, then where the last one went or came from.
    pub files_folder: PathBuf,
    /// The next notice's number.
    pub next_notice: u64,
    /// The next import's.
    pub(super) next_import: u64,
    /// What was put off by a question, and what was agreed to.
    pub(super) pending: Pending,
}

/// Where deployments are suggested if nobody says better: everyone may write below it.
const DEFAULT_FOLDER: &str = "/var/tmp/pgcascade";
const DEFAULT_FILES: &str = "/var/tmp";

impl Session {
    /// A window on a design: the one read from `path`, or a new one.
    pub fn new(document: Document, path: Option<PathBuf>) -> Self {
        let derived = Derived::of(&document, None, 0);
        let desk = match path {
            Some(path) => {
                let text = document.source().text().to_owned();
                Desk::of(document, Some(path), text, 0)
            }
            None => Desk::of(document, None, derived.text.clone(), 0),
        };
        Self {
            desk,
            derived,
            looks: Looks::default(),
            live: Live::default(),
            mode: Mode::Design,
            start: Start::default(),
            lesson: None,
            learning: Learning::default(),
            imported: None,
            notices: Vec::new(),
            dialog: None,
            fonts: Vec::new(),
            preferences: Preferences::default(),
            default_folder: PathBuf::from(DEFAULT_FOLDER),
            files_folder: PathBuf::from(DEFAULT_FILES),
            next_notice: 0,
            next_import: 1,
            pending: Pending::default(),
        }
    }

    pub fn what_if(&self) -> Option<&WhatIf> {
        self.mode.what_if()
    }

    /// What a window does when it opens.
    pub fn start_effects(&self) -> Vec<Effect> {
        let opened = self.desk.path.clone().map(Effect::NoteRecent);
        let mut effects = vec![Effect::FindRecoverable, Effect::FindLeftOver];
        effects.extend(opened);
        effects.extend(self.desk.path.clone().map(Effect::FindExport));
        effects.extend([Effect::FindRecent, Effect::FindConnections, Effect::FindProgress]);
        effects.extend(self.start.is_shown.then_some(Effect::ListClusters));
        effects.extend(self.pending.at_start.iter().cloned());
        effects
    }

    /// Every file that the drawing stands for, as others get it.
    pub fn bundle(&self) -> &Bundle {
        let bundle = &self.derived.bundle;
        bundle.get_or_init(|| bundle::generate(&self.desk.document.without_lab()))
    }

    /// True if the file on disk would change by saving.
    pub fn is_modified(&self) -> bool {
        self.text() != self.desk.saved_text
    }

    /// "seed.toml", or the design's name if it has no file yet.
    pub fn title(&self) -> String {
        let file = self
            .desk
            .path
            .as_ref()
            .and_then(|path| path.file_name())
            .map(|name| name.to_string_lossy().into_owned());
        file.unwrap_or_else(|| self.desk.document.topology().name().to_owned())
    }

    /// True if the running cluster was deployed from another configuration than the drawn one.
    pub fn differs_from_deployed(&self) -> bool {
        self.live.cluster.as_ref().is_some_and(|cluster| {
            !cluster
                .deployed
                .topology()
                .has_same_configuration(self.desk.document.topology())
        })
    }
}
