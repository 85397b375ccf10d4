//! Continuing what a pgcascade that was ended in the middle left: what it was at, and how far it came.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::mpsc;

use super::apply::own_ports;
use super::interrupted::read_wanted;
use super::local_host::BuildHost;
use super::{Cancel, Change, Request, Run, discover, look, steer};
use crate::engine::cluster;
use crate::engine::cluster::record::{self, ClusterState, JournalFile, Lock, Stored};
use crate::engine::cluster::site::Site;
use crate::engine::desk::store;
use crate::engine::run;
use crate::engine::system::files;
use crate::model::bundle;
use crate::model::configuration::ClusterFolder;
use crate::model::plan::{
    Action, Build, FolderState, Journal, Make, Outcome, Plan, Resume, RunEvent, StepId, plan_apply,
    plan_deploy, preflight,
};
use crate::report::Report;

/// What is unfinished in a folder, ready to be resumed.
#[derive(Clone, Debug, PartialEq)]
pub enum LeftOver {
    Deployment(Box<Resumed>),
    Change(Box<Change>),
    Teardown,
    /// Servers that were being started or stopped, by name.
    Start(Vec<String>),
    Stop(Vec<String>),
}

/// A deployment, and what of it is done.
#[derive(Clone, Debug, PartialEq)]
pub struct Resumed {
    pub run: Run,
    pub go_on: Resume,
    /// The record as it was found.
    pub(super) stored: Stored,
    /// It was ended before the folder had its marker: there is nothing to go on from but the design.
    is_new: bool,
}

/// Says what is unfinished in a folder, and plans the rest. Changes nothing.
///
/// # Errors
///
/// If there is nothing unfinished in the folder, another pgcascade is at work on it, or its record or design cannot be read.
pub async fn look_at_left_over(folder: &Path, number: u64) -> Result<LeftOver, Report> {
    let stored = record::find(folder)?.ok_or_else(|| record::no_cluster(folder))?;
    let record = &stored.record;
    if record.is_at_work() {
        return Err(Report::new(format!(
            "Another pgcascade is working on {}.",
            record.folder.display()
        ))
        .hint("Wait until it has finished."));
    }
    match (record.state, &record.switching) {
        (ClusterState::Building, _) => {
            let resumed = deployment(stored, number).await?;
            Ok(LeftOver::Deployment(Box::new(resumed)))
        }
        (ClusterState::Changing, _) => {
            let change = match steer::interrupted(&stored, number).await? {
                Some(change) => change,
                None => change(&stored, number).await?,
            };
            Ok(LeftOver::Change(Box::new(change)))
        }
        (ClusterState::Removing, _) => Ok(LeftOver::Teardown),
        (ClusterState::Complete, Some(switching)) if switching.starts => {
            Ok(LeftOver::Start(switching.servers.clone()))
        }
        (ClusterState::Complete, Some(switching)) => Ok(LeftOver::Stop(switching.servers.clone())),
        (ClusterState::Complete, None) if record.clears => {
            let change = change(&stored, number).await?;
            Ok(LeftOver::Change(Box::new(change)))
        }
        (ClusterState::Complete, None) => Err(Report::new(format!(
            "Nothing to resume in {}: the cluster is complete.",
            record.folder.display()
        ))
        .hint(format!(
            "See it with `pgcascade status {}`.",
            record.folder.display()
        ))),
    }
}

/// Performs the rest of a deployment. Sends all events (the last is `finished`), then returns how it ended; what fails or
/// is cancelled is undone whole, also what was done before.
pub async fn go_on_here(resumed: Resumed, events: mpsc::Sender<RunEvent>, cancel: Cancel) -> Outcome {
    if resumed.is_new {
        return super::run_here(resumed.run, events, cancel).await;
    }
    let number = resumed.run.number;
    let plan = Resume::plan(resumed.run.plan.clone());
    match BuildHost::resuming(&resumed) {
        Ok(host) => {
            let kept = &resumed.go_on.kept;
            let run = run::run_but(kept, number, &plan, Arc::new(host), events, cancel);
            Box::pin(run).await
        }
        Err(report) => run::refuse(number, &plan, events, report).await,
    }
}

