//! A plan: the steps that build a cluster, or change one that runs, as plain data.
//!
//! `plan_deploy` makes it from a topology and the facts of a machine, without touching either; `plan_apply` from the
//! design that runs and the one that is wanted. The window and `pgcascade plan` show it, `bundle::script` renders a
//! deployment as shell, `engine::deploy` performs it: what can be inspected and mailed is what runs.

mod action;
mod apply;
mod certificates;
mod deploy;
mod event;
mod expected;
#[cfg(test)]
mod lines;
mod machine;
mod preflight;
mod progress;
mod proof;
mod proxy;
mod rehearsal;
mod resume;
mod serve;
mod step;
mod steps;
mod takeover;
mod teardown;

pub use action::{
    Action, Alter, Build, Configure, DesignOf, Make, Means, Note, Reader, Remove, Scope, Serve,
};
pub use apply::{
    ApplyPlan, Heir, LeftSlot, Stage, Standing, after_failover, after_switchover, describe_change, heirs,
    plan_apply, plan_handover, plan_rejoin, switchover_checks,
};
pub use certificates::Certificate;
pub use deploy::plan_deploy;
pub use event::{EventKind, Outcome, RunEvent, StepSummary};
pub use expected::{ExpectedRows, expected_rows};
pub use machine::{
    Check, FolderState, Machine, OwnHost, PortUse, RefusedSettings, Room, RunAs, SharedMemory, Tools,
};
pub use preflight::{UNTRUSTED, lacks_only_trust, named_libraries, names_locales, other_ports, preflight};
pub use progress::{Progress, StepState};
pub use proxy::{LINKS_AT_MOST, ProxyLink, proxy_links};
pub use rehearsal::rehearsal;
pub use resume::{Journal, Resume};
pub use serve::{plan_reload, plan_restart, plan_set_replay, plan_start, plan_stop, plan_verify};
pub use step::{Head, Kind, Phase, Plan, Step, StepId};
pub use takeover::{Foretold, Place, Rejoining, Steering, Takeover, Wish};
pub use teardown::{Removed, plan_teardown};
