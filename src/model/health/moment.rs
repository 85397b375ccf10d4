//! When something was seen, as a number: the model has no clock, but the observer has one.

use std::fmt;
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

    /// The time of day, as UTC: `00:12:03`.
    pub fn clock(self) -> String {
        let seconds = self.0.as_secs();
        let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
        format!("{hour:02}:{minute:02}:{second:02}")
    }

    /// So much earlier.
    #[must_use]
    pub fn before(self, time: Duration) -> Self {
        Self(self.0.saturating_sub(time))
    }
}

impl fmt::Display for Moment {
    /// `2026-11-29 00:12:03 UTC`: whatever the machine's own time is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAY: u64 = 86_400;
        let seconds = self.0.as_secs();
        let (mut days, mut year) = (seconds / DAY, 1970);
        let is_leap =
            |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        loop {
            let length = if is_leap(year) { 366 } else { 365 };
            if days < length {
                break;
            }
            days -= length;
            year += 1;
        }
        let february = if is_leap(year) { 29 } else { 28 };
        let mut month = 1;
        for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
            if days < length {
                break;
            }
            days -= length;
            month += 1;
        }
        let (hour, minute, second) = (seconds % DAY / 3600, seconds / 60 % 60, seconds % 60);
        write!(
            f,
            "{year:04}-{month:02}-{:02} {hour:02}:{minute:02}:{second:02} UTC",
            days + 1
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_by_the_calendar() {
        for (second, told) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_399, "2000-02-28 23:59:59 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (1_735_689_599, "2024-12-31 23:59:59 UTC"),
            (1_796_000_523, "2026-11-30 01:02:03 UTC"),
        ] {
            let moment = Moment::since_1970(Duration::from_secs(second));
            assert_eq!(moment.to_string(), told);
            assert_eq!(Some(moment.clock().as_str()), told.split(' ').nth(1));
        }
    }
}
