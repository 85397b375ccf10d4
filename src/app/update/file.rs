//! Files: what is asked for and what comes back, handed on by subject: `open`, `save`, `export`, `changed_on_disk`. What
//! would lose unsaved changes goes through `unsaved` first.

use std::path::{Path, PathBuf};

use super::super::{Dialog, Effect, FileMessage, Message, NoticeKind, PathPurpose, Session};
use super::desk::file_name;
use super::notices::notify_with_folder;
use super::paths::{ask_path, files_folder, note_folder, picture_name, suggested_name};
use super::{changed_on_disk, export, export_to, import, learnt, open, save, unsaved, what_if};
use crate::model::document::format;
use crate::report::Report;

pub(super) fn update(session: &mut Session, message: FileMessage) -> Vec<Effect> {
    match message {
        FileMessage::New(_) | FileMessage::Open => unsaved::ask(session, Message::File(message)),
        FileMessage::Save => save::save(session),
        FileMessage::SaveAs => save::save_as(session),
        FileMessage::SaveBroken => save::save_broken(session, false),
        FileMessage::SaveDrawing => save::save_broken(session, true),
        FileMessage::Export => {
            if matches!(session.dialog, Some(Dialog::Export(_))) {
                session.dialog = None;
            }
            vec![ask_path(session, PathPurpose::ExportBundle)]
        }
        FileMessage::ExportPicture(format, style) => {
            if matches!(session.dialog, Some(Dialog::Picture { .. })) {
                session.dialog = None;
            }
            vec![Effect::AskPath {
                purpose: PathPurpose::ExportPicture(format, style),
                suggested: picture_name(session, format),
            }]
        }
        FileMessage::Chosen(purpose, path) => chosen(session, purpose, path),
        FileMessage::Typed(purpose, path) if purpose.is_read() => chosen(session, purpose, Some(path)),
        FileMessage::Typed(purpose, path) => {
            if matches!(session.dialog, Some(Dialog::Path { .. })) {
                session.dialog = None;
            }
            vec![Effect::LookAt { purpose, path }]
        }
        FileMessage::Looked(purpose, path, is_there) => looked(session, purpose, path, is_there),
        FileMessage::NoDialog(PathPurpose::ExportFolder(_)) => {
            export_to::no_dialog(session);
            Vec::new()
        }
        FileMessage::NoDialog(PathPurpose::Import { .. }) => {
            import::no_dialog(session);
            Vec::new()
        }
        FileMessage::NoDialog(purpose) => {
            let suggested = files_folder(session).join(suggested_name(session, purpose));
            let text = suggested.to_string_lossy().into_owned();
            session.dialog = Some(Dialog::Path { purpose, text });
            Vec::new()
        }
        FileMessage::Read(path, text) => {
            let then = FileMessage::Read(path.clone(), text.clone());
            open::read(session, &path, &text, Message::File(then))
        }
        FileMessage::ReadPicture(path, text) => {
            let then = FileMessage::ReadPicture(path.clone(), text.clone());
            open::read(session, &path, &text, Message::File(then))
        }
        FileMessage::OnDisk(path, found) => changed_on_disk::found(session, &path, found),
        FileMessage::ChangedBefore(path, found) => changed_on_disk::changed_before(session, path, found),
        FileMessage::LookAtFile => changed_on_disk::look(session),
        FileMessage::KeepMine { save } => changed_on_disk::keep_mine(session, save),
        FileMessage::TakeTheirs => changed_on_disk::take_theirs(session),
        FileMessage::Written(purpose, path, text) => written(session, purpose, path, text),
        FileMessage::LastExport(path, text) => {
            // What was exported since is newer.
            if session.desk.path.as_ref() == Some(&path) && session.desk.last_export.is_none() {
                session.desk.last_export = format::read(&text).ok();
            }
            Vec::new()
        }
        FileMessage::Discard => unsaved::discard(session),
        FileMessage::Recoverable(unsaved) => {
            session.start.recoverable.push_back(unsaved);
            Vec::new()
        }
        FileMessage::Recover(unsaved) => {
            if matches!(session.dialog, Some(Dialog::Recover(_))) {
                session.dialog = None;
            }
            unsaved::ask(session, Message::File(FileMessage::Recover(unsaved)))
        }
    }
}

