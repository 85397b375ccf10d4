//! Servers of the cluster that runs change their roles: looked at, shown, performed as a run, and one step of Undo in the
//! drawing.

use std::path::Path;

use super::super::{Dialog, Effect, NoticeKind, RunView, Session, Tab};
use super::edit;
use super::notices::notify;
use super::one_at_a_time::cluster_in;
use crate::app::job::Job;
use crate::engine::deploy::{Refused, Steered};
use crate::model::plan::{Progress, Steering, Wish};
use crate::report::Report;

pub(super) fn ask(session: &mut Session, wish: Wish) -> Vec<Effect> {
    let Some(cluster) = session.live.cluster.as_ref().filter(|one| one.busy.is_none()) else {
        return Vec::new();
    };
    let folder = cluster.folder.clone();
    if session.is_locked() || session.live.run.is_running() {
        return Vec::new();
    }
    if session.differs_from_deployed() {
        let report = Report::new("The drawing is not the design that was deployed")
            .hint("Apply or undo your changes first: the drawing follows what the servers do");
        notify(session, NoticeKind::Info, report);
        return Vec::new();
    }
    vec![Effect::LookToSteer(folder, wish)]
}

pub(super) fn can(session: &mut Session, folder: &Path, found: Result<Box<Steered>, Refused>) -> Vec<Effect> {
    if cluster_in(session, folder).is_none() {
        return Vec::new();
    }
    match found {
        Ok(steered) => session.dialog = Some(Dialog::Steer(steered)),
        Err(Refused::Report(report)) => notify(session, NoticeKind::Problem, report),
        Err(Refused::Checks(checks)) => {
            let mut report = Report::new("This cannot be done now");
            for check in checks {
                report.causes.push(check.message);
                report.hints.extend(check.fix);
            }
            notify(session, NoticeKind::Problem, report);
        }
    }
    Vec::new()
}

pub(super) fn confirm(session: &mut Session) -> Vec<Effect> {
    let Some(Dialog::Steer(steered)) = session.dialog.take() else {
        return Vec::new();
    };
    let mut change = steered.change;
    let is_free = cluster_in(session, &change.found.folder()).is_some_and(|cluster| cluster.busy.is_none());
    if !is_free || session.live.run.is_running() || change.plan.steps.is_empty() {
        return Vec::new();
    }
    change.number = session.live.next_run;
    session.live.next_run += 1;
    session.live.run = RunView::Run {
        run: change.number,
        job: Job::Plan(change.plan.clone()),
        progress: Progress::default(),
        cancelling: false,
    };
    session.live.steered = Some(Box::new(change.wanted.clone()));
    session.looks.tab = Tab::Deploy;
    vec![Effect::Unwatch, Effect::StartChange(Box::new(change))]
}

/// The run has ended: what runs now is drawn, if it holds.
pub(super) fn drawn(session: &mut Session, steering: Option<&Steering>, holds: bool) -> Vec<Effect> {
    let Some(wanted) = session.live.steered.take().filter(|_| holds) else {
        return Vec::new();
    };
    let label = match steering {
        Some(Steering::Switchover { heir, .. }) => format!("Switch over to {heir}"),
        Some(Steering::Failover { heir, .. }) => format!("Fail over to {heir}"),
        Some(Steering::Rejoin { server, .. }) => format!("Rejoin {server}"),
        None => "Follow another server".to_owned(),
    };
    let drawing = &session.desk.document;
    let is_as_deployed = session.live.cluster.as_ref().is_some_and(|cluster| {
        drawing
            .topology()
            .has_same_configuration(cluster.deployed.topology())
    });
    if !is_as_deployed || drawing.topology().has_same_configuration(wanted.topology()) {
        return Vec::new();
    }
    let after = drawing.redrawn(wanted.topology());
    session.desk.burst = None;
    session.desk.history.record(drawing.clone(), label);
    edit::show(session, Some(after))
}
