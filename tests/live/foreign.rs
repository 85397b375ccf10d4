//! The window without its window, on a cluster that it did not make: imported, audited, watched, exported, and never changed.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use pgcascade::app::{
    ClusterMessage, Dialog, Effect, ExportMessage, ImportMessage, ImportSource, ImportStage, Message,
    Session, Worker, update,
};
use pgcascade::model::desk::Password;
use pgcascade::model::document::{format, templates};
use pgcascade::model::export::{self, Target};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::cli::signal;
use crate::drift::Place;

/// For each thing that is waited for.
const DEADLINE: Duration = Duration::from_secs(30);
const CASCADE: &str = "master + sync first 1\n  slave1 + priority 1\n    slave11 +\n  slave2 + priority 2\n";

struct Desk {
    session: Session,
    worker: Worker,
}

impl Desk {
    fn new() -> Self {
        let seed = templates::find("seed").unwrap().text;
        Self {
            session: Session::new(format::read(seed).unwrap(), None),
            worker: Worker::new(|| ()).unwrap(),
        }
    }

    fn send(&mut self, message: Message) {
        for effect in update(&mut self.session, message) {
            // What is kept for a person is none of a test's.
            let is_kept = matches!(effect, Effect::Autosave { .. } | Effect::NoteConnection(_));
            if !effect.is_for_window() && !is_kept {
                self.worker.perform(effect);
            }
        }
    }

