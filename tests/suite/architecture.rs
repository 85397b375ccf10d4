//! The shape of the program as tests: who may know whom, what is absent where, how long a file may be.

use std::fs;
use std::path::{Path, PathBuf};

/// A file is one thing; past this many lines (its tests not counted) it is two.
const LONGEST_FILE: usize = 500;

/// What each layer may use of the others: *model knows, engine does, app decides, ui draws, cli prints*.
const MAY_USE: [(&str, &[&str]); 5] = [
    ("model", &["model"]),
    ("engine", &["engine", "model", "report"]),
    ("app", &["app", "engine", "model", "report"]),
    ("ui", &["ui", "app", "model", "report"]),
    ("cli", &["cli", "engine", "model", "report", "ui"]),
];

/// The floors of the model, lowest first: what each may use of the others.
const MODEL_MAY_USE: [(&str, &[&str]); 10] = [
    ("topology", &[]),
    ("document", &["topology"]),
    ("configuration", &["topology"]),
    ("health", &["topology"]),
    ("desk", &["topology"]),
    ("operation", &["topology", "configuration"]),
    (
        "simulate",
        &["topology", "document", "configuration", "health", "operation"],
    ),
    (
        "plan",
        &[
            "topology",
            "document",
            "configuration",
            "health",
            "operation",
            "simulate",
        ],
    ),
    (
        "bundle",
        &[
            "topology",
            "document",
            "configuration",
            "health",
            "operation",
            "simulate",
            "plan",
        ],
    ),
    (
        "diagram",
        &[
            "topology",
            "document",
            "configuration",
            "health",
            "operation",
            "simulate",
            "plan",
        ],
    ),
];

/// What every floor of the model may use: words and quoting.
const MODEL_BELOW_ALL: [&str; 2] = ["quoting", "words"];

/// Words that no line of the layer may hold: what it must not be able to do.
const ABSENT: [(&str, &[&str]); 3] = [
    (
        "model",
        &[
            "std::fs",
            "std::net::Tcp",
            "std::process",
            "std::time::Instant",
            "SystemTime",
            "tokio",
            "egui",
            "async fn",
            "println!",
            "tracing",
        ],
    ),
    (
        "app/update",
        &[
            "std::fs",
            "std::net",
            "std::process",
            "tokio",
            "egui",
            "async fn",
            "println!",
            "tracing",
        ],
    ),
    ("engine", &["egui", "println!"]),
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every Rust file below, its path from `src` with `/`, and its lines without comments.
fn files(below: &str) -> Vec<(String, Vec<String>)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        let mut entries: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    if source().join(below).is_dir() {
        walk(&source().join(below), &mut paths);
    } else {
        paths.push(source().join(format!("{below}.rs")));
    }
    assert!(
        !paths.is_empty(),
        "nothing below src/{below}: the layers have moved, and this test must follow"
    );
    paths
        .into_iter()
        .map(|path| {
            let name = path
                .strip_prefix(source())
                .unwrap()
                .to_string_lossy()
                .replace('\\', "/");
            let text = fs::read_to_string(&path).unwrap();
            let code = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .map(str::to_owned)
                .collect();
            (name, code)
        })
        .collect()
}

#[test]
fn arrows_go_one_way_only() {
    for (layer, allowed) in MAY_USE {
        for (name, lines) in files(layer) {
            for line in lines {
                for used in line.split("crate::").skip(1) {
                    let used: String = used
                        .chars()
                        .take_while(|c| c.is_alphanumeric() || *c == '_')
                        .collect();
                    assert!(
                        used.is_empty() || allowed.contains(&used.as_str()),
                        "{name}: {layer} may not use {used}: {line}"
                    );
                }
            }
        }
    }
}

