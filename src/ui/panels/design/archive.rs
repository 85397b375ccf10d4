//! The WAL archive: a folder, or the commands of a tool that people already trust.

use egui::Ui;

use crate::app::drafts::{Drafts, Field, TermField};
use crate::app::edits::edit;
use crate::app::{Outbox, Session};
use crate::model::topology::{Archive, Edit, Tool};

use super::super::parts::{field_row, form_ui};
use super::terms::send;

/// Those whose usual pair of commands is offered.
const TOOLS: [Tool; 4] = [Tool::PgBackRest, Tool::WalG, Tool::Barman, Tool::WalE];

pub fn archive_ui(ui: &mut Ui, session: &Session, drafts: &mut Drafts, outbox: &mut Outbox) {
    let archive = session.desk.document.topology().archive();
    let is_folder = archive.is_some_and(|archive| archive.directory().is_some());
    if archive.is_none() || is_folder {
        folder_ui(ui, session, drafts, is_folder, outbox);
    }
    if archive.is_some() && !is_folder {
        form_ui(ui, "archive's commands", |ui| {
            let mut row = |ui: &mut Ui, label: &str, hint: &str, field| {
                field_row(ui, session, drafts, outbox, label, hint, &Field::Terms(field));
            };
            row(ui, "archive_command", "none", TermField::ArchiveCommand);
            row(ui, "restore_command", "none", TermField::RestoreCommand);
        });
    }
    ui.horizontal_wrapped(|ui| {
        commands_ui(ui, session, outbox);
        if archive.is_some() && !is_folder {
            let button = ui.add_enabled(!session.is_locked(), egui::Button::new("No archive"));
            if button.on_hover_text("Remove the commands").clicked() {
                outbox.send(edit(Edit::SetArchive(None)));
            }
        }
    });
}

fn folder_ui(ui: &mut Ui, session: &Session, drafts: &mut Drafts, is_folder: bool, outbox: &mut Outbox) {
    let mut on = is_folder;
    let words = "Archive WAL in a folder";
    if ui
        .add_enabled(!session.is_locked(), egui::Checkbox::new(&mut on, words))
        .changed()
    {
        let archive = Archive::new("archive").ok().filter(|_| on);
        outbox.send(edit(Edit::SetArchive(archive)));
    }
    if is_folder {
        form_ui(ui, "archive", |ui| {
            let hint = "relative to the cluster's folder, or absolute";
            field_row(
                ui,
                session,
                drafts,
                outbox,
                "Folder",
                hint,
                &Field::ArchiveDirectory,
            );
        });
    }
}

/// The ready pairs of commands, to be changed afterwards.
fn commands_ui(ui: &mut Ui, session: &Session, outbox: &mut Outbox) {
    ui.add_enabled_ui(!session.is_locked(), |ui| {
        let menu = ui.menu_button("Use the commands of…", |ui| {
            for tool in TOOLS {
                let Some((push, fetch)) = tool.commands() else {
                    continue;
                };
                let button = ui.button(tool.name()).on_hover_text(format!(
                    "Set archive_command = {push}\nand restore_command = {fetch}"
                ));
                if button.clicked()
                    && let Ok(archive) = Archive::of_commands(Some(push), Some(fetch))
                {
                    let words = format!("Archive with {}", tool.name());
                    send(outbox, &words, Edit::SetArchive(Some(archive)));
                    ui.close();
                }
            }
        });
        menu.response
            .on_hover_text("Archive with another tool: its usual commands are filled in, and can be changed");
    });
}
