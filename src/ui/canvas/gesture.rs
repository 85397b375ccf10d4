//! A drag from press to release, as a small machine: facts of the pointer in, at the end at most one command out.
//!
//! It knows neither egui's input nor the graph, so each of its ways is a unit test. A press alone never gets
//! here: egui's own threshold tells a click from a drag.

use egui::{Pos2, Vec2};

use super::verdict::Verdicts;
use crate::model::document::Command;
use crate::model::topology::{Edit, ServerId};

/// Nearer to where it came from than this, in canvas units, a card has not been moved.
const HOME_RADIUS: f32 = 3.0;

#[derive(Debug, Default)]
pub enum Gesture {
    #[default]
    Idle,
    Dragging(Drag),
    /// The empty canvas was grabbed: the view moves, not the design.
    Panning,
    /// A drag that is not allowed at all: nothing moves, the reason is shown until release.
    Barred(&'static str),
}

/// A server on its way.
#[derive(Debug)]
pub struct Drag {
    pub server: ServerId,
    /// Where the card is now, on the canvas.
    pub at: Pos2,
    /// The server under the pointer.
    pub over: Option<ServerId>,
    pub verdicts: Verdicts,
    home: Pos2,
    pressed_at: Pos2,
    still_radius: f32,
    /// The pointer has once been farther away than a hand trembles.
    has_left: bool,
    /// From the pointer to the card's centre, as it was when it was grabbed.
    grab: Vec2,
}

/// One fact about the pointer. Points are on the canvas.
#[derive(Debug)]
pub enum Fact {
    Grabbed {
        server: ServerId,
        pressed_at: Pos2,
        home: Pos2,
        /// How far the pointer goes before that is more than a hand's trembling.
        still_radius: f32,
        verdicts: Verdicts,
    },
    GrabbedCanvas,
    /// The drag began while the design is locked.
    GrabbedLocked(&'static str),
    MovedTo {
        pointer: Pos2,
        over: Option<ServerId>,
    },
    /// The button was let go, over the canvas or beside it.
    Released {
        is_inside: bool,
    },
    /// Escape, or the design changed meanwhile.
    Cancelled,
}

/// What a finished gesture leaves behind.
#[derive(Debug, PartialEq)]
pub enum Ending {
    Do(Command),
    /// The card never left its place: that was a slow click.
    Click(ServerId),
    /// Nothing was done, for this reason.
    Refused(String),
}

impl Gesture {
    pub fn is_idle(&self) -> bool {
        matches!(self, Self::Idle)
    }

    pub fn drag(&self) -> Option<&Drag> {
        match self {
            Self::Dragging(drag) => Some(drag),
            Self::Idle | Self::Panning | Self::Barred(_) => None,
        }
    }

