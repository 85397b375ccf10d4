//! The failure laboratory on real servers: every fault shows, every repair undoes it, and a teardown copes with what is left.
//!
//! A few random sequences by default; `PGCASCADE_BREAKAGES=30` makes so many.

use std::time::{Duration, Instant};

use pgcascade::model::document::Document;
use pgcascade::model::topology::{Archive, ClusterTerms, Downstreams, Edit};

use crate::drift::Place;
use crate::random::{Random, number};
use crate::scene::session;

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
        ("stop-immediate slave1", "server-down slave1"),
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
        // What-if has no word for the others.
        if !fault.starts_with("freeze") && !fault.starts_with("drop-slot") {
            is_as_what_if_says(&place, &[fault]);
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

/// `status` sets What-if beside the servers: all of it agrees, and no fault was left out.
fn is_as_what_if_says(place: &Place, faults: &[&str]) {
    let begun = Instant::now();
    loop {
        let (_, said) = place.run(&["status", "--json"]);
        let board: serde_json::Value = serde_json::from_str(&said).unwrap();
        let beside = &board["beside"];
        assert_eq!(beside["faults"], serde_json::json!(faults));
        assert_eq!(beside["left_out"], serde_json::json!([]));
        let rows = beside["rows"].as_array().unwrap();
        assert_eq!(rows.len(), 6, "five servers and commits: {beside}");
        if rows.iter().all(|row| row["agrees"] == true) {
            return;
        }
        assert!(begun.elapsed() < AGAIN, "{}", place.run(&["status"]).1);
    }
}

/// After every fault the servers show what What-if says of all that is broken then.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_broken_the_servers_show_what_what_if_says() {
    let place = seed().await;
    let mut random = Random::new(number("PGCASCADE_SEED").unwrap_or(5));
    // What What-if has a word for.
    let faults = [
        "crash slave1",
        "crash slave2",
        "crash master",
        "stop slave1",
        "stop slave11",
        "stop slave2",
        "stop-immediate slave1",
        "stop-immediate master",
        "pause slave1",
        "pause slave11",
        "pause slave2",
        "fill-archive",
        "outgrow-slots",
    ];
    for round in 0..number("PGCASCADE_BREAKAGES").unwrap_or(2) {
        let mut made: Vec<&str> = Vec::new();
        for _ in 0..5 {
            let fault = random.pick(&faults);
            // Some cannot be done to what is broken already.
            if place.run(&["fail", fault]).0 == Some(0) {
                made.retain(|one| *one != fault);
                made.push(fault);
            }
            if !made.is_empty() {
                println!("round {round}: {made:?}");
                is_as_what_if_says(&place, &made);
            }
        }
        succeeds(&place, &["repair"]);
        place.shows(&[], AGAIN);
        succeeds(&place, &["verify"]);
    }
    place.end().await;
}

/// Slots of standbys that are away are lost, at the primary and at a relay; those that are connected keep theirs.
#[tokio::test(flavor = "multi_thread")]
async fn slots_of_those_who_are_away_are_lost_and_given_back() {
    let place = seed().await;
    if !place.topology.postgres().has_slot_limit() {
        let (code, said) = place.run(&["fail", "outgrow-slots"]);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("without limit"), "{said}");
        return place.end().await;
    }
    let (code, said) = place.run(&["fail", "outgrow-slots"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("every slot is in use"), "{said}");
    for fault in ["crash slave2", "stop slave12", "outgrow-slots"] {
        succeeds(&place, &["fail", fault]);
    }
    is_as_what_if_says(&place, &["crash slave2", "stop slave12", "outgrow-slots"]);
    let lost = [
        "slot-lost master",
        "slot-lost slave1",
        "server-down slave12",
        "server-down slave2",
    ];
    place.shows(&lost, AGAIN);
    // What is stopped with a lost slot does not come back by a start alone.
    succeeds(&place, &["repair"]);
    place.shows(&[], AGAIN);
    succeeds(&place, &["verify"]);
    assert!(succeeds(&place, &["repair"]).contains("nothing to repair"));
    place.end().await;
}

