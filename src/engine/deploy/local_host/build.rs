//! Makes a cluster, or continues one that an earlier run has begun.

use std::path::PathBuf;

use super::template::InitdbWay;
use super::workbench::Workbench;
use crate::engine::cluster::record::{Builder, ClusterRecord, ClusterState, Stored, new_id};
use crate::engine::cluster::servers::Servers;
use crate::engine::cluster::site::Site;
use crate::engine::deploy::Run;
use crate::engine::deploy::resume::Resumed;
use crate::engine::run::{Host, Work, misplaced};
use crate::engine::system::files::Owner;
use crate::engine::system::wait::Failure;
use crate::model::plan::{Action, Build, Plan};
use crate::report::Report;

pub(in crate::engine::deploy) struct BuildHost {
    pub(super) bench: Workbench,
    /// What is done, by whose steps: for the journal.
    pub(super) plan: Plan,
    /// What an earlier pgcascade left, if this run goes on from there.
    pub(super) resumes: Option<Resumes>,
    /// Where to keep what serves the next deployment, too.
    pub(super) cache: Option<PathBuf>,
}

/// A deployment that was ended in the middle.
pub(super) struct Resumes {
    /// The record as it was looked at: nobody may have changed it meanwhile.
    pub(super) found: Stored,
    /// What takes away whatever is half made.
    pub(super) clears: Vec<Action>,
}

impl BuildHost {
    pub(in crate::engine::deploy) fn new(run: &Run) -> Result<Self, Report> {
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
            servers: ClusterRecord::servers_of(topology),
            uses_passwords: run.plan.head.needs_secrets,
            switching: None,
            clears: false,
            kept: false,
        };
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
        let stored = Stored {
            made: run.plan.head.makes.clone(),
            wanted: Some(run.document.text()),
            ..Stored::of(record)
        };
        Ok(Self::at(run, site, stored))
    }

    /// For a deployment that goes on from what an earlier one left.
    pub(in crate::engine::deploy) fn resuming(resumed: &Resumed) -> Result<Self, Report> {
        let found = resumed.stored.clone();
        let mut stored = found.clone();
        stored.record.state = ClusterState::Building;
        stored.record.builder = Builder::ourselves();
        stored.record.kept = false;
        let mut host = Self::at(&resumed.run, Site::of(&stored.record)?, stored);
        host.resumes = Some(Resumes {
            found,
            clears: resumed.go_on.clears.clone(),
        });
        Ok(host)
    }

    fn at(run: &Run, site: Site, stored: Stored) -> Self {
        let servers = Servers::of(site.clone(), vec![run.document.clone()]);
        Self {
            bench: Workbench::new(site, servers, run.document.clone(), run.bundle.clone(), stored),
            plan: run.plan.clone(),
            resumes: None,
            cache: run.cache.clone(),
        }
    }

    async fn act(&self, action: &Action, work: &Work) -> Result<(), Failure> {
        match action {
            Action::Build(action) => self.build(action, work).await,
            Action::Make(action) => self.bench.make(action).await,
            Action::Serve(action) => self.bench.servers.serve(action, work).await,
            Action::Alter(_) | Action::Takeover(_) | Action::Note(_) | Action::Remove(_) => {
                Err(misplaced(action))
            }
        }
    }

    async fn build(&self, action: &Build, work: &Work) -> Result<(), Failure> {
        match action {
            Build::ClaimFolder => self.claim_folder(work).await,
            Build::ReleaseFolder => self.release_folder(work),
            Build::MakeSecrets { ports } => self.make_secrets(ports).map_err(Failure::from),
            Build::Initdb {
                data,
                auth_method,
                password_file,
                no_sync,
                options,
            } => {
                let way = InitdbWay {
                    auth_method,
                    no_sync: *no_sync,
                    options,
                };
                self.initdb(data, way, password_file.as_deref(), work).await
            }
            Build::CreateRole {
                data,
                options,
                role,
                password_file,
            } => {
                self.create_role(data, options, role, password_file.as_deref(), work)
                    .await
            }
            Build::CopyData { from, to } => self.copy_data(from, to, work).await,
        }
    }

    /// Acts, with a line in the journal before and after it.
    async fn noted(&self, action: &Action, work: &Work) -> Result<(), Failure> {
        let begins = self.bench.note(|journal| journal.begins(work.step));
        if !work.is_undo {
            begins?;
        }
        self.act(action, work).await?;
        if work.is_undo {
            // On a full disk, too, all is undone; the journal that could not be written holds nothing any more.
            let _ = self.bench.note(|journal| journal.is_gone(work.step));
        } else {
            self.bench.note(|journal| journal.is_done(work.step))?;
        }
        Ok(())
    }
}

impl Host for BuildHost {
    async fn perform(&self, action: &Action, work: &Work) -> Result<(), Failure> {
        self.noted(action, work)
            .await
            .map_err(|failure| self.bench.explained(failure))
    }
}
