//! Starts and stops the servers of a complete cluster, and proves that what runs is what was drawn.

use std::sync::{Mutex, PoisonError};

use super::servers::Servers;
use super::task::Told;
use super::{Cluster, drawn};
use crate::engine::cluster::record::{self, Builder, Lock, Stored, Switching};
use crate::engine::postgres::{archive, server, trial};
use crate::engine::run::{Host, Work, misplaced};
use crate::engine::system::wait::Failure;
use crate::model::drift::Because;
use crate::model::health::ReplicationRow;
use crate::model::plan::{
    Action, Kind, Note, Plan, Reader, Scope, Serve, plan_reload, plan_restart, plan_set_replay, plan_start,
    plan_stop, plan_verify,
};
use crate::model::topology::{ServerId, Topology};
use crate::report::Report;

pub(super) struct ServeHost {
    cluster: Cluster,
    servers: Servers,
    kind: Kind,
    noted: Mutex<Option<Noted>>,
    pub(super) told: Told,
}

impl ServeHost {
    pub(super) fn to_start(cluster: Cluster, names: &[String]) -> Result<(Plan, Self), Report> {
        let mut chosen = cluster.chosen(names)?;
        leave_those_to_rejoin(&cluster, &mut chosen, names)?;
        drawn::refuse_second_primary(&cluster, &chosen)?;
        let plan = plan_start(cluster.topology(), &cluster.folder(), &chosen);
        Ok((plan, Self::of(cluster, Kind::Start)))
    }

    pub(super) fn to_stop(cluster: Cluster, names: &[String]) -> Result<(Plan, Self), Report> {
        let chosen = cluster.chosen(names)?;
        let plan = plan_stop(cluster.topology(), &cluster.folder(), &chosen);
        Ok((plan, Self::of(cluster, Kind::Stop)))
    }

    pub(super) fn to_restart(
        cluster: Cluster,
        names: &[String],
        rolling: bool,
    ) -> Result<(Plan, Self), Report> {
        let mut chosen = cluster.chosen(names)?;
        leave_those_to_rejoin(&cluster, &mut chosen, names)?;
        drawn::refuse_second_primary(&cluster, &chosen)?;
        let plan = plan_restart(cluster.topology(), &cluster.folder(), &chosen, rolling);
        Ok((plan, Self::of(cluster, Kind::Restart)))
    }

    pub(super) fn to_reload(cluster: Cluster, names: &[String]) -> Result<(Plan, Self), Report> {
        let chosen = cluster.chosen(names)?;
        let plan = plan_reload(cluster.topology(), &cluster.folder(), &chosen);
        Ok((plan, Self::of(cluster, Kind::Reload)))
    }

    pub(super) fn to_set_replay(cluster: Cluster, name: &str, pauses: bool) -> Result<(Plan, Self), Report> {
        let chosen = cluster.chosen(&[name.to_owned()])?;
        let topology = cluster.topology();
        let server = chosen.first().and_then(|id| topology.server(*id));
        let Some(server) = server.filter(|server| !server.is_primary()) else {
            return Err(
                Report::new(format!("{name} is the primary: only a standby applies WAL."))
                    .hint("Choose a standby."),
            );
        };
        let plan = plan_set_replay(topology, &cluster.folder(), server, pauses);
        let kind = plan.head.kind;
        Ok((plan, Self::of(cluster, kind)))
    }

    pub(super) fn to_verify(cluster: Cluster) -> (Plan, Self) {
        let plan = plan_verify(cluster.topology(), &cluster.folder());
        (plan, Self::of(cluster, Kind::Verify))
    }

    fn of(cluster: Cluster, kind: Kind) -> Self {
        Self {
            servers: Servers::of(cluster.site.clone(), vec![cluster.design.clone()]),
            cluster,
            kind,
            noted: Mutex::new(None),
            told: Told::default(),
        }
    }

    /// Nothing is under way any more, however it ended.
    pub(super) async fn finish(&self) {
        self.end_note();
        self.servers.sessions.close().await;
    }

    async fn act(&self, action: &Action, work: &Work) -> Result<(), Failure> {
        match action {
            Action::Note(Note::BeginSwitch { starts, servers }) => {
                self.begin_note(*starts, servers).map_err(Failure::from)
            }
            Action::Note(Note::EndSwitch) => {
                self.end_note();
                Ok(())
            }
            Action::Serve(action) => self.serve(action, work).await,
            Action::Build(_)
            | Action::Make(_)
            | Action::Alter(_)
            | Action::Takeover(_)
            | Action::Remove(_) => Err(misplaced(action)),
        }
    }

