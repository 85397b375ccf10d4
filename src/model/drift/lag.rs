//! How far a standby is behind, in bytes and in time, as a whole and stage by stage, and right on an idle primary: nothing
//! missing is not lag.

use std::time::Duration;

use super::view::{View, behind};
use super::wal::is_paused;
use crate::model::health::{Lsn, Moment, Observed, Sender};
use crate::model::topology::{Server, Topology};

/// What a standby has not applied yet of what its upstream has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lag {
    pub bytes: u64,
    /// `None`: nobody can tell; never that there is none.
    pub time: Option<Duration>,
}

/// One stage of the WAL's way to a standby: what of its upstream's WAL has not come so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// As the columns of pg_stat_replication say it.
    pub name: &'static str,
    pub bytes: u64,
    /// `None`: nobody can tell, which of what is not sent is always so.
    pub time: Option<Duration>,
}

/// The WAL's way from the server that a standby streams from: sent, written, flushed, replayed, each with what is missing
/// there. `None`: no such row, or not to be seen.
pub fn stages(topology: &Topology, observed: &Observed, server: &Server) -> Option<[Stage; 4]> {
    let view = View::of(topology, observed);
    let (upstream, row) = shown(&view, server)?;
    // Of one moment: the row and what the upstream has are of the same reading.
    let have = view.up(upstream)?.positions.have();
    let stage = |name, here, time| {
        let bytes = behind(have, here)?;
        let time = if bytes == 0 { Some(Duration::ZERO) } else { time };
        Some(Stage { name, bytes, time })
    };
    Some([
        stage("sent", row.sent, None)?,
        stage("written", row.written, row.write_lag)?,
        stage("flushed", row.flushed, row.flush_lag)?,
        stage("replayed", row.replayed, row.replay_lag)?,
    ])
}

/// How far a standby's WAL is sent, and when its upstream said so.
pub fn sent(topology: &Topology, observed: &Observed, server: &Server) -> Option<(Moment, Lsn)> {
    let (upstream, row) = shown(&View::of(topology, observed), server)?;
    let seen = observed.get(upstream.name().as_str())?;
    Some((seen.latest.at, row.sent?))
}

/// The server that shows a standby, and its row.
fn shown<'a>(view: &View<'a>, server: &Server) -> Option<(&'a Server, &'a Sender)> {
    let told = view.standby(server);
    let told = told.and_then(|up| view.observed.upstream(view.topology, up));
    let upstream = told.or_else(|| view.drawn_upstream(server))?;
    Some((upstream, view.row(upstream, server)?))
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
