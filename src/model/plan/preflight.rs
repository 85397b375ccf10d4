//! Everything that is looked at before step 1, each with its own sentence, also when it is fine.
//!
//! Judges the facts that `engine::deploy::discover` gathered; looks at nothing itself.

use std::collections::BTreeSet;

use super::{Check, ClusterLayout, FolderState, Machine, Tools};
use crate::model::topology::{Port, Severity, Topology, check};

/// More servers than this on one machine is no test of a cluster but of the machine.
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
    let mut checks = vec![
        design(topology),
        hosts(topology),
        size(topology),
        programs(topology, machine),
    ];
    checks.extend(machine.tools.first().map(|tools| major(topology, tools)));
    checks.push(user(machine));
    if machine.folder_state == FolderState::Ours {
        // Its servers have the ports, which are looked at again once it is gone: it is the first thing to be said.
        checks.insert(0, folder(machine));
    } else {
        checks.extend(ports(topology, machine));
        checks.push(folder(machine));
    }
    checks.extend(archive(topology));
    checks.push(socket_path(machine));
    checks.push(disk(topology, machine));
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

fn stop(id: &'static str, message: impl Into<String>, fix: impl Into<String>) -> Check {
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

fn hosts(topology: &Topology) -> Check {
    let id = "host-elsewhere";
    match topology
        .servers()
        .iter()
        .find(|server| !server.host().is_loopback())
    {
        None => ok(id, "Every server is on this machine"),
        Some(server) => stop(
            id,
            format!(
                "A deployment runs on this machine only, and \"{}\" is on host {}",
                server.name(),
                server.host()
            ),
            "Set its host to localhost, or export the bundle for the real hosts",
        ),
    }
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
        ok(id, "One server is not too much for one machine")
    } else {
        ok(id, format!("{count} servers are not too many for one machine"))
    }
}

fn programs(topology: &Topology, machine: &Machine) -> Check {
    let id = "no-programs";
    match machine.tools.first() {
        Some(tools) => ok(
            id,
            format!("PostgreSQL {} was found in {}", tools.version, tools.bin),
        ),
        None => stop(
            id,
            "No PostgreSQL was found on this machine: initdb, pg_ctl and postgres are needed",
            format!(
                "Install PostgreSQL {} (on Debian and Ubuntu the package postgresql-{0}), or name the folder of its programs with --bin",
                topology.postgres()
            ),
        ),
    }
}

fn major(topology: &Topology, tools: &Tools) -> Check {
    let id = "wrong-major";
    let wanted = topology.postgres();
    if tools.major == wanted {
        ok(
            id,
            format!("The programs are of PostgreSQL {wanted}, as the design is"),
        )
    } else {
        stop(
            id,
            format!(
                "The design is for PostgreSQL {wanted}, and the programs in {} are of PostgreSQL {}",
                tools.bin, tools.major
            ),
            format!(
                "Change the design to PostgreSQL {}, or install PostgreSQL {wanted}",
                tools.major
            ),
        )
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
            "PostgreSQL refuses to run as root, and no ordinary user was found to run it as",
            "Name one with --run-as, or start pgcascade as an ordinary user",
        ),
    }
}

