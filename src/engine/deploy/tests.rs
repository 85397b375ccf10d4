//! A host that follows a script: fails, hangs or is cancelled at step n, for every n.

mod ledger;
mod resume;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;

use super::Cancel;
use crate::engine::run::run;
use crate::engine::run::{Host, Work};
use crate::engine::system::wait::Failure;
use crate::model::plan::{
    Action, Build, EventKind, Head, Kind, Make, Outcome, Phase, Plan, RunEvent, Step, StepId,
};
use crate::report::Report;

/// What happens at one step of the script; at all others all is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Nothing,
    Fails,
    /// Waits until it is cancelled; the cancel comes as soon as it waits.
    IsCancelled,
    /// Hears nothing; cancelled twice.
    Hangs,
    Panics,
    /// Passes its deadline.
    IsLate,
    UndoFails,
}

struct Script {
    at: usize,
    event: Event,
    cancel: Cancel,
    performed: Mutex<Vec<String>>,
}

impl Script {
    fn note(&self, what: String) {
        self.performed.lock().unwrap().push(what);
    }
}

impl Host for Script {
    async fn perform(&self, action: &Action, work: &Work) -> Result<(), Failure> {
        let (word, path) = match action {
            Action::Make(Make::MakeFolder { path }) => ("do", path.clone()),
            Action::Make(Make::RemoveFolder { path }) => ("undo", path.clone()),
            Action::Build(Build::ReleaseFolder) => ("undo", "0".to_owned()),
            _ => ("do", "0".to_owned()),
        };
        self.note(format!("{word} {path}"));
        let is_it = path == self.at.to_string();
        if word == "undo" {
            if is_it && self.event == Event::UndoFails {
                return Err(Report::new("it does not go").into());
            }
            return Ok(());
        }
        work.output(&format!("line of {path}"));
        work.waiting("its turn").await;
        match self.event {
            Event::Fails | Event::UndoFails if is_it => Err(Report::new("it broke").hint("fix it").into()),
            Event::IsCancelled if is_it => {
                self.cancel.request();
                work.wait.hear(std::future::pending::<()>()).await
            }
            Event::Hangs if is_it => {
                self.cancel.request();
                self.cancel.request();
                std::future::pending().await
            }
            Event::IsLate if is_it => {
                while work.wait.next().await? {}
                Err(Report::new("it was late").into())
            }
            Event::Panics if is_it => panic!("a step of the script panics"),
            _ => {
                // Others are at work at the same time.
                work.wait
                    .hear(tokio::time::sleep(Duration::from_millis(2)))
                    .await?;
                Ok(())
            }
        }
    }
}

/// What is said of the first step if something after it stays.
const KEEPS: &str = "The folder keeps its marker, so that `pgcascade teardown` can remove the rest.";

/// A diamond twice over: 0, then 1 and 2, then 3 after both, then 4 and 5 …
fn plan() -> Plan {
    let after = [vec![], vec![0], vec![0], vec![1, 2], vec![3], vec![3], vec![4, 5]];
    let steps = after.into_iter().enumerate().map(|(number, after)| Step {
        id: StepId(number),
        server: None,
        title: format!("step {number}"),
        why: "because".to_owned(),
        phase: Phase::default(),
        lasts: false,
        stays_with_rest: (number == 0).then_some(KEEPS),
        action: if number == 0 {
            Action::Build(Build::ClaimFolder)
        } else {
            Action::Make(Make::MakeFolder {
                path: number.to_string(),
            })
        },
        undo: Some(if number == 0 {
            Action::Build(Build::ReleaseFolder)
        } else {
            Action::Make(Make::RemoveFolder {
                path: number.to_string(),
            })
        }),
        after: after.into_iter().map(StepId).collect(),
        deadline_secs: 1,
    });
    Plan {
        cluster: "c".to_owned(),
        folder: "/c".to_owned(),
        head: Head::of(Kind::Deploy),
        steps: steps.collect(),
    }
}

async fn play(at: usize, event: Event) -> (Outcome, Vec<RunEvent>, Vec<String>) {
    let cancel = Cancel::default();
    let script = Arc::new(Script {
        at,
        event,
        cancel: cancel.clone(),
        performed: Mutex::default(),
    });
    // A display that takes one event at a time: the run waits for it.
    let (sender, mut receiver) = mpsc::channel(1);
    let reading = tokio::spawn(async move {
        let mut events = Vec::new();
        while let Some(event) = receiver.recv().await {
            events.push(event);
        }
        events
    });
    let outcome = run(3, &plan(), Arc::clone(&script), sender, cancel).await;
    let performed = script.performed.lock().unwrap().clone();
    (outcome, reading.await.unwrap(), performed)
}

