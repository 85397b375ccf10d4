//! The case on real servers: deployed by the engine, struck by its faults, asked what it shows and what commits do.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pgcascade::engine::cluster;
use pgcascade::engine::deploy::Cancel;
use pgcascade::model::document::Document;
use pgcascade::model::health::{Board, Reading, ReplicationRow};
use pgcascade::model::plan::Outcome;
use pgcascade::model::simulate::world::CommitFate;
use pgcascade::model::topology::{CommitLevel, PgMajor, ServerId, Topology};
use pgcascade::report::Report;
use tokio::task::JoinSet;
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

use super::case::{Case, Fault, Step, Sync, ties};
use crate::commits;
use crate::frozen::Frozen;
use crate::scene::{Scene, perform, prepare, session};

/// For a process to end after its signal, on a machine that has other work.
const ENDS: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(40);

/// A deployed case. Anyone who has one tears it down.
pub struct Real {
    _scene: Scene,
    folder: PathBuf,
    ids: Vec<ServerId>,
    topology: Topology,
}

impl Real {
    /// Builds the cluster; a failure is what the engine says, after it has removed everything.
    pub async fn deploy(case: &Case, topology: &Topology) -> Result<Self, String> {
        let scene = Scene::named("pgc-differ-");
        let folder = scene.folder();
        // Unwise designs are wanted here, so the checks are not asked.
        let deployed = case.deployed(topology);
        let (_, run) = prepare(&Document::new(deployed.clone()), &folder).await;
        let (outcome, events) = perform(run, Cancel::default()).await;
        if outcome != Outcome::Done {
            return Err(format!("it is not deployed: {outcome:?}, {:#?}", events.last()));
        }
        let real = Self {
            _scene: scene,
            folder,
            ids: case.ids(topology),
            topology: topology.clone(),
        };
        if let Sync::ByHand(list) = &case.sync
            && deployed != *topology
        {
            real.set_list(list).await;
        }
        Ok(real)
    }

    /// The list by hand on every server, as the design's files would have it.
    async fn set_list(&self, list: &str) {
        let set = format!(
            "ALTER SYSTEM SET synchronous_standby_names = '{}'",
            list.replace('\'', "''")
        );
        for place in 0..self.ids.len() {
            let client = self.session(place).await;
            client.batch_execute(&set).await.unwrap();
            client.batch_execute("SELECT pg_reload_conf()").await.unwrap();
        }
    }

    pub async fn strike(&self, step: &Step) -> Result<(), String> {
        let of = |wanted: Fault| step.iter().filter(move |(_, fault)| *fault == wanted);
        for (place, _) in of(Fault::Kill) {
            self.end(*place, Signal::SIGKILL).await;
        }
        for (place, _) in of(Fault::Crash) {
            self.end(*place, Signal::SIGQUIT).await;
        }
        let names = |fault| -> Vec<String> { of(fault).map(|(place, _)| self.name(*place)).collect() };
        let said = |report: Report| report.to_string();
        // No name at all would mean all of them.
        let (stopped, started) = (names(Fault::Stop), names(Fault::Start));
        if !stopped.is_empty() {
            let done = cluster::stop(&self.folder, &stopped, CancellationToken::new()).await;
            done.map_err(said)?;
        }
        if !started.is_empty() {
            let done = cluster::start(&self.folder, &started, CancellationToken::new()).await;
            done.map_err(said)?;
        }
        for (place, fault) in step {
            match fault {
                Fault::Pause => self.ask(*place, "SELECT pg_wal_replay_pause()").await,
                Fault::Resume => self.ask(*place, "SELECT pg_wal_replay_resume()").await,
                Fault::Promote => self.ask(*place, "SELECT pg_promote()").await,
                Fault::Repoint(upstream) => self.repoint(*place, *upstream).await.map_err(said)?,
                Fault::MakeSlot(upstream) => self.make_slot(*place, *upstream).await,
                Fault::Stop | Fault::Crash | Fault::Kill | Fault::Start => {}
            }
        }
        Ok(())
    }

    async fn ask(&self, place: usize, sql: &str) {
        self.session(place).await.batch_execute(sql).await.unwrap();
    }

