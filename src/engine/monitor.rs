//! Reads a running cluster again and again.

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::model::health::Board;
use crate::report::Report;

/// Sends a board every `every`, until cancelled or the receiver is gone. Keeps its connections open between readings.
pub async fn watch(
    folder: PathBuf,
    every: Duration,
    boards: mpsc::Sender<Result<Board, Report>>,
    cancel: CancellationToken,
) {
    let _ = (folder, every, boards, cancel);
    unimplemented!()
}
