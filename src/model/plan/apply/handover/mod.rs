//! Another server becomes the primary, or one that fell out comes back.
//!
//! A switchover: the heir gets its slots and its configuration while it is a standby; standbys that can move do so; the
//! primary is shut down, and it is proved that the heir has applied its last record; its files make it a standby, so that
//! nobody can start a second primary; the heir is promoted. Up to there everything is undone by a failure, from there on
//! nothing is: `pgcascade resume` finishes. A failover is the same without the primary's help.
//!
//! `turn` is the order, `words` tells people, `checks` says what stands in the way, `heirs` who is the best, `rejoin` brings a
//! server back.

mod checks;
mod designs;
mod heirs;
mod rejoin;
#[cfg(test)]
mod tests;
mod turn;
mod words;

pub use checks::switchover_checks;
pub use designs::{after_failover, after_switchover};
pub use heirs::{Heir, heirs};
pub use rejoin::plan_rejoin;

use super::difference::Difference;
use super::{ApplyPlan, Standing};
use crate::model::plan::preflight::{libraries, of_design, settings, stop, trust, untried};
use crate::model::plan::{Check, Machine, Plan, Steering};
use crate::model::topology::Topology;
use turn::Turn;

/// How far it is already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nothing is done yet.
    Begin,
    /// An earlier run was ended after the promotion: the rest is done.
    Promoted,
    /// An earlier run was ended before the promotion of a switchover: what it did is undone. The design that it was going to
    /// is the one that runs, the one before is the wanted one.
    Back,
}

/// The steps after which another server is the primary: from one design to another, which differ in nothing but places.
///
/// # Errors
///
/// With every reason why the wanted design cannot run.
pub fn plan_handover(
    running: &Topology,
    wanted: &Topology,
    machine: &Machine,
    standing: &Standing,
    steering: &Steering,
    stage: Stage,
) -> Result<ApplyPlan, Vec<Check>> {
    let difference = Difference::of(running, wanted);
    let mut refused = refusals(wanted, machine);
    let turn = Turn::of(&difference, standing, steering, stage);
    if turn.is_none() {
        let primary = running.primary().name();
        refused.push(stop(
            "same-primary",
            format!("\"{primary}\" is the primary already"),
            "Choose a standby",
        ));
    }
    let turn = turn.filter(|_| refused.is_empty()).ok_or(refused)?;
    let (changes, interruptions) = (
        words::changes(&difference, steering),
        words::interruptions(&difference, steering, stage),
    );
    let (head, steps) = turn.steps(standing);
    Ok(ApplyPlan {
        plan: Plan {
            cluster: wanted.name().to_owned(),
            folder: machine.folder.clone(),
            head,
            steps,
        },
        changes,
        interruptions,
        notes: untried(machine),
    })
}

/// What no server could start with, whichever is the primary: all of them run here already.
fn refusals(wanted: &Topology, machine: &Machine) -> Vec<Check> {
    let mut found: Vec<Check> = of_design(wanted, wanted, machine)
        .into_iter()
        .filter(|check| !check.ok)
        .collect();
    found.extend(settings(machine).into_iter().filter(|check| !check.ok));
    found.extend(libraries(machine));
    found.extend(trust(wanted, machine).into_iter().filter(|check| !check.ok));
    found
}
