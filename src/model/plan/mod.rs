//! A plan: the steps that build a cluster, as plain data.
//!
//! `plan_deploy` makes it from a topology and the facts of a machine, without touching either. The window and
//! `pgcascade plan` show it, `bundle::script` renders it as shell, `engine::deploy` performs it: what can be
//! inspected and mailed is what runs.

mod action;
mod certificates;
mod deploy;
mod event;
mod expected;
mod layout;
mod machine;
mod preflight;
mod progress;

pub use action::{Action, Plan, Reader, Step, StepId};
pub use certificates::Certificate;
pub use deploy::plan_deploy;
pub use event::{EventKind, Outcome, RunEvent, StepSummary};
pub use expected::expected_rows;
pub use layout::ClusterLayout;
pub use machine::{Check, FolderState, Machine, PortUse, Room, RunAs, SharedMemory, Tools};
pub use preflight::{names_locales, other_ports, preflight};
pub use progress::{Progress, StepState};
