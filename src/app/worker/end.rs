//! The end of the worker: what must come to its end before the program does, and how long each may take.

use std::time::Duration;

use tokio::time::timeout;

use super::Worker;

/// Closing the window: how long a start, stop or teardown may take to come to its end.
const TASKS_DEADLINE: Duration = Duration::from_secs(30);

/// After that: how long they have once they are told to give up.
const GIVE_UP_DEADLINE: Duration = Duration::from_secs(3);

/// Closing the window: how long the last autosave may take.
const AUTOSAVE_DEADLINE: Duration = Duration::from_secs(3);

/// Closing the window: how long threads that no longer matter are waited for.
const SHUTDOWN_DEADLINE: Duration = Duration::from_millis(200);

impl Drop for Worker {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else {
            return;
        };
        self.watch = None;
        self.load = None;
        self.stop_discovery();
        // Its servers are removed, as when it is cancelled.
        if let Some(cancel) = self.proof.take() {
            cancel.cancel();
        }
        // Nobody reads messages any more: a task that waits to send one continues.
        self.messages.close();
        while self.messages.try_recv().is_ok() {}
        let deployment = self.deployment.take();
        runtime.block_on(async {
            let unwound = async {
                if let Some(deployment) = deployment {
                    deployment.end().await;
                }
            };
            let saved = timeout(AUTOSAVE_DEADLINE, self.autosaver.end());
            let done = async {
                let all = async { while self.tasks.join_next().await.is_some() {} };
                tokio::pin!(all);
                if timeout(TASKS_DEADLINE, &mut all).await.is_err() {
                    self.give_up.cancel();
                    let _ = timeout(GIVE_UP_DEADLINE, all).await;
                }
            };
            let _ = tokio::join!(unwound, saved, done);
        });
        runtime.shutdown_timeout(SHUTDOWN_DEADLINE);
    }
}
