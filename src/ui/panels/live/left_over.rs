//! Clusters that an earlier pgcascade left: unfinished ones are resumed, torn down or kept so, whole ones watched again.

use egui::{Label, Ui};

use super::super::parts::sign_button;
use crate::app::Outbox;
use crate::app::{ClusterMessage, Message, Session};
use crate::model::desk::{LeftCluster, LeftState};

/// One line for each; draws nothing if there is none.
pub fn left_over_ui(ui: &mut Ui, session: &Session, outbox: &mut Outbox) {
    for record in &session.live.left_over {
        record_ui(ui, session, record, outbox);
    }
}

fn record_ui(ui: &mut Ui, session: &Session, record: &LeftCluster, outbox: &mut Outbox) {
    let removing = session.live.removing.contains(&record.folder);
    let is_whole = record.state.is_whole();
    ui.horizontal(|ui| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let folder = || record.folder.clone();
            if is_whole && !removing {
                let hide = sign_button(ui, true, "✖", "Hide this message; the cluster is not changed");
                if hide.clicked() {
                    outbox.send(Message::Cluster(ClusterMessage::Hide(folder())));
                }
            }
            let mut button = |ui: &mut Ui, words: &str, hover: &str, message: ClusterMessage| {
                if ui.button(words).on_hover_text(hover).clicked() {
                    outbox.send(Message::Cluster(message));
                }
            };
            if removing {
                ui.spinner();
                ui.label("Tearing down");
            } else if is_whole {
                let hover = "Stop its servers and remove everything created there; asks first";
                button(ui, "Tear down…", hover, ClusterMessage::AskTeardown(folder()));
                let hover = "Show its live state here";
                button(ui, "Watch", hover, ClusterMessage::Attach(folder()));
            } else {
                let hover = "Leave it as it is and hide this message";
                button(ui, "Keep", hover, ClusterMessage::Keep(folder()));
                if record.state != LeftState::HalfRemoved {
                    let hover = "Stop its processes and remove everything created there; asks first";
                    button(ui, "Tear down…", hover, ClusterMessage::AskTeardown(folder()));
                }
                button(
                    ui,
                    "Resume",
                    go_on_words(record.state),
                    ClusterMessage::GoOn(folder()),
                );
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let sign = if is_whole { "ℹ" } else { "⚠" };
                let words = format!(
                    "{sign} The cluster \"{}\" in {} {}",
                    record.name,
                    record.folder.display(),
                    what_is_left(record.state)
                );
                ui.add(Label::new(words).truncate());
            });
        });
    });
}

fn what_is_left(state: LeftState) -> &'static str {
    match state {
        LeftState::HalfBuilt => "was left half built",
        LeftState::Whole => "from an earlier session still exists",
        LeftState::HalfStarted => "was left half started",
        LeftState::HalfStopped => "was left half stopped",
        LeftState::BetweenDesigns => "was left between two designs",
        LeftState::NotCleared => "was changed but not cleaned up",
        LeftState::HalfRemoved => "was left half removed",
    }
}

fn go_on_words(state: LeftState) -> &'static str {
    match state {
        LeftState::HalfBuilt => "Build the rest and verify it; completed steps are kept",
        LeftState::BetweenDesigns => "Finish the change and verify the new design",
        LeftState::NotCleared => "Drop the slots and remove the servers that only the old design used",
        LeftState::HalfRemoved => "Remove the rest of it",
        LeftState::HalfStarted => "Start the rest of its servers",
        LeftState::HalfStopped | LeftState::Whole => "Stop the rest of its servers",
    }
}
