//! Servers change their roles: asked, shown, run, and one step of Undo.

use super::*;
use crate::app::job::Job;
use crate::app::{ClusterMessage, Dialog, RunMessage, RunView};
use crate::engine::deploy::{Change, Found, Refused, Steered};
use crate::model::plan::{
    EventKind, Foretold, Machine, Outcome, RunEvent, Stage, Standing, Steering, Step, StepSummary, Wish,
    after_switchover, plan_handover,
};
use crate::report::Report;

const FOLDER: &str = "/b";

fn tell(session: &mut Session, message: ClusterMessage) -> Vec<Effect> {
    update(session, Message::Cluster(message))
}

fn watching() -> Session {
    let mut session = saved_seed();
    let deployed = Box::new(session.desk.document.clone());
    tell(&mut session, ClusterMessage::Attached(FOLDER.into(), deployed));
    session
}

fn wish() -> Wish {
    Wish::Switchover {
        heir: "slave1".to_owned(),
    }
}

fn steered(session: &Session) -> Steered {
    let before = session.desk.document.clone();
    let edits = after_switchover(before.topology(), id(session, "slave1"));
    let mut wanted = before.clone();
    let label = "x".to_owned();
    wanted
        .apply(&Command::Edits {
            label,
            edits: edits.clone(),
        })
        .unwrap();
    let steering = Steering::Switchover {
        heir: "slave1".to_owned(),
        left: Vec::new(),
    };
    let plan = plan_handover(
        before.topology(),
        wanted.topology(),
        &Machine::portable(FOLDER),
        &Standing::default(),
        &steering,
        Stage::Begin,
    )
    .unwrap();
    Steered {
        change: Change {
            number: 0,
            plan: plan.plan,
            found: Found::sample(before, FOLDER),
            wanted,
        },
        told: Foretold::default(),
        edits,
    }
}

/// The run comes to this end, after so many steps.
fn run(session: &mut Session, steps: usize, outcome: Outcome) {
    let RunView::Run {
        run,
        job: Job::Plan(plan),
        ..
    } = &session.live.run
    else {
        panic!("nothing runs");
    };
    let (run, plan) = (*run, plan.clone());
    let mut number = 0;
    let mut event = |session: &mut Session, kind| {
        let event = RunEvent {
            run,
            number,
            elapsed_ms: 0,
            kind,
        };
        number += 1;
        update(session, Message::Run(RunMessage::Event(event)));
    };
    let summary = |step: &Step| StepSummary {
        step: step.id,
        server: step.server.clone(),
        title: step.title.clone(),
    };
    let summaries = plan.steps.iter().map(summary).collect();
    event(
        session,
        EventKind::Started {
            cluster: plan.cluster.clone(),
            folder: plan.folder.clone(),
            steps: summaries,
        },
    );
    for step in plan.steps.iter().take(steps) {
        event(session, EventKind::StepStarted { step: step.id });
        event(
            session,
            EventKind::StepFinished {
                step: step.id,
                took_ms: 1,
            },
        );
    }
    event(session, EventKind::Finished { outcome });
}

fn begun() -> (Session, Steered) {
    let mut session = watching();
    let effects = tell(&mut session, ClusterMessage::AskSteer(wish()));
    assert_eq!(effects, [Effect::LookToSteer(FOLDER.into(), wish())]);
    let steered = steered(&session);
    let found = ClusterMessage::CanSteer(FOLDER.into(), Ok(Box::new(steered.clone())));
    assert_eq!(tell(&mut session, found), []);
    assert!(matches!(session.dialog, Some(Dialog::Steer(_))));
    let effects = tell(&mut session, ClusterMessage::Steer);
    assert!(matches!(
        effects.as_slice(),
        [Effect::Unwatch, Effect::StartChange(_)]
    ));
    assert_eq!(session.dialog, None);
    (session, steered)
}

#[test]
fn a_switchover_is_drawn_once_it_holds_as_one_step_of_undo() {
    let (mut session, steered) = begun();
    let before = drawn(&session);
    let all = steered.change.plan.steps.len();
    run(&mut session, all, Outcome::Done);
    assert_eq!(drawn(&session), tree(&steered.change.wanted));
    assert!(!session.differs_from_deployed());
    update(&mut session, Message::Design(DesignMessage::Undo));
    assert_eq!(drawn(&session), before);
}

#[test]
fn what_fails_before_the_promotion_changes_no_drawing_and_after_it_does() {
    let failed = || Outcome::Failed {
        reason: "x".to_owned(),
        hints: Vec::new(),
        remains: Vec::new(),
    };
    let (mut session, steered) = begun();
    let before = drawn(&session);
    let promotion = steered.change.plan.head.settles_at.unwrap().0;
    run(&mut session, promotion, failed());
    assert_eq!(drawn(&session), before);
    let (mut session, steered) = begun();
    run(&mut session, promotion + 1, failed());
    assert_eq!(drawn(&session), tree(&steered.change.wanted));
}

#[test]
fn a_drawing_that_is_not_deployed_and_a_refusal_say_why() {
    let mut session = watching();
    modify(&mut session);
    assert_eq!(tell(&mut session, ClusterMessage::AskSteer(wish())), []);
    assert!(!session.notices.is_empty());
    let mut session = watching();
    let refused = Err(Refused::Report(Report::new("no")));
    tell(&mut session, ClusterMessage::CanSteer(FOLDER.into(), refused));
    assert_eq!(session.dialog, None);
    assert!(!session.notices.is_empty());
}
