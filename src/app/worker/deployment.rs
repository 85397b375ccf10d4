//! One run of the engine: its events go to the window, its cancel is heard, its end is waited for.

use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::answers::Answers;
use crate::app::{Message, RunMessage};
use crate::engine::deploy::Cancel;
use crate::model::plan::{EventKind, Outcome, RunEvent};

/// Events between the engine and the window. When they are full the engine drops lines of output, never states.
const EVENTS: usize = 256;

/// Closing the window during a deployment: how long undoing what was built may last.
const UNWIND_DEADLINE: Duration = Duration::from_mins(1);

/// After that: how long the engine has to stop waiting. What remains, the next start finds by its record.
const GIVE_UP_DEADLINE: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Deployment {
    cancel: Cancel,
    task: JoinHandle<()>,
}

impl Deployment {
    /// Starts a run of this number: what `run` makes of the place for its events and the cancel it hears.
    pub fn start<F>(
        runtime: &Runtime,
        number: u64,
        answers: Answers,
        run: impl FnOnce(mpsc::Sender<RunEvent>, Cancel) -> F,
    ) -> Self
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let cancel = Cancel::default();
        let (events, received) = mpsc::channel(EVENTS);
        let engine = runtime.spawn(run(events, cancel.clone()));
        let task = runtime.spawn(tell(number, engine, received, answers));
        Self { cancel, task }
    }

    /// The first time it unwinds, the second time it stops waiting.
    pub fn cancel(&self) {
        self.cancel.request();
    }

    /// Undoes what is not finished; leaves alone what is.
    pub async fn end(mut self) {
        if self.task.is_finished() {
            return;
        }
        self.cancel.soft.cancel();
        if timeout(UNWIND_DEADLINE, &mut self.task).await.is_err() {
            self.cancel.hard.cancel();
            let _ = timeout(GIVE_UP_DEADLINE, &mut self.task).await;
        }
    }
}

async fn tell(
    number: u64,
    engine: JoinHandle<Outcome>,
    mut received: mpsc::Receiver<RunEvent>,
    answers: Answers,
) {
    let mut last = None;
    while let Some(event) = received.recv().await {
        last = Some(event.clone());
        answers.send(Message::Run(RunMessage::Event(event))).await;
    }
    // A stream that broke off gets its end, or the window would stay locked forever.
    let outcome = match engine.await {
        Ok(outcome) => outcome,
        Err(error) => Outcome::Failed {
            reason: format!("the run stopped unexpectedly: {error}"),
            hints: vec!["This is a bug in pgcascade; please report it".to_owned()],
            remains: vec!["everything built until then".to_owned()],
        },
    };
    let is_whole = matches!(&last, Some(event) if matches!(event.kind, EventKind::Finished { .. }));
    if !is_whole {
        let event = RunEvent {
            run: number,
            number: last.as_ref().map_or(0, |event| event.number + 1),
            elapsed_ms: last.map_or(0, |event| event.elapsed_ms),
            kind: EventKind::Finished { outcome },
        };
        answers.send(Message::Run(RunMessage::Event(event))).await;
    }
}
