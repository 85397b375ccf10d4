//! The selected link: from whom to whom the WAL goes, what is expected of it, and the line by which it is made.

use egui::{Button, RichText, Ui};

use crate::app::Outbox;
use crate::app::actions::{ActionId, Does, action};
use crate::app::drafts::Drafts;
use crate::app::edits::select;
use crate::app::{Message, Session, ViewMessage};
use crate::model::bundle::Bundle;
use crate::model::configuration::Element;
use crate::model::topology::{Server, ServerId};
use crate::ui::server_menu::entry_ui;
use crate::ui::theme::{GAP, TEXT_SMALL};

use super::super::live::link_runs_ui;
use super::super::parts::{form_ui, note_ui, section_ui};
use super::link_terms::link_terms_ui;
use super::server::slot_row;

pub fn link_ui(ui: &mut Ui, session: &Session, drafts: &mut Drafts, below: &Server, outbox: &mut Outbox) {
    let topology = session.desk.document.topology();
    let Some((standby, upstream)) = below
        .standby()
        .and_then(|standby| Some((standby, topology.server(standby.upstream())?)))
    else {
        return;
    };
    let title = format!("From {} to {}", upstream.name(), below.name());
    ui.add(egui::Label::new(RichText::new(title).heading()).truncate());
    note_ui(
        ui,
        format!(
            "A link: \"{}\" sends its WAL to \"{}\"",
            upstream.name(),
            below.name()
        ),
    );
    ui.add_space(GAP);
    form_ui(ui, "link", |ui| {
        let mut row = |label: &str, value: String| {
            ui.label(label);
            ui.add(egui::Label::new(value).wrap());
            ui.end_row();
        };
        row("Expected", expected(session, below.id()));
        if session.live.cluster.is_some() {
            let shown = session.replication_row(below.id());
            row(
                "Shown now",
                shown.map_or_else(
                    || "no such link".to_owned(),
                    |row| format!("{}, {}", row.state, row.sync_state),
                ),
            );
        }
        row("Slot", slot(session, below, upstream));
        row(
            "Applied",
            standby
                .apply_delay()
                .map_or_else(|| "at once".to_owned(), |delay| format!("{delay} late")),
        );
        row(
            "Encrypted",
            if topology.has_tls() {
                "TLS, with certificates at both ends"
            } else {
                "no"
            }
            .to_owned(),
        );
        if let Some((from, to)) = upstream.site().zip(below.site()).filter(|(from, to)| from != to) {
            row("Crosses", format!("from {from} to {to}"));
        }
    });
    link_runs_ui(ui, session, below.id());
    section_ui(ui, "How it is made");
    connection_ui(ui, session, below.id(), outbox);
    section_ui(ui, "Change it");
    form_ui(ui, "link's slot", |ui| slot_row(ui, session, below, outbox));
    for id in [ActionId::MoveUnder, ActionId::ToggleSync] {
        let chosen = action(id).and_then(|action| entry_ui(ui, session, action, &[below.id()]));
        if let Some(Does::Send(message)) = chosen {
            outbox.send(message);
        }
    }
    link_terms_ui(ui, session, drafts, below, outbox);
    ui.add_space(GAP);
    ui.horizontal_wrapped(|ui| {
        for server in [upstream, below] {
            if ui.button(format!("Select {}", server.name())).clicked() {
                outbox.send(select(server.id()));
            }
        }
    });
}

/// What the upstream's pg_stat_replication will show.
fn expected(session: &Session, below: ServerId) -> String {
    let Some(row) = session.derived.expected.get(&below) else {
        return "no row".to_owned();
    };
    match row.sync_priority {
        0 => format!("{}, {}", row.state, row.sync_state),
        priority => format!("{}, {}, priority {priority}", row.state, row.sync_state),
    }
}

fn slot(session: &Session, below: &Server, upstream: &Server) -> String {
    let topology = session.desk.document.topology();
    if topology.uses_slot(below.id()) {
        return format!("\"{}\" at {}", topology.slot_name(below.id()), upstream.name());
    }
    if topology.postgres().has_slots() {
        "none; the upstream's WAL retention settings apply".to_owned()
    } else {
        "none; slots need PostgreSQL 9.4 or later".to_owned()
    }
}

/// The line that makes it, as it stands in the file, and the way there.
fn connection_ui(ui: &mut Ui, session: &Session, below: ServerId, outbox: &mut Outbox) {
    let found = connection(session.bundle(), below);
    let Some((path, number, line)) = found else {
        note_ui(ui, "It is not in any file");
        return;
    };
    ui.add(egui::Label::new(RichText::new(&line).monospace().size(TEXT_SMALL)).wrap());
    ui.horizontal_wrapped(|ui| {
        let place = format!("{path}, line {}", number + 1);
        if ui
            .add(Button::new(RichText::new(&place).size(TEXT_SMALL)))
            .on_hover_text("Show the file")
            .clicked()
        {
            outbox.send(Message::View(ViewMessage::ShowFile(path.clone())));
        }
        if ui
            .add(Button::new(RichText::new("Copy the line").size(TEXT_SMALL)))
            .clicked()
        {
            outbox.send(Message::View(ViewMessage::CopyText(line.clone())));
        }
    });
}

/// The file with the link's `primary_conninfo`, the line's number from 0, and the line.
fn connection(bundle: &Bundle, below: ServerId) -> Option<(String, usize, String)> {
    let is_its_own = |element: &Element| *element == Element::Link { downstream: below };
    bundle.files.iter().find_map(|file| {
        let lines = file.provenance.lines().iter();
        lines
            .filter(|origin| origin.origin.elements.iter().any(is_its_own))
            .find_map(|origin| {
                let line = file.contents.lines().nth(origin.line())?;
                line.starts_with("primary_conninfo")
                    .then(|| (file.path.clone(), origin.line(), line.to_owned()))
            })
    })
}
