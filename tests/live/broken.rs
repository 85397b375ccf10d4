//! The failure laboratory on real servers: every fault shows, every repair undoes it, and a teardown copes with what is left.
//!
//! A few random sequences by default; `PGCASCADE_BREAKAGES=30` makes so many.

use std::time::Duration;

use pgcascade::model::topology::{Archive, Edit};

use crate::drift::Place;
use crate::random::{Random, number};

/// Servers that connect again, an archiver that tries again.
const AGAIN: Duration = Duration::from_mins(2);
const SEED: &str =
    "master + sync first 1\n  slave1 + priority 1\n    slave11 +\n    slave12 +\n  slave2 + priority 2\n";

async fn seed() -> Place {
    let archived = |topology: &mut pgcascade::model::topology::Topology| {
        let archive = Archive::new("archive").unwrap();
        topology.apply(&Edit::SetArchive(Some(archive))).unwrap();
    };
    Place::of(SEED, archived).await
}

#[track_caller]
fn succeeds(place: &Place, arguments: &[&str]) -> String {
    let (code, said) = place.run(arguments);
    assert_eq!(
        code,
        Some(0),
        "{arguments:?}: {said}\n{}",
        place.run(&["status"]).1
    );
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_shows_and_is_undone() {
    let place = seed().await;
    for (fault, shows) in [
        ("crash slave1", "server-down slave1"),
        ("stop slave11", "server-down slave11"),
        ("freeze slave2", "server-silent slave2"),
        ("pause slave12", "replay-paused slave12"),
        ("drop-slot slave2", "slot-missing master"),
        ("fill-archive", "archive-failing master"),
    ] {
        let said = succeeds(&place, &["fail", fault]);
        assert!(said.contains("pgcascade repair"), "{said}");
        if fault == "fill-archive" {
            place.ask("master", "SELECT pg_switch_wal()").await;
        }
        let begun = std::time::Instant::now();
        while !place.rules().0.iter().any(|rule| rule == shows) {
            assert!(begun.elapsed() < AGAIN, "{fault}: {:?}", place.rules());
        }
        let (code, said) = place.run(&["repair", "crash slave12"]);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(fault), "{said}");
        succeeds(&place, &["repair", fault]);
        if fault == "fill-archive" {
            // The next segment is archived at once.
            place.ask("master", "CREATE TABLE IF NOT EXISTS t (n int)").await;
            place.ask("master", "SELECT pg_switch_wal()").await;
        }
        place.shows(&[], AGAIN);
        assert!(succeeds(&place, &["repair"]).contains("nothing to repair"));
    }
    for wrong in [
        "explode slave1",
        "pause master",
        "cut master slave1",
        "crash nobody",
    ] {
        let (code, said) = place.run(&["fail", wrong]);
        assert_eq!(code, Some(1), "{said}");
    }
    succeeds(&place, &["verify"]);
    // What is left broken is torn down all the same.
    succeeds(&place, &["fail", "freeze slave1"]);
    succeeds(&place, &["fail", "crash slave2"]);
    place.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn random_breakages_are_repaired_to_a_green_verify() {
    let place = seed().await;
    let mut random = Random::new(3);
    let faults = [
        "crash slave1",
        "crash slave2",
        "crash master",
        "stop slave11",
        "stop slave1",
        "freeze slave12",
        "pause slave1",
        "pause slave11",
        "drop-slot slave12",
    ];
    for round in 0..number("PGCASCADE_BREAKAGES").unwrap_or(2) {
        let mut made = Vec::new();
        for _ in 0..5 {
            let fault = random.pick(&faults);
            // Some cannot be done to what is broken already; they say so.
            let (code, said) = place.run(&["fail", fault]);
            assert!(
                code == Some(0) || said.contains("hint") || said.contains("error"),
                "{fault}: {said}"
            );
            made.push((fault, code));
        }
        // A standby that runs again is in the way of nobody: a second look repairs what needed another first.
        if place.run(&["repair"]).0 != Some(0) {
            succeeds(&place, &["repair"]);
        }
        let (code, said) = place.run(&["start"]);
        assert_eq!(code, Some(0), "round {round}, {made:?}: {said}");
        place.shows(&[], AGAIN);
        succeeds(&place, &["verify"]);
    }
    place.end().await;
}
