//! A cluster that somebody runs: where it is, the wait for it, and what could not be seen.

use std::path::PathBuf;

use egui::{Align, Button, Key, Label, Layout, Response, RichText, ScrollArea, TextEdit, Ui};

use crate::app::{
    ImportMessage, ImportSource, ImportStage, Importing, Message, Outbox, Session, ViewMessage,
};
use crate::ui::theme::{GAP, GAP_LARGE, GAP_SMALL, TEXT_SMALL};

use super::super::parts::{entry_ui, form_ui, main_button, note_ui, report_ui, sign_button};
use super::questions::{Addresses, questions_ui};
use super::title_ui;

/// How much of a long list of folders is in view.
const LIST_HEIGHT: f32 = 130.0;
/// So many connections are offered below the field.
const OFFERED: usize = 4;

/// What is being typed.
#[derive(Debug, Default)]
pub(super) struct ImportDraft {
    source: ImportSource,
    path: String,
    addresses: Addresses,
    /// Since when something is under way, in the window's seconds.
    since: Option<f64>,
}

impl ImportDraft {
    /// The dialog has changed: it knows what was typed so far.
    pub(super) fn follow(&mut self, importing: &Importing) {
        self.source = importing.source.clone();
        self.since = None;
        if let ImportStage::Questions(imported) = &importing.stage {
            self.addresses = Addresses::of(imported);
        }
    }
}

pub(super) fn import_ui(
    ui: &mut Ui,
    session: &Session,
    importing: &Importing,
    draft: &mut ImportDraft,
    is_new: bool,
    outbox: &mut Outbox,
) {
    match &importing.stage {
        ImportStage::Questions(imported) => {
            questions_ui(ui, imported, &mut draft.addresses, outbox);
        }
        ImportStage::Running(_) => running_ui(ui, draft, outbox),
        ImportStage::Filling(problem) => {
            title_ui(ui, "Import a cluster");
            note_ui(
                ui,
                "pgcascade reads a cluster that you already run and draws it. It changes nothing there: files are only read, \
                 and sessions are read-only with a statement timeout.",
            );
            ui.add_space(GAP);
            ui.horizontal(|ui| {
                let from_files = &mut draft.source.from_files;
                ui.selectable_value(from_files, false, "From a server");
                ui.selectable_value(from_files, true, "From files");
            });
            ui.add_space(GAP);
            let entered = if draft.source.from_files {
                files_ui(ui, draft, outbox);
                false
            } else {
                connection_ui(ui, session, draft, is_new)
            };
            if let Some(problem) = problem {
                ui.add_space(GAP);
                report_ui(ui, problem);
            }
            ui.add_space(GAP_LARGE);
            ui.horizontal(|ui| {
                if main_button(ui, true, "Import").clicked() || entered {
                    take_path(draft);
                    send(outbox, ImportMessage::Start(draft.source.clone()));
                }
                cancel_ui(ui, outbox);
            });
        }
    }
}

/// True if Enter was pressed in a field.
fn connection_ui(ui: &mut Ui, session: &Session, draft: &mut ImportDraft, is_new: bool) -> bool {
    let mut entered = false;
    let source = &mut draft.source;
    form_ui(ui, "connection", |ui| {
        let hint = "host=db3 user=monitor, postgresql://monitor@db3/, or db3:5432";
        let edit = entry_ui(
            ui,
            "Connection",
            hint,
            &mut source.connection,
            false,
            |ui, text| {
                offered_ui(ui, session, text);
                note_ui(
                    ui,
                    "Any server of the cluster: the others are found from there. A role with pg_monitor sees enough.",
                );
            },
        );
        if is_new {
            edit.request_focus();
        }
        entered |= is_entered(ui, &edit);
        let edit = entry_ui(ui, "Password", "", source.password.typed(), true, |ui, _| {
            note_ui(
                ui,
                "If it is left empty, it is looked up where psql looks: ~/.pgpass, PGPASSFILE, PGPASSWORD or a service file \
                 (PGSERVICE). What you type here is kept in memory only.",
            );
        });
        entered |= is_entered(ui, &edit);
        let edit = entry_ui(
            ui,
            "Also try",
            "db2:5433, db3:5434",
            &mut source.also,
            false,
            |ui, _| {
                note_ui(
                    ui,
                    "No view of PostgreSQL shows the port that a standby listens on; name the addresses that differ from the others.",
                );
            },
        );
        entered |= is_entered(ui, &edit);
    });
    entered
}

