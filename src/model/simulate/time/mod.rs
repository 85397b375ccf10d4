//! WAL on its way: a deterministic simulation of commits that are sent, written, flushed and replayed along each link.
//!
//! Time goes in ticks of one millisecond. In each tick the scenario's faults happen (what they mean says
//! [`World`](super::world::World)), clients commit, WAL moves on, standbys answer, and commits that were waited for long enough are acknowledged. Everything that
//! is left to chance comes from the scenario's seed: the same scenario gives the same run.
//!
//! Units: time in microseconds from the start, WAL in bytes, bandwidth in bytes per second. What is simplified: a disk
//! takes one tick to flush, and what is flushed is replayed a tick later, unless that is paused or delayed by a setting.
//!
//! Start with [`Scenario`], then [`Run::step`]; [`Player`] goes back and forth in time, [`Traffic`] is what there is to draw of
//! a moment, [`Waits`] whom commits wait for, and [`Run::told`] says it in sentences.

mod clients;
mod commits;
mod delay;
mod link;
mod narration;
mod player;
mod random;
mod run;
mod silence;
mod story;
#[cfg(test)]
mod tests;
mod text;
mod traffic;
mod waits;

pub use crate::model::words::duration as in_words;
pub use clients::{Commit, Ending};
pub use link::{Progress, Stage};
pub use narration::lsn;
pub use player::Player;
pub use run::Run;
pub use story::{Happened, What};
pub use text::{MOST_SESSIONS, ScenarioError, ScenarioProblem, read_time};
pub use traffic::{Leg, Token, Traffic};
pub use waits::Waits;

use std::collections::BTreeMap;

use super::world::Incident;
use crate::model::topology::ServerId;

/// A moment, in microseconds from the start.
pub type Micros = u64;

/// The length of a tick.
pub const TICK: Micros = 1_000;

/// The network between a standby and its upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speed {
    /// One way.
    pub latency: Micros,
    pub bytes_per_second: u64,
}

impl Default for Speed {
    /// A good local network: half a millisecond one way, one gigabit.
    fn default() -> Self {
        Self {
            latency: 500,
            bytes_per_second: 125_000_000,
        }
    }
}

impl Speed {
    /// What a slow network adds, and by how much it is narrower.
    const SLOW_LATENCY: Micros = 200_000;
    const SLOW_DIVISOR: u64 = 100;

    /// The same, while the world says that it is slow.
    #[must_use]
    pub fn slowed(self) -> Self {
        Self {
            latency: self.latency + Self::SLOW_LATENCY,
            bytes_per_second: (self.bytes_per_second / Self::SLOW_DIVISOR).max(1),
        }
    }
}

/// What clients do: each session commits, waits for the answer, thinks, and commits again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Workload {
    pub sessions: u32,
    /// The mean pause between an answer and the next commit of the session; each is between a half and one and a half of it.
    pub think: Micros,
    /// The mean WAL of one commit; each is between a half and one and a half of it.
    pub bytes: u64,
}

impl Default for Workload {
    /// Some forty small commits a second.
    fn default() -> Self {
        Self {
            sessions: 4,
            think: 100_000,
            bytes: 8_192,
        }
    }
}

/// What is simulated: when what happens, how fast the links are, what clients do, and the seed of chance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scenario {
    pub seed: u64,
    pub workload: Workload,
    /// Every link that is not among `speeds`.
    pub speed: Speed,
    /// The link of this standby to whichever upstream it has.
    pub speeds: BTreeMap<ServerId, Speed>,
    /// In the order of their moments.
    pub events: Vec<Event>,
}

/// One incident at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    pub at: Micros,
    pub incident: Incident,
}

impl Scenario {
    pub fn speed_of(&self, standby: ServerId) -> Speed {
        self.speeds.get(&standby).copied().unwrap_or(self.speed)
    }

    /// Adds an event behind those of the same moment.
    pub fn add(&mut self, event: Event) {
        let place = self.events.partition_point(|known| known.at <= event.at);
        self.events.insert(place, event);
    }
}
