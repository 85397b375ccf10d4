//! For every rule a design that triggers it (`near.rs` has one that does not); and every fix removes its finding.

mod catalogue;
pub mod terms;
mod tls;

use super::super::{Archive, Edit, Finding, Host, PgMajor, ServerId, Severity, Topology, check, notation};
use super::RULES;

/// A quiet design: no rule finds anything.
pub const QUIET: &str = "\
postgres 15
m 5432 sync first 1
  a 5433 priority 1
    c 5435
  b 5434 priority 2
";

/// What makes the quiet design trigger the rule: another text, or settings and the like that notation has not.
fn triggering(rule: &str) -> Topology {
    let text = |from: &str, to: &str| notation::parse(&QUIET.replace(from, to)).unwrap();
    let with = |edit: &dyn Fn(&Topology) -> Edit| {
        let mut topology = notation::parse(QUIET).unwrap();
        let edit = edit(&topology);
        topology.apply(&edit).unwrap();
        topology
    };
    let setting = |server: Option<&str>, name: &str, value: &str| {
        with(&|topology| Edit::SetSetting {
            server: server.map(|server| topology.by_name(server).unwrap().id()),
            name: name.to_owned(),
            value: Some(value.to_owned()),
        })
    };
    match rule {
        "port-used-twice" => text("5434", "5433"),
        "sync-within-one-site" => notation::parse("m 1024 sync first 1 site A\n  a 1025 priority 1 site A\n  b 1026 site B\n").unwrap(),
        "every-commit-crosses-sites" => notation::parse("m 1024 sync first 1 site A\n  a 1025 priority 1 site B\n  b 1026 priority 2 site A\n").unwrap(),
        "several-links-between-sites" => notation::parse("m 1024 site A\n  a 1025 site B delay 5min\n  b 1026 site B\n  c 1027 site A\n    d 1028 site B\n").unwrap(),
        "sync-on-cascaded-standby" => text("c 5435", "c 5435 priority 3"),
        "sync-priority-used-twice" => text("priority 2", "priority 1"),
        "sync-count-above-candidates" => text("first 1", "first 3"),
        "sync-any-before-10" => text("postgres 15", "postgres 9.6").with_text("first 1", "any 1"),
        "sync-count-before-9.6" => text("postgres 15", "postgres 9.5").with_text("first 1", "first 2"),
        "commit-level-unknown" => {
            text("postgres 15", "postgres 9.5").with_text("first 1", "first 1 commit remote_apply")
        }
        "remote-apply-waits-for-delay" => {
            text("first 1", "first 1 commit remote_apply").with_text("priority 1", "priority 1 delay 10min")
        }
        "delay-before-9.4" => {
            text("postgres 15", "postgres 9.3").with_text("priority 1", "priority 1 delay 10min")
        }
        "slot-before-9.4" => {
            let mut topology = text("postgres 15", "postgres 9.3");
            let server = topology.by_name("c").unwrap().id();
            topology
                .apply(&Edit::SetSlot {
                    server,
                    slot: Some(true),
                })
                .unwrap();
            topology
        }
        "scram-before-10" => {
            let mut topology = text("postgres 15", "postgres 9.6");
            topology
                .apply(&Edit::SetAuth(Some(super::super::Auth::Scram)))
                .unwrap();
            topology
        }
        "setting-is-managed" => setting(None, "Primary_Conninfo", "x"),
        "setting-unknown" => setting(Some("m"), "wal_keep_segments", "32"),
        "setting-bad-value" => setting(None, "work_mem", "64mb"),
        "setting-internal" => setting(None, "block_size", "8192"),
        "hot-standby-off-on-relay" => setting(Some("a"), "hot_standby", "off"),
        "wal-level-minimal" => setting(None, "wal_level", "minimal"),
        "too-few-wal-senders" => setting(Some("m"), "max_wal_senders", "1"),
        "too-few-slots" => setting(Some("m"), "max_replication_slots", "1"),
        "standby-setting-below-primary" => setting(Some("m"), "max_connections", "200"),
        "sync-names-equal-but-for-case" => text("b 5434", "A 5434"),
        "sync-name-cut" => text("c 5435", &format!("{} 5435", "c".repeat(64))),
        "name-not-ascii" => text("c 5435", "cé 5435"),
        "sync-priority-without-policy" => text(" sync first 1", ""),
        "sync-without-candidates" => text(" priority 1", "").with_text(" priority 2", ""),
        "sync-needs-all-candidates" => text("first 1", "first 2"),
        "no-slot-nor-archive" => text("c 5435", "c 5435 no-slot"),
        "trust-lets-anyone-in" => with(&|_| Edit::SetAuth(Some(super::super::Auth::Trust))),
        "port-below-1024" => text("5435", "80"),
        "host-is-no-address" => text("c 5435", "c 5435 host 0.0.0.0"),
        "loopback-beside-other-hosts" => text("c 5435", "c 5435 host db2"),
        "sync-candidate-reports-late" => setting(Some("a"), "wal_receiver_status_interval", "0s"),
        "recovery-target-by-hand" => setting(Some("c"), "recovery_target", "immediate"),
        "ssl-without-certificate" => setting(None, "ssl", "on"),
        "tls-off-by-hand" => encrypted(setting(Some("a"), "SSL", "off")),
        "tls-file-by-hand" => encrypted(setting(None, "ssl_cert_file", "/etc/ssl/s.crt")),
        "tls-no-version-left" => encrypted(setting(None, "ssl_max_protocol_version", "TLSv1.1")),
        "tls-version-by-hand" => encrypted(setting(None, "ssl_min_protocol_version", "TLSv1.1")),
        "tls-host-is-address" => encrypted(on_hosts(["10.0.0.1", "db2", "db3", "db4"])),
        "tls-without-least-version" => encrypted(text("postgres 15", "postgres 11")),
        "not-rewindable" => on_hosts(["db1", "db1", "db2", "db2"]),
        "links-in-the-clear" => on_hosts(["db1", "db1", "db1", "db4"]),
        "no-connection-left" => setting(None, "max_connections", "3"),
        "senders-fill-connections" => {
            let mut topology = text("postgres 15", "postgres 9.6");
            topology.apply(&set(None, "max_wal_senders", "100")).unwrap();
            topology
        }
        "passwords-not-for-scram" => setting(None, "password_encryption", "md5"),
        "users-by-database" => setting(None, "db_user_namespace", "on"),
        "serializable-on-standby" => setting(None, "default_transaction_isolation", "Serializable"),
        "log-stats-exclude" => {
            let mut topology = setting(None, "log_parser_stats", "on");
            topology.apply(&set(None, "log_statement_stats", "on")).unwrap();
            topology
        }
        "wal-size-too-small" => setting(Some("c"), "min_wal_size", "31MB"),
        "commit-waits-for-nobody" => text("first 1", "first 1 commit local"),
        "sync-name-of-a-tool" => text("b 5434", "walreceiver 5434"),
        "delayed-sync-candidate" => text("priority 2", "priority 2 delay 10min"),
        "delay-on-relay" => text("a 5433 priority 1", "a 5433 delay 10min"),
        "no-standby-is-current" => notation::parse("m 1024\n  a 1025 delay 1h\n  b 1026 delay 1d\n").unwrap(),
        "feedback-on-delayed" => {
            let mut topology = text("c 5435", "c 5435 delay 1h");
            topology.apply(&set(None, "hot_standby_feedback", "on")).unwrap();
            topology
        }
        "feedback-stops-at-relay" => {
            let mut topology = setting(Some("c"), "hot_standby_feedback", "on");
            let relay = topology.by_name("a").unwrap().id();
            topology
                .apply(&set(Some(relay), "hot_standby_feedback", "off"))
                .unwrap();
            topology
        }
        "remote-apply-waits-for-queries" => {
            let mut topology = text("first 1", "first 1 commit remote_apply");
            topology
                .apply(&set(None, "max_standby_streaming_delay", "-1"))
                .unwrap();
            topology
        }
        "sender-timeout-off" => setting(None, "wal_sender_timeout", "0"),
        "receiver-timeout-off" => setting(None, "wal_receiver_timeout", "0ms"),
        "hot-standby-off-on-leaf" => setting(Some("c"), "hot_standby", "off"),
        "fsync-off" => setting(None, "fsync", "off"),
        "full-page-writes-off" => setting(Some("m"), "Full_Page_Writes", "no"),
        "wal-keep-too-small" => {
            let mut topology = text("c 5435", "c 5435 no-slot");
            topology.apply(&set(None, "wal_keep_size", "16MB")).unwrap();
            topology
        }
        "slot-limit-too-small" => setting(None, "max_slot_wal_keep_size", "1024kB"),
        "sync-all-on-primary-host" => on_hosts(["db1", "db1", "db3", "DB1"]),
        "sync-all-on-one-host" => on_hosts(["db1", "db2", "db3", "db2"]),
        "archive-on-several-hosts" => archived(on_hosts(["db1", "db2", "db3", "db4"])),
        "archive-below-relay" => archived(notation::parse(QUIET).unwrap()),
        "md5-where-scram-is" => with(&|_| Edit::SetAuth(Some(super::super::Auth::Md5))),
        "quorum-below-majority" => text("first 1", "any 1").with_text("    c 5435", "  c 5435 priority 3"),
        "candidate-has-too-few-slots" => setting(Some("a"), "max_replication_slots", "2"),
        "chain-is-deep" => {
            notation::parse("m 1024\n a 1025\n  b 1026\n   c 1027\n    d 1028\n     e 1029\n").unwrap()
        }
        "delay-of-nothing" => text("c 5435", "c 5435 delay 0min"),
        "host-spelled-two-ways" => on_hosts(["db1", "DB1", "db2", "db2"]),
        "port-among-outgoing" => text("c 5435", "c 55435"),
        "nothing-replicates" => notation::parse("m 5432\n").unwrap(),
        "setting-includes-file" => setting(None, "Include_If_Exists", "../log"),
        "file-outside-folder" => setting(Some("a"), "log_directory", "../../../../x"),
        "log-folder-is-not-made" => {
            let mut topology = setting(None, "log_directory", "log/today");
            topology.apply(&set(None, "logging_collector", "on")).unwrap();
            topology
        }
        "file-outside-on-hosts" => {
            let mut topology = on_hosts(["db1", "db2", "db3", "db4"]);
            topology.apply(&set(None, "log_directory", "/var/log/pg")).unwrap();
            topology
        }
        "setting-runs-code" => setting(None, "shared_preload_libraries", "pg_stat_statements"),
        "setting-not-known" => {
            let mut topology = setting(None, "shared_preload_libraries", "pg_cron");
            topology.apply(&set(None, "cron.database_name", "postgres")).unwrap();
            topology
        }
        "setting-opens-door" => setting(Some("a"), "Lo_Compat_Privileges", "on"),
        "setting-risks-data" => setting(None, "zero_damaged_pages", "true"),
        "setting-given-twice" => {
            let mut topology = setting(None, "Shared_Buffers", "128MB");
            topology.apply(&set(None, "shared_buffers", "256MB")).unwrap();
            topology
        }
        "setting-nobody-reads" => setting(None, "cron.database_name", "postgres"),
        other => terms::design(other, true).unwrap_or_else(|| panic!("write a design that triggers {other}")),
    }
}

