//! The design after a switchover and after a failover, as edits of the one before.

use crate::model::topology::{Edit, Server, ServerId, Standby, Topology};

/// The heir and the primary change places: the tree keeps its shape, with its priorities, slots and delays.
pub fn after_switchover(topology: &Topology, heir: ServerId) -> Vec<Edit> {
    vec![Edit::TakePlace {
        server: heir,
        place: topology.primary().id(),
    }]
}

/// The heir is the primary; those who followed the dead one follow it, those who follow it stay, and the dead one will be a
/// standby directly below it, with the heir's priority, should it come back.
pub fn after_failover(topology: &Topology, heir: ServerId) -> Vec<Edit> {
    let dead = topology.primary().id();
    let priority = |id: ServerId| topology.server(id)?.standby()?.sync_priority();
    let mut edits = vec![Edit::Promote { server: heir }];
    let mut now = topology.clone();
    let mut make = |edit: Edit, now: &mut Topology| {
        // What is so already needs no edit.
        if now.apply(&edit).is_ok() {
            edits.push(edit);
        }
    };
    if now.apply(&Edit::Promote { server: heir }).is_err() {
        return Vec::new();
    }
    let above = topology.upstreams(heir);
    let orphans = topology.downstreams(dead).map(Server::id);
    let orphans: Vec<ServerId> = orphans.filter(|id| *id != heir && !above.contains(id)).collect();
    for server in orphans.into_iter().chain([dead]) {
        make(
            Edit::Attach {
                server,
                upstream: heir,
            },
            &mut now,
        );
    }
    for server in topology.servers() {
        let id = server.id();
        let was = if id == dead { priority(heir) } else { priority(id) };
        let is = now
            .server(id)
            .and_then(Server::standby)
            .and_then(Standby::sync_priority);
        let is_below = now.server(id).and_then(Server::upstream) == Some(heir);
        if was.is_some() && was != is && is_below {
            make(
                Edit::SetSyncPriority {
                    server: id,
                    priority: was,
                },
                &mut now,
            );
        }
    }
    edits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation;

    #[track_caller]
    fn check(before: &str, heir: &str, edits: fn(&Topology, ServerId) -> Vec<Edit>, after: &str) {
        let mut topology = notation::parse(before).unwrap();
        let heir = topology.by_name(heir).unwrap().id();
        for edit in edits(&topology, heir) {
            topology.apply(&edit).unwrap();
        }
        assert_eq!(notation::print(&topology), after);
    }

    #[test]
    fn a_switchover_keeps_the_shape() {
        check(
            notation::SEED,
            "slave1",
            after_switchover,
            "postgres 15\nslave1 15432 sync first 1\n  master 5432 priority 1\n    slave11 25432\n    slave12 25433\n  slave2 15433 priority 2\n",
        );
        check(
            notation::SEED,
            "slave12",
            after_switchover,
            "postgres 15\nslave12 25433 sync first 1\n  slave1 15432 priority 1\n    master 5432\n    slave11 25432\n  slave2 15433 priority 2\n",
        );
    }

    #[test]
    fn a_failover_keeps_who_follows_the_heir() {
        check(
            notation::SEED,
            "slave1",
            after_failover,
            "postgres 15\nslave1 15432 sync first 1\n  master 5432 priority 1\n  slave11 25432\n  slave12 25433\n  slave2 15433 priority 2\n",
        );
        check(
            notation::SEED,
            "slave12",
            after_failover,
            "postgres 15\nslave12 25433 sync first 1\n  master 5432\n  slave1 15432 priority 1\n    slave11 25432\n  slave2 15433 priority 2\n",
        );
        check(
            "m 1 sync any 1\n  a 2 priority 1\n  b 3 priority 1\n  c 4\n",
            "a",
            after_failover,
            "postgres 15\na 2 sync any 1\n  m 1 priority 1\n  b 3 priority 1\n  c 4\n",
        );
    }
}
