//! A lesson of one's own: its file chosen, opened, and read again while it is written.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::{
    Effect, LessonFile, LessonMessage, Looked, Message, NoticeKind, OwnFile, PathPurpose, Session,
};
use super::lesson;
use super::notices::notify;
use super::{paths, unsaved, what_if};
use crate::model::lessons::Lesson;
use crate::report::Report;

pub(super) fn update(session: &mut Session, message: LessonMessage) -> Vec<Effect> {
    match message {
        LessonMessage::OpenFile => vec![paths::ask_path(session, PathPurpose::OpenLesson)],
        LessonMessage::LookAtFile => {
            let file = session.lesson.as_ref().and_then(|open| open.file.as_ref());
            let path = file.map(|file| file.path.clone());
            path.map(Effect::ReadLesson).into_iter().collect()
        }
        LessonMessage::FileRead(path, file) => read(session, path, file),
        _ => Vec::new(),
    }
}

fn read(session: &mut Session, path: PathBuf, file: LessonFile) -> Vec<Effect> {
    let is_open = |own: &OwnFile| own.path == path;
    let open = session.lesson.as_ref().and_then(|open| open.file.as_ref());
    if open.is_some_and(is_open) {
        return read_again(session, file);
    }
    match file {
        LessonFile::Good(..) => {
            if session.what_if().is_some() {
                what_if::leave(session);
            }
            let then = Message::Lesson(LessonMessage::FileRead(path, file));
            // Work of a lesson is kept with its progress.
            if session.lesson.is_some() && session.desk.path.is_none() {
                return unsaved::agree(session, then);
            }
            unsaved::ask(session, then)
        }
        LessonFile::Bad(_) => {
            let mut report = Report::new(format!("\"{}\" is not a valid lesson", path.display()));
            report.causes = file.faults();
            let report = report.hint("Look at the guide's page \"Write a lesson\"");
            notify(session, NoticeKind::Problem, report);
            Vec::new()
        }
        LessonFile::Unreadable(report) => {
            notify(session, NoticeKind::Problem, report);
            Vec::new()
        }
    }
}

/// Nothing is lost by it any more.
pub(super) fn open(session: &mut Session, path: PathBuf, file: LessonFile) -> Vec<Effect> {
    let faults = file.faults();
    let LessonFile::Good(lesson, _) = file else {
        return Vec::new();
    };
    let effects = lesson::open_this(session, Arc::new(*lesson));
    if let Some(open) = &mut session.lesson {
        open.file = Some(OwnFile { path, faults });
    }
    effects
}

/// What is on the canvas stays if the lesson still begins with the same design; what was reached, too.
fn read_again(session: &mut Session, file: LessonFile) -> Vec<Effect> {
    let faults = file.faults();
    let Some(open) = &mut session.lesson else {
        return Vec::new();
    };
    if let Some(own) = &mut open.file {
        own.faults.clone_from(&faults);
    }
    let LessonFile::Good(lesson, _) = file else {
        return Vec::new();
    };
    if *lesson == *open.lesson {
        return Vec::new();
    }
    let begins_the_same = starts_as(&lesson, &open.lesson);
    let lesson = Arc::new(*lesson);
    if !begins_the_same {
        let path = open.file.as_ref().map(|own| own.path.clone());
        let effects = lesson::begin(session, lesson);
        if let (Some(open), Some(path)) = (&mut session.lesson, path) {
            open.file = Some(OwnFile { path, faults });
        }
        return effects;
    }
    open.target = super::super::OpenLesson::target_of(&lesson);
    open.ticks.held.retain(|goal| lesson.goal(goal).is_some());
    open.ticks.answers.retain(|ask, _| lesson.ask(ask).is_some());
    open.answers.retain(|ask, _| lesson.ask(ask).is_some());
    open.lesson = lesson;
    open.looked = Looked::default();
    Vec::new()
}

fn starts_as(one: &Lesson, other: &Lesson) -> bool {
    one.name == other.name
        && one.start.text() == other.start.text()
        && one.is_locked == other.is_locked
        && one.scenario == other.scenario
        && one
            .given
            .iter()
            .map(|line| &line.text)
            .eq(other.given.iter().map(|line| &line.text))
}

/// True if a text that was to be opened as a design is a lesson.
pub(super) fn is_lesson(path: &Path, text: &str) -> bool {
    let has = |table: &str| text.lines().any(|line| line.trim() == table);
    path.extension().is_some_and(|extension| extension == "toml") && has("[[page]]") && has("[[goal]]")
}
