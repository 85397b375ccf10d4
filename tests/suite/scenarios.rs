//! What befalls the seed, and the whole verdict in sentences: each scenario a snapshot that people read.

use pgcascade::model::simulate::verdict::Verdict;
use pgcascade::model::simulate::world::{Incident, World};
use pgcascade::model::topology::notation::SEED;
use pgcascade::model::topology::{Archive, CommitLevel, Edit, SyncPolicy, Topology, notation};

fn seed() -> Topology {
    notation::parse(SEED).unwrap()
}

/// The seed, with every commit waiting until it can be seen on the standby.
fn seed_that_waits_for_reads() -> Topology {
    let mut topology = seed();
    let commit = CommitLevel::RemoteApply;
    let policy = SyncPolicy {
        commit,
        ..SyncPolicy::default()
    };
    topology.apply(&Edit::SetSync(Some(policy))).unwrap();
    topology
}

fn seed_with_archive() -> Topology {
    let mut topology = seed();
    let archive = Archive::new("archive").unwrap();
    topology.apply(&Edit::SetArchive(Some(archive))).unwrap();
    topology
}

/// The verdict after these have happened.
#[track_caller]
fn verdict(topology: &Topology, actions: &[&str]) -> String {
    let mut world = World::new(topology);
    for text in actions {
        let action = Incident::parse(text, topology).unwrap();
        world.apply(action).unwrap();
    }
    Verdict::of(&world).text()
}

macro_rules! scenario {
    ($name:ident, $design:expr, $($action:literal),+) => {
        #[test]
        fn $name() {
            insta::assert_snapshot!(verdict(&$design, &[$($action),+]));
        }
    };
}

scenario!(the_relay_dies, seed(), "crash slave1");
scenario!(
    the_relay_dies_and_comes_back,
    seed(),
    "crash slave1",
    "come-back slave1"
);
scenario!(the_other_synchronous_standby_dies, seed(), "crash slave2");
scenario!(
    both_synchronous_standbys_die,
    seed(),
    "crash slave1",
    "crash slave2"
);
scenario!(the_primary_dies, seed(), "crash master");
scenario!(
    the_primary_dies_and_slave2_leads,
    seed(),
    "crash master",
    "promote slave2"
);
scenario!(
    the_primary_dies_and_the_relay_leads,
    seed(),
    "crash master",
    "promote slave1"
);
scenario!(
    the_old_primary_comes_back_beside_the_new_one,
    seed(),
    "crash master",
    "promote slave1",
    "come-back master"
);
scenario!(the_primary_is_cut_off_from_the_relay, seed(), "cut master slave1");
scenario!(
    a_leaf_is_promoted_after_a_cut,
    seed(),
    "cut slave1 slave11",
    "crash master",
    "promote slave11"
);
scenario!(
    replay_is_paused_on_the_relay,
    seed_that_waits_for_reads(),
    "pause slave1"
);
scenario!(the_network_to_the_relay_is_slow, seed(), "slow master slave1");
scenario!(the_archive_is_full, seed_with_archive(), "fill-archive");
scenario!(
    a_leaf_follows_another_upstream_without_a_slot,
    seed(),
    "crash slave1",
    "repoint slave11 slave2"
);

/// What the old primary is told, line by line.
#[track_caller]
fn advised(design: &str, actions: &[&str], has: &[&str], has_not: &[&str]) {
    let said = verdict(&notation::parse(design).unwrap(), actions);
    for words in has {
        assert!(said.contains(words), "no {words:?} in:\n{said}");
    }
    for words in has_not {
        assert!(!said.contains(words), "{words:?} in:\n{said}");
    }
}

const TWO_HOSTS: &str = "p 5432 host 10.1.0.1\n  s 5432 host 10.1.0.2\n";

#[test]
fn a_primary_that_was_stopped_cleanly_simply_starts_as_a_standby() {
    let (stop, promote) = ("stop p", "promote s");
    let rebuilt = ["pg_rewind --", "pg_basebackup"];
    for major in ["9.3", "12", "15"] {
        let design = format!("postgres {major}\n{TWO_HOSTS}");
        advised(&design, &[stop, promote], &["p: pg_ctl start"], &rebuilt);
    }
    // 9.2 cannot follow a promotion by streaming; what was cut off lacks nothing that the old primary wrote meanwhile.
    advised(
        &format!("postgres 9.2\n{TWO_HOSTS}"),
        &[stop, promote],
        &["pg_basebackup"],
        &[],
    );
    let behind = ["cut p s", "write-much", stop, promote];
    advised(
        &format!("postgres 15\n{TWO_HOSTS}"),
        &behind,
        &["pg_rewind --"],
        &[],
    );
}

#[test]
fn a_rewind_is_let_in_and_a_crashed_server_recovers_first_where_it_must() {
    let fallen = ["crash p", "promote s"];
    let line = "s: in pg_hba.conf: host postgres postgres 10.1.0.1/32 scram-sha-256";
    let recovers = "postgres --single";
    advised(
        &format!("postgres 15\n{TWO_HOSTS}"),
        &fallen,
        &[line],
        &[recovers],
    );
    advised(
        &format!("postgres 12\n{TWO_HOSTS}"),
        &fallen,
        &[line, recovers],
        &[],
    );
    // On one machine its own users are let in already.
    advised(
        "postgres 15\np 5001\n  s 5002\n",
        &fallen,
        &["pg_rewind --"],
        &["in pg_hba.conf"],
    );
}

#[test]
fn a_switchover_is_told_what_it_consists_of() {
    let error = Incident::parse("switchover master slave1", &seed())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("stop OLD-PRIMARY") && error.contains("pgcascade switchover"),
        "{error}"
    );
}
