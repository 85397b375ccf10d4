//! Servers, roles, links, slots and WAL.

use super::*;
use crate::model::drift::{lag, sent, stages};
use crate::model::health::{Archiver, Choice, Conninfo, Lsn, Unreachable};

#[test]
fn of_a_server_that_does_not_answer_nothing_else_is_said() {
    let mut scene = Scene::of(SEED);
    scene.is("c", State::Unreachable(Unreachable::Frozen));
    let found = scene.only(
        "server-silent",
        "c does not answer: its process is stopped by a signal.",
    );
    assert!(found.fix.unwrap().contains("-CONT"));
    // Its upstream says that it is gone; with the primary silent, nobody knows who takes writes.
    scene.lets_go("a", "c");
    assert_eq!(
        scene.rules(),
        ["slot-inactive a", "server-silent c", "link-missing c"]
    );
    let mut scene = Scene::of(SEED);
    scene.is("m", State::Unreachable(Unreachable::Silent));
    assert_eq!(scene.rules(), ["server-silent m"]);
    scene.states.clear();
    assert_eq!(
        scene.rules(),
        [
            "server-silent m",
            "server-silent a",
            "server-silent c",
            "server-silent b"
        ]
    );
}

#[test]
fn a_standby_that_takes_no_queries_is_seen_by_its_upstream() {
    let mut scene = Scene::of(SEED);
    scene.is("c", State::Closed);
    assert_eq!(scene.drift(), []);
    scene.lets_go("a", "c");
    assert_eq!(scene.rules(), ["slot-inactive a", "link-missing c"]);
}

#[test]
fn a_server_that_is_down_may_be_started_unless_another_took_over() {
    let mut scene = Scene::of(SEED);
    scene.is("c", State::Down);
    scene.lets_go("a", "c");
    assert_eq!(scene.rules(), ["slot-inactive a", "server-down c"]);
    assert_eq!(
        scene.one("server-down").fix.unwrap(),
        "Start it: pgcascade start DIR c"
    );

    let mut scene = Scene::of(SEED);
    scene.is("m", State::Down);
    for name in ["a", "b"] {
        scene.up(name).receiving = Receiving::Nothing;
    }
    assert_eq!(
        scene.rules(),
        ["no-primary", "server-down m", "link-missing a", "link-missing b"]
    );
    assert!(scene.one("no-primary").fix.unwrap().starts_with("Start m"));
    assert!(
        scene
            .drift()
            .iter()
            .any(|one| one.message == "a does not stream from m: m is down.")
    );

    scene.promotes("a");
    let rules = scene.rules();
    assert!(rules.contains(&"standby-promoted a".to_owned()), "{rules:?}");
    assert!(!rules.contains(&"no-primary".to_owned()), "{rules:?}");
    for one in scene.drift() {
        let fix = one.fix.unwrap_or_default();
        assert!(!fix.contains("start DIR m") && !fix.starts_with("Start"), "{fix}");
    }
    assert!(scene.one("server-down").fix.unwrap().starts_with("Leave it down"));
    assert!(
        scene
            .one("standby-promoted")
            .fix
            .unwrap()
            .starts_with("Do not start m")
    );
}

#[test]
fn two_primaries_are_a_split_brain_and_a_switched_over_one_is_none() {
    let mut scene = Scene::of(SEED);
    scene.promotes("b");
    scene.lets_go("m", "b");
    let both = scene.one("two-primaries");
    assert_eq!(both.server, None);
    assert_eq!(
        both.message,
        "m and b accept writes independently: the cluster has a split brain."
    );
    assert!(
        scene
            .one("standby-promoted")
            .message
            .starts_with("b is designed as a standby of m")
    );

    // A switch-over by hand: everybody streams, from others than drawn.
    let mut scene = Scene::of("m 1025\n  a 1026\n");
    scene.promotes("a");
    let up = scene.up("m");
    up.role = Role::Standby;
    up.replay = Some(Replay::Goes);
    up.timeline = Some(Timeline::Is(2));
    up.positions = Positions {
        replayed: Some(Lsn::new(HERE)),
        ..Positions::default()
    };
    up.senders = Some(Vec::new());
    let rules = scene.rules();
    assert_eq!(&rules[..1], ["primary-is-standby m"], "{rules:?}");
    assert!(rules.contains(&"standby-promoted a".to_owned()));
    assert!(
        scene
            .one("standby-promoted")
            .fix
            .unwrap()
            .contains("draw a as the primary")
    );
}

