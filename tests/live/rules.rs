//! What an error-level rule says is true: the design that it finds fault with really fails, hangs or misleads on the
//! machine's PostgreSQL. The servers here get the files that the bundle has for them, and nothing looks at them before.

use std::time::Duration;

use pgcascade::model::topology::{Auth, RULES, Severity};

use crate::lab::{Lab, SENDERS, SOON, as_user, programs, template};

/// What commits normally here takes a hundredth of this.
const HANGS: Duration = Duration::from_millis(1_500);

/// Error rules that a test below shows, by the name of the test.
const SHOWN: [(&str, &str); 38] = [
    ("setting-unknown", "a_start_is_refused"),
    ("setting-bad-value", "a_start_is_refused"),
    ("setting-internal", "a_start_is_refused"),
    ("port-used-twice", "a_start_is_refused"),
    ("wal-level-minimal", "a_start_is_refused"),
    ("ssl-without-certificate", "a_start_is_refused"),
    ("tls-no-version-left", "a_start_is_refused"),
    ("tls-off-by-hand", "an_encrypted_link_is_refused"),
    ("tls-file-by-hand", "an_encrypted_link_is_refused"),
    ("no-connection-left", "a_start_is_refused"),
    ("standby-setting-below-primary", "a_start_is_refused"),
    ("setting-is-managed", "a_setting_by_hand_undoes_the_drawing"),
    ("sync-on-cascaded-standby", "what_is_drawn_synchronous_is_not"),
    ("sync-priority-used-twice", "what_is_drawn_synchronous_is_not"),
    (
        "sync-names-equal-but-for-case",
        "what_is_drawn_synchronous_is_not",
    ),
    ("sync-count-above-candidates", "a_commit_hangs"),
    ("remote-apply-waits-for-delay", "a_commit_hangs"),
    ("hot-standby-off-on-relay", "a_standby_never_streams"),
    ("too-few-wal-senders", "a_standby_never_streams"),
    ("host-is-no-address", "a_standby_never_streams"),
    ("too-few-slots", "a_slot_is_refused"),
    ("recovery-target-by-hand", "a_standby_stands_still"),
    ("log-stats-exclude", "a_start_is_refused"),
    ("wal-size-too-small", "a_start_is_refused"),
    ("log-folder-is-not-made", "a_start_is_refused"),
    ("passwords-not-for-scram", "nobody_gets_in"),
    ("users-by-database", "nobody_gets_in"),
    ("serializable-on-standby", "a_standby_answers_nothing"),
    (
        "setting-includes-file",
        "trust::a_log_that_is_included_is_read_as_settings",
    ),
    (
        "file-outside-folder",
        "trust::a_log_is_any_file_that_the_design_names",
    ),
    (
        "cert-without-tls",
        "terms::certificates_without_tls_let_nobody_in",
    ),
    (
        "hba-line-not-known",
        "terms::a_line_of_an_older_version_is_refused",
    ),
    (
        "conninfo-option-not-known",
        "terms::an_option_of_a_newer_libpq_never_connects",
    ),
    ("slot-name-used-twice", "terms::a_slot_serves_one_standby"),
    ("fallback-is-below", "terms::a_fall_back_below_is_a_loop"),
    (
        "archive-only-cannot-stream",
        "terms::without_an_archive_there_is_nothing_to_replay",
    ),
    ("receiver-has-downstreams", "terms::nobody_follows_a_receiver"),
    ("host-is-written-wrong", "terms::a_short_address_is_refused"),
];

