//! Rules on servers and their links: ports, slots, who is let in.

use std::collections::{BTreeMap, BTreeSet};

use super::super::findings::{Found, repeated};
use super::super::{Auth, Edit, Port, Server, Topology};
use super::standbys;

pub(super) fn port_used_twice(topology: &Topology) -> Vec<Found> {
    let place = |server: &Server| {
        let host = if server.host().is_loopback() {
            "localhost"
        } else {
            server.host().as_str()
        };
        // Names of hosts do not tell capitals apart.
        (host.to_ascii_lowercase(), server.port())
    };
    let mut firsts = BTreeMap::new();
    for server in topology.servers() {
        firsts.entry(place(server)).or_insert(server);
    }
    let mut taken: BTreeSet<u16> = topology
        .servers()
        .iter()
        .map(|server| server.port().number())
        .collect();
    // Each gets a port of its own, also where somebody types all of them in; counted on, since thousands can have one port.
    let mut next: BTreeMap<u16, u16> = BTreeMap::new();
    let mut free_from = |port: u16| {
        let from = next.get(&port).copied().unwrap_or(port);
        let free = (from..=u16::MAX).find(|number| taken.insert(*number))?;
        next.insert(port, free);
        Port::new(free).ok()
    };
    repeated(topology.servers().iter(), place)
        .into_iter()
        .map(|server| {
            let first = firsts.get(&place(server)).copied().unwrap_or(server);
            let found = Found::server(
                server.id(),
                format!(
                    "\"{}\" and \"{}\" both use port {} on {}: whichever starts second fails",
                    first.name(),
                    server.name(),
                    server.port(),
                    server.host()
                ),
            );
            match free_from(server.port().number()) {
                Some(port) => found.fix(
                    format!("Use port {port}"),
                    Edit::SetPort {
                        server: server.id(),
                        port,
                    },
                ),
                None => found,
            }
        })
        .collect()
}

pub(super) fn port_below_1024(topology: &Topology) -> Vec<Found> {
    topology
        .servers()
        .iter()
        .filter(|server| server.port().number() < 1024)
        .map(|server| {
            let found = Found::server(
                server.id(),
                format!("\"{}\" cannot open port {}: ports below 1024 are for root, and PostgreSQL does not run as root", server.name(), server.port()),
            );
            match topology.free_port_from(5432) {
                Some(port) => found.fix(format!("Use port {port}"), Edit::SetPort { server: server.id(), port }),
                None => found,
            }
        })
        .collect()
}

pub(super) fn no_slot_nor_archive(topology: &Topology) -> Vec<Found> {
    let keeps_wal = |id| {
        ["wal_keep_size", "wal_keep_segments"]
            .iter()
            .any(|name| topology.setting_of(id, name).is_some())
    };
    if topology.archive().is_some_and(super::super::Archive::gives_wal) {
        return Vec::new();
    }
    standbys(topology)
        .filter(|server| topology.streams(server.id()))
        .filter(|server| topology.postgres().has_slots() && !topology.uses_slot(server.id()))
        .filter(|server| server.upstream().is_some_and(|upstream| !keeps_wal(upstream)))
        .map(|server| {
            Found::server(
                server.id(),
                format!(
                    "No slot or archive keeps WAL for \"{}\": after a long outage, it needs a new base backup",
                    server.name()
                ),
            )
            .fix(
                "Use a slot",
                Edit::SetSlot {
                    server: server.id(),
                    slot: None,
                },
            )
        })
        .collect()
}

pub(super) fn trust_lets_anyone_in(topology: &Topology) -> Vec<Found> {
    if topology.auth() != Some(Auth::Trust) {
        return Vec::new();
    }
    vec![
        Found::cluster(
            "With trust, anyone who can reach a port can connect as any user, including \
             superusers",
        )
        .fix("Use passwords", Edit::SetAuth(None)),
    ]
}

pub(super) fn md5_where_scram_is(topology: &Topology) -> Vec<Found> {
    if topology.auth() != Some(Auth::Md5) || !topology.postgres().has_scram() {
        return Vec::new();
    }
    vec![
        Found::cluster(
            "A stolen md5 hash works like a password, and PostgreSQL is phasing md5 out: SCRAM \
             is available from 10",
        )
        .fix("Use SCRAM", Edit::SetAuth(None)),
    ]
}

pub(super) fn nothing_replicates(topology: &Topology) -> Vec<Found> {
    if topology.servers().len() > 1 {
        return Vec::new();
    }
    let primary = topology.primary();
    vec![
        Found::server(
            primary.id(),
            format!("\"{}\" has no standby: nothing is replicated yet", primary.name()),
        )
        .fix(
            "Add a standby",
            Edit::AddStandby {
                upstream: primary.id(),
                name: None,
                port: None,
            },
        ),
    ]
}
