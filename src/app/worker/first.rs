//! What a window opens with, read before there is a window: the design, or the page to begin with, and the preferences.

use std::path::PathBuf;

use super::tasks::{default_folder, home_folder};
use crate::app::{Message, Session, update};
use crate::engine::cluster::record;
use crate::engine::desk::{preferences, recent, store, unsaved};
use crate::model::document::{Problem, format, templates};
use crate::report::Report;

/// The design of a window that was given none.
const FIRST_TEMPLATE: &str = "seed";

/// The state of a window on this file, or on the built-in design.
///
/// # Errors
///
/// If the file cannot be read or is not a design.
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
        let document = format::read(template)
            .map_err(|problems| problems_report("The built-in design is broken", &problems))?;
        let mut session = Session::new(document, None);
        session.start.is_shown = is_known;
        session.start.was_first = is_known;
        return Ok(session);
    };
    let loaded = store::load(&path)?;
    let document = format::read(&loaded.text).map_err(|problems| {
        let headline = format!("\"{}\" is not a valid design file", path.display());
        problems_report(&headline, &problems)
    })?;
    // Wherever the window goes on to work from.
    let path = std::path::absolute(&path).unwrap_or(path);
    Ok(Session::new(document, (!loaded.is_picture).then_some(path)))
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
