//! The drawing applied to the cluster that runs: from the button to its end.

use super::run::{FOLDER, finished, start};
use super::*;
use crate::app::job::Job;
use crate::app::{RunMessage, RunView, Tab};
use crate::engine::deploy::Found;
use crate::model::plan::{Action, Alter, EventKind, Outcome, RunEvent, StepId, StepSummary};

fn run(message: RunMessage) -> Message {
    Message::Run(message)
}

/// The seed runs, and is drawn otherwise by now.
fn modified() -> Session {
    let mut session = seed();
    let number = start(&mut session);
    update(&mut session, finished(number, Outcome::Done));
    modify(&mut session);
    session
}

fn found(session: &Session) -> Message {
    let running = session.live.cluster.as_ref().unwrap().deployed.clone();
    run(RunMessage::Looked(Box::new(Found::sample(running, FOLDER))))
}

/// Up to the moment when the change has begun; returns its run's number.
fn begun(session: &mut Session) -> u64 {
    update(session, run(RunMessage::AskChange));
    let found = found(session);
    update(session, found);
    let effects = update(session, run(RunMessage::Confirm));
    let [Effect::Unwatch, Effect::StartChange(change)] = &effects[..] else {
        panic!("{effects:?}");
    };
    change.number
}

fn event(run: u64, number: u64, kind: EventKind) -> Message {
    Message::Run(RunMessage::Event(RunEvent {
        run,
        number,
        elapsed_ms: 0,
        kind,
    }))
}

#[test]
fn the_changes_are_shown_made_and_watched() {
    let mut session = modified();
    let effects = update(&mut session, run(RunMessage::AskChange));
    assert!(matches!(&effects[..], [Effect::LookForChange { folder, .. }] if folder.as_os_str() == FOLDER));
    assert_eq!(session.looks.tab, Tab::Deploy);
    let answer = found(&session);
    update(&mut session, answer);
    let RunView::ChangePlanned { plan: Ok(plan), .. } = &session.live.run else {
        panic!("{:?}", session.live.run);
    };
    let moved = "slave12 follows slave2 instead of slave1".to_owned();
    assert!(plan.changes.contains(&moved), "{:?}", plan.changes);

    // Drawn on: what is shown is looked at again.
    let message = attach(&session, "slave11", "slave2");
    let effects = without_autosave(update(&mut session, message));
    assert!(
        matches!(&effects[..], [Effect::LookForChange { .. }]),
        "{effects:?}"
    );
    let answer = found(&session);
    update(&mut session, answer);

    let effects = update(&mut session, run(RunMessage::Confirm));
    let [Effect::Unwatch, Effect::StartChange(change)] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert!(session.is_locked());
    assert_eq!(change.wanted, session.desk.document);
    assert_eq!(
        update(&mut session, finished(change.number, Outcome::Done)),
        [Effect::Watch(FOLDER.into())]
    );
}

#[test]
fn what_is_done_is_what_runs() {
    let mut session = modified();
    let number = begun(&mut session);
    settle(&mut session, number);
    update(&mut session, finished(number, Outcome::Done));
    assert!(!session.differs_from_deployed() && !session.is_locked());
    assert_eq!(
        notice(&session),
        (NoticeKind::Done, "\"seed\" runs as drawn and is verified")
    );
}

#[test]
fn what_was_taken_back_still_differs_and_is_watched_again() {
    let mut session = modified();
    let number = begun(&mut session);
    assert_eq!(update(&mut session, run(RunMessage::Cancel)), [Effect::CancelRun]);
    let outcome = Outcome::Cancelled { remains: Vec::new() };
    assert_eq!(
        update(&mut session, finished(number, outcome)),
        [Effect::Watch(FOLDER.into())]
    );
    assert!(session.differs_from_deployed());
    assert_eq!(notice(&session), (NoticeKind::Info, "The change was cancelled"));
}

/// Tells that the new design holds.
fn settle(session: &mut Session, number: u64) {
    let RunView::Run {
        job: Job::Plan(plan), ..
    } = &session.live.run
    else {
        panic!("it is not running");
    };
    let steps = plan.steps.iter().map(|step| StepSummary {
        step: step.id,
        server: None,
        title: step.title.clone(),
    });
    let started = EventKind::Started {
        cluster: plan.cluster.clone(),
        folder: plan.folder.clone(),
        steps: steps.collect(),
    };
    let place = plan
        .steps
        .iter()
        .position(|step| step.action == Action::Alter(Alter::Settle));
    let step = StepId(place.unwrap());
    update(session, event(number, 0, started));
    update(
        session,
        event(number, 1, EventKind::StepFinished { step, took_ms: 1 }),
    );
}

#[test]
fn what_failed_while_it_cleared_away_holds_all_the_same() {
    let mut session = modified();
    let number = begun(&mut session);
    settle(&mut session, number);
    let outcome = Outcome::Failed {
        reason: "a slot is in use".to_owned(),
        hints: Vec::new(),
        remains: vec!["the slot".to_owned()],
    };
    update(&mut session, finished(number, outcome));
    assert!(!session.differs_from_deployed());
    assert_eq!(notice(&session), (NoticeKind::Problem, "The change failed"));
}

#[test]
fn what_cannot_be_applied_says_why_and_does_not_begin() {
    let mut session = modified();
    let message = edit(Edit::Promote {
        server: id(&session, "slave2"),
    });
    update(&mut session, message);
    update(&mut session, run(RunMessage::AskChange));
    let answer = found(&session);
    update(&mut session, answer);
    let RunView::ChangePlanned {
        plan: Err(checks), ..
    } = &session.live.run
    else {
        panic!("{:?}", session.live.run);
    };
    assert!(
        checks.iter().any(|check| check.id == "other-primary"),
        "{checks:?}"
    );
    assert_eq!(update(&mut session, run(RunMessage::Confirm)), []);

    update(&mut session, run(RunMessage::AskChange));
    let report = crate::report::Report::new("It is busy");
    update(&mut session, run(RunMessage::NotLooked(report)));
    assert!(matches!(session.live.run, RunView::Idle));
    assert_eq!(notice(&session), (NoticeKind::Problem, "It is busy"));
}
