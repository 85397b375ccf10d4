//! What was done by hand becomes the design: `adopt`, and then nothing differs.

use std::fs;
use std::process::Command;

use pgcascade::engine::cluster;
use pgcascade::model::quoting::literal;
use pgcascade::model::topology::{PgMajor, Server, Topology};

use crate::drift::Place;
use crate::scene::session;

/// Servers that connect again.
const AGAIN: std::time::Duration = std::time::Duration::from_secs(30);

/// Who follows whom in the design of the folder: "a", "b < a".
fn drawn(place: &Place) -> Vec<String> {
    let topology: Topology = cluster::design(&place.folder()).unwrap().topology().clone();
    let line = |server: &Server| {
        let upstream = server.upstream().and_then(|id| topology.server(id));
        match upstream {
            Some(upstream) => format!("{} < {}", server.name(), upstream.name()),
            None => server.name().to_string(),
        }
    };
    let mut lines: Vec<String> = topology.servers().iter().map(line).collect();
    lines.sort();
    lines
}

/// A standby follows another one by hand, with or without a slot there: from 13 on by a reload, before by a restart.
async fn follow(place: &Place, server: &str, upstream: &str, slot: bool) {
    if slot {
        let sql = format!("SELECT pg_create_physical_replication_slot('{server}')");
        place.ask(upstream, &sql).await;
    }
    let slot = if slot { server } else { "" };
    let major = place.topology.postgres();
    let port = place.ports[upstream].to_string();
    if major < PgMajor::V12 {
        let file = place
            .folder()
            .join("servers")
            .join(server)
            .join("data/recovery.conf");
        let text = fs::read_to_string(&file).unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for line in &mut lines {
            if line.starts_with("primary_conninfo") {
                *line = on_port(line, &port);
            }
        }
        lines.retain(|line| !line.starts_with("primary_slot_name"));
        lines.extend((!slot.is_empty()).then(|| format!("primary_slot_name = '{slot}'")));
        fs::write(&file, lines.join("\n") + "\n").unwrap();
    } else {
        let client = session(&place.folder(), place.ports[server], None).await.unwrap();
        let row = client.query_one("SHOW primary_conninfo", &[]).await.unwrap();
        let conninfo = on_port(row.get(0), &port);
        for sql in [
            format!("ALTER SYSTEM SET primary_conninfo = {}", literal(&conninfo)),
            format!("ALTER SYSTEM SET primary_slot_name = '{slot}'"),
            "SELECT pg_reload_conf()".to_owned(),
        ] {
            client.batch_execute(&sql).await.unwrap();
        }
    }
    if !major.reloads_upstream() {
        place.control(server, &["-w", "restart", "-l", "/dev/null"]);
    }
}

/// The connection string to another port.
fn on_port(conninfo: &str, port: &str) -> String {
    let at = conninfo.find("port=").unwrap() + "port=".len();
    let end = conninfo[at..].find([' ', '\'']).unwrap() + at;
    [&conninfo[..at], port, &conninfo[end..]].concat()
}

