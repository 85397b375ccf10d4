//! What may be taken for something that a server of ours wrote.

use super::removal::{is_archived, is_identifier};

#[test]
fn only_what_postgresql_archives_counts_as_archived() {
    let segment = "0000000100000000000000A1";
    for archived in [
        segment.to_owned(),
        format!("{segment}.partial"),
        format!("{segment}.00000028.backup"),
        "00000002.history".to_owned(),
    ] {
        assert!(is_archived(&archived), "{archived}");
    }
    for foreign in [
        "notes.txt",
        "00000001.txt",
        "0000000100000000000000a1",
        "00000001",
        ".part",
        "",
    ] {
        assert!(!is_archived(foreign), "{foreign}");
    }
}

#[test]
fn an_identifier_is_a_plain_number() {
    assert!(is_identifier("7412345678901234567"));
    for foreign in ["", "007", "+7", "7a", "99999999999999999999"] {
        assert!(!is_identifier(foreign), "{foreign}");
    }
}
