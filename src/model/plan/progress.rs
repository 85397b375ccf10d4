//! The only interpreter of run events: a fold that every display draws from.

use std::collections::VecDeque;

use super::{EventKind, Outcome, RunEvent, StepSummary};

/// Output lines kept for showing; older ones are forgotten.
const LINES: usize = 500;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    Pending,
    Running,
    Done,
    Failed,
    Undone,
}

/// Where a run stands.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    pub steps: Vec<(StepSummary, StepState)>,
    /// What each running step waits for, by step number.
    pub waiting: Vec<Option<String>>,
    pub lines: VecDeque<String>,
    pub unwinding: bool,
    /// Why the step that failed did.
    pub failure: Option<(String, Vec<String>)>,
    pub outcome: Option<Outcome>,
    pub elapsed_ms: u64,
}

impl Progress {
    pub fn fold(&mut self, event: &RunEvent) {
        self.elapsed_ms = event.elapsed_ms;
        match &event.kind {
            EventKind::Started { steps, .. } => {
                *self = Self {
                    steps: steps
                        .iter()
                        .cloned()
                        .map(|step| (step, StepState::Pending))
                        .collect(),
                    waiting: vec![None; steps.len()],
                    elapsed_ms: event.elapsed_ms,
                    ..Self::default()
                };
            }
            EventKind::StepStarted { step } => self.set(step.0, StepState::Running),
            EventKind::Waiting { step, what } => {
                if let Some(slot) = self.waiting.get_mut(step.0) {
                    *slot = Some(what.clone());
                }
            }
            EventKind::Output { line, dropped, .. } => {
                if *dropped > 0 {
                    self.push_line(format!("({dropped} lines omitted)"));
                }
                self.push_line(line.clone());
            }
            EventKind::StepFinished { step, .. } => self.set(step.0, StepState::Done),
            EventKind::StepFailed { step, reason, hints } => {
                self.set(step.0, StepState::Failed);
                self.failure = Some((reason.clone(), hints.clone()));
            }
            EventKind::Unwinding { .. } => self.unwinding = true,
            EventKind::StepUndone { step } => self.set(step.0, StepState::Undone),
            EventKind::UndoFailed { reason, .. } => self.push_line(reason.clone()),
            EventKind::Finished { outcome } => self.outcome = Some(outcome.clone()),
        }
    }

    /// Steps done, of all.
    pub fn done(&self) -> (usize, usize) {
        (
            self.steps
                .iter()
                .filter(|(_, state)| *state == StepState::Done)
                .count(),
            self.steps.len(),
        )
    }

    /// From 0 to 1.
    pub fn fraction(&self) -> f32 {
        let (done, all) = self.done();
        if all == 0 { 0.0 } else { done as f32 / all as f32 }
    }

    pub fn is_finished(&self) -> bool {
        self.outcome.is_some()
    }

    fn set(&mut self, step: usize, state: StepState) {
        if let Some(entry) = self.steps.get_mut(step) {
            // A failed step stays visibly the one that failed, also after it was undone.
            if entry.1 != StepState::Failed {
                entry.1 = state;
            }
        }
        if state != StepState::Running
            && let Some(waiting) = self.waiting.get_mut(step)
        {
            *waiting = None;
        }
    }

    fn push_line(&mut self, line: String) {
        if self.lines.len() == LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }
}
