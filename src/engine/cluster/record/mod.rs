//! The record of a cluster: what pgcascade made, where, and how far it came. On disk before anything is made.
//!
//! It stands in the cluster's own folder (`.pgcascade/cluster.json`: the marker that proves the folder is ours)
//! and, by id, in the list of the state folder, so that the next pgcascade finds what an earlier one left.
//! `stored` is what is written, `disk` reads and writes both, `claims` are those of runs without a marker, `journal` says which steps are done, `lock` keeps two pgcascades from working on one
//! folder at once.

mod claims;
mod disk;
mod journal;
mod lock;
mod moved;
mod stored;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub(in crate::engine) use claims::{claims_without_marker, forget_ended, lost_claims};
pub(in crate::engine) use disk::{
    announce, entry_of, find, find_in, forget, has_marker_folder, has_marker_to_read, load, no_cluster,
    read_marker, save, save_in,
};
pub(in crate::engine) use journal::JournalFile;
pub(in crate::engine) use lock::Lock;
pub(in crate::engine) use moved::{moved, moved_to};
pub(in crate::engine) use stored::{FolderWas, Stored, new_id};

use crate::engine::desk::store;
use crate::engine::postgres::ownership;
use crate::engine::system::files::names_in;
use crate::engine::system::processes;
use crate::model::topology::{Server, Topology};
use crate::report::Report;

/// One deployed (or half deployed) cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterRecord {
    /// 128 random bits in hex; also in the environment of every program that was started for it.
    pub id: String,
    /// The design's name.
    pub name: String,
    /// Absolute.
    pub folder: PathBuf,
    /// The folder itself was made by pgcascade, and may be removed with it.
    pub made_folder: bool,
    /// "9.6", "15".
    pub postgres: String,
    /// The folder of initdb, pg_ctl and postgres.
    pub bin: PathBuf,
    /// The user that the servers run as, if pgcascade ran as root.
    pub run_as: Option<String>,
    pub state: ClusterState,
    /// The pgcascade that builds it: pid and start time, to tell a crash from one that is still at work.
    pub builder: Option<Builder>,
    pub servers: Vec<RecordedServer>,
    pub uses_passwords: bool,
    /// A start or stop that has begun and has not ended.
    #[serde(default)]
    pub switching: Option<Switching>,
    /// The design is a new one, and what nobody uses any more is not cleared away yet.
    #[serde(default)]
    pub clears: bool,
    /// It was left unfinished, and the user wants it left as it is: nothing is offered any more.
    #[serde(default)]
    pub kept: bool,
}

