//! Keeps the unsaved design in the state folder, a moment after its last change.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, sleep_until};

use super::answers::Answers;
use crate::app::Message;
use crate::report::Report;

/// After the last change; a newer one begins it anew.
const DELAY: Duration = Duration::from_secs(2);

/// The file a design belongs to, and what is to be kept of it.
type Kept = (Option<PathBuf>, Option<String>);

/// Where it is kept: the store, or a test.
type Store = fn(Option<&Path>, Option<&str>) -> Result<(), Report>;

#[derive(Debug)]
pub(super) struct Autosaver {
    /// Unbounded, since the window must not wait; what comes is one text per finished gesture.
    changes: Option<mpsc::UnboundedSender<Kept>>,
    task: JoinHandle<()>,
}

impl Autosaver {
    pub fn new(runtime: &Runtime, answers: Answers, store: Store) -> Self {
        let (changes, received) = mpsc::unbounded_channel();
        Self {
            changes: Some(changes),
            task: runtime.spawn(keep_all(received, answers, store)),
        }
    }

    pub fn keep(&self, path: Option<PathBuf>, text: Option<String>) {
        if let Some(changes) = &self.changes {
            // The other end goes only when this one does.
            let _ = changes.send((path, text));
        }
    }

    /// Writes at once what is still waiting.
    pub async fn end(&mut self) {
        self.changes = None;
        let _ = (&mut self.task).await;
    }
}

/// One task for all, so that a text is never written after it was forgotten.
async fn keep_all(mut changes: mpsc::UnboundedReceiver<Kept>, answers: Answers, store: Store) {
    let mut waiting: BTreeMap<Option<PathBuf>, String> = BTreeMap::new();
    let mut due = Instant::now();
    let mut last_problem = None;
    let mut has_ended = false;
    while !has_ended {
        let mut now: Vec<Kept> = Vec::new();
        tokio::select! {
            change = changes.recv() => match change {
                Some((path, Some(text))) => {
                    waiting.insert(path, text);
                    due = Instant::now() + DELAY;
                }
                Some((path, None)) => {
                    waiting.remove(&path);
                    now.push((path, None));
                }
                None => has_ended = true,
            },
            () = sleep_until(due), if !waiting.is_empty() => {}
        }
        if has_ended || Instant::now() >= due {
            let texts = std::mem::take(&mut waiting).into_iter();
            now.extend(texts.map(|(path, text)| (path, Some(text))));
        }
        for (path, text) in now {
            let problem = keep(path, text, store).await.err();
            // The same problem every few seconds would only be in the way.
            if let Some(report) = problem.clone().filter(|_| problem != last_problem) {
                answers.send(Message::Failed(report)).await;
            }
            last_problem = problem;
        }
    }
}

async fn keep(path: Option<PathBuf>, text: Option<String>, store: Store) -> Result<(), Report> {
    let work = move || store(path.as_deref(), text.as_deref());
    match spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(Report::of("The unsaved design could not be kept", &error)),
    }
}
