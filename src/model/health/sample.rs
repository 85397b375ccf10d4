//! An observation of nothing in particular, for tests that change one thing of it.

use super::{Positions, Receiving, Role, State, Up};

pub fn up(role: Role) -> State {
    State::Up(Box::new(said(role)))
}

/// A server that says as little as a server can.
pub fn said(role: Role) -> Up {
    Up {
        role,
        version: "15.18".to_owned(),
        started: None,
        clock: None,
        timeline: None,
        system_identifier: None,
        positions: Positions::default(),
        receiving: Receiving::Nothing,
        replay: None,
        committed: None,
        senders: Some(Vec::new()),
        slots: None,
        archiver: None,
        waiting: None,
        settings: None,
    }
}
