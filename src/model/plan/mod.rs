//! A plan: the steps that build a cluster, as plain data.
//!
//! `plan_deploy` makes it from a topology and the facts of a machine, without touching either. The window and
//! `pgcascade plan` show it, `bundle::script` renders it as shell, `engine::deploy` performs it: what can be
//! inspected and mailed is what runs.

mod action;
mod event;
mod layout;
mod machine;
mod progress;

pub use action::{Action, Plan, Reader, Step, StepId};
pub use event::{EventKind, Outcome, RunEvent, StepSummary};
pub use layout::ClusterLayout;
pub use machine::{Check, FolderState, Machine, PortUse, RunAs, Tools};
pub use progress::{Progress, StepState};

use crate::model::topology::Topology;

/// What stands in the way of a deployment and what does not: every check, in the order people would make them.
pub fn preflight(topology: &Topology, machine: &Machine) -> Vec<Check> {
    let _ = (topology, machine);
    unimplemented!()
}

/// The steps that build the topology on the machine. Assumes that every check of [`preflight`] is ok.
pub fn plan_deploy(topology: &Topology, machine: &Machine) -> Plan {
    let _ = (topology, machine);
    unimplemented!()
}

/// The rows that pg_stat_replication will show on a server when all servers run, by application_name.
pub fn expected_rows(
    topology: &Topology,
    server: crate::model::topology::ServerId,
) -> Vec<crate::model::health::ReplicationRow> {
    let _ = (topology, server);
    unimplemented!()
}
