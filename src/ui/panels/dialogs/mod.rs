//! Questions in the way of everything else.

mod adopt;
mod changed_on_disk;
mod export;
mod help;
mod import;
mod log;
mod picker;
mod picture;
mod questions;
mod remove;
mod steer;
mod to_hosts;
mod trust;

pub use picker::{PickerState, picker_ui};
pub(super) use trust::begins;

use std::path::PathBuf;

use egui::{Id, Key, Label, Modal, RichText, TextEdit, Ui};

use crate::app::{
    ClusterMessage, Dialog, FileMessage, LessonMessage, Message, Outbox, PathPurpose, RunMessage, Session,
    ToHosts, ViewMessage,
};
use crate::ui::dialogs;
use crate::ui::theme::{GAP, GAP_LARGE, GAP_SMALL};

use self::adopt::adopt_ui;
use self::changed_on_disk::changed_ui;
use self::export::export_ui;
use self::help::help_ui;
use self::import::{ImportDraft, import_ui};
use self::log::log_ui;
use self::picture::picture_ui;
use self::remove::{keep_link_ui, remove_ui};
use self::steer::{Asked, steer_ui};
use self::to_hosts::to_hosts_ui;
use self::trust::trust_ui;
use super::parts::{danger_button, is_entered, main_button, note_ui};

const WIDTH: f32 = 440.0;
const LOG_WIDTH: f32 = 720.0;
const EXPORT_WIDTH: f32 = 900.0;
const IMPORT_WIDTH: f32 = 600.0;

/// The text being typed into the dialog that is open.
#[derive(Debug, Default)]
pub struct ModalText {
    of: Option<Dialog>,
    text: String,
    /// The box "Do not ask again".
    remembers: bool,
    import: ImportDraft,
    to_hosts: ToHosts,
}

pub fn modals_ui(ui: &Ui, session: &Session, typed: &mut ModalText, outbox: &mut Outbox) {
    let is_new = typed.of != session.dialog;
    if is_new {
        typed.of.clone_from(&session.dialog);
        typed.remembers = false;
        if let Some(Dialog::Import(importing)) = &session.dialog {
            typed.import.follow(importing);
        }
        if let Some(Dialog::ToHosts(asked)) = &session.dialog {
            typed.to_hosts.clone_from(asked);
        }
        typed.text = match &session.dialog {
            Some(Dialog::Path { text, .. } | Dialog::DeployFolder { text }) => text.clone(),
            Some(Dialog::Export(exporting)) => exporting.folder.clone(),
            _ => String::new(),
        };
    }
    let Some(dialog) = &session.dialog else {
        return;
    };
    if matches!(dialog, Dialog::Pick(_)) {
        return;
    }
    let frame = egui::Frame::popup(ui.style()).inner_margin(GAP_LARGE);
    let response = Modal::new(Id::new("dialog")).frame(frame).show(ui.ctx(), |ui| {
        let width = match dialog {
            Dialog::Export(_) | Dialog::Help => EXPORT_WIDTH,
            Dialog::Import(_) | Dialog::ToHosts(_) => IMPORT_WIDTH,
            Dialog::Log { .. } => LOG_WIDTH,
            _ => WIDTH,
        };
        let room = ui.ctx().content_rect().width() - 2.0 * (GAP_LARGE + GAP);
        ui.set_width(width.min(room));
        if let Dialog::Import(importing) = dialog {
            return import_ui(ui, session, importing, &mut typed.import, is_new, outbox);
        }
        if let Dialog::ToHosts(_) = dialog {
            return to_hosts_ui(ui, session, &mut typed.to_hosts, is_new, outbox);
        }
        dialog_ui(ui, session, dialog, typed, is_new, outbox);
    });
    if response.should_close() {
        outbox.send(cancelled(dialog));
    }
}