pub fn set(server: Option<ServerId>, name: &str, value: &str) -> Edit {
    Edit::SetSetting {
        server,
        name: name.to_owned(),
        value: Some(value.to_owned()),
    }
}

/// The quiet design with its servers m, a, c, b on these hosts.
pub fn on_hosts(hosts: [&str; 4]) -> Topology {
    let mut topology = notation::parse(QUIET).unwrap();
    for (name, host) in ["m", "a", "c", "b"].into_iter().zip(hosts) {
        let server = topology.by_name(name).unwrap().id();
        let host = Host::parse(host).unwrap();
        topology.apply(&Edit::SetHost { server, host }).unwrap();
    }
    topology
}

pub fn archived(mut topology: Topology) -> Topology {
    let archive = Archive::new("archive").unwrap();
    topology.apply(&Edit::SetArchive(Some(archive))).unwrap();
    topology
}

pub fn encrypted(mut topology: Topology) -> Topology {
    topology.apply(&Edit::SetTls(true)).unwrap();
    topology
}

pub trait WithText {
    fn with_text(self, from: &str, to: &str) -> Self;
}

impl WithText for Topology {
    fn with_text(self, from: &str, to: &str) -> Self {
        notation::parse(&notation::print(&self).replacen(from, to, 1)).unwrap()
    }
}

