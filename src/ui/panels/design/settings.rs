//! Extra settings of one server or of all: a table of names and values, and a field to add one.

use egui::{Key, Ui};

use crate::app::Outbox;
use crate::app::Session;
use crate::app::drafts::{Drafts, Field};
use crate::app::edits::edit;
use crate::model::topology::catalogue::{self, Effect, Known};
use crate::model::topology::{Edit, PgMajor, Server, ServerId};

use super::super::parts::{field_ui, note_ui, sign_button};

/// A name is looked for from this many letters on, and this many are shown.
const SHORTEST_SEARCHED: usize = 3;
const MOST_PROPOSED: usize = 5;

pub fn settings_ui(
    ui: &mut Ui,
    session: &Session,
    drafts: &mut Drafts,
    of: Option<ServerId>,
    outbox: &mut Outbox,
) {
    let topology = session.desk.document.topology();
    let settings = match of {
        Some(id) => topology.server(id).map(Server::settings),
        None => Some(topology.settings()),
    };
    for name in settings.into_iter().flat_map(|settings| settings.keys()) {
        let label = ui.label(name);
        let label = match described(name, topology.postgres()) {
            Some(words) => label.on_hover_text(words),
            None => label,
        };
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
    let field = Field::NewSetting(of);
    let typed = field_ui(ui, session, drafts, outbox, hint, width, &field).labelled_by(label.id);
    // One setting after the other: what is typed next is not a shortcut.
    if typed.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
        typed.request_focus();
    }
    if let Some(words) = proposed(&drafts.show(&field, topology), topology.postgres()) {
        note_ui(ui, words);
    }
}

/// What the version says of a setting: what it takes, and when a change takes effect.
fn described(name: &str, major: PgMajor) -> Option<String> {
    match catalogue::lookup(name, major) {
        Known::Here(parameter) | Known::Perhaps(parameter) => Some(format!(
            "{} is {}; it {}",
            parameter.name,
            parameter.takes(major),
            parameter.takes_effect().map_or("cannot be set", Effect::words)
        )),
        Known::Elsewhere { .. } | Known::Nowhere => None,
    }
}

/// While a name is typed: what it could become, or what the setting of this name takes.
fn proposed(typed: &str, major: PgMajor) -> Option<String> {
    let name = typed
        .split('=')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if let Some(words) = described(&name, major) {
        return Some(words);
    }
    if name.len() < SHORTEST_SEARCHED {
        return None;
    }
    let mut names: Vec<&str> = catalogue::names(major)
        .filter(|known| known.to_ascii_lowercase().contains(&name))
        .collect();
    // Those that begin with it come first; within that the order stays.
    names.sort_by_key(|known| !known.to_ascii_lowercase().starts_with(&name));
    names.truncate(MOST_PROPOSED);
    (!names.is_empty()).then(|| names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_proposed_and_then_described() {
        let words = |typed| proposed(typed, PgMajor::V15);
        assert_eq!(words("w"), None);
        assert_eq!(
            words("WORK_M").as_deref(),
            Some("work_mem, autovacuum_work_mem, logical_decoding_work_mem, maintenance_work_mem")
        );
        assert_eq!(words("shared_bu").as_deref(), Some("shared_buffers"));
        assert_eq!(
            words("max_connections = 1").as_deref(),
            Some("max_connections is a whole number from 1 to 262143; it takes effect after a restart")
        );
        assert_eq!(
            words("fsync=").as_deref(),
            Some("fsync is on or off; it takes effect with a reload")
        );
        assert_eq!(words("nothing_like_it"), None);
    }
}
