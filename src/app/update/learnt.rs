//! What was learnt, over all lessons: to a file, from one, forgotten.

use std::path::PathBuf;

use super::super::{Dialog, Effect, LessonMessage, NoticeKind, PathPurpose, Session};
use super::notices::notify;
use super::paths;
use crate::engine::desk::progress;
use crate::model::words::counted;
use crate::report::Report;

pub(super) fn update(session: &mut Session, message: LessonMessage) -> Vec<Effect> {
    match message {
        LessonMessage::Export => {
            if session.dialog == Some(Dialog::ForgetProgress) {
                session.dialog = None;
            }
            vec![paths::ask_path(session, PathPurpose::ExportProgress)]
        }
        LessonMessage::Import => vec![paths::ask_path(session, PathPurpose::ImportProgress)],
        LessonMessage::Imported(other) => {
            let lessons = counted(other.0.len(), "lesson");
            session.learning.progress.merge(*other);
            let report = Report::new(format!("Added what was learnt of {lessons}"))
                .hint("The better of two counts: nothing of yours is lost");
            notify(session, NoticeKind::Done, report);
            keep(session)
        }
        LessonMessage::AskForget => {
            session.dialog = Some(Dialog::ForgetProgress);
            Vec::new()
        }
        LessonMessage::Forget => {
            session.dialog = None;
            session.learning.progress.forget(None);
            keep(session)
        }
        _ => Vec::new(),
    }
}

/// The chosen file.
pub(super) fn write(session: &mut Session, path: PathBuf) -> Vec<Effect> {
    match progress::text(&session.learning.progress) {
        Ok(text) => vec![Effect::Write {
            purpose: PathPurpose::ExportProgress,
            path,
            bytes: text.into_bytes(),
            text: None,
            expected: None,
        }],
        Err(report) => {
            notify(session, NoticeKind::Problem, report);
            Vec::new()
        }
    }
}

fn keep(session: &Session) -> Vec<Effect> {
    vec![Effect::KeepProgress(Box::new(session.learning.progress.clone()))]
}
