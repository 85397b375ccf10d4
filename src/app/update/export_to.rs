//! The design goes to a target: chosen with what it keeps and loses in sight, then written into a folder.

use std::path::{Path, PathBuf};

use super::super::{Dialog, Effect, ExportMessage, Exporting, NoticeKind, PathPurpose, Session};
use super::notices::notify_with_folder;
use super::paths::{files_folder, note_folder};
use crate::model::export::{self, Fate, Target};
use crate::model::words::counted;
use crate::report::Report;

pub(super) fn update(session: &mut Session, message: ExportMessage) -> Vec<Effect> {
    match message {
        ExportMessage::Ask => {
            let target = Exporting::first(session);
            let folder = suggested(session, target);
            let exporting = Exporting::of(session, target, folder);
            session.dialog = Some(Dialog::Export(Box::new(exporting)));
        }
        ExportMessage::Target(target, typed) => show(session, target, typed),
        ExportMessage::ChooseFolder(typed) => return choose(session, typed),
        ExportMessage::Write(target, folder) => return write(session, target, folder),
        ExportMessage::Written(target, folder, count) => written(session, target, folder, count),
        ExportMessage::NotWritten(report) => problem(session, report),
    }
    Vec::new()
}

/// The desktop's answer; what is chosen is where the export's own folder goes.
pub(super) fn chosen(session: &mut Session, target: Target, path: &Path) {
    let name = folder_name(session, target);
    if let Some(exporting) = shown(session) {
        let is_own = path
            .file_name()
            .is_some_and(|last| last.to_string_lossy() == name);
        let whole = if is_own { path.to_owned() } else { path.join(name) };
        exporting.folder = whole.to_string_lossy().into_owned();
        exporting.problem = None;
    }
}

/// The desktop has no dialog for folders: the field is there.
pub(super) fn no_dialog(session: &mut Session) {
    problem(
        session,
        Report::new("This system has no file dialog: type the path of the folder"),
    );
}

fn show(session: &mut Session, target: Option<Target>, typed: String) {
    let Some(before) = shown(session).map(|exporting| exporting.target) else {
        return;
    };
    // A folder of one's own stays; a suggestion is the target's.
    let folder = if typed.trim().is_empty() || typed == suggested(session, before) {
        suggested(session, target)
    } else {
        typed
    };
    let exporting = Exporting::of(session, target, folder);
    session.dialog = Some(Dialog::Export(Box::new(exporting)));
}

fn choose(session: &mut Session, typed: String) -> Vec<Effect> {
    let Some(exporting) = shown(session) else {
        return Vec::new();
    };
    exporting.folder = typed;
    let Some(target) = exporting.target else {
        return Vec::new();
    };
    let suggested = Path::new(&exporting.folder).parent().unwrap_or(Path::new(""));
    let suggested = suggested.to_string_lossy().into_owned();
    vec![Effect::AskPath {
        purpose: PathPurpose::ExportFolder(target),
        suggested,
    }]
}

fn write(session: &mut Session, target: Target, folder: PathBuf) -> Vec<Effect> {
    let made = export::export(&session.desk.document, target);
    let Some(exporting) = shown(session).filter(|exporting| !exporting.is_writing) else {
        return Vec::new();
    };
    exporting.folder = folder.to_string_lossy().into_owned();
    match made {
        Ok(export) => {
            exporting.is_writing = true;
            exporting.problem = None;
            vec![Effect::WriteExport {
                folder,
                export: Box::new(export),
            }]
        }
        Err(refused) => {
            exporting.problem = Some(Report::new(refused.message).hint(refused.hint));
            Vec::new()
        }
    }
}

fn written(session: &mut Session, target: Target, folder: PathBuf, count: usize) {
    note_folder(session, &folder);
    let losses = shown(session).map(|exporting| {
        let number = |fate| exporting.shown.count(fate);
        (number(Fate::Approximated), number(Fate::Lost))
    });
    if losses.is_some() {
        session.dialog = None;
    }
    let files = counted(count, "file");
    let headline = format!("Exported to {}: {files} for {}", folder.display(), target.name());
    let mut report = Report::new(headline).hint("Start with README.md there");
    if let Some((approximated, lost)) = losses.filter(|(one, other)| one + other > 0) {
        report = report.hint(format!(
            "Of the design, {approximated} approximated and {lost} lost"
        ));
    }
    if session.is_text_broken() {
        report = report.hint("The text has an error: this is the last valid drawing");
    }
    notify_with_folder(session, NoticeKind::Done, report, Some(folder));
}

/// In the dialog, or, where that was closed meanwhile, at the corner.
fn problem(session: &mut Session, report: Report) {
    if let Some(exporting) = shown(session) {
        exporting.is_writing = false;
        exporting.problem = Some(report);
    } else {
        notify_with_folder(session, NoticeKind::Problem, report, None);
    }
}

fn shown(session: &mut Session) -> Option<&mut Exporting> {
    match &mut session.dialog {
        Some(Dialog::Export(exporting)) => Some(exporting),
        _ => None,
    }
}

fn suggested(session: &Session, target: Option<Target>) -> String {
    let Some(target) = target else {
        return String::new();
    };
    let folder = files_folder(session).join(folder_name(session, target));
    folder.to_string_lossy().into_owned()
}

fn folder_name(session: &Session, target: Target) -> String {
    format!("{}-{}", session.file_stem(), target.word())
}
