//! Would a commit be acknowledged? From the primary's configuration and the rows that it shows.

use super::Configured;
use crate::model::health::{Commits, Reading};
use crate::model::topology::Topology;

/// The rule of the server (tried on 9.2 to 18): with names set and a level that waits, a commit waits until
/// as many of the streaming members of the list as it asks for have answered; it hangs while fewer stream.
///
/// Running servers and a prediction are judged by this same function.
pub fn commits(topology: &Topology, readings: &[Reading]) -> Commits {
    commits_by(readings, |primary| {
        // After a promotion it is another server than the drawn one, and its own file counts.
        let server = topology.by_name(primary)?;
        Waited::of(&Configured::of(topology, server).ok()?)
    })
}

/// What a commit waits for on one server.
#[derive(Debug)]
pub(super) struct Waited {
    /// So many have to answer.
    pub(super) count: u32,
    /// Rows of those that do not, although they stream.
    pub(super) mute: Vec<String>,
}

impl Waited {
    /// `None`: for nobody.
    pub(super) fn of(configured: &Configured) -> Option<Self> {
        configured.waited_for().map(|names| Self {
            count: names.count(),
            mute: Vec::new(),
        })
    }
}

/// The same with what the primary, given by its name, waits for.
pub(super) fn commits_by(readings: &[Reading], waited: impl FnOnce(&str) -> Option<Waited>) -> Commits {
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
    let Some(waited) = waited(&primary.name) else {
        return told("acknowledged", Vec::new());
    };
    let waits_for: Vec<String> = primary
        .replication
        .iter()
        .filter(|row| row.state == "streaming" && matches!(row.sync_state.as_str(), "sync" | "quorum"))
        .map(|row| row.application_name.clone())
        .collect();
    let answering = waits_for
        .iter()
        .filter(|name| !waited.mute.contains(name))
        .count();
    let enough = u32::try_from(answering).is_ok_and(|answering| answering >= waited.count);
    told(if enough { "acknowledged" } else { "waiting" }, waits_for)
}
