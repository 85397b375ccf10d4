//! The servers of a cluster, for anyone who performs a plan: start, stop, wait, slots, reload, and the proofs.

mod tell;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::engine::cluster::site::{Site, address};
use crate::engine::postgres::proof;
use crate::engine::postgres::server::{self, Started, Target};
use crate::engine::postgres::sessions::Sessions;
use crate::engine::proxy;
use crate::engine::run::{Work, misplaced};
use crate::engine::system::wait::{Failure, Wait};
use crate::model::document::Document;
use crate::model::health::ReplicationRow;
use crate::model::plan::{Action, Reader, Serve};
use crate::model::topology::Topology;
use crate::report::Report;

pub(in crate::engine) struct Servers {
    site: Site,
    pub(in crate::engine) sessions: Sessions,
    /// The design that is to run, and the one before it, if there is one.
    designs: Vec<Document>,
    /// They are in use while they are changed: what runs may still be what it was.
    is_in_use: bool,
    /// Servers that this run started, by their folder.
    started: Mutex<BTreeMap<String, Started>>,
}

impl Servers {
    pub(in crate::engine) fn of(site: Site, designs: Vec<Document>) -> Self {
        Self {
            sessions: Sessions::new(site.clone()),
            site,
            designs,
            is_in_use: false,
            started: Mutex::new(BTreeMap::new()),
        }
    }

    /// Of a cluster that is changed while it runs.
    pub(in crate::engine) fn in_use(site: Site, designs: Vec<Document>) -> Self {
        Self {
            is_in_use: true,
            ..Self::of(site, designs)
        }
    }

    pub(in crate::engine) async fn serve(&self, action: &Serve, work: &Work) -> Result<(), Failure> {
        match action {
            Serve::Start {
                server,
                folder,
                port,
                pass_file_in_environment,
            } => {
                let target = self.target(server, folder, *port);
                self.start(&target, *pass_file_in_environment, work).await
            }
            Serve::OpenProxy { links } => proxy::open(&self.site, links, &work.wait).await,
            Serve::CloseProxy => proxy::close(&self.site, &work.wait).await,
            Serve::Stop { server, folder } => self.stop(&self.target(server, folder, 0), work).await,
            Serve::WaitReady { server, folder, port } => {
                self.wait_ready(&self.target(server, folder, *port), work).await
            }
            Serve::SeeRunning { server, folder } => self
                .see_running(&self.target(server, folder, 0))
                .map_err(Failure::from),
            Serve::CreateSlot {
                server,
                folder,
                port,
                slot,
            } => {
                self.create_slot(&self.reachable(server, folder, *port), slot, work)
                    .await
            }
            Serve::DropSlot {
                server,
                folder,
                port,
                slot,
            } => {
                let target = self.reachable(server, folder, *port);
                self.drop_slot(&target, slot, work).await
            }
            Serve::WaitStreaming {
                server,
                folder,
                port,
                standby,
            } => {
                self.wait_streaming(&self.target(server, folder, *port), standby, work)
                    .await
            }
            Serve::Reload { server, folder } => self
                .reload(&self.target(server, folder, 0))
                .map_err(Failure::from),
            Serve::SetReplay {
                server,
                folder,
                port,
                pauses,
            } => {
                let target = self.target(server, folder, *port);
                self.set_replay(&target, *pauses, work).await
            }
            Serve::WaitRows {
                server,
                folder,
                port,
                rows,
            } => {
                self.wait_rows(&self.target(server, folder, *port), rows, work)
                    .await
            }
            Serve::SeeAsDrawn { .. } | Serve::ProveArchive { .. } | Serve::TryConfiguration { .. } => {
                Err(misplaced(&Action::Serve(action.clone())))
            }
            Serve::ProveTls { server, folder, port } => {
                let target = self.target(server, folder, *port);
                proof::prove_encrypted(&self.sessions, &target, &work.wait).await
            }
            Serve::ProveRow {
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
        }
    }

    fn topology(&self) -> Option<&Topology> {
        self.designs.first().map(Document::topology)
    }

    fn started(&self) -> MutexGuard<'_, BTreeMap<String, Started>> {
        self.started.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::engine) fn started_at(&self, folder: &str) -> Option<Started> {
        self.started().get(folder).cloned()
    }

