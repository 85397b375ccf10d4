//! Everything that is looked at before step 1, each with its own sentence, also when it is fine.
//!
//! Judges the facts that `engine::deploy::discover` gathered; looks at nothing itself.

mod hosts;
mod limits;
mod programs;
mod terms;
mod trust;

use super::{Check, FolderState, Machine};
use crate::model::configuration::ClusterFolder;
use crate::model::topology::{Port, ServerId, Severity, Topology, check};

pub use limits::names_locales;
pub use trust::{UNTRUSTED, lacks_only_trust, named_libraries};
pub(super) use trust::{libraries, settings, trust, untried};

/// More servers than this on one machine is not a test of a cluster but of the machine.
const MOST_SERVERS: usize = 64;
/// A fresh data directory (22 MB), its first WAL segment (16 MB), and room to grow.
const BYTES_PER_SERVER: u64 = 60 * MEGABYTE;
/// One more WAL segment, so that the first write does not fill the disk.
const WAL_MARGIN_BYTES: u64 = 16 * MEGABYTE;
const MEGABYTE: u64 = 1_000_000;
/// What `sockaddr_un` holds, without its final zero.
const SOCKET_PATH_BYTES: usize = 107;

/// What stands in the way of a deployment and what does not: every check, in the order people would make them.
pub fn preflight(topology: &Topology, machine: &Machine) -> Vec<Check> {
    let mut checks = vec![design(topology)];
    checks.extend(hosts::checks(topology, &machine.own_hosts));
    checks.extend([size(topology), programs::found(topology, machine)]);
    if let Some(tools) = machine.tools.first() {
        checks.push(programs::major(topology, tools));
        checks.push(programs::minor(topology, tools));
        checks.extend(programs::tls(topology, tools));
    }
    checks.push(user(machine));
    if matches!(machine.folder_state, FolderState::Ours | FolderState::Unfinished) {
        // Its servers have the ports, which are looked at again once it is gone: it is the first thing to be said.
        checks.insert(0, folder(machine));
    } else {
        checks.extend(ports(topology, machine));
        checks.push(folder(machine));
    }
    checks.extend(archive(topology));
    checks.extend(terms::only_on_hosts(topology));
    checks.push(socket_path(machine));
    checks.push(disk(topology, machine));
    checks.push(limits::file_system(machine));
    checks.push(limits::shared_memory(topology, machine));
    checks.push(limits::open_files(topology, machine));
    checks.push(limits::processes(topology, machine));
    checks.extend(limits::locale(topology, machine));
    checks.extend(settings(machine));
    checks.extend(libraries(machine));
    checks.extend(trust::risks(topology));
    checks.extend(trust(topology, machine));
    checks.push(limits::clock(machine));
    checks
}

/// What the design alone has to be, wherever it is to run on this machine. The hosts of `running` are this machine: they were
/// when it was deployed, and a name that leads nowhere today must not stand in the way of a failover.
pub(super) fn of_design(topology: &Topology, running: &Topology, machine: &Machine) -> Vec<Check> {
    let mut checks = vec![design(topology)];
    checks.extend(hosts::checks(topology, &hosts::own(running, machine)));
    checks.push(size(topology));
    checks.extend(archive(topology));
    checks.extend(terms::only_on_hosts(topology));
    checks
}

fn ok(id: &'static str, message: impl Into<String>) -> Check {
    Check {
        id,
        ok: true,
        message: message.into(),
        fix: None,
    }
}

/// Fine, and worth a word all the same.
fn advice(id: &'static str, message: impl Into<String>, fix: impl Into<String>) -> Check {
    Check {
        fix: Some(fix.into()),
        ..ok(id, message)
    }
}

pub(super) fn stop(id: &'static str, message: impl Into<String>, fix: impl Into<String>) -> Check {
    Check {
        id,
        ok: false,
        message: message.into(),
        fix: Some(fix.into()),
    }
}

