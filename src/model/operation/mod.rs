//! Operations: what is done to a server that has been deployed, one small thing at a time, as plain data.
//!
//! Advice is a list of operations, printed as the lines that one would type. A plan performs the same operations, so
//! what is advised and what is done cannot differ.

mod lines;

use serde::{Deserialize, Serialize};

/// One thing done to one server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// The server's name.
    pub server: String,
    pub deed: Deed,
}

/// What is done. Every text is a plain value: quoting is a matter of where it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    Start,
    /// A clean stop (mode fast).
    Stop,
    /// The same, where it is not known whether the server runs.
    StopIfRunning,
    Restart,
    /// The server reads its configuration files again.
    Reload,
    /// The standby becomes a primary.
    Promote,
    /// A paused standby applies WAL again.
    ResumeReplay,
    CreateSlot {
        slot: String,
    },
    DropSlot {
        slot: String,
    },
    /// A line of pg_hba.conf; a reload makes it count.
    LetIn {
        line: String,
    },
    /// `primary_conninfo` of a standby; from 13 on a reload makes it count, before that a restart.
    SetUpstream {
        conninfo: String,
    },
    /// `synchronous_standby_names`; a reload makes it count.
    SetSyncNames {
        names: String,
    },
    /// A server that crashed recovers, alone, and is stopped cleanly.
    Recover,
    /// What a promotion changed stands in the control file: before that pg_rewind sees nothing to rewind.
    Checkpoint,
    /// `pg_rewind`: the end of its WAL that its source does not have is undone.
    Rewind {
        /// How the source is reached, without a password.
        source: String,
    },
    /// After `pg_rewind`, which brings the configuration files of its source.
    RestoreOwnFiles,
    /// `pg_basebackup` into an empty data directory.
    Copy {
        host: String,
        port: u16,
        role: String,
        /// Options of the connection that prove both ends; none without TLS. Relative paths are so to the data directory.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tls: Vec<(String, String)>,
    },
    /// What makes a stopped server a standby when it starts.
    BecomeStandby {
        conninfo: String,
    },
}

impl Operation {
    pub fn new(server: impl Into<String>, deed: Deed) -> Self {
        Self {
            server: server.into(),
            deed,
        }
    }
}
