//! Works on a deployed cluster, found by its folder: start, stop, status, verify, teardown.

use std::path::Path;

use tokio_util::sync::CancellationToken;

use crate::model::document::Document;
use crate::model::health::Board;
use crate::report::Report;

/// The design the cluster was deployed from.
pub fn design(folder: &Path) -> Result<Document, Report> {
    let _ = folder;
    unimplemented!()
}

/// What every server shows now.
pub async fn status(folder: &Path) -> Result<Board, Report> {
    let _ = folder;
    unimplemented!()
}

/// Proves the design: links, sync states, a row read on every standby. Each sentence is one thing proved.
pub async fn verify(folder: &Path, cancel: CancellationToken) -> Result<Vec<String>, Report> {
    let _ = (folder, cancel);
    unimplemented!()
}

/// Starts the named servers (all, if none is named), upstreams first. Each sentence is one thing done.
pub async fn start(
    folder: &Path,
    servers: &[String],
    cancel: CancellationToken,
) -> Result<Vec<String>, Report> {
    let _ = (folder, servers, cancel);
    unimplemented!()
}

/// Stops the named servers (all, if none is named), the primary first. Each sentence is one thing done.
pub async fn stop(
    folder: &Path,
    servers: &[String],
    cancel: CancellationToken,
) -> Result<Vec<String>, Report> {
    let _ = (folder, servers, cancel);
    unimplemented!()
}

/// Stops what was started there and removes what was made there, nothing else. Finishes what a crash left.
pub async fn teardown(folder: &Path, cancel: CancellationToken) -> Result<Vec<String>, Report> {
    let _ = (folder, cancel);
    unimplemented!()
}