    async fn session(&self, place: usize) -> Client {
        session(&self.folder, self.port(place), None).await.unwrap()
    }

    fn port(&self, place: usize) -> u16 {
        self.topology.server(self.ids[place]).unwrap().port().number()
    }

    /// Another port in primary_conninfo; before 13 a server reads it only when it starts.
    async fn repoint(&self, place: usize, upstream: usize) -> Result<(), Report> {
        let client = self.session(place).await;
        let conninfo: String = client
            .query_one("SHOW primary_conninfo", &[])
            .await
            .unwrap()
            .get(0);
        let conninfo = with_port(&conninfo, self.port(upstream));
        let set = format!(
            "ALTER SYSTEM SET primary_conninfo = '{}'",
            conninfo.replace('\'', "''")
        );
        client.batch_execute(&set).await.unwrap();
        if self.topology.postgres() >= PgMajor::V13 {
            client.batch_execute("SELECT pg_reload_conf()").await.unwrap();
            return Ok(());
        }
        let names = [self.name(place)];
        cluster::stop(&self.folder, &names, CancellationToken::new()).await?;
        cluster::start(&self.folder, &names, CancellationToken::new()).await?;
        Ok(())
    }

    async fn make_slot(&self, place: usize, upstream: usize) {
        let client = self.session(place).await;
        let slot: String = client
            .query_one("SHOW primary_slot_name", &[])
            .await
            .unwrap()
            .get(0);
        let make = format!("SELECT pg_create_physical_replication_slot('{slot}')");
        self.ask(upstream, &make).await;
    }

    fn name(&self, place: usize) -> String {
        self.topology.server(self.ids[place]).unwrap().name().to_string()
    }

    fn data(&self, place: usize) -> PathBuf {
        let folder = self.topology.folder(self.ids[place]);
        self.folder.join("servers").join(folder).join("data")
    }