fn dialog_ui(
    ui: &mut Ui,
    session: &Session,
    dialog: &Dialog,
    typed: &mut ModalText,
    is_new: bool,
    outbox: &mut Outbox,
) {
    let text = &mut typed.text;
    match dialog {
        Dialog::Path { purpose, .. } => {
            let note = "This system has no file dialog: type the path";
            let verb = match purpose {
                PathPurpose::OpenDesign
                | PathPurpose::OpenStory
                | PathPurpose::OpenLesson
                | PathPurpose::Import { .. } => "Open",
                PathPurpose::ImportProgress => "Import",
                PathPurpose::CompareDesign => "Compare",
                PathPurpose::SaveDesign | PathPurpose::SaveStory | PathPurpose::SaveReport(_) => "Save",
                PathPurpose::ExportBundle
                | PathPurpose::ExportFolder(_)
                | PathPurpose::ExportPicture(..)
                | PathPurpose::ExportProgress => "Export",
            };
            path_ui(
                ui,
                dialogs::title(*purpose),
                note,
                verb,
                text,
                is_new,
                dialog,
                outbox,
                |path| Message::File(FileMessage::Typed(*purpose, path)),
            );
        }
        Dialog::Replace { purpose, path } => {
            title_ui(ui, "Overwrite the file?");
            ui.add(Label::new(path.display().to_string()).wrap());
            note_ui(ui, "Its contents will be lost.");
            let replace = Message::File(FileMessage::Chosen(*purpose, Some(path.clone())));
            let text = path.to_string_lossy().into_owned();
            let purpose = *purpose;
            let other = Message::View(ViewMessage::Dialog(Some(Dialog::Path { purpose, text })));
            destroy_ui(
                ui,
                "Overwrite",
                replace,
                &[("Another path…", other)],
                dialog,
                outbox,
            );
        }
        Dialog::Picture { format, style } => {
            title_ui(ui, "Export a picture");
            picture_ui(ui, *format, *style, outbox);
        }
        Dialog::Export(exporting) => export_ui(ui, session, exporting, text, outbox),
        Dialog::DeployFolder { .. } => {
            let note = "Choose a new or empty folder. The whole cluster goes there, and tearing it down \
                 removes it again. You see the plan before anything happens.";
            let title = "Deploy into a folder";
            path_ui(
                ui,
                title,
                note,
                "Show the plan",
                text,
                is_new,
                dialog,
                outbox,
                |path| Message::Run(RunMessage::Prepare(path)),
            );
        }
        Dialog::Unsaved { .. } => {
            title_ui(ui, &format!("Save the changes to {}?", session.title()));
            note_ui(ui, "Otherwise they will be lost.");
            let saved = Message::File(FileMessage::Save);
            let lost = ("Don't save", Message::File(FileMessage::Discard));
            answers_ui(ui, "Save", saved, &[lost], dialog, outbox);
        }
        Dialog::SaveBroken { .. } => {
            title_ui(ui, "The text is not a valid design yet");
            note_ui(
                ui,
                "You can save the text as it is; its error must be fixed before the file can be opened as a \
                 drawing. Or save the last valid drawing, which is older; your text then stays unsaved.",
            );
            let saved = Message::File(FileMessage::SaveBroken);
            let drawing = (
                "Save the last valid drawing",
                Message::File(FileMessage::SaveDrawing),
            );
            // Of a file that was never a design there is no drawing to be saved.
            let drawings = if session.has_good_drawing() {
                vec![drawing]
            } else {
                Vec::new()
            };
            answers_ui(ui, "Save the text as it is", saved, &drawings, dialog, outbox);
        }
        Dialog::Recover(unsaved) => {
            title_ui(ui, "Recover unsaved changes?");
            let of = unsaved.path.as_ref().map_or_else(
                || "a design that has no file yet".to_owned(),
                |path| path.display().to_string(),
            );
            note_ui(ui, format!("An earlier session ended before it saved {of}."));
            let recover = Message::File(FileMessage::Recover(unsaved.clone()));
            let forget = ("Discard them", Message::File(FileMessage::Discard));
            answers_ui(ui, "Recover", recover, &[forget], dialog, outbox);
        }
        Dialog::ChangedOnDisk {
            path,
            found,
            is_saving,
        } => {
            let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
            title_ui(ui, &format!("{name} was changed elsewhere"));
            changed_ui(ui, session, found, *is_saving, outbox);
        }
        Dialog::Steer(steered) => {
            let asked = Asked {
                plan: &steered.change.plan,
                told: &steered.told,
                wanted: steered.change.wanted.topology(),
                edits: &steered.edits,
            };
            steer_ui(ui, &asked, dialog, outbox);
        }
        Dialog::Adopt(adopting) => adopt_ui(ui, &adopting.adoption, dialog, outbox),
        Dialog::Log {
            server,
            lines,
            only_problems,
        } => log_ui(ui, server, lines, *only_problems, dialog, outbox),
        Dialog::Trust => trust_ui(ui, session, dialog, outbox),
        Dialog::ConfirmTeardown { folder } => {
            title_ui(ui, "Tear the cluster down?");
            ui.add(Label::new(folder.display().to_string()).wrap());
            note_ui(
                ui,
                "This stops its servers and removes everything that was created there, including all data. \
                 Your design is kept.",
            );
            let teardown = Message::Cluster(ClusterMessage::Teardown(folder.clone()));
            destroy_ui(ui, "Tear down", teardown, &[], dialog, outbox);
        }
        Dialog::ForgetProgress => {
            title_ui(ui, "Forget what you have learnt?");
            note_ui(
                ui,
                "All lessons begin as new: what is solved, your answers and your work are lost. Export them first \
                 to keep them.",
            );
            let forget = Message::Lesson(LessonMessage::Forget);
            let export = ("Export first…", Message::Lesson(LessonMessage::Export));
            destroy_ui(ui, "Forget everything", forget, &[export], dialog, outbox);
        }
        Dialog::Remove { servers } => remove_ui(ui, session, servers, &mut typed.remembers, dialog, outbox),
        Dialog::KeepLink { server } => keep_link_ui(ui, session, *server, dialog, outbox),
        Dialog::About => about_ui(ui, dialog, outbox),
        Dialog::Help => help_ui(ui, dialog, outbox),
        // A list to pick from has a panel of its own; the others have more than one text.
        Dialog::Pick(_) | Dialog::Import(_) | Dialog::ToHosts(_) => {}
    }
}

