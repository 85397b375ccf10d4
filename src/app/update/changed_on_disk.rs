//! A design's file that somebody else has changed: noticed by the worker's look each second, and before saving.
//!
//! What the file holds is `Session::saved_text`. "Keep mine" only takes note of what is there now, so that what is
//! drawn is unsaved beside it; taking the file's is an edit like any other, and can be undone.

use std::path::{Path, PathBuf};

use super::super::{Dialog, Effect, NoticeKind, OnDisk, Session};
use super::desk::{autosave, file_name, parse, show_document};
use super::notices::{notify, refuse_if_broken};
use super::{save, unsaved};
use crate::report::Report;

/// Nothing is asked while a question is open or the design is locked: the file is looked at again later.
pub(super) fn look(session: &Session) -> Vec<Effect> {
    let is_free = session.dialog.is_none() && !session.is_held();
    let path = session.desk.path.clone().filter(|_| is_free);
    path.map(Effect::LookAtFile).into_iter().collect()
}

pub(super) fn found(session: &mut Session, path: &Path, found: OnDisk) -> Vec<Effect> {
    let is_about_this = session.desk.path.as_deref() == Some(path);
    if !is_about_this || session.dialog.is_some() || session.is_held() {
        return Vec::new();
    }
    let was_unknown = std::mem::take(&mut session.desk.is_file_unknown);
    match found {
        OnDisk::Text(text) if text == session.desk.saved_text => Vec::new(),
        // What was recovered is newer than its file.
        OnDisk::Text(text) if was_unknown => {
            session.desk.saved_text = text;
            vec![autosave(session)]
        }
        OnDisk::Gone if was_unknown => Vec::new(),
        // The same was drawn here and written there.
        OnDisk::Text(text) if text == session.text() => {
            session.desk.saved_text = text;
            vec![autosave(session)]
        }
        OnDisk::Text(text) if !session.is_modified() => take(session, path, text),
        OnDisk::Text(_) => ask(session, path.to_owned(), found, false),
        OnDisk::Gone => gone(session, path),
        OnDisk::Unreadable(report) => {
            let report = report.hint(
                "The drawing still has everything; save it elsewhere if the file does not come \
                     back",
            );
            notify(session, NoticeKind::Problem, report);
            Vec::new()
        }
    }
}

/// Nothing was written: what somebody else has made would have been lost.
pub(super) fn changed_before(session: &mut Session, path: PathBuf, found: OnDisk) -> Vec<Effect> {
    if session.desk.path.as_ref() != Some(&path) {
        return Vec::new();
    }
    ask(session, path, found, true)
}

fn ask(session: &mut Session, path: PathBuf, found: OnDisk, is_saving: bool) -> Vec<Effect> {
    session.dialog = Some(Dialog::ChangedOnDisk {
        path,
        found,
        is_saving,
    });
    Vec::new()
}

/// The file is gone, so everything that is drawn is unsaved: it is kept in the state folder from now on.
fn gone(session: &mut Session, path: &Path) -> Vec<Effect> {
    if session.desk.saved_text.is_empty() {
        return Vec::new();
    }
    session.desk.saved_text = String::new();
    let report = Report::new(format!("{} no longer exists", path.display()))
        .hint("The drawing still has everything: save to write the file again");
    notify(session, NoticeKind::Problem, report);
    vec![autosave(session)]
}

pub(super) fn keep_mine(session: &mut Session, save: bool) -> Vec<Effect> {
    let Some(Dialog::ChangedOnDisk { path, found, .. }) = session.dialog.take() else {
        return Vec::new();
    };
    let is_readable = matches!(found, OnDisk::Text(_));
    if let OnDisk::Text(text) = found {
        session.desk.saved_text = text;
    }
    if save {
        return vec![if is_readable {
            save::write_own(session, path)
        } else {
            save::write_design(session, path)
        }];
    }
    unsaved::give_up_pending(session);
    vec![autosave(session)]
}

pub(super) fn take_theirs(session: &mut Session) -> Vec<Effect> {
    // Undo would not bring it back.
    if refuse_if_broken(session) {
        return Vec::new();
    }
    let Some(Dialog::ChangedOnDisk { path, found, .. }) = session.dialog.take() else {
        return Vec::new();
    };
    unsaved::give_up_pending(session);
    match found {
        OnDisk::Text(text) => take(session, &path, text),
        OnDisk::Gone | OnDisk::Unreadable(_) => Vec::new(),
    }
}

/// The drawing becomes what the file says; a file that is not a design is explained, and the drawing stays.
fn take(session: &mut Session, path: &Path, text: String) -> Vec<Effect> {
    let Some(theirs) = parse(session, Some(path), &text) else {
        // From now on that is what the file holds: it is not explained again, and what is drawn is unsaved.
        session.desk.saved_text = text;
        return vec![autosave(session)];
    };
    let label = format!("Reload {}", file_name(path));
    session.desk.history.record(session.desk.document.clone(), label);
    session.desk.typed = None;
    drop(show_document(session, theirs));
    session.desk.saved_text = text;
    let report = Report::new(format!("{} changed on disk and was reloaded", file_name(path)))
        .hint("Undo restores the previous drawing");
    notify(session, NoticeKind::Info, report);
    Vec::new()
}