pub fn found(topology: &Topology, rule: &str) -> usize {
    check(topology)
        .iter()
        .filter(|finding| finding.rule == rule)
        .count()
}

#[test]
fn a_quiet_design_has_no_findings_in_any_version() {
    assert_eq!(check(&notation::parse(QUIET).unwrap()), []);
    for major in PgMajor::ALL {
        let topology = notation::parse(&QUIET.replace("postgres 15", &format!("postgres {major}"))).unwrap();
        assert_eq!(check(&topology), [], "{major}");
    }
}

#[test]
fn every_rule_finds_its_own_design() {
    for rule in &RULES {
        assert!(found(&triggering(rule.id), rule.id) > 0, "{}", rule.id);
    }
}

#[test]
fn every_fix_removes_its_finding_and_makes_no_error() {
    let mut applied = 0;
    for rule in &RULES {
        let topology = triggering(rule.id);
        let before = check(&topology);
        let is_new = |finding: &Finding| {
            finding.severity == Severity::Error
                && !before
                    .iter()
                    .any(|old| (old.rule, old.subject) == (finding.rule, finding.subject))
        };
        for finding in &before {
            let Some(fix) = &finding.fix else { continue };
            let what = format!("{} in the design of {}: {}", finding.rule, rule.id, fix.label);
            let mut fixed = topology.clone();
            for edit in &fix.edits {
                fixed.apply(edit).unwrap();
            }
            assert!(
                found(&fixed, finding.rule) < found(&topology, finding.rule),
                "{what}"
            );
            let made: Vec<Finding> = check(&fixed).into_iter().filter(is_new).collect();
            assert!(made.is_empty(), "{what}: {made:#?}");
            applied += 1;
        }
    }
    assert!(applied > RULES.len() / 2, "only {applied} fixes");
}

