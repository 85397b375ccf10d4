//! One frame of the canvas: what came in since the last one, widget by widget, and what it means.
//!
//! `paint` and `words` hold the rest of [`Frame`]: what is shown at the end of it.

use std::sync::Arc;

use egui::{CursorIcon, DragAndDrop, Key, Modifiers, PointerButton, Pos2, Rect, Ui};
use egui_graphs::MetadataFrame;

use super::card_widget::{card_widget, id_of, send};
use super::gesture::{Ending, Fact, Gesture};
use super::server_shape::{Mood, ServerShape};
use super::verdict::Verdicts;
use super::{CanvasState, LOCKED, NEEDS_TARGET, NewStandby, menu, navigate};
use crate::app::{Message, Session, ViewMessage};
use crate::model::document::Command;
use crate::model::topology::ServerId;
use crate::ui::Outbox;
use crate::ui::commands::add_standby_under;

/// A hand is never quite still, in points. egui's own threshold takes any movement for a drag after a while.
const STILL_RADIUS: f32 = 7.0;

/// A new standby that is dragged in from the palette.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Incoming {
    None,
    BesideCards,
    Over(ServerId),
}

/// One frame of the canvas.
pub(super) struct Frame<'a> {
    pub(super) ui: &'a mut Ui,
    pub(super) session: &'a Session,
    pub(super) state: &'a mut CanvasState,
    pub(super) outbox: &'a mut Outbox,
    pub(super) canvas: Rect,
}

