//! Performs a plan's steps, as many at once as their order allows, and tells what happens.
//!
//! Starts at [`run`]. The run is one task that owns all state; steps are tasks of their own that only perform and
//! note. When one fails, or cancel is heard, the others are asked to end, and `unwind` undoes what was done.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::host::{Host, Note, Work};
use super::reporter::Reporter;
use super::{Cancel, unwind};
use crate::engine::system::wait::{Failure, Wait};
use crate::model::plan::{Action, EventKind, Outcome, Plan, RunEvent, Step, StepId, StepSummary};
use crate::report::Report;

/// Notes that wait to be told.
const NOTES: usize = 256;
/// After its deadline a step has this long to end what it began, before it is left alone.
const GRACE: Duration = Duration::from_secs(10);

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Pending,
    Running(Instant),
    Done,
    Failed,
}

/// How a run's first half ended, if not well.
enum Trouble {
    Cancelled,
    Failed(Report),
}

/// Trouble, and whether it came so late that what runs is kept.
struct Stopped {
    trouble: Trouble,
    is_settled: bool,
}

impl Trouble {
    fn into_outcome(self, remains: Vec<String>) -> Outcome {
        match self {
            Self::Cancelled => Outcome::Cancelled { remains },
            Self::Failed(report) => Outcome::Failed {
                reason: one_sentence(&report),
                hints: report.hints,
                remains,
            },
        }
    }
}

/// True if the step is done from which on nothing is undone.
fn is_settled(plan: &Plan, states: &BTreeMap<StepId, State>) -> bool {
    let step = plan.head.settles_at;
    step.is_some_and(|step| states.get(&step) == Some(&State::Done))
}

/// Performs the plan. The first event is `started`, the last `finished`.
pub(in crate::engine) async fn run<H: Host>(
    number: u64,
    plan: &Plan,
    host: Arc<H>,
    events: mpsc::Sender<RunEvent>,
    cancel: Cancel,
) -> Outcome {
    run_but(&BTreeSet::new(), number, plan, host, events, cancel).await
}

/// The same, with steps that an earlier run has done: they are told as done in their turn, and undone with the rest.
pub(in crate::engine) async fn run_but<H: Host>(
    kept: &BTreeSet<StepId>,
    number: u64,
    plan: &Plan,
    host: Arc<H>,
    events: mpsc::Sender<RunEvent>,
    cancel: Cancel,
) -> Outcome {
    let mut reporter = Reporter::new(number, events);
    reporter.state(started(plan)).await;
    let (notes, mut noted) = mpsc::channel(NOTES);
    let mut order = Vec::new();
    let tasks = (plan, kept);
    let trouble = forward(
        tasks,
        &host,
        &mut reporter,
        &notes,
        &mut noted,
        &cancel,
        &mut order,
    )
    .await;
    let outcome = match trouble {
        None => Outcome::Done,
        Some(Stopped {
            trouble,
            is_settled: true,
        }) => trouble.into_outcome(vec![plan.head.kind.once_settled().to_owned()]),
        // What it did stays: the same can be asked for again.
        Some(Stopped { trouble, .. }) if !plan.head.kind.is_undone() => trouble.into_outcome(Vec::new()),
        Some(Stopped { trouble, .. }) => {
            let because = match &trouble {
                Trouble::Cancelled => "it was cancelled".to_owned(),
                Trouble::Failed(report) => report.headline.clone(),
            };
            reporter.state(EventKind::Unwinding { because }).await;
            let begun: Vec<&Step> = order.iter().filter_map(|id| plan.steps.get(id.0)).collect();
            let remains =
                unwind::unwind(&begun, &host, &mut reporter, &notes, &mut noted, &cancel.hard).await;
            trouble.into_outcome(remains)
        }
    };
    reporter
        .state(EventKind::Finished {
            outcome: outcome.clone(),
        })
        .await;
    outcome
}

/// A run that cannot even begin: the first event and the last, as always.
pub(in crate::engine) async fn refuse(
    number: u64,
    plan: &Plan,
    events: mpsc::Sender<RunEvent>,
    report: Report,
) -> Outcome {
    let mut reporter = Reporter::new(number, events);
    reporter.state(started(plan)).await;
    let outcome = Outcome::Failed {
        reason: one_sentence(&report),
        hints: report.hints,
        remains: Vec::new(),
    };
    reporter
        .state(EventKind::Finished {
            outcome: outcome.clone(),
        })
        .await;
    outcome
}

