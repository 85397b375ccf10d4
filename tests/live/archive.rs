//! The WAL archive between real servers.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pgcascade::engine::cluster;
use pgcascade::model::document::Document;
use pgcascade::model::topology::{Archive, Edit};
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

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
