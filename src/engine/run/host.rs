//! What performs actions: this machine, or in tests one that follows a script.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;

use crate::engine::system::wait::{Failure, Wait};
use crate::model::plan::{Action, StepId};

/// Performs one action at a time for each step; several steps at once.
pub(in crate::engine) trait Host: Send + Sync + 'static {
    fn perform(&self, action: &Action, work: &Work) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// What an action has besides itself: how long it may take, and whom to tell.
#[derive(Debug)]
pub(in crate::engine) struct Work {
    pub(in crate::engine) wait: Wait,
    pub(in crate::engine) step: StepId,
    /// It undoes the step.
    pub(in crate::engine) is_undo: bool,
    notes: mpsc::Sender<Note>,
    dropped: AtomicU64,
}

/// What a step tells while it is at work.
#[derive(Debug)]
pub(super) enum Note {
    Output {
        step: StepId,
        line: String,
        dropped: u64,
    },
    Waiting {
        step: StepId,
        what: String,
    },
}

impl Work {
    pub(super) fn new(step: StepId, wait: Wait, notes: mpsc::Sender<Note>) -> Self {
        Self {
            wait,
            step,
            is_undo: false,
            notes,
            dropped: AtomicU64::new(0),
        }
    }

    /// The same, to undo the step.
    pub(super) fn undo(step: StepId, wait: Wait, notes: mpsc::Sender<Note>) -> Self {
        Self {
            is_undo: true,
            ..Self::new(step, wait, notes)
        }
    }

    /// A line that a program printed; dropped, and counted, if they come faster than they are taken.
    pub(in crate::engine) fn output(&self, line: &str) {
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        let note = Note::Output {
            step: self.step,
            line: line.to_owned(),
            dropped,
        };
        if self.notes.try_send(note).is_err() {
            self.dropped.fetch_add(dropped + 1, Ordering::Relaxed);
        }
    }

    /// What the step waits for.
    pub(in crate::engine) async fn waiting(&self, what: impl Into<String>) {
        let note = Note::Waiting {
            step: self.step,
            what: what.into(),
        };
        // The run does not end before its steps: nobody listens only when all is over.
        let _ = self.notes.send(note).await;
    }
}
