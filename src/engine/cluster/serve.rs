//! Starts and stops the servers of a complete cluster.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Cluster, verify};
use crate::engine::cluster::record::{self, Builder, Lock, Stored, Switching};
use crate::engine::postgres::proof;
use crate::engine::postgres::server::{self, Target};
use crate::engine::postgres::sessions::Sessions;
use crate::engine::system::wait::{Failure, Wait};
use crate::model::plan::expected_rows;
use crate::report::Report;

/// For one server, from its start until it accepts connections: a crash recovery may lie between.
const START: Duration = Duration::from_mins(1);
/// For one server, the immediate stop after a fast one that hangs included.
const STOP: Duration = Duration::from_mins(1);
/// From "all are ready" until all stream again.
const STREAM: Duration = Duration::from_secs(30);

pub(super) async fn start(
    cluster: &Cluster,
    names: &[String],
    cancel: CancellationToken,
) -> Result<Vec<String>, Report> {
    let chosen = cluster.chosen(names)?;
    let site = &cluster.site;
    let lock = Lock::take(&site.folder)?;
    let noted = Noted::begin(lock, true, &chosen)?;
    let pass_file = site.uses_passwords && !site.major.has_passfile();
    let mut done = Vec::new();
    for target in &chosen {
        let running = site
            .running(&target.folder)
            .map_err(|doubt| Report::of(format!("{} was not started.", target.name), &doubt))?;
        let wait = Wait::new(START, cancel.clone());
        if running.is_some() {
            if can_be_waited_for(cluster, target) {
                server::wait_ready(site, target, None, &wait)
                    .await
                    .map_err(Failure::into_report)?;
            }
            done.push(format!("{} ran already.", target.name));
            continue;
        }
        let started = server::start(site, target, pass_file, &wait)
            .await
            .map_err(Failure::into_report)?;
        if can_be_waited_for(cluster, target) {
            server::wait_ready(site, target, Some(&started), &wait)
                .await
                .map_err(Failure::into_report)?;
        }
        done.push(format!("{} was started on port {}.", target.name, target.port));
    }
    if names.is_empty() {
        // Whoever starts all wants to see all stream; a server that does not is for `verify` and its hints.
        let topology = cluster.design.topology();
        let wait = Wait::new(STREAM, cancel);
        let sessions = Sessions::new(site.clone());
        let asked = topology.in_tree_order().into_iter();
        for id in asked.filter(|id| topology.answers_queries(*id)) {
            if let Some(target) = cluster.target(id) {
                match proof::wait_rows(&sessions, &target, &expected_rows(topology, id), &wait).await {
                    Ok(()) => {}
                    Err(Failure::Cancelled) => return Err(Failure::Cancelled.into_report()),
                    Err(Failure::Failed(report)) => {
                        done.push(report.headline);
                        done.extend(verify::delay_hint(cluster, id));
                    }
                }
            }
        }
        sessions.close().await;
    }
    noted.end();
    Ok(done)
}

/// What the record says while servers are started or stopped: should we be ended, the next pgcascade offers to go on.
struct Noted {
    stored: Stored,
    _lock: Lock,
}

impl Noted {
    fn begin(lock: Lock, starts: bool, servers: &[Target]) -> Result<Self, Report> {
        let mut stored = record::load(lock.folder())?;
        stored.record.switching = Some(Switching {
            starts,
            servers: servers.iter().map(|server| server.name.clone()).collect(),
        });
        stored.record.builder = Builder::ourselves();
        stored.record.kept = false;
        let noted = Self { stored, _lock: lock };
        // On a full disk it cannot be written, and servers must be able to stop all the same.
        let _ = record::save(&noted.stored);
        Ok(noted)
    }

    /// It came to its end; dropping it says so.
    fn end(self) {
        drop(self);
    }
}

impl Drop for Noted {
    /// Also after a failure, which was told: then nobody needs to be reminded.
    fn drop(&mut self) {
        self.stored.record.switching = None;
        self.stored.record.builder = None;
        let _ = record::save(&self.stored);
    }
}

/// Before 10 nothing tells when a standby with hot_standby off has begun.
fn can_be_waited_for(cluster: &Cluster, target: &Target) -> bool {
    let topology = cluster.design.topology();
    let server = topology.by_name(&target.name);
    cluster.site.major.reports_ready_in_pid_file()
        || server.is_none_or(|server| topology.answers_queries(server.id()))
}

pub(super) async fn stop(
    cluster: &Cluster,
    names: &[String],
    cancel: CancellationToken,
) -> Result<Vec<String>, Report> {
    let chosen = cluster.chosen(names)?;
    let lock = Lock::take(&cluster.site.folder)?;
    let noted = Noted::begin(lock, false, &chosen)?;
    let mut done = Vec::new();
    // Downstreams before their upstreams. The other way round every standby asks the server that is gone again and
    // again, and fills its log with errors (tried on 10 to 18). Whoever wants standbys that have the primary's very
    // last record, so that one can take over without a rewind of the old primary, stops the primary by name, first.
    for target in chosen.iter().rev() {
        let wait = Wait::new(STOP, cancel.clone());
        let did_run = server::stop(&cluster.site, target, None, server::FAST_STOP, &wait)
            .await
            .map_err(Failure::into_report)?;
        done.push(if did_run {
            format!("{} was stopped.", target.name)
        } else {
            format!("{} did not run.", target.name)
        });
    }
    noted.end();
    Ok(done)
}
