//! What is wrong with the imported cluster, in the order of what hurts first, each with what shows it and what to type.

use egui::{CollapsingHeader, Label, RichText, Ui};

use crate::app::edits::select;
use crate::app::{ImportMessage, Imported, Message, Outbox, ReportStyle, Session, ViewMessage};
use crate::model::audit::Found;
use crate::model::simulate::survives::Survival;
use crate::model::topology::{Server, Severity};
use crate::model::words::counted;
use crate::ui::fonts::strong;
use crate::ui::theme::{GAP, GAP_SMALL, TEXT_SMALL, Tokens};

use super::super::parts::{note_ui, section_ui, severity_sign};

/// How the next report is saved.
pub type ReportChoice = ReportStyle;

pub(super) fn audit_ui(ui: &mut Ui, session: &Session, imported: &Imported, outbox: &mut Outbox) {
    section_ui(ui, &format!("Audit: {}", summary(&imported.audit.findings)));
    for found in &imported.audit.findings {
        found_ui(ui, session, found, outbox);
        ui.add_space(GAP_SMALL);
    }
    survives_ui(ui, &imported.audit.survives);
}

/// "2 errors, 1 warning".
fn summary(findings: &[Found]) -> String {
    let counts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
        .iter()
        .filter_map(|severity| {
            let of_it = findings.iter().filter(|found| found.severity == severity.word());
            let number = of_it.count();
            (number > 0).then(|| counted(number, severity.word()))
        })
        .collect();
    if counts.is_empty() {
        "no findings".to_owned()
    } else {
        counts.join(", ")
    }
}

fn severity_of(found: &Found) -> Severity {
    let all = [Severity::Error, Severity::Warning];
    let is_its = |severity: &Severity| severity.word() == found.severity;
    all.into_iter().find(is_its).unwrap_or(Severity::Note)
}

fn found_ui(ui: &mut Ui, session: &Session, found: &Found, outbox: &mut Outbox) {
    let (sign, colour) = severity_sign(ui, severity_of(found));
    ui.horizontal_top(|ui| {
        let word = found.severity;
        ui.label(RichText::new(sign).color(colour)).on_hover_text(word);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            if let Some(name) = &found.server {
                server_ui(ui, session, name, outbox);
            }
            ui.add(Label::new(&found.message).wrap());
            for line in &found.evidence {
                note_ui(ui, format!("• {line}"));
            }
            if let Some(fix) = &found.fix {
                fix_ui(ui, fix, outbox);
            }
        });
    });
}

/// Its name; a click shows it on the drawing, as long as it is there.
fn server_ui(ui: &mut Ui, session: &Session, name: &str, outbox: &mut Outbox) {
    let text = RichText::new(name).size(TEXT_SMALL).family(strong(ui));
    let drawn = session.desk.document.topology().by_name(name).map(Server::id);
    match drawn {
        Some(id) => {
            if ui.link(text).on_hover_text("Select it on the drawing").clicked() {
                outbox.send(select(id));
            }
        }
        None => drop(ui.label(text)),
    }
}

fn fix_ui(ui: &mut Ui, fix: &str, outbox: &mut Outbox) {
    ui.horizontal_top(|ui| {
        let copy = ui.small_button("Copy").on_hover_text("Copy what to do");
        if copy.clicked() {
            outbox.send(Message::View(ViewMessage::CopyText(fix.to_owned())));
        }
        note_ui(ui, format!("What to do: {fix}"));
    });
}

/// Single failures after which it does not go on as before.
fn survives_ui(ui: &mut Ui, survives: &[Survival]) {
    let is_fatal = |one: &&Survival| one.cells().iter().any(|cell| !cell.holds);
    let fatal: Vec<&Survival> = survives.iter().filter(is_fatal).collect();
    let heading = format!(
        "Not as before after {} of {}",
        fatal.len(),
        counted(survives.len(), "single failure")
    );
    if fatal.is_empty() {
        note_ui(
            ui,
            format!("It survives all of {}", counted(survives.len(), "single failure")),
        );
        return;
    }
    CollapsingHeader::new(heading).id_salt("survives").show(ui, |ui| {
        for one in fatal {
            ui.add(Label::new(RichText::new(one.failure.join(" + ")).family(strong(ui))).wrap());
            for cell in one.cells().into_iter().filter(|cell| !cell.holds) {
                note_ui(ui, cell.said.sentence.as_str());
            }
        }
    });
}

pub(super) fn save_ui(ui: &mut Ui, choice: &mut ReportChoice, outbox: &mut Outbox) {
    let tokens = Tokens::of(ui.visuals());
    egui::Frame::new()
        .stroke(egui::Stroke::new(1.0, tokens.line))
        .inner_margin(egui::Margin::same(8))
        .corner_radius(crate::ui::theme::RADIUS_WIDGET)
        .show(ui, |ui| {
            ui.label(RichText::new("Report for a colleague").family(strong(ui)));
            ui.horizontal_wrapped(|ui| {
                ui.selectable_value(&mut choice.is_markdown, false, "HTML");
                ui.selectable_value(&mut choice.is_markdown, true, "Markdown");
                ui.add_space(GAP);
                let hint = "Leave out every name: of servers, hosts, files and roles";
                ui.checkbox(&mut choice.is_anonymous, "Without names")
                    .on_hover_text(hint);
            });
            let hint = "Save the audit as one file, with the drawing inside";
            if ui.button("Save report…").on_hover_text(hint).clicked() {
                outbox.send(Message::Import(ImportMessage::SaveReport(*choice)));
            }
        });
}
