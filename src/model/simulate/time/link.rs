//! One standby's link to its upstream: WAL on its way down, answers on their way up.

use std::collections::VecDeque;

use super::{Micros, Speed, TICK};
use crate::model::topology::CommitLevel;

/// How far a server has the WAL, in bytes from the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Handed to its operating system.
    pub written: u64,
    /// On its disk.
    pub flushed: u64,
    /// Visible to queries there.
    pub replayed: u64,
}

impl Progress {
    /// Up to which byte it answers what a commit of this level asks.
    pub(super) fn for_level(self, level: CommitLevel) -> u64 {
        match level {
            CommitLevel::RemoteWrite => self.written,
            CommitLevel::RemoteApply => self.replayed,
            CommitLevel::Off | CommitLevel::Local | CommitLevel::On => self.flushed,
        }
    }
}

/// How far a commit has come at one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    NotSent,
    Sent,
    Written,
    Flushed,
    Replayed,
}

/// WAL from behind one byte up to another, on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packet {
    pub(super) sent: Micros,
    pub(super) arrives: Micros,
    pub(super) from: u64,
    pub(super) up_to: u64,
}

/// How far the standby was when it said so, on its way up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) sent: Micros,
    pub(super) arrives: Micros,
    pub(super) progress: Progress,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Link {
    /// The place of the server that WAL comes from; `None`: nothing flows.
    pub(super) upstream: Option<usize>,
    pub(super) sent: u64,
    pub(super) known: Progress,
    pub(super) down: VecDeque<Packet>,
    pub(super) up: VecDeque<Answer>,
    answered: Progress,
}

impl Link {
    /// A new connection goes on from what the standby has; what was on its way on the old one is gone.
    pub(super) fn connect(&mut self, upstream: Option<usize>, own: Progress) {
        *self = Self {
            upstream,
            sent: own.written,
            known: own,
            answered: own,
            ..Self::default()
        };
    }

    /// What the upstream has on its disk goes on its way, as much as fits into the network in a tick.
    pub(super) fn send(&mut self, flushed: u64, now: Micros, speed: Speed) {
        let fits = (u128::from(speed.bytes_per_second) * u128::from(TICK)).div_ceil(1_000_000);
        let up_to = flushed.min(self.sent.saturating_add(u64::try_from(fits).unwrap_or(u64::MAX)));
        if up_to > self.sent {
            self.down.push_back(Packet {
                sent: now,
                arrives: now + speed.latency,
                from: self.sent,
                up_to,
            });
            self.sent = up_to;
        }
    }

    /// How far WAL has arrived.
    pub(super) fn arrived(&mut self, now: Micros) -> Option<u64> {
        let mut last = None;
        while let Some(packet) = self.down.pop_front_if(|packet| packet.arrives <= now) {
            last = Some(packet.up_to);
        }
        last
    }

    /// The standby says how far it is, if that has changed; what arrives at the upstream is known there.
    pub(super) fn answer(&mut self, own: Progress, now: Micros, speed: Speed) {
        if own != self.answered {
            self.answered = own;
            self.up.push_back(Answer {
                sent: now,
                arrives: now + speed.latency,
                progress: own,
            });
        }
        while let Some(answer) = self.up.pop_front_if(|answer| answer.arrives <= now) {
            self.known = answer.progress;
        }
    }
}
