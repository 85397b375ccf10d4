//! Rules on server names as PostgreSQL compares, cuts and shows them.

use std::collections::BTreeSet;

use super::super::findings::{Found, repeated};
use super::super::{Edit, NAME_BYTES, Server, Topology};
use super::standbys;

pub(super) fn names_equal_but_for_case(topology: &Topology) -> Vec<Found> {
    let shown =
        |server: &Server| -> String { server.name().in_list(topology.postgres()).to_ascii_lowercase() };
    let candidates: BTreeSet<String> = topology.sync_candidates().into_iter().map(shown).collect();
    let free = topology.free_name("standby");
    let direct: Vec<&Server> = topology.downstreams(topology.primary().id()).collect();
    repeated(direct.iter().copied(), |server| shown(server))
        .into_iter()
        .filter(|server| candidates.contains(&shown(server)))
        .map(|server| {
            let found = Found::server(
                server.id(),
                format!(
                    "PostgreSQL cannot distinguish \"{}\" from another server: names are \
                     case-insensitive and truncated to 63 bytes",
                    server.name()
                ),
            );
            match free.clone() {
                Some(name) => found.fix(
                    format!("Rename it to \"{name}\""),
                    Edit::Rename {
                        server: server.id(),
                        name,
                    },
                ),
                None => found,
            }
        })
        .collect()
}

pub(super) fn name_cut(topology: &Topology) -> Vec<Found> {
    let free = topology.free_name("standby");
    standbys(topology)
        .filter(|server| server.name().as_str().len() > NAME_BYTES)
        .map(|server| {
            let found = Found::server(
                server.id(),
                format!(
                    "\"{}\" is longer than 63 bytes: servers truncate it",
                    server.name()
                ),
            );
            match free.clone() {
                Some(name) => found.fix(
                    format!("Rename it to \"{name}\""),
                    Edit::Rename {
                        server: server.id(),
                        name,
                    },
                ),
                None => found,
            }
        })
        .collect()
}

pub(super) fn name_not_ascii(topology: &Topology) -> Vec<Found> {
    standbys(topology)
        .filter(|server| !server.name().as_str().is_ascii())
        .map(|server| {
            Found::server(
                server.id(),
                format!(
                    "\"{}\" will appear as \"{}\" in pg_stat_replication: servers replace characters that \
                     are not ASCII",
                    server.name(),
                    server.name().in_list(topology.postgres())
                ),
            )
        })
        .collect()
}

pub(super) fn sync_name_of_a_tool(topology: &Topology) -> Vec<Found> {
    /// What connects under a name of its own when nobody gives it one.
    const TOOLS: [&str; 4] = ["pg_basebackup", "pg_receivewal", "pg_receivexlog", "walreceiver"];
    let free = topology.free_name("standby");
    topology
        .sync_candidates()
        .into_iter()
        .filter(|server| {
            TOOLS
                .iter()
                .any(|tool| server.name().as_str().eq_ignore_ascii_case(tool))
        })
        .map(|server| {
            let found = Found::server(
                server.id(),
                format!(
                    "PostgreSQL's own programs also connect as \"{}\": one of them could be mistaken for \
                     this synchronous standby",
                    server.name()
                ),
            );
            match free.clone() {
                Some(name) => found.fix(
                    format!("Rename it to \"{name}\""),
                    Edit::Rename {
                        server: server.id(),
                        name,
                    },
                ),
                None => found,
            }
        })
        .collect()
}
