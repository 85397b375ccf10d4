//! The recipe of PostgreSQL's manual for a planned switchover, as a practised DBA would do it from open sessions: slave1
//! takes over from master.

use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, chown, geteuid};
use std::os::unix::process::CommandExt as _;
use tokio_postgres::{Client, NoTls};

use super::{DEADLINE, FIRST_PORT};

/// Where a control file has the position of the last checkpoint, from PostgreSQL 10 to 18.
const CHECKPOINT_AT: std::ops::Range<usize> = 32..40;

/// From the first slot to the old primary that streams again.
pub async fn switch_over(folder: &Path, bin: &Path) {
    let (master, slave1, slave2) = (
        session(folder, 0).await,
        session(folder, 1).await,
        session(folder, 2).await,
    );
    // What the heir needs for its new life, while it is a standby.
    for slot in ["master", "slave2"] {
        tell(
            &slave1,
            &format!("SELECT pg_create_physical_replication_slot('{slot}', true)"),
        )
        .await;
    }
    tell(
        &slave1,
        "ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (master, slave2)'",
    )
    .await;
    tell(&slave1, "SELECT pg_reload_conf()").await;
    // The sibling moves before it: it can never be ahead of the heir, and answers its first commit.
    tell(
        &slave2,
        &format!("ALTER SYSTEM SET primary_conninfo = '{}'", upstream("slave2")),
    )
    .await;
    tell(&slave2, "SELECT pg_reload_conf()").await;
    until("slave2 streams from slave1", async || {
        streams(&slave1, "slave2").await
    })
    .await;
    tell(&master, "CHECKPOINT").await;
    tell(&slave1, "CHECKPOINT").await;

    let data = folder.join("servers/master/data");
    let pid = fs::read_to_string(data.join("postmaster.pid")).unwrap();
    kill(
        Pid::from_raw(pid.lines().next().unwrap().parse().unwrap()),
        Signal::SIGINT,
    )
    .unwrap();
    until("master ends", async || !data.join("postmaster.pid").exists()).await;
    let control = fs::read(data.join("global/pg_control")).unwrap();
    let last = u64::from_ne_bytes(control[CHECKPOINT_AT].try_into().unwrap());
    let has_last = format!(
        "SELECT pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '{:X}/{:X}') > 0",
        last >> 32,
        last & 0xFFFF_FFFF
    );
    until("slave1 has the last record", async || {
        is(&slave1, &has_last).await
    })
    .await;
    assert!(
        is(&slave1, "SELECT pg_promote(true, 60)").await,
        "slave1 is not promoted"
    );

    rejoin(&data, bin);
    until("master streams from slave1", async || {
        streams(&slave1, "master").await
    })
    .await;
}

/// The old primary becomes a standby of the new one.
fn rejoin(data: &Path, bin: &Path) {
    let auto = data.join("postgresql.auto.conf");
    let mut text = fs::read_to_string(&auto).unwrap();
    text += &format!(
        "primary_conninfo = '{}'\nprimary_slot_name = 'master'\nsynchronous_standby_names = ''\n",
        upstream("master")
    );
    fs::write(&auto, text).unwrap();
    fs::write(data.join("standby.signal"), "").unwrap();
    let mut start = Command::new(bin.join("pg_ctl"));
    start
        .args(["start", "-w", "-D"])
        .arg(data)
        .arg("-l")
        .arg(data.join("../log"));
    start
        .current_dir(data)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if geteuid().is_root() {
        let user = User::from_name("postgres").unwrap().expect("the user postgres");
        chown(&data.join("standby.signal"), Some(user.uid), Some(user.gid)).unwrap();
        start.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
    assert!(
        start.status().unwrap().success(),
        "master does not start as a standby"
    );
}

fn upstream(own: &str) -> String {
    format!(
        "host=localhost port={} user=replicator passfile=../../../secrets/replication.pgpass application_name={own}",
        FIRST_PORT + 1
    )
}

/// A superuser's session through the cluster's own socket.
async fn session(folder: &Path, place: u16) -> Client {
    let password = fs::read_to_string(folder.join("secrets/superuser")).unwrap();
    let socket: PathBuf = folder.join("run");
    let mut config = tokio_postgres::Config::new();
    config
        .host_path(socket)
        .port(FIRST_PORT + place)
        .user("postgres")
        .dbname("postgres")
        .password(password.trim());
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn tell(client: &Client, statement: &str) {
    client.batch_execute(statement).await.unwrap();
}

async fn is(client: &Client, question: &str) -> bool {
    let row = client.query_one(question, &[]).await.unwrap();
    row.get::<_, Option<bool>>(0).unwrap_or(false)
}

async fn streams(client: &Client, standby: &str) -> bool {
    let question = format!(
        "SELECT count(*) = 1 FROM pg_stat_replication WHERE application_name = '{standby}' AND state = 'streaming'"
    );
    is(client, &question).await
}

async fn until<F: Future<Output = bool>>(what: &str, is_so: impl Fn() -> F) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < DEADLINE, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
