//! What initdb made is kept and copied by the next deployment: with an identity and passwords of its own.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use pgcascade::engine::cluster;
use pgcascade::engine::deploy::Cancel;
use pgcascade::model::document::Document;
use pgcascade::model::plan::{EventKind, Outcome, RunEvent};
use pgcascade::model::topology::{Auth, Edit, PgMajor, notation};
use tokio_util::sync::CancellationToken;

use crate::scene::{Scene, assert_gone, failed, free_ports, perform, prepare_with, seed, session};

/// Deploys with a folder to keep things in; true if initdb was not needed.
async fn deployed_from(cache: &Path, document: &Document, folder: &Path, bin: Option<&Path>) -> bool {
    let (_, mut run) = Box::pin(prepare_with(document, folder, bin)).await;
    run.cache = Some(cache.to_owned());
    let (outcome, events) = Box::pin(perform(run, Cancel::default())).await;
    assert_eq!(outcome, Outcome::Done, "{events:#?}");
    let says = |event: &RunEvent| matches!(&event.kind, EventKind::Output { line, .. } if line.starts_with("reused an earlier initdb"));
    events.iter().any(says)
}

async fn torn_down(folder: &Path) {
    let done = cluster::teardown(folder, CancellationToken::new()).await;
    done.unwrap_or_else(|report| panic!("{report}"));
    assert_gone(folder);
}

