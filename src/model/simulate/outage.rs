//! What a failure that leaves the primary alone does, counted instead of simulated: of ten thousand servers there are
//! twenty thousand failures, and settling the whole world for each takes the square of that.
//!
//! What is counted holds because nobody looks for another upstream: everyone below a server that is gone, or below a link that
//! is cut, gets nothing any more, and nobody else notices. A test compares it with the simulation for random designs.

use std::collections::BTreeSet;

use super::world::{Action, CommitFate, Flow, World};
use crate::model::topology::{Server, ServerId};

/// A settled world in which only the design's primary leads, prepared for many questions.
#[derive(Debug)]
pub(super) struct Outages {
    primary: ServerId,
    /// In the order of the design.
    up: usize,
    old: usize,
    /// Each server's range in the order "upstreams before downstreams": itself, then all below it. By place.
    ranges: Vec<(usize, usize)>,
    /// How many of the first servers in that order run and are fresh.
    fresh_before: Vec<usize>,
    /// By place: whether it runs, and whether what the primary writes reaches it.
    states: Vec<(bool, bool)>,
    /// The standbys that stream and can be waited for, and how many a commit needs; `None`: it waits for nobody.
    sync: Option<(BTreeSet<ServerId>, usize)>,
}

/// What is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) fate: CommitFate,
    pub(super) up: usize,
    /// Of these, those that answer with old data.
    pub(super) old: usize,
}

impl Outages {
    /// `None` where the primary does not lead: what is lost then has to be simulated.
    pub(super) fn of(world: &World) -> Option<Self> {
        let topology = world.topology();
        let primary = topology.primary().id();
        if world.leaders() != [primary] {
            return None;
        }
        let states: Vec<(bool, bool)> = world
            .servers()
            .map(|(_, state)| (state.is_up(), matches!(state.flow, Flow::Leads | Flow::Streams)))
            .collect();
        let order: Vec<usize> = topology
            .in_tree_order()
            .into_iter()
            .filter_map(|id| topology.place(id))
            .collect();
        let mut fresh_before = vec![0];
        let mut ranges = vec![(0, 0); states.len()];
        for (at, place) in order.iter().enumerate() {
            let (is_up, is_fresh) = states[*place];
            fresh_before.push(fresh_before[at] + usize::from(is_up && is_fresh));
            ranges[*place] = (at, at + 1);
        }
        // In this order everything below a server stands right behind it: from the end on, each widens its upstream's range.
        for place in order.iter().rev() {
            let upstream = topology.servers()[*place].upstream();
            if let Some(above) = upstream.and_then(|id| topology.place(id)) {
                ranges[above].1 = ranges[above].1.max(ranges[*place].1);
            }
        }
        Some(Self {
            primary,
            up: states.iter().filter(|(is_up, _)| *is_up).count(),
            old: states.iter().filter(|(is_up, is_fresh)| *is_up && !is_fresh).count(),
            ranges,
            fresh_before,
            states,
            sync: world
                .waited_at_all(primary)
                .map(|(standbys, needed)| (standbys.into_iter().collect(), needed)),
        })
    }

    /// After these failures at once; `None` if the primary itself fails, or something else is asked than crashes and cuts.
    pub(super) fn after(&self, world: &World, faults: &[Action]) -> Option<Left> {
        let topology = world.topology();
        let mut dead = BTreeSet::new();
        // Ranges of the order that nothing reaches any more.
        let mut dry: Vec<(usize, usize)> = Vec::new();
        let mut silent = BTreeSet::new();
        for fault in faults {
            match fault {
                Action::Crash(server) if *server != self.primary => {
                    let place = topology.place(*server)?;
                    dead.insert(place);
                    silent.insert(*server);
                    dry.push(self.ranges[place]);
                }
                Action::Cut { one, other } => {
                    let upstream = |id: ServerId| topology.server(id).and_then(Server::upstream);
                    let below = [(*one, *other), (*other, *one)]
                        .into_iter()
                        .find(|(above, below)| upstream(*below) == Some(*above))
                        .map(|(_, below)| below)?;
                    silent.insert(below);
                    dry.push(self.ranges[topology.place(below)?]);
                }
                _ => return None,
            }
        }
        dry.sort_unstable();
        let (mut starved, mut reached) = (0, 0);
        for (from, to) in dry {
            // Ranges of a tree lie in one another, or apart.
            if from >= reached {
                starved += self.fresh_before[to] - self.fresh_before[from];
                reached = to;
            }
        }
        let (mut up, mut old) = (self.up, self.old + starved);
        for place in dead {
            let (was_up, _) = self.states[place];
            up -= usize::from(was_up);
            // Fresh before, it was counted as starved; old before, it was counted from the beginning.
            old -= usize::from(was_up);
        }
        let fate = match &self.sync {
            None => CommitFate::Acknowledged,
            Some((standbys, needed)) => {
                let answering = standbys.len() - silent.intersection(standbys).count();
                if answering >= *needed {
                    CommitFate::Acknowledged
                } else {
                    CommitFate::Hangs
                }
            }
        };
        Some(Left { fate, up, old })
    }
}