/// A laboratory: its links lead through the proxy.
#[tokio::test(flavor = "multi_thread")]
async fn links_of_a_laboratory_are_cut_stalled_and_slowed_and_let_go() {
    let place = Place::planned(SEED, |topology| {
        let terms = ClusterTerms {
            has_lab_links: true,
            ..topology.terms().clone()
        };
        topology.apply(&Edit::SetClusterTerms(terms)).unwrap();
    })
    .await;
    // The program carries the links, so it deploys them.
    let design = place.folder().with_extension("toml");
    std::fs::write(&design, Document::new(place.topology.clone()).text()).unwrap();
    let bin = std::env::var_os("PGCASCADE_BIN");
    let done = std::process::Command::new(env!("CARGO_BIN_EXE_pgcascade"))
        .arg("deploy")
        .arg(&design)
        .arg("--dir")
        .arg(place.folder())
        .args(bin.iter().flat_map(|bin| ["--bin".as_ref(), bin.as_os_str()]))
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    std::fs::remove_file(design).unwrap();
    // A cut is seen at the standby at once, and below it nothing differs.
    let said = succeeds(&place, &["fail", "cut slave1 master"]);
    assert!(said.contains("pgcascade repair"), "{said}");
    let begun = Instant::now();
    while !place.rules().0.iter().any(|rule| rule == "link-missing slave1") {
        assert!(begun.elapsed() < AGAIN, "{:?}", place.rules());
    }
    assert!(!place.rules().0.iter().any(|rule| rule.ends_with("slave11")));
    succeeds(&place, &["repair", "cut slave1 master"]);
    place.shows(&[], AGAIN);

    // What is slow is late by both ways; a commit waits for the synchronous standby.
    let commit = async || {
        let begun = Instant::now();
        place
            .ask(
                "master",
                "CREATE TABLE IF NOT EXISTS t (n int); INSERT INTO t VALUES (1)",
            )
            .await;
        begun.elapsed()
    };
    let quick = commit().await;
    succeeds(&place, &["fail", "slow master slave1 300ms"]);
    let slow = commit().await;
    assert!(slow >= Duration::from_millis(600), "{quick:?}, then {slow:?}");
    succeeds(&place, &["repair"]);

    // Nothing passes, and nobody is told: a commit waits until the link is let go.
    succeeds(&place, &["fail", "stall master slave1"]);
    {
        let waits = commit();
        tokio::pin!(waits);
        let in_vain = tokio::time::timeout(Duration::from_secs(2), &mut waits).await;
        assert!(in_vain.is_err(), "a commit did not wait: {in_vain:?}");
        succeeds(&place, &["repair"]);
        waits.await;
    }

    // 500 kB at 100 kB a second.
    succeeds(&place, &["fail", "thin master slave1 100kB"]);
    let begun = Instant::now();
    place
        .ask(
            "master",
            "CREATE TABLE big AS SELECT md5(n::text) AS t FROM generate_series(1, 6000) AS n",
        )
        .await;
    assert!(begun.elapsed() >= Duration::from_secs(2), "{:?}", begun.elapsed());
    succeeds(&place, &["repair"]);
    succeeds(&place, &["verify"]);

    // Servers change places while their links lead through the proxy, and a cut holds after that, too.
    succeeds(&place, &["switchover", "slave2"]);
    succeeds(&place, &["verify"]);
    succeeds(&place, &["fail", "cut slave2 slave1"]);
    let begun = Instant::now();
    while !place.rules().0.iter().any(|rule| rule == "link-missing slave1") {
        assert!(begun.elapsed() < AGAIN, "{:?}", place.rules());
    }
    // Stopped and started again, the cut is still there, and is undone.
    succeeds(&place, &["stop"]);
    place.run(&["start"]);
    assert!(
        place.rules().0.iter().any(|rule| rule == "link-missing slave1"),
        "{:?}",
        place.rules()
    );
    succeeds(&place, &["repair"]);
    place.shows(&[], AGAIN);
    // Nothing of it goes to others.
    let design = place.folder().join("design.toml");
    let bundle = place.folder().with_extension("tar.gz");
    let written = std::process::Command::new(env!("CARGO_BIN_EXE_pgcascade"))
        .arg("bundle")
        .arg(design)
        .arg("-o")
        .arg(&bundle)
        .output()
        .unwrap();
    assert!(written.status.success(), "{written:?}");
    let text = std::process::Command::new("tar")
        .arg("-xzOf")
        .arg(&bundle)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&text.stdout);
    assert!(text.contains("primary_conninfo") && !text.contains("127.88.") && !text.contains("[lab]"));
    std::fs::remove_file(bundle).unwrap();
    place.end().await;
}

