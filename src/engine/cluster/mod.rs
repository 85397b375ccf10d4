//! Works on a deployed cluster, found by its folder: start, stop, status, verify, teardown.
//!
//! Everything here begins with the record (`Site`), and asks `ownership` before it touches a process. What changes something
//! is a [`Task`]: a plan that can be looked at, and its host. The functions of this file perform one while nobody looks.

mod drawn;
mod guide;
mod listed;
pub mod record;
pub(super) mod removal;
#[cfg(test)]
mod removal_tests;
pub(super) mod remover;
mod serve;
pub(super) mod servers;
pub(super) mod site;
mod task;
mod teardown;
#[cfg(test)]
mod teardown_tests;
pub(super) mod watched;

use std::io::ErrorKind;
use std::path::Path;

use tokio_util::sync::CancellationToken;

pub(super) use guide::readme;
pub use listed::list;
pub use task::{Performed, Task};
pub(super) use teardown::stop_all;

use self::record::{RecordedServer, Stored};
use crate::engine::cluster::site::{Site, address};
use crate::engine::monitor::{self, Snapshot};
use crate::engine::postgres::server::Target;
use crate::engine::system::plain;
use crate::model::configuration::ClusterFolder;
use crate::model::diagram::embedded::LARGEST_DESIGN_BYTES;
use crate::model::document::{Document, format};
use crate::model::drift::{Because, ToRejoin};
use crate::model::health::Board;
use crate::model::topology::{Server, ServerId, Topology};
use crate::report::Report;

/// The design the cluster was deployed from.
///
/// # Errors
///
/// If there is no cluster in the folder, or its design cannot be read any more.
pub fn design(folder: &Path) -> Result<Document, Report> {
    let stored = record::load(folder)?;
    design_of(&stored)
}

/// What every server shows now.
///
/// # Errors
///
/// If there is no cluster in the folder. A server that does not answer is not an error: the board says so.
pub async fn status(folder: &Path) -> Result<Board, Report> {
    observe(folder).await.map(|snapshot| snapshot.board())
}

/// The last lines of a server's log; none if it has not written any.
///
/// # Errors
///
/// If there is no cluster in the folder, or no such server.
pub fn log_tail(folder: &Path, server: &str) -> Result<Vec<String>, Report> {
    /// What somebody reads who looks for the reason of something.
    const LINES: usize = 400;
    let cluster = Cluster::load(folder)?;
    let chosen = cluster.chosen(&[server.to_owned()])?;
    let folder = chosen.first().map(|id| cluster.topology().folder(*id));
    let log = cluster
        .site
        .path(&ClusterFolder::log(&folder.unwrap_or_default()));
    Ok(plain::last_lines(&log, LINES))
}

/// What every server says now, and which of them do not answer.
///
/// # Errors
///
/// If there is no cluster in the folder.
pub async fn observe(folder: &Path) -> Result<Snapshot, Report> {
    Ok(monitor::observe(&Cluster::load(folder)?).await)
}

/// Proves the design: links, sync states, a row read on every standby. Each sentence is one thing proved.
///
/// # Errors
///
/// If there is no cluster in the folder, at the first promise that does not hold, and if it is cancelled.
pub async fn verify(folder: &Path, cancel: CancellationToken) -> Result<Vec<String>, Report> {
    Task::verify(folder)?.quietly(cancel).await
}

/// Starts the named servers (all, if none is named), upstreams first. Each sentence is one thing done.
///
/// # Errors
///
/// If there is no such cluster or server, another pgcascade is at work on it, a server does not start, or it is cancelled.
pub async fn start(
    folder: &Path,
    servers: &[String],
    cancel: CancellationToken,
) -> Result<Vec<String>, Report> {
    Task::start(folder, servers)?.quietly(cancel).await
}

/// Stops the named servers (all, if none is named), downstreams before their upstreams. Each sentence is one thing done.
///
/// # Errors
///
/// If there is no such cluster or server, another pgcascade is at work on it, a server does not end, or it is cancelled.
pub async fn stop(
    folder: &Path,
    servers: &[String],
    cancel: CancellationToken,
) -> Result<Vec<String>, Report> {
    Task::stop(folder, servers)?.quietly(cancel).await
}