#[test]
fn rules_have_ids_and_sources_of_their_own() {
    let ids: std::collections::BTreeSet<_> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), RULES.len());
    assert!(
        RULES
            .iter()
            .all(|rule| !rule.source.is_empty() && !rule.title.is_empty())
    );
}

#[test]
fn a_rule_is_quiet_where_it_does_not_hold() {
    let quiet = |topology: &Topology, rule: &str| assert_eq!(found(topology, rule), 0, "{rule}");
    let with = |edits: &[(Option<&str>, &str, &str)], text: &str| {
        let mut topology = notation::parse(text).unwrap();
        for (server, name, value) in edits {
            let server = server.map(|server| topology.by_name(server).unwrap().id());
            topology.apply(&set(server, name, value)).unwrap();
        }
        topology
    };
    let files = [
        (None, "ssl", "on"),
        (None, "ssl_cert_file", "/etc/ssl/s.crt"),
        (None, "ssl_key_file", "/etc/ssl/s.key"),
    ];
    quiet(&with(&files, QUIET), "ssl-without-certificate");
    quiet(
        &with(&[(None, "recovery_target", "")], QUIET),
        "recovery-target-by-hand",
    );
    quiet(
        &with(&[(None, "hot_standby_feedback", "on")], QUIET),
        "feedback-stops-at-relay",
    );
    quiet(
        &with(&[(None, "max_slot_wal_keep_size", "-1")], QUIET),
        "slot-limit-too-small",
    );
    quiet(
        &with(&[(None, "max_slot_wal_keep_size", "1GB")], QUIET),
        "slot-limit-too-small",
    );
    quiet(
        &with(&[(None, "max_wal_senders", "100")], QUIET),
        "senders-fill-connections",
    );
    quiet(
        &with(&[(None, "max_connections", "4")], QUIET),
        "no-connection-left",
    );
    // On 11 the reserved ones count beside the senders; up to 10 they do not.
    let eleven = QUIET.replace("15", "11");
    let ten = QUIET.replace("15", "10");
    let senders = [(None, "max_wal_senders", "97")];
    quiet(&with(&senders, &ten), "senders-fill-connections");
    assert_eq!(found(&with(&senders, &eleven), "senders-fill-connections"), 1);
    quiet(
        &on_hosts(["db1", "db2", "db3", "db4"]),
        "loopback-beside-other-hosts",
    );
    quiet(&on_hosts(["db1", "db2", "db3", "db4"]), "sync-all-on-one-host");
    quiet(
        &on_hosts(["db1", "db1", "db1", "db1"]),
        "sync-all-on-primary-host",
    );
    quiet(
        &archived(notation::parse("m 1024\n  a 1025\n").unwrap()),
        "archive-below-relay",
    );
    quiet(
        &archived(notation::parse(&QUIET.replace("15", "19")).unwrap()),
        "archive-below-relay",
    );
    quiet(
        &notation::parse(&QUIET.replace("first 1", "any 1")).unwrap(),
        "quorum-below-majority",
    );
}

