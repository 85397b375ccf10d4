//! A server's name typed on its card: Enter or a click elsewhere takes it, Escape leaves the old one.

use egui::{Id, Key, Modifiers, Rect, TextEdit, vec2};

use super::frame::{Frame, on_screen};
use super::overlay::{self, Tone};
use crate::app::drafts::Field;
use crate::app::{Message, ViewMessage};
use crate::model::topology::ServerId;

/// Of the text field, in points.
const NAME_HEIGHT: f32 = 30.0;

/// The name as it is being typed, and what is wrong with it.
#[derive(Debug)]
pub struct Renaming {
    server: ServerId,
    text: String,
    problem: Option<String>,
}

impl Frame<'_> {
    pub(super) fn rename(&mut self) {
        let topology = self.session.desk.document.topology();
        let Some(server) = self.session.looks.renaming.and_then(|id| topology.server(id)) else {
            self.state.renaming = None;
            return;
        };
        let id = server.id();
        let Some(card) = self.state.projection.card_rect(id) else {
            return;
        };
        let is_new = self
            .state
            .renaming
            .as_ref()
            .is_none_or(|renaming| renaming.server != id);
        let renaming = self
            .state
            .renaming
            .get_or_insert_with(|| Renaming::of(id, server.name().as_str()));
        if is_new {
            *renaming = Renaming::of(id, server.name().as_str());
        }
        let card = on_screen(&self.state.view.on_screen(self.canvas), card);
        // Over the name, so that the rest of the card can still be read.
        let size = vec2(card.width().max(160.0), NAME_HEIGHT);
        let top = card.center_top() + vec2(0.0, NAME_HEIGHT / 2.0 + 3.0);
        let place = Rect::from_center_size(top, size);
        let field_id = Id::new("name on the card");
        // Before the text field sees it: a refused name goes on being typed.
        let is_typed = self.ui.memory(|memory| memory.has_focus(field_id));
        let is_entered = is_typed
            && self
                .ui
                .input_mut(|input| input.consume_key(Modifiers::NONE, Key::Enter));
        let field = TextEdit::singleline(&mut renaming.text)
            .id(field_id)
            .margin(egui::Margin::symmetric(8, 5))
            .horizontal_align(egui::Align::Center);
        let response = self.ui.put(place, field);
        let label = format!("New name of {}", server.name());
        self.ui
            .ctx()
            .accesskit_node_builder(response.id, |node| node.set_label(label));
        if is_new {
            response.request_focus();
            select_all(self.ui, response.id, &renaming.text);
        }
        if response.changed() {
            renaming.problem = None;
        }
        if let Some(problem) = &renaming.problem {
            let painter = self.ui.painter_at(self.canvas);
            let below = place.left_bottom() - vec2(18.0, 14.0);
            overlay::pointer_label(&painter, self.canvas, below, Tone::Refused, (problem, ""));
        }
        if !is_entered && !response.lost_focus() {
            return;
        }
        let is_left = !is_entered && self.ui.input(|input| input.key_pressed(Key::Escape));
        match Field::Name(id).command(topology, &renaming.text) {
            Err(problem) if !is_left => {
                renaming.problem = Some(problem);
                if !is_entered {
                    response.request_focus();
                }
                return;
            }
            Ok(Some(command)) if !is_left => super::card_widget::send(self.outbox, command),
            _ => {}
        }
        self.outbox.send(Message::View(ViewMessage::Rename(None)));
        let card = super::card_widget::id_of(id);
        self.ui.memory_mut(|memory| memory.request_focus(card));
    }
}

impl Renaming {
    fn of(server: ServerId, name: &str) -> Self {
        Self {
            server,
            text: name.to_owned(),
            problem: None,
        }
    }
}

/// What is typed replaces the old name.
fn select_all(ui: &egui::Ui, field: Id, text: &str) {
    let end = egui::text::CCursor::new(text.chars().count());
    let mut state = TextEdit::load_state(ui.ctx(), field).unwrap_or_default();
    let all = egui::text::CCursorRange::two(egui::text::CCursor::new(0), end);
    state.cursor.set_char_range(Some(all));
    state.store(ui.ctx(), field);
}
