//! What cannot be done to a cluster of this design, whatever its servers do.

use thiserror::Error;

use super::Fault;
use crate::model::topology::{Server, ServerId, Topology};

/// Why a fault cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Impossible {
    #[error("{0} is the primary: only a standby applies WAL and uses a slot.")]
    OfPrimary(String),
    #[error("{0} is not a server: it receives WAL and applies none.")]
    OfReceiver(String),
    #[error("{0} uses no slot.")]
    NoSlot(String),
    #[error("The design has no archive.")]
    NoArchive,
    #[error("Before PostgreSQL 9.4 a setting cannot be changed and put back without its file.")]
    NoAlterSystem,
    #[error("Before PostgreSQL 13 slots retain WAL without limit: the disk would fill up instead.")]
    NoSlotLimit,
    #[error("No standby of the design uses a slot.")]
    NoSlots,
    #[error("The links of this cluster lead from server to server: nothing can cut or slow them.")]
    NoLaboratory,
}

impl Impossible {
    /// What makes it possible, if anything does.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoArchive => Some("Add one, and apply the design first."),
            Self::NoLaboratory => Some(
                "Write `links = true` under [lab] in the design, and apply it: the links then lead through a proxy.",
            ),
            _ => None,
        }
    }
}

impl Fault {
    /// Whether it can be done to a cluster of this design at all.
    ///
    /// # Errors
    ///
    /// If it cannot, whatever its servers do.
    pub fn check(self, topology: &Topology) -> Result<(), Impossible> {
        let server = |id: ServerId| topology.server(id);
        let name = |id: ServerId| server(id).map_or("", |one| one.name().as_str()).to_owned();
        let postgres = topology.postgres();
        match self {
            Self::Pause(id) | Self::DropSlot(id) if server(id).is_some_and(Server::is_primary) => {
                Err(Impossible::OfPrimary(name(id)))
            }
            Self::Pause(id) | Self::StopImmediately(id) if server(id).is_some_and(Server::is_receiver) => {
                Err(Impossible::OfReceiver(name(id)))
            }
            Self::DropSlot(id) if !topology.uses_slot(id) => Err(Impossible::NoSlot(name(id))),
            Self::FillArchive if topology.archive().is_none() => Err(Impossible::NoArchive),
            Self::FillArchive if !postgres.has_alter_system() => Err(Impossible::NoAlterSystem),
            Self::OutgrowSlots if !postgres.has_slot_limit() => Err(Impossible::NoSlotLimit),
            Self::OutgrowSlots if !topology.servers().iter().any(|one| topology.uses_slot(one.id())) => {
                Err(Impossible::NoSlots)
            }
            Self::Link { .. } if !topology.terms().has_lab_links => Err(Impossible::NoLaboratory),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation;

    #[test]
    fn a_design_rules_out_what_its_servers_never_can() {
        let topology = notation::parse("m 1\n  a 2\n").unwrap();
        let check = |words: &str| Fault::parse(words, &topology).unwrap().check(&topology);
        assert_eq!(check("pause m"), Err(Impossible::OfPrimary("m".to_owned())));
        assert_eq!(check("drop-slot m"), Err(Impossible::OfPrimary("m".to_owned())));
        assert_eq!(check("fill-archive"), Err(Impossible::NoArchive));
        let no_laboratory = check("cut m a").unwrap_err();
        assert_eq!(no_laboratory, Impossible::NoLaboratory);
        assert!(no_laboratory.hint().unwrap().contains("[lab]"));
        for words in [
            "crash m",
            "stop a",
            "stop-immediate m",
            "freeze a",
            "fill-disk m",
            "pause a",
        ] {
            assert_eq!(check(words), Ok(()), "{words}");
        }
    }
}