/// Performs steps until all are done, one fails or cancel is heard; `order` says which began, in which order.
async fn forward<H: Host>(
    (plan, kept): (&Plan, &BTreeSet<StepId>),
    host: &Arc<H>,
    reporter: &mut Reporter,
    notes: &mpsc::Sender<Note>,
    noted: &mut mpsc::Receiver<Note>,
    cancel: &Cancel,
    order: &mut Vec<StepId>,
) -> Option<Stopped> {
    let mut states: BTreeMap<StepId, State> =
        plan.steps.iter().map(|step| (step.id, State::Pending)).collect();
    let stop = cancel.soft.child_token();
    let mut running: JoinSet<(StepId, Result<(), Failure>)> = JoinSet::new();
    let mut trouble = None;
    loop {
        if trouble.is_none() && cancel.soft.is_cancelled() {
            trouble = Some(Trouble::Cancelled);
        }
        if trouble.is_some() {
            stop.cancel();
        } else {
            while running.len() < at_once()
                && let Some(step) = next(plan, &states)
            {
                states.insert(step.id, State::Running(Instant::now()));
                order.push(step.id);
                reporter.state(EventKind::StepStarted { step: step.id }).await;
                if kept.contains(&step.id) {
                    states.insert(step.id, State::Done);
                    let (step, took_ms) = (step.id, 0);
                    reporter.state(EventKind::StepFinished { step, took_ms }).await;
                    continue;
                }
                let wait = Wait::new(Duration::from_secs(step.deadline_secs.into()), stop.clone());
                let work = Work::new(step.id, wait, notes.clone());
                spawn(&mut running, Arc::clone(host), step.action.clone(), work);
            }
        }
        let stopped = |trouble| Stopped {
            trouble,
            is_settled: is_settled(plan, &states),
        };
        if running.is_empty() {
            // A cancel that came when all was done changes nothing where nothing is undone.
            let is_over = !plan.head.kind.is_undone() && states.values().all(|state| *state == State::Done);
            return trouble.filter(|_| !is_over).map(stopped);
        }
        let ended = tokio::select! {
            biased;
            Some(note) = noted.recv() => {
                reporter.note(note).await;
                continue;
            }
            () = cancel.soft.cancelled(), if trouble.is_none() => continue,
            // The second request: what still runs is left to itself.
            () = cancel.hard.cancelled() => {
                running.abort_all();
                return Some(stopped(trouble.unwrap_or(Trouble::Cancelled)));
            }
            Some(ended) = running.join_next() => ended,
        };
        while let Ok(note) = noted.try_recv() {
            reporter.note(note).await;
        }
        let Ok((step, result)) = ended else {
            // A task that panicked or was aborted does not say which step it was; `spawn` lets neither happen.
            continue;
        };
        match result {
            Ok(()) => {
                let took_ms = match states.insert(step, State::Done) {
                    Some(State::Running(since)) => since.elapsed().as_millis(),
                    _ => 0,
                };
                let took_ms = u64::try_from(took_ms).unwrap_or(u64::MAX);
                reporter.state(EventKind::StepFinished { step, took_ms }).await;
            }
            Err(failure) => {
                states.insert(step, State::Failed);
                // A step that was asked to end has not failed: it is undone like the others.
                if let Failure::Failed(report) = failure
                    && trouble.is_none()
                {
                    let (reason, hints) = (one_sentence(&report), report.hints.clone());
                    reporter
                        .state(EventKind::StepFailed { step, reason, hints })
                        .await;
                    trouble = Some(Trouble::Failed(report));
                }
            }
        }
    }
}

/// The first step that may begin.
fn next<'a>(plan: &'a Plan, states: &BTreeMap<StepId, State>) -> Option<&'a Step> {
    plan.steps.iter().find(|step| {
        states.get(&step.id) == Some(&State::Pending)
            && step
                .after
                .iter()
                .all(|before| states.get(before) == Some(&State::Done))
    })
}

fn spawn<H: Host>(
    running: &mut JoinSet<(StepId, Result<(), Failure>)>,
    host: Arc<H>,
    action: Action,
    work: Work,
) {
    running.spawn(async move {
        let step = work.step;
        let task = tokio::spawn(async move { perform(&*host, &action, &work).await });
        // A hard cancel aborts this task; what it waits for must go with it.
        let guard = AbortOnDrop(task.abort_handle());
        let result = task.await.unwrap_or_else(|error| {
            Err(Report::of("A step ended unexpectedly: this is a bug in pgcascade.", &error).into())
        });
        drop(guard);
        (step, result)
    });
}

/// Ends a task when its owner is gone.
struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Performs one action; it should heed its deadline itself, and is left alone if it does not.
pub(super) async fn perform<H: Host>(host: &H, action: &Action, work: &Work) -> Result<(), Failure> {
    let last = work.wait.deadline + GRACE;
    match tokio::time::timeout_at(last, host.perform(action, work)).await {
        Ok(result) => result,
        Err(_) => Err(Report::new("It took longer than its deadline.").into()),
    }
}

/// Programs that run at once: the cores, and two that mostly wait.
fn at_once() -> usize {
    std::thread::available_parallelism().map_or(4, |cores| cores.get() + 2)
}

fn started(plan: &Plan) -> EventKind {
    EventKind::Started {
        cluster: plan.cluster.clone(),
        folder: plan.folder.clone(),
        steps: plan
            .steps
            .iter()
            .map(|step| StepSummary {
                step: step.id,
                server: step.server.clone(),
                title: step.title.clone(),
            })
            .collect(),
    }
}

/// For an action that no plan of this host's kind has.
pub(in crate::engine) fn misplaced(action: &Action) -> Failure {
    Report::new(format!(
        "The plan contains a step that does not belong there ({action:?}): this is a bug in pgcascade."
    ))
    .into()
}

/// Headline and causes in a line: events have no place for more.
pub(super) fn one_sentence(report: &Report) -> String {
    if report.causes.is_empty() {
        report.headline.clone()
    } else {
        format!("{} ({})", report.headline, report.causes.join("; "))
    }
}
