//! What runs becomes the design of a cluster: the record and design.toml first, then a change that only brings the servers'
//! files in line.
//!
//! Nothing that a server does changes. A server that does not run leaves the design; its data stay, and the record keeps
//! knowing them, so that a teardown removes them, and a design that has the server again copies it again.

use std::path::{Path, PathBuf};

use tokio::sync::mpsc;

use super::apply::{Change, apply_here, look};
use super::{Cancel, Found};
use crate::engine::cluster::record::{self, ClusterRecord, ClusterState, Lock, Stored};
use crate::engine::cluster::site::Site;
use crate::engine::cluster::{self, Cluster};
use crate::engine::monitor;
use crate::engine::system::files;
use crate::model::configuration::ClusterFolder;
use crate::model::document::{Command, Document};
use crate::model::drift::adopt::{Adoption, adopt};
use crate::model::drift::{self, Drift, Repair};
use crate::model::plan::{ApplyPlan, LeftSlot, Outcome, Standing, plan_apply};
use crate::report::Report;

/// Events on their way to nobody.
const EVENTS: usize = 64;

/// What Undo calls it.
pub const LABEL: &str = "Adopt what is running";

/// What runs, drawn; nothing is done yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Adopting {
    pub adoption: Adoption,
    /// The design that was drawn.
    pub before: Document,
    /// The design as it is to be.
    pub design: Document,
    /// The record at that time: nobody may have changed it when the design is written.
    stored: Stored,
}

/// Draws what runs in a cluster's folder. Changes nothing.
///
/// # Errors
///
/// If there is no complete cluster in the folder, another pgcascade is at work on it, or what runs cannot be
/// drawn, with every reason.
pub async fn look_to_adopt(folder: &Path) -> Result<Adopting, Report> {
    let stored = record::load(folder)?;
    Lock::is_free(&stored.record.folder)?;
    let cluster = Cluster::of(&stored)?;
    let seen = monitor::observe(&cluster).await;
    let adoption = adopt(&seen.topology, &seen.observed).map_err(|reasons| {
        let mut report = Report::new("What runs cannot become the design as it is.");
        for one in reasons {
            report.causes.push(one.message);
            report.hints.extend(one.fix);
        }
        report
    })?;
    let before = cluster.design;
    let mut adoption = adoption;
    for server in &stored.stale {
        let is_named = |one: &Drift| one.repair == Some(Repair::Files) && one.server.as_ref() == Some(server);
        if adoption.adopted.by_name(server).is_some() && !adoption.tidies.iter().any(is_named) {
            adoption.tidies.push(drift::stale(server));
        }
    }
    let mut design = before.clone();
    let command = Command::Edits {
        label: LABEL.to_owned(),
        edits: adoption.edits.clone(),
    };
    design
        .apply(&command)
        .map_err(|refusal| Report::of("What runs cannot be drawn.", &refusal))?;
    Ok(Adopting {
        adoption,
        before,
        design,
        stored,
    })
}

impl Adopting {
    /// For tests of what is done with it.
    #[cfg(test)]
    pub(crate) fn sample(before: &Document, adoption: Adoption, folder: &str) -> Self {
        let mut design = before.clone();
        let (label, edits) = (LABEL.to_owned(), adoption.edits.clone());
        assert!(design.apply(&Command::Edits { label, edits }).is_ok());
        Self {
            stored: Stored::of(ClusterRecord::sample(folder, ClusterState::Complete)),
            before: before.clone(),
            adoption,
            design,
        }
    }

    /// True if the design says already what runs.
    pub fn is_nothing(&self) -> bool {
        let adoption = &self.adoption;
        adoption.edits.is_empty() && adoption.tidies.is_empty() && adoption.left_slots.is_empty()
    }

    pub fn folder(&self) -> PathBuf {
        self.stored.record.folder.clone()
    }

