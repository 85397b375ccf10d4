//! What a design says besides its drawing: read, written back unchanged, changed key by key, and refused with its line.

use super::super::{Command, Document};
use super::{read, write};
use crate::model::topology::terms::{Listen, TlsMode};
use crate::model::topology::{Archive, Edit, Topology};

const ALL: &str = r#"# A house with rules of its own.
format = 1
name = "house"
postgres = 17

[security]
auth = "cert"
role = "repuser"   # monitoring knows it
hba = ["host app app 10.0.0.0/8 scram-sha-256"]
tls = { mode = "verify-ca", ca = "/etc/ca.pem", cert = "/etc/pg.pem", key = "/etc/pg.key" }

[archive]
archive_command = "wal-g wal-push %p"
restore_command = "wal-g wal-fetch %f %p"

[initdb]
wal_segment_size = "64MB"
data_checksums = false
locale = "C.UTF-8"
encoding = "UTF8"

[[server]]
name = "a"
port = 5432
listen = ["localhost", "10.0.0.1"]
hba_address = "10.0.0.0/24"
slots = ["barman"]

[server.tablespaces]
fast = "/mnt/fast/a"

[[server]]
name = "b"
port = 5433
follows = "a"
slot = "standby_7"

[server.conninfo]
keepalives_idle = 30
connect_timeout = "5"

[[server]]
name = "c"
port = 5434
follows = "b"
also_follows = ["a"]
slot = false
by = "stream"

[[server]]
name = "d"
port = 5435
follows = "a"
receiver = true

[lab]
links = true
"#;

#[track_caller]
fn topology(text: &str) -> Topology {
    read(text).unwrap().topology().clone()
}

#[test]
fn every_key_is_read_and_written_back_unchanged() {
    let document = read(ALL).unwrap();
    assert_eq!(write(&document), ALL);
    let topology = document.topology();
    assert_eq!(topology.replication_role(), "repuser");
    assert_eq!(topology.terms().hba.len(), 1);
    assert_eq!(topology.terms().tls.mode(), TlsMode::VerifyCa);
    assert!(topology.terms().has_lab_links && topology.streams_by_certificate());
    let [a, b, c, d] = topology.servers() else {
        panic!()
    };
    assert_eq!(a.terms().listen.entries(), ["localhost", "10.0.0.1"]);
    assert_eq!(topology.slot_name(b.id()), "standby_7");
    assert_eq!(b.standby().unwrap().link().conninfo["keepalives_idle"], "30");
    assert_eq!(
        topology.fallbacks(c.id()).first().map(|server| server.id()),
        Some(a.id())
    );
    assert!(d.is_receiver() && !topology.uses_slot(c.id()));
    // Written new, without the text that it came from, it says the same.
    let new = write(&Document::new(topology.clone()));
    assert!(self::topology(&new).says_the_same_as(topology), "{new}");
}

#[test]
fn a_change_touches_its_own_key() {
    let mut document = read(ALL).unwrap();
    let a = document.topology().by_name("a").unwrap().clone();
    let mut terms = a.terms().clone();
    terms.listen = Listen::parse(&["*".to_owned()]).unwrap();
    terms.slots.clear();
    let edit = Edit::SetServerTerms {
        server: a.id(),
        terms,
    };
    document.apply(&Command::Edit(edit)).unwrap();
    let expected = ALL
        .replace("listen = [\"localhost\", \"10.0.0.1\"]", "listen = \"*\"")
        .replace("slots = [\"barman\"]\n", "");
    assert_eq!(write(&document), expected);

    let mut document = read(ALL).unwrap();
    let archive = Archive::new("/srv/wal").unwrap();
    document
        .apply(&Command::Edit(Edit::SetArchive(Some(archive))))
        .unwrap();
    document.apply(&Command::Edit(Edit::SetTls(false))).unwrap();
    let text = write(&document);
    assert!(text.contains("[archive]\ndirectory = \"/srv/wal\"\n"), "{text}");
    assert!(!text.contains("tls =") && !text.contains("_command"), "{text}");
    assert!(topology(&text).says_the_same_as(document.topology()));
}

#[test]
fn a_slot_that_is_switched_off_forgets_its_name() {
    let mut document = read(ALL).unwrap();
    let server = document.topology().by_name("b").unwrap().id();
    document
        .apply(&Command::Edit(Edit::SetSlot {
            server,
            slot: Some(false),
        }))
        .unwrap();
    let text = write(&document);
    assert!(!text.contains("standby_7"), "{text}");
    assert!(topology(&text).says_the_same_as(document.topology()));
    document.apply(&Command::Edit(Edit::Promote { server })).unwrap();
    let text = write(&document);
    assert!(topology(&text).says_the_same_as(document.topology()), "{text}");
}

#[test]
fn each_wrong_value_names_its_line_and_what_would_be_right() {
    for (from, to, piece) in [
        ("\"repuser\"", "\"Rep User\"", "lower-case"),
        ("10.0.0.0/8 scram-sha-256", "10.0.0.0 scram-sha-256", "mask"),
        ("ca = \"/etc/ca.pem\", ", "", "no ca"),
        ("mode = \"verify-ca\"", "mode = \"verify\"", "verify-ca"),
        ("\"64MB\"", "\"48MB\"", "power of two"),
        ("\"standby_7\"", "\"Standby-7\"", "standby_7"),
        ("keepalives_idle", "keepalive_idle", "keepalives_idle"),
        ("connect_timeout", "password", "password"),
        (
            "[\"a\"]\nslot = false",
            "[\"x\"]\nslot = false",
            "no server has that name",
        ),
        ("receiver = true", "recever = true", "receiver"),
        ("wal-g wal-push %p", "wal-g wal-push", "%p"),
        ("fast = \"/mnt", "fast = \"mnt", "absolute path"),
    ] {
        let text = ALL.replace(from, to);
        let place = text
            .bytes()
            .zip(ALL.bytes())
            .take_while(|(one, other)| one == other)
            .count();
        let line = text[..place].matches('\n').count() + 1;
        let problems = read(&text).unwrap_err();
        let told: Vec<String> = problems
            .iter()
            .map(|one| {
                format!(
                    "{:?} {} | {}",
                    one.line,
                    one.message,
                    one.fix.clone().unwrap_or_default()
                )
            })
            .collect();
        let found = problems.iter().zip(&told).any(|(one, told)| {
            told.contains(piece) && (one.line == Some(line) || from.starts_with("[\"a\"]"))
        });
        assert!(found, "{to}: {told:#?}");
    }
    let both = read(&ALL.replace("[archive]\n", "[archive]\ndirectory = \"x\"\n")).unwrap_err();
    assert!(both[0].message.contains("a directory and commands"));
    let on_primary = read(&ALL.replace("slots = [\"barman\"]", "receiver = true")).unwrap_err();
    assert_eq!(on_primary[0].rule, "standby-setting-on-primary");
}
