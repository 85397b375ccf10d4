//! A drag from press to release, as a small machine: facts of the pointer in, at the end what was meant by it.
//!
//! It knows neither egui's input nor the graph, so each of its ways is a unit test. A press alone never gets
//! here: egui's own threshold tells a click from a drag.

use std::collections::BTreeMap;

use egui::{Pos2, Rect, Vec2};

use crate::app::dropping::{Dropped, Target, Verdicts, Zone};
use crate::model::topology::ServerId;

/// Nearer to where it came from than this, in canvas units, a card has not been moved.
const HOME_RADIUS: f32 = 3.0;

#[derive(Debug, Default)]
pub enum Gesture {
    #[default]
    Idle,
    Dragging(Box<Drag>),
    /// The empty canvas was grabbed: a band around what is to be selected.
    Banding(Band),
    /// The view moves, not the design.
    Panning,
    /// A drag that is not allowed at all: nothing moves, the reason is shown until release.
    Barred(&'static str),
}

/// Servers on their way.
#[derive(Debug)]
pub struct Drag {
    /// The card that was grabbed, or whose handle was.
    pub grabbed: ServerId,
    /// How far the cards are from home now, on the canvas.
    pub by: Vec2,
    /// The server under the pointer, and which part of its card.
    pub over: Option<(ServerId, Zone)>,
    pub verdicts: Verdicts,
    homes: BTreeMap<ServerId, Pos2>,
    pressed_at: Pos2,
    still_radius: f32,
    /// The pointer has once been farther away than a hand trembles.
    has_left: bool,
}

/// What lies between the press and the pointer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    from: Pos2,
    to: Pos2,
    /// What was selected stays selected.
    adds: bool,
    still_radius: f32,
}

/// One fact about the pointer. Points are on the canvas.
#[derive(Debug)]
pub enum Fact {
    Grabbed {
        grabbed: ServerId,
        pressed_at: Pos2,
        /// The cards that move, and where they stand.
        homes: Vec<(ServerId, Pos2)>,
        /// How far the pointer goes before that is more than a hand's trembling.
        still_radius: f32,
        verdicts: Box<Verdicts>,
    },
    GrabbedCanvas {
        at: Pos2,
        adds: bool,
        still_radius: f32,
    },
    GrabbedView,
    /// The drag began while the design is locked.
    GrabbedLocked(&'static str),
    MovedTo {
        pointer: Pos2,
        over: Option<(ServerId, Zone)>,
    },
    /// The button was let go, over the canvas or beside it.
    Released {
        is_inside: bool,
        /// A refused drop is to be done with its fix.
        wants_fix: bool,
    },
    /// Escape, or the design changed meanwhile.
    Cancelled,
}

/// What a finished gesture leaves behind.
#[derive(Debug, PartialEq)]
pub enum Ending {
    /// What that does is for the mode to say.
    Dropped(Dropped),
    /// The card never left its place: that was a slow click.
    Click(ServerId),
    /// The empty canvas was clicked slowly.
    ClickBeside,
    /// What this part of the canvas touches is selected.
    Select { band: Rect, adds: bool },
}

impl Gesture {
    pub fn is_idle(&self) -> bool {
        matches!(self, Self::Idle)
    }

    pub fn drag(&self) -> Option<&Drag> {
        match self {
            Self::Dragging(drag) => Some(drag),
            Self::Idle | Self::Banding(_) | Self::Panning | Self::Barred(_) => None,
        }
    }

    pub fn band(&self) -> Option<Rect> {
        match self {
            Self::Banding(band) => Some(band.rect()),
            _ => None,
        }
    }

    /// Takes one fact; the gesture's end says what is to be done.
    pub fn take(&mut self, fact: Fact) -> Option<Ending> {
        match fact {
            Fact::Grabbed {
                grabbed,
                pressed_at,
                homes,
                still_radius,
                verdicts,
            } => {
                *self = Self::Dragging(Box::new(Drag {
                    grabbed,
                    by: Vec2::ZERO,
                    over: None,
                    verdicts: *verdicts,
                    homes: homes.into_iter().collect(),
                    pressed_at,
                    still_radius,
                    has_left: false,
                }));
            }
            Fact::GrabbedCanvas {
                at,
                adds,
                still_radius,
            } => {
                *self = Self::Banding(Band {
                    from: at,
                    to: at,
                    adds,
                    still_radius,
                });
            }
            Fact::GrabbedView => *self = Self::Panning,
            Fact::GrabbedLocked(reason) => *self = Self::Barred(reason),
            Fact::MovedTo { pointer, over } => match self {
                Self::Dragging(drag) => drag.move_to(pointer, over),
                Self::Banding(band) => band.to = pointer,
                Self::Idle | Self::Panning | Self::Barred(_) => {}
            },
            Fact::Released { is_inside, wants_fix } => {
                return match std::mem::take(self) {
                    Self::Dragging(drag) if is_inside => drag.drop_it(wants_fix),
                    Self::Banding(band) => Some(band.end()),
                    _ => None,
                };
            }
            Fact::Cancelled => *self = Self::Idle,
        }
        None
    }
}

impl Band {
    fn rect(&self) -> Rect {
        Rect::from_two_pos(self.from, self.to)
    }

