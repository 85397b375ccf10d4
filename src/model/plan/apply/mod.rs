//! The steps that make a running cluster what a changed design says, with the least disruption.
//!
//! One thing at a time, each step after the one before, so that there is always one answer to "how far is it":
//! what nobody notices comes first (passwords, slots, copies of new servers), then what interrupts, upstreams before
//! downstreams; then the proof. With [`Alter::Settle`](super::Alter::Settle) the new design holds, and only what nobody uses any more is
//! cleared away: slots, and the folders of removed servers. A failure before that is unwound; after it nothing is.
//!
//! `difference` says what differs, `repair` what somebody did to the running servers since, `refusals` what cannot be changed, `words` tells people. `steps` is the order:
//! `servers` (each in its turn), `encryption` (TLS on or off), `limits` (what a standby may not have less of than the
//! primary), `finish` (sync, the proof, what goes at the end). `handover`: another server becomes the primary, or one comes back.

mod difference;
mod encryption;
mod finish;
mod handover;
mod limits;
mod refusals;
mod repair;
mod servers;
mod steps;
mod words;

use serde::Serialize;

use self::difference::Difference;
pub use self::handover::{
    Heir, Stage, after_failover, after_switchover, heirs, plan_handover, plan_rejoin, switchover_checks,
};
use super::preflight::untried;
use super::{Check, Head, Kind, Machine, Plan};
use crate::model::drift::Drift;
use crate::model::topology::Topology;

/// The steps, and what they mean for those who use the cluster meanwhile.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ApplyPlan {
    #[serde(flatten)]
    pub plan: Plan,
    /// What will be different, a sentence each.
    pub changes: Vec<String>,
    /// Who is interrupted, and for how long, a sentence each.
    pub interruptions: Vec<String>,
    /// What could not be found out before, a sentence each.
    pub notes: Vec<String>,
}

/// What was found of the cluster that is to be changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Servers of the running design that do not run.
    pub down: Vec<String>,
    /// An earlier change had still to clear away: slots, the folders of removed servers (by name), old ports.
    pub clears: bool,
    /// Those that either design uses are passed over.
    pub left_slots: Vec<LeftSlot>,
    pub left_servers: Vec<(String, String)>,
    /// The keys and certificates of links that are no longer encrypted.
    pub left_tls: bool,
    /// Where what runs differs from the running design.
    pub drift: Vec<Drift>,
    /// A change between these two designs was ended in the middle: what it has done already is done again.
    pub resumes: bool,
}

/// A slot that nobody uses any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct LeftSlot {
    /// The server it is on, by name.
    pub server: String,
    pub slot: String,
}

/// The steps from the one design to the other, or every reason why there are none. No steps: nothing differs.
///
/// # Errors
///
/// With every reason why the change cannot be applied to a running cluster.
pub fn plan_apply(
    running: &Topology,
    wanted: &Topology,
    machine: &Machine,
    standing: &Standing,
) -> Result<ApplyPlan, Vec<Check>> {
    let mut difference = Difference::of(running, wanted);
    repair::take(&mut difference, &standing.drift);
    let refused = refusals::refusals(&difference, machine, standing);
    if !refused.is_empty() {
        return Err(refused);
    }
    let is_repaired = difference.kept.iter().all(|one| one.repairs.is_empty());
    let nothing = difference.is_none()
        && is_repaired
        && !standing.clears
        && !standing.resumes
        && running.name() == wanted.name();
    let (head, steps) = if nothing {
        (Head::of(Kind::Change), Vec::new())
    } else {
        steps::steps(&difference, standing)
    };
    Ok(ApplyPlan {
        plan: Plan {
            cluster: wanted.name().to_owned(),
            folder: machine.folder.clone(),
            head,
            steps,
        },
        changes: words::changes(&difference),
        interruptions: words::interruptions(&difference),
        notes: if nothing { Vec::new() } else { untried(machine) },
    })
}

/// What a change means where others make it, such as Ansible on the design's hosts: what will be different, and who is
/// interrupted, a sentence each.
///
/// # Errors
///
/// With every reason why no running cluster can be changed so.
pub fn describe_change(
    running: &Topology,
    wanted: &Topology,
) -> Result<(Vec<String>, Vec<String>), Vec<Check>> {
    let difference = Difference::of(running, wanted);
    let refused = refusals::anywhere(&difference);
    if refused.is_empty() {
        Ok((words::changes(&difference), words::interruptions(&difference)))
    } else {
        Err(refused)
    }
}

#[cfg(test)]
mod tests;
