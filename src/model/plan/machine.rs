//! Facts about the machine a cluster will run on, gathered by `engine::deploy::discover`, judged by `preflight`.

use core::net::IpAddr;

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
    /// Hosts of the design that are this machine itself, though not its loopback.
    pub own_hosts: Vec<OwnHost>,
    /// Ports that something already listens on; of the design's, who does.
    pub ports_in_use: Vec<PortUse>,
    pub free_disk_bytes: Option<u64>,
    /// What kind of file system the folder is or will be on, as the system calls it: "ext4".
    pub file_system: Option<String>,
    pub room: Room,
    /// The locales that are installed, if the design names any.
    pub locales: Option<Vec<String>>,
    /// Lists of hazards that the user trusts, by their [`digest`](crate::model::topology::digest).
    pub trusted: Vec<String>,
    /// Libraries that the design loads and the chosen programs do not have.
    pub missing_libraries: Vec<String>,
    /// Servers whose settings the chosen programs do not take.
    pub refused_settings: Vec<RefusedSettings>,
    /// Servers whose settings could not be tried: the program did not answer, or did not say what it has against them.
    pub untried_settings: Vec<String>,
    /// How far the clock lies behind the time at which a file that we look at was last changed.
    pub clock_behind_secs: u64,
}

/// A name or an address of this machine that a design has as a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnHost {
    /// As the design spells it.
    pub host: String,
    /// Where servers listen that have it: all of them are addresses of this machine. None: the system calls itself so, and the
    /// name leads nowhere, or to another machine.
    pub addresses: Vec<IpAddr>,
}

/// A server that would not start with its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedSettings {
    pub server: String,
    /// In the words of PostgreSQL: "invalid value for parameter …".
    pub why: Vec<String>,
}

/// What the system leaves for processes of the servers' user; `None`: it sets no bound, or cannot be asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Room {
    pub shared_memory: SharedMemory,
    /// Files that one process may have open.
    pub open_files: Option<u64>,
    /// Processes that may still be started.
    pub processes: Option<u64>,
}

/// Where servers share memory beyond what they inherit: `/dev/shm`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SharedMemory {
    /// Not a folder on this system.
    #[default]
    Unseen,
    /// The servers' user cannot write there.
    Closed,
    /// So many bytes are free.
    Free(u64),
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
            own_hosts: Vec::new(),
            ports_in_use: Vec::new(),
            free_disk_bytes: None,
            file_system: None,
            room: Room::default(),
            locales: None,
            trusted: Vec::new(),
            missing_libraries: Vec::new(),
            refused_settings: Vec::new(),
            untried_settings: Vec::new(),
            clock_behind_secs: 0,
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
    /// One that is only half there: anyone who was at work on it was ended.
    Unfinished,
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
    /// What to do, if it is not `ok`; if it is, advice that stops nothing.
    pub fix: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn as_text<S: serde::Serializer>(major: &PgMajor, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(major)
}
