//! Waiting: never without a deadline, and always with an ear for cancel.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::report::Report;

/// The longest pause between two looks at something that tells nobody when it changes.
pub const POLL: Duration = Duration::from_millis(15);
/// The shortest.
const SHORTEST: Duration = Duration::from_millis(1);
/// A pause is this part of the time that was waited already: what is soon is seen soon, and what is not costs nothing.
const PART: u32 = 8;

/// Why work ended early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    Cancelled,
    Failed(Report),
}

impl From<Report> for Failure {
    fn from(report: Report) -> Self {
        Self::Failed(report)
    }
}

impl Failure {
    /// For callers to whom a cancel is one more sentence.
    pub fn into_report(self) -> Report {
        match self {
            Self::Cancelled => Report::new("Cancelled."),
            Self::Failed(report) => report,
        }
    }
}

/// How long, and until who says otherwise.
#[derive(Clone, Debug)]
pub struct Wait {
    pub deadline: Instant,
    pub cancel: CancellationToken,
    begun: Instant,
}

impl Wait {
    pub fn new(at_most: Duration, cancel: CancellationToken) -> Self {
        Self {
            deadline: Instant::now() + at_most,
            cancel,
            begun: Instant::now(),
        }
    }

    /// The same ear, at most so long.
    pub fn at_most(&self, time: Duration) -> Self {
        Self {
            deadline: self.deadline.min(Instant::now() + time),
            cancel: self.cancel.clone(),
            begun: Instant::now(),
        }
    }

    /// Until the next look. `Ok(false)`: the deadline has passed, there is no next look.
    pub async fn next(&self) -> Result<bool, Failure> {
        if self.cancel.is_cancelled() {
            return Err(Failure::Cancelled);
        }
        let now = Instant::now();
        if now >= self.deadline {
            return Ok(false);
        }
        self.hear(tokio::time::sleep(pause(now - self.begun))).await?;
        Ok(true)
    }

    /// Something that ends by itself, unless cancelled.
    pub async fn hear<T>(&self, work: impl Future<Output = T>) -> Result<T, Failure> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Failure::Cancelled),
            done = work => Ok(done),
        }
    }
}

/// How long to rest before the next look, after so long.
fn pause(waited: Duration) -> Duration {
    (waited / PART).clamp(SHORTEST, POLL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_soon_is_seen_soon_and_what_is_not_costs_little() {
        let (mut waited, mut looks) = (Duration::ZERO, 0);
        while waited < Duration::from_millis(20) {
            let pause = pause(waited);
            assert!(pause < Duration::from_millis(3), "after {waited:?}: {pause:?}");
            waited += pause;
        }
        while waited < Duration::from_secs(10) {
            waited += pause(waited);
            looks += 1;
        }
        assert!(looks < 700, "{looks} looks in ten seconds");
    }
}
