//! The selected server's values; with nothing selected, the cluster's.

use egui::{Label, RichText, Ui};

use crate::app::Outbox;
use crate::app::Session;
use crate::app::actions::{ActionId, Does, action};
use crate::app::drafts::Drafts;
use crate::app::edits::role_in_words;
use crate::model::topology::ServerId;
use crate::ui::server_menu::entry_ui;

use super::super::parts::{note_ui, section_ui};
use super::cluster_settings::cluster_settings_ui;
use super::link::link_ui;
use super::server::server_ui;
use crate::model::words::counted;

pub fn inspector_ui(ui: &mut Ui, session: &Session, drafts: &mut Drafts, outbox: &mut Outbox) {
    if session.is_locked() {
        note_ui(ui, session.locked_words());
    }
    let selection = session.selection();
    if selection.len() > 1 {
        return several_ui(ui, session, &selection, outbox);
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

/// Values are edited for one server at a time; several are moved, copied, removed.
fn several_ui(ui: &mut Ui, session: &Session, selection: &[ServerId], outbox: &mut Outbox) {
    let topology = session.desk.document.topology();
    let words = format!("{} selected", counted(selection.len(), "server"));
    ui.add(Label::new(RichText::new(words).heading()).truncate());
    note_ui(
        ui,
        "Drag one of them to move all of them; drop it on a server to make all of them follow it. The \
         right-click menu applies to all of them.",
    );
    if let Some(Does::Send(message)) =
        action(ActionId::Site).and_then(|action| entry_ui(ui, session, action, selection))
    {
        outbox.send(message);
    }
    section_ui(ui, "Selected");
    for server in selection.iter().filter_map(|id| topology.server(*id)) {
        ui.add(Label::new(server.name().as_str()).truncate());
        note_ui(ui, role_in_words(topology, server.id()));
    }
}
