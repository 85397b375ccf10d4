//! Going back and forth in a run: snapshots at regular moments, and the way from one to any moment played again.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Event, Micros, Run, Scenario, TICK};
use crate::model::simulate::world::Incident;
use crate::model::topology::Topology;

/// The first distance of two snapshots; it doubles whenever there are too many.
const INTERVAL: Micros = 1_000_000;
/// How many snapshots are kept of a small design, and how many servers those of a large one may hold together.
const MOST: usize = 64;
const MOST_SERVERS: usize = 40_000;

/// A run that can be scrubbed. A clone is cheap, and a player of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Player {
    scenario: Arc<Scenario>,
    run: Run,
    snapshots: BTreeMap<Micros, Arc<Run>>,
    interval: Micros,
    furthest: Micros,
}

impl Player {
    pub fn new(topology: &Topology, scenario: Scenario) -> Self {
        let scenario = Arc::new(scenario);
        let run = Run::new(topology, Arc::clone(&scenario));
        Self {
            scenario,
            snapshots: BTreeMap::from([(0, Arc::new(run.clone()))]),
            run,
            interval: INTERVAL,
            furthest: 0,
        }
    }

    pub fn run(&self) -> &Run {
        &self.run
    }

    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The last moment that was played so far.
    pub fn furthest(&self) -> Micros {
        self.furthest
    }

    /// Goes to a moment, before or behind; rounded down to a tick.
    pub fn scrub_to(&mut self, moment: Micros) {
        while !self.scrub_within(moment, u64::MAX) {}
    }

    /// Goes there as far as it comes with so many ticks played; true if it is there. Asked again, it goes on.
    pub fn scrub_within(&mut self, moment: Micros, ticks: u64) -> bool {
        self.jump(moment);
        let mut left = ticks;
        while self.run.now() + TICK <= moment {
            if left == 0 {
                return false;
            }
            left -= 1;
            self.run.step();
            self.furthest = self.furthest.max(self.run.now());
            if self.run.now().is_multiple_of(self.interval) {
                self.remember();
            }
        }
        true
    }

    /// Plays on for a while.
    pub fn play(&mut self, micros: Micros) {
        self.scrub_to(self.run.now() + micros);
    }

    /// Lets something happen with the next tick. What was played beyond this moment is forgotten.
    pub fn happen(&mut self, incident: Incident) {
        let at = self.run.now() + TICK;
        let mut scenario = Scenario::clone(&self.scenario);
        scenario.add(Event { at, incident });
        self.go_on_with(scenario);
    }

    /// True if something is still to happen after this moment.
    pub fn has_more(&self) -> bool {
        let last = self.scenario.events.last();
        last.is_some_and(|event| event.at > self.run.now())
    }

    /// A player of its own from this moment on, in which nothing more is to happen; this one knows nothing of what happens there.
    #[must_use]
    pub fn fork(&self) -> Self {
        let mut fork = self.clone();
        let mut scenario = Scenario::clone(&self.scenario);
        scenario.events.retain(|event| event.at <= self.run.now());
        fork.go_on_with(scenario);
        fork
    }

    /// Another scenario, which is the same up to this moment.
    fn go_on_with(&mut self, scenario: Scenario) {
        let now = self.run.now();
        self.snapshots.split_off(&(now + 1));
        self.scenario = Arc::new(scenario);
        self.run = self.run.clone().with_scenario(Arc::clone(&self.scenario));
        self.furthest = now;
    }

    /// To the last snapshot before the moment, if that is nearer than what is shown. It knows what is to happen from then on.
    fn jump(&mut self, moment: Micros) {
        let now = self.run.now();
        let Some((at, snapshot)) = self.snapshots.range(..=moment).next_back() else {
            return;
        };
        if moment < now || *at > now {
            self.run = Run::clone(snapshot).with_scenario(Arc::clone(&self.scenario));
        }
    }

    fn remember(&mut self) {
        self.snapshots
            .entry(self.run.now())
            .or_insert_with(|| Arc::new(self.run.clone()));
        let servers = self.run.world().topology().servers().len();
        let most = (MOST_SERVERS / servers.max(1)).clamp(4, MOST);
        if self.snapshots.len() > most {
            self.interval *= 2;
            let interval = self.interval;
            self.snapshots.retain(|at, _| at % interval == 0);
        }
    }
}
