//! What the rows of the transitions do to the world.

use std::sync::Arc;

use super::flow::Flow;
use super::{LastMoment, Life, Loss, Lost, Position, Slot, World};
use crate::model::simulate::Configured;
use crate::model::topology::ServerId;

impl World {
    /// The server ends, and the connections to it; a pause does not outlive that.
    pub(super) fn end(&mut self, place: usize, life: Life) {
        let state = self.at_mut(place);
        state.life = life;
        state.resume();
        self.forget_ended(place);
        self.disconnect(place);
    }

    /// Anyone who is connected to the server loses its connection: who can asks again, and is heard if the server is there.
    fn disconnect(&mut self, upstream: usize) {
        let id = self.id_at(upstream);
        let unaware: Vec<bool> = (0..self.servers.len())
            .map(|place| self.believes(place))
            .collect();
        for (state, unaware) in self.servers.iter_mut().zip(unaware) {
            if state.upstream == Some(id) && state.flow.is_connected() && !unaware {
                state.flow = Flow::UpstreamDown;
                state.turn();
            }
        }
    }

    pub(super) fn pause(&mut self, place: usize) {
        let at_once = self.topology().postgres().pauses_at_once();
        self.at_mut(place).pause(at_once);
    }

    /// Commits of the last moment are on their way when the primary dies: those that had to confirm them have them.
    pub(super) fn crash_primary(&mut self, place: usize) {
        if self.has_clients {
            let is_acknowledged = self.is_acknowledged_at(place);
            let confirming = self.confirming(place);
            let moments: Vec<(usize, LastMoment)> = self
                .live_downstreams(place)
                .map(|standby| (standby, confirming.last_moment_of(self.id_at(standby))))
                .collect();
            self.write_at(place);
            let after = self.at(place).position;
            if is_acknowledged {
                self.wal.acknowledge(after.line);
                for (standby, last) in moments {
                    let state = self.at_mut(standby);
                    match last {
                        LastMoment::Has => state.receive(after),
                        last => state.position.last = last,
                    }
                }
            }
            // And what was on its own disk, sent to nobody, confirmed to nobody.
            self.write_at(place);
        }
        self.end(place, Life::Crashed);
    }

    /// Anyone who is connected gets everything, the shutdown checkpoint too.
    pub(super) fn stop_primary(&mut self, place: usize) {
        self.write_at(place);
        if self.is_acknowledged_at(place) {
            let line = self.at(place).position.line;
            self.wal.acknowledge(line);
        }
        let after = self.at(place).position;
        let live: Vec<usize> = self.live_downstreams(place).collect();
        for standby in live {
            self.at_mut(standby).receive(after);
        }
        self.end(place, Life::Stopped);
    }

    /// A primary starts again and writes at once: the checkpoint that ends its recovery.
    pub(super) fn begin_again(&mut self, place: usize) {
        self.at_mut(place).life = Life::Up;
        self.write_at(place);
        self.read_configuration(place);
    }

    pub(super) fn promote(&mut self, place: usize) {
        let server = self.id_at(place);
        let lost = Lost {
            incident: self.incidents.len(),
            promoted: server,
            loss: self.loss_of(server),
        };
        if lost.loss != Loss::Nothing {
            self.losses.push(lost);
        }
        self.forget_receiver(place);
        let from = self.at(place).position;
        let timeline = self.next_timeline(from);
        let position = self.wal.fork(from, timeline, self.incidents.len());
        self.archive_history(position.line, from.batch);
        let state = self.at_mut(place);
        state.resume();
        state.upstream = None;
        state.position = position;
        self.read_configuration(place);
    }

    /// From 13 on by a reload: the connection ends and another is asked for, by the process that replays. Before, by a
    /// restart, which ends a pause and the connections of those below.
    pub(super) fn repoint(&mut self, place: usize, upstream: usize) {
        let upstream = self.id_at(upstream);
        let by_reload = self.topology().postgres().reloads_upstream();
        let state = self.at_mut(place);
        let is_restarted = state.is_up() && !by_reload;
        if by_reload && state.is_halted && state.flow.is_connected() {
            state.next_upstream = (state.upstream != Some(upstream)).then_some(upstream);
            return;
        }
        state.upstream = Some(upstream);
        if is_restarted {
            state.resume();
            self.disconnect(place);
        }
        self.forget_receiver(place);
    }

