//! The stream of events: one place that numbers them, so that there are no holes.
//!
//! State events are awaited: whoever reads slowly slows the run down, and misses nothing. Output lines are not.

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::Instant;

use super::host::Note;
use super::run_log::RunLog;
use crate::model::plan::{EventKind, RunEvent, StepId};

pub(in crate::engine) struct Reporter {
    run: u64,
    began: Instant,
    next: u64,
    events: mpsc::Sender<RunEvent>,
    /// The newest line that found no place, and how many were dropped before it.
    dropped: Option<(StepId, String, u64)>,
    log: RunLog,
}

impl Reporter {
    pub(in crate::engine) fn new(run: u64, events: mpsc::Sender<RunEvent>) -> Self {
        Self {
            run,
            began: Instant::now(),
            next: 0,
            events,
            dropped: None,
            log: RunLog::default(),
        }
    }

    /// Tells what must not be missed.
    pub(in crate::engine) async fn state(&mut self, kind: EventKind) {
        if let Some((step, line, dropped)) = self.dropped.take() {
            self.send(EventKind::Output { step, line, dropped }).await;
        }
        self.send(kind).await;
    }

    /// Tells what a step noted.
    pub(super) async fn note(&mut self, note: Note) {
        match note {
            Note::Waiting { step, what } => self.state(EventKind::Waiting { step, what }).await,
            Note::Output { step, line, dropped } => self.line(step, line, dropped),
        }
    }

    fn line(&mut self, step: StepId, line: String, dropped: u64) {
        let before = self.dropped.take().map_or(0, |(_, _, before)| before + 1) + dropped;
        let event = self.event(EventKind::Output {
            step,
            line,
            dropped: before,
        });
        match self.events.try_send(event) {
            Ok(()) => self.next += 1,
            Err(TrySendError::Full(event) | TrySendError::Closed(event)) => {
                if let EventKind::Output { step, line, dropped } = event.kind {
                    self.dropped = Some((step, line, dropped));
                }
            }
        }
    }

    async fn send(&mut self, kind: EventKind) {
        self.log.hear(&kind);
        let event = self.event(kind);
        self.next += 1;
        // A display that is gone does not stop the run: the cluster is still wanted, or still to be unwound.
        let _ = self.events.send(event).await;
    }

    fn event(&self, kind: EventKind) -> RunEvent {
        RunEvent {
            run: self.run,
            number: self.next,
            elapsed_ms: u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            kind,
        }
    }
}
