//! A cluster that somebody runs comes into the window: asked for, looked at by the worker, opened as a new design.

use std::path::PathBuf;
use std::sync::Arc;

use super::super::{
    Dialog, Effect, ImportMessage, ImportSource, ImportStage, Imported, Importing, Message, NoticeKind,
    PathPurpose, ReportStyle, Session, Tab,
};
use super::desk::{self, file_name};
use super::notices::{notify, notify_with_folder, refuse_if_held};
use super::{foreign, unsaved};
use crate::model::audit;
use crate::report::Report;

pub(super) fn update(session: &mut Session, message: ImportMessage) -> Vec<Effect> {
    match message {
        ImportMessage::Ask(source) => {
            return unsaved::ask(session, Message::Import(ImportMessage::Ask(source)));
        }
        ImportMessage::Choose { source, is_folder } => {
            fill(session, source);
            return vec![Effect::AskPath {
                purpose: PathPurpose::Import { is_folder },
                suggested: String::new(),
            }];
        }
        ImportMessage::Start(source) => return start(session, source),
        ImportMessage::Cancel => return cancel(session),
        ImportMessage::Done(imported) => return done(session, *imported),
        ImportMessage::Failed(number, report) => failed(session, number, report),
        ImportMessage::LookAlso(addresses) => return look_also(session, &addresses),
        ImportMessage::Back => {
            if let Some(importing) = shown(session) {
                importing.stage = ImportStage::Filling(None);
            }
        }
        ImportMessage::Open => return open_shown(session),
        ImportMessage::SaveReport(style) => {
            return vec![Effect::AskPath {
                purpose: PathPurpose::SaveReport(style),
                suggested: format!("{}-audit.{}", session.file_stem(), style.extension()),
            }];
        }
    }
    Vec::new()
}

/// Nothing is lost by what will come.
pub(super) fn open_dialog(session: &mut Session, source: ImportSource) -> Vec<Effect> {
    session.dialog = Some(Dialog::Import(Box::new(Importing {
        source,
        stage: ImportStage::Filling(None),
    })));
    vec![Effect::FindConnections]
}

/// A folder or a file was chosen.
pub(super) fn chosen(session: &mut Session, path: PathBuf) {
    if let Some(importing) = shown(session) {
        importing.source.from_files = true;
        if !importing.source.paths.contains(&path) {
            importing.source.paths.push(path);
        }
    }
}

/// The desktop has no dialog: the field for a path is there.
pub(super) fn no_dialog(session: &mut Session) {
    if let Some(importing) = shown(session) {
        let report = Report::new("This system has no file dialog: type the path and press Add");
        importing.stage = ImportStage::Filling(Some(report));
    }
}

/// The question was closed: what is under way is of no use any more.
pub(super) fn closed(session: &Session) -> Vec<Effect> {
    match &session.dialog {
        Some(Dialog::Import(importing)) if matches!(importing.stage, ImportStage::Running(_)) => {
            vec![Effect::CancelImport]
        }
        _ => Vec::new(),
    }
}

pub(super) fn write_report(session: &Session, path: PathBuf, style: ReportStyle) -> Vec<Effect> {
    let Some(imported) = &session.imported else {
        return Vec::new();
    };
    let audit = if style.is_anonymous {
        audit::without_names(&imported.audit)
    } else {
        imported.audit.clone()
    };
    let text = if style.is_markdown {
        audit::markdown(&audit)
    } else {
        audit::html(&audit)
    };
    vec![Effect::Write {
        purpose: PathPurpose::SaveReport(style),
        path,
        bytes: text.into_bytes(),
        text: None,
        expected: None,
    }]
}

pub(super) fn report_written(session: &mut Session, path: &std::path::Path) {
    let report = Report::new(format!("Saved {}", file_name(path)));
    let folder = path.parent().map(std::path::Path::to_owned);
    notify_with_folder(session, NoticeKind::Done, report, folder);
}

fn fill(session: &mut Session, source: ImportSource) {
    if let Some(importing) = shown(session) {
        importing.source = source;
        importing.stage = ImportStage::Filling(None);
    }
}

fn start(session: &mut Session, source: ImportSource) -> Vec<Effect> {
    let number = session.next_import;
    let Some(importing) = shown(session).filter(|one| !matches!(one.stage, ImportStage::Running(_))) else {
        return Vec::new();
    };
    importing.source = source;
    if let Some(problem) = importing.source.problem() {
        importing.stage = ImportStage::Filling(Some(problem));
        return Vec::new();
    }
    importing.stage = ImportStage::Running(number);
    let source = Box::new(importing.source.clone());
    session.next_import += 1;
    vec![Effect::Import { number, source }]
}

fn cancel(session: &mut Session) -> Vec<Effect> {
    let Some(importing) = shown(session).filter(|one| matches!(one.stage, ImportStage::Running(_))) else {
        return Vec::new();
    };
    importing.stage = ImportStage::Filling(None);
    vec![Effect::CancelImport]
}

fn done(session: &mut Session, imported: Imported) -> Vec<Effect> {
    let Some(importing) = awaited(session, imported.number) else {
        return Vec::new();
    };
    let imported = Arc::new(imported);
    let mut effects = Vec::new();
    if !imported.source.from_files {
        effects.push(Effect::NoteConnection(imported.source.words()));
    }
    if imported.has_questions() {
        importing.stage = ImportStage::Questions(imported);
    } else {
        effects.extend(open(session, imported));
    }
    effects
}

fn failed(session: &mut Session, number: u64, report: Report) {
    if let Some(importing) = awaited(session, number) {
        importing.stage = ImportStage::Filling(Some(report));
    }
}

fn look_also(session: &mut Session, addresses: &[String]) -> Vec<Effect> {
    let Some(importing) = shown(session) else {
        return Vec::new();
    };
    let mut source = importing.source.clone();
    let mut all = source.others();
    for address in addresses {
        if !all.contains(address) {
            all.push(address.clone());
        }
    }
    source.also = all.join(", ");
    start(session, source)
}

fn open_shown(session: &mut Session) -> Vec<Effect> {
    match shown(session).map(|importing| importing.stage.clone()) {
        Some(ImportStage::Questions(imported)) => open(session, imported),
        _ => Vec::new(),
    }
}

/// The design is new and unsaved; what it does not say stands beside it.
fn open(session: &mut Session, imported: Arc<Imported>) -> Vec<Effect> {
    session.dialog = None;
    if refuse_if_held(session) {
        return Vec::new();
    }
    // What is watched is the cluster that was imported before.
    let mut effects = foreign::let_go(session);
    effects.push(desk::forget(session));
    desk::replace(session, imported.brought.document.clone(), None, String::new());
    let servers = imported.brought.document.topology().servers().len();
    let watch = imported.source.watch;
    session.imported = Some(imported);
    session.looks.tab = Tab::Imported;
    let report = Report::new(format!(
        "Imported {}; nothing was changed there",
        crate::model::words::counted(servers, "server")
    ));
    notify(
        session,
        NoticeKind::Done,
        report.hint("Save the design to keep it"),
    );
    if watch {
        effects.extend(foreign::watch(session));
    }
    effects
}

fn shown(session: &mut Session) -> Option<&mut Importing> {
    match &mut session.dialog {
        Some(Dialog::Import(importing)) => Some(importing),
        _ => None,
    }
}

/// The dialog, if it still waits for the import of this number.
fn awaited(session: &mut Session, number: u64) -> Option<&mut Importing> {
    shown(session).filter(|importing| importing.stage == ImportStage::Running(number))
}
