//! What `status` says of a commit is what a commit does, in situations that people make: lists and levels set by ALTER SYSTEM,
//! standbys that are gone, replay that is paused, slots that were dropped.
//!
//! A seeded few by default; `PGCASCADE_SITUATIONS=200` tries so many, `PGCASCADE_SEED=n` other ones.

use std::time::Duration;

use serde_json::Value;
use tokio_postgres::NoTls;

use crate::drift::Place;
use crate::random::{Random, number};
use crate::scene::session;

const SITUATIONS: u64 = 12;
/// A commit that is not answered for so long waits for a standby.
const WAITS: Duration = Duration::from_secs(2);
/// Servers come and go meanwhile: what is not the same before and after a commit is asked again.
const TRIES: usize = 6;

const LISTS: [&str; 12] = [
    "",
    "a",
    "c",
    "a, b",
    "ghost",
    "ghost, c",
    "*",
    "FIRST 2 (a, b, c)",
    "ANY 1 (b, ghost)",
    "ANY 2 (a, b, c)",
    "ANY 2 (c, ghost)",
    "FIRST 3 (*)",
];
const LEVELS: [&str; 5] = ["off", "local", "remote_write", "on", "remote_apply"];

/// What somebody has done to a standby, and has to be undone first.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Harm {
    None,
    Stopped,
    Paused,
    WithoutSlot,
}

/// Inserts a row as any client does: true, if it is acknowledged.
async fn commits(place: &Place) -> bool {
    let client = session(&place.folder(), place.ports["m"], None).await.unwrap();
    let insert = client.batch_execute("INSERT INTO rows VALUES (now())");
    tokio::pin!(insert);
    if let Ok(done) = tokio::time::timeout(WAITS, &mut insert).await {
        done.unwrap();
        return true;
    }
    client.cancel_token().cancel_query(NoTls).await.unwrap();
    insert.await.unwrap();
    false
}

fn said(place: &Place) -> (String, String) {
    let (_, said) = place.run(&["status", "--json"]);
    let board: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    (board["commits"]["outcome"].as_str().unwrap().to_owned(), said)
}

async fn system(place: &Place, sql: &str) {
    // It must not wait for a standby itself.
    let sql = format!("SET synchronous_commit = local; ALTER SYSTEM {sql}; SELECT pg_reload_conf()");
    place.ask("m", &sql).await;
}

async fn undo(place: &Place, standby: &str, harm: Harm) {
    match harm {
        Harm::None => {}
        Harm::Stopped => place.control(standby, &["-w", "start", "-l", "/dev/null"]),
        Harm::Paused => place.ask(standby, "SELECT pg_wal_replay_resume()").await,
        Harm::WithoutSlot => {
            let sql = format!("SELECT pg_create_physical_replication_slot('{standby}')");
            place.ask("m", &sql).await;
        }
    }
}

async fn harm(place: &Place, standby: &str, harm: Harm) {
    let stop = || place.control(standby, &["-w", "-m", "fast", "stop"]);
    match harm {
        Harm::None => {}
        Harm::Stopped => stop(),
        Harm::Paused => place.ask(standby, "SELECT pg_wal_replay_pause()").await,
        Harm::WithoutSlot => {
            stop();
            let sql = format!("SELECT pg_drop_replication_slot('{standby}')");
            place.ask("m", &sql).await;
            place.control(standby, &["-w", "start", "-l", "/dev/null"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_a_commit_is_what_a_commit_does() {
    const STANDBYS: [&str; 3] = ["a", "b", "c"];
    let place = Place::of("m +\n  a +\n  b +\n  c +\n", |_| {}).await;
    place.ask("m", "CREATE TABLE rows (at timestamptz)").await;
    let mut harms = [Harm::None; 3];
    let mut seen = [0; 2];
    for case in 0..number("PGCASCADE_SITUATIONS").unwrap_or(SITUATIONS) {
        let mut random = Random::new(case);
        let (list, level) = (random.pick(&LISTS), random.pick(&LEVELS));
        system(&place, &format!("SET synchronous_standby_names = '{list}'")).await;
        system(&place, &format!("SET synchronous_commit = '{level}'")).await;
        let standby = random.below(STANDBYS.len());
        let chosen = random.pick(&[Harm::None, Harm::Stopped, Harm::Paused, Harm::WithoutSlot]);
        undo(&place, STANDBYS[standby], harms[standby]).await;
        harm(&place, STANDBYS[standby], chosen).await;
        harms[standby] = chosen;

        let mut last = String::new();
        let mut agrees = false;
        for _ in 0..TRIES {
            let (before, _) = said(&place);
            let is_acknowledged = commits(&place).await;
            let (after, whole) = said(&place);
            let expected = if is_acknowledged {
                "acknowledged"
            } else {
                "waiting"
            };
            agrees = before == after && before == expected;
            last = format!("{before}, {expected}, {after}: {whole}");
            if agrees {
                seen[usize::from(is_acknowledged)] += 1;
                break;
            }
        }
        assert!(agrees, "case {case}: '{list}' at {level}, {harms:?}: {last}");
    }
    assert!(seen.iter().all(|times| *times > 0), "{seen:?}");
    println!("{} commits waited, {} were acknowledged", seen[0], seen[1]);
    system(&place, "RESET ALL").await;
    for (standby, harm) in STANDBYS.into_iter().zip(harms) {
        undo(&place, standby, harm).await;
    }
    place.end().await;
}
