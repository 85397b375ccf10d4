//! What can be broken on purpose on the cluster that runs, or why not; and what was broken already. The menus of cards and links
//! and the cluster's panel ask here, so that all of them offer the same, with the same reasons.
//!
//! What a design rules out whatever happens is `model::fault`'s to say; this adds what the servers show now. `words` has the
//! sentences.

#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{ClusterMessage, Locked, Message, Session};
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

    /// Why this cluster's design rules it out, and what to change there; `None`: it does not.
    pub fn cannot_ever(&self, fault: Fault) -> Option<String> {
        let impossible = fault.check(&self.topology).err()?;
        let hint = impossible.hint().map(|hint| format!("\n{hint}"));
        Some(format!("{impossible}{}", hint.unwrap_or_default()))
    }

    /// That it can be done now.
    ///
    /// # Errors
    ///
    /// With the reason why it cannot.
    pub fn may(&self, fault: Fault) -> Result<(), String> {
        self.cannot_ever(fault).map_or(Ok(()), Err)?;
        self.may_repair()?;
        if let Some(made) = self.like(fault) {
            return Err(format!("{}: repair it first", made.sentence));
        }
        match fault {
            Fault::Crash(id) | Fault::Freeze(id) | Fault::FillDisk(id) => self.up(id).map(drop),
            Fault::Stop(id) => match self.like(Fault::Freeze(id)) {
                Some(frozen) => Err(format!("{}, and would not shut down", frozen.sentence)),
                None => self.up(id).map(drop),
            },
            Fault::Pause(id) => match self.answering(id)? {
                Seen {
                    name,
                    is_primary: true,
                    ..
                } => Err(format!("{name} accepts writes, and applies no WAL")),
                Seen {
                    name,
                    is_paused: true,
                    ..
                } => Err(format!("The replay of {name} is paused already")),
                _ => Ok(()),
            },
            Fault::DropSlot(id) => match self.topology.server(id).and_then(Server::upstream) {
                Some(upstream) => self.answering(upstream).map(drop),
                None => Ok(()),
            },
            Fault::FillArchive => self.writer(),
            Fault::OutgrowSlots => self.writer().and_then(|()| self.is_any_away()),
            Fault::Link { .. } => Ok(()),
        }
    }

    fn like(&self, fault: Fault) -> Option<&Made> {
        let is_like = |made: &&Made| made.fault.is_some_and(|made| made.is_like(fault));
        self.made.iter().find(is_like)
    }

    fn up(&self, id: ServerId) -> Result<&Seen, String> {
        let name = || {
            self.topology
                .server(id)
                .map_or("The server", |one| one.name().as_str())
        };
        let seen = self.servers.get(&id);
        let seen = seen.ok_or_else(|| format!("{} has not been read yet", name()))?;
        if !seen.runs {
            return Err(format!("{} is down", seen.name));
        }
        Ok(seen)
    }

    fn answering(&self, id: ServerId) -> Result<&Seen, String> {
        let seen = self.up(id)?;
        if !seen.answers {
            return Err(format!("{} does not answer", seen.name));
        }
        Ok(seen)
    }

    fn writer(&self) -> Result<(), String> {
        let mut servers = self.servers.values();
        if servers.any(|one| one.runs && one.answers && one.is_primary) {
            return Ok(());
        }
        Err("No server accepts writes now".to_owned())
    }

    /// The slots of standbys that are connected move on with what is written.
    fn is_any_away(&self) -> Result<(), String> {
        let is_away = |(id, seen): (&ServerId, &Seen)| self.topology.uses_slot(*id) && !seen.streams;
        if self.servers.iter().any(is_away) {
            return Ok(());
        }
        Err("All standbys with a slot are connected: shut one of them down first".to_owned())
    }
}