impl Frame<'_> {
    pub(super) fn run(mut self, background: &egui::Response) {
        self.follow_session();
        navigate::navigate(
            self.ui,
            background,
            self.canvas,
            &mut self.state.view,
            &mut self.state.wheel,
        );
        if background.clicked() {
            self.outbox.send(Message::View(ViewMessage::Select(None)));
        }
        background.context_menu(|ui| menu::of_canvas(ui, self.session, self.state, self.outbox));

        self.cards();
        self.drag(background);
        let incoming = self.palette_drag();
        self.show_gesture(incoming);
        self.paint();
        self.words_beside_pointer(incoming);
        self.overlays();
    }

    /// Takes over what changed in the session since the last frame.
    fn follow_session(&mut self) {
        let state = &mut *self.state;
        let has_tree_changed = state.projection.reconcile(self.session);
        if state.seen_revision != self.session.revision {
            state.seen_revision = self.session.revision;
            // What was judged when the drag began may no longer hold.
            state.gesture.take(Fact::Cancelled);
            state.refusal = None;
        }
        let size = self.canvas.size();
        if let Some(bounds) = state.projection.bounds()
            && (state.is_fit_asked || state.view.wants_fit(bounds, size, has_tree_changed))
        {
            state.view.fit(bounds, size);
        }
        state.is_fit_asked = false;
        if state.seen_selected != self.session.selected {
            state.seen_selected = self.session.selected;
            let rect = state.seen_selected.and_then(|id| state.projection.card_rect(id));
            if let Some(rect) = rect {
                state.view.reveal(rect, size);
            }
        }
        if let Some(factor) = state.zoom_asked.take() {
            state.view.zoom_at(factor, size / 2.0);
        }
        let centre = state.centre_asked.take();
        if let Some(rect) = centre.and_then(|id| state.projection.card_rect(id)) {
            state.view.centre(rect, size);
        }
        let selected = self.session.selected;
        state
            .projection
            .each_node(|id, node| node.set_selected(selected == Some(id)));
    }

    pub(super) fn pointer(&self) -> Option<Pos2> {
        self.ui.input(|input| input.pointer.latest_pos())
    }

    /// True if nothing lies above the canvas there.
    fn is_on_canvas(&self, at: Pos2) -> bool {
        self.canvas.contains(at)
            && self
                .ui
                .ctx()
                .layer_id_at(at)
                .is_none_or(|layer| layer == self.ui.layer_id())
    }

    /// Puts a widget upon every card that can be seen and feeds the gesture with what is dragged.
    fn cards(&mut self) {
        let escape = !self.state.gesture.is_idle()
            && self
                .ui
                .input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
        // Without a button there is no drag, whatever became of its release.
        let is_held = self
            .ui
            .input(|input| input.pointer.any_down() || input.pointer.any_released());
        if escape || !is_held {
            self.state.gesture.take(Fact::Cancelled);
        }
        if self.ui.input(|input| input.pointer.any_pressed()) {
            self.state.refusal = None;
        }
        let frame = self.state.view.on_screen(self.canvas);
        for id in self.state.projection.in_paint_order() {
            let Some(node) = self.state.projection.node(id) else {
                continue;
            };
            let rect = on_screen(&frame, ServerShape::rect_at(node.location()));
            let is_dragged = self.state.gesture.drag().is_some_and(|drag| drag.server == id);
            let has_focus = self.ui.memory(|memory| memory.has_focus(id_of(id)));
            if !rect.intersects(self.canvas) && !is_dragged && !has_focus {
                continue;
            }
            let card = Arc::clone(node.payload());
            let response = card_widget(self.ui, rect, &card, self.session, self.outbox);
            if response.gained_focus()
                && let Some(rect) = self.state.projection.card_rect(id)
            {
                self.state.view.reveal(rect, self.canvas.size());
            }
            if let Some(node) = self.state.projection.node_mut(id) {
                node.set_hovered(response.hovered());
                node.display_mut().is_focused = response.has_focus();
            }
            if response.dragged_by(PointerButton::Middle) {
                self.state.view.pan_by(response.drag_delta());
            }
            self.drag(&response);
        }
    }

    /// What the primary button drags, whichever widget egui thinks it is.
    ///
    /// On a busy machine the press and the first moves arrive in one frame, and egui looks for the widget where
    /// the pointer is by then. What counts is where it was pressed.
    fn drag(&mut self, response: &egui::Response) {
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
        let dragged = self.state.gesture.drag().map(|drag| drag.server);
        let over = self.state.projection.server_at(at, dragged);
        self.state.gesture.take(Fact::MovedTo {
            pointer: at,
            over: over.filter(|_| is_inside),
        });
        if has_stopped {
            let ending = self.state.gesture.take(Fact::Released { is_inside });
            self.end(ending);
        }
    }

    fn begin_drag(&mut self, pressed: Pos2) {
        if !self.canvas.contains(pressed) {
            return;
        }
        let pressed_at = self.state.view.at(self.canvas, pressed);
        let server = self.state.projection.server_at(pressed_at, None);
        let home = server.and_then(|id| self.state.projection.home(id));
        self.state.gesture.take(match (server, home) {
            (Some(_), Some(_)) if self.session.run.is_running() => Fact::GrabbedLocked(LOCKED),
            (Some(server), Some(home)) => Fact::Grabbed {
                server,
                pressed_at,
                home,
                still_radius: STILL_RADIUS / self.state.view.zoom(),
                verdicts: Verdicts::of(self.session.document.topology(), server),
            },
            _ => Fact::GrabbedCanvas,
        });
    }

    fn end(&mut self, ending: Option<Ending>) {
        match ending {
            Some(Ending::Do(command)) => send(self.outbox, command),
            Some(Ending::Click(server)) => self.outbox.send(Message::View(ViewMessage::Select(Some(server)))),
            Some(Ending::Refused(reason)) => self.state.refusal = Some(reason),
            None => {}
        }
        // The frame of the release still shows the card where it was dropped.
        self.ui.ctx().request_repaint();
    }

    /// A new standby from the palette: where it hovers, and what its drop does.
    fn palette_drag(&mut self) -> Incoming {
        if !DragAndDrop::has_payload_of_type::<NewStandby>(self.ui.ctx()) {
            return Incoming::None;
        }
        let Some(pointer) = self.pointer().filter(|at| self.is_on_canvas(*at)) else {
            return Incoming::None;
        };
        let at = self.state.view.at(self.canvas, pointer);
        let over = self.state.projection.server_at(at, None);
        if self.ui.input(|input| input.pointer.any_released()) {
            DragAndDrop::clear_payload(self.ui.ctx());
            match over {
                _ if self.session.run.is_running() => self.state.refusal = Some(LOCKED.to_owned()),
                Some(upstream) => send(self.outbox, Command::Edit(add_standby_under(upstream))),
                None => self.state.refusal = Some(NEEDS_TARGET.to_owned()),
            }
            return Incoming::None;
        }
        over.map_or(Incoming::BesideCards, Incoming::Over)
    }

    /// Puts the dragged card where the pointer has it, and shows on all others what a drop would do.
    fn show_gesture(&mut self, incoming: Incoming) {
        let CanvasState {
            projection, gesture, ..
        } = &mut *self.state;
        let drag = gesture.drag();
        projection.send_home();
        if let Some(drag) = drag {
            projection.place(drag.server, drag.at);
        }
        let is_locked = self.session.run.is_running();
        let hit = drag.and_then(|drag| drag.verdicts.on(drag.over?));
        match (drag, hit) {
            (Some(_), Some(Err(_))) => self.ui.ctx().set_cursor_icon(CursorIcon::NotAllowed),
            (Some(_), _) => self.ui.ctx().set_cursor_icon(CursorIcon::Grabbing),
            (None, _) => {}
        }
        projection.each_node(|id, node| {
            node.set_dragged(drag.is_some_and(|drag| drag.server == id));
            node.display_mut().mood = match (drag, incoming) {
                (Some(drag), _) => drag.verdicts.mood(id, drag.over),
                (None, Incoming::None) => Mood::Plain,
                (None, _) if is_locked => Mood::Refused { is_hit: false },
                (None, incoming) => Mood::Allowed {
                    has_consequence: false,
                    is_hit: incoming == Incoming::Over(id),
                },
            };
        });
    }
}

fn on_screen(meta: &MetadataFrame, rect: Rect) -> Rect {
    Rect::from_min_max(
        meta.canvas_to_screen_pos(rect.min),
        meta.canvas_to_screen_pos(rect.max),
    )
}