    /// Makes what runs the design of the cluster. From here on it is, also if what follows does not succeed.
    fn settle(&self) -> Result<(), Report> {
        let folder = &self.stored.record.folder;
        let _lock = Lock::take(folder)?;
        if record::find(folder)?.as_ref() != Some(&self.stored) {
            return Err(Report::new(format!(
                "Another pgcascade has changed the cluster in {} in the meantime.",
                folder.display()
            ))
            .hint("Look at it again."));
        }
        let mut stored = self.stored.clone();
        let mut servers = ClusterRecord::servers_of(self.design.topology());
        let folders: Vec<String> = servers.iter().map(|server| server.folder.clone()).collect();
        let gone = stored
            .record
            .servers
            .iter()
            .filter(|one| !folders.contains(&one.folder));
        let gone: Vec<_> = gone.cloned().collect();
        stored.set_aside = gone.iter().map(|server| server.folder.clone()).collect();
        servers.extend(gone);
        stored.record.servers = servers;
        stored.record.state = ClusterState::Complete;
        let left = self.adoption.left_slots.iter().cloned();
        stored
            .left_slots
            .extend(left.map(|(server, slot)| LeftSlot { server, slot }));
        let tidies = self.adoption.tidies.iter();
        let files = tidies.filter(|one| one.repair == Some(Repair::Files));
        stored.stale = files.filter_map(|one| one.server.clone()).collect();
        // The record first: a server that is in no design and was not set aside would be cleared away by the next change.
        record::save(&stored)?;
        let site = Site::of(&stored.record)?;
        let write = |name: &str, text: &str| {
            files::write_whole(&site.path(name), text.as_bytes(), files::PRIVATE_FILE, site.owner)
                .map_err(|error| Report::of(format!("{name} could not be written."), &error))
        };
        write(ClusterFolder::DESIGN, &self.design.text())?;
        write(
            ClusterFolder::README,
            &cluster::readme(&self.design, &stored.record),
        )
    }

    /// The steps that bring the servers' files in line with the design, once it is [settled](Self::settle). No steps: they
    /// are, or something still differs, so that only a change of the servers can do it.
    ///
    /// # Errors
    ///
    /// If that cannot be done as things are, with every reason; the design stays.
    async fn tidy(&self) -> Result<(ApplyPlan, Found), Report> {
        let mut found = look(&self.folder(), &self.design).await?;
        if self.adoption.stays.is_empty() {
            found.standing.drift.clone_from(&self.adoption.tidies);
        } else {
            found.standing = Standing::default();
        }
        let topology = self.design.topology();
        let plan = plan_apply(topology, topology, &found.machine, &found.standing);
        let plan = plan.map_err(|checks| {
            let mut report = Report::new("The servers' files could not be brought in line with the design.");
            for check in checks {
                report.causes.push(check.message);
                report.hints.extend(check.fix);
            }
            report
        })?;
        Ok((plan, found))
    }

    /// All of it: settles the design, then brings the files in line. `cancel` ends the second; the design stays.
    ///
    /// # Errors
    ///
    /// If another pgcascade is at work on the cluster or has changed it meanwhile; if the files cannot be brought in line, with
    /// every reason; and if a step fails or it is cancelled.
    pub async fn adopt_here(self, cancel: Cancel) -> Result<(), Report> {
        if self.is_nothing() {
            return Ok(());
        }
        self.settle()?;
        let (plan, found) = self.tidy().await?;
        if plan.plan.steps.is_empty() {
            return Ok(());
        }
        let change = Change {
            number: 0,
            plan: plan.plan,
            found,
            wanted: self.design,
        };
        let (events, mut heard) = mpsc::channel(EVENTS);
        let ear = async { while heard.recv().await.is_some() {} };
        let (outcome, ()) = tokio::join!(apply_here(change, events, cancel), ear);
        let report = match outcome {
            Outcome::Done => return Ok(()),
            Outcome::Cancelled { .. } => Report::new("Cancelled."),
            Outcome::Failed { reason, hints, .. } => {
                hints.into_iter().fold(Report::new(reason), Report::hint)
            }
        };
        Err(report.hint(
            "The design is adopted; only the servers' files are not in line with it yet. Adopt again to do the rest.",
        ))
    }
}
