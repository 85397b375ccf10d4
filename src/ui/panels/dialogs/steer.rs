//! A switchover, a failover, a rejoin, about to begin: what changes, who is interrupted, what would be lost.

use egui::{Label, RichText, ScrollArea, Ui};

use crate::app::{ClusterMessage, Dialog, Message, Outbox};
use crate::model::plan::Kind;
use crate::model::plan::{Foretold, Plan};
use crate::model::words::counted;
use crate::ui::theme::{GAP_SMALL, Tokens};

use super::super::parts::{note_ui, section_ui};
use super::{answers_ui, title_ui};

/// How much of a long list is in view.
const LIST_HEIGHT: f32 = 320.0;

pub(super) fn steer_ui(ui: &mut Ui, plan: &Plan, told: &Foretold, dialog: &Dialog, outbox: &mut Outbox) {
    let (title, answer) = match plan.head.kind {
        Kind::Switchover => ("Switch over?", "Switch over"),
        Kind::Failover => ("Fail over?", "Fail over"),
        Kind::Rejoin => ("Bring the server back?", "Bring it back"),
        _ => ("Change the running cluster?", "Change it"),
    };
    title_ui(ui, title);
    ScrollArea::vertical().max_height(LIST_HEIGHT).show(ui, |ui| {
        for line in told.changes.iter().chain(&told.notes) {
            ui.add(Label::new(format!("• {line}")).wrap());
        }
        if told.interruptions.is_empty() {
            note_ui(ui, "No sessions are interrupted.");
        } else {
            section_ui(ui, "Interrupted");
            for line in &told.interruptions {
                ui.add(Label::new(format!("• {line}")).wrap());
            }
        }
        if let Some(consent) = &told.consent {
            ui.add_space(GAP_SMALL);
            let words = RichText::new(format!("⚠ {consent}")).color(Tokens::of(ui.visuals()).warning);
            ui.add(Label::new(words).wrap());
        }
        ui.add_space(GAP_SMALL);
        let steps = counted(plan.steps.len(), "step");
        note_ui(
            ui,
            format!("{steps}, each shown as it is done; the design follows as one step of Undo."),
        );
    });
    ui.add_space(GAP_SMALL);
    let steer = Message::Cluster(ClusterMessage::Steer);
    answers_ui(ui, answer, steer, &[], dialog, outbox);
}
