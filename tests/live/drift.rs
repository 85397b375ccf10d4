//! Every kind of difference, made on real servers, seen by `status --json`, and gone once it is repaired.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pgcascade::engine::cluster;
use pgcascade::model::document::Document;
use pgcascade::model::topology::{Archive, Edit, PgMajor, Topology};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::frozen::Frozen;
use crate::lab::{as_user, programs};
use crate::scene::{Scene, assert_gone, deployed, design, session, some_ports, take_back};

/// What somebody did is seen by then: by the next reading, but a machine that stalls for 1.5 s makes any server silent.
const SEEN: Duration = Duration::from_secs(10);
/// Servers that connect again, an archiver that tries again.
const MENDED: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);

pub struct Place {
    pub scene: Scene,
    pub ports: BTreeMap<String, u16>,
    pub topology: Topology,
}

impl Place {
    /// A cluster that runs: lines of the notation with `+` where a port stands.
    pub async fn of(text: &str, change: impl FnOnce(&mut Topology)) -> Self {
        let place = Self::planned(text, change).await;
        deployed(&Document::new(place.topology.clone()), &place.folder()).await;
        place.shows(&[], SEEN);
        place
    }

    pub async fn planned(text: &str, change: impl FnOnce(&mut Topology)) -> Self {
        let count = text.matches('+').count();
        let mut text = text.to_owned();
        for port in some_ports(count) {
            text = text.replacen('+', &port.to_string(), 1);
        }
        let mut topology = design(&text).await.topology().clone();
        change(&mut topology);
        let ports = topology.servers().iter();
        let ports = ports
            .map(|server| (server.name().to_string(), server.port().number()))
            .collect();
        Self {
            scene: Scene::new(),
            ports,
            topology,
        }
    }

    pub fn folder(&self) -> PathBuf {
        self.scene.folder()
    }

    pub async fn ask(&self, server: &str, sql: &str) {
        let client = session(&self.folder(), self.ports[server], None).await.unwrap();
        for one in sql.split(';').filter(|one| !one.trim().is_empty()) {
            let done = client.batch_execute(one).await;
            done.unwrap_or_else(|error| panic!("{server}: {one}: {error:?}"));
        }
    }

    pub async fn promote(&self, server: &str) {
        if self.topology.postgres() >= PgMajor::V12 {
            self.ask(server, "SELECT pg_promote()").await;
            return;
        }
        self.control(server, &["-w", "promote"]);
    }

    /// What somebody does with pg_ctl.
    pub fn control(&self, server: &str, arguments: &[&str]) {
        let bin = std::env::var_os("PGCASCADE_BIN").map_or_else(|| programs().0, PathBuf::from);
        let data = self.folder().join("servers").join(server).join("data");
        let done = as_user(bin.join("pg_ctl"))
            .arg("-D")
            .arg(data)
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(done.unwrap().success(), "pg_ctl {arguments:?}");
    }

