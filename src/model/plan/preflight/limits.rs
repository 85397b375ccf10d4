//! What the system leaves room for: shared memory, files, processes; what the folder's file system can hold; the
//! design's locales, and the clock. The figures were measured on servers of 15 and 18.

use super::{MEGABYTE, ok, stop};
use crate::model::plan::{Check, Machine, SharedMemory};
use crate::model::topology::Topology;

/// Of a server's memory, what is not inherited: a control segment (30 kB) and the statistics (1 MB, from 15 on).
const SHARED_BYTES_PER_SERVER: u64 = 2 * MEGABYTE;
/// A server refuses to start below 58 ("insufficient file descriptors"); its sockets and logs come on top.
const FILES_OF_A_SERVER: u64 = 80;
/// pgcascade itself: what any program has open, and for each server its session, its process and a log.
const FILES_OF_PGCASCADE: (u64, u64) = (40, 4);
/// The postmaster and its helpers (10 in 15, 13 in 18), and a session or two.
const PROCESSES_PER_SERVER: u64 = 16;
/// File systems of other worlds, and those that nothing is written to.
const NO_FILE_SYSTEMS: [&str; 12] = [
    "vfat", "msdos", "exfat", "ntfs", "ntfs3", "fuseblk", "cifs", "smb3", "9p", "drvfs", "iso9660",
    "squashfs",
];
/// The settings whose value is the name of a locale of the machine.
const LOCALE_SETTINGS: [&str; 4] = ["lc_messages", "lc_monetary", "lc_numeric", "lc_time"];
/// Clocks of one machine may differ by so much from what its disks say.
const CLOCK_TOLERANCE_SECS: u64 = 120;

pub(super) fn file_system(machine: &Machine) -> Check {
    let id = "file-system";
    match machine.file_system.as_deref() {
        Some(kind) if NO_FILE_SYSTEMS.contains(&kind) => stop(
            id,
            format!(
                "{} is on a {kind} file system, which does not support the private files and sockets that a \
                 server needs",
                machine.folder
            ),
            "Choose a folder on a native file system such as ext4, xfs or tmpfs",
        ),
        Some(kind) => ok(
            id,
            format!("The file system ({kind}) supports permissions and sockets"),
        ),
        None => ok(id, "The folder's file system could not be determined"),
    }
}

pub(super) fn shared_memory(topology: &Topology, machine: &Machine) -> Check {
    let id = "shared-memory";
    let needed = topology.servers().len() as u64 * SHARED_BYTES_PER_SERVER;
    let needed_mb = needed / MEGABYTE;
    match machine.room.shared_memory {
        SharedMemory::Unseen => ok(id, "This system has no /dev/shm (dynamic shared memory)"),
        SharedMemory::Closed => stop(
            id,
            "The servers' user cannot write to /dev/shm, which servers use for dynamic shared memory",
            "Mount it with mode 1777, as usual (in a container: --tmpfs /dev/shm:mode=1777)",
        ),
        SharedMemory::Free(free) if free < needed => stop(
            id,
            format!(
                "The servers need about {needed_mb} MB in /dev/shm (dynamic shared memory), and {} MB are free there",
                free / MEGABYTE
            ),
            format!(
                "Enlarge it (in a container: --shm-size={}m), or deploy fewer servers",
                needed_mb * 2
            ),
        ),
        SharedMemory::Free(free) => ok(
            id,
            format!(
                "The servers need about {needed_mb} MB in /dev/shm (dynamic shared memory), and {} MB are free there",
                free / MEGABYTE
            ),
        ),
    }
}

pub(super) fn open_files(topology: &Topology, machine: &Machine) -> Check {
    let id = "open-files";
    let (alone, each) = FILES_OF_PGCASCADE;
    let needed = FILES_OF_A_SERVER.max(alone + each * topology.servers().len() as u64);
    enough(
        id,
        machine.room.open_files,
        needed,
        "open files in one process",
        "ulimit -n",
    )
}

pub(super) fn processes(topology: &Topology, machine: &Machine) -> Check {
    let needed = PROCESSES_PER_SERVER * topology.servers().len() as u64;
    enough(
        "processes",
        machine.room.processes,
        needed,
        "processes",
        "ulimit -u",
    )
}

/// A bound of the system, compared with what is needed.
fn enough(id: &'static str, room: Option<u64>, needed: u64, what: &str, command: &str) -> Check {
    match room {
        None => ok(
            id,
            format!("The system does not limit {what} (about {needed} needed)"),
        ),
        Some(room) if room < needed => stop(
            id,
            format!("About {needed} {what} are needed, and the system allows {room} more"),
            format!("Raise the limit (`{command}`, or the container's), or deploy fewer servers"),
        ),
        Some(room) => ok(
            id,
            format!("About {needed} {what} are needed, and the system allows {room}"),
        ),
    }
}

/// The first locale of the design that the machine does not have; nothing, if the design names none.
pub(super) fn locale(topology: &Topology, machine: &Machine) -> Option<Check> {
    let id = "locale-missing";
    let installed = machine.locales.as_ref()?;
    let missing = topology.servers().iter().find_map(|server| {
        locales_of(topology, server.id())
            .find(|(_, value)| !is_installed(value, installed))
            .map(|(name, value)| (server, name, value))
    });
    Some(match missing {
        None => ok(id, "The locales that the design names are installed"),
        Some((server, name, value)) => stop(
            id,
            format!(
                "\"{}\" has {name} = {value}, but this machine has no such locale: the server would not \
                 start",
                server.name()
            ),
            "Install it (on Debian and Ubuntu: dpkg-reconfigure locales), or set it to C",
        ),
    })
}

/// The settings of a server that name a locale of the machine, with their values.
fn locales_of(
    topology: &Topology,
    server: crate::model::topology::ServerId,
) -> impl Iterator<Item = (&'static str, &str)> {
    LOCALE_SETTINGS
        .iter()
        .filter_map(move |name| Some((*name, topology.setting_of(server, name)?)))
}

/// True if the design names a locale, so that the machine must be asked for its own.
pub fn names_locales(topology: &Topology) -> bool {
    let mut servers = topology.servers().iter();
    servers.any(|server| locales_of(topology, server.id()).next().is_some())
}

/// "en_US.UTF-8" is listed as "en_US.utf8"; C is everywhere, and nothing means the environment's, which is C here.
fn is_installed(value: &str, installed: &[String]) -> bool {
    let plain = |name: &str| name.to_ascii_lowercase().replace('-', "");
    let value = plain(value);
    matches!(value.as_str(), "" | "c" | "posix") || installed.iter().any(|one| plain(one) == value)
}

pub(super) fn clock(machine: &Machine) -> Check {
    let id = "clock-behind";
    let behind = machine.clock_behind_secs;
    if behind <= CLOCK_TOLERANCE_SECS {
        return ok(id, "The clock is not behind the files on the disk");
    }
    let how_far = match behind {
        0..7_200 => format!("{} minutes", behind / 60),
        7_200..172_800 => format!("{} hours", behind / 3_600),
        _ => format!("{} days", behind / 86_400),
    };
    stop(
        id,
        format!("The clock was set back: files here were changed {how_far} after the current time"),
        "Set this machine's clock; otherwise, times in servers and logs would be wrong",
    )
}
