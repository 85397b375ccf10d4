//! When something was seen, as a number: the model has no clock, whoever observes has one.

use std::time::Duration;

/// A moment by the observer's clock, counted from 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Duration);

impl Moment {
    pub const fn since_1970(time: Duration) -> Self {
        Self(time)
    }

    pub const fn to_since_1970(self) -> Duration {
        self.0
    }

    /// How long ago `earlier` was; nothing if it is later.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// So much earlier.
    #[must_use]
    pub fn before(self, time: Duration) -> Self {
        Self(self.0.saturating_sub(time))
    }
}
