//! A finished gesture as data: these servers were dropped there. The mode says what that would do, and does it.
//!
//! [`Judge`] is what a mode answers: `design` edits the drawing, `live` tells a server that runs what to do, `what_if` one of
//! its world. What
//! is shown while the servers are on their way are [`Verdicts`], asked of the same judge that decides on the drop, so
//! that the two cannot disagree.

mod design;
mod live;
mod verdicts;
mod what_if;

use std::fmt;

use super::{Message, Mode, Session};
use crate::model::topology::{Fix, ServerId, Topology};

pub use verdicts::{Mood, Verdicts};

/// The part of a card that something is dropped upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// Take this server's place.
    Above,
    /// Follow this server.
    Below,
}

/// A finished gesture: these servers were dropped there.
#[derive(Clone, Debug, PartialEq)]
pub struct Dropped {
    pub servers: Vec<ServerId>,
    pub target: Target,
    /// What stands in the way is to be done first.
    pub with_fix: bool,
}

/// Where servers are dropped.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    Server(ServerId, Zone),
    /// Beside the cards: where each card that was carried is then, in canvas units.
    Canvas(Vec<(ServerId, [f32; 2])>),
}

/// The sentences of what else a drop would change, or the reason why it cannot be.
pub type Verdict = Result<Vec<String>, String>;

/// What comes of a drop.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Do(Box<Message>),
    /// Not possible, for this reason; with what would have to be done first, if there is such a thing.
    Refused {
        reason: String,
        fix: Option<String>,
    },
}

/// What a mode makes of servers that are dropped.
pub trait Judge: fmt::Debug {
    /// The servers as they stand in this mode.
    fn topology(&self) -> &Topology;

    /// What follows if they are dropped upon this part of the target.
    ///
    /// # Errors
    ///
    /// With the reason why they cannot be dropped there.
    fn judge(&self, target: ServerId, zone: Zone) -> Verdict;

    /// What a drop upon this part of the target would do, in a few words.
    fn title(&self, target: ServerId, zone: Zone) -> String {
        let name = self
            .topology()
            .server(target)
            .map_or("", |server| server.name().as_str());
        match zone {
            Zone::Above => format!("Take {name}'s place"),
            Zone::Below => format!("Follow {name}"),
        }
    }

    /// What can be done with servers that are on their way.
    fn hint(&self) -> &'static str;

    /// What the drop does with the key held, where that is to change the drawing and nothing else.
    fn only_drawing(&self, _: ServerId, _: Zone) -> Option<(String, Verdict)> {
        None
    }

    /// True if a part of the target's card takes the drop although its lower part does not, and that is to be seen.
    fn invites(&self, _: ServerId) -> bool {
        false
    }

    /// True if what is dropped may also take another server's place.
    fn can_take_place(&self) -> bool;

    /// The servers that come along, wherever the dropped ones go.
    fn along(&self) -> Vec<ServerId>;

    /// What would let a refused drop be done after all.
    fn fix(&self, target: ServerId, zone: Zone) -> Option<Fix>;

    /// Does it.
    fn act(&self, dropped: &Dropped) -> Outcome;
}

impl Session {
    /// What becomes of these servers wherever they are dropped.
    pub fn verdicts(&self, servers: Vec<ServerId>, can_take_place: bool) -> Verdicts {
        Verdicts::of(self.judge(&servers), servers, can_take_place)
    }

    /// What comes of the drop in the mode that the window is in.
    pub fn outcome(&self, dropped: &Dropped) -> Outcome {
        self.judge(&dropped.servers).act(dropped)
    }

    fn judge(&self, servers: &[ServerId]) -> Box<dyn Judge> {
        match &self.mode {
            Mode::Design => {
                let drawing = design::Judging::of(self.desk.document.topology(), servers);
                let running = self.running().filter(|_| self.drops_steer(servers));
                match (running, servers.first()) {
                    (Some(running), Some(server)) => Box::new(live::Judging::of(running, drawing, *server)),
                    _ => Box::new(drawing),
                }
            }
            Mode::WhatIf(what_if) => Box::new(what_if::Judging::of(what_if.world(), servers)),
        }
    }
}
