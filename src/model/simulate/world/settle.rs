//! Between two incidents: clients write, servers notice who is there, connect or get stuck, and WAL flows.

use std::collections::BTreeSet;

use super::flow::{self, Flow};
use super::wal::{LineId, Position};
use crate::model::topology::{Archive, ServerId};

use super::{End, LastMoment, Slot, World};

impl World {
    /// Lets the world come to rest after something has happened.
    pub(super) fn settle(&mut self) {
        if self.has_clients {
            self.write_everywhere();
        }
        self.archive_segments();
        for place in 0..self.servers.len() {
            self.turn_in_need(place);
        }
        for place in self.upstreams_first() {
            self.settle_server(place);
        }
        self.settle_senders();
        for place in 0..self.servers.len() {
            if self.at(place).leads() && self.is_acknowledged_at(place) {
                let line = self.at(place).position.line;
                self.wal.acknowledge(line);
            }
        }
    }

    /// A connection that names several hosts goes to the first that answers, and stays there until it ends.
    fn turn_in_need(&mut self, place: usize) {
        let hosts = &self.facts.servers[place].hosts;
        let answers = |id: &ServerId| {
            let there = self.facts.place(*id);
            there.is_some_and(|there| self.at(there).is_up() && !self.is_cut(place, there))
        };
        let state = self.at(place);
        let holds = state
            .upstream
            .is_none_or(|upstream| !hosts.contains(&upstream) || answers(&upstream));
        if hosts.is_empty()
            || !state.is_up()
            || state.next_upstream.is_some()
            || holds
            || self.believes(place)
        {
            return;
        }
        let next = hosts.iter().find(|id| answers(id)).copied();
        if next.is_some() {
            self.at_mut(place).upstream = next;
        }
    }

    /// Each primary writes one more batch.
    pub(super) fn write_everywhere(&mut self) {
        for place in 0..self.servers.len() {
            if self.at(place).leads() {
                self.write_at(place);
            }
        }
    }

    pub(super) fn write_at(&mut self, place: usize) {
        let line = self.at(place).position.line;
        self.at_mut(place).position = self.wal.write(line);
    }

    /// Segments are finished and, if there is room, archived; of what nobody needs any more, servers keep nothing.
    pub(super) fn finish_segments(&mut self) {
        for place in 0..self.servers.len() {
            if self.at(place).leads() {
                let Position { line, batch, .. } = self.at(place).position;
                raise(&mut self.archive.finished, line, batch);
            }
        }
    }

    /// What is written is removed where no slot holds it, and a primary has archived it, if it is to.
    pub(super) fn recycle(&mut self) {
        for place in 0..self.servers.len() {
            let archived = self.archived_by(place);
            let state = self.at_mut(place);
            if matches!(state.flow, Flow::Leads | Flow::Streams) {
                let held = state.slots.values().filter_map(|slot| match slot {
                    Slot::Holds(batch) => Some(*batch),
                    Slot::Unused | Slot::Lost => None,
                });
                let kept_from = held.chain([state.position.batch]).chain(archived).min();
                state.oldest_kept = state.oldest_kept.max(kept_from.unwrap_or(0));
            }
        }
    }

    /// The batch up to which a server may remove WAL as far as the archive goes; `None`: it does not ask the archive. A
    /// standby does not, since it archives nothing (archive_mode = on): what it received counts as archived, also later,
    /// when it is promoted.
    fn archived_by(&self, place: usize) -> Option<u64> {
        let state = self.at(place);
        if !state.leads()
            || !self.archive.is_full
            || !self.topology().archive().is_some_and(Archive::takes_wal)
        {
            return None;
        }
        let line = state.position.line;
        let mut holds = self.archive.holds.iter();
        let archived = holds.find(|(known, _)| *known == line).map(|(_, batch)| *batch);
        let begun = self
            .wal
            .line(line)
            .and_then(|line| line.parent)
            .map_or(0, |(_, fork)| fork);
        Some(archived.unwrap_or(begun).max(begun))
    }

    /// A promotion is told to the archive at once, by a history file.
    pub(super) fn archive_history(&mut self, line: LineId, fork: u64) {
        raise(&mut self.archive.finished, line, fork);
    }

    fn archive_segments(&mut self) {
        let can = self.topology().archive().is_some_and(Archive::takes_wal) && !self.archive.is_full;
        if can && self.servers.iter().any(super::State::leads) {
            self.archive.holds = self.archive.finished.clone();
        }
    }

