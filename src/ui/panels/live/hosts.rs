//! The playbook on the design's hosts: before it runs what it would do there, or why it cannot; afterwards what one does next.

use std::path::Path;

use egui::{RichText, ScrollArea, Ui};

use crate::app::job::hosts_items;
use crate::app::{Dialog, HostsPlan, Message, Outbox, RunMessage, Session, ToHosts, ViewMessage};
use crate::model::plan::{Outcome, Progress};
use crate::report::Report;
use crate::ui::theme::GAP_SMALL;

use super::super::parts::{main_button, note_ui, report_ui, section_ui};
use super::change::differences_ui;
use super::plan::steps_ui;

pub(super) fn hosts_ui(
    ui: &mut Ui,
    asked: &ToHosts,
    planned: &Result<Box<HostsPlan>, Report>,
    outbox: &mut Outbox,
) {
    ui.label(RichText::new("The plan for the hosts").heading());
    note_ui(ui, asked.folder.trim());
    ui.add_space(GAP_SMALL);
    ui.horizontal_wrapped(|ui| {
        let begin = main_button(ui, planned.is_ok(), "Run Ansible");
        if begin.on_disabled_hover_text("See the reason below").clicked() {
            outbox.send(Message::Run(RunMessage::Confirm));
        }
        if ui
            .button("Change…")
            .on_hover_text("Another folder, inventory or variables")
            .clicked()
        {
            outbox.send(Message::View(ViewMessage::Dialog(Some(Dialog::ToHosts(
                asked.clone(),
            )))));
        }
        if ui.button("Refresh").clicked() {
            outbox.send(Message::Run(RunMessage::LookToHosts(asked.clone())));
        }
        if ui.button("Back").clicked() {
            outbox.send(Message::Run(RunMessage::Close));
        }
    });
    ui.add_space(GAP_SMALL);
    ScrollArea::vertical()
        .id_salt("hosts plan")
        .auto_shrink(false)
        .show(ui, |ui| match planned {
            Ok(plan) => plan_ui(ui, plan),
            Err(report) => {
                section_ui(ui, "This cannot go to the hosts");
                report_ui(ui, report);
            }
        });
}

fn plan_ui(ui: &mut Ui, plan: &HostsPlan) {
    let prospect = &plan.prospect;
    if prospect.is_change() {
        differences_ui(ui, &prospect.changes, &prospect.interruptions);
    } else if prospect.before.is_some() {
        note_ui(
            ui,
            "This design was deployed from here already: what is as drawn is not changed.",
        );
    }
    for note in &prospect.notes {
        note_ui(ui, crate::model::words::as_sentence(note));
    }
    steps_ui(ui, &hosts_items(prospect));
}

/// What one does next on hosts: look at them, or let the same run continue.
pub(super) fn after_ui(ui: &mut Ui, session: &Session, progress: &Progress, log: &Path, outbox: &mut Outbox) {
    let is_done = progress.outcome == Some(Outcome::Done);
    if is_done && progress.lines.is_empty() {
        note_ui(ui, "Nothing had to be changed on any host.");
    }
    note_ui(ui, format!("Ansible's log: {}", log.display()));
    ui.horizontal(|ui| {
        let words = if is_done { "Run it again…" } else { "Continue…" };
        let hint = "Show the plan again; what is as drawn is not changed";
        if let Some(asked) = session.live.to_hosts.clone()
            && ui.button(words).on_hover_text(hint).clicked()
        {
            outbox.send(Message::Run(RunMessage::LookToHosts(asked)));
        }
        let hint = "Connect to the servers and show live what they say. Their pg_hba.conf has to let this machine in.";
        if is_done && ui.button("Watch the servers…").on_hover_text(hint).clicked() {
            outbox.send(Message::Run(RunMessage::WatchHosts));
        }
    });
}
