//! A good machine, and one obstacle at a time.

use super::*;
use crate::model::plan::{PortUse, Room, RunAs, SharedMemory, Tools};
use crate::model::topology::{Archive, Edit, PgMajor, notation};

fn machine() -> Machine {
    Machine {
        tools: vec![Tools {
            bin: "/pg/bin".to_owned(),
            major: PgMajor::V15,
            version: "15.18".to_owned(),
            has_tls: Some(true),
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

fn set(topology: &mut Topology, name: &str, value: &str) {
    let (name, value) = (name.to_owned(), Some(value.to_owned()));
    let edit = Edit::SetSetting {
        server: None,
        name,
        value,
    };
    topology.apply(&edit).unwrap();
}

#[test]
fn what_the_design_runs_is_refused_until_exactly_that_is_trusted() {
    let mut topology = pair();
    set(&mut topology, "ssl_passphrase_command", "touch /tmp/x");
    set(&mut topology, "session_preload_libraries", "evil");
    let failed = fails(&topology, &machine(), &[UNTRUSTED, UNTRUSTED]);
    assert!(lacks_only_trust(&failed));
    assert_eq!(
        failed[1].message,
        "Runs on this machine: the command touch /tmp/x (ssl_passphrase_command, on every server)"
    );
    let trusting = Machine {
        trusted: vec![crate::model::topology::digest(&topology.hazards())],
        ..machine()
    };
    fails(&topology, &trusting, &[]);
    // Another setting that runs nothing changes nothing; one that does is asked about again.
    set(&mut topology, "work_mem", "64MB");
    fails(&topology, &trusting, &[]);
    set(&mut topology, "ssl_passphrase_command", "touch /tmp/y");
    fails(&topology, &trusting, &[UNTRUSTED, UNTRUSTED]);
    let busy = Machine {
        free_disk_bytes: Some(0),
        ..machine()
    };
    let failed = fails(&topology, &busy, &["disk-full", UNTRUSTED, UNTRUSTED]);
    assert!(!lacks_only_trust(&failed) && !lacks_only_trust(&[]));
}

#[test]
fn what_is_only_a_risk_is_said_and_stops_nothing() {
    let mut topology = pair();
    set(&mut topology, "fsync", "off");
    set(&mut topology, "lo_compat_privileges", "on");
    let checks = preflight(&topology, &machine());
    let risky = checks.iter().filter(|check| check.id == "design-is-risky");
    assert!(
        checks.iter().all(|check| check.ok) && risky.count() == 2,
        "{checks:#?}"
    );
}

#[test]
fn a_library_that_is_not_installed_is_said_before_anything_is_made() {
    let lacking = Machine {
        missing_libraries: vec!["pg_cron".to_owned()],
        ..machine()
    };
    let failed = fails(&pair(), &lacking, &["library-missing"]);
    assert!(failed[0].message.contains("\"pg_cron\"") && failed[0].message.contains("/pg/bin"));
}

#[test]
fn settings_that_could_not_be_tried_are_said_and_stop_nothing() {
    let untried = Machine {
        untried_settings: vec!["m".to_owned(), "a".to_owned()],
        ..machine()
    };
    fails(&pair(), &untried, &[]);
    let checks = preflight(&pair(), &untried);
    let said = checks
        .iter()
        .find(|check| check.id == "settings-untried")
        .unwrap();
    assert_eq!(
        said.message,
        "PostgreSQL 15.18 did not say whether it takes the settings of m and a"
    );
    let checks = preflight(&pair(), &machine());
    assert!(!checks.iter().any(|check| check.id == "settings-untried"));
}

fn pair() -> Topology {
    notation::parse("m 5432\n  s 5433\n").unwrap()
}

#[test]
fn a_good_machine_passes_and_hears_about_all() {
    fails(&pair(), &machine(), &[]);
    assert_eq!(preflight(&pair(), &machine()).len(), 16);
}

#[test]
fn programs_without_tls_are_told_from_those_that_have_it() {
    let mut topology = pair();
    let mut machine = machine();
    machine.tools[0].has_tls = Some(false);
    fails(&topology, &machine, &[]);
    topology.apply(&Edit::SetTls(true)).unwrap();
    let failed = fails(&topology, &machine, &["no-tls"]);
    assert_eq!(
        failed[0].message,
        "The design encrypts its links, but the programs in /pg/bin were built without TLS"
    );
    for known in [Some(true), None] {
        machine.tools[0].has_tls = known;
        fails(&topology, &machine, &[]);
    }
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
        Some("Give \"m\" port 5435, or stop the program that uses it")
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
            "Give \"m\" port 5435, or stop the program that uses it",
            "Give \"s\" port 5436, or stop the program that uses it"
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
        (FolderState::Unfinished, "folder-has-unfinished"),
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
        "The cluster needs about 136 MB; 100 MB are free"
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

#[test]
fn what_the_system_leaves_too_little_of_is_named() {
    let with = |room: Room| Machine { room, ..machine() };
    let no_memory = with(Room {
        shared_memory: SharedMemory::Closed,
        ..Room::default()
    });
    fails(&pair(), &no_memory, &["shared-memory"]);
    let little = with(Room {
        shared_memory: SharedMemory::Free(MEGABYTE),
        ..Room::default()
    });
    let failed = fails(&pair(), &little, &["shared-memory"]);
    assert_eq!(
        failed[0].message,
        "The servers need about 4 MB in /dev/shm (dynamic shared memory), and 1 MB are free there"
    );
    let few = with(Room {
        open_files: Some(64),
        processes: Some(20),
        ..Room::default()
    });
    let failed = fails(&pair(), &few, &["open-files", "processes"]);
    assert_eq!(
        failed[1].message,
        "About 32 processes are needed, and the system allows 20 more"
    );
    let enough = with(Room {
        shared_memory: SharedMemory::Free(64 * MEGABYTE),
        open_files: Some(1024),
        processes: Some(1000),
    });
    fails(&pair(), &enough, &[]);
}

#[test]
fn a_disk_of_another_world_and_a_clock_that_was_set_back_stop_it() {
    let usb = Machine {
        file_system: Some("vfat".to_owned()),
        ..machine()
    };
    fails(&pair(), &usb, &["file-system"]);
    let plain = Machine {
        file_system: Some("ext4".to_owned()),
        clock_behind_secs: 60,
        ..machine()
    };
    fails(&pair(), &plain, &[]);
    for (clock_behind_secs, words) in [
        (600, "10 minutes"),
        (36_000, "10 hours"),
        (20_000_000, "231 days"),
    ] {
        let late = Machine {
            clock_behind_secs,
            ..machine()
        };
        let failed = fails(&pair(), &late, &["clock-behind"]);
        assert!(failed[0].message.contains(words), "{failed:?}");
    }
}

#[test]
fn a_locale_is_looked_for_where_the_design_names_one() {
    let mut topology = pair();
    assert!(!names_locales(&topology));
    let set = |topology: &mut Topology, value: &str| {
        let edit = Edit::SetSetting {
            server: None,
            name: "lc_messages".to_owned(),
            value: Some(value.to_owned()),
        };
        topology.apply(&edit).unwrap();
    };
    let here = Machine {
        locales: Some(["C", "C.utf8", "de_AT.utf8"].map(str::to_owned).to_vec()),
        ..machine()
    };
    for value in ["C", "POSIX", "de_AT.UTF-8", "c.UTF-8"] {
        set(&mut topology, value);
        assert!(names_locales(&topology));
        fails(&topology, &here, &[]);
    }
    set(&mut topology, "xx_YY");
    let failed = fails(&topology, &here, &["locale-missing"]);
    assert!(failed[0].message.contains("lc_messages = xx_YY"), "{failed:?}");
    // Who cannot be asked says nothing.
    fails(&topology, &machine(), &[]);
}

#[test]
fn other_programs_and_bad_releases_are_told_and_stop_nothing() {
    let release = |version: &str| -> Check {
        let mut machine = machine();
        machine.tools[0].version = version.to_owned();
        let major = PgMajor::parse(version.split(char::is_alphabetic).next().unwrap()).unwrap();
        machine.tools[0].major = major;
        let mut topology = notation::parse("m 5432\n  s 5433\n    t 5434\n").unwrap();
        topology.apply(&Edit::SetPostgres(major)).unwrap();
        topology
            .apply(&Edit::SetArchive(Some(Archive::new("archive").unwrap())))
            .unwrap();
        fails(&topology, &machine, &[]);
        let mut checks = preflight(&topology, &machine).into_iter();
        checks.find(|check| check.id == "minor-release").unwrap()
    };
    for (version, fix) in [
        ("14.2", Some("Install 14.4 or later")),
        ("17.1", Some("Install 17.2 or later")),
        ("15.18", Some("Install 15.19 or later")),
        ("15.19", None),
        (
            "18beta1",
            Some("Use a final release of PostgreSQL 18 for important data"),
        ),
    ] {
        let check = release(version);
        assert_eq!(
            (check.ok, check.fix.as_deref()),
            (true, fix),
            "{version}: {}",
            check.message
        );
    }
    let mut both = machine();
    both.tools.push(Tools {
        bin: "/pg16/bin".to_owned(),
        major: PgMajor::V16,
        version: "16.14".to_owned(),
        has_tls: None,
    });
    let found = preflight(&pair(), &both)
        .into_iter()
        .find(|check| check.id == "no-programs");
    assert_eq!(
        found.unwrap().message,
        "PostgreSQL 15.18 was found in /pg/bin; also available with --bin: 16.14 in /pg16/bin"
    );
}
