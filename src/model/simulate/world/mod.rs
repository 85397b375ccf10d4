//! A cluster in trouble: a design, the condition of every server and of the network, the timelines, and who leads.
//!
//! [`World::apply`] lets one thing happen ([`Incident`]) and says what follows from it. What happens is a table,
//! [`TRANSITIONS`], and what can be between a server and its upstream is another, [`FLOWS`]; each row has its reason, and
//! both can print themselves ([`transitions_as_markdown`]). Between two incidents the world settles: servers notice,
//! connect or get stuck, clients write on.
//!
//! Not modelled: hot_standby set to off by hand, pg_hba.conf changed by hand, and a disk that is full on a server itself.

mod apply;
mod board;
mod conditions;
mod flow;
mod incident;
mod loss;
mod markdown;
mod perform;
mod settle;
mod silence;
mod state;
mod transition;
mod wal;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use apply::{Consequence, Refusal};
pub use board::{CommitFate, LevelOutcome};
pub use flow::{FLOWS, Flow, FlowRow};
pub use incident::{BadIncident, Incident, Kind, Verb};
pub use markdown::transitions_as_markdown;
pub use silence::{End, Silence};
use state::Facts;
pub use state::{Life, Slot, State};
pub use transition::{TRANSITIONS, Transition};
pub use wal::{LastMoment, Line, LineId, Position, Wal};

use crate::model::topology::{Server, ServerId, Topology};

/// The cluster at one moment. A clone is a world of its own, and cheap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct World {
    facts: Arc<Facts>,
    servers: Vec<State>,
    cuts: BTreeSet<Pair>,
    /// True if a cut is noticed only when that is said.
    is_in_time: bool,
    silences: Vec<Silence>,
    slow: BTreeSet<Pair>,
    /// Standbys that a server lets in besides those that the design has it let in: the standby, and the server.
    let_in: BTreeSet<(ServerId, ServerId)>,
    wal: Wal,
    archive: Archive,
    /// True if clients write between two incidents.
    has_clients: bool,
    incidents: Vec<Incident>,
    losses: Vec<Lost>,
}

/// Two servers with a network between them, the smaller id first.
type Pair = (ServerId, ServerId);

/// Commits that clients were told of, and that the cluster does not have any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The number of the incident (from 1) that lost them.
    pub incident: usize,
    /// The server whose promotion left them behind.
    pub promoted: ServerId,
    pub loss: Loss,
}

/// What would be missing on a server, were it to become the primary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// Every acknowledged commit is there.
    Nothing,
    /// Every acknowledged commit is on one of the standbys that are left of those that could confirm it: on the one that
    /// has received the most.
    NothingIfFarthest,
    /// It is one of those that could confirm, and so few of them are left that perhaps none has every acknowledged commit.
    TooFewLeft,
    /// Perhaps the commits of the last moment, which no standby had to confirm.
    LastMoment,
    /// Everything since the incident of this number (from 1).
    Since(usize),
    /// It went another way: it has a history of its own.
    OtherHistory,
}

/// The WAL archive as far as it matters: finished segments, and the history of promotions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Archive {
    is_full: bool,
    /// For each line the batch up to which segments are finished on the primary.
    finished: Vec<(LineId, u64)>,
    /// For each line the batch up to which the archive has it.
    holds: Vec<(LineId, u64)>,
}

impl World {
    /// The design as deployed, with clients that write all the time.
    pub fn new(topology: &Topology) -> Self {
        Self::without(topology, &BTreeSet::new())
    }

    /// The same while some servers were never started.
    pub fn without(topology: &Topology, down: &BTreeSet<ServerId>) -> Self {
        let mut world = Self {
            facts: Arc::new(Facts::of(topology)),
            servers: state::as_deployed(topology),
            cuts: BTreeSet::new(),
            is_in_time: false,
            silences: Vec::new(),
            slow: BTreeSet::new(),
            let_in: BTreeSet::new(),
            wal: Wal::default(),
            archive: Archive::default(),
            has_clients: true,
            incidents: Vec::new(),
            losses: Vec::new(),
        };
        for (server, state) in topology.servers().iter().zip(&mut world.servers) {
            if down.contains(&server.id()) && state.is_up() {
                state.life = Life::Stopped;
            }
        }
        world.settle();
        world
    }

    /// The same without clients: WAL is only written by what is done. For comparisons with idle servers.
    pub fn idle(topology: &Topology) -> Self {
        let mut world = Self::new(topology);
        world.has_clients = false;
        world
    }

    pub fn topology(&self) -> &Topology {
        &self.facts.topology
    }

    /// What has happened so far, in order.
    pub fn incidents(&self) -> &[Incident] {
        &self.incidents
    }

