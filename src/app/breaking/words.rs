//! What is said of each fault: on the menu, while it is made, once it is done, and what is seen of it.

use crate::model::fault::{Fault, Trouble};
use crate::model::topology::{ServerId, Topology};
use crate::model::words::as_sentence;

/// The words for one fault of one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// On a menu whose title says where it happens.
    pub entry: String,
    /// What happens, as a sentence that begins with a verb.
    does: &'static str,
    /// What one will see.
    pub seen: String,
    /// What its repair does, after "Repair".
    repair: &'static str,
    /// While it is made.
    pub doing: String,
    /// What is broken, once it is done.
    pub done: String,
    /// What is repaired.
    pub subject: String,
}

impl Words {
    pub(super) fn of(fault: Fault, topology: &Topology) -> Self {
        let name = |id: ServerId| {
            let server = topology.server(id);
            server.map_or_else(String::new, |server| server.name().to_string())
        };
        match fault {
            Fault::Crash(id) => Self::crash(name(id)),
            Fault::Stop(id) => Self::stop(name(id)),
            Fault::StopImmediately(id) => Self::stop_immediately(name(id)),
            Fault::Freeze(id) => Self::freeze(name(id)),
            Fault::Pause(id) => Self::pause(name(id)),
            Fault::DropSlot(id) => Self::drop_slot(&name(id)),
            Fault::FillDisk(id) => Self::fill_disk(&name(id)),
            Fault::FillArchive => Self::fill_archive(),
            Fault::OutgrowSlots => Self::outgrow_slots(),
            Fault::Link { one, other, trouble } => Self::link(
                format!("the link between {} and {}", name(one), name(other)),
                trouble,
            ),
        }
    }

    /// For a tooltip: what happens, what one will see, and how it is undone.
    pub fn explained(&self) -> String {
        format!("{}.\n{}.\nRepair {}.", self.does, self.seen, self.repair)
    }

    fn crash(name: String) -> Self {
        Self {
            entry: "Kill it (kill -9)".to_owned(),
            does: "End all its processes with SIGKILL, as a power failure would",
            seen: format!("{name} is down at once, and its downstreams lose their connection"),
            repair: "starts it again, and it recovers from its WAL",
            doing: format!("Killing {name}"),
            done: format!("{name} was killed"),
            subject: name,
        }
    }

    fn stop(name: String) -> Self {
        Self {
            entry: "Shut it down".to_owned(),
            does: "Shut it down cleanly, and list it as broken on purpose",
            seen: format!("{name} is down, after sending everything to its standbys"),
            repair: "starts it again",
            doing: format!("Shutting down {name}"),
            done: format!("{name} was shut down"),
            subject: name,
        }
    }

    fn stop_immediately(name: String) -> Self {
        Self {
            entry: "Shut it down (immediate)".to_owned(),
            does: "Shut it down with SIGQUIT: no checkpoint, and nothing more is sent to its standbys",
            seen: format!("{name} is down at once, and its downstreams lose their connection"),
            repair: "starts it again, and it recovers from its WAL",
            doing: format!("Shutting down {name} (immediate)"),
            done: format!("{name} was shut down (immediate)"),
            subject: name,
        }
    }

    fn freeze(name: String) -> Self {
        Self {
            entry: "Freeze it".to_owned(),
            does: "Halt all its processes with SIGSTOP: connections stay open, and nothing answers",
            seen: format!("{name} does not answer; the others notice only after their timeouts (60 s)"),
            repair: "lets it continue (SIGCONT)",
            doing: format!("Freezing {name}"),
            done: format!("{name} is frozen"),
            subject: name,
        }
    }

    fn pause(name: String) -> Self {
        Self {
            entry: "Pause its replay".to_owned(),
            does: "Receive WAL without applying it",
            seen: format!("{name} shows old data, and its lag grows with every write"),
            repair: "resumes the replay",
            doing: format!("Pausing the replay of {name}"),
            done: format!("{name} does not apply WAL"),
            subject: name,
        }
    }

    fn drop_slot(name: &str) -> Self {
        Self {
            entry: "Drop its slot".to_owned(),
            does: "Drop its replication slot on its upstream",
            seen: format!("{name} stops streaming, because the slot that it asks for no longer exists"),
            repair: "creates the slot again",
            doing: format!("Dropping the slot of {name}"),
            done: format!("The slot of {name} was dropped"),
            subject: format!("the slot of {name}"),
        }
    }

    fn fill_disk(name: &str) -> Self {
        Self {
            entry: "Fill its disk".to_owned(),
            does: "Limit the size of its files (RLIMIT_FSIZE); nothing is written to your disk",
            seen: format!("Whatever needs a bigger file on {name} fails, as on a full disk"),
            repair: "lifts the limit",
            doing: format!("Filling the disk of {name}"),
            done: format!("The disk of {name} is full"),
            subject: format!("the disk of {name}"),
        }
    }

    fn fill_archive() -> Self {
        Self {
            entry: "Fill the archive".to_owned(),
            does: "Make archive_command fail on the primary",
            seen: "pg_stat_archiver counts failures, and WAL piles up on the primary".to_owned(),
            repair: "archives all of it",
            doing: "Filling the archive".to_owned(),
            done: "The archive is full".to_owned(),
            subject: "the archive".to_owned(),
        }
    }

    fn outgrow_slots() -> Self {
        Self {
            entry: "Write more WAL than slots may retain".to_owned(),
            does: "Lower max_slot_wal_keep_size for a moment, and write past it",
            seen: "The slots of disconnected standbys are lost, and those standbys cannot catch up"
                .to_owned(),
            repair: "brings them back with a new copy",
            doing: "Writing more WAL than slots may retain".to_owned(),
            done: "More WAL was written than slots may retain".to_owned(),
            subject: "the slots".to_owned(),
        }
    }

    fn link(link: String, trouble: Trouble) -> Self {
        let (entry, does, seen, repair, doing, done) = match trouble {
            Trouble::Cut => (
                "Cut it".to_owned(),
                "Close its connections and refuse new ones",
                "The standby is gone at once, and tries again every 5 s".to_owned(),
                "lets it connect again",
                "Cutting",
                "is cut".to_owned(),
            ),
            Trouble::Stall => (
                "Stall it".to_owned(),
                "Keep its connections open, and let nothing pass",
                "The standby counts as streaming for up to 60 s, while commits wait for it".to_owned(),
                "lets everything pass again",
                "Stalling",
                "is stalled".to_owned(),
            ),
            Trouble::Slow { delay } => {
                let each = delay.as_millis();
                (
                    format!("Slow it down by {each} ms"),
                    "Delay everything, each way",
                    format!("Commits that wait for the standby take {} ms longer", 2 * each),
                    "removes the delay",
                    "Slowing down",
                    format!("is slowed by {each} ms each way"),
                )
            }
            Trouble::Thin { bytes_per_second } => {
                let rate = format!("{} kB/s", bytes_per_second / 1000);
                (
                    format!("Limit it to {rate}"),
                    "Limit its bandwidth, each way",
                    "The lag of the standby grows with every burst of writes".to_owned(),
                    "removes the limit",
                    "Limiting",
                    format!("is limited to {rate}"),
                )
            }
        };
        Self {
            entry,
            does,
            seen,
            repair,
            doing: format!("{doing} {link}"),
            done: as_sentence(&format!("{link} {done}")),
            subject: link,
        }
    }
}
