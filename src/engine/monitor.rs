//! Reads a running cluster again and again.

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::engine::cluster::{Cluster, Watcher};
use crate::model::health::Board;
use crate::report::Report;

/// A shorter time between readings would only load the machine.
const SHORTEST: Duration = Duration::from_millis(50);

/// Sends a board every `every`, until cancelled or the receiver is gone. Keeps its connections open between readings.
pub async fn watch(
    folder: PathBuf,
    every: Duration,
    boards: mpsc::Sender<Result<Board, Report>>,
    cancel: CancellationToken,
) {
    let mut watcher: Option<Watcher> = None;
    let mut ticks = tokio::time::interval(every.max(SHORTEST));
    // After a slow reading the next comes in its time, not at once.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let watching = async {
        loop {
            ticks.tick().await;
            let board = match (Cluster::load(&folder), watcher.take()) {
                (Err(report), _) => Err(report),
                // The record is looked at every time: a teardown ends the watching of what is gone.
                (Ok(_), Some(open)) => Ok(watcher.insert(open).board().await),
                (Ok(cluster), None) => Ok(watcher.insert(Watcher::new(&cluster)).board().await),
            };
            if boards.send(board).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        () = cancel.cancelled() => {}
        () = boards.closed() => {}
        () = watching => {}
    }
    if let Some(watcher) = watcher {
        watcher.close().await;
    }
}
