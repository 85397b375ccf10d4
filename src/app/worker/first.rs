//! What a window opens with, read before there is a window: the design, or the page to begin with, and the preferences.

use std::path::PathBuf;

use super::tasks::{default_folder, home_folder};
use crate::app::update::is_meant_as_design;
use crate::app::{FileMessage, Message, Session, update};
use crate::engine::cluster::record;
use crate::engine::desk::{preferences, recent, store, unsaved};
use crate::model::document::{Document, Problem, format, templates};
use crate::report::Report;

/// The design of a window that was given none.
const FIRST_TEMPLATE: &str = "seed";

/// The state of a window on this file, or on the built-in design.
///
/// # Errors
///
/// If the file cannot be read, or is not even meant as a design.
pub fn first_session(file: Option<PathBuf>) -> Result<Session, Report> {
    let mut session = session_on(file)?;
    session.default_folder = default_folder();
    session.files_folder = home_folder();
    let (preferences, trouble) = preferences::load();
    session.preferences = preferences;
    if let Some(report) = trouble {
        // It is only said: there is nothing to do about it.
        drop(update(&mut session, Message::Failed(report)));
    }
    Ok(session)
}

fn session_on(file: Option<PathBuf>) -> Result<Session, Report> {
    let Some(path) = file else {
        // Who has worked with it before has something to continue; who has not is shown what it is about.
        let is_known =
            !recent::list().is_empty() || !record::list().is_empty() || !unsaved::left().is_empty();
        let template = templates::find(FIRST_TEMPLATE).map_or("", |template| template.text);
        let mut session = Session::new(built_in(template)?, None);
        session.start.is_shown = is_known;
        session.start.was_first = is_known;
        return Ok(session);
    };
    let loaded = store::load(&path)?;
    // Wherever the window goes on to work from.
    let path = std::path::absolute(&path).unwrap_or(path);
    match format::read(&loaded.text) {
        Ok(document) => Ok(Session::new(document, (!loaded.is_picture).then_some(path))),
        Err(_) if !loaded.is_picture && is_meant_as_design(&path, &loaded.text) => {
            // It opens as it does from the menu: a lesson as one, anything else as text, with its problems. Nothing is there
            // yet that could be lost by that.
            let mut session = Session::new(built_in(templates::EMPTY.text)?, None);
            let read = FileMessage::Read(path, loaded.text);
            session.pending.at_start = update(&mut session, Message::File(read));
            Ok(session)
        }
        Err(problems) => {
            let headline = format!("\"{}\" is not a valid design file", path.display());
            Err(problems_report(&headline, &problems))
        }
    }
}

fn built_in(text: &str) -> Result<Document, Report> {
    format::read(text).map_err(|problems| problems_report("The built-in design is broken", &problems))
}

fn problems_report(headline: &str, problems: &[Problem]) -> Report {
    let mut report = Report::new(headline);
    for problem in problems {
        report.causes.push(match problem.line {
            Some(line) => format!("line {line}: {}", problem.message),
            None => problem.message.clone(),
        });
        report.hints.extend(problem.fix.clone());
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{Effect, Tab};

    fn opened(name: &str, text: &str) -> Result<Session, Report> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        session_on(Some(path))
    }

    #[test]
    fn a_design_with_mistakes_opens_as_text() {
        for (name, text) in [
            ("broken.toml", "postgres = 15\n[[server\n"),
            ("broken", "[[server]]\n"),
        ] {
            let session = opened(name, text).unwrap();
            assert!(
                session.is_text_broken() && session.looks.tab == Tab::Text,
                "{name}"
            );
            assert!(session.desk.path.is_some_and(|path| path.ends_with(name)));
        }
    }

    #[test]
    fn a_lesson_opens_as_one() {
        let session = opened("mine.toml", "[[page]]\n[[goal]]\n").unwrap();
        let first = session.start_effects();
        assert!(matches!(first.last(), Some(Effect::ReadLesson(path)) if path.ends_with("mine.toml")));
    }

    #[test]
    fn what_is_no_design_at_all_opens_no_window() {
        let refused = opened("notes.txt", "buy milk\n").unwrap_err();
        assert!(
            refused.headline.contains("is not a valid design file"),
            "{refused}"
        );
    }
}
