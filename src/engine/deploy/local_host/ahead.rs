//! Copies for the standbys, begun before what they are copies of is finished: while the primary's directory is still
//! being copied from a kept one, and gets its replication role. The step that copies waits for its own, and makes it whole.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::copy::copy_ahead;
use crate::engine::files::Owner;

/// The copies that were begun, by where they go. They end with it.
#[derive(Debug)]
pub(super) struct Ahead {
    begun: Mutex<BTreeMap<PathBuf, Begun>>,
    stop: CancellationToken,
    _guard: DropGuard,
}

#[derive(Debug)]
struct Begun {
    /// Whether it came to its end, once it did.
    ended: watch::Receiver<Option<bool>>,
    task: JoinHandle<()>,
    /// A step of the plan has it now, and takes it back if need be.
    is_taken: bool,
}

impl Ahead {
    pub(super) fn new() -> Self {
        let stop = CancellationToken::new();
        Self {
            begun: Mutex::default(),
            stop: stop.clone(),
            _guard: stop.drop_guard(),
        }
    }

    /// Begins to copy `from` to each of these to which nothing is copied yet, as many at once as there are cores.
    pub(super) fn begin(&self, from: &Path, to: Vec<PathBuf>, owner: Option<Owner>) {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let turns = Arc::new(Semaphore::new(cores));
        let mut begun = self.begun();
        for target in to {
            if begun.contains_key(&target) {
                continue;
            }
            let (turns, stop) = (Arc::clone(&turns), self.stop.clone());
            let (from, at) = (from.to_owned(), target.clone());
            let (tell, ended) = watch::channel(None);
            let task = tokio::spawn(async move {
                let _turn = turns.acquire().await;
                let copied = tokio::task::spawn_blocking(move || copy_ahead(&from, &at, owner, &stop));
                // Whatever was in its way, the step that copies meets it again, and says so.
                let _ = tell.send(Some(matches!(copied.await, Ok(Ok(Some(_))))));
            });
            begun.insert(
                target,
                Begun {
                    ended,
                    task,
                    is_taken: false,
                },
            );
        }
    }

    /// Waits for the end of a copy, which is the caller's from now on. False: none was begun, or it is of no use.
    pub(super) async fn take(&self, to: &Path) -> bool {
        let ended = self.begun().get_mut(to).map(|begun| {
            begun.is_taken = true;
            begun.ended.clone()
        });
        let Some(mut ended) = ended else {
            return false;
        };
        let ended = ended.wait_for(Option::is_some).await;
        matches!(ended.as_deref(), Ok(Some(true)))
    }

    /// Stops all copies, for good; when this returns, none writes any more. Gives where those went that no step has taken.
    pub(super) async fn stop(&self) -> Vec<PathBuf> {
        let begun = std::mem::take(&mut *self.begun());
        if begun.is_empty() {
            return Vec::new();
        }
        self.stop.cancel();
        let mut left = Vec::new();
        for (to, begun) in begun {
            // Its end is all that counts.
            let _ = begun.task.await;
            if !begun.is_taken {
                left.push(to);
            }
        }
        left
    }

    fn begun(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Begun>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn a_copy_is_taken_by_its_step_and_what_is_left_is_named() {
        let base = tempfile::tempdir().unwrap();
        let at = |name: &str| base.path().join(name);
        fs::create_dir(at("from")).unwrap();
        fs::create_dir(at("full")).unwrap();
        let ahead = Ahead::new();
        assert!(!ahead.take(&at("a")).await, "nothing was begun");
        ahead.begin(&at("from"), vec![at("a"), at("b"), at("full")], None);
        assert!(ahead.take(&at("a")).await);
        assert!(!ahead.take(&at("full")).await, "something else was there");
        assert_eq!(ahead.stop().await, [at("b")]);
        assert!(ahead.stop().await.is_empty());
    }
}
