//! What an import could not see: asked before the design opens, with good guesses first, and again.

use egui::{Label, RichText, ScrollArea, TextEdit, Ui};

use crate::app::{ImportMessage, Imported, Outbox};
use crate::model::words::counted;
use crate::ui::theme::{GAP, GAP_LARGE, GAP_SMALL, Tokens};

use super::super::parts::{main_button, note_ui, section_ui};
use super::import::{cancel_ui, send};
use super::title_ui;

/// How much of the window's height the questions have.
const HEIGHT: f32 = 0.5;

/// An address for each server that was not reached, as it is typed; empty for those that the design has no place for.
#[derive(Debug, Default)]
pub(super) struct Addresses(Vec<String>);

impl Addresses {
    /// Begins with what is likely: the address that was seen, and the port that the design has now.
    pub(super) fn of(imported: &Imported) -> Self {
        let topology = imported.brought.document.topology();
        let guess = |name: &String, host: &Option<String>| {
            let server = topology
                .servers()
                .iter()
                .find(|one| one.name().as_str() == name)?;
            let host = host.clone().unwrap_or_else(|| server.host().to_string());
            Some(format!("{}:{}", in_brackets(&host), server.port()))
        };
        let unreached = imported.brought.unreached.iter();
        let all = unreached.map(|one| {
            let server = one.server.as_ref();
            server.and_then(|name| guess(name, &one.host)).unwrap_or_default()
        });
        Self(all.collect())
    }

    fn typed(&self) -> Vec<String> {
        let typed = self.0.iter().map(|text| text.trim().to_owned());
        typed.filter(|text| !text.is_empty()).collect()
    }
}

fn in_brackets(host: &str) -> String {
    if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]")
    } else {
        host.to_owned()
    }
}

pub(super) fn questions_ui(ui: &mut Ui, imported: &Imported, addresses: &mut Addresses, outbox: &mut Outbox) {
    let brought = &imported.brought;
    let servers = counted(brought.document.topology().servers().len(), "server");
    title_ui(ui, &format!("Found {servers}, with questions"));
    note_ui(
        ui,
        "What could not be seen was guessed. Correct an address and look again, or open the design and correct it there.",
    );
    let height = ui.ctx().content_rect().height() * HEIGHT;
    ScrollArea::vertical().max_height(height).show(ui, |ui| {
        if !brought.unreached.is_empty() {
            section_ui(ui, "Not reached");
        }
        for (one, address) in brought.unreached.iter().zip(&mut addresses.0) {
            let warning = Tokens::of(ui.visuals()).warning;
            let place = one.place();
            let place = place.trim_end_matches(": ");
            ui.add(Label::new(RichText::new(format!("⚠ {place}")).color(warning)).wrap());
            note_ui(ui, one.message.as_str());
            if one.server.is_some() {
                ui.horizontal(|ui| {
                    let label = ui.label("Try");
                    let name = format!("Address of {place}");
                    let edit = TextEdit::singleline(address)
                        .id_salt(&name)
                        .hint_text("host:port")
                        .margin(egui::Margin::symmetric(8, 4))
                        .desired_width(260.0);
                    ui.add(edit).labelled_by(label.id);
                });
            }
            ui.add_space(GAP_SMALL);
        }
        if !brought.asked.is_empty() {
            section_ui(ui, "Guessed");
        }
        for asked in &brought.asked {
            ui.add(Label::new(&asked.question).wrap());
            note_ui(ui, format!("Now: {}", asked.guess));
            ui.add_space(GAP_SMALL);
        }
    });
    ui.add_space(GAP_LARGE);
    ui.horizontal(|ui| {
        if main_button(ui, true, "Open the design").clicked() {
            send(outbox, ImportMessage::Open);
        }
        if !imported.source.from_files {
            let typed = addresses.typed();
            let hint = "Import again, and ask at these addresses, too";
            let again = ui.add_enabled(!typed.is_empty(), egui::Button::new("Look again"));
            if again.on_hover_text(hint).clicked() {
                send(outbox, ImportMessage::LookAlso(typed));
            }
        }
        if ui.button("Back").clicked() {
            send(outbox, ImportMessage::Back);
        }
        cancel_ui(ui, outbox);
    });
    ui.add_space(GAP - GAP_SMALL);
}
