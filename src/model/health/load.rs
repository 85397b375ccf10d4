//! What a load on a cluster shows: each second, and what came of all of it.

use serde::{Deserialize, Serialize};

/// What one second brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Second {
    /// Since the beginning.
    pub second: u64,
    pub acknowledged: u64,
    pub failed: u64,
    /// Commits that are not answered yet.
    pub waiting: u64,
    /// The slowest commit of this second, in milliseconds.
    pub slowest_ms: u64,
    /// The longest time without an acknowledged commit that ended in this second, or goes on at its end, in milliseconds.
    pub gap_ms: u64,
}

/// What came of a load.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Loaded {
    pub acknowledged: u64,
    /// The client got an error: the row may be there all the same.
    pub failed: u64,
    /// Not answered in time, or not before the end.
    pub waiting: u64,
    /// The longest time without any acknowledged commit, in milliseconds.
    pub longest_gap_ms: u64,
    pub per_second: f64,
    /// Acknowledged rows that are not there.
    pub lost: u64,
    /// Rows that are there although no client was told so.
    pub unacknowledged: u64,
}