async fn deployment(stored: Stored, number: u64) -> Result<Resumed, Report> {
    let document = read_wanted(&stored)?.ok_or_else(|| {
        Report::new(format!(
            "The record of {} does not say what was being built there.",
            stored.record.folder.display()
        ))
        .hint(format!(
            "Remove it with `pgcascade teardown {}`, then deploy the design again.",
            stored.record.folder.display()
        ))
    })?;
    let folder = stored.record.folder.clone();
    let is_new = !record::has_marker_to_read(&folder);
    if !is_new {
        // Anyone who is at work on it has this.
        Lock::is_free(&folder)?;
    }
    let topology = document.topology();
    let request = Request {
        folder: folder.clone(),
        bin: Some(stored.record.bin.clone()),
        run_as: stored.record.run_as.clone(),
    };
    let mut machine = discover::machine(topology, &request).await;
    if !is_new {
        let ours = own_ports(&Site::of(&stored.record)?, &stored);
        machine.ports_in_use.retain(|used| !ours.contains(&used.port));
        // What is in it is what was begun, and it has taken its room already.
        machine.folder_state = FolderState::Empty;
        machine.free_disk_bytes = None;
    }
    let failed = preflight(topology, &machine)
        .into_iter()
        .filter(|check| !check.ok);
    let mut failed = failed.peekable();
    if failed.peek().is_some() {
        let mut report = Report::new(format!(
            "The deployment in {} cannot be resumed.",
            folder.display()
        ));
        for check in failed {
            report.causes.push(check.message);
            report.hints.extend(check.fix);
        }
        return Err(report.hint(format!(
            "Remove it with `pgcascade teardown {}`.",
            folder.display()
        )));
    }
    let plan = plan_deploy(topology, &machine);
    let journal = still_there(&folder, &plan, JournalFile::read(&folder, &plan));
    Ok(Resumed {
        go_on: Resume::of(&plan, &journal),
        run: Run {
            number,
            bundle: bundle::generate(&document),
            plan,
            machine,
            document,
            cache: store::cache_folder(),
        },
        stored,
        is_new,
    })
}

/// The journal, without the steps of which the result is gone: somebody may have been there since.
fn still_there(folder: &Path, plan: &Plan, mut journal: Journal) -> Journal {
    let is_file = |path: &str| {
        let path = files::inside(folder, path);
        path.is_some_and(|path| std::fs::symlink_metadata(path).is_ok_and(|there| there.is_file()))
    };
    let is_whole = |step: &StepId| match plan.steps.get(step.0).map(|step| &step.action) {
        Some(Action::Make(Make::MakeFolder { path })) => files::inside(folder, path)
            .is_some_and(|path| std::fs::symlink_metadata(path).is_ok_and(|there| there.is_dir())),
        Some(Action::Build(Build::MakeSecrets { .. })) => {
            is_file(ClusterFolder::SUPERUSER_PASSWORD) && is_file(ClusterFolder::REPLICATION_PGPASS)
        }
        Some(Action::Make(Make::MakeCertificates { certificates })) => {
            let mut keys = certificates.iter();
            is_file(ClusterFolder::AUTHORITY_KEY)
                && keys.all(|one| is_file(&ClusterFolder::certificate_key(&one.folder)))
        }
        Some(Action::Build(Build::Initdb { data: path, .. } | Build::CopyData { to: path, .. })) => {
            is_file(&format!("{path}/PG_VERSION")) && is_file(&format!("{path}/global/pg_control"))
        }
        _ => true,
    };
    journal.done.retain(is_whole);
    journal
}

async fn change(stored: &Stored, number: u64) -> Result<Change, Report> {
    let cannot = || {
        Report::new(format!(
            "The change of the cluster in {} cannot be resumed.",
            stored.record.folder.display()
        ))
    };
    let wanted = if stored.record.state == ClusterState::Complete {
        // It holds; what the design before it left is still to be cleared away.
        cluster::design_of(stored)?
    } else {
        read_wanted(stored)?.ok_or_else(cannot)?
    };
    let found = look(&stored.record.folder, &wanted).await?;
    let plan = plan_apply(
        found.running.topology(),
        wanted.topology(),
        &found.machine,
        &found.standing,
    );
    let plan = plan.map_err(|checks| {
        let mut report = cannot();
        for check in checks {
            report.causes.push(check.message);
            report.hints.extend(check.fix);
        }
        report
    })?;
    Ok(Change {
        number,
        plan: plan.plan,
        found,
        wanted,
    })
}

impl Resumed {
    /// How many of its steps stay done.
    pub fn done(&self) -> usize {
        self.go_on.kept.len()
    }

    pub fn folder(&self) -> PathBuf {
        self.stored.record.folder.clone()
    }

    /// For tests of what is done with it: nothing is done yet.
    #[cfg(test)]
    pub(crate) fn sample(document: crate::model::document::Document, folder: &str) -> Self {
        let machine = crate::model::plan::Machine::portable(folder);
        Self {
            go_on: Resume::default(),
            run: Run {
                number: 1,
                plan: plan_deploy(document.topology(), &machine),
                bundle: bundle::generate(&document),
                machine,
                document,
                cache: None,
            },
            stored: Stored::of(record::ClusterRecord::sample(folder, ClusterState::Building)),
            is_new: false,
        }
    }
}
