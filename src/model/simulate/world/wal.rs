//! Which WAL a server has: lines of WAL that fork at promotions, and positions on them.
//!
//! WAL is counted in batches, not in bytes: a batch is what clients write between two incidents. That is enough to
//! say who has everything, who may lack the last moment, and who has gone another way.

use crate::model::topology::ServerId;

/// A place in [`Wal`]; two lines may have the same timeline number, when two servers were promoted apart.
pub type LineId = usize;

/// What was written under one timeline number by one primary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The timeline's number, as pg_control and the names of the segments have it.
    pub timeline: u32,
    /// From which line, and behind which batch of it, this one goes on.
    pub parent: Option<(LineId, u64)>,
    /// The number of the incident (from 1) that began it; 0 for the first.
    pub since: usize,
    /// The last batch that was written.
    pub end: u64,
    /// The last batch of which clients were told that it is committed.
    pub acknowledged: u64,
}

/// How far a server has the WAL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub line: LineId,
    pub batch: u64,
    /// What is known of the moment in which the primary crashed.
    pub last: LastMoment,
}

/// Commits that were on their way when the primary crashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastMoment {
    /// It has them, or there were none.
    Has,
    /// It may lack them: no acknowledged commit had waited for it.
    MayLack,
    /// Some of several servers have them, and it is not known which: this server has what `member` of them had. Each
    /// commit was confirmed by `needed` of these `of` servers.
    OneOf {
        member: ServerId,
        needed: usize,
        of: usize,
    },
}

/// Every line of WAL that the cluster has written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wal {
    lines: Vec<Line>,
}

impl Default for Wal {
    /// Timeline 1, with nothing on it.
    fn default() -> Self {
        let first = Line {
            timeline: 1,
            parent: None,
            since: 0,
            end: 0,
            acknowledged: 0,
        };
        Self { lines: vec![first] }
    }
}

impl Wal {
    /// Where every server begins.
    pub fn start() -> Position {
        Position {
            line: 0,
            batch: 0,
            last: LastMoment::Has,
        }
    }

    pub fn line(&self, id: LineId) -> Option<&Line> {
        self.lines.get(id)
    }

    pub fn timeline(&self, position: Position) -> u32 {
        self.line(position.line).map_or(1, |line| line.timeline)
    }

    /// One more batch on the line; where it ends.
    pub fn write(&mut self, id: LineId) -> Position {
        let mut batch = 0;
        if let Some(line) = self.lines.get_mut(id) {
            line.end += 1;
            batch = line.end;
        }
        Position {
            line: id,
            batch,
            last: LastMoment::Has,
        }
    }

    /// Clients were told that all of the line is committed.
    pub fn acknowledge(&mut self, id: LineId) {
        if let Some(line) = self.lines.get_mut(id) {
            line.acknowledged = line.end;
        }
    }

    /// A promotion: a line of its own from here on.
    pub fn fork(&mut self, from: Position, timeline: u32, since: usize) -> Position {
        let line = Line {
            timeline,
            parent: Some((from.line, from.batch)),
            since,
            end: from.batch,
            acknowledged: from.batch,
        };
        self.lines.push(line);
        // The record that ends the recovery.
        self.write(self.lines.len() - 1)
    }

    /// The last batch of line `other` that a server on line `to` shares: `None` if `other` is not part of its past.
    pub fn shared(&self, to: LineId, other: LineId) -> Option<u64> {
        let (mut line, mut limit) = (to, u64::MAX);
        while line != other {
            let (parent, fork) = self.line(line)?.parent?;
            limit = limit.min(fork);
            line = parent;
        }
        Some(limit)
    }

    /// The incident that began the way from line `other` to line `to`.
    pub fn parted_since(&self, to: LineId, other: LineId) -> Option<usize> {
        let (mut line, mut since) = (to, None);
        while line != other {
            let found = self.line(line)?;
            since = Some(found.since);
            line = found.parent?.0;
        }
        since
    }

    /// True if a server at `position` can go on along the line: it has nothing that the line does not have.
    pub fn leads_to(&self, position: Position, line: LineId) -> bool {
        self.shared(line, position.line)
            .is_some_and(|limit| position.batch <= limit)
    }
}
