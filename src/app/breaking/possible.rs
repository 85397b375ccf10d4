//! Whether a fault can be made as the servers are now, and else the reason why not.

use super::{Laboratory, Made, Seen};
use crate::model::fault::Fault;
use crate::model::topology::{Server, ServerId};

impl Laboratory {
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
            Fault::Stop(id) | Fault::StopImmediately(id) => match self.like(Fault::Freeze(id)) {
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
