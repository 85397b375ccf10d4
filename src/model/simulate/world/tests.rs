//! The world in trouble: what facts say about real servers. What holds whatever happens: `walks`.

use super::*;
use crate::model::simulate::verdict::advise;
pub(super) use crate::model::topology::notation::SEED;
use crate::model::topology::{Edit, notation};

pub(super) fn after(design: &str, incidents: &[&str]) -> World {
    let topology = notation::parse(design).unwrap();
    let mut world = World::new(&topology);
    for text in incidents {
        let incident = Incident::parse(text, &topology).unwrap();
        world
            .apply(incident)
            .unwrap_or_else(|refusal| panic!("{text}: {refusal}"));
    }
    world
}

/// Each standby of the world with its flow, by name.
#[track_caller]
fn check(design: &str, incidents: &[&str], expected: &[(&str, Flow, u32)]) -> World {
    let world = after(design, incidents);
    for (name, flow, timeline) in expected {
        let server = world.topology().by_name(name).unwrap().id();
        let state = world.state(server).unwrap();
        assert_eq!(
            (state.flow, world.timeline(server)),
            (*flow, Some(*timeline)),
            "{name}"
        );
    }
    world
}

#[test]
fn children_follow_a_promotion_and_siblings_do_not() {
    // Tried on 11, 12, 13 and 15: only from 13 on a promotion ends a pause.
    check(
        SEED,
        &["pause slave1", "crash master", "promote slave1"],
        &[("slave11", Flow::Streams, 2)],
    );
    let mut old = after(&format!("postgres 12\n{SEED}"), &["pause slave1", "crash master"]);
    let promote = Incident::parse("promote slave1", old.topology()).unwrap();
    assert!(old.apply(promote).is_err());
    check(
        SEED,
        &["crash master", "promote slave1"],
        &[
            ("slave11", Flow::Streams, 2),
            ("slave12", Flow::Streams, 2),
            ("slave2", Flow::UpstreamDown, 1),
        ],
    );
    // 9.2 ends the connections, and its children come never back without an archive.
    check(
        &format!("postgres 9.2\n{SEED}"),
        &["crash master", "promote slave1"],
        &[("slave11", Flow::CannotFollow, 1)],
    );
}

#[test]
fn a_sibling_asks_for_a_slot_that_the_new_upstream_does_not_have() {
    let away = ["crash master", "promote slave1", "repoint slave2 slave1"];
    check(SEED, &away, &[("slave2", Flow::SlotMissing, 1)]);
    check(
        &format!("postgres 9.3\n{SEED}"),
        &away,
        &[("slave2", Flow::Streams, 2)],
    );
    let with_slot = [&away[..], &["make-slot slave2 slave1"]].concat();
    check(SEED, &with_slot, &[("slave2", Flow::Streams, 2)]);
}

#[test]
fn an_old_primary_is_a_second_one_or_has_to_be_rewound() {
    let world = check(SEED, &["crash master", "promote slave1", "come-back master"], &[]);
    assert_eq!(world.leaders().len(), 2);
    let stuck = [
        "crash master",
        "promote slave1",
        "repoint master slave1",
        "come-back master",
    ];
    check(SEED, &stuck, &[("master", Flow::Forked, 1)]);
    // Stopped cleanly before the promotion it has nothing that the others lack.
    let joins = [
        "stop master",
        "promote slave1",
        "repoint master slave1",
        "come-back master",
    ];
    check(SEED, &joins, &[("master", Flow::Streams, 2)]);
    let rewound = ["crash master", "promote slave1", "rebuild master slave1"];
    check(SEED, &rewound, &[("master", Flow::Streams, 2)]);
}

#[test]
fn the_sync_standby_has_what_the_other_may_lack() {
    let world = after(SEED, &["crash master"]);
    let loss = |name: &str| world.loss_of(world.topology().by_name(name).unwrap().id());
    assert_eq!(loss("slave1"), Loss::Nothing);
    assert_eq!(loss("slave12"), Loss::Nothing);
    assert_eq!(loss("slave2"), Loss::LastMoment);
    let world = after(
        SEED,
        &[
            "crash master",
            "promote slave2",
            "make-slot slave1 slave2",
            "repoint slave1 slave2",
        ],
    );
    assert_eq!(world.losses().len(), 1);
    let slave1 = world.topology().by_name("slave1").unwrap().id();
    assert_eq!(world.state(slave1).unwrap().flow, Flow::Forked);
}

