//! Which relays are folded, and what that hides: a way to look at the design, and no part of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::document::PointOnCanvas;
use crate::model::topology::{Server, ServerId, Topology};

use super::Session;

/// What is folded in this window. No undo step, in no file; servers are known by their ids, so that what is taken
/// back or done again finds everything folded as it was.
#[derive(Debug, Default)]
pub struct Folding {
    /// Also servers that an undo has taken out of the design for now.
    folded: BTreeSet<ServerId>,
    /// Every hidden server, and the card that stands for it: the topmost folded one above it.
    hidden: BTreeMap<ServerId, ServerId>,
    /// The one that was folded or unfolded last: it keeps its place on the screen.
    last: Option<ServerId>,
    revision: u64,
}

impl Folding {
    /// True if it is shown and stands for all that is below it.
    pub fn is_folded(&self, server: ServerId) -> bool {
        self.folded.contains(&server)
    }

    pub fn is_hidden(&self, server: ServerId) -> bool {
        self.hidden.contains_key(&server)
    }

    /// The card that stands for it.
    pub fn hidden_in(&self, server: ServerId) -> Option<ServerId> {
        self.hidden.get(&server).copied()
    }

    /// Every hidden server with the card that stands for it.
    pub fn hidden(&self) -> &BTreeMap<ServerId, ServerId> {
        &self.hidden
    }

    pub fn is_any_folded(&self) -> bool {
        !self.hidden.is_empty()
    }

    pub fn last(&self) -> Option<ServerId> {
        self.last
    }

    /// Moves whenever other servers are hidden than before.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    pub(super) fn set(&mut self, topology: &Topology, server: ServerId, is_folded: bool) {
        if is_folded {
            self.folded.insert(server);
        } else {
            self.folded.remove(&server);
        }
        self.last = Some(server);
        self.follow(topology);
    }

    /// Every relay, so that one that is unfolded shows one level more and not all at once.
    pub(super) fn fold_all(&mut self, topology: &Topology) {
        let primary = topology.primary().id();
        let upstreams = topology.servers().iter().filter_map(Server::upstream);
        self.folded.extend(upstreams.filter(|id| *id != primary));
        self.last = None;
        self.follow(topology);
    }

    pub(super) fn unfold_all(&mut self, topology: &Topology) {
        self.folded.clear();
        self.last = None;
        self.follow(topology);
    }

    /// Unfolds the way to a server.
    pub(super) fn reveal(&mut self, topology: &Topology, server: ServerId) {
        // Also of one that is new, of which nothing is known here yet.
        if self.folded.is_empty() {
            return;
        }
        let before = self.folded.len();
        for above in topology.upstreams(server) {
            self.folded.remove(&above);
        }
        if self.folded.len() != before {
            self.last = None;
            self.follow(topology);
        }
    }

    /// Works out what is hidden in this design. What lost its last downstream is no longer folded: the next one that it
    /// gets must not vanish.
    pub(super) fn follow(&mut self, topology: &Topology) {
        if self.folded.is_empty() && self.hidden.is_empty() {
            return;
        }
        let upstreams: BTreeSet<ServerId> = topology.servers().iter().filter_map(Server::upstream).collect();
        self.folded
            .retain(|id| upstreams.contains(id) || topology.server(*id).is_none());
        let mut hidden: BTreeMap<ServerId, ServerId> = BTreeMap::new();
        for id in topology.in_tree_order() {
            let Some(upstream) = topology.server(id).and_then(Server::upstream) else {
                continue;
            };
            // Upstreams come first, so that whatever hides them is known.
            let hides = hidden
                .get(&upstream)
                .copied()
                .or_else(|| self.folded.contains(&upstream).then_some(upstream));
            hidden.extend(hides.map(|hides| (id, hides)));
        }
        if hidden != self.hidden {
            self.hidden = hidden;
            self.revision += 1;
        }
    }
}

impl Session {
    /// The servers that can be seen, upstreams before downstreams.
    pub fn shown_servers(&self) -> Vec<ServerId> {
        let mut order = self.desk.document.topology().in_tree_order();
        order.retain(|id| !self.looks.folding.is_hidden(*id));
        order
    }

    /// A move by hand, with the servers that are hidden inside those that are moved: they keep their places beside them.
    pub(super) fn with_hidden(&self, moves: &[(ServerId, PointOnCanvas)]) -> Vec<(ServerId, PointOnCanvas)> {
        let mut all = moves.to_vec();
        if !moves.iter().any(|(id, _)| self.looks.folding.is_folded(*id)) {
            return all;
        }
        let places = self.desk.document.positions();
        let topology = self.desk.document.topology();
        let moved: BTreeSet<ServerId> = moves.iter().map(|(id, _)| *id).collect();
        for (head, to) in moves.iter().filter(|(id, _)| self.looks.folding.is_folded(*id)) {
            let Some([x, y]) = places.get(head) else {
                continue;
            };
            let below = topology.subtree(*head).into_iter().skip(1);
            let carried = below.filter(|id| !moved.contains(id));
            all.extend(carried.filter_map(|id| {
                let [hidden_x, hidden_y] = places.get(&id)?;
                Some((id, [to[0] + hidden_x - x, to[1] + hidden_y - y]))
            }));
        }
        all
    }
}