/// A server whose files cannot grow fails big writes, goes on with the rest, and is well again at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_fails_what_needs_it_and_is_let_go() {
    let place = Place::of("master +\n  slave1 +\n", |_| {}).await;
    succeeds(&place, &["fail", "fill-disk master"]);
    let client = session(&place.folder(), place.ports["master"], None)
        .await
        .unwrap();
    let big = "CREATE TABLE big AS SELECT repeat(n::text, 300) AS t FROM generate_series(1, 200000) AS n";
    client
        .batch_execute("CREATE TABLE small (n int); INSERT INTO small VALUES (1)")
        .await
        .unwrap();
    client
        .batch_execute("ALTER TABLE small ALTER n SET NOT NULL; SET client_min_messages = error")
        .await
        .unwrap();
    let refused = client.batch_execute(big).await.unwrap_err();
    let refused = refused
        .as_db_error()
        .map_or("", |error| error.message())
        .to_owned();
    assert!(
        refused.contains("could not") && refused.contains("big") || refused.contains("extend"),
        "{refused}"
    );
    client
        .batch_execute("INSERT INTO small VALUES (2)")
        .await
        .unwrap();
    succeeds(&place, &["repair"]);
    client.batch_execute(big).await.unwrap();
    drop(client);
    place.shows(&[], AGAIN);
    succeeds(&place, &["verify"]);
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
        "stop-immediate slave2",
        "stop-immediate master",
        "freeze slave12",
        "pause slave1",
        "pause slave11",
        "drop-slot slave12",
        "outgrow-slots",
    ];
    for round in 0..number("PGCASCADE_BREAKAGES").unwrap_or(2) {
        let mut made = Vec::new();
        for _ in 0..8 {
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

/// What a server left that was killed goes with it when it leaves the design: nothing of it is in the way of the teardown.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_that_leaves_the_design_leaves_nothing() {
    let place = Place::of("master +\n  slave1 +\n  slave2 +\n", |_| {}).await;
    let port = place.ports["slave2"];
    succeeds(&place, &["fail", "crash slave2"]);
    let socket = place.folder().join(format!("run/.s.PGSQL.{port}"));
    assert!(socket.exists(), "a crash leaves it");
    let mut without = place.topology.clone();
    without
        .apply(&Edit::Remove {
            server: without.by_name("slave2").unwrap().id(),
            downstreams: Downstreams::Remove,
        })
        .unwrap();
    let design = place.folder().with_extension("toml");
    std::fs::write(&design, Document::new(without).text()).unwrap();
    let applied = std::process::Command::new(env!("CARGO_BIN_EXE_pgcascade"))
        .arg("apply")
        .arg(&design)
        .arg("--dir")
        .arg(place.folder())
        .output()
        .unwrap();
    assert!(applied.status.success(), "{applied:?}");
    assert!(!socket.exists());
    std::fs::remove_file(design).unwrap();
    place.end().await;
}
