//! The table of rules: what is unwise or broken in a design that can be drawn.
//!
//! A rule is one row: id, severity, title, the source it rests on, and the function that looks for it.
//! To add one, write the function below and its row; the suite asks for a design that triggers it.
//! "tried" in a source means: tried on real servers of the versions it names.

mod catalogue;
mod names;
mod servers;
mod settings;
mod sync;
mod versions;

use super::findings::Found;
use super::{Server, Severity, Topology};

#[derive(Debug)]
pub struct Rule {
    pub id: &'static str,
    pub severity: Severity,
    /// What the rule is about, in a few words.
    pub title: &'static str,
    /// Why it holds: a manual page or a server's own error text.
    pub source: &'static str,
    pub find: fn(&Topology) -> Vec<Found>,
}

pub use settings::MANAGED_SETTINGS;

use Severity::{Error, Note, Warning};

#[rustfmt::skip]
pub static RULES: [Rule; 30] = [
    Rule { id: "port-used-twice", severity: Error, title: "Two servers on one host have the same port",
        source: "server: could not bind IPv4 address \"127.0.0.1\": Address already in use", find: servers::port_used_twice },
    Rule { id: "sync-on-cascaded-standby", severity: Error, title: "A standby below a standby is marked synchronous",
        source: "manual, Cascading Replication: \"Cascading replication is currently asynchronous\"; tried on 9.2 to 18: it shows async, 0", find: sync::sync_on_cascaded_standby },
    Rule { id: "sync-priority-used-twice", severity: Error, title: "Two standbys have the same synchronous priority",
        source: "manual, synchronous_standby_names: the priority is the place in the list", find: sync::sync_priority_used_twice },
    Rule { id: "sync-count-above-candidates", severity: Error, title: "Commits wait for more standbys than there are",
        source: "tried on 9.6 to 18: FIRST 3 (a, b) is accepted without a word and every commit hangs", find: sync::sync_count_above_candidates },
    Rule { id: "sync-any-before-10", severity: Error, title: "Quorum commit in a version without it",
        source: "release notes 10: \"Allow quorum-based synchronous replication\"", find: versions::sync_any_before_10 },
    Rule { id: "sync-count-before-9.6", severity: Error, title: "Several synchronous standbys in a version that has one",
        source: "release notes 9.6: \"Allow synchronous replication to support multiple simultaneous synchronous standby servers\"", find: versions::sync_count_before_9_6 },
    Rule { id: "commit-level-unknown", severity: Error, title: "A commit level that the version does not know",
        source: "server: invalid value for parameter \"synchronous_commit\": \"remote_apply\" (before 9.6)", find: versions::commit_level_unknown },
    Rule { id: "remote-apply-waits-for-delay", severity: Error, title: "Commits wait for a delayed standby to apply",
        source: "manual, recovery_min_apply_delay: \"Synchronous replication is affected by this setting when synchronous_commit is set to remote_apply\"", find: sync::remote_apply_waits_for_delay },
    Rule { id: "delay-before-9.4", severity: Error, title: "A delayed standby in a version without delays",
        source: "server: unrecognized recovery parameter \"recovery_min_apply_delay\" (before 9.4)", find: versions::delay_before_9_4 },
    Rule { id: "slot-before-9.4", severity: Error, title: "A replication slot in a version without slots",
        source: "server: unrecognized recovery parameter \"primary_slot_name\" (9.2, 9.3)", find: versions::slot_before_9_4 },
    Rule { id: "scram-before-10", severity: Error, title: "SCRAM in a version without it",
        source: "server: invalid authentication method \"scram-sha-256\" (before 10)", find: versions::scram_before_10 },
    Rule { id: "setting-is-managed", severity: Error, title: "A setting by hand that the drawing decides",
        source: "the last line of postgresql.conf wins: the servers would no longer be the drawn ones", find: settings::setting_is_managed },
    Rule { id: "setting-unknown", severity: Error, title: "A setting that the version does not know",
        source: "server: unrecognized configuration parameter \"wal_keep_segments\"; which version has which was read from pg_settings of 10 to 18", find: catalogue::setting_unknown },
    Rule { id: "setting-bad-value", severity: Error, title: "A value that the setting cannot have",
        source: "server: invalid value for parameter \"work_mem\": \"64mb\"; types and ranges were read from pg_settings of 10 to 18, units stand in the manual, Parameter Names and Values", find: catalogue::setting_bad_value },
    Rule { id: "setting-internal", severity: Error, title: "A setting that only tells",
        source: "server: parameter \"block_size\" cannot be changed (manual, Preset Options)", find: catalogue::setting_internal },
    Rule { id: "hot-standby-off-on-relay", severity: Error, title: "A relay that accepts no connections",
        source: "tried on 9.2 to 18: its downstreams get \"the database system is starting up\" for ever", find: settings::hot_standby_off_on_relay },
    Rule { id: "wal-level-minimal", severity: Error, title: "WAL without what standbys need",
        source: "server: WAL streaming (max_wal_senders > 0) requires wal_level \"replica\" or \"logical\"", find: settings::wal_level_minimal },
    Rule { id: "too-few-wal-senders", severity: Error, title: "Fewer WAL senders than downstreams",
        source: "server: number of requested standby connections exceeds max_wal_senders", find: settings::too_few_wal_senders },
    Rule { id: "too-few-slots", severity: Error, title: "Fewer replication slots than downstreams",
        source: "server: all replication slots are in use; increase max_replication_slots", find: settings::too_few_slots },
    Rule { id: "standby-setting-below-primary", severity: Error, title: "A standby with less room than its primary",
        source: "server: hot standby is not possible because of insufficient parameter settings (manual, Administrator's Overview of Hot Standby)", find: settings::standby_setting_below_primary },
    Rule { id: "sync-names-equal-but-for-case", severity: Error, title: "Two names that PostgreSQL cannot tell apart",
        source: "manual, synchronous_standby_names: names are compared without regard to case; tried on 9.2 to 18", find: names::names_equal_but_for_case },
    Rule { id: "sync-name-cut", severity: Warning, title: "A name longer than 63 bytes",
        source: "the sender cuts application_name to 63 bytes (tried on 9.2 to 18)", find: names::name_cut },
    Rule { id: "name-not-ascii", severity: Warning, title: "A name that servers show otherwise",
        source: "manual, application_name: other characters are replaced (by ? before 16, by \\xHH since)", find: names::name_not_ascii },
    Rule { id: "sync-priority-without-policy", severity: Warning, title: "Priorities without synchronous replication",
        source: "manual, synchronous_standby_names: empty means no synchronous replication", find: sync::sync_priority_without_policy },
    Rule { id: "sync-without-candidates", severity: Warning, title: "Synchronous replication with nobody to wait for",
        source: "manual, synchronous_standby_names: without names nothing is synchronous", find: sync::sync_without_candidates },
    Rule { id: "sync-needs-all-candidates", severity: Warning, title: "One lost standby stops every commit",
        source: "manual, Synchronous Replication: commits wait until enough standbys answer", find: sync::sync_needs_all_candidates },
    Rule { id: "no-slot-nor-archive", severity: Warning, title: "Nothing keeps WAL for a standby that is away",
        source: "server: requested WAL segment … has already been removed", find: servers::no_slot_nor_archive },
    Rule { id: "trust-lets-anyone-in", severity: Warning, title: "No password at all",
        source: "manual, Trust Authentication: anyone who can connect is authorized as whatever user they name", find: servers::trust_lets_anyone_in },
    Rule { id: "port-below-1024", severity: Warning, title: "A port that only root may open",
        source: "ip(7): ports below 1024 are privileged, and PostgreSQL refuses to run as root", find: servers::port_below_1024 },
    Rule { id: "nothing-replicates", severity: Note, title: "A cluster of one",
        source: "a primary without standbys replicates to nobody", find: servers::nothing_replicates },
];

/// Every server but the primary.
fn standbys(topology: &Topology) -> impl Iterator<Item = &Server> {
    topology.servers().iter().filter(|server| !server.is_primary())
}

#[cfg(test)]
mod tests;
