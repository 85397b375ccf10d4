//! When a server is asked next: at its interval while it answers, more and more seldom while it does not.
//!
//! Each attempt that is given up stays in a frozen server's queue, and costs it some lines of its log when it wakes
//! (tried on 10, 15 and 18); one that refuses a login notes every attempt.

use std::time::Duration;

use tokio::time::Instant;

/// How long to leave a server alone after so many attempts in vain.
const REST: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
];

#[derive(Debug, Default)]
pub(super) struct Pace {
    in_vain: usize,
    not_before: Option<Instant>,
}

impl Pace {
    pub(super) fn may_ask(&self, now: Instant) -> bool {
        self.not_before.is_none_or(|time| now >= time)
    }

    /// It answered, or is a new process that never refused anything.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    /// It did not answer.
    pub(super) fn failed(&mut self, now: Instant) {
        let rest = REST.get(self.in_vain).or(REST.last()).copied();
        self.not_before = rest.map(|rest| now + rest);
        self.in_vain += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_does_not_answer_is_asked_more_and_more_seldom() {
        let mut pace = Pace::default();
        let mut now = Instant::now();
        assert!(pace.may_ask(now));
        for seconds in [1, 2, 5, 10, 10, 10] {
            pace.failed(now);
            assert!(!pace.may_ask(now + Duration::from_secs(seconds) - Duration::from_millis(1)));
            now += Duration::from_secs(seconds);
            assert!(pace.may_ask(now));
        }
        pace.reset();
        assert!(pace.may_ask(now));
        pace.failed(now);
        assert!(pace.may_ask(now + Duration::from_secs(1)));
    }
}
