//! What `up` says and asks where the design runs commands or libraries of its own; nothing where it runs none.

use crate::model::configuration::comment;
use crate::model::quoting::shell_word;
use crate::model::topology::{Hazard, Topology};

const WORDS: &str = include_str!("trust.bash");

/// Behind the title: what would run, a line each, and how it is let.
pub(super) fn ask(topology: &Topology) -> Option<String> {
    let lines = sentences(&topology.hazards())?;
    let lines: String = lines.iter().map(|line| comment(line)).collect();
    Some(format!("#\n{lines}\n{WORDS}"))
}

/// Before anything is made: nothing is, unless it is trusted.
pub(super) fn refuse(topology: &Topology) -> Option<String> {
    let lines = sentences(&topology.hazards())?;
    let said: String = lines
        .iter()
        .map(|line| format!("    say {} >&2\n", shell_word(line)))
        .collect();
    Some(format!(
        "if [[ -z $trusted ]]; then\n{said}    fail \"if you know what that does and trust it: --trust lets the design run it\"\nfi\n"
    ))
}

fn sentences(hazards: &[Hazard]) -> Option<Vec<String>> {
    let said = |hazard| format!("Runs on this machine: {hazard}");
    (!hazards.is_empty()).then(|| hazards.iter().map(said).collect())
}
