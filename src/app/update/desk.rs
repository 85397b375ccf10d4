//! The design that is open: put there, exchanged, read from a text, and kept in the state folder.

use std::path::{Path, PathBuf};

use super::super::{Desk, Effect, NoticeKind, Pending, RunView, Session, Tab};
use super::notices::notify;
use crate::model::desk::RecentDesign;
use crate::model::document::{Document, Problem, format};
use crate::model::words::{as_sentence, counted};
use crate::report::Report;

/// Puts another document on the canvas, as it is after an edit, an undo or a file; returns the one before.
pub(super) fn show_document(session: &mut Session, document: Document) -> Document {
    session.desk.revision += 1;
    std::mem::replace(&mut session.desk.document, document)
}

/// What the state folder is to keep of this design: nothing if the file has it all.
pub(super) fn autosave(session: &Session) -> Effect {
    let text = session.is_modified().then(|| session.text().to_owned());
    Effect::Autosave {
        path: session.desk.path.clone(),
        text,
    }
}

/// Nothing of the design on the canvas need be kept for a recovery any more.
pub(super) fn forget(session: &Session) -> Effect {
    Effect::Autosave {
        path: session.desk.path.clone(),
        text: None,
    }
}

/// Puts a design on the canvas that is not the one before: its undo steps and plans are not this one's.
pub(super) fn replace(session: &mut Session, document: Document, path: Option<PathBuf>, saved_text: String) {
    session.start.is_shown = false;
    session.lesson = None;
    session.imported = None;
    if matches!(session.looks.tab, Tab::Lesson | Tab::Imported) {
        session.looks.tab = Tab::Inspector;
    }
    session.desk = Desk::of(document, path, saved_text, session.desk.revision + 1);
    session.looks.forget_the_design();
    session.live.run = RunView::Idle;
    // The folder of one design's playbook is no folder for another design.
    session.live.to_hosts = None;
    session.pending = Pending::default();
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

/// True for what a person meant as a design, whatever is wrong with it: it is opened as text, where it can be fixed.
pub(in crate::app) fn is_meant_as_design(path: &Path, text: &str) -> bool {
    let has_ending = path
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("toml"));
    has_ending || text.lines().any(|line| line.trim() == "[[server]]")
}

fn problems_report(path: Option<&Path>, problems: &[Problem]) -> Report {
    let name = path.map_or("the text".to_owned(), |path| format!("\"{}\"", file_name(path)));
    let found = counted(problems.len(), "problem");
    let headline = as_sentence(&format!("{name} cannot be opened: {found} in it"));
    Report::of_problems(headline, problems)
}

pub(super) fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

/// The design has a file now, or was opened from it.
pub(super) fn note_recent(session: &mut Session) -> Option<Effect> {
    let path = session.desk.path.clone()?;
    let recent = &mut session.start.recent;
    recent.retain(|design| design.path != path);
    let now = RecentDesign {
        path: path.clone(),
        age_secs: 0,
        is_there: true,
    };
    recent.insert(0, now);
    Some(Effect::NoteRecent(path))
}
