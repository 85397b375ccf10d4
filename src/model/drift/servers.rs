//! Each server by itself: does it run, does it answer, is it the one that was drawn.

use std::collections::BTreeMap;

use super::view::{View, of};
use super::{Drift, SILENT};
use crate::model::health::{Role, Seen, State, Timeline, Unreachable};
use crate::model::topology::{PgMajor, Server};

pub(super) fn life(view: &View<'_>, server: &Server, found: &mut Vec<Drift>) {
    let name = server.name();
    match view.state(server) {
        Some(State::Down) => {
            let seen = view.observed.get(name.as_str());
            let was = seen.and_then(Seen::last_up).map(|up| up.role);
            let would_write = server.is_primary() || was == Some(Role::Primary);
            let fix = match view.other_primary(server).filter(|_| would_write) {
                Some(primary) => format!(
                    "Leave it down: {0} accepts writes now. Copy {name} again from {0}; or, to go back to \
                     {name}, stop {0} first.",
                    primary.name()
                ),
                None => format!("Start it: pgcascade start DIR {name}"),
            };
            found.push(of("server-down", server, format!("{name} is down."), fix));
        }
        Some(State::Unreachable(why)) => {
            let fix = match why {
                Unreachable::Frozen => Some("Resume its process (kill -CONT).".to_owned()),
                Unreachable::Login(_) | Unreachable::Secret(_) => Some(
                    "Allow the monitoring role to connect: check pg_hba.conf and the password.".to_owned(),
                ),
                _ => None,
            };
            found.push(of(SILENT, server, format!("{name} does not answer: {why}."), fix));
        }
        None => found.push(of(SILENT, server, format!("{name} has not been read yet."), None)),
        Some(State::Up(_) | State::Closed) => {}
    }
}

/// Is it what was drawn: version, port, cluster, timeline?
pub(super) fn identity(view: &View<'_>, server: &Server, found: &mut Vec<Drift>) {
    let Some(up) = view.up(server) else { return };
    let name = server.name();
    let drawn = view.topology.postgres();
    if let Some(major) = PgMajor::of_server(&up.version).filter(|major| *major != drawn) {
        found.push(of(
            "other-version",
            server,
            format!("{name} runs PostgreSQL {major}; the design is for {drawn}."),
            format!("Set the design's version to {major} if that is what you want."),
        ));
    }
    let port = view.observed.port(server);
    if port != server.port().number() {
        found.push(of(
            "other-port",
            server,
            format!("{name} listens on port {port}, not on {}.", server.port()),
            format!("Give {name} port {port} in the design, or reset the setting port and restart {name}."),
        ));
    }
    let reference = identifier(view);
    if let (Some(own), Some(reference)) = (up.system_identifier, reference)
        && own != reference
    {
        found.push(of(
            "stale-copy",
            server,
            format!(
                "{name} is a copy of another cluster: its system identifier is {own}, the others have \
                 {reference}."
            ),
            format!("Stop {name} and copy it again from a server of this cluster."),
        ));
        return;
    }
    let primary = view
        .only_primary()
        .filter(|(primary, _)| primary.id() != server.id());
    if let Some((primary, its)) = primary
        && let Some(Timeline::Is(now)) = its.timeline
    {
        let other = match up.timeline {
            Some(Timeline::Is(own)) => (own != now).then_some(own),
            Some(Timeline::AtLeast(own)) => (own > now).then_some(own),
            None => None,
        };
        if let Some(own) = other {
            found.push(of(
                "other-timeline",
                server,
                format!(
                    "{name} is on timeline {own}, and {} on timeline {now}.",
                    primary.name()
                ),
                format!(
                    "Make it follow a server on timeline {now}; if it has WAL that {} never had, rewind it \
                     or copy it again.",
                    primary.name()
                ),
            ));
        }
    }
}

/// The cluster's own identifier: what the drawn primary says, else what most servers say.
fn identifier(view: &View<'_>) -> Option<u64> {
    let of_server = |server: &Server| view.up(server)?.system_identifier;
    let drawn = of_server(view.topology.primary());
    let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
    for identifier in view.topology.servers().iter().filter_map(of_server) {
        *counts.entry(identifier).or_default() += 1;
    }
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    drawn.or(most.map(|(identifier, _)| identifier))
}
