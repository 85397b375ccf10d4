//! For every rule a near miss: a design as close as can be to one that triggers it, and that does not.

use super::super::{Archive, Auth, Edit, PgMajor, Server, Topology, notation};
use super::RULES;
use super::tests::{QUIET, WithText as _, archived, encrypted, found, on_hosts, set};

/// The quiet design, changed so far that the rule does not yet hold.
fn near(rule: &str) -> Topology {
    let text = |from: &str, to: &str| notation::parse(&QUIET.replace(from, to)).unwrap();
    let version = |major: &str| text("postgres 15", &format!("postgres {major}"));
    let quiet = || notation::parse(QUIET).unwrap();
    let setting = |server: Option<&str>, name: &str, value: &str| {
        let mut topology = quiet();
        let server = server.map(|server| topology.by_name(server).unwrap().id());
        topology.apply(&set(server, name, value)).unwrap();
        topology
    };
    let auth = |mut topology: Topology, auth| {
        topology.apply(&Edit::SetAuth(Some(auth))).unwrap();
        topology
    };
    match rule {
        "port-used-twice" => {
            let mut topology = on_hosts(["db1", "db2", "db3", "db4"]);
            let (a, b) = (
                topology.by_name("a").unwrap().port(),
                topology.by_name("b").unwrap().id(),
            );
            topology.apply(&Edit::SetPort { server: b, port: a }).unwrap();
            topology
        }
        // The candidate in the other site is not the first one, but it is one.
        "sync-within-one-site" | "every-commit-crosses-sites" => notation::parse(
            "m 1024 sync first 1 site A\n  a 1025 priority 1 site A\n  b 1026 priority 2 site B\n",
        )
        .unwrap(),
        "several-links-between-sites" => {
            notation::parse("m 1024 site A\n  a 1025 site B\n    b 1026 site B\n  c 1027 site C\n").unwrap()
        }
        "sync-on-cascaded-standby" => text("    c 5435", "  c 5435 priority 3"),
        // The cascaded one is not a candidate: that is another rule's finding.
        "sync-priority-used-twice" => text("c 5435", "c 5435 priority 1"),
        "sync-count-above-candidates" => text("first 1", "first 2"),
        "sync-any-before-10" => version("10").with_text("first 1", "any 1"),
        "sync-count-before-9.6" => version("9.6").with_text("first 1", "first 2"),
        "commit-level-unknown" => version("9.6").with_text("first 1", "first 1 commit remote_apply"),
        "remote-apply-waits-for-delay" => {
            text("first 1", "first 1 commit remote_apply").with_text("c 5435", "c 5435 delay 10min")
        }
        "delay-before-9.4" => version("9.4").with_text("priority 1", "priority 1 delay 10min"),
        "slot-before-9.4" => {
            let mut topology = version("9.4");
            let (server, slot) = (topology.by_name("c").unwrap().id(), Some(true));
            topology.apply(&Edit::SetSlot { server, slot }).unwrap();
            topology
        }
        "scram-before-10" => auth(version("10"), Auth::Scram),
        "setting-is-managed" => setting(None, "my.primary_conninfo", "x"),
        "setting-unknown" => {
            let mut topology = setting(Some("m"), "wal_keep_segments", "32");
            topology.apply(&Edit::SetPostgres(PgMajor::V12)).unwrap();
            topology
        }
        "setting-bad-value" => setting(None, "work_mem", "64MB"),
        "setting-internal" => setting(None, "my.block_size", "8192"),
        "hot-standby-off-on-relay" => setting(Some("c"), "hot_standby", "off"),
        "wal-level-minimal" => setting(None, "wal_level", "logical"),
        "too-few-wal-senders" => setting(Some("m"), "max_wal_senders", "2"),
        "too-few-slots" => setting(Some("m"), "max_replication_slots", "2"),
        "standby-setting-below-primary" => setting(None, "max_connections", "200"),
        "sync-names-equal-but-for-case" => text("c 5435", "A 5435"),
        "sync-name-cut" => text("c 5435", &format!("{} 5435", "c".repeat(63))),
        // Nobody streams to the primary, so its name is shown nowhere.
        "name-not-ascii" => text("m 5432", "mé 5432"),
        "sync-priority-without-policy" => text(" sync first 1", "")
            .with_text(" priority 1", "")
            .with_text(" priority 2", ""),
        "sync-without-candidates" => text(" priority 1", ""),
        "sync-needs-all-candidates" => {
            text("first 1", "first 2").with_text("    c 5435", "  c 5435 priority 3")
        }
        "no-slot-nor-archive" => {
            let mut topology = text("c 5435", "c 5435 no-slot");
            let a = topology.by_name("a").map(Server::id);
            topology.apply(&set(a, "wal_keep_size", "1GB")).unwrap();
            topology
        }
        "trust-lets-anyone-in" => auth(quiet(), Auth::Md5),
        "port-below-1024" => text("5435", "1024"),
        "host-is-no-address" => text("c 5435", "c 5435 host 127.0.0.1"),
        "loopback-beside-other-hosts" => on_hosts(["localhost", "127.0.0.2", "::1", "localhost"]),
        "sync-candidate-reports-late" => setting(Some("c"), "wal_receiver_status_interval", "0s"),
        "recovery-target-by-hand" => setting(Some("c"), "recovery_target", ""),
        "ssl-without-certificate" => {
            let mut topology = setting(None, "ssl", "on");
            for (name, value) in [("ssl_cert_file", "/etc/s.crt"), ("ssl_key_file", "/etc/s.key")] {
                topology.apply(&set(None, name, value)).unwrap();
            }
            topology
        }
        "no-connection-left" => setting(None, "max_connections", "4"),
        "senders-fill-connections" => {
            let mut topology = version("9.6");
            topology.apply(&set(None, "max_wal_senders", "99")).unwrap();
            topology
        }
        "passwords-not-for-scram" => auth(setting(None, "password_encryption", "md5"), Auth::Md5),
        "users-by-database" => setting(None, "db_user_namespace", "off"),
        // On the primary alone it does no harm.
        "serializable-on-standby" => setting(Some("m"), "default_transaction_isolation", "serializable"),
        "log-stats-exclude" => {
            let mut topology = setting(None, "log_parser_stats", "on");
            topology.apply(&set(None, "log_statement_stats", "off")).unwrap();
            topology
        }
        "wal-size-too-small" => setting(None, "min_wal_size", "32MB"),
        "commit-waits-for-nobody" => text("first 1", "first 1 commit remote_write"),
        "sync-name-of-a-tool" => text("c 5435", "walreceiver 5435"),
        "delayed-sync-candidate" => text("priority 2", "priority 2 delay 0min"),
        "delay-on-relay" => text("c 5435", "c 5435 delay 10min"),
        "no-standby-is-current" => notation::parse("m 1024\n  a 1025 delay 1h\n  b 1026 delay 0\n").unwrap(),
        "feedback-on-delayed" => {
            let mut topology = text("c 5435", "c 5435 delay 1h");
            let b = topology.by_name("b").map(Server::id);
            topology.apply(&set(b, "hot_standby_feedback", "on")).unwrap();
            topology
        }
        "feedback-stops-at-relay" => setting(None, "hot_standby_feedback", "on"),
        "remote-apply-waits-for-queries" => {
            let mut topology = text("first 1", "first 1 commit remote_apply");
            let c = topology.by_name("c").map(Server::id);
            topology
                .apply(&set(c, "max_standby_streaming_delay", "-1"))
                .unwrap();
            topology
        }
        "sender-timeout-off" => setting(None, "wal_sender_timeout", "1"),
        "receiver-timeout-off" => setting(None, "wal_receiver_timeout", "1ms"),
        "hot-standby-off-on-leaf" => setting(Some("a"), "hot_standby", "off"),
        "fsync-off" => setting(None, "fsync", "on"),
        "full-page-writes-off" => setting(Some("m"), "Full_Page_Writes", "yes"),
        "wal-keep-too-small" => {
            let mut topology = text("c 5435", "c 5435 no-slot");
            topology.apply(&set(None, "wal_keep_size", "64MB")).unwrap();
            topology
        }
        "slot-limit-too-small" => setting(None, "max_slot_wal_keep_size", "65536kB"),
        "sync-all-on-primary-host" => on_hosts(["db1", "db1", "db3", "db2"]),
        "sync-all-on-one-host" => on_hosts(["db1", "db2", "db2", "db3"]),
        "archive-on-several-hosts" => {
            let mut topology = on_hosts(["db1", "db2", "db3", "db4"]);
            let shared = Archive::new("/srv/archive").unwrap();
            topology.apply(&Edit::SetArchive(Some(shared))).unwrap();
            topology
        }
        "archive-below-relay" => archived(text("    c 5435", "  c 5435")),
        "md5-where-scram-is" => auth(version("9.6"), Auth::Md5),
        "quorum-below-majority" => text("first 1", "any 2").with_text("    c 5435", "  c 5435 priority 3"),
        "candidate-has-too-few-slots" => setting(Some("a"), "max_replication_slots", "3"),
        "chain-is-deep" => notation::parse("m 1024\n a 1025\n  b 1026\n   c 1027\n    d 1028\n").unwrap(),
        "delay-of-nothing" => text("c 5435", "c 5435 delay 1us"),
        "host-spelled-two-ways" => on_hosts(["db1", "db10", "db2", "db2"]),
        "port-among-outgoing" => text("5435", "32767"),
        "nothing-replicates" => notation::parse("m 5432\n  s 5433\n").unwrap(),
        "setting-includes-file" => setting(None, "my.include", "../log"),
        "file-outside-folder" => setting(Some("a"), "log_directory", "../../../x"),
        "log-folder-is-not-made" => {
            let mut topology = setting(None, "log_directory", "pg_stat/today");
            topology.apply(&set(None, "logging_collector", "on")).unwrap();
            topology
        }
        "file-outside-on-hosts" => {
            let mut topology = on_hosts(["db1", "db2", "db3", "db4"]);
            topology.apply(&set(None, "log_directory", "pg_log")).unwrap();
            topology
        }
        "setting-runs-code" => setting(None, "shared_preload_libraries", ""),
        "setting-not-known" => {
            let mut topology = setting(None, "shared_preload_libraries", "pg_stat_statements");
            topology
                .apply(&set(None, "pg_stat_statements.max", "100"))
                .unwrap();
            topology
        }
        "setting-opens-door" => setting(Some("a"), "lo_compat_privileges", "off"),
        "setting-risks-data" => setting(None, "zero_damaged_pages", "off"),
        "setting-given-twice" => {
            let mut topology = setting(None, "shared_buffers", "128MB");
            let a = topology.by_name("a").map(Server::id);
            topology.apply(&set(a, "Shared_Buffers", "256MB")).unwrap();
            topology
        }
        "setting-nobody-reads" => {
            let mut topology = setting(None, "shared_preload_libraries", "pg_cron");
            topology
                .apply(&set(None, "cron.database_name", "postgres"))
                .unwrap();
            topology
        }
        "tls-off-by-hand" => encrypted(setting(Some("c"), "ssl", "off")),
        "tls-file-by-hand" => setting(None, "ssl_cert_file", "/etc/ssl/s.crt"),
        "tls-no-version-left" => encrypted(setting(None, "ssl_max_protocol_version", "TLSv1.2")),
        "tls-version-by-hand" => encrypted(setting(None, "ssl_min_protocol_version", "TLSv1.2")),
        "tls-host-is-address" => encrypted(on_hosts(["db1", "db2", "10.0.0.3", "db4"])),
        "tls-without-least-version" => encrypted(version("12")),
        "not-rewindable" => {
            let mut topology = on_hosts(["db1", "db2", "db3", "db4"]);
            topology.apply(&set(None, "wal_log_hints", "yes")).unwrap();
            topology
        }
        "links-in-the-clear" => on_hosts(["db1", "DB1", "db1", "db1"]),
        other => super::tests::terms::design(other, false)
            .unwrap_or_else(|| panic!("write a design that comes close to {other} and does not trigger it")),
    }
}

#[test]
fn no_rule_finds_its_near_miss() {
    for rule in &RULES {
        let topology = near(rule.id);
        assert_eq!(found(&topology, rule.id), 0, "{}", rule.id);
    }
}