    pub(in crate::engine) fn target(&self, name: &str, folder: &str, port: u16) -> Target {
        let host = self
            .designs
            .iter()
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
    pub(in crate::engine) fn reachable(&self, name: &str, folder: &str, port: u16) -> Target {
        let running = self
            .site
            .running(folder)
            .ok()
            .flatten()
            .filter(|_| self.is_in_use);
        let port = running.and_then(|running| running.port).unwrap_or(port);
        self.target(name, folder, port)
    }

    /// A server that an action names without its folder.
    pub(in crate::engine) fn reader(&self, reader: &Reader) -> Target {
        let topology = self.topology();
        let folder =
            topology.and_then(|topology| Some(topology.folder(topology.by_name(&reader.server)?.id())));
        self.target(&reader.server, &folder.unwrap_or_default(), reader.port)
    }

    /// The standby that senders show under this name.
    pub(in crate::engine) fn shown_as(&self, name: &str) -> Option<Target> {
        let topology = self.topology()?;
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

    /// Fails unless the server runs and is ours.
    pub(in crate::engine) fn see_running(&self, target: &Target) -> Result<(), Report> {
        match self.site.running(&target.folder) {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(
                Report::new(format!("{} is not running.", target.name)).hint(format!(
                    "Start it with `pgcascade start {}`.",
                    self.site.folder.display()
                )),
            ),
            Err(doubt) => Err(Report::of(
                format!("{} could not be verified.", target.name),
                &doubt,
            )),
        }
    }

    /// Drops a slot once it is not in use any more.
    pub(in crate::engine) async fn drop_slot(
        &self,
        target: &Target,
        slot: &str,
        work: &Work,
    ) -> Result<(), Failure> {
        work.waiting(format!("the slot {slot} to become unused")).await;
        loop {
            let asked = async { self.sessions.with(target).await?.drop_idle_slot(slot).await };
            let seen = match work.wait.hear(asked).await? {
                Ok(true) => return Ok(()),
                Ok(false) => "it is in use".to_owned(),
                Err(error) => error.to_string(),
            };
            if !work.wait.next().await? {
                return Err(Report::new(format!(
                    "The slot {slot} on {} could not be dropped: {seen}.",
                    target.name
                ))
                .hint("It retains WAL until it is dropped: stop its user, then apply the design again.")
                .into());
            }
        }
    }

    pub(in crate::engine) async fn start(
        &self,
        target: &Target,
        pass_file_in_environment: bool,
        work: &Work,
    ) -> Result<(), Failure> {
        if self.is_in_use {
            // Undoing a stop that was given up: the server may be on its way down still.
            self.stop(target, work).await?;
        }
        let started = server::start(&self.site, target, pass_file_in_environment, &work.wait).await?;
        self.started().insert(target.folder.clone(), started);
        Ok(())
    }

    pub(in crate::engine) async fn stop(&self, target: &Target, work: &Work) -> Result<(), Failure> {
        let started = self.started_at(&target.folder);
        server::stop(
            &self.site,
            target,
            started.as_ref(),
            server::FAST_STOP_FOR_GOOD,
            &work.wait,
        )
        .await?;
        Ok(())
    }

    pub(in crate::engine) async fn wait_ready(&self, target: &Target, work: &Work) -> Result<(), Failure> {
        work.waiting(format!("{} to accept connections", target.name))
            .await;
        let started = self.started_at(&target.folder);
        server::wait_ready(&self.site, target, started.as_ref(), &work.wait).await?;
        // A change may stop the server again, a deployment asks every server that answers.
        if !self.is_in_use && self.answers(target) {
            self.sessions.prepare(target);
        }
        Ok(())
    }

    fn answers(&self, target: &Target) -> bool {
        let design = self.designs.iter().map(Document::topology);
        let mut servers = design.filter_map(|topology| Some((topology, topology.by_name(&target.name)?)));
        servers
            .next()
            .is_some_and(|(topology, server)| topology.answers_queries(server.id()))
    }

    pub(in crate::engine) async fn create_slot(
        &self,
        target: &Target,
        slot: &str,
        work: &Work,
    ) -> Result<(), Failure> {
        let failed = |error: &dyn std::error::Error| {
            Report::of(
                format!("The slot {slot} could not be created on {}.", target.name),
                error,
            )
        };
        let make = async {
            let session = self.sessions.with(target).await?;
            // At a server that is in use, WAL could be gone before the standby comes for it.
            let reserves = self.is_in_use && self.site.major.can_reserve_at_slot();
            session.create_slot(slot, reserves).await
        };
        work.wait.hear(make).await?.map_err(|error| failed(&error).into())
    }

    pub(in crate::engine) async fn wait_streaming(
        &self,
        sender: &Target,
        standby: &str,
        work: &Work,
    ) -> Result<(), Failure> {
        work.waiting(format!("{standby} to stream from {}", sender.name))
            .await;
        let receiver = self.shown_as(standby);
        let mut both = vec![sender.clone()];
        both.extend(receiver);
        let proof = proof::wait_streaming(&self.sessions, sender, standby, &work.wait);
        self.unless_dead(&both, proof, &work.wait).await
    }

    pub(in crate::engine) async fn wait_rows(
        &self,
        target: &Target,
        rows: &[ReplicationRow],
        work: &Work,
    ) -> Result<(), Failure> {
        work.waiting(format!("{} to show its designed rows", target.name))
            .await;
        let mut all = vec![target.clone()];
        all.extend(rows.iter().filter_map(|row| self.shown_as(&row.application_name)));
        let proof = proof::wait_rows(&self.sessions, target, rows, &work.wait);
        self.unless_dead(&all, proof, &work.wait).await
    }

    pub(in crate::engine) async fn prove_row(
        &self,
        primary: &Target,
        readers: &[Reader],
        delayed: &[Reader],
        work: &Work,
    ) -> Result<(), Failure> {
        work.waiting("a row to arrive on every standby").await;
        let targets = |readers: &[Reader]| -> Vec<Target> {
            readers.iter().map(|reader| self.reader(reader)).collect()
        };
        let (readers, delayed) = (targets(readers), targets(delayed));
        proof::prove_row(&self.sessions, primary, &readers, &delayed, &work.wait).await
    }

    /// A proof waits in vain for a server that died: one of `servers` that does so ends it, with its last words.
    async fn unless_dead(
        &self,
        servers: &[Target],
        proof: impl Future<Output = Result<(), Failure>>,
        wait: &Wait,
    ) -> Result<(), Failure> {
        let death = async {
            loop {
                for server in servers {
                    if let Some(how) = self.started_at(&server.folder).and_then(|one| one.ended()) {
                        return Failure::from(Report::new(format!("{} ended ({how}).", server.name)));
                    }
                }
                if !matches!(wait.next().await, Ok(true)) {
                    // The proof has the same deadline and ear, and says more.
                    std::future::pending::<()>().await;
                }
            }
        };
        let result = tokio::select! {
            biased;
            result = proof => result,
            failure = death => Err(failure),
        };
        result.map_err(|failure| match failure {
            Failure::Failed(mut report) => {
                for server in servers {
                    report.hints.extend(server::log_hints(&self.site, server));
                }
                Failure::Failed(report)
            }
            Failure::Cancelled => Failure::Cancelled,
        })
    }
}
