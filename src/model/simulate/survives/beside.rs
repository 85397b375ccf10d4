//! Failures of what no commit waits for: of a large design nearly all of them, and none needs a world of its own.
//!
//! While the primary leads and nothing about the standbys that a commit waits for changes, writes go on as they did, nothing is
//! lost, and all that changes are the reads: who is below the failure continues old data. That can be counted. `tests`
//! compares it with the simulation, for every single failure of every kind of design.

use super::{Cell, Survival, is_fresh, nothing_lost, reads_of, writes};
use crate::model::simulate::world::{Incident, State, World};
use crate::model::topology::{Server, ServerId};

/// A world in which nothing has failed, and what can be counted in it.
pub(super) struct Beside {
    world: World,
    writes: Cell,
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
            writes: writes(&world),
            nothing_lost: nothing_lost(&world),
            all,
            below,
            world,
        })
    }

    /// What is left after this failure; `None`: a commit may wait for what fails.
    pub(super) fn survival(&self, fault: Incident) -> Option<Survival> {
        let failing = match fault {
            Incident::Crash(server) => server,
            Incident::Cut { other, .. } => other,
            _ => return None,
        };
        let (standby, state) = self.standby(failing)?;
        if self.waits_for(standby) || self.world.judge(fault).is_err() {
            return None;
        }
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
            writes: self.writes.clone(),
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
    fn waits_for(&self, standby: &Server) -> bool {
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
