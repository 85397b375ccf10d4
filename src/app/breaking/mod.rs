//! What can be broken on purpose on the cluster that runs, or why not; and what was broken already. The menus of cards and links
//! and the cluster's panel ask here, so that all of them offer the same, with the same reasons.
//!
//! What a design rules out whatever happens is `model::fault`'s to say; `possible` adds what the servers show now. `words` has
//! the sentences.

mod possible;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{ClusterMessage, Locked, Message, Session};
use crate::model::drift::{ARCHIVE_FAILING, Drift, SILENT};
use crate::model::fault::{Fault, Trouble};
use crate::model::topology::{Server, ServerId, Topology};
use crate::report::Report;

pub use self::words::Words;

/// The watched cluster as something that can be broken and repaired.
#[derive(Clone, Debug)]
pub struct Laboratory {
    /// The design that runs.
    topology: Topology,
    servers: BTreeMap<ServerId, Seen>,
    made: Vec<Made>,
    /// Why nothing can be broken or repaired now.
    hindrance: Option<String>,
}

/// A fault that was made and is not repaired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// As the record has it.
    pub text: String,
    /// `None`: its server has left the design.
    pub fault: Option<Fault>,
    /// What is broken, as a sentence.
    pub sentence: String,
}

/// A fault that is being made, or a repair that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breaking {
    pub folder: PathBuf,
    /// What is being made; `None`: a repair.
    pub fault: Option<Fault>,
    pub is_cancelling: bool,
}

/// What happens to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BreakingMessage {
    Make(Fault),
    /// One fault, as the record has it, or all of them.
    Repair(Option<String>),
    /// Stop what is being made or repaired.
    Cancel,
    /// It is made: what was done, as sentences.
    Made(PathBuf, Vec<String>),
    Repaired(PathBuf, Vec<String>),
    /// Neither was possible.
    Failed(PathBuf, Report),
}

/// What was last seen of a server.
#[derive(Clone, Debug)]
struct Seen {
    name: String,
    runs: bool,
    answers: bool,
    is_primary: bool,
    is_paused: bool,
    /// Its upstream sends to it.
    streams: bool,
}

impl From<BreakingMessage> for Message {
    fn from(message: BreakingMessage) -> Self {
        Self::Cluster(ClusterMessage::Breaking(message))
    }
}

impl Session {
    /// What can be broken and repaired; `None`: no cluster is watched, or one that pgcascade did not make.
    pub fn laboratory(&self) -> Option<Laboratory> {
        let cluster = self
            .live
            .cluster
            .as_ref()
            .filter(|cluster| cluster.foreign.is_none())?;
        let topology = cluster.deployed.topology();
        let hindrance = if self.live.run.is_running() {
            Some(Locked::Deploying.sentence().to_owned())
        } else {
            cluster
                .busy
                .as_ref()
                .map(|busy| format!("The cluster is busy: {busy}"))
        };
        let mut made = Vec::new();
        let mut servers = BTreeMap::new();
        if let Some(seen) = &cluster.seen {
            let text = |text: &String| Made::of(text, topology);
            made.extend(seen.faults.iter().map(text));
            for reading in &seen.board.servers {
                let Some(server) = topology.by_name(&reading.name) else {
                    continue;
                };
                let shown = server.name().in_view(topology.postgres());
                let mut rows = seen.board.servers.iter().flat_map(|other| &other.replication);
                let told = seen.told(&reading.name);
                let one = Seen {
                    name: reading.name.clone(),
                    runs: reading.running,
                    answers: reading.answers,
                    is_primary: reading.role == "primary",
                    is_paused: told.is_some_and(|told| told.is_paused),
                    streams: rows.any(|row| row.application_name == shown),
                };
                servers.insert(server.id(), one);
            }
        }
        Some(Laboratory {
            topology: topology.clone(),
            servers,
            made,
            hindrance,
        })
    }
}

impl Made {
    fn of(text: &str, topology: &Topology) -> Self {
        let fault = Fault::parse(text, topology).ok();
        Self {
            sentence: fault.map_or_else(
                || format!("\"{text}\" was done to a server that has left the design"),
                |fault| Words::of(fault, topology).done,
            ),
            text: text.to_owned(),
            fault,
        }
    }
}

impl Laboratory {
    /// Everything that was broken and is not repaired, in its order.
    pub fn made(&self) -> &[Made] {
        &self.made
    }

    /// What was broken to make what runs differ like this.
    pub fn behind(&self, one: &Drift) -> Option<&Made> {
        let id = one.server.as_deref().and_then(|name| self.topology.by_name(name));
        let id = id.map(Server::id);
        let is_behind = |made: &&Made| match (one.rule, made.fault) {
            ("server-down", Some(fault)) if fault.ends_server() => fault.server() == id,
            (SILENT, Some(Fault::Freeze(it)))
            | ("replay-paused", Some(Fault::Pause(it)))
            | ("link-missing", Some(Fault::DropSlot(it))) => Some(it) == id,
            ("link-missing" | "link-silent", Some(Fault::Link { one, other, .. })) => {
                let above = id
                    .and_then(|id| self.topology.server(id))
                    .and_then(Server::upstream);
                let ends = [id, above];
                ends == [Some(one), Some(other)] || ends == [Some(other), Some(one)]
            }
            (ARCHIVE_FAILING, Some(Fault::FillArchive)) => true,
            _ => false,
        };
        self.made.iter().find(is_behind)
    }

    /// That it can be repaired.
    ///
    /// # Errors
    ///
    /// With the reason why not now.
    pub fn may_repair(&self) -> Result<(), String> {
        self.hindrance.clone().map_or(Ok(()), Err)
    }

    pub fn words(&self, fault: Fault) -> Words {
        Words::of(fault, &self.topology)
    }

    /// As the record and the command line have it.
    pub fn text(&self, fault: Fault) -> String {
        fault.text(&self.topology)
    }

    /// What can happen to a server that runs as this one.
    pub fn of_server(&self, id: ServerId) -> Vec<Fault> {
        let mut faults = vec![
            Fault::Crash(id),
            Fault::Stop(id),
            Fault::StopImmediately(id),
            Fault::Freeze(id),
            Fault::FillDisk(id),
        ];
        if self
            .topology
            .server(id)
            .is_some_and(|server| !server.is_primary())
        {
            faults.extend([Fault::Pause(id), Fault::DropSlot(id)]);
        }
        faults
    }

    /// What can happen to the link above this standby.
    pub fn of_link(&self, below: ServerId) -> Vec<Fault> {
        let above = self.topology.server(below).and_then(Server::upstream);
        let troubles = [Trouble::Cut, Trouble::Stall, Trouble::SLOW, Trouble::THIN];
        let one_of = |one| {
            troubles.map(|trouble| Fault::Link {
                one,
                other: below,
                trouble,
            })
        };
        above.map(one_of).into_iter().flatten().collect()
    }

    /// What can happen to no server in particular.
    pub fn of_cluster() -> [Fault; 2] {
        [Fault::FillArchive, Fault::OutgrowSlots]
    }
}
