//! What is said at the corner of the window, and with which reason something is refused.

use std::path::PathBuf;

use super::super::{Locked, Notice, NoticeKind, Session};
use crate::model::topology::Refusal;
use crate::model::words::as_sentence;
use crate::report::Report;

/// Notices that are shown at once; the oldest goes when one more comes.
pub(super) const NOTICES: usize = 6;

pub(super) fn notify(session: &mut Session, kind: NoticeKind, report: Report) {
    notify_with_folder(session, kind, report, None);
}

pub(super) fn notify_with_folder(
    session: &mut Session,
    kind: NoticeKind,
    report: Report,
    folder: Option<PathBuf>,
) {
    // The same again says nothing new; it only becomes the latest.
    let same = session.notices.iter().position(|notice| notice.report == report);
    let repeats = same.map_or(0, |place| session.notices.remove(place).repeats + 1);
    let surplus = (session.notices.len() + 1).saturating_sub(NOTICES);
    session.notices.drain(..surplus);
    let number = session.next_notice;
    session.next_notice += 1;
    session.notices.push(Notice {
        number,
        kind,
        report,
        repeats,
        folder,
    });
}

/// Everything that was said since (by its number) becomes one notice: one action, one box. What went wrong leads.
pub(super) fn join_since(session: &mut Session, first: u64) {
    let place = session.notices.iter().position(|notice| notice.number >= first);
    let Some(place) = place else {
        return;
    };
    if session.notices.len() - place < 2 {
        return;
    }
    let mut said = session.notices.split_off(place);
    let leads = |notice: &Notice| match notice.kind {
        NoticeKind::Problem => 0,
        NoticeKind::Done => 1,
        NoticeKind::Info => 2,
    };
    said.sort_by_key(leads);
    let mut said = said.into_iter();
    let Some(mut whole) = said.next() else {
        return;
    };
    for other in said {
        let Report {
            headline,
            causes,
            hints,
        } = other.report;
        whole.report.causes.push(headline);
        whole.report.causes.extend(causes);
        for hint in hints {
            if !whole.report.hints.contains(&hint) {
                whole.report.hints.push(hint);
            }
        }
        whole.number = whole.number.max(other.number);
        whole.folder = whole.folder.or(other.folder);
    }
    session.notices.push(whole);
}

/// True, with a notice, if the drawing must not change now.
pub(super) fn refuse_if_locked(session: &mut Session) -> bool {
    refuse_if_held(session) || refuse_if_broken(session)
}

/// True, with a notice, if a lesson keeps the drawing as it is.
pub(super) fn refuse_in_lesson(session: &mut Session) -> bool {
    let is_kept = session.kept() == Some(Locked::Lesson);
    if is_kept {
        notify(session, NoticeKind::Info, Locked::Lesson.report());
    }
    is_kept
}

/// True, with a notice, if the design must stay as it is.
pub(super) fn refuse_if_held(session: &mut Session) -> bool {
    let held = session.held();
    if let Some(held) = held {
        notify(session, NoticeKind::Info, held.report());
    }
    held.is_some()
}

/// True, with a notice, if the drawing is older than the text: an edit of it would lose what was typed.
pub(super) fn refuse_if_broken(session: &mut Session) -> bool {
    let is_broken = session.is_text_broken();
    if is_broken {
        notify(session, NoticeKind::Info, Locked::BrokenText.report());
    }
    is_broken
}

pub(super) fn refuse(session: &mut Session, refusal: &Refusal) {
    notify(
        session,
        NoticeKind::Problem,
        Report::new(as_sentence(&refusal.to_string())),
    );
}
