//! Undoes what a run did, last first, and says what could not be undone.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::host::{Host, Note, Work};
use super::perform::{one_sentence, perform};
use super::reporter::Reporter;
use crate::engine::system::wait::{Failure, Wait};
use crate::model::plan::{Action, EventKind, Step};

/// For one undo: a fast stop that hangs, and the immediate stop after it.
const UNDO: Duration = Duration::from_mins(1);

/// Undoes every step that began, in reverse; gives a sentence for each that stays.
pub(super) async fn unwind<H: Host>(
    begun: &[&Step],
    host: &Arc<H>,
    reporter: &mut Reporter,
    notes: &mpsc::Sender<Note>,
    noted: &mut mpsc::Receiver<Note>,
    hard: &CancellationToken,
) -> Vec<String> {
    let mut remains: Vec<String> = Vec::new();
    for step in begun.iter().rev() {
        let Some(undo) = &step.undo else {
            continue;
        };
        let result = if hard.is_cancelled() {
            Err(format!("Not rolled back: {}.", step.title))
        } else if let Some(why) = step.stays_with_rest.filter(|_| !remains.is_empty()) {
            Err(why.to_owned())
        } else {
            let work = Work::undo(step.id, Wait::new(UNDO, hard.clone()), notes.clone());
            take_back(host, undo, &work, reporter, noted)
                .await
                .map_err(|failure| match failure {
                    Failure::Cancelled => format!("Not rolled back: {}.", step.title),
                    Failure::Failed(report) => one_sentence(&report),
                })
        };
        match result {
            Ok(()) => reporter.state(EventKind::StepUndone { step: step.id }).await,
            Err(reason) => {
                remains.push(reason.clone());
                reporter
                    .state(EventKind::UndoFailed {
                        step: step.id,
                        reason,
                    })
                    .await;
            }
        }
    }
    remains
}

/// One undo, with its output told as it comes.
async fn take_back<H: Host>(
    host: &Arc<H>,
    undo: &Action,
    work: &Work,
    reporter: &mut Reporter,
    noted: &mut mpsc::Receiver<Note>,
) -> Result<(), Failure> {
    let done = perform(&**host, undo, work);
    tokio::pin!(done);
    loop {
        tokio::select! {
            biased;
            () = work.wait.cancel.cancelled() => return Err(Failure::Cancelled),
            Some(note) = noted.recv() => reporter.note(note).await,
            result = &mut done => {
                while let Ok(note) = noted.try_recv() {
                    reporter.note(note).await;
                }
                return result;
            }
        }
    }
}
