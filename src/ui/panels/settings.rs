//! Extra settings of one server or of all: a table of names and values, and a field to add one.

use egui::Ui;

use crate::app::Session;
use crate::model::topology::{Edit, Server, ServerId};
use crate::ui::Outbox;
use crate::ui::commands::edit;
use crate::ui::drafts::{Drafts, Field};

use super::parts::{field_ui, note_ui, sign_button};

pub fn settings_ui(
    ui: &mut Ui,
    session: &Session,
    drafts: &mut Drafts,
    of: Option<ServerId>,
    outbox: &mut Outbox,
) {
    let topology = session.document.topology();
    let settings = match of {
        Some(id) => topology.server(id).map(Server::settings),
        None => Some(topology.settings()),
    };
    for name in settings.into_iter().flat_map(|settings| settings.keys()) {
        let label = ui.label(name);
        ui.horizontal(|ui| {
            let width = (ui.available_width() - 40.0).max(60.0);
            ui.vertical(|ui| {
                ui.set_width(width);
                let field = Field::Setting(of, name.clone());
                field_ui(ui, session, drafts, outbox, "", width, &field).labelled_by(label.id);
            });
            let words = format!("Remove the setting {name}");
            if sign_button(ui, !session.is_locked(), "✖", &words).clicked() {
                outbox.send(edit(Edit::SetSetting {
                    server: of,
                    name: name.clone(),
                    value: None,
                }));
            }
        });
    }
    let label = note_ui(ui, "Add a setting");
    let width = ui.available_width();
    let hint = "name = value, then Enter";
    field_ui(ui, session, drafts, outbox, hint, width, &Field::NewSetting(of)).labelled_by(label.id);
}
