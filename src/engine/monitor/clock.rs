//! The observer's clock: moments since 1970 that never go back, whatever is done to the machine's time meanwhile.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::model::health::Moment;

/// Begins with the machine's time, and counts on by itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    begun: Instant,
    at: Duration,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self {
            begun: Instant::now(),
            at: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
        }
    }

    pub(super) fn now(&self) -> Moment {
        Moment::since_1970(self.at + self.begun.elapsed())
    }
}
