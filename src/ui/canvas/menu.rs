//! The context menu of the empty canvas; a card has the servers' own, [`crate::ui::server_menu`].

use egui::{Button, Ui};

use super::CanvasState;
use super::card_widget::send;
use crate::app::Session;
use crate::model::document::Command;
use crate::ui::{Outbox, what_if_menu};

/// What can be done to the drawing as a whole.
pub fn of_canvas(ui: &mut Ui, session: &Session, state: &mut CanvasState, outbox: &mut Outbox) {
    if let Some(what_if) = &session.what_if {
        match state.menu_link {
            Some(below) => what_if_menu::link_menu_ui(ui, what_if, below, outbox),
            None => what_if_menu::cluster_menu_ui(ui, what_if, outbox),
        }
    }
    if ui.button("Fit").clicked() {
        state.request_fit();
    }
    let can_tidy = !session.is_locked() && !session.document.layout().is_empty();
    if ui
        .add_enabled(can_tidy, Button::new("Tidy layout"))
        .on_disabled_hover_text("Every card already stands in the tidy tree")
        .clicked()
    {
        send(outbox, Command::Tidy);
    }
}
