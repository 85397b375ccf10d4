//! A run, whatever it does: what is asked of it, and the fold over its events. `deploy` and `change` know what it is for.

use std::path::PathBuf;

use super::super::{Effect, RunMessage, RunView, Session};
use super::{change, deploy, foreign, steer, to_hosts, trust};
use crate::app::job::Job;
use crate::model::plan::{Outcome, RunEvent};

pub(super) fn update(session: &mut Session, message: RunMessage) -> Vec<Effect> {
    if matches!(message, RunMessage::Ask | RunMessage::AskChange) && foreign::refuse_if_foreign(session) {
        return Vec::new();
    }
    match message {
        RunMessage::Ask => deploy::ask(session),
        RunMessage::Prepare(folder) => deploy::prepare(session, folder),
        RunMessage::Found(machine) => deploy::found(session, *machine),
        RunMessage::AskChange => change::ask(session),
        RunMessage::Looked(found) => change::looked(session, *found),
        RunMessage::NotLooked(report) => change::not_looked(session, report),
        RunMessage::AskHosts => to_hosts::ask(session),
        RunMessage::LookToHosts(asked) => to_hosts::look(session, asked),
        RunMessage::HostsLooked(asked, planned) => to_hosts::looked(session, asked, planned),
        RunMessage::WatchHosts => to_hosts::watch(session),
        RunMessage::Confirm if matches!(session.live.run, RunView::HostsPlanned { .. }) => {
            to_hosts::confirm(session)
        }
        RunMessage::Confirm if matches!(session.live.run, RunView::ChangePlanned { .. }) => {
            change::confirm(session)
        }
        RunMessage::Confirm => deploy::confirm(session),
        RunMessage::Trust => trust::give(session),
        RunMessage::Event(event) => fold(session, &event),
        RunMessage::Cancel => cancel(session),
        RunMessage::Close => {
            if !session.live.run.is_running() {
                session.live.run = RunView::Idle;
            }
            Vec::new()
        }
    }
}

/// The first request takes back what was built, the second stops waiting; the worker tells them apart.
fn cancel(session: &mut Session) -> Vec<Effect> {
    match &mut session.live.run {
        RunView::Run {
            progress, cancelling, ..
        } if !progress.is_finished() => {
            *cancelling = true;
            vec![Effect::CancelRun]
        }
        _ => Vec::new(),
    }
}

fn fold(session: &mut Session, event: &RunEvent) -> Vec<Effect> {
    let RunView::Run {
        run, job, progress, ..
    } = &mut session.live.run
    else {
        return Vec::new();
    };
    if *run != event.run || progress.is_finished() {
        return Vec::new();
    }
    progress.fold(event);
    let Some(outcome) = progress.outcome.clone() else {
        return Vec::new();
    };
    let plan = match job {
        Job::Playbook(prospect) => {
            let prospect = (**prospect).clone();
            to_hosts::settled(session, &prospect, outcome);
            return Vec::new();
        }
        Job::Plan(plan) => plan,
    };
    let folder = PathBuf::from(&plan.folder);
    match outcome {
        outcome if plan.is_change() => {
            let holds = plan.has_settled(progress);
            let (head, is_done) = (plan.head.clone(), outcome == Outcome::Done);
            let mut effects = steer::drawn(session, head.steering.as_ref(), holds || is_done);
            effects.extend(change::ended(session, folder, head.kind, outcome, holds));
            effects
        }
        outcome => deploy::settled(session, folder, outcome),
    }
}
