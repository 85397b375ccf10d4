//! *Broken on purpose*: what was done to the servers that run and is not undone, from here or from a terminal, each with its
//! repair; and what is being done at this moment.

use egui::{Button, Label, RichText, Ui, WidgetInfo, WidgetType};

use crate::app::breaking::{BreakingMessage, Laboratory, Made};
use crate::app::{Outbox, Session};
use crate::model::quoting::{shell_path, shell_word};
use crate::ui::theme::{GAP_SMALL, Tokens};

use super::super::parts::section_ui;

/// Nothing, where nothing is broken.
pub fn broken_ui(ui: &mut Ui, session: &Session, laboratory: &Laboratory, outbox: &mut Outbox) {
    let made = laboratory.made();
    if made.is_empty() && session.live.breaking.is_none() {
        return;
    }
    section_ui(ui, "Broken on purpose");
    let answer = laboratory.may_repair();
    for one in made {
        made_ui(ui, session, one, &answer, outbox);
    }
    if made.len() > 1 {
        ui.add_space(GAP_SMALL);
        let button = ui.add_enabled(answer.is_ok(), Button::new("Repair everything"));
        let button = button.on_hover_text("Repair all of it, the most recent fault first");
        if clicked(button, &answer) {
            outbox.send(BreakingMessage::Repair(None).into());
        }
    }
    under_way_ui(ui, session, outbox);
}

fn made_ui(ui: &mut Ui, session: &Session, made: &Made, answer: &Result<(), String>, outbox: &mut Outbox) {
    let tokens = Tokens::of(ui.visuals());
    egui::Sides::new()
        .shrink_left()
        .wrap_mode(egui::TextWrapMode::Wrap)
        .show(
            ui,
            |ui| {
                let sign = RichText::new("⚡").color(tokens.warning);
                ui.add(Label::new(sign).selectable(false));
                ui.add(Label::new(made.sentence.as_str()).wrap());
            },
            |ui| {
                let button = ui.add_enabled(answer.is_ok(), Button::new("Repair"));
                // Several rows have the same button: who hears it needs to know of which.
                let words = format!("Repair: {}", made.sentence);
                button
                    .widget_info(|| WidgetInfo::labeled(WidgetType::Button, answer.is_ok(), words.as_str()));
                let button = button.on_hover_text(command(session, made));
                if clicked(button, answer) {
                    let text = Some(made.text.clone());
                    outbox.send(BreakingMessage::Repair(text).into());
                }
            },
        );
}

fn clicked(button: egui::Response, answer: &Result<(), String>) -> bool {
    match answer {
        Ok(()) => button.clicked(),
        Err(reason) => {
            button.on_disabled_hover_text(reason);
            false
        }
    }
}

/// What the button does, as one would type it.
fn command(session: &Session, made: &Made) -> String {
    let folder = session.live.cluster.as_ref().map(|one| shell_path(&one.folder));
    let folder = folder.unwrap_or_default();
    format!(
        "Undo it, like: pgcascade repair {folder} {}",
        shell_word(&made.text)
    )
}

/// What is being done, and the way out of it.
fn under_way_ui(ui: &mut Ui, session: &Session, outbox: &mut Outbox) {
    let busy = session.live.cluster.as_ref().and_then(|one| one.busy.as_ref());
    let Some((breaking, busy)) = session.live.breaking.as_ref().zip(busy) else {
        return;
    };
    ui.add_space(GAP_SMALL);
    ui.horizontal_wrapped(|ui| {
        ui.spinner();
        ui.label(if breaking.is_cancelling {
            "Cancelling…".to_owned()
        } else {
            format!("{busy}…")
        });
        let hover = "Stop waiting for it";
        let button = ui.add_enabled(!breaking.is_cancelling, Button::new("Cancel"));
        if button.on_hover_text(hover).clicked() {
            outbox.send(BreakingMessage::Cancel.into());
        }
    });
}