    pub fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let (command, rest) = arguments.split_first().unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_pgcascade"))
            .arg(command)
            .arg(self.folder())
            .args(rest)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    }

    /// What `status --json` finds, as "rule server", and its sentences.
    pub fn rules(&self) -> (Vec<String>, String) {
        let (code, said) = self.run(&["status", "--json"]);
        let board: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
        let drift = board["drift"].as_array().unwrap();
        let is_silent = drift.iter().any(|one| one["rule"] == "server-silent");
        let expected = match (drift.is_empty(), is_silent) {
            (true, _) => 0,
            (false, true) => 4,
            (false, false) => 3,
        };
        assert_eq!(code, Some(expected), "{said}");
        let rules = drift.iter().map(|one| {
            let (rule, server) = (one["rule"].as_str().unwrap(), one["server"].as_str());
            format!("{rule} {}", server.unwrap_or("-"))
        });
        (rules.collect(), said)
    }

    /// Waits until exactly these are found.
    #[track_caller]
    pub fn shows(&self, expected: &[&str], patience: Duration) -> String {
        let begun = Instant::now();
        loop {
            let (rules, said) = self.rules();
            if rules == expected {
                return said;
            }
            assert!(
                begun.elapsed() < patience,
                "{rules:?} instead of {expected:?}\n{said}"
            );
            std::thread::sleep(POLL);
        }
    }

    /// Does it, sees it, repairs it, and sees it go.
    pub async fn tries(&self, server: &str, harm: &str, mend: &str, expected: &[&str]) -> String {
        self.ask(server, harm).await;
        let said = self.shows(expected, SEEN);
        self.ask(server, mend).await;
        self.shows(&[], SEEN);
        said
    }

    /// The design that was deployed, applied once more.
    pub fn apply(&self, more: &[&str]) -> (Option<i32>, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_pgcascade"))
            .arg("apply")
            .arg(self.folder().join("design.toml"))
            .arg("--dir")
            .arg(self.folder())
            .args(more)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    }

    /// What verify says, which has to fail.
    pub fn refuses(&self, words: &[&str]) {
        let (code, said) = self.run(&["verify"]);
        assert_eq!(code, Some(1), "{said}");
        for word in words {
            assert!(said.contains(word), "no \"{word}\" in {said}");
        }
    }

    pub async fn end(self) {
        take_back(&self.folder());
        let done = cluster::teardown(&self.folder(), CancellationToken::new()).await;
        done.unwrap_or_else(|report| panic!("{report}"));
        assert_gone(&self.folder());
    }
}

