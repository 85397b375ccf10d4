//! Keeps the unsaved design in the state folder, a moment after it was changed; and, in their order, the small things that
//! last: preferences, recent designs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, sleep_until};

use super::answers::Answers;
use crate::app::Message;
use crate::engine::desk::{preferences, progress};
use crate::engine::desk::{recent, unsaved};
use crate::model::desk::Preferences;
use crate::model::lessons::Progress;
use crate::report::Report;

/// So long a changed design waits at most, also while it goes on being changed: what a crash may cost.
const DELAY: Duration = Duration::from_secs(1);

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// The design of this file (or of none) is now this text.
    Keep(Option<PathBuf>, String),
    /// Nothing of it need be kept any more.
    Drop(Option<PathBuf>),
    /// What an earlier session left is here now, or is not wanted.
    ForgetLeft(String),
    /// At once, and in this order; it is nothing that a crash could cost.
    Prefer(Box<Preferences>),
    Learnt(Box<Progress>),
    NoteRecent(PathBuf),
    ForgetRecent(PathBuf),
}

/// Where it is kept: the engine, or a test.
#[derive(Clone, Copy, Debug)]
pub(super) struct Store {
    pub keep: fn(Option<&Path>, Option<&str>) -> Result<(), Report>,
    pub forget: fn(&str) -> Result<(), Report>,
}

impl Store {
    pub const ENGINE: Self = Self {
        keep: unsaved::keep,
        forget: unsaved::forget,
    };

    fn perform(self, change: &Change) -> Result<(), Report> {
        match change {
            Change::Keep(path, text) => (self.keep)(path.as_deref(), Some(text)),
            Change::Drop(path) => (self.keep)(path.as_deref(), None),
            Change::ForgetLeft(id) => (self.forget)(id),
            Change::Prefer(preferences) => preferences::save(preferences),
            Change::Learnt(learnt) => progress::save(learnt),
            Change::NoteRecent(path) => recent::note(path),
            Change::ForgetRecent(path) => recent::forget(path),
        }
    }
}

#[derive(Debug)]
pub(super) struct Autosaver {
    /// Unbounded, since the window must not wait; what comes is one text per finished gesture.
    changes: Option<mpsc::UnboundedSender<(Instant, Change)>>,
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

    pub fn perform(&self, change: Change) {
        if let Some(changes) = &self.changes {
            // The other end goes only when this one does.
            let _ = changes.send((Instant::now(), change));
        }
    }

    /// Writes at once what is still waiting.
    pub async fn end(&mut self) {
        self.changes = None;
        let _ = (&mut self.task).await;
    }
}

/// What is still to be written, and since when.
#[derive(Debug, Default)]
struct Waiting {
    texts: BTreeMap<Option<PathBuf>, String>,
    /// Forgotten once the texts are written: one of them may be what was recovered from it.
    left: Vec<String>,
    since: Option<Instant>,
}

impl Waiting {
    /// Takes a change in; what must not wait is given back.
    fn take_in(&mut self, at: Instant, change: Change) -> Option<Change> {
        match change {
            Change::Keep(path, text) => drop(self.texts.insert(path, text)),
            Change::ForgetLeft(id) => self.left.push(id),
            Change::Drop(path) => {
                self.texts.remove(&path);
                return Some(Change::Drop(path));
            }
            Change::Prefer(_) | Change::Learnt(_) | Change::NoteRecent(_) | Change::ForgetRecent(_) => {
                return Some(change);
            }
        }
        // The oldest counts: anyone who never stops drawing is kept all the same.
        self.since.get_or_insert(at);
        None
    }

    fn due(&self) -> Option<Instant> {
        self.since.map(|since| since + DELAY)
    }

    fn take_all(&mut self) -> impl Iterator<Item = Change> + use<> {
        let all = std::mem::take(self);
        let texts = all.texts.into_iter().map(|(path, text)| Change::Keep(path, text));
        texts.chain(all.left.into_iter().map(Change::ForgetLeft))
    }
}

/// One task for all, so that a text is never written after it was forgotten.
async fn keep_all(mut changes: mpsc::UnboundedReceiver<(Instant, Change)>, answers: Answers, store: Store) {
    let mut waiting = Waiting::default();
    let mut last_problem = None;
    let mut has_ended = false;
    while !has_ended {
        let mut now: Vec<Change> = Vec::new();
        let due = waiting.due();
        tokio::select! {
            change = changes.recv() => match change {
                Some((at, change)) => now.extend(waiting.take_in(at, change)),
                None => has_ended = true,
            },
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
        }
        if has_ended || waiting.due().is_some_and(|due| Instant::now() >= due) {
            now.extend(waiting.take_all());
        }
        for change in now {
            let problem = perform(change, store).await.err();
            // The same problem every second would only be in the way.
            if let Some(report) = problem.clone().filter(|_| problem != last_problem) {
                answers.send(Message::Failed(report)).await;
            }
            last_problem = problem;
        }
    }
}

async fn perform(change: Change, store: Store) -> Result<(), Report> {
    match spawn_blocking(move || store.perform(&change)).await {
        Ok(done) => done,
        Err(error) => Err(Report::of("The unsaved design could not be autosaved", &error)),
    }
}
