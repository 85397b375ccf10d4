//! Makes clusters on this machine, and changes those that run.
//!
//! `discover` looks at the machine; `local_host` has the hosts that perform plans on it. `apply` is a change of a cluster
//! that runs (`interrupted`: between two designs, where the one before was ended), `resume` continues what a pgcascade
//! that was ended left. `steer` is who takes over from whom.

pub mod adopt;
mod apply;
#[cfg(test)]
mod apply_tests;
mod discover;
mod interrupted;
mod local_host;
mod resume;
mod steer;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

pub use crate::engine::run::Cancel;
pub use apply::{Change, Found, apply_here, look};
use nix::sys::signal::Signal;
pub use resume::{LeftOver, Resumed, go_on_here, look_at_left_over};
pub use steer::{Refused, Steered, look_to_steer};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::engine::run;
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
    // Under a limit on the size of files the kernel ends anyone who writes more; once caught, the write fails instead, and
    // the run is unwound. Where it cannot be caught all is as it was.
    let _caught = signal(SignalKind::from_raw(Signal::SIGXFSZ as i32));
    match local_host::BuildHost::new(&run) {
        // A whole run is too large for the stack of anyone who waits for it.
        Ok(host) => {
            let run = run::run(run.number, &run.plan, Arc::new(host), events, cancel);
            Box::pin(run).await
        }
        Err(report) => run::refuse(run.number, &run.plan, events, report).await,
    }
}
