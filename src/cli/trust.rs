//! Trust in a design that runs commands or libraries of its own: given with `--trust`, or by an answer on a terminal.

use super::{ask, print};
use crate::engine::desk::trust;
use crate::model::topology::{Severity, Topology, check, digest};
use crate::report::Report;

/// Has the design trusted, if that is asked for or answered so. What is not trusted the preflight refuses, with what to do.
pub(super) fn settle(topology: &Topology, is_given: bool, as_json: bool) -> Result<(), Report> {
    let hazards = topology.hazards();
    let sum = digest(&hazards);
    if hazards.is_empty() || trust::trusted().contains(&sum) {
        return Ok(());
    }
    let has_errors = check(topology)
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    if is_given || (!has_errors && !as_json && is_answered(topology)) {
        trust::remember(&sum)?;
    }
    Ok(())
}

/// What runs besides PostgreSQL, a line each.
pub(super) fn say(topology: &Topology) {
    for hazard in topology.hazards() {
        print::note(format_args!("Runs on this machine: {hazard}"));
    }
}

/// Asks the person at the terminal.
fn is_answered(topology: &Topology) -> bool {
    if !ask::is_possible() {
        return false;
    }
    say(topology);
    ask::agrees("Do you know what this does, and do you trust it?")
}
