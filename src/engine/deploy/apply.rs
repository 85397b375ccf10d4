//! A change of a running cluster: what is found before it, and its run.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::local_host::ChangeHost;
use super::{Cancel, Request, discover, interrupted};
use crate::engine::cluster::record::{self, ClusterState, Lock, Stored};
use crate::engine::cluster::site::Site;
use crate::engine::cluster::{self, Cluster};
use crate::engine::postgres::server::FAST_STOP;
use crate::engine::system::wait::{Failure, Wait};
use crate::engine::{monitor, run};
use crate::model::configuration::ClusterFolder;
use crate::model::document::Document;
use crate::model::drift::{self, Drift};
use crate::model::plan::{Machine, Outcome, Plan, RunEvent, Standing};
use crate::model::topology::Topology;
use crate::report::Report;

/// How often, and with what rest, a cluster is looked at whose standbys may be about to connect again.
const LOOKS: usize = 10;
const REST: Duration = Duration::from_millis(300);

/// A cluster as it was found, for [`plan_apply`](crate::model::plan::plan_apply).
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The design that runs.
    pub running: Document,
    pub machine: Machine,
    pub standing: Standing,
    /// The record at that time: nobody may have changed it when the run begins.
    pub(super) stored: Stored,
    /// The design that runs is not the one of design.toml: a change to it was ended in the middle, and is undone.
    pub(super) takes_back: bool,
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
///
/// # Errors
///
/// If there is no complete cluster in the folder, another pgcascade is at work on it, or its design cannot be read.
pub async fn look(folder: &Path, wanted: &Document) -> Result<Found, Report> {
    let Some(stored) = record::find(folder)?.filter(is_whole) else {
        // Says why.
        record::load(folder)?;
        return Err(Report::new(format!(
            "There is no cluster in {}.",
            folder.display()
        )));
    };
    // Anyone who is at work on it has this.
    Lock::is_free(&stored.record.folder)?;
    let recorded = cluster::design_of(&stored)?;
    let begins = interrupted::begins_at(&stored, &recorded, wanted)?;
    let resumes = begins.is_some();
    let running = begins.unwrap_or_else(|| recorded.clone());
    let site = Site::of(&stored.record)?;
    end_of_stopping(&site, &stored).await?;
    let mut left_slots = stored.left_slots.clone();
    if !resumes {
        // Ended between its design.toml and its record, the change before holds, and what it leaves is left.
        left_slots.extend(stored.leaves_slots.clone());
    }
    let designs = [Some(&running), resumes.then_some(wanted)];
    let standing = Standing {
        down: down(&site, running.topology())?,
        left_slots,
        left_servers: left_servers(&stored, designs.into_iter().flatten(), wanted.topology()),
        left_tls: !running.topology().has_tls() && stored.made.iter().any(|made| made == ClusterFolder::TLS),
        clears: still_clears(&stored),
        drift: if resumes {
            Vec::new()
        } else {
            let mut found = found_otherwise(&site, &running).await;
            found.extend(stored.stale.iter().map(|server| drift::stale(server)));
            found
        },
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
        takes_back: !running.topology().has_same_configuration(recorded.topology()),
        running,
        machine,
        standing,
        stored,
    })
}

/// Performs the plan on this machine. Sends all events (the last is `finished`), then returns how it ended.
pub async fn apply_here(change: Change, events: mpsc::Sender<RunEvent>, cancel: Cancel) -> Outcome {
    match ChangeHost::new(&change) {
        // A whole run is too large for the stack of anyone who waits for it.
        Ok(host) => {
            let run = run::run(change.number, &change.plan, Arc::new(host), events, cancel);
            Box::pin(run).await
        }
        Err(report) => run::refuse(change.number, &change.plan, events, report).await,
    }
}

/// Waits for servers that an earlier pgcascade, or anybody else, has told to stop: they still run, and are gone before a
/// change comes to them.
async fn end_of_stopping(site: &Site, stored: &Stored) -> Result<(), Report> {
    let wait = Wait::new(FAST_STOP, CancellationToken::new());
    let is_stopping = |folder: &str| matches!(site.running(folder), Ok(Some(running)) if running.is_stopping);
    for server in &stored.record.servers {
        while is_stopping(&server.folder) {
            if !wait.next().await.map_err(Failure::into_report)? {
                return Err(Report::new(format!(
                    "{} was told to stop and still runs after {} seconds.",
                    server.name,
                    FAST_STOP.as_secs()
                ))
                .hint("A frozen standby can keep its upstream from shutting down; see its log."));
            }
        }
    }
    Ok(())
}

/// Where what runs differs from its design. A standby that is just coming back is given a moment.
async fn found_otherwise(site: &Site, running: &Document) -> Vec<Drift> {
    let cluster = Cluster {
        site: site.clone(),
        design: running.clone(),
        beside: Vec::new(),
        fenced: Vec::new(),
        torn: Vec::new(),
        faults: Vec::new(),
    };
    for _ in 0..LOOKS {
        let found = monitor::observe(&cluster).await.drift();
        let may_come = |one: &Drift| one.rule == "link-missing";
        // What is down stops the change, and takes its links with it.
        if !found.iter().any(may_come) || found.iter().any(|one| !one.may_pass()) {
            return found;
        }
        tokio::time::sleep(REST).await;
    }
    monitor::observe(&cluster).await.drift()
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
    stored.record.clears || stored.record.state == ClusterState::Changing
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

/// Servers of the record that are in none of these designs: removed, and not yet cleared away. One that was set aside stays,
/// unless it is drawn again: then it is copied again, too.
fn left_servers<'a>(
    stored: &Stored,
    designs: impl Iterator<Item = &'a Document>,
    wanted: &Topology,
) -> Vec<(String, String)> {
    let beside = stored.beside(wanted);
    let folders: Vec<String> = designs
        .flat_map(|design| design.topology().folders().values().cloned())
        .collect();
    let mut left: Vec<(String, String)> = stored
        .record
        .servers
        .iter()
        .filter(|server| !folders.contains(&server.folder) && !beside.contains(server))
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
            takes_back: false,
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
        settled.record.clears = true;
        assert!(still_clears(&settled));
    }
}
