//! The data are whole, versions tell what they have, and values are judged as the source of PostgreSQL judges them
//! (`tests/live/catalogue.rs` asks real servers).

use super::*;

fn here(name: &str, major: PgMajor) -> &'static Parameter {
    match lookup(name, major) {
        Known::Here(parameter) | Known::Perhaps(parameter) => parameter,
        other => panic!("{name} in {major}: {other:?}"),
    }
}

fn takes(name: &str, major: PgMajor, value: &str) -> bool {
    here(name, major).judge(value, major, false).is_ok()
}

#[test]
fn every_line_of_the_data_is_read() {
    for text in [BY_HAND, FROM_SERVERS] {
        for line in lines(text) {
            assert!(parse_parameter(line).is_some(), "{line}");
        }
    }
    for line in lines(RENAMED) {
        assert!(parse_renamed(line).is_some(), "{line}");
    }
}

#[test]
fn no_version_has_a_parameter_twice() {
    let parameters: Vec<_> = lines(FROM_SERVERS).filter_map(parse_parameter).collect();
    for major in PgMajor::ALL
        .into_iter()
        .filter(|major| major.has_known_parameters())
    {
        let mut seen = std::collections::BTreeSet::new();
        for parameter in parameters.iter().filter(|parameter| parameter.covers(major)) {
            assert!(seen.insert(parameter.name), "{} in {major}", parameter.name);
        }
    }
}

#[test]
fn the_newest_version_differs_from_the_one_before_as_its_notes_say() {
    let all = |major| names(major).collect::<std::collections::BTreeSet<_>>();
    let (before, newest) = (all(PgMajor::V18), all(PgMajor::V19));
    let gone: Vec<_> = before.difference(&newest).copied().collect();
    assert_eq!(gone, ["escape_string_warning", "io_workers"]);
    assert_eq!(newest.difference(&before).count(), 22);
    for (name, since, until) in [
        ("io_workers", None, Some(PgMajor::V18)),
        ("escape_string_warning", None, Some(PgMajor::V18)),
    ] {
        assert_eq!(
            lookup(name, PgMajor::V19),
            Known::Elsewhere { since, until },
            "{name}"
        );
    }
    let since = Some(PgMajor::V19);
    let only_19 = Known::Elsewhere { since, until: None };
    assert_eq!(lookup("wal_sender_shutdown_timeout", PgMajor::V18), only_19);
    assert!(takes(
        "log_min_messages",
        PgMajor::V19,
        "warning,checkpointer:debug1"
    ));
    assert!(!takes(
        "log_min_messages",
        PgMajor::V18,
        "warning,checkpointer:debug1"
    ));
    for (value, is_taken) in [("on", true), ("ON", true), ("1", true), ("off", false)] {
        assert_eq!(
            takes("standard_conforming_strings", PgMajor::V19, value),
            is_taken,
            "{value}"
        );
    }
    assert!(takes(
        "output_plugin_libraries",
        PgMajor::V15,
        "pgoutput, wal2json"
    ));
    assert!(names(PgMajor::V18).count() > 400 && names(PgMajor::V10).count() > 270);
}

#[test]
fn versions_say_what_they_have() {
    let elsewhere = |since, until| Known::Elsewhere { since, until };
    assert!(matches!(lookup("TimeZone", PgMajor::V15), Known::Here(_)));
    assert!(matches!(lookup("timezone", PgMajor::V9_3), Known::Perhaps(_)));
    assert_eq!(
        lookup("wal_keep_segments", PgMajor::V13),
        elsewhere(None, Some(PgMajor::V12))
    );
    assert_eq!(
        lookup("wal_keep_size", PgMajor::V12),
        elsewhere(Some(PgMajor::V13), None)
    );
    assert_eq!(
        lookup("max_wal_size", PgMajor::V9_4),
        elsewhere(Some(PgMajor::V9_5), None)
    );
    assert!(matches!(lookup("max_wal_size", PgMajor::V9_5), Known::Perhaps(_)));
    assert_eq!(
        lookup("checkpoint_segments", PgMajor::V10),
        elsewhere(None, Some(PgMajor::V9_4))
    );
    assert!(matches!(
        lookup("checkpoint_segments", PgMajor::V9_2),
        Known::Here(_)
    ));
    assert_eq!(
        lookup("promote_trigger_file", PgMajor::V11),
        elsewhere(Some(PgMajor::V12), None)
    );
    assert_eq!(
        lookup("promote_trigger_file", PgMajor::V16),
        elsewhere(None, Some(PgMajor::V15))
    );
    assert_eq!(lookup("shared_bufers", PgMajor::V15), Known::Nowhere);
    assert!(here("block_size", PgMajor::V15).is_internal());
}