#[test]
fn standbys_in_a_ring_are_called_a_ring() {
    let mut scene = Scene::of("m 1025\n  a 1026\n    b 1027\n");
    if let Receiving::From(receiver) = &mut scene.up("a").receiving {
        receiver.port = Some(1027);
    }
    scene.lets_go("m", "a");
    assert!(
        scene
            .one("ring")
            .message
            .starts_with("a and b follow each other in a loop (a ← b ← a)")
    );
    assert_eq!(
        scene.one("other-upstream").message,
        "a streams from b, not from m as drawn."
    );
}

#[test]
fn another_upstream_is_named_also_one_that_is_not_drawn() {
    let mut scene = Scene::of(SEED);
    let moves_to = |scene: &mut Scene, port| {
        if let Receiving::From(receiver) = &mut scene.up("c").receiving {
            receiver.port = Some(port);
        }
    };
    moves_to(&mut scene, 1028);
    assert_eq!(
        scene.one("other-upstream").message,
        "c streams from b, not from a as drawn."
    );
    moves_to(&mut scene, 9999);
    assert_eq!(
        scene.one("other-upstream").message,
        "c streams from localhost:9999, not from a as drawn."
    );
    // The drawn upstream on another port is still the drawn one.
    let mut scene = Scene::of(SEED);
    scene.sets("a", "port", "2000");
    moves_to(&mut scene, 2000);
    assert_eq!(scene.rules(), ["other-port a"]);
}

/// A standby of 10 has the hosts of its connection string in its view, and not which of them it is.
#[test]
fn of_several_hosts_the_upstream_tells_which_it_is() {
    let mut scene = Scene::of(SEED);
    let link = |hosts: &str, ports: &str, name: &str| {
        Conninfo::of_view(&format!(
            "user=replicator host={hosts} port={ports} application_name={name}"
        ))
    };
    let choose = |scene: &mut Scene, link: Conninfo| {
        if let Receiving::From(receiver) = &mut scene.up("c").receiving {
            (receiver.host, receiver.port) = (None, None);
            receiver.choice = Choice::of(&link);
            assert!(receiver.choice.is_some());
        }
    };
    choose(&mut scene, link("localhost,localhost", "1028,1026", "c"));
    assert_eq!(scene.drift(), []);
    // Its drawn upstream does not show it; the other one does.
    scene.lets_go("a", "c");
    let row = Sender {
        application_name: "c".to_owned(),
        ..scene.up("m").senders.as_ref().unwrap()[0].clone()
    };
    scene.up("b").senders.as_mut().unwrap().push(row);
    assert_eq!(
        scene.one("other-upstream").message,
        "c streams from b, not from a as drawn."
    );
    // Of two that hide their senders nobody knows, of one that does the other one's word counts.
    scene.up("b").senders = None;
    assert_eq!(
        scene.one("other-upstream").message,
        "c streams from b, not from a as drawn."
    );
    scene.up("a").senders = None;
    assert!(
        !scene
            .rules()
            .iter()
            .any(|rule| rule.starts_with("other-upstream"))
    );
    // Neither is drawn.
    choose(&mut scene, link("db1,db2", "9998,9999", "c"));
    assert_eq!(
        scene.one("other-upstream").message,
        "c streams from one of db1:9998, db2:9999, not from a as drawn."
    );
    assert_eq!(
        Choice::of(&link("db1,db2", "", "c")).unwrap().places[1],
        ("db2".to_owned(), 5432)
    );
    assert_eq!(Choice::of(&link("db1", "5432", "c")), None);
    assert_eq!(Choice::of(&link("db1,db2,db3", "5432,5433", "c")), None);
}