    #[track_caller]
    fn until(&mut self, what: &str, is_so: impl Fn(&Session) -> bool) {
        let begun = Instant::now();
        while !is_so(&self.session) {
            assert!(begun.elapsed() < DEADLINE, "{what}: {:#?}", self.session.dialog);
            for message in self.worker.drain() {
                self.send(message);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn import(&mut self, source: ImportSource) {
        self.send(Message::Import(ImportMessage::Ask(ImportSource::default())));
        self.send(Message::Import(ImportMessage::Start(source)));
    }
}

fn running() -> (Runtime, Place) {
    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    let place = runtime.block_on(Place::of(CASCADE, |_| {}));
    (runtime, place)
}

/// As a person comes who types the password.
fn source(place: &Place, server: &str) -> ImportSource {
    let password = std::fs::read_to_string(place.folder().join("secrets/superuser")).unwrap();
    ImportSource {
        connection: format!("host=localhost port={} user=postgres", place.ports[server]),
        password: Password::new(password.trim().to_owned()),
        ..ImportSource::default()
    }
}

fn failed(session: &Session) -> bool {
    matches!(&session.dialog, Some(Dialog::Import(one)) if matches!(one.stage, ImportStage::Filling(Some(_))))
}

#[test]
fn a_cluster_is_imported_by_its_typed_password_watched_and_never_changed() {
    let (runtime, place) = running();
    let mut desk = Desk::new();
    let wrong = ImportSource {
        password: Password::new("wrong".to_owned()),
        ..source(&place, "slave11")
    };
    desk.import(wrong);
    desk.until("it is refused", failed);

    desk.send(Message::Import(ImportMessage::Start(source(&place, "slave11"))));
    desk.until("it is drawn", |session| session.imported.is_some());
    let imported = desk.session.imported.clone().unwrap();
    assert_eq!(imported.brought.document.topology().servers().len(), 4);
    assert!(imported.audit.is_live && !imported.audit.has_errors());

    desk.send(Message::Cluster(ClusterMessage::WatchForeign));
    let seen = |session: &Session| session.live.cluster.as_ref().and_then(|one| one.seen.clone());
    desk.until("all four are seen", |session| {
        seen(session).is_some_and(|seen| seen.board.servers.iter().all(|one| one.answers))
    });
    let first = seen(&desk.session).unwrap();
    assert_eq!(first.drift, [], "it is as it was drawn a moment ago");
    let rows: usize = first.board.servers.iter().map(|one| one.replication.len()).sum();
    assert_eq!(rows, 3);

    desk.send(Message::Cluster(ClusterMessage::Stop));
    desk.send(Message::Cluster(ClusterMessage::StopServers(vec![
        "slave2".to_owned(),
    ])));
    place.shows(&[], DEADLINE);

    // Of a server that does not answer nobody elsewhere can say that it is down.
    place.control("slave2", &["-w", "-m", "fast", "stop"]);
    desk.until("its silence is seen", |session| {
        let drift = seen(session).map(|seen| seen.drift).unwrap_or_default();
        drift
            .iter()
            .any(|one| one.rule == "server-silent" && one.server.as_deref() == Some("slave2"))
    });
    let rules: Vec<&str> = seen(&desk.session)
        .unwrap()
        .drift
        .iter()
        .map(|one| one.rule)
        .collect();
    assert!(!rules.contains(&"server-down"), "{rules:?}");
    desk.send(Message::Cluster(ClusterMessage::LetGo));
    assert!(desk.session.live.cluster.is_none());
    drop(desk);
    runtime.block_on(place.end());
}

#[test]
fn the_terminal_watches_a_cluster_by_any_of_its_servers() {
    let (runtime, place) = running();
    let secret = std::fs::read_to_string(place.folder().join("secrets/superuser")).unwrap();
    let server = format!("host=localhost port={} user=postgres", place.ports["slave11"]);
    let mut child = Command::new(env!("CARGO_BIN_EXE_pgcascade"))
        .args(["watch", &server, "--json"])
        .env("PGPASSWORD", secret.trim())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut readings = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    let all_answer = |reading: &Value| {
        let servers = reading["servers"].as_array().unwrap();
        servers.len() == 4 && servers.iter().all(|one| one["answers"] == true)
    };
    let first = readings.find(all_answer).unwrap();
    assert_eq!(first["drift"], json!([]), "it is as it was found a moment ago");

    place.control("slave2", &["-w", "-m", "fast", "stop"]);
    let found = |reading: &Value| reading["drift"].as_array().is_some_and(|drift| !drift.is_empty());
    let drift = readings.find(found).unwrap()["drift"].clone();
    let fixes = drift.as_array().unwrap().iter().map(|one| one["fix"].to_string());
    // pgcascade's own commands would be refused on a cluster that it did not make.
    assert!(fixes.into_iter().all(|fix| !fix.contains("pgcascade")), "{drift}");
    signal(&child, Signal::SIGTERM);
    assert!(child.wait().unwrap().success());
    runtime.block_on(place.end());
}

#[test]
fn an_import_from_a_server_that_says_nothing_is_stopped_at_once_and_ends_by_itself() {
    // It takes connections, and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let source = ImportSource {
        connection: format!("127.0.0.1:{}", silent.local_addr().unwrap().port()),
        ..ImportSource::default()
    };
    let mut desk = Desk::new();
    desk.import(source.clone());
    desk.send(Message::Import(ImportMessage::Cancel));
    assert!(!failed(&desk.session), "it is stopped, and did not fail");
    let begun = Instant::now();
    desk.send(Message::Import(ImportMessage::Start(source)));
    desk.until("it is given up", failed);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn an_export_is_written_and_a_folder_of_somebody_else_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = Desk::new();
    desk.send(Message::Export(ExportMessage::Ask));
    desk.send(Message::Export(ExportMessage::Target(
        Some(Target::Hosts),
        String::new(),
    )));
    std::fs::write(folder.path().join("mine"), "").unwrap();
    let write = |at: &std::path::Path| Message::Export(ExportMessage::Write(Target::Hosts, at.to_owned()));
    desk.send(write(folder.path()));
    let problem =
        |session: &Session| matches!(&session.dialog, Some(Dialog::Export(one)) if one.problem.is_some());
    desk.until("it is refused", problem);
    let own = folder.path().join("new/export");
    desk.send(write(&own));
    desk.until("it is written", |session| session.dialog.is_none());
    let made = export::export(&desk.session.desk.document, Target::Hosts).unwrap();
    for file in &made.files {
        let there = std::fs::read_to_string(own.join(&file.path)).unwrap();
        assert_eq!(there, file.contents, "{}", file.path);
    }
}
