//! A switchover, a failover, a rejoin, about to begin: what changes, who is interrupted, what would be lost.

use egui::{Label, RichText, ScrollArea, Ui};

use crate::app::{ClusterMessage, Dialog, Message, Outbox};
use crate::model::plan::{Foretold, Plan, Steering};
use crate::model::topology::{Edit, Topology};
use crate::model::words::counted;
use crate::ui::theme::{GAP_SMALL, Tokens};

use super::super::parts::{note_ui, section_ui};
use super::{answers_ui, title_ui};

/// How much of a long list is in view.
const LIST_HEIGHT: f32 = 320.0;

/// What is asked about: the plan, what is known of it, and the design that it leads to by these edits.
pub(super) struct Asked<'a> {
    pub plan: &'a Plan,
    pub told: &'a Foretold,
    pub wanted: &'a Topology,
    pub edits: &'a [Edit],
}

impl Asked<'_> {
    /// The question, and the answer that begins it.
    fn words(&self) -> (String, &'static str) {
        let name = |id| {
            self.wanted
                .server(id)
                .map_or("?", |server| server.name().as_str())
        };
        match (&self.plan.head.steering, self.edits) {
            (Some(Steering::Switchover { heir, .. }), _) => {
                (format!("Switch over to {heir}?"), "Switch over")
            }
            (Some(Steering::Failover { heir, .. }), _) => (format!("Let {heir} take over?"), "Fail over"),
            (Some(Steering::Rejoin { server, .. }), _) => (format!("Rejoin {server}?"), "Rejoin"),
            (None, [Edit::Attach { server, upstream }]) => (
                format!("Let {} follow {}?", name(*server), name(*upstream)),
                "Move it",
            ),
            _ => ("Change the running cluster?".to_owned(), "Change it"),
        }
    }
}

pub(super) fn steer_ui(ui: &mut Ui, asked: &Asked<'_>, dialog: &Dialog, outbox: &mut Outbox) {
    let Asked { plan, told, .. } = asked;
    let (title, answer) = asked.words();
    title_ui(ui, &title);
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
