//! The selected server's values; with nothing selected, the cluster's.

use egui::Ui;

use crate::app::Outbox;
use crate::app::Session;
use crate::app::drafts::Drafts;

use super::super::parts::note_ui;
use super::cluster_settings::cluster_settings_ui;
use super::link::link_ui;
use super::server::server_ui;
use super::several::several_ui;

pub fn inspector_ui(ui: &mut Ui, session: &Session, drafts: &mut Drafts, outbox: &mut Outbox) {
    if session.is_locked() {
        note_ui(ui, session.locked_words());
    }
    let selection = session.selection();
    if selection.len() > 1 {
        return several_ui(ui, session, drafts, &selection, outbox);
    }
    if let Some(below) = session
        .looks
        .link
        .and_then(|id| session.desk.document.topology().server(id))
    {
        return link_ui(ui, session, drafts, below, outbox);
    }
    match session.selected_server() {
        Some(server) => server_ui(ui, session, drafts, server, outbox),
        None => cluster_settings_ui(ui, session, drafts, outbox),
    }
}
