//! The prediction against real servers: what was said they would show, and what a commit would do, is what happens.
//!
//! All 32 subsets of the seed's servers, and a seeded few random lists: `PGCASCADE_LISTS=n` tries n of them,
//! `PGCASCADE_SEED=n` makes other ones, and `PGCASCADE_BIN` names the programs of another major version. Random clusters
//! are in `differential`.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use pgcascade::engine::cluster;
use pgcascade::model::document::Document;
use pgcascade::model::health::Board;
use pgcascade::model::simulate::world::CommitFate;
use pgcascade::model::simulate::{Configured, predict};
use pgcascade::model::topology::{CommitLevel, Edit, ServerId, notation};
use tokio_util::sync::CancellationToken;

use crate::commits;
use crate::random::{Random, number};
use crate::scene::{Scene, assert_gone, deployed, design, free_ports, seed, session};

/// Until the servers show what was predicted: they have to notice, to come up and to connect.
const SHOWS: Duration = Duration::from_secs(40);

#[tokio::test(flavor = "multi_thread")]
async fn the_seed_without_some_of_its_servers_shows_what_was_predicted() {
    let scene = Scene::named("pgc-predict-");
    let folder = scene.folder();
    let document = seed(free_ports()).await;
    deployed(&document, &folder).await;
    for subset in 0..32_u32 {
        let down: BTreeSet<ServerId> = document
            .topology()
            .servers()
            .iter()
            .enumerate()
            .filter(|(place, _)| subset & (1 << place) != 0)
            .map(|(_, server)| server.id())
            .collect();
        compare(&document, &folder, &down).await;
        println!("subset {subset:05b} as predicted");
    }
    torn_down(&folder).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn random_lists_are_read_as_the_server_reads_them() {
    let scene = Scene::named("pgc-predict-");
    let folder = scene.folder();
    let [m, a, b, c] = free_ports();
    let document = design(&format!("m {m}\n  a {a}\n  \"B c\" {b}\n  \"1-c\" {c}\n")).await;
    deployed(&document, &folder).await;
    let client = session(&folder, m, None).await.unwrap();
    let mut random = Random::new(0);
    let lists = number("PGCASCADE_LISTS").unwrap_or(300);
    let (mut accepted, mut compared) = (0, 0);
    for _ in 0..lists {
        let list = random.list();
        let mut topology = document.topology().clone();
        let setting = Edit::SetSetting {
            server: None,
            name: "synchronous_standby_names".to_owned(),
            value: Some(list.clone()),
        };
        topology.apply(&setting).unwrap();
        let read = Configured::of(&topology, topology.primary());
        let set = format!(
            "ALTER SYSTEM SET synchronous_standby_names = '{}'",
            list.replace('\'', "''")
        );
        let answer = client.batch_execute(&set).await;
        assert_eq!(read.is_ok(), answer.is_ok(), "{list:?}: {read:?}, but {answer:?}");
        accepted += u32::from(answer.is_ok());
        // Between standbys that match the same member the order of connecting decides, and that is not ours.
        if answer.is_ok() && !list.contains('*') {
            client.batch_execute("SELECT pg_reload_conf()").await.unwrap();
            let predicted = predict(&topology, &BTreeSet::new()).servers.remove(0).replication;
            let deadline = Instant::now() + SHOWS;
            loop {
                let shown = cluster::status(&folder)
                    .await
                    .unwrap()
                    .servers
                    .remove(0)
                    .replication;
                if shown == predicted {
                    break;
                }
                if Instant::now() > deadline {
                    assert_eq!(shown, predicted, "{list:?}");
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            compared += 1;
        }
    }
    println!("{lists} lists, {accepted} of them accepted, the rows of {compared} compared");
    torn_down(&folder).await;
}

/// Stops the servers, waits until the others show what was predicted, commits, starts them again.
async fn compare(document: &Document, folder: &Path, down: &BTreeSet<ServerId>) {
    let topology = document.topology();
    let names: Vec<String> = down
        .iter()
        .map(|id| topology.server(*id).unwrap().name().to_string())
        .collect();
    let told = format!("with {names:?} down of\n{}", notation::print(topology));
    // No name at all would mean all of them.
    if !names.is_empty() {
        cluster::stop(folder, &names, CancellationToken::new())
            .await
            .unwrap();
    }
    let predicted = predict(topology, down);
    wait_until_shown(folder, &predicted, &told).await;
    let outcome = predicted.commits.outcome;
    if outcome != "no-primary" {
        let port = topology.primary().port().number();
        commits::prepare(folder, port).await;
        let hangs = outcome == "waiting";
        let happened = commits::commit(folder, port, CommitLevel::On, hangs).await;
        assert_eq!(happened == CommitFate::Hangs, hangs, "a commit {told}");
    }
    if !names.is_empty() {
        cluster::start(folder, &names, CancellationToken::new())
            .await
            .unwrap();
    }
}

pub async fn wait_until_shown(folder: &Path, predicted: &Board, told: &str) {
    let deadline = Instant::now() + SHOWS;
    loop {
        let board = cluster::status(folder).await.unwrap();
        if board == *predicted {
            return;
        }
        if Instant::now() > deadline {
            assert_eq!(board, *predicted, "{told}");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn torn_down(folder: &Path) {
    cluster::teardown(folder, CancellationToken::new())
        .await
        .unwrap_or_else(|report| panic!("{report}"));
    assert_gone(folder);
}

impl Random {
    /// Something like a value of synchronous_standby_names: half of them as they should be, half of odd pieces.
    fn list(&mut self) -> String {
        const NAMES: [&str; 14] = [
            "a",
            "A",
            "\"B c\"",
            "\"b C\"",
            "\"1-c\"",
            "b",
            "\"a\"",
            "123",
            "zz$1",
            "\"\"",
            "*",
            "\"*\"",
            "\"q\"\"q\"",
            "é",
        ];
        const PIECES: [&str; 22] = [
            "a",
            "\"B c\"",
            "1-c",
            "*",
            ",",
            ",",
            "(",
            ")",
            "(",
            ")",
            " ",
            "  ",
            "FIRST",
            "any",
            "2",
            "0",
            "12a",
            "-",
            "$",
            "\"",
            "4294967297",
            "2147483648",
        ];
        if self.one_in(2) {
            return (0..self.below(7))
                .map(|_| PIECES[self.below(PIECES.len())])
                .collect();
        }
        let names: Vec<&str> = (0..=self.below(4))
            .map(|_| NAMES[self.below(NAMES.len())])
            .collect();
        let names = names.join(if self.one_in(2) { "," } else { " , " });
        match self.below(4) {
            0 => names,
            1 => format!("{}({names})", self.below(4)),
            2 => format!("First {} ({names})", self.below(4)),
            _ => format!("ANY {} ( {names} )", self.below(4)),
        }
    }
}
