//! The one engine: performs a plan step by step through a host, tells what happens, and undoes it if something fails.
//!
//! Starts at `run`. `host` is who performs actions, `reporter` the one place where events are numbered (and `run_log` what
//! of them is in the log), `unwind` undoes. What a plan is for, it does not know: deployments, changes, starts and
//! teardowns differ in their hosts and in what their plan's head and steps say.

mod host;
mod perform;
mod reporter;
mod run_log;
mod unwind;

use tokio_util::sync::CancellationToken;

pub(in crate::engine) use host::{Host, Work};
pub(in crate::engine) use perform::{misplaced, refuse, run, run_but};
pub(in crate::engine) use reporter::Reporter;

/// The two grades of giving up: `soft` unwinds, `hard` stops waiting and says what remains.
#[derive(Clone, Debug, Default)]
pub struct Cancel {
    pub soft: CancellationToken,
    pub hard: CancellationToken,
}

impl Cancel {
    /// The first request unwinds, the second stops waiting.
    pub fn request(&self) {
        if self.soft.is_cancelled() {
            self.hard.cancel();
        }
        self.soft.cancel();
    }
}
