//! What the exports write, imported: the same design with the design beside it, the same tree without.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::from_files;
use crate::model::document::templates::TEMPLATES;
use crate::model::document::{Document, format};
use crate::model::export::{Export, Target, export};
use crate::model::topology::Topology;

const DESIGN: &str = r#"
format = 1
name = "full"
postgres = 16

[sync]
method = "any"
count = 1

[security]
role = "repuser"
hba = ["host app app 10.0.0.0/8 scram-sha-256"]

[archive]
archive_command = "pgbackrest --stanza=main archive-push %p"
restore_command = "pgbackrest --stanza=main archive-get %f %p"

[initdb]
wal_segment_size = "64MB"
data_checksums = true

[[server]]
name = "one"
host = "db1.example"
port = 5432
slots = ["barman"]

[[server]]
name = "two"
host = "db2.example"
port = 5432
follows = "one"
sync_priority = 1
slot = "standby_two"
also_follows = ["four"]

[[server]]
name = "four"
host = "db4.example"
port = 5432
follows = "one"
sync_priority = 2

[[server]]
name = "three"
host = "db3.example"
port = 5432
follows = "two"
apply_delay = "90min"
[server.conninfo]
keepalives_idle = "30"
"#;

fn documents() -> Vec<Document> {
    let templates = TEMPLATES.iter().map(|template| template.text);
    templates
        .chain([DESIGN])
        .map(|text| format::read(text).unwrap())
        .collect()
}

fn write(export: &Export, folder: &Path, is_wanted: impl Fn(&str) -> bool) {
    for file in export.files.iter().filter(|file| is_wanted(&file.path)) {
        let path = folder.join(&file.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &file.contents).unwrap();
    }
}

/// Whom each server follows, by name.
fn tree(topology: &Topology) -> BTreeMap<String, Option<String>> {
    let name = |id| topology.server(id).map(|server| server.name().to_string());
    let servers = topology.servers().iter().filter(|server| !server.is_receiver());
    servers
        .map(|server| (server.name().to_string(), server.upstream().and_then(name)))
        .collect()
}

#[test]
fn an_export_that_nobody_changed_is_its_design() {
    for document in documents() {
        for target in Target::ALL {
            let Ok(export) = export(&document, target) else {
                continue;
            };
            let folder = tempfile::tempdir().unwrap();
            write(&export, folder.path(), |_| true);
            let brought = from_files(&[folder.path().to_owned()], &[]).unwrap();
            assert_eq!(brought.document.text(), document.text(), "{target:?}");
            assert_eq!(brought.losses, [], "{target:?}");
        }
    }
}

#[test]
fn the_files_of_an_export_alone_give_the_same_tree() {
    let mut tried = BTreeMap::new();
    for document in documents() {
        for target in Target::ALL {
            let Ok(export) = export(&document, target) else {
                continue;
            };
            let folder = tempfile::tempdir().unwrap();
            write(&export, folder.path(), |path| path != "design.toml");
            let brought = from_files(&[folder.path().to_owned()], &[]).unwrap();
            let name = document.topology().name();
            assert_eq!(
                tree(brought.document.topology()),
                tree(document.topology()),
                "{target:?} of {name}: {:#?}",
                brought.asked
            );
            *tried.entry(target).or_insert(0) += 1;
        }
    }
    assert_eq!(tried.len(), Target::ALL.len(), "{tried:?}");
}

#[test]
fn an_export_for_hosts_comes_back_whole_without_its_design() {
    let document = format::read(DESIGN).unwrap();
    let export = export(&document, Target::Hosts).unwrap();
    let folder = tempfile::tempdir().unwrap();
    write(&export, folder.path(), |path| path != "design.toml");
    let brought = from_files(&[folder.path().to_owned()], &[]).unwrap();
    assert_eq!(brought.losses, []);
    assert_eq!(brought.asked, []);
    let mut topology = brought.document.topology().clone();
    let name = document.topology().name().to_owned();
    topology
        .apply(&crate::model::topology::Edit::SetClusterName(name))
        .unwrap();
    let imported = Document::new(topology).text();
    let wanted = Document::new(document.topology().clone()).text();
    assert_eq!(imported, wanted);
}

#[test]
fn one_changed_file_makes_the_files_count() {
    let document = format::read(DESIGN).unwrap();
    let export = export(&document, Target::Hosts).unwrap();
    let folder = tempfile::tempdir().unwrap();
    write(&export, folder.path(), |_| true);
    let conf = folder.path().join("hosts/01-one/postgresql.conf");
    let text = fs::read_to_string(&conf).unwrap();
    fs::write(&conf, format!("{text}work_mem = 77MB\n")).unwrap();
    let brought = from_files(&[folder.path().to_owned()], &[]).unwrap();
    let one = brought.document.topology().by_name("one").unwrap();
    assert_eq!(one.settings().get("work_mem").map(String::as_str), Some("77MB"));
    assert!(
        brought
            .losses
            .iter()
            .any(|loss| loss.message.contains("the files count"))
    );
}
