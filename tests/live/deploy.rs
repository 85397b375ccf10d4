//! Deploys, looks, and takes away again.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use pgcascade::engine::deploy::Cancel;
use pgcascade::engine::{cluster, monitor};
use pgcascade::model::document::Document;
use pgcascade::model::health::{Board, ReplicationRow};
use pgcascade::model::plan::{EventKind, Outcome, RunEvent};
use pgcascade::model::topology::{Archive, Auth, Edit};
use tokio_util::sync::CancellationToken;

use crate::logs;
use crate::scene::{
    Scene, assert_gone, deployed, design, failed, free_ports, perform, prepare, seed, session,
};

fn rows(board: &Board, name: &str) -> Vec<String> {
    let server = board.servers.iter().find(|server| server.name == name).unwrap();
    server
        .replication
        .iter()
        .map(|row: &ReplicationRow| {
            format!(
                "{} {} {} {}",
                row.application_name, row.state, row.sync_priority, row.sync_state
            )
        })
        .collect()
}

#[track_caller]
fn check_article(board: &Board) {
    assert_eq!(
        rows(board, "master"),
        ["slave1 streaming 1 sync", "slave2 streaming 2 potential"]
    );
    assert_eq!(
        rows(board, "slave1"),
        ["slave11 streaming 0 async", "slave12 streaming 0 async"]
    );
    for leaf in ["slave2", "slave11", "slave12"] {
        assert!(rows(board, leaf).is_empty());
    }
    assert_eq!(board.commits.outcome, "acknowledged");
    assert_eq!(board.commits.waits_for, ["slave1"]);
}

#[track_caller]
fn check_stream(events: &[RunEvent]) {
    assert!(matches!(events.first().unwrap().kind, EventKind::Started { .. }));
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event.number, index as u64, "no holes");
        let is_last = index + 1 == events.len();
        assert_eq!(matches!(event.kind, EventKind::Finished { .. }), is_last);
    }
}

