//! Going back and forth in a run: snapshots at regular moments, and the way from one to any moment played again.

use std::collections::BTreeMap;

use super::{Event, Micros, Run, Scenario};
use crate::model::simulate::world::Action;
use crate::model::topology::Topology;

/// The first distance of two snapshots; it doubles whenever there are too many.
const INTERVAL: Micros = 1_000_000;
const MOST: usize = 64;

/// A run that can be scrubbed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Player {
    run: Run,
    snapshots: BTreeMap<Micros, Run>,
    interval: Micros,
}

impl Player {
    pub fn new(topology: &Topology, scenario: Scenario) -> Self {
        let run = Run::new(topology, scenario);
        Self {
            snapshots: BTreeMap::from([(0, run.clone())]),
            run,
            interval: INTERVAL,
        }
    }

    pub fn run(&self) -> &Run {
        &self.run
    }

    /// Goes to a moment, before or behind; rounded down to a tick.
    pub fn scrub_to(&mut self, moment: Micros) {
        if moment < self.run.now()
            && let Some((_, snapshot)) = self.snapshots.range(..=moment).next_back()
        {
            self.run = snapshot.clone();
        }
        loop {
            let next = (self.run.now() / self.interval + 1) * self.interval;
            self.run.run_until(moment.min(next));
            if self.run.now() < next {
                return;
            }
            self.remember();
        }
    }

    /// Plays on for a while.
    pub fn play(&mut self, micros: Micros) {
        self.scrub_to(self.run.now() + micros);
    }

    /// Lets something happen with the next tick. What was played beyond this moment is forgotten.
    pub fn happen(&mut self, action: Action) {
        let at = self.run.now() + super::TICK;
        let mut scenario = self.run.scenario().clone();
        scenario.add(Event { at, action });
        self.snapshots.split_off(&at);
        self.run = self.run.clone().with_scenario(scenario.clone());
        for snapshot in self.snapshots.values_mut() {
            *snapshot = snapshot.clone().with_scenario(scenario.clone());
        }
    }

    /// A player of its own from this moment on; this one knows nothing of what happens there.
    #[must_use]
    pub fn fork(&self) -> Self {
        self.clone()
    }

    fn remember(&mut self) {
        self.snapshots.insert(self.run.now(), self.run.clone());
        if self.snapshots.len() > MOST {
            self.interval *= 2;
            let interval = self.interval;
            self.snapshots.retain(|at, _| at % interval == 0);
        }
    }
}
