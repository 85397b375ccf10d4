//! Servers of a cluster that runs change their roles: what is looked at before a switchover, a failover, a rejoin, or a move
//! to another upstream, and what is left of one that was interrupted.
//!
//! Each is a [`Change`]: a plan that is shown first, and performed like any other. `primary` is who takes over, `rejoin` how a
//! server comes back, `interrupted` what a pgcascade that was ended left.

mod interrupted;
mod primary;
mod rejoin;

use std::path::Path;

pub(super) use interrupted::interrupted;
#[cfg(test)]
pub(super) use interrupted::rest;

use super::{Change, Found, look};
use crate::engine::cluster::Cluster;
use crate::engine::cluster::record::{self, Lock, Stored};
use crate::engine::monitor::{self, Snapshot};
use crate::model::document::{Command, Document};
use crate::model::plan::{ApplyPlan, Check, Foretold, Wish, plan_apply};
use crate::model::topology::{Edit, Server};
use crate::report::Report;

/// What would be done, ready to be performed.
#[derive(Clone, Debug, PartialEq)]
pub struct Steered {
    pub change: Change,
    pub told: Foretold,
    /// From the design that ran to the one that will.
    pub edits: Vec<Edit>,
}

/// Why nothing can be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Refused {
    /// What stands in the way, each with what to do.
    Checks(Vec<Check>),
    Report(Report),
}

impl From<Report> for Refused {
    fn from(report: Report) -> Self {
        Self::Report(report)
    }
}

impl From<Vec<Check>> for Refused {
    fn from(checks: Vec<Check>) -> Self {
        Self::Checks(checks)
    }
}

/// Looks at the cluster in a folder, and plans what is wanted. Changes nothing.
///
/// # Errors
///
/// If there is no complete cluster, another pgcascade is at work on it, there is no such server; with every reason why it
/// cannot be done.
pub async fn look_to_steer(folder: &Path, wish: &Wish, number: u64) -> Result<Steered, Refused> {
    let looked = Looked::at(folder).await?;
    match wish {
        Wish::Switchover { heir } => primary::switchover(looked, heir, number).await,
        Wish::Failover { heir } => primary::failover(looked, heir.as_deref(), number).await,
        Wish::Rejoin { server } => rejoin::rejoin(looked, server, number).await,
        Wish::Follow { server, upstream } => follow(looked, server, upstream, number).await,
    }
}

/// A cluster as it was found.
struct Looked {
    stored: Stored,
    cluster: Cluster,
    seen: Snapshot,
}

impl Looked {
    async fn at(folder: &Path) -> Result<Self, Report> {
        let stored = record::load(folder)?;
        Lock::is_free(&stored.record.folder)?;
        let cluster = Cluster::of(&stored)?;
        let seen = monitor::observe(&cluster).await;
        Ok(Self {
            stored,
            cluster,
            seen,
        })
    }

    fn folder(&self) -> &Path {
        &self.stored.record.folder
    }

    fn server(&self, name: &str) -> Result<&Server, Report> {
        let topology = self.cluster.design.topology();
        topology.by_name(name).ok_or_else(|| {
            let known: Vec<&str> = topology
                .servers()
                .iter()
                .map(|server| server.name().as_str())
                .collect();
            Report::new(format!("The cluster has no server called {name}."))
                .hint(format!("Its servers are {}.", known.join(", ")))
        })
    }

    /// The design after these edits.
    fn edited(&self, label: &str, edits: &[Edit]) -> Result<Document, Report> {
        let mut design = self.cluster.design.clone();
        let command = Command::Edits {
            label: label.to_owned(),
            edits: edits.to_vec(),
        };
        design
            .apply(&command)
            .map_err(|refusal| Report::of("The design does not allow this.", &refusal))?;
        Ok(design)
    }
}

/// A plan with what is known of it.
fn steered(plan: ApplyPlan, found: Found, wanted: Document, edits: Vec<Edit>, number: u64) -> Steered {
    Steered {
        change: Change {
            number,
            plan: plan.plan,
            found,
            wanted,
        },
        told: Foretold {
            changes: plan.changes,
            interruptions: plan.interruptions,
            notes: plan.notes,
            consent: None,
        },
        edits,
    }
}

/// A standby follows another server: the change of a design that differs in that only.
async fn follow(looked: Looked, server: &str, upstream: &str, number: u64) -> Result<Steered, Refused> {
    let edits = vec![Edit::Attach {
        server: looked.server(server)?.id(),
        upstream: looked.server(upstream)?.id(),
    }];
    let wanted = looked.edited(&format!("{server} follows {upstream}"), &edits)?;
    let found = look(looked.folder(), &wanted).await?;
    let plan = plan_apply(
        found.running.topology(),
        wanted.topology(),
        &found.machine,
        &found.standing,
    )?;
    Ok(steered(plan, found, wanted, edits, number))
}
