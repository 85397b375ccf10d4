//! Changes a cluster that runs to another design.

use std::fs;

use super::make;
use super::workbench::Workbench;
use crate::engine::cluster::record::{self, Stored};
use crate::engine::cluster::removal;
use crate::engine::cluster::remover::OwnHand;
use crate::engine::cluster::servers::Servers;
use crate::engine::cluster::site::Site;
use crate::engine::deploy::apply::Change;
use crate::engine::postgres::server::{self, Target};
use crate::engine::postgres::sql::SqlError;
use crate::engine::run::{Host, Work, misplaced};
use crate::engine::system::plain;
use crate::engine::system::wait::Failure;
use crate::model::bundle::{self, Bundle};
use crate::model::configuration::ClusterFolder;
use crate::model::document::Document;
use crate::model::plan::{Action, Alter, LeftSlot, Standing, Steering};
use crate::report::Report;

pub(in crate::engine::deploy) struct ChangeHost {
    pub(super) bench: Workbench,
    pub(super) before: Before,
}

/// The design that ran when the change began.
pub(super) struct Before {
    pub(super) document: Document,
    pub(super) bundle: Bundle,
    /// The record then, and how the cluster was found.
    pub(super) stored: Stored,
    pub(super) standing: Standing,
    /// It is not the one of design.toml.
    pub(super) is_taken_back: bool,
    /// Folders that the change may make.
    pub(super) makes: Vec<String>,
    /// Slots that are dropped once the new design holds.
    pub(super) leaves_slots: Vec<LeftSlot>,
    /// Who takes over from whom.
    pub(super) steering: Option<Steering>,
}

impl ChangeHost {
    pub(in crate::engine::deploy) fn new(change: &Change) -> Result<Self, Report> {
        let stored = change.found.stored.clone();
        let site = Site::of(&stored.record)?;
        let document = change.found.running.clone();
        let designs = vec![change.wanted.clone(), document.clone()];
        let servers = Servers::in_use(site.clone(), designs);
        let files = bundle::generate(&change.wanted);
        let mut bench = Workbench::new(site, servers, change.wanted.clone(), files, stored.clone());
        bench.found = Some(stored.clone());
        Ok(Self {
            bench,
            before: Before {
                bundle: bundle::generate(&document),
                document,
                stored,
                standing: change.found.standing.clone(),
                is_taken_back: change.found.takes_back,
                makes: change.plan.head.makes.clone(),
                leaves_slots: change.plan.head.leaves_slots.clone(),
                steering: change.plan.head.steering.clone(),
            },
        })
    }

    async fn act(&self, action: &Action, work: &Work) -> Result<(), Failure> {
        match action {
            Action::Alter(action) => self.alter(action, work).await,
            Action::Make(action) => self.bench.make(action).await,
            Action::Serve(action) => self.bench.servers.serve(action, work).await,
            Action::Takeover(action) => self.take_over(action, work).await,
            Action::Build(_) | Action::Note(_) | Action::Remove(_) => Err(misplaced(action)),
        }
    }

    async fn alter(&self, action: &Alter, work: &Work) -> Result<(), Failure> {
        match action {
            Alter::SignCertificate { certificate } => {
                self.bench.sign_certificate(certificate).map_err(Failure::from)
            }
            Alter::RemoveCertificate { folder } => {
                let stored = self.bench.claim().stored.clone();
                removal::remove_certificate(&OwnHand, &stored, folder).map_err(Failure::from)
            }
            Alter::RemoveTls => self.remove_tls().map_err(Failure::from),
            Alter::BeginChange => self.begin_change().map_err(Failure::from),
            Alter::ForgetChange => self.forget_change().map_err(Failure::from),
            Alter::WritePassFiles { ports } => self.write_pass_files(ports).map_err(Failure::from),
            Alter::CopyRunning {
                server,
                folder,
                port,
                to,
            } => {
                let from = self.bench.servers.reachable(server, folder, *port);
                self.copy_running(&from, to, work).await
            }
            Alter::Configure(one) => self.configure(one, work).await,
            Alter::Reset {
                server,
                folder,
                port,
                settings,
            } => {
                let target = self.bench.servers.reachable(server, folder, *port);
                self.reset(&target, settings, work).await
            }
            Alter::RemoveServer { server, folder } => self.remove_server(server, folder, work).await,
            Alter::Settle => self.settle().map_err(Failure::from),
        }
    }

    /// Takes what somebody set out of postgresql.auto.conf; only then does the server's own file count again.
    async fn reset(&self, target: &Target, settings: &[String], work: &Work) -> Result<(), Failure> {
        let servers = &self.bench.servers;
        let is_name = |name: &&String| {
            name.chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
        };
        let asked = async {
            let session = servers.sessions.with(target).await?;
            // Each by itself: it is refused inside of a transaction.
            for name in settings.iter().filter(is_name) {
                session.run(&format!("ALTER SYSTEM RESET {name}")).await?;
            }
            Ok::<(), SqlError>(())
        };
        work.wait.hear(asked).await?.map_err(|error| {
            Report::of(
                format!("The manual settings on {} could not be reset.", target.name),
                &error,
            )
        })?;
        servers.reload(target).map_err(Failure::from)
    }

    /// Ends a server that is no longer in the design, and removes what was made for it.
    pub(super) async fn remove_server(&self, name: &str, folder: &str, work: &Work) -> Result<(), Failure> {
        let stored = self.bench.claim().stored.clone();
        if !stored.record.servers.iter().any(|server| server.folder == folder) {
            return Ok(());
        }
        let target = self.bench.servers.target(name, folder, 0);
        let started = self.bench.servers.started_at(folder);
        server::stop(
            &self.bench.site,
            &target,
            started.as_ref(),
            server::FAST_STOP_FOR_GOOD,
            &work.wait,
        )
        .await?;
        let folder = folder.to_owned();
        let removed = tokio::task::spawn_blocking(move || removal::remove_server(&OwnHand, &stored, &folder));
        removed
            .await
            .map_err(|error| Report::of("Removing failed because of an internal error.", &error))?
            .map_err(Failure::from)
    }

    /// What encrypted links needed, now that none is; the record forgets it once it is gone.
    pub(super) fn remove_tls(&self) -> Result<(), Report> {
        let mut claim = self.bench.claim();
        let stored = &mut claim.stored;
        removal::remove_tls(&OwnHand, stored)?;
        if fs::symlink_metadata(self.bench.inside(ClusterFolder::TLS)?).is_err() {
            stored.made.retain(|made| made != ClusterFolder::TLS);
        }
        record::save(stored)
    }

    /// Both password files, with the passwords that were drawn at the deployment.
    pub(super) fn write_pass_files(&self, ports: &[u16]) -> Result<(), Report> {
        let password = |path: &str| -> Result<String, Report> {
            let text = plain::text_below(&self.bench.site.folder, path);
            text.map(|text| text.trim_end_matches('\n').to_owned())
                .map_err(|error| Report::of(format!("{path} cannot be read."), &error))
        };
        let superuser = password(ClusterFolder::SUPERUSER_PASSWORD)?;
        let replication = password(ClusterFolder::REPLICATION_PASSWORD)?;
        let role = self.bench.document.topology().replication_role();
        for (path, text) in make::pass_files(ports, &superuser, (role, &replication)) {
            self.bench.write(path, &text)?;
        }
        Ok(())
    }
}

impl Host for ChangeHost {
    async fn perform(&self, action: &Action, work: &Work) -> Result<(), Failure> {
        self.act(action, work)
            .await
            .map_err(|failure| self.bench.explained(failure))
    }
}
