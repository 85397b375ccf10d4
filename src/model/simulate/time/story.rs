//! What has happened in a run: what the scenario lets happen, and what servers notice by themselves.

use super::Micros;
use crate::model::simulate::world::{Consequence, End, Incident, Refusal};
use crate::model::topology::{ServerId, Topology};

/// One thing that happened, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    pub at: Micros,
    pub what: What,
    pub outcome: Result<Vec<Consequence>, Refusal>,
}

/// What it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// An event of the scenario.
    Event(Incident),
    /// One end of a connection over a network that is cut has waited long enough, and ends it.
    Noticed {
        standby: ServerId,
        upstream: ServerId,
        end: End,
    },
}

impl Happened {
    /// `crash slave1`, or `master gives slave1 up (wal_sender_timeout)`.
    pub fn text(&self, topology: &Topology) -> String {
        let name = |id: ServerId| {
            let server = topology.server(id);
            server.map_or_else(String::new, |server| server.name().to_string())
        };
        match self.what {
            What::Event(incident) => incident.text(topology),
            What::Noticed {
                standby,
                upstream,
                end,
            } => {
                let (one, other) = match end {
                    End::Sender => (upstream, standby),
                    End::Receiver => (standby, upstream),
                };
                let setting = end.setting(topology.postgres());
                format!("{} gives {} up ({setting})", name(one), name(other))
            }
        }
    }
}
