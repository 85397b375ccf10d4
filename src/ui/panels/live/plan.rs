//! Before anything happens: what was found on the machine, and every step with its reason.

use egui::{Label, RichText, ScrollArea, Ui};

use crate::app::Outbox;
use crate::app::{DesignMessage, Message, RunMessage, Session};
use crate::model::document::Command;
use crate::model::plan::{Check, Machine, Plan, other_ports};
use crate::model::topology::{Edit, Topology};
use crate::ui::theme::{GAP, GAP_SMALL, Tokens};

use super::super::dialogs::begins;
use super::super::parts::{main_button, note_ui, section_ui, state_ui};
use crate::app::job::{Item, items};
use crate::app::phases::{phases, titles};
use crate::model::words::counted;

/// "⊗ problem" fits.
const STATE_WIDTH: f32 = 62.0;

pub fn plan_ui(
    ui: &mut Ui,
    session: &Session,
    machine: &Machine,
    checks: &[Check],
    plan: Option<&Plan>,
    outbox: &mut Outbox,
) {
    ui.label(RichText::new("The plan").heading());
    note_ui(ui, &machine.folder);
    ui.add_space(GAP_SMALL);
    ui.horizontal(|ui| {
        let begins = begins(plan.is_some(), checks);
        let deploy = main_button(ui, begins.is_some(), "Deploy");
        let deploy = deploy.on_disabled_hover_text("Some checks failed, see below");
        if let Some(message) = begins.filter(|_| deploy.clicked()) {
            outbox.send(message);
        }
        if ui.button("Other folder…").clicked() {
            outbox.send(Message::Run(RunMessage::Ask));
        }
        if ui.button("Refresh").clicked() {
            outbox.send(Message::Run(RunMessage::Prepare(machine.folder.clone().into())));
        }
        if ui.button("Back").clicked() {
            outbox.send(Message::Run(RunMessage::Close));
        }
    });
    ui.add_space(GAP_SMALL);
    ScrollArea::vertical()
        .id_salt("plan")
        .auto_shrink(false)
        .show(ui, |ui| {
            checks_ui(ui, session.desk.document.topology(), machine, checks, outbox);
            if let Some(plan) = plan {
                steps_ui(ui, &items(plan));
            }
        });
}

/// What stands in the way comes first; what is fine takes one line, and can be looked into.
fn checks_ui(ui: &mut Ui, topology: &Topology, machine: &Machine, checks: &[Check], outbox: &mut Outbox) {
    let (fine, problems): (Vec<&Check>, Vec<&Check>) = checks.iter().partition(|check| check.ok);
    section_ui(ui, "This machine");
    for check in &problems {
        check_ui(ui, check);
    }
    version_ui(ui, checks, machine, outbox);
    other_ports_ui(ui, topology, machine, outbox);
    let words = if problems.is_empty() {
        format!("✔ All {} passed", counted(fine.len(), "check"))
    } else {
        format!("✔ {} passed", counted(fine.len(), "other check"))
    };
    let ok = Tokens::of(ui.visuals()).ok;
    egui::CollapsingHeader::new(RichText::new(words).color(ok))
        .id_salt("passed checks")
        .show(ui, |ui| {
            for check in fine {
                ui.add(Label::new(&check.message).wrap());
            }
        });
    for (check, advice) in checks.iter().filter(|check| check.ok).filter_map(with_fix) {
        ui.add(Label::new(&check.message).wrap());
        note_ui(ui, advice);
        ui.add_space(GAP_SMALL);
    }
}

/// A check that is fine has a fix only if there is something to be said all the same.
fn with_fix(check: &Check) -> Option<(&Check, &str)> {
    Some((check, check.fix.as_deref()?))
}

/// The version of the programs that are here, where it is not the design's; the plan is made again by itself.
fn version_ui(ui: &mut Ui, checks: &[Check], machine: &Machine, outbox: &mut Outbox) {
    let is_other = checks.iter().any(|check| check.id == "wrong-major" && !check.ok);
    let Some(tools) = machine.tools.first().filter(|_| is_other) else {
        return;
    };
    let words = format!("Use PostgreSQL {}", tools.major);
    let hint = "Change the design (can be undone)";
    if ui.button(words).on_hover_text(hint).clicked() {
        let edit = Edit::SetPostgres(tools.major);
        outbox.send(Message::Design(DesignMessage::Do(Command::Edit(edit))));
    }
    ui.add_space(GAP_SMALL);
}

/// One button for all ports that are in use; the plan is made again by itself.
fn other_ports_ui(ui: &mut Ui, topology: &Topology, machine: &Machine, outbox: &mut Outbox) {
    let others = other_ports(topology, machine);
    if others.is_empty() {
        return;
    }
    let words = if others.len() == 1 {
        "Use another port"
    } else {
        "Use other ports"
    };
    let hint = "Change the design (can be undone)";
    if ui.button(words).on_hover_text(hint).clicked() {
        let edits = others
            .into_iter()
            .map(|(server, port)| Edit::SetPort { server, port });
        outbox.send(Message::Design(DesignMessage::Do(Command::Edits {
            label: words.to_owned(),
            edits: edits.collect(),
        })));
    }
    ui.add_space(GAP_SMALL);
}

/// The steps in their phases; a reason that several steps in a row share is said once.
pub(super) fn steps_ui(ui: &mut Ui, steps: &[Item<'_>]) {
    let all = counted(steps.len(), "step");
    section_ui(ui, &format!("What will happen, in {all}"));
    let id = ui.id().with("every step");
    let mut every = ui.data(|data| data.get_temp(id).unwrap_or(false));
    let words = if every {
        "Fold the steps"
    } else {
        "Show every step"
    };
    let asked = ui.link(words).clicked();
    every ^= asked;
    ui.data_mut(|data| data.insert_temp(id, every));
    ui.add_space(GAP_SMALL);
    let stretches = phases(steps);
    let titles = titles(steps, &stretches);
    for (number, (phase, title)) in stretches.into_iter().zip(titles).enumerate() {
        let many = counted(phase.steps.len(), "step");
        egui::CollapsingHeader::new(format!("{title} · {many}"))
            .id_salt(("phase", number))
            .default_open(false)
            .open(asked.then_some(every))
            .show(ui, |ui| {
                let mut said = "";
                let first = phase.steps.start;
                for (place, step) in steps.get(phase.steps).unwrap_or_default().iter().enumerate() {
                    ui.add(Label::new(format!("{}. {}", first + place + 1, step.title)).wrap());
                    if step.why != said && !step.why.is_empty() {
                        ui.indent(place, |ui| note_ui(ui, step.why));
                        ui.add_space(GAP_SMALL);
                    }
                    said = step.why;
                }
            });
    }
}

pub(super) fn check_ui(ui: &mut Ui, check: &Check) {
    let tokens = Tokens::of(ui.visuals());
    ui.horizontal_top(|ui| {
        state_ui(ui, STATE_WIDTH, "⊗", "problem", tokens.error);
        ui.vertical(|ui| {
            ui.add(Label::new(&check.message).wrap());
            if let Some(fix) = &check.fix {
                note_ui(ui, fix);
            }
        });
    });
    ui.add_space(GAP);
}
