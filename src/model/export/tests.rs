//! Every target of many designs: whole, the same again, without a secret, and with names that want to be more than names.

use std::collections::BTreeSet;

use super::*;
use crate::model::document::templates::TEMPLATES;
use crate::model::document::{Document, format};
use crate::model::topology::notation;

fn documents() -> Vec<Document> {
    let mut documents: Vec<Document> = TEMPLATES
        .iter()
        .map(|template| format::read(template.text).unwrap())
        .collect();
    for text in [HOSTILE, FULL] {
        documents.push(format::read(text).unwrap());
    }
    documents
}

const HOSTILE: &str = r#"
format = 1
name = "it's a \"design\" {{ x }}"
postgres = 15

[[server]]
name = "{{ lookup('env', 'HOME') }}"
port = 5432

[[server]]
name = "$(reboot) `id` 'x'"
port = 5433
follows = "{{ lookup('env', 'HOME') }}"

[[server]]
name = "no: yes"
port = 5434
follows = "{{ lookup('env', 'HOME') }}"

[[server]]
name = "%n a|b"
port = 5435
follows = "no: yes"
"#;

const FULL: &str = r#"
format = 1
name = "full"
postgres = 17

[sync]
method = "any"
count = 1

[security]
role = "repuser"
hba = ["host app app 10.0.0.0/8 scram-sha-256"]
tls = { mode = "verify-ca", ca = "/etc/ssl/ca.pem", cert = "/etc/ssl/pg.pem", key = "/etc/ssl/pg.key" }

[archive]
archive_command = "pgbackrest --stanza=main archive-push %p"
restore_command = "pgbackrest --stanza=main archive-get %f \"%p\""

[initdb]
wal_segment_size = "64MB"
data_checksums = true
locale = "C.UTF-8"
encoding = "UTF8"

[settings]
work_mem = "8MB"
wal_level = "logical"

[[server]]
name = "a"
port = 5432
host = "db-a.example"
listen = "*"
hba_address = "10.0.0.0/24"
slots = ["barman"]
tablespaces = { fast = "/mnt/fast/a" }

[[server]]
name = "b"
port = 5432
host = "db-b.example"
hba_address = "10.0.0.0/24"
follows = "a"
sync_priority = 1
slot = "standby_7"
site = "Berlin"
tablespaces = { fast = "/mnt/fast/b" }
[server.conninfo]
keepalives_idle = "30"
[server.settings]
sync_replication_slots = true

[[server]]
name = "c"
port = 5432
host = "db-c.example"
hba_address = "10.0.0.0/24"
follows = "b"
also_follows = ["a"]
slot = false
apply_delay = "10min"
tablespaces = { fast = "/mnt/fast/c" }

[[server]]
name = "late"
port = 5432
host = "db-d.example"
hba_address = "10.0.0.0/24"
follows = "a"
by = "archive"
tablespaces = { fast = "/mnt/fast/d" }

[[server]]
name = "wal"
port = 5432
host = "backup.example"
hba_address = "10.0.0.0/24"
follows = "a"
receiver = true
sync_priority = 2
"#;

#[test]
fn every_target_of_every_design_is_whole_and_the_same_again() {
    for document in documents() {
        for target in Target::ALL {
            let made = match export(&document, target) {
                Ok(made) => made,
                Err(refused) => {
                    assert!(!refused.message.is_empty() && !refused.hint.is_empty());
                    continue;
                }
            };
            assert_eq!(export(&document, target).unwrap(), made);
            let paths: BTreeSet<&str> = made.files.iter().map(|file| file.path.as_str()).collect();
            assert_eq!(paths.len(), made.files.len(), "{target:?}: a path stands twice");
            for file in &made.files {
                let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-@".contains(c);
                assert!(file.path.chars().all(is_plain), "{}", file.path);
                assert!(
                    !file.path.starts_with('/') && !file.path.contains(".."),
                    "{}",
                    file.path
                );
                let is_empty = file.contents.is_empty();
                assert!(is_empty == file.path.ends_with("standby.signal"), "{}", file.path);
            }
            let readme = made.file("README.md").unwrap().contents.lines().count();
            assert!(readme <= 75, "{target:?}: a README of {readme} lines");
        }
    }
}

