//! The sentences, and that their numbers are the model's.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::model::simulate::predict;
use crate::model::simulate::survives::survival;
use crate::model::simulate::world::{Incident, World};
use crate::model::topology::{Edit, ServerId, notation};

const THREE: &str = "  a 2 priority 1\n  b 3 priority 2\n  c 4 priority 3\n";

#[track_caller]
fn said(design: &str) -> Promise {
    promise(&notation::parse(design).unwrap())
}

#[track_caller]
fn check(design: &str, expected: [&str; 5]) {
    let promise = said(design);
    let found = [
        &promise.setting,
        &promise.commit,
        &promise.survives,
        &promise.waits,
        &promise.lost,
    ];
    assert_eq!(found.map(String::as_str), expected, "{design}");
}

#[test]
fn by_priority() {
    check(
        &format!("m 1 sync first 2\n{THREE}"),
        [
            "synchronous_standby_names = 'FIRST 2 (a, b, c)'",
            "Commits wait until they are on the disk of the first 2 of \"a\", \"b\" and \"c\" that are \
             connected, in this order.",
            "Survives 1 standby failure without blocking: any 1 of the 3 synchronous candidates may fail, and \
             asynchronous standbys never matter.",
            "Commits hang while fewer than 2 of \"a\", \"b\" and \"c\" are connected.",
            "Confirmed commits could be lost if the primary and the 2 of \"a\", \"b\" and \"c\" that \
             confirmed them are lost together, or if another standby is promoted.",
        ],
    );
    check(
        "m 1 sync first 1\n  a 2 priority 1\n  b 3\n",
        [
            "synchronous_standby_names = 'a'",
            "Commits wait until they are on the disk of \"a\".",
            "Survives no standby failure: commits hang while the only synchronous standby is down.",
            "Commits hang while \"a\" is down.",
            "Confirmed commits could be lost if the primary and \"a\" are lost together, or if another \
             standby is promoted.",
        ],
    );
}

#[test]
fn by_quorum() {
    check(
        &format!("m 1 sync any 1\n{THREE}"),
        [
            "synchronous_standby_names = 'ANY 1 (a, b, c)'",
            "Commits wait until they are on the disk of any 1 of \"a\", \"b\" and \"c\".",
            "Survives 2 standby failures without blocking: any 2 of the 3 synchronous candidates may fail, \
             and asynchronous standbys never matter.",
            "Commits hang while none of \"a\", \"b\" and \"c\" is connected.",
            "Confirmed commits could be lost if the primary and 1 of \"a\", \"b\" and \"c\" are lost \
             together, or if a standby other than the most advanced one is promoted.",
        ],
    );
    let all = said(&format!("m 1 sync any 3\n{THREE}"));
    assert_eq!(
        all.survives,
        "Survives no standby failure: a commit needs all 3 synchronous standbys."
    );
    assert_eq!(
        all.waits,
        "Commits hang while any of \"a\", \"b\" and \"c\" is down."
    );
}

#[test]
fn more_than_there_are_and_nobody() {
    let never = said("m 1 sync first 2\n  a 2 priority 1\n");
    assert_eq!(
        never.commit,
        "A commit needs 2 standbys, and only 1 of the servers under the primary is on the list."
    );
    assert_eq!(never.waits, "Every commit waits forever.");
    for design in ["m 1\n  a 2\n", "m 1 sync first 1\n  a 2\n"] {
        let none = said(design);
        assert_eq!(none.setting, "synchronous_standby_names = ''");
        assert_eq!(
            none.commit,
            "Commits wait only for the primary's disk: all standbys are asynchronous."
        );
        assert_eq!((none.tolerated, none.safe_below), (None, 0));
    }
    assert_eq!(
        said("m 1\n").lost,
        "Losing the primary loses everything: there is no other copy."
    );
}

#[test]
fn each_level_says_what_it_waits_for() {
    let at = |level: &str| said(&format!("m 1 sync any 2 commit {level}\n{THREE}"));
    for (level, words) in [
        ("remote_write", "are written by any 2 of"),
        ("on", "are on the disk of any 2 of"),
        ("remote_apply", "are applied on any 2 of"),
    ] {
        let promise = at(level);
        assert!(promise.commit.contains(words), "{}", promise.commit);
        assert_eq!(promise.lost.contains("lose power"), level == "remote_write");
    }
    assert!(
        at("local")
            .commit
            .starts_with("At synchronous_commit = local, commits wait only for")
    );
    assert!(at("off").lost.contains("even if it comes back"));
    let late = said("m 1 sync first 1 commit remote_apply\n  a 2 priority 1 delay 10min\n");
    assert_eq!(
        late.notes,
        ["\"a\" applies WAL 10min late: at remote_apply, commits that wait for it take that long."]
    );
}

#[test]
fn what_has_no_effect_is_said() {
    let cascaded = said("m 1 sync first 1\n  a 2 priority 1\n    b 3 priority 2\n");
    assert_eq!(
        cascaded.notes,
        ["\"b\" follows a standby, so commits never wait for it."]
    );
    assert_eq!(cascaded.tolerated, Some(0));
    let old = said(&format!("postgres 9.5\nm 1 sync first 2\n{THREE}"));
    assert_eq!((old.tolerated, old.safe_below), (Some(2), 1));
    assert!(old.notes[0].starts_with("PostgreSQL 9.5 waits for at most 1 standby"));
    let any = said(&format!("postgres 9.6\nm 1 sync any 1\n{THREE}"));
    assert!(any.commit.contains("the first of"), "{}", any.commit);
    assert!(any.notes[0].starts_with("PostgreSQL 9.6 has no quorum"));
}

