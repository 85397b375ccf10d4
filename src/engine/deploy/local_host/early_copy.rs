//! Copies for the standbys, begun before what they are copies of is finished: while initdb works, which keeps one core
//! busy, while the primary's directory is being copied from a kept one, while it gets its replication role. The step that
//! copies takes over what is there by then, and makes it whole.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Mutex as TaskMutex, Semaphore, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::copy::copy_ahead;
use crate::engine::system::files::Owner;

/// The copies that were begun, by where they go. They end with it.
#[derive(Debug)]
pub(super) struct EarlyCopies {
    begun: Mutex<BTreeMap<PathBuf, Begun>>,
    /// How many copies are made at once, told again whenever there is more to copy.
    rounds: watch::Sender<usize>,
    turns: Arc<Semaphore>,
    stop: CancellationToken,
    _guard: DropGuard,
}

#[derive(Debug)]
struct Begun {
    /// Locked while files are copied.
    progress: Arc<TaskMutex<Progress>>,
    task: JoinHandle<()>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    NotYet,
    Begun,
    Failed,
    /// The step of the plan has it now, and takes it back if need be.
    Taken,
}

impl EarlyCopies {
    pub(super) fn new() -> Self {
        let stop = CancellationToken::new();
        Self {
            begun: Mutex::default(),
            rounds: watch::channel(0).0,
            turns: Arc::new(Semaphore::new(0)),
            stop: stop.clone(),
            _guard: stop.drop_guard(),
        }
    }

    /// Copies `from` to each of these, so many at once, as far as it is there by now. Where a copy was begun before, from
    /// wherever, that one goes on.
    pub(super) fn copy(&self, from: &Path, to: Vec<PathBuf>, owner: Option<Owner>, at_once: usize) {
        let before = self.rounds.send_replace(at_once);
        self.turns.add_permits(at_once.saturating_sub(before));
        let mut begun = self.begun();
        for at in to {
            begun
                .entry(at.clone())
                .or_insert_with(|| self.begin(from.to_owned(), at, owner));
        }
    }

    fn begin(&self, from: PathBuf, to: PathBuf, owner: Option<Owner>) -> Begun {
        let progress = Arc::new(TaskMutex::new(Progress::NotYet));
        let (mut rounds, turns, stop) = (
            self.rounds.subscribe(),
            Arc::clone(&self.turns),
            self.stop.clone(),
        );
        let held = Arc::clone(&progress);
        rounds.mark_changed();
        let task = tokio::spawn(async move {
            while let Some(Ok(())) = stop.run_until_cancelled(rounds.changed()).await {
                // On one core there may be none as long as initdb works.
                let Some(_turn) = stop.run_until_cancelled(turns.acquire()).await else {
                    return;
                };
                let mut progress = held.lock().await;
                if *progress == Progress::Taken {
                    return;
                }
                let (from, to, stop) = (from.clone(), to.clone(), stop.clone());
                let copied = tokio::task::spawn_blocking(move || copy_ahead(&from, &to, owner, &stop));
                // Whatever was in its way, the step that copies meets it again, and says so.
                if !matches!(copied.await, Ok(Ok(Some(_)))) {
                    *progress = Progress::Failed;
                    return;
                }
                *progress = Progress::Begun;
            }
        });
        Begun { progress, task }
    }

    /// Waits until nothing is copied there, which is the caller's affair from now on. False: nothing was, or it is of no use.
    pub(super) async fn take(&self, to: &Path) -> bool {
        let progress = self.begun().get(to).map(|begun| Arc::clone(&begun.progress));
        let Some(progress) = progress else {
            return false;
        };
        let mut progress = progress.lock().await;
        std::mem::replace(&mut *progress, Progress::Taken) == Progress::Begun
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
            if *begun.progress.lock().await != Progress::Taken {
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

    impl EarlyCopies {
        /// Waits until something was copied there, or could not be.
        async fn turn_of(&self, to: &Path) {
            let progress = Arc::clone(&self.begun()[to].progress);
            while *progress.lock().await == Progress::NotYet {
                tokio::task::yield_now().await;
            }
        }
    }

    #[tokio::test]
    async fn a_copy_is_taken_by_its_step_and_what_is_left_is_named() {
        let base = tempfile::tempdir().unwrap();
        let at = |name: &str| base.path().join(name);
        fs::create_dir(at("from")).unwrap();
        fs::write(at("full"), "").unwrap();
        let ahead = EarlyCopies::new();
        assert!(!ahead.take(&at("a")).await, "nothing was begun");
        ahead.copy(&at("from"), vec![at("full"), at("a"), at("b")], None, 1);
        for name in ["full", "a", "b"] {
            ahead.turn_of(&at(name)).await;
        }
        assert!(ahead.take(&at("a")).await);
        assert!(!ahead.take(&at("full")).await, "something else was there");
        assert_eq!(ahead.stop().await, [at("b")]);
        assert!(ahead.stop().await.is_empty());
    }

    #[tokio::test]
    async fn a_copy_goes_on_when_there_is_more_and_none_is_begun_for_a_step_that_came_first() {
        let base = tempfile::tempdir().unwrap();
        let at = |name: &str| base.path().join(name);
        let old = std::time::SystemTime::now() - std::time::Duration::from_mins(1);
        let write = |name: &str| {
            let file = fs::File::create(at(name)).unwrap();
            file.set_modified(old).unwrap();
        };
        fs::create_dir(at("from")).unwrap();
        write("from/one");
        let ahead = EarlyCopies::new();
        ahead.copy(&at("from"), vec![at("a"), at("b")], None, 0);
        assert!(!ahead.take(&at("a")).await, "it had no turn yet");
        let none = EarlyCopies::new();
        none.copy(&at("from"), vec![at("c")], None, 0);
        assert_eq!(
            none.stop().await,
            [at("c")],
            "nobody waits for a turn that never comes"
        );
        ahead.copy(&at("from"), vec![at("a"), at("b")], None, 1);
        ahead.turn_of(&at("b")).await;
        write("from/two");
        ahead.copy(&at("from"), vec![at("b")], None, 1);
        while !at("b/two").exists() {
            tokio::task::yield_now().await;
        }
        assert!(ahead.take(&at("b")).await);
        assert!(ahead.stop().await.is_empty());
        assert!(!at("a").exists());
    }
}
