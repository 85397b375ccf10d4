//! What `watch` shows, on terminals of several sizes.

use std::sync::Arc;
use std::time::Duration;

use super::screen::{Below, Line, fitting, screen, wrapped};
use super::table::width;
use super::watch::Against;
use crate::engine::monitor::Snapshot;
use crate::model::drift::Drift;
use crate::model::health::{Lsn, Moment, Observation, Observed, Role, State, sample};
use crate::model::topology::notation;

fn snapshot(standbys: usize) -> Snapshot {
    let mut text = "m 1\n".to_owned();
    for number in 0..standbys {
        text += &format!("  s{number} {}\n", number + 2);
    }
    let topology = Arc::new(notation::parse(&text).unwrap());
    let mut observed = Observed::default();
    let at = |byte| Some(Lsn::new(byte));
    for server in topology.servers() {
        let name = server.name().as_str();
        let mut up = sample::said(if server.is_primary() {
            Role::Primary
        } else {
            Role::Standby
        });
        if server.is_primary() {
            up.positions.written = at(128 << 20);
        } else {
            up.positions.replayed = at(if name == "s3" { 64 << 20 } else { 128 << 20 });
        }
        observed.note(&Arc::new(Observation {
            server: name.to_owned(),
            at: Moment::default(),
            took: Duration::ZERO,
            state: if name == "s31" {
                State::Down
            } else {
                State::Up(Box::new(up))
            },
        }));
    }
    Snapshot {
        topology,
        observed,
        beside: Vec::new(),
        to_rejoin: Vec::new(),
        faults: Vec::new(),
        now: Moment::default(),
    }
}

/// What is seen of them, and that one of them is down.
fn shown(snapshot: &Snapshot, size: (usize, usize)) -> String {
    let finding = |rule, server: &str, message: &str, fix: &str| Drift {
        rule,
        server: Some(server.to_owned()),
        message: message.to_owned(),
        fix: (!fix.is_empty()).then(|| fix.to_owned()),
        repair: None,
        slot: None,
    };
    let slot = "The slot s31 on m is unused and retains WAL for s31.";
    let drift = [
        finding("slot-inactive", "m", slot, ""),
        finding(
            "server-down",
            "s31",
            "s31 is down.",
            "Start it: pgcascade start DIR s31",
        ),
        finding(
            "standby-behind",
            "s3",
            "s3 streams from m and is 64.0 MB behind in replay.",
            "It catches up by itself if the network and disk are fast enough. Until then, a failover to s3 loses \
             that much or takes longer.",
        ),
    ];
    let is_there = |one: &Drift| {
        snapshot
            .topology
            .by_name(one.server.as_deref().unwrap())
            .is_some()
    };
    let drift: Vec<Drift> = drift.into_iter().filter(is_there).collect();
    let lines = screen(snapshot, &drift, Against::Design, size);
    assert!(lines.len() <= size.1, "{size:?}");
    let widest = width(lines.iter().map(String::as_str));
    assert!(widest <= size.0, "{size:?}: {lines:#?}");
    lines.join("\n")
}

#[test]
fn a_small_cluster_is_shown_whole() {
    let snapshot = snapshot(4);
    insta::assert_snapshot!("watch_small_80x24", shown(&snapshot, (80, 24)));
    insta::assert_snapshot!("watch_small_200x60", shown(&snapshot, (200, 60)));
}

#[test]
fn of_forty_servers_those_that_differ_are_shown() {
    let snapshot = snapshot(39);
    insta::assert_snapshot!("watch_forty_80x24", shown(&snapshot, (80, 24)));
    insta::assert_snapshot!("watch_forty_200x60", shown(&snapshot, (200, 60)));
}

#[test]
fn nothing_is_wider_or_longer_than_the_screen() {
    for standbys in [0, 1, 3, 40] {
        let snapshot = snapshot(standbys);
        let drift = snapshot.drift();
        for size in [(80, 24), (20, 8), (200, 60), (1, 1), (80, 0), (40, 3), (7, 200)] {
            let shown = screen(&snapshot, &drift, Against::Design, size);
            assert!(shown.len() <= size.1, "{size:?}");
            assert!(width(shown.iter().map(String::as_str)) <= size.0, "{size:?}");
        }
    }
}

#[test]
fn who_differs_comes_first_with_its_upstreams() {
    let line = |text: &str, above: Option<usize>, differs: bool| Line {
        text: text.to_owned(),
        above,
        differs,
    };
    let tree = [
        line("m", None, false),
        line("a", Some(0), false),
        line("a1", Some(1), false),
        line("b", Some(0), false),
        line("b1", Some(3), true),
        line("c", Some(0), true),
    ];
    assert_eq!(fitting(&tree, 6).len(), 6);
    assert_eq!(
        fitting(&tree, 5),
        ["m", "b", "b1", "c", "… 2 more servers, no differences"]
    );
    assert_eq!(
        fitting(&tree, 4),
        ["m", "b", "b1", "… 3 more servers, 1 of them differs"]
    );
    assert_eq!(
        fitting(&tree, 3),
        ["m", "c", "… 4 more servers, 1 of them differs"]
    );
    assert_eq!(fitting(&tree, 1), ["… 6 more servers, 2 of them differ"]);
}

#[test]
fn sentences_are_broken_at_blanks_and_findings_are_counted() {
    assert_eq!(wrapped("one two three", 9, "- ", "  "), ["- one two", "  three"]);
    assert_eq!(wrapped("unbreakable", 4, "- ", "  "), ["- unbreakable"]);
    let below = Below {
        head: vec!["head".to_owned()],
        findings: (0..3)
            .map(|number| (vec![format!("- {number}")], vec![format!("    fix {number}")]))
            .collect(),
    };
    assert_eq!(below.lines(7).len(), 7);
    assert_eq!(below.lines(6), ["head", "- 0", "- 1", "- 2"]);
    assert_eq!(below.lines(3), ["head", "- 0", "… 2 more findings"]);
}
