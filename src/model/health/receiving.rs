//! What a standby shows of where its WAL comes from, and of applying it.

use super::{Lsn, Moment};

/// Whether a standby has a WAL receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receiving {
    /// Before 9.6 no view tells.
    Unknown,
    /// None runs: it is between two attempts, it has no upstream, or it is a primary.
    Nothing,
    From(Box<Receiver>),
}

impl Receiving {
    pub fn receiver(&self) -> Option<&Receiver> {
        match self {
            Self::From(receiver) => Some(receiver),
            Self::Unknown | Self::Nothing => None,
        }
    }
}

/// The row of pg_stat_wal_receiver. Anyone who lacks the right to see it sees the process number, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver {
    pub pid: i32,
    /// `streaming` stays there while the process hangs: only [`heard`](Self::heard) tells.
    pub state: Option<ReceiverState>,
    /// The upstream as the standby calls it: a name, an address or a socket folder.
    pub host: Option<String>,
    pub port: Option<u16>,
    pub slot: Option<String>,
    pub timeline: Option<u32>,
    /// On disk here.
    pub flushed: Option<Lsn>,
    /// The last word from the upstream, by the standby's clock.
    pub heard: Option<Moment>,
}

/// How far a receiver is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiverState {
    Stopped,
    Starting,
    Connecting,
    Streaming,
    Waiting,
    Restarting,
    Stopping,
    /// A word that a later version may have.
    Other(String),
}

impl ReceiverState {
    pub fn of(word: &str) -> Self {
        match word {
            "stopped" => Self::Stopped,
            "starting" => Self::Starting,
            "connecting" => Self::Connecting,
            "streaming" => Self::Streaming,
            "waiting" => Self::Waiting,
            "restarting" => Self::Restarting,
            "stopping" => Self::Stopping,
            other => Self::Other(other.to_owned()),
        }
    }

    pub fn word(&self) -> &str {
        match self {
            Self::Stopped => "stopped",
            Self::Starting => "starting",
            Self::Connecting => "connecting",
            Self::Streaming => "streaming",
            Self::Waiting => "waiting",
            Self::Restarting => "restarting",
            Self::Stopping => "stopping",
            Self::Other(word) => word,
        }
    }
}

/// Whether a standby applies what it receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    Goes,
    /// From 14 on told apart from paused: it takes hold a moment later.
    PauseRequested,
    /// Before 14: it was requested, and may not have taken hold yet.
    Paused,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_a_server_stays_what_it_is() {
        for word in [
            "stopped",
            "starting",
            "connecting",
            "streaming",
            "waiting",
            "restarting",
            "stopping",
            "new in 27",
        ] {
            assert_eq!(ReceiverState::of(word).word(), word);
        }
        assert_eq!(ReceiverState::of("waiting"), ReceiverState::Waiting);
    }
}
