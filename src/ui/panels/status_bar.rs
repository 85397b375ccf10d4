//! The line at the bottom: how large, how sound, saved or not, what runs.

use egui::{RichText, Sense, Ui};

use crate::app::Outbox;
use crate::app::{Message, RunView, Session, Tab, ViewMessage};
use crate::model::topology::Severity;
use crate::ui::theme::{GAP_LARGE, TEXT_SMALL, Tokens};

use super::live::cluster::state_in_words;
use super::live::differences;
use super::parts::severity_sign;
use crate::model::words::counted;

pub fn status_bar_ui(ui: &mut Ui, session: &Session, outbox: &mut Outbox) {
    let tokens = Tokens::of(ui.visuals());
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = GAP_LARGE;
        let small = |words: String, colour| RichText::new(words).size(TEXT_SMALL).color(colour);
        let servers = counted(session.desk.document.topology().servers().len(), "server");
        ui.label(small(servers, tokens.text_weak));
        let mut found = false;
        for severity in [Severity::Error, Severity::Warning, Severity::Note] {
            let count = session.count(severity);
            if count > 0 {
                let (sign, colour) = severity_sign(ui, severity);
                ui.label(small(
                    format!("{sign} {}", counted(count, severity.word())),
                    colour,
                ));
                found = true;
            }
        }
        if !found {
            ui.label(small("✔ no findings".to_owned(), tokens.ok));
        }
        if session.is_modified() {
            ui.label(small("• unsaved".to_owned(), tokens.warning));
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let words = run_in_words(session);
            let label = egui::Label::new(small(words, tokens.text_weak))
                .selectable(false)
                .sense(Sense::click());
            if ui.add(label).on_hover_text("Show the deploy panel").clicked() {
                outbox.send(Message::View(ViewMessage::Show(Tab::Deploy)));
            }
            let differences = differences(session).len();
            if differences > 0 {
                let words = format!("⚠ {}", counted(differences, "difference"));
                ui.label(small(words, tokens.warning))
                    .on_hover_text("Compare the running cluster with its deployed design");
            }
            if session.differs_from_deployed() {
                ui.label(small(
                    "⚠ differs from the running cluster".to_owned(),
                    tokens.warning,
                ));
            }
        });
    });
}

fn run_in_words(session: &Session) -> String {
    match (&session.live.run, &session.live.cluster) {
        (RunView::Run { job, progress, .. }, _) if !progress.is_finished() => {
            let (done, all) = progress.done();
            let verb = if progress.unwinding {
                "rolling back"
            } else if job.is_change() {
                "changing"
            } else {
                "deploying"
            };
            format!("{verb}, {done} of {all} steps")
        }
        (_, Some(cluster)) if cluster.foreign.is_some() => {
            format!("🔒 read-only: {}", state_in_words(cluster).to_lowercase())
        }
        (_, Some(cluster)) => format!("cluster: {}", state_in_words(cluster).to_lowercase()),
        (RunView::Discovering { .. }, None) => "checking this machine".to_owned(),
        _ => "not deployed".to_owned(),
    }
}
