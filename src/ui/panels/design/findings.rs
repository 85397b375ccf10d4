//! What the rules find: how bad, what, and the button that puts it right.

use egui::{RichText, Sense, Ui};

use crate::app::Outbox;
use crate::app::{DesignMessage, Message, Session, ViewMessage};
use crate::model::topology::{self, Finding, Subject};
use crate::model::words::as_sentence;
use crate::ui::theme::{GAP_SMALL, TEXT_SMALL, Tokens};

use super::super::parts::{note_ui, severity_sign};

/// The worst come first. Nobody reads more of them, and each is drawn on every frame.
const MOST_SHOWN: usize = 100;

pub fn findings_ui(ui: &mut Ui, session: &Session, outbox: &mut Outbox) {
    let findings = &session.derived.findings;
    if findings.is_empty() {
        ui.horizontal(|ui| {
            ui.colored_label(Tokens::of(ui.visuals()).ok, "✔");
            note_ui(ui, "No problems found");
        });
        return;
    }
    for (place, finding) in findings.iter().take(MOST_SHOWN).enumerate() {
        if place > 0 {
            ui.separator();
        }
        finding_ui(ui, session, place, finding, outbox);
    }
    if let Some(more) = findings.len().checked_sub(MOST_SHOWN).filter(|more| *more > 0) {
        ui.separator();
        note_ui(
            ui,
            format!("{more} more: fix these first, or list all with pgcascade check"),
        );
    }
}

fn finding_ui(ui: &mut Ui, session: &Session, place: usize, finding: &Finding, outbox: &mut Outbox) {
    let (sign, colour) = severity_sign(ui, finding.severity);
    let about = match finding.subject {
        Subject::Cluster => "the cluster".to_owned(),
        Subject::Server(id) => session
            .desk
            .document
            .topology()
            .server(id)
            .map_or_else(String::new, |server| server.name().to_string()),
    };
    let head = format!("{sign} {} · {about}", finding.severity.word());
    ui.label(RichText::new(head).color(colour).size(TEXT_SMALL).strong());
    let sentence = egui::Label::new(as_sentence(&finding.message))
        .wrap()
        .selectable(false)
        .sense(Sense::click());
    let clicked = ui.add(sentence).on_hover_text("Show in the drawing").clicked();
    if clicked {
        let server = match finding.subject {
            Subject::Cluster => None,
            Subject::Server(id) => Some(id),
        };
        outbox.send(Message::View(ViewMessage::Select(server)));
        outbox.send(Message::View(ViewMessage::Show(crate::app::Tab::Inspector)));
    }
    if let Some(rule) = topology::rule(finding.rule) {
        egui::CollapsingHeader::new(RichText::new("Why").size(TEXT_SMALL))
            .id_salt(("why", place, finding.rule))
            .show(ui, |ui| {
                note_ui(
                    ui,
                    format!("{}: {}", rule.severity.word(), rule.severity.meaning()),
                );
                note_ui(ui, format!("{} ({})", rule.source, rule.id));
            });
    }
    if let Some(fix) = finding.fix.as_ref().filter(|_| !session.is_advice_folded()) {
        ui.add_space(GAP_SMALL);
        let button = egui::Button::new(&fix.label).wrap();
        let response = ui.add_enabled(!session.is_locked(), button);
        if response.on_disabled_hover_text(session.locked_words()).clicked() {
            outbox.send(Message::Design(DesignMessage::Fix(place)));
        }
    }
}
