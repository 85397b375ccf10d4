//! Deploying the drawing: where to, what the machine says, the plan, and how it ended.

use std::path::{Path, PathBuf};

use super::super::{ClusterView, Dialog, Effect, NoticeKind, RunView, Session, Tab};
use super::notices::{notify, notify_with_folder};
use crate::app::job::Job;
use crate::model::bundle;
use crate::model::plan::{Machine, Outcome, Progress, plan_deploy, preflight};
use crate::report::Report;

/// How the run ended that builds the cluster in this folder.
pub(super) fn settled(session: &mut Session, folder: PathBuf, outcome: Outcome) -> Vec<Effect> {
    match outcome {
        Outcome::Done => done(session, folder),
        Outcome::Failed {
            reason,
            hints,
            remains,
        } => {
            let mut report = Report::new("The deployment failed");
            report.causes.push(reason);
            report.hints = hints;
            ended(session, NoticeKind::Problem, report, &folder, remains)
        }
        Outcome::Cancelled { remains } => {
            let report = Report::new("The deployment was cancelled");
            ended(session, NoticeKind::Info, report, &folder, remains)
        }
    }
}

/// Has the machine looked at for the design as it is drawn now.
pub(super) fn discover(session: &mut Session, folder: PathBuf) -> Vec<Effect> {
    let document = Box::new(session.desk.document.clone());
    session.live.run = RunView::Discovering {
        folder: folder.clone(),
    };
    vec![Effect::Discover { document, folder }]
}

pub(super) fn ask(session: &mut Session) -> Vec<Effect> {
    session.looks.tab = Tab::Deploy;
    if session.live.run.is_running() || refuse_second(session) {
        return Vec::new();
    }
    let folder = match &session.live.run {
        RunView::Planned { machine, .. } => PathBuf::from(&machine.folder),
        RunView::Discovering { folder } => folder.clone(),
        _ => session.default_folder.join(session.file_stem()),
    };
    let text = folder.to_string_lossy().into_owned();
    session.dialog = Some(Dialog::DeployFolder { text });
    Vec::new()
}

pub(super) fn prepare(session: &mut Session, folder: PathBuf) -> Vec<Effect> {
    if matches!(session.dialog, Some(Dialog::DeployFolder { .. })) {
        session.dialog = None;
    }
    session.looks.tab = Tab::Deploy;
    if session.live.run.is_running() || refuse_second(session) || folder.as_os_str().is_empty() {
        return Vec::new();
    }
    discover(session, folder)
}

pub(super) fn found(session: &mut Session, machine: Machine) -> Vec<Effect> {
    // An answer to a question that was taken back is not shown.
    if matches!(session.live.run, RunView::Discovering { .. }) {
        judge(session, machine);
    }
    Vec::new()
}

/// Shows what stands in the way on this machine, or the plan.
pub(super) fn judge(session: &mut Session, machine: Machine) {
    let topology = session.desk.document.topology();
    let checks = preflight(topology, &machine);
    let ready = checks.iter().all(|check| check.ok);
    let plan = ready.then(|| plan_deploy(topology, &machine));
    session.live.run = RunView::Planned {
        machine,
        checks,
        plan,
    };
}

pub(super) fn confirm(session: &mut Session) -> Vec<Effect> {
    if refuse_second(session) {
        return Vec::new();
    }
    let RunView::Planned {
        machine,
        plan: Some(plan),
        ..
    } = &session.live.run
    else {
        return Vec::new();
    };
    let bundle = bundle::generate(&session.desk.document);
    let run = session.live.next_run;
    session.live.next_run += 1;
    let start = Effect::StartRun {
        run,
        plan: Box::new(plan.clone()),
        machine: Box::new(machine.clone()),
        bundle: Box::new(bundle),
        document: Box::new(session.desk.document.clone()),
    };
    session.live.run = RunView::Run {
        run,
        job: Job::Plan(plan.clone()),
        progress: Progress::default(),
        cancelling: false,
    };
    session.looks.tab = Tab::Deploy;
    vec![start]
}

fn done(session: &mut Session, folder: PathBuf) -> Vec<Effect> {
    let name = session.desk.document.topology().name();
    let report = Report::new(format!("\"{name}\" runs and is verified"))
        .hint("The README in its folder says how to connect");
    notify_with_folder(session, NoticeKind::Done, report, Some(folder.clone()));
    session.live.left_over.retain(|record| record.folder != folder);
    watch(session, folder)
}

/// From now on the cluster in this folder is the window's, and is what is drawn.
pub(super) fn watch(session: &mut Session, folder: PathBuf) -> Vec<Effect> {
    session.live.cluster = Some(ClusterView {
        folder: folder.clone(),
        deployed: session.desk.document.clone(),
        seen: None,
        unseen: None,
        busy: None,
        foreign: None,
    });
    vec![Effect::Watch(folder)]
}

/// A run that built nothing: what of it is still there can be torn down, once it is found.
fn ended(
    session: &mut Session,
    kind: NoticeKind,
    mut report: Report,
    folder: &Path,
    remains: Vec<String>,
) -> Vec<Effect> {
    if remains.is_empty() {
        report.hints.push("Everything was rolled back".to_owned());
        notify(session, kind, report);
        return Vec::new();
    }
    report.causes.extend(remains);
    report
        .hints
        .push("Remove the rest with the button above the drawing".to_owned());
    notify_with_folder(session, NoticeKind::Problem, report, Some(folder.to_owned()));
    vec![Effect::FindLeftOver]
}

/// One window has one cluster: two would fight for the same ports.
pub(super) fn refuse_second(session: &mut Session) -> bool {
    let Some(cluster) = &session.live.cluster else {
        return false;
    };
    let folder = cluster.folder.clone();
    let report = Report::new(format!("A cluster is already deployed in {}", folder.display()))
        .hint("Tear it down first, then deploy this design");
    notify_with_folder(session, NoticeKind::Problem, report, Some(folder));
    true
}
