//! One frame of the canvas: what came in since the last one, widget by widget, and what it means.
//!
//! `drag` holds what is dragged; `paint` and `words` what is shown at the end of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{Key, Modifiers, PointerButton, Pos2, Rect, Ui};
use egui_graphs::MetadataFrame;

use super::card_widget::{card_widget, id_of, select_by_click};
use super::gesture::Fact;
use super::{CanvasState, fold, handle, menu, navigate};
use crate::app::Outbox;
use crate::app::{Message, Session, ViewMessage};
use crate::model::topology::ServerId;
use crate::ui::motion;

/// So many cards in view are all widgets.
const MOST_WIDGETS: usize = 250;

/// A new standby that is dragged in from the palette.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Incoming {
    #[default]
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
            // Where cards are many, the one below the pointer is a widget only from the next frame on.
            let at = background.interact_pointer_pos();
            let at = at.map(|at| self.state.view.at(self.canvas, at));
            match at.and_then(|at| self.state.projection.server_at(at, |_| false)) {
                Some(server) => self.outbox.send(select_by_click(self.ui, server)),
                None => self.click_beside(),
            }
        }
        if background.secondary_clicked() {
            let at = self.pointer().map(|at| self.state.view.at(self.canvas, at));
            self.state.menu_link = at.and_then(|at| self.state.projection.link_at(at));
        }
        background.context_menu(|ui| menu::of_canvas(ui, self.session, self.state, self.outbox));

        self.links();
        self.cards();
        self.drag(background);
        let incoming = self.palette_drag();
        self.show_gesture(incoming);
        self.paint();
        self.rename();
        self.words_beside_pointer(incoming);
        self.overlays();
    }

    /// Takes over what changed in the session since the last frame.
    fn follow_session(&mut self) {
        let state = &mut *self.state;
        let folded = self.session.looks.folding.last();
        let folded = folded.filter(|_| state.seen_folding != self.session.looks.folding.revision());
        state.seen_folding = self.session.looks.folding.revision();
        let stood = folded.and_then(|id| state.projection.home(id));
        let has_tree_changed = state.projection.reconcile(self.session);
        if let (Some(from), Some(to)) = (stood, folded.and_then(|id| state.projection.home(id))) {
            // The tidy tree closes up: what was clicked stays under the pointer.
            state.view.stay(from, to);
        }
        if state.seen_revision != self.session.desk.revision {
            state.seen_revision = self.session.desk.revision;
            // What was judged when the drag began may no longer hold.
            state.gesture.take(Fact::Cancelled);
            state.refusal = None;
        }
        let size = self.canvas.size();
        if let Some(bounds) = state.projection.bounds() {
            if state.view.wants_fit(bounds, size, has_tree_changed) {
                state.view.fit(bounds, size);
            } else if state.is_fit_asked {
                state.view.fly(|view| view.fit(bounds, size));
            }
        }
        state.is_fit_asked = false;
        if state.seen_selected != self.session.looks.selected {
            state.seen_selected = self.session.looks.selected;
            // What is selected has the keyboard, if any card has it: there is one blue frame, not two.
            let focused = self.ui.memory(egui::Memory::focused);
            let has_keyboard = focused.is_some_and(|id| state.projection.places().of_widget(id).is_some());
            if let Some(id) = state.seen_selected.filter(|_| has_keyboard) {
                self.ui.memory_mut(|memory| memory.request_focus(id_of(id)));
            }
            let rect = state.seen_selected.and_then(|id| state.projection.card_rect(id));
            if let Some(rect) = rect {
                state.view.fly(|view| view.reveal(rect, size));
            }
        }
        if let Some(factor) = state.zoom_asked.take() {
            state.view.fly(|view| view.zoom_at(factor, size / 2.0));
        }
        let centre = state.centre_asked.take();
        if let Some(rect) = centre.and_then(|id| state.projection.card_rect(id)) {
            state.view.fly(|view| view.centre(rect, size));
        }
        let seconds = self.ui.input(|input| input.stable_dt);
        let is_calm = motion::is_reduced(self.ui.ctx());
        if state.view.advance(seconds, is_calm, size) {
            self.ui.ctx().request_repaint();
        }
        state.projection.follow_selection(self.session);
    }

    /// Between the cards: upon a link it selects that one, elsewhere nothing.
    pub(super) fn click_beside(&mut self) {
        let at = self.pointer().map(|at| self.state.view.at(self.canvas, at));
        let link = at.and_then(|at| self.state.projection.link_at(at));
        let link = link.filter(|_| self.session.mode.edits_the_drawing());
        let select = link.map_or(ViewMessage::Select(None), ViewMessage::SelectLink);
        self.outbox.send(Message::View(select));
    }

    pub(super) fn pointer(&self) -> Option<Pos2> {
        self.ui.input(|input| input.pointer.latest_pos())
    }

    /// True if nothing lies above the canvas there.
    pub(super) fn is_on_canvas(&self, at: Pos2) -> bool {
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
        self.state.focused = None;
        self.state.hovered = None;
        let widgets = self.widgets();
        for id in &widgets {
            self.card(&frame, *id);
        }
        // The keys may have led to one that cannot be seen: what has the keyboard must be there.
        if let Some(id) = self.with_keyboard().filter(|id| !widgets.contains(id)) {
            self.card(&frame, id);
        }
    }

    /// The server whose card has the keyboard.
    fn with_keyboard(&self) -> Option<ServerId> {
        let widget = self.ui.memory(egui::Memory::focused)?;
        self.state.projection.places().of_widget(widget)
    }

    /// The cards that are widgets now: all that can be seen where those are few enough to be told apart, else those
    /// that something can be done to at once. The outline has every server.
    fn widgets(&self) -> Vec<ServerId> {
        let projection = &self.state.projection;
        let places = projection.places();
        let shown = places.in_view(self.state.view.part(self.canvas));
        let grabbed = self.state.gesture.drag().map(|drag| drag.grabbed);
        let mut servers: Vec<ServerId> = if shown.len() <= MOST_WIDGETS {
            shown.iter().map(|card| card.id).collect()
        } else {
            let at = |at: Pos2| projection.server_at(self.state.view.at(self.canvas, at), |_| false);
            let pointed = self.pointer().filter(|at| self.is_on_canvas(*at));
            // Until egui takes a press for a drag, the pointer may be elsewhere.
            let pressed = self.ui.input(|input| input.pointer.press_origin());
            let below = [pointed, pressed].into_iter().flatten().filter_map(at);
            self.session.looks.selected.into_iter().chain(below).collect()
        };
        servers.extend(self.with_keyboard().into_iter().chain(grabbed));
        let mut seen = BTreeSet::new();
        servers.retain(|id| seen.insert(*id));
        servers
    }

    /// Puts a widget upon a card.
    fn card(&mut self, frame: &MetadataFrame, id: ServerId) {
        let projection = &self.state.projection;
        let (Some(node), Some(rect)) = (projection.node(id), projection.card_rect(id)) else {
            return;
        };
        let rect = on_screen(frame, rect);
        let card = Arc::clone(node.payload());
        let response = card_widget(self.ui, rect, &card, self.session, self.outbox);
        if response.gained_focus()
            && let Some(rect) = self.state.projection.card_rect(id)
        {
            self.state.view.reveal(rect, self.canvas.size());
        }
        if response.hovered() {
            self.state.hovered = Some(id);
        }
        if response.has_focus() {
            self.state.focused = Some(id);
        }
        if response.dragged_by(PointerButton::Middle) || response.dragged_by(PointerButton::Secondary) {
            self.state.view.pan_by(response.drag_delta());
        }
        self.drag(&response);
        let is_folded = card
            .fold
            .is_some()
            .then(|| self.session.looks.folding.is_folded(id));
        fold::tell_expanded(self.ui, response.id, is_folded, id, self.outbox);
        fold::sign_widget(self.ui, self.session, frame, rect, &card, self.outbox);
        if self.state.projection.downstreams_of_relay(id).is_some()
            && let Some(response) = handle::handle_widget(self.ui, self.session, frame, rect, id)
        {
            self.drag(&response);
        }
    }
}

pub(super) fn on_screen(meta: &MetadataFrame, rect: Rect) -> Rect {
    Rect::from_min_max(
        meta.canvas_to_screen_pos(rect.min),
        meta.canvas_to_screen_pos(rect.max),
    )
}
