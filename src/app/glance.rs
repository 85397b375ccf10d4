//! What was last seen of a running cluster, as the window shows it: rounded to what is said of it, so that two glances are
//! equal where nothing on the screen would change.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::trail::Trail;
use crate::engine::monitor::Snapshot;
use crate::model::drift::{self, Drift, FAR_BEHIND, Lag, Stage};
use crate::model::health::{Board, Replay, Timeline};
use crate::model::words::size;

/// A running cluster at one moment.
#[derive(Clone, Debug)]
pub struct Glance {
    pub board: Board,
    /// Where it differs from the design that was deployed, causes first.
    pub drift: Vec<Drift>,
    /// What else is said of a server, by name.
    pub servers: BTreeMap<String, Told>,
    /// How many commits wait for a standby; `None`: nobody says.
    pub waiting: Option<u32>,
    /// What was broken on purpose and is not repaired, in its order and in the words of `model::fault`.
    pub faults: Vec<String>,
    /// What happened until then.
    pub trail: Arc<Trail>,
}

impl PartialEq for Glance {
    /// The trail is left out: it gets longer each second, and what is new on it is in the rest.
    fn eq(&self, other: &Self) -> bool {
        let Self {
            board,
            drift,
            servers,
            waiting,
            faults,
            trail: _,
        } = self;
        (board, drift, servers, waiting, faults)
            == (
                &other.board,
                &other.drift,
                &other.servers,
                &other.waiting,
                &other.faults,
            )
    }
}

/// What is said of one server beside its state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// How far a standby is behind; `None`: it is none, or nobody can tell.
    pub lag: Option<Lag>,
    pub is_paused: bool,
    /// For how long it has not answered, in seconds.
    pub silent: Option<u64>,
    /// Its timeline, where it is not the newest of the cluster.
    pub timeline: Option<u32>,
    /// How far its WAL is, stage by stage; empty: its upstream does not say.
    pub stages: Vec<Stage>,
    /// How many bytes a second were sent to it lately; `None`: nobody can tell yet.
    pub rate: Option<u64>,
}

impl Glance {
    pub fn of(snapshot: &Snapshot) -> Self {
        let board = snapshot.board();
        let timeline = |name: &str| {
            let up = snapshot.observed.up(snapshot.topology.by_name(name)?)?;
            match up.timeline {
                Some(Timeline::Is(timeline)) => Some(timeline),
                Some(Timeline::AtLeast(_)) | None => None,
            }
        };
        let newest = board
            .servers
            .iter()
            .filter_map(|server| timeline(&server.name))
            .max();
        let told = |name: &str| {
            let server = snapshot.topology.by_name(name);
            let up = server.and_then(|server| snapshot.observed.up(server));
            Told {
                lag: snapshot.lag(name).map(rounded),
                is_paused: up.is_some_and(|up| up.replay.is_some_and(|replay| replay != Replay::Goes)),
                silent: snapshot.silent_for(name).map(|time| time.as_secs()),
                timeline: timeline(name).filter(|own| Some(*own) != newest),
                stages: server
                    .and_then(|server| drift::stages(&snapshot.topology, &snapshot.observed, server))
                    .map(|stages| stages.map(rounded_stage).to_vec())
                    .unwrap_or_default(),
                rate: None,
            }
        };
        Self {
            servers: board
                .servers
                .iter()
                .map(|server| (server.name.clone(), told(&server.name)))
                .collect(),
            drift: snapshot.drift(),
            waiting: snapshot.waiting(),
            faults: snapshot.faults.clone(),
            board,
            trail: Arc::default(),
        }
    }

    /// What is said of a server; nothing, where it was never seen.
    pub fn told(&self, server: &str) -> Option<&Told> {
        self.servers.get(server)
    }

    /// What differs about a server.
    pub fn drift_of<'a>(&'a self, server: &'a str) -> impl Iterator<Item = &'a Drift> {
        self.drift
            .iter()
            .filter(move |one| one.server.as_deref() == Some(server))
    }

    /// True if no server runs: it was stopped, and nothing of it is amiss.
    pub fn is_stopped(&self) -> bool {
        self.board.servers.iter().all(|server| !server.running)
    }
}

impl From<Board> for Glance {
    /// Of a board alone, about which nothing else is known.
    fn from(board: Board) -> Self {
        Self {
            board,
            drift: Vec::new(),
            servers: BTreeMap::new(),
            waiting: None,
            faults: Vec::new(),
            trail: Arc::default(),
        }
    }
}

impl Told {
    /// "34.0 MB behind"; `None`: it is as far as its upstream, or nobody can tell.
    pub fn behind(&self) -> Option<String> {
        let lag = self.lag.filter(|lag| lag.bytes > 0)?;
        Some(format!("{} behind", size(lag.bytes)))
    }

    /// The same with the time, where it is known: "34.0 MB, 12 s"; "none" where nothing is missing.
    pub fn lag_words(&self) -> Option<String> {
        let lag = self.lag?;
        Some(missing_words(lag.bytes, lag.time))
    }

    /// "3.2 MB/s"; "none" while nothing is sent.
    pub fn rate_words(&self) -> Option<String> {
        Some(match self.rate? {
            0 => "none".to_owned(),
            rate => format!("{}/s", size(rate)),
        })
    }

    pub fn is_far(&self) -> bool {
        self.lag.is_some_and(|lag| lag.bytes >= FAR_BEHIND)
    }
}

/// "34.0 MB, 12 s"; "none" where nothing is missing.
pub fn missing_words(bytes: u64, time: Option<Duration>) -> String {
    match (bytes, time) {
        (0, _) => "none".to_owned(),
        (bytes, None) => size(bytes),
        (bytes, Some(time)) if time < Duration::from_secs(1) => {
            format!("{}, under 1 s", size(bytes))
        }
        (bytes, Some(time)) => format!("{}, {} s", size(bytes), time.as_secs()),
    }
}

fn rounded_stage(stage: Stage) -> Stage {
    let Lag { bytes, time } = rounded(Lag {
        bytes: stage.bytes,
        time: stage.time,
    });
    Stage { bytes, time, ..stage }
}

/// What the words leave out makes no glance another one.
fn rounded(lag: Lag) -> Lag {
    let bytes = match lag.bytes {
        0..1_024 => lag.bytes,
        1_024..1_048_576 => lag.bytes & !0x3ff,
        _ => lag.bytes & !0xffff,
    };
    let time = lag.time.map(|time| {
        if bytes == 0 {
            Duration::ZERO
        } else {
            Duration::from_secs(time.as_secs())
        }
    });
    Lag { bytes, time }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bytes: u64, millis: u64) -> Told {
        let lag = Lag {
            bytes,
            time: Some(Duration::from_millis(millis)),
        };
        Told {
            lag: Some(rounded(lag)),
            ..Told::default()
        }
    }

    #[test]
    fn lag_is_said_in_one_word_when_there_is_none() {
        assert_eq!(told(0, 3000).lag_words().unwrap(), "none");
        assert_eq!(told(0, 3000).behind(), None);
        assert_eq!(told(34 << 20, 12_300).lag_words().unwrap(), "34.0 MB, 12 s");
        assert_eq!(told(34 << 20, 12_300).behind().unwrap(), "34.0 MB behind");
        assert_eq!(told(2048, 10).lag_words().unwrap(), "2 kB, under 1 s");
        assert_eq!(Told::default().lag_words(), None, "nobody says");
    }

    #[test]
    fn what_the_words_leave_out_is_no_news() {
        assert_eq!(told(3000, 1200), told(3050, 1900));
        assert_ne!(told(3000, 1200), told(5000, 1200));
    }
}
