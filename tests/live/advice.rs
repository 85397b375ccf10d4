//! What a verdict advises, typed word for word on servers to which it really happened: afterwards every server streams as the
//! advice means it, and what runs can be adopted.
//!
//! `PGCASCADE_BIN` tries another version. pg_rewind and pg_basebackup are needed for the old primary of a crash; where the
//! folder of the programs has none, as npm's packages, those lines are not typed, and the test says so.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pgcascade::engine::cluster;
use pgcascade::model::topology::{Archive, Edit, Topology};
use serde_json::Value;

use crate::drift::Place;
use crate::lab::{as_user, programs};

/// Servers that connect again, and a copy.
const AGAIN: Duration = Duration::from_mins(1);
const SEED: &str =
    "master + sync first 1\n  slave1 + priority 1\n    slave11 +\n    slave12 +\n  slave2 + priority 2\n";
const OWN_FILES: [&str; 2] = ["postgresql.conf", "pg_hba.conf"];

/// Who types: the lines, in the order of the advice.
struct Typist<'a> {
    place: &'a Place,
    bin: PathBuf,
    /// What a server's own files were before.
    own: BTreeMap<PathBuf, String>,
    /// Lines that this installation has no program for.
    untyped: Vec<String>,
}

impl<'a> Typist<'a> {
    fn at(place: &'a Place) -> Self {
        let bin = std::env::var_os("PGCASCADE_BIN").map_or_else(|| programs().0, PathBuf::from);
        let servers = place.topology.servers().iter();
        let files =
            servers.flat_map(|server| OWN_FILES.map(|file| data(place, server.name().as_str()).join(file)));
        let own = files
            .map(|path| (path.clone(), fs::read_to_string(path).unwrap()))
            .collect();
        Self {
            place,
            bin,
            own,
            untyped: Vec::new(),
        }
    }

    async fn types(&mut self, line: &str) {
        let (server, line) = line.split_once(": ").unwrap();
        let data = data(self.place, server);
        if let Some((file, content)) = line.strip_prefix("in ").and_then(|rest| rest.split_once(": ")) {
            add(&data.join(file), content);
        } else if line.starts_with("restore its own postgresql.conf and pg_hba.conf") {
            for file in OWN_FILES {
                let path = data.join(file);
                fs::write(&path, &self.own[&path]).unwrap();
            }
        } else if line.ends_with(';') {
            self.place.ask(server, line).await;
        } else {
            self.runs(line, &data);
        }
    }

    /// A line for the shell. Passwords come from a password file, as the advice has none in it.
    fn runs(&mut self, line: &str, data: &Path) {
        let typed = line.split(" #").next().unwrap();
        let program = typed
            .split_whitespace()
            .find(|word| word.starts_with("pg_"))
            .unwrap_or_default();
        if !program.is_empty() && !self.bin.join(program).exists() {
            self.untyped.push(line.to_owned());
            return;
        }
        if line.ends_with("# into an empty folder") {
            empty(data);
        }
        let mut path = OsString::from(&self.bin);
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let output = self.place.scene.path().join("said");
        let said = fs::File::create(&output).unwrap();
        let status = as_user("bash")
            .args(["-c", line])
            .env("PATH", path)
            .env("PGDATA", data)
            .env(
                "PGPASSFILE",
                self.place.folder().join("secrets").join(passwords(line)),
            )
            .current_dir(data)
            .stdin(Stdio::null())
            .stdout(said.try_clone().unwrap())
            .stderr(said)
            .status()
            .unwrap();
        let may_fail = line.ends_with("# if it runs");
        assert!(
            status.success() || may_fail,
            "{line}: {}",
            fs::read_to_string(output).unwrap()
        );
    }
}

/// A line more in a file of the servers' user.
fn add(path: &Path, line: &str) {
    let before = fs::read_to_string(path).unwrap_or_default();
    fs::write(path, format!("{before}\n{line}\n")).unwrap();
    let owner = fs::metadata(path.parent().unwrap()).unwrap();
    chown(path, Some(owner.uid()), Some(owner.gid())).unwrap();
}

/// A copy streams as the role of standbys, pg_rewind asks as a superuser.
fn passwords(line: &str) -> &'static str {
    if line.contains("pg_basebackup -") {
        "replication.pgpass"
    } else {
        "pgpass"
    }
}

fn data(place: &Place, server: &str) -> PathBuf {
    place.folder().join("servers").join(server).join("data")
}

fn empty(data: &Path) {
    for entry in fs::read_dir(data).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            fs::remove_dir_all(path)
        } else {
            fs::remove_file(path)
        }
        .unwrap();
    }
}

