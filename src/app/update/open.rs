//! Another design comes on the canvas: a built-in one, one from a file or a picture, one that an earlier session left.

use std::path::{Path, PathBuf};

use super::super::{Effect, Message, NoticeKind, Session};
use super::desk::{file_name, forget, is_meant_as_design, note_recent, parse, replace};
use super::notices::{notify, refuse_if_held};
use super::{own_lesson, text, unsaved, what_if};
use crate::model::desk::Unsaved;
use crate::model::document::{format, templates};
use crate::report::Report;

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

pub(super) fn read(session: &mut Session, path: &Path, text: &str, then: Message) -> Vec<Effect> {
    if let Some(purpose) = what_if::awaited(session) {
        what_if::read(session, purpose, path, text);
        return Vec::new();
    }
    if own_lesson::is_lesson(path, text) {
        session.pending.replaceable = None;
        return vec![Effect::ReadLesson(path.to_owned())];
    }
    let agreed = session.pending.replaceable.take() == Some(session.desk.revision);
    if refuse_if_held(session) {
        return Vec::new();
    }
    let opens_as_text = is_meant_as_design(path, text);
    if !opens_as_text && parse(session, Some(path), text).is_none() {
        return Vec::new();
    }
    if agreed {
        unsaved::agree(session, then)
    } else {
        unsaved::ask(session, then)
    }
}

/// Without a path for the design in a picture: saving it asks where to, and leaves the picture alone.
pub(super) fn open(session: &mut Session, path: Option<PathBuf>, text: String) -> Vec<Effect> {
    let document = match (format::read(&text), path.as_deref()) {
        (Ok(document), _) => document,
        (Err(_), Some(of)) if is_meant_as_design(of, &text) => return open_broken(session, of, text),
        (Err(_), of) => {
            drop(parse(session, of, &text));
            return Vec::new();
        }
    };
    let mut effects = vec![forget(session)];
    let find_export = path.clone().map(Effect::FindExport);
    replace(session, document, path, text);
    effects.extend(find_export);
    effects.extend(note_recent(session));
    effects
}

/// A file that is not a design yet: its text is there to be fixed, over an empty drawing.
fn open_broken(session: &mut Session, path: &Path, text: String) -> Vec<Effect> {
    let Some(empty) = parse(session, None, templates::EMPTY.text) else {
        return Vec::new();
    };
    let mut effects = vec![forget(session)];
    replace(session, empty, Some(path.to_owned()), text.clone());
    effects.extend(note_recent(session));
    let headline = format!(
        "{} is not a valid design yet, so it opened as text",
        file_name(path)
    );
    effects.extend(text::put(session, text, headline));
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
        let headline = "The recovered text is not a valid design yet".to_owned();
        effects.extend(text::put(session, unsaved.text, headline));
    }
    effects
}
