//! What was worked on: designs that a session left unsaved, and those that were opened last.

use std::path::Path;

use egui::{Align, Button, Label, Layout, RichText, Ui};

use crate::app::Outbox;
use crate::app::{FileMessage, Message, Session, StartMessage, ViewMessage};
use crate::model::desk::RecentDesign;
use crate::model::desk::Unsaved;
use crate::ui::theme::{GAP, Tokens};

use super::super::panels::sign_button;
use super::{entry_ui, part_ui, send, small_ui};
use crate::model::words::ago;

/// Nothing, if nothing is to be recovered.
pub fn recoverable_ui(ui: &mut Ui, session: &Session, outbox: &mut Outbox) {
    if session.start.recoverable.is_empty() {
        return;
    }
    part_ui(ui, "Not saved when an earlier session ended");
    for unsaved in &session.start.recoverable {
        unsaved_ui(ui, unsaved, outbox);
    }
    ui.add_space(GAP);
}

fn unsaved_ui(ui: &mut Ui, unsaved: &Unsaved, outbox: &mut Outbox) {
    entry_ui(ui, |ui| {
        let name = unsaved
            .path
            .as_deref()
            .map_or_else(|| "A design without a file".to_owned(), file_name);
        let warning = Tokens::of(ui.visuals()).warning;
        ui.add(Label::new(RichText::new(format!("⚠ {name}")).strong().color(warning)).truncate());
        let at = unsaved.path.as_deref().and_then(Path::parent);
        let place = at.map_or_else(String::new, |folder| format!(" · {}", folder.display()));
        small_ui(ui, &format!("kept {}{place}", ago(unsaved.age_secs)));
        ui.horizontal(|ui| {
            if ui.button("Recover").clicked() {
                outbox.send(Message::File(FileMessage::Recover(unsaved.clone())));
            }
            if ui.button("Forget").on_hover_text("Discard its changes").clicked() {
                send(outbox, StartMessage::ForgetUnsaved(unsaved.id.clone()));
            }
        });
    });
}

pub fn recent_ui(ui: &mut Ui, session: &Session, outbox: &mut Outbox) {
    part_ui(ui, "Recent designs");
    if session.start.recent.is_empty() {
        small_ui(ui, "Designs that you open or save appear here");
    }
    for design in &session.start.recent {
        design_ui(ui, design, outbox);
    }
    ui.add_space(GAP * 2.0);
}

/// A line that opens it; one that is gone can only be taken off the list.
fn design_ui(ui: &mut Ui, design: &RecentDesign, outbox: &mut Outbox) {
    let name = file_name(&design.path);
    let folder = design.path.parent().unwrap_or(Path::new(""));
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let words = format!("Remove {name} from the list");
            if sign_button(ui, true, "×", &words).clicked() {
                send(outbox, StartMessage::ForgetRecent(design.path.clone()));
            }
            let when = if design.is_there {
                ago(design.age_secs)
            } else {
                "gone".to_owned()
            };
            let weak = Tokens::of(ui.visuals()).text_weak;
            ui.label(RichText::new(when).small().color(weak));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let text = format!("{name}  {}", folder.display());
                let button = Button::new(text.as_str()).frame_when_inactive(false).truncate();
                let response = ui.add_enabled(design.is_there, button);
                let hint = if design.is_there {
                    ""
                } else {
                    "This file no longer exists: "
                };
                let response = response
                    .on_hover_text(design.path.display().to_string())
                    .on_disabled_hover_text(format!("{hint}{}", design.path.display()));
                if response.clicked() {
                    send(outbox, StartMessage::OpenRecent(design.path.clone()));
                }
                response.context_menu(|ui| {
                    if ui.button("Show in folder").clicked() {
                        outbox.send(Message::View(ViewMessage::OpenFolder(folder.to_owned())));
                        ui.close();
                    }
                });
            });
        });
    });
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}
