//! A task for each server of a cluster, and what they have seen so far.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::clock::Clock;
use super::one::{self, ANSWER, Common};
use super::snapshot::{Beside, Snapshot};
use crate::engine::cluster::Cluster;
use crate::engine::cluster::watched::Watched;
use crate::model::configuration::ClusterFolder;
use crate::model::health::{Observation, Observed};
use crate::model::topology::Topology;

/// Connections in the opening at once: with a password each costs both sides thousands of hash rounds.
const OPENINGS: usize = 32;
/// Observations that wait to be noted.
const WAITING: usize = 64;
/// From the start until every server has answered or is known not to: its deadline, and a moment to hear of it.
const FIRST: Duration = ANSWER.saturating_add(Duration::from_millis(250));

/// The tasks end when this is dropped.
#[derive(Debug)]
pub(super) struct Crew {
    /// The cluster's.
    id: String,
    topology: Arc<Topology>,
    /// One that pgcascade made: what its record and folders say of its servers is looked for at each snapshot.
    cluster: Option<Cluster>,
    servers: usize,
    observed: Observed,
    clock: Clock,
    begun: Instant,
    observations: mpsc::Receiver<Observation>,
    tasks: JoinSet<()>,
    cancel: CancellationToken,
    _until_dropped: DropGuard,
}

impl Crew {
    /// Looks at every server of a cluster, each so often.
    pub(super) fn start(cluster: &Cluster, every: Duration, cancel: &CancellationToken) -> Self {
        let topology = Arc::new(cluster.design.topology().clone());
        let crew = Self::of(&cluster.site.id, topology, cluster.watched(), every, cancel);
        Self {
            cluster: Some(cluster.clone()),
            ..crew
        }
    }

    pub(super) fn of(
        id: &str,
        topology: Arc<Topology>,
        servers: Vec<Watched>,
        every: Duration,
        cancel: &CancellationToken,
    ) -> Self {
        let cancel = cancel.child_token();
        let clock = Clock::start();
        let (sender, observations) = mpsc::channel(WAITING);
        let common = Common {
            every,
            clock,
            openings: Arc::new(Semaphore::new(OPENINGS)),
            observations: sender,
            cancel: cancel.clone(),
        };
        let mut tasks = JoinSet::new();
        let count = servers.len();
        for watched in servers {
            tasks.spawn(one::watch(watched, common.clone()));
        }
        Self {
            id: id.to_owned(),
            topology,
            cluster: None,
            servers: count,
            observed: Observed::default(),
            clock,
            begun: Instant::now(),
            observations,
            tasks,
            _until_dropped: cancel.clone().drop_guard(),
            cancel,
        }
    }

    /// True if these are the servers of that cluster, by the design that it has now.
    pub(super) fn is_of(&self, cluster: &Cluster) -> bool {
        let own = self.cluster.as_ref();
        self.id == cluster.site.id
            && *self.topology == *cluster.design.topology()
            && own.is_some_and(|own| {
                (&own.beside, &own.fenced, &own.torn) == (&cluster.beside, &cluster.fenced, &cluster.torn)
            })
    }

    /// What is broken on purpose by now. True: it is not the same as before.
    pub(super) fn note_faults(&mut self, faults: &[String]) -> bool {
        match self.cluster.as_mut().filter(|own| own.faults != faults) {
            Some(own) => {
                own.faults = faults.to_vec();
                true
            }
            None => false,
        }
    }

    /// The next observation, noted. False: there will be none.
    pub(super) async fn next(&mut self) -> bool {
        match self.observations.recv().await {
            Some(observation) => {
                self.observed.note(&Arc::new(observation));
                true
            }
            None => false,
        }
    }

    /// True once every server was looked at, or had its time: before, what is missing would look like silence.
    pub(super) fn is_complete(&self) -> bool {
        self.observed.count() >= self.servers || Instant::now() >= self.complete_at()
    }

    pub(super) fn complete_at(&self) -> Instant {
        self.begun + FIRST
    }

    /// Waits until every server was looked at. Many that do not answer are asked in turns, so this has no deadline
    /// of its own beyond theirs.
    pub(super) async fn complete(&mut self) {
        while self.observed.count() < self.servers && self.next().await {}
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot {
            topology: Arc::clone(&self.topology),
            observed: self.observed.clone(),
            beside: self.cluster.as_ref().map_or_else(Vec::new, running_beside),
            to_rejoin: self.cluster.as_ref().map_or_else(Vec::new, Cluster::to_rejoin),
            faults: self
                .cluster
                .as_ref()
                .map_or_else(Vec::new, |cluster| cluster.faults.clone()),
            now: self.clock.now(),
        }
    }

    /// Ends all tasks, and waits until their sessions are closed on both sides.
    pub(super) async fn end(mut self) {
        self.cancel.cancel();
        // A task that waits to be heard is not kept waiting.
        self.observations.close();
        while self.tasks.join_next().await.is_some() {}
    }
}

/// The servers that left the design and run all the same.
fn running_beside(cluster: &Cluster) -> Vec<Beside> {
    let runs = |folder: &str| matches!(cluster.site.running(folder), Ok(Some(_)));
    let beside = cluster.beside.iter().filter(|one| runs(&one.folder));
    let data = |folder: &str| cluster.site.path(&ClusterFolder::data(folder));
    beside
        .map(|one| Beside {
            name: one.name.clone(),
            data: data(&one.folder),
        })
        .collect()
}