/// What holds for every run, whatever happened.
#[track_caller]
fn check_stream(events: &[RunEvent], outcome: &Outcome) {
    assert!(matches!(&events[0].kind, EventKind::Started { steps, .. } if steps.len() == 7));
    for (index, event) in events.iter().enumerate() {
        assert_eq!((event.run, event.number), (3, index as u64));
    }
    let last: Vec<_> = events
        .iter()
        .filter(|event| matches!(event.kind, EventKind::Finished { .. }))
        .collect();
    assert_eq!(last.len(), 1);
    assert_eq!(last[0].number as usize, events.len() - 1);
    assert_eq!(
        last[0].kind,
        EventKind::Finished {
            outcome: outcome.clone()
        }
    );
    // What was printed was told or counted.
    let lines: u64 = events
        .iter()
        .filter_map(|event| match event.kind {
            EventKind::Output { dropped, .. } => Some(dropped + 1),
            _ => None,
        })
        .sum();
    let begun = events
        .iter()
        .filter(|event| matches!(event.kind, EventKind::StepStarted { .. }))
        .count();
    assert!(lines <= begun as u64);
}

/// Every step that began was undone, in reverse order.
#[track_caller]
fn check_undone(performed: &[String], events: &[RunEvent]) {
    let begun: Vec<usize> = events
        .iter()
        .filter_map(|event| match event.kind {
            EventKind::StepStarted { step } => Some(step.0),
            _ => None,
        })
        .collect();
    let undone: Vec<usize> = performed
        .iter()
        .filter_map(|line| line.strip_prefix("undo ")?.parse().ok())
        .collect();
    assert_eq!(undone, begun.into_iter().rev().collect::<Vec<_>>());
    let first_undo = performed
        .iter()
        .position(|line| line.starts_with("undo"))
        .unwrap();
    assert!(
        performed[first_undo..]
            .iter()
            .all(|line| line.starts_with("undo"))
    );
}

#[tokio::test]
async fn all_steps_are_done_in_their_order() {
    let (outcome, events, performed) = play(0, Event::Nothing).await;
    assert_eq!(outcome, Outcome::Done);
    check_stream(&events, &outcome);
    let place = |step: &str| performed.iter().position(|line| line == step).unwrap();
    assert_eq!(performed.len(), 7);
    for (before, after) in [
        ("do 0", "do 1"),
        ("do 1", "do 3"),
        ("do 2", "do 3"),
        ("do 5", "do 6"),
    ] {
        assert!(place(before) < place(after), "{performed:?}");
    }
}

#[tokio::test]
async fn a_failure_at_any_step_is_unwound() {
    for at in 0..7 {
        for event in [Event::Fails, Event::Panics] {
            let (outcome, events, performed) = play(at, event).await;
            check_stream(&events, &outcome);
            check_undone(&performed, &events);
            let Outcome::Failed { hints, remains, .. } = &outcome else {
                panic!("{outcome:?}");
            };
            assert!(remains.is_empty());
            assert_eq!(hints.is_empty(), event == Event::Panics);
            let failed: Vec<_> = events
                .iter()
                .filter(|event| matches!(event.kind, EventKind::StepFailed { .. }))
                .collect();
            assert_eq!(failed.len(), 1);
        }
    }
}

#[tokio::test]
async fn a_cancel_at_any_step_is_unwound() {
    for at in 0..7 {
        let (outcome, events, performed) = play(at, Event::IsCancelled).await;
        check_stream(&events, &outcome);
        check_undone(&performed, &events);
        assert_eq!(outcome, Outcome::Cancelled { remains: Vec::new() });
        assert!(
            !events
                .iter()
                .any(|event| matches!(event.kind, EventKind::StepFailed { .. })),
            "what was asked to end has not failed"
        );
    }
}

#[tokio::test]
async fn a_second_cancel_stops_waiting_and_says_what_remains() {
    for at in 0..7 {
        let (outcome, events, performed) = play(at, Event::Hangs).await;
        check_stream(&events, &outcome);
        assert!(performed.iter().all(|line| line.starts_with("do")));
        let Outcome::Cancelled { remains } = &outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(remains.len(), performed.len());
    }
}

#[tokio::test]
async fn an_undo_that_fails_keeps_the_marker() {
    let (outcome, events, performed) = play(3, Event::UndoFails).await;
    check_stream(&events, &outcome);
    assert_eq!(performed.last().unwrap(), "undo 1", "the claim is not released");
    let Outcome::Failed { remains, .. } = &outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(remains.len(), 2);
    assert!(remains[1].contains("teardown"), "{remains:?}");
}

#[tokio::test]
async fn a_step_past_its_deadline_fails() {
    let (outcome, events, performed) = play(4, Event::IsLate).await;
    check_stream(&events, &outcome);
    check_undone(&performed, &events);
    assert!(matches!(&outcome, Outcome::Failed { reason, .. } if reason == "it was late"));
}