#[test]
fn losses_tell_of_every_place_of_every_feature() {
    for document in documents() {
        for target in Target::ALL {
            let told = losses(&document, target);
            for feature in Feature::ALL {
                let places = feature.places(&document);
                let known: Vec<&str> = told
                    .iter()
                    .filter(|kept| kept.feature == feature)
                    .map(|kept| kept.place.as_str())
                    .collect();
                assert_eq!(known, places, "{feature:?} {target:?}");
            }
            assert!(
                told.iter()
                    .all(|kept| !kept.message.contains("AUTH") && !kept.message.contains("PORT"))
            );
        }
    }
}

#[test]
fn the_full_design_has_nearly_every_feature() {
    let document = format::read(FULL).unwrap();
    let none: Vec<Feature> = Feature::ALL
        .into_iter()
        .filter(|feature| feature.places(&document).is_empty())
        .collect();
    let missing = [
        Feature::SyncPriority,
        Feature::ArchiveDirectory,
        Feature::Scenarios,
        Feature::LabLinks,
    ];
    assert_eq!(none, missing);
}

#[test]
fn a_design_with_an_error_goes_nowhere() {
    let topology = notation::parse("m 5432\n  a 5432\n").unwrap();
    let refused = export(&Document::new(topology), Target::Hosts).unwrap_err();
    assert!(refused.message.contains("error"));
    let old = Document::new(notation::parse("postgres 13\nm 1024\n  a 1025\n").unwrap());
    assert!(export(&old, Target::CloudNativePg).is_err());
    assert!(export(&old, Target::Patroni).is_ok());
}

/// Each of their files would name every host: 10,000 took six gigabytes.
#[test]
fn what_names_every_host_in_every_file_takes_a_thousand() {
    let design = |hosts: usize| {
        let standbys = (1..hosts).map(|number| format!("  s{number} 5432 host db{number}\n"));
        let text = format!("m 5432 host db0\n{}", standbys.collect::<String>());
        Document::new(notation::parse(&text).unwrap())
    };
    let (most, more) = (design(1_000), design(1_001));
    for target in [Target::Patroni, Target::Repmgr] {
        assert!(refuse(most.topology(), target).is_ok());
        let refused = export(&more, target).unwrap_err();
        assert!(refused.message.contains("1001 hosts"), "{}", refused.message);
    }
    assert!(refuse(more.topology(), Target::Hosts).is_ok());
}

#[test]
fn a_receiver_is_let_in_and_gets_no_files() {
    let document = format::read(FULL).unwrap();
    let made = export(&document, Target::Hosts).unwrap();
    assert!(made.files.iter().all(|file| !file.path.contains("wal/")));
    let hba = &made.file("hosts/01-a/pg_hba.conf").unwrap().contents;
    assert!(hba.contains("repuser"), "{hba}");
    let install = &made.file("hosts/01-a/install").unwrap().contents;
    assert!(install.contains("slots=(standby_7 wal barman)"), "{install}");
    let late = &made.file("hosts/04-late/postgresql.conf").unwrap().contents;
    assert!(!late.contains("primary_conninfo") && late.contains("restore_command"));
}

#[test]
fn hostile_names_stay_names_in_every_file() {
    let document = format::read(HOSTILE).unwrap();
    let ansible = export(&document, Target::Ansible).unwrap();
    for file in ansible.files.iter().filter(|file| {
        file.contents.starts_with("# One")
            || file.path.contains("inventory")
            || file.path.contains("group_vars")
    }) {
        for line in file.contents.lines().filter(|line| line.contains("lookup('env'")) {
            assert!(
                line.trim_start().starts_with("- !unsafe "),
                "{}: {line}",
                file.path
            );
        }
    }
    let install = &export(&document, Target::Hosts).unwrap();
    let scripts: String = install
        .files
        .iter()
        .filter(|file| file.executable)
        .map(|file| file.contents.as_str())
        .collect();
    assert!(
        scripts.contains("name='$(reboot) `id` '\\''x'\\'''"),
        "the name is one quoted word"
    );
}