    pub(super) fn make_slot(&mut self, standby: usize, upstream: usize) {
        let standby = self.id_at(standby);
        self.at_mut(upstream).slots.insert(standby, Slot::Unused);
    }

    /// With pg_rewind it keeps the slots that it has (tried on 15); a copy has none.
    pub(super) fn rebuild(&mut self, place: usize, upstream: usize) {
        let has_data = !matches!(
            self.at(place).flow,
            Flow::WalGone | Flow::SlotLost | Flow::CannotFollow
        );
        let server = self.topology().server(self.id_at(place));
        let keeps_slots = has_data && server.is_some_and(|server| self.topology().is_rewindable(server));
        let (id, position) = (self.id_at(upstream), self.at(upstream).position);
        let state = self.at_mut(place);
        state.life = Life::Up;
        state.resume();
        state.upstream = Some(id);
        state.position = position;
        if !keeps_slots {
            state.slots.clear();
        }
        self.forget_receiver(place);
    }

    pub(super) fn let_in(&mut self, standby: usize, upstream: usize) {
        let way = (self.id_at(standby), self.id_at(upstream));
        self.let_in.insert(way);
    }

    /// More than the slots of those that are away may hold: their servers give them up at the next checkpoint.
    pub(super) fn outgrow_slots(&mut self) {
        for place in 0..self.servers.len() {
            let (id, newest) = (self.id_at(place), self.at(place).position.batch);
            let limits = self.facts.servers[place].limits_slots;
            if !limits || !matches!(self.at(place).flow, Flow::Leads | Flow::Streams) {
                continue;
            }
            let away: Vec<ServerId> = self.at(place).slots.keys().copied().collect();
            for standby in away {
                let streams = self.state(standby).is_some_and(|state| {
                    state.upstream == Some(id) && state.flow.is_connected() && state.flow != Flow::Silent
                });
                if let Some(slot) = self.at_mut(place).slots.get_mut(&standby)
                    && !streams
                    && matches!(slot, Slot::Holds(batch) if *batch <= newest)
                {
                    *slot = Slot::Lost;
                }
            }
        }
        self.write_much();
    }

    /// More than is kept without a slot; what is finished goes to the archive.
    pub(super) fn write_much(&mut self) {
        self.write_everywhere();
        // Who is connected has it before it is removed.
        for place in 0..self.servers.len() {
            if self.at(place).leads() {
                self.spread(place);
            }
        }
        self.finish_segments();
        self.recycle();
    }

    /// What a server reads about commits when it becomes a primary. A list that it refuses would have kept it from
    /// starting, so there is an answer.
    fn read_configuration(&mut self, place: usize) {
        let server = &self.topology().servers()[place];
        let configured = Configured::of(self.topology(), server).ok();
        self.at_mut(place).configured = configured.map(Arc::new);
    }

    /// Standbys that are connected directly and up to date.
    fn live_downstreams(&self, primary: usize) -> impl Iterator<Item = usize> {
        let id = self.id_at(primary);
        (0..self.servers.len()).filter(move |place| {
            let state = self.at(*place);
            state.upstream == Some(id) && state.flow == Flow::Streams
        })
    }

    /// Everyone who streams from the server, directly or through relays, has what it has.
    fn spread(&mut self, from: usize) {
        let mut next = vec![from];
        while let Some(place) = next.pop() {
            let position = self.at(place).position;
            let live: Vec<usize> = self.live_downstreams(place).collect();
            for standby in live {
                self.at_mut(standby).receive(position);
                next.push(standby);
            }
        }
    }

    /// One more than its own; with an archive, one more than any whose history it finds there.
    fn next_timeline(&self, from: Position) -> u32 {
        let in_archive = self.archive.holds.iter();
        let known = in_archive.filter_map(|(line, _)| self.wal.line(*line).map(|line| line.timeline));
        known.chain([self.wal.timeline(from)]).max().unwrap_or(1) + 1
    }
}
