//! What running servers show: an [`Observation`] of each, and the board of a whole cluster.
//!
//! A [`Board`] is the promise: `status --json` prints one, a prediction has the same type, so that the two can be compared.
//! An [`Observation`] is one look at one server, [`Observed`] the latest of each; `Board::of` (in `simulate`) folds them.

mod archiver;
pub mod conninfo;
mod links;
mod load;
mod lsn;
mod moment;
mod observation;
mod observed;
mod receiving;
#[cfg(test)]
pub mod sample;
mod sending;
mod settings;

use serde::{Deserialize, Serialize};

pub use archiver::Archiver;
pub use conninfo::Conninfo;
pub use load::{Loaded, Second};
pub use lsn::{Lsn, NotAnLsn};
pub use moment::Moment;
pub use observation::{Observation, Positions, Role, State, Timeline, Unreachable, Up};
pub use observed::{Observed, Seen};
pub use receiving::{Choice, Receiver, ReceiverState, Receiving, Replay};
pub use sending::{Sender, SenderState, Slot, SyncState, WalStatus};
pub use settings::{SETTINGS, Setting, Settings, Source};

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reading {
    pub name: String,
    /// False: it is known to be down.
    pub running: bool,
    /// False while it runs, as far as anybody knows: it does not answer. A prediction does not print it, since there
    /// whatever runs answers.
    #[serde(skip)]
    pub answers: bool,
    /// `primary` or `standby`: what it was when it answered last, or what the design says.
    pub role: String,
    pub upstream: Option<String>,
    /// By application_name; empty if the server is down or does not answer.
    pub replication: Vec<ReplicationRow>,
}

/// A whole cluster at one moment, servers in the design's order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Board {
    pub servers: Vec<Reading>,
    pub commits: Commits,
}

/// What would become of a commit now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Commits {
    /// `acknowledged`, `waiting` (it would hang), `no-primary`, or `unknown` (the primary does not answer).
    pub outcome: String,
    /// The standbys whose answer it needs; for a quorum all candidates.
    pub waits_for: Vec<String>,
}