    /// The servers with their state, in the design's order.
    pub fn servers(&self) -> impl Iterator<Item = (&Server, &State)> {
        self.topology().servers().iter().zip(&self.servers)
    }

    pub fn state(&self, server: ServerId) -> Option<&State> {
        self.servers.get(self.facts.place(server)?)
    }

    /// The timeline that a server is on.
    pub fn timeline(&self, server: ServerId) -> Option<u32> {
        Some(self.wal.timeline(self.state(server)?.position))
    }

    /// The servers that take writes now: none, one, or (after a promotion beside a living primary) more.
    pub fn leaders(&self) -> Vec<ServerId> {
        self.servers()
            .filter(|(_, state)| state.leads())
            .map(|(server, _)| server.id())
            .collect()
    }

    /// True if nothing gets through between the two.
    pub fn is_cut_between(&self, one: ServerId, other: ServerId) -> bool {
        self.cuts.contains(&pair(one, other))
    }

    /// True if what goes between the two arrives late.
    pub fn is_slow_between(&self, one: ServerId, other: ServerId) -> bool {
        self.slow.contains(&pair(one, other))
    }

    pub fn is_archive_full(&self) -> bool {
        self.archive.is_full
    }

    /// True if the server streams through a slot, wherever it streams from.
    pub fn asks_for_slot(&self, server: ServerId) -> bool {
        let place = self.facts.place(server);
        place.is_some_and(|place| self.facts.servers[place].uses_slot)
    }

    /// True if the upstream's pg_hba.conf lets the server's host in: those of the drawn downstreams and of its own upstream,
    /// as the bundle writes it, and anyone who was let in since.
    pub fn lets_in(&self, upstream: ServerId, server: ServerId) -> bool {
        let topology = self.topology();
        let (Some(own), Some(above)) = (topology.server(server), topology.server(upstream)) else {
            return false;
        };
        let comes_from_there = |other: &Server| {
            other.host() == own.host() || (other.host().is_loopback() && own.host().is_loopback())
        };
        let is_drawn = own.upstream() == Some(upstream) || above.upstream() == Some(server);
        let is_drawn = is_drawn
            || topology
                .fallbacks(server)
                .iter()
                .any(|other| other.id() == upstream);
        let is_let_in = is_drawn
            || self.let_in.contains(&(server, upstream))
            || above
                .upstream()
                .and_then(|id| topology.server(id))
                .is_some_and(comes_from_there);
        is_let_in || topology.downstreams(upstream).any(comes_from_there)
    }

    /// True if the upstream still has all the WAL that the server lacks.
    pub fn can_catch_up(&self, server: ServerId, upstream: ServerId) -> bool {
        let both = self.state(server).zip(self.state(upstream));
        both.is_some_and(|(own, above)| own.position.batch >= above.oldest_kept)
    }

    /// True if the server's slot at the upstream was given up.
    pub fn has_lost_slot(&self, upstream: ServerId, server: ServerId) -> bool {
        let slot = self.state(upstream).and_then(|state| state.slots.get(&server));
        slot == Some(&Slot::Lost)
    }

    /// True if the server has nothing that the other one's timeline does not have.
    pub fn can_go_on(&self, server: ServerId, upstream: ServerId) -> bool {
        let both = self.state(server).zip(self.state(upstream));
        both.is_some_and(|(own, above)| self.wal.leads_to(own.position, above.position.line))
    }

    /// Of two primaries the one with the higher number was promoted later.
    pub fn age_of_line(&self, server: ServerId) -> Option<LineId> {
        Some(self.state(server)?.position.line)
    }

    /// Commits that were lost so far.
    pub fn losses(&self) -> &[Lost] {
        &self.losses
    }

    /// A server by its place in the design. Places come from `Facts::place` or from a walk over the servers, so there is one.
    fn at(&self, place: usize) -> &State {
        &self.servers[place]
    }

    fn at_mut(&mut self, place: usize) -> &mut State {
        &mut self.servers[place]
    }

    fn id_at(&self, place: usize) -> ServerId {
        self.facts.servers[place].id
    }

    fn name_at(&self, place: usize) -> &str {
        self.topology().servers()[place].name().as_str()
    }

    /// The place of the server that this one follows.
    fn upstream_of(&self, place: usize) -> Option<usize> {
        self.facts.place(self.at(place).upstream?)
    }

    fn is_cut(&self, one: usize, other: usize) -> bool {
        self.is_cut_between(self.id_at(one), self.id_at(other))
    }
}

fn pair(one: ServerId, other: ServerId) -> Pair {
    (one.min(other), one.max(other))
}

#[cfg(test)]
mod pauses;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod walks;
