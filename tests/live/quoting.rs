//! What is quoted, through the parsers that read it: a running server for configuration files, names and lists, libpq
//! for connection strings, bash for the scripts. Random texts by the thousand; `PGCASCADE_SEED=n` makes other ones.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use pgcascade::model::bundle::{Bundle, generate};
use pgcascade::model::configuration::value_in;
use pgcascade::model::document::Document;
use pgcascade::model::quoting::{identifier, literal};
use pgcascade::model::topology::{Edit, Port, Server, ServerName, SyncMethod, SyncPolicy, Topology};
use tokio_postgres::Client;

use crate::designs::PIECES;
use crate::lab::{Lab, SOON, as_user, programs, template};
use crate::random::Random;

/// Texts in one configuration file.
const TEXTS: usize = 2_000;
/// Names that are standbys for a moment, so many at a time.
const BATCHES: usize = 12;
const BATCH: usize = 8;
/// Servers of one drawing, and how many such drawings.
const WORDS: usize = 150;
const DRAWINGS: u64 = 10;

/// A server by itself, which is all that the texts need.
fn lab(number: u16) -> Lab {
    Lab::new("nothing-replicates", number, "m 1\n", &[])
}

fn file<'a>(bundle: &'a Bundle, path: &str) -> &'a str {
    &bundle.file(path).unwrap_or_else(|| panic!("{path}")).contents
}

