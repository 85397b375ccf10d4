//! Performs actions on this machine.
//!
//! `claim` begins and ends with the folder, `make` writes what stands in it, `tool` runs initdb and single-user
//! starts, `template` keeps what initdb made, `copy` copies data directories, `ahead` before they are finished, `backup` those of running servers, `serve`
//! is everything with running servers, `change` what only a change of a running cluster does.

mod backup;
mod change;
mod claim;
mod copy;
mod early_copy;
mod make;
mod serve;
mod template;
mod tool;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use self::change::{Before, recorded};
use self::early_copy::EarlyCopies;
use super::Run;
use super::apply::Change;
use super::host::{Host, Work};
use super::resume::Resumed;
use crate::engine::cluster::record::{
    Builder, ClusterRecord, ClusterState, JournalFile, Lock, Stored, new_id,
};
use crate::engine::cluster::removal;
use crate::engine::cluster::remover::OwnHand;
use crate::engine::cluster::site::{Site, address};
use crate::engine::postgres::proof;
use crate::engine::postgres::server::{Started, Target};
use crate::engine::postgres::sessions::Sessions;
use crate::engine::system::files::{self, Owner};
use crate::engine::system::wait::Failure;
use crate::model::bundle::{self, Bundle};
use crate::model::document::Document;
use crate::model::plan::{Action, Plan, Reader};
use crate::report::Report;

/// This machine, for one run.
pub(super) struct LocalHost {
    site: Site,
    sessions: Sessions,
    document: Document,
    bundle: Bundle,
    /// What is done, by whose steps: for the journal.
    plan: Plan,
    /// What an earlier pgcascade left, if this run goes on from there.
    resumes: Option<Resumes>,
    /// The design that ran before, if this is a change.
    before: Option<Before>,
    /// Where to keep what serves the next deployment, too.
    cache: Option<PathBuf>,
    ahead: EarlyCopies,
    claim: Mutex<Claim>,
    /// Servers that this run started, by their folder.
    started: Mutex<BTreeMap<String, Started>>,
}

/// A deployment that was ended in the middle.
struct Resumes {
    /// The record as it was looked at: nobody may have changed it meanwhile.
    found: Stored,
    /// What takes away whatever is half made.
    clears: Vec<Action>,
}

/// What is recorded, what was made, and the lock that says we are at work.
struct Claim {
    stored: Stored,
    lock: Option<Lock>,
    /// Of a deployment, once its folder is claimed.
    journal: Option<JournalFile>,
    /// Nothing of an earlier run works there any more.
    is_claimed_again: bool,
    /// Folders that this run made: only these are removed again.
    made: BTreeSet<PathBuf>,
    /// The file of the superuser's password, where initdb was not given it.
    superuser_password: Option<String>,
}

impl LocalHost {
    pub(super) fn new(run: &Run) -> Result<Self, Report> {
        let topology = run.document.topology();
        let tools = run
            .machine
            .tools
            .first()
            .ok_or_else(|| Report::new("No PostgreSQL programs were found."))?;
        let run_as = run.machine.run_as.as_ref().filter(|_| run.machine.is_root);
        let record = ClusterRecord {
            id: new_id()?,
            name: topology.name().to_owned(),
            folder: PathBuf::from(&run.plan.folder),
            made_folder: false,
            postgres: topology.postgres().to_string(),
            bin: PathBuf::from(&tools.bin),
            run_as: run_as.map(|user| user.user.clone()),
            state: ClusterState::Building,
            builder: Builder::ourselves(),
            servers: recorded(topology),
            uses_passwords: run
                .plan
                .steps
                .iter()
                .any(|step| matches!(step.action, Action::MakeSecrets { .. })),
            switching: None,
            kept: false,
        };
        let made = run.plan.steps.iter().filter_map(|step| match &step.action {
            Action::MakeFolder { path } => Some(path.clone()),
            _ => None,
        });
        let site = Site {
            id: record.id.clone(),
            folder: record.folder.clone(),
            bin: record.bin.clone(),
            owner: run_as.map(|user| Owner {
                uid: user.uid,
                gid: user.gid,
            }),
            major: topology.postgres(),
            uses_passwords: record.uses_passwords,
        };
        Ok(Self {
            sessions: Sessions::new(site.clone()),
            site,
            document: run.document.clone(),
            bundle: run.bundle.clone(),
            plan: run.plan.clone(),
            resumes: None,
            before: None,
            cache: run.cache.clone(),
            ahead: EarlyCopies::new(),
            claim: Mutex::new(Claim {
                stored: Stored {
                    made: made.collect(),
                    wanted: Some(run.document.text()),
                    ..Stored::of(record)
                },
                lock: None,
                journal: None,
                is_claimed_again: false,
                made: BTreeSet::new(),
                superuser_password: None,
            }),
            started: Mutex::new(BTreeMap::new()),
        })
    }

