//! Whom commits wait for: what is to be seen at a primary.

use super::{Micros, Run};
use crate::model::simulate::world::CommitFate;
use crate::model::topology::{CommitLevel, ServerId};

/// The commits that clients wait for at one primary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waits {
    pub on: ServerId,
    pub level: CommitLevel,
    pub count: usize,
    /// How long the oldest of them has waited.
    pub longest: Micros,
    /// How many standbys have to confirm it; 0: only its own disk is waited for.
    pub needed: usize,
    /// The standbys that could, and have not yet.
    pub missing: Vec<ServerId>,
    /// All that could, also those that have.
    pub connected: Vec<ServerId>,
    /// Of those that are missing, the ones to which nothing gets through, while this primary has not noticed; and when it
    /// gives each of them up (`None`: never).
    pub silent: Vec<(ServerId, Option<Micros>)>,
    /// True if nothing that happens by itself will end it.
    pub hangs: bool,
}

impl Run {
    /// One for each primary at which clients wait, in the design's order.
    pub fn waits(&self) -> Vec<Waits> {
        let mut waits: Vec<Waits> = Vec::new();
        for commit in self.waiting() {
            if let Some(known) = waits.iter_mut().find(|known| known.on == commit.on) {
                known.count += 1;
                continue;
            }
            let leader = self
                .leaders
                .iter()
                .find(|leader| self.id(leader.place) == commit.on);
            let Some(leader) = leader else {
                continue;
            };
            let known = |place: usize| self.known(place, leader.place).for_level(leader.level);
            let missing = leader
                .waits_for
                .iter()
                .filter(|place| known(**place) < commit.end);
            let missing: Vec<ServerId> = missing.map(|place| self.id(*place)).collect();
            let silent: Vec<(ServerId, Option<Micros>)> = missing
                .iter()
                .filter_map(|id| Some((*id, self.gives_up_at(*id, commit.on)?)))
                .collect();
            let is_noticed = silent.iter().any(|(_, due)| due.is_some());
            let fate = self.world().commit_on(commit.on, leader.level).fate;
            waits.push(Waits {
                on: commit.on,
                level: leader.level,
                count: 1,
                longest: self.now() - commit.asked,
                needed: leader.needed,
                missing,
                connected: leader.waits_for.iter().map(|place| self.id(*place)).collect(),
                silent,
                hangs: fate == CommitFate::Hangs && !is_noticed,
            });
        }
        waits.sort_by_key(|waits| waits.on);
        waits
    }
}