#[test]
fn a_clean_stop_loses_nothing_and_a_cut_everything_since() {
    let world = after("m 1\n  a 2\n  b 3\n", &["cut m b", "stop m"]);
    let loss = |name: &str| world.loss_of(world.topology().by_name(name).unwrap().id());
    assert_eq!((loss("a"), loss("b")), (Loss::Nothing, Loss::Since(1)));
}

#[test]
fn of_a_quorum_the_farthest_has_all() {
    let world = after(
        "m 1 sync any 1\n  a 2 priority 1\n  b 3 priority 2\n",
        &["crash m"],
    );
    let loss = |name: &str| world.loss_of(world.topology().by_name(name).unwrap().id());
    assert_eq!(
        (loss("a"), loss("b")),
        (Loss::NothingIfFarthest, Loss::NothingIfFarthest)
    );
}

#[test]
fn what_one_of_a_quorum_has_is_no_longer_known_when_too_few_are_left() {
    let design = "m 1 sync any 1\n  a 2 priority 1\n    c 4\n  b 3 priority 2\n";
    let check = |incidents: &[&str], expected: &[(&str, Loss)]| {
        let world = after(design, incidents);
        for (name, loss) in expected {
            let server = world.topology().by_name(name).unwrap().id();
            assert_eq!(world.loss_of(server), *loss, "{name} after {incidents:?}");
        }
        world
    };
    let (all, few) = (Loss::NothingIfFarthest, Loss::TooFewLeft);
    check(&["crash m"], &[("a", all), ("b", all), ("c", all)]);
    // The child has what its upstream had.
    check(&["crash m", "crash a"], &[("b", all), ("c", all)]);
    check(&["crash m", "crash a", "crash c"], &[("b", few)]);
    check(&["crash m", "crash b"], &[("a", few), ("c", few)]);
    check(&["crash m", "crash b", "come-back b"], &[("a", all), ("b", all)]);
    // Told to follow the other, it keeps what it has.
    check(
        &["crash m", "make-slot b a", "repoint b a"],
        &[("a", all), ("b", all)],
    );
    let world = check(&["crash m", "crash b", "promote a"], &[("c", Loss::Nothing)]);
    assert_eq!(world.losses()[0].loss, few);
    // What stayed on the old timeline lacks everything since.
    check(&["crash m", "promote a"], &[("b", Loss::Since(1))]);
}

#[test]
fn wal_is_gone_where_no_slot_and_no_archive_has_it() {
    let design = "m 1\n  a 2 no-slot\n  b 3\n";
    let incidents = ["crash a", "crash b", "write-much", "come-back a", "come-back b"];
    check(
        design,
        &incidents,
        &[("a", Flow::WalGone, 1), ("b", Flow::Streams, 1)],
    );
    let mut topology = notation::parse(design).unwrap();
    let archive = crate::model::topology::Archive::new("archive").unwrap();
    topology.apply(&Edit::SetArchive(Some(archive))).unwrap();
    let mut world = World::new(&topology);
    for text in incidents {
        world.apply(Incident::parse(text, &topology).unwrap()).unwrap();
    }
    assert!(
        world
            .servers()
            .all(|(_, state)| state.leads() || state.flow == Flow::Streams)
    );
}