async fn teardown(folder: &Path) -> Vec<String> {
    cluster::teardown(folder, CancellationToken::new())
        .await
        .unwrap_or_else(|report| panic!("{report}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_seed_from_nothing_to_nothing() {
    let scene = Scene::new();
    let folder = scene.folder();
    let ports = free_ports::<5>();
    let document = seed(ports).await;
    let began = Instant::now();
    let events = deployed(&document, &folder).await;
    println!("deployed in {:?}", began.elapsed());
    check_stream(&events);

    check_article(&cluster::status(&folder).await.unwrap());
    let master = session(&folder, ports[0], None).await.unwrap();
    master
        .batch_execute("CREATE TABLE t (n int); INSERT INTO t VALUES (42)")
        .await
        .unwrap();
    let leaf = session(&folder, ports[4], None).await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        match leaf.query("SELECT n FROM t", &[]).await {
            Ok(rows) if rows.len() == 1 => break assert_eq!(rows[0].get::<_, i32>(0), 42),
            other => assert!(Instant::now() < deadline, "{other:?}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let refused = session(&folder, ports[0], Some("wrong")).await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "28P01", "{refused}");
    let method: String = master
        .query_one(
            "SELECT rolpassword FROM pg_authid WHERE rolname = 'replicator'",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    if document.topology().postgres().has_scram() {
        assert!(method.starts_with("SCRAM-SHA-256$"));
    }

    let proved = cluster::verify(&folder, CancellationToken::new()).await.unwrap();
    assert!(
        proved
            .iter()
            .any(|sentence| sentence == "A row written on master was read on slave12."),
        "{proved:?}"
    );
    check_no_secrets(&folder, &events);
    check_closed(&folder);
    drop((master, leaf));

    let done = teardown(&folder).await;
    assert!(
        done.iter().any(|sentence| sentence == "master was stopped."),
        "{done:?}"
    );
    assert_gone(&folder);
    assert!(cluster::status(&folder).await.is_err());
}

/// Passwords stand in `secrets/` and nowhere else.
#[track_caller]
fn check_no_secrets(folder: &Path, events: &[RunEvent]) {
    let secrets: Vec<String> = ["superuser", "replication"]
        .iter()
        .map(|name| std::fs::read_to_string(folder.join("secrets").join(name)).unwrap())
        .map(|text| text.trim().to_owned())
        .collect();
    let told = serde_json::to_string(events).unwrap();
    let mut open = vec![folder.to_owned()];
    let mut looked_at = 0;
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(at).unwrap().map(Result::unwrap) {
            let path = entry.path();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                let is_binary = matches!(
                    path.file_name().unwrap().to_str(),
                    Some("secrets" | "base" | "global")
                );
                if !is_binary {
                    open.push(path);
                }
            } else if kind.is_file() {
                looked_at += 1;
                let bytes = std::fs::read(&path).unwrap();
                let text = String::from_utf8_lossy(&bytes);
                assert!(
                    secrets.iter().all(|secret| !text.contains(secret)),
                    "{}",
                    path.display()
                );
            }
        }
    }
    assert!(looked_at > 50);
    assert!(secrets.iter().all(|secret| !told.contains(secret)));
}

/// What holds data or passwords is closed to others.
#[track_caller]
fn check_closed(folder: &Path) {
    for (path, mode) in [
        ("", 0o700),
        (".pgcascade", 0o700),
        (".pgcascade/cluster.json", 0o600),
        ("secrets", 0o700),
        ("secrets/pgpass", 0o600),
        ("secrets/superuser", 0o600),
        ("secrets/replication.pgpass", 0o600),
        ("servers/master/data", 0o700),
        ("servers/slave1/data", 0o700),
        ("servers/slave1/data/postgresql.conf", 0o600),
        ("servers/master/log", 0o600),
    ] {
        let there = std::fs::metadata(folder.join(path)).unwrap();
        assert_eq!(there.mode() & 0o777, mode, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_start_and_watch() {
    let scene = Scene::new();
    let folder = scene.folder();
    let document = seed(free_ports()).await;
    deployed(&document, &folder).await;
    let cancel = CancellationToken::new();

    let (sender, mut latest) = tokio::sync::watch::channel(None);
    let watching = tokio::spawn(monitor::watch(
        folder.clone(),
        Duration::from_millis(100),
        sender,
        cancel.child_token(),
    ));
    let mut next_board = async || {
        latest.changed().await.unwrap();
        let latest = latest.borrow_and_update().clone();
        latest.unwrap().unwrap().board()
    };
    check_article(&next_board().await);

    let one = cluster::stop(&folder, &["slave1".to_owned()], cancel.clone())
        .await
        .unwrap();
    assert_eq!(one, ["slave1 was stopped."]);
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let board = next_board().await;
        let slave1 = &board.servers[1];
        if !slave1.running && rows(&board, "master") == ["slave2 streaming 2 sync"] {
            assert_eq!(board.commits.waits_for, ["slave2"]);
            assert_eq!(slave1.role, "standby");
            break;
        }
        assert!(Instant::now() < deadline, "{board:?}");
    }
    assert!(
        cluster::verify(&folder, cancel.clone())
            .await
            .unwrap_err()
            .headline
            .contains("slave1")
    );
    assert!(
        cluster::stop(&folder, &["nobody".to_owned()], cancel.clone())
            .await
            .is_err()
    );

    let all = cluster::stop(&folder, &[], cancel.clone()).await.unwrap();
    assert_eq!(all.last().unwrap(), "master was stopped.");
    let board = cluster::status(&folder).await.unwrap();
    assert!(
        board
            .servers
            .iter()
            .all(|server| !server.running && server.replication.is_empty())
    );
    assert_eq!(board.commits.outcome, "no-primary");

    let all = cluster::start(&folder, &[], cancel.clone()).await.unwrap();
    assert_eq!(all.len(), 5, "{all:?}");
    check_article(&cluster::status(&folder).await.unwrap());
    cancel.cancel();
    watching.await.unwrap();
    teardown(&folder).await;
    assert_gone(&folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_run_leaves_clean_logs() {
    let scene = Scene::new();
    let folder = scene.folder();
    let cancel = CancellationToken::new;
    deployed(&seed(free_ports()).await, &folder).await;
    cluster::verify(&folder, cancel()).await.unwrap();
    logs::assert_clean(&folder, 0);
    cluster::stop(&folder, &[], cancel()).await.unwrap();
    cluster::start(&folder, &[], cancel()).await.unwrap();
    cluster::verify(&folder, cancel()).await.unwrap();
    logs::assert_clean(&folder, 1);
    teardown(&folder).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_server_on_a_port_survives() {
    let scene = Scene::new();
    let theirs = scene.path().join("theirs");
    let ports = free_ports::<5>();
    deployed(&design(&format!("only {}\n", ports[2])).await, &theirs).await;
    let foreign = session(&theirs, ports[2], None).await.unwrap();
    foreign
        .batch_execute("CREATE TABLE theirs (n int); INSERT INTO theirs VALUES (1)")
        .await
        .unwrap();

    let document = seed(ports).await;
    let (checks, run) = prepare(&document, &scene.folder()).await;
    let bad: Vec<_> = checks.iter().filter(|check| !check.ok).collect();
    assert_eq!(bad.len(), 1, "{bad:?}");
    assert!(bad[0].message.contains(&ports[2].to_string()), "{bad:?}");
    assert!(bad[0].message.contains("postgres"), "{bad:?}");

    // And if it came after the preflight: the run fails, is unwound, and leaves it alone.
    let (outcome, events) = perform(run, Cancel::default()).await;
    let (reason, hints) = failed(outcome);
    assert!(reason.contains("slave2"), "{reason}");
    assert!(
        hints.iter().any(|hint| hint.contains("Address already in use")),
        "{hints:?}"
    );
    check_stream(&events);
    assert_gone(&scene.folder());
    let count = foreign
        .query_one("SELECT count(*) FROM theirs", &[])
        .await
        .unwrap();
    assert_eq!(count.get::<_, i64>(0), 1);
    drop(foreign);
    teardown(&theirs).await;
    assert_gone(&theirs);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_at_any_moment_leaves_nothing() {
    let scene = Scene::new();
    let folder = scene.folder();
    let document = seed(free_ports()).await;
    let (_, run) = prepare(&document, &folder).await;
    let count = run.plan.steps.len();
    for at in [0, 1, 10, 11, 13, 20, 31, 35, 40, 45, 49, count - 1] {
        let cancel = Cancel::default();
        let (sender, mut receiver) = tokio::sync::mpsc::channel::<RunEvent>(64);
        let asked = cancel.clone();
        let collecting = tokio::spawn(async move {
            let mut events = Vec::new();
            while let Some(event) = receiver.recv().await {
                if matches!(event.kind, EventKind::StepStarted { step } if step.0 == at) {
                    asked.request();
                }
                events.push(event);
            }
            events
        });
        let outcome = pgcascade::engine::deploy::run_here(run.clone(), sender, cancel).await;
        let events = collecting.await.unwrap();
        check_stream(&events);
        if at + 1 == count && outcome == Outcome::Done {
            teardown(&folder).await;
        } else {
            assert_eq!(outcome, Outcome::Cancelled { remains: Vec::new() }, "at {at}");
        }
        assert_gone(&folder);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_files_stay_and_a_copy_is_refused() {
    let scene = Scene::new();
    let folder = scene.folder();
    std::fs::create_dir(&folder).unwrap();
    let was = std::fs::metadata(&folder).unwrap();
    deployed(
        &design(&format!("only {}\n", free_ports::<1>()[0])).await,
        &folder,
    )
    .await;
    let copy = scene.path().join("copy");
    let copied = std::process::Command::new("cp")
        .arg("-a")
        .arg(&folder)
        .arg(&copy)
        .status();
    assert!(copied.unwrap().success());
    let refused = cluster::teardown(&copy, CancellationToken::new())
        .await
        .unwrap_err();
    assert!(refused.headline.contains("moved or copied"), "{refused}");
    assert!(cluster::stop(&copy, &[], CancellationToken::new()).await.is_err());
    assert!(cluster::status(&folder).await.unwrap().servers[0].running);

    std::fs::write(folder.join("servers/only/notes.txt"), "mine").unwrap();
    let done = teardown(&folder).await;
    let kept = folder.join("servers/only/notes.txt");
    assert!(
        done.iter()
            .any(|sentence| sentence.contains("notes.txt was kept")),
        "{done:?}"
    );
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), "mine");
    let is = std::fs::metadata(&folder).unwrap();
    assert_eq!((is.uid(), is.mode()), (was.uid(), was.mode()), "as it was before");
    assert!(crate::scene::processes_of(&folder).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn trust_an_archive_and_a_delay_while_a_second_pgcascade_waits() {
    let scene = Scene::new();
    let folder = scene.folder();
    let [m, late] = free_ports();
    let plain = design(&format!("m {m}\n  \"it's late\" {late} delay 10min\n")).await;
    let mut topology = plain.topology().clone();
    topology.apply(&Edit::SetAuth(Some(Auth::Trust))).unwrap();
    let archive = Archive::new("archive").unwrap();
    topology.apply(&Edit::SetArchive(Some(archive))).unwrap();
    let document = Document::new(topology);

    let (_, run) = prepare(&document, &folder).await;
    let building = tokio::spawn(perform(run.clone(), Cancel::default()));
    while !folder.join(".pgcascade/cluster.json").exists() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let busy = cluster::teardown(&folder, CancellationToken::new())
        .await
        .unwrap_err();
    assert!(busy.headline.contains("is working on"), "{busy}");
    let (second, _) = perform(run, Cancel::default()).await;
    assert!(matches!(second, Outcome::Failed { .. }), "{second:?}");
    let (outcome, events) = building.await.unwrap();
    assert_eq!(outcome, Outcome::Done, "{events:#?}");

    assert!(!folder.join("secrets").exists());
    let proved = cluster::verify(&folder, CancellationToken::new()).await.unwrap();
    assert!(
        proved
            .iter()
            .any(|sentence| sentence.contains("has reached it's late, which applies it later")),
        "{proved:?}"
    );
    teardown(&folder).await;
    assert_gone(&folder);
}