#[test]
fn whoever_streams_undrawn_is_told_once() {
    let mut scene = Scene::of(SEED);
    let mut row = scene.up("m").senders.as_ref().unwrap()[0].clone();
    row.application_name = "spy".to_owned();
    row.client = Some("10.0.0.7".to_owned());
    scene.up("m").senders.as_mut().unwrap().push(row.clone());
    scene.only(
        "extra-sender",
        "m sends to \"spy\" at 10.0.0.7, which the design does not have below it.",
    );
    // A second one by the name of a drawn one, and a base backup.
    row.application_name = "a".to_owned();
    *scene.up("m").senders.as_mut().unwrap().last_mut().unwrap() = row.clone();
    assert_eq!(scene.rules(), ["extra-sender m"]);
    row.application_name = "pg_basebackup".to_owned();
    *scene.up("m").senders.as_mut().unwrap().last_mut().unwrap() = row.clone();
    assert_eq!(scene.drift(), []);
    // A drawn standby that moved tells itself.
    row.application_name = "c".to_owned();
    *scene.up("m").senders.as_mut().unwrap().last_mut().unwrap() = row;
    if let Receiving::From(receiver) = &mut scene.up("c").receiving {
        receiver.port = Some(1025);
    }
    scene.lets_go("a", "c");
    assert_eq!(scene.rules(), ["slot-inactive a", "other-upstream c"]);
}

#[test]
fn slots_are_missing_unused_lost_or_too_many() {
    let mut scene = Scene::of(SEED);
    let slots =
        |scene: &mut Scene, change: &dyn Fn(&mut Vec<Slot>)| change(scene.up("m").slots.as_mut().unwrap());
    slots(&mut scene, &|slots| slots.retain(|slot| slot.name != "b"));
    let found = scene.only("slot-missing", "m has no slot b, which the design has for b.");
    assert_eq!(
        found.fix.unwrap(),
        "On m: SELECT pg_create_physical_replication_slot('b', true);"
    );
    scene.up("b").receiving = Receiving::Nothing;
    scene.lets_go("m", "b");
    assert_eq!(
        scene.one("link-missing").message,
        "b does not stream from m: its slot b is missing."
    );

    let mut scene = Scene::of(SEED);
    slots(&mut scene, &|slots| slots[0].is_active = false);
    let unused = scene.only(
        "slot-inactive",
        "The slot a on m is unused and retains WAL for a.",
    );
    assert!(unused.fix.unwrap().contains("primary_slot_name"));
    for (status, rule) in [
        (WalStatus::Lost, "slot-lost"),
        (WalStatus::Unreserved, "slot-endangered"),
    ] {
        let mut scene = Scene::of(SEED);
        slots(&mut scene, &|slots| slots[0].wal_status = Some(status.clone()));
        assert_eq!(scene.rules(), [format!("{rule} m")]);
    }
    let mut scene = Scene::of(SEED);
    slots(&mut scene, &|slots| {
        slots[0].invalidation = Some("wal_removed".to_owned());
    });
    assert_eq!(scene.rules(), ["slot-lost m"]);

    let mut scene = Scene::of(SEED);
    slots(&mut scene, &|slots| {
        slots.push(Slot {
            is_active: false,
            ..slot("old")
        });
    });
    let found = scene.only(
        "slot-extra",
        "m has a slot old, which is not in the design and retains WAL that nobody reads.",
    );
    assert!(found.fix.unwrap().contains("pg_drop_replication_slot('old')"));
    slots(&mut scene, &|slots| slots.last_mut().unwrap().is_temporary = true);
    assert_eq!(scene.drift(), []);
    slots(&mut scene, &|slots| {
        let last = slots.last_mut().unwrap();
        (last.is_temporary, last.is_physical) = (false, false);
    });
    assert_eq!(scene.drift(), [], "logical slots are not drawn");
}

