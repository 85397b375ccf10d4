//! Encrypted links on real servers: who gets in and who does not, whose files may be read by whom, and what is left.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use pgcascade::engine::cluster;
use pgcascade::engine::deploy::Cancel;
use pgcascade::model::bundle::generate;
use pgcascade::model::document::Document;
use pgcascade::model::plan::{Action, EventKind, Make, Outcome, Step};
use pgcascade::model::topology::{Edit, Topology};
use tokio_util::sync::CancellationToken;

use crate::bundle::Place;
use crate::lab::{as_user, make_certificates, programs};
use crate::scene::{Scene, assert_gone, deployed, design, free_ports, perform, prepare_with, session};

const SOON: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(20);

/// A relay with an odd name, and hosts in all three spellings of this machine.
async fn encrypted() -> Document {
    let [m, a, b, c] = free_ports();
    let text = format!("m {m}\n  \"it's\" {a} host 127.0.0.1\n    b {b}\n    c {c} host 127.0.0.1 no-slot\n");
    let mut topology = design(&text).await.topology().clone();
    topology.apply(&Edit::SetTls(true)).unwrap();
    Document::new(topology)
}

/// A standby's first question, as any client may ask it; `words` go into its connection string.
fn identify(folder: &Path, port: u16, words: &str) -> Output {
    as_user(programs().0.join("psql"))
        .env("PGPASSFILE", folder.join("secrets/replication.pgpass"))
        .env("HOME", "/nonexistent")
        .args(["-X", "-w", "-At", "-c", "IDENTIFY_SYSTEM", "-d"])
        .arg(format!(
            "host=127.0.0.1 port={port} user=replicator replication=true {words}"
        ))
        .output()
        .unwrap()
}

#[track_caller]
fn refuses(folder: &Path, port: u16, words: &str, why: &str) {
    let said = identify(folder, port, words);
    let text = String::from_utf8_lossy(&said.stderr);
    assert!(!said.status.success() && text.contains(why), "{words}: {said:?}");
}

/// A path as one word of a connection string.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', "\\'"))
}

/// What a server shows of its downstreams: how many stream over TLS, and how many otherwise.
async fn senders(folder: &Path, port: u16) -> (i64, i64) {
    let session = session(folder, port, None).await.unwrap();
    let row = session
        .query_one(
            "SELECT count(*) FILTER (WHERE ssl), count(*) FILTER (WHERE NOT ssl) \
             FROM pg_stat_replication JOIN pg_stat_ssl USING (pid) WHERE state = 'streaming'",
            &[],
        )
        .await
        .unwrap();
    (row.get(0), row.get(1))
}

async fn every_link_is_encrypted(topology: &Topology, folder: &Path) {
    for sender in topology.servers() {
        let downstreams = i64::try_from(topology.downstreams(sender.id()).count()).unwrap();
        let shown = senders(folder, sender.port().number()).await;
        assert_eq!(shown, (downstreams, 0), "{}", sender.name());
    }
}