    /// For a deployment that goes on from what an earlier one left.
    pub(super) fn going_on(resumed: &Resumed) -> Result<Self, Report> {
        let mut host = Self::new(&resumed.run)?;
        let found = resumed.stored.clone();
        let mut stored = found.clone();
        stored.record.state = ClusterState::Building;
        stored.record.builder = Builder::ourselves();
        stored.record.kept = false;
        host.site = Site::of(&stored.record)?;
        host.sessions = Sessions::new(host.site.clone());
        host.resumes = Some(Resumes {
            found,
            clears: resumed.go_on.clears.clone(),
        });
        host.claim().stored = stored;
        Ok(host)
    }

    /// For a change of a cluster that runs.
    pub(super) fn changing(change: &Change) -> Result<Self, Report> {
        let stored = change.found.stored.clone();
        let site = Site::of(&stored.record)?;
        Ok(Self {
            sessions: Sessions::new(site.clone()),
            site,
            document: change.wanted.clone(),
            bundle: bundle::generate(&change.wanted),
            plan: change.plan.clone(),
            resumes: None,
            before: Some(Before::of(change)),
            cache: None,
            ahead: EarlyCopies::new(),
            claim: Mutex::new(Claim {
                stored,
                superuser_password: None,
                lock: None,
                journal: None,
                is_claimed_again: false,
                made: BTreeSet::new(),
            }),
            started: Mutex::new(BTreeMap::new()),
        })
    }

    fn claim(&self) -> MutexGuard<'_, Claim> {
        // What is in it stays true whatever happened to a task that held it.
        self.claim.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn started(&self) -> MutexGuard<'_, BTreeMap<String, Started>> {
        self.started.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn started_at(&self, folder: &str) -> Option<Started> {
        self.started().get(folder).cloned()
    }

    fn target(&self, name: &str, folder: &str, port: u16) -> Target {
        let before = self.before.as_ref().map(|before| &before.document);
        let host = std::iter::once(&self.document)
            .chain(before)
            .find_map(|document| document.topology().by_name(name))
            .map(|server| server.host().clone());
        Target {
            name: name.to_owned(),
            folder: folder.to_owned(),
            address: address(&host.unwrap_or_default()),
            port,
        }
    }

    /// The same where it listens now: in the middle of a change it may still have its port of before.
    fn reachable(&self, name: &str, folder: &str, port: u16) -> Target {
        let running = self
            .site
            .running(folder)
            .ok()
            .flatten()
            .filter(|_| self.before.is_some());
        let port = running.and_then(|running| running.port).unwrap_or(port);
        self.target(name, folder, port)
    }

    /// A server that an action names without its folder.
    fn reader(&self, reader: &Reader) -> Target {
        let topology = self.document.topology();
        let folder = topology
            .by_name(&reader.server)
            .map(|server| topology.folder(server.id()));
        self.target(&reader.server, &folder.unwrap_or_default(), reader.port)
    }

    /// The standby that senders show under this name.
    fn shown_as(&self, name: &str) -> Option<Target> {
        let topology = self.document.topology();
        let server = topology
            .servers()
            .iter()
            .find(|server| server.name().in_view(topology.postgres()) == name)?;
        Some(self.target(
            server.name().as_str(),
            &topology.folder(server.id()),
            server.port().number(),
        ))
    }
}

impl Host for LocalHost {
    async fn perform(&self, action: &Action, work: &Work) -> Result<(), Failure> {
        self.noted(action, work).await.map_err(|failure| match failure {
            Failure::Failed(mut report) => {
                report.hints.extend(self.full_disk());
                Failure::Failed(report)
            }
            Failure::Cancelled => Failure::Cancelled,
        })
    }
}

impl LocalHost {
    /// Acts, with a line in the journal before and after it.
    async fn noted(&self, action: &Action, work: &Work) -> Result<(), Failure> {
        let cannot = |error: std::io::Error| Report::of("The journal cannot be written.", &error);
        let takes_back = takes_back(action);
        let begins = self.note(|journal| journal.begins(work.step));
        if !takes_back {
            begins.map_err(cannot)?;
        }
        self.act(action, work).await?;
        if takes_back {
            // On a full disk, too, all is taken back; the journal that could not be written holds nothing any more.
            let _ = self.note(|journal| journal.is_gone(work.step));
        } else {
            self.note(|journal| journal.is_done(work.step)).map_err(cannot)?;
        }
        Ok(())
    }

    fn note(&self, note: impl FnOnce(&JournalFile) -> std::io::Result<()>) -> std::io::Result<()> {
        self.claim().journal.as_ref().map_or(Ok(()), note)
    }
}

/// True for what undoes a step of a deployment.
fn takes_back(action: &Action) -> bool {
    matches!(
        action,
        Action::ReleaseFolder
            | Action::RemoveFolder { .. }
            | Action::RemoveCertificates { .. }
            | Action::Stop { .. }
    )
}

