//! The prediction against real servers: what was said they would show, and what a commit would do, is what happens.
//!
//! A seeded few by default. `PGCASCADE_ALL=1` tries all 32 subsets of the seed's servers, `PGCASCADE_CASES=n` tries n
//! random clusters, `PGCASCADE_LISTS=n` n random lists; `PGCASCADE_SEED=n` makes other ones, and `PGCASCADE_BIN` names
//! the programs of another major version. A failure prints the cluster in the notation.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use pgcascade::engine::cluster;
use pgcascade::engine::deploy::Cancel;
use pgcascade::model::document::Document;
use pgcascade::model::health::Board;
use pgcascade::model::plan::Outcome;
use pgcascade::model::simulate::{Configured, predict};
use pgcascade::model::topology::{CommitLevel, Edit, ServerId, SyncPolicy, Topology, notation};
use tokio_postgres::{Client, NoTls};
use tokio_util::sync::CancellationToken;

use crate::random::{Random, number};
use crate::scene::{Scene, assert_gone, deployed, design, perform, prepare, seed, session};

/// Until the servers show what was predicted: they have to notice, to come up and to connect.
const SHOWS: Duration = Duration::from_secs(40);
/// A commit that is not answered for so long hangs; one that is answered takes some milliseconds.
const HANGS: Duration = Duration::from_millis(600);
/// For a commit that must be answered, on a machine that has other work.
const ANSWERED: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn the_seed_without_some_of_its_servers_shows_what_was_predicted() {
    let scene = Scene::named("pgc-predict-");
    let folder = scene.folder();
    let document = seed(ports(5).try_into().unwrap()).await;
    deployed(&document, &folder).await;
    let mut subsets: Vec<u32> = (0..32).collect();
    if std::env::var_os("PGCASCADE_ALL").is_none() {
        Random::new(0).shuffle(&mut subsets);
        subsets.truncate(8);
    }
    for (number, subset) in subsets.iter().enumerate() {
        let down: BTreeSet<ServerId> = document
            .topology()
            .servers()
            .iter()
            .enumerate()
            .filter(|(place, _)| subset & (1 << place) != 0)
            .map(|(_, server)| server.id())
            .collect();
        compare(&document, &folder, &down, &[CommitLevel::On]).await;
        println!(
            "{} of {}: subset {subset:05b} as predicted",
            number + 1,
            subsets.len()
        );
    }
    torn_down(&folder).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn random_clusters_show_what_was_predicted() {
    let cases: u64 = number("PGCASCADE_CASES").unwrap_or(3);
    let mut commits = Vec::new();
    for case in 0..cases {
        let scene = Scene::named("pgc-predict-");
        let folder = scene.folder();
        let mut random = Random::new(case);
        let document = design(&random.cluster()).await;
        println!("case {case}\n{}", notation::print(document.topology()));
        // Unwise designs are wanted here, so the checks are not asked.
        let (_, run) = prepare(&document, &folder).await;
        let (outcome, events) = perform(run, Cancel::default()).await;
        assert_eq!(outcome, Outcome::Done, "case {case}: {:#?}", events.last());
        for step in 0..3 {
            let down = if step == 0 {
                BTreeSet::new()
            } else {
                random.some_of(document.topology())
            };
            commits.extend(compare(&document, &folder, &down, &CommitLevel::ALL).await);
        }
        torn_down(&folder).await;
    }
    let hung = commits.iter().filter(|outcome| *outcome == "waiting").count();
    println!("{cases} clusters, {} commits, {hung} of them hung", commits.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn random_lists_are_read_as_the_server_reads_them() {
    let scene = Scene::named("pgc-predict-");
    let folder = scene.folder();
    let [m, a, b, c] = ports(4).try_into().unwrap();
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

/// Stops the servers, waits until the others show what was predicted, commits at each level, starts them again.
/// Returns what the commits did.
async fn compare(
    document: &Document,
    folder: &Path,
    down: &BTreeSet<ServerId>,
    levels: &[CommitLevel],
) -> Vec<String> {
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
    wait_until_shown(folder, &predict(topology, down), &told).await;
    let mut outcomes = Vec::new();
    for level in levels {
        let predicted = predict(&at_level(topology, *level), down).commits.outcome;
        if predicted != "no-primary" {
            let client = session(folder, topology.primary().port().number(), None)
                .await
                .unwrap();
            let happened = commit(&client, *level, predicted == "waiting").await;
            assert_eq!(happened, predicted, "a commit at {} {told}", level.word());
            outcomes.push(predicted);
        }
    }
    if !names.is_empty() {
        cluster::start(folder, &names, CancellationToken::new())
            .await
            .unwrap();
    }
    outcomes
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

/// The same cluster with another synchronous_commit.
fn at_level(topology: &Topology, commit: CommitLevel) -> Topology {
    let mut topology = topology.clone();
    if let Some(policy) = topology.sync().cloned() {
        let policy = SyncPolicy { commit, ..policy };
        topology.apply(&Edit::SetSync(Some(policy))).unwrap();
    }
    topology
}

/// Inserts a row: "acknowledged" or "waiting". A commit that waits is cancelled, and stays on the primary.
async fn commit(client: &Client, level: CommitLevel, may_hang: bool) -> &'static str {
    client
        .batch_execute(
            "SET synchronous_commit = local; CREATE TABLE IF NOT EXISTS predicted (at timestamptz)",
        )
        .await
        .unwrap();
    client
        .batch_execute(&format!("SET synchronous_commit = {}", level.word()))
        .await
        .unwrap();
    let patience = if may_hang { HANGS } else { ANSWERED };
    let cancel = client.cancel_token();
    let insert = client.batch_execute("INSERT INTO predicted VALUES (now())");
    tokio::pin!(insert);
    if let Ok(done) = tokio::time::timeout(patience, &mut insert).await {
        done.unwrap();
        "acknowledged"
    } else {
        cancel.cancel_query(NoTls).await.unwrap();
        tokio::time::timeout(ANSWERED, insert).await.unwrap().unwrap();
        "waiting"
    }
}

async fn torn_down(folder: &Path) {
    cluster::teardown(folder, CancellationToken::new())
        .await
        .unwrap_or_else(|report| panic!("{report}"));
    assert_gone(folder);
}

/// Ports that nothing listens on now and no other test takes.
pub fn ports(count: usize) -> Vec<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    const FIRST: u16 = 29_000;
    const COUNT: u16 = 500;
    let offset = u16::try_from(std::process::id() % 25).unwrap() * 20;
    std::iter::repeat_with(|| FIRST + (offset + NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT)
        .take(COUNT.into())
        .filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .take(count)
        .collect()
}

impl Random {
    fn some_of(&mut self, topology: &Topology) -> BTreeSet<ServerId> {
        let mut some = BTreeSet::new();
        for server in topology.servers() {
            // Most steps keep the primary: without it there is no commit to look at.
            if self.one_in(if server.is_primary() { 8 } else { 2 }) {
                some.insert(server.id());
            }
        }
        some
    }

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

    /// Two to five servers in the notation. No two names are equal to PostgreSQL: between those, the one that
    /// connects first comes first, and that is not the drawing's to say.
    fn cluster(&mut self) -> String {
        let long = "long".repeat(17);
        let mut names = [
            "slave1",
            "SLAVE2",
            "my node",
            "it's",
            "a\"b",
            "1node",
            "first",
            "ANY",
            "é-x",
            "a,b",
            "(c)",
            "$d",
            "back\\slash",
            " blank",
            "x=y",
            "#z",
            long.as_str(),
        ];
        self.shuffle(&mut names);
        let count = 2 + self.below(4);
        let ports = ports(count);
        // Each server follows one before it; written out depth first, since indentation is the tree.
        let upstreams: Vec<usize> = (0..count)
            .map(|place| {
                if place < 2 || self.one_in(2) {
                    0
                } else {
                    self.below(place)
                }
            })
            .collect();
        let policy = match self.below(5) {
            0 => String::new(),
            kind => {
                let method = if kind < 3 { "first" } else { "any" };
                let level = CommitLevel::ALL[self.below(5)].word();
                format!(" sync {method} {} commit {level}", 1 + self.below(3))
            }
        };
        let mut priorities: Vec<usize> = (1..=count).collect();
        self.shuffle(&mut priorities);
        let mut text = String::new();
        let mut open = vec![(0, 0)];
        while let Some((place, depth)) = open.pop() {
            let name = names[place].replace('"', "\"\"");
            let _ = write!(
                text,
                "{:indent$}\"{name}\" {}",
                "",
                ports[place],
                indent = depth * 2
            );
            if place == 0 {
                text.push_str(&policy);
            } else if !self.one_in(3) {
                let _ = write!(text, " priority {}", priorities[place] * 7);
            }
            text.push('\n');
            let below = (1..count).rev().filter(|other| upstreams[*other] == place);
            open.extend(below.map(|other| (other, depth + 1)));
        }
        text
    }
}