    fn end(self) -> Ending {
        if self.from.distance(self.to) <= self.still_radius {
            return Ending::ClickBeside;
        }
        Ending::Select {
            band: self.rect(),
            adds: self.adds,
        }
    }
}

impl Drag {
    /// Where the dragged cards are now.
    pub fn places(&self) -> impl Iterator<Item = (ServerId, Pos2)> + '_ {
        self.homes.iter().map(|(id, home)| (*id, *home + self.by))
    }

    /// True for a card that moves with the pointer.
    pub fn carries(&self, server: ServerId) -> bool {
        self.homes.contains_key(&server)
    }

    fn move_to(&mut self, pointer: Pos2, over: Option<(ServerId, Zone)>) {
        self.has_left |= pointer.distance(self.pressed_at) > self.still_radius;
        if self.has_left {
            self.by = pointer - self.pressed_at;
            self.over = over;
        }
    }

    fn drop_it(self, wants_fix: bool) -> Option<Ending> {
        if !self.has_left {
            return Some(Ending::Click(self.grabbed));
        }
        let target = match self.over {
            Some((target, zone)) => Target::Server(target, zone),
            None if self.by.length() > HOME_RADIUS => {
                Target::Canvas(self.places().map(|(id, at)| (id, [at.x, at.y])).collect())
            }
            None => return None,
        };
        Some(Ending::Dropped(Dropped {
            servers: self.verdicts.servers().to_vec(),
            target,
            with_fix: wants_fix,
        }))
    }
}

/// What is held while dropping, so that a refused drop is done with its fix.
pub const FIX_KEY: &str = "Hold Ctrl while dropping";

#[cfg(test)]
mod tests {
    use egui::pos2;

    use super::*;
    use crate::app::Session;
    use crate::model::document::Document;
    use crate::model::topology::{Topology, notation};

    fn seed() -> Topology {
        notation::parse("master 5432\n  slave1 15432\n    slave11 25432\n  slave2 15433\n").unwrap()
    }

    fn id(name: &str) -> ServerId {
        seed().by_name(name).unwrap().id()
    }

    fn verdicts() -> Box<Verdicts> {
        let session = Session::new(Document::new(seed()), None);
        Box::new(session.verdicts(vec![id("slave1")], true))
    }

    /// Grabs slave1 20 to the right of its centre at (100, 100), drags it to `to` over a server, and lets go.
    fn drag(to: Pos2, over: Option<&str>, end: Fact) -> Option<Ending> {
        let mut gesture = Gesture::default();
        assert_eq!(
            gesture.take(Fact::Grabbed {
                grabbed: id("slave1"),
                pressed_at: pos2(120.0, 100.0),
                homes: vec![(id("slave1"), pos2(100.0, 100.0))],
                still_radius: 6.0,
                verdicts: verdicts(),
            }),
            None
        );
        assert_eq!(
            gesture.take(Fact::MovedTo {
                pointer: to,
                over: over.map(|name| (id(name), Zone::Below)),
            }),
            None
        );
        let ending = gesture.take(end);
        assert!(gesture.is_idle());
        ending
    }

    const INSIDE: Fact = Fact::Released {
        is_inside: true,
        wants_fix: false,
    };
    const WITH_FIX: Fact = Fact::Released {
        is_inside: true,
        wants_fix: true,
    };

    fn dropped(target: Target, with_fix: bool) -> Ending {
        Ending::Dropped(Dropped {
            servers: vec![id("slave1")],
            target,
            with_fix,
        })
    }

    #[test]
    fn a_drop_on_empty_canvas_is_as_far_away_as_the_pointer_went() {
        let moved = Target::Canvas(vec![(id("slave1"), [180.0, 150.0])]);
        assert_eq!(
            drag(pos2(200.0, 150.0), None, INSIDE),
            Some(dropped(moved, false))
        );
    }

    #[test]
    fn a_drop_on_a_server_says_which_and_whether_the_key_is_held() {
        let target = || Target::Server(id("slave2"), Zone::Below);
        let at = pos2(300.0, 100.0);
        assert_eq!(drag(at, Some("slave2"), INSIDE), Some(dropped(target(), false)));
        assert_eq!(drag(at, Some("slave2"), WITH_FIX), Some(dropped(target(), true)));
    }

    #[test]
    fn a_band_selects_what_it_touches_and_a_slow_click_beside_nothing() {
        let band = |to: Pos2| {
            let mut gesture = Gesture::default();
            let grabbed = Fact::GrabbedCanvas {
                at: pos2(10.0, 10.0),
                adds: true,
                still_radius: 6.0,
            };
            gesture.take(grabbed);
            gesture.take(Fact::MovedTo {
                pointer: to,
                over: None,
            });
            gesture.take(INSIDE)
        };
        let selected = Ending::Select {
            band: Rect::from_min_max(pos2(-40.0, 10.0), pos2(10.0, 90.0)),
            adds: true,
        };
        assert_eq!(band(pos2(-40.0, 90.0)), Some(selected));
        assert_eq!(band(pos2(11.0, 12.0)), Some(Ending::ClickBeside));
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
                Fact::Released {
                    is_inside: false,
                    wants_fix: false
                }
            ),
            None
        );
    }

    #[test]
    fn a_card_brought_back_has_not_been_moved() {
        let mut gesture = Gesture::default();
        gesture.take(Fact::Grabbed {
            grabbed: id("slave1"),
            pressed_at: pos2(0.0, 0.0),
            homes: vec![(id("slave1"), pos2(0.0, 0.0))],
            still_radius: 6.0,
            verdicts: verdicts(),
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