    /// As for every cluster, with a sentence for what was done.
    async fn serve(&self, action: &Serve, work: &Work) -> Result<(), Failure> {
        match action {
            Serve::Start {
                server, folder, port, ..
            } => {
                let running = self
                    .cluster
                    .site
                    .running(folder)
                    .map_err(|doubt| Report::of(format!("{server} was not started."), &doubt))?;
                if running.is_some() {
                    self.told.say(work, format!("{server} was already running."));
                    return Ok(());
                }
                self.servers.serve(action, work).await?;
                self.told
                    .say(work, format!("{server} was started on port {port}."));
                Ok(())
            }
            Serve::Stop { server, folder } => {
                let target = self.servers.target(server, folder, 0);
                work.waiting(format!("{server} to stop")).await;
                let did_run =
                    server::stop(&self.cluster.site, &target, None, server::FAST_STOP, &work.wait).await?;
                let how = if did_run { "was stopped" } else { "was not running" };
                self.told.say(work, format!("{server} {how}."));
                Ok(())
            }
            Serve::TryConfiguration { server, folder } => {
                let tried = trial::of_server(&self.cluster.site, server, folder);
                if !work.wait.hear(tried).await?? {
                    self.told.say(
                        work,
                        format!("Whether {server} would start with its files is not known."),
                    );
                }
                Ok(())
            }
            Serve::Reload { server, .. } => {
                self.servers.serve(action, work).await?;
                self.told
                    .say(work, format!("{server} reads its configuration again."));
                Ok(())
            }
            Serve::SetReplay { server, pauses, .. } => {
                self.servers.serve(action, work).await?;
                let sentence = if *pauses {
                    format!("{server} receives WAL and does not apply it any more.")
                } else {
                    format!("{server} applies WAL again.")
                };
                self.told.say(work, sentence);
                Ok(())
            }
            Serve::SeeRunning { server, folder } => {
                self.servers.serve(action, work).await?;
                self.prepare(server, folder);
                Ok(())
            }
            Serve::WaitRows { server, rows, .. } => {
                let seen = self.servers.serve(action, work).await;
                self.compared(server, rows, seen, work)
            }
            Serve::SeeAsDrawn { scope } => {
                drawn::see(&self.cluster, *scope, &work.wait).await?;
                if *scope != Scope::Servers {
                    self.told.say(work, "The cluster matches the design.".to_owned());
                }
                Ok(())
            }
            Serve::ProveArchive { server, folder, port } => {
                let target = self.servers.target(server, folder, *port);
                work.waiting(format!("a WAL segment of {server} to be archived"))
                    .await;
                archive::prove_archive(&self.servers.sessions, &target, &work.wait).await?;
                self.told.say(
                    work,
                    format!("A finished WAL segment of {server} has arrived in the archive."),
                );
                Ok(())
            }
            Serve::ProveTls { server, .. } => {
                self.servers.serve(action, work).await?;
                self.told
                    .say(work, format!("Every link of {server} is encrypted."));
                Ok(())
            }
            Serve::ProveRow {
                server,
                readers,
                delayed,
                ..
            } => {
                self.servers.serve(action, work).await?;
                for Reader { server: reader, .. } in readers {
                    self.told
                        .say(work, format!("A row written on {server} was read on {reader}."));
                }
                for Reader { server: standby, .. } in delayed {
                    let sentence = format!(
                        "The WAL of a row written on {server} has reached {standby}, which applies it later."
                    );
                    self.told.say(work, sentence);
                }
                Ok(())
            }
            other => self.servers.serve(other, work).await,
        }
    }

    /// Opens its session already: it is asked in its turn, and again for the row.
    fn prepare(&self, server: &str, folder: &str) {
        let topology = self.cluster.topology();
        if let Some(server) = topology
            .by_name(server)
            .filter(|server| topology.answers_queries(server.id()))
        {
            let (name, port) = (server.name().as_str(), server.port().number());
            self.servers
                .sessions
                .prepare(&self.servers.target(name, folder, port));
        }
    }

