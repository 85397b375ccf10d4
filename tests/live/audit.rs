//! A healthy cluster has no findings; each mistake that is planted on a running one is named first, with its evidence.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::drift::Place;

/// What was done is seen by then.
const SEEN: Duration = Duration::from_secs(20);

/// The command as a person calls it: its exit code and its JSON.
fn audit(place: &Place, more: &[&str]) -> (Option<i32>, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_pgcascade"))
        .args(["audit", "--json"])
        .arg(format!(
            "host=localhost port={} user=postgres",
            place.ports["master"]
        ))
        .args(more)
        .env("PGPASSFILE", place.folder().join("secrets/pgpass"))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let json = serde_json::from_str(&said)
        .unwrap_or_else(|error| panic!("{error}: {said} {}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code(), json)
}

fn rules(said: &Value) -> Vec<String> {
    let findings = said["findings"].as_array().unwrap().iter();
    findings
        .map(|one| {
            format!(
                "{} {}",
                one["rule"].as_str().unwrap(),
                one["server"].as_str().unwrap_or("-")
            )
        })
        .collect()
}

/// Waits until this is found first.
#[track_caller]
fn names_first(place: &Place, expected: &str) -> Value {
    let begun = Instant::now();
    loop {
        let (_, said) = audit(place, &[]);
        if rules(&said).first().is_some_and(|first| first == expected) {
            let (rule, server) = expected.split_once(' ').unwrap();
            let key = if server == "-" {
                rule.to_owned()
            } else {
                expected.to_owned()
            };
            assert!(
                said["evidence"][key]
                    .as_array()
                    .is_some_and(|lines| !lines.is_empty()),
                "{said}"
            );
            assert!(said["findings"][0]["fix"].is_string(), "{said}");
            return said;
        }
        assert!(begun.elapsed() < SEEN, "{expected}: {:?}", rules(&said));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_mistakes_are_named_first_and_a_healthy_cluster_has_none() {
    let place = Place::of(
        "master + sync first 1\n  slave1 + priority 1\n    slave11 +\n  slave2 + priority 2\n",
        |_| {},
    )
    .await;
    let (code, said) = audit(&place, &[]);
    assert_eq!((code, rules(&said)), (Some(0), Vec::new()), "{said}");
    assert_eq!(said["live"], true);

    // A slot for nobody.
    place
        .ask(
            "master",
            "SELECT pg_create_physical_replication_slot('gone', true)",
        )
        .await;
    names_first(&place, "slot-inactive master");
    place
        .ask("master", "SELECT pg_drop_replication_slot('gone')")
        .await;

    // Replay that stands still.
    place.ask("slave11", "SELECT pg_wal_replay_pause()").await;
    names_first(&place, "replay-paused slave11");
    place.ask("slave11", "SELECT pg_wal_replay_resume()").await;

    // A value that stands in a file and does not run.
    place
        .ask("slave2", "ALTER SYSTEM SET max_connections = 200")
        .await;
    place.ask("slave2", "SELECT pg_reload_conf()").await;
    names_first(&place, "setting-pending slave2");
    place
        .ask(
            "slave2",
            "ALTER SYSTEM RESET max_connections; SELECT pg_reload_conf()",
        )
        .await;
    place.ask("slave2", "ALTER SYSTEM SET work_mem = '7MB'").await;
    names_first(&place, "file-not-loaded slave2");
    place.ask("slave2", "ALTER SYSTEM RESET work_mem").await;

    // Every commit would hang.
    let names =
        "ALTER SYSTEM SET synchronous_standby_names = 'FIRST 2 (slave1, ghost)'; SELECT pg_reload_conf()";
    place.ask("master", names).await;
    let said = names_first(&place, "sync-name-unknown master");
    assert!(
        said["findings"][0]["message"].as_str().unwrap().contains("ghost"),
        "{said}"
    );
    assert_eq!(audit(&place, &[]).0, Some(1));
    place
        .ask(
            "master",
            "ALTER SYSTEM RESET synchronous_standby_names; SELECT pg_reload_conf()",
        )
        .await;

    // A door for everybody.
    let hba = place.folder().join("servers/slave1/data/pg_hba.conf");
    let before = std::fs::read_to_string(&hba).unwrap();
    std::fs::write(&hba, format!("{before}host replication all 0.0.0.0/0 trust\n")).unwrap();
    names_first(&place, "anyone-gets-in slave1");
    std::fs::write(&hba, before).unwrap();

    // A standby without its limits.
    let (page, text): (PathBuf, PathBuf) =
        (place.folder().join("audit.html"), place.folder().join("audit.md"));
    let paths = [page.to_str().unwrap(), text.to_str().unwrap()];
    audit(
        &place,
        &["--html", paths[0], "--markdown", paths[1], "--anonymous"],
    );
    let page = std::fs::read_to_string(&page).unwrap();
    assert!(page.contains("<svg") && !page.contains("slave1") && !page.contains("<script"));
    assert!(!std::fs::read_to_string(&text).unwrap().contains("slave1"));
    for path in paths {
        std::fs::remove_file(path).unwrap();
    }

    // A standby that is away.
    place.control("slave11", &["-w", "-m", "fast", "stop"]);
    let (_, said) = audit(&place, &[]);
    assert!(
        rules(&said).contains(&"server-not-reached slave11".to_owned()),
        "{said}"
    );
    place.control("slave11", &["-w", "-l", "/dev/null", "start"]);
    place.end().await;
}
