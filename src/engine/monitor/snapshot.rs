//! All servers of a cluster as they were last seen.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::model::drift::{self, Drift, Lag, ToRejoin};
use crate::model::health::{Board, Lsn, Moment, Observed};
use crate::model::quoting::shell_path;
use crate::model::topology::Topology;

/// What is known of a cluster at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The design that runs.
    pub topology: Arc<Topology>,
    pub observed: Observed,
    /// Servers that left the design and run all the same.
    pub beside: Vec<Beside>,
    /// Servers of the design that are not started before they are rejoined.
    pub to_rejoin: Vec<ToRejoin>,
    /// What was broken on purpose and is not repaired, in its order and in the words of `model::fault`.
    pub faults: Vec<String>,
    pub now: Moment,
}

/// A server that left the design.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    pub name: String,
    /// Its data directory.
    pub data: PathBuf,
}

impl Snapshot {
    pub fn board(&self) -> Board {
        Board::of(&self.topology, &self.observed)
    }

    /// Every difference between what is drawn and what runs, as far as it was seen.
    pub fn drift(&self) -> Vec<Drift> {
        let beside = self
            .beside
            .iter()
            .map(|one| drift::beside(&one.name, &shell_path(&one.data)));
        let mut found: Vec<Drift> = beside.collect();
        found.extend(drift::drift(&self.topology, &self.observed));
        for one in &mut found {
            drift::to_rejoin(one, &self.to_rejoin);
        }
        found
    }

    /// How far a standby is behind; `None`: it is none, or nobody can tell.
    pub fn lag(&self, server: &str) -> Option<Lag> {
        drift::lag(&self.topology, &self.observed, self.topology.by_name(server)?)
    }

    /// How far the WAL of each standby is sent, by name, and when its upstream said so.
    pub fn sent(&self) -> impl Iterator<Item = (&str, Option<(Moment, Lsn)>)> {
        let servers = self.topology.servers().iter();
        servers.map(|server| {
            let sent = drift::sent(&self.topology, &self.observed, server);
            (server.name().as_str(), sent)
        })
    }

    /// How many commits wait for a standby at this moment; `None`: the primary does not say.
    pub fn waiting(&self) -> Option<u32> {
        let board = self.board();
        let writes = board
            .servers
            .iter()
            .filter(|one| one.role == "primary" && one.answers);
        let waits = writes.filter_map(|one| self.observed.up(self.topology.by_name(&one.name)?)?.waiting);
        waits.reduce(|sum, more| sum + more)
    }

    /// For how long a server has not answered; `None`: it does, or is down.
    pub fn silent_for(&self, server: &str) -> Option<Duration> {
        self.observed.get(server)?.silent_for(self.now)
    }

    /// How old what is known of a server is.
    pub fn age(&self, server: &str) -> Option<Duration> {
        Some(self.observed.get(server)?.age(self.now))
    }
}
