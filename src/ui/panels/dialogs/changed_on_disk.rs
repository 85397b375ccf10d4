//! The question when the design's file was changed elsewhere, with the difference to what is drawn.

use egui::text::{LayoutJob, TextFormat};
use egui::{CollapsingHeader, Color32, FontId, Frame, Label, Margin, ScrollArea, Ui};

use crate::app::Outbox;
use crate::app::{FileMessage, Message, OnDisk, Session, ViewMessage};
use crate::model::bundle;
use crate::ui::theme::{GAP, GAP_LARGE, RADIUS_WIDGET, TEXT_MONO, Tokens};

use super::super::parts::note_ui;

const HEIGHT: f32 = 240.0;

pub fn changed_ui(ui: &mut Ui, session: &Session, found: &OnDisk, is_saving: bool, outbox: &mut Outbox) {
    match found {
        OnDisk::Text(text) => {
            let mine = if is_saving {
                "Saving would overwrite it."
            } else {
                "Your drawing has unsaved changes."
            };
            note_ui(
                ui,
                format!("Another program changed this file after you opened it. {mine}"),
            );
            ui.add_space(GAP);
            CollapsingHeader::new("Show the difference")
                .id_salt("difference")
                .show(ui, |ui| {
                    difference_ui(ui, &bundle::between(text, session.text()));
                });
        }
        OnDisk::Gone => drop(note_ui(ui, "It no longer exists.")),
        OnDisk::Unreadable(report) => {
            drop(note_ui(ui, report.to_string()));
        }
    }
    ui.add_space(GAP_LARGE);
    ui.horizontal_wrapped(|ui| {
        let words = if is_saving {
            "Overwrite the file"
        } else {
            "Keep mine"
        };
        // Neither is the better answer: nothing stands out, and Enter presses nothing.
        if ui.button(words).clicked() {
            outbox.send(Message::File(FileMessage::KeepMine { save: is_saving }));
        }
        let is_text = matches!(found, OnDisk::Text(_)) && !session.is_text_broken();
        let theirs = ui.add_enabled(is_text, egui::Button::new("Reload the file"));
        let theirs = theirs.on_hover_text("Replace the drawing with the file; Undo restores yours");
        if theirs.clicked() {
            outbox.send(Message::File(FileMessage::TakeTheirs));
        }
        if ui.button("Cancel").clicked() {
            outbox.send(Message::View(ViewMessage::Dialog(None)));
        }
    });
}

/// `-` is in the file alone, `+` in the drawing alone.
fn difference_ui(ui: &mut Ui, difference: &str) {
    let tokens = Tokens::of(ui.visuals());
    note_ui(ui, "− only in the file, + only in your drawing:");
    Frame::new()
        .fill(tokens.field)
        .stroke(egui::Stroke::new(1.0, tokens.line))
        .corner_radius(RADIUS_WIDGET)
        .inner_margin(Margin::same(8))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 0.0;
            ScrollArea::both().max_height(HEIGHT).show(ui, |ui| {
                for line in difference.lines() {
                    let format = TextFormat::simple(FontId::monospace(TEXT_MONO), colour(line, tokens));
                    let job = LayoutJob::single_section(line.to_owned(), format);
                    ui.add(Label::new(job).extend());
                }
            });
        });
}

fn colour(line: &str, tokens: &Tokens) -> Color32 {
    match line.chars().next() {
        Some('+') => tokens.ok,
        Some('-') => tokens.error,
        Some('@') => tokens.text_weak,
        _ => tokens.text,
    }
}
