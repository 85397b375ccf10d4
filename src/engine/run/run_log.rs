//! A run in the log: a line for each step that begins, is done, fails or is undone, and for the end.

use std::collections::BTreeMap;

use crate::model::plan::{EventKind, Outcome, StepId};
use crate::model::words::counted;

/// Knows the steps by their titles, which only the first event tells.
#[derive(Debug, Default)]
pub(super) struct RunLog {
    titles: BTreeMap<StepId, String>,
}

impl RunLog {
    pub(super) fn hear(&mut self, kind: &EventKind) {
        let titles = &self.titles;
        let named = |step: &StepId| {
            let title = titles.get(step).map_or("", String::as_str);
            format!("step {} \"{title}\"", step.0 + 1)
        };
        match kind {
            EventKind::Started {
                cluster,
                folder,
                steps,
            } => {
                tracing::info!(
                    "run of {} for \"{cluster}\" in {folder}",
                    counted(steps.len(), "step")
                );
                let steps = steps.iter().map(|step| (step.step, step.title.clone()));
                self.titles = steps.collect();
            }
            EventKind::StepStarted { step } => tracing::info!("{} begins", named(step)),
            EventKind::Waiting { step, what } => tracing::debug!("{} waits for {what}", named(step)),
            EventKind::StepFinished { step, took_ms } => {
                tracing::info!("{} is done after {took_ms} ms", named(step));
            }
            EventKind::StepFailed { step, reason, .. } => {
                tracing::error!("{} failed: {reason}", named(step));
            }
            EventKind::Unwinding { because } => tracing::warn!("rolls back: {because}"),
            EventKind::StepUndone { step } => tracing::info!("{} is undone", named(step)),
            EventKind::UndoFailed { step, reason } => {
                tracing::error!("{} could not be undone: {reason}", named(step));
            }
            EventKind::Finished { outcome } => finished(outcome),
            // What programs print may be anything; it is in the run's own events.
            EventKind::Output { .. } => {}
        }
    }
}

fn finished(outcome: &Outcome) {
    match outcome {
        Outcome::Done => tracing::info!("run done"),
        Outcome::Failed { reason, remains, .. } => {
            tracing::error!("run failed: {reason}; left behind: {remains:?}");
        }
        Outcome::Cancelled { remains } => tracing::warn!("run cancelled; left behind: {remains:?}"),
    }
}
