//! Claims of a folder: entries of the list for runs that have not made its marker, or that lost it to another one.

use std::path::Path;

use super::disk::{entries, forget};
use super::{ClusterState, Stored};
use crate::engine::desk::store;

/// Entries for this folder of runs that have not made its marker (yet, or that were killed before).
pub(in crate::engine) fn claims_without_marker(folder: &Path) -> Vec<Stored> {
    store::state_folder().map_or_else(Vec::new, |state| {
        let mut found = entries(&state);
        found.retain(|entry| entry.record.folder == folder && entry.record.state == ClusterState::Building);
        found
    })
}

/// Entries of runs that are over and lost this cluster's folder to it: two pgcascades began at once, each made some of the
/// folders on the way, and one made the marker. What the other made goes with the cluster.
pub(in crate::engine) fn lost_claims(state: &Path, winner: &Stored) -> Vec<Stored> {
    let mut found = entries(state);
    found.retain(|entry| {
        entry.record.folder == winner.record.folder
            && entry.record.id != winner.record.id
            && entry.record.state == ClusterState::Building
            && !entry.record.is_at_work()
            && !entry.record.is_running()
    });
    found
}

/// Forgets those of these claims whose run is gone with everything it started.
pub(in crate::engine) fn forget_ended(claims: &[Stored]) {
    for claim in claims {
        if !claim.record.is_at_work() && !claim.record.is_running() {
            forget(&claim.record.id);
        }
    }
}
