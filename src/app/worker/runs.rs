//! Who performs a run: the engine here, or, for root, the command line, which gives root up and plans the same again as the
//! servers' user.

use std::ffi::OsString;
use std::path::PathBuf;

use tokio::sync::mpsc;

use crate::engine::deploy::{self, Cancel, Change, Resumed, Run};
use crate::engine::servers_user::by_child::{self, HANDED};
use crate::model::plan::{Outcome, RunEvent, Steering};

pub(super) async fn deploy(run: Run, events: mpsc::Sender<RunEvent>, cancel: Cancel) -> Outcome {
    if !by_child::is_needed() {
        return deploy::run_here(run, events, cancel).await;
    }
    // What it lets run was asked for in the window.
    let mut arguments = words(
        &["deploy", HANDED, "--trust", "--json", "--dir"],
        run.plan.folder.into(),
    );
    if run.cache.is_none() {
        arguments.push("--no-cache".into());
    }
    let design = run.document.text();
    by_child::run(run.number, arguments, Some(design), events, cancel).await
}

pub(super) async fn apply(change: Change, events: mpsc::Sender<RunEvent>, cancel: Cancel) -> Outcome {
    if !by_child::is_needed() {
        return deploy::apply_here(change, events, cancel).await;
    }
    if let Some(steering) = &change.plan.head.steering {
        // What is lost was agreed to in the window.
        let (command, server) = match steering {
            Steering::Switchover { heir, .. } => (vec!["switchover", "--json"], heir),
            Steering::Failover { heir, .. } => (vec!["failover", "--yes", "--json"], heir),
            Steering::Rejoin { server, .. } => (vec!["rejoin", "--yes", "--json"], server),
        };
        let mut arguments = words(&command, change.found.folder());
        arguments.push(server.into());
        return by_child::run(change.number, arguments, None, events, cancel).await;
    }
    let arguments = words(
        &["apply", HANDED, "--trust", "--json", "--dir"],
        change.found.folder(),
    );
    let design = change.wanted.text();
    by_child::run(change.number, arguments, Some(design), events, cancel).await
}

pub(super) async fn go_on(resumed: Resumed, events: mpsc::Sender<RunEvent>, cancel: Cancel) -> Outcome {
    if !by_child::is_needed() {
        return deploy::go_on_here(resumed, events, cancel).await;
    }
    let arguments = words(&["resume", "--json"], resumed.folder());
    by_child::run(resumed.run.number, arguments, None, events, cancel).await
}

/// A command line whose last word is a folder.
fn words(first: &[&str], folder: PathBuf) -> Vec<OsString> {
    first.iter().map(OsString::from).chain([folder.into()]).collect()
}
