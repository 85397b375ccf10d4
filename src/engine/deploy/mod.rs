//! Runs a plan: steps out as events, unwinding on failure or cancel.
//!
//! `discover` looks at the machine, `run` performs the plan through a `host`, `unwind` takes it back; `local_host` is
//! the host that is this machine, and `reporter` the one place where events are numbered. `apply` is the same for a
//! change of a cluster that runs (`interrupted`: between two designs, where the one before was ended), `resume` for what a pgcascade that
//! was ended left.

mod apply;
#[cfg(test)]
mod apply_tests;
mod discover;
mod host;
mod interrupted;
mod local_host;
mod reporter;
mod resume;
mod run;
mod run_log;
#[cfg(test)]
mod tests;
mod unwind;

use std::path::PathBuf;
use std::sync::Arc;

use nix::sys::signal::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use apply::{Change, Found, apply_here, look};
pub use resume::{LeftOver, Resumed, go_on_here, look_at_left_over};

use crate::model::bundle::Bundle;
use crate::model::document::Document;
use crate::model::plan::{Machine, Outcome, Plan, RunEvent};
use crate::model::topology::Topology;

/// Where and with what a design is to be deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub folder: PathBuf,
    /// The folder of initdb, pg_ctl and postgres; `None`: the design's major among the installed ones.
    pub bin: Option<PathBuf>,
    /// The user servers run as, if we are root; `None`: the first that exists of a documented list.
    pub run_as: Option<String>,
}

/// The two grades of giving up: `soft` unwinds, `hard` stops waiting and says what remains.
#[derive(Clone, Debug, Default)]
pub struct Cancel {
    pub soft: CancellationToken,
    pub hard: CancellationToken,
}

impl Cancel {
    /// The first request unwinds, the second stops waiting.
    pub fn request(&self) {
        if self.soft.is_cancelled() {
            self.hard.cancel();
        }
        self.soft.cancel();
    }
}

/// Gathers the facts about this machine that a plan and its preflight need. Changes nothing.
pub async fn discover(topology: &Topology, request: &Request) -> Machine {
    discover::machine(topology, request).await
}

/// Everything one run needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    pub number: u64,
    pub plan: Plan,
    pub machine: Machine,
    pub bundle: Bundle,
    pub document: Document,
    /// Where the directory that initdb makes is kept for the next run, see `store::cache_folder`; `None`: it is not.
    pub cache: Option<PathBuf>,
}

/// Performs the plan on this machine. Sends all events (the last is `finished`), then returns how it ended.
pub async fn run_here(run: Run, events: mpsc::Sender<RunEvent>, cancel: Cancel) -> Outcome {
    // Under a limit on the size of files the kernel ends whoever writes more; once caught, the write fails instead, and
    // the run is unwound. Where it cannot be caught all is as it was.
    let _caught = signal(SignalKind::from_raw(Signal::SIGXFSZ as i32));
    match local_host::LocalHost::new(&run) {
        // A whole run is too large for the stack of whoever waits for it.
        Ok(host) => {
            let run = run::run(run.number, &run.plan, Arc::new(host), events, cancel);
            Box::pin(run).await
        }
        Err(report) => run::refuse(run.number, &run.plan, events, report).await,
    }
}
