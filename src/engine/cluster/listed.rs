//! The clusters that pgcascade knows on this machine, and how they are now.

use std::path::PathBuf;

use serde::Serialize;

use crate::engine::cluster::record::{self, ClusterRecord, ClusterState};
use crate::engine::cluster::site::Site;

/// A cluster, and how it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    pub name: String,
    pub folder: PathBuf,
    /// Its major version, "9.6", "15".
    pub version: String,
    pub state: Condition,
    pub servers: usize,
    pub servers_up: usize,
    /// It was left unfinished, and is to stay so.
    pub is_kept: bool,
}

/// What can be done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// Some server of it is up, at least.
    Running,
    Stopped,
    /// Another pgcascade is at work on it.
    Building,
    Changing,
    Removing,
    /// Whoever was at work on it is gone.
    HalfBuilt,
    BetweenDesigns,
    HalfRemoved,
    /// A start or stop broke off.
    HalfSwitched,
}

impl Condition {
    pub const fn words(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Building => "building",
            Self::Changing => "changing",
            Self::Removing => "removing",
            Self::HalfBuilt => "half built",
            Self::BetweenDesigns => "between two designs",
            Self::HalfRemoved => "half removed",
            Self::HalfSwitched => "half started or stopped",
        }
    }

    /// It can be opened, started and stopped.
    pub const fn is_whole(self) -> bool {
        matches!(self, Self::Running | Self::Stopped)
    }

    /// A crash left it so: it can be gone on with, or torn down.
    pub const fn is_left_over(self) -> bool {
        matches!(
            self,
            Self::HalfBuilt | Self::BetweenDesigns | Self::HalfRemoved | Self::HalfSwitched
        )
    }
}

/// All of them, by name and folder. Asks only what the processes are, and no server.
pub fn list() -> Vec<Listed> {
    // What vanished with nothing left of it is forgotten there.
    drop(record::left_over());
    let mut all: Vec<Listed> = record::list().iter().map(listed).collect();
    all.sort_by(|a, b| (&a.name, &a.folder).cmp(&(&b.name, &b.folder)));
    all
}

fn listed(record: &ClusterRecord) -> Listed {
    let servers_up = servers_up(record);
    Listed {
        name: record.name.clone(),
        folder: record.folder.clone(),
        version: record.postgres.clone(),
        state: condition(record, servers_up),
        servers: record.servers.len(),
        servers_up,
        is_kept: record.kept,
    }
}

fn servers_up(record: &ClusterRecord) -> usize {
    let Ok(site) = Site::of(record) else {
        return 0;
    };
    let runs = |folder: &str| matches!(site.running(folder), Ok(Some(_)));
    let servers = record.servers.iter();
    servers.filter(|server| runs(&server.folder)).count()
}

fn condition(record: &ClusterRecord, servers_up: usize) -> Condition {
    match (record.state, record.is_at_work()) {
        (ClusterState::Complete, false) if record.switching.is_some() => Condition::HalfSwitched,
        (ClusterState::Complete, _) if servers_up > 0 => Condition::Running,
        (ClusterState::Complete, _) => Condition::Stopped,
        (ClusterState::Building, true) => Condition::Building,
        (ClusterState::Changing, true) => Condition::Changing,
        (ClusterState::Removing, true) => Condition::Removing,
        (ClusterState::Building, false) => Condition::HalfBuilt,
        (ClusterState::Changing, false) => Condition::BetweenDesigns,
        (ClusterState::Removing, false) => Condition::HalfRemoved,
    }
}
