//! All servers of a cluster as they were last seen.

use std::sync::Arc;
use std::time::Duration;

use crate::model::health::{Board, Moment, Observed};
use crate::model::topology::Topology;

/// What is known of a cluster at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The design that runs.
    pub topology: Arc<Topology>,
    pub observed: Observed,
    pub now: Moment,
}

impl Snapshot {
    pub fn board(&self) -> Board {
        Board::of(&self.topology, &self.observed)
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
