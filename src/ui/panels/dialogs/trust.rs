//! What the design runs of its own, and the question whether it is trusted.

use egui::{Label, RichText, ScrollArea, Ui};

use crate::app::{Dialog, Message, Outbox, RunMessage, Session, ViewMessage};
use crate::model::plan::{Check, lacks_only_trust};
use crate::ui::theme::GAP_SMALL;

use super::super::parts::note_ui;
use super::{answers_ui, title_ui};

/// How much of a long list is in view.
const LIST_HEIGHT: f32 = 240.0;

/// What the main button of a plan sends: the run, or first the question; nothing while something else is in the way.
pub fn begins(is_ready: bool, checks: &[Check]) -> Option<Message> {
    if is_ready {
        Some(Message::Run(RunMessage::Confirm))
    } else {
        lacks_only_trust(checks).then_some(Message::View(ViewMessage::Dialog(Some(Dialog::Trust))))
    }
}

pub(super) fn trust_ui(ui: &mut Ui, session: &Session, dialog: &Dialog, outbox: &mut Outbox) {
    title_ui(ui, "Trust this design?");
    note_ui(
        ui,
        "It runs its own code on this machine, with the rights of the servers' user:",
    );
    ui.add_space(GAP_SMALL);
    ScrollArea::vertical().max_height(LIST_HEIGHT).show(ui, |ui| {
        for hazard in session.desk.document.topology().hazards() {
            ui.add(Label::new(RichText::new(format!("Runs on this machine: {hazard}"))).wrap());
        }
    });
    ui.add_space(GAP_SMALL);
    note_ui(ui, "You will be asked again when this list changes.");
    let trust = Message::Run(RunMessage::Trust);
    answers_ui(ui, "Trust and start", trust, &[], dialog, outbox);
}
