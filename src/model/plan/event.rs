//! What a run tells while it goes: a stream of events, the same for window, terminal and JSON.
//!
//! The first is always `started` with all steps, the last always `finished`; between them anything may happen
//! to any step. Every display is a fold over these, see [`Progress`](super::Progress).

use serde::{Deserialize, Serialize};

use super::StepId;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunEvent {
    /// The run it belongs to.
    pub run: u64,
    /// From 0, rising by one, without holes (dropped output lines are counted in [`EventKind::Output`]).
    pub number: u64,
    /// Since the run began.
    pub elapsed_ms: u64,
    #[serde(flatten)]
    pub kind: EventKind,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum EventKind {
    Started {
        cluster: String,
        folder: String,
        steps: Vec<StepSummary>,
    },
    StepStarted {
        step: StepId,
    },
    /// A line that a program printed. Lines may be dropped when they come too fast; `dropped` counts those before.
    Output {
        step: StepId,
        line: String,
        dropped: u64,
    },
    /// What a step that takes long is waiting for.
    Waiting {
        step: StepId,
        what: String,
    },
    StepFinished {
        step: StepId,
        took_ms: u64,
    },
    StepFailed {
        step: StepId,
        reason: String,
        hints: Vec<String>,
    },
    /// From here on, what was done is undone, last first.
    Unwinding {
        because: String,
    },
    StepUndone {
        step: StepId,
    },
    /// It could not be undone; what remains, in one sentence.
    UndoFailed {
        step: StepId,
        reason: String,
    },
    Finished {
        outcome: Outcome,
    },
}

/// What a display needs to know of a step before it begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepSummary {
    pub step: StepId,
    pub server: Option<String>,
    pub title: String,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// Built and verified.
    Done,
    /// It failed; `remains` says what could not be undone (empty: nothing is left).
    Failed {
        reason: String,
        hints: Vec<String>,
        remains: Vec<String>,
    },
    Cancelled {
        remains: Vec<String>,
    },
}