/// Tried on 12, 15 and 18 (tests/live/archive.rs): what is not archived is not removed, no matter who may need it.
#[test]
fn a_primary_with_a_full_archive_keeps_what_a_standby_needs_that_comes_back() {
    let with_archive = |design: &str| {
        let mut topology = notation::parse(design).unwrap();
        let archive = crate::model::topology::Archive::new("archive").unwrap();
        topology.apply(&Edit::SetArchive(Some(archive))).unwrap();
        topology
    };
    let flows = |topology: &Topology, incidents: &[&str], names: &[&str]| -> Vec<Flow> {
        let mut world = World::new(topology);
        for text in incidents {
            world.apply(Incident::parse(text, topology).unwrap()).unwrap();
        }
        let flow = |name: &&str| world.state(topology.by_name(name).unwrap().id()).unwrap().flow;
        names.iter().map(flow).collect()
    };
    let plain = with_archive("m 1\n  a 2 no-slot\n    c 4 no-slot\n  b 3\n");
    let away = ["fill-archive", "crash a", "write-much", "come-back a"];
    assert_eq!(flows(&plain, &away, &["a", "c"]), [Flow::Streams, Flow::Streams]);
    // Much more than once.
    let longer = [
        "fill-archive",
        "crash a",
        "write-much",
        "write-much",
        "crash m",
        "come-back m",
        "write-much",
        "come-back a",
    ];
    assert_eq!(flows(&plain, &longer, &["a"]), [Flow::Streams]);
    // A relay archives nothing, and removes what it has handed on.
    let relay = ["fill-archive", "crash c", "write-much", "come-back c"];
    assert_eq!(flows(&plain, &relay, &["a", "c"]), [Flow::Streams, Flow::WalGone]);
    // What was removed before is gone, but the archive has it; then the primary has the rest.
    let before = [
        "crash a",
        "write-much",
        "fill-archive",
        "write-much",
        "come-back a",
    ];
    assert_eq!(flows(&plain, &before, &["a"]), [Flow::Streams]);
    // A new primary keeps what it writes itself, not what it had received.
    let promoted = [
        "fill-archive",
        "crash m",
        "promote a",
        "crash c",
        "write-much",
        "come-back c",
    ];
    assert_eq!(flows(&plain, &promoted, &["c"]), [Flow::Streams]);
    let received = [
        "fill-archive",
        "crash c",
        "write-much",
        "crash m",
        "promote a",
        "write-much",
        "come-back c",
    ];
    assert_eq!(flows(&plain, &received, &["c"]), [Flow::WalGone]);
    // Slots are given up all the same; up to 17 that matters only where the WAL is gone.
    let outgrown = ["fill-archive", "stop b", "outgrow-slots", "come-back b"];
    for (major, flow) in [("15", Flow::Streams), ("18", Flow::SlotLost)] {
        let topology = with_archive(&format!("postgres {major}\nm 1\n  a 2 no-slot\n  b 3\n"));
        assert_eq!(flows(&topology, &outgrown, &["b"]), [flow], "{major}");
    }
}

/// Tried on 13, 15, 17 and 18: a slot holds no more than max_slot_wal_keep_size. With the WAL from an archive the standby streams
/// again through the slot that was given up, and only on 18 it needs another one.
#[test]
fn a_slot_that_would_hold_too_much_is_given_up() {
    let away = ["stop a", "outgrow-slots", "come-back a"];
    let design = |major: &str| format!("postgres {major}\nm 1\n  a 2\n  b 3\n");
    check(
        &design("15"),
        &away,
        &[("a", Flow::WalGone, 1), ("b", Flow::Streams, 1)],
    );
    check(
        &design("18"),
        &away,
        &[("a", Flow::SlotLost, 1), ("b", Flow::Streams, 1)],
    );
    let again = [&away[..], &["make-slot a m"]].concat();
    check(&design("18"), &again, &[("a", Flow::WalGone, 1)]);
    let copied = [&again[..], &["rebuild a m"]].concat();
    check(&design("18"), &copied, &[("a", Flow::Streams, 1)]);
    check(
        &design("18"),
        &[&away[..2], &["make-slot a m", "come-back a"]].concat(),
        &[("a", Flow::WalGone, 1)],
    );
    for (major, flow) in [("15", Flow::Streams), ("18", Flow::SlotLost)] {
        let mut topology = notation::parse(&design(major)).unwrap();
        let archive = crate::model::topology::Archive::new("archive").unwrap();
        topology.apply(&Edit::SetArchive(Some(archive))).unwrap();
        let mut world = World::new(&topology);
        for text in away {
            world.apply(Incident::parse(text, &topology).unwrap()).unwrap();
        }
        let a = topology.by_name("a").unwrap().id();
        assert_eq!(world.state(a).unwrap().flow, flow);
        let make = Incident::parse("make-slot a m", &topology).unwrap();
        if world.apply(make).is_ok() {
            assert_eq!(world.state(a).unwrap().flow, Flow::Streams);
        }
    }
    // Where nothing limits them, slots are not outgrown.
    let world = after(&design("12"), &["stop a"]);
    let refusal = world.judge(Incident::OutgrowSlots).unwrap_err();
    assert!(refusal.sentence.contains("without limit"), "{refusal}");
    let mut topology = notation::parse(&design("15")).unwrap();
    let setting = Edit::SetSetting {
        server: None,
        name: "max_slot_wal_keep_size".to_owned(),
        value: Some("-1".to_owned()),
    };
    topology.apply(&setting).unwrap();
    assert!(World::new(&topology).judge(Incident::OutgrowSlots).is_err());
}

