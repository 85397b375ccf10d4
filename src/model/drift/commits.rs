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
            [] => "none of the standbys that they wait for is streaming".to_owned(),
            names => format!(
                "those that could answer are {}, and they are too few or do not apply",
                listed(names)
            ),
        };
        found.push(of(
            "commits-differ",
            primary,
            format!("Commits on {name} hang: {why}. As drawn, a commit {promise}."),
            format!("Compare synchronous_standby_names on {name} with the standbys that stream."),
        ));
    } else if real.outcome == "acknowledged" && real.waits_for.is_empty() && !promised.waits_for.is_empty() {
        found.push(of(
            "commits-differ",
            primary,
            format!("Commits on {name} wait for no standby: what is acknowledged can be lost. As drawn, a commit {promise}."),
            format!("Look at synchronous_standby_names and synchronous_commit on {name}."),
        ));
    }
}
