//! What all work on one cluster's folder shares: where it is, its programs and the user they run as.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use nix::unistd::User;
use tokio::process::Command;

use crate::engine::cluster::record::ClusterRecord;
use crate::engine::postgres::ownership::{self, Doubt, Running};
use crate::engine::servers_user::own_session;
use crate::engine::system::files::{self, Owner};
use crate::model::configuration::ClusterFolder;
use crate::model::topology::{Host, PgMajor};
use crate::report::Report;

/// The place a cluster lives in.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Site {
    pub(in crate::engine) id: String,
    /// Absolute, without symbolic links.
    pub(in crate::engine) folder: PathBuf,
    pub(in crate::engine) bin: PathBuf,
    /// The user of servers and files; `None`: ourselves.
    pub(in crate::engine) owner: Option<Owner>,
    pub(in crate::engine) major: PgMajor,
    pub(in crate::engine) uses_passwords: bool,
}

/// Where programs find what they call themselves (`sh`, `cp`, `test`).
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

impl Site {
    pub(in crate::engine) fn of(record: &ClusterRecord) -> Result<Self, Report> {
        let major = PgMajor::parse(&record.postgres)
            .map_err(|error| Report::of("The record of the cluster cannot be used.", &error))?;
        let owner = match &record.run_as {
            Some(name) if nix::unistd::geteuid().is_root() => Some(owner_of(name)?),
            _ => None,
        };
        Ok(Self {
            id: record.id.clone(),
            folder: record.folder.clone(),
            bin: record.bin.clone(),
            owner,
            major,
            uses_passwords: record.uses_passwords,
        })
    }

    /// A path of the layout, absolute.
    pub(in crate::engine) fn path(&self, relative: &str) -> PathBuf {
        self.folder.join(relative)
    }

    /// A server's data directory; `folder` is the server's own folder name.
    pub(in crate::engine) fn data(&self, folder: &str) -> PathBuf {
        self.path(&ClusterFolder::data(folder))
    }

    /// The last lines of a server's log, for hints.
    pub(in crate::engine) fn log_tail(&self, folder: &str) -> Vec<String> {
        /// What fits under a headline: the FATAL, its DETAIL and HINT, and what led there.
        const LINES: usize = 5;
        files::last_lines(&self.path(&ClusterFolder::log(folder)), LINES)
    }

    /// The same, if what is there is the directory that was made: a link that somebody put in its place leads to
    /// somebody else's server.
    pub(in crate::engine) fn own_data(&self, folder: &str) -> Option<PathBuf> {
        let data = files::inside(&self.folder, &ClusterFolder::data(folder))?;
        let is_folder = std::fs::symlink_metadata(&data).is_ok_and(|there| there.is_dir());
        is_folder.then_some(data)
    }

    /// What runs on a server's data directory.
    pub(in crate::engine) fn running(&self, folder: &str) -> Result<Option<Running>, Doubt> {
        self.own_data(folder)
            .map_or(Ok(None), |data| ownership::running(&data, &self.id))
    }

    /// One of the PostgreSQL programs, ready to start: as the servers' user, in its own session (and so process group),
    /// with an environment that holds nothing but the proof of whose it is.
    pub(in crate::engine) fn program(&self, name: &str, at: &Path) -> Command {
        let mut command = own_session::command(&self.bin.join(name));
        command
            .current_dir(at)
            .env_clear()
            .env("PATH", PATH)
            .env("LC_ALL", "C")
            .env(ownership::PROOF, &self.id)
            .stdin(Stdio::null());
        if let Some(owner) = self.owner {
            // Dropping root this way also drops its groups (std's documentation of `uid`).
            command.uid(owner.uid).gid(owner.gid);
        }
        command
    }
}

/// The numbers of a user that servers run as.
fn owner_of(name: &str) -> Result<Owner, Report> {
    match User::from_name(name) {
        Ok(Some(user)) => Ok(Owner {
            uid: user.uid.as_raw(),
            gid: user.gid.as_raw(),
        }),
        _ => Err(Report::new(format!(
            "The cluster's servers run as user {name}, which does not exist."
        ))),
    }
}

/// The loopback address to reach a server of a design at, if it runs on this machine: one whose host is another name or address
/// of the machine listens at localhost, too.
pub(in crate::engine) fn address(host: &Host) -> IpAddr {
    let drawn = host.as_str().parse().ok().filter(IpAddr::is_loopback);
    drawn.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}
