//! What would be missing on a server, were it to become the primary.

use super::{LastMoment, Loss, World};
use crate::model::topology::ServerId;

impl World {
    /// Compared with the line that clients were told about last: that of the newest primary, running or not.
    pub fn loss_of(&self, server: ServerId) -> Loss {
        let (Some(place), Some(line)) = (self.facts.place(server), self.line_of_clients()) else {
            return Loss::Nothing;
        };
        let state = self.at(place);
        let Some(shared) = self.wal.shared(line, state.position.line) else {
            return Loss::OtherHistory;
        };
        let acknowledged = self.wal.line(line).map_or(0, |line| line.acknowledged);
        let missing = acknowledged.saturating_sub(state.position.batch.min(shared));
        match (missing, state.position.last) {
            (0, _) => Loss::Nothing,
            (1, LastMoment::OneOfQuorum) => Loss::NothingIfFarthest,
            (1, LastMoment::MayLack) => Loss::LastMoment,
            _ => {
                // It was cut off, or it stayed on a timeline that the clients have left.
                let parted = self.wal.parted_since(line, state.position.line);
                let since = state.behind_since.into_iter().chain(parted).min();
                since.map_or(Loss::LastMoment, Loss::Since)
            }
        }
    }

    /// The line on which clients write, or wrote last: the newest that a primary has.
    fn line_of_clients(&self) -> Option<super::LineId> {
        let primaries = self.servers.iter().filter(|state| state.upstream.is_none());
        primaries.map(|state| state.position.line).max()
    }
}