/// Stops what was started there and removes what was made there, nothing else. Finishes what a crash left.
///
/// # Errors
///
/// If there is no cluster in the folder, another pgcascade is at work on it, a server does not end, something cannot be
/// removed, or it is cancelled. The record then stays, so that it can be tried again.
pub async fn teardown(folder: &Path, cancel: CancellationToken) -> Result<Vec<String>, Report> {
    Task::teardown(folder)?.quietly(cancel).await
}

/// A complete cluster: its record, its place and its design.
#[derive(Clone, Debug)]
pub(super) struct Cluster {
    pub(super) site: Site,
    pub(super) design: Document,
    /// Servers that left the design and whose data are still there.
    pub(super) beside: Vec<RecordedServer>,
    /// Folders of servers that are not started before they are rejoined.
    pub(super) fenced: Vec<String>,
    /// Folders of servers whose data are a mixture: pg_rewind did not finish.
    pub(super) torn: Vec<String>,
    /// What was broken on purpose when the record was read, in the words of `model::fault`.
    pub(super) faults: Vec<String>,
}

impl Cluster {
    pub(super) fn load(folder: &Path) -> Result<Self, Report> {
        Self::of(&record::load(folder)?)
    }

    pub(super) fn of(stored: &Stored) -> Result<Self, Report> {
        let design = design_of(stored)?;
        Ok(Self {
            site: Site::of(&stored.record)?,
            beside: stored.beside(design.topology()),
            fenced: stored.fenced.clone(),
            torn: stored.torn.clone(),
            faults: stored.faults.clone(),
            design,
        })
    }

    pub(super) fn target(&self, id: ServerId) -> Option<Target> {
        let topology = self.design.topology();
        let server = topology.server(id)?;
        Some(Target {
            name: server.name().to_string(),
            folder: topology.folder(id),
            address: address(server.host()),
            port: server.port().number(),
        })
    }

    /// The servers of the design that are not started before they are rejoined.
    pub(super) fn to_rejoin(&self) -> Vec<ToRejoin> {
        let topology = self.design.topology();
        let one = |server: &Server| {
            let folder = topology.folder(server.id());
            let data = self.site.data(&folder);
            let because = if self.torn.contains(&folder) {
                Because::Torn
            } else if self.fenced.contains(&folder) {
                Because::Replaced
            } else if !server.is_primary()
                && std::fs::symlink_metadata(data).is_err_and(|error| error.kind() == ErrorKind::NotFound)
            {
                Because::NoData
            } else {
                return None;
            };
            Some(ToRejoin {
                name: server.name().to_string(),
                because,
            })
        };
        topology.servers().iter().filter_map(one).collect()
    }

    pub(in crate::engine) fn topology(&self) -> &Topology {
        self.design.topology()
    }

    fn folder(&self) -> String {
        self.site.folder.display().to_string()
    }

    /// The named servers, all if none is named.
    fn chosen(&self, names: &[String]) -> Result<Vec<ServerId>, Report> {
        let servers = self.topology().servers();
        if let Some(unknown) = names.iter().find(|name| self.topology().by_name(name).is_none()) {
            let known: Vec<&str> = servers.iter().map(|server| server.name().as_str()).collect();
            return Err(
                Report::new(format!("The cluster has no server called {unknown}."))
                    .hint(format!("Its servers are {}.", known.join(", "))),
            );
        }
        Ok(servers
            .iter()
            .filter(|server| names.is_empty() || names.iter().any(|name| name == server.name().as_str()))
            .map(Server::id)
            .collect())
    }
}

pub(super) fn design_of(stored: &Stored) -> Result<Document, Report> {
    let folder = &stored.record.folder;
    let path = folder.join(ClusterFolder::DESIGN);
    let text = plain::read_below(folder, ClusterFolder::DESIGN, LARGEST_DESIGN_BYTES as u64)
        .and_then(plain::text)
        .map_err(|error| Report::of(format!("{} could not be opened.", path.display()), &error))?;
    format::read(&text).map_err(|problems| {
        let headline = format!("{} is not a valid design any more.", path.display());
        Report::of_problems(headline, &problems)
            .hint("It records how the cluster was deployed; undo the changes made to it.")
    })
}
