//! Room that the tree asks for on every server: WAL senders and replication slots.

use std::collections::BTreeMap;

use super::{Server, ServerId, Topology};

/// Senders and slots that every server has at least: PostgreSQL's own default from 10 on.
const LEAST: usize = 10;
/// Beside the drawn downstreams: a base backup takes two, and a person may look with `pg_receivewal`.
const SPARE: usize = 5;

impl Topology {
    /// Room for so many drawn downstreams, and some to spare.
    pub fn room_for(downstreams: usize) -> usize {
        LEAST.max(downstreams + SPARE)
    }

    /// How many downstreams the server with the most of them has.
    pub fn most_downstreams(&self) -> usize {
        let mut counts: BTreeMap<ServerId, usize> = BTreeMap::new();
        for upstream in self.servers().iter().filter_map(Server::upstream) {
            *counts.entry(upstream).or_default() += 1;
        }
        counts.into_values().max().unwrap_or(0)
    }
}
