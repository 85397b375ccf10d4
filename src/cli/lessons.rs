//! `lessons`: chapters and lessons with what is done, and a folder of results that were handed in.

use std::path::Path;

use serde::Serialize;

use super::args::Lessons;
use super::table::{table, words};
use super::{Ending, lesson, print};
use crate::engine::desk::{progress, store};
use crate::model::lessons::{self, Progress, chapters, check_result, read_result};
use crate::model::quoting;
use crate::model::words::counted;
use crate::report::Report;

/// The contract's form.
#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    chapter: &'a str,
    title: &'a str,
    state: &'static str,
}

pub(super) fn lessons(args: &Lessons) -> Result<Ending, Report> {
    if let Some(folder) = &args.check_all {
        return check_all(folder, args.csv);
    }
    let (progress, report) = progress::load();
    if let Some(report) = report {
        print::note(format_args!("note: {report}"));
    }
    if let Some(path) = &args.export {
        return export(path, &progress);
    }
    if let Some(path) = &args.import {
        return import(path);
    }
    if let Some(name) = &args.forget {
        return forget(name);
    }
    if args.json {
        let rows = lessons::lessons().iter().map(|lesson| Row {
            name: &lesson.name,
            chapter: &lesson.chapter,
            title: &lesson.title,
            state: progress.mark(&lesson.name).word(),
        });
        print::json(&rows.collect::<Vec<_>>());
        return Ok(Ending::Fine);
    }
    for chapter in chapters() {
        print::line(chapter.title);
        for lesson in chapter.lessons.iter().filter_map(|name| lessons::find(name)) {
            let state = progress.mark(&lesson.name).word();
            let changed = if progress.is_changed(lesson) {
                ", changed since"
            } else {
                ""
            };
            print::line(format_args!(
                "  {:<26}{:<9}{} ({} min{changed})",
                lesson.name, state, lesson.title, lesson.minutes
            ));
        }
    }
    print::note("Begin with: pgcascade lesson first-standby");
    Ok(Ending::Fine)
}

fn export(path: &Path, known: &Progress) -> Result<Ending, Report> {
    if path.exists() {
        return Err(Report::new(format!("\"{}\" already exists", path.display())).hint("Choose another name"));
    }
    lesson::write(path, &progress::text(known)?, false)?;
    let lessons = counted(known.0.len(), "lesson");
    print::note(format_args!(
        "Wrote the progress of {lessons} to {}",
        path.display()
    ));
    Ok(Ending::Fine)
}

fn import(path: &Path) -> Result<Ending, Report> {
    let other = progress::read(path)?;
    let lessons = counted(other.0.len(), "lesson");
    progress::change(|known| known.merge(other))?;
    print::note(format_args!(
        "Added the progress of {lessons}; the better of two counts"
    ));
    Ok(Ending::Fine)
}

fn forget(name: &str) -> Result<Ending, Report> {
    let mut is_there = false;
    let lesson = (name != "all").then_some(name);
    progress::change(|known| is_there = known.forget(lesson))?;
    if !is_there {
        let what = lesson.map_or_else(|| "any lesson".to_owned(), |name| format!("\"{name}\""));
        return Err(Report::new(format!("There is nothing to forget of {what}"))
            .hint("See what you have done with: pgcascade lessons"));
    }
    print::note(format_args!("Forgot {}", lesson.unwrap_or("all lessons")));
    Ok(Ending::Fine)
}

/// One result of the folder.
struct Checked {
    file: String,
    name: String,
    lesson: String,
    solved: String,
    hints: u32,
    steps: usize,
    shown: bool,
}

fn check_all(folder: &Path, as_csv: bool) -> Result<Ending, Report> {
    let headline = || format!("The folder \"{}\" cannot be read", folder.display());
    let entries = std::fs::read_dir(folder).map_err(|error| Report::of(headline(), &error))?;
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let rows: Vec<Checked> = paths.iter().map(|path| checked(path)).collect();
    let cells = |row: &Checked| {
        vec![
            row.file.clone(),
            row.name.clone(),
            row.lesson.clone(),
            row.solved.clone(),
            row.hints.to_string(),
            row.steps.to_string(),
            row.shown.to_string(),
        ]
    };
    const COLUMNS: [&str; 7] = ["file", "name", "lesson", "solved", "hints", "steps", "shown"];
    if as_csv {
        print::line(COLUMNS.join(","));
        for row in &rows {
            let cells: Vec<String> = cells(row).iter().map(|cell| quoting::csv(cell)).collect();
            print::line(cells.join(","));
        }
    } else {
        let rows: Vec<Vec<String>> = rows.iter().map(cells).collect();
        print::line(table(&COLUMNS.map(words), &rows));
    }
    Ok(Ending::Fine)
}

fn checked(path: &Path) -> Checked {
    let file = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let nothing = |solved: &str| Checked {
        file: file.clone(),
        name: String::new(),
        lesson: String::new(),
        solved: solved.to_owned(),
        hints: 0,
        steps: 0,
        shown: false,
    };
    let Ok(text) = store::text(path) else {
        return nothing("cannot be read");
    };
    let result = match read_result(&text) {
        Some(Ok(result)) => result,
        Some(Err(_)) => return nothing("is not a valid result"),
        None => return nothing("is not a result"),
    };
    let Some(lesson) = lesson::named(&result.lesson) else {
        return Checked {
            lesson: result.lesson.clone(),
            ..nothing("unknown lesson")
        };
    };
    let checked = check_result(&lesson, &result);
    Checked {
        solved: if checked.is_solved() { "yes" } else { "no" }.to_owned(),
        name: result.name.clone(),
        lesson: result.lesson.clone(),
        hints: result.hints,
        steps: checked.steps,
        shown: result.is_shown,
        file,
    }
}
