//! Servers take over from each other, on purpose and because one died, while clients commit: nothing that was acknowledged is
//! lost, every server streams as drawn afterwards, and whatever is interrupted comes to its end.
//!
//! A few rounds by default; `PGCASCADE_SWITCHOVERS=50` and `PGCASCADE_FAILOVERS=50` do so many, `PGCASCADE_BIN` with another
//! version.

use std::fs;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pgcascade::engine::cluster;
use pgcascade::model::topology::{Archive, Edit, PgMajor, Topology};
use serde_json::Value;

use crate::advice::rewindable;
use crate::drift::Place;
use crate::frozen::Frozen;
use crate::lab::programs;
use crate::random::{Random, number};
use crate::scene::session;

/// Servers that connect again.
const AGAIN: Duration = Duration::from_mins(1);
const SEED: &str =
    "master + sync first 1\n  slave1 + priority 1\n    slave11 +\n    slave12 +\n  slave2 + priority 2\n";

/// Clients that commit until they are told to end.
struct Load(Child);

impl Load {
    fn begin(place: &Place) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_pgcascade"))
            .arg("load")
            .arg(place.folder())
            .args(["--for", "30min", "--clients", "3", "--rate", "150", "--json"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// Ends it, and says what came of it.
    fn end(mut self) -> Value {
        kill(Pid::from_raw(self.0.id().cast_signed()), Signal::SIGINT).unwrap();
        let mut said = String::new();
        self.0.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        let _ = self.0.wait().unwrap();
        serde_json::from_str(said.lines().last().unwrap()).unwrap_or_else(|error| panic!("{error}: {said}"))
    }
}

fn design(place: &Place) -> Topology {
    cluster::design(&place.folder()).unwrap().topology().clone()
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

fn kill_hard(place: &Place, server: &str) {
    let folder = place
        .folder()
        .join("servers")
        .join(server)
        .join("data/postmaster.pid");
    let text = fs::read_to_string(folder).unwrap();
    let pid = text.lines().next().unwrap().parse().unwrap();
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    let begun = Instant::now();
    while kill(Pid::from_raw(pid), None).is_ok() {
        assert!(begun.elapsed() < AGAIN, "{server} does not die");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn no_panic(place: &Place) {
    for server in design(place).servers() {
        let folder = place.folder().join("servers").join(server.name().as_str());
        let logs = fs::read_dir(folder).unwrap().filter_map(|entry| {
            let path = entry.unwrap().path();
            path.is_file()
                .then(|| fs::read_to_string(path).unwrap_or_default())
        });
        let text: String = logs.collect();
        assert!(!text.contains("PANIC"), "{}: {text}", server.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn switchovers_under_load_lose_nothing() {
    let place = Place::of(SEED, |_| {}).await;
    let rounds = number("PGCASCADE_SWITCHOVERS").unwrap_or(3);
    let mut random = Random::new(1);
    let mut gaps = Vec::new();
    for round in 0..rounds {
        let load = Load::begin(&place);
        std::thread::sleep(Duration::from_millis(700));
        let topology = design(&place);
        let standbys = topology.servers().iter().filter(|server| !server.is_primary());
        let names: Vec<String> = standbys.map(|server| server.name().to_string()).collect();
        let heir = &names[random.below(names.len())];
        succeeds(&place, &["switchover", heir]);
        assert_eq!(design(&place).primary().name().as_str(), heir);
        place.shows(&[], AGAIN);
        std::thread::sleep(Duration::from_millis(300));
        let loaded = load.end();
        assert_eq!(loaded["lost"], 0, "round {round} to {heir}: {loaded}");
        assert!(loaded["acknowledged"].as_u64().unwrap() > 20, "{loaded}");
        gaps.push(loaded["longest_gap_ms"].as_u64().unwrap());
    }
    gaps.sort_unstable();
    println!("longest gaps in ms: {gaps:?}, median {}", gaps[gaps.len() / 2]);
    succeeds(&place, &["verify"]);
    no_panic(&place);
    place.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_synchronous_standby_takes_over_from_a_dead_primary_and_nothing_is_lost() {
    let place = Place::of(SEED, |_| {}).await;
    for round in 0..number("PGCASCADE_FAILOVERS").unwrap_or(2) {
        let load = Load::begin(&place);
        std::thread::sleep(Duration::from_millis(700));
        let dead = design(&place).primary().name().to_string();
        let (code, said) = place.run(&["failover"]);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("nothing has failed"), "{said}");
        kill_hard(&place, &dead);
        let said = succeeds(&place, &["failover", "--plan"]);
        assert!(
            said.contains("Nothing is lost") || said.contains("lacks the last"),
            "{said}"
        );
        // A record that nobody was told of may be missing.
        succeeds(&place, &["failover", "--yes"]);
        assert_ne!(design(&place).primary().name().as_str(), dead);
        let loaded = load.end();
        assert_eq!(loaded["lost"], 0, "round {round}: {loaded}");

        // The dead one is not started as if nothing had been.
        let (code, said) = place.run(&["start", &dead]);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("rejoin"), "{said}");
        let found = place.rules().1;
        assert!(found.contains("pgcascade rejoin"), "{found}");
        succeeds(&place, &["rejoin", &dead]);
        place.shows(&[], AGAIN);
    }
    succeeds(&place, &["verify"]);
    no_panic(&place);
    place.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_failover_loses_is_said_before_and_what_a_rejoin_undoes_is_gone() {
    let place = Place::of("m +\n  a +\n    b +\n  c +\n", rewindable).await;
    place
        .ask("m", "CREATE TABLE t (n int); INSERT INTO t VALUES (1)")
        .await;
    succeeds(&place, &["verify"]);
    let ports = [place.ports["a"], place.ports["c"]];
    let frozen = Frozen::receivers(&place.folder(), &ports).await;
    assert!(!frozen.is_empty());
    place
        .ask("m", "INSERT INTO t SELECT generate_series(2, 2000)")
        .await;
    kill_hard(&place, "m");
    frozen.end();
    let (code, said) = place.run(&["failover", "a"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("lacks the last") && said.contains("--yes"),
        "{said}"
    );
    let said = place.run(&["failover", "a", "--plan", "--json"]).1;
    let plan: Value = serde_json::from_str(&said).unwrap();
    assert!(plan["consent"].as_str().unwrap().contains("bytes"), "{said}");
    assert_eq!(plan["steers"], "failover");
    succeeds(&place, &["failover", "a", "--yes"]);
    let client = session(&place.folder(), place.ports["a"], None).await.unwrap();
    let row = client.query_one("SELECT count(*) FROM t", &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 1, "what was announced as lost");
    place.ask("a", "INSERT INTO t VALUES (-1)").await;
    // Its WAL goes beyond the fork, and it was killed: it is rewound where it can be, else copied again.
    let said = succeeds(&place, &["rejoin", "m", "--plan"]);
    let bin = std::env::var_os("PGCASCADE_BIN").map_or_else(|| programs().0, PathBuf::from);
    let can = bin.join("pg_rewind").exists() && place.topology.postgres() >= PgMajor::V13;
    let way = if can {
        "is undone with pg_rewind"
    } else {
        "copied again"
    };
    assert!(said.contains(way), "{said}");
    succeeds(&place, &["rejoin", "m"]);
    place.shows(&[], AGAIN);
    let client = session(&place.folder(), place.ports["m"], None).await.unwrap();
    let row = client
        .query_one("SELECT count(*), min(n) FROM t", &[])
        .await
        .unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i32>(1)), (2, -1));
    drop(client);

    // One whose slot lost its WAL comes back, too, while it runs.
    succeeds(&place, &["switchover", "m"]);
    place.shows(&[], AGAIN);
    succeeds(&place, &["verify"]);

    // A pg_rewind that did not finish leaves data that no server may run on.
    succeeds(&place, &["stop", "b"]);
    let record = place.folder().join(".pgcascade/cluster.json");
    let mut noted: Value = serde_json::from_slice(&std::fs::read(&record).unwrap()).unwrap();
    noted["torn"] = serde_json::json!(["b"]);
    std::fs::write(&record, noted.to_string()).unwrap();
    let (code, said) = place.run(&["start", "b"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("pg_rewind did not finish") && said.contains("pgcascade rejoin"),
        "{said}"
    );
    place.run(&["start"]);
    assert!(place.rules().0.contains(&"server-down b".to_owned()));
    succeeds(&place, &["rejoin", "b"]);
    place.shows(&[], AGAIN);
    no_panic(&place);
    place.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shapes_of_all_kinds_go_through_a_switchover_and_a_rejoin() {
    let archive = |topology: &mut Topology| {
        let archive = Archive::new("archive").unwrap();
        topology.apply(&Edit::SetArchive(Some(archive))).unwrap();
    };
    let tls = |topology: &mut Topology| {
        topology.apply(&Edit::SetTls(true)).unwrap();
    };
    type Change<'a> = &'a dyn Fn(&mut Topology);
    let quorum = "m + sync any 1\n  a + priority 1\n  b + priority 1\n  c +\n";
    let shapes: [(&str, &str, Change<'_>); 4] = [
        ("m +\n  a +\n    b +\n      c +\n", "c", &tls),
        (quorum, "b", &archive),
        ("m +\n  a +\n  late + delay 10min\n  b +\n", "b", &|_| {}),
        ("m +\n  a + no-slot\n    b + no-slot\n", "a", &|_| {}),
    ];
    for (design, heir, change) in shapes {
        let place = Place::of(design, |topology| change(topology)).await;
        succeeds(&place, &["switchover", heir]);
        let late = design.contains("late");
        if !late {
            place.shows(&[], AGAIN);
        }
        kill_hard(&place, heir);
        succeeds(&place, &["failover", "--yes"]);
        succeeds(&place, &["rejoin", heir]);
        if late {
            // It connects when it has applied what it has, in ten minutes.
            let rules = place.rules().0;
            assert!(
                rules
                    .iter()
                    .all(|rule| rule.ends_with("late") || rule.starts_with("slot-inactive")),
                "{rules:?}"
            );
        } else {
            place.shows(&[], AGAIN);
            succeeds(&place, &["verify"]);
        }
        no_panic(&place);
        place.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handover_that_is_killed_is_finished_or_undone() {
    let place = Place::of(SEED, |_| {}).await;
    let mut random = Random::new(2);
    for round in 0..number("PGCASCADE_KILLED_HANDOVERS").unwrap_or(3) {
        let topology = design(&place);
        let standbys: Vec<_> = topology
            .servers()
            .iter()
            .filter(|server| !server.is_primary())
            .collect();
        let heir = standbys[random.below(standbys.len())].name().to_string();
        let mut child = Command::new(env!("CARGO_BIN_EXE_pgcascade"))
            .arg("switchover")
            .arg(place.folder())
            .arg(&heir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(100 + random.below(1400) as u64));
        let _ = child.kill();
        let _ = child.wait();
        let mut writers = Vec::new();
        for (server, port) in &place.ports {
            let Ok(client) = session(&place.folder(), *port, None).await else {
                continue;
            };
            let row = client.query_one("SELECT pg_is_in_recovery()", &[]).await;
            if row.is_ok_and(|row| !row.get::<_, bool>(0)) {
                writers.push(server);
            }
        }
        assert!(writers.len() < 2, "round {round}: {writers:?}");
        let (code, said) = place.run(&["resume"]);
        // Killed before it began, or after its end, there is nothing to resume.
        assert!(
            code == Some(0) || said.contains("Nothing to resume"),
            "round {round}: {said}"
        );
        place.shows(&[], AGAIN);
    }
    succeeds(&place, &["verify"]);
    place.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_move_restart_and_pause_by_a_word() {
    let place = Place::of(SEED, |_| {}).await;
    succeeds(&place, &["follow", "slave12", "slave2"]);
    let topology = design(&place);
    let upstream = topology.by_name("slave12").unwrap().upstream().unwrap();
    assert_eq!(topology.server(upstream).unwrap().name().as_str(), "slave2");
    place.shows(&[], AGAIN);
    let (code, said) = place.run(&["follow", "slave1", "slave11"]);
    assert_eq!(code, Some(1), "{said}");

    let started = || async {
        let client = session(&place.folder(), place.ports["slave11"], None)
            .await
            .unwrap();
        let row = client
            .query_one("SELECT pg_postmaster_start_time()::text", &[])
            .await
            .unwrap();
        row.get::<_, String>(0)
    };
    let before = started().await;
    succeeds(&place, &["restart", "--rolling"]);
    assert_ne!(started().await, before);
    place.shows(&[], AGAIN);
    succeeds(&place, &["restart", "slave11"]);
    succeeds(&place, &["reload"]);
    place.shows(&[], AGAIN);

    succeeds(&place, &["pause", "slave11"]);
    place.shows(&["replay-paused slave11"], AGAIN);
    let (code, said) = place.run(&["switchover", "slave11"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("resume-replay"), "{said}");
    succeeds(&place, &["resume-replay", "slave11"]);
    place.shows(&[], AGAIN);
    let (code, said) = place.run(&["pause", "master"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("only a standby"), "{said}");
    place.end().await;
}