    /// What came of comparing a server's rows.
    fn compared(
        &self,
        server: &str,
        rows: &[ReplicationRow],
        seen: Result<(), Failure>,
        work: &Work,
    ) -> Result<(), Failure> {
        let topology = self.cluster.topology();
        let hint = || delay_hint(topology, topology.by_name(server)?.id());
        match seen {
            Ok(()) if self.kind == Kind::Verify => {
                for row in rows {
                    let (name, state) = (&row.application_name, &row.sync_state);
                    let sentence = match row.sync_priority {
                        0 => format!("{name} streams from {server} ({state})."),
                        priority => format!("{name} streams from {server} ({state}, priority {priority})."),
                    };
                    self.told.say(work, sentence);
                }
                Ok(())
            }
            // Anyone who starts all wants to see all stream; a server that does not is for `verify` and its hints.
            Err(Failure::Failed(report)) if matches!(self.kind, Kind::Start | Kind::Restart) => {
                self.told.say(work, report.headline);
                if let Some(hint) = hint() {
                    self.told.say(work, hint);
                }
                Ok(())
            }
            Err(Failure::Failed(mut report)) => {
                report.hints.extend(hint());
                Err(report.into())
            }
            other => other,
        }
    }

    fn begin_note(&self, starts: bool, servers: &[String]) -> Result<(), Report> {
        let lock = Lock::take(&self.cluster.site.folder)?;
        let noted = Noted::begin(lock, starts, servers)?;
        *self.noted.lock().unwrap_or_else(PoisonError::into_inner) = Some(noted);
        Ok(())
    }

    fn end_note(&self) {
        drop(self.noted.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl Host for ServeHost {
    async fn perform(&self, action: &Action, work: &Work) -> Result<(), Failure> {
        self.told.heard(self.act(action, work).await)
    }
}

/// Leaves those that are rejoined first; one that was asked for by name is refused.
fn leave_those_to_rejoin(
    cluster: &Cluster,
    chosen: &mut Vec<ServerId>,
    names: &[String],
) -> Result<(), Report> {
    let to_rejoin = cluster.to_rejoin();
    if let Some(one) = to_rejoin.iter().find(|one| names.contains(&one.name)) {
        let why = match one.because {
            Because::Replaced => "another server took over from it, and it may have what no other server has",
            Because::NoData => "it has no data directory",
            Because::Torn => "pg_rewind did not finish there, so its data are unusable",
        };
        return Err(
            Report::new(format!("{} was not started: {why}.", one.name)).hint(format!(
                "Bring it back as a standby: pgcascade rejoin {} {}",
                cluster.folder(),
                one.name
            )),
        );
    }
    let topology = cluster.topology();
    chosen.retain(|id| {
        let server = topology.server(*id);
        server.is_some_and(|server| !to_rejoin.iter().any(|one| one.name == server.name().as_str()))
    });
    Ok(())
}

/// What the record says while servers are started or stopped: should we be ended, the next pgcascade offers to resume.
struct Noted {
    stored: Stored,
    _lock: Lock,
}

impl Noted {
    fn begin(lock: Lock, starts: bool, servers: &[String]) -> Result<Self, Report> {
        let mut stored = record::load(lock.folder())?;
        stored.record.switching = Some(Switching {
            starts,
            servers: servers.to_vec(),
        });
        stored.record.builder = Builder::ourselves();
        stored.record.kept = false;
        let noted = Self { stored, _lock: lock };
        // On a full disk it cannot be written, and servers must be able to stop all the same.
        let _ = record::save(&noted.stored);
        Ok(noted)
    }
}

impl Drop for Noted {
    /// Also after a failure, which was told: then nobody needs to be reminded.
    fn drop(&mut self) {
        self.stored.record.switching = None;
        self.stored.record.builder = None;
        let _ = record::save(&self.stored);
    }
}

/// Why a standby of this server may be missing though nothing is wrong. Tried on 15: started again, a standby asks its
/// upstream for more only when it has applied what it had, and with a delay that takes as long as the delay.
fn delay_hint(topology: &Topology, upstream: ServerId) -> Option<String> {
    topology.servers().iter().find_map(|server| {
        let standby = server
            .standby()
            .filter(|standby| standby.upstream() == upstream)?;
        let delay = standby.apply_delay().filter(|_| server.is_delayed())?;
        Some(format!(
            "{} applies WAL {} late: after a start it connects only once it has applied the WAL that it \
             already has.",
            server.name(),
            delay.as_str()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation;

    #[test]
    fn a_delayed_standby_is_named_to_who_misses_it() {
        let topology = notation::parse("m 1\n  a 2 delay 10min\n    b 3 delay 0\n").unwrap();
        let hint = |name: &str| delay_hint(&topology, topology.by_name(name).unwrap().id());
        assert!(hint("m").unwrap().starts_with("a applies WAL 10min late"));
        assert_eq!(hint("a"), None);
    }
}
