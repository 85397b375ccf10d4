//! Scenarios that are kept with a design, as text: they outlive changes of it, and name servers as the design does.

use crate::model::simulate::time;

/// One `[[scenario]]` of the design file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptScenario {
    /// Unlike that of any other in the design.
    pub name: String,
    /// As [`time::Scenario::read`] takes it. What it says of servers that are gone is found out when it is played.
    pub text: String,
}

/// In place of the one of that name, or behind all others.
pub(super) fn keep(scenarios: &mut Vec<KeptScenario>, kept: &KeptScenario) {
    match scenarios.iter_mut().find(|known| known.name == kept.name) {
        Some(known) => known.text.clone_from(&kept.text),
        None => scenarios.push(kept.clone()),
    }
}

/// What the scenarios say of a server holds under its new name.
pub(super) fn rename(scenarios: &mut [KeptScenario], old: &str, new: &str) {
    for kept in scenarios {
        kept.text = time::rename(&kept.text, old, new);
    }
}
