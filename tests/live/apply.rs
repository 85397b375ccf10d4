//! Changes a running cluster: only what must be is restarted, nothing written before is lost, nothing unused stays; and
//! whatever goes wrong in the middle, the cluster is whole before or after.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;

use pgcascade::engine::cluster;
use pgcascade::engine::deploy::{self, Cancel, Change, Found};
use pgcascade::model::configuration::ClusterFolder;
use pgcascade::model::document::Document;
use pgcascade::model::plan::{ApplyPlan, Outcome, RunEvent, plan_apply};
use pgcascade::model::topology::{Archive, Edit, PgMajor, Topology, notation};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::interrupted::killed_after;
use crate::scene::{Scene, assert_gone, deployed, deployed_with, failed, free_ports, seed, session};
use crate::versions::{FIRST_PORT_OF_CHANGES, programs};

/// The design with these words in place of others, for the same version.
pub(crate) fn edited(document: &Document, changes: &[(String, String)]) -> Document {
    let mut text = notation::print(document.topology());
    for (from, to) in changes {
        assert!(text.contains(from), "{from} is not in\n{text}");
        text = text.replace(from, to);
    }
    Document::new(notation::parse(&text).unwrap())
}

pub(crate) async fn planned(folder: &Path, wanted: &Document) -> (Found, ApplyPlan) {
    let found = deploy::look(folder, wanted)
        .await
        .unwrap_or_else(|report| panic!("{report}"));
    let plan = plan_apply(
        found.running.topology(),
        wanted.topology(),
        &found.machine,
        &found.standing,
    );
    (found, plan.unwrap_or_else(|checks| panic!("{checks:#?}")))
}

/// Plans the change and performs it, whatever comes of it.
pub async fn performed(
    folder: &Path,
    wanted: &Document,
    cancel: Cancel,
) -> (ApplyPlan, Outcome, Vec<RunEvent>) {
    let (found, plan) = planned(folder, wanted).await;
    let change = Change {
        number: 9,
        plan: plan.plan.clone(),
        found,
        wanted: wanted.clone(),
    };
    let (sender, mut receiver) = mpsc::channel(64);
    let collecting = tokio::spawn(async move {
        let mut events = Vec::new();
        while let Some(event) = receiver.recv().await {
            events.push(event);
        }
        events
    });
    let outcome = deploy::apply_here(change, sender, cancel).await;
    (plan, outcome, collecting.await.unwrap())
}

/// What a look at the servers shows: by name, when each was started.
async fn start_times(folder: &Path, topology: &Topology) -> BTreeMap<String, String> {
    let mut times = BTreeMap::new();
    for server in topology.servers() {
        let client = session(folder, server.port().number(), None).await.unwrap();
        let row = client
            .query_one("SELECT pg_postmaster_start_time()::text", &[])
            .await
            .unwrap();
        times.insert(server.name().to_string(), row.get(0));
    }
    times
}

/// The slots of every server are those that the design has, and each is in use.
async fn check_slots(folder: &Path, topology: &Topology) {
    for server in topology.servers() {
        let client = session(folder, server.port().number(), None).await.unwrap();
        let rows = client
            .query(
                "SELECT slot_name::text, active FROM pg_replication_slots ORDER BY 1",
                &[],
            )
            .await
            .unwrap();
        let there: Vec<(String, bool)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        let mut designed: Vec<(String, bool)> = topology
            .downstreams(server.id())
            .map(|standby| (topology.slot_name(standby.id()), true))
            .collect();
        designed.sort();
        assert_eq!(there, designed, "slots of {}", server.name());
    }
}

/// Rows that were there before are on every server.
async fn check_rows(folder: &Path, topology: &Topology, count: i64) {
    for server in topology.servers() {
        let client = session(folder, server.port().number(), None).await.unwrap();
        let row = client
            .query_one("SELECT count(*) FROM precious", &[])
            .await
            .unwrap();
        assert_eq!(row.get::<_, i64>(0), count, "rows on {}", server.name());
    }
}