#[test]
fn names_that_are_equal_for_postgresql_are_both_asked() {
    // Names are compared without regard to case: each of the two is the list's one member.
    let promise = said("m 1 sync first 1\n  a 2 priority 1\n  A 3\n");
    assert_eq!(promise.tolerated, Some(1));
    assert!(
        promise.waits.contains("neither \"a\" nor \"A\""),
        "{}",
        promise.waits
    );
}

#[test]
fn a_list_by_hand_is_what_counts() {
    let mut topology = notation::parse("m 1\n  a 2\n  b 3\n").unwrap();
    let mut set = |value: &str| {
        let edit = Edit::SetSetting {
            server: None,
            name: "synchronous_standby_names".to_owned(),
            value: Some(value.to_owned()),
        };
        topology.apply(&edit).unwrap();
        promise(&topology)
    };
    let star = set("ANY 1 (*)");
    assert_eq!(
        (star.tolerated, star.setting.as_str()),
        (Some(1), "synchronous_standby_names = 'ANY 1 (*)'")
    );
    assert!(set("(a").commit.starts_with("No server starts with this list"));
}

/// Every set of so many of these.
fn sets(of: &[ServerId], size: usize) -> Vec<BTreeSet<ServerId>> {
    (0_u32..1 << of.len())
        .filter(|bits| bits.count_ones() as usize == size)
        .map(|bits| {
            of.iter()
                .enumerate()
                .filter(|(at, _)| bits & (1 << at) != 0)
                .map(|(_, id)| *id)
                .collect()
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// The numbers in the words are the model's: so many may be away and no more; so many may be lost and no more.
    #[test]
    fn the_words_are_never_false(
        major in proptest::sample::select(vec!["9.2", "9.5", "9.6", "10", "15", "18"]),
        method in proptest::sample::select(vec!["first", "any"]),
        count in 1_u32..5,
        level in proptest::sample::select(vec!["off", "local", "remote_write", "on"]),
        standbys in proptest::collection::vec((any::<bool>(), any::<bool>()), 0..5),
    ) {
        let mut design = format!("postgres {major}\nm 1 sync {method} {count} commit {level}\n");
        for (at, (is_candidate, has_downstream)) in standbys.iter().enumerate() {
            let priority = if *is_candidate { format!(" priority {}", at + 1) } else { String::new() };
            design += &format!("  s{at} {}{priority}\n", at + 2);
            if *has_downstream {
                design += &format!("    t{at} {} priority {}\n", at + 20, at + 20);
            }
        }
        let topology = notation::parse(&design).unwrap();
        let promise = promise(&topology);
        let candidates: Vec<ServerId> = topology.sync_candidates().iter().map(|server| server.id()).collect();
        let confirms = |down: &BTreeSet<ServerId>| predict(&topology, down).commits.outcome == "acknowledged";
        let standbys: BTreeSet<ServerId> =
            topology.servers().iter().filter(|server| !server.is_primary()).map(Server::id).collect();
        match promise.tolerated {
            None => prop_assert!(confirms(&standbys), "{design}"),
            Some(tolerated) => {
                let hangs_at_once = promise.waits == "Every commit waits forever.";
                prop_assert_eq!(confirms(&BTreeSet::new()), !hangs_at_once, "{}", design);
                if !hangs_at_once {
                    // Anyone who is not a candidate may be away as well.
                    let others: BTreeSet<ServerId> =
                        standbys.iter().filter(|id| !candidates.contains(id)).copied().collect();
                    for down in sets(&candidates, tolerated) {
                        prop_assert!(confirms(&down.union(&others).copied().collect()), "{}", design);
                    }
                    for down in sets(&candidates, tolerated + 1) {
                        prop_assert!(!confirms(&down), "{}", design);
                    }
                }
            }
        }

        // What is lost, should the primary and some of the candidates go at the same moment.
        let world = World::new(&topology);
        let primary = topology.primary().id();
        let keeps = |lost: &BTreeSet<ServerId>| {
            let faults: Vec<Incident> = std::iter::once(primary).chain(lost.iter().copied()).map(Incident::Crash).collect();
            survival(&world, &faults).nothing_lost.holds
        };
        let safe = promise.safe_below.min(candidates.len() + 1);
        for size in 0..safe.min(candidates.len()) {
            for lost in sets(&candidates, size) {
                prop_assert!(keeps(&lost), "{} without {:?}", design, lost);
            }
        }
        let is_quorum = method == "any" && topology.postgres().has_quorum();
        if promise.safe_below <= candidates.len() && promise.waits != "Every commit waits forever." {
            let first: BTreeSet<ServerId> = candidates.iter().take(promise.safe_below).copied().collect();
            prop_assert!(!keeps(&first), "{}", design);
            // Of a quorum any so many will do.
            for lost in sets(&candidates, promise.safe_below) {
                prop_assert!(!is_quorum || !keeps(&lost), "{} without {:?}", design, lost);
            }
        }
    }
}
