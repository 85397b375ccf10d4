//! The drags of one frame: what the primary button grabs, moves and drops, and how all cards look meanwhile.

use egui::{CursorIcon, DragAndDrop, Key, PointerButton, Pos2};

use super::card_widget::{select_by_click, send};
use super::frame::{Frame, Incoming};
use super::gesture::{Drag, Ending, FIX_KEY, Fact, Gesture};
use super::{CanvasState, NEEDS_TARGET, NewStandby, handle};
use crate::app::dropping::{Dropped, Mood, Outcome, Zone};
use crate::app::edits::add_standby_under;
use crate::app::{Message, ViewMessage};
use crate::model::document::Command;
use crate::model::topology::{Server, ServerId};

/// A hand is never quite still, in points. egui's own threshold takes any movement for a drag after a while.
const STILL_RADIUS: f32 = 7.0;
/// The upper part of a card, on which a server is dropped to take its place.
pub(super) const PLACE_SHARE: f32 = 0.36;
/// A card with two parts must be large enough to hit one of them, in points.
const LEAST_FOR_TWO_ZONES: f32 = 44.0;

impl Frame<'_> {
    /// What the primary button drags, whichever widget egui thinks it is.
    ///
    /// On a busy machine the press and the first moves arrive in one frame, and egui looks for the widget where
    /// the pointer is by then. What counts is where it was pressed.
    pub(super) fn drag(&mut self, response: &egui::Response) {
        let Some(pointer) = self.pointer() else {
            return;
        };
        let has_started = response.drag_started_by(PointerButton::Primary);
        let has_stopped = response.drag_stopped_by(PointerButton::Primary);
        if has_started && let Some(pressed) = self.ui.input(|input| input.pointer.press_origin()) {
            self.begin_drag(pressed);
            if matches!(self.state.gesture, Gesture::Panning) {
                self.state.view.pan_by(pointer - pressed);
                return;
            }
        }
        if !has_stopped && !response.dragged_by(PointerButton::Primary) {
            return;
        }
        if matches!(self.state.gesture, Gesture::Panning) {
            self.state.view.pan_by(response.drag_delta());
        }
        let is_inside = self.is_on_canvas(pointer);
        let at = self.state.view.at(self.canvas, pointer);
        let over = self.over(at).filter(|_| is_inside);
        self.state.gesture.take(Fact::MovedTo { pointer: at, over });
        if has_stopped {
            let wants_fix = self.ui.input(|input| input.modifiers.command);
            let ending = self.state.gesture.take(Fact::Released { is_inside, wants_fix });
            self.end(ending);
        }
    }

    /// The server that the dragged ones would be dropped upon, and which part of its card.
    fn over(&self, at: Pos2) -> Option<(ServerId, Zone)> {
        let CanvasState {
            projection, gesture, ..
        } = &*self.state;
        let drag = gesture.drag()?;
        let target = projection.server_at(at, |id| drag.carries(id))?;
        let rect = projection.card_rect(target)?;
        let has_two =
            drag.verdicts.can_take_place() && rect.height() * self.state.view.zoom() >= LEAST_FOR_TWO_ZONES;
        let is_above = has_two && at.y < rect.top() + rect.height() * PLACE_SHARE;
        Some((target, if is_above { Zone::Above } else { Zone::Below }))
    }

    fn begin_drag(&mut self, pressed: Pos2) {
        if !self.canvas.contains(pressed) {
            return;
        }
        let pressed_at = self.state.view.at(self.canvas, pressed);
        let fact = self.grab(pressed_at);
        self.state.gesture.take(fact);
    }

    /// What lies there: a relay's handle, a card, or the empty canvas.
    fn grab(&self, pressed_at: Pos2) -> Fact {
        let topology = self.session.desk.document.topology();
        let projection = &self.state.projection;
        let zoom = self.state.view.zoom();
        let still_radius = STILL_RADIUS / zoom;
        let is_locked = self.session.live.run.is_running();
        let edits = self.session.mode.edits_the_drawing();
        let grabbed = |grabbed: ServerId, servers: Vec<ServerId>, can_take_place| Fact::Grabbed {
            grabbed,
            pressed_at,
            homes: servers
                .iter()
                .filter_map(|id| Some((*id, projection.home(*id)?)))
                .collect(),
            still_radius,
            verdicts: Box::new(self.session.verdicts(servers, can_take_place)),
        };
        let handle = (handle::is_shown(zoom) && edits)
            .then(|| handle::handle_at(projection, pressed_at))
            .flatten();
        let server = handle.or_else(|| projection.server_at(pressed_at, |_| false));
        match (server, handle) {
            (Some(_), _) if is_locked => Fact::GrabbedLocked(self.session.locked_words()),
            (_, Some(relay)) => {
                let downstreams = topology.downstreams(relay).map(Server::id).collect();
                grabbed(relay, downstreams, false)
            }
            (Some(server), None) if edits && self.session.is_selected(server) => {
                grabbed(server, self.session.selection(), true)
            }
            (Some(server), None) => grabbed(server, vec![server], true),
            (None, None) if self.ui.input(|input| input.key_down(Key::Space)) => Fact::GrabbedView,
            (None, None) => Fact::GrabbedCanvas {
                at: pressed_at,
                adds: self
                    .ui
                    .input(|input| input.modifiers.shift || input.modifiers.command),
                still_radius,
            },
        }
    }

    fn end(&mut self, ending: Option<Ending>) {
        match ending {
            Some(Ending::Dropped(dropped)) => self.drop_servers(&dropped),
            Some(Ending::Click(server)) => self.outbox.send(select_by_click(self.ui, server)),
            Some(Ending::ClickBeside) => self.click_beside(),
            Some(Ending::Select { band, adds }) => {
                let before = if adds {
                    self.session.selection()
                } else {
                    Vec::new()
                };
                let touched = self.state.projection.touched_by(band);
                let all = before.into_iter().chain(touched).collect();
                self.outbox.send(Message::View(ViewMessage::SelectMany(all)));
            }
            None => {}
        }
        // The frame of the release still shows the card where it was dropped.
        self.ui.ctx().request_repaint();
    }

    fn drop_servers(&mut self, dropped: &Dropped) {
        match self.session.outcome(dropped) {
            Outcome::Do(message) => self.outbox.send(*message),
            Outcome::Refused { reason, fix: None } => self.state.refusal = Some(reason),
            Outcome::Refused {
                reason,
                fix: Some(fix),
            } => self.state.refusal = Some(format!("{reason} · {FIX_KEY}: {fix}")),
        }
    }

    /// A new standby from the palette: where it hovers, and what its drop does.
    pub(super) fn palette_drag(&mut self) -> Incoming {
        if !DragAndDrop::has_payload_of_type::<NewStandby>(self.ui.ctx()) {
            return Incoming::None;
        }
        let Some(pointer) = self.pointer().filter(|at| self.is_on_canvas(*at)) else {
            return Incoming::None;
        };
        let at = self.state.view.at(self.canvas, pointer);
        let over = self.state.projection.server_at(at, |_| false);
        if self.ui.input(|input| input.pointer.any_released()) {
            DragAndDrop::clear_payload(self.ui.ctx());
            match over {
                _ if self.session.is_locked() => {
                    self.state.refusal = Some(self.session.locked_words().to_owned());
                }
                Some(upstream) => send(self.outbox, Command::Edit(add_standby_under(upstream))),
                None => self.state.refusal = Some(NEEDS_TARGET.to_owned()),
            }
            return Incoming::None;
        }
        over.map_or(Incoming::BesideCards, Incoming::Over)
    }

    /// Puts the dragged cards where the pointer has them, and shows on all others what a drop would do.
    pub(super) fn show_gesture(&mut self, incoming: Incoming) {
        let CanvasState {
            projection, gesture, ..
        } = &mut *self.state;
        let drag = gesture.drag();
        projection.send_home();
        for (id, at) in drag.into_iter().flat_map(Drag::places) {
            projection.carry(id, at);
        }
        let hit = drag.and_then(|drag| {
            drag.over
                .and_then(|(target, zone)| drag.verdicts.on(target, zone))
        });
        match (drag, hit) {
            (Some(_), Some(Err(_))) => self.ui.ctx().set_cursor_icon(CursorIcon::NotAllowed),
            (Some(_), _) => self.ui.ctx().set_cursor_icon(CursorIcon::Grabbing),
            (None, _) => {}
        }
        self.state.incoming = incoming;
    }

    /// How a card looks while something is dragged.
    pub(super) fn mood(&self, id: ServerId) -> Mood {
        match (self.state.gesture.drag(), self.state.incoming) {
            (Some(drag), _) => drag.verdicts.mood(id, drag.over),
            (None, Incoming::None) => Mood::Plain,
            (None, _) if self.session.is_locked() => Mood::Refused { is_hit: false },
            (None, incoming) => Mood::Allowed {
                has_consequence: false,
                is_hit: incoming == Incoming::Over(id),
            },
        }
    }
}