/// Error rules that one machine with one PostgreSQL of today cannot show, or that are not shown yet, and why.
const NOT_SHOWN: [(&str, &str); 12] = [
    (
        "sync-any-before-10",
        "it needs 9.6 or older: tried there, the value is refused at the start",
    ),
    (
        "sync-count-before-9.6",
        "it needs 9.5 or older: tried there, \"2 (a, b)\" is refused at the start",
    ),
    (
        "commit-level-unknown",
        "it needs 9.5 or older: tried there, remote_apply is refused at the start",
    ),
    (
        "delay-before-9.4",
        "it needs 9.3 or older: tried there, recovery.conf is refused",
    ),
    (
        "slot-before-9.4",
        "it needs 9.3 or older: tried there, recovery.conf is refused",
    ),
    (
        "scram-before-10",
        "it needs 9.6 or older: tried there, pg_hba.conf is refused",
    ),
    (
        "senders-fill-connections",
        "it needs 11 or older: tried on 9.2 to 11, the start is refused",
    ),
    (
        "loopback-beside-other-hosts",
        "it needs two machines: on one, a connection to the machine's own name arrives although it is drawn wrong",
    ),
    (
        "segment-size-before-11",
        "it needs 10 or older, whose initdb does not know the option",
    ),
    (
        "fallback-before-10",
        "it needs 9.6 or older, whose libpq tries one host",
    ),
    ("slot-sync-incomplete", "it needs 17 or later"),
    ("slot-waited-for-is-not-there", "it needs 17 or later"),
];

#[test]
fn every_error_rule_is_shown_or_says_why_not() {
    let errors = RULES.iter().filter(|rule| rule.severity == Severity::Error);
    let told = || SHOWN.iter().chain(&NOT_SHOWN).map(|(id, _)| *id);
    for rule in errors {
        assert_eq!(told().filter(|id| *id == rule.id).count(), 1, "{}", rule.id);
    }
    for id in told() {
        assert!(RULES.iter().any(|rule| rule.id == id), "{id}");
    }
}

#[test]
fn a_start_is_refused() {
    let _template = template();
    let refused = |rule: &str, number, name: &str, value: &str, words: &str| {
        let lab = Lab::new(rule, number, "m 1\n", &[(None, name, value)]);
        let log = lab.start("m").unwrap_err();
        assert!(log.contains(words), "{rule}: {log}");
    };
    refused("wal-level-minimal", 0, "wal_level", "minimal", "WAL streaming");
    refused(
        "ssl-without-certificate",
        1,
        "ssl",
        "on",
        "could not load server certificate file",
    );
    refused(
        "no-connection-left",
        2,
        "max_connections",
        "3",
        "must be less than",
    );

    refused(
        "setting-unknown",
        17,
        "shared_bufers",
        "1GB",
        "unrecognized configuration parameter",
    );
    refused(
        "setting-bad-value",
        18,
        "work_mem",
        "64mb",
        "invalid value for parameter",
    );
    refused("setting-internal", 19, "block_size", "8192", "cannot be changed");
    refused(
        "wal-size-too-small",
        20,
        "min_wal_size",
        "31MB",
        "must be at least twice",
    );
    let both = [
        (None, "log_statement_stats", "on"),
        (None, "log_planner_stats", "on"),
    ];
    let lab = Lab::new("log-stats-exclude", 21, "m 1\n", &both);
    let log = lab.start("m").unwrap_err();
    assert!(log.contains("invalid value for parameter"), "{log}");

    let deep = [
        (None, "logging_collector", "on"),
        (None, "log_directory", "log/today"),
    ];
    let lab = Lab::new("log-folder-is-not-made", 63, "m 1\n", &deep);
    let log = lab.start("m").unwrap_err();
    assert!(log.contains("could not open log file"), "{log}");

    let version = [(None, "ssl_max_protocol_version", "TLSv1.1")];
    let lab = Lab::encrypted("tls-no-version-left", 60, "m 1\n  s 2 no-slot\n", &version);
    let log = lab.start("m").unwrap_err();
    assert!(log.contains("could not set SSL protocol version range"), "{log}");

    let lab = Lab::new("port-used-twice", 3, "m 1\n  s 1\n", &[]);
    lab.start("m").unwrap();
    let log = lab.start("s").unwrap_err();
    assert!(
        log.contains("already in use") || log.contains("lock file"),
        "{log}"
    );

    let lab = Lab::new(
        "standby-setting-below-primary",
        4,
        "m 1\n  s 2\n",
        &[(Some("m"), "max_connections", "120")],
    );
    lab.start("m").unwrap();
    lab.stop("m");
    lab.copy(&lab.data("m"), "s");
    let log = lab.start("s").unwrap_err();
    assert!(
        log.contains("insufficient parameter settings") || log.contains("hot standby is not possible"),
        "{log}"
    );
}

