//! Who takes over from a primary that is gone: the standby that has received most.

use std::cmp::Reverse;

use crate::model::health::{Lsn, Observed, Role, State, Timeline};
use crate::model::topology::{Server, Topology};

/// A standby that could take over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heir {
    pub server: String,
    /// The WAL that it has; `None`: it does not say.
    pub have: Option<Lsn>,
    /// Commits waited for it: one that was acknowledged is there.
    pub is_sync: bool,
    pub is_delayed: bool,
    /// In the site of the primary that is gone.
    pub is_near: bool,
    /// Why it cannot take over; `None`: it can.
    pub refused: Option<String>,
}

/// Every standby, the best first: those that cannot take over last.
pub fn heirs(topology: &Topology, observed: &Observed) -> Vec<Heir> {
    let primary = topology.primary();
    let candidates = topology.sync_candidates();
    let of = |server: &Server| {
        let name = server.name().to_string();
        let state = observed.get(&name).map(|seen| &seen.latest.state);
        let up = observed.up(server);
        let refused = match (state, up) {
            (_, Some(up)) if up.role == Role::Primary => Some(format!("{name} accepts writes already")),
            (_, Some(_)) => None,
            (Some(State::Down), _) => Some(format!("{name} is down")),
            (Some(State::Closed), _) => Some(format!(
                "{name} does not accept connections (hot_standby = off): nobody can see what it has"
            )),
            _ => Some(format!("{name} does not answer")),
        };
        Heir {
            have: up.and_then(|up| up.positions.have()),
            is_sync: candidates.iter().any(|one| one.id() == server.id()),
            is_delayed: server.is_delayed(),
            is_near: server.site() == primary.site(),
            refused,
            server: name,
        }
    };
    let order = topology.in_tree_order().into_iter();
    let standbys = order
        .filter_map(|id| topology.server(id))
        .filter(|one| !one.is_primary());
    let mut heirs: Vec<(u32, Heir)> = standbys
        .map(|server| (timeline(observed, server), of(server)))
        .collect();
    // A sort keeps the order of the tree where nothing else decides.
    heirs.sort_by_key(|(timeline, one)| {
        (
            one.refused.is_some(),
            Reverse(*timeline),
            Reverse(one.have),
            one.is_delayed,
            !one.is_sync,
            !one.is_near,
        )
    });
    heirs.into_iter().map(|(_, one)| one).collect()
}

fn timeline(observed: &Observed, server: &Server) -> u32 {
    match observed.up(server).and_then(|up| up.timeline) {
        Some(Timeline::Is(timeline) | Timeline::AtLeast(timeline)) => timeline,
        None => 0,
    }
}
