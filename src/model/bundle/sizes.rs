//! What the whole tree means for each server's files: room for senders and slots, and the slots' names.
//! Computed once for a bundle, since every file of every server asks for it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::topology::{ServerId, Topology};

/// `superuser_reserved_connections`, which 11 counts beside the senders, and one for ordinary people.
pub const RESERVED_CONNECTIONS: usize = 4;

#[derive(Debug)]
pub struct Sizes<'a> {
    pub topology: &'a Topology,
    /// `max_wal_senders` of every server.
    pub senders: usize,
    /// `max_replication_slots` of every server.
    pub slots: usize,
    /// Servers with a downstream that uses no slot.
    pub slotless: BTreeSet<ServerId>,
    slot_names: BTreeMap<ServerId, String>,
}

impl<'a> Sizes<'a> {
    pub fn of(topology: &'a Topology) -> Self {
        let mut downstreams: BTreeMap<ServerId, usize> = BTreeMap::new();
        let mut with_slot: BTreeMap<ServerId, usize> = BTreeMap::new();
        let mut slotless = BTreeSet::new();
        for server in topology.servers() {
            let Some(upstream) = server.upstream() else {
                continue;
            };
            *downstreams.entry(upstream).or_default() += 1;
            if topology.uses_slot(server.id()) {
                *with_slot.entry(upstream).or_default() += 1;
            } else {
                slotless.insert(upstream);
            }
        }
        let most = |counts: &BTreeMap<ServerId, usize>| counts.values().copied().max().unwrap_or(0);
        Self {
            topology,
            senders: senders(topology, most(&downstreams)),
            slots: Topology::room_for(most(&with_slot)),
            slotless,
            slot_names: topology.slot_names(),
        }
    }

    /// The slot that the server uses at its upstream.
    pub fn slot_name(&self, server: ServerId) -> &str {
        self.slot_names.get(&server).map_or("", String::as_str)
    }
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
