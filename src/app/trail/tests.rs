//! Readings, and what is left of them.

use super::*;
use crate::app::glance::Told;
use crate::model::drift::Lag;
use crate::model::health::{Board, Commits, Reading, ReplicationRow};
use std::time::Duration;

/// `m` sends to `a`, which is so far behind; `None`: nobody can tell.
fn seen(bytes: Option<u64>) -> Glance {
    let row = |name: &str, sync: &str| ReplicationRow {
        application_name: name.to_owned(),
        state: "streaming".to_owned(),
        sync_priority: 1,
        sync_state: sync.to_owned(),
    };
    let reading = |name: &str, upstream: Option<&str>, replication| Reading {
        name: name.to_owned(),
        running: true,
        answers: true,
        role: if upstream.is_some() { "standby" } else { "primary" }.to_owned(),
        upstream: upstream.map(str::to_owned),
        replication,
    };
    let servers = vec![
        reading("m", None, vec![row("a", "sync"), row("b", "potential")]),
        reading("a", Some("m"), Vec::new()),
        reading("b", Some("m"), Vec::new()),
    ];
    let commits = Commits {
        outcome: "acknowledged".to_owned(),
        waits_for: vec!["a".to_owned()],
    };
    let mut seen = Glance::from(Board { servers, commits });
    let lag = bytes.map(|bytes| Lag { bytes, time: None });
    let told = Told {
        lag,
        ..Told::default()
    };
    seen.servers.insert("a".to_owned(), told);
    seen
}

fn at(second: u64) -> Moment {
    Moment::since_1970(Duration::from_secs(second))
}

fn trail(lags: &[(u64, Option<u64>)]) -> Trail {
    let mut trail = Trail::default();
    for (second, bytes) in lags {
        trail.take(at(*second), &seen(*bytes));
    }
    trail
}

#[test]
fn an_idle_primary_is_one_stretch_at_nothing_however_long_it_lasts() {
    let idle: Vec<_> = (10_000..10_500).map(|second| (second, Some(0))).collect();
    let trail = trail(&idle);
    assert_eq!(trail.stretches("a"), [[(10_000, 0), (10_499, 0)]]);
    assert_eq!(trail.lags["a"].len(), 1, "and costs nothing");
    assert_eq!(trail.stretches("m"), Vec::<Vec<_>>::new(), "it follows nobody");
    assert_eq!(trail.events().count(), 0);
}

#[test]
fn no_line_goes_through_what_nobody_saw() {
    let silent = trail(&[
        (10, Some(5)),
        (11, Some(7)),
        (12, None),
        (13, None),
        (14, Some(9)),
    ]);
    assert_eq!(silent.stretches("a"), [vec![(10, 5), (11, 7)], vec![(14, 9)]]);
    // The machine slept.
    let asleep = trail(&[(10, Some(5)), (11, Some(5)), (90, Some(5)), (91, Some(5))]);
    assert_eq!(asleep.stretches("a"), [[(10, 5), (11, 5)], [(90, 5), (91, 5)]]);
    // A slow reading is no gap.
    assert_eq!(trail(&[(10, Some(1)), (13, Some(2))]).stretches("a").len(), 1);
    // A server that does not answer has no lag, whatever was said of it before.
    let mut mute = seen(Some(64));
    mute.board.servers[1].answers = false;
    let mut trail = trail(&[(10, Some(64)), (11, Some(64))]);
    trail.take(at(12), &mute);
    assert_eq!(trail.stretches("a"), [[(10, 64), (11, 64)]]);
}

#[test]
fn within_one_second_the_worst_counts() {
    let worst = trail(&[(10, Some(5)), (10, Some(70)), (10, Some(6)), (11, Some(1))]);
    assert_eq!(worst.stretches("a"), [[(10, 70), (11, 1)]]);
    let gap = trail(&[(10, Some(5)), (10, None), (11, Some(1))]);
    assert_eq!(gap.stretches("a"), [[(11, 1)]]);
}

