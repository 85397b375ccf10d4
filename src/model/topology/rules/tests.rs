//! For every rule a design that triggers it and one that does not; and every fix removes its finding.

use super::super::{Edit, PgMajor, Topology, check, notation};
use super::RULES;

/// A quiet design: no rule finds anything.
const QUIET: &str = "\
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
        "nothing-replicates" => notation::parse("m 5432\n").unwrap(),
        other => panic!("write a design that triggers {other}"),
    }
}

trait WithText {
    fn with_text(self, from: &str, to: &str) -> Self;
}

impl WithText for Topology {
    fn with_text(self, from: &str, to: &str) -> Self {
        notation::parse(&notation::print(&self).replacen(from, to, 1)).unwrap()
    }
}

fn found(topology: &Topology, rule: &str) -> usize {
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
    for rule in &RULES {
        let topology = triggering(rule.id);
        let errors = |topology: &Topology| {
            check(topology)
                .iter()
                .filter(|finding| finding.severity == super::Severity::Error)
                .count()
        };
        for finding in check(&topology)
            .into_iter()
            .filter(|finding| finding.rule == rule.id)
        {
            let Some(fix) = finding.fix else { continue };
            let mut fixed = topology.clone();
            for edit in &fix.edits {
                fixed.apply(edit).unwrap();
            }
            assert!(
                found(&fixed, rule.id) < found(&topology, rule.id),
                "{}: {}",
                rule.id,
                fix.label
            );
            assert!(errors(&fixed) <= errors(&topology), "{}: {}", rule.id, fix.label);
        }
    }
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