#[test]
fn a_server_may_be_another_than_the_drawn_one() {
    let mut scene = Scene::of(SEED);
    scene.up("c").version = "14.2 (Debian)".to_owned();
    assert_eq!(scene.rules(), ["other-version c"]);
    let mut scene = Scene::of(SEED);
    scene.up("c").system_identifier = Some(8);
    assert_eq!(scene.rules(), ["stale-copy c"]);
    let mut scene = Scene::of(SEED);
    scene.up("c").timeline = Some(Timeline::Is(2));
    scene.only("other-timeline", "c is on timeline 2, and m on timeline 1.");
    scene.up("c").timeline = Some(Timeline::AtLeast(1));
    assert_eq!(scene.drift(), []);
    scene.up("m").timeline = Some(Timeline::Is(2));
    assert_eq!(
        scene.rules(),
        ["other-timeline a", "other-timeline b"],
        "of c nobody knows"
    );
}

#[test]
fn far_behind_is_a_difference_and_a_little_is_none() {
    let ahead = |scene: &mut Scene, bytes| {
        let up = scene.up("m");
        up.positions.written = Some(Lsn::new(HERE + bytes));
    };
    let mut scene = Scene::of("m 1025\n  a 1026\n");
    let of_a = |scene: &Scene| {
        let server = scene.topology.by_name("a").unwrap();
        lag(&scene.topology, &scene.observed(), server)
    };
    assert_eq!(of_a(&scene).unwrap().bytes, 0);
    assert_eq!(
        of_a(&scene).unwrap().time,
        Some(Duration::ZERO),
        "nothing missing is no lag"
    );
    ahead(&mut scene, (64 << 20) - 1);
    assert_eq!(scene.drift(), []);
    assert_eq!(
        (of_a(&scene).unwrap().bytes, of_a(&scene).unwrap().time),
        ((64 << 20) - 1, None)
    );
    ahead(&mut scene, 64 << 20);
    scene.only("standby-behind", "a streams from m and is 64.0 MB behind.");
    // Received, and not applied: no difference where it is drawn to be late.
    let received = Some(Lsn::new(HERE + (64 << 20)));
    scene.up("a").positions.received = received;
    scene.only(
        "standby-behind",
        "a streams from m and is 64.0 MB behind in replay.",
    );
    scene.up("a").replay = Some(Replay::Paused);
    let paused = scene.only(
        "replay-paused",
        "a does not apply what it receives: its replay is paused (64.0 MB wait).",
    );
    assert_eq!(paused.fix.unwrap(), "On a: SELECT pg_wal_replay_resume();");
    assert_eq!(of_a(&scene).unwrap().time, Some(Duration::from_secs(100)));
    let mut late = Scene::of("m 1025\n  a 1026 delay 10min\n");
    ahead(&mut late, 64 << 20);
    late.up("a").positions.received = received;
    assert_eq!(late.drift(), []);
    let m = scene.topology.primary();
    assert_eq!(lag(&scene.topology, &scene.observed(), m), None);
}

#[test]
fn a_link_that_says_nothing_is_told() {
    let mut scene = Scene::of(SEED);
    scene.up("a").clock = Some(at(1020));
    assert_eq!(scene.drift(), [], "30 s are usual");
    scene.up("a").clock = Some(at(1026));
    scene.only("link-silent", "a has heard nothing from m for more than 35 s.");
}

#[test]
fn an_archive_that_fails_is_told_with_its_file() {
    let mut scene = Scene::of(SEED);
    let file = |name: &str, second| Some((name.to_owned(), at(second)));
    scene.up("m").archiver = Some(Archiver {
        last_archived: file("01", 0),
        last_failed: file("02", 60),
        ..Archiver::default()
    });
    scene.only(
        "archive-failing",
        "m cannot archive 02; the last archived segment was 01, at 1970-01-01 00:00:00 UTC. WAL piles up on \
         m.",
    );
    let archiver = scene.up("m").archiver.clone();
    scene.up("m").archiver = None;
    // A standby archives nothing, unless it is told to.
    scene.up("a").archiver = archiver;
    assert_eq!(scene.drift(), []);
}

