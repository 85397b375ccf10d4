//! What a watched cluster did in the last minutes: how far each standby was behind, and what happened.
//!
//! A server that did not answer has no lag, and leaves a gap: no line is drawn through what nobody saw.

mod event;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

pub use self::event::Event;
use self::event::Stood;
use super::glance::Glance;
use crate::engine::monitor::Snapshot;
use crate::model::health::{Lsn, Moment};

/// So far back, in seconds.
pub const SPAN: u64 = 600;

/// Events that are kept.
const EVENTS: usize = 100;

/// What follows from something is seen a reading later, and belongs to it.
const TOGETHER: Duration = Duration::from_secs(2);

/// Readings further apart, in seconds, have a hole between them: nobody looked.
const APART: u64 = 4;

/// How long the rate of a link is averaged.
const RATE_OVER: Duration = Duration::from_secs(5);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trail {
    lags: BTreeMap<String, VecDeque<Stay>>,
    /// What was sent to each standby, when; the last few seconds.
    sent: BTreeMap<String, VecDeque<(Moment, Lsn)>>,
    events: VecDeque<Event>,
    /// How each server was when it answered last.
    stood: BTreeMap<String, Stood>,
    until: u64,
}

/// A lag that stayed the same from one second to another; `None`: nobody could tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stay {
    from: u64,
    until: u64,
    bytes: Option<u64>,
}

impl Trail {
    /// Takes a reading, and adds to the glance what only several readings show.
    pub fn note(&mut self, snapshot: &Snapshot, seen: &mut Glance) {
        for (name, sent) in snapshot.sent() {
            let rate = self.rate(name, sent);
            if let Some(told) = seen.servers.get_mut(name) {
                told.rate = rate;
            }
        }
        self.take(snapshot.now, seen);
    }

    /// Takes what was seen at a moment.
    pub fn take(&mut self, now: Moment, seen: &Glance) {
        let second = now.to_since_1970().as_secs();
        for reading in &seen.board.servers {
            let lag = seen.told(&reading.name).and_then(|told| told.lag);
            let bytes = lag.filter(|_| reading.answers).map(|lag| lag.bytes);
            self.stay(&reading.name, second, bytes);
        }
        let happened = self.happened(seen);
        if !happened.is_empty() {
            self.add(now, happened);
        }
        self.until = second;
        let oldest = second.saturating_sub(SPAN);
        for stays in self.lags.values_mut() {
            while stays.front().is_some_and(|stay| stay.until < oldest) {
                stays.pop_front();
            }
        }
        self.lags.retain(|_, stays| !stays.is_empty());
    }

    fn stay(&mut self, server: &str, second: u64, bytes: Option<u64>) {
        if bytes.is_none() && !self.lags.contains_key(server) {
            return;
        }
        let stays = self.lags.entry(server.to_owned()).or_default();
        let Some(last) = stays.back_mut() else {
            stays.push_back(Stay::at(second, bytes));
            return;
        };
        if second < last.from || second > last.until + APART {
            // The clock was set, or nobody looked.
            if second < last.from {
                stays.clear();
            }
            stays.push_back(Stay::at(second, bytes));
        } else if last.bytes == bytes {
            last.until = second;
        } else if last.from == second {
            // Of one second the worst counts.
            last.bytes = last.bytes.zip(bytes).map(|(one, other)| one.max(other));
        } else {
            last.until = last.until.min(second - 1);
            stays.push_back(Stay::at(second, bytes));
        }
    }

    fn rate(&mut self, server: &str, sent: Option<(Moment, Lsn)>) -> Option<u64> {
        let Some((at, position)) = sent else {
            self.sent.remove(server);
            return None;
        };
        let known = self.sent.entry(server.to_owned()).or_default();
        // Another upstream, or another timeline, may be behind.
        if known.back().is_some_and(|(_, last)| *last > position) {
            known.clear();
        }
        if known.back().is_none_or(|(last, _)| *last < at) {
            known.push_back((at, position));
        }
        while known
            .get(1)
            .is_some_and(|(second, _)| at.since(*second) >= RATE_OVER)
        {
            known.pop_front();
        }
        let (begun, first) = known.front()?;
        let millis = u64::try_from(at.since(*begun).as_millis()).ok()?;
        if millis < 900 {
            return None;
        }
        let bytes = position.byte().saturating_sub(first.byte());
        Some(two_digits(bytes.saturating_mul(1000) / millis))
    }

    fn happened(&mut self, seen: &Glance) -> Vec<String> {
        let mut happened = Vec::new();
        for reading in &seen.board.servers {
            let now = Stood::of(seen, reading);
            match self.stood.get_mut(&reading.name) {
                None => drop(self.stood.insert(reading.name.clone(), now)),
                Some(before) => before.become_now(now, &reading.name, &mut happened),
            }
        }
        happened
    }

    fn add(&mut self, at: Moment, what: Vec<String>) {
        match self.events.back_mut() {
            Some(last) if at.since(last.at) <= TOGETHER => last.what.extend(what),
            _ => self.events.push_back(Event { at, what }),
        }
        while self.events.len() > EVENTS {
            self.events.pop_front();
        }
    }

    /// What happened, the latest first.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().rev()
    }

    /// The second of the last reading.
    pub fn until(&self) -> u64 {
        self.until
    }

    /// How far a standby was behind: stretches of seconds and bytes, without a gap in any of them. Empty: never seen.
    pub fn stretches(&self, server: &str) -> Vec<Vec<(u64, u64)>> {
        let oldest = self.until.saturating_sub(SPAN);
        let mut stretches: Vec<Vec<(u64, u64)>> = Vec::new();
        let mut goes_on = None;
        for stay in self.lags.get(server).into_iter().flatten() {
            let Some(bytes) = stay.bytes else {
                goes_on = None;
                continue;
            };
            if goes_on.is_none_or(|until| stay.from > until + APART) {
                stretches.push(Vec::new());
            }
            if let Some(stretch) = stretches.last_mut() {
                stretch.push((stay.from.max(oldest), bytes));
                if stay.until > stay.from {
                    stretch.push((stay.until, bytes));
                }
            }
            goes_on = Some(stay.until);
        }
        stretches
    }
}

impl Stay {
    const fn at(second: u64, bytes: Option<u64>) -> Self {
        Self {
            from: second,
            until: second,
            bytes,
        }
    }
}

/// A rate that hardly changes makes no new glance.
fn two_digits(number: u64) -> u64 {
    let mut unit = 1;
    while number / unit >= 100 {
        unit *= 10;
    }
    number / unit * unit
}
