//! The selected server's values; with nothing selected, the cluster's.

use egui::Ui;

use crate::app::Session;
use crate::ui::Outbox;
use crate::ui::drafts::Drafts;

use super::cluster_settings::cluster_settings_ui;
use super::parts::{LOCKED, note_ui};
use super::server::server_ui;

pub fn inspector_ui(ui: &mut Ui, session: &Session, drafts: &mut Drafts, outbox: &mut Outbox) {
    if session.is_locked() {
        note_ui(ui, LOCKED);
    }
    match session.selected_server() {
        Some(server) => server_ui(ui, session, drafts, server, outbox),
        None => cluster_settings_ui(ui, session, drafts, outbox),
    }
}
