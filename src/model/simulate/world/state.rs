//! The condition of one server of the world, and what no incident changes about it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Flow;
use super::wal::{LastMoment, Position, Wal};
use crate::model::configuration::Configuration;
use crate::model::simulate::{Configured, StandbyNames};
use crate::model::topology::catalogue::milliseconds;
use crate::model::topology::{Server, ServerId, Topology};

/// Whether a server runs, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    Up,
    /// Stopped cleanly.
    Stopped,
    Crashed,
    /// Its configuration is refused, so it never started.
    Refused,
}

/// A replication slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// Nobody has streamed through it: it holds nothing.
    Unused,
    /// It holds WAL from this batch on.
    Holds(u64),
    /// The server has given it up, since it would have held more than `max_slot_wal_keep_size`.
    Lost,
}

/// One server at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    pub life: Life,
    /// Whom it follows; `None`: it is a primary, or would be if it were started.
    pub upstream: Option<ServerId>,
    pub position: Position,
    pub is_paused: bool,
    /// The pause has taken hold: the process that replays, which also asks for a connection, does nothing else any more.
    pub(super) is_halted: bool,
    /// Another upstream that it was told of while its replay stands still: it turns there when that goes on.
    pub next_upstream: Option<ServerId>,
    /// How it stands to its upstream, as found out after the last incident.
    pub flow: Flow,
    /// The number of the incident (from 1) after which nothing new reached it any more.
    pub behind_since: Option<usize>,
    /// The slots on it: whose they are, and what they hold.
    pub slots: BTreeMap<ServerId, Slot>,
    /// Whose WAL senders run on it, by their place: of two standbys with one priority the lower place comes first.
    pub senders: Vec<Option<ServerId>>,
    /// The first batch that it still has to send.
    pub oldest_kept: u64,
    /// What it read about commits when it became a primary.
    pub configured: Option<Arc<Configured>>,
}

impl State {
    pub fn is_up(&self) -> bool {
        self.life == Life::Up
    }

    /// The upstream that its configuration names.
    pub fn configured_upstream(&self) -> Option<ServerId> {
        self.next_upstream.or(self.upstream)
    }

    pub(super) fn pause(&mut self, is_halted: bool) {
        (self.is_paused, self.is_halted) = (true, is_halted);
    }

    /// What arrives is not replayed by one that has paused: now at the latest the pause takes hold.
    pub(super) fn receive(&mut self, mut position: Position) {
        // Two of those that could confirm the last moment: it has what it had itself, whatever the other one brings.
        let is_as_far = (self.position.line, self.position.batch) == (position.line, position.batch);
        if is_as_far && matches!(self.position.last, LastMoment::OneOf { .. }) {
            position.last = self.position.last;
        }
        self.is_halted = self.is_paused && (self.is_halted || self.position != position);
        self.position = position;
    }

    /// The replay goes on, or begins again: now it follows whom its configuration names.
    pub(super) fn resume(&mut self) {
        (self.is_paused, self.is_halted) = (false, false);
        self.turn();
    }

    /// No connection holds it to an upstream that its configuration does not name any more.
    pub(super) fn turn(&mut self) {
        self.upstream = self.configured_upstream();
        self.next_upstream = None;
    }

    /// True for a server that takes writes now.
    pub fn leads(&self) -> bool {
        self.is_up() && self.upstream.is_none()
    }
}

/// What no incident changes: the design, and what it says about each server, by its place in the design.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) topology: Topology,
    pub(super) servers: Vec<Fact>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) id: ServerId,
    pub(super) uses_slot: bool,
    /// It streams from nobody.
    pub(super) is_by_archive: bool,
    /// Whom its connection names, the drawn upstream first; empty where that is the only one.
    pub(super) hosts: Vec<ServerId>,
    /// The slots on it may hold only so much WAL.
    pub(super) limits_slots: bool,
    /// After how many microseconds of silence it ends a connection as its sender, and as its receiver; `None`: never.
    pub(super) sender_timeout: Option<u64>,
    pub(super) receiver_timeout: Option<u64>,
    /// A hand-set `recovery_target_timeline` keeps it on its timeline.
    pub(super) stays_on_timeline: bool,
    /// As a sender compares it with synchronous_standby_names, and as its view shows it.
    pub(super) shown: String,
    pub(super) in_view: String,
}

impl Facts {
    pub(super) fn of(topology: &Topology) -> Self {
        let servers = topology.servers().iter().map(|server| fact(topology, server));
        Self {
            servers: servers.collect(),
            topology: topology.clone(),
        }
    }

    /// Servers stand in the order of their ids.
    pub(super) fn place(&self, id: ServerId) -> Option<usize> {
        self.servers.binary_search_by_key(&id, |fact| fact.id).ok()
    }
}