/// Nothing differs any more, for anybody who asks.
fn is_adopted(place: &Place) {
    place.shows(&[], AGAIN);
    let (code, said) = place.apply(&["--plan"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("No changes"), "{said}");
    let (code, said) = place.run(&["verify"]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = place.run(&["adopt"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("Nothing to adopt"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failover_and_new_links_by_hand_become_the_design() {
    let place = Place::of(
        "m + sync first 1\n  a + priority 1\n    c +\n  b + priority 2\n",
        |_| {},
    )
    .await;
    let major = place.topology.postgres();
    // Two standbys change places in the tree, one with a slot and one without.
    follow(&place, "c", "b", true).await;
    let by_hand = [
        "slot-inactive a",
        "other-upstream c",
        "setting-differs c",
        "setting-overruled c",
        "slot-extra b",
    ];
    // Up to 11 recovery.conf has these, and no server shows it; 12 reads them at a start.
    let seen: Vec<&str> = by_hand
        .into_iter()
        .filter(|rule| major >= PgMajor::V12 || !rule.starts_with("setting-"))
        .collect();
    place.shows(&seen, AGAIN);
    let (code, said) = place.run(&["adopt", "--plan"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("c follows b"), "{said}");
    assert_eq!(drawn(&place), ["a < m", "b < m", "c < a", "m"], "only looked at");
    let (code, said) = place.run(&["adopt"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(drawn(&place), ["a < m", "b < m", "c < b", "m"]);
    is_adopted(&place);

    // The primary is gone, and another one takes its place; one standby is moved, one comes along.
    assert_eq!(place.run(&["stop", "m"]).0, Some(0));
    place.promote("b").await;
    follow(&place, "a", "b", false).await;
    let said = format!("{:?}", place.run(&["adopt", "--plan", "--json"]));
    for word in ["b is the primary, not m", "a follows b", "m does not run"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    let (code, said) = place.run(&["adopt"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(drawn(&place), ["a < b", "b", "c < b"]);
    is_adopted(&place);

    // All of it is in the files: it is the same after a restart.
    assert_eq!(place.run(&["stop"]).0, Some(0));
    assert_eq!(place.run(&["start"]).0, Some(0));
    is_adopted(&place);
    place.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_drawn_is_refused_or_said_and_what_left_comes_back() {
    let place = Place::of("m +\n  a +\n    c +\n  b +\n", |_| {}).await;
    let own = place.scene.path().join("own.toml");
    let deployed = fs::read_to_string(place.folder().join("design.toml")).unwrap();
    fs::write(&own, format!("# Ours, since 2019.\n{deployed}")).unwrap();

    // Settings become the server's own; a list of names that nobody has does not.
    let system =
        "ALTER SYSTEM SET wal_sender_timeout = '7s'; ALTER SYSTEM SET synchronous_standby_names = 'ghost'";
    place
        .ask("m", &format!("{system}; SELECT pg_reload_conf()"))
        .await;
    let path = own.to_str().unwrap();
    let (code, said) = place.run(&["adopt", "-o", path]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("synchronous_standby_names is 'ghost'"), "{said}");
    assert!(said.contains("wal_sender_timeout is 7000ms on m"), "{said}");
    place
        .ask(
            "m",
            "ALTER SYSTEM RESET synchronous_standby_names; SELECT pg_reload_conf()",
        )
        .await;
    // What a change would have done besides is done the next time.
    place.shows(&["setting-overruled m"], AGAIN);
    assert_eq!(place.run(&["adopt"]).0, Some(0));
    place.shows(&[], AGAIN);

    // The old primary is gone; one standby still asks for it.
    assert_eq!(place.run(&["stop", "m"]).0, Some(0));
    assert_eq!(place.run(&["adopt"]).0, Some(1), "nobody takes writes");
    place.promote("a").await;
    let (code, said) = place.run(&["adopt", "-o", path]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("b streams from nobody now"), "{said}");
    assert_eq!(drawn(&place), ["a", "b < a", "c < a"]);
    let text = fs::read_to_string(&own).unwrap();
    assert!(
        text.starts_with("# Ours, since 2019.") && !text.contains("name = \"m\"\nport"),
        "{text}"
    );
    let (code, said) = place.apply(&[]);
    assert_eq!(code, Some(0), "{said}");
    is_adopted(&place);

    // Somebody starts the old primary beside it: seen, and said.
    place.control("m", &["-w", "start", "-l", "/dev/null"]);
    place.shows(&["undrawn-server -"], AGAIN);
    assert_eq!(place.run(&["verify"]).0, Some(1));
    let list = Command::new(env!("CARGO_BIN_EXE_pgcascade"))
        .args(["list", "--run-as", "postgres"])
        .output();
    let list = String::from_utf8(list.unwrap().stdout).unwrap();
    assert!(list.contains("split brain: a and m accept writes"), "{list}");
    place.control("m", &["-w", "-m", "fast", "stop"]);
    place.shows(&[], AGAIN);

    // Drawn again, it is copied again from the server that took over.
    let port = place.ports["m"];
    let again = format!("{text}\n[[server]]\nname = \"m\"\nport = {port}\nfollows = \"a\"\n");
    fs::write(&own, again).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_pgcascade"))
        .args(["apply", path, "--dir"])
        .arg(place.folder())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(drawn(&place), ["a", "b < a", "c < a", "m < a"]);
    is_adopted(&place);
    place.end().await;
}