/// Every file of the folder is its owner's alone, and so is the folder.
fn only_the_owner_reads(folder: &Path) -> usize {
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder), 0o700);
    let owner = fs::metadata(folder).unwrap().uid();
    let files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    for file in &files {
        assert_eq!(
            (mode(file), fs::metadata(file).unwrap().uid()),
            (0o600, owner),
            "{}",
            file.display()
        );
    }
    files.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_encrypted_link_with_a_certificate_gets_in() {
    let scene = Scene::new();
    let (folder, document) = (scene.folder(), encrypted().await);
    let topology = document.topology();
    let events = deployed(&document, &folder).await;
    every_link_is_encrypted(topology, &folder).await;
    let tls = folder.join("tls");
    assert_eq!(only_the_owner_reads(&tls), 2 + 2 * topology.servers().len());
    let told = format!("{events:?}");
    for file in fs::read_dir(&tls).unwrap() {
        let secret = fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(!told.contains(secret.lines().nth(1).unwrap()));
    }

    let relay = topology.by_name("it's").unwrap().port().number();
    let root = format!("sslrootcert={}", quoted(&tls.join("ca.crt")));
    let shown = |folder: &Path| {
        let file = |end: &str| quoted(&folder.join(format!("server-b.{end}")));
        format!("sslcert={} sslkey={}", file("crt"), file("key"))
    };
    let whole = format!("sslmode=verify-full {root} {}", shown(&tls));
    let said = identify(&folder, relay, &whole);
    assert!(said.status.success(), "{said:?}");
    refuses(
        &folder,
        relay,
        "sslmode=disable",
        "no pg_hba.conf entry for replication connection",
    );
    refuses(
        &folder,
        relay,
        "sslmode=require",
        "requires a valid client certificate",
    );
    // What another authority of the same name has signed counts at neither end.
    let other = scene.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o777)).unwrap();
    make_certificates(topology, &other);
    let wrong_root = format!("sslrootcert={}", quoted(&other.join("ca.crt")));
    let words = format!("sslmode=verify-full {wrong_root} {}", shown(&tls));
    refuses(&folder, relay, &words, "certificate verify failed");
    let words = format!("sslmode=verify-full {root} {}", shown(&other));
    refuses(&folder, relay, &words, "unknown ca");

    let proved = cluster::verify(&folder, CancellationToken::new()).await;
    proved.unwrap_or_else(|report| panic!("{report}"));
    cluster::teardown(&folder, CancellationToken::new())
        .await
        .unwrap();
    assert_gone(&folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_trusts_another_authority_does_not_stream() {
    let scene = Scene::new();
    let (folder, document) = (scene.folder(), encrypted().await);
    let topology = document.topology();
    deployed(&document, &folder).await;
    let (ours, kept) = (folder.join("tls/ca.crt"), folder.join("tls/kept.crt"));
    let other = scene.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o777)).unwrap();
    make_certificates(topology, &other);

    // The server that sends read its authority when it began; its downstream reads it for each connection.
    fs::copy(&ours, &kept).unwrap();
    fs::write(&ours, fs::read(other.join("ca.crt")).unwrap()).unwrap();
    let relay = topology.by_name("it's").unwrap().port().number();
    let session = session(&folder, relay, None).await.unwrap();
    let drop_links = "SELECT pg_terminate_backend(pid) FROM pg_stat_replication";
    session.query(drop_links, &[]).await.unwrap();
    let log = folder.join("servers/b/log");
    let begun = std::time::Instant::now();
    while !fs::read_to_string(&log)
        .unwrap()
        .contains("certificate verify failed")
    {
        assert!(begun.elapsed() < SOON, "{}", fs::read_to_string(&log).unwrap());
        tokio::time::sleep(POLL).await;
    }
    assert_eq!(senders(&folder, relay).await, (0, 0));

    fs::write(&ours, fs::read(&kept).unwrap()).unwrap();
    fs::remove_file(&kept).unwrap();
    let begun = std::time::Instant::now();
    while senders(&folder, relay).await != (2, 0) {
        assert!(begun.elapsed() < SOON, "{}", fs::read_to_string(&log).unwrap());
        tokio::time::sleep(POLL).await;
    }
    cluster::teardown(&folder, CancellationToken::new())
        .await
        .unwrap();
    assert_gone(&folder);
}