/// How often each rule on sites finds something in a design.
#[test]
fn rules_on_sites_know_what_cannot_be_helped() {
    let rules = [
        "sync-within-one-site",
        "every-commit-crosses-sites",
        "several-links-between-sites",
    ];
    for (text, expected) in [
        // Nothing is said of a design that says nothing of its sites, or of one that has only one.
        (
            "m 1024 sync first 1\n  a 1025 priority 1\n  b 1026 site B\n",
            [0, 0, 0],
        ),
        (
            "m 1024 sync first 1 site A\n  a 1025 priority 1 site A\n  b 1026 site A\n",
            [0, 0, 0],
        ),
        // A commit that does not wait waits for no site.
        (
            "m 1024 sync first 1 commit local site A\n  a 1025 priority 1 site B\n  b 1026 site A\n",
            [0, 0, 0],
        ),
        // Two of them: the second one is in the other site.
        (
            "m 1024 sync first 2 site A\n  a 1025 priority 1 site A\n  b 1026 priority 2 site B\n",
            [0, 1, 0],
        ),
        // Any of two other sites is as near as the nearer one; any of one other site is as far as that.
        (
            "m 1024 sync any 1 site A\n  a 1025 priority 1 site B\n  b 1026 priority 2 site C\n",
            [0, 0, 0],
        ),
        (
            "m 1024 sync any 1 site A\n  a 1025 priority 1 site B\n  b 1026 priority 2 site B\n",
            [0, 1, 0],
        ),
        (
            "m 1024 sync any 1 site A\n  a 1025 priority 1 site B\n  b 1026 priority 2 site A\n",
            [0, 0, 0],
        ),
        // Candidates have to follow the primary themselves; a third one has not.
        (
            "m 1024 sync any 2 site A\n  a 1025 priority 1 site A\n  b 1026 priority 2 site B\n  c 1027 priority 3 site B\n",
            [0, 1, 0],
        ),
        (
            "m 1024 sync any 1 site A\n  a 1025 priority 1 site A\n  b 1026 priority 2 site B\n  c 1027 site B\n",
            [0, 0, 1],
        ),
        // To and fro are two ways.
        (
            "m 1024 site A\n  a 1025 site B\n    b 1026 site A\n      c 1027 site B\n",
            [0, 0, 1],
        ),
    ] {
        let topology = notation::parse(text).unwrap();
        assert_eq!(rules.map(|rule| found(&topology, rule)), expected, "{text}");
    }
}

#[test]
fn a_standby_below_the_drawn_senders_is_found() {
    let mut text = "m 1024\n".to_owned();
    for number in 0..20 {
        text += &format!("  s{number} {}\n", 2000 + number);
    }
    let mut topology = notation::parse(&text).unwrap();
    let server = topology.by_name("s0").unwrap().id();
    topology
        .apply(&set(Some(server), "max_wal_senders", "20"))
        .unwrap();
    assert_eq!(found(&topology, "standby-setting-below-primary"), 1);
    // A server that answers nobody while it is in recovery does not compare them.
    topology.apply(&set(Some(server), "hot_standby", "off")).unwrap();
    assert_eq!(found(&topology, "standby-setting-below-primary"), 0);
}

#[test]
fn what_nobody_says_is_what_the_version_has() {
    let count = |major: &str, on: &str, locks: &str, rule: &str| {
        let text = format!("postgres {major}\nm 1024\n  a 1025\n");
        let mut topology = notation::parse(&text).unwrap();
        let server = topology.by_name(on).unwrap().id();
        topology
            .apply(&set(Some(server), "max_locks_per_transaction", locks))
            .unwrap();
        found(&topology, rule)
    };
    let rule = "standby-setting-below-primary";
    assert_eq!(
        [count("18", "a", "64", rule), count("18", "m", "100", rule)],
        [0, 1]
    );
    // 19 has 128.
    assert_eq!(
        [count("19", "a", "64", rule), count("19", "m", "100", rule)],
        [1, 0]
    );
}

#[test]
fn from_19_on_slots_are_copied_without_wal_level_logical() {
    let count = |major: &str| {
        let text = format!("postgres {major}\nm 1024\n  a 1025\n");
        let mut topology = notation::parse(&text).unwrap();
        let server = topology.by_name("a").unwrap().id();
        topology
            .apply(&set(Some(server), "sync_replication_slots", "on"))
            .unwrap();
        found(&topology, "slot-sync-incomplete")
    };
    assert_eq!(count("18") - count("19"), 1);
}

#[test]
fn in_a_quorum_priorities_may_be_equal() {
    let text = QUIET.replace("priority 2", "priority 1");
    let found_in = |text: &str| found(&notation::parse(text).unwrap(), "sync-priority-used-twice");
    assert_eq!(found_in(&text), 1);
    assert_eq!(found_in(&text.replace("first 1", "any 1")), 0);
}

#[test]
fn capitals_hide_no_setting() {
    let mut topology = notation::parse(QUIET).unwrap();
    topology.apply(&set(None, "WAL_Level", "minimal")).unwrap();
    assert_eq!(found(&topology, "wal-level-minimal"), 1);
}

#[test]
fn rules_that_tell_of_settings_and_that_yield_are_rules() {
    use super::dangers::{TELLING, YIELDING};
    for id in TELLING.iter().chain(&YIELDING) {
        assert!(RULES.iter().any(|rule| rule.id == *id), "{id}");
    }
}
