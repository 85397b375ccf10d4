//! `templates` and `new`, and opening the design that another command is about.

use std::path::Path;

use super::args::New;
use super::{Ending, print};
use crate::engine::desk::output::{Kind, Output};
use crate::engine::desk::store::{self, OpenError};
use crate::model::document::templates::{self, TEMPLATES};
use crate::model::document::{Document, Problem};
use crate::model::quoting::shell_path;
use crate::report::Report;

pub(super) fn templates() -> Ending {
    let width = TEMPLATES
        .iter()
        .map(|template| template.name.len())
        .max()
        .unwrap_or(0);
    for template in &TEMPLATES {
        print::line(format_args!("{:<width$}  {}", template.name, template.summary));
    }
    Ending::Fine
}

pub(super) fn new(new: &New) -> Result<Ending, Report> {
    // The arguments know the names of all templates, and take no other.
    let Some(template) = templates::find(&new.template) else {
        return Err(
            Report::new(format!("There is no built-in design \"{}\"", new.template))
                .hint("List them with: pgcascade templates"),
        );
    };
    let Some(path) = &new.output else {
        print::text(template.text);
        return Ok(Ending::Fine);
    };
    // A device or a pipe is there to be written to.
    if path.is_file() && !new.force {
        return Err(Report::new(format!("\"{}\" already exists", path.display()))
            .hint("Choose another name, or use --force to overwrite it"));
    }
    let whole = Output {
        path,
        kind: Kind::Design,
        input: None,
        is_forced: new.force,
    };
    whole.write(template.text.as_bytes())?;
    print::note(format_args!(
        "Wrote the design \"{}\" to {}",
        template.name,
        path.display()
    ));
    Ok(Ending::Fine)
}

/// Opens a design for a command that needs a whole one; everything wrong with it is in the report.
pub(super) fn open(path: &Path) -> Result<Document, Report> {
    store::open(path).map_err(|error| match error {
        OpenError::File(report) => report,
        OpenError::Design(problems) => {
            let word = shell_path(path);
            let mut report = Report::new(format!("\"{}\" is not a valid design", path.display()));
            report.causes = problems.iter().map(|problem| in_place(path, problem)).collect();
            report.hint(format!("See what is wrong with: pgcascade check {word}"))
        }
    })
}

/// "FILE:LINE: message; fix": editors and terminals find the place.
fn in_place(path: &Path, problem: &Problem) -> String {
    let fix = problem
        .fix
        .as_ref()
        .map(|fix| format!("; {fix}"))
        .unwrap_or_default();
    print::in_one_line(&format!("{}: {}{fix}", place(path, problem), problem.message))
}

/// "FILE:LINE", or "FILE" where the problem has no line.
pub(super) fn place(path: &Path, problem: &Problem) -> String {
    match problem.line {
        Some(line) => format!("{}:{line}", path.display()),
        None => path.display().to_string(),
    }
}
