//! Unsaved changes: asked about before anything would lose them, also before the window closes.
//!
//! What may happen is put into `pending.agreed`: `update` lets it happen once the message at hand is dealt with, so that
//! nobody here has to know what that is.

use super::super::{Dialog, Effect, Message, NoticeKind, Session};
use super::notices::{notify, refuse_if_held};
use crate::report::Report;

pub(super) fn quit(session: &mut Session) -> Vec<Effect> {
    if session.live.run.is_running() {
        let report = Report::new("A deployment is in progress").hint(
            "Wait until it has finished, or cancel it and wait for the rollback; then close the window",
        );
        notify(session, NoticeKind::Info, report);
        return Vec::new();
    }
    ask(session, Message::Quit)
}

/// Goes on if nothing would be lost, else asks first.
pub(super) fn ask(session: &mut Session, then: Message) -> Vec<Effect> {
    if then != Message::Quit && refuse_if_held(session) {
        return Vec::new();
    }
    if session.is_modified() {
        let then = Box::new(then);
        session.dialog = Some(Dialog::Unsaved { then });
        return Vec::new();
    }
    agree(session, then)
}

/// Nothing is lost by it, or the user agreed to lose it.
pub(super) fn agree(session: &mut Session, then: Message) -> Vec<Effect> {
    session.pending.agreed = Some(then);
    Vec::new()
}

pub(super) fn discard(session: &mut Session) -> Vec<Effect> {
    match session.dialog.take() {
        Some(Dialog::Unsaved { then }) if *then == Message::Quit || !refuse_if_held(session) => {
            agree(session, *then)
        }
        Some(Dialog::Recover(unsaved)) => vec![Effect::ForgetUnsaved(unsaved.id)],
        _ => Vec::new(),
    }
}

/// The way on that a dialog or a file was to open is closed: nothing happens "afterwards" any more.
pub(super) fn give_up_pending(session: &mut Session) {
    session.pending.after_save = None;
    session.pending.saves_drawing = false;
    session.pending.replaceable = None;
}