pub(crate) async fn write_rows(folder: &Path, topology: &Topology) {
    let primary = session(folder, topology.primary().port().number(), None)
        .await
        .unwrap();
    primary
        .batch_execute("CREATE TABLE precious (n int); INSERT INTO precious SELECT generate_series(1, 1000)")
        .await
        .unwrap();
}

async fn verified(folder: &Path) {
    let proved = cluster::verify(folder, CancellationToken::new()).await;
    proved.unwrap_or_else(|report| panic!("{report}"));
}

/// Everything of the cluster that can be compared before and after.
pub(crate) async fn check_whole(folder: &Path, wanted: &Document) {
    verified(folder).await;
    check_slots(folder, wanted.topology()).await;
    check_rows(folder, wanted.topology(), 1000).await;
    let (_, again) = planned(folder, wanted).await;
    assert!(again.plan.steps.is_empty(), "{again:#?}");
    let folders: Vec<String> = wanted.topology().folders().values().cloned().collect();
    for entry in std::fs::read_dir(folder.join("servers")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(folders.contains(&name), "servers/{name} is still there");
    }
    for (file, user) in [("pgpass", "postgres"), ("replication.pgpass", "replicator")] {
        let text = std::fs::read_to_string(folder.join("secrets").join(file)).unwrap();
        assert_eq!(text.lines().count(), wanted.topology().servers().len(), "{file}");
        assert!(text.lines().all(|line| line.contains(user)));
    }
}

/// Applies a design; only the named servers are started again.
pub(crate) async fn apply(
    folder: &Path,
    before: &Document,
    wanted: &Document,
    restarted: &[&str],
) -> ApplyPlan {
    let times = start_times(folder, before.topology()).await;
    let (plan, outcome, events) = performed(folder, wanted, Cancel::default()).await;
    assert_eq!(outcome, Outcome::Done, "{events:#?}");
    check_whole(folder, wanted).await;
    let now = start_times(folder, wanted.topology()).await;
    for (name, time) in &times {
        if let Some(new) = now.get(name) {
            let is_new = new != time;
            assert_eq!(
                is_new,
                restarted.contains(&name.as_str()),
                "{name} was started at {new}, before at {time}"
            );
        }
    }
    plan
}

pub(crate) async fn teardown(folder: &Path) {
    let done = cluster::teardown(folder, CancellationToken::new()).await;
    done.unwrap_or_else(|report| panic!("{report}"));
    assert_gone(folder);
}

