//! One server takes over from another: what is done for it beside configuring, starting and stopping, and what the record says
//! meanwhile.

use serde::{Deserialize, Serialize};

use super::Configure;

/// Changes who is the primary, or brings back a server that was one.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Takeover {
    /// Complete a checkpoint (on a standby: a restartpoint), so that the next one has little left to write.
    Checkpoint { at: Place },
    /// Wait until the heir has applied all that the primary had written when this began.
    WaitCaughtUp { primary: Place, heir: Place },
    /// See that the old primary was shut down cleanly, and that the heir has applied its last record.
    ProveLast { old: Place, heir: Place },
    /// Give a server that is down the files of a design in which it is the primary: what makes it a standby is removed.
    BecomePrimaryAgain {
        configure: Configure,
        standby_file: String,
    },
    /// End the heir's recovery. Nothing undoes this.
    Promote { at: Place },
    /// See that a server was not promoted, and restart it, so that a promotion that was asked for does not happen later.
    StayStandby {
        at: Place,
        pass_file_in_environment: bool,
    },
    /// End a server at once (SIGQUIT, then SIGKILL), once it is proved to be ours: it does not answer any more.
    StopDead { at: Place },
    /// Remove the data directory of a server that does not run; nothing, if it is not there.
    RemoveData { at: Place },
    /// `pg_rewind`: undo the end of a stopped server's WAL that the source does not have; then its own files again.
    Rewind { at: Place, source: Place },
}

/// A server, where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    pub server: String,
    pub folder: String,
    pub port: u16,
}

/// What is done to a cluster whose servers change their roles: the record says so while it is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "steers", rename_all = "kebab-case")]
pub enum Steering {
    /// The primary and a standby change places; servers by name. Those `left` were down before.
    Switchover { heir: String, left: Vec<String> },
    /// A standby takes over from a primary that is gone. Those `left` do not follow it before they are rejoined.
    Failover { heir: String, left: Vec<String> },
    /// A server that fell out comes back as a standby.
    Rejoin { server: String, by: Rejoining },
}

impl Steering {
    /// The server that becomes the primary.
    pub fn heir(&self) -> Option<&str> {
        match self {
            Self::Switchover { heir, .. } | Self::Failover { heir, .. } => Some(heir),
            Self::Rejoin { .. } => None,
        }
    }
}

/// How a server comes back, the cheapest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rejoining {
    /// Its WAL ends where its upstream's history goes on: it is started as a standby.
    Start,
    /// pg_rewind undoes what its upstream does not have.
    Rewind,
    /// Its data are removed and copied again from the primary.
    Copy,
}

/// What somebody wants done; servers by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// This standby and the primary change places.
    Switchover { heir: String },
    /// A standby takes over from a primary that is gone: the best one, if none is named.
    Failover { heir: Option<String> },
    /// A standby that fell out comes back.
    Rejoin { server: String },
    /// A standby follows another server.
    Follow { server: String, upstream: String },
}

/// What is to be known before servers change their roles.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Foretold {
    /// What will be different, a sentence each.
    pub changes: Vec<String>,
    /// Who is interrupted, a sentence each.
    pub interruptions: Vec<String>,
    /// What else is to be known before, a sentence each.
    pub notes: Vec<String>,
    /// What somebody has to agree to first; `None`: nothing is lost.
    pub consent: Option<String>,
}
