//! What is said of a setting that the version has not or cannot have, and what the fix writes instead.

use super::super::super::{Edit, Topology, check, notation};
use super::super::catalogue::{setting_bad_value, setting_internal, setting_unknown};

fn with(major: &str, name: &str, value: &str) -> Topology {
    let mut topology = notation::parse(&format!("postgres {major}\nm 5432\n  a 5433\n")).unwrap();
    let edit = Edit::SetSetting {
        server: None,
        name: name.to_owned(),
        value: Some(value.to_owned()),
    };
    topology.apply(&edit).unwrap();
    topology
}

/// Sentence and fix of the one finding about the settings, or nothing.
fn said(major: &str, name: &str, value: &str) -> Option<(String, String)> {
    let topology = with(major, name, value);
    let mut found = setting_unknown(&topology);
    found.extend(setting_bad_value(&topology));
    found.extend(setting_internal(&topology));
    assert!(found.len() < 2, "{found:?}");
    found
        .pop()
        .map(|found| (found.message, found.fix.map(|fix| fix.label).unwrap_or_default()))
}

#[track_caller]
fn says(major: &str, name: &str, value: &str, words: &str, fix: &str) {
    let (message, label) = said(major, name, value).expect("a finding");
    assert!(message.contains(words), "{message}");
    assert_eq!(label, fix, "{message}");
}

#[test]
fn old_and_new_names_are_carried_over() {
    // Also where they are misspelled: 5 is not 5 MB.
    let (slip, meant) = ("wal_keep_segmets", "Did you mean \"wal_keep_size\"?");
    says("15", slip, "5", meant, "Write wal_keep_size = 80MB");
    let meant = "Did you mean \"wal_keep_segments\"?";
    says("12", slip, "5", meant, "Write wal_keep_segments = 5");
    says(
        "15",
        "wal_keep_segments",
        "32",
        "12 was the last version with it. Use \"wal_keep_size\" instead",
        "Write wal_keep_size = 512MB",
    );
    says(
        "12",
        "wal_keep_size",
        "100MB",
        "it is new in 13",
        "Write wal_keep_segments = 7",
    );
    says(
        "14",
        "checkpoint_segments",
        "32",
        "max_wal_size",
        "Write max_wal_size = 1536MB",
    );
    says(
        "9.4",
        "max_wal_size",
        "1GB",
        "it is new in 9.5",
        "Remove max_wal_size",
    );
    says(
        "16",
        "vacuum_defer_cleanup_age",
        "0",
        "15 was the last version with it",
        "Remove vacuum_defer_cleanup_age",
    );
    says(
        "11",
        "recovery_target_time",
        "x",
        "before 12 it belongs in recovery.conf",
        "Remove recovery_target_time",
    );
}

#[test]
fn a_slip_of_the_pen_is_put_right() {
    says(
        "15",
        "shared_bufers",
        "1GB",
        "Did you mean \"shared_buffers\"?",
        "Write shared_buffers = 1GB",
    );
    says(
        "9.3",
        "work_men",
        "1GB",
        "Did you mean \"work_mem\"?",
        "Write work_mem = 1GB",
    );
    // Renaming would only make another finding.
    says(
        "15",
        "work_men",
        "lots",
        "Did you mean \"work_mem\"?",
        "Remove work_men",
    );
    says(
        "15",
        "quite_another_thing",
        "1",
        "has no setting",
        "Remove quite_another_thing",
    );
    says("15", "a.b.c", "1", "one dot", "Remove a.b.c");
}

#[test]
fn a_rename_does_not_overwrite() {
    let mut topology = with("15", "wal_keep_segments", "32");
    let edit = Edit::SetSetting {
        server: None,
        name: "wal_keep_size".to_owned(),
        value: Some("2GB".to_owned()),
    };
    topology.apply(&edit).unwrap();
    let found = setting_unknown(&topology);
    assert_eq!(found[0].fix.as_ref().unwrap().label, "Remove wal_keep_segments");
}

#[test]
fn values_say_what_would_be_right() {
    says(
        "15",
        "work_mem",
        "64mb",
        "\"mb\" is not one of its units. It takes a whole number from 64 to 2147483647 kB (a unit may be given: B, \
         kB, MB, GB, TB)",
        "Set work_mem to 64MB",
    );
    says(
        "15",
        "max_connections",
        "0",
        "from 1 to 262143",
        "Set max_connections to 1",
    );
    says("15", "fsync", "enabled", "it takes on or off", "Set fsync to on");
    says(
        "15",
        "huge_pages",
        "maybe",
        "it takes one of off, on, try",
        "Remove huge_pages",
    );
    says(
        "9.5",
        "wal_level",
        "replica",
        "minimal, archive, hot_standby, logical",
        "Remove wal_level",
    );
    says(
        "11",
        "work_mem",
        "1.5GB",
        "not one of its units",
        "Remove work_mem",
    );
    says(
        "17",
        "notify_buffers",
        "100",
        "a multiple of 16",
        "Set notify_buffers to 112",
    );
    says(
        "15",
        "server_version",
        "16",
        "only reports",
        "Remove server_version",
    );
}

#[test]
fn what_is_right_or_not_known_to_be_wrong_is_left_alone() {
    for (major, name, value) in [
        ("15", "TIMEZONE", "UTC"),
        ("15", "auto_explain.log_min_duration", "1s"),
        ("19", "brand_new_thing", "1"),
        ("9.2", "work_mem", "1"),
        ("9.6", "sql_inheritance", "off"),
        ("15", "primary_conninfo", "managed"),
        ("14", "default_toast_compression", "lz4"),
    ] {
        assert_eq!(said(major, name, value), None, "{name} in {major}");
    }
}

#[test]
fn a_thousand_servers_with_a_slip_are_checked_in_no_time() {
    let mut topology = notation::parse("postgres 15\nm 5432\n").unwrap();
    let primary = topology.primary().id();
    for _ in 0..1000 {
        let made = topology
            .apply(&Edit::AddStandby {
                upstream: primary,
                name: None,
                port: None,
            })
            .unwrap();
        let edit = Edit::SetSetting {
            server: made.created,
            name: "work_men".to_owned(),
            value: Some("1".to_owned()),
        };
        topology.apply(&edit).unwrap();
    }
    assert_eq!(
        check(&topology)
            .iter()
            .filter(|finding| finding.rule == "setting-unknown")
            .count(),
        1000
    );
}
