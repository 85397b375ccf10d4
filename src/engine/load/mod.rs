//! A load to see something by: small rows, committed by several clients through whichever server is the primary, also while another
//! server takes over; at the end whether every acknowledged row is there.
//!
//! `client` is one of them, `tally` what they count.

mod client;
mod tally;

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_postgres::types::Type;
use tokio_util::sync::CancellationToken;

use self::client::{Client, writer};
use self::tally::Tally;
use crate::engine::cluster::Cluster;
use crate::engine::postgres::endpoint::Endpoint;
use crate::engine::postgres::sql::{Purpose, Session, SqlError};
use crate::engine::system::random;
use crate::report::Report;

pub use crate::model::health::{Loaded, Second};

/// Where the rows are; those of a load are removed at its end, and the empty table stays.
const TABLE: &str = "pgcascade_load";
/// A primary is looked for as long, at the beginning and at the end.
const PATIENCE: Duration = Duration::from_secs(30);
/// What a client is in the middle of when the time is up has so long.
const LAST: Duration = Duration::from_secs(3);

/// How much, and for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    pub clients: u32,
    /// Commits a second, of all clients together; `None`: as many as there can be.
    pub rate: Option<f64>,
    pub time: Duration,
}

/// Commits rows until the time is up or it is cancelled, and tells what every second brought; then counts what is there.
///
/// # Errors
///
/// If there is no cluster in the folder, or no server of it accepts writes, at the beginning or at the end.
pub async fn load(
    folder: &Path,
    demand: Demand,
    seconds: mpsc::Sender<Second>,
    cancel: CancellationToken,
) -> Result<Loaded, Report> {
    let endpoints = endpoints(folder)?;
    let run = random::hex(8)?;
    let session = primary(&endpoints, folder).await?;
    let make = format!(
        "CREATE TABLE IF NOT EXISTS {TABLE} (run text, client integer, number bigint, at timestamptz DEFAULT now())"
    );
    session
        .run(&make)
        .await
        .map_err(|error| failed("prepared", &error))?;
    session.close().await;
    let tally = Tally::begin();
    let stop = cancel.child_token();
    let mut clients = JoinSet::new();
    let each = demand
        .rate
        .map(|rate| Duration::from_secs_f64(f64::from(demand.clients.max(1)) / rate.max(0.01)));
    for number in 0..demand.clients {
        let client = Client {
            number,
            run: run.clone(),
            endpoints: endpoints.clone(),
            each,
            tally: tally.clone(),
            stop: stop.clone(),
        };
        clients.spawn(client.run());
    }
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    let end = Instant::now() + demand.time;
    loop {
        tokio::select! {
            biased;
            () = cancel.cancelled() => break,
            () = tokio::time::sleep_until(end) => break,
            _ = ticks.tick() => {
                // A listener that is too slow misses it.
                let _ = seconds.try_send(tally.second());
            }
        }
    }
    stop.cancel();
    let _ = tokio::time::timeout(LAST, async { while clients.join_next().await.is_some() {} }).await;
    clients.abort_all();
    while clients.join_next().await.is_some() {}
    let session = primary(&endpoints, folder).await?;
    let there = rows(&session, &run)
        .await
        .map_err(|error| failed("counted", &error))?;
    let loaded = tally.end(&there);
    if loaded.lost == 0 {
        // Somebody else's load may still be in it.
        let clear = format!("DELETE FROM {TABLE} WHERE run = '{run}'");
        session
            .run(&clear)
            .await
            .map_err(|error| failed("removed", &error))?;
    }
    session.close().await;
    Ok(loaded)
}

fn endpoints(folder: &Path) -> Result<Vec<Endpoint>, Report> {
    let cluster = Cluster::load(folder)?;
    let topology = cluster.design.topology();
    let order = topology.in_tree_order().into_iter();
    let targets = order.filter_map(|id| cluster.target(id));
    Ok(targets
        .map(|target| Endpoint::of_site(&cluster.site, target.address, target.port))
        .collect())
}

/// A session with the primary, for what is done before and after.
async fn primary(endpoints: &[Endpoint], folder: &Path) -> Result<Session, Report> {
    let found = tokio::time::timeout(PATIENCE, async {
        loop {
            if let Some(session) = writer(endpoints, Purpose::Work).await {
                return session;
            }
            tokio::time::sleep(client::REST).await;
        }
    });
    found.await.map_err(|_| {
        let folder: PathBuf = folder.to_owned();
        Report::new("No server of the cluster accepts writes.")
            .hint(format!("See who runs: pgcascade status {}", folder.display()))
    })
}

async fn rows(session: &Session, run: &str) -> Result<Vec<(u32, i64)>, SqlError> {
    let sql = format!("SELECT client, number FROM {TABLE} WHERE run = $1");
    let rows = tokio::time::timeout(PATIENCE, session.ask(&sql, &[(&run, Type::TEXT)])).await;
    let rows = rows.map_err(|_| SqlError::Silent(PATIENCE))??;
    rows.iter()
        .map(|row| {
            let client: i32 = row.try_get(0)?;
            Ok((client.try_into().unwrap_or(u32::MAX), row.try_get(1)?))
        })
        .collect()
}

fn failed(what: &str, error: &SqlError) -> Report {
    Report::of(format!("The rows of the load could not be {what}."), error)
}