pub(crate) fn change(from: impl Into<String>, to: impl Into<String>) -> (String, String) {
    (from.into(), to.into())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_seed_changes_one_thing_after_another() {
    let scene = Scene::new();
    let folder = scene.folder();
    let ports = free_ports::<5>();
    let [new, other] = free_ports::<2>();
    let [_, slave1, slave2, slave11, slave12] = ports;
    let first = seed(ports).await;
    deployed(&first, &folder).await;
    write_rows(&folder, first.topology()).await;

    // slave12 from slave1 to slave2.
    let moved = edited(
        &first,
        &[
            change(format!("    slave12 {slave12}\n"), ""),
            change(
                format!("  slave2 {slave2} priority 2\n"),
                format!("  slave2 {slave2} priority 2\n    slave12 {slave12}\n"),
            ),
        ],
    );
    let plan = apply(&folder, &first, &moved, &[]).await;
    let told = "slave12 follows slave2 instead of slave1".to_owned();
    assert!(plan.changes.contains(&told), "{plan:#?}");
    assert_eq!(
        plan.interruptions,
        ["slave12 receives no WAL for a moment; its sessions stay"]
    );

    // A new standby under slave2.
    let more = edited(
        &moved,
        &[change(
            format!("    slave12 {slave12}\n"),
            format!("    slave12 {slave12}\n    slave21 {new}\n"),
        )],
    );
    apply(&folder, &moved, &more, &[]).await;
    let leaf = session(&folder, new, None).await.unwrap();
    let standby = leaf.query_one("SELECT pg_is_in_recovery()", &[]).await.unwrap();
    assert!(standby.get::<_, bool>(0));
    drop(leaf);

    // One removed.
    let fewer = edited(&more, &[change(format!("    slave11 {slave11}\n"), "")]);
    apply(&folder, &more, &fewer, &[]).await;
    TcpListener::bind(("127.0.0.1", slave11)).unwrap();

    // A port changed: that server alone, its downstreams follow.
    let elsewhere = edited(
        &fewer,
        &[change(format!("slave2 {slave2}"), format!("slave2 {other}"))],
    );
    apply(&folder, &fewer, &elsewhere, &["slave2"]).await;
    TcpListener::bind(("127.0.0.1", slave2)).unwrap();

    // FIRST 1 to ANY 1.
    let quorum = edited(&elsewhere, &[change("first 1", "any 1")]);
    let plan = apply(&folder, &elsewhere, &quorum, &[]).await;
    assert_eq!(plan.interruptions, [] as [String; 0]);
    let board = cluster::status(&folder).await.unwrap();
    assert!(
        board.servers[0]
            .replication
            .iter()
            .all(|row| row.sync_state == "quorum")
    );

    // A new name: its folder, its slot, its place in the list of candidates.
    let renamed = edited(&quorum, &[change("slave1 ", "west ")]);
    apply(&folder, &quorum, &renamed, &[]).await;
    assert!(folder.join("servers/west/log").exists());
    TcpListener::bind(("127.0.0.1", slave1)).unwrap_err();

    // And with the primary elsewhere, everything else stays up.
    let [master] = free_ports::<1>();
    let far = edited(
        &renamed,
        &[change(format!("master {}", ports[0]), format!("master {master}"))],
    );
    let plan = apply(&folder, &renamed, &far, &["master"]).await;
    assert!(
        plan.interruptions[0].contains("commits do not wait for standbys"),
        "{plan:#?}"
    );
    teardown(&folder).await;
}

/// All of the changes in one design.
pub(crate) fn all_at_once(first: &Document, ports: [u16; 5], new: u16, other: u16) -> Document {
    let [_, _, slave2, slave11, slave12] = ports;
    edited(
        first,
        &[
            change(format!("    slave11 {slave11}\n"), ""),
            change(format!("    slave12 {slave12}\n"), ""),
            change(
                format!("  slave2 {slave2} priority 2\n"),
                format!("  slave2 {other} priority 2\n    slave12 {slave12}\n    slave21 {new}\n"),
            ),
            change("first 1", "any 1"),
        ],
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_seed_changes_all_at_once_and_back() {
    changes_all_at_once_and_back(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_encrypted_seed_changes_all_at_once_and_back() {
    changes_all_at_once_and_back(true).await;
}

/// The seed's design; its words do not say that links are encrypted.
fn encrypted(document: &Document, is_encrypted: bool) -> Document {
    let mut topology = document.topology().clone();
    topology.apply(&Edit::SetTls(is_encrypted)).unwrap();
    Document::new(topology)
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_encrypted_and_opened_again_while_the_cluster_runs() {
    let scene = Scene::new();
    let folder = scene.folder();
    let first = seed(free_ports()).await;
    deployed(&first, &folder).await;
    write_rows(&folder, first.topology()).await;
    let secret = encrypted(&first, true);
    let more = edited(&first, &[change("first 1", "any 1")]);
    let more = encrypted(&more, true);
    let found = deploy::look(&folder, &more).await.unwrap();
    let refused = plan_apply(
        found.running.topology(),
        more.topology(),
        &found.machine,
        &found.standing,
    );
    assert_eq!(refused.unwrap_err()[0].id, "tls-at-once");

    // Somebody's own folder of that name, with a key as pgcascade would call it.
    let key = folder.join(ClusterFolder::AUTHORITY_KEY);
    std::fs::create_dir(folder.join(ClusterFolder::TLS)).unwrap();
    std::fs::write(&key, "theirs").unwrap();
    let (_, outcome, _) = performed(&folder, &secret, Cancel::default()).await;
    let (reason, _) = failed(outcome);
    assert!(reason.contains("tls could not be created"), "{reason}");
    assert_eq!(std::fs::read_to_string(&key).unwrap(), "theirs");
    check_whole(&folder, &first).await;
    std::fs::remove_dir_all(folder.join(ClusterFolder::TLS)).unwrap();

    let plan = apply(&folder, &first, &secret, &[]).await;
    assert_eq!(
        plan.changes,
        ["All links become encrypted, and both ends present a certificate"]
    );
    for path in [
        ClusterFolder::certificate("master"),
        ClusterFolder::certificate_key("slave12"),
    ] {
        assert!(folder.join(&path).exists(), "{path}");
    }
    assert_eq!(encrypted_links(&folder, &first).await, [true; 4]);
    // What comes later finds an encrypted cluster like any other.
    apply(&folder, &secret, &more, &[]).await;
    apply(&folder, &more, &secret, &[]).await;
    apply(&folder, &secret, &first, &[]).await;
    assert!(!folder.join("tls").exists());

    // Ended wherever it is, on the way there and back.
    let (a, b) = (scene.path().join("a.toml"), scene.path().join("b.toml"));
    std::fs::write(&a, first.text()).unwrap();
    std::fs::write(&b, secret.text()).unwrap();
    let (_, plan) = planned(&folder, &secret).await;
    for (round, at) in (1..plan.plan.steps.len() - 1).step_by(5).enumerate() {
        assert!(killed_after(at, &b, &folder), "at {at}");
        if round % 2 == 0 {
            apply(&folder, &first, &secret, &[]).await;
        }
        killed_after(at, &a, &folder);
        let (_, outcome, events) = performed(&folder, &first, Cancel::default()).await;
        assert_eq!(outcome, Outcome::Done, "at {at}: {events:#?}");
        check_whole(&folder, &first).await;
        assert!(!folder.join("tls").exists(), "at {at}");
    }
    apply(&folder, &first, &secret, &[]).await;
    teardown(&folder).await;
}

/// Of every link, whether it is encrypted.
async fn encrypted_links(folder: &Path, design: &Document) -> Vec<bool> {
    let mut found = Vec::new();
    for server in design.topology().servers() {
        let client = session(folder, server.port().number(), None).await.unwrap();
        let sql = "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_replication USING (pid)";
        let rows = client.query(sql, &[]).await.unwrap();
        found.extend(rows.iter().map(|row| row.get::<_, bool>(0)));
    }
    found
}

async fn changes_all_at_once_and_back(is_encrypted: bool) {
    let scene = Scene::new();
    let folder = scene.folder();
    let ports = free_ports::<5>();
    let [new, other] = free_ports::<2>();
    let first = encrypted(&seed(ports).await, is_encrypted);
    deployed(&first, &folder).await;
    write_rows(&folder, first.topology()).await;
    let wanted = encrypted(&all_at_once(&first, ports, new, other), is_encrypted);
    let before = start_times(&folder, first.topology()).await;
    apply(&folder, &first, &wanted, &["slave2"]).await;
    apply(&folder, &wanted, &first, &["slave2"]).await;
    let after = start_times(&folder, first.topology()).await;
    for name in ["master", "slave1", "slave12"] {
        assert_eq!(before[name], after[name], "{name} was never restarted");
    }
    if is_encrypted {
        // A new name needs a new certificate, and the old one goes.
        let renamed = encrypted(&edited(&first, &[change("slave1 ", "west ")]), true);
        apply(&folder, &first, &renamed, &["slave1"]).await;
        let keys = || {
            let files = std::fs::read_dir(folder.join("tls")).unwrap();
            let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
            let keys = names.filter_map(|name| Some(name.strip_suffix(".key")?.to_owned()));
            keys.collect::<std::collections::BTreeSet<String>>()
        };
        let all = [
            "ca",
            "server-master",
            "server-slave11",
            "server-slave12",
            "server-slave2",
            "server-west",
        ];
        assert_eq!(keys(), all.map(str::to_owned).into());
    }
    teardown(&folder).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_an_archive_and_a_delay_are_applied_in_their_order() {
    let scene = Scene::new();
    let folder = scene.folder();
    let first = seed(free_ports()).await;
    deployed(&first, &folder).await;
    write_rows(&folder, first.topology()).await;
    let all = ["master", "slave1", "slave2", "slave11", "slave12"];
    let with = |document: &Document, edit: Edit| {
        let mut topology = document.topology().clone();
        topology.apply(&edit).unwrap();
        Document::new(topology)
    };
    let setting = |value: Option<&str>| Edit::SetSetting {
        server: None,
        name: "max_connections".to_owned(),
        value: value.map(str::to_owned),
    };
    let high = with(&first, setting(Some("150")));
    apply(&folder, &first, &high, &all).await;
    // A standby would refuse to start here, had it not heard of the primary's before.
    apply(&folder, &high, &first, &all).await;
    let archive = Archive::new("archive").unwrap();
    let archived = with(&first, Edit::SetArchive(Some(archive)));
    apply(&folder, &first, &archived, &all).await;
    assert!(folder.join("archive").is_dir());
    let server = archived.topology().by_name("slave11").unwrap().id();
    let delay = pgcascade::model::topology::ApplyDelay::parse("10min").ok();
    let late = with(&archived, Edit::SetApplyDelay { server, delay });
    let (_, outcome, events) = performed(&folder, &late, Cancel::default()).await;
    assert_eq!(outcome, Outcome::Done, "{events:#?}");
    verified(&folder).await;
    // And applies all it has at once when the delay goes.
    let (_, outcome, events) = performed(&folder, &archived, Cancel::default()).await;
    assert_eq!(outcome, Outcome::Done, "{events:#?}");
    verified(&folder).await;
    teardown(&folder).await;
}

macro_rules! versions {
    ($($test:ident $major:ident $place:literal),+ $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread")]
        #[ignore = "needs servers that Debian does not have: make test-versions brings them"]
        async fn $test() {
            on_version(PgMajor::$major, FIRST_PORT_OF_CHANGES + 10 * $place).await;
        }
    )+};
}

versions! {
    change_postgres_10 V10 0,
    change_postgres_11 V11 1,
    change_postgres_12 V12 2,
    change_postgres_13 V13 3,
    change_postgres_14 V14 4,
    change_postgres_15 V15 5,
    change_postgres_16 V16 6,
    change_postgres_17 V17 7,
    change_postgres_18 V18 8,
    change_postgres_19 V19 0,
}

/// The changes all at once and back, and limits up and down.
async fn on_version(major: PgMajor, port: u16) {
    let scene = Scene::new();
    let folder = scene.folder();
    let ports = [0, 1, 2, 3, 4].map(|place| port + place);
    let [master, slave1, slave2, slave11, slave12] = ports;
    let text = format!(
        "postgres {major}\nmaster {master} sync first 1\n  slave1 {slave1} priority 1\n    slave11 {slave11}\n    slave12 {slave12}\n  slave2 {slave2} priority 2\n"
    );
    let first = Document::new(notation::parse(&text).unwrap());
    deployed_with(&first, &folder, Some(&programs(major))).await;
    write_rows(&folder, first.topology()).await;
    let wanted = all_at_once(&first, ports, port + 5, port + 6);
    let restarted: &[&str] = if major >= PgMajor::V13 {
        &["slave2"]
    } else {
        &["slave2", "slave12"]
    };
    apply(&folder, &first, &wanted, restarted).await;
    apply(&folder, &wanted, &first, restarted).await;
    let secret = encrypted(&first, true);
    let standbys = ["slave1", "slave2", "slave11", "slave12"];
    let restarted = if major >= PgMajor::V13 { &[][..] } else { &standbys };
    apply(&folder, &first, &secret, restarted).await;
    assert_eq!(encrypted_links(&folder, &first).await, [true; 4]);
    apply(&folder, &secret, &first, restarted).await;
    let mut topology = first.topology().clone();
    let (name, value) = ("max_connections".to_owned(), Some("150".to_owned()));
    topology
        .apply(&Edit::SetSetting {
            server: None,
            name,
            value,
        })
        .unwrap();
    let high = Document::new(topology);
    let all = ["master", "slave1", "slave2", "slave11", "slave12"];
    apply(&folder, &first, &high, &all).await;
    apply(&folder, &high, &first, &all).await;
    teardown(&folder).await;
}
