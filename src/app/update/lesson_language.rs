//! In which language a lesson is told. Only its words change: what is checked stays.

use std::sync::Arc;

use super::super::{OpenLesson, Session, Told};
use crate::model::lessons;

/// From now on; the lesson that is open, too.
pub(super) fn choose(session: &mut Session, language: String) {
    session.preferences.lesson_language = language;
    if let Some(open) = &mut session.lesson {
        tell(open, &session.preferences.lesson_language);
    }
}

/// Puts the words of that language into a built-in lesson, if it has them; else the English ones.
pub(super) fn tell(open: &mut OpenLesson, language: &str) {
    let built_in = lessons::find(&open.lesson.name);
    // A file of one's own may have the name of a built-in lesson.
    let is_built_in = |lesson: &&lessons::Lesson| lesson.checksum == open.lesson.checksum;
    let Some(lesson) = built_in.filter(is_built_in) else {
        return;
    };
    let translation = lessons::translation(&lesson.name, language);
    open.told = translation.as_ref().map(|translation| Told {
        language: language.to_owned(),
        is_outdated: translation.is_outdated(lesson),
    });
    open.lesson = Arc::new(translation.map_or_else(|| lesson.clone(), |translation| translation.of(lesson)));
}
