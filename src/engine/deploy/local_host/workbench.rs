//! What making a cluster and changing one have in common: the record and its lock, what was made, the files, the servers.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::early_copy::EarlyCopies;
use crate::engine::cluster::record::{JournalFile, Lock, Stored};
use crate::engine::cluster::servers::Servers;
use crate::engine::cluster::site::Site;
use crate::engine::system::files;
use crate::engine::system::wait::Failure;
use crate::model::bundle::Bundle;
use crate::model::document::Document;
use crate::model::plan::Make;
use crate::report::Report;

/// This machine, for one run.
pub(super) struct Workbench {
    pub(super) site: Site,
    pub(super) servers: Servers,
    /// The design that is to run, and its files.
    pub(super) document: Document,
    pub(super) bundle: Bundle,
    pub(super) early_copies: EarlyCopies,
    /// The record of the cluster that is changed, as it was found; `None`: there was none.
    pub(super) found: Option<Stored>,
    claim: Mutex<Claim>,
}

/// What is recorded, what was made, and the lock that says we are at work.
pub(super) struct Claim {
    pub(super) stored: Stored,
    pub(super) lock: Option<Lock>,
    /// Of a deployment, once its folder is claimed.
    pub(super) journal: Option<JournalFile>,
    /// Nothing of an earlier run works there any more.
    pub(super) is_claimed_again: bool,
    /// Folders that this run made: only these are removed again.
    pub(super) made: BTreeSet<PathBuf>,
    /// The file of the superuser's password, where initdb was not given it.
    pub(super) superuser_password: Option<String>,
}

impl Workbench {
    pub(super) fn new(
        site: Site,
        servers: Servers,
        document: Document,
        bundle: Bundle,
        stored: Stored,
    ) -> Self {
        Self {
            site,
            servers,
            document,
            bundle,
            early_copies: EarlyCopies::new(),
            found: None,
            claim: Mutex::new(Claim {
                stored,
                lock: None,
                journal: None,
                is_claimed_again: false,
                made: BTreeSet::new(),
                superuser_password: None,
            }),
        }
    }

    pub(super) fn claim(&self) -> MutexGuard<'_, Claim> {
        // What is in it stays true whatever happened to a task that held it.
        self.claim.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn make(&self, action: &Make) -> Result<(), Failure> {
        match action {
            Make::MakeFolder { path } => self.make_folder(path).map_err(Failure::from),
            Make::RemoveFolder { path } => self.remove_folder(path).await.map_err(Failure::from),
            Make::MakeCertificates { certificates } => {
                self.make_certificates(certificates).map_err(Failure::from)
            }
            Make::RemoveCertificates { folders } => self.remove_certificates(folders).map_err(Failure::from),
            Make::InstallFile {
                bundle_path,
                to,
                held_back,
            } => self
                .install_file(bundle_path, to, held_back.as_deref())
                .map_err(Failure::from),
            Make::Complete => {
                // Servers end their side of a session in the time that the files take.
                let sessions = self.servers.sessions.clone();
                let closing = tokio::spawn(async move { sessions.close().await });
                let completed = self.complete();
                let _ = closing.await;
                completed.map_err(Failure::from)
            }
        }
    }

    /// A failure, with the cause of whatever fails on a full disk, also where a server could not even write so into its log.
    pub(super) fn explained(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Failed(mut report) => {
                report.hints.extend(self.full_disk());
                Failure::Failed(report)
            }
            Failure::Cancelled => Failure::Cancelled,
        }
    }

    fn full_disk(&self) -> Option<String> {
        /// A server that needs a new WAL segment needs so much.
        const LITTLE_BYTES: u64 = 16 << 20;
        let free = files::free_bytes(&self.site.folder).filter(|free| *free < LITTLE_BYTES)?;
        Some(format!(
            "The disk is full ({} MB are free): make room, or choose a folder on another disk.",
            free / 1_000_000
        ))
    }

    pub(super) fn note(&self, note: impl FnOnce(&JournalFile) -> std::io::Result<()>) -> Result<(), Report> {
        let noted = self.claim().journal.as_ref().map_or(Ok(()), note);
        noted.map_err(|error| Report::of("The journal cannot be written.", &error))
    }
}