impl LocalHost {
    /// A full disk is the cause of whatever failed on it, also where a server could not even write so into its log.
    fn full_disk(&self) -> Option<String> {
        /// A server that needs a new WAL segment needs so much.
        const LITTLE_BYTES: u64 = 16 << 20;
        let free = files::free_bytes(&self.site.folder).filter(|free| *free < LITTLE_BYTES)?;
        Some(format!(
            "The disk is full ({} MB are free): make room, or choose a folder on another one.",
            free / 1_000_000
        ))
    }

    async fn act(&self, action: &Action, work: &Work) -> Result<(), Failure> {
        match action {
            Action::ClaimFolder => self.claim_folder(work).await,
            Action::ReleaseFolder => self.release_folder(work),
            Action::MakeFolder { path } => self.make_folder(path).map_err(Failure::from),
            Action::RemoveFolder { path } => self.remove_folder(path).await.map_err(Failure::from),
            Action::MakeSecrets { ports } => self.make_secrets(ports).map_err(Failure::from),
            Action::MakeCertificates { certificates } => {
                self.make_certificates(certificates).map_err(Failure::from)
            }
            Action::RemoveCertificates { folders } => {
                self.remove_certificates(folders).map_err(Failure::from)
            }
            Action::SignCertificate { certificate } => {
                self.sign_certificate(certificate).map_err(Failure::from)
            }
            Action::RemoveCertificate { folder } => {
                let stored = self.claim().stored.clone();
                removal::remove_certificate(&OwnHand, &stored, folder).map_err(Failure::from)
            }
            Action::RemoveTls => self.remove_tls().map_err(Failure::from),
            Action::Initdb {
                data,
                auth_method,
                password_file,
                no_sync,
            } => {
                self.initdb(data, auth_method, password_file.as_deref(), *no_sync, work)
                    .await
            }
            Action::CreateRole {
                data,
                options,
                role,
                password_file,
            } => {
                self.create_role(data, options, role, password_file.as_deref(), work)
                    .await
            }
            Action::CopyData { from, to } => self.copy_data(from, to, work).await,
            Action::InstallFile {
                bundle_path,
                to,
                held_back,
            } => self
                .install_file(bundle_path, to, held_back.as_deref())
                .map_err(Failure::from),
            Action::Start {
                server,
                folder,
                port,
                pass_file_in_environment,
            } => {
                let target = self.target(server, folder, *port);
                self.start(&target, *pass_file_in_environment, work).await
            }
            Action::Stop { server, folder } => self.stop(&self.target(server, folder, 0), work).await,
            Action::WaitReady { server, folder, port } => {
                self.wait_ready(&self.target(server, folder, *port), work).await
            }
            Action::CreateSlot {
                server,
                folder,
                port,
                slot,
            } => {
                self.create_slot(&self.reachable(server, folder, *port), slot, work)
                    .await
            }
            Action::WaitStreaming {
                server,
                folder,
                port,
                standby,
            } => {
                self.wait_streaming(&self.target(server, folder, *port), standby, work)
                    .await
            }
            Action::Reload { server, folder } => self
                .reload(&self.target(server, folder, 0))
                .map_err(Failure::from),
            Action::WaitRows {
                server,
                folder,
                port,
                rows,
            } => {
                self.wait_rows(&self.target(server, folder, *port), rows, work)
                    .await
            }
            Action::ProveTls { server, folder, port } => {
                let target = self.target(server, folder, *port);
                proof::prove_encrypted(&self.sessions, &target, &work.wait).await
            }
            Action::ProveRow {
                server,
                port,
                readers,
                delayed,
            } => {
                let primary = self.reader(&Reader {
                    server: server.clone(),
                    port: *port,
                });
                self.prove_row(&primary, readers, delayed, work).await
            }
            Action::Complete => {
                // Servers end their side of a session in the time that the files take.
                let sessions = self.sessions.clone();
                let closing = tokio::spawn(async move { sessions.close().await });
                let completed = self.complete();
                let _ = closing.await;
                completed.map_err(Failure::from)
            }
            Action::BeginChange => self.begin_change().map_err(Failure::from),
            Action::ForgetChange => self.forget_change().map_err(Failure::from),
            Action::WritePassFiles { ports } => self.write_pass_files(ports).map_err(Failure::from),
            Action::CopyRunning {
                server,
                folder,
                port,
                to,
            } => {
                let from = self.reachable(server, folder, *port);
                self.copy_running(&from, to, work).await
            }
            Action::Configure(one) => self.configure(one, work).await,
            Action::DropSlot {
                server,
                folder,
                port,
                slot,
            } => {
                let target = self.reachable(server, folder, *port);
                self.drop_slot(&target, slot, work).await
            }
            Action::RemoveServer { server, folder } => self.remove_server(server, folder, work).await,
            Action::Settle => self.settle().map_err(Failure::from),
        }
    }
}
