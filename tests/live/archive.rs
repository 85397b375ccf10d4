//! The WAL archive between real servers.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pgcascade::engine::cluster;
use pgcascade::model::document::Document;
use pgcascade::model::simulate::world::{Flow, Incident, World};
use pgcascade::model::topology::{Archive, Edit};
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

use crate::predict::wait_until_shown;
use crate::scene::{Scene, assert_gone, deployed, design, free_ports, session};

const SOON: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_was_away_restores_from_the_archive() {
    let scene = Scene::new();
    let folder = scene.folder();
    let [primary, standby] = free_ports();
    // No slot and next to no WAL kept: what the standby misses is soon in the archive only.
    let plain = design(&format!("primary {primary}\n  standby {standby} no-slot\n")).await;
    let mut topology = plain.topology().clone();
    let keep = if topology.postgres().has_wal_keep_size() {
        "wal_keep_size"
    } else {
        "wal_keep_segments"
    };
    let archive = Archive::new("my 100% \"wal's\"").unwrap();
    topology.apply(&Edit::SetArchive(Some(archive))).unwrap();
    for (name, value) in [(keep, "0"), ("min_wal_size", "32MB"), ("max_wal_size", "32MB")] {
        let (name, value) = (name.to_owned(), Some(value.to_owned()));
        topology
            .apply(&Edit::SetSetting {
                server: None,
                name,
                value,
            })
            .unwrap();
    }
    deployed(&Document::new(topology), &folder).await;
    let cancel = CancellationToken::new;
    let one = ["standby".to_owned()];
    cluster::stop(&folder, &one, cancel()).await.unwrap();

    let client = session(&folder, primary, None).await.unwrap();
    client.batch_execute("CREATE TABLE away (n int)").await.unwrap();
    // A restart begins at the last checkpoint that the standby knows: only what is older than two more goes.
    let first = first_segment(&folder);
    while first_segment(&folder) == first || !is_archived(&folder, &first) {
        client.batch_execute("INSERT INTO away VALUES (1)").await.unwrap();
        client.batch_execute("SELECT pg_switch_wal()").await.unwrap();
        client.batch_execute("CHECKPOINT").await.unwrap();
    }
    let id: String = text(&client, "SELECT system_identifier::text FROM pg_control_system()").await;
    assert_eq!(names_in(&archive_of(&folder)), [id]);
    assert_eq!(
        text(&client, "SELECT failed_count::text FROM pg_stat_archiver").await,
        "0"
    );

    cluster::start(&folder, &one, cancel()).await.unwrap();
    let count = "SELECT count(*)::text FROM away";
    let (all, reader) = (
        text(&client, count).await,
        session(&folder, standby, None).await.unwrap(),
    );
    let begun = Instant::now();
    while text(&reader, "SELECT coalesce(to_regclass('away')::text, '')")
        .await
        .is_empty()
        || text(&reader, count).await != all
    {
        assert!(begun.elapsed() < SOON, "the standby does not catch up");
        tokio::time::sleep(POLL).await;
    }
    let log = fs::read_to_string(folder.join("servers/standby/log")).unwrap();
    assert!(
        log.contains(&format!("restored log file \"{first}\" from archive")),
        "{log}"
    );
    cluster::verify(&folder, cancel()).await.unwrap();
    cluster::teardown(&folder, cancel()).await.unwrap();
    assert_gone(&folder);
}

