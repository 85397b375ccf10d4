//! The shape of the program as tests: who may know whom, what is absent where, how long a file may be.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A file is one thing; past this many lines, comments and the tests inside it counted, it is two.
const LONGEST_FILE: usize = 400;

/// The same for files that hold tests only.
const LONGEST_TESTS: usize = 600;

/// Files that may be longer, each with the reason why.
const LONGER: [(&str, &str); 2] = [
    (
        "src/model/simulate/world/transition.rs",
        "one table: what every event does in every state, with its reason",
    ),
    (
        "src/model/topology/major.rs",
        "one table: a question for each difference between versions, with its source",
    ),
];

/// What each layer may use of the others: *model knows, engine does, app decides, ui draws, cli prints*.
const MAY_USE: [(&str, &[&str]); 5] = [
    ("model", &["model"]),
    ("engine", &["engine", "model", "report"]),
    ("app", &["app", "engine", "model", "report"]),
    ("ui", &["ui", "app", "model", "report"]),
    ("cli", &["cli", "engine", "model", "report", "ui"]),
];

/// The floors of the model, lowest first: what each may use of the others.
const MODEL_MAY_USE: [(&str, &[&str]); 16] = [
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
    ("fault", &["topology", "simulate"]),
    (
        "lessons",
        &["topology", "document", "configuration", "health", "simulate"],
    ),
    (
        "drift",
        &["topology", "document", "configuration", "health", "simulate"],
    ),
    (
        "import",
        &["topology", "document", "configuration", "health", "simulate"],
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
            "drift",
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
            "drift",
            "plan",
        ],
    ),
    (
        "export",
        &[
            "topology",
            "document",
            "configuration",
            "health",
            "operation",
            "simulate",
            "drift",
            "plan",
            "bundle",
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
            "drift",
            "plan",
        ],
    ),
    (
        "audit",
        &[
            "topology",
            "document",
            "configuration",
            "health",
            "simulate",
            "drift",
            "import",
            "diagram",
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

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn source() -> PathBuf {
    root().join("src")
}

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

fn name_below(folder: &Path, path: &Path) -> String {
    let below = path.strip_prefix(folder).unwrap();
    below.to_string_lossy().replace('\\', "/")
}

/// Every Rust file of the tests, its path from the root.
fn test_files() -> Vec<String> {
    let mut paths = Vec::new();
    walk(&root().join("tests"), &mut paths);
    paths.iter().map(|path| name_below(&root(), path)).collect()
}

/// Every Rust file below, its path from `src` with `/`, and its lines without comments.
fn files(below: &str) -> Vec<(String, Vec<String>)> {
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
            let name = name_below(&source(), &path);
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

/// For each module of `app/update`, its siblings that it uses.
fn used_in_update() -> BTreeMap<String, BTreeSet<String>> {
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let inside = files("app/update").into_iter().filter_map(|(name, lines)| {
        let below = name
            .strip_prefix("app/update/")?
            .trim_end_matches(".rs")
            .to_owned();
        (below != "mod" && !below.starts_with("tests/")).then_some((below, lines))
    });
    for (name, lines) in inside {
        let depth = name.split('/').count();
        let module = name.split('/').next().unwrap_or_default().to_owned();
        let siblings = used.entry(module).or_default();
        for import in lines.join("\n").split("use ").skip(1) {
            let import = import.split(';').next().unwrap_or_default();
            if import.matches("super::").count() == depth {
                let words = import.split(|c: char| !c.is_alphanumeric() && c != '_');
                siblings.extend(words.map(str::to_owned));
            }
        }
    }
    let modules: BTreeSet<String> = used.keys().cloned().collect();
    for (module, siblings) in &mut used {
        siblings.retain(|word| word != module && modules.contains(word));
    }
    used
}

/// A way along the arrows that ends where it began.
fn circle(used: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    fn follow(used: &BTreeMap<String, BTreeSet<String>>, way: &mut Vec<String>) -> bool {
        let Some(next) = way.last().and_then(|last| used.get(last)) else {
            return false;
        };
        for module in next {
            let is_closed = way.first() == Some(module);
            if !is_closed && way.contains(module) {
                continue;
            }
            way.push(module.clone());
            if is_closed || follow(used, way) {
                return true;
            }
            way.pop();
        }
        false
    }
    used.keys().find_map(|module| {
        let mut way = vec![module.clone()];
        follow(used, &mut way).then_some(way)
    })
}

#[test]
fn what_changes_a_session_runs_in_no_circle() {
    let used = used_in_update();
    assert!(used.values().map(BTreeSet::len).sum::<usize>() > 30, "{used:?}");
    if let Some(way) = circle(&used) {
        panic!("app/update: {}", way.join(" → "));
    }
    // The question about unsaved changes once knew everything that asks it.
    let mut with_circle = used;
    with_circle
        .entry("unsaved".to_owned())
        .or_default()
        .insert("open".to_owned());
    assert!(circle(&with_circle).is_some());
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

/// Files that are tests and nothing else: all below `tests`, and the modules of tests below `src`.
fn is_tests_only(name: &str) -> bool {
    let mut parts = name.split('/');
    parts.next() == Some("tests") || parts.any(|part| part.trim_end_matches(".rs").ends_with("tests"))
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    let mut too_long = Vec::new();
    for name in files(".")
        .into_iter()
        .map(|(name, _)| format!("src/{name}"))
        .chain(test_files())
    {
        let lines = fs::read_to_string(root().join(&name)).unwrap().lines().count();
        let limit = if is_tests_only(&name) {
            LONGEST_TESTS
        } else {
            LONGEST_FILE
        };
        let is_excused = LONGER.iter().any(|(file, _)| *file == name);
        if (lines > limit) != is_excused {
            too_long.push(format!("{name}: {lines} lines of {limit}"));
        }
    }
    assert!(
        too_long.is_empty(),
        "is it still one thing? (or, where it is short enough, an excuse that nobody needs any more)\n{}",
        too_long.join("\n")
    );
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
