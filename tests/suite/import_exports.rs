//! What pgcascade exported for hosts, imported from the servers' own files alone: the same design, in every layout.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use pgcascade::model::document::{Document, format};
use pgcascade::model::topology::{Edit, Server, ServerId};
use serde_json::Value;
use toml_edit::{DocumentMut, Item};

use crate::cli::Terminal;

/// What a design says, line by line, but for the order of its servers and what no server's files can say: the cluster's name and sites.
fn said(text: &str) -> BTreeSet<String> {
    let mut topology = format::read(text)
        .unwrap_or_else(|problems| panic!("{problems:?}\n{text}"))
        .topology()
        .clone();
    let servers: Vec<ServerId> = topology.servers().iter().map(Server::id).collect();
    topology.apply(&Edit::SetSite { servers, site: None }).unwrap();
    // Printed again: nobody's spelling and comments.
    let printed: DocumentMut = Document::new(topology).text().parse().unwrap();
    let mut lines = BTreeSet::new();
    for (key, item) in printed.iter().filter(|(key, _)| *key != "name") {
        flatten(key, item, &mut lines);
    }
    lines
}

fn flatten(path: &str, item: &Item, lines: &mut BTreeSet<String>) {
    if let Some(tables) = item.as_array_of_tables() {
        for table in tables {
            let name = table.get("name").and_then(Item::as_str).unwrap_or_default();
            for (key, item) in table {
                flatten(&format!("{path} {name:?} {key}"), item, lines);
            }
        }
    } else if let Some(table) = item.as_table_like() {
        for (key, item) in table.iter() {
            flatten(&format!("{path} {key}"), item, lines);
        }
    } else {
        lines.insert(format!("{path} = {}", item.to_string().trim()));
    }
}

fn designs() -> Vec<std::path::PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut designs: Vec<_> = ["assets/templates", "packaging/exports/designs"]
        .iter()
        .flat_map(|folder| fs::read_dir(root.join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    designs.sort();
    assert!(designs.len() > 9, "{designs:?}");
    designs
}

#[test]
fn an_export_is_imported_back_equal_in_every_layout() {
    const TARGETS: [&[&str]; 5] = [
        &["hosts", "--layout", "folder"],
        &["hosts", "--layout", "debian"],
        &["hosts", "--layout", "rhel"],
        &["systemd"],
        &["ansible"],
    ];
    for path in designs() {
        let design = fs::read_to_string(&path).unwrap();
        let expected = said(&design);
        for target in TARGETS {
            let terminal = Terminal::new();
            terminal.design("d.toml", &design);
            let mut call = vec!["export", "d.toml", "-o", "out", "--to"];
            call.extend(target);
            let answer = terminal.run(&call);
            assert_eq!(answer.code, Some(0), "{path:?} {target:?}: {}", answer.err);
            // Without the design, which an export keeps beside the files.
            fs::remove_file(terminal.path().join("out/design.toml")).unwrap();
            let answer = terminal.run(&["import", "out", "--json"]);
            assert_eq!(answer.code, Some(0), "{path:?} {target:?}: {}", answer.err);
            let imported: Value = serde_json::from_str(&answer.out).unwrap();
            let again = said(imported["design"].as_str().unwrap());
            let differs: Vec<&String> = expected.symmetric_difference(&again).collect();
            assert!(differs.is_empty(), "{path:?} {target:?}: {differs:#?}");
            let losses = &imported["losses"];
            assert_eq!(losses, &Value::Array(Vec::new()), "{path:?} {target:?}");
        }
    }
}
