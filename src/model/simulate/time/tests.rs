//! Time: the same scenario gives the same run, back and forth, and forks are apart.

use proptest::prelude::*;

use super::*;
use crate::model::simulate::world::Flow;
use crate::model::topology::notation::SEED;
use crate::model::topology::{Edit, Topology, notation};

const SECOND: Micros = 1_000_000;

fn run(design: &str, scenario: Scenario, until: Micros) -> Run {
    let mut run = Run::new(&notation::parse(design).unwrap(), scenario);
    run.run_until(until);
    run
}

/// A scenario in which these happen at these seconds.
fn scenario(topology: &Topology, events: &[(Micros, &str)]) -> Scenario {
    let mut scenario = Scenario::default();
    for (second, text) in events {
        let incident = Incident::parse(text, topology).unwrap();
        scenario.add(Event {
            at: second * SECOND,
            incident,
        });
    }
    scenario
}

fn id(run: &Run, name: &str) -> ServerId {
    run.world().topology().by_name(name).unwrap().id()
}

/// The mean time that clients waited, of the commits that are kept.
fn mean_wait(run: &Run) -> Micros {
    let waits: Vec<Micros> = run
        .ended()
        .map(|commit| commit.ending.unwrap().0 - commit.asked)
        .collect();
    waits.iter().sum::<Micros>() / u64::try_from(waits.len()).unwrap()
}

#[test]
fn a_commit_waits_for_the_way_there_and_back() {
    let far = |level: &str| {
        let speed = Speed {
            latency: 20_000,
            ..Speed::default()
        };
        let design = SEED.replace("first 1", &format!("first 1 commit {level}"));
        mean_wait(&run(
            &design,
            Scenario {
                speed,
                ..Scenario::default()
            },
            5 * SECOND,
        ))
    };
    assert!(far("off") <= TICK && far("local") <= 2 * TICK);
    for level in ["remote_write", "on", "remote_apply"] {
        let waited = far(level);
        assert!((40_000..50_000).contains(&waited), "{level}: {waited}");
    }
    assert!(far("remote_write") < far("on") && far("on") < far("remote_apply"));
}

#[test]
fn every_byte_arrives_everywhere_in_order() {
    let run = run(SEED, Scenario::default(), 3 * SECOND);
    let master = run.progress(id(&run, "master")).unwrap();
    assert!(run.acknowledged() > 50 && master.written > 100_000);
    for name in ["slave1", "slave2", "slave11", "slave12"] {
        let own = run.progress(id(&run, name)).unwrap();
        assert!(own.written >= own.flushed && own.flushed >= own.replayed);
        assert!(
            own.replayed > master.written / 2 && own.written <= master.written,
            "{name}"
        );
    }
}

#[test]
fn commits_hang_until_a_synchronous_standby_is_back() {
    let topology = notation::parse(SEED).unwrap();
    let events = [(2, "crash slave1"), (2, "crash slave2"), (6, "come-back slave2")];
    let mut run = Run::new(&topology, scenario(&topology, &events));
    run.run_until(3 * SECOND);
    let before = run.acknowledged();
    run.run_until(6 * SECOND - TICK);
    assert_eq!(run.acknowledged(), before);
    // Every session waits.
    assert_eq!(run.waiting().count(), 4);
    run.run_until(8 * SECOND);
    assert!(run.acknowledged() > before + 10);
}

/// A design of a version, with one setting by hand.
fn with_setting(design: &str, name: &str, value: &str) -> Topology {
    let mut topology = notation::parse(design).unwrap();
    let (name, value) = (name.to_owned(), Some(value.to_owned()));
    let server = None;
    topology.apply(&Edit::SetSetting { server, name, value }).unwrap();
    topology
}

fn story(run: &Run) -> Vec<(Micros, String)> {
    let topology = run.world().topology();
    let happened = run.happened().iter();
    happened
        .map(|happened| (happened.at, happened.text(topology)))
        .collect()
}

/// As a real primary behaves: until its time limit is over, the row stays and commits wait for it.
#[test]
fn a_cut_is_noticed_when_the_time_limit_is_over() {
    let topology = with_setting(SEED, "wal_sender_timeout", " 5 s");
    let mut run = Run::new(&topology, scenario(&topology, &[(2, "cut master slave1")]));
    run.run_until(2 * SECOND + 100 * TICK);
    let before = run.acknowledged();
    assert!(before > 0);
    run.run_until(7 * SECOND - TICK);
    assert_eq!(
        (run.acknowledged(), run.waiting().count()),
        (before, 4),
        "every session waits"
    );
    let [waits] = &run.waits()[..] else {
        panic!("one primary")
    };
    assert_eq!(waits.silent, [(id(&run, "slave1"), Some(7 * SECOND))]);
    assert!(!waits.hangs, "it ends by itself");
    let said = &run.told()[0].sentence;
    assert!(
        said.ends_with("nothing gets through to \"slave1\", and \"master\" has not noticed; it will in 1 ms"),
        "{said}"
    );
    assert_eq!(
        run.world().rows(id(&run, "master"))[0].sync_state,
        "sync",
        "its row stays"
    );
    // The other one takes over, and it has all of it.
    run.run_until(8 * SECOND);
    assert!(run.acknowledged() > before + 10);
    assert_eq!(
        story(&run),
        [
            (2 * SECOND, "cut master slave1".to_owned()),
            (
                7 * SECOND,
                "master gives slave1 up (wal_sender_timeout)".to_owned()
            ),
        ]
    );
    // The standby's own limit is 60 s.
    run.run_until(62 * SECOND);
    let last = (
        62 * SECOND,
        "slave1 gives master up (wal_receiver_timeout)".to_owned(),
    );
    assert_eq!(story(&run).last(), Some(&last));
    assert_eq!(run.world().silences(), []);
}