fn design(topology: &Topology) -> Check {
    let id = "design-has-errors";
    let errors: Vec<_> = check(topology)
        .into_iter()
        .filter(|finding| finding.severity == Severity::Error)
        .collect();
    match errors.as_slice() {
        [] => ok(id, "The design has no errors"),
        [only] => stop(
            id,
            format!("The design has an error: {}", only.message),
            fix_of(only),
        ),
        [first, ..] => stop(
            id,
            format!(
                "The design has {} errors; the first: {}",
                errors.len(),
                first.message
            ),
            fix_of(first),
        ),
    }
}

fn fix_of(finding: &crate::model::topology::Finding) -> String {
    finding
        .fix
        .as_ref()
        .map_or_else(|| "Change the design".to_owned(), |fix| fix.label.clone())
}

fn size(topology: &Topology) -> Check {
    let id = "too-many-servers";
    let count = topology.servers().len();
    if count > MOST_SERVERS {
        stop(
            id,
            format!("{count} servers are too many for one machine: {MOST_SERVERS} is the limit"),
            format!("Remove {} of them", count - MOST_SERVERS),
        )
    } else if count == 1 {
        ok(id, "One server fits on one machine")
    } else {
        ok(id, format!("{count} servers fit on one machine"))
    }
}

fn user(machine: &Machine) -> Check {
    let id = "no-user-for-root";
    match (machine.is_root, &machine.run_as) {
        (false, _) => ok(id, "The servers run as you"),
        (true, Some(run_as)) => ok(
            id,
            format!(
                "PostgreSQL refuses to run as root, so the servers run as user {}",
                run_as.user
            ),
        ),
        (true, None) => stop(
            id,
            "PostgreSQL refuses to run as root, and no ordinary user was found for it",
            "Name one with --run-as, or start pgcascade as an ordinary user",
        ),
    }
}

/// For every server whose port is in use on the machine another one, no two the same: nothing known listens there.
pub fn other_ports(topology: &Topology, machine: &Machine) -> Vec<(ServerId, Port)> {
    let is_used = |number: u16| machine.ports_in_use.iter().any(|used| used.port == number);
    let mut others: Vec<(ServerId, Port)> = Vec::new();
    for server in topology.servers() {
        if !is_used(server.port().number()) {
            continue;
        }
        let is_given = |port: Port| others.iter().any(|(_, given)| *given == port);
        let mut free = topology.free_port_from(server.port().number());
        while let Some(taken) = free.filter(|free| is_used(free.number()) || is_given(*free)) {
            let above = taken.number().checked_add(1);
            free = above.and_then(|above| topology.free_port_from(above));
        }
        others.extend(free.map(|free| (server.id(), free)));
    }
    others
}

/// One sentence if all are free, else one for each that is not.
fn ports(topology: &Topology, machine: &Machine) -> Vec<Check> {
    let id = "port-in-use";
    let used = |number: u16| machine.ports_in_use.iter().find(|used| used.port == number);
    let others = other_ports(topology, machine);
    let taken: Vec<Check> = topology
        .servers()
        .iter()
        .filter_map(|server| {
            let port = server.port().number();
            let by = match &used(port)?.by {
                Some(by) => format!("used by {by}"),
                None => "already in use".to_owned(),
            };
            let other = others.iter().find(|(id, _)| *id == server.id());
            let fix = other.map_or_else(
                || "Stop the program that uses it".to_owned(),
                |(_, free)| {
                    format!(
                        "Give \"{}\" port {free}, or stop the program that uses it",
                        server.name()
                    )
                },
            );
            Some(stop(
                id,
                format!("Port {port}, which \"{}\" needs, is {by}", server.name()),
                fix,
            ))
        })
        .collect();
    if !taken.is_empty() {
        return taken;
    }
    let numbers: Vec<String> = topology
        .servers()
        .iter()
        .map(|server| server.port().to_string())
        .collect();
    vec![match numbers.as_slice() {
        [one] => ok(id, format!("Port {one} is free")),
        many => ok(id, format!("Ports {} are free", many.join(", "))),
    }]
}

