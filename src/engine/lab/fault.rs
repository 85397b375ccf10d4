//! What can be done to a cluster, in the words of What-if where it has them.

use std::time::Duration;

use crate::engine::cluster::Cluster;
use crate::engine::proxy::Trouble;
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

/// What What-if does not have a word for.
const FREEZE: &str = "freeze";
const DROP_SLOT: &str = "drop-slot";
const FILL_DISK: &str = "fill-disk";
const STALL: &str = "stall";
const THIN: &str = "thin";
const SLOW: &str = "slow";
const KNOWN: &str = "crash SERVER, stop SERVER, freeze SERVER, pause STANDBY, drop-slot STANDBY, fill-disk SERVER, \
                     fill-archive, outgrow-slots; in a laboratory ([lab] links): cut SERVER SERVER, stall SERVER SERVER, \
                     slow SERVER SERVER [TIME], thin SERVER SERVER [KB-A-SECOND]";
/// Well above what a machine needs for itself, well below what PostgreSQL takes for a dead link (60 s).
const SLOW_BY: Duration = Duration::from_millis(200);
const SLOW_AT_MOST: Duration = Duration::from_secs(20);
const THIN_KILOBYTES: u32 = 100;
const KILOBYTE: u32 = 1000;

impl Fault {
    pub(super) fn parse(words: &str, topology: &Topology) -> Result<Self, Report> {
        let known = || format!("What can be done: {KNOWN}.");
        let split = notation::split(words).unwrap_or_default();
        let words_of = split.iter().map(String::as_str).collect::<Vec<_>>();
        let server = |name: &str| {
            let server = topology.by_name(name).map(Server::id);
            server.ok_or_else(|| Report::new(format!("The cluster has no server called {name}.")))
        };
        let link = |one: &str, other: &str, trouble: Trouble| {
            let (one, other) = (server(one)?, server(other)?);
            if one == other {
                return Err(Report::new("A link has two ends.").hint(known()));
            }
            Ok(Self::Link { one, other, trouble })
        };
        match *words_of.as_slice() {
            [FREEZE, name] => return server(name).map(Self::Freeze),
            [DROP_SLOT, name] => return server(name).map(Self::DropSlot),
            [FILL_DISK, name] => return server(name).map(Self::FillDisk),
            [STALL, one, other] => return link(one, other, Trouble::Stall),
            [SLOW, one, other] => return link(one, other, Trouble::Slow { delay: SLOW_BY }),
            [SLOW, one, other, time] => return link(one, other, slow(time)?),
            [THIN, one, other] => return link(one, other, thin(THIN_KILOBYTES)),
            [THIN, one, other, rate] => return link(one, other, thin_by(rate)?),
            _ => {}
        }
        match Incident::parse(words, topology) {
            Ok(Incident::Crash(server)) => Ok(Self::Crash(server)),
            Ok(Incident::Stop(server)) => Ok(Self::Stop(server)),
            Ok(Incident::Pause(server)) => Ok(Self::Pause(server)),
            Ok(Incident::FillArchive) => Ok(Self::FillArchive),
            Ok(Incident::OutgrowSlots) => Ok(Self::OutgrowSlots),
            Ok(Incident::Cut { one, other }) if one != other => Ok(Self::Link {
                one,
                other,
                trouble: Trouble::Cut,
            }),
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
            Self::OutgrowSlots if !topology.postgres().has_slot_limit() => Err(Report::new(
                "Before PostgreSQL 13 slots retain WAL without limit: the disk would fill up instead.",
            )),
            Self::Link { .. } if !topology.terms().has_lab_links => Err(Report::new(
                "The links of this cluster lead from server to server: nothing can cut or slow them.",
            )
            .hint("Write `links = true` under [lab] in the design, and apply it: the links then lead through a proxy.")),
            _ => Ok(()),
        }
    }
}

fn slow(time: &str) -> Result<Trouble, Report> {
    let (number, unit) = time.split_at(time.find(|c: char| !c.is_ascii_digit()).unwrap_or(time.len()));
    let delay = match (number.parse().ok(), unit) {
        (Some(number), "ms") => Some(Duration::from_millis(number)),
        (Some(number), "s") => Some(Duration::from_secs(number)),
        _ => None,
    };
    let delay = delay.filter(|delay| !delay.is_zero() && *delay <= SLOW_AT_MOST);
    delay.map(|delay| Trouble::Slow { delay }).ok_or_else(|| {
        Report::new(format!("\"{time}\" is not a delay of a link."))
            .hint("Write 1ms to 20s, as in: slow master slave1 200ms")
    })
}

fn thin(kilobytes: u32) -> Trouble {
    Trouble::Thin {
        bytes_per_second: kilobytes.saturating_mul(KILOBYTE),
    }
}

fn thin_by(rate: &str) -> Result<Trouble, Report> {
    let number = rate.strip_suffix("kB").and_then(|number| number.parse().ok());
    let number = number.filter(|number| (1..=1_000_000).contains(number));
    number.map(thin).ok_or_else(|| {
        Report::new(format!("\"{rate}\" is not what a link carries in a second."))
            .hint("Write 1kB to 1000000kB, as in: thin master slave1 100kB")
    })
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
            "outgrow-slots",
            "fill-disk \"my m\"",
            "cut \"my m\" a",
            "stall a \"my m\"",
            "slow a \"my m\" 30ms",
            "thin a \"my m\" 7kB",
        ] {
            assert_eq!(Fault::parse(words, &topology).unwrap().text(&topology), words);
        }
        let text = |words| Fault::parse(words, &topology).unwrap().text(&topology);
        assert_eq!(text("slow a \"my m\""), "slow a \"my m\" 200ms");
        assert_eq!(text("slow a \"my m\" 2s"), "slow a \"my m\" 2000ms");
        assert_eq!(text("thin a \"my m\""), "thin a \"my m\" 100kB");
        for words in [
            "",
            "crash",
            "crash b",
            "freeze b",
            "cut a a",
            "stall a a",
            "slow a \"my m\" 0ms",
            "slow a \"my m\" 1h",
            "slow a \"my m\" 21s",
            "thin a \"my m\" 0kB",
            "thin a \"my m\" é",
            "slow a \"my m\" é",
            "promote a",
            "explode a",
        ] {
            let report = Fault::parse(words, &topology).unwrap_err();
            assert!(!report.headline.is_empty(), "{words}");
        }
    }
}
