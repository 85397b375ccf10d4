//! What pg_stat_replication will show on each server when all of the cluster runs.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::health::ReplicationRow;
use crate::model::simulate;
use crate::model::topology::{Server, ServerId, Topology};

/// The rows that pg_stat_replication will show on a server when all servers run, by application_name: the prediction
/// for nobody down.
pub fn expected_rows(topology: &Topology, server: ServerId) -> Vec<ReplicationRow> {
    simulate::rows(topology, server)
}

/// The rows of all servers, predicted once: for anyone who asks for more than one, since predicting one takes as long.
#[derive(Debug)]
pub struct ExpectedRows(BTreeMap<ServerId, Vec<ReplicationRow>>);

impl ExpectedRows {
    pub fn of(topology: &Topology) -> Self {
        Self::but(topology, &BTreeSet::new())
    }

    /// The rows while these servers are down.
    pub fn but(topology: &Topology, down: &BTreeSet<ServerId>) -> Self {
        // A board has the servers in the design's order.
        let ids = topology.servers().iter().map(Server::id);
        let board = simulate::predict(topology, down);
        let rows = board.servers.into_iter().map(|reading| reading.replication);
        Self(ids.zip(rows).collect())
    }

    pub fn at(&self, server: ServerId) -> &[ReplicationRow] {
        self.0.get(&server).map_or(&[], Vec::as_slice)
    }

    /// The row that a sender shows under this name; of several the first.
    pub fn row(&self, sender: ServerId, application_name: &str) -> Option<&ReplicationRow> {
        // Rows stand in the order of their names.
        let rows = self.at(sender);
        let place = rows.partition_point(|row| row.application_name.as_str() < application_name);
        rows.get(place)
            .filter(|row| row.application_name == application_name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation;

    #[track_caller]
    fn check(design: &str, expected: &str) {
        let topology = notation::parse(design).unwrap();
        let mut text = String::new();
        for server in topology.servers() {
            let rows = expected_rows(&topology, server.id());
            let all = ExpectedRows::of(&topology);
            assert_eq!(all.at(server.id()), rows);
            assert_eq!(all.row(server.id(), "nobody"), None);
            for row in rows {
                assert_eq!(all.row(server.id(), &row.application_name), Some(&row));
                text += &format!(
                    "{}: {} {} {} {}\n",
                    server.name(),
                    row.application_name,
                    row.state,
                    row.sync_priority,
                    row.sync_state
                );
            }
        }
        assert_eq!(text, expected);
    }

    #[test]
    fn the_seed_shows_what_the_article_shows() {
        check(
            notation::SEED,
            "master: slave1 streaming 1 sync\nmaster: slave2 streaming 2 potential\nslave1: slave11 streaming 0 async\nslave1: slave12 streaming 0 async\n",
        );
    }

    #[test]
    fn priorities_are_places_in_the_list_and_not_the_numbers_of_the_design() {
        check(
            "m 1 sync first 2 commit local\n  c 2 priority 30\n  b 3 priority 20\n  a 4 priority 10\n  z 5\n",
            "m: a streaming 1 sync\nm: b streaming 2 sync\nm: c streaming 3 potential\nm: z streaming 0 async\n",
        );
    }

    #[test]
    fn a_quorum_has_no_order() {
        check(
            "m 1 sync any 1\n  a 2 priority 1\n  b 3 priority 2\n",
            "m: a streaming 1 quorum\nm: b streaming 1 quorum\n",
        );
    }

    #[test]
    fn nine_five_knows_one_synchronous_standby() {
        check(
            "postgres 9.5\nm 1 sync first 2\n  a 2 priority 1\n  b 3 priority 2\n",
            "m: a streaming 1 sync\nm: b streaming 2 potential\n",
        );
    }

    #[test]
    fn names_are_as_the_view_shows_them() {
        check("postgres 15\nm 1\n  é 2\n", "m: ?? streaming 0 async\n");
        check("postgres 16\nm 1\n  é 2\n", "m: \\xc3\\xa9 streaming 0 async\n");
        let long = "é".repeat(30);
        let topology = notation::parse(&format!("postgres 16\nm 1\n  {long} 2\n")).unwrap();
        let rows = expected_rows(&topology, topology.primary().id());
        assert_eq!(rows[0].application_name.len(), 63);
    }
}
