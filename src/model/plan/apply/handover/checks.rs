//! What stands in the way of a switchover, as the running servers say: looked at before anything is done.

use crate::model::drift::{Drift, drift};
use crate::model::health::{Observed, Replay, Role, State};
use crate::model::plan::Check;
use crate::model::plan::preflight::stop;
use crate::model::topology::{Server, Topology};

/// A difference that follows from a standby that is down.
const OF_THE_DOWN: [&str; 5] = [
    "server-down",
    "link-missing",
    "slot-inactive",
    "commits-differ",
    "slot-endangered",
];

/// Every reason why this standby cannot take over from a primary that runs.
pub fn switchover_checks(topology: &Topology, observed: &Observed, heir: &Server) -> Vec<Check> {
    let mut found = Vec::new();
    let primary = topology.primary();
    let (name, dir) = (heir.name(), "DIR");
    let up = observed.up(heir);
    match (up, observed.up(primary)) {
        (_, None) => {
            found.push(stop(
                "primary-gone",
                format!(
                    "{} does not answer: there is nothing to switch over from",
                    primary.name()
                ),
                format!("If it is gone for good: pgcascade failover {dir} {name}"),
            ));
            return found;
        }
        (None, _) => {
            found.push(stop(
                "heir-down",
                match observed.get(name.as_str()).map(|seen| &seen.latest.state) {
                    Some(State::Down) => format!("{name} is down"),
                    Some(State::Closed) => {
                        format!("{name} does not accept connections (hot_standby = off), so nobody can see whether it has everything")
                    }
                    _ => format!("{name} does not answer"),
                },
                "Choose a standby that runs and streams",
            ));
            return found;
        }
        (Some(up), Some(_)) => {
            if up.role == Role::Primary {
                found.push(stop(
                    "heir-is-primary",
                    format!("{name} accepts writes already"),
                    format!("Make what is running the design: pgcascade adopt {dir}"),
                ));
            }
            if matches!(up.replay, Some(Replay::Paused | Replay::PauseRequested)) {
                found.push(stop(
                    "heir-paused",
                    format!("{name} does not apply WAL: its replay is paused"),
                    format!("Let it go on: pgcascade resume-replay {dir} {name}"),
                ));
            }
        }
    }
    if heir.is_delayed() {
        found.push(stop(
            "heir-delayed",
            format!("{name} applies WAL late, and would have to apply all of it before it accepts writes"),
            "Choose another standby, or remove its delay and apply that first",
        ));
    }
    let differs = drift(topology, observed);
    let down: Vec<&str> = differs
        .iter()
        .filter(|one| one.rule == "server-down")
        .filter_map(|one| one.server.as_deref())
        .collect();
    let blocks = |one: &&Drift| {
        // The heir's own replay is told above; what a server that is down leaves behind stops nobody else.
        one.rule != "replay-paused" && (down.is_empty() || !OF_THE_DOWN.contains(&one.rule))
    };
    found.extend(differs.iter().filter(blocks).map(|one| {
        stop(
            "drifts",
            one.message.trim_end_matches('.').to_owned(),
            one.fix
                .as_deref()
                .unwrap_or("See pgcascade status")
                .trim_end_matches('.'),
        )
    }));
    found
}
