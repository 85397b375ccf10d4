//! The record as it is stored, with what only changes and the removal need.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{ClusterRecord, RecordedServer};
use crate::engine::system::files::Owner;
use crate::engine::system::random;
use crate::model::plan::{LeftSlot, Steering};
use crate::model::topology::Topology;
use crate::report::Report;

/// The record and what only its removal needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::engine) struct Stored {
    #[serde(flatten)]
    pub(in crate::engine) record: ClusterRecord,
    /// Folders above the cluster's that were made for it, outermost first.
    #[serde(default)]
    pub(in crate::engine) made_parents: Vec<PathBuf>,
    /// Folders inside it that the plan makes, relative.
    #[serde(default)]
    pub(in crate::engine) made: Vec<String>,
    /// Whose folder it was and with which mode, where an empty one was taken over.
    #[serde(default)]
    pub(in crate::engine) folder_was: Option<FolderWas>,
    /// The text of the design that is being made, while that is under way: a deployment has no design.toml yet, and a
    /// change still the one before.
    #[serde(default, alias = "change")]
    pub(in crate::engine) wanted: Option<String>,
    /// The text of the design that a change comes from, where that is not design.toml's: it undoes another change that
    /// was ended in the middle.
    #[serde(default)]
    pub(in crate::engine) from: Option<String>,
    /// Slots that an earlier change left: no design uses them. Servers that are left are those that are in no design.
    #[serde(default)]
    pub(in crate::engine) left_slots: Vec<LeftSlot>,
    /// Slots that are left once the change that is under way holds.
    #[serde(default)]
    pub(in crate::engine) leaves_slots: Vec<LeftSlot>,
    /// Folders that servers had before they were renamed: their keys and certificates are still in `tls/`.
    #[serde(default)]
    pub(in crate::engine) left_certificates: Vec<String>,
    /// Folders of servers that left the design when what ran became the design: they are in the record still, their data
    /// stay until they are drawn again or the cluster is torn down.
    #[serde(default)]
    pub(in crate::engine) set_aside: Vec<String>,
    /// Servers, by name, whose files do not say yet what the design has said since what ran became the design.
    #[serde(default)]
    pub(in crate::engine) stale: Vec<String>,
    /// What the change that is under way does to who is the primary.
    #[serde(default)]
    pub(in crate::engine) steering: Option<Steering>,
    /// Folders of servers that are not started before they are rejoined: they may have what no other server has.
    #[serde(default)]
    pub(in crate::engine) fenced: Vec<String>,
    /// Folders of servers whose data are a mixture: pg_rewind did not come to its end.
    #[serde(default)]
    pub(in crate::engine) torn: Vec<String>,
    /// What the laboratory did to the servers, in the words of What-if, and has not undone.
    #[serde(default)]
    pub(in crate::engine) faults: Vec<String>,
}

/// What an empty folder was before servers of another user had to work in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::engine) struct FolderWas {
    pub(in crate::engine) owner: Owner,
    pub(in crate::engine) mode: u32,
}

impl Stored {
    /// A record of which nothing else is known yet.
    pub(in crate::engine) fn of(record: ClusterRecord) -> Self {
        Self {
            record,
            made_parents: Vec::new(),
            made: Vec::new(),
            folder_was: None,
            wanted: None,
            from: None,
            left_slots: Vec::new(),
            leaves_slots: Vec::new(),
            left_certificates: Vec::new(),
            set_aside: Vec::new(),
            stale: Vec::new(),
            steering: None,
            fenced: Vec::new(),
            torn: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// The servers that were set aside and that a design does not have.
    pub(in crate::engine) fn beside(&self, topology: &Topology) -> Vec<RecordedServer> {
        let folders = topology.folders();
        let is_drawn = |folder: &String| folders.values().any(|drawn| drawn == folder);
        let servers = self.record.servers.iter();
        let beside = servers.filter(|one| self.set_aside.contains(&one.folder) && !is_drawn(&one.folder));
        beside.cloned().collect()
    }
}

/// A cluster's id: 128 random bits in hex.
///
/// # Errors
///
/// If the system gives no random bytes.
pub(in crate::engine) fn new_id() -> Result<String, Report> {
    random::hex(16)
}
