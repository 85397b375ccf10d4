//! Sentences of lessons that no goal asks, shown on real servers (section 15 of the lessons' design): slots that are given up,
//! queries on standbys that clean-up needs out of its way, a delayed standby that is paused.

use std::time::{Duration, Instant};

use pgcascade::model::topology::{Edit, PgMajor, Topology, check, notation};
use tokio_postgres::Client;

use crate::drift::Place;
use crate::scene::{major, session};

/// For what has to come on a machine that has other work.
const SOON: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

fn set(topology: &mut Topology, server: Option<&str>, name: &str, value: &str) {
    let server = server.map(|name| topology.by_name(name).unwrap().id());
    let (name, value) = (name.to_owned(), Some(value.to_owned()));
    topology.apply(&Edit::SetSetting { server, name, value }).unwrap();
}

async fn client(place: &Place, server: &str) -> Client {
    session(&place.folder(), place.ports[server], None).await.unwrap()
}

async fn text(client: &Client, question: &str) -> String {
    let row = client.query_one(question, &[]).await.unwrap();
    row.get::<_, Option<String>>(0).unwrap_or_default()
}

#[track_caller]
fn until<'a>(
    client: &'a Client,
    question: &'a str,
    answers: &'a [&'a str],
) -> impl Future<Output = String> + 'a {
    let place = std::panic::Location::caller();
    async move {
        let begun = Instant::now();
        loop {
            let said = text(client, question).await;
            if answers.contains(&said.as_str()) {
                return said;
            }
            assert!(begun.elapsed() < SOON, "{place}: {said:?}, not {answers:?}");
            tokio::time::sleep(POLL).await;
        }
    }
}

/// Lesson 11: beyond the limit a slot is given up, from `reserved` over what the limit still lets it keep to `lost`; the standby
/// that comes back says what the page says.
#[tokio::test(flavor = "multi_thread")]
async fn a_slot_beyond_its_limit_is_given_up() {
    let major = major().await;
    if !major.has_slot_limit() {
        // Before 13 a slot keeps everything; a design for it cannot name a limit.
        let text = format!("postgres {major}\nprimary 5432\n  standby 5433\n");
        let mut topology = notation::parse(&text).unwrap();
        let limit = Edit::SetSetting {
            server: None,
            name: "max_slot_wal_keep_size".to_owned(),
            value: Some("64MB".to_owned()),
        };
        assert!(topology.apply(&limit).is_err() || has_findings_about(&topology, "max_slot_wal_keep_size"));
        return;
    }
    let place = Place::of("primary +\n  standby +\n", |topology| {
        set(topology, None, "wal_keep_size", "0");
        set(topology, None, "min_wal_size", "32MB");
        set(topology, None, "max_wal_size", "32MB");
        set(topology, None, "max_slot_wal_keep_size", "64MB");
    })
    .await;
    let primary = client(&place, "primary").await;
    let status = "SELECT wal_status FROM pg_replication_slots";
    until(&primary, status, &["reserved"]).await;
    place.control("standby", &["-w", "-m", "fast", "stop"]);
    primary
        .batch_execute("CREATE TABLE evening (n int)")
        .await
        .unwrap();
    let mut seen = vec!["reserved".to_owned()];
    let begun = Instant::now();
    while seen.last().is_none_or(|last| last != "lost") {
        for one in [
            "INSERT INTO evening VALUES (1)",
            "SELECT pg_switch_wal()",
            "CHECKPOINT",
        ] {
            primary.batch_execute(one).await.unwrap();
        }
        let said = text(&primary, status).await;
        if seen.last() != Some(&said) {
            seen.push(said);
        }
        assert!(begun.elapsed() < SOON, "{seen:?}");
    }
    // `unreserved` lasts only until the next checkpoint, so it may not be seen.
    let way: Vec<&str> = seen
        .iter()
        .map(String::as_str)
        .filter(|said| *said != "unreserved")
        .collect();
    assert_eq!(way, ["reserved", "extended", "lost"], "{seen:?}");
    place.control("standby", &["-W", "start", "-l", "/dev/null"]);
    let begun = Instant::now();
    loop {
        let said = std::fs::read_to_string(place.folder().join("servers/primary/log")).unwrap();
        if said.contains(if major < PgMajor::V18 {
            "has already been removed"
        } else {
            "This replication slot has been invalidated due to \"wal_removed\""
        }) {
            break;
        }
        assert!(begun.elapsed() < SOON, "{said}");
        tokio::time::sleep(POLL).await;
    }
    place.end().await;
}

fn has_findings_about(topology: &Topology, word: &str) -> bool {
    check(topology).iter().any(|one| one.message.contains(word))
}