/// Servers that are being started or stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switching {
    pub starts: bool,
    /// By name.
    pub servers: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClusterState {
    /// A run has begun and has not ended; if its builder is gone, it crashed.
    Building,
    /// Built and verified. Its servers may be running or not.
    Complete,
    /// A change to another design has begun and has not ended.
    Changing,
    /// A teardown has begun.
    Removing,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Builder {
    pub pid: u32,
    /// Field 22 of /proc/PID/stat: clock ticks since boot.
    pub start_ticks: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedServer {
    pub name: String,
    /// Its folder under `servers/`.
    pub folder: String,
    pub port: u16,
}

/// Every cluster in the list of the state folder whose folder has its marker, or of which something is left.
pub fn list() -> Vec<ClusterRecord> {
    store::state_folder().map_or_else(Vec::new, |state| list_in(&state))
}

/// Clusters whose builder or remover is gone before it was done: what a crash left, unless it is to be kept so.
pub fn left_over() -> Vec<ClusterRecord> {
    if let Some(state) = store::state_folder() {
        disk::forget_vanished(&state);
    }
    list()
        .into_iter()
        .filter(|record| record.is_unfinished() && !record.kept)
        .collect()
}

/// The record of the cluster in a folder; `None`: there is none.
///
/// # Errors
///
/// If the record cannot be read, or is somebody else's.
pub fn read(folder: &std::path::Path) -> Result<Option<ClusterRecord>, Report> {
    Ok(disk::read_marker(folder)?.map(|stored| stored.record))
}

/// Leaves an unfinished cluster as it is: it is offered no more, and can be resumed or torn down by its folder.
///
/// # Errors
///
/// If there is no cluster in the folder, nothing about it is unfinished, or its record cannot be written.
pub fn keep(folder: &std::path::Path) -> Result<ClusterRecord, Report> {
    let Some(mut stored) = find(folder)? else {
        return Err(disk::no_cluster(folder));
    };
    if !stored.record.is_unfinished() {
        return Err(Report::new(format!(
            "Nothing in {} was interrupted, so there is nothing to keep.",
            folder.display()
        ))
        .hint("A cluster stays until you remove it with `pgcascade teardown`."));
    }
    let has_marker = has_marker_folder(&stored.record.folder);
    let _lock = has_marker
        .then(|| Lock::take(&stored.record.folder))
        .transpose()?;
    stored.record.kept = true;
    save(&stored)?;
    Ok(stored.record)
}

fn list_in(state: &std::path::Path) -> Vec<ClusterRecord> {
    disk::entries(state)
        .into_iter()
        .filter_map(|entry| {
            let entry = entry.record;
            match disk::read_marker(&entry.folder) {
                // Another cluster's, made there since: it has an entry of its own.
                Ok(Some(stored)) if stored.record.id != entry.id => lost(entry),
                Ok(Some(stored)) => Some(stored.record),
                Ok(None) => lost(entry),
                Err(_) => None,
            }
        })
        .collect()
}

/// A cluster whose folder has no marker of it: worth showing if something of it is left all the same.
fn lost(mut entry: ClusterRecord) -> Option<ClusterRecord> {
    let has_empty_folder =
        || entry.made_folder && entry.folder.is_dir() && names_in(&entry.folder).is_empty();
    if entry.is_at_work() || !(entry.is_running() || has_empty_folder()) {
        return None;
    }
    if entry.state == ClusterState::Complete {
        // Its folder was moved, or removed by hand under its servers: no longer complete.
        entry.state = ClusterState::Removing;
    }
    Some(entry)
}

impl ClusterRecord {
    /// The servers of a design, as a record names them.
    pub(in crate::engine) fn servers_of(topology: &Topology) -> Vec<RecordedServer> {
        let folders = topology.folders();
        let of_server = |server: &Server| RecordedServer {
            name: server.name().to_string(),
            folder: folders.get(&server.id()).cloned().unwrap_or_default(),
            port: server.port().number(),
        };
        topology.servers().iter().map(of_server).collect()
    }

    /// True while the pgcascade that builds or removes it lives.
    pub(in crate::engine) fn is_at_work(&self) -> bool {
        self.builder.as_ref().is_some_and(Builder::is_alive)
    }

    /// True if anyone who was at work on it has gone before it was done.
    pub fn is_unfinished(&self) -> bool {
        let has_more_to_do = self.state != ClusterState::Complete || self.switching.is_some();
        (has_more_to_do && !self.is_at_work()) || self.is_left_uncleared()
    }

    /// True if a change holds, and the pgcascade that made it is gone before what nobody uses any more was cleared away.
    pub(in crate::engine) fn is_left_uncleared(&self) -> bool {
        // From the moment it holds, the lock alone says that somebody is still at work on it.
        self.state == ClusterState::Complete && self.clears && Lock::is_free(&self.folder).is_ok()
    }

    /// Built, and nothing that was begun with it has not ended.
    pub fn is_whole(&self) -> bool {
        self.state == ClusterState::Complete && self.switching.is_none()
    }

    /// For tests of what is done with it.
    #[cfg(test)]
    pub(crate) fn sample(folder: &str, state: ClusterState) -> Self {
        Self {
            id: "0".repeat(32),
            name: "seed".to_owned(),
            folder: folder.into(),
            made_folder: true,
            postgres: "15".to_owned(),
            bin: "/usr/lib/postgresql/15/bin".into(),
            run_as: None,
            state,
            builder: None,
            servers: Vec::new(),
            uses_passwords: true,
            switching: None,
            clears: false,
            kept: false,
        }
    }

    /// True while any process that was started for it lives, wherever its folder went.
    fn is_running(&self) -> bool {
        !ownership::helpers(&[], &self.id).is_empty()
    }
}

impl Builder {
    pub(in crate::engine) fn is_alive(&self) -> bool {
        // One that is dead and that nobody has fetched (a zombie) keeps its number, and does nothing any more.
        processes::is_alive(self.pid) && processes::start_ticks(self.pid) == Some(self.start_ticks)
    }

    /// This process.
    pub(in crate::engine) fn ourselves() -> Option<Self> {
        let pid = std::process::id();
        Some(Self {
            pid,
            start_ticks: processes::start_ticks(pid)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_process_that_nobody_has_fetched_is_at_work_on_nothing() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let builder = Builder {
            pid: child.id(),
            start_ticks: processes::start_ticks(child.id()).unwrap(),
        };
        assert!(builder.is_alive());
        child.kill().unwrap();
        let begun = std::time::Instant::now();
        while builder.is_alive() {
            assert!(
                begun.elapsed() < std::time::Duration::from_secs(5),
                "it is a zombie by now"
            );
            std::thread::yield_now();
        }
        assert_eq!(processes::start_ticks(child.id()), Some(builder.start_ticks));
        child.wait().unwrap();
    }
}