#[test]
fn a_setting_by_hand_undoes_the_drawing() {
    let _template = template();
    let lab = Lab::new("setting-is-managed", 5, "m 1\n", &[(None, "port", "28999")]);
    let asked = as_user(programs().0.join("postgres"))
        .args(["-C", "port", "-D"])
        .arg(lab.data("m"))
        .output()
        .unwrap();
    let drawn = lab.topology.primary().port().to_string();
    let real = String::from_utf8(asked.stdout).unwrap();
    assert_eq!((real.trim(), drawn.as_str()), ("28999", "28026"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_drawn_synchronous_is_not() {
    let _template = template();
    let text = "m 1 sync first 1\n  a 2 no-slot\n    c 3 priority 1 no-slot\n";
    let lab = Lab::new("sync-on-cascaded-standby", 6, text, &[]);
    lab.up();
    lab.expect("a", SENDERS, "c 0 async").await;
    lab.expect("m", SENDERS, "a 0 async").await;
    drop(lab);

    let text = "m 1 sync first 1\n  a 2 priority 1 no-slot\n  b 3 priority 1 no-slot\n";
    let lab = Lab::new("sync-priority-used-twice", 7, text, &[]);
    lab.up();
    lab.expect("m", SENDERS, "a 1 sync, b 2 potential").await;
    drop(lab);

    let text = "m 1 sync any 1\n  a 2 priority 1 no-slot\n  A 3 no-slot\n";
    let lab = Lab::new("sync-names-equal-but-for-case", 8, text, &[]);
    lab.up();
    lab.expect("m", SENDERS, "A 1 quorum, a 1 quorum").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_hangs() {
    let _template = template();
    let hangs = async |rule: &str, number, text: &str, senders: &str| {
        let lab = Lab::new(rule, number, text, &[]);
        lab.up();
        lab.expect("m", SENDERS, senders).await;
        let client = lab.session("m").await;
        let written = tokio::time::timeout(HANGS, client.batch_execute("CREATE TABLE t ()")).await;
        assert!(written.is_err(), "{rule}: {written:?}");
    };
    let text = "m 1 sync first 3\n  a 2 priority 1 no-slot\n  b 3 priority 2 no-slot\n";
    hangs("sync-count-above-candidates", 9, text, "a 1 sync, b 2 sync").await;
    let text = "m 1 sync first 1 commit remote_apply\n  a 2 priority 1 delay 10min no-slot\n";
    hangs("remote-apply-waits-for-delay", 10, text, "a 1 sync").await;
    // And the same without its fault does not.
    let lab = Lab::new(
        "sync-needs-all-candidates",
        11,
        "m 1 sync first 1\n  a 2 priority 1 no-slot\n",
        &[],
    );
    lab.up();
    lab.expect("m", SENDERS, "a 1 sync").await;
    let client = lab.session("m").await;
    let written = tokio::time::timeout(SOON, client.batch_execute("CREATE TABLE t ()")).await;
    written.unwrap().unwrap();
}

#[test]
fn a_standby_never_streams() {
    let _template = template();
    let chain = "m 1\n  a 2 no-slot\n    c 3 no-slot\n";
    let lab = Lab::new(
        "hot-standby-off-on-relay",
        12,
        chain,
        &[(Some("a"), "hot_standby", "off")],
    );
    lab.up();
    lab.expect_log(
        "c",
        &["not accepting connections", "the database system is starting up"],
    );
    drop(lab);

    let pair = "m 1\n  a 2 no-slot\n  b 3 no-slot\n";
    let lab = Lab::new(
        "too-few-wal-senders",
        13,
        pair,
        &[(Some("m"), "max_wal_senders", "1")],
    );
    lab.up();
    lab.expect_log("m", &["exceeds \"max_wal_senders\"", "exceeds max_wal_senders"]);
    drop(lab);

    let text = "m 1 host 0.0.0.0\n  s 2 host 0.0.0.0 no-slot\n";
    let lab = Lab::new("host-is-no-address", 14, text, &[]);
    lab.up();
    lab.expect_log("s", &["no pg_hba.conf entry for replication connection"]);
}

#[test]
fn an_encrypted_link_is_refused() {
    let _template = template();
    let pair = "m 1\n  s 2 no-slot\n";
    let lab = Lab::encrypted("tls-off-by-hand", 61, pair, &[(Some("m"), "ssl", "off")]);
    lab.up();
    lab.expect_log("s", &["server does not support SSL, but SSL was required"]);
    drop(lab);

    // The other authority's certificate names the host as well.
    let files = [
        (Some("m"), "ssl_cert_file", "../../../other/server-m.crt"),
        (Some("m"), "ssl_key_file", "../../../other/server-m.key"),
    ];
    let lab = Lab::encrypted("tls-file-by-hand", 62, pair, &files);
    lab.make_certificates("other");
    lab.up();
    lab.expect_log("s", &["certificate verify failed"]);
    lab.expect_log("m", &["could not accept SSL connection"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_is_refused() {
    let _template = template();
    let text = "m 1\n  a 2\n  b 3\n";
    let lab = Lab::new(
        "too-few-slots",
        15,
        text,
        &[(Some("m"), "max_replication_slots", "1")],
    );
    lab.start("m").unwrap();
    let client = lab.session("m").await;
    let make = async |name| {
        let sql = format!("SELECT pg_create_physical_replication_slot('{name}')");
        client.batch_execute(&sql).await
    };
    make("a").await.unwrap();
    let error = make("b").await.unwrap_err();
    let said = error.as_db_error().unwrap().message();
    assert_eq!(said, "all replication slots are in use");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_stands_still() {
    let _template = template();
    let text = "m 1\n  s 2 no-slot\n";
    let lab = Lab::new(
        "recovery-target-by-hand",
        16,
        text,
        &[(Some("s"), "recovery_target", "immediate")],
    );
    lab.up();
    let client = lab.session("m").await;
    client.batch_execute("CREATE TABLE t ()").await.unwrap();
    // It is consistent from the start, and stops before the first record that comes; its upstream shows it streaming.
    lab.expect("s", "SELECT pg_is_wal_replay_paused()::text", "true")
        .await;
    lab.expect("m", SENDERS, "s 0 async").await;
    // A standby that applies has it after a hundredth of this.
    tokio::time::sleep(HANGS).await;
    lab.expect("s", "SELECT (to_regclass('t') IS NULL)::text", "true")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_in() {
    let _template = template();
    let refusal = |error: tokio_postgres::Error| error.as_db_error().unwrap().message().to_owned();
    let md5 = [(None, "password_encryption", "md5")];
    let lab = Lab::with_auth(Auth::Scram, "passwords-not-for-scram", 22, "m 1\n", &md5);
    lab.prepare("m", "ALTER ROLE postgres PASSWORD 'secret'");
    lab.start("m").unwrap();
    let said = refusal(lab.try_session("m", "secret").await.unwrap_err());
    assert!(said.contains("password authentication failed"), "{said}");
    lab.expect_log("m", &["does not have a valid SCRAM secret"]);
    drop(lab);

    if !programs().1.has_users_by_database() {
        return;
    }
    let lab = Lab::new(
        "users-by-database",
        23,
        "m 1\n",
        &[(None, "db_user_namespace", "on")],
    );
    lab.start("m").unwrap();
    let said = refusal(lab.try_session("m", "").await.unwrap_err());
    assert!(said.contains("\"postgres@postgres\" does not exist"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_answers_nothing() {
    let _template = template();
    let settings = [(None, "default_transaction_isolation", "serializable")];
    let lab = Lab::new("serializable-on-standby", 24, "m 1\n  s 2 no-slot\n", &settings);
    lab.up();
    let client = lab.session("s").await;
    let error = client
        .query_one("SELECT count(*) FROM pg_class", &[])
        .await
        .unwrap_err();
    let said = error.as_db_error().unwrap().message();
    assert_eq!(said, "cannot use serializable mode in a hot standby");
}