fn is_entered(ui: &Ui, edit: &Response) -> bool {
    edit.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter))
}

/// Connections that were used before.
fn offered_ui(ui: &mut Ui, session: &Session, connection: &mut String) {
    let recent = session.start.connections.iter();
    let others: Vec<_> = recent
        .filter(|one| one.text != *connection)
        .take(OFFERED)
        .collect();
    if others.is_empty() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new("Recent:").size(TEXT_SMALL));
        for one in others {
            let text = RichText::new(&one.text).size(TEXT_SMALL);
            if ui.link(text).on_hover_text("Use this connection again").clicked() {
                connection.clone_from(&one.text);
            }
        }
    });
}

fn files_ui(ui: &mut Ui, draft: &mut ImportDraft, outbox: &mut Outbox) {
    note_ui(
        ui,
        "The data directory or the configuration folder of each server (such as /etc/postgresql/15/main), a *.conf file, a \
         tarball, a folder of several, or what pgcascade exported.",
    );
    ui.add_space(GAP_SMALL);
    let mut removed = None;
    ScrollArea::vertical().max_height(LIST_HEIGHT).show(ui, |ui| {
        for (at, path) in draft.source.paths.iter().enumerate() {
            ui.horizontal(|ui| {
                let shown = path.display().to_string();
                if sign_button(ui, true, "×", &format!("Leave out {shown}")).clicked() {
                    removed = Some(at);
                }
                ui.add(Label::new(RichText::new(shown).monospace()).truncate());
            });
        }
    });
    if let Some(at) = removed {
        draft.source.paths.remove(at);
    }
    let mut entered = false;
    ui.horizontal(|ui| {
        let label = ui.label("Path");
        let edit = TextEdit::singleline(&mut draft.path)
            .id_salt("import path")
            .margin(egui::Margin::symmetric(8, 5))
            .desired_width(ui.available_width() - 60.0);
        let edit = ui.add(edit).labelled_by(label.id);
        entered = edit.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let can = !draft.path.trim().is_empty();
        if ui.add_enabled(can, Button::new("Add")).clicked() || (entered && can) {
            take_path(draft);
            edit.request_focus();
        }
    });
    ui.horizontal(|ui| {
        for (words, is_folder) in [("Add folder…", true), ("Add file…", false)] {
            if ui.button(words).clicked() {
                take_path(draft);
                let source = draft.source.clone();
                send(outbox, ImportMessage::Choose { source, is_folder });
            }
        }
    });
}

/// A path that was typed and not added counts as well.
fn take_path(draft: &mut ImportDraft) {
    let path = PathBuf::from(draft.path.trim());
    if draft.source.from_files && !path.as_os_str().is_empty() {
        if !draft.source.paths.contains(&path) {
            draft.source.paths.push(path);
        }
        draft.path.clear();
    }
}

fn running_ui(ui: &mut Ui, draft: &mut ImportDraft, outbox: &mut Outbox) {
    let now = ui.input(|input| input.time);
    let passed = now - *draft.since.get_or_insert(now);
    let (words, most) = if draft.source.from_files {
        ("Reading the files", "a minute")
    } else {
        ("Asking the servers", "ten seconds")
    };
    title_ui(ui, words);
    ui.add(Label::new(draft.source.words()).wrap());
    ui.add_space(GAP);
    ui.horizontal(|ui| {
        ui.spinner();
        ui.label(format!("{passed:.0} s; it takes at most {most}"));
    });
    ui.add_space(GAP_LARGE);
    ui.with_layout(Layout::left_to_right(Align::Min), |ui| {
        if ui.button("Stop").clicked() {
            send(outbox, ImportMessage::Cancel);
        }
    });
}

pub(super) fn send(outbox: &mut Outbox, message: ImportMessage) {
    outbox.send(Message::Import(message));
}

pub(super) fn cancel_ui(ui: &mut Ui, outbox: &mut Outbox) {
    if ui.button("Cancel").clicked() {
        outbox.send(Message::View(ViewMessage::Dialog(None)));
    }
}
