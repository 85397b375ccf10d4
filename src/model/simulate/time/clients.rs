//! The sessions of the clients, and their commits.

use super::Micros;
use crate::model::topology::{CommitLevel, ServerId};

/// A commit from the moment in which a client asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// From 1, in the order in which they were asked for.
    pub number: u64,
    /// The primary that it was sent to.
    pub on: ServerId,
    pub asked: Micros,
    pub level: CommitLevel,
    /// Where its WAL ends, in bytes from the start.
    pub end: u64,
    /// `None`: the client waits.
    pub ending: Option<(Micros, Ending)>,
    /// When a promotion or a crash left it behind: the history that goes on does not have it.
    pub lost: Option<Micros>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Acknowledged,
    /// The primary went away while the client waited: it may be there or not.
    Unknown,
}

/// One client: it waits for a commit, or thinks until a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Session {
    Thinks { until: Micros },
    Waits,
}
