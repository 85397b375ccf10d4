//! `survives`: which failures a design survives, a line each.

use std::path::Path;

use serde::Serialize;

use super::table::{table, words};
use super::{Ending, designs, print};
use crate::model::simulate::survives::{Cell, Survival, double_failures, single_failures};
use crate::report::Report;

#[derive(Serialize)]
struct Answer {
    failures: Vec<Survival>,
}

pub(super) fn survives(file: &Path, with_double: bool, as_json: bool) -> Result<Ending, Report> {
    let document = designs::open(file)?;
    let mut failures = single_failures(document.topology());
    if with_double {
        failures.extend(double_failures(document.topology()));
    }
    if as_json {
        print::json(&Answer { failures });
        return Ok(Ending::Fine);
    }
    let columns = [
        words("failure"),
        words("writes go on"),
        words("reads go on"),
        words("nothing lost"),
    ];
    let rows: Vec<Vec<String>> = failures.iter().map(row).collect();
    print::line(table(&columns, &rows));
    let survived = |of: fn(&Survival) -> &Cell| failures.iter().filter(|failure| of(failure).holds).count();
    print::line(format_args!(
        "\nOf {}: writes go on in {}, reads in {}, and nothing is lost in {}. Nobody does anything meanwhile; a lost primary is replaced by promoting a standby.",
        print::count(failures.len(), "failure"),
        survived(|failure| &failure.writes),
        survived(|failure| &failure.reads),
        survived(|failure| &failure.nothing_lost),
    ));
    Ok(Ending::Fine)
}

fn row(failure: &Survival) -> Vec<String> {
    let cell = |cell: &Cell| {
        let word = if cell.holds { "yes" } else { "NO" };
        print::in_one_line(&format!("{word}: {}", cell.said.sentence))
    };
    let what = print::in_one_line(&failure.failure.join(" + "));
    [what].into_iter().chain(failure.cells().map(cell)).collect()
}
