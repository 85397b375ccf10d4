//! Clusters that an earlier pgcascade left: unfinished ones are gone on with, torn down or kept so, whole ones watched again.

use egui::{Label, Ui};

use crate::app::{ClusterMessage, Message, Session};
use crate::engine::cluster::record::{ClusterRecord, ClusterState};
use crate::ui::Outbox;

/// One line for each; draws nothing if there is none.
pub fn left_over_ui(ui: &mut Ui, session: &Session, outbox: &mut Outbox) {
    for record in &session.left_over {
        record_ui(ui, session, record, outbox);
    }
}

fn record_ui(ui: &mut Ui, session: &Session, record: &ClusterRecord, outbox: &mut Outbox) {
    let removing = session.removing.contains(&record.folder);
    let is_whole = record.is_whole();
    ui.horizontal(|ui| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let folder = || record.folder.clone();
            let mut button = |ui: &mut Ui, words: &str, hover: &str, message: ClusterMessage| {
                if ui.button(words).on_hover_text(hover).clicked() {
                    outbox.send(Message::Cluster(message));
                }
            };
            if removing {
                ui.spinner();
                ui.label("Tearing down");
            } else if is_whole {
                let hover = "Stops its servers and removes what was made there; asks first";
                button(ui, "Tear down…", hover, ClusterMessage::AskTeardown(folder()));
                let hover = "Shows it here, with what its servers say";
                button(ui, "Watch", hover, ClusterMessage::Adopt(folder()));
            } else {
                let hover = "Leaves it as it is, and says no more about it";
                button(ui, "Keep", hover, ClusterMessage::Keep(folder()));
                if record.state != ClusterState::Removing {
                    let hover = "Stops what runs of it and removes what was made there; asks first";
                    button(ui, "Tear down…", hover, ClusterMessage::AskTeardown(folder()));
                }
                button(ui, "Go on", go_on_words(record), ClusterMessage::GoOn(folder()));
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let words = format!(
                    "⚠ The cluster \"{}\" in {} {}",
                    record.name,
                    record.folder.display(),
                    what_is_left(record)
                );
                ui.add(Label::new(words).truncate());
            });
        });
    });
}

fn what_is_left(record: &ClusterRecord) -> &'static str {
    match (record.state, &record.switching) {
        (ClusterState::Building, _) => "was left half built",
        (ClusterState::Complete, None) => "of an earlier session is still there",
        (ClusterState::Complete, Some(switching)) if switching.starts => "was left half started",
        (ClusterState::Complete, Some(_)) => "was left half stopped",
        (ClusterState::Changing, _) => "was left between two designs",
        (ClusterState::Removing, _) => "was left half removed",
    }
}

fn go_on_words(record: &ClusterRecord) -> &'static str {
    match (record.state, &record.switching) {
        (ClusterState::Building, _) => {
            "Builds the rest of it: what is done stays done, and all is verified at the end"
        }
        (ClusterState::Changing, _) => "Finishes the change: then the new design runs, and is verified",
        (ClusterState::Removing, _) => "Removes the rest of it",
        (ClusterState::Complete, Some(switching)) if switching.starts => "Starts the rest of its servers",
        (ClusterState::Complete, _) => "Stops the rest of its servers",
    }
}
