//! The cluster that was imported: what is wrong with it, and what its design does not say. All of it can be read and copied.

mod audit;

use egui::{CollapsingHeader, Label, RichText, ScrollArea, Ui};

use crate::app::{ClusterMessage, Imported, Message, Outbox, Session, ViewMessage};
use crate::model::words::counted;
use crate::ui::theme::{GAP, GAP_SMALL, TEXT_SMALL, Tokens};

use self::audit::{audit_ui, save_ui};
use super::parts::note_ui;

/// What the panel remembers between frames.
pub use self::audit::ReportChoice;

pub fn imported_ui(ui: &mut Ui, session: &Session, choice: &mut ReportChoice, outbox: &mut Outbox) {
    let Some(imported) = &session.imported else {
        note_ui(ui, "This design was not imported.");
        return;
    };
    ScrollArea::vertical()
        .id_salt("imported")
        .auto_shrink(false)
        .show(ui, |ui| {
            head_ui(ui, session, imported, outbox);
            audit_ui(ui, session, imported, outbox);
            save_ui(ui, choice, outbox);
            ui.add_space(GAP);
            unreached_ui(ui, imported);
            asked_ui(ui, imported);
            losses_ui(ui, imported);
        });
}

fn head_ui(ui: &mut Ui, session: &Session, imported: &Imported, outbox: &mut Outbox) {
    let name = imported.brought.document.topology().name();
    ui.add(Label::new(RichText::new(format!("Imported: {name}")).heading()).wrap());
    note_ui(ui, imported.source.words());
    if !imported.audit.is_live {
        note_ui(
            ui,
            "Only files were read: nothing is known of what the servers do.",
        );
    }
    ui.horizontal_wrapped(|ui| {
        watch_ui(ui, session, imported, outbox);
        let hint = "Copy what was guessed, what was not reached and what the design does not say, as text";
        if ui.button("Copy the notes").on_hover_text(hint).clicked() {
            outbox.send(Message::View(ViewMessage::CopyText(imported.text())));
        }
    });
    ui.add_space(GAP_SMALL);
}

/// Read-only, and only where there are servers to ask.
fn watch_ui(ui: &mut Ui, session: &Session, imported: &Imported, outbox: &mut Outbox) {
    if imported.source.from_files {
        return;
    }
    let is_watched = session.live.is_foreign();
    let words = if is_watched {
        "Stop watching"
    } else {
        "🔒 Watch it live"
    };
    let can = is_watched || session.live.cluster.is_none();
    let hint = "Show live what its servers say; pgcascade only reads, and never changes a cluster that it did not make";
    let button = ui.add_enabled(can, egui::Button::new(words));
    let button = button.on_disabled_hover_text("This window already has a cluster");
    if button.on_hover_text(hint).clicked() {
        let message = if is_watched {
            ClusterMessage::LetGo
        } else {
            ClusterMessage::WatchForeign
        };
        outbox.send(Message::Cluster(message));
    }
}

fn part_ui(ui: &mut Ui, title: &str, count: usize, content: impl FnOnce(&mut Ui)) {
    if count == 0 {
        return;
    }
    CollapsingHeader::new(format!("{title} ({count})"))
        .id_salt(title)
        .default_open(true)
        .show(ui, content);
}

fn unreached_ui(ui: &mut Ui, imported: &Imported) {
    let all = &imported.brought.unreached;
    part_ui(ui, "Not reached", all.len(), |ui| {
        for one in all {
            let place = one.place();
            if !place.is_empty() {
                let warning = Tokens::of(ui.visuals()).warning;
                let words = format!("⚠ {}", place.trim_end_matches(": "));
                ui.add(Label::new(RichText::new(words).color(warning)).wrap());
            }
            note_ui(ui, one.message.as_str());
        }
    });
}

fn asked_ui(ui: &mut Ui, imported: &Imported) {
    let all = &imported.brought.asked;
    part_ui(ui, "Guessed; look at these", all.len(), |ui| {
        for one in all {
            ui.add(Label::new(&one.question).wrap());
            note_ui(ui, format!("Now: {}", one.guess));
        }
    });
}

fn losses_ui(ui: &mut Ui, imported: &Imported) {
    let all = &imported.brought.losses;
    if all.is_empty() && !imported.has_questions() {
        let ok = Tokens::of(ui.visuals()).ok;
        ui.colored_label(ok, "✔ The design says all that was found");
    }
    part_ui(ui, "Not in the design", all.len(), |ui| {
        note_ui(
            ui,
            format!("{} that a design cannot express", counted(all.len(), "line")),
        );
        for loss in all {
            if !loss.place.is_empty() {
                let weak = Tokens::of(ui.visuals()).text_weak;
                ui.add(Label::new(RichText::new(&loss.place).size(TEXT_SMALL).color(weak)).wrap());
            }
            if !loss.line.is_empty() {
                ui.add(Label::new(RichText::new(&loss.line).monospace().size(TEXT_SMALL)).wrap());
            }
            note_ui(ui, loss.message.as_str());
            ui.add_space(GAP_SMALL);
        }
    });
}