fn folder(machine: &Machine) -> Check {
    let folder = &machine.folder;
    match &machine.folder_state {
        FolderState::Absent => ok(
            "folder-not-empty",
            format!("The folder {folder} does not exist yet and can be created"),
        ),
        FolderState::Empty => ok("folder-not-empty", format!("The folder {folder} is empty")),
        FolderState::Ours => stop(
            "folder-has-cluster",
            format!("{folder} already contains a cluster made by pgcascade"),
            "Tear it down first, or choose another folder",
        ),
        FolderState::Unfinished => stop(
            "folder-has-unfinished",
            format!("{folder} contains a half-built cluster: its deployment was interrupted"),
            "Resume it, tear it down first, or choose another folder",
        ),
        FolderState::Foreign => stop(
            "folder-not-empty",
            format!("{folder} contains files that pgcascade did not make"),
            "Choose a folder that is empty or does not exist yet",
        ),
        FolderState::Unusable(why) => stop(
            "folder-unusable",
            format!("The folder {folder} cannot be used: {why}"),
            "Choose another folder",
        ),
    }
}

fn archive(topology: &Topology) -> Option<Check> {
    let id = "archive-elsewhere";
    let archive = topology.archive()?;
    let Some(directory) = archive.directory() else {
        return Some(ok(
            id,
            format!(
                "WAL is archived {}: its program must be set up for the servers' user",
                archive.words()
            ),
        ));
    };
    Some(if directory.starts_with('/') {
        ok(
            id,
            format!(
                "The archive {directory} is outside the cluster's folder: it must exist and be writable for \
                 the servers, and it is never removed"
            ),
        )
    } else if ClusterFolder::archive_folders(directory).is_empty() {
        stop(
            id,
            format!(
                "The archive \"{directory}\" is outside the cluster's folder, or is a folder that the \
                 cluster itself needs"
            ),
            "Name it \"archive\", or use an absolute path",
        )
    } else {
        ok(
            id,
            format!("The archive \"{directory}\" is inside the cluster's folder"),
        )
    })
}

fn socket_path(machine: &Machine) -> Check {
    let id = "socket-path-too-long";
    let longest = format!("{}/{}/.s.PGSQL.65535", machine.folder, ClusterFolder::SOCKETS);
    let length = longest.len();
    if length > SOCKET_PATH_BYTES {
        stop(
            id,
            format!(
                "The servers' socket paths would have {length} bytes; the system's limit is \
                 {SOCKET_PATH_BYTES}"
            ),
            format!(
                "Choose a folder whose path is shorter by at least {} bytes",
                length - SOCKET_PATH_BYTES
            ),
        )
    } else {
        ok(
            id,
            format!(
                "The path of the servers' sockets is short enough ({length} of {SOCKET_PATH_BYTES} bytes)"
            ),
        )
    }
}

fn disk(topology: &Topology, machine: &Machine) -> Check {
    let id = "disk-full";
    let servers = topology.servers().len() as u64;
    let needed = servers * BYTES_PER_SERVER + WAL_MARGIN_BYTES;
    let needed_mb = needed / MEGABYTE;
    match machine.free_disk_bytes {
        None => ok(
            id,
            format!("The cluster needs about {needed_mb} MB; the free space could not be determined"),
        ),
        Some(free) if free < needed => stop(
            id,
            format!(
                "The cluster needs about {needed_mb} MB; {} MB are free",
                free / MEGABYTE
            ),
            format!(
                "Free {} MB, or choose a folder on another disk",
                (needed - free).div_ceil(MEGABYTE)
            ),
        ),
        Some(free) => ok(
            id,
            format!(
                "The cluster needs about {needed_mb} MB; {} MB are free",
                free / MEGABYTE
            ),
        ),
    }
}

#[cfg(test)]
mod tests;
