//! How far a standby is behind, in bytes and in time, and right on an idle primary: nothing missing is not lag.

use std::time::Duration;

use super::view::{View, behind};
use super::wal::is_paused;
use crate::model::health::Observed;
use crate::model::topology::{Server, Topology};

/// What a standby has not applied yet of what its upstream has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lag {
    pub bytes: u64,
    /// `None`: nobody can tell; never that there is none.
    pub time: Option<Duration>,
}

/// The lag of a standby behind the server that it streams from, or, while it does not stream, behind the primary. `None`: it
/// is not a standby, or not to be told. The row that the upstream shows may be 10 s old, so the standby's own word counts as well.
pub fn lag(topology: &Topology, observed: &Observed, server: &Server) -> Option<Lag> {
    let view = View::of(topology, observed);
    let up = view.standby(server)?;
    let upstream = observed
        .upstream(topology, up)
        .or_else(|| view.only_primary().map(|(primary, _)| primary))?;
    let row = view.row(upstream, server);
    let reported = row.and_then(|row| row.replayed);
    let have = view.up(upstream)?.positions.have();
    let bytes = behind(have, reported.max(up.positions.replayed))?;
    if bytes == 0 {
        let time = Some(Duration::ZERO);
        return Some(Lag { bytes, time });
    }
    // While replay stands still, the row keeps its last value.
    let since_commit = || Some(up.clock?.since(up.committed?));
    let told = row.and_then(|row| row.replay_lag);
    let time = match row {
        Some(_) if !is_paused(up) => told,
        _ => since_commit().or(told),
    };
    Some(Lag { bytes, time })
}