/// Lesson 13: without feedback a query on the standby is cancelled, with the words and the code that its page has.
#[tokio::test(flavor = "multi_thread")]
async fn a_query_in_the_way_of_replay_is_cancelled() {
    let place = Place::of("primary +\n  standby +\n", |topology| {
        set(topology, Some("standby"), "max_standby_streaming_delay", "100ms");
        set(topology, Some("standby"), "hot_standby_feedback", "off");
    })
    .await;
    let primary = client(&place, "primary").await;
    primary
        .batch_execute("CREATE TABLE t AS SELECT generate_series(1, 1000) AS n")
        .await
        .unwrap();
    let reader = client(&place, "standby").await;
    until(&reader, "SELECT coalesce(to_regclass('t')::text, '')", &["t"]).await;
    until(&reader, "SELECT count(*)::text FROM t", &["1000"]).await;
    let long = tokio::spawn(async move { reader.batch_execute("SELECT pg_sleep(120) FROM t LIMIT 1").await });
    let other = client(&place, "standby").await;
    let runs = "SELECT count(*)::text FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep(120)%'";
    until(&other, runs, &["1"]).await;
    primary.batch_execute("DELETE FROM t").await.unwrap();
    primary.batch_execute("VACUUM t").await.unwrap();
    let error = tokio::time::timeout(SOON, long)
        .await
        .unwrap()
        .unwrap()
        .unwrap_err();
    let error = error.as_db_error().unwrap();
    assert_eq!(error.code().code(), "40001", "{error}");
    assert_eq!(
        error.message(),
        "canceling statement due to conflict with recovery"
    );
    place.end().await;
}

/// Lesson 13: what reports still needs reaches the primary only if relay passes it on; and what a slot holds stays while its
/// standby is away.
#[tokio::test(flavor = "multi_thread")]
async fn feedback_goes_up_the_tree_only_through_a_relay_that_passes_it_on() {
    for passes in ["off", "on"] {
        let place = Place::of("primary +\n  relay +\n    reports +\n", |topology| {
            set(topology, Some("relay"), "hot_standby_feedback", passes);
            set(topology, Some("reports"), "hot_standby_feedback", "on");
            set(topology, None, "wal_receiver_status_interval", "1s");
        })
        .await;
        let primary = client(&place, "primary").await;
        primary.batch_execute("CREATE TABLE t (n int)").await.unwrap();
        let reader = client(&place, "reports").await;
        until(&reader, "SELECT coalesce(to_regclass('t')::text, '')", &["t"]).await;
        reader
            .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM t")
            .await
            .unwrap();
        let holds = "SELECT (xmin IS NOT NULL)::text FROM pg_replication_slots";
        let relay = client(&place, "relay").await;
        assert_eq!(
            until(&relay, holds, &["true"]).await,
            "true",
            "the relay hears it"
        );
        if passes == "off" {
            // Longer than three of the messages that would tell it.
            tokio::time::sleep(Duration::from_secs(4)).await;
            assert_eq!(text(&primary, holds).await, "false");
        } else {
            until(&primary, holds, &["true"]).await;
            drop((reader, relay));
            place.control("relay", &["-w", "-m", "immediate", "stop"]);
            until(
                &primary,
                "SELECT active::text FROM pg_replication_slots",
                &["false"],
            )
            .await;
            assert_eq!(text(&primary, holds).await, "true", "the slot keeps what it held");
            // Dead rows stay, whatever is cleaned up.
            for one in [
                "INSERT INTO t SELECT generate_series(1, 1000)",
                "DELETE FROM t",
                "VACUUM t",
            ] {
                primary.batch_execute(one).await.unwrap();
            }
            let pages = "SELECT (pg_relation_size('t') > 0)::text";
            assert_eq!(text(&primary, pages).await, "true");
            place.control("relay", &["-w", "-l", "/dev/null", "start"]);
        }
        place.end().await;
    }
}

/// Lesson 12: paused before its delay is over, the late one keeps the table, and its row says streaming all the time.
#[tokio::test(flavor = "multi_thread")]
async fn a_delayed_standby_that_is_paused_in_time_keeps_what_was_dropped() {
    let place = Place::of("primary +\n  late + delay 3s\n", |_| {}).await;
    let primary = client(&place, "primary").await;
    primary.batch_execute("CREATE TABLE dear (n int)").await.unwrap();
    let late = client(&place, "late").await;
    let there = "SELECT coalesce(to_regclass('dear')::text, 'gone')";
    until(&late, there, &["dear"]).await;
    primary.batch_execute("DROP TABLE dear").await.unwrap();
    late.batch_execute("SELECT pg_wal_replay_pause()").await.unwrap();
    let streams = "SELECT state FROM pg_stat_replication WHERE application_name = 'late'";
    assert_eq!(text(&primary, streams).await, "streaming");
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(text(&late, there).await, "dear");
    assert_eq!(text(&primary, streams).await, "streaming");
    late.batch_execute("SELECT pg_wal_replay_resume()").await.unwrap();
    until(&late, there, &["gone"]).await;
    place.end().await;
}
