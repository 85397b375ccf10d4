//! Clusters that an earlier pgcascade left: to be torn down, or watched again.

use egui::{Label, Ui};

use crate::app::{ClusterMessage, Message, Session};
use crate::engine::record::{ClusterRecord, ClusterState};
use crate::ui::Outbox;

/// One line for each; draws nothing if there is none.
pub fn left_over_ui(ui: &mut Ui, session: &Session, outbox: &mut Outbox) {
    for record in &session.left_over {
        record_ui(ui, session, record, outbox);
    }
}

fn record_ui(ui: &mut Ui, session: &Session, record: &ClusterRecord, outbox: &mut Outbox) {
    let what = match record.state {
        ClusterState::Building => "was left half built",
        ClusterState::Complete => "of an earlier session is still there",
        ClusterState::Changing => "was left between two designs",
        ClusterState::Removing => "was left half removed",
    };
    let removing = session.removing.contains(&record.folder);
    ui.horizontal(|ui| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let folder = record.folder.clone();
            if removing {
                ui.spinner();
                ui.label("Tearing down");
            } else if ui.button("Tear down…").clicked() {
                outbox.send(Message::Cluster(ClusterMessage::AskTeardown(folder.clone())));
            }
            if record.state == ClusterState::Complete && !removing && ui.button("Watch").clicked() {
                outbox.send(Message::Cluster(ClusterMessage::Adopt(folder)));
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let words = format!(
                    "⚠ The cluster \"{}\" in {} {what}",
                    record.name,
                    record.folder.display()
                );
                ui.add(Label::new(words).truncate());
            });
        });
    });
}
