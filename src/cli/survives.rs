//! `survives`: which failures a design survives, a line each.

use std::path::Path;

use serde::Serialize;

use super::table::{table, words};
use super::{Ending, designs, print};
use crate::model::simulate::survives::{Cell, Survival, double_failures, single_failures};
use crate::model::words::counted;
use crate::report::Report;

/// What is asked after each failure, in the order of [`Survival::cells`].
const QUESTIONS: [&str; 3] = ["writes go on", "reads go on", "nothing lost"];

/// Failures that a reason names; of many there are hundreds.
const NAMED: usize = 4;

#[derive(Serialize)]
struct Answer {
    failures: Vec<Survival>,
}

pub(super) fn survives(
    file: &Path,
    with_double: bool,
    as_json: bool,
    with_reasons: bool,
) -> Result<Ending, Report> {
    let document = designs::open(file)?;
    let mut failures = single_failures(document.topology());
    if with_double {
        let double = double_failures(document.topology());
        failures
            .extend(double.map_err(|error| Report::of("There are too many failures to combine.", &error))?);
    }
    if as_json {
        print::json(&Answer { failures });
        return Ok(Ending::Fine);
    }
    let columns = [words("failure")].into_iter().chain(QUESTIONS.map(words));
    let columns: Vec<_> = columns.collect();
    let rows: Vec<Vec<String>> = failures.iter().map(row).collect();
    print::line(table(&columns, &rows));
    let survived = |of: fn(&Survival) -> &Cell| failures.iter().filter(|failure| of(failure).holds).count();
    print::line(format_args!(
        "\nOf {}: writes go on in {}, reads in {}, and nothing is lost in {}. This assumes that nobody \
         intervenes; what is lost is what the best standby lacks, should it be promoted.",
        counted(failures.len(), "failure"),
        survived(|failure| &failure.writes),
        survived(|failure| &failure.reads),
        survived(|failure| &failure.nothing_lost),
    ));
    if with_reasons {
        print::line("\nWhy:");
        for reason in reasons(&failures) {
            print::line(print::in_one_line(&reason.text()));
        }
    }
    Ok(Ending::Fine)
}

/// Why a question has its answer, and after which failures.
#[derive(Debug)]
struct Reason<'a> {
    question: &'static str,
    cell: &'a Cell,
    failures: Vec<String>,
}

impl Reason<'_> {
    fn text(&self) -> String {
        let word = if self.cell.holds { "yes" } else { "NO" };
        let named: Vec<&str> = self.failures.iter().map(String::as_str).take(NAMED).collect();
        let mut after = named.join(", ");
        if let more @ 1.. = self.failures.len() - named.len() {
            after += &format!(" and {more} more");
        }
        format!("{}: {word} ({after}): {}", self.question, self.cell.said.why)
    }
}

/// Each reason once, a question after the other.
fn reasons(failures: &[Survival]) -> Vec<Reason<'_>> {
    let mut found: Vec<Reason<'_>> = Vec::new();
    for (place, question) in QUESTIONS.into_iter().enumerate() {
        for failure in failures {
            let Some(cell) = failure.cells().into_iter().nth(place) else {
                continue;
            };
            let after = failure.failure.join(" + ");
            let is_it = |reason: &&mut Reason<'_>| {
                let other = reason.cell;
                reason.question == question && other.holds == cell.holds && other.said.why == cell.said.why
            };
            match found.iter_mut().find(is_it) {
                Some(reason) => reason.failures.push(after),
                None => found.push(Reason {
                    question,
                    cell,
                    failures: vec![after],
                }),
            }
        }
    }
    found
}

fn row(failure: &Survival) -> Vec<String> {
    let cell = |cell: &Cell| {
        let word = if cell.holds { "yes" } else { "NO" };
        print::in_one_line(&format!("{word}: {}", cell.said.sentence))
    };
    let what = print::in_one_line(&failure.failure.join(" + "));
    [what].into_iter().chain(failure.cells().map(cell)).collect()
}
