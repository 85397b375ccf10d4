//! `bundle --diff-version`: what changes in the files with another version.

use serde::Serialize;

use super::print;
use crate::model::bundle::{self, Bundle, Change, ChangeKind};
use crate::model::document::Document;
use crate::model::topology::{PgMajor, Severity, check};

#[derive(Serialize)]
struct Answer<'a> {
    /// The versions, as a design writes them.
    from: String,
    to: String,
    files: Vec<FileRow<'a>>,
}

#[derive(Serialize)]
struct FileRow<'a> {
    path: &'a str,
    change: &'static str,
    diff: &'a str,
}

/// Prints the difference, in a form that `patch -p1` takes, and says what would be wrong with the design then.
pub(super) fn show(document: &Document, bundle: &Bundle, major: PgMajor, as_json: bool) {
    let from = document.topology().postgres();
    let other = document.in_version(major);
    let changes = bundle::difference(bundle, &bundle::generate(&other));
    if as_json {
        let files = changes.iter().map(|change| FileRow {
            path: &change.path,
            change: change.kind.word(),
            diff: &change.diff,
        });
        print::json(&Answer {
            from: from.to_string(),
            to: major.to_string(),
            files: files.collect(),
        });
        return;
    }
    for change in &changes {
        print::text(&text(change, from, major));
    }
    if changes.is_empty() {
        print::note(format_args!(
            "No file changes: the design is already for PostgreSQL {major}"
        ));
    }
    warn_of_errors(&other);
}

/// The diff; an empty file that comes or goes has none, and is told as diff tells it.
fn text(change: &Change, from: PgMajor, to: PgMajor) -> String {
    match change.kind {
        _ if !change.diff.is_empty() => change.diff.clone(),
        ChangeKind::Removed => format!("Only for PostgreSQL {from}: {} (empty)\n", change.path),
        ChangeKind::Added | ChangeKind::Changed => {
            format!("Only for PostgreSQL {to}: {} (empty)\n", change.path)
        }
    }
}

/// What the other version would not take.
fn warn_of_errors(other: &Document) {
    let topology = other.topology();
    let major = topology.postgres();
    for finding in check(topology) {
        if finding.severity == Severity::Error {
            print::note(format_args!(
                "With PostgreSQL {major}: {} ({})",
                finding.message, finding.rule
            ));
        }
    }
}