#[test]
fn without_another_standby_commits_hang_on_when_a_cut_is_noticed() {
    let all = SEED.replace("first 1", "first 2");
    let topology = with_setting(&all, "WAL_SENDER_TIMEOUT", "2000");
    let mut run = Run::new(&topology, scenario(&topology, &[(1, "cut slave2 master")]));
    run.run_until(2 * SECOND);
    let before = run.acknowledged();
    assert!(!run.waits()[0].hangs);
    run.run_until(6 * SECOND);
    assert_eq!(run.acknowledged(), before);
    let waits = &run.waits()[0];
    assert!(waits.hangs && waits.silent.is_empty());
}

#[test]
fn a_cut_that_is_mended_before_anybody_notices_goes_on() {
    let topology = notation::parse(SEED).unwrap();
    let events = [(2, "cut master slave1"), (5, "mend master slave1")];
    let mut run = Run::new(&topology, scenario(&topology, &events));
    run.run_until(2 * SECOND + 100 * TICK);
    let before = run.acknowledged();
    run.run_until(5 * SECOND - TICK);
    assert_eq!(run.acknowledged(), before);
    run.run_until(6 * SECOND);
    assert!(run.acknowledged() > before + 10);
    run.run_until(70 * SECOND);
    assert_eq!(story(&run).len(), 2, "nobody had anything to notice");
    let state = run.world().state(id(&run, "slave1")).unwrap();
    assert_eq!(state.flow, Flow::Streams);
}

#[test]
fn a_time_limit_of_zero_is_none_and_a_server_that_is_killed_is_noticed_at_once() {
    let topology = with_setting(SEED, "wal_sender_timeout", "0");
    let mut run = Run::new(&topology, scenario(&topology, &[(2, "cut master slave1")]));
    run.run_until(3 * SECOND);
    let before = run.acknowledged();
    run.run_until(200 * SECOND);
    assert_eq!(run.acknowledged(), before);
    let waits = &run.waits()[0];
    assert!(waits.hangs && waits.silent == [(id(&run, "slave1"), None)]);
    assert!(run.told()[0].sentence.ends_with("and it never will"));
    let mut killed = Run::new(&topology, scenario(&topology, &[(2, "crash slave1")]));
    killed.run_until(3 * SECOND);
    assert!(killed.acknowledged() > before + 10);
}

#[test]
fn each_version_has_its_own_time_limits() {
    for (version, name, notices) in [
        (
            "9.2",
            "replication_timeout",
            vec!["master gives slave1 up (replication_timeout)"],
        ),
        (
            "9.3",
            "wal_sender_timeout",
            vec![
                "master gives slave1 up (wal_sender_timeout)",
                "slave1 gives master up (wal_receiver_timeout)",
            ],
        ),
    ] {
        let design = format!("postgres {version}\nmaster 1 sync first 1\n  slave1 2 priority 1\n");
        let topology = with_setting(&design, name, "3s");
        let mut run = Run::new(&topology, scenario(&topology, &[(1, "cut master slave1")]));
        run.run_until(70 * SECOND);
        let told: Vec<String> = story(&run).into_iter().skip(1).map(|(_, text)| text).collect();
        assert_eq!(told, notices, "{version}");
    }
}

/// What its upstream still believes of a standby does not grow with what that one receives from another.
#[test]
fn a_silent_standby_that_follows_another_confirms_nothing_where_it_was() {
    let design = "m 1 sync first 2\n  a 2 priority 1 no-slot\n  b 3 priority 2\n";
    let topology = notation::parse(design).unwrap();
    let events = [(1, "cut m a"), (2, "repoint a b")];
    let mut run = Run::new(&topology, scenario(&topology, &events));
    run.run_until(3 * SECOND);
    let before = run.acknowledged();
    assert!(
        run.happened().iter().all(|happened| happened.outcome.is_ok()),
        "{:?}",
        run.happened()
    );
    let state = run.world().state(id(&run, "a")).unwrap();
    assert_eq!(state.flow, Flow::Streams);
    run.run_until(60 * SECOND);
    assert_eq!(run.acknowledged(), before);
    assert_eq!(run.waits()[0].silent.len(), 1);
}