    /// Places so that everyone comes after the server that it follows.
    fn upstreams_first(&self) -> Vec<usize> {
        let mut below: Vec<Vec<usize>> = vec![Vec::new(); self.servers.len()];
        let mut order = Vec::with_capacity(self.servers.len());
        for place in 0..self.servers.len() {
            match self.upstream_of(place) {
                Some(upstream) => below[upstream].push(place),
                None => order.push(place),
            }
        }
        let mut next = 0;
        while let Some(place) = order.get(next).copied() {
            order.extend(below[place].iter().copied());
            next += 1;
        }
        order
    }

    fn settle_server(&mut self, place: usize) {
        let Some(upstream) = self.upstream_of(place) else {
            self.at_mut(place).flow = if self.at(place).is_up() {
                Flow::Leads
            } else {
                Flow::Down
            };
            self.at_mut(place).behind_since = None;
            return;
        };
        let mut found = flow::of_standby(self, place, upstream);
        let is_away = (!found.is_connected() || found == Flow::Silent) && !self.believes(place);
        if is_away && self.at(place).next_upstream.is_some() {
            // The connection that held it where it was is gone.
            let state = self.at_mut(place);
            state.flow = found;
            state.turn();
            return self.settle_server(place);
        }
        if is_away && found != Flow::Down && self.restore(place) {
            found = flow::of_standby(self, place, upstream);
        }
        let (id, above) = (self.id_at(place), self.at(upstream).position);
        let step = self.incidents.len();
        let state = self.at_mut(place);
        state.flow = found;
        match found {
            Flow::Streams => state.behind_since = None,
            _ => state.behind_since = state.behind_since.or(Some(step)),
        }
        if !matches!(found, Flow::Streams | Flow::Starves) {
            return;
        }
        let is_ahead = state.position.line == above.line && state.position.batch > above.batch;
        if !is_ahead {
            state.receive(above);
        }
        let received = state.position.batch;
        if let Some(slot) = self.at_mut(upstream).slots.get_mut(&id) {
            *slot = Slot::Holds(received);
        }
    }

    /// What a standby without an upstream finds in the archive: segments, and timelines that lead on from where it is.
    /// True if there was something.
    fn restore(&mut self, place: usize) -> bool {
        if !self.topology().archive().is_some_and(Archive::gives_wal) {
            return false;
        }
        let own = self.at(place).position;
        let stays = self.facts.servers[place].stays_on_timeline;
        let newest = self
            .archive
            .holds
            .iter()
            .copied()
            .filter(|(line, _)| *line == own.line || !stays)
            .filter(|(line, _)| self.wal.leads_to(own, *line))
            .max_by_key(|(line, _)| *line);
        let Some((line, batch)) = newest.filter(|(line, batch)| *line != own.line || *batch > own.batch)
        else {
            return false;
        };
        self.at_mut(place).position = Position {
            line,
            batch: batch.max(own.batch),
            last: LastMoment::Has,
        };
        true
    }

    /// A connection takes the lowest free place among its upstream's senders, and gives it up when it ends.
    fn settle_senders(&mut self) {
        let mut connected: Vec<Vec<usize>> = vec![Vec::new(); self.servers.len()];
        for place in 0..self.servers.len() {
            if let Some(upstream) = self.upstream_of(place)
                && self.at(place).flow.is_connected()
            {
                connected[upstream].push(place);
            }
        }
        // Also those that it does not know to be gone.
        for silence in self
            .silences
            .iter()
            .filter(|silence| silence.believes(End::Sender))
        {
            if let Some(upstream) = self.facts.place(silence.upstream) {
                connected[upstream].extend(self.facts.place(silence.standby));
            }
        }
        for (upstream, mut standbys) in connected.into_iter().enumerate() {
            standbys.sort_unstable();
            standbys.dedup();
            let ids: Vec<_> = standbys.iter().map(|place| self.id_at(*place)).collect();
            let senders = &mut self.at_mut(upstream).senders;
            for sender in senders.iter_mut() {
                *sender = sender.filter(|id| ids.binary_search(id).is_ok());
            }
            let held: BTreeSet<_> = senders.iter().flatten().copied().collect();
            let mut new = ids.into_iter().filter(|id| !held.contains(id));
            for free in senders.iter_mut().filter(|sender| sender.is_none()) {
                *free = new.next();
            }
            senders.extend(new.map(Some));
        }
    }
}

/// Sets the line's number, if it is higher than before.
fn raise(list: &mut Vec<(LineId, u64)>, line: LineId, batch: u64) {
    match list.iter_mut().find(|(known, _)| *known == line) {
        Some((_, known)) => *known = batch.max(*known),
        None => list.push((line, batch)),
    }
}