/// Lets the standby b come without TLS, by hand on both sides, and waits until it did.
async fn weaken(topology: &Topology, folder: &Path) {
    let data = |server: &str| folder.join("servers").join(server).join("data");
    let edit = |path: PathBuf, edit: &dyn Fn(&str) -> String| {
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, edit(&text)).unwrap();
    };
    edit(data("it_s").join("pg_hba.conf"), &|text| {
        text.replace("hostssl", "host   ")
            .replace(" clientcert=verify-ca", "")
    });
    edit(data("b").join("postgresql.conf"), &|text| {
        text.replace("sslmode=verify-full", "sslmode=disable")
    });
    let port = |name: &str| topology.by_name(name).unwrap().port().number();
    for name in ["it's", "b"] {
        let session = session(folder, port(name), None).await.unwrap();
        session.query("SELECT pg_reload_conf()", &[]).await.unwrap();
    }
    let begun = std::time::Instant::now();
    while senders(folder, port("it's")).await != (1, 1) {
        assert!(begun.elapsed() < SOON, "b does not come without TLS");
        tokio::time::sleep(POLL).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_was_made_plain_by_hand_is_found() {
    let scene = Scene::new();
    let (folder, document) = (scene.folder(), encrypted().await);
    deployed(&document, &folder).await;
    let proved = cluster::verify(&folder, CancellationToken::new()).await.unwrap();
    assert!(
        proved.contains(&"Every link of it's is encrypted.".to_owned()),
        "{proved:?}"
    );
    weaken(document.topology(), &folder).await;
    let report = cluster::verify(&folder, CancellationToken::new())
        .await
        .unwrap_err();
    assert_eq!(report.headline, "Not encrypted: b streams from it's.");
    cluster::teardown(&folder, CancellationToken::new())
        .await
        .unwrap();
    assert_gone(&folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_put_beside_the_keys_stays() {
    let scene = Scene::new();
    let (folder, document) = (scene.folder(), encrypted().await);
    deployed(&document, &folder).await;
    fs::write(folder.join("tls/mine.key"), "theirs").unwrap();
    let said = cluster::teardown(&folder, CancellationToken::new())
        .await
        .unwrap();
    assert!(
        said.iter().any(|line| line.contains("tls/mine.key was kept")),
        "{said:?}"
    );
    let left: Vec<_> = fs::read_dir(folder.join("tls"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["mine.key"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_fails_takes_the_keys_away() {
    let scene = Scene::new();
    let (folder, document) = (scene.folder(), encrypted().await);
    let (_, mut run) = prepare_with(&document, &folder, None).await;
    // As if initdb were broken: everything before it is done, and undone.
    run.machine.tools[0].bin = scene.path().join("nowhere").display().to_string();
    let is_making = |step: &&Step| matches!(step.action, Action::Make(Make::MakeCertificates { .. }));
    let step = run.plan.steps.iter().find(is_making).unwrap().id;
    let (outcome, events) = perform(run, Cancel::default()).await;
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
    let told = |wanted: &dyn Fn(&EventKind) -> bool| events.iter().any(|event| wanted(&event.kind));
    assert!(told(
        &|kind| matches!(kind, EventKind::StepFinished { step: id, .. } if *id == step)
    ));
    assert!(told(&|kind| *kind == EventKind::StepUndone { step }));
    assert_gone(&folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scripts_make_the_certificates_and_take_them_away() {
    let document = encrypted().await;
    let topology = document.topology();
    let place = Place::new(&generate(&document));
    let said = place.expect("up", 0);
    assert!(
        said.contains("Create an authority and certificates for 4 servers"),
        "{said}"
    );
    let cluster = place.cluster();
    every_link_is_encrypted(topology, &cluster).await;
    assert_eq!(
        only_the_owner_reads(&cluster.join("tls")),
        2 + 2 * topology.servers().len()
    );
    let relay = topology.by_name("it's").unwrap().port().number();
    refuses(
        &cluster,
        relay,
        "sslmode=disable",
        "no pg_hba.conf entry for replication connection",
    );
    refuses(
        &cluster,
        relay,
        "sslmode=require",
        "requires a valid client certificate",
    );
    let said = place.expect("verify", 0);
    assert!(said.contains("Every link of it's is encrypted"), "{said}");
    weaken(topology, &cluster).await;
    let said = place.expect("verify", 1);
    assert!(
        said.contains("the link from it's is not encrypted to: b"),
        "{said}"
    );
    fs::write(cluster.join("tls/mine.key"), "theirs").unwrap();
    let said = place.expect("down", 0);
    assert!(said.contains("tls/mine.key"), "{said}");
    fs::remove_dir_all(&cluster).unwrap();
    place.nothing_is_left();
}

/// Programs that say they were built without OpenSSL; what else they would do, nobody gets to ask.
fn programs_without_tls(folder: &Path) {
    let major = programs().1;
    fs::create_dir(folder).unwrap();
    let postgres = format!(
        "#!/bin/sh\ncase $1 in\n--version) echo 'postgres (PostgreSQL) {major}.1' ;;\n\
         --describe-config) printf 'ssl_ciphers\\tsighup\\tSSL\\tSTRING\\tnone\\t\\t\\tCiphers.\\t\\n' ;;\nesac\n"
    );
    for (name, text) in [
        ("postgres", postgres.as_str()),
        ("initdb", "#!/bin/sh\n"),
        ("pg_ctl", "#!/bin/sh\n"),
    ] {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_without_tls_are_refused_before_anything_is_made() {
    let scene = Scene::new();
    let (folder, document) = (scene.folder(), encrypted().await);
    let bin = scene.path().join("bin");
    programs_without_tls(&bin);
    let (checks, _) = prepare_with(&document, &folder, Some(&bin)).await;
    let failed: Vec<_> = checks
        .iter()
        .filter(|check| !check.ok)
        .map(|check| check.id)
        .collect();
    assert_eq!(failed, ["no-tls"]);

    let mut place = Place::new(&generate(&document));
    place.bin = Some(bin);
    let said = place.expect("up", 1);
    assert!(
        said.contains("were built without TLS; name others in PGBIN"),
        "{said}"
    );
    place.nothing_is_left();

    // The same without the program that makes certificates, as far as the script can see.
    let mut bundle = generate(&document);
    for file in &mut bundle.files {
        file.contents = file
            .contents
            .replace("type -P openssl", "type -P openssl-that-is-nowhere");
    }
    let said = Place::new(&bundle).expect("up", 1);
    assert!(
        said.contains("openssl is missing: the design encrypts its links"),
        "{said}"
    );
}
