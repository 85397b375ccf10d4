//! Facts about the machine a cluster will run on, gathered by `engine::deploy::discover`, judged by `preflight`.

use serde::Serialize;

use crate::model::topology::PgMajor;

/// What is known of the machine for one deployment into one folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// The cluster's folder, absolute.
    pub folder: String,
    pub folder_state: FolderState,
    /// Every usable set of PostgreSQL programs that was found, the chosen one first.
    pub tools: Vec<Tools>,
    pub is_root: bool,
    /// The ordinary user that servers run as, if pgcascade itself runs as root.
    pub run_as: Option<RunAs>,
    /// Ports that something already listens on; of the design's, who does.
    pub ports_in_use: Vec<PortUse>,
    pub free_disk_bytes: Option<u64>,
}

impl Machine {
    /// A machine of which nothing is known yet, and nothing stands in the way: what the scripts of a bundle are
    /// made for. They look at the real one themselves.
    pub fn portable(folder: &str) -> Self {
        Self {
            folder: folder.to_owned(),
            folder_state: FolderState::Absent,
            tools: Vec::new(),
            is_root: false,
            run_as: None,
            ports_in_use: Vec::new(),
            free_disk_bytes: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FolderState {
    /// Not there; its parent is, or can be made, and can be written to.
    Absent,
    Empty,
    /// A cluster that pgcascade made is in it.
    Ours,
    /// Something else is in it.
    Foreign,
    /// It cannot be used: why, in one sentence.
    Unusable(String),
}

/// A folder with initdb, pg_ctl and postgres of one version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tools {
    /// Absolute.
    pub bin: String,
    #[serde(serialize_with = "as_text")]
    pub major: PgMajor,
    /// The whole version as the program prints it, "15.18".
    pub version: String,
    /// True if they were built with OpenSSL; `None` if the program did not say.
    pub has_tls: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunAs {
    pub user: String,
    pub uid: u32,
    pub gid: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortUse {
    pub port: u16,
    /// Who listens there, if that can be seen: "postgres (pid 812)".
    pub by: Option<String>,
}

/// One answer of the preflight. All are shown; one that is not `ok` stops the deployment before step 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// For example `port-in-use`, `wrong-major`, `folder-not-empty`.
    pub id: &'static str,
    pub ok: bool,
    /// What was found, in one sentence.
    pub message: String,
    /// What to do, if it is not `ok`.
    pub fix: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn as_text<S: serde::Serializer>(major: &PgMajor, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(major)
}
