//! What every version's servers are given, as text to be read in review: for each shape the configuration files of the
//! oldest major version that can have it, then, from version to version, what changes in them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use pgcascade::model::bundle::generate;
use pgcascade::model::document::Document;
use pgcascade::model::topology::{Archive, Edit, PgMajor, Severity, Topology, check, notation};
use similar::TextDiff;

/// A shape's name and its drawing.
const SHAPES: [(&str, &str); 7] = [
    ("pair", "primary 5432\n  standby 5433\n"),
    ("seed", notation::SEED),
    (
        "chain of four",
        "primary 5432\n  standby1 5433\n    standby2 5434 no-slot\n      standby3 5435\n",
    ),
    (
        "quorum of three sites",
        "north 5432 sync any 1 host db.north.example\n  south 5432 priority 1 host db.south.example\n  west 5432 priority 2 host 10.3.0.1\n",
    ),
    (
        "delayed",
        "primary 5432 sync first 1 commit remote_write\n  standby 5433 priority 1\n  hour-late 5434 delay 1h\n",
    ),
    (
        "archive",
        "primary 5432\n  \"it's 100% odd\" 5433\n  standby2 5434 no-slot\n",
    ),
    (
        "encrypted",
        "master 5432 host db1\n  \"my node\" 5432 host 10.0.0.2\n    leaf 5433 host 10.0.0.2\n",
    ),
];

/// Files by their path.
type Files = BTreeMap<String, String>;

fn drawn(name: &str, text: &str, major: PgMajor) -> Topology {
    let mut topology = notation::parse(text).unwrap();
    topology.apply(&Edit::SetPostgres(major)).unwrap();
    topology.apply(&Edit::SetClusterName(name.to_owned())).unwrap();
    if name == "archive" {
        let archive = Archive::new("archive").unwrap();
        topology.apply(&Edit::SetArchive(Some(archive))).unwrap();
    }
    topology.apply(&Edit::SetTls(name == "encrypted")).unwrap();
    topology
}

fn files_of(topology: &Topology) -> Files {
    let bundle = generate(&Document::new(topology.clone()));
    let files = bundle.files.into_iter();
    files
        .filter_map(|file| {
            let path = file.path.strip_prefix("servers/")?.to_owned();
            Some((path, file.contents))
        })
        .collect()
}

#[test]
fn every_version_is_given_what_it_knows() {
    for (name, text) in SHAPES {
        insta::assert_snapshot!(format!("golden_{}", name.replace(' ', "_")), told(name, text));
    }
}

/// The whole of the first version, then the differences.
fn told(name: &str, text: &str) -> String {
    let mut told = String::new();
    let mut before: Option<(PgMajor, Files)> = None;
    for major in PgMajor::ALL {
        let topology = drawn(name, text, major);
        let errors = check(&topology)
            .into_iter()
            .filter(|finding| finding.severity == Severity::Error);
        let errors: String = errors.map(|finding| finding.message + "\n").collect();
        if !errors.is_empty() {
            let _ = writeln!(told, "====== PostgreSQL {major}: refused\n{errors}");
            continue;
        }
        let files = files_of(&topology);
        match &before {
            None => {
                let _ = writeln!(told, "====== PostgreSQL {major}\n");
                for (path, contents) in &files {
                    let _ = writeln!(told, "=== {path}\n{contents}");
                }
            }
            Some((earlier, old)) => {
                // The version itself stands in the head of every file.
                let old: Files = old
                    .iter()
                    .map(|(path, contents)| {
                        let head = format!("for PostgreSQL {earlier}");
                        (
                            path.clone(),
                            contents.replace(&head, &format!("for PostgreSQL {major}")),
                        )
                    })
                    .collect();
                let changes = changes(&old, &files);
                let how = if changes.is_empty() { "as" } else { "differs from" };
                let _ = writeln!(told, "====== PostgreSQL {major}: {how} {earlier}\n{changes}");
            }
        }
        before = Some((major, files));
    }
    told
}

/// What changed, once for all files in which the same changed.
fn changes(old: &Files, new: &Files) -> String {
    let mut changes: Vec<(String, Vec<&str>)> = Vec::new();
    let mut paths: Vec<&String> = old.keys().chain(new.keys()).collect();
    paths.sort();
    paths.dedup();
    for path in paths {
        let change = match (old.get(path), new.get(path)) {
            (Some(old), Some(new)) => lines(old, new),
            (Some(_), None) => "- the whole file\n".to_owned(),
            (None, Some(new)) if new.is_empty() => "+ an empty file\n".to_owned(),
            (_, new) => new
                .into_iter()
                .flat_map(|new| new.lines())
                .map(|line| format!("+{line}\n"))
                .collect(),
        };
        if change.is_empty() {
            continue;
        }
        match changes.iter_mut().find(|(same, _)| *same == change) {
            Some((_, paths)) => paths.push(path),
            None => changes.push((change, vec![path])),
        }
    }
    changes
        .into_iter()
        .map(|(change, paths)| format!("=== {}\n{change}\n", paths.join(", ")))
        .collect()
}

/// The lines that changed, each group with the line before and behind it.
fn lines(old: &str, new: &str) -> String {
    let diff = TextDiff::from_lines(old, new);
    let mut text = String::new();
    for group in diff.grouped_ops(1) {
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let _ = write!(text, "{}{change}", change.tag());
        }
    }
    text
}
