//! What the whole tree means for each server's files: room for senders and slots, the names of slots and folders.
//! Computed once for a bundle, since every file of every server asks for it.

use std::collections::{BTreeMap, BTreeSet};

use super::Element;
use super::layout::{Layout, Room};
use crate::model::topology::{ServerId, Topology, reporting};

/// `superuser_reserved_connections`, which 11 counts beside the senders, and one for ordinary people.
pub const RESERVED_CONNECTIONS: usize = 4;

#[derive(Debug)]
pub struct Sizes<'a> {
    pub topology: &'a Topology,
    pub layout: Layout,
    /// `max_wal_senders` of every server.
    pub senders: usize,
    /// `max_replication_slots` of every server.
    pub slots: usize,
    /// True if any link uses a slot.
    pub has_slots: bool,
    /// The downstreams that use no slot, by their upstream.
    pub slotless: BTreeMap<ServerId, Vec<ServerId>>,
    is_laboratory: bool,
    /// The server for whose downstreams there is room for more senders than usual.
    most_senders: Option<ServerId>,
    /// The server for whose downstreams there is room for more slots than usual.
    most_slots: Option<ServerId>,
    reporting: BTreeSet<ServerId>,
    slot_names: &'a BTreeMap<ServerId, String>,
    folders: &'a BTreeMap<ServerId, String>,
}

impl<'a> Sizes<'a> {
    pub fn of(topology: &'a Topology, layout: Layout) -> Self {
        let mut downstreams: BTreeMap<ServerId, usize> = BTreeMap::new();
        let mut with_slot: BTreeMap<ServerId, usize> = BTreeMap::new();
        let mut slotless: BTreeMap<ServerId, Vec<ServerId>> = BTreeMap::new();
        let slots_of_primary = topology.primary().terms().slots.len();
        *with_slot.entry(topology.primary().id()).or_default() += slots_of_primary;
        for server in topology.servers() {
            let Some(upstream) = server.upstream() else {
                continue;
            };
            for other in topology.fallbacks(server.id()) {
                *downstreams.entry(other.id()).or_default() += 1;
            }
            *with_slot.entry(server.id()).or_default() += server.terms().slots.len();
            if !topology.streams(server.id()) {
                continue;
            }
            *downstreams.entry(upstream).or_default() += 1;
            if topology.uses_slot(server.id()) {
                *with_slot.entry(upstream).or_default() += 1;
            } else {
                slotless.entry(upstream).or_default().push(server.id());
            }
        }
        let most = |counts: &BTreeMap<ServerId, usize>| counts.values().copied().max().unwrap_or(0);
        let widest = |counts: &BTreeMap<ServerId, usize>| {
            let (id, count) = counts.iter().max_by_key(|(_, count)| **count)?;
            (Topology::room_for(*count) > Topology::room_for(0)).then_some(*id)
        };
        Self {
            topology,
            senders: senders(topology, most(&downstreams)),
            slots: Topology::room_for(most(&with_slot)),
            has_slots: with_slot.values().any(|count| *count > 0),
            slotless,
            reporting: reporting(topology),
            is_laboratory: match layout.room {
                Room::AsDrawn => topology.is_all_loopback(),
                Room::Own => false,
            },
            layout,
            most_senders: widest(&downstreams),
            most_slots: widest(&with_slot),
            slot_names: topology.slot_names(),
            folders: topology.folders(),
        }
    }

    /// True if all servers share one machine, and must leave room for one another.
    pub fn is_laboratory(&self) -> bool {
        self.is_laboratory
    }

    /// Whose drawing `senders` comes from.
    pub fn who_decides_senders(&self) -> Vec<Element> {
        cluster_and(self.most_senders)
    }

    /// Whose drawing `slots` comes from.
    pub fn who_decides_slots(&self) -> Vec<Element> {
        cluster_and(self.most_slots)
    }

    /// True for a standby that tells its upstream what its queries need.
    pub fn reports(&self, server: ServerId) -> bool {
        self.reporting.contains(&server)
    }

    /// The server's own folder.
    pub fn folder(&self, server: ServerId) -> &str {
        self.folders.get(&server).map_or("", String::as_str)
    }

    /// The slot that the server uses at its upstream.
    pub fn slot_name(&self, server: ServerId) -> &str {
        self.slot_names.get(&server).map_or("", String::as_str)
    }
}

fn cluster_and(server: Option<ServerId>) -> Vec<Element> {
    let server = server.map(Element::Server);
    std::iter::once(Element::Cluster).chain(server).collect()
}

/// Room for the server with the most downstreams; fewer where a hand-set max_connections leaves less.
fn senders(topology: &Topology, most: usize) -> usize {
    let wanted = Topology::room_for(most);
    if topology.postgres().counts_senders_apart() {
        return wanted;
    }
    let by_hand = |id| {
        topology
            .setting_of(id, "max_connections")?
            .trim()
            .parse::<usize>()
            .ok()
    };
    match topology
        .servers()
        .iter()
        .filter_map(|server| by_hand(server.id()))
        .min()
    {
        Some(connections) => wanted
            .min(connections.saturating_sub(RESERVED_CONNECTIONS))
            .max(most.max(1)),
        None => wanted,
    }
}
