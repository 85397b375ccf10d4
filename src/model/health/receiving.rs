//! What a standby shows of where its WAL comes from, and of applying it.

use super::{Conninfo, Lsn, Moment};

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
    /// Where it may stream from, if its version does not say which of several it chose; host and port are empty then.
    pub choice: Option<Choice>,
    pub slot: Option<String>,
    pub timeline: Option<u32>,
    /// On disk here.
    pub flushed: Option<Lsn>,
    /// The last word from the upstream, by the standby's clock.
    pub heard: Option<Moment>,
}

/// The places of a connection string with several hosts. Before 11 a standby does not say which of them it streams from
/// (no `sender_host`; tried on 10): the upstream, which shows it by name, does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub places: Vec<(String, u16)>,
    pub application_name: String,
}

impl Choice {
    /// `None`: it has one host, or lists that do not go together.
    pub fn of(link: &Conninfo) -> Option<Self> {
        let hosts: Vec<&str> = link.get("host")?.split(',').collect();
        if hosts.len() < 2 {
            return None;
        }
        let ports: Vec<&str> = link.get("port").unwrap_or_default().split(',').collect();
        let port = |place: usize| match (ports.get(place), ports.as_slice()) {
            // One port counts for every host.
            (_, [port]) | (Some(port), _) => port_of(port),
            (None, _) => None,
        };
        let places = hosts.iter().enumerate();
        let places = places.map(|(place, host)| Some(((*host).to_owned(), port(place)?)));
        let name = link.get("application_name").unwrap_or("walreceiver");
        Some(Self {
            places: places.collect::<Option<_>>()?,
            application_name: name.to_owned(),
        })
    }
}

/// Nothing stands for the usual port, as in libpq.
fn port_of(text: &str) -> Option<u16> {
    if text.is_empty() {
        Some(5432)
    } else {
        text.parse().ok()
    }
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
