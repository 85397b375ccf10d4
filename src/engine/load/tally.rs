//! What the clients of a load count.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::model::health::{Loaded, Second};

/// Shared by all clients.
#[derive(Clone)]
pub(super) struct Tally(Arc<Mutex<Counts>>);

struct Counts {
    began: Instant,
    last: Instant,
    longest_gap: Duration,
    rows: BTreeSet<(u32, i64)>,
    failed: u64,
    given_up: u64,
    open: u64,
    /// Since the last second was told.
    second: Second,
}

impl Tally {
    pub(super) fn begin() -> Self {
        let now = Instant::now();
        Self(Arc::new(Mutex::new(Counts {
            began: now,
            last: now,
            longest_gap: Duration::ZERO,
            rows: BTreeSet::new(),
            failed: 0,
            given_up: 0,
            open: 0,
            second: Second::default(),
        })))
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begins(&self) {
        self.counts().open += 1;
    }

    pub(super) fn ends(&self, took: Duration) {
        let mut counts = self.counts();
        counts.open = counts.open.saturating_sub(1);
        counts.second.slowest_ms = counts.second.slowest_ms.max(millis(took));
    }

    pub(super) fn acknowledged(&self, client: u32, number: i64, now: Instant) {
        let mut counts = self.counts();
        let gap = now.saturating_duration_since(counts.last);
        counts.longest_gap = counts.longest_gap.max(gap);
        counts.second.gap_ms = counts.second.gap_ms.max(millis(gap));
        counts.last = counts.last.max(now);
        counts.rows.insert((client, number));
        counts.second.acknowledged += 1;
    }

    pub(super) fn failed(&self) {
        let mut counts = self.counts();
        counts.failed += 1;
        counts.second.failed += 1;
    }

    pub(super) fn given_up(&self) {
        self.counts().given_up += 1;
    }

    /// What happened since this was asked last.
    pub(super) fn second(&self) -> Second {
        let mut counts = self.counts();
        let told = Second {
            second: counts.began.elapsed().as_secs(),
            waiting: counts.open,
            gap_ms: counts.second.gap_ms.max(millis(counts.last.elapsed())),
            ..counts.second
        };
        counts.second = Second::default();
        told
    }

    /// All of it, compared with the rows that are there.
    pub(super) fn end(&self, there: &[(u32, i64)]) -> Loaded {
        let mut counts = self.counts();
        let now = Instant::now();
        let there: BTreeSet<(u32, i64)> = there.iter().copied().collect();
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let acknowledged = count(counts.rows.len());
        let seconds = (counts.last - counts.began).as_secs_f64();
        if counts.open > 0 {
            counts.longest_gap = counts.longest_gap.max(now - counts.last);
        }
        Loaded {
            acknowledged,
            failed: counts.failed,
            waiting: counts.open + counts.given_up,
            longest_gap_ms: millis(counts.longest_gap),
            per_second: if seconds > 0.0 {
                u32::try_from(acknowledged).map_or(0.0, f64::from) / seconds
            } else {
                0.0
            },
            lost: count(counts.rows.difference(&there).count()),
            unacknowledged: count(there.difference(&counts.rows).count()),
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_gap_and_what_is_lost() {
        let tally = Tally::begin();
        let took = Duration::from_millis(3);
        let mut now = tally.counts().began;
        for (number, rest) in [(1, 10), (2, 700), (3, 20)] {
            now += Duration::from_millis(rest);
            tally.begins();
            tally.ends(took);
            tally.acknowledged(0, number, now);
        }
        tally.failed();
        let second = tally.second();
        assert_eq!((second.acknowledged, second.failed, second.waiting), (3, 1, 0));
        assert_eq!(second.gap_ms, 700);
        assert_eq!(tally.second().acknowledged, 0);
        let loaded = tally.end(&[(0, 1), (0, 3), (1, 1)]);
        assert_eq!(
            (loaded.acknowledged, loaded.lost, loaded.unacknowledged),
            (3, 1, 1)
        );
        assert_eq!((loaded.longest_gap_ms, loaded.waiting), (700, 0));
    }
}
