//! The context menu of the empty canvas; a card has the servers' own, [`crate::ui::server_menu`].

use egui::Ui;

use super::CanvasState;
use crate::app::Outbox;
use crate::app::Session;
use crate::app::actions::{ActionId, Does, action};
use crate::ui::server_menu::{entry_ui, mode_menu_ui};

const ENTRIES: [ActionId; 4] = [
    ActionId::AddStandby,
    ActionId::SelectAll,
    ActionId::Fit,
    ActionId::Tidy,
];

/// What can be done to the drawing as a whole.
pub fn of_canvas(ui: &mut Ui, session: &Session, state: &mut CanvasState, outbox: &mut Outbox) {
    ui.set_min_width(230.0);
    mode_menu_ui(ui, session, state.menu_link, outbox);
    for action in ENTRIES.into_iter().filter_map(action) {
        match entry_ui(ui, session, action, &[]) {
            Some(Does::Fit) => state.request_fit(),
            Some(Does::Send(message)) => outbox.send(message),
            _ => {}
        }
    }
}
