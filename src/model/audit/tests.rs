//! One planted mistake each, named first; and nothing of a healthy cluster.

use super::*;
use crate::model::configuration::Configuration;
use crate::model::import::{InMemory, draw, find};
use crate::model::topology::notation;

const SEED: &str = "postgres 15\nmaster 5432 sync first 1\n  slave1 15432 priority 1\n    slave11 25432\n  slave2 15433 priority 2\n";

/// The files of a design, one of them changed.
fn files(design: &str, server: &str, file: &str, change: impl Fn(String) -> String) -> InMemory {
    let topology = notation::parse(design).unwrap();
    let configuration = Configuration::in_cluster_folder(&topology);
    let mut files = InMemory::default();
    for one in topology.servers() {
        let folder = configuration.folder(one.id());
        for (name, text) in configuration.files(one) {
            let is_it = one.name().as_str() == server && name == file;
            let text = if is_it {
                change(text.contents)
            } else {
                text.contents
            };
            files.add(&format!("servers/{folder}/{name}"), text.into_bytes());
        }
    }
    files
}

fn audited(files: &InMemory) -> Audit {
    let found = find(files, "servers").unwrap();
    let imported = draw("cluster", &found.servers).unwrap();
    audit(&Subject {
        document: &Document::new(imported.topology),
        facts: &found.servers,
        names: &imported.names,
        seen: &[],
        asked: &imported.asked,
        losses: &imported.losses,
        unreached: &imported.unreached,
    })
}

#[test]
fn nothing_is_found_of_the_healthy_seed() {
    let audit = audited(&files(SEED, "", "", |text| text));
    assert_eq!(audit.findings, []);
    assert!(!audit.has_errors() && !audit.is_live);
}

/// Server, file, a word of what is said, the mistake, its rule.
type Planted = (
    &'static str,
    &'static str,
    &'static str,
    Box<dyn Fn(String) -> String>,
    &'static str,
);

#[test]
fn each_planted_mistake_is_named_first() {
    let plus = |line: &'static str| move |text: String| text + line + "\n";
    let cases: [Planted; 9] = [
        (
            "slave1",
            "postgresql.conf",
            "max_connections",
            Box::new(plus("max_connections = 50")),
            "standby-setting-below-primary",
        ),
        (
            "master",
            "postgresql.conf",
            "ghost",
            Box::new(|text: String| text.replace("'slave1, slave2'", "'FIRST 2 (ghost, slave1)'")),
            "sync-name-unknown",
        ),
        (
            "master",
            "pg_hba.conf",
            "0.0.0.0/0",
            Box::new(plus("host replication all 0.0.0.0/0 trust")),
            "anyone-gets-in",
        ),
        (
            "slave2",
            "postgresql.conf",
            "syntax error",
            Box::new(plus("work_mem = 64 MB")),
            "files-refused",
        ),
        (
            "master",
            "postgresql.conf",
            "fsync",
            Box::new(plus("fsync = off")),
            "fsync-off",
        ),
        (
            "master",
            "postgresql.conf",
            "disk is full",
            Box::new(plus("max_slot_wal_keep_size = -1")),
            "slots-unlimited",
        ),
        (
            "master",
            "postgresql.conf",
            "empty",
            Box::new(plus("archive_mode = on")),
            "archive-failing",
        ),
        (
            "slave2",
            "postgresql.conf",
            "slave1",
            Box::new(|text: String| text.replace("=slave2", "=slave1")),
            "name-used-twice",
        ),
        (
            "master",
            "postgresql.conf",
            "minimal",
            Box::new(plus("wal_level = minimal")),
            "wal-level-minimal",
        ),
    ];
    for (server, file, word, change, rule) in cases {
        let audit = audited(&files(SEED, server, file, change));
        let first = audit
            .findings
            .first()
            .unwrap_or_else(|| panic!("{rule}: nothing was found"));
        assert_eq!(first.rule, rule, "{:#?}", audit.findings);
        let all = format!("{} {:?}", first.message, first.evidence);
        assert!(all.contains(word), "{word}: {all}");
        assert!(!first.evidence.is_empty() && first.fix.is_some(), "{first:?}");
    }
}

#[test]
fn the_evidence_has_every_server_s_value() {
    let audit = audited(&files(SEED, "slave1", "postgresql.conf", |text| {
        text + "max_wal_senders = 3\n"
    }));
    let first = audit.findings.first().unwrap();
    let text = first.evidence.join("\n");
    assert!(text.contains("on slave1: max_wal_senders = 3"), "{text}");
    assert!(text.contains("on master: max_wal_senders = 10"), "{text}");
}

#[test]
fn the_page_is_one_file_without_scripts_and_references() {
    let change = |text: String| text + "host all all 0.0.0.0/0 trust\n";
    let audit = audited(&files(
        &SEED.replace("slave2", "\"<b>x&y\""),
        "master",
        "pg_hba.conf",
        change,
    ));
    let page = html(&audit);
    let lower = page.to_lowercase();
    for absent in [
        "<script",
        "http:",
        "https:",
        "src=",
        "href=",
        "url(",
        "@import",
        "<metadata",
        "<b>x",
        "onload",
    ] {
        assert!(!lower.contains(absent), "{absent}");
    }
    assert!(page.contains("<svg") && page.contains("slave1") && page.contains("&lt;b&gt;x&amp;y"));
    let text = markdown(&audit);
    assert!(
        text.starts_with("# Audit of cluster") && text.contains("```mermaid") && text.contains("**error**")
    );
}

#[test]
fn strangers_see_no_name() {
    let design =
        "postgres 15\nsecret1 5432 host db1.corp sync first 1\n  secret2 5432 host db2.corp priority 1\n";
    let change = |text: String| text + "host all boss 10.7.0.0/16 trust\n";
    let audit = without_names(&audited(&files(design, "secret1", "pg_hba.conf", change)));
    assert!(audit.has_errors());
    let said = format!("{}{}{:?}", html(&audit), markdown(&audit), audit.findings);
    for name in ["secret", "corp", "boss"] {
        assert!(!said.contains(name), "{name}: {said}");
    }
}
