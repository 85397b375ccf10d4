//! What can be done to a server, in the words of What-if where it has them.

use crate::engine::cluster::Cluster;
use crate::model::simulate::world::Incident;
use crate::model::topology::{Server, ServerId, Topology, notation};
use crate::report::Report;

/// Something that happens to a running cluster, and that can be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// SIGKILL.
    Crash(ServerId),
    /// A fast shutdown.
    Stop(ServerId),
    /// SIGSTOP: it keeps its connections, and answers nothing.
    Freeze(ServerId),
    /// The standby receives WAL and does not apply it.
    Pause(ServerId),
    /// The slot that the standby uses is dropped.
    DropSlot(ServerId),
    /// The archive takes nothing any more.
    FillArchive,
}

/// What What-if does not have a word for.
const FREEZE: &str = "freeze";
const DROP_SLOT: &str = "drop-slot";
const KNOWN: &str =
    "crash SERVER, stop SERVER, freeze SERVER, pause STANDBY, drop-slot STANDBY, fill-archive";

impl Fault {
    pub(super) fn parse(words: &str, topology: &Topology) -> Result<Self, Report> {
        if let Ok([verb, name]) = notation::split(words).as_deref() {
            let own = match verb.as_str() {
                FREEZE => Some(Self::Freeze as fn(ServerId) -> Self),
                DROP_SLOT => Some(Self::DropSlot as fn(ServerId) -> Self),
                _ => None,
            };
            if let Some(own) = own {
                let server = topology.by_name(name);
                return server
                    .map(|server| own(server.id()))
                    .ok_or_else(|| Report::new(format!("The cluster has no server called {name}.")));
            }
        }
        let known = || format!("What can be done: {KNOWN}.");
        match Incident::parse(words, topology) {
            Ok(Incident::Crash(server)) => Ok(Self::Crash(server)),
            Ok(Incident::Stop(server)) => Ok(Self::Stop(server)),
            Ok(Incident::Pause(server)) => Ok(Self::Pause(server)),
            Ok(Incident::FillArchive) => Ok(Self::FillArchive),
            Ok(_) => Err(
                Report::new(format!("\"{words}\" cannot be done to real servers here."))
                    .hint(format!(
                        "See what it would do: pgcascade predict FILE --fault '{words}'"
                    ))
                    .hint(known()),
            ),
            Err(error) => Err(Report::of(format!("\"{words}\" is not a fault."), &error).hint(known())),
        }
    }

    /// As it is written; what [`Fault::parse`] reads.
    pub(super) fn text(self, topology: &Topology) -> String {
        let named = |verb: &str, id: ServerId| {
            let name = topology.server(id).map_or("", |server| server.name().as_str());
            format!("{verb} {}", notation::quote(name))
        };
        match self {
            Self::Crash(server) => Incident::Crash(server).text(topology),
            Self::Stop(server) => Incident::Stop(server).text(topology),
            Self::Pause(server) => Incident::Pause(server).text(topology),
            Self::FillArchive => Incident::FillArchive.text(topology),
            Self::Freeze(server) => named(FREEZE, server),
            Self::DropSlot(server) => named(DROP_SLOT, server),
        }
    }

    /// What cannot be done to this cluster, whatever its servers do.
    pub(super) fn check(self, cluster: &Cluster) -> Result<(), Report> {
        let topology = cluster.topology();
        let server = |id: ServerId| topology.server(id);
        let name = |id: ServerId| server(id).map_or("", |one| one.name().as_str()).to_owned();
        match self {
            Self::Pause(id) | Self::DropSlot(id) if server(id).is_some_and(Server::is_primary) => {
                Err(Report::new(format!(
                    "{} is the primary: only a standby applies WAL and uses a slot.",
                    name(id)
                )))
            }
            Self::DropSlot(id) if !topology.uses_slot(id) => {
                Err(Report::new(format!("{} uses no slot.", name(id))))
            }
            Self::FillArchive if topology.archive().is_none() => {
                Err(Report::new("The design has no archive.").hint("Add one, and apply the design first."))
            }
            Self::FillArchive if !topology.postgres().has_alter_system() => Err(Report::new(
                "Before PostgreSQL 9.4 a setting cannot be changed and put back without its file.",
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_read_as_it_is_written() {
        let topology = notation::parse("\"my m\" 1\n  a 2\n").unwrap();
        for words in [
            "crash \"my m\"",
            "stop a",
            "freeze \"my m\"",
            "pause a",
            "drop-slot a",
            "fill-archive",
        ] {
            assert_eq!(Fault::parse(words, &topology).unwrap().text(&topology), words);
        }
        for words in [
            "",
            "crash",
            "crash b",
            "freeze b",
            "cut \"my m\" a",
            "promote a",
            "explode a",
        ] {
            let report = Fault::parse(words, &topology).unwrap_err();
            assert!(!report.headline.is_empty(), "{words}");
        }
    }
}