#[test]
fn commits_that_hang_or_wait_for_nobody_are_told() {
    let mut scene = Scene::of("m 1025 sync first 1\n  a 1026 priority 1\n");
    scene.is("a", State::Down);
    scene.lets_go("m", "a");
    let hangs = scene.one("commits-differ");
    assert_eq!(
        hangs.message,
        "Commits on m hang: none of the synchronous standbys is streaming. By design, a commit waits for a."
    );
    let mut scene = Scene::of("m 1025 sync first 1\n  a 1026 priority 1\n");
    scene.sets("m", "synchronous_standby_names", "");
    assert_eq!(scene.rules(), ["commits-differ m", "other-sync-names m"]);
    // The second candidate took its place: that is what was promised.
    let mut scene = Scene::of(SEED);
    scene.is("a", State::Unreachable(Unreachable::Silent));
    scene.up("m").senders.as_mut().unwrap()[1].sync_state = Some(SyncState::Sync);
    scene.lets_go("m", "a");
    let rules = scene.rules();
    assert!(!rules.contains(&"commits-differ m".to_owned()), "{rules:?}");
    // Applied nowhere, so acknowledged to nobody.
    let mut scene = Scene::of("m 1025 sync first 1 commit remote_apply\n  a 1026 priority 1\n");
    scene.up("a").replay = Some(Replay::Paused);
    assert_eq!(scene.rules(), ["commits-differ m", "replay-paused a"]);
}

#[test]
fn each_stage_says_what_is_missing_there() {
    let mut scene = Scene::of(SEED);
    let a = scene.topology.by_name("a").unwrap().clone();
    let all = |scene: &Scene| {
        let stages = stages(&scene.topology, &scene.observed(), &a)?;
        Some(stages.map(|stage| (stage.name, stage.bytes, stage.time)))
    };
    let none = Some(Duration::ZERO);
    // An idle primary: the columns for time are empty, and nothing is missing.
    assert_eq!(
        all(&scene),
        Some(["sent", "written", "flushed", "replayed"].map(|name| (name, 0, none)))
    );
    let row = scene.up("m").senders.as_mut().unwrap();
    let row = row.iter_mut().find(|row| row.application_name == "a").unwrap();
    row.flushed = Some(Lsn::new(HERE - 0x40));
    row.replayed = Some(Lsn::new(HERE - 0x60));
    row.flush_lag = Some(Duration::from_secs(1));
    row.replay_lag = None;
    assert_eq!(
        all(&scene),
        Some([
            ("sent", 0, none),
            ("written", 0, none),
            ("flushed", 0x40, Some(Duration::from_secs(1))),
            ("replayed", 0x60, None),
        ])
    );
    assert_eq!(
        sent(&scene.topology, &scene.observed(), &a),
        Some((Moment::since_1970(Duration::from_secs(1000)), Lsn::new(HERE)))
    );
    scene.is("m", State::Down);
    assert_eq!(all(&scene), None, "nobody shows it");
}

#[test]
fn a_receiver_that_is_refused_again_and_again_does_not_stream() {
    // It calls itself streaming until it is told that its slot is missing; then the next one begins.
    let mut scene = Scene::of(SEED);
    scene.lets_go("m", "b");
    let slots = scene.up("m").slots.as_mut().unwrap();
    slots.retain(|slot| slot.name != "b");
    let found = scene.one("link-missing");
    assert_eq!(found.message, "b does not stream from m: its slot b is missing.");
    // A row of another name may be its own.
    let mut scene = Scene::of(SEED);
    for row in scene.up("m").senders.as_mut().unwrap() {
        if row.application_name == "b" {
            row.application_name = "walreceiver".to_owned();
        }
    }
    assert!(
        !scene.rules().contains(&"link-missing b".to_owned()),
        "{:?}",
        scene.rules()
    );
}
