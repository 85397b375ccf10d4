//! How the servers of a cluster are looked at: where each is asked, and what its process says before anybody asks.

use super::Cluster;
use crate::engine::cluster::site::Site;
use crate::engine::postgres::endpoint::Endpoint;
use crate::engine::system::processes;
use crate::model::topology::Server;

/// A server that is looked at again and again.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Watched {
    /// As its observations call it.
    pub(in crate::engine) name: String,
    pub(in crate::engine) endpoint: Endpoint,
    /// Of one that pgcascade made. Of any other nobody can know that it is down.
    pub(in crate::engine) process: Option<OwnProcess>,
}

/// The process of a server that pgcascade made.
#[derive(Clone, Debug)]
pub(in crate::engine) struct OwnProcess {
    site: Site,
    folder: String,
    takes_queries: bool,
}

/// What a process is, as far as the system tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Life {
    /// None runs on the data directory.
    Gone,
    /// One may run there that is not proved to be ours.
    Doubtful(String),
    /// Stopped by a signal, or held by a debugger.
    Frozen,
    /// It has begun, and accepts no connections yet.
    NotReady,
    /// It runs, and takes no queries by design.
    Closed,
    /// It runs, on this port if it says one.
    Runs(Option<u16>),
}

impl Cluster {
    /// Its servers, in the design's order.
    pub(in crate::engine) fn watched(&self) -> Vec<Watched> {
        let servers = self.design.topology().servers().iter();
        servers.filter_map(|server| self.watched_server(server)).collect()
    }

    fn watched_server(&self, server: &Server) -> Option<Watched> {
        let target = self.target(server.id())?;
        let topology = self.design.topology();
        Some(Watched {
            endpoint: Endpoint::of_site(&self.site, target.address, target.port),
            name: target.name,
            process: Some(OwnProcess {
                site: self.site.clone(),
                folder: target.folder,
                takes_queries: topology.answers_queries(server.id()),
            }),
        })
    }
}

impl OwnProcess {
    /// What it is now. Somebody else's server may have the port by now: only one that runs on our directory is asked.
    pub(in crate::engine) fn life(&self) -> Life {
        let running = match self.site.running(&self.folder) {
            Ok(None) => return Life::Gone,
            Err(doubt) => return Life::Doubtful(doubt.to_string()),
            Ok(Some(running)) => running,
        };
        if running.is_single_user {
            // pgcascade's own set-up: nobody can connect.
            return Life::NotReady;
        }
        if processes::is_stopped(running.pid) {
            Life::Frozen
        } else if !self.takes_queries {
            Life::Closed
        } else if self.site.major.reports_ready_in_pid_file() && !running.says_ready {
            // Who asks too early has an error written into its log.
            Life::NotReady
        } else {
            Life::Runs(running.port)
        }
    }
}
