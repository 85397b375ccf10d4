//! What can be done to the servers of a cluster on purpose, and undone: the failure laboratory's words, which are those of
//! What-if where it has them. The record, the command line and the window all use them.
//!
//! `parse` reads them; what a design rules out whatever its servers do is in `possible`.

mod parse;
mod possible;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::simulate::world::Incident;
use crate::model::topology::{ServerId, Topology, notation};

pub use self::parse::BadFault;
pub use self::possible::Impossible;

/// Something that happens to a running cluster, and that can be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// SIGKILL.
    Crash(ServerId),
    /// A fast shutdown.
    Stop(ServerId),
    /// An immediate shutdown: no checkpoint, nothing more is sent, and its next start recovers.
    StopImmediately(ServerId),
    /// SIGSTOP: it keeps its connections, and answers nothing.
    Freeze(ServerId),
    /// The standby receives WAL and does not apply it.
    Pause(ServerId),
    /// The slot that the standby uses is dropped.
    DropSlot(ServerId),
    /// The archive takes nothing any more.
    FillArchive,
    /// More WAL is written than the slots of standbys that are away may retain.
    OutgrowSlots,
    /// The server's files cannot grow any more: big tables fail as on a full disk.
    FillDisk(ServerId),
    /// The network between two servers.
    Link {
        one: ServerId,
        other: ServerId,
        trouble: Trouble,
    },
}

/// What a link suffers, in both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "does", rename_all = "kebab-case")]
pub enum Trouble {
    /// Connections end, and new ones are refused.
    Cut,
    /// Connections stay, and nothing passes.
    Stall,
    /// Everything takes so much longer, each way.
    Slow { delay: Duration },
    /// No more than so much passes, each way.
    Thin { bytes_per_second: u32 },
}

/// What What-if does not have a word for.
const STOP_IMMEDIATE: &str = "stop-immediate";
const FREEZE: &str = "freeze";
const DROP_SLOT: &str = "drop-slot";
const FILL_DISK: &str = "fill-disk";
const STALL: &str = "stall";
const THIN: &str = "thin";
const SLOW: &str = "slow";
const KILOBYTE: u32 = 1000;

impl Trouble {
    /// Well above what a machine needs for itself, well below what PostgreSQL takes for a dead link (60 s).
    pub const SLOW: Self = Self::Slow {
        delay: Duration::from_millis(200),
    };
    pub const THIN: Self = Self::Thin {
        bytes_per_second: 100 * KILOBYTE,
    };
}

impl Fault {
    /// As it is written; what [`Fault::parse`] reads.
    pub fn text(self, topology: &Topology) -> String {
        let name = |id: ServerId| {
            let name = topology.server(id).map_or("", |server| server.name().as_str());
            notation::quote(name)
        };
        let named = |verb: &str, id: ServerId| format!("{verb} {}", name(id));
        match self {
            Self::Crash(server) => Incident::Crash(server).text(topology),
            Self::Stop(server) => Incident::Stop(server).text(topology),
            Self::Pause(server) => Incident::Pause(server).text(topology),
            Self::FillArchive => Incident::FillArchive.text(topology),
            Self::OutgrowSlots => Incident::OutgrowSlots.text(topology),
            Self::StopImmediately(server) => named(STOP_IMMEDIATE, server),
            Self::Freeze(server) => named(FREEZE, server),
            Self::DropSlot(server) => named(DROP_SLOT, server),
            Self::FillDisk(server) => named(FILL_DISK, server),
            Self::Link { one, other, trouble } => {
                let both = format!("{} {}", name(one), name(other));
                match trouble {
                    Trouble::Cut => Incident::Cut { one, other }.text(topology),
                    Trouble::Stall => format!("{STALL} {both}"),
                    Trouble::Slow { delay } => format!("{SLOW} {both} {}ms", delay.as_millis()),
                    Trouble::Thin { bytes_per_second } => {
                        format!("{THIN} {both} {}kB", bytes_per_second / KILOBYTE)
                    }
                }
            }
        }
    }

    /// The one server that it happens to; none: a link, or the whole cluster.
    pub fn server(self) -> Option<ServerId> {
        match self {
            Self::Crash(id)
            | Self::Stop(id)
            | Self::StopImmediately(id)
            | Self::Freeze(id)
            | Self::Pause(id)
            | Self::DropSlot(id)
            | Self::FillDisk(id) => Some(id),
            Self::FillArchive | Self::OutgrowSlots | Self::Link { .. } => None,
        }
    }

    /// The same in What-if, as far as it differs there; `None`: What-if has no word for it.
    pub fn foretold(self, topology: &Topology) -> Option<Incident> {
        match self {
            // What a server loses by it is the same.
            Self::StopImmediately(id) => Some(Incident::Crash(id)),
            _ => Incident::parse(&self.text(topology), topology).ok(),
        }
    }

    /// True if the server is down after it.
    pub fn ends_server(self) -> bool {
        matches!(self, Self::Crash(_) | Self::Stop(_) | Self::StopImmediately(_))
    }

    /// True if both are of the same link, whichever end is named first.
    pub fn is_on_link_of(self, other: Self) -> bool {
        let ends = |fault: Self| match fault {
            Self::Link { one, other, .. } => Some([one.min(other), one.max(other)]),
            _ => None,
        };
        ends(self).is_some_and(|own| ends(other) == Some(own))
    }

    /// True if doing the one where the other was done would change nothing that is worth a second entry: the same kind of
    /// fault at the same place, whichever end of a link is named first.
    pub fn is_like(self, other: Self) -> bool {
        match (self, other) {
            (Self::Link { trouble, .. }, Self::Link { trouble: same, .. }) => {
                let is_same_kind = std::mem::discriminant(&trouble) == std::mem::discriminant(&same);
                is_same_kind && self.is_on_link_of(other)
            }
            _ => self == other,
        }
    }
}
