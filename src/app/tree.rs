//! The servers as rows of a tree: computed once for a design, asked for on every frame.

use std::collections::BTreeMap;

use crate::model::topology::{Server, ServerId, Topology};

/// Every server in the order of the tree, upstreams before downstreams.
#[derive(Debug, Default)]
pub struct Tree {
    rows: Vec<TreeRow>,
    /// Where each server stands in `rows`.
    places: BTreeMap<ServerId, usize>,
}

/// A server in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeRow {
    pub server: ServerId,
    /// How many servers stand above it on the way to the primary.
    pub depth: usize,
    /// The last one of those that follow its upstream.
    pub is_last: bool,
    pub has_downstreams: bool,
}

impl Tree {
    pub(super) fn of(topology: &Topology) -> Self {
        let mut last: BTreeMap<ServerId, ServerId> = BTreeMap::new();
        for server in topology.servers() {
            if let Some(upstream) = server.upstream() {
                last.insert(upstream, server.id());
            }
        }
        let mut tree = Self::default();
        for server in topology.in_tree_order() {
            let upstream = topology.server(server).and_then(Server::upstream);
            let above = upstream.and_then(|upstream| tree.row(upstream));
            let row = TreeRow {
                server,
                depth: above.map_or(0, |above| above.depth + 1),
                is_last: upstream.is_none_or(|upstream| last.get(&upstream) == Some(&server)),
                has_downstreams: last.contains_key(&server),
            };
            tree.places.insert(server, tree.rows.len());
            tree.rows.push(row);
        }
        tree
    }

    pub fn rows(&self) -> &[TreeRow] {
        &self.rows
    }

    pub fn row(&self, server: ServerId) -> Option<&TreeRow> {
        self.rows.get(self.place(server)?)
    }

    /// How many rows stand above this server's.
    pub fn place(&self, server: ServerId) -> Option<usize> {
        self.places.get(&server).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation;

    #[test]
    fn rows_stand_in_the_order_of_the_tree() {
        let topology = notation::parse("m 1\n  a 2\n    b 3\n    c 4\n  d 5\n    e 6\n").unwrap();
        let tree = Tree::of(&topology);
        let line = |row: &TreeRow| {
            let name = topology.server(row.server).unwrap().name();
            let last = if row.is_last { " last" } else { "" };
            let above = if row.has_downstreams { " above others" } else { "" };
            format!("{}{name}{last}{above}", "  ".repeat(row.depth))
        };
        let rows: Vec<String> = tree.rows().iter().map(line).collect();
        assert_eq!(
            rows,
            [
                "m last above others",
                "  a above others",
                "    b",
                "    c last",
                "  d last above others",
                "    e last"
            ]
        );
        let order: Vec<ServerId> = tree.rows().iter().map(|row| row.server).collect();
        assert_eq!(order, topology.in_tree_order());
        assert!(
            order
                .iter()
                .enumerate()
                .all(|(place, id)| tree.place(*id) == Some(place))
        );
    }
}
