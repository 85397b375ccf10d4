//! Failures that need no world of their own: of a large design nearly all of them.
//!
//! While the primary leads, nothing is lost. Of the standbys that a commit waits for, those that are left can be counted; nothing
//! changes where the failing one is not among them. The reads change: who is below the failure has old data from then on. `tests`
//! compares it with the simulation, for every single failure of every kind of design.

use std::collections::{BTreeMap, BTreeSet};

use super::{Cell, Survival, is_fresh, nothing_lost, reads_of, writes_of};
use crate::model::simulate::world::{CommitFate, Incident, State, World};
use crate::model::topology::{Server, ServerId};

/// A world in which nothing has failed, and what can be counted in it.
pub(super) struct Beside {
    world: World,
    fate: CommitFate,
    waiting: Option<Waiting>,
    nothing_lost: Cell,
    all: Reads,
    /// Of each server with all below it, by its place in the design.
    below: Vec<Reads>,
}

/// How many answer queries, and how many of them with old data.
#[derive(Clone, Copy, Debug, Default)]
struct Reads {
    up: usize,
    old: usize,
}

impl Reads {
    fn of(state: &State) -> Self {
        Self {
            up: usize::from(state.is_up()),
            old: usize::from(state.is_up() && !is_fresh(state.flow)),
        }
    }

    fn add(&mut self, other: Self) {
        self.up += other.up;
        self.old += other.old;
    }
}

impl Beside {
    /// `None`: nobody leads, so that each failure has to be looked at by itself.
    pub(super) fn of(world: &World) -> Option<Self> {
        let mut world = world.clone();
        world.apply_each(&[]);
        if world.leaders().is_empty() {
            return None;
        }
        let topology = world.topology();
        let mut below: Vec<Reads> = world.servers().map(|(_, state)| Reads::of(state)).collect();
        let mut all = Reads::default();
        for one in &below {
            all.add(*one);
        }
        // Leaves first, so that each is whole when it is added to its upstream.
        for id in topology.in_tree_order().into_iter().rev() {
            let (Some(place), Some(upstream)) = (
                topology.place(id),
                topology
                    .server(id)
                    .and_then(Server::upstream)
                    .and_then(|above| topology.place(above)),
            ) else {
                continue;
            };
            if let Some(own) = below.get(place).copied()
                && let Some(above) = below.get_mut(upstream)
            {
                above.add(own);
            }
        }
        Some(Self {
            fate: world.cluster_fate(),
            waiting: Waiting::of(&world),
            nothing_lost: nothing_lost(&world),
            all,
            below,
            world,
        })
    }

    /// What is left after this failure; `None`: that takes a simulation.
    pub(super) fn survival(&self, fault: Incident) -> Option<Survival> {
        let failing = match fault {
            Incident::Crash(server) => server,
            Incident::Cut { other, .. } => other,
            _ => return None,
        };
        let (standby, state) = self.standby(failing)?;
        if self.world.judge(fault).is_err() {
            return None;
        }
        let fate = if self.is_listed(standby) {
            self.waiting.as_ref()?.without(failing, self.fate)
        } else {
            self.fate
        };
        let own = Reads::of(state);
        let with_below = self.below.get(self.world.topology().place(failing)?)?;
        // Who crashed answers no more; who is cut off does, with old data, as all do that are below.
        let gone = match fault {
            Incident::Crash(_) => own.up,
            _ => 0,
        };
        let up = self.all.up - gone;
        let old = self.all.old - with_below.old + with_below.up - gone;
        Some(Survival {
            faults: vec![fault],
            failure: vec![fault.text(self.world.topology())],
            writes: writes_of(fate),
            reads: reads_of(up, old),
            nothing_lost: self.nothing_lost.clone(),
        })
    }

    fn standby(&self, id: ServerId) -> Option<(&Server, &State)> {
        let server = self.world.topology().server(id)?;
        let state = self.world.state(id)?;
        // Where it was drawn, it is: what is below it was counted so.
        let is_drawn = state.upstream.is_some() && state.upstream == server.upstream();
        is_drawn.then_some((server, state))
    }

    /// True if it could be one of those that a commit of its upstream waits for.
    fn is_listed(&self, standby: &Server) -> bool {
        let topology = self.world.topology();
        let upstream = standby.upstream().and_then(|id| self.world.state(id));
        let configured = upstream
            .filter(|above| above.leads())
            .map(|above| &above.configured);
        match configured {
            // It follows a standby.
            None => false,
            Some(configured) => configured
                .as_ref()
                .and_then(|configured| configured.names.as_ref())
                .is_some_and(|names| names.priority(&standby.name().in_list(topology.postgres())) > 0),
        }
    }
}

/// What the commits of the only primary wait for, while nothing has failed.
struct Waiting {
    /// In the order of the list, and whether it answers.
    candidates: Vec<(ServerId, bool)>,
    places: BTreeMap<ServerId, usize>,
    needed: usize,
    is_quorum: bool,
    /// How many of all answer, and how many of those that are chosen.
    answering: usize,
    chosen_answering: usize,
}

impl Waiting {
    /// `None` if there is more to it: several primaries, or members of one name, of which nobody knows which confirmed.
    fn of(world: &World) -> Option<Self> {
        let [leader] = world.leaders()[..] else {
            return None;
        };
        let configured = world.state(leader)?.configured.as_ref()?;
        let names = configured.names.as_ref()?;
        let topology = world.topology();
        let mut known = BTreeSet::new();
        let mut below = topology.downstreams(leader).map(Server::name);
        if !below.all(|name| known.insert(name.in_list(topology.postgres()))) {
            return None;
        }
        let candidates = world.commit_candidates(leader, configured.commit);
        let needed = usize::try_from(names.count()).ok()?;
        let count = |most: usize| {
            candidates
                .iter()
                .take(most)
                .filter(|(_, answers)| *answers)
                .count()
        };
        Some(Self {
            answering: count(usize::MAX),
            chosen_answering: count(needed),
            places: candidates
                .iter()
                .enumerate()
                .map(|(place, (id, _))| (*id, place))
                .collect(),
            candidates,
            needed,
            is_quorum: names.is_quorum(),
        })
    }

    /// The fate of commits once this one has failed, as it was `before`.
    fn without(&self, standby: ServerId, before: CommitFate) -> CommitFate {
        let Some(&place) = self.places.get(&standby) else {
            return before;
        };
        let answers = |place: usize| self.candidates.get(place).is_some_and(|(_, answers)| *answers);
        let (left, needed) = if self.is_quorum {
            (self.answering - usize::from(answers(place)), self.needed)
        } else if place < self.needed {
            // The next one of the list takes its place, if there is one.
            let chosen = self.chosen_answering - usize::from(answers(place));
            (chosen + usize::from(answers(self.needed)), self.needed)
        } else {
            return before;
        };
        if left >= needed {
            CommitFate::Acknowledged
        } else {
            CommitFate::Hangs
        }
    }
}
