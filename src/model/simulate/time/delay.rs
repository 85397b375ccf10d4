//! A standby that applies late on purpose (recovery_min_apply_delay).

use std::collections::VecDeque;

use super::Micros;
use crate::model::topology::Server;

/// A standby applies what it has flushed this long ago.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Delay {
    micros: Micros,
    flushed: VecDeque<(Micros, u64)>,
}

impl Delay {
    /// What may be applied now: the last that was flushed this long ago.
    pub(super) fn applied(&mut self, flushed: u64, replayed: u64, now: Micros) -> u64 {
        if self.flushed.back().is_none_or(|(_, last)| *last < flushed) {
            self.flushed.push_back((now, flushed));
        }
        let mut applied = replayed;
        while let Some((_, due)) = self.flushed.pop_front_if(|(at, _)| *at + self.micros <= now) {
            applied = applied.max(due);
        }
        applied
    }
}

/// The delay that is set for a server, if one is.
pub(super) fn delay(server: &Server) -> Option<Delay> {
    let micros = server.standby()?.apply_delay()?.micros();
    (micros > 0).then(|| Delay {
        micros,
        flushed: VecDeque::new(),
    })
}
