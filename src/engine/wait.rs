//! Waiting: never without a deadline, and always with an ear for cancel.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::report::Report;

/// How often something is looked at that tells nobody when it changes.
pub(super) const POLL: Duration = Duration::from_millis(15);

/// Why work ended early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
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
    pub(super) fn into_report(self) -> Report {
        match self {
            Self::Cancelled => Report::new("Cancelled."),
            Self::Failed(report) => report,
        }
    }
}

/// How long, and until who says otherwise.
#[derive(Clone, Debug)]
pub(super) struct Wait {
    pub(super) deadline: Instant,
    pub(super) cancel: CancellationToken,
}

impl Wait {
    pub(super) fn new(at_most: Duration, cancel: CancellationToken) -> Self {
        Self {
            deadline: Instant::now() + at_most,
            cancel,
        }
    }

    /// The same ear, at most so long.
    pub(super) fn at_most(&self, time: Duration) -> Self {
        Self {
            deadline: self.deadline.min(Instant::now() + time),
            cancel: self.cancel.clone(),
        }
    }

    /// Until the next look. `Ok(false)`: the deadline has passed, there is no next look.
    pub(super) async fn next(&self) -> Result<bool, Failure> {
        if self.cancel.is_cancelled() {
            return Err(Failure::Cancelled);
        }
        if Instant::now() >= self.deadline {
            return Ok(false);
        }
        self.hear(tokio::time::sleep(POLL)).await?;
        Ok(true)
    }

    /// Something that ends by itself, unless cancelled.
    pub(super) async fn hear<T>(&self, work: impl Future<Output = T>) -> Result<T, Failure> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Failure::Cancelled),
            done = work => Ok(done),
        }
    }
}