/// The running server gets the bundle's files.
async fn reload(lab: &Lab, client: &Client, bundle: &Bundle) {
    for name in ["postgresql.conf", "pg_hba.conf"] {
        fs::write(
            lab.data("m").join(name),
            file(bundle, &format!("servers/m/{name}")),
        )
        .unwrap();
    }
    client.batch_execute("SELECT pg_reload_conf()").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn values_of_a_configuration_file_are_read_as_they_were_given() {
    let _template = template();
    let lab = lab(30);
    lab.start("m").unwrap();
    let mut random = Random::new(0);
    let mut topology = lab.topology.clone();
    let mut given = Vec::new();
    for number in 0..TEXTS {
        let length = random.below(16);
        let value = random.text(&PIECES, length);
        let (name, text) = (format!("odd.text{number}"), Some(value.clone()));
        let edit = Edit::SetSetting {
            server: None,
            name: name.clone(),
            value: text,
        };
        topology.apply(&edit).unwrap();
        given.push((name, value));
    }
    let bundle = generate(&Document::new(topology));
    let conf = file(&bundle, "servers/m/postgresql.conf");
    for (name, value) in &given {
        assert_eq!(value_in(conf, name).as_ref(), Some(value), "{name}");
    }
    let client = lab.session("m").await;
    reload(&lab, &client, &bundle).await;
    lab.expect("m", "SELECT count(error)::text FROM pg_file_settings", "0")
        .await;
    let last = &given[TEXTS - 1];
    let has_come = format!("SELECT (current_setting('{}', true) IS NOT NULL)::text", last.0);
    lab.expect("m", &has_come, "true").await;
    let rows = client
        .query(
            "SELECT current_setting('odd.text' || n) FROM generate_series(0, $1::int - 1) n ORDER BY n",
            &[&i32::try_from(TEXTS).unwrap()],
        )
        .await
        .unwrap();
    // A session that was there before sees the reload with its next question; the last one told that it has come.
    for (row, (name, value)) in rows.iter().zip(&given) {
        assert_eq!(row.get::<_, &str>(0), value, "{name}");
    }
    assert_eq!(rows.len(), TEXTS);
}

/// As the engine sends it: both ways in which a session can read a backslash.
#[tokio::test(flavor = "multi_thread")]
async fn literals_and_names_of_a_statement_are_read_as_they_were_given() {
    let _template = template();
    let lab = lab(33);
    lab.start("m").unwrap();
    let client = lab.session("m").await;
    let mut random = Random::new(0);
    for conforming in ["on", "off"] {
        let set = format!("SET standard_conforming_strings = {conforming}; SET backslash_quote = off");
        client.batch_execute(&set).await.unwrap();
        for _ in 0..TEXTS / 10 {
            let length = random.below(16);
            let (value, name) = (random.text(&PIECES, length), random.text(&PIECES, 1 + length % 8));
            let statement = format!("SELECT {}::text AS {}", literal(&value), identifier(&name));
            let rows = client.query(&statement, &[]).await.unwrap();
            assert_eq!(rows[0].get::<_, &str>(0), value, "{conforming}: {statement}");
            assert_eq!(rows[0].columns()[0].name(), name, "{statement}");
        }
    }
}

/// A drawing of the server with these standbys directly below it, all of them candidates.
fn drawn(lab: &Lab, names: &[ServerName], method: SyncMethod) -> Topology {
    let mut topology = lab.topology.clone();
    let upstream = topology.primary().id();
    for (priority, name) in (1..).zip(names) {
        let edit = Edit::AddStandby {
            upstream,
            name: Some(name.clone()),
            port: Some(Port::new(1_024 + u16::try_from(priority).unwrap()).unwrap()),
        };
        let server = topology.apply(&edit).unwrap().created.unwrap();
        let priority = Some(priority);
        topology
            .apply(&Edit::SetSyncPriority { server, priority })
            .unwrap();
        let slot = Some(false);
        topology.apply(&Edit::SetSlot { server, slot }).unwrap();
    }
    let policy = SyncPolicy {
        method,
        count: 2,
        ..SyncPolicy::default()
    };
    topology.apply(&Edit::SetSync(Some(policy))).unwrap();
    topology
}

/// The connection string as the server itself reads it from the standby's file.
fn conninfo(bundle: &Bundle, topology: &Topology, standby: &Server, folder: &Path) -> String {
    let path = folder.join("probe.conf");
    let own = format!("servers/{}/postgresql.conf", topology.folder(standby.id()));
    fs::write(&path, file(bundle, &own)).unwrap();
    let said = as_user(programs().0.join("postgres"))
        .args(["-C", "primary_conninfo", "-D"])
        .arg(folder)
        .arg(format!("--config-file={}", path.display()))
        .output()
        .unwrap();
    assert!(said.status.success(), "{said:?}");
    let text = String::from_utf8(said.stdout).unwrap();
    text.strip_suffix('\n').unwrap().to_owned()
}

/// Programs that stream like a standby, ended with the test.
struct Streams(Vec<Child>);

impl Drop for Streams {
    fn drop(&mut self) {
        for stream in &mut self.0 {
            let _ = stream.kill();
            let _ = stream.wait();
        }
    }
}

/// From the design's name over the configuration file, libpq and the sender to the list of names, and nobody else's
/// reading of it: pg_receivewal connects with a standby's own connection string.
#[tokio::test(flavor = "multi_thread")]
async fn names_arrive_as_they_are_drawn_and_are_the_ones_that_are_waited_for() {
    let _template = template();
    let lab = lab(31);
    let major = lab.topology.postgres();
    lab.start("m").unwrap();
    let client = lab.session("m").await;
    let mut random = Random::new(0);
    for batch in 0..BATCHES {
        let mut names: Vec<ServerName> = Vec::new();
        let mut taken = BTreeSet::from(["m".to_owned()]);
        while names.len() < BATCH {
            let name = random.name();
            if taken.insert(name.in_list(major).to_ascii_lowercase()) {
                names.push(name);
            }
        }
        let method = SyncMethod::ALL[batch % 2];
        let topology = drawn(&lab, &names, method);
        let bundle = generate(&Document::new(topology.clone()));
        reload(&lab, &client, &bundle).await;
        let list = topology.synchronous_standby_names();
        let has_come = "SELECT current_setting('synchronous_standby_names')";
        lab.expect("m", has_come, &list).await;

        let target = tempfile::tempdir().unwrap();
        let mut streams = Streams(Vec::new());
        for (place, standby) in topology.downstreams(topology.primary().id()).enumerate() {
            let into = target.path().join(place.to_string());
            fs::create_dir(&into).unwrap();
            let data = lab.data("m");
            let text = conninfo(&bundle, &topology, standby, &data);
            let stream = Command::new(programs().0.join("pg_receivewal"))
                // Without --synchronous it says nothing of what it has on disk, and is not a candidate.
                .args(["--no-loop", "--synchronous", "--status-interval=1", "--directory"])
                .arg(into)
                .arg("--dbname")
                .arg(text)
                .stderr(Stdio::null())
                .spawn()
                .expect("pg_receivewal is required beside initdb");
            streams.0.push(stream);
        }
        let expected: BTreeSet<(String, i32)> = (1..)
            .zip(&names)
            .map(|(place, name)| {
                let mut shown = name.in_list(major);
                shown.truncate(63);
                let priority = if method == SyncMethod::Any { 1 } else { place };
                (shown, priority)
            })
            .collect();
        let begun = Instant::now();
        loop {
            let rows = client
                .query(
                    "SELECT application_name, sync_priority FROM pg_stat_replication",
                    &[],
                )
                .await
                .unwrap();
            let shown: BTreeSet<(String, i32)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
            if shown == expected {
                break;
            }
            assert!(begun.elapsed() < SOON * 3, "{list}\n{shown:#?}\n{expected:#?}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

/// What stands in the scripts as one word is one word, and the right one.
#[test]
fn words_of_the_scripts_are_read_by_bash_as_they_were_given() {
    for drawing in 0..DRAWINGS {
        reads_words(&mut Random::new(drawing));
    }
}

fn reads_words(random: &mut Random) {
    let port = |place: usize| Port::new(1_024 + u16::try_from(place).unwrap()).unwrap();
    let mut topology = Topology::new("words", programs().1, random.name(), port(0));
    let upstream = topology.primary().id();
    while topology.servers().len() < WORDS {
        let name = random.name();
        if topology.by_name(name.as_str()).is_none() {
            let (name, port) = (Some(name), Some(port(topology.servers().len())));
            topology
                .apply(&Edit::AddStandby { upstream, name, port })
                .unwrap();
        }
    }
    let bundle = generate(&Document::new(topology.clone()));
    // One line for each server, which this bash reads in place of the script's own function.
    let calls: String = file(&bundle, "status")
        .lines()
        .filter(|line| line.starts_with("show "))
        .map(|line| format!("{line}\n"))
        .collect();
    let script = format!("show() {{ printf '%s\\0%s\\0' \"$1\" \"$2\"; }}\n{calls}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls");
    fs::write(&path, script).unwrap();
    let said = Command::new("bash").arg(path).output().unwrap();
    assert!(said.status.success() && said.stderr.is_empty(), "{said:?}");
    let said = String::from_utf8(said.stdout).unwrap();
    let mut words = said.split_terminator('\0');
    let primary = topology.primary().name().to_string();
    for server in topology.servers() {
        assert_eq!(words.next(), Some(server.name().as_str()));
        let role = match server.upstream() {
            None => "primary".to_owned(),
            Some(_) => format!("standby of {primary}"),
        };
        assert_eq!(words.next(), Some(role.as_str()));
    }
    assert_eq!(words.next(), None);
}