/// A file that is there is replaced only after a question, unless it is the one that this design was read from.
fn looked(session: &mut Session, purpose: PathPurpose, path: PathBuf, is_there: bool) -> Vec<Effect> {
    let is_own = purpose == PathPurpose::SaveDesign && session.desk.path.as_ref() == Some(&path);
    if !is_there || is_own {
        return chosen(session, purpose, Some(path));
    }
    session.dialog = Some(Dialog::Replace { purpose, path });
    Vec::new()
}

fn chosen(session: &mut Session, purpose: PathPurpose, path: Option<PathBuf>) -> Vec<Effect> {
    if matches!(session.dialog, Some(Dialog::Path { .. } | Dialog::Replace { .. })) {
        session.dialog = None;
    }
    let Some(path) = path.filter(|path| !path.as_os_str().is_empty()) else {
        unsaved::give_up_pending(session);
        return Vec::new();
    };
    match purpose {
        PathPurpose::OpenDesign => vec![Effect::Read(path)],
        PathPurpose::CompareDesign | PathPurpose::OpenStory => {
            what_if::await_file(session, purpose);
            vec![Effect::Read(path)]
        }
        PathPurpose::OpenLesson => vec![Effect::ReadLesson(path)],
        PathPurpose::ImportProgress => vec![Effect::ReadProgress(path)],
        PathPurpose::ExportProgress => learnt::write(session, path),
        PathPurpose::SaveStory => what_if::write(session, path).into_iter().collect(),
        PathPurpose::SaveDesign if session.desk.path.as_ref() == Some(&path) => {
            vec![save::write_own(session, path)]
        }
        PathPurpose::SaveDesign => vec![save::write_design(session, path)],
        PathPurpose::ExportBundle => export::write_bundle(session, path),
        PathPurpose::ExportFolder(target) => {
            export_to::chosen(session, target, &path);
            Vec::new()
        }
        PathPurpose::Import { .. } => {
            import::chosen(session, path);
            Vec::new()
        }
        PathPurpose::SaveReport(style) => import::write_report(session, path, style),
        PathPurpose::ExportPicture(_, style) => export::write_picture(session, path, style),
    }
}

fn written(session: &mut Session, purpose: PathPurpose, path: PathBuf, text: Option<String>) -> Vec<Effect> {
    note_folder(session, &path);
    match (purpose, text) {
        (PathPurpose::SaveDesign, Some(text)) => save::saved(session, path, text),
        (PathPurpose::ExportBundle, text) => {
            export::exported(session, &path);
            export::remember_export(session, text)
        }
        (PathPurpose::ExportProgress, _) => {
            let report = Report::new(format!("Exported {}", file_name(&path)));
            let folder = path.parent().map(Path::to_owned);
            notify_with_folder(session, NoticeKind::Done, report, folder);
            Vec::new()
        }
        (PathPurpose::SaveReport(_), _) => {
            import::report_written(session, &path);
            Vec::new()
        }
        (PathPurpose::SaveStory, _) => {
            let report = Report::new(format!("Saved {}", file_name(&path)));
            let folder = path.parent().map(Path::to_owned);
            notify_with_folder(session, NoticeKind::Done, report, folder);
            Vec::new()
        }
        (PathPurpose::ExportPicture(..), _) => {
            let report = Report::new(format!("Exported {}", file_name(&path)));
            notify_with_folder(
                session,
                NoticeKind::Done,
                report,
                path.parent().map(Path::to_owned),
            );
            Vec::new()
        }
        _ => Vec::new(),
    }
}
