//! Who takes writes, and who follows whom in a ring. What helps after a promotion never begins with starting an old primary.

use super::Drift;
use super::view::{View, of, of_cluster};
use crate::model::health::Role;
use crate::model::topology::Server;
use crate::model::words::listed;

pub(super) fn cluster(view: &View<'_>, found: &mut Vec<Drift>) {
    let names: Vec<String> = view
        .primaries
        .iter()
        .map(|(server, _)| server.name().to_string())
        .collect();
    if names.len() > 1 {
        found.push(of_cluster(
            "two-primaries",
            format!(
                "{} accept writes independently: the cluster has a split brain.",
                listed(&names)
            ),
            "Choose the server whose data you want to keep and send all clients there. Stop the other one \
             (pgcascade stop DIR NAME) and copy it again from the kept one; everything written only there \
             is lost."
                .to_owned(),
        ));
    }
    // One that does not answer may be the primary.
    let servers = view.topology.servers();
    if names.is_empty() && !servers.iter().any(|server| view.is_silent(server)) {
        let primary = view.topology.primary();
        let fix = if view.is_down(primary) {
            format!(
                "Start {0}, which is down (pgcascade start DIR {0}), or let the standby with the most WAL take over \
                 (pgcascade failover DIR).",
                primary.name()
            )
        } else {
            "Promote only the standby with the most WAL.".to_owned()
        };
        found.push(of_cluster(
            "no-primary",
            "No server accepts writes.".to_owned(),
            fix,
        ));
    }
    rings(view, found);
}

pub(super) fn server(view: &View<'_>, server: &Server, found: &mut Vec<Drift>) {
    let Some(up) = view.up(server) else { return };
    let name = server.name();
    match (up.role, view.drawn_upstream(server)) {
        (Role::Primary, Some(upstream)) => {
            let from = upstream.name();
            let primary = view.topology.primary();
            let (old, is_primary) = (primary.name(), view.up(primary).map(|up| up.role));
            let fix = match is_primary {
                Some(Role::Primary) => format!(
                    "Keep only one of {name} and {old} as the primary: stop {name} and copy it again from \
                     {from}, or keep {name}, stop {old} and copy that one again from {name}."
                ),
                Some(Role::Standby) => {
                    format!("A switchover happened outside the design: draw {name} as the primary.")
                }
                None => format!(
                    "Do not start {old} as well. To keep {name}, draw it as the primary and copy {old} \
                     again from it. To go back to {old}, stop {name} first; everything written on it is \
                     lost."
                ),
            };
            found.push(of(
                "standby-promoted",
                server,
                format!("{name} is designed as a standby of {from} but accepts writes: it was promoted."),
                fix,
            ));
        }
        (Role::Standby, None) => {
            let follows = match view.observed.upstream(view.topology, up) {
                Some(upstream) => format!("is a standby of {}", upstream.name()),
                None => "is a standby".to_owned(),
            };
            let fix = match view.other_primary(server) {
                Some(primary) => format!("Draw {} as the primary, and {name} below it.", primary.name()),
                None => {
                    format!("Promote it if no other server has more WAL: SELECT pg_promote(); on {name}.")
                }
            };
            found.push(of(
                "primary-is-standby",
                server,
                format!("{name} is designed as the primary but {follows}."),
                fix,
            ));
        }
        (Role::Primary, None) | (Role::Standby, Some(_)) => {}
    }
}

/// Standbys that follow each other: WAL runs in a circle, and none comes in.
fn rings(view: &View<'_>, found: &mut Vec<Drift>) {
    let next = |server: &Server| {
        let up = view.standby(server)?;
        view.observed.upstream(view.topology, up)
    };
    let mut told: Vec<_> = Vec::new();
    for server in view.topology.servers() {
        let mut ring = vec![server];
        let mut at = next(server);
        while let Some(upstream) = at.filter(|upstream| ring.iter().all(|one| one.id() != upstream.id())) {
            ring.push(upstream);
            at = next(upstream);
        }
        if at.is_none_or(|back| back.id() != server.id()) || told.contains(&server.id()) {
            continue;
        }
        told.extend(ring.iter().map(|one| one.id()));
        let names: Vec<String> = ring.iter().map(|one| one.name().to_string()).collect();
        let mut way: Vec<&str> = names.iter().map(String::as_str).collect();
        way.push(server.name().as_str());
        found.push(of_cluster(
            "ring",
            format!(
                "{} follow each other in a loop ({}): no WAL from a primary reaches them.",
                listed(&names),
                way.join(" ← ")
            ),
            "Point one of them at a server outside the loop, as designed.".to_owned(),
        ));
    }
}
