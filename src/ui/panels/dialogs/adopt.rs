//! What runs, about to become the design: what changes in the drawing, and what stays different.

use egui::{Label, ScrollArea, Ui};

use crate::app::{ClusterMessage, Dialog, Message, Outbox};
use crate::model::drift::adopt::Adoption;
use crate::ui::theme::GAP_SMALL;

use super::super::parts::{note_ui, section_ui};
use super::{answers_ui, title_ui};

/// How much of a long list is in view.
const LIST_HEIGHT: f32 = 300.0;

pub(super) fn adopt_ui(ui: &mut Ui, adoption: &Adoption, dialog: &Dialog, outbox: &mut Outbox) {
    title_ui(ui, "Adopt what is running?");
    note_ui(
        ui,
        "The design changes, the servers do not: their files follow without a restart.",
    );
    ScrollArea::vertical().max_height(LIST_HEIGHT).show(ui, |ui| {
        if !adoption.changes.is_empty() {
            section_ui(ui, "Changes in the design");
        }
        for change in &adoption.changes {
            ui.add(Label::new(format!("• {change}")).wrap());
        }
        if !adoption.stays.is_empty() {
            section_ui(ui, "Still different");
            note_ui(ui, "A design cannot express this. Apply the design to undo it.");
        }
        for differs in &adoption.stays {
            ui.add(Label::new(format!("⚠ {}", differs.message)).wrap());
        }
    });
    ui.add_space(GAP_SMALL);
    let adopt = Message::Cluster(ClusterMessage::Adopt);
    answers_ui(ui, "Adopt", adopt, &[], dialog, outbox);
}
