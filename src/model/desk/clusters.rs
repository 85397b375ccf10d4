//! The clusters of this machine as the window and the list know them: how they are, and what an earlier pgcascade left.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A cluster, and how it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    pub name: String,
    pub folder: PathBuf,
    /// Its major version, "9.6", "15".
    pub version: String,
    pub state: Condition,
    pub servers: usize,
    pub servers_up: usize,
    /// The servers that run and take writes, where it is more than one (a split brain).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub split: Vec<String>,
    /// It was left unfinished, and is to stay so.
    pub is_kept: bool,
}

/// What can be done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// Some server of it is up, at least.
    Running,
    Stopped,
    /// Another pgcascade is at work on it.
    Building,
    Changing,
    Removing,
    /// Anyone who was at work on it is gone.
    HalfBuilt,
    BetweenDesigns,
    HalfRemoved,
    /// A start or stop broke off.
    HalfSwitched,
    /// A change holds; slots, ports or servers of the old design are still to be cleared away.
    NotCleared,
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
            Self::NotCleared => "changed, not cleaned up",
        }
    }

    /// It can be opened, started and stopped.
    pub const fn is_whole(self) -> bool {
        matches!(self, Self::Running | Self::Stopped | Self::NotCleared)
    }

    /// A crash left it so: it can be resumed, or torn down.
    pub const fn is_left_over(self) -> bool {
        matches!(
            self,
            Self::HalfBuilt
                | Self::BetweenDesigns
                | Self::HalfRemoved
                | Self::HalfSwitched
                | Self::NotCleared
        )
    }
}

/// A cluster that an earlier pgcascade left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftCluster {
    /// The design's name.
    pub name: String,
    pub folder: PathBuf,
    pub state: LeftState,
}

/// How far the work on it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftState {
    HalfBuilt,
    /// Nothing that was begun with it has not ended.
    Whole,
    HalfStarted,
    HalfStopped,
    BetweenDesigns,
    NotCleared,
    HalfRemoved,
}

impl LeftState {
    pub const fn is_whole(self) -> bool {
        matches!(self, Self::Whole)
    }

    /// All its servers are there, and are those of its design; they may be half started or half stopped.
    pub const fn is_complete(self) -> bool {
        matches!(
            self,
            Self::Whole | Self::HalfStarted | Self::HalfStopped | Self::NotCleared
        )
    }
}
