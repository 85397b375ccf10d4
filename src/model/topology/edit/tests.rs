//! Edits in the notation: a tree in, a tree or a refusal out.

use super::super::notation;
use super::*;

const SEED: &str = "\
postgres 15
master 5432 sync first 1
  slave1 15432 priority 1
    slave11 25432
    slave12 25433
  slave2 15433 priority 2
";

fn id(topology: &Topology, name: &str) -> ServerId {
    topology.by_name(name).unwrap().id()
}

/// Applies the edit to the seed and compares the tree that comes out.
fn check(edit: impl Fn(&dyn Fn(&str) -> ServerId) -> Edit, expected: Result<&str, &str>) {
    let mut topology = notation::parse(SEED).unwrap();
    let before = topology.clone();
    let edit = edit(&|name| id(&before, name));
    let outcome = topology.apply(&edit);
    match expected {
        Ok(tree) => {
            outcome.unwrap();
            assert_eq!(notation::print(&topology), tree);
        }
        Err(sentence) => {
            assert!(outcome.unwrap_err().to_string().contains(sentence));
            assert_eq!(topology, before, "a refused edit changes nothing");
        }
    }
}

#[test]
fn a_standby_moves_with_its_subtree() {
    check(
        |id| Edit::Attach {
            server: id("slave1"),
            upstream: id("slave2"),
        },
        Ok(
            "postgres 15\nmaster 5432 sync first 1\n  slave2 15433 priority 2\n    slave1 15432\n      slave11 25432\n      slave12 25433\n",
        ),
    );
}

#[test]
fn what_can_never_be_true_is_refused() {
    check(
        |id| Edit::Attach {
            server: id("slave1"),
            upstream: id("slave11"),
        },
        Err("loop"),
    );
    check(
        |id| Edit::Attach {
            server: id("slave1"),
            upstream: id("slave1"),
        },
        Err("itself"),
    );
    check(
        |id| Edit::Attach {
            server: id("master"),
            upstream: id("slave1"),
        },
        Err("is the primary"),
    );
    check(
        |id| Edit::Attach {
            server: id("slave1"),
            upstream: id("master"),
        },
        Err("already follows"),
    );
    check(
        |id| Edit::Remove {
            server: id("master"),
            downstreams: Downstreams::Remove,
        },
        Err("is the primary"),
    );
    check(
        |id| Edit::Rename {
            server: id("slave1"),
            name: ServerName::parse("slave2").unwrap(),
        },
        Err("already"),
    );
    check(
        |id| Edit::SetSyncPriority {
            server: id("master"),
            priority: Some(1),
        },
        Err("only for standbys"),
    );
}

#[test]
fn a_removed_server_takes_its_downstreams_or_leaves_them() {
    check(
        |id| Edit::Remove {
            server: id("slave1"),
            downstreams: Downstreams::Remove,
        },
        Ok("postgres 15\nmaster 5432 sync first 1\n  slave2 15433 priority 2\n"),
    );
    check(
        |id| Edit::Remove {
            server: id("slave1"),
            downstreams: Downstreams::Reattach,
        },
        Ok(
            "postgres 15\nmaster 5432 sync first 1\n  slave11 25432\n  slave12 25433\n  slave2 15433 priority 2\n",
        ),
    );
}

#[test]
fn promotion_turns_the_way_up_round() {
    check(
        |id| Edit::Promote {
            server: id("slave12"),
        },
        Ok(
            "postgres 15\nslave12 25433 sync first 1\n  slave1 15432\n    master 5432\n      slave2 15433\n    slave11 25432\n",
        ),
    );
}

#[test]
fn the_order_of_synchronous_standbys_is_a_list() {
    check(
        |id| Edit::OrderSync(vec![id("slave2")]),
        Ok(
            "postgres 15\nmaster 5432 sync first 1\n  slave1 15432\n    slave11 25432\n    slave12 25433\n  slave2 15433 priority 1\n",
        ),
    );
}

#[test]
fn a_site_is_where_the_machine_stands_and_goes_along_with_it() {
    let site = |name: &str| SiteName::parse(name).ok();
    let mut topology = notation::parse(SEED).unwrap();
    let named = |topology: &Topology| -> Vec<String> {
        let named = topology.servers().iter().filter(|server| server.site().is_some());
        named
            .map(|server| format!("{} {}", server.name(), server.site().unwrap()))
            .collect()
    };
    let [slave1, slave11, slave2] = ["slave1", "slave11", "slave2"].map(|name| id(&topology, name));
    let set = |servers: &[ServerId], name: &str| Edit::SetSite {
        servers: servers.to_vec(),
        site: site(name),
    };
    topology.apply(&set(&[slave1, slave11], "Oslo")).unwrap();
    topology.apply(&set(&[slave2], "Rome")).unwrap();
    // A new one stands beside its upstream, a copy where its original did.
    let add = Edit::AddStandby {
        upstream: slave1,
        name: None,
        port: None,
    };
    topology.apply(&add).unwrap();
    let servers = topology.cutting(&[slave11]);
    topology
        .apply(&Edit::Graft {
            upstream: slave2,
            servers,
        })
        .unwrap();
    let expected = [
        "slave1 Oslo",
        "slave11 Oslo",
        "slave2 Rome",
        "standby1 Oslo",
        "slave11-2 Oslo",
    ];
    assert_eq!(named(&topology), expected);
    // Anyone who changes its place in the tree stands where it stood.
    let place = Edit::TakePlace {
        server: slave1,
        place: slave2,
    };
    topology.apply(&place).unwrap();
    topology.apply(&Edit::Promote { server: slave11 }).unwrap();
    assert_eq!(named(&topology), expected);
    // One that is gone makes the whole edit impossible.
    let before = topology.clone();
    let gone = Edit::Remove {
        server: slave2,
        downstreams: Downstreams::Reattach,
    };
    topology.apply(&gone).unwrap();
    let mut after = topology.clone();
    assert_eq!(
        after.apply(&set(&[slave1, slave2], "")),
        Err(Refusal::NoSuchServer)
    );
    assert_eq!(after, topology);
    assert_ne!(after, before);
}

#[test]
fn a_new_standby_gets_a_free_name_and_port() {
    let mut topology = notation::parse(SEED).unwrap();
    let upstream = id(&topology, "slave1");
    let applied = topology
        .apply(&Edit::AddStandby {
            upstream,
            name: None,
            port: None,
        })
        .unwrap();
    let server = topology.server(applied.created.unwrap()).unwrap();
    assert_eq!(
        (server.name().as_str(), server.port().number()),
        ("standby1", 15434)
    );
}
