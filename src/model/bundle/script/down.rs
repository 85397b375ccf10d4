//! `down`: what takes the steps of `up` back, last first.

use std::fmt::Write as _;

use super::actions::undo_line;
use super::{OWN, REFUSE_ROOT, head, undo_functions};
use crate::model::plan::Plan;
use crate::model::topology::Topology;

pub(super) fn down(topology: &Topology, plan: &Plan) -> String {
    let mut text = head(
        topology,
        "down",
        "stops the cluster in FOLDER and removes what up made there, nothing else.",
    );
    let _ = write!(
        text,
        "{OWN}\n{undo}\n{REFUSE_ROOT}find_programs\nenter_cluster\n\n# What takes the steps of up back, last first.\n",
        undo = undo_functions(topology)
    );
    for step in plan.steps.iter().rev() {
        if let Some(undo) = step.undo.as_ref().and_then(undo_line) {
            let _ = writeln!(text, "{undo}");
        }
    }
    text.push_str("\nif ((${#left[@]} > 0)); then\n    say_left\nelse\n    say \"The cluster is taken down; nothing is left in $cluster.\"\nfi\n");
    text
}