/// The folders of the model that a file names: by their full path, or by `super` from the folder's own top.
fn used_in_model(name: &str, line: &str) -> Vec<String> {
    let word = |text: &str| -> String {
        let letters = text.chars();
        letters.take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let mut used: Vec<String> = line.split("crate::model::").skip(1).map(word).collect();
    // `crate::model::{a, b}`, and `super::a` in `model/FOLDER/mod.rs`, which is the model's own room.
    for list in line.split("crate::model::{").skip(1) {
        let inside = list.split('}').next().unwrap_or_default();
        used.extend(inside.split(',').map(|one| word(one.trim())));
    }
    let depth = name.split('/').count() - usize::from(name.ends_with("/mod.rs")) - 1;
    let up = "super::".repeat(depth);
    used.extend(
        line.match_indices(&up)
            .filter(|(place, _)| !line[..*place].ends_with("::"))
            .map(|(place, _)| word(&line[place + up.len()..]))
            .filter(|word| word != "super"),
    );
    used
}

#[test]
fn the_model_has_floors() {
    for folder in fs::read_dir(source().join("model")).unwrap() {
        let folder = folder.unwrap();
        let name = folder.file_name().to_string_lossy().into_owned();
        let is_listed = MODEL_MAY_USE.iter().any(|(floor, _)| *floor == name);
        assert!(
            is_listed || !folder.path().is_dir(),
            "model/{name} is on no floor: give it a row in MODEL_MAY_USE"
        );
    }
    for (floor, allowed) in MODEL_MAY_USE {
        for (name, lines) in files(&format!("model/{floor}")) {
            for line in lines {
                for used in used_in_model(&name, &line) {
                    let is_fine = used.is_empty()
                        || used == floor
                        || MODEL_BELOW_ALL.contains(&used.as_str())
                        || allowed.contains(&used.as_str())
                        || !MODEL_MAY_USE.iter().any(|(other, _)| *other == used);
                    assert!(is_fine, "{name}: model/{floor} may not use model/{used}: {line}");
                }
            }
        }
    }
}

#[test]
fn an_arrow_back_up_would_be_seen() {
    for (name, line, used) in [
        ("model/topology/sync.rs", "use crate::model::plan::Plan;", "plan"),
        ("model/document/mod.rs", "use super::simulate::time;", "simulate"),
        (
            "model/document/scenarios.rs",
            "use super::super::bundle;",
            "bundle",
        ),
        (
            "model/health/mod.rs",
            "use crate::model::{plan, topology};",
            "plan",
        ),
    ] {
        let found = used_in_model(name, line);
        assert!(found.iter().any(|one| one == used), "{name}: {line}: {found:?}");
    }
}

#[test]
fn what_must_be_absent_is_absent() {
    for (layer, words) in ABSENT {
        for (name, lines) in files(layer) {
            for line in lines {
                if let Some(word) = words.iter().find(|word| line.contains(*word)) {
                    panic!("{name}: {layer} must not know {word}: {line}");
                }
            }
        }
    }
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    for (name, _) in files(".") {
        if name.ends_with("tests.rs") {
            continue;
        }
        let text = fs::read_to_string(source().join(&name)).unwrap();
        let lines = text
            .lines()
            .take_while(|line| !line.starts_with("mod tests {"))
            .count();
        assert!(
            lines <= LONGEST_FILE,
            "{name} has {lines} lines; is it still one thing?"
        );
    }
}

#[test]
fn every_file_says_what_it_is() {
    for (name, _) in files(".") {
        let text = fs::read_to_string(source().join(&name)).unwrap();
        assert!(
            text.starts_with("//!"),
            "{name} needs a head comment: what it knows, and where to start"
        );
    }
}

#[test]
fn the_tree_of_the_architecture_page_is_the_real_one() {
    let page = fs::read_to_string(source().join("../ARCHITECTURE.md")).unwrap();
    let tree = page
        .split("<!-- tree -->")
        .nth(1)
        .expect("the page has a tree between two marks");
    for (name, _) in files(".") {
        let folder = Path::new(&name).parent().unwrap().to_string_lossy().into_owned();
        let shown = if folder.is_empty() {
            name.clone()
        } else {
            format!("{folder}/")
        };
        assert!(
            tree.contains(&format!("src/{shown}")),
            "ARCHITECTURE.md's tree does not show src/{shown}"
        );
    }
    for line in tree.lines() {
        let Some(path) = line
            .split_whitespace()
            .next()
            .filter(|word| word.starts_with("src/"))
        else {
            continue;
        };
        assert!(
            source().join("..").join(path).exists(),
            "ARCHITECTURE.md shows {path}, which is not there"
        );
    }
}
