//! What would be missing on a server, were it to become the primary.

use std::collections::BTreeMap;

use super::{LastMoment, LineId, Loss, Position, World};
use crate::model::topology::ServerId;

impl World {
    /// Compared with the line that clients were told about last: that of the newest primary, running or not.
    pub fn loss_of(&self, server: ServerId) -> Loss {
        self.loss_beside(server, &mut BTreeMap::new())
    }

    /// The same of many servers, in their order: those that may have the same commits are counted once.
    pub fn losses_of(&self, servers: impl IntoIterator<Item = ServerId>) -> Vec<(ServerId, Loss)> {
        let mut counted = BTreeMap::new();
        servers
            .into_iter()
            .map(|server| (server, self.loss_beside(server, &mut counted)))
            .collect()
    }

    /// `counted`: of each position how many there are in [`World::one_of_each`].
    fn loss_beside(&self, server: ServerId, counted: &mut BTreeMap<(LineId, u64), usize>) -> Loss {
        let (Some(place), Some(line)) = (self.facts.place(server), self.line_of_clients()) else {
            return Loss::Nothing;
        };
        let state = self.at(place);
        let Some(shared) = self.wal.shared(line, state.position.line) else {
            return Loss::OtherHistory;
        };
        let acknowledged = self.wal.line(line).map_or(0, |line| line.acknowledged);
        let missing = acknowledged.saturating_sub(state.position.batch.min(shared));
        // What is known of the last moment is known of the line on which it was.
        let last = Some(state.position.last).filter(|_| state.position.line == line);
        match (missing, last) {
            (0, _) => Loss::Nothing,
            (1, Some(LastMoment::OneOf { needed, of, .. })) => {
                let at = (state.position.line, state.position.batch);
                let left = *counted
                    .entry(at)
                    .or_insert_with(|| self.one_of_each(server).len());
                if left > of - needed {
                    Loss::NothingIfFarthest
                } else {
                    Loss::TooFewLeft
                }
            }
            (1, Some(LastMoment::MayLack)) => Loss::LastMoment,
            _ => {
                // It was cut off, or it stayed on a timeline that the clients have left.
                let parted = self.wal.parted_since(line, state.position.line);
                let since = state.behind_since.into_iter().chain(parted).min();
                since.map_or(Loss::LastMoment, Loss::Since)
            }
        }
    }

    /// Of the servers of which some have the commits of the last moment, as this one may: those that run, or for one
    /// that does not, another that runs and has what it had.
    pub fn one_of_each(&self, server: ServerId) -> Vec<ServerId> {
        let Some(Position { line, batch, .. }) = self.state(server).map(|state| state.position) else {
            return Vec::new();
        };
        let mut found = BTreeMap::new();
        for (other, state) in self.servers().filter(|(_, state)| state.is_up()) {
            if let LastMoment::OneOf { member, .. } = state.position.last
                && (state.position.line, state.position.batch) == (line, batch)
                && (member == other.id() || !found.contains_key(&member))
            {
                found.insert(member, other.id());
            }
        }
        found.into_values().collect()
    }

    /// The line on which clients write, or wrote last: the newest that a primary has.
    fn line_of_clients(&self) -> Option<LineId> {
        let primaries = self.servers.iter().filter(|state| state.upstream.is_none());
        primaries.map(|state| state.position.line).max()
    }
}
