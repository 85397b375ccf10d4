//! What a server shows of those that it sends WAL to: rows of pg_stat_replication, and slots.
//!
//! A column that the version does not have, or that the role may not see, is `None`.

use std::time::Duration;

use super::{Lsn, Moment, ReplicationRow};

/// A row of pg_stat_replication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Of the server's process for this link.
    pub pid: i32,
    pub application_name: String,
    /// `None`: over a socket, or not to be seen.
    pub client: Option<String>,
    /// The process began: the same moment as the receiver's on the other side.
    pub begun: Option<Moment>,
    pub state: Option<SenderState>,
    pub sync_state: Option<SyncState>,
    pub sync_priority: Option<u32>,
    pub sent: Option<Lsn>,
    pub written: Option<Lsn>,
    pub flushed: Option<Lsn>,
    pub replayed: Option<Lsn>,
    pub write_lag: Option<Duration>,
    pub flush_lag: Option<Duration>,
    pub replay_lag: Option<Duration>,
    /// The last sign of life of the standby, by the server's clock.
    pub replied: Option<Moment>,
}

impl Sender {
    /// The four columns that the drawing promises.
    pub fn row(&self) -> ReplicationRow {
        ReplicationRow {
            application_name: self.application_name.clone(),
            state: self.state.as_ref().map_or("", SenderState::word).to_owned(),
            sync_priority: self.sync_priority.unwrap_or(0),
            sync_state: self.sync_state.as_ref().map_or("", SyncState::word).to_owned(),
        }
    }
}

/// How far a link is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SenderState {
    Startup,
    Catchup,
    Streaming,
    Backup,
    Stopping,
    /// A word that a later version may have.
    Other(String),
}

impl SenderState {
    pub fn of(word: &str) -> Self {
        match word {
            "startup" => Self::Startup,
            "catchup" => Self::Catchup,
            "streaming" => Self::Streaming,
            "backup" => Self::Backup,
            "stopping" => Self::Stopping,
            other => Self::Other(other.to_owned()),
        }
    }

    pub fn word(&self) -> &str {
        match self {
            Self::Startup => "startup",
            Self::Catchup => "catchup",
            Self::Streaming => "streaming",
            Self::Backup => "backup",
            Self::Stopping => "stopping",
            Self::Other(word) => word,
        }
    }
}

/// What a standby is to commits on the server that shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyncState {
    Async,
    Potential,
    Sync,
    Quorum,
    /// A word that a later version may have.
    Other(String),
}

impl SyncState {
    pub fn of(word: &str) -> Self {
        match word {
            "async" => Self::Async,
            "potential" => Self::Potential,
            "sync" => Self::Sync,
            "quorum" => Self::Quorum,
            other => Self::Other(other.to_owned()),
        }
    }

    pub fn word(&self) -> &str {
        match self {
            Self::Async => "async",
            Self::Potential => "potential",
            Self::Sync => "sync",
            Self::Quorum => "quorum",
            Self::Other(word) => word,
        }
    }
}

/// A row of pg_replication_slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    pub name: String,
    pub is_physical: bool,
    /// It goes with its session (10 and later; there are no others before).
    pub is_temporary: bool,
    pub is_active: bool,
    /// The sender that uses it (9.5 and later).
    pub active_pid: Option<i32>,
    /// The oldest WAL that it keeps; `None`: it keeps none yet, or has lost it.
    pub restart: Option<Lsn>,
    /// 13 and later.
    pub wal_status: Option<WalStatus>,
    /// How much may still be written before it is lost, where there is a limit (13 and later).
    pub safe_wal_size: Option<i64>,
    /// 17 and later.
    pub inactive_since: Option<Moment>,
    /// 17 and later: why it can be used by nobody any more.
    pub invalidation: Option<String>,
}

/// Whether the WAL that a slot needs is still there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WalStatus {
    Reserved,
    Extended,
    Unreserved,
    Lost,
    /// A word that a later version may have.
    Other(String),
}

impl WalStatus {
    pub fn of(word: &str) -> Self {
        match word {
            "reserved" => Self::Reserved,
            "extended" => Self::Extended,
            "unreserved" => Self::Unreserved,
            "lost" => Self::Lost,
            other => Self::Other(other.to_owned()),
        }
    }

    pub fn word(&self) -> &str {
        match self {
            Self::Reserved => "reserved",
            Self::Extended => "extended",
            Self::Unreserved => "unreserved",
            Self::Lost => "lost",
            Self::Other(word) => word,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_a_server_stays_what_it_is() {
        for word in [
            "startup",
            "catchup",
            "streaming",
            "backup",
            "stopping",
            "new in 27",
        ] {
            assert_eq!(SenderState::of(word).word(), word);
        }
        for word in ["async", "potential", "sync", "quorum", "new in 27"] {
            assert_eq!(SyncState::of(word).word(), word);
        }
        for word in ["reserved", "extended", "unreserved", "lost", "new in 27"] {
            assert_eq!(WalStatus::of(word).word(), word);
        }
        assert_eq!(SenderState::of("streaming"), SenderState::Streaming);
        assert_eq!(SyncState::of("quorum"), SyncState::Quorum);
        assert_eq!(WalStatus::of("lost"), WalStatus::Lost);
    }
}
