//! Reads what running servers say: each by a task of its own, with its own deadline and its own rests.
//!
//! `watch` does so until it is told to stop, `observe` once, `look_at` with one server that may be anybody's. A server that does not answer delays nobody.

mod clock;
mod crew;
mod foreign;
mod one;
mod pace;
mod questions;
mod reading;
mod snapshot;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

pub use self::foreign::watch_foreign;
pub use self::snapshot::Snapshot;
pub use crate::engine::postgres::endpoint::{Address, Endpoint, Login, Secret};

use self::crew::Crew;
use crate::engine::cluster::Cluster;
use crate::engine::cluster::watched::Watched;
use crate::model::health::Observation;
use crate::report::Report;

/// A shorter time between readings would only load the machine.
const SHORTEST: Duration = Duration::from_millis(50);
/// Between two looks at a cluster that is looked at once: while one server is waited for, the others stay fresh.
const FRESH: Duration = Duration::from_millis(500);
/// Between two looks at the cluster's record.
const RECORD: Duration = Duration::from_secs(1);
/// How much of the news is gathered into one: with many servers there is some all the time.
const GATHERED: Duration = Duration::from_millis(250);

/// The latest of a cluster that is watched, or why it cannot be; `None`: nothing yet.
pub type Latest = Option<Result<Snapshot, Report>>;

/// Looks at every server once, as long as the slowest of them may take.
pub(super) async fn observe(cluster: &Cluster) -> Snapshot {
    let mut crew = Crew::start(cluster, FRESH, &CancellationToken::new());
    crew.complete().await;
    let snapshot = crew.snapshot();
    crew.end().await;
    snapshot
}

/// Looks once at any server, whoever made it. That it is down nobody can know from here.
pub async fn look_at(name: &str, endpoint: Endpoint) -> Observation {
    one::look_once(Watched {
        name: name.to_owned(),
        endpoint,
        process: None,
    })
    .await
}

/// Reads every server of a cluster each `every`, until cancelled or nobody listens. Sessions stay open between readings.
/// What is sent is complete: every server was looked at.
pub async fn watch(
    folder: PathBuf,
    every: Duration,
    latest: watch::Sender<Latest>,
    cancel: CancellationToken,
) {
    let every = every.max(SHORTEST);
    let watching = CancellationToken::new();
    let mut crew: Option<Crew> = None;
    let mut records = tokio::time::interval(RECORD);
    records.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // When the next snapshot is sent; `None`: there is no news.
    let mut due: Option<Instant> = None;
    let mut not_before = Instant::now();
    loop {
        tokio::select! {
            () = cancel.cancelled() => break,
            () = latest.closed() => break,
            // The record is looked at again and again: a teardown ends the watching of what is gone, and a change by
            // another pgcascade is a change of what is watched.
            _ = records.tick() => match Cluster::load(&folder) {
                Ok(cluster) => {
                    if let Some(crew) = crew.as_mut().filter(|crew| crew.is_of(&cluster)) {
                        // What was broken or repaired meanwhile is told at once, even where no server answers.
                        if crew.note_faults(&cluster.faults) && crew.is_complete() {
                            due = Some(due.map_or(not_before, |due| due.min(not_before)));
                        }
                    } else {
                        let before = crew.replace(Crew::start(&cluster, every, &watching));
                        let_go(before);
                        due = None;
                    }
                }
                Err(report) => {
                    let_go(crew.take());
                    due = None;
                    latest.send_replace(Some(Err(report)));
                }
            },
            true = next(&mut crew) => {
                if let Some(crew) = &crew {
                    let soonest = if crew.is_complete() { not_before } else { crew.complete_at().max(not_before) };
                    due = Some(due.map_or(soonest, |due| due.min(soonest)));
                }
            }
            () = until(due) => {
                due = None;
                not_before = Instant::now() + GATHERED;
                if let Some(crew) = &crew {
                    latest.send_replace(Some(Ok(crew.snapshot())));
                }
            }
        }
    }
    if let Some(crew) = crew {
        crew.end().await;
    }
}

/// The next observation of whoever watches; never, if nobody does.
async fn next(crew: &mut Option<Crew>) -> bool {
    match crew {
        Some(crew) => crew.next().await,
        None => std::future::pending().await,
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// Ends what watched before, without waiting for it.
fn let_go(crew: Option<Crew>) {
    if let Some(crew) = crew {
        tokio::spawn(crew.end());
    }
}
