//! Trust in a design that runs commands or libraries of its own: given with `--trust`, or by an answer on a terminal.

use std::io::{BufRead as _, IsTerminal as _};

use super::print;
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

/// Asks whoever sits at the terminal; nobody there, or anything but yes, is no.
fn is_answered(topology: &Topology) -> bool {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return false;
    }
    say(topology);
    print::question("Do you know what this does, and do you trust it? [y/N] ");
    let mut answer = String::new();
    let is_read = std::io::stdin().lock().read_line(&mut answer).is_ok();
    is_read && is_yes(&answer)
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        assert!(is_yes("y\n") && is_yes(" YES \n"));
        assert!(!is_yes("") && !is_yes("\n") && !is_yes("n\n") && !is_yes("yy\n") && !is_yes("yes please\n"));
    }
}