fn kill_hard(place: &Place, server: &str) {
    let text = fs::read_to_string(data(place, server).join("postmaster.pid")).unwrap();
    let pid = Pid::from_raw(text.lines().next().unwrap().parse().unwrap());
    kill(pid, Signal::SIGKILL).unwrap();
    let begun = Instant::now();
    while kill(pid, None).is_ok() {
        assert!(begun.elapsed() < AGAIN, "{server} does not die");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The lines of the verdict on what happened, as `predict --json` has them.
fn advised(place: &Place, happened: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_pgcascade"))
        .arg("predict")
        .arg(place.folder().join("design.toml"))
        .args(happened)
        .arg("--json")
        .output()
        .unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let pieces = said["verdict"]["advice"].as_array().unwrap();
    let lines = pieces
        .iter()
        .flat_map(|piece| piece["commands"].as_array().unwrap());
    let lines: Vec<String> = lines.map(|line| line.as_str().unwrap().to_owned()).collect();
    assert!(!lines.is_empty(), "nothing is advised: {said}");
    lines
}

/// Who follows whom in the design of the folder: "a", "b < a".
fn drawn(place: &Place) -> Vec<String> {
    let topology: Topology = cluster::design(&place.folder()).unwrap().topology().clone();
    let servers = topology.servers().iter().map(|server| {
        let upstream = server.upstream().and_then(|id| topology.server(id));
        upstream.map_or_else(
            || server.name().to_string(),
            |upstream| format!("{} < {}", server.name(), upstream.name()),
        )
    });
    let mut lines: Vec<String> = servers.collect();
    lines.sort();
    lines
}

/// It happens, what is advised is typed, and then the cluster has this shape.
#[allow(clippy::print_stdout, reason = "nothing is skipped quietly")]
async fn follows_the_advice(text: &str, change: impl FnOnce(&mut Topology), faults: &[&str], shape: &[&str]) {
    let place = Place::of(text, change).await;
    let mut typist = Typist::at(&place);
    let mut asked = Vec::new();
    for fault in faults {
        let (verb, server) = fault.split_once(' ').unwrap();
        match verb {
            "promote" => {
                place.promote(server).await;
                asked.extend(["--promote", server]);
                continue;
            }
            "crash" => kill_hard(&place, server),
            "stop" => assert_eq!(place.run(&["stop", server]).0, Some(0)),
            _ => panic!("{fault}"),
        }
        asked.extend(["--fault", fault]);
    }
    let lines = advised(&place, &asked);
    for line in &lines {
        typist.types(line).await;
    }
    if !typist.untyped.is_empty() {
        println!(
            "{faults:?}: not typed, there is no such program here: {:?}",
            typist.untyped
        );
        place.end().await;
        return;
    }
    let (code, said) = (place.run(&["adopt"]), drawn(&place));
    assert_eq!(code.0, Some(0), "{faults:?}: {lines:#?}\n{}", code.1);
    assert_eq!(
        said,
        shape,
        "{faults:?}: {lines:#?}\n{}",
        place.run(&["status"]).1
    );
    // What was set by ALTER SYSTEM becomes the files' own.
    let (code, said) = place.apply(&[]);
    assert_eq!(code, Some(0), "{faults:?}: {said}");
    place.shows(&[], AGAIN);
    let (code, said) = place.run(&["verify"]);
    assert_eq!(code, Some(0), "{faults:?}: {said}");
    place.end().await;
}

pub fn rewindable(topology: &mut Topology) {
    topology
        .apply(&Edit::SetSetting {
            server: None,
            name: "wal_log_hints".to_owned(),
            value: Some("on".to_owned()),
        })
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_primary_crashed() {
    for (heir, shape) in [
        (
            "slave1",
            [
                "master < slave1",
                "slave1",
                "slave11 < slave1",
                "slave12 < slave1",
                "slave2 < slave1",
            ],
        ),
        (
            "slave2",
            [
                "master < slave2",
                "slave1 < slave2",
                "slave11 < slave1",
                "slave12 < slave1",
                "slave2",
            ],
        ),
    ] {
        let faults = ["crash master".to_owned(), format!("promote {heir}")];
        let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
        follows_the_advice(SEED, rewindable, &faults, &shape).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_primary_was_stopped() {
    follows_the_advice(
        SEED,
        |_| {},
        &["stop master", "promote slave1"],
        &[
            "master < slave1",
            "slave1",
            "slave11 < slave1",
            "slave12 < slave1",
            "slave2 < slave1",
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_is_gone() {
    follows_the_advice(
        SEED,
        |_| {},
        &["crash slave1"],
        &[
            "master",
            "slave11 < master",
            "slave12 < master",
            "slave2 < master",
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_heir_stood_far_down_in_another_kind_of_cluster() {
    follows_the_advice(
        "a + sync any 1\n  b + no-slot priority 1\n    c + no-slot\n  d + no-slot priority 2\n",
        |topology| {
            rewindable(topology);
            topology
                .apply(&Edit::SetArchive(Some(Archive::new("archive").unwrap())))
                .unwrap();
        },
        &["crash a", "promote c"],
        &["a < c", "b < c", "c", "d < c"],
    )
    .await;
}