#[test]
fn clients_go_to_the_promoted_one() {
    let topology = notation::parse(SEED).unwrap();
    let events = [(2, "crash master"), (4, "promote slave1"), (5, "crash slave11")];
    let mut run = Run::new(&topology, scenario(&topology, &events));
    run.run_until(3 * SECOND);
    let before = run.acknowledged();
    assert!(run.failed() > 0);
    run.run_until(7 * SECOND);
    assert!(run.acknowledged() > before + 10);
    let (new, old) = (
        run.progress(id(&run, "slave1")).unwrap(),
        run.progress(id(&run, "slave2")).unwrap(),
    );
    assert!(run.progress(id(&run, "slave12")).unwrap().replayed > new.replayed / 2);
    assert!(old.written < new.written && run.progress(id(&run, "slave11")).unwrap().written < new.written);
    assert_eq!(run.happened().len(), 3);
}

#[test]
fn a_narrow_link_falls_behind_and_a_delayed_standby_applies_late() {
    let narrow = Speed {
        latency: 1_000,
        bytes_per_second: 20_000,
    };
    let workload = Workload {
        bytes: 100_000,
        ..Workload::default()
    };
    let design = "m 1\n  a 2\n  b 3 delay 2s\n";
    let topology = notation::parse(design).unwrap();
    let speeds = BTreeMap::from([(topology.by_name("a").unwrap().id(), narrow)]);
    let run = run(
        design,
        Scenario {
            workload,
            speeds,
            ..Scenario::default()
        },
        5 * SECOND,
    );
    let (a, b) = (
        run.progress(id(&run, "a")).unwrap(),
        run.progress(id(&run, "b")).unwrap(),
    );
    // Twenty thousand bytes a second, for five seconds.
    assert!((90_000..=100_020).contains(&a.written), "{a:?}");
    assert!(run.lag(id(&run, "a")).unwrap() > 1_000_000);
    let written = run.progress(id(&run, "m")).unwrap().written;
    let share = b.replayed as f64 / written as f64;
    assert!(b.flushed > written / 2 && (0.4..0.8).contains(&share), "{share}");
}

#[test]
fn tokens_are_between_two_servers_that_are_connected() {
    let speed = Speed {
        latency: 50_000,
        ..Speed::default()
    };
    let mut run = Run::new(
        &notation::parse(SEED).unwrap(),
        Scenario {
            speed,
            ..Scenario::default()
        },
    );
    let mut seen = 0;
    for _ in 0..2_000 {
        run.step();
        let traffic = run.traffic(0);
        for server in run.world().topology().servers() {
            let tokens = traffic.of(server.id(), usize::MAX);
            assert!(server.upstream().is_some() || tokens.is_empty());
            for token in tokens {
                assert!((0.0..=1.0).contains(&token.way));
                seen += usize::from(token.leg == Leg::Down);
            }
        }
    }
    assert!(seen > 1_000);
}

fn scenarios() -> impl Strategy<Value = Scenario> {
    let topology = notation::parse(SEED).unwrap();
    let texts = [
        "crash slave1",
        "come-back slave1",
        "crash master",
        "come-back master",
        "promote slave1",
        "promote slave2",
        "cut master slave2",
        "mend master slave2",
        "pause slave1",
        "resume slave1",
        "slow master slave1",
        "stop slave12",
    ];
    let event = (0..4_000_u64, 0..texts.len());
    (any::<u64>(), prop::collection::vec(event, 0..8), 0..40_000_u64).prop_map(
        move |(seed, events, latency)| {
            let speed = Speed {
                latency,
                ..Speed::default()
            };
            let mut scenario = Scenario {
                seed,
                speed,
                ..Scenario::default()
            };
            for (at, text) in events {
                let incident = Incident::parse(texts[text], &topology).unwrap();
                scenario.add(Event {
                    at: at * TICK,
                    incident,
                });
            }
            scenario
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_same_seed_gives_the_same_run(scenario in scenarios()) {
        let again = run(SEED, scenario.clone(), 4 * SECOND);
        prop_assert_eq!(run(SEED, scenario, 4 * SECOND), again);
    }

    #[test]
    fn scrubbed_back_and_forth_the_states_are_the_same(scenario in scenarios(), moments in prop::collection::vec(0..4_000_u64, 1..6)) {
        let mut player = Player::new(&notation::parse(SEED).unwrap(), scenario.clone());
        for moment in moments {
            player.scrub_to(moment * TICK);
            prop_assert_eq!(player.run(), &run(SEED, scenario.clone(), moment * TICK));
        }
    }

    #[test]
    fn a_fork_leaves_the_original_alone(scenario in scenarios(), at in 0..3_000_u64) {
        let mut player = Player::new(&notation::parse(SEED).unwrap(), scenario.clone());
        player.scrub_to(at * TICK);
        let before = player.clone();
        let mut fork = player.fork();
        let master = fork.run().world().topology().primary().id();
        fork.happen(Incident::Crash(master));
        fork.play(SECOND);
        prop_assert_eq!(&player, &before);
        player.play(SECOND);
        prop_assert_eq!(player.run(), &run(SEED, scenario, at * TICK + SECOND));
        // And what happened in the fork is a part of it, also after going back.
        let end = fork.run().clone();
        fork.scrub_to(0);
        // A few ticks at a time is the same way.
        while !fork.scrub_within(end.now(), 7) {}
        prop_assert_eq!(fork.run(), &end);
    }
}