/// The world says that a primary keeps what is not archived: the standby that comes back streams, without a slot, and
/// with one that was given up until 17.
#[tokio::test(flavor = "multi_thread")]
async fn a_primary_whose_archive_fails_keeps_what_a_standby_needs_that_comes_back() {
    let scene = Scene::named("pgc-full-");
    let folder = scene.folder();
    let [primary, slotless, slotted] = free_ports();
    let text_of = format!("primary {primary}\n  slotless {slotless} no-slot\n  slotted {slotted}\n");
    let plain = design(&text_of).await;
    let mut topology = plain.topology().clone();
    let major = topology.postgres();
    let archive = Archive::new("my 100% \"wal's\"").unwrap();
    topology.apply(&Edit::SetArchive(Some(archive))).unwrap();
    let mut set = |name: &str, value: &str| {
        let (name, value) = (name.to_owned(), Some(value.to_owned()));
        let server = None;
        topology.apply(&Edit::SetSetting { server, name, value }).unwrap();
    };
    set(
        if major.has_wal_keep_size() {
            "wal_keep_size"
        } else {
            "wal_keep_segments"
        },
        "0",
    );
    set("min_wal_size", "32MB");
    set("max_wal_size", "32MB");
    if major.has_slot_limit() {
        set("max_slot_wal_keep_size", "32MB");
    }
    deployed(&Document::new(topology.clone()), &folder).await;
    let cancel = CancellationToken::new;
    let away = ["slotless".to_owned(), "slotted".to_owned()];
    cluster::stop(&folder, &away, cancel()).await.unwrap();
    let client = session(&folder, primary, None).await.unwrap();
    client
        .batch_execute("ALTER SYSTEM SET archive_command = 'false'")
        .await
        .unwrap();
    client.batch_execute("SELECT pg_reload_conf()").await.unwrap();
    client.batch_execute("CREATE TABLE away (n int)").await.unwrap();

    let first = first_segment(&folder);
    let write = async || {
        client.batch_execute("INSERT INTO away VALUES (1)").await.unwrap();
        client.batch_execute("SELECT pg_switch_wal()").await.unwrap();
        client.batch_execute("CHECKPOINT").await.unwrap();
    };
    // Four times what a slot may hold.
    for _ in 0..8 {
        write().await;
    }
    assert_eq!(
        first_segment(&folder),
        first,
        "what is not archived is not removed"
    );
    let mut world = World::new(&topology);
    let outgrow = if major.has_slot_limit() {
        "outgrow-slots"
    } else {
        "write-much"
    };
    for text in ["stop slotless", "stop slotted", "fill-archive", outgrow] {
        world.apply(Incident::parse(text, &topology).unwrap()).unwrap();
    }
    if major.has_slot_limit() {
        let status = "SELECT wal_status FROM pg_replication_slots WHERE slot_name = 'slotted'";
        assert_eq!(text(&client, status).await, "lost");
    }
    cluster::start(&folder, &away, cancel()).await.unwrap();
    for text in ["come-back slotless", "come-back slotted"] {
        world.apply(Incident::parse(text, &topology).unwrap()).unwrap();
    }
    wait_until_shown(&folder, &world.board(), "with a full archive").await;
    let streams =
        |name: &str| world.state(topology.by_name(name).unwrap().id()).unwrap().flow == Flow::Streams;
    assert!(streams("slotless"), "{:?}", world.board());
    assert_eq!(streams("slotted"), !major.forbids_lost_slots());
    let log = fs::read_to_string(folder.join("servers/slotless/log")).unwrap();
    assert!(
        !log.contains("has already been removed") && !log.contains("restored log file"),
        "{log}"
    );
    let reader = session(&folder, slotless, None).await.unwrap();
    let count = "SELECT count(*)::text FROM away";
    let begun = Instant::now();
    while text(&reader, count).await != text(&client, count).await {
        assert!(begun.elapsed() < SOON, "the standby does not catch up");
        tokio::time::sleep(POLL).await;
    }

    // Archived at last, it goes: nothing else had kept it.
    client
        .batch_execute("ALTER SYSTEM RESET archive_command")
        .await
        .unwrap();
    client.batch_execute("SELECT pg_reload_conf()").await.unwrap();
    let begun = Instant::now();
    while first_segment(&folder) == first {
        assert!(begun.elapsed() < 3 * SOON, "{first} stays");
        write().await;
        tokio::time::sleep(POLL).await;
    }
    cluster::teardown(&folder, cancel()).await.unwrap();
    assert_gone(&folder);
}

fn archive_of(folder: &Path) -> PathBuf {
    folder.join("my 100% \"wal's\"")
}

/// The first segment that the primary still has.
fn first_segment(folder: &Path) -> String {
    let names = names_in(&folder.join("servers/primary/data/pg_wal"));
    names.into_iter().find(|name| name.len() == 24).unwrap()
}

fn is_archived(folder: &Path, segment: &str) -> bool {
    let archive = archive_of(folder);
    names_in(&archive)
        .iter()
        .any(|cluster| archive.join(cluster).join(segment).exists())
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

async fn text(client: &Client, question: &str) -> String {
    client.query_one(question, &[]).await.unwrap().get(0)
}
