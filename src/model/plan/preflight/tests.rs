//! A good machine, and one obstacle at a time.

use super::*;
use crate::model::plan::{PortUse, RunAs};
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

fn pair() -> Topology {
    notation::parse("m 5432\n  s 5433\n").unwrap()
}

#[test]
fn a_good_machine_passes_and_hears_about_all() {
    fails(&pair(), &machine(), &[]);
    assert_eq!(preflight(&pair(), &machine()).len(), 10);
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
        "The design encrypts its links, and the programs in /pg/bin were built without TLS"
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