    /// Takes one fact; the gesture's end says what is to be done.
    pub fn take(&mut self, fact: Fact) -> Option<Ending> {
        match fact {
            Fact::Grabbed {
                server,
                pressed_at,
                home,
                still_radius,
                verdicts,
            } => {
                *self = Self::Dragging(Drag {
                    server,
                    at: home,
                    over: None,
                    verdicts,
                    home,
                    pressed_at,
                    still_radius,
                    has_left: false,
                    grab: home - pressed_at,
                });
            }
            Fact::GrabbedCanvas => *self = Self::Panning,
            Fact::GrabbedLocked(reason) => *self = Self::Barred(reason),
            Fact::MovedTo { pointer, over } => {
                if let Self::Dragging(drag) = self {
                    drag.has_left |= pointer.distance(drag.pressed_at) > drag.still_radius;
                    if drag.has_left {
                        drag.at = pointer + drag.grab;
                        drag.over = over;
                    }
                }
            }
            Fact::Released { is_inside } => {
                if let Self::Dragging(drag) = std::mem::take(self)
                    && is_inside
                {
                    return drag.drop_it();
                }
            }
            Fact::Cancelled => *self = Self::Idle,
        }
        None
    }
}

impl Drag {
    fn drop_it(self) -> Option<Ending> {
        if !self.has_left {
            return Some(Ending::Click(self.server));
        }
        let Some(upstream) = self.over else {
            let has_moved = self.at.distance(self.home) > HOME_RADIUS;
            let move_it = || Ending::Do(Command::Move(vec![(self.server, [self.at.x, self.at.y])]));
            return has_moved.then(move_it);
        };
        match self.verdicts.on(upstream)? {
            Ok(_) => Some(Ending::Do(Command::Edit(Edit::Attach {
                server: self.server,
                upstream,
            }))),
            Err(reason) => Some(Ending::Refused(reason.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use egui::pos2;

    use super::*;
    use crate::model::topology::{Topology, notation};

    fn seed() -> Topology {
        notation::parse("master 5432\n  slave1 15432\n    slave11 25432\n  slave2 15433\n").unwrap()
    }

    fn id(name: &str) -> ServerId {
        seed().by_name(name).unwrap().id()
    }

    /// Grabs slave1 20 to the right of its centre at (100, 100), drags it to `to` over a server, and lets go.
    fn drag(to: Pos2, over: Option<&str>, end: Fact) -> Option<Ending> {
        let mut gesture = Gesture::default();
        assert_eq!(
            gesture.take(Fact::Grabbed {
                server: id("slave1"),
                pressed_at: pos2(120.0, 100.0),
                home: pos2(100.0, 100.0),
                still_radius: 6.0,
                verdicts: Verdicts::of(&seed(), id("slave1")),
            }),
            None
        );
        assert_eq!(
            gesture.take(Fact::MovedTo {
                pointer: to,
                over: over.map(id),
            }),
            None
        );
        let ending = gesture.take(end);
        assert!(gesture.is_idle());
        ending
    }

    const INSIDE: Fact = Fact::Released { is_inside: true };

    #[test]
    fn a_drop_on_empty_canvas_moves_by_as_much_as_the_pointer_went() {
        let to = [[180.0, 150.0]];
        let moved = Command::Move(to.iter().map(|to| (id("slave1"), *to)).collect());
        assert_eq!(drag(pos2(200.0, 150.0), None, INSIDE), Some(Ending::Do(moved)));
    }

    #[test]
    fn a_drop_on_a_server_attaches() {
        let attach = Edit::Attach {
            server: id("slave1"),
            upstream: id("slave2"),
        };
        assert_eq!(
            drag(pos2(300.0, 100.0), Some("slave2"), INSIDE),
            Some(Ending::Do(Command::Edit(attach)))
        );
    }

    #[test]
    fn a_refused_drop_says_why() {
        for (target, word) in [("slave11", "loop"), ("master", "already follows")] {
            match drag(pos2(300.0, 100.0), Some(target), INSIDE) {
                Some(Ending::Refused(reason)) => assert!(reason.contains(word), "{reason}"),
                other => panic!("{target}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_wiggle_escape_and_a_drop_beside_the_canvas_do_nothing() {
        assert_eq!(
            drag(pos2(121.0, 101.0), None, INSIDE),
            Some(Ending::Click(id("slave1")))
        );
        assert_eq!(drag(pos2(300.0, 100.0), Some("slave2"), Fact::Cancelled), None);
        assert_eq!(
            drag(
                pos2(-300.0, 100.0),
                Some("slave2"),
                Fact::Released { is_inside: false }
            ),
            None
        );
    }

    #[test]
    fn a_card_brought_back_has_not_been_moved() {
        let mut gesture = Gesture::default();
        gesture.take(Fact::Grabbed {
            server: id("slave1"),
            pressed_at: pos2(0.0, 0.0),
            home: pos2(0.0, 0.0),
            still_radius: 6.0,
            verdicts: Verdicts::default(),
        });
        for x in [200.0, 1.0] {
            gesture.take(Fact::MovedTo {
                pointer: pos2(x, 0.0),
                over: None,
            });
        }
        assert_eq!(gesture.take(INSIDE), None);
    }

    #[test]
    fn after_a_cancel_the_release_means_nothing() {
        let mut gesture = Gesture::default();
        gesture.take(Fact::GrabbedLocked("locked"));
        gesture.take(Fact::Cancelled);
        assert_eq!(gesture.take(INSIDE), None);
        assert!(gesture.is_idle());
    }
}
