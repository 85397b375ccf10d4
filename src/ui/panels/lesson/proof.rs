//! The lesson on real servers: what can be done, what is being done, and how it ended.

use egui::{Frame, Label, Margin, RichText, TextStyle, Ui};

use crate::app::{LessonMessage, Message, OpenLesson, Outbox, Proof, RunMessage};
use crate::model::lessons::{LabStep, ProofStep};
use crate::model::words::as_sentence;
use crate::ui::theme::{GAP_SMALL, RADIUS_CARD, Tokens};

use super::super::parts::note_ui;
use super::size::body;
use super::{live, send};

/// Only for a lesson that is solved and asks servers.
pub(super) fn proof_ui(ui: &mut Ui, open: &OpenLesson, outbox: &mut Outbox) {
    let can_be_proved = open.lesson.asks_servers() || !open.lesson.lab.is_empty();
    if !open.state.is_solved || !can_be_proved {
        return;
    }
    ui.add_space(GAP_SMALL);
    match &open.proof {
        Some(proof) if proof.is_running() => {
            steps_ui(ui, proof);
            let words = if proof.is_cancelled {
                "Removing the servers…"
            } else {
                "Cancel"
            };
            let cancel = ui.add_enabled(!proof.is_cancelled, egui::Button::new(words));
            if cancel
                .on_hover_text("Stop here, and remove the servers")
                .clicked()
            {
                send(outbox, LessonMessage::CancelProof);
            }
        }
        Some(proof) => {
            steps_ui(ui, proof);
            ended_ui(ui, proof);
            offers_ui(ui, open, "Prove it again", outbox);
        }
        None => {
            note_ui(
                ui,
                "If PostgreSQL is installed, real servers can show the same. They get a folder and ports of their own.",
            );
            offers_ui(ui, open, "Prove it on real servers", outbox);
        }
    }
}

fn offers_ui(ui: &mut Ui, open: &OpenLesson, words: &str, outbox: &mut Outbox) {
    ui.horizontal_wrapped(|ui| {
        let prove = ui.button(words);
        let explained = "Deploy the solution, do on its servers what the lesson does, ask them for the goals, and remove them";
        if prove.on_hover_text(explained).clicked() {
            send(outbox, LessonMessage::Prove);
        }
        if !open.lesson.is_locked {
            let deploy = ui.button("Deploy it and keep it…");
            let explained = "Choose a folder, look at the plan, and run these servers for as long as you want";
            if deploy.on_hover_text(explained).clicked() {
                outbox.send(Message::Run(RunMessage::Ask));
            }
        }
    });
}

fn steps_ui(ui: &mut Ui, proof: &Proof) {
    let tokens = Tokens::of(ui.visuals());
    let response = Frame::new()
        .fill(tokens.card)
        .corner_radius(RADIUS_CARD)
        .inner_margin(Margin::symmetric(10, 6))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 2.0;
            for step in &proof.steps {
                let (sign, colour) = if step.is_done {
                    ("✔", tokens.ok)
                } else if proof.is_running() {
                    ("…", tokens.text_weak)
                } else {
                    ("✖", tokens.error)
                };
                ui.horizontal_top(|ui| {
                    ui.spacing_mut().item_spacing.x = 6.0;
                    let sign = RichText::new(sign).color(colour).strong();
                    let side = body(ui) * 1.2;
                    ui.add_sized([side, side], Label::new(sign).selectable(false));
                    ui.add(Label::new(RichText::new(said(step)).text_style(TextStyle::Body)).wrap());
                });
            }
        });
    if let Some(step) = proof.steps.last() {
        let state = if step.is_done { "done" } else { "under way" };
        let words = format!("Step {} of {}, {}: {state}", step.step, step.of, said(step));
        live(ui, response.response.id, &words);
    }
}

fn said(step: &ProofStep) -> String {
    match LabStep::parse(&step.text) {
        Ok(LabStep::Write) => "Write a row on the primary".to_owned(),
        Ok(LabStep::Sees(server)) => format!("Read the row on {server}"),
        Ok(LabStep::Lacks(server)) => format!("See that {server} does not have the row"),
        Ok(LabStep::Fail(event)) => as_sentence(&event),
        _ => as_sentence(&step.text),
    }
}

fn ended_ui(ui: &mut Ui, proof: &Proof) {
    let tokens = Tokens::of(ui.visuals());
    match &proof.ended {
        Some(Ok(_)) => {
            let text = RichText::new("✔ Real servers show it, too").strong();
            ui.label(text.color(tokens.ok));
        }
        Some(Err(_)) if proof.is_cancelled => drop(note_ui(ui, "Cancelled. The servers were removed.")),
        Some(Err(report)) => {
            let colour = tokens.error;
            ui.add(Label::new(RichText::new(&report.headline).color(colour)).wrap());
            for line in report.causes.iter().chain(&report.hints) {
                ui.add(Label::new(RichText::new(line).small()).wrap());
            }
        }
        None => {}
    }
}
