//! Work on a deployed cluster: planned, so that it can be looked at first, then performed with events like any other plan.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Cluster;
use super::serve::ServeHost;
use super::teardown::RemoveHost;
use crate::engine::cluster::remover::{Hand, OwnHand};
use crate::engine::run::{self, Cancel, Host};
use crate::engine::system::wait::Failure;
use crate::model::plan::{Outcome, Plan, RunEvent, StepId};
use crate::report::Report;

/// Events on their way to nobody.
const EVENTS: usize = 64;

/// A plan, and who performs it.
pub struct Task {
    plan: Plan,
    host: Hosts,
}

enum Hosts {
    Serve(Box<ServeHost>),
    Remove(Box<RemoveHost<OwnHand>>),
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("plan", &self.plan)
            .finish_non_exhaustive()
    }
}

/// How a task ended.
#[derive(Debug)]
pub struct Performed {
    pub outcome: Outcome,
    /// What was done, a sentence each.
    pub said: Vec<String>,
    /// Why it failed, with all its causes.
    pub failure: Option<Report>,
}

impl Task {
    /// Starts the named servers (all, if none is named), upstreams first.
    ///
    /// # Errors
    ///
    /// If there is no complete cluster in the folder, or no such server.
    pub fn start(folder: &Path, servers: &[String]) -> Result<Self, Report> {
        Ok(Self::serve(ServeHost::to_start(Cluster::load(folder)?, servers)?))
    }

    /// Stops the named servers (all, if none is named), downstreams before their upstreams.
    ///
    /// # Errors
    ///
    /// If there is no complete cluster in the folder, or no such server.
    pub fn stop(folder: &Path, servers: &[String]) -> Result<Self, Report> {
        Ok(Self::serve(ServeHost::to_stop(Cluster::load(folder)?, servers)?))
    }

    /// Proves the design: links, sync states, a row read on every standby.
    ///
    /// # Errors
    ///
    /// If there is no complete cluster in the folder.
    pub fn verify(folder: &Path) -> Result<Self, Report> {
        Ok(Self::serve(ServeHost::to_verify(Cluster::load(folder)?)))
    }

    /// Restarts the named servers (all, if none is named); `rolling`: one after the other, each only when the one before
    /// streams again, standbys before their upstreams.
    ///
    /// # Errors
    ///
    /// If there is no complete cluster in the folder, or no such server.
    pub fn restart(folder: &Path, servers: &[String], rolling: bool) -> Result<Self, Report> {
        let cluster = Cluster::load(folder)?;
        Ok(Self::serve(ServeHost::to_restart(cluster, servers, rolling)?))
    }

    /// Lets the named servers (all, if none is named) read their configuration again.
    ///
    /// # Errors
    ///
    /// If there is no complete cluster in the folder, or no such server.
    pub fn reload(folder: &Path, servers: &[String]) -> Result<Self, Report> {
        Ok(Self::serve(ServeHost::to_reload(
            Cluster::load(folder)?,
            servers,
        )?))
    }

    /// Lets a standby stop applying WAL, or go on.
    ///
    /// # Errors
    ///
    /// If there is no complete cluster in the folder, no such server, or it is the primary.
    pub fn set_replay(folder: &Path, server: &str, pauses: bool) -> Result<Self, Report> {
        Ok(Self::serve(ServeHost::to_set_replay(
            Cluster::load(folder)?,
            server,
            pauses,
        )?))
    }

    /// Stops what was started there and removes what was made there, nothing else. Finishes what a crash left.
    ///
    /// # Errors
    ///
    /// If there is no cluster in the folder, complete or half built.
    pub fn teardown(folder: &Path) -> Result<Self, Report> {
        let (plan, host) = RemoveHost::find(OwnHand, folder)?;
        Ok(Self {
            plan,
            host: Hosts::Remove(Box::new(host)),
        })
    }

    fn serve((plan, host): (Plan, ServeHost)) -> Self {
        Self {
            plan,
            host: Hosts::Serve(Box::new(host)),
        }
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Performs it. Sends all events (the last is `finished`), then returns how it ended.
    pub async fn perform(self, number: u64, events: mpsc::Sender<RunEvent>, cancel: Cancel) -> Performed {
        match self.host {
            Hosts::Serve(host) => {
                let host = Arc::new(*host);
                let outcome = Box::pin(run::run(number, &self.plan, Arc::clone(&host), events, cancel)).await;
                host.finish().await;
                host.told.performed(outcome)
            }
            Hosts::Remove(host) => remove(&self.plan, *host, number, events, cancel).await,
        }
    }

    /// Performs it while nobody looks.
    ///
    /// # Errors
    ///
    /// If it fails or is cancelled.
    pub(in crate::engine) async fn quietly(self, cancel: CancellationToken) -> Result<Vec<String>, Report> {
        unheard(cancel, |events, cancel| self.perform(0, events, cancel)).await
    }
}

/// A teardown by whichever hand.
pub(super) async fn remove<H: Hand>(
    plan: &Plan,
    host: RemoveHost<H>,
    number: u64,
    events: mpsc::Sender<RunEvent>,
    cancel: Cancel,
) -> Performed
where
    RemoveHost<H>: Host,
{
    let host = Arc::new(host);
    let outcome = Box::pin(run::run(number, plan, Arc::clone(&host), events, cancel)).await;
    host.told.performed(outcome)
}

/// A run whose events nobody wants.
pub(super) async fn unheard<F: Future<Output = Performed>>(
    soft: CancellationToken,
    perform: impl FnOnce(mpsc::Sender<RunEvent>, Cancel) -> F,
) -> Result<Vec<String>, Report> {
    let (events, mut heard) = mpsc::channel(EVENTS);
    let cancel = Cancel {
        soft,
        ..Cancel::default()
    };
    let ear = async { while heard.recv().await.is_some() {} };
    let (performed, ()) = tokio::join!(perform(events, cancel), ear);
    performed.into_result()
}

impl Performed {
    /// What was done, or why not all of it.
    ///
    /// # Errors
    ///
    /// If it failed or was cancelled.
    pub fn into_result(self) -> Result<Vec<String>, Report> {
        match self.outcome {
            Outcome::Done => Ok(self.said),
            Outcome::Cancelled { .. } => Err(Failure::Cancelled.into_report()),
            Outcome::Failed { reason, hints, .. } => Err(self.failure.unwrap_or_else(|| {
                let report = Report::new(reason);
                hints.into_iter().fold(report, Report::hint)
            })),
        }
    }
}

/// What a host has to say besides events, which have no place for all of it.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// By step, so that the order does not depend on which was done first.
    said: Mutex<BTreeMap<StepId, Vec<String>>>,
    failure: Mutex<Option<Report>>,
}

impl Told {
    /// Tells what was done; the events have it, too.
    pub(super) fn say(&self, work: &run::Work, sentence: String) {
        work.output(&sentence);
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.entry(work.step).or_default().push(sentence);
    }

    /// Keeps the first failure.
    pub(super) fn heard(&self, result: Result<(), Failure>) -> Result<(), Failure> {
        if let Err(Failure::Failed(report)) = &result {
            let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
            failure.get_or_insert_with(|| report.clone());
        }
        result
    }

    fn performed(&self, outcome: Outcome) -> Performed {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        Performed {
            outcome,
            said: std::mem::take(&mut *said).into_values().flatten().collect(),
            failure: failure.take(),
        }
    }
}
