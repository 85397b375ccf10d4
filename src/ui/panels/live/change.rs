//! Before the drawing is applied to what runs: what will be different, who is interrupted, and every step.

use egui::{Label, RichText, ScrollArea, Ui};

use crate::app::Outbox;
use crate::app::{Message, RunMessage};
use crate::model::plan::{ApplyPlan, Check};
use crate::ui::theme::{GAP_SMALL, Tokens};

use super::super::parts::{main_button, note_ui, section_ui};
use super::plan::{check_ui, steps_ui};

pub fn change_ui(ui: &mut Ui, plan: &Result<ApplyPlan, Vec<Check>>, outbox: &mut Outbox) {
    ui.label(RichText::new("The changes").heading());
    ui.add_space(GAP_SMALL);
    let is_possible = plan.as_ref().is_ok_and(|plan| !plan.plan.steps.is_empty());
    ui.horizontal(|ui| {
        let apply = main_button(ui, is_possible, "Apply");
        let apply = apply.on_disabled_hover_text("There is nothing that can be applied, see below");
        if apply.clicked() {
            outbox.send(Message::Run(RunMessage::Confirm));
        }
        if ui.button("Look again").clicked() {
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
        note_ui(ui, "Nothing differs: what is drawn is what runs");
        return;
    }
    section_ui(ui, "What will be different");
    for change in &plan.changes {
        ui.add(Label::new(change).wrap());
    }
    section_ui(ui, "Who is interrupted");
    if plan.interruptions.is_empty() {
        note_ui(ui, "Nobody");
    }
    let warning = Tokens::of(ui.visuals()).warning;
    for one in &plan.interruptions {
        ui.add(Label::new(RichText::new(format!("⚠ {one}")).color(warning)).wrap());
    }
    steps_ui(ui, &plan.plan);
}