#[test]
fn a_server_lets_in_the_hosts_of_its_drawn_neighbours_and_nobody_else() {
    let design = "m 1 host db1\n  a 2 host db2\n    c 4 host db4\n  b 3 host db3\n  d 5 host db2\n";
    let led = ["crash m", "promote a"];
    let moved = |to: &str| {
        [
            &led[..],
            &[&format!("make-slot {to} a"), &format!("repoint {to} a")],
        ]
        .concat()
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
    };
    let follow = |to: &str| {
        let texts = moved(to);
        after(design, &texts.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let flow = |world: &World, name: &str| {
        world
            .state(world.topology().by_name(name).unwrap().id())
            .unwrap()
            .flow
    };
    let mut world = follow("b");
    assert_eq!(
        (flow(&world, "b"), flow(&world, "c")),
        (Flow::NotLetIn, Flow::Streams)
    );
    let let_in = Incident::parse("let-in b a", world.topology()).unwrap();
    let said: Vec<String> = advise(&world)
        .into_iter()
        .map(|advice| format!("{} {:?}", advice.said.sentence, advice.commands))
        .collect();
    assert!(
        said.iter()
            .any(|said| said.contains("Allow \"b\" to connect to \"a\"")
                && said.contains("host replication replicator \\\"db3\\\"")),
        "{said:#?}"
    );
    world.apply(let_in).unwrap();
    assert_eq!(flow(&world, "b"), Flow::Streams);
    assert!(world.apply(let_in).is_err());
    // The old primary is let in, for the day when roles are swapped.
    let mut world = after(design, &led);
    let rebuild = Incident::parse("rebuild m a", world.topology()).unwrap();
    world.apply(rebuild).unwrap();
    // On one machine everybody is everybody's neighbour, if it has one at all.
    let here = "m 1\n  a 2\n    c 4\n  b 3\n";
    check(
        here,
        &["make-slot b c", "repoint b c"],
        &[("b", Flow::Streams, 1)],
    );
}

/// Tried on 15 and 17: the sibling finds the promotion's history in the archive, and the old primary is behind it then.
#[test]
fn who_follows_through_the_archive_cannot_go_back() {
    let mut topology = notation::parse(SEED).unwrap();
    let archive = crate::model::topology::Archive::new("archive").unwrap();
    topology.apply(&Edit::SetArchive(Some(archive))).unwrap();
    let mut world = World::new(&topology);
    for text in ["crash master", "promote slave1", "come-back master"] {
        world.apply(Incident::parse(text, &topology).unwrap()).unwrap();
    }
    let slave2 = topology.by_name("slave2").unwrap().id();
    // It may lack the last moment, so it is not past the point where the timelines part.
    assert_eq!(world.timeline(slave2), Some(2));
    assert_eq!(world.state(slave2).unwrap().flow, Flow::UpstreamBehind);
    assert!(world.rows(topology.primary().id()).is_empty());
}

#[test]
fn through_an_archive_even_nine_two_follows_a_promotion() {
    for major in ["9.2", "15"] {
        let mut topology = notation::parse(&format!("postgres {major}\n{SEED}")).unwrap();
        let archive = crate::model::topology::Archive::new("archive").unwrap();
        topology.apply(&Edit::SetArchive(Some(archive))).unwrap();
        let mut world = World::new(&topology);
        for text in ["crash master", "promote slave1"] {
            world.apply(Incident::parse(text, &topology).unwrap()).unwrap();
        }
        let of = |name: &str| world.state(topology.by_name(name).unwrap().id()).unwrap().flow;
        assert_eq!(
            (of("slave11"), of("slave2")),
            (Flow::Streams, Flow::UpstreamDown),
            "{major}"
        );
    }
}

#[test]
fn a_paused_replay_holds_only_commits_that_wait_for_it() {
    let world = after(SEED, &["pause slave1"]);
    let master = world.topology().primary().id();
    let fates: Vec<CommitFate> = world
        .commits_on(master)
        .iter()
        .map(|outcome| outcome.fate)
        .collect();
    use CommitFate::{Acknowledged, Hangs};
    assert_eq!(
        fates,
        [Acknowledged, Acknowledged, Acknowledged, Acknowledged, Hangs]
    );
    // A quorum has others.
    let world = after(
        "m 1 sync any 1\n  a 2 priority 1\n  b 3 priority 2\n",
        &["pause a"],
    );
    let apply = world.commits_on(world.topology().primary().id()).pop().unwrap();
    assert_eq!(apply.fate, Acknowledged);
}

#[test]
fn of_equal_priorities_the_one_that_connected_first_is_sync() {
    let mut topology = notation::parse("m 1\n  a 2\n  b 3\n  c 4\n").unwrap();
    let edit = Edit::SetSetting {
        server: None,
        name: "synchronous_standby_names".to_owned(),
        value: Some("*".to_owned()),
    };
    topology.apply(&edit).unwrap();
    let mut world = World::new(&topology);
    let sync = |world: &World| {
        let rows = world.rows(topology.primary().id()).into_iter();
        rows.filter(|row| row.sync_state == "sync")
            .map(|row| row.application_name)
            .collect::<Vec<_>>()
    };
    assert_eq!(sync(&world), ["a"]);
    for (text, first) in [
        ("crash a", "b"),
        ("come-back a", "a"),
        ("crash a", "b"),
        ("crash b", "c"),
        ("come-back b", "b"),
    ] {
        world.apply(Incident::parse(text, &topology).unwrap()).unwrap();
        assert_eq!(sync(&world), [first], "{text}");
    }
}

#[test]
fn what_cannot_be_is_refused_in_words() {
    for (incidents, refused, words) in [
        (vec!["crash slave1"], "promote slave1", "\"slave1\" is down"),
        (vec![], "promote master", "\"master\" is already a primary"),
        (
            vec![],
            "repoint slave1 slave11",
            "\"slave1\" cannot follow \"slave11\"",
        ),
        (
            vec![],
            "repoint master slave1",
            "\"master\" cannot follow \"slave1\"",
        ),
        (vec![], "fill-archive", "the design has no WAL archive"),
        (
            vec![],
            "mend master slave1",
            "the network between \"master\" and \"slave1\" is fine",
        ),
    ] {
        let mut world = after(SEED, &incidents);
        let before = world.clone();
        let incident = Incident::parse(refused, world.topology()).unwrap();
        let refusal = world.apply(incident).unwrap_err().to_string();
        assert!(refusal.starts_with(words), "{refusal}");
        assert_eq!(world, before);
    }
}

#[test]
fn an_action_is_read_as_it_is_printed_and_a_slip_is_named() {
    let topology = notation::parse("\"my master\" 1\n  slave1 2\n").unwrap();
    for text in [
        "crash slave1",
        "cut \"my master\" slave1",
        "fill-archive",
        "repoint slave1 \"my master\"",
    ] {
        assert_eq!(Incident::parse(text, &topology).unwrap().text(&topology), text);
    }
    for (text, words) in [
        ("", "nothing is given"),
        (
            "crahs slave1",
            "\"crahs\" is not a known event; did you mean \"crash\"?",
        ),
        (
            "crash slave2",
            "the design has no server called \"slave2\"; did you mean \"slave1\"?",
        ),
        ("crash", "the syntax is \"crash SERVER\""),
        ("repoint slave1", "the syntax is \"repoint SERVER UPSTREAM\""),
        ("crash \"slave1", "a quoted name has no closing quote"),
    ] {
        let problem = Incident::parse(text, &topology).unwrap_err().to_string();
        assert!(problem.starts_with(words), "{problem}");
    }
}

/// A random walk found it: what is archived once there is room leads a standby on, past the primary it is sent to.
#[test]
fn room_in_the_archive_is_made_before_anything_else_is_seen() {
    let mut topology = notation::parse("postgres 9.2\nm 1\n  a 2\n  b 3\n").unwrap();
    let archive = crate::model::topology::Archive::new("archive").unwrap();
    topology.apply(&Edit::SetArchive(Some(archive))).unwrap();
    let mut world = World::new(&topology);
    for text in ["cut m a", "fill-archive", "promote b", "crash b"] {
        world.apply(Incident::parse(text, &topology).unwrap()).unwrap();
    }
    for advice in advise(&world) {
        if let Some(incident) = advice.action {
            world.apply(incident).unwrap();
        }
    }
    let a = topology.by_name("a").unwrap().id();
    assert_eq!(world.state(a).unwrap().flow, Flow::Streams);
}