#[test]
fn ten_minutes_are_kept_and_no_more() {
    let busy: Vec<_> = (0..2_000).map(|second| (second, Some(second))).collect();
    let mut trail = trail(&busy);
    let all = trail.stretches("a").concat();
    assert_eq!(all.first(), Some(&(1_999 - SPAN, 1_999 - SPAN)));
    assert_eq!(trail.lags["a"].len() as u64, SPAN + 1);
    // A server that is gone is forgotten.
    let mut gone = seen(None);
    gone.board.servers.truncate(1);
    trail.take(at(5_000), &gone);
    assert!(trail.lags.is_empty());
}

#[test]
fn a_clock_that_is_set_back_begins_again() {
    let back = trail(&[(500, Some(5)), (501, Some(6)), (100, Some(7)), (101, Some(8))]);
    assert_eq!(back.stretches("a"), [[(100, 7), (101, 8)]]);
}

#[test]
fn what_happens_together_is_one_event() {
    let mut trail = trail(&[(61_331, Some(0))]);
    let mut down = seen(None);
    down.board.servers[1].running = false;
    down.board.servers[1].answers = false;
    trail.take(at(61_331), &down);
    down.board.servers[0].replication.remove(0);
    down.board.servers[0].replication[0].sync_state = "sync".to_owned();
    trail.take(at(61_332), &down);
    let told: Vec<String> = trail.events().map(Event::words).collect();
    assert_eq!(told, ["17:02:11 a went down, b became sync"]);
    trail.take(at(61_400), &seen(Some(0)));
    let last = trail.events().next().unwrap().words();
    assert_eq!(
        last,
        "17:03:20 a runs again, a streams from m, a became sync, b became potential"
    );
    for minute in 0..500 {
        let mut other = seen(Some(0));
        other.board.servers[1].running = minute % 2 == 0;
        trail.take(at(62_000 + 60 * minute), &other);
    }
    assert_eq!(trail.events().count(), EVENTS);
}

#[test]
fn promotions_pauses_and_other_upstreams_are_told() {
    let mut trail = trail(&[(10, Some(0))]);
    let mut other = seen(Some(0));
    other.board.servers[1].role = "primary".to_owned();
    other.board.servers[1].upstream = None;
    let row = other.board.servers[0].replication.remove(1);
    other.board.servers[0].replication.clear();
    other.board.servers[1].replication.push(row);
    other.board.servers[2].upstream = Some("a".to_owned());
    other.servers.get_mut("a").unwrap().is_paused = true;
    trail.take(at(20), &other);
    let event = trail.events().next().unwrap();
    assert_eq!(
        event.what,
        [
            "a became the primary",
            "a lost its link to m",
            "replay paused on a",
            "b now streams from a"
        ]
    );
    assert_eq!(
        event.words(),
        "00:00:20 a became the primary, a lost its link to m, replay paused on a, b now streams from a"
    );
}

#[test]
fn of_a_link_whose_upstream_is_silent_nobody_knows() {
    let mut trail = trail(&[(10, Some(0))]);
    let mut frozen = seen(None);
    frozen.board.servers[0].answers = false;
    frozen.board.servers[0].replication.clear();
    trail.take(at(11), &frozen);
    trail.take(at(15), &seen(Some(0)));
    let told: Vec<String> = trail.events().map(Event::words).collect();
    assert_eq!(told, ["00:00:15 m answers again", "00:00:11 m stopped answering"]);
}

#[test]
fn a_rate_is_what_was_sent_in_the_last_seconds() {
    let mut trail = Trail::default();
    let mut rate = |second, byte| trail.rate("a", Some((at(second), Lsn::new(byte))));
    assert_eq!(rate(10, 1_000), None, "one reading shows none");
    assert_eq!(rate(11, 13_345), Some(12_000));
    assert_eq!(rate(12, 25_690), Some(12_000));
    for second in 13..30 {
        rate(second, 25_690);
    }
    assert_eq!(rate(30, 25_690), Some(0));
    assert_eq!(rate(31, 10), None, "it begins again behind");
    assert_eq!(trail.rate("a", None), None);
}
