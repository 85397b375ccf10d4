//! Would a commit be acknowledged? From the primary's configuration and the rows that it shows.

use super::Configured;
use crate::model::health::{Commits, Reading};
use crate::model::topology::Topology;

/// The rule of the server (tried on 9.2 to 18): with names set and a level that waits, a commit waits until
/// as many of the streaming members of the list as it asks for have answered; it hangs while fewer stream.
///
/// Running servers and a prediction are judged by this same function.
pub fn commits(topology: &Topology, readings: &[Reading]) -> Commits {
    let told = |outcome: &str, waits_for| Commits {
        outcome: outcome.to_owned(),
        waits_for,
    };
    let Some(primary) = readings
        .iter()
        // One that answers is surely a primary; one that does not was one when it was seen last.
        .filter(|reading| reading.running && reading.role == "primary")
        .min_by_key(|reading| !reading.answers)
    else {
        return told("no-primary", Vec::new());
    };
    if !primary.answers {
        return told("unknown", Vec::new());
    }
    // After a promotion it is another server than the drawn one, and its own file counts.
    let server = topology.by_name(&primary.name);
    let configured = server.and_then(|server| Configured::of(topology, server).ok());
    let Some(names) = configured.as_ref().and_then(Configured::waited_for) else {
        return told("acknowledged", Vec::new());
    };
    let waits_for: Vec<String> = primary
        .replication
        .iter()
        .filter(|row| row.state == "streaming" && matches!(row.sync_state.as_str(), "sync" | "quorum"))
        .map(|row| row.application_name.clone())
        .collect();
    let enough = u32::try_from(waits_for.len()).is_ok_and(|streaming| streaming >= names.count());
    told(if enough { "acknowledged" } else { "waiting" }, waits_for)
}
