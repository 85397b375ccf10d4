//! The tidy tree: leaves take columns from left to right, an upstream stands centred above its downstreams.

use std::collections::BTreeMap;

use super::PointOnCanvas;
use crate::model::topology::{Server, ServerId, Topology};

/// Width and height of a server's card, in canvas units.
pub const CARD: [f32; 2] = [176.0, 84.0];

/// From the centre of one card to the next one, across and down.
const STEP: [f32; 2] = [CARD[0] + 44.0, CARD[1] + 76.0];

/// The centre of every server's card; the primary's column is centred over all.
pub fn tidy(topology: &Topology) -> BTreeMap<ServerId, PointOnCanvas> {
    let mut downstreams: BTreeMap<ServerId, Vec<ServerId>> = BTreeMap::new();
    for server in topology.servers() {
        if let Some(upstream) = server.upstream() {
            downstreams.entry(upstream).or_default().push(server.id());
        }
    }
    let mut positions: BTreeMap<ServerId, PointOnCanvas> = BTreeMap::new();
    let mut column = 0.0;
    let order = topology.in_tree_order();
    let mut depths: BTreeMap<ServerId, f32> = BTreeMap::new();
    for id in &order {
        let above = topology.server(*id).and_then(Server::upstream);
        let depth = above
            .and_then(|above| depths.get(&above))
            .map_or(0.0, |depth| depth + 1.0);
        depths.insert(*id, depth);
        if !downstreams.contains_key(id) {
            positions.insert(*id, [column, depth * STEP[1]]);
            column += STEP[0];
        }
    }
    // Downstreams come after their upstream in tree order, so that backwards they are all placed before it.
    for id in order.iter().rev() {
        if let Some(below) = downstreams.get(id) {
            let columns: Vec<f32> = below
                .iter()
                .filter_map(|id| positions.get(id))
                .map(|at| at[0])
                .collect();
            let (first, last) = (
                columns.first().copied().unwrap_or(0.0),
                columns.last().copied().unwrap_or(0.0),
            );
            let depth = depths.get(id).copied().unwrap_or(0.0);
            positions.insert(*id, [first.midpoint(last), depth * STEP[1]]);
        }
    }
    positions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation;

    #[test]
    fn an_upstream_stands_centred_above_its_downstreams() {
        let topology = notation::parse("m 1\n  a 2\n    b 3\n    c 4\n  d 5\n").unwrap();
        let at = |name: &str| tidy(&topology)[&topology.by_name(name).unwrap().id()];
        assert_eq!(at("a")[0], at("b")[0].midpoint(at("c")[0]));
        assert_eq!(at("m")[0], at("a")[0].midpoint(at("d")[0]));
        assert!(at("b")[1] > at("a")[1] && at("a")[1] == at("d")[1]);
    }
}
