//! What running servers show: the rows of pg_stat_replication and the board of a whole cluster.
//!
//! `status --json` prints a [`Board`]; a prediction has the same type, so that the two can be compared.

use serde::{Deserialize, Serialize};

/// The four columns of pg_stat_replication that the drawing promises, as the view shows them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReplicationRow {
    pub application_name: String,
    /// `startup`, `catchup`, `streaming`, `backup` or `stopping`.
    pub state: String,
    pub sync_priority: u32,
    /// `async`, `potential`, `sync` or `quorum`.
    pub sync_state: String,
}

/// One server of a board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    pub name: String,
    pub running: bool,
    /// `primary` or `standby`.
    pub role: String,
    pub upstream: Option<String>,
    /// By application_name; empty if the server is down.
    pub replication: Vec<ReplicationRow>,
}

/// A whole cluster at one moment, servers in the design's order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Board {
    pub servers: Vec<Reading>,
    pub commits: Commits,
}

/// What would become of a commit now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commits {
    /// `acknowledged`, `waiting` (it would hang) or `no-primary`.
    pub outcome: String,
    /// The standbys whose answer it needs; for a quorum all candidates.
    pub waits_for: Vec<String>,
}
