//! What becomes of a commit: as it is, against what the design promises.

use std::collections::BTreeSet;

use super::Drift;
use super::view::{View, of};
use crate::model::health::Board;
use crate::model::simulate;
use crate::model::words::listed;

pub(super) fn cluster(view: &View<'_>, found: &mut Vec<Drift>) {
    let Some((primary, _)) = view.primaries.first() else {
        return;
    };
    let real = Board::of(view.topology, view.observed).commits;
    let promised = simulate::predict(view.topology, &BTreeSet::new()).commits;
    let name = primary.name();
    let promise = match promised.waits_for.as_slice() {
        [] => "waits for no standby".to_owned(),
        names => format!("waits for {}", listed(names)),
    };
    if real.outcome == "waiting" && promised.outcome != "waiting" {
        let why = match real.waits_for.as_slice() {
            [] => "none of the synchronous standbys is streaming".to_owned(),
            names => format!(
                "only {} could answer, and they are too few or have paused replay",
                listed(names)
            ),
        };
        found.push(of(
            "commits-differ",
            primary,
            format!("Commits on {name} hang: {why}. By design, a commit {promise}."),
            format!("Compare synchronous_standby_names on {name} with the standbys that are streaming."),
        ));
    } else if real.outcome == "acknowledged" && real.waits_for.is_empty() && !promised.waits_for.is_empty() {
        found.push(of(
            "commits-differ",
            primary,
            format!(
                "Commits on {name} do not wait for a standby, so acknowledged commits can be lost. By \
                 design, a commit {promise}."
            ),
            format!("Check synchronous_standby_names and synchronous_commit on {name}."),
        ));
    }
}
