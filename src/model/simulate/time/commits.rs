//! The commits of a run: clients ask for them, and hear of them when enough standbys have answered.

use super::clients::{Commit, Ending, Session};
use super::link::Stage;
use super::{Micros, Run};
use crate::model::simulate::world::Life;
use crate::model::topology::{CommitLevel, ServerId};

/// After which time a client without a primary tries again.
const RETRY: Micros = 1_000_000;
/// How many commits that have ended are kept, for display.
const KEPT: usize = 256;

/// Who takes commits now, and whose answers they need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leader {
    pub(super) place: usize,
    pub(super) level: CommitLevel,
    pub(super) needed: usize,
    pub(super) waits_for: Vec<usize>,
}

impl Run {
    /// Commits that clients wait for, the oldest first.
    pub fn waiting(&self) -> impl Iterator<Item = &Commit> {
        self.waiting.iter().map(|(_, commit)| commit)
    }

    /// Commits that have ended, the last of them, the oldest first.
    pub fn ended(&self) -> impl DoubleEndedIterator<Item = &Commit> {
        self.ended.iter()
    }

    /// How many commits were acknowledged so far.
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// How many were refused, since there was no primary, or broken off.
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// How many of those that clients were told of are gone, as far as they are among the commits that are kept.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// The longest that a client has waited for an answer so far, whether it came or not.
    pub fn slowest(&self) -> Micros {
        let waiting = self.waiting().map(|commit| self.now - commit.asked).max();
        self.slowest.max(waiting.unwrap_or(0))
    }

    /// The longest time so far in which no commit was acknowledged.
    pub fn stood_still(&self) -> Micros {
        self.stood_still.max(self.now - self.acknowledged_at)
    }

    /// How many of the commits a server has applied. Of one that lacks even the oldest commit that is kept, it is an
    /// estimate by the amount of WAL.
    pub fn applied(&self, server: ServerId) -> u64 {
        let Some(place) = self.place(server) else {
            return 0;
        };
        let replayed = self.servers[place].replayed;
        let kept = || self.ended.iter().chain(self.waiting());
        let oldest = kept().min_by_key(|commit| commit.number);
        match oldest {
            None => 0,
            Some(oldest) if replayed < oldest.end => {
                (oldest.number - 1).min(replayed.saturating_mul(oldest.number) / oldest.end.max(1))
            }
            Some(_) => {
                let missing = kept().filter(|commit| commit.end > replayed).count();
                self.asked.saturating_sub(missing as u64)
            }
        }
    }

    /// How far a commit has come at a server; one that is lost is on its own primary alone.
    pub fn stage(&self, commit: &Commit, server: ServerId) -> Stage {
        let place = self.place(server);
        let Some(place) = place.filter(|_| commit.lost.is_none() || commit.on == server) else {
            return Stage::NotSent;
        };
        let own = self.servers[place];
        if own.replayed >= commit.end {
            Stage::Replayed
        } else if own.flushed >= commit.end {
            Stage::Flushed
        } else if own.written >= commit.end {
            Stage::Written
        } else if self.links[place].sent >= commit.end {
            Stage::Sent
        } else {
            Stage::NotSent
        }
    }

    /// These commits are no part of the history that goes on.
    pub(super) fn lose(&mut self, is_lost: impl Fn(&Commit) -> bool) {
        let waiting = self.waiting.iter_mut().map(|(_, commit)| commit);
        for commit in self.ended.iter_mut().chain(waiting) {
            if commit.lost.is_none() && is_lost(commit) {
                commit.lost = Some(self.now);
                self.lost += u64::from(matches!(commit.ending, Some((_, Ending::Acknowledged))));
            }
        }
    }

    pub(super) fn leader(&self, leader: ServerId) -> Option<Leader> {
        let level = self.world.configured_level(leader)?;
        let outcome = self.world.commit_on(leader, level);
        Some(Leader {
            place: self.place(leader)?,
            level,
            needed: usize::try_from(outcome.needed).unwrap_or(usize::MAX),
            waits_for: outcome
                .waits_for
                .iter()
                .filter_map(|id| self.place(*id))
                .collect(),
        })
    }

    pub(super) fn break_off(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        for (session, commit) in waiting {
            let lives = self
                .world
                .state(commit.on)
                .is_some_and(|state| state.life == Life::Up);
            if lives {
                self.waiting.push((session, commit));
            } else {
                self.failed += 1;
                self.end(session, commit, Ending::Unknown);
            }
        }
    }

    pub(super) fn clients_commit(&mut self) {
        let Some(leader) = self.leaders.first().cloned() else {
            for session in &mut self.sessions {
                if matches!(session, Session::Thinks { until } if *until <= self.now) {
                    *session = Session::Thinks {
                        until: self.now + RETRY,
                    };
                    self.failed += 1;
                }
            }
            return;
        };
        for session in 0..self.sessions.len() {
            if !matches!(self.sessions[session], Session::Thinks { until } if until <= self.now) {
                continue;
            }
            let bytes = self.random.about(self.scenario.workload.bytes).max(1);
            let own = &mut self.servers[leader.place];
            own.written += bytes;
            self.asked += 1;
            self.sessions[session] = Session::Waits;
            let commit = Commit {
                number: self.asked,
                on: self.id(leader.place),
                asked: self.now,
                level: leader.level,
                end: self.servers[leader.place].written,
                ending: None,
                lost: None,
            };
            self.waiting.push((session, commit));
        }
    }

    pub(super) fn answer_clients(&mut self) {
        let leaders = std::mem::take(&mut self.leaders);
        for leader in &leaders {
            let confirmed = self.confirmed(leader);
            let on = self.id(leader.place);
            let waiting = std::mem::take(&mut self.waiting);
            for (session, commit) in waiting {
                if commit.on == on && commit.end <= confirmed {
                    self.acknowledged += 1;
                    self.slowest = self.slowest.max(self.now - commit.asked);
                    self.stood_still = self.stood_still.max(self.now - self.acknowledged_at);
                    self.acknowledged_at = self.now;
                    self.lost += u64::from(commit.lost.is_some());
                    self.end(session, commit, Ending::Acknowledged);
                } else {
                    self.waiting.push((session, commit));
                }
            }
        }
        self.leaders = leaders;
    }

    /// Up to which byte commits on this primary have what they wait for.
    fn confirmed(&self, leader: &Leader) -> u64 {
        let own = self.servers[leader.place];
        if leader.level == CommitLevel::Off {
            return own.written;
        }
        if leader.needed == 0 {
            return own.flushed;
        }
        let mut answers: Vec<u64> = leader
            .waits_for
            .iter()
            .map(|place| self.known(*place, leader.place).for_level(leader.level))
            .collect();
        answers.sort_unstable_by(|one, other| other.cmp(one));
        // As many as are needed have confirmed this much.
        let enough = answers.get(leader.needed - 1).copied().unwrap_or(0);
        own.flushed.min(enough)
    }

    fn end(&mut self, session: usize, mut commit: Commit, ending: Ending) {
        commit.ending = Some((self.now, ending));
        let pause = self.random.about(self.scenario.workload.think);
        self.sessions[session] = Session::Thinks {
            until: self.now + pause,
        };
        self.ended.push_back(commit);
        if self.ended.len() > KEPT {
            self.ended.pop_front();
        }
    }
}
