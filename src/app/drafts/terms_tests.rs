//! What is typed into the fields for terms: what the design is then, and what is refused.

use super::{Field, TermField};
use crate::model::document::Command;
use crate::model::topology::{Archive, Edit, Topology, notation};

fn tree() -> Topology {
    notation::parse("m 5432\n  a 5433\n  b 5434\n").unwrap()
}

/// The design after the text was typed.
fn after(topology: &Topology, field: &TermField, text: &str) -> Topology {
    let mut after = topology.clone();
    match Field::Terms(field.clone()).command(topology, text).unwrap() {
        Some(Command::Edits { edits, label }) => {
            assert!(!label.is_empty());
            assert_eq!(edits.len(), 1, "one step of Undo");
            after.apply(&edits[0]).unwrap();
        }
        None => {}
        Some(other) => panic!("{other:?}"),
    }
    after
}

#[test]
fn what_is_typed_is_what_the_field_shows_then_and_nothing_is_the_drawing_again() {
    let mut topology = tree();
    topology.apply(&Edit::SetTls(true)).unwrap();
    let a = topology.by_name("a").unwrap().id();
    let commands = Archive::of_commands(Some("wal-g wal-push %p"), None).unwrap();
    topology.apply(&Edit::SetArchive(Some(commands))).unwrap();
    for (field, text) in [
        (TermField::Role, "repuser"),
        (
            TermField::Certificates,
            "ca = \"/t/ca.crt\", cert = \"/t/a.crt\", key = \"/t/a.key\"",
        ),
        (TermField::SegmentSize, "64MB"),
        (TermField::Locale, "C.UTF-8"),
        (TermField::Encoding, "UTF8"),
        (TermField::RestoreCommand, "wal-g wal-fetch %f %p"),
        (TermField::Listen(a), "localhost, 10.0.0.1"),
        (TermField::HbaAddress(a), "10.0.0.0/24"),
        (TermField::Slots(a), "barman, other"),
        (TermField::SlotName(a), "standby_7"),
    ] {
        let filled = after(&topology, &field, text);
        assert_eq!(field.current(&filled).as_deref(), Some(text), "{field:?}");
        let emptied = after(&filled, &field, "");
        assert_eq!(field.current(&emptied).as_deref(), Some(""), "{field:?}");
    }
}

#[test]
fn lists_grow_by_their_last_field_and_shrink_by_an_empty_line() {
    let topology = tree();
    let a = topology.by_name("a").unwrap().id();
    let line = "host app app 10.0.0.0/8 scram-sha-256";
    let grown = after(&topology, &TermField::NewHba, line);
    assert_eq!(TermField::Hba(0).current(&grown).as_deref(), Some(line));
    let shrunk = after(&grown, &TermField::Hba(0), "");
    assert_eq!(TermField::Hba(0).current(&shrunk), None);
    let grown = after(&topology, &TermField::NewConninfo(a), "keepalives_idle = 30");
    let field = TermField::Conninfo(a, "keepalives_idle".to_owned());
    assert_eq!(field.current(&grown).as_deref(), Some("30"));
    let grown = after(&topology, &TermField::NewTablespace(a), "fast = \"/mnt/fast\"");
    let field = TermField::Tablespace(a, "fast".to_owned());
    assert_eq!(field.current(&grown).as_deref(), Some("/mnt/fast"));
}

#[test]
fn what_is_wrong_says_what_to_write() {
    let topology = tree();
    let a = topology.by_name("a").unwrap().id();
    for (field, text, word) in [
        (TermField::Role, "Rep", "write for example role = \"replicator\""),
        (TermField::NewHba, "host all", "write for example"),
        (TermField::Certificates, "cert = /a", "write ca, cert and key"),
        (TermField::Certificates, "crt = /a", "is not a file of TLS"),
        (TermField::Listen(a), "a b", "write listen"),
        (TermField::Slots(a), "My-Slot", "write \"my_slot\""),
        (
            TermField::NewConninfo(a),
            "password = x",
            "a design never holds a password",
        ),
        (TermField::NewConninfo(a), "keepalives_idle", "as name = value"),
        (TermField::NewTablespace(a), "fast = mnt", "absolute path"),
    ] {
        let problem = Field::Terms(field.clone()).command(&topology, text).unwrap_err();
        assert!(problem.contains(word), "{field:?}: {problem}");
    }
}
