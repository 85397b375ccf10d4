//! Would a commit be acknowledged? From the sync policy and the rows that the primary shows.

use super::{Commits, Reading};
use crate::model::topology::Topology;

/// The rule of the server (tried on 9.2 to 18): with names set and a level that waits, a commit waits until
/// `count` of the streaming members of the list have answered; it hangs while fewer stream.
pub fn commits(topology: &Topology, readings: &[Reading]) -> Commits {
    let Some(primary) = readings
        .iter()
        .find(|reading| reading.running && reading.role == "primary")
    else {
        return Commits {
            outcome: "no-primary".to_owned(),
            waits_for: Vec::new(),
        };
    };
    let acknowledged = Commits {
        outcome: "acknowledged".to_owned(),
        waits_for: Vec::new(),
    };
    let Some(policy) = topology.sync() else {
        return acknowledged;
    };
    if !policy.commit.waits() || topology.synchronous_standby_names().is_empty() {
        return acknowledged;
    }
    let counted = |row: &&super::ReplicationRow| matches!(row.sync_state.as_str(), "sync" | "quorum");
    let waits_for: Vec<String> = primary
        .replication
        .iter()
        .filter(|row| row.state == "streaming")
        .filter(counted)
        .map(|row| row.application_name.clone())
        .collect();
    let enough = u32::try_from(waits_for.len()).is_ok_and(|streaming| streaming >= policy.count);
    Commits {
        outcome: if enough { "acknowledged" } else { "waiting" }.to_owned(),
        waits_for,
    }
}
