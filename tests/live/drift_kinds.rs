//! Kinds of difference that take more than a statement to make: a server that is another, elsewhere, or about to lose its WAL.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use pgcascade::model::topology::PgMajor;

use crate::drift::Place;
use crate::frozen::Frozen;
use crate::lab::{as_user, programs};
use crate::scene::some_ports;

/// What somebody did is seen by then, and is over by then.
const SEEN: Duration = Duration::from_secs(10);
/// Servers that connect again.
const MENDED: Duration = Duration::from_secs(30);
/// An upstream that is well says something each 30 s.
const QUIET: Duration = Duration::from_secs(45);

fn data(place: &Place, server: &str) -> PathBuf {
    place.folder().join("servers").join(server).join("data")
}

fn as_servers_user(program: &str, arguments: &[&Path]) {
    let done = as_user(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(done.unwrap().success(), "{program} {arguments:?}");
}

/// Makes a server a standby when it starts next; a standby of nobody, unless its files say of whom.
fn make_standby(place: &Place, server: &str) {
    let data = data(place, server);
    if place.topology.postgres() >= PgMajor::V12 {
        as_servers_user("touch", &[&data.join("standby.signal")]);
    } else {
        let file = data.join("recovery.conf");
        as_servers_user("touch", &[&file]);
        std::fs::write(&file, "standby_mode = on\n").unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_became_a_standby_is_seen() {
    let place = Place::of("m +\n  a +\n", |_| {}).await;
    place.control("m", &["-w", "stop"]);
    make_standby(&place, "m");
    place.control("m", &["-w", "-l", "/dev/null", "start"]);
    let expected = ["no-primary -", "primary-is-standby m"];
    let begun = Instant::now();
    while !expected
        .iter()
        .all(|one| place.rules().0.contains(&(*one).to_owned()))
    {
        assert!(begun.elapsed() < SEEN, "{}", place.rules().1);
    }
    // What its standby lacks is gone once it has connected again.
    let said = place.shows(&expected, MENDED);
    assert!(
        said.contains("m is designed as the primary but is a standby"),
        "{said}"
    );
    place.refuses(&["No server accepts writes", "m is designed as the primary"]);
    place.promote("m").await;
    // Its standby follows to the new timeline.
    place.shows(&[], MENDED);
    place.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_port_is_seen() {
    let place = Place::of("m +\n  a +\n", |_| {}).await;
    let [other] = some_ports(1)[..] else {
        panic!("one port");
    };
    let options = format!("-p {other}");
    place.control("a", &["-w", "stop"]);
    place.control("a", &["-w", "-l", "/dev/null", "-o", &options, "start"]);
    let said = place.shows(&["other-port a"], SEEN);
    let sentence = format!("a listens on port {other}, not on {}.", place.ports["a"]);
    assert!(said.contains(&sentence), "{said}");
    place.refuses(&[&sentence]);
    place.control("a", &["-w", "stop"]);
    place.control("a", &["-w", "-l", "/dev/null", "start"]);
    place.shows(&[], SEEN);
    place.end().await;
}

/// Puts another cluster, made by these programs, where a standby's data was, and takes it away again.
fn another_cluster(place: &Place, bin: &Path, expected: &[&str], words: &[&str]) {
    let (data, kept) = (data(place, "a"), data(place, "a").with_file_name("kept"));
    place.control("a", &["-w", "stop"]);
    as_servers_user("mv", &[&data, &kept]);
    let made = as_user(bin.join("initdb"))
        .args(["-U", "postgres", "-A", "trust", "-N", "-D"])
        .arg(&data)
        .stdout(Stdio::null())
        .status();
    assert!(made.unwrap().success());
    // Its own pg_hba.conf lets everybody in: it does not know the cluster's passwords.
    as_servers_user(
        "cp",
        &[&kept.join("postgresql.conf"), &data.join("postgresql.conf")],
    );
    if kept.join("recovery.conf").exists() {
        as_servers_user("cp", &[&kept.join("recovery.conf"), &data.join("recovery.conf")]);
    } else {
        make_standby(place, "a");
    }
    let control = |what: &[&str]| {
        let done = as_user(bin.join("pg_ctl"))
            .arg("-D")
            .arg(&data)
            .args(["-w", "-l", "/dev/null"])
            .args(what)
            .stdout(Stdio::null())
            .status();
        assert!(done.unwrap().success(), "pg_ctl {what:?}");
    };
    control(&["start"]);
    let said = place.shows(expected, SEEN);
    for word in words {
        assert!(said.contains(word), "no \"{word}\" in {said}");
    }
    place.refuses(&["a is a copy of another cluster"]);
    control(&["stop"]);
    as_servers_user("rm", &[Path::new("-r"), &data]);
    as_servers_user("mv", &[&kept, &data]);
    place.control("a", &["-w", "-l", "/dev/null", "start"]);
    place.shows(&[], MENDED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_another_cluster_is_seen() {
    let place = Place::of("m +\n  a +\n", |_| {}).await;
    let bin = std::env::var_os("PGCASCADE_BIN").map_or_else(|| programs().0, PathBuf::from);
    let words = ["a is a copy of another cluster: its system identifier is"];
    let expected = ["slot-inactive m", "stale-copy a", "link-missing a"];
    another_cluster(&place, &bin, &expected, &words);
    place.end().await;
}

/// `PGCASCADE_TEST_BINS` has the programs of another major.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL of two versions: make test-versions"]
async fn another_version_is_seen_on_other_versions() {
    let place = Place::of("m +\n  a +\n", |_| {}).await;
    let own = place.topology.postgres();
    let bins = std::env::var_os("PGCASCADE_TEST_BINS").expect("PGCASCADE_TEST_BINS is not set");
    let is_next = |bin: &PathBuf| {
        let major = bin
            .parent()
            .and_then(Path::file_name)
            .map(|name| name.to_string_lossy());
        // Its files of recovery are the same, and it knows every setting.
        major
            .and_then(|major| PgMajor::parse(&major).ok())
            .is_some_and(|major| major > own && own >= PgMajor::V13)
    };
    let bin = std::env::split_paths(&bins).find(is_next);
    let bin = bin.expect("no newer version than the machine's in PGCASCADE_TEST_BINS");
    let expected = [
        "slot-inactive m",
        "other-version a",
        "stale-copy a",
        "link-missing a",
    ];
    let sentence = format!("; the design is for {own}.");
    another_cluster(&place, &bin, &expected, &["a runs PostgreSQL ", &sentence]);
    place.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_on_which_nothing_comes_is_seen_before_it_breaks() {
    let place = Place::of("m +\n  a +\n", |_| {}).await;
    let frozen = Frozen::senders(&place.folder(), place.ports["m"], "a").await;
    assert!(!frozen.is_empty());
    let said = place.shows(&["link-silent a"], QUIET);
    assert!(
        said.contains("a has heard nothing from m for more than 35 s."),
        "{said}"
    );
    place.refuses(&["a has heard nothing from m"]);
    drop(frozen);
    place.shows(&[], SEEN);
    place.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_is_about_to_lose_wal_is_seen_while_it_can_be_saved() {
    let place = Place::of("m +\n  a +\n", |_| {}).await;
    if place.topology.postgres() < PgMajor::V13 {
        // Slots have no limit there.
        place.end().await;
        return;
    }
    assert_eq!(place.run(&["stop", "a"]).0, Some(0));
    place.shows(&["slot-inactive m", "server-down a"], SEEN);
    let limit = "ALTER SYSTEM SET max_slot_wal_keep_size = '16MB'; SELECT pg_reload_conf()";
    place.ask("m", limit).await;
    for _ in 0..4 {
        place
            .ask("m", "SELECT txid_current(); SELECT pg_switch_wal()")
            .await;
    }
    let said = place.shows(
        &[
            "slot-endangered m",
            "slot-inactive m",
            "setting-differs m",
            "server-down a",
        ],
        SEEN,
    );
    assert!(
        said.contains("The slot a on m loses WAL that a needs at the next checkpoint."),
        "{said}"
    );
    place.refuses(&["loses WAL that a needs at the next checkpoint"]);
    // What its sentence says: it catches up now.
    assert_eq!(place.run(&["start", "a"]).0, Some(0));
    place
        .ask("m", "ALTER SYSTEM RESET ALL; SELECT pg_reload_conf()")
        .await;
    place.shows(&[], MENDED);
    place.end().await;
}