#[test]
fn a_new_name_takes_the_old_ones_value() {
    let new = |name, value, major| successor(name, value, major);
    assert_eq!(
        new("wal_keep_segments", "32", PgMajor::V15),
        Some(("wal_keep_size", Some("512MB".to_owned())))
    );
    assert_eq!(
        new("wal_keep_segments", "1GB", PgMajor::V15),
        Some(("wal_keep_size", Some("1GB".to_owned())))
    );
    assert_eq!(
        new("wal_keep_size", "1GB", PgMajor::V12),
        Some(("wal_keep_segments", Some("64".to_owned())))
    );
    assert_eq!(
        new("checkpoint_segments", "10", PgMajor::V15),
        Some(("max_wal_size", Some("480MB".to_owned())))
    );
    assert_eq!(
        new("max_wal_size", "1GB", PgMajor::V9_4),
        Some(("checkpoint_segments", None))
    );
    assert_eq!(new("work_mem", "1GB", PgMajor::V15), None);
}

#[test]
fn values_are_read_as_the_server_reads_them() {
    let v15 = PgMajor::V15;
    for value in ["on", "OFF", "of", "t", "tru", "yes", "n", "1", "0"] {
        assert!(takes("fsync", v15, value), "{value}");
    }
    for value in ["", "o", "2", " on", "on ", "enabled", "truee", "01"] {
        assert!(!takes("fsync", v15, value), "{value}");
    }
    for value in [
        "64", "64kB", " 0x40 ", "0100", "1.5MB", "2 MB", "1e3", "+64", "2047GB", ".5GB",
    ] {
        assert!(takes("work_mem", v15, value), "{value}");
    }
    for value in [
        "", "63", "08", "64kb", "64 K", "2TB", "4GBx", "MB", "-1", "1e", "nan", "1,5MB", "64 k B",
    ] {
        assert!(!takes("work_mem", v15, value), "{value}");
    }
    for value in ["1.5MB", "1e3", "65536B"] {
        assert!(!takes("work_mem", PgMajor::V10, value), "{value}");
    }
    assert!(takes("work_mem", PgMajor::V11, "65536B") && takes("vacuum_cost_delay", v15, "1500us"));
    assert!(takes("random_page_cost", v15, "0x1.8p1") && takes("random_page_cost", v15, " 1e2 "));
    assert!(!takes("random_page_cost", v15, "nan") && !takes("random_page_cost", v15, "1 GB"));
    assert!(takes("wal_level", v15, "HOT_STANDBY") && !takes("wal_level", v15, "replica "));
    assert!(takes("wal_level", PgMajor::V9_5, "archive") && !takes("wal_level", PgMajor::V9_5, "replica"));
    let limit = |value| takes("vacuum_buffer_usage_limit", PgMajor::V16, value);
    assert!(limit("0") && limit("128") && !limit("127"));
    assert!(takes("ssl_max_protocol_version", v15, "") && !takes("ssl_min_protocol_version", v15, ""));
}

#[test]
fn what_was_meant_is_found() {
    let repaired = |name, value| here(name, PgMajor::V15).repair(value, PgMajor::V15);
    assert_eq!(repaired("work_mem", "64mb").as_deref(), Some("64MB"));
    assert_eq!(repaired("work_mem", "1.5 g").as_deref(), Some("1.5GB"));
    assert_eq!(repaired("work_mem", "1").as_deref(), Some("64"));
    assert_eq!(
        repaired("statement_timeout", "10 minutes").as_deref(),
        Some("10min")
    );
    assert_eq!(repaired("checkpoint_timeout", "5d").as_deref(), Some("86400"));
    assert_eq!(repaired("checkpoint_timeout", "5ms").as_deref(), Some("30"));
    assert_eq!(repaired("max_connections", "9999999").as_deref(), Some("262143"));
    assert_eq!(repaired("fsync", "enabled").as_deref(), Some("on"));
    assert_eq!(repaired("wal_level", "replika").as_deref(), Some("replica"));
    assert_eq!(repaired("max_connections", "many"), None);
}

#[test]
fn nothing_that_is_typed_panics() {
    for value in [
        "µ",
        "0x",
        "0x.",
        "-",
        "+",
        ".",
        "1e+",
        "in",
        "1µs",
        "ÿ1",
        "0x1p99999999999",
        "1e999",
        "٣",
    ] {
        for name in [
            "fsync",
            "work_mem",
            "random_page_cost",
            "wal_level",
            "statement_timeout",
        ] {
            for major in PgMajor::ALL {
                let parameter = here(name, major);
                if parameter.judge(value, major, false).is_err() {
                    let _ = parameter.repair(value, major);
                }
            }
        }
    }
}
