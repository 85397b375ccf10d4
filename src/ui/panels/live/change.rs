//! Before the drawing is applied to what runs: what will be different, who is interrupted, and every step.

use egui::{Label, RichText, ScrollArea, Ui};

use crate::app::Outbox;
use crate::app::job::items;
use crate::app::{Message, RunMessage};
use crate::model::plan::{ApplyPlan, Check};
use crate::ui::theme::{GAP_SMALL, Tokens};

use super::super::dialogs::begins;
use super::super::parts::{main_button, note_ui, section_ui};
use super::plan::{check_ui, steps_ui};

pub fn change_ui(ui: &mut Ui, plan: &Result<ApplyPlan, Vec<Check>>, outbox: &mut Outbox) {
    ui.label(RichText::new("The changes").heading());
    ui.add_space(GAP_SMALL);
    let is_possible = plan.as_ref().is_ok_and(|plan| !plan.plan.steps.is_empty());
    let checks = plan.as_ref().err().map_or(&[][..], Vec::as_slice);
    ui.horizontal(|ui| {
        let begins = begins(is_possible, checks);
        let apply = main_button(ui, begins.is_some(), "Apply");
        let apply = apply.on_disabled_hover_text("Nothing can be applied, see below");
        if let Some(message) = begins.filter(|_| apply.clicked()) {
            outbox.send(message);
        }
        if ui.button("Refresh").clicked() {
            outbox.send(Message::Run(RunMessage::AskChange));
        }
        if ui.button("Back").clicked() {
            outbox.send(Message::Run(RunMessage::Close));
        }
    });
    ui.add_space(GAP_SMALL);
    ScrollArea::vertical()
        .id_salt("change")
        .auto_shrink(false)
        .show(ui, |ui| match plan {
            Ok(plan) => plan_ui(ui, plan),
            Err(checks) => {
                section_ui(ui, "This cannot be applied to a running cluster");
                for check in checks {
                    check_ui(ui, check);
                }
            }
        });
}

fn plan_ui(ui: &mut Ui, plan: &ApplyPlan) {
    if plan.plan.steps.is_empty() {
        note_ui(ui, "No differences: the running cluster matches the drawing");
        return;
    }
    differences_ui(ui, &plan.changes, &plan.interruptions);
    for note in &plan.notes {
        note_ui(ui, note);
    }
    steps_ui(ui, &items(&plan.plan));
}

/// What will be different, and who notices.
pub(super) fn differences_ui(ui: &mut Ui, changes: &[String], interruptions: &[String]) {
    section_ui(ui, "Changes");
    for change in changes {
        ui.add(Label::new(change).wrap());
    }
    section_ui(ui, "Interruptions");
    if interruptions.is_empty() {
        note_ui(ui, "Nobody");
    }
    let warning = Tokens::of(ui.visuals()).warning;
    for one in interruptions {
        ui.add(Label::new(RichText::new(format!("⚠ {one}")).color(warning)).wrap());
    }
}