fn system(what: &str) -> String {
    format!("ALTER SYSTEM {what}; SELECT pg_reload_conf()")
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_somebody_changed_are_seen_with_their_place() {
    let place = Place::of("m + sync first 1\n  a + priority 1\n  b +\n", |_| {}).await;
    let reset = system("RESET ALL");
    place
        .ask("m", &system("SET synchronous_standby_names = 'ghost'"))
        .await;
    let ghost = place.shows(&["commits-differ m", "other-sync-names m"], SEEN);
    assert!(ghost.contains("(postgresql.auto.conf, line "), "{ghost}");
    place.refuses(&["'ghost' on m", "ALTER SYSTEM RESET synchronous_standby_names"]);
    // A commit that hangs is counted, and ends with the harm.
    let waits = {
        let client = session(&place.folder(), place.ports["m"], None).await.unwrap();
        tokio::spawn(async move { client.batch_execute("CREATE TABLE waits ()").await })
    };
    let begun = Instant::now();
    while !place
        .rules()
        .1
        .contains("\"outcome\":\"waiting\",\"waits_for\":[],\"waiting\":1}")
    {
        assert!(begun.elapsed() < SEEN, "{}", place.rules().1);
    }
    place.ask("m", &reset).await;
    place.shows(&[], SEEN);
    waits.await.unwrap().unwrap();

    for (server, harm, expected) in [
        (
            "m",
            "SET synchronous_standby_names = ''",
            &["commits-differ m", "other-sync-names m"][..],
        ),
        (
            "m",
            "SET synchronous_commit = 'local'",
            &["commits-differ m", "setting-differs m"],
        ),
        ("m", "SET max_slot_wal_keep_size = '77MB'", &["setting-differs m"]),
        ("m", "SET max_wal_senders = 33", &["setting-pending m"]),
        ("a", "SET wal_sender_timeout = '7s'", &["setting-undrawn a"]),
        (
            "a",
            "SET recovery_min_apply_delay = '7min'",
            &["other-apply-delay a"],
        ),
        (
            "b",
            "SET synchronous_standby_names = 'x'",
            &["other-sync-names b"],
        ),
    ] {
        // Up to 11 recovery.conf has the delay; up to 12 no slot has a limit.
        let since = match harm {
            _ if harm.contains("apply_delay") => PgMajor::V12,
            _ if harm.contains("slot_wal") => PgMajor::V13,
            _ => PgMajor::V10,
        };
        if place.topology.postgres() < since {
            continue;
        }
        place.tries(server, &system(harm), &reset, expected).await;
    }
    // Written otherwise, the same; but the design has no say in it any more.
    for same in [
        "SET synchronous_standby_names = 'FIRST 1 (\"A\")'",
        "SET shared_buffers = '16384kB'",
    ] {
        place
            .tries("m", &system(same), &reset, &["setting-overruled m"])
            .await;
    }

    place.ask("a", "SELECT pg_wal_replay_pause()").await;
    place
        .ask(
            "m",
            "SET synchronous_commit = local; CREATE TABLE late AS SELECT generate_series(1, 9999)",
        )
        .await;
    let paused = place.shows(&["replay-paused a"], SEEN);
    assert!(
        paused.contains("\"replay_paused\":true") && paused.contains(" wait)."),
        "{paused}"
    );
    place.refuses(&["a does not apply what it receives"]);
    // Now a commit waits for what nobody applies.
    place
        .ask("m", &system("SET synchronous_commit = 'remote_apply'"))
        .await;
    place.shows(
        &["commits-differ m", "setting-differs m", "replay-paused a"],
        SEEN,
    );
    place.ask("m", &reset).await;
    place.ask("a", "SELECT pg_wal_replay_resume()").await;
    place.shows(&[], SEEN);

    // Five segments that a standby does not take.
    let frozen = Frozen::receivers(&place.folder(), &[place.ports["b"]]).await;
    for _ in 0..5 {
        place
            .ask(
                "m",
                "SET synchronous_commit = local; SELECT txid_current(); SELECT pg_switch_wal()",
            )
            .await;
    }
    let behind = place.shows(&["standby-behind b"], SEEN);
    assert!(behind.contains("b streams from m and is "), "{behind}");
    drop(frozen);
    place.shows(&[], MENDED);
    assert_eq!(place.run(&["verify"]).0, Some(0));
    place.end().await;
}

/// A stream that nobody drew, ended with the test.
struct Stream(Child);

impl Drop for Stream {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn links_and_slots_that_are_not_the_drawn_ones_are_seen() {
    let place = Place::of("m +\n  a +\n  b +\n", |_| {}).await;
    place
        .tries(
            "m",
            "SELECT pg_create_physical_replication_slot('old', true)",
            "SELECT pg_drop_replication_slot('old')",
            &["slot-extra m"],
        )
        .await;

    assert_eq!(place.run(&["stop", "b"]).0, Some(0));
    place.shows(&["slot-inactive m", "server-down b"], SEEN);
    place.refuses(&["b is down", "pgcascade start"]);
    place.ask("m", "SELECT pg_drop_replication_slot('b')").await;
    assert_eq!(place.run(&["start", "b"]).0, Some(0));
    let missing = place.shows(&["slot-missing m", "link-missing b"], SEEN);
    assert!(
        missing.contains("b does not stream from m: its slot b is missing."),
        "{missing}"
    );
    place.refuses(&["m has no slot b"]);
    place
        .ask("m", "SELECT pg_create_physical_replication_slot('b', true)")
        .await;
    place.shows(&[], MENDED);

    // An older pg_receivewal does not speak to a newer server.
    if place.topology.postgres() <= programs().1 {
        a_spy(&place);
    }

    // From 13 on a standby follows another with a reload, and slots can be lost.
    if place.topology.postgres() >= PgMajor::V13 {
        a_ring(&place).await;
        a_lost_slot(&place).await;
    }
    place.end().await;
}

/// Somebody streams whom nobody drew.
fn a_spy(place: &Place) {
    let password = std::fs::read_to_string(place.folder().join("secrets/replication")).unwrap();
    let target = tempfile::tempdir().unwrap();
    let spy = Command::new(programs().0.join("pg_receivewal"))
        .args(["--no-loop", "--directory"])
        .arg(target.path())
        .arg("--dbname")
        .arg(format!(
            "host=127.0.0.1 port={} user=replicator application_name=spy",
            place.ports["m"]
        ))
        .env("PGPASSWORD", password.trim())
        .stderr(Stdio::null())
        .spawn();
    let spy = Stream(spy.expect("pg_receivewal is required beside initdb"));
    place.shows(&["extra-sender m"], MENDED);
    drop(spy);
    place.shows(&[], SEEN);
}

/// a follows b, and b follows a.
async fn a_ring(place: &Place) {
    let follow = |name: &str, port: u16| {
        let conninfo = format!(
            "host=localhost port={port} user=replicator passfile=../../../secrets/replication.pgpass application_name={name}"
        );
        system(&format!("SET primary_conninfo = '{conninfo}'"))
    };
    place
        .ask("b", "SELECT pg_create_physical_replication_slot('a', true)")
        .await;
    place.ask("a", &follow("a", place.ports["b"])).await;
    let moved = place.shows(
        &[
            "slot-inactive m",
            "other-upstream a",
            "setting-differs a",
            "slot-extra b",
        ],
        MENDED,
    );
    assert!(
        moved.contains("a streams from b, not from m as drawn."),
        "{moved}"
    );
    place
        .ask("a", "SELECT pg_create_physical_replication_slot('b', true)")
        .await;
    place.ask("b", &follow("b", place.ports["a"])).await;
    let begun = Instant::now();
    while !place.rules().0.contains(&"ring -".to_owned()) {
        assert!(begun.elapsed() < MENDED, "{}", place.rules().1);
    }
    place.refuses(&["follow each other in a loop"]);
    for (server, other) in [("a", "b"), ("b", "a")] {
        place.ask(server, &system("RESET primary_conninfo")).await;
        let begun = Instant::now();
        let drop = format!(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '{server}' AND NOT active"
        );
        while place.rules().0.contains(&format!("slot-extra {other}")) {
            assert!(begun.elapsed() < MENDED, "{}", place.rules().1);
            place.ask(other, &drop).await;
        }
    }
    place.shows(&[], MENDED);
}

/// Last, since only a new copy repairs it.
async fn a_lost_slot(place: &Place) {
    assert_eq!(place.run(&["stop", "b"]).0, Some(0));
    place
        .ask("m", &system("SET max_slot_wal_keep_size = '16MB'"))
        .await;
    for _ in 0..5 {
        place
            .ask("m", "SELECT txid_current(); SELECT pg_switch_wal()")
            .await;
    }
    place.ask("m", "CHECKPOINT").await;
    place.shows(&["slot-lost m", "setting-differs m", "server-down b"], SEEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_primary_is_not_started_beside_a_promoted_standby() {
    let place = Place::of("m +\n  a +\n  b +\n    c +\n", |_| {}).await;
    place.promote("a").await;
    place.shows(
        &["two-primaries -", "slot-inactive m", "standby-promoted a"],
        SEEN,
    );
    place.refuses(&["m and a accept writes", "a is designed as a standby of m"]);
    let listed = Command::new(env!("CARGO_BIN_EXE_pgcascade"))
        .arg("list")
        .output()
        .unwrap();
    let said = String::from_utf8(listed.stdout).unwrap();
    let folder = place.folder().display().to_string();
    let line = said.lines().find(|line| line.contains(&folder));
    assert!(
        line.is_some_and(|line| line.contains("split brain: m and a accept writes")),
        "{said}"
    );
    assert_eq!(listed.status.code(), Some(3));

    assert_eq!(place.run(&["stop", "m"]).0, Some(0));
    let begun = Instant::now();
    let said = loop {
        let (rules, said) = place.rules();
        // c goes on to stream from b, on the timeline that is over.
        if rules
            == [
                "server-down m",
                "standby-promoted a",
                "link-missing b",
                "other-timeline c",
            ]
        {
            break said;
        }
        assert!(begun.elapsed() < SEEN, "{said}");
    };
    assert!(
        said.contains("Leave it down") && !said.contains("start DIR m"),
        "{said}"
    );
    place.refuses(&["m is down", "accepts writes"]);
    for arguments in [&["start"][..], &["start", "m"], &["start", "--plan"]] {
        let (code, said) = place.run(arguments);
        assert_eq!(code, Some(1), "{arguments:?}: {said}");
        for words in ["a was promoted", "To keep a", "To go back to m"] {
            assert!(said.contains(words), "{said}");
        }
    }
    // The others may be stopped and started; and with a down, m may come back.
    assert_eq!(place.run(&["stop", "b", "c"]).0, Some(0));
    assert_eq!(place.run(&["start", "b", "c"]).0, Some(0));
    assert_eq!(place.run(&["stop"]).0, Some(0));
    place.shows(
        &[
            "no-primary -",
            "server-down m",
            "server-down a",
            "server-down b",
            "server-down c",
        ],
        SEEN,
    );
    let (code, said) = place.run(&["start"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("m and a would all accept writes"), "{said}");
    assert_eq!(place.run(&["start", "m", "b", "c"]).0, Some(0));
    place.shows(&["slot-inactive m", "server-down a"], MENDED);
    place.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_fails_is_seen_and_fails_verify() {
    let place = Place::of("m +\n  a +\n", |topology| {
        let archive = Archive::new("archive").unwrap();
        topology.apply(&Edit::SetArchive(Some(archive))).unwrap();
    })
    .await;
    let (code, said) = place.run(&["verify"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("A finished WAL segment of m has arrived in the archive."),
        "{said}"
    );

    let (archive, away) = (place.folder().join("archive"), place.folder().join("away"));
    std::fs::rename(&archive, &away).unwrap();
    place
        .ask("m", "SELECT txid_current(); SELECT pg_switch_wal()")
        .await;
    let failing = place.shows(&["archive-failing m"], MENDED);
    assert!(failing.contains("m cannot archive 0000"), "{failing}");
    place.refuses(&["m did not archive", "it failed to archive 0000"]);
    std::fs::rename(&away, &archive).unwrap();
    // It is proved by what it does now, and not by what it did.
    let (code, said) = place.run(&["verify"]);
    assert_eq!(code, Some(0), "{said}");
    place.shows(&[], MENDED);
    place.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_applied_design_is_what_runs_again() {
    let place = Place::of("m + sync first 1\n  a + priority 1\n  b +\n", |_| {}).await;
    let (_, said) = place.apply(&["--plan"]);
    assert!(said.contains("No changes"), "{said}");

    place
        .ask("m", &system("SET synchronous_standby_names = 'ghost'"))
        .await;
    place.ask("a", &system("SET max_wal_senders = 33")).await;
    assert_eq!(place.run(&["stop", "b"]).0, Some(0));
    place.ask("m", "SELECT pg_drop_replication_slot('b')").await;
    // Somebody wrote into the file itself.
    let conf = place.folder().join("servers/b/data/postgresql.conf");
    let text = std::fs::read_to_string(&conf).unwrap();
    std::fs::write(&conf, text + "wal_retrieve_retry_interval = 3s\n").unwrap();
    assert_eq!(place.run(&["start", "b"]).0, Some(0));
    place.shows(
        &[
            "commits-differ m",
            "slot-missing m",
            "other-sync-names m",
            "setting-pending a",
            "link-missing b",
            "setting-differs b",
        ],
        MENDED,
    );
    let (code, said) = place.apply(&["--plan"]);
    assert_eq!(code, Some(0), "{said}");
    for words in [
        "synchronous_standby_names of m was changed by hand and is reset to the design",
        "The slot b is created again on m",
        "wal_retrieve_retry_interval of b was changed by hand",
        "Reset synchronous_standby_names of m",
    ] {
        assert!(said.contains(words), "no \"{words}\" in {said}");
    }
    let (code, said) = place.apply(&[]);
    assert_eq!(code, Some(0), "{said}");
    place.shows(&[], SEEN);
    let (_, said) = place.apply(&["--plan"]);
    assert!(said.contains("No changes"), "{said}");
    assert_eq!(place.run(&["verify"]).0, Some(0));

    // What only a restart undoes.
    place.ask("b", &system("SET max_wal_senders = 44")).await;
    assert_eq!(place.run(&["stop", "b"]).0, Some(0));
    assert_eq!(place.run(&["start", "b"]).0, Some(0));
    place.shows(&["setting-differs b"], MENDED);
    let (code, said) = place.apply(&[]);
    assert_eq!(code, Some(0), "{said}");
    place.shows(&[], SEEN);

    // Who is the primary is nobody's to undo.
    place.promote("a").await;
    let (code, said) = place.apply(&[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("it was promoted"), "{said}");
    place.end().await;
}
