//! What a network does that is cut in the time view, real servers do: nobody is told, and commits wait until the sender's
//! time limit is over. And the lost quorum, of which the tab *Survives* speaks.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pgcascade::engine::cluster;
use pgcascade::model::document::Document;
use pgcascade::model::simulate::survives::survival;
use pgcascade::model::simulate::time::{Run, Scenario};
use pgcascade::model::simulate::world::{CommitFate, Incident, World};
use pgcascade::model::topology::{CommitLevel, Edit, PgMajor, Topology};
use tokio_util::sync::CancellationToken;

use crate::commits;
use crate::frozen::Frozen;
use crate::predict::wait_until_shown;
use crate::scene::{Scene, assert_gone, deployed, design, free_ports, session};

const SOON: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(40);
/// For a server to hear of something on a machine that has other work.
const A_MOMENT: Duration = Duration::from_secs(1);
/// In the microseconds of a run.
const SECOND: u64 = 1_000_000;

fn with_setting(topology: &mut Topology, name: &str, value: &str) {
    let (name, value) = (name.to_owned(), Some(value.to_owned()));
    let server = None;
    topology.apply(&Edit::SetSetting { server, name, value }).unwrap();
}

/// The moments before and after the sender notices, of a cut after one second.
fn in_time(topology: &Topology) -> (World, World, Duration) {
    let scenario = Scenario::parse("at 1s cut master slave1\n", topology).unwrap();
    let mut run = Run::new(topology, scenario);
    run.run_until(SECOND + SECOND / 2);
    let before = run.world().clone();
    run.run_until(10 * SECOND);
    let noticed = run.happened().get(1).unwrap();
    assert!(noticed.text(topology).starts_with("master gives slave1 up"));
    (
        before,
        run.world().clone(),
        Duration::from_micros(noticed.at - SECOND),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_wait_for_a_standby_that_is_cut_off_until_the_time_limit() {
    let scene = Scene::named("pgc-silent-");
    let folder = scene.folder();
    let [master, slave1, slave2] = free_ports();
    let text = format!(
        "master {master} sync first 1\n  slave1 {slave1} priority 1 no-slot\n  slave2 {slave2} priority 2\n"
    );
    let mut topology = design(&text).await.topology().clone();
    let limit = topology.postgres().sender_timeout_setting();
    with_setting(&mut topology, limit, "3s");
    with_setting(&mut topology, "wal_receiver_timeout", "3s");
    deployed(&Document::new(topology.clone()), &folder).await;
    let primary = topology.primary().id();
    let (before, after, noticed) = in_time(&topology);
    let fate = |world: &World| world.commit_on(primary, CommitLevel::On).fate;
    assert_eq!(
        (fate(&before), fate(&after)),
        (CommitFate::Hangs, CommitFate::Acknowledged)
    );
    assert_eq!(noticed, Duration::from_secs(3));

    commits::prepare(&folder, master).await;
    let frozen = Frozen::receivers(&folder, &[slave1]).await;
    assert!(!frozen.is_empty());
    let begun = Instant::now();
    let commit = async |may_hang| commits::commit(&folder, master, CommitLevel::On, may_hang).await;
    assert_eq!(commit(true).await, CommitFate::Hangs);
    wait_until_shown(&folder, &before.board(), "before it is noticed").await;
    assert_eq!(commit(false).await, CommitFate::Acknowledged);
    // What the sender heard last may be half of its limit old: that is when it asks.
    let waited = begun.elapsed();
    assert!(waited + A_MOMENT / 2 > noticed / 2, "{waited:?}");
    wait_until_shown(&folder, &after.board(), "after it is noticed").await;
    drop(frozen);
    let whole = World::new(&topology).board();
    wait_until_shown(&folder, &whole, "when it is back").await;

    // Without a limit nobody notices; what is repaired goes on.
    let set = async |value: &str| {
        let client = session(&folder, master, None).await.unwrap();
        let set = format!("ALTER SYSTEM SET {limit} = '{value}'");
        client.batch_execute(&set).await.unwrap();
        client.batch_execute("SELECT pg_reload_conf()").await.unwrap();
    };
    set("0").await;
    tokio::time::sleep(A_MOMENT).await;
    let frozen = Frozen::receivers(&folder, &[slave1]).await;
    tokio::time::sleep(2 * noticed).await;
    assert_eq!(commit(true).await, CommitFate::Hangs);
    wait_until_shown(&folder, &before.board(), "without a limit").await;
    drop(frozen);
    assert_eq!(commit(false).await, CommitFate::Acknowledged);
    wait_until_shown(&folder, &whole, "mended").await;

    // The other end has a limit of its own, and notices although its upstream does not.
    let frozen = Frozen::senders(&folder, master, "slave1").await;
    let log = folder.join("servers/slave1/log");
    let begun = Instant::now();
    while !fs::read_to_string(&log).unwrap().contains("due to timeout") {
        assert!(begun.elapsed() < SOON, "the standby does not notice");
        tokio::time::sleep(POLL).await;
    }
    drop(frozen);
    wait_until_shown(&folder, &whole, "at last").await;
    cluster::teardown(&folder, CancellationToken::new())
        .await
        .unwrap();
    assert_gone(&folder);
}

/// Of a site that is lost as a whole one member of the quorum had confirmed, the other one had not.
#[tokio::test(flavor = "multi_thread")]
async fn what_only_the_lost_part_of_a_quorum_confirmed_is_lost() {
    let scene = Scene::named("pgc-quorum-");
    let folder = scene.folder();
    let [paris1, paris2, oslo] = free_ports();
    let text = format!(
        "paris1 {paris1} sync any 1 site Paris\n  paris2 {paris2} priority 1 site Paris\n  oslo {oslo} priority 2 site Oslo\n"
    );
    let document = design(&text).await;
    let topology = document.topology();
    if topology.postgres() < PgMajor::V12 {
        return; // ANY came with 10, and pg_promote() with 12.
    }
    let crashes: Vec<Incident> = ["crash paris2", "crash paris1"]
        .map(|text| Incident::parse(text, topology).unwrap())
        .into();
    assert!(!survival(&World::new(topology), &crashes).nothing_lost.holds);

    deployed(&document, &folder).await;
    commits::prepare(&folder, paris1).await;
    let prepared = "SELECT count(*)::text FROM pg_class WHERE relname = 'predicted'";
    wait_for(&folder, oslo, prepared, "1").await;
    let frozen = Frozen::receivers(&folder, &[oslo]).await;
    assert!(!frozen.is_empty());
    let fate = commits::commit(&folder, paris1, CommitLevel::On, false).await;
    assert_eq!(fate, CommitFate::Acknowledged);
    wait_for(&folder, paris2, "SELECT count(*)::text FROM predicted", "1").await;
    for server in ["paris1", "paris2"] {
        end(&folder, server).await;
    }
    frozen.end();
    let client = session(&folder, oslo, None).await.unwrap();
    client.batch_execute("SELECT pg_promote()").await.unwrap();
    wait_for(&folder, oslo, "SELECT pg_is_in_recovery()::text", "false").await;
    wait_for(&folder, oslo, "SELECT count(*)::text FROM predicted", "0").await;
    cluster::teardown(&folder, CancellationToken::new())
        .await
        .unwrap();
    assert_gone(&folder);
}

/// The server ends at once, without a last record.
async fn end(folder: &Path, server: &str) {
    let file = folder.join(format!("servers/{server}/data/postmaster.pid"));
    let text = fs::read_to_string(&file).unwrap();
    let pid = Pid::from_raw(text.lines().next().unwrap().parse().unwrap());
    kill(pid, Signal::SIGQUIT).unwrap();
    let begun = Instant::now();
    while file.exists() {
        assert!(begun.elapsed() < SOON, "{server} does not end");
        tokio::time::sleep(POLL).await;
    }
}

async fn wait_for(folder: &Path, port: u16, question: &str, answer: &str) {
    let begun = Instant::now();
    loop {
        let client = session(folder, port, None).await.unwrap();
        let row = client.query_one(question, &[]).await;
        let found: Option<String> = row.ok().map(|row| row.get(0));
        if found.as_deref() == Some(answer) {
            return;
        }
        assert!(begun.elapsed() < SOON, "{question}: {found:?}");
        tokio::time::sleep(POLL).await;
    }
}
