//! The design's text, typed: it becomes the drawing as soon as it is a design, and what is none is kept as it is.

use super::super::text_draft::TYPING;
use super::super::{Effect, NoticeKind, Session, Tab, TextDraft};
use super::desk::autosave;
use super::edit;
use super::notices::notify;
use crate::report::Report;

/// The text now reads like this. `joins`: it belongs to the burst of typing before it, and is not an undo step of its own.
pub(super) fn type_text(session: &mut Session, text: String, joins: bool) {
    if text == session.text() {
        return;
    }
    if !joins {
        session.desk.burst = None;
    }
    session.desk.set_aside = None;
    match &mut session.desk.typed {
        Some(typed) => {
            let before = std::mem::replace(&mut typed.text, text);
            if !joins {
                typed.earlier.push(before);
            }
            typed.later.clear();
            typed.is_read = false;
        }
        None => session.desk.typed = Some(TextDraft::new(text)),
    }
}

/// A text from elsewhere, which is not a design, in place of what is typed.
pub(super) fn put(session: &mut Session, text: String, headline: String) -> Vec<Effect> {
    session.desk.typed = Some(TextDraft::new(text));
    session.looks.tab = Tab::Text;
    session.preferences.right_side = true;
    let report = Report::new(headline).hint("Fix it in the Text panel, which lists its problems");
    notify(session, NoticeKind::Info, report);
    read(session)
}

/// Reads what was typed, if it was not read yet: a design is drawn, and of anything else the problems are kept.
pub(super) fn read(session: &mut Session) -> Vec<Effect> {
    let Some(typed) = session.desk.typed.as_mut().filter(|typed| !typed.is_read) else {
        return Vec::new();
    };
    if typed.text == session.derived.text {
        session.desk.typed = None;
        return vec![autosave(session)];
    }
    match session.desk.document.retyped(&typed.text) {
        Err(problems) => {
            typed.problems = problems;
            typed.is_read = true;
            vec![autosave(session)]
        }
        Ok(after) => {
            session.desk.typed = None;
            // One burst is one step, however often it was a design on the way.
            if session.desk.burst != Some(session.desk.revision) {
                session
                    .desk
                    .history
                    .record(session.desk.document.clone(), TYPING.to_owned());
            }
            let effects = edit::show(session, Some(after));
            session.desk.burst = Some(session.desk.revision);
            effects
        }
    }
}

/// One burst of typing back. What then reads as the drawing does is kept for Redo.
pub(super) fn undo(session: &mut Session) -> Option<Vec<Effect>> {
    let typed = session.desk.typed.as_mut()?;
    if let Some(before) = typed.earlier.pop() {
        let now = std::mem::replace(&mut typed.text, before);
        typed.later.push(now);
        typed.is_read = false;
        session.desk.burst = None;
        return Some(read(session));
    }
    Some(take_drawing(session))
}

pub(super) fn redo(session: &mut Session) -> Option<Vec<Effect>> {
    if let Some(typed) = &mut session.desk.typed {
        if let Some(after) = typed.later.pop() {
            let now = std::mem::replace(&mut typed.text, after);
            typed.earlier.push(now);
            typed.is_read = false;
            session.desk.burst = None;
            return Some(read(session));
        }
        // What could be done again by the drawing's history would lose the text.
        return Some(Vec::new());
    }
    session.aside()?;
    let (_, typed) = session.desk.set_aside.take()?;
    session.desk.typed = Some(typed);
    Some(vec![autosave(session)])
}

/// The text is the drawing's again. Redo brings back what was typed.
pub(super) fn take_drawing(session: &mut Session) -> Vec<Effect> {
    let Some(typed) = session.desk.typed.take() else {
        return Vec::new();
    };
    session.desk.set_aside = Some((session.desk.revision, typed));
    session.desk.burst = None;
    vec![autosave(session)]
}
