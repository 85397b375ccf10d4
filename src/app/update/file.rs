//! Files: new, open, save, export, recover. What would lose unsaved changes goes through `unsaved` first.

use std::path::{Path, PathBuf};

use super::super::{
    Desk, Dialog, Effect, FileMessage, Message, NoticeKind, PathPurpose, Pending, RunView, Session,
};
use super::{disk, notify, notify_with_folder, refuse_if_held, start, text, unsaved, what_if};
use crate::model::bundle;
use crate::model::desk::Unsaved;
use crate::model::diagram::{PictureFormat, PictureStyle};
use crate::model::document::{Document, Problem, format, templates};
use crate::model::topology::Severity;
use crate::model::words::{as_sentence, counted};
use crate::report::Report;

pub(super) fn update(session: &mut Session, message: FileMessage) -> Vec<Effect> {
    match message {
        FileMessage::New(_) | FileMessage::Open => unsaved::ask(session, Message::File(message)),
        FileMessage::Save => save(session),
        FileMessage::SaveAs => save_as(session),
        FileMessage::SaveBroken => save_broken(session, false),
        FileMessage::SaveDrawing => save_broken(session, true),
        FileMessage::Export => vec![ask_path(session, PathPurpose::ExportBundle)],
        FileMessage::ExportPicture(format, style) => {
            if matches!(session.dialog, Some(Dialog::Picture { .. })) {
                session.dialog = None;
            }
            vec![Effect::AskPath {
                purpose: PathPurpose::ExportPicture(style),
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
        FileMessage::NoDialog(purpose) => {
            let suggested = files_folder(session).join(suggested_name(session, purpose));
            let text = suggested.to_string_lossy().into_owned();
            session.dialog = Some(Dialog::Path { purpose, text });
            Vec::new()
        }
        FileMessage::Read(path, text) => {
            let then = FileMessage::Read(path.clone(), text.clone());
            read(session, &path, &text, Message::File(then))
        }
        FileMessage::ReadPicture(path, text) => {
            let then = FileMessage::ReadPicture(path.clone(), text.clone());
            read(session, &path, &text, Message::File(then))
        }
        FileMessage::OnDisk(path, found) => disk::found(session, &path, found),
        FileMessage::ChangedBefore(path, found) => disk::changed_before(session, path, found),
        FileMessage::LookAtFile => disk::look(session),
        FileMessage::KeepMine { save } => disk::keep_mine(session, save),
        FileMessage::TakeTheirs => disk::take_theirs(session),
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

/// What the state folder is to keep of this design: nothing if the file has it all.
pub(super) fn autosave(session: &Session) -> Effect {
    let text = session.is_modified().then(|| session.text().to_owned());
    Effect::Autosave {
        path: session.desk.path.clone(),
        text,
    }
}

/// Puts a design on the canvas that is not the one before: its undo steps and plans are not this one's.
pub(super) fn replace(session: &mut Session, document: Document, path: Option<PathBuf>, saved_text: String) {
    session.start.is_shown = false;
    session.desk = Desk::of(document, path, saved_text, session.desk.revision + 1);
    session.looks.forget_the_design();
    session.live.run = RunView::Idle;
    session.pending = Pending::default();
}

pub(super) fn new(session: &mut Session, name: &str) -> Vec<Effect> {
    let Some(template) = templates::find(name) else {
        let report = Report::new(format!("There is no built-in design called \"{name}\""));
        notify(session, NoticeKind::Problem, report);
        return Vec::new();
    };
    let Some(document) = parse(session, None, template.text) else {
        return Vec::new();
    };
    let forgotten = forget(session);
    let text = document.text();
    replace(session, document, None, text);
    vec![forgotten]
}

fn read(session: &mut Session, path: &Path, text: &str, then: Message) -> Vec<Effect> {
    if let Some(purpose) = what_if::awaited(session) {
        what_if::read(session, purpose, path, text);
        return Vec::new();
    }
    let agreed = session.pending.replaceable.take() == Some(session.desk.revision);
    if refuse_if_held(session) || parse(session, Some(path), text).is_none() {
        return Vec::new();
    }
    if agreed {
        unsaved::go_on(session, then)
    } else {
        unsaved::ask(session, then)
    }
}

/// Without a path for the design in a picture: saving it asks where to, and leaves the picture alone.
pub(super) fn open(session: &mut Session, path: Option<PathBuf>, text: String) -> Vec<Effect> {
    let Some(document) = parse(session, path.as_deref(), &text) else {
        return Vec::new();
    };
    let mut effects = vec![forget(session)];
    let find_export = path.clone().map(Effect::FindExport);
    replace(session, document, path, text);
    effects.extend(find_export);
    effects.extend(start::note_recent(session));
    effects
}

/// The recovered design is unsaved until it is saved: what its file holds is not known here.
pub(super) fn recover(session: &mut Session, unsaved: Unsaved) -> Vec<Effect> {
    let (document, is_broken) = match format::read(&unsaved.text) {
        Ok(document) => (document, false),
        // It ended while the text was no design: it is typed on where it was left, over an empty drawing.
        Err(_) => match parse(session, None, templates::EMPTY.text) {
            Some(empty) => (empty, true),
            None => return Vec::new(),
        },
    };
    session.start.recoverable.retain(|other| other.id != unsaved.id);
    let forgotten = forget(session);
    replace(session, document, unsaved.path, String::new());
    session.desk.is_file_unknown = session.desk.path.is_some();
    let mut effects = vec![forgotten, Effect::ForgetUnsaved(unsaved.id)];
    effects.extend(session.desk.path.clone().map(Effect::LookAtFile));
    if is_broken {
        effects.extend(text::put(session, unsaved.text));
    }
    effects
}

/// The design of the text. If it is none, the notice lists everything that is wrong, and the last good drawing stays.
pub(super) fn parse(session: &mut Session, path: Option<&Path>, text: &str) -> Option<Document> {
    match format::read(text) {
        Ok(document) => Some(document),
        Err(problems) => {
            notify(session, NoticeKind::Problem, problems_report(path, &problems));
            None
        }
    }
}

fn problems_report(path: Option<&Path>, problems: &[Problem]) -> Report {
    let name = path.map_or("the text".to_owned(), |path| format!("\"{}\"", file_name(path)));
    let found = counted(problems.len(), "problem");
    let mut report = Report::new(as_sentence(&format!("{name} cannot be opened: {found} in it")));
    for problem in problems {
        report.causes.push(match problem.line {
            Some(line) => format!("line {line}: {}", problem.message),
            None => problem.message.clone(),
        });
        if let Some(fix) = problem.fix.as_ref().filter(|fix| !report.hints.contains(fix)) {
            report.hints.push(fix.clone());
        }
    }
    report
}

/// Saves; asked from the question about unsaved changes, what was put off happens after it.
fn save(session: &mut Session) -> Vec<Effect> {
    session.pending.after_save = None;
    session.pending.saves_drawing = false;
    if let Some(Dialog::Unsaved { then }) = session
        .dialog
        .take_if(|dialog| matches!(dialog, Dialog::Unsaved { .. }))
    {
        session.pending.after_save = Some(*then);
    }
    if session.is_text_broken() {
        session.dialog = Some(Dialog::SaveBroken { as_new: false });
        return Vec::new();
    }
    write_or_ask(session, false)
}

fn save_as(session: &mut Session) -> Vec<Effect> {
    session.pending.saves_drawing = false;
    if session.is_text_broken() {
        session.dialog = Some(Dialog::SaveBroken { as_new: true });
        return Vec::new();
    }
    write_or_ask(session, true)
}

/// The answer to what is saved while the text is no design.
fn save_broken(session: &mut Session, saves_drawing: bool) -> Vec<Effect> {
    let Some(Dialog::SaveBroken { as_new }) = session
        .dialog
        .take_if(|dialog| matches!(dialog, Dialog::SaveBroken { .. }))
    else {
        return Vec::new();
    };
    session.pending.saves_drawing = saves_drawing;
    write_or_ask(session, as_new)
}

fn write_or_ask(session: &mut Session, as_new: bool) -> Vec<Effect> {
    match session.desk.path.clone().filter(|_| !as_new) {
        Some(path) => vec![write_own(session, path)],
        None => vec![ask_path(session, PathPurpose::SaveDesign)],
    }
}

/// What was asked for is remembered until it is written: on the way the file may prove to be changed elsewhere, and
/// "Save mine over it" writes the same again.
pub(super) fn write_design(session: &Session, path: PathBuf) -> Effect {
    let text = if session.pending.saves_drawing {
        session.derived.text.clone()
    } else {
        session.text().to_owned()
    };
    Effect::Write {
        purpose: PathPurpose::SaveDesign,
        path,
        bytes: text.clone().into_bytes(),
        text: Some(text),
        expected: None,
    }
}

/// To the design's own file: not over what somebody else has put there meanwhile.
pub(super) fn write_own(session: &Session, path: PathBuf) -> Effect {
    let known = session.desk.saved_text.clone();
    let mut effect = write_design(session, path);
    if let Effect::Write { expected, .. } = &mut effect {
        *expected = Some(known);
    }
    effect
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
        PathPurpose::SaveStory => what_if::write(session, path).into_iter().collect(),
        PathPurpose::SaveDesign if session.desk.path.as_ref() == Some(&path) => {
            vec![write_own(session, path)]
        }
        PathPurpose::SaveDesign => vec![write_design(session, path)],
        PathPurpose::ExportBundle => {
            // The text comes back with what was written: it is what later exports are compared with.
            let text = session.derived.text.clone();
            let bytes = bundle::pack(session.bundle());
            vec![Effect::Write {
                purpose,
                path,
                bytes,
                text: Some(text),
                expected: None,
            }]
        }
        PathPurpose::ExportPicture(style) => write_picture(session, path, style),
    }
}

fn write_picture(session: &mut Session, path: PathBuf, style: PictureStyle) -> Vec<Effect> {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    let Some(format) = PictureFormat::of_extension(&extension) else {
        let report = Report::new(format!(
            "\"{}\" does not say what kind of picture it is to be",
            file_name(&path)
        ));
        let report = report.hint("Let its name end with .svg, .png, .mmd or .dot");
        notify(session, NoticeKind::Problem, report);
        return Vec::new();
    };
    vec![Effect::WritePicture {
        purpose: PathPurpose::ExportPicture(style),
        path,
        document: Box::new(session.desk.document.clone()),
        format,
        style,
    }]
}

fn written(session: &mut Session, purpose: PathPurpose, path: PathBuf, text: Option<String>) -> Vec<Effect> {
    match (purpose, text) {
        (PathPurpose::SaveDesign, Some(text)) => saved(session, path, text),
        (PathPurpose::ExportBundle, text) => {
            exported(session, &path);
            remember_export(session, text)
        }
        (PathPurpose::SaveStory, _) => {
            let report = Report::new(format!("Saved {}", file_name(&path)));
            let folder = path.parent().map(Path::to_owned);
            notify_with_folder(session, NoticeKind::Done, report, folder);
            Vec::new()
        }
        (PathPurpose::ExportPicture(_), _) => {
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

fn saved(session: &mut Session, path: PathBuf, text: String) -> Vec<Effect> {
    // Something may have been changed while the file was written; then the text is not this document's.
    if text == session.derived.text {
        session.desk.document.saved_as(&text);
    }
    let mut effects = vec![forget(session)];
    session.pending.saves_drawing = false;
    session.desk.saved_text = text;
    session.desk.is_file_unknown = false;
    if session.desk.path.as_ref() != Some(&path)
        && let Some(exported) = &session.desk.last_export
    {
        let (path, text) = (path.clone(), exported.text());
        effects.push(Effect::KeepExport { path, text });
    }
    session.desk.path = Some(path);
    effects.push(autosave(session));
    effects.extend(start::note_recent(session));
    if let Some(then) = session.pending.after_save.take() {
        effects.extend(unsaved::ask(session, then));
    }
    effects
}

/// What was exported is what the files can be compared with, also in a later session if the design has a file.
fn remember_export(session: &mut Session, text: Option<String>) -> Vec<Effect> {
    let Some(text) = text else {
        return Vec::new();
    };
    session.desk.last_export = format::read(&text).ok();
    let keep = |path| Effect::KeepExport { path, text };
    session.desk.path.clone().map(keep).into_iter().collect()
}

fn exported(session: &mut Session, path: &Path) {
    let mut report = Report::new(format!("Exported {}", file_name(path)));
    let errors = session.count(Severity::Error);
    if errors > 0 {
        let found = counted(errors, "error");
        report = report.hint(format!(
            "The design has {found}: as it is drawn, the cluster will not work"
        ));
    }
    if session.is_text_broken() {
        report = report.hint("The text has an error: this is the last good drawing, which is older");
    }
    let folder = path.parent().map(Path::to_owned);
    notify_with_folder(session, NoticeKind::Done, report, folder);
}

/// Nothing of the design on the canvas need be kept for a recovery any more.
pub(super) fn forget(session: &Session) -> Effect {
    Effect::Autosave {
        path: session.desk.path.clone(),
        text: None,
    }
}

pub(super) fn ask_path(session: &Session, purpose: PathPurpose) -> Effect {
    Effect::AskPath {
        purpose,
        suggested: suggested_name(session, purpose),
    }
}

/// A file name; for a design to open there is none to suggest.
fn suggested_name(session: &Session, purpose: PathPurpose) -> String {
    let stem = session.file_stem();
    match purpose {
        PathPurpose::OpenDesign | PathPurpose::CompareDesign | PathPurpose::OpenStory => String::new(),
        PathPurpose::SaveStory => format!("{stem}-what-if.txt"),
        PathPurpose::SaveDesign => session
            .desk
            .path
            .as_deref()
            .map_or_else(|| format!("{stem}.toml"), file_name),
        PathPurpose::ExportBundle => format!("{stem}.tar.gz"),
        PathPurpose::ExportPicture(_) => picture_name(session, PictureFormat::default()),
    }
}

fn picture_name(session: &Session, format: PictureFormat) -> String {
    let extension = format.extensions().first().copied().unwrap_or_default();
    format!("{}.{extension}", session.file_stem())
}

/// Where a typed path starts: beside the design's file, or where the user's folders are.
fn files_folder(session: &Session) -> PathBuf {
    let beside = session.desk.path.as_deref().and_then(Path::parent);
    let folder = beside.or_else(|| session.default_folder.parent());
    folder.map(Path::to_owned).unwrap_or_default()
}

pub(super) fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}
