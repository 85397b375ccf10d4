//! Watches the running cluster. Only the latest board counts, and only a change of what it shows wakes the window: at most
//! as often as the monitor sends news, four times a second.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::answers::Answers;
use crate::app::glance::Glance;
use crate::app::trail::Trail;
use crate::app::{ClusterMessage, Imported, Message};
use crate::engine::cluster::record;
use crate::engine::import;
use crate::engine::monitor::{self, Latest};

const EVERY: Duration = Duration::from_secs(1);

/// Ends when it is dropped.
#[derive(Debug)]
pub(super) struct Watch {
    folder: PathBuf,
    latest: watch::Receiver<Option<Glance>>,
    /// The trail of the glance that was taken last: each reading has its own.
    taken: Option<Arc<Trail>>,
    _until_dropped: DropGuard,
}

impl Watch {
    /// `trail`: what is known of it from before.
    pub fn start(runtime: &Runtime, folder: PathBuf, trail: Arc<Trail>, answers: Answers) -> Self {
        let at = folder.clone();
        Self::of(runtime, folder, trail, answers, |news, cancel| {
            monitor::watch(at, EVERY, news, cancel)
        })
    }

    /// A cluster that somebody else made; `key` is what its readings are known by.
    pub fn foreign(runtime: &Runtime, key: PathBuf, imported: Arc<Imported>, answers: Answers) -> Self {
        Self::of(runtime, key, Arc::default(), answers, |news, cancel| {
            look_at_foreign(imported, news, cancel)
        })
    }

    fn of<F: Future<Output = ()> + Send + 'static>(
        runtime: &Runtime,
        folder: PathBuf,
        trail: Arc<Trail>,
        answers: Answers,
        work: impl FnOnce(watch::Sender<Latest>, CancellationToken) -> F,
    ) -> Self {
        let cancel = CancellationToken::new();
        let (slot, latest) = watch::channel(None);
        let (news, received) = watch::channel(None);
        runtime.spawn(work(news, cancel.clone()));
        runtime.spawn(keep_latest(
            folder.clone(),
            trail,
            received,
            slot,
            cancel.clone(),
            answers,
        ));
        Self {
            folder,
            latest,
            taken: None,
            _until_dropped: cancel.drop_guard(),
        }
    }

    /// What it watches, and what happened there.
    pub fn trail(self) -> (PathBuf, Arc<Trail>) {
        let seen = self.latest.borrow().as_ref().map(|seen| Arc::clone(&seen.trail));
        (self.folder, seen.unwrap_or_default())
    }

    /// The latest glance, unless it was taken before. One that shows nothing new is taken, too, where somebody looks anyway:
    /// its trail is longer.
    pub fn latest(&mut self) -> Option<Message> {
        let seen = self.latest.borrow_and_update().clone()?;
        if self
            .taken
            .as_ref()
            .is_some_and(|taken| Arc::ptr_eq(taken, &seen.trail))
        {
            return None;
        }
        self.taken = Some(Arc::clone(&seen.trail));
        Some(Message::Cluster(ClusterMessage::Seen(
            self.folder.clone(),
            Box::new(seen),
        )))
    }
}

async fn look_at_foreign(imported: Arc<Imported>, news: watch::Sender<Latest>, cancel: CancellationToken) {
    let (source, brought) = (&imported.source, &imported.brought);
    let text = import::with_password(&source.conninfo(), &source.password);
    let topology = brought.document.topology();
    match import::points_of(&text, topology, &brought.facts, &brought.names) {
        Ok(points) => {
            let topology = Arc::new(topology.clone());
            monitor::watch_foreign(topology, points, EVERY, news, cancel).await;
        }
        Err(report) => {
            news.send_replace(Some(Err(report)));
            cancel.cancelled().await;
        }
    }
}

async fn keep_latest(
    folder: PathBuf,
    mut trail: Arc<Trail>,
    mut news: watch::Receiver<Latest>,
    slot: watch::Sender<Option<Glance>>,
    cancel: CancellationToken,
    answers: Answers,
) {
    let mut last_problem = None;
    while news.changed().await.is_ok() {
        if cancel.is_cancelled() {
            break;
        }
        let reading = news.borrow_and_update().clone();
        match reading {
            None => {}
            Some(Ok(snapshot)) => {
                last_problem = None;
                let mut seen = Glance::of(&snapshot);
                Arc::make_mut(&mut trail).note(&snapshot, &mut seen);
                seen.trail = Arc::clone(&trail);
                let is_news = slot.send_if_modified(|slot| {
                    let is_news = slot.as_ref() != Some(&seen);
                    *slot = Some(seen);
                    is_news
                });
                if is_news {
                    answers.wake();
                }
            }
            Some(Err(report)) => {
                if last_problem.as_ref() != Some(&report) {
                    // What was seen before is of the past, also if it comes again just as it was.
                    slot.send_replace(None);
                    let message = if folder.is_absolute() && matches!(record::read(&folder), Ok(None)) {
                        ClusterMessage::Gone(folder.clone())
                    } else {
                        ClusterMessage::Unseen(folder.clone(), report.clone())
                    };
                    answers.send(Message::Cluster(message)).await;
                }
                last_problem = Some(report);
            }
        }
    }
}
