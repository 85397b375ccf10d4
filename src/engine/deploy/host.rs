//! What performs actions: this machine, or in tests one that follows a script.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;

use crate::engine::system::wait::{Failure, Wait};
use crate::model::plan::{Action, StepId};

/// Performs one action at a time for each step; several steps at once.
pub(super) trait Host: Send + Sync + 'static {
    fn perform(&self, action: &Action, work: &Work) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// What an action has besides itself: how long it may take, and whom to tell.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) wait: Wait,
    pub(super) step: StepId,
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
            notes,
            dropped: AtomicU64::new(0),
        }
    }

    /// A line that a program printed; dropped, and counted, if they come faster than they are taken.
    pub(super) fn output(&self, line: &str) {
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
    pub(super) async fn waiting(&self, what: impl Into<String>) {
        let note = Note::Waiting {
            step: self.step,
            what: what.into(),
        };
        // The run does not end before its steps: nobody listens only when all is over.
        let _ = self.notes.send(note).await;
    }
}