/// The directories that are kept.
fn kept(cache: &Path) -> Vec<std::path::PathBuf> {
    fs::read_dir(cache.join("initdb"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_seed_needs_no_initdb_and_shares_no_password() {
    let scene = Scene::new();
    let (cache, folder) = (scene.path().join("cache"), scene.folder());
    let ports = free_ports::<5>();
    let document = seed(ports).await;
    for round in 0..2 {
        assert_eq!(deployed_from(&cache, &document, &folder, None).await, round == 1);
        cluster::verify(&folder, CancellationToken::new()).await.unwrap();
        let refused = session(&folder, ports[0], Some("wrong")).await.unwrap_err();
        assert_eq!(refused.code().unwrap().code(), "28P01", "{refused}");
        let master = session(&folder, ports[0], None).await.unwrap();
        let stored = "SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'";
        let stored: String = master.query_one(stored, &[]).await.unwrap().get(0);
        assert!(stored.starts_with("SCRAM-SHA-256$"), "{stored}");
        // Whatever is kept was copied before there was a password.
        for file in fs::read_dir(kept(&cache)[0].join("data/global")).unwrap() {
            let bytes = fs::read(file.unwrap().path()).unwrap();
            assert!(!String::from_utf8_lossy(&bytes).contains("SCRAM-SHA-256$"));
        }
        torn_down(&folder).await;
    }
    assert_eq!(kept(&cache).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_damaged_is_not_used() {
    let scene = Scene::new();
    let (cache, folder) = (scene.path().join("cache"), scene.folder());
    let document = seed(free_ports()).await;
    deployed_from(&cache, &document, &folder, None).await;
    torn_down(&folder).await;
    let data = kept(&cache)[0].join("data");

    // As one who makes room does.
    fs::remove_file(data.join("global/pg_filenode.map")).unwrap();
    assert!(!deployed_from(&cache, &document, &folder, None).await);
    torn_down(&folder).await;

    // As a disk does: the sizes are right, and the first start is not content. Then it is kept no longer.
    let fresh = scene.path().join("fresh");
    deployed_from(&fresh, &document, &folder, None).await;
    torn_down(&folder).await;
    let entry = kept(&fresh)[0].clone();
    let segment = entry.join("data/pg_wal/000000010000000000000001");
    let mut bytes = fs::read(&segment).unwrap();
    bytes[40..].fill(0);
    fs::write(&segment, bytes).unwrap();
    let (_, mut run) = prepare_with(&document, &folder, None).await;
    run.cache = Some(fresh.clone());
    let (outcome, _) = perform(run, Cancel::default()).await;
    let (reason, hints) = failed(outcome);
    assert!(reason.starts_with("postgres --single failed"), "{reason}");
    assert!(
        hints.iter().any(|hint| hint.contains("checkpoint record")),
        "{hints:?}"
    );
    assert_gone(&folder);
    assert!(!entry.exists());
    assert!(!deployed_from(&fresh, &document, &folder, None).await);
    torn_down(&folder).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_first_deployments_at_once_keep_one_directory() {
    let scene = Scene::new();
    let cache = scene.path().join("cache");
    let folders = [scene.path().join("one"), scene.path().join("two")];
    let documents = [seed(free_ports()).await, seed(free_ports()).await];
    tokio::join!(
        deployed_from(&cache, &documents[0], &folders[0], None),
        deployed_from(&cache, &documents[1], &folders[1], None),
    );
    assert_eq!(kept(&cache).len(), 1, "and nothing beside it");
    for folder in &folders {
        cluster::verify(folder, CancellationToken::new()).await.unwrap();
        torn_down(folder).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_directory_is_a_cluster_of_its_own() {
    let document = seed(free_ports()).await;
    copies_have_their_own_identity(document.topology().postgres(), None, free_ports()).await;
}

/// What must hold on every major for the kept directory to be used: the servers take it, restart with it, stream with
/// it, pg_controldata finds nothing wrong, and a standby of the other cluster is refused by its identifier.
pub async fn copies_have_their_own_identity(major: PgMajor, bin: Option<&Path>, ports: [u16; 6]) {
    let scene = Scene::new();
    let cache = scene.path().join("cache");
    let folders = [scene.path().join("one"), scene.path().join("two")];
    let (one, two) = ports.split_at(3);
    for (number, (folder, ports)) in folders.iter().zip([one, two]).enumerate() {
        let text = format!(
            "postgres {major}\na {}\n  b {}\n    c {}\n",
            ports[0], ports[1], ports[2]
        );
        let mut topology = notation::parse(&text).unwrap();
        topology.apply(&Edit::SetAuth(Some(Auth::Trust))).unwrap();
        let is_copied = deployed_from(&cache, &Document::new(topology), folder, bin).await;
        assert_eq!(is_copied, number == 1);
    }
    let mut identifiers = Vec::new();
    for ports in [one, two] {
        let mut of_cluster = Vec::new();
        for port in ports {
            of_cluster.push(identifier(*port).await);
        }
        assert!(
            of_cluster.iter().all(|one| *one == of_cluster[0]),
            "{major}: {of_cluster:?}"
        );
        identifiers.push(of_cluster[0]);
    }
    assert_ne!(identifiers[0], identifiers[1], "{major}");

    let second = &folders[1];
    let cancel = CancellationToken::new;
    cluster::stop(second, &[], cancel()).await.unwrap();
    assert_controldata(bin, &second.join("servers/c/data"), identifiers[1]);
    cluster::start(second, &[], cancel()).await.unwrap();
    let proved = cluster::verify(second, cancel()).await;
    proved.unwrap_or_else(|report| panic!("{major}: {report}"));

    // c of the second cluster asks b of the first.
    let last = ["c".to_owned()];
    cluster::stop(second, &last, cancel()).await.unwrap();
    let name = if major.has_standby_signal() {
        "postgresql.conf"
    } else {
        "recovery.conf"
    };
    let conf = second.join("servers/c/data").join(name);
    let text = fs::read_to_string(&conf).unwrap();
    let (own, other) = (format!("port={}", two[1]), format!("port={}", one[1]));
    assert!(text.contains(&own), "{text}");
    fs::write(&conf, text.replace(&own, &other)).unwrap();
    cluster::start(second, &last, cancel()).await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    let log = second.join("servers/c/log");
    while !fs::read_to_string(&log)
        .unwrap()
        .contains("database system identifier differs")
    {
        assert!(
            Instant::now() < deadline,
            "{major}: {}",
            fs::read_to_string(&log).unwrap()
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for folder in &folders {
        torn_down(folder).await;
    }
}

/// Also checks pg_control's checksum: the server reads the file again for this.
async fn identifier(port: u16) -> i64 {
    let mut config = tokio_postgres::Config::new();
    config
        .host("127.0.0.1")
        .port(port)
        .user("postgres")
        .dbname("postgres");
    let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let row = client
        .query_one("SELECT system_identifier FROM pg_control_system()", &[])
        .await;
    row.unwrap().get(0)
}

/// Packages of npm do not have the program; then the server's own word above has to do.
fn assert_controldata(bin: Option<&Path>, data: &Path, identifier: i64) {
    let program = match bin {
        Some(bin) => bin.join("pg_controldata"),
        None => "/usr/lib/postgresql/15/bin/pg_controldata".into(),
    };
    if !program.exists() {
        return;
    }
    let said = Command::new(program)
        .arg(data)
        .env("LC_ALL", "C")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.status.success() && said.stderr.is_empty(), "{said:?}");
    assert!(!text.contains("WARNING"), "{text}");
    let line = text
        .lines()
        .find(|line| line.starts_with("Database system identifier"))
        .unwrap();
    assert!(
        line.ends_with(&u64::from_ne_bytes(identifier.to_ne_bytes()).to_string()),
        "{line}: {identifier}"
    );
}
