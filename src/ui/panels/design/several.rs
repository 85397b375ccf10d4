//! Several servers: what they have in common is edited for all of them at once, each change one step of Undo.

use egui::{Checkbox, Label, RichText, Ui};

use crate::app::Outbox;
use crate::app::Session;
use crate::app::actions::{ActionId, Does, action};
use crate::app::drafts::{Drafts, Field, SharedField};
use crate::app::edits::{role_in_words, select, slots_together, synchronous_together};
use crate::model::topology::{Server, ServerId};
use crate::model::words::counted;
use crate::ui::server_menu::entry_ui;
use crate::ui::theme::GAP;

use super::super::parts::{field_row, field_ui, form_ui, note_ui, section_ui};

pub fn several_ui(
    ui: &mut Ui,
    session: &Session,
    drafts: &mut Drafts,
    selection: &[ServerId],
    outbox: &mut Outbox,
) {
    let topology = session.desk.document.topology();
    let words = format!("{} selected", counted(selection.len(), "server"));
    ui.add(Label::new(RichText::new(words).heading()).truncate());
    let attach = if selection.len() < topology.servers().len() {
        "; drop it on a server to make all of them follow it"
    } else {
        ""
    };
    note_ui(
        ui,
        format!("Drag one of them to move all of them{attach}. The right-click menu applies to all of them."),
    );
    ui.add_space(GAP);
    let servers: Vec<&Server> = selection.iter().filter_map(|id| topology.server(*id)).collect();
    let standbys: Vec<&Server> = servers
        .iter()
        .copied()
        .filter(|server| server.standby().is_some())
        .collect();
    form_ui(ui, "several", |ui| {
        let mut row = |ui: &mut Ui, label, hint, shared: SharedField| {
            let hint = if shared.is_mixed(selection, topology) {
                "different"
            } else {
                hint
            };
            let field = Field::Shared(shared, selection.to_vec());
            field_row(ui, session, drafts, outbox, label, hint, &field);
        };
        row(ui, "Host", "localhost", SharedField::Host);
        row(ui, "Site", "location", SharedField::Site);
        if !standbys.is_empty() && topology.postgres().has_apply_delay() {
            row(ui, "Apply delay", "none, or 10min", SharedField::ApplyDelay);
        }
        if !standbys.is_empty() {
            synchronous_row(ui, session, &standbys, outbox);
            slot_row(ui, session, &standbys, outbox);
        }
    });
    if let Some(Does::Send(message)) =
        action(ActionId::Site).and_then(|action| entry_ui(ui, session, action, selection))
    {
        outbox.send(message);
    }
    section_ui(ui, "Settings of these servers");
    let label = note_ui(ui, "Set on each of them");
    let (width, hint) = (ui.available_width(), "name = value, then Enter");
    let field = Field::Shared(SharedField::Setting, selection.to_vec());
    field_ui(ui, session, drafts, outbox, hint, width, &field).labelled_by(label.id);
    section_ui(ui, "Selected");
    for server in servers {
        let name = ui.link(server.name().as_str());
        if name.on_hover_text("Select it alone").clicked() {
            outbox.send(select(server.id()));
        }
        note_ui(ui, role_in_words(topology, server.id()));
    }
}

fn synchronous_row(ui: &mut Ui, session: &Session, standbys: &[&Server], outbox: &mut Outbox) {
    let change = synchronous_together(session.desk.document.topology(), standbys);
    let has = |server: &&Server| server.standby().is_some_and(|own| own.sync_priority().is_some());
    let why_not = change.as_ref().err().map(String::as_str);
    if together_row(ui, session, standbys, "Synchronous", has, why_not).is_some()
        && let Ok(message) = change
    {
        outbox.send(message);
    }
}

fn slot_row(ui: &mut Ui, session: &Session, standbys: &[&Server], outbox: &mut Outbox) {
    let topology = session.desk.document.topology();
    let why_not = "Replication slots need PostgreSQL 9.4 or later";
    let why_not = (!topology.postgres().has_slots()).then_some(why_not);
    let has = |server: &&Server| topology.uses_slot(server.id());
    if let Some(slot) = together_row(ui, session, standbys, "Replication slot", has, why_not) {
        outbox.send(slots_together(standbys, slot));
    }
}

/// A box that is neither on nor off where they differ: then a click switches it on for all. Gives what was chosen.
fn together_row(
    ui: &mut Ui,
    session: &Session,
    standbys: &[&Server],
    words: &str,
    has: impl Fn(&&Server) -> bool,
    why_not: Option<&str>,
) -> Option<bool> {
    let count = standbys.iter().filter(|server| has(server)).count();
    let mut checked = count == standbys.len();
    let is_mixed = count > 0 && !checked;
    ui.label("");
    let shown = Checkbox::new(&mut checked, words).indeterminate(is_mixed);
    let response = ui.add_enabled(why_not.is_none() && !session.is_locked(), shown);
    let response = response.on_disabled_hover_text(why_not.unwrap_or_else(|| session.locked_words()));
    ui.end_row();
    response.changed().then_some(checked)
}
