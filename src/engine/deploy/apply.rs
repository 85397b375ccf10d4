//! A change of a running cluster: what is found before it, and its run.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::mpsc;

use super::local_host::LocalHost;
use super::{Cancel, Request, discover, run};
use crate::engine::cluster;
use crate::engine::record::{self, ClusterState, Lock, Stored};
use crate::engine::site::Site;
use crate::model::document::{Document, format};
use crate::model::plan::{Machine, Outcome, Plan, RunEvent, Standing};
use crate::model::topology::Topology;
use crate::report::Report;

/// A cluster as it was found, for [`plan_apply`](crate::model::plan::plan_apply).
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The design that runs.
    pub running: Document,
    pub machine: Machine,
    pub standing: Standing,
    /// The record at that time: nobody may have changed it when the run begins.
    pub(super) stored: Stored,
}

/// Everything that one change needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub number: u64,
    pub plan: Plan,
    pub found: Found,
    /// The design that is to run.
    pub wanted: Document,
}

/// Looks at the cluster in a folder, for a change to this design. Changes nothing.
pub async fn look(folder: &Path, wanted: &Document) -> Result<Found, Report> {
    let Some(stored) = record::find(folder)?.filter(is_whole) else {
        // Says why.
        record::load(folder)?;
        return Err(Report::new(format!(
            "There is no cluster in {}.",
            folder.display()
        )));
    };
    // Whoever is at work on it has this.
    drop(Lock::take(&stored.record.folder)?);
    let recorded = cluster::design_of(&stored)?;
    let between = between(&stored, &recorded, wanted)?;
    let resumes = between.is_some();
    let running = between.unwrap_or(recorded);
    let is_settled = stored.record.state == ClusterState::Complete || !resumes;
    let site = Site::of(&stored.record)?;
    let standing = Standing {
        down: down(&site, running.topology())?,
        left_slots: if is_settled {
            stored.left_slots.clone()
        } else {
            Vec::new()
        },
        left_servers: if is_settled {
            left_servers(&stored, running.topology())
        } else {
            Vec::new()
        },
        clears: is_settled && still_clears(&stored),
        resumes,
    };
    let request = Request {
        folder: stored.record.folder.clone(),
        bin: Some(stored.record.bin.clone()),
        run_as: stored.record.run_as.clone(),
    };
    let mut machine = discover::machine(wanted.topology(), &request).await;
    let ours = own_ports(&site, &stored);
    machine.ports_in_use.retain(|used| !ours.contains(&used.port));
    Ok(Found {
        running,
        machine,
        standing,
        stored,
    })
}

/// Performs the plan on this machine. Sends all events (the last is `finished`), then returns how it ended.
pub async fn apply_here(change: Change, events: mpsc::Sender<RunEvent>, cancel: Cancel) -> Outcome {
    match LocalHost::changing(&change) {
        // A whole run is too large for the stack of whoever waits for it.
        Ok(host) => {
            let run = run::run(change.number, &change.plan, Arc::new(host), events, cancel);
            Box::pin(run).await
        }
        Err(report) => run::refuse(change.number, &change.plan, events, report).await,
    }
}

fn is_whole(stored: &Stored) -> bool {
    matches!(
        stored.record.state,
        ClusterState::Complete | ClusterState::Changing
    )
}

/// True if an earlier change has still to clear away; also where it was ended between its new design.toml and its record,
/// which then still speaks of two designs.
fn still_clears(stored: &Stored) -> bool {
    stored.clears || stored.record.state == ClusterState::Changing
}

/// The design to begin from, where a change was ended in the middle: servers may already be what either design says,
/// so the wanted one has to be one of the two, and all that differs between them is done again.
fn between(stored: &Stored, recorded: &Document, wanted: &Document) -> Result<Option<Document>, Report> {
    let Some(text) = stored
        .wanted
        .as_ref()
        .filter(|_| stored.record.state == ClusterState::Changing)
    else {
        return Ok(None);
    };
    let (begun, wanted) = (read_begun(text)?, read_begun(&wanted.text())?);
    if recorded.topology().has_same_configuration(begun.topology()) {
        // It was settled, and its record was not written any more.
        return Ok(None);
    }
    if wanted.topology().has_same_configuration(begun.topology()) {
        return Ok(Some(recorded.clone()));
    }
    if wanted.topology().has_same_configuration(recorded.topology()) {
        return Ok(Some(begun));
    }
    let folder = &stored.record.folder;
    Err(Report::new(format!(
        "The cluster in {} is between two designs, and this is neither: pgcascade was ended while it applied a change.",
        folder.display()
    ))
    .hint("Apply the design of that change again to finish it.")
    .hint(format!(
        "Or take it back: pgcascade apply {} --dir {}",
        folder.join(crate::model::plan::ClusterLayout::DESIGN).display(),
        folder.display()
    )))
}

/// The design that was being made when pgcascade was ended.
pub(super) fn read_wanted(stored: &Stored) -> Result<Option<Document>, Report> {
    stored.wanted.as_deref().map(read_begun).transpose()
}

fn read_begun(text: &str) -> Result<Document, Report> {
    format::read(text).map_err(|problems| {
        let mut report = Report::new("The design that was being made cannot be read any more.");
        report.causes = problems.into_iter().map(|problem| problem.message).collect();
        report
    })
}

/// Servers that do not run; one of which it cannot be said whose it is stops the change.
fn down(site: &Site, running: &Topology) -> Result<Vec<String>, Report> {
    let folders = running.folders();
    let mut down = Vec::new();
    for server in running.servers() {
        let folder = folders.get(&server.id()).map_or("", String::as_str);
        let found = site
            .running(folder)
            .map_err(|doubt| Report::of(format!("{} cannot be changed.", server.name()), &doubt))?;
        if found.is_none() {
            down.push(server.name().to_string());
        }
    }
    Ok(down)
}

/// Servers of the record that are in no design: removed, and not yet cleared away.
fn left_servers(stored: &Stored, running: &Topology) -> Vec<(String, String)> {
    let folders = running.folders();
    let mut left: Vec<(String, String)> = stored
        .record
        .servers
        .iter()
        .filter(|server| !folders.values().any(|folder| *folder == server.folder))
        .map(|server| (server.name.clone(), server.folder.clone()))
        .collect();
    left.dedup();
    left
}

/// The ports that servers of the cluster listen on, whichever design gave them.
pub(super) fn own_ports(site: &Site, stored: &Stored) -> Vec<u16> {
    let running = stored
        .record
        .servers
        .iter()
        .map(|server| site.running(&server.folder));
    running.filter_map(|found| found.ok()??.port).collect()
}

impl Found {
    /// The cluster's folder.
    pub fn folder(&self) -> PathBuf {
        self.stored.record.folder.clone()
    }

    /// For tests of what is done with it: a cluster in which all is well.
    #[cfg(test)]
    pub(crate) fn sample(running: Document, folder: &str) -> Self {
        let mut record = record::ClusterRecord::sample(folder, ClusterState::Complete);
        running.topology().name().clone_into(&mut record.name);
        Self {
            machine: Machine::portable(folder),
            standing: Standing::default(),
            stored: Stored::of(record),
            running,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_that_was_ended_at_its_record_is_not_taken_for_done() {
        let stored = |state| Stored::of(record::ClusterRecord::sample("/c", state));
        assert!(still_clears(&stored(ClusterState::Changing)));
        assert!(!still_clears(&stored(ClusterState::Complete)));
        let mut settled = stored(ClusterState::Complete);
        settled.clears = true;
        assert!(still_clears(&settled));
    }
}