    /// The server's process hears the signal and is gone; of SIGKILL its children must be told, too.
    async fn end(&self, place: usize, signal: Signal) {
        let data = self.data(place);
        let Some(postmaster) = postmaster(&data) else {
            return;
        };
        let mut family = vec![postmaster];
        if signal == Signal::SIGKILL {
            family.extend(children(postmaster));
        }
        for pid in &family {
            let _ = kill(*pid, signal);
        }
        let begun = Instant::now();
        while family.iter().any(|pid| works_in(*pid, &data)) {
            assert!(begun.elapsed() < ENDS, "{} does not end", self.name(place));
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits until the servers show what was predicted, save for the flickering rows; else what differs.
    pub async fn shows(
        &self,
        predicted: &Board,
        flickering: &[(String, String)],
        patience: Duration,
    ) -> Result<(), String> {
        let begun = Instant::now();
        let predicted = in_sight(predicted, flickering);
        loop {
            let shown = in_sight(&cluster::status(&self.folder).await.unwrap(), flickering);
            if shown == predicted {
                return Ok(());
            }
            if begun.elapsed() > patience {
                return Err(differences(&predicted, &shown));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// A commit at the level while these servers, which run, receive nothing: would it be confirmed without them?
    pub async fn commit_without(
        &self,
        primary: ServerId,
        level: CommitLevel,
        without: &[ServerId],
        may_hang: bool,
    ) -> CommitFate {
        let port = |server: ServerId| self.topology.server(server).unwrap().port().number();
        commits::prepare(&self.folder, port(primary)).await;
        let ports: Vec<u16> = without.iter().map(|server| port(*server)).collect();
        let _frozen = Frozen::receivers(&self.folder, &ports).await;
        commits::commit(&self.folder, port(primary), level, may_hang).await
    }

    /// Commits at each level at once: how each of them went. `hanging` are those that need not be waited for long.
    pub async fn commits(
        &self,
        primary: ServerId,
        hanging: &BTreeSet<CommitLevel>,
    ) -> Vec<(CommitLevel, CommitFate)> {
        let port = self.topology.server(primary).unwrap().port().number();
        commits::prepare(&self.folder, port).await;
        let mut running = JoinSet::new();
        for level in CommitLevel::ALL {
            let (folder, may_hang) = (self.folder.clone(), hanging.contains(&level));
            running.spawn(async move { (level, commits::commit(&folder, port, level, may_hang).await) });
        }
        let mut outcomes = running.join_all().await;
        outcomes.sort_unstable();
        outcomes
    }

    /// Ends everything, also what shared memory a killed server has left.
    pub async fn teardown(self) {
        let left: Vec<String> = (0..self.ids.len())
            .filter(|place| postmaster(&self.data(*place)).is_none())
            .filter_map(|place| shared_memory(&self.data(place)))
            .collect();
        cluster::teardown(&self.folder, CancellationToken::new())
            .await
            .unwrap_or_else(|report| panic!("{report}"));
        for id in left {
            // A clean server has given it back already.
            let _ = Command::new("ipcrm").args(["-m", &id]).output();
        }
    }
}

/// What can be seen of one server from outside: of one that is down nothing, and of a standby not whom it asks.
#[derive(Debug, PartialEq)]
struct InSight {
    name: String,
    running: bool,
    role: String,
    rows: Vec<ReplicationRow>,
}

/// The same of each, without the rows that flicker. Of rows between which the order of connecting decides, it is left
/// open which are the synchronous ones.
fn in_sight(board: &Board, flickering: &[(String, String)]) -> Vec<InSight> {
    let of = |reading: &Reading| {
        let flickers = |row: &ReplicationRow| {
            flickering
                .iter()
                .any(|(server, standby)| *server == reading.name && *standby == row.application_name)
        };
        let mut rows = reading.replication.clone();
        rows.retain(|row| !flickers(row));
        for priority in ties(&rows) {
            let is_tied = |row: &ReplicationRow| row.state == "streaming" && row.sync_priority == priority;
            let mut states: Vec<String> = rows
                .iter()
                .filter(|row| is_tied(row))
                .map(|row| row.sync_state.clone())
                .collect();
            states.sort_unstable();
            for (row, state) in rows.iter_mut().filter(|row| is_tied(row)).zip(states) {
                row.sync_state = state;
            }
        }
        rows.sort();
        InSight {
            name: reading.name.clone(),
            running: reading.running,
            role: if reading.running {
                reading.role.clone()
            } else {
                String::new()
            },
            rows,
        }
    };
    board.servers.iter().map(of).collect()
}

/// What each server shows otherwise than predicted, a line each.
fn differences(predicted: &[InSight], shown: &[InSight]) -> String {
    let both = predicted
        .iter()
        .zip(shown)
        .filter(|(predicted, shown)| predicted != shown);
    both.map(|(predicted, shown)| format!("predicted {predicted:?}\n    shown {shown:?}\n"))
        .collect()
}

/// The conninfo with another port. The generated one has host and port first, before what may hold blanks.
fn with_port(conninfo: &str, port: u16) -> String {
    let (before, rest) = conninfo.split_once("port=").unwrap();
    let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    format!("{before}port={port}{after}")
}

/// The server that runs on the data directory, by its own file and its working directory.
fn postmaster(data: &Path) -> Option<Pid> {
    let text = std::fs::read_to_string(data.join("postmaster.pid")).ok()?;
    let pid = Pid::from_raw(text.lines().next()?.parse().ok()?);
    works_in(pid, data).then_some(pid)
}

/// The segment that the server's last postmaster named in its file.
fn shared_memory(data: &Path) -> Option<String> {
    let text = std::fs::read_to_string(data.join("postmaster.pid")).ok()?;
    let (_, id) = text.lines().nth(6)?.trim().split_once(char::is_whitespace)?;
    Some(id.trim().to_owned())
}

/// A process that has ended and was not yet heard of works nowhere.
fn works_in(pid: Pid, data: &Path) -> bool {
    std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|at| at == data)
}

fn children(parent: Pid) -> Vec<Pid> {
    let entries = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid: &i32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // The name in brackets may hold anything; the state and the parent stand behind it.
        let rest = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        rest.split(' ').nth(1) == Some(&parent.to_string())
    })
    .map(Pid::from_raw)
    .collect()
}