fn fact(topology: &Topology, server: &Server) -> Fact {
    let major = topology.postgres();
    // Up to 11 it stands in recovery.conf, which the bundle writes alone: always `latest`.
    let target = by_hand(topology, server, "recovery_target_timeline");
    // The bundle sets a limit wherever the version has one; by hand, -1 takes it away.
    let limit = by_hand(topology, server, "max_slot_wal_keep_size");
    Fact {
        id: server.id(),
        uses_slot: topology.uses_slot(server.id()),
        is_by_archive: server.is_fed_by_archive(),
        hosts: hosts(topology, server),
        limits_slots: major.has_slot_limit() && limit.is_none_or(|limit| !limit.trim().starts_with('-')),
        stays_on_timeline: major.has_standby_signal()
            && target.is_some_and(|target| !target.eq_ignore_ascii_case("latest")),
        sender_timeout: time_limit(topology, server, major.sender_timeout_setting()),
        receiver_timeout: if major.has_receiver_timeout() {
            time_limit(topology, server, "wal_receiver_timeout")
        } else {
            None
        },
        shown: server.name().in_list(major),
        in_view: server.name().in_view(major),
    }
}

fn hosts(topology: &Topology, server: &Server) -> Vec<ServerId> {
    let others: Vec<ServerId> = topology
        .fallbacks(server.id())
        .into_iter()
        .map(Server::id)
        .collect();
    if others.is_empty() {
        return others;
    }
    server.upstream().into_iter().chain(others).collect()
}

/// A time limit in microseconds, which is 60 s by default on every version; 0 is none.
fn time_limit(topology: &Topology, server: &Server, name: &str) -> Option<u64> {
    const DEFAULT: f64 = 60_000.0;
    // What cannot be read, the rules refuse.
    let millis = by_hand(topology, server, name)
        .and_then(milliseconds)
        .unwrap_or(DEFAULT);
    (millis > 0.0).then_some((millis * 1_000.0) as u64)
}

/// A setting given by hand, whatever its capitals: the server's own before the cluster's.
fn by_hand<'a>(topology: &'a Topology, server: &'a Server, name: &str) -> Option<&'a str> {
    let both = [server.settings(), topology.settings()];
    both.into_iter()
        .flatten()
        .find(|(own, _)| own.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}

/// Each server as the design is deployed: up and connected, those that a bad list keeps from starting left out.
pub(super) fn as_deployed(topology: &Topology) -> Vec<State> {
    let mut states: Vec<State> = topology
        .servers()
        .iter()
        .map(|server| State {
            life: life(topology, server),
            upstream: server.upstream(),
            position: Wal::start(),
            is_paused: false,
            is_halted: false,
            next_upstream: None,
            flow: Flow::Down,
            behind_since: None,
            slots: BTreeMap::new(),
            senders: Vec::new(),
            oldest_kept: 0,
            configured: None,
        })
        .collect();
    let place = |id: ServerId| topology.servers().binary_search_by_key(&id, Server::id).ok();
    let slot_names = topology.slot_names();
    for server in topology.servers() {
        let uses_slot = topology.uses_slot(server.id());
        let upstream = server.upstream().and_then(place).filter(|_| uses_slot);
        if let Some(upstream) = upstream.and_then(|place| states.get_mut(place)) {
            upstream.slots.insert(server.id(), Slot::Unused);
        }
        // A slot of the same name at a server that it may turn to is there for it.
        for other in topology.fallbacks(server.id()) {
            let own = slot_names.get(&server.id()).map(String::as_str);
            let is_there = other.terms().slots.iter().any(|slot| Some(slot.as_str()) == own);
            if let Some(state) = place(other.id())
                .filter(|_| is_there)
                .and_then(|place| states.get_mut(place))
            {
                state.slots.insert(server.id(), Slot::Unused);
            }
        }
    }
    if let Some(primary) = place(topology.primary().id()).and_then(|place| states.get_mut(place)) {
        match Configured::of(topology, topology.primary()) {
            Ok(configured) => primary.configured = Some(Arc::new(configured)),
            Err(_) => primary.life = Life::Refused,
        }
    }
    states
}

/// A list that is set by hand is read by every server at its start, also by a standby, which has no use for it.
fn life(topology: &Topology, server: &Server) -> Life {
    let names = by_hand(topology, server, "synchronous_standby_names");
    let is_good = names.is_none_or(|names| {
        let configuration = Configuration::in_cluster_folder(topology);
        let as_read = configuration.value(server, "synchronous_standby_names");
        StandbyNames::parse(as_read.as_deref().unwrap_or(names), topology.postgres()).is_ok()
    });
    if is_good { Life::Up } else { Life::Refused }
}