/// One sentence if all are free, else one for each that is not.
fn ports(topology: &Topology, machine: &Machine) -> Vec<Check> {
    let id = "port-in-use";
    let used = |number: u16| machine.ports_in_use.iter().find(|used| used.port == number);
    let mut promised = BTreeSet::new();
    let taken: Vec<Check> = topology
        .servers()
        .iter()
        .filter_map(|server| {
            let port = server.port().number();
            let by = match &used(port)?.by {
                Some(by) => format!("used by {by}"),
                None => "already in use".to_owned(),
            };
            let mut free = topology.free_port_from(port);
            while let Some(next) = free
                .map(Port::number)
                .filter(|free| used(*free).is_some() || promised.contains(free))
            {
                free = next
                    .checked_add(1)
                    .and_then(|above| topology.free_port_from(above));
            }
            promised.extend(free.map(Port::number));
            let fix = free.map_or_else(
                || "Stop what listens there".to_owned(),
                |free| {
                    format!(
                        "Give \"{}\" port {free}, or stop what listens there",
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
            format!("The folder {folder} is not there yet and can be made"),
        ),
        FolderState::Empty => ok("folder-not-empty", format!("The folder {folder} is empty")),
        FolderState::Ours => stop(
            "folder-has-cluster",
            format!("A cluster that pgcascade made is in {folder}"),
            "Tear it down first, or choose another folder",
        ),
        FolderState::Foreign => stop(
            "folder-not-empty",
            format!("Something that pgcascade did not make is in {folder}"),
            "Choose a folder that is empty or not there yet",
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
    let directory = archive.directory();
    Some(if directory.starts_with('/') {
        ok(
            id,
            format!(
                "The archive {directory} is outside the cluster's folder: it must be there, writable for the servers, and is never removed"
            ),
        )
    } else if ClusterLayout::archive_folders(directory).is_empty() {
        stop(
            id,
            format!(
                "The archive \"{directory}\" leaves the cluster's folder, or is a folder that the cluster needs for itself"
            ),
            "Call it \"archive\", or give an absolute path",
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
    let longest = format!("{}/{}/.s.PGSQL.65535", machine.folder, ClusterLayout::SOCKETS);
    let length = longest.len();
    if length > SOCKET_PATH_BYTES {
        stop(
            id,
            format!(
                "The servers' sockets would have a path of {length} bytes, and the system takes {SOCKET_PATH_BYTES}"
            ),
            format!(
                "Choose a folder whose path is {} bytes shorter",
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
            format!("The cluster needs about {needed_mb} MB; how much is free could not be seen"),
        ),
        Some(free) if free < needed => stop(
            id,
            format!(
                "The cluster needs about {needed_mb} MB, and {} MB are free",
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
                "The cluster needs about {needed_mb} MB, and {} MB are free",
                free / MEGABYTE
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::plan::{PortUse, RunAs};
    use crate::model::topology::{Archive, Edit, PgMajor, notation};

    fn machine() -> Machine {
        Machine {
            tools: vec![Tools {
                bin: "/pg/bin".to_owned(),
                major: PgMajor::V15,
                version: "15.18".to_owned(),
            }],
            free_disk_bytes: Some(1_000 * MEGABYTE),
            ..Machine::portable("/tmp/c")
        }
    }

    /// Checks that exactly the named ones fail, and that every check has a sentence, every failed one a fix.
    #[track_caller]
    fn fails(topology: &Topology, machine: &Machine, expected: &[&str]) -> Vec<Check> {
        let checks = preflight(topology, machine);
        let failed: Vec<Check> = checks.iter().filter(|check| !check.ok).cloned().collect();
        assert_eq!(
            failed.iter().map(|check| check.id).collect::<Vec<_>>(),
            expected,
            "{checks:#?}"
        );
        assert!(checks.iter().all(|check| !check.message.is_empty()));
        assert!(failed.iter().all(|check| check.fix.is_some()));
        failed
    }

    fn pair() -> Topology {
        notation::parse("m 5432\n  s 5433\n").unwrap()
    }

    #[test]
    fn a_good_machine_passes_and_hears_about_all() {
        fails(&pair(), &machine(), &[]);
        assert_eq!(preflight(&pair(), &machine()).len(), 10);
    }

    #[test]
    fn a_taken_port_names_its_owner_and_the_next_free_one() {
        let mut busy = machine();
        for (port, by) in [(5432, Some("postgres (pid 812)")), (5434, None)] {
            busy.ports_in_use.push(PortUse {
                port,
                by: by.map(str::to_owned),
            });
        }
        let failed = fails(&pair(), &busy, &["port-in-use"]);
        assert_eq!(
            failed[0].message,
            "Port 5432, which \"m\" needs, is used by postgres (pid 812)"
        );
        assert_eq!(
            failed[0].fix.as_deref(),
            Some("Give \"m\" port 5435, or stop what listens there")
        );
    }

    #[test]
    fn every_taken_port_is_offered_another_free_one() {
        let mut busy = machine();
        busy.ports_in_use = [5432, 5433, 5434].map(|port| PortUse { port, by: None }).to_vec();
        let fixes: Vec<String> = fails(&pair(), &busy, &["port-in-use", "port-in-use"])
            .into_iter()
            .filter_map(|check| check.fix)
            .collect();
        assert_eq!(
            fixes,
            [
                "Give \"m\" port 5435, or stop what listens there",
                "Give \"s\" port 5436, or stop what listens there"
            ]
        );
    }

    #[test]
    fn a_cluster_in_the_folder_is_said_first_and_its_ports_are_not() {
        let mut ours = machine();
        ours.folder_state = FolderState::Ours;
        ours.ports_in_use.push(PortUse { port: 5432, by: None });
        fails(&pair(), &ours, &["folder-has-cluster"]);
        assert_eq!(preflight(&pair(), &ours)[0].id, "folder-has-cluster");
    }

    #[test]
    fn each_obstacle_has_its_own_check() {
        let none = Machine {
            tools: Vec::new(),
            ..machine()
        };
        fails(&pair(), &none, &["no-programs"]);
        let mut old = machine();
        old.tools[0].major = PgMajor::V9_6;
        fails(&pair(), &old, &["wrong-major"]);
        let root = Machine {
            is_root: true,
            ..machine()
        };
        fails(&pair(), &root, &["no-user-for-root"]);
        let run_as = RunAs {
            user: "postgres".to_owned(),
            uid: 1,
            gid: 1,
        };
        fails(
            &pair(),
            &Machine {
                run_as: Some(run_as),
                ..root
            },
            &[],
        );
        for (state, id) in [
            (FolderState::Ours, "folder-has-cluster"),
            (FolderState::Foreign, "folder-not-empty"),
            (
                FolderState::Unusable("it is a file".to_owned()),
                "folder-unusable",
            ),
        ] {
            fails(
                &pair(),
                &Machine {
                    folder_state: state,
                    ..machine()
                },
                &[id],
            );
        }
        let full = Machine {
            free_disk_bytes: Some(100 * MEGABYTE),
            ..machine()
        };
        let failed = fails(&pair(), &full, &["disk-full"]);
        assert_eq!(
            failed[0].message,
            "The cluster needs about 136 MB, and 100 MB are free"
        );
        let deep = Machine {
            folder: format!("/{}", "x".repeat(90)),
            ..machine()
        };
        fails(&pair(), &deep, &["socket-path-too-long"]);
        let far = notation::parse("m 5432 host db1.example\n  s 5433 host db2.example\n").unwrap();
        fails(&far, &machine(), &["host-elsewhere"]);
        let wrong = notation::parse("m 5432\n  s 5432\n").unwrap();
        fails(&wrong, &machine(), &["design-has-errors"]);
        for bad in ["..", "a/../b", "servers", "./run"] {
            let mut topology = pair();
            topology
                .apply(&Edit::SetArchive(Some(Archive::new(bad).unwrap())))
                .unwrap();
            fails(&topology, &machine(), &["archive-elsewhere"]);
        }
    }

    #[test]
    fn sixty_five_servers_are_too_many() {
        let mut text = "m 5000\n".to_owned();
        for number in 1..=64 {
            text += &format!("  s{number} {}\n", 5000 + number);
        }
        let rich = Machine {
            free_disk_bytes: None,
            ..machine()
        };
        fails(&notation::parse(&text).unwrap(), &rich, &["too-many-servers"]);
    }
}
