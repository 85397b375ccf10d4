//! Applying the drawing to the cluster that runs: a look, the plan with who is interrupted, and how the run ended.

use std::path::PathBuf;

use super::super::{Effect, NoticeKind, RunView, Session, Tab};
use super::deploy;
use super::notices::{notify, notify_with_folder};
use crate::app::job::Job;
use crate::engine::deploy::{Change, Found};
use crate::model::plan::{Kind, Outcome, Progress, plan_apply};
use crate::report::Report;

pub(super) fn ask(session: &mut Session) -> Vec<Effect> {
    session.looks.tab = Tab::Deploy;
    let is_busy = session
        .live
        .cluster
        .as_ref()
        .is_none_or(|cluster| cluster.busy.is_some());
    if session.locked().is_some() || is_busy {
        return Vec::new();
    }
    look(session)
}

/// Has the cluster looked at for the design as it is drawn now.
pub(super) fn look(session: &mut Session) -> Vec<Effect> {
    let Some(cluster) = &session.live.cluster else {
        session.live.run = RunView::Idle;
        return Vec::new();
    };
    let folder = cluster.folder.clone();
    session.live.run = RunView::Looking {
        folder: folder.clone(),
    };
    let document = Box::new(session.desk.document.clone());
    vec![Effect::LookForChange { document, folder }]
}

pub(super) fn looked(session: &mut Session, found: Found) -> Vec<Effect> {
    // An answer to a question that was undone is not shown.
    if matches!(session.live.run, RunView::Looking { .. }) {
        judge(session, found);
    }
    Vec::new()
}

/// Shows what stands in the way of the change, or its plan.
pub(super) fn judge(session: &mut Session, found: Found) {
    let plan = plan_apply(
        found.running.topology(),
        session.desk.document.topology(),
        &found.machine,
        &found.standing,
    );
    session.live.run = RunView::ChangePlanned {
        found: Box::new(found),
        plan,
    };
}

pub(super) fn not_looked(session: &mut Session, report: Report) -> Vec<Effect> {
    if matches!(session.live.run, RunView::Looking { .. }) {
        session.live.run = RunView::Idle;
        notify(session, NoticeKind::Problem, report);
    }
    Vec::new()
}

pub(super) fn confirm(session: &mut Session) -> Vec<Effect> {
    let RunView::ChangePlanned {
        found,
        plan: Ok(plan),
    } = &session.live.run
    else {
        return Vec::new();
    };
    if plan.plan.steps.is_empty() {
        return Vec::new();
    }
    let number = session.live.next_run;
    session.live.next_run += 1;
    let plan = plan.plan.clone();
    let change = Change {
        number,
        plan: plan.clone(),
        found: (**found).clone(),
        wanted: session.desk.document.clone(),
    };
    session.live.run = RunView::Run {
        run: number,
        job: Job::Plan(plan),
        progress: Progress::default(),
        cancelling: false,
    };
    session.looks.tab = Tab::Deploy;
    // Between two designs there is none to read it by.
    vec![Effect::Unwatch, Effect::StartChange(Box::new(change))]
}

/// `holds`: the new design is what runs, also if something went wrong after that.
pub(super) fn ended(
    session: &mut Session,
    folder: PathBuf,
    kind: Kind,
    outcome: Outcome,
    holds: bool,
) -> Vec<Effect> {
    let is_done = outcome == Outcome::Done;
    let (notice, mut report, remains) = match outcome {
        Outcome::Done => {
            let name = session.desk.document.topology().name();
            let report = Report::new(format!("\"{name}\" runs as drawn and is verified"));
            (NoticeKind::Done, report, None)
        }
        Outcome::Failed {
            reason,
            hints,
            remains,
        } => {
            let mut report = Report::new(format!("The {} failed", kind.noun()));
            report.causes.push(reason);
            report.hints = hints;
            (NoticeKind::Problem, report, Some(remains))
        }
        Outcome::Cancelled { remains } => {
            let report = Report::new(format!("The {} was cancelled", kind.noun()));
            (NoticeKind::Info, report, Some(remains))
        }
    };
    match remains {
        Some(remains) if remains.is_empty() => {
            let hint = "Everything was rolled back: the cluster is as before";
            report.hints.push(hint.to_owned());
        }
        Some(remains) => report.causes.extend(remains),
        None => {}
    }
    notify_with_folder(session, notice, report, Some(folder.clone()));
    if holds || is_done {
        deploy::watch(session, folder)
    } else {
        vec![Effect::Watch(folder)]
    }
}
