//! The design goes into its file, or into another one.

use std::path::PathBuf;

use super::super::{Dialog, Effect, PathPurpose, Session};
use super::desk::{autosave, forget, note_recent};
use super::paths::ask_path;
use super::unsaved;

/// Saves; asked from the question about unsaved changes, what was put off happens after it.
pub(super) fn save(session: &mut Session) -> Vec<Effect> {
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

pub(super) fn save_as(session: &mut Session) -> Vec<Effect> {
    session.pending.saves_drawing = false;
    if session.is_text_broken() {
        session.dialog = Some(Dialog::SaveBroken { as_new: true });
        return Vec::new();
    }
    write_or_ask(session, true)
}

/// The answer to what is saved while the text is not a design.
pub(super) fn save_broken(session: &mut Session, saves_drawing: bool) -> Vec<Effect> {
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

pub(super) fn saved(session: &mut Session, path: PathBuf, text: String) -> Vec<Effect> {
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
    effects.extend(note_recent(session));
    if let Some(then) = session.pending.after_save.take() {
        effects.extend(unsaved::ask(session, then));
    }
    effects
}