/// What closing without an answer means.
fn cancelled(dialog: &Dialog) -> Message {
    match dialog {
        Dialog::Path { purpose, .. } | Dialog::Replace { purpose, .. } => {
            Message::File(FileMessage::Chosen(*purpose, None))
        }
        _ => Message::View(ViewMessage::Dialog(None)),
    }
}

fn cancel_ui(ui: &mut Ui, outbox: &mut Outbox) {
    if ui.button("Cancel").clicked() {
        outbox.send(Message::View(ViewMessage::Dialog(None)));
    }
}

fn title_ui(ui: &mut Ui, words: &str) {
    ui.add(Label::new(RichText::new(words).heading()).wrap());
    ui.add_space(GAP_SMALL);
}

/// The main answer first, then others, then Cancel.
fn answers_ui(
    ui: &mut Ui,
    words: &str,
    message: Message,
    others: &[(&str, Message)],
    dialog: &Dialog,
    outbox: &mut Outbox,
) {
    ui.add_space(GAP_LARGE);
    ui.horizontal(|ui| {
        if main_button(ui, true, words).clicked() || is_entered(ui) {
            outbox.send(message);
        }
        other_answers_ui(ui, others, dialog, outbox);
    });
}

/// The same for what destroys something: red, and Enter does not press it.
fn destroy_ui(
    ui: &mut Ui,
    words: &str,
    message: Message,
    others: &[(&str, Message)],
    dialog: &Dialog,
    outbox: &mut Outbox,
) {
    ui.add_space(GAP_LARGE);
    ui.horizontal(|ui| {
        if danger_button(ui, true, words).clicked() {
            outbox.send(message);
        }
        other_answers_ui(ui, others, dialog, outbox);
    });
}

fn other_answers_ui(ui: &mut Ui, others: &[(&str, Message)], dialog: &Dialog, outbox: &mut Outbox) {
    for (words, message) in others {
        if ui.button(*words).clicked() {
            outbox.send(message.clone());
        }
    }
    if ui.button("Cancel").clicked() {
        outbox.send(cancelled(dialog));
    }
}

#[expect(clippy::too_many_arguments, reason = "two dialogs that differ in words only")]
fn path_ui(
    ui: &mut Ui,
    title: &str,
    note: &str,
    verb: &str,
    text: &mut String,
    is_new: bool,
    dialog: &Dialog,
    outbox: &mut Outbox,
    answer: impl Fn(PathBuf) -> Message,
) {
    title_ui(ui, title);
    note_ui(ui, note);
    ui.add_space(GAP);
    let label = ui.label("Path");
    let edit = ui
        .add(
            TextEdit::singleline(text)
                .margin(egui::Margin::symmetric(8, 5))
                .desired_width(f32::INFINITY),
        )
        .labelled_by(label.id);
    if is_new {
        edit.request_focus();
        let end = egui::text::CCursor::new(text.chars().count());
        let mut state = TextEdit::load_state(ui.ctx(), edit.id).unwrap_or_default();
        let all = egui::text::CCursorRange::two(egui::text::CCursor::new(0), end);
        state.cursor.set_char_range(Some(all));
        state.store(ui.ctx(), edit.id);
    }
    let path = PathBuf::from(text.trim());
    let entered = edit.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    ui.add_space(GAP_LARGE);
    ui.horizontal(|ui| {
        let can = !text.trim().is_empty();
        if main_button(ui, can, verb).clicked() || (entered && can) {
            outbox.send(answer(path));
        }
        if ui.button("Cancel").clicked() {
            outbox.send(cancelled(dialog));
        }
    });
}

fn about_ui(ui: &mut Ui, dialog: &Dialog, outbox: &mut Outbox) {
    title_ui(ui, concat!("pgcascade ", env!("CARGO_PKG_VERSION")));
    ui.add(Label::new(env!("CARGO_PKG_DESCRIPTION")).wrap());
    note_ui(ui, concat!("Licence: ", env!("CARGO_PKG_LICENSE")));
    close_ui(ui, dialog, outbox);
}

fn close_ui(ui: &mut Ui, dialog: &Dialog, outbox: &mut Outbox) {
    ui.add_space(GAP_LARGE);
    if main_button(ui, true, "Close").clicked() || is_entered(ui) {
        outbox.send(cancelled(dialog));
    }
}
