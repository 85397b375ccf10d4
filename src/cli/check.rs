//! `check`: findings on standard output, worst first; a file that is not a design answers in the same form.

use std::path::Path;

use serde::Serialize;

use super::{Ending, designs, print};
use crate::engine::desk::store::{self, OpenError};
use crate::model::document::{Document, Kind, Problem};
use crate::model::topology::{self, Rule, Severity, Subject};
use crate::model::words::{as_sentence, counted};
use crate::report::Report;

/// What a line of `check` begins with, which can be asked about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Explained {
    Rule(&'static Rule),
    /// Of a text that is not a design.
    Kind(&'static Kind),
}

impl Explained {
    fn id(self) -> &'static str {
        match self {
            Self::Rule(rule) => rule.id,
            Self::Kind(kind) => kind.id,
        }
    }
}

/// The contract's form.
#[derive(Serialize)]
struct Findings {
    findings: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    rule: &'static str,
    severity: &'static str,
    server: Option<String>,
    message: String,
    fix: Option<String>,
    /// Only problems of the file itself have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// "FILE:LINE: " before a problem of the file, nothing before a finding.
    #[serde(skip)]
    place: String,
}

/// With a rule to explain: the rule, and (if there is a file) what it finds there.
pub(super) fn check(
    path: Option<&Path>,
    as_json: bool,
    explained: Option<Explained>,
) -> Result<Ending, Report> {
    if let Some(explained) = explained {
        explain(explained);
    }
    match path {
        Some(path) => check_file(path, as_json, explained),
        None => Ok(Ending::Fine),
    }
}

fn explain(explained: Explained) {
    let (severity, meaning, title, why) = match explained {
        Explained::Rule(rule) => (rule.severity, rule.severity.meaning(), rule.title, rule.source),
        Explained::Kind(kind) => (
            Severity::Error,
            "the file is not a design; nothing can be done with it until this is corrected",
            kind.title,
            kind.why,
        ),
    };
    let severity = severity.word();
    print::line(format_args!("{severity} {}: {title}", explained.id()));
    print::line(format_args!("  {severity}: {meaning}"));
    print::line(format_args!("  why: {why}"));
}

fn check_file(path: &Path, as_json: bool, explained: Option<Explained>) -> Result<Ending, Report> {
    let mut rows = match store::open(path) {
        Ok(document) => findings(&document),
        Err(OpenError::Design(problems)) => problems
            .into_iter()
            .map(|problem| Row::of_problem(path, problem))
            .collect(),
        // A program gets the form that it reads, and people the report.
        Err(OpenError::File(report)) if as_json => {
            print::error(&report);
            vec![Row::of_report(report)]
        }
        Err(OpenError::File(report)) => return Err(report),
    };
    if let Some(explained) = explained {
        // What is wrong with the file itself still has to be said.
        rows.retain(|row| row.rule == explained.id() || !row.place.is_empty());
    }
    let has_errors = rows.iter().any(|row| row.severity == Severity::Error.word());
    if as_json {
        print::json(&Findings { findings: rows });
    } else {
        for row in &rows {
            print_row(row);
        }
        match explained {
            Some(explained) if rows.is_empty() => {
                print::note(format_args!(
                    "{}: no findings from {}",
                    path.display(),
                    explained.id()
                ));
            }
            _ => print::note(summary(path, &rows)),
        }
    }
    Ok(if has_errors { Ending::Failed } else { Ending::Fine })
}

fn findings(document: &Document) -> Vec<Row> {
    let topology = document.topology();
    let name = |subject| match subject {
        Subject::Cluster => None,
        Subject::Server(id) => topology.server(id).map(|server| server.name().to_string()),
    };
    topology::check(topology)
        .into_iter()
        .map(|finding| Row {
            rule: finding.rule,
            severity: finding.severity.word(),
            server: name(finding.subject),
            message: finding.message,
            fix: finding.fix.map(|fix| fix.label),
            line: None,
            place: String::new(),
        })
        .collect()
}

impl Row {
    fn of_report(report: Report) -> Self {
        let sentence = std::iter::once(report.headline).chain(report.causes);
        let hints = report.hints.join(" ");
        Self {
            rule: "file-not-read",
            severity: Severity::Error.word(),
            server: None,
            message: sentence.collect::<Vec<_>>().join(" "),
            fix: (!hints.is_empty()).then_some(hints),
            line: None,
            place: String::new(),
        }
    }

    fn of_problem(path: &Path, problem: Problem) -> Self {
        Self {
            place: format!("{}: ", designs::place(path, &problem)),
            rule: problem.rule,
            severity: Severity::Error.word(),
            server: problem.server,
            message: problem.message,
            fix: problem.fix,
            line: problem.line,
        }
    }
}

fn print_row(row: &Row) {
    let server = row
        .server
        .as_ref()
        .map(|name| format!(" {name}"))
        .unwrap_or_default();
    let text = format!(
        "{}{} {}{server}: {}",
        row.place,
        row.severity,
        row.rule,
        as_sentence(&row.message)
    );
    print::line(print::in_one_line(&text));
    if let Some(fix) = &row.fix {
        print::line(format_args!("  fix: {}", print::in_one_line(&as_sentence(fix))));
    }
}

/// "seed.toml: 1 error, 2 warnings", or that nothing was found.
fn summary(path: &Path, rows: &[Row]) -> String {
    let counts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
        .iter()
        .filter_map(|severity| {
            let number = rows.iter().filter(|row| row.severity == severity.word()).count();
            (number > 0).then(|| counted(number, severity.word()))
        })
        .collect();
    let found = if counts.is_empty() {
        "no findings, the design is fine".to_owned()
    } else {
        counts.join(", ")
    };
    format!("{}: {found}", path.display())
}
