//! Before anything happens: what was found on the machine, and every step with its reason.

use egui::{Label, RichText, ScrollArea, Ui};

use crate::app::{Message, RunMessage};
use crate::model::plan::{Check, Machine, Plan};
use crate::ui::Outbox;
use crate::ui::theme::{GAP, GAP_SMALL, TEXT_SMALL, Tokens};

use super::parts::{counted, main_button, note_ui, section_ui};

pub fn plan_ui(ui: &mut Ui, machine: &Machine, checks: &[Check], plan: Option<&Plan>, outbox: &mut Outbox) {
    ui.label(RichText::new("The plan").heading());
    note_ui(ui, &machine.folder);
    ui.add_space(GAP_SMALL);
    ui.horizontal(|ui| {
        let deploy = main_button(ui, plan.is_some(), "Deploy");
        let deploy = deploy.on_disabled_hover_text("Something stands in the way, see below");
        if deploy.clicked() {
            outbox.send(Message::Run(RunMessage::Confirm));
        }
        if ui.button("Other folder…").clicked() {
            outbox.send(Message::Run(RunMessage::Ask));
        }
        if ui.button("Look again").clicked() {
            outbox.send(Message::Run(RunMessage::Prepare(machine.folder.clone().into())));
        }
        if ui.button("Back").clicked() {
            outbox.send(Message::Run(RunMessage::Close));
        }
    });
    ui.add_space(GAP_SMALL);
    ui.separator();
    ScrollArea::vertical()
        .id_salt("plan")
        .auto_shrink(false)
        .show(ui, |ui| {
            section_ui(ui, "This machine");
            for check in checks {
                check_ui(ui, check);
            }
            if let Some(plan) = plan {
                section_ui(
                    ui,
                    &format!("What will be done, in {}", counted(plan.steps.len(), "step")),
                );
                for (place, step) in plan.steps.iter().enumerate() {
                    ui.add(Label::new(format!("{}. {}", place + 1, step.title)).wrap());
                    ui.indent(place, |ui| note_ui(ui, &step.why));
                    ui.add_space(GAP_SMALL);
                }
            }
        });
}

fn check_ui(ui: &mut Ui, check: &Check) {
    let tokens = Tokens::of(ui.visuals());
    let (sign, word, colour) = if check.ok {
        ("✔", "ok", tokens.ok)
    } else {
        ("⊗", "problem", tokens.error)
    };
    ui.horizontal_top(|ui| {
        let head = RichText::new(format!("{sign} {word}"))
            .color(colour)
            .size(TEXT_SMALL);
        ui.add_sized([64.0, 18.0], Label::new(head).halign(egui::Align::LEFT));
        ui.vertical(|ui| {
            ui.add(Label::new(&check.message).wrap());
            if let Some(fix) = check.fix.as_ref().filter(|_| !check.ok) {
                note_ui(ui, fix);
            }
        });
    });
    ui.add_space(if check.ok { 0.0 } else { GAP });
}
