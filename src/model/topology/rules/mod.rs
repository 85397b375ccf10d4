//! The table of rules: what is unwise or broken in a design that can be drawn.
//!
//! A rule is one row: id, severity, title, the source it rests on, and the function that looks for it.
//! To add one, write the function below and its row; the suite asks for a design that triggers it.
//! "tried" in a source means: tried on real servers of the versions it names.

mod addresses;
mod archives;
mod by_hand;
mod catalogue;
mod dangers;
mod feedback;
mod files;
mod hosts;
mod limits;
mod managed;
mod names;
mod replay;
mod servers;
mod sessions;
mod settings;
mod sites;
mod sync;
mod terms;
mod tls;
mod turns;
mod versions;

use super::findings::Found;
use super::{CommitLevel, Server, Severity, Topology};

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

pub use feedback::reporting;
pub use files::{CLUSTER_OWN, DATA_DEPTH};
pub use managed::MANAGED_SETTINGS;
pub use settings::not_below_primary;

use Severity::{Error, Note, Warning};

#[rustfmt::skip]
pub static RULES: [Rule; 108] = [
    Rule { id: "port-used-twice", severity: Error, title: "Two servers on one host have the same port",
        source: "server: could not bind IPv4 address \"127.0.0.1\": Address already in use", find: servers::port_used_twice },
    Rule { id: "sync-on-cascaded-standby", severity: Error, title: "A standby below a standby is marked synchronous",
        source: "manual, Cascading Replication: \"Cascading replication is currently asynchronous\"; tried on 9.2 to 18: it shows async, 0", find: sync::sync_on_cascaded_standby },
    Rule { id: "sync-priority-used-twice", severity: Error, title: "Two standbys have the same synchronous priority",
        source: "manual, synchronous_standby_names: the priority is the place in the list", find: sync::sync_priority_used_twice },
    Rule { id: "sync-count-above-candidates", severity: Error, title: "Commits wait for more standbys than there are",
        source: "tried on 9.6 to 18: FIRST 3 (a, b) is accepted silently, and every commit hangs", find: sync::sync_count_above_candidates },
    Rule { id: "sync-any-before-10", severity: Error, title: "Quorum commit in a version without it",
        source: "release notes 10: \"Allow quorum-based synchronous replication\"", find: versions::sync_any_before_10 },
    Rule { id: "sync-count-before-9.6", severity: Error, title: "Several synchronous standbys in a version that allows only one",
        source: "release notes 9.6: \"Allow synchronous replication to support multiple simultaneous synchronous standby servers\"", find: versions::sync_count_before_9_6 },
    Rule { id: "commit-level-unknown", severity: Error, title: "A commit level that the version does not \
         support",
        source: "server: invalid value for parameter \"synchronous_commit\": \"remote_apply\" (before 9.6)", find: versions::commit_level_unknown },
    Rule { id: "remote-apply-waits-for-delay", severity: Error, title: "Commits wait for a delayed standby to apply",
        source: "manual, recovery_min_apply_delay: \"Synchronous replication is affected by this setting when synchronous_commit is set to remote_apply\"", find: sync::remote_apply_waits_for_delay },
    Rule { id: "delay-before-9.4", severity: Error, title: "A delayed standby in a version without delays",
        source: "server: unrecognized recovery parameter \"recovery_min_apply_delay\" (before 9.4)", find: versions::delay_before_9_4 },
    Rule { id: "slot-before-9.4", severity: Error, title: "A replication slot in a version without slots",
        source: "server: unrecognized recovery parameter \"primary_slot_name\" (9.2, 9.3)", find: versions::slot_before_9_4 },
    Rule { id: "scram-before-10", severity: Error, title: "SCRAM in a version without it",
        source: "server: invalid authentication method \"scram-sha-256\" (before 10)", find: versions::scram_before_10 },
    Rule { id: "setting-is-managed", severity: Error, title: "A manual setting that the design already \
         controls",
        source: "the last line of postgresql.conf wins: the servers would no longer match the design", find: managed::setting_is_managed },
    Rule { id: "setting-unknown", severity: Error, title: "A setting that the version does not support",
        source: "server: unrecognized configuration parameter \"wal_keep_segments\"; which version has which was read from pg_settings of 10 to 18", find: catalogue::setting_unknown },
    Rule { id: "setting-bad-value", severity: Error, title: "A value that the setting cannot have",
        source: "server: invalid value for parameter \"work_mem\": \"64mb\"; types and ranges were read \
             from pg_settings of 10 to 18, units are in the manual, Parameter Names and Values", find: catalogue::setting_bad_value },
    Rule { id: "setting-internal", severity: Error, title: "A read-only setting",
        source: "server: parameter \"block_size\" cannot be changed (manual, Preset Options)", find: catalogue::setting_internal },
    Rule { id: "hot-standby-off-on-relay", severity: Error, title: "A relay that accepts no connections",
        source: "tried on 9.2 to 18: a downstream gets \"the database system is starting up\" forever, from 14 on \"the database system is not accepting connections\"", find: settings::hot_standby_off_on_relay },
    Rule { id: "wal-level-minimal", severity: Error, title: "WAL lacks what standbys need",
        source: "server: WAL streaming (max_wal_senders > 0) requires wal_level \"replica\" or \"logical\"", find: settings::wal_level_minimal },
    Rule { id: "too-few-wal-senders", severity: Error, title: "Fewer WAL senders than downstreams",
        source: "server: number of requested standby connections exceeds max_wal_senders", find: settings::too_few_wal_senders },
    Rule { id: "too-few-slots", severity: Error, title: "Fewer replication slots than downstreams",
        source: "server: all replication slots are in use; increase max_replication_slots", find: settings::too_few_slots },
    Rule { id: "standby-setting-below-primary", severity: Error, title: "A standby with lower limits than \
         its primary",
        source: "server: hot standby is not possible because of insufficient parameter settings (manual, Administrator's Overview of Hot Standby)", find: settings::standby_setting_below_primary },
    Rule { id: "sync-names-equal-but-for-case", severity: Error, title: "Two names that PostgreSQL cannot \
         distinguish",
        source: "manual, synchronous_standby_names: names are case-insensitive; tried on 9.2 to 18", find: names::names_equal_but_for_case },
    Rule { id: "host-is-no-address", severity: Error, title: "A host that means every address",
        source: "server: no pg_hba.conf entry for replication connection from host \"127.0.0.1\" (tried on 15 with 0.0.0.0)", find: hosts::host_is_no_address },
    Rule { id: "loopback-beside-other-hosts", severity: Error, title: "A link between localhost and another host",
        source: "RFC 6761, \"localhost.\": the name always means the local machine; pg_hba.conf accepts a \
             standby only from its designed host", find: hosts::loopback_beside_other_hosts },
    Rule { id: "recovery-target-by-hand", severity: Error, title: "A recovery target ends replication",
        source: "manual, Recovery Target: recovery stops at the target; tried on 15: the standby stops \
             there while its upstream shows it as streaming; before 12 the name is unknown in \
             postgresql.conf", find: replay::recovery_target_by_hand },
    Rule { id: "ssl-without-certificate", severity: Error, title: "TLS without a certificate",
        source: "server: could not load server certificate file \"server.crt\": No such file or directory", find: limits::ssl_without_certificate },
    Rule { id: "tls-off-by-hand", severity: Error, title: "Encrypted links on a server without TLS",
        source: "server: hostssl record cannot match because SSL is disabled; libpq: server does not support SSL, but SSL was required", find: tls::tls_off_by_hand },
    Rule { id: "tls-file-by-hand", severity: Error, title: "A certificate that the cluster's authority did not sign",
        source: "libpq: SSL error: certificate verify failed; server: could not accept SSL connection: certificate verify failed", find: tls::tls_file_by_hand },
    Rule { id: "tls-no-version-left", severity: Error, title: "No TLS version within the allowed range",
        source: "server: could not set SSL protocol version range (\"ssl_min_protocol_version\" cannot be higher than \"ssl_max_protocol_version\")", find: tls::tls_no_version_left },
    Rule { id: "no-connection-left", severity: Error, title: "Every connection is reserved",
        source: "server: superuser_reserved_connections (3) must be less than max_connections (3)", find: limits::no_connection_left },
    Rule { id: "senders-fill-connections", severity: Error, title: "WAL senders leave no connection",
        source: "server, up to 11: max_wal_senders must be less than max_connections", find: limits::senders_fill_connections },
    Rule { id: "passwords-not-for-scram", severity: Error, title: "Passwords that are not stored for SCRAM",
        source: "manual, Password Authentication: scram-sha-256 requires passwords stored for it; server: \
             User \"replicator\" does not have a valid SCRAM secret", find: sessions::passwords_not_for_scram },
    Rule { id: "users-by-database", severity: Error, title: "Per-database user names",
        source: "manual, db_user_namespace (up to 16): a plain name is looked up as name@database; tried on \
             15", find: sessions::users_by_database },
    Rule { id: "serializable-on-standby", severity: Error, title: "Serializable transactions on a standby",
        source: "server: cannot use serializable mode in a hot standby (manual, Hot Standby, Caveats)", find: sessions::serializable_on_standby },
    Rule { id: "log-stats-exclude", severity: Error, title: "Mutually exclusive statistics settings",
        source: "server: Cannot enable parameter when \"log_statement_stats\" is true", find: limits::log_stats_exclude },
    Rule { id: "wal-size-too-small", severity: Error, title: "A WAL limit below two segments",
        source: "server: \"min_wal_size\" must be at least twice \"wal_segment_size\"", find: limits::wal_size_too_small },
    Rule { id: "setting-includes-file", severity: Error, title: "Settings from another file",
        source: "manual, File Inclusion: the named file is read as if it were included there, and the last \
             setting wins; tried on 15: a log with a crafted log_line_prefix is read as settings", find: files::setting_includes_file },
    Rule { id: "file-outside-folder", severity: Error, title: "A file outside the cluster's folder",
        source: "manual, log_directory and log_filename: an absolute path, or relative to the data directory, and strftime escapes; tried on 15: with log_line_prefix they append a line of the design's choice to any file of the user", find: files::file_outside_folder },
    Rule { id: "log-folder-is-not-made", severity: Error, title: "A log folder that the server cannot create",
        source: "server: could not open log file: No such file or directory (tried on 15); manual, log_directory and logging_collector", find: files::log_folder_is_not_made },
    Rule { id: "host-is-written-wrong", severity: Error, title: "A host that is read as something else",
        source: "inet_aton(3): 10.0.7 is 10.0.0.7; manual, The pg_hba.conf File: what is not an address and a mask is a host name; server: invalid IP mask (tried on 15)", find: addresses::host_is_written_wrong },
    Rule { id: "hba-line-not-known", severity: Error, title: "A line of pg_hba.conf that the version refuses",
        source: "server: invalid authentication method; release notes 10, 12, 14 and 18", find: terms::hba_line_not_known },
    Rule { id: "cert-without-tls", severity: Error, title: "Certificates without TLS",
        source: "server: cert authentication is only supported on hostssl connections", find: terms::cert_without_tls },
    Rule { id: "segment-size-before-11", severity: Error, title: "A WAL segment size in a version whose size is fixed",
        source: "release notes 11: \"Allow the WAL file size to be set by initdb\"", find: terms::segment_size_before_11 },
    Rule { id: "conninfo-option-not-known", severity: Error, title: "An option that libpq does not know",
        source: "server: invalid connection option; the standby is up and never connects (tried on 9.2 to 18)", find: terms::conninfo_option_not_known },
    Rule { id: "fallback-before-10", severity: Error, title: "Several upstreams in a version that tries only one",
        source: "release notes 10: \"Allow libpq to connect to multiple specified host names\"", find: terms::fallback_before_10 },
    Rule { id: "fallback-is-below", severity: Error, title: "A fallback upstream that is fed by the server itself",
        source: "tried on 9.2 to 18: standbys that point at each other show streaming, and no data arrives", find: terms::fallback_is_below },
    Rule { id: "slot-name-used-twice", severity: Error, title: "Two standbys with one slot",
        source: "server: replication slot is active for PID", find: terms::slot_name_used_twice },
    Rule { id: "receiver-has-downstreams", severity: Error, title: "A standby below a WAL receiver",
        source: "manual, pg_receivewal: it writes files and accepts no connections", find: terms::receiver_has_downstreams },
    Rule { id: "archive-only-cannot-stream", severity: Error, title: "An archive-only standby without what it needs",
        source: "server: specified neither \"primary_conninfo\" nor \"restore_command\"; manual, Synchronous Replication: only who streams is waited for", find: terms::archive_only_cannot_stream },
    Rule { id: "slot-sync-incomplete", severity: Error, title: "Logical slots that are not synchronized",
        source: "manual, Replication Slot Synchronization; server: replication slot synchronization requires \"wal_level\" >= \"logical\" (from 19 on \"effective_wal_level\", which a logical slot raises)", find: archives::slot_sync_incomplete },
    Rule { id: "slot-waited-for-is-not-there", severity: Error, title: "Subscribers that wait for a slot that is not there",
        source: "server: replication slot specified in parameter \"synchronized_standby_slots\" does not exist", find: archives::slot_waited_for_is_not_there },
    Rule { id: "archive-sides-differ", severity: Warning, title: "An archive that is written and read by different programs",
        source: "manual, Continuous Archiving: restore_command fetches what archive_command stored", find: archives::archive_sides_differ },
    Rule { id: "fallback-without-slot", severity: Warning, title: "A fallback upstream without the standby's slot",
        source: "server: replication slot does not exist (tried on 15): slots are local to a server", find: terms::fallback_without_slot },
    Rule { id: "hba-line-never-reached", severity: Warning, title: "A line of pg_hba.conf that is never reached",
        source: "manual, The pg_hba.conf File: \"The first record with a matching connection type, client address, requested database, and user name is used\"", find: terms::hba_line_never_reached },
    Rule { id: "hba-line-opens-door", severity: Warning, title: "A line of pg_hba.conf that lets many in",
        source: "manual, Trust Authentication and Password Authentication", find: terms::hba_line_opens_door },
    Rule { id: "hba-line-needs-tls", severity: Warning, title: "A hostssl line, but no TLS",
        source: "server: hostssl record cannot match because SSL is disabled", find: terms::hba_line_needs_tls },
    Rule { id: "tablespace-is-missing", severity: Warning, title: "A tablespace that one server has no place for",
        source: "manual, pg_basebackup: --tablespace-mapping; without it tablespaces keep their paths", find: terms::tablespace_is_missing },
    Rule { id: "sync-name-cut", severity: Warning, title: "A name longer than 63 bytes",
        source: "the sender truncates application_name to 63 bytes (tried on 9.2 to 18)", find: names::name_cut },
    Rule { id: "name-not-ascii", severity: Warning, title: "A name that servers display differently",
        source: "manual, application_name: other characters are replaced (by ? before 16, by \\xHH since)", find: names::name_not_ascii },
    Rule { id: "sync-priority-without-policy", severity: Warning, title: "Priorities without synchronous replication",
        source: "manual, synchronous_standby_names: empty means no synchronous replication", find: sync::sync_priority_without_policy },
    Rule { id: "sync-without-candidates", severity: Warning, title: "Synchronous replication without a \
         candidate",
        source: "manual, synchronous_standby_names: without names, nothing is synchronous", find: sync::sync_without_candidates },
    Rule { id: "sync-needs-all-candidates", severity: Warning, title: "One lost standby stops every commit",
        source: "manual, Synchronous Replication: commits wait until enough standbys answer", find: sync::sync_needs_all_candidates },
    Rule { id: "no-slot-nor-archive", severity: Warning, title: "Nothing keeps WAL for a disconnected \
         standby",
        source: "server: requested WAL segment … has already been removed", find: servers::no_slot_nor_archive },
    Rule { id: "trust-lets-anyone-in", severity: Warning, title: "No password at all",
        source: "manual, Trust Authentication: anyone who can connect is authorized as whatever user they name", find: servers::trust_lets_anyone_in },
    Rule { id: "port-below-1024", severity: Warning, title: "A port that only root may open",
        source: "ip(7): ports below 1024 are privileged, and PostgreSQL refuses to run as root", find: servers::port_below_1024 },
    Rule { id: "commit-waits-for-nobody", severity: Warning, title: "Priorities that commits ignore",
        source: "manual, synchronous_commit: off and local do not wait for standbys; tried on 9.2 to 18", find: sync::commit_waits_for_nobody },
    Rule { id: "sync-name-of-a-tool", severity: Warning, title: "A synchronous standby named like a program",
        source: "these are the application_names of pg_basebackup, pg_receivewal and an unnamed standby; a \
             running backup with a matching name counted as the synchronous standby (tried on 15)", find: names::sync_name_of_a_tool },
    Rule { id: "sync-candidate-reports-late", severity: Warning, title: "A synchronous standby without status reports",
        source: "manual, wal_receiver_status_interval; tried on 15: with 0 and replay blocked, a commit at \
             the level on waited 28 s, until the primary asked", find: replay::sync_candidate_reports_late },
    Rule { id: "delayed-sync-candidate", severity: Warning, title: "Commits wait for a delayed standby",
        source: "tried on 15: a restarted standby with a delay does not stream until it has applied the WAL \
             it has, with the delay", find: replay::delayed_sync_candidate },
    Rule { id: "delay-on-relay", severity: Warning, title: "A delay that does not affect downstreams",
        source: "tried on 15: a row is on the downstream at once and on the delayed relay an hour later; a \
             restarted relay does not stream until then", find: replay::delay_on_relay },
    Rule { id: "no-standby-is-current", severity: Warning, title: "Every standby is delayed",
        source: "manual, recovery_min_apply_delay: the server holds WAL back until the delay has passed", find: replay::no_standby_is_current },
    Rule { id: "feedback-on-delayed", severity: Warning, title: "Feedback from a delayed standby",
        source: "manual, recovery_min_apply_delay: \"hot_standby_feedback will be delayed by use of this feature which could lead to bloat on the primary\"", find: feedback::feedback_on_delayed },
    Rule { id: "feedback-stops-at-relay", severity: Warning, title: "Feedback that a relay does not pass on",
        source: "manual, hot_standby_feedback: feedback is passed upstream until it reaches the primary; \
             tried on 15: a relay with it off does not pass feedback on", find: feedback::feedback_stops_at_relay },
    Rule { id: "remote-apply-waits-for-queries", severity: Warning, title: "Commits wait for queries on a \
         standby",
        source: "manual, max_standby_streaming_delay: -1 lets the standby wait forever for conflicting queries", find: replay::remote_apply_waits_for_queries },
    Rule { id: "sender-timeout-off", severity: Warning, title: "A frozen standby is never dropped",
        source: "manual, wal_sender_timeout: 0 disables it; tried: a fast stop of a primary with a frozen standby takes as long as the timeout", find: replay::sender_timeout_off },
    Rule { id: "receiver-timeout-off", severity: Warning, title: "A lost upstream is never noticed",
        source: "manual, wal_receiver_timeout: \"A value of zero disables the timeout mechanism\"", find: replay::receiver_timeout_off },
    Rule { id: "hot-standby-off-on-leaf", severity: Warning, title: "A standby that cannot be queried",
        source: "server: the database system is starting up; from 14 on: the database system is not accepting connections (hot standby mode is disabled)", find: settings::hot_standby_off_on_leaf },
    Rule { id: "fsync-off", severity: Warning, title: "Commits that are not safe on disk",
        source: "manual, fsync: turning it off \"can result in unrecoverable data corruption in the event of a power failure or system crash\"", find: limits::fsync_off },
    Rule { id: "full-page-writes-off", severity: Warning, title: "Half-written pages after a crash",
        source: "manual, full_page_writes; server, at a backup from a standby: WAL generated with \"full_page_writes=off\" was replayed since last restartpoint", find: limits::full_page_writes_off },
    Rule { id: "wal-keep-too-small", severity: Warning, title: "Very little WAL kept for a standby without \
         a slot",
        source: "server: requested WAL segment … has already been removed", find: limits::wal_keep_too_small },
    Rule { id: "slot-limit-too-small", severity: Warning, title: "A slot that is lost almost at once",
        source: "manual, max_slot_wal_keep_size: a slot that falls behind by more may lose the WAL it needs", find: limits::slot_limit_too_small },
    Rule { id: "sync-all-on-primary-host", severity: Warning, title: "Every synchronous copy on the primary's host",
        source: "manual, Synchronous Replication: data can be lost only \"if both the primary and the standby suffer crashes at the same time\"", find: hosts::sync_all_on_primary_host },
    Rule { id: "sync-all-on-one-host", severity: Warning, title: "Every synchronous standby on one host",
        source: "manual, Planning for High Availability: commits wait while too few synchronous standbys are there", find: hosts::sync_all_on_one_host },
    Rule { id: "archive-on-several-hosts", severity: Warning, title: "An archive that other hosts cannot see",
        source: "manual, restore_command: it runs on the standby's own host", find: hosts::relative_archive_on_several_hosts },
    Rule { id: "archive-below-relay", severity: Warning, title: "A cascade with an archive in releases with a server bug",
        source: "server bug from 9.3 on, fixed in 18.6, 17.11, 16.15, 15.19, 14.24 (cloudnative-pg #11546): \
             a cascaded standby that fell back to the archive requests WAL from a point ahead of its \
             upstream, and loops", find: hosts::archive_below_relay },
    Rule { id: "md5-where-scram-is", severity: Warning, title: "md5 where SCRAM is available",
        source: "manual, Password Authentication: md5 is vulnerable to a stolen hash; release notes 18: md5 passwords are deprecated", find: servers::md5_where_scram_is },
    Rule { id: "tls-version-by-hand", severity: Warning, title: "Links that may use a broken protocol",
        source: "RFC 8996: TLS 1.0 and 1.1 must not be used; manual, ssl_min_protocol_version: from 13 on the default is TLSv1.2", find: tls::tls_version_by_hand },
    Rule { id: "setting-runs-code", severity: Warning, title: "A command or library that the servers run",
        source: "manual, Shared Library Preloading, Archiving, Archive Recovery, ssl_passphrase_command: \
             the server runs it as its own user, no matter who wrote the design", find: dangers::setting_runs_code },
    Rule { id: "setting-not-known", severity: Warning, title: "A setting with unknown effects",
        source: "manual, Customized Options: the part before the dot belongs to an extension, which may do \
             anything with its settings", find: dangers::setting_not_known },
    Rule { id: "setting-opens-door", severity: Warning, title: "A setting that weakens security",
        source: "manual, Connections and Authentication, and each setting's own paragraph (assets/parameters/classes.txt)", find: dangers::setting_opens_door },
    Rule { id: "setting-risks-data", severity: Warning, title: "A setting that can lose data",
        source: "manual, Developer Options: zero_damaged_pages \"will destroy data\"; the others: assets/parameters/classes.txt", find: dangers::setting_risks_data },
    Rule { id: "setting-given-twice", severity: Warning, title: "One setting in two spellings",
        source: "manual, Parameter Names and Values: names are case-insensitive; Parameter Interaction via the Configuration File: the last one wins", find: dangers::setting_given_twice },
    Rule { id: "file-outside-on-hosts", severity: Warning, title: "A file outside the data directory of a host",
        source: "manual, File Locations and log_directory: the server opens it as its own user", find: files::file_outside_on_hosts },
    Rule { id: "tls-host-is-address", severity: Note, title: "A certificate that must contain an address",
        source: "libpq, SSL Support: verify-full compares the host with the certificate's names; release notes 15: \"Allow IP address matching against a server certificate's Subject Alternative Name\"", find: tls::tls_host_is_address },
    Rule { id: "tls-without-least-version", severity: Note, title: "Old TLS protocols are not disabled",
        source: "release notes 12: \"Add ability to specify allowed TLS versions\" (ssl_min_protocol_version)", find: tls::tls_without_least_version },
    Rule { id: "links-in-the-clear", severity: Note, title: "Links between hosts without encryption",
        source: "manual, Secure TCP/IP Connections with SSL; a WAL sender sends everything that is written, \
             including password hashes in pg_authid", find: tls::links_in_the_clear },
    Rule { id: "not-rewindable", severity: Note, title: "An old primary that must be rebuilt in full",
        source: "pg_rewind: target server needs to use either data checksums or \"wal_log_hints = on\"; \
             tried on 10 to 17 (from 18 on initdb switches checksums on)", find: hosts::not_rewindable },
    Rule { id: "hba-by-name", severity: Note, title: "Access by host name",
        source: "manual, The pg_hba.conf File: a reverse lookup of the client's address must give the name, and a lookup of the name the address", find: addresses::hba_by_name },
    Rule { id: "nothing-replicates", severity: Note, title: "A cluster of one",
        source: "a primary without standbys replicates to nobody", find: servers::nothing_replicates },
    Rule { id: "quorum-below-majority", severity: Note, title: "A majority of standbys may lack a commit",
        source: "manual, synchronous_standby_names: with ANY, a commit is on some of the standbys, but not \
             always the same ones", find: sync::quorum_below_majority },
    Rule { id: "sync-within-one-site", severity: Note, title: "All synchronous standbys at the primary's site",
        source: "manual, Planning for High Availability: place synchronous standbys in different locations", find: sites::sync_within_one_site },
    Rule { id: "every-commit-crosses-sites", severity: Note, title: "Every commit waits for another site",
        source: "manual, Planning for Performance: \"Synchronous replication usually requires carefully planned and placed standby servers\"; a commit waits at least one round trip", find: sites::every_commit_crosses_sites },
    Rule { id: "several-links-between-sites", severity: Note, title: "The same WAL crosses between two \
         sites several times",
        source: "manual, Cascading Replication: it reduces \"the number of direct connections to the primary and also minimizes inter-site bandwidth overheads\"", find: sites::several_links_between_sites },
    Rule { id: "candidate-has-too-few-slots", severity: Note, title: "A synchronous standby with too few \
         slots to take over",
        source: "server: all replication slots are in use", find: limits::candidate_has_too_few_slots },
    Rule { id: "chain-is-deep", severity: Note, title: "A long way from the primary",
        source: "tried on 9.2 to 18: the downstreams of a stopped standby wait for it and do not connect to \
             its upstream", find: hosts::chain_is_deep },
    Rule { id: "delay-of-nothing", severity: Note, title: "A delay of 0",
        source: "manual, recovery_min_apply_delay: 0 is the default and delays nothing", find: replay::delay_of_nothing },
    Rule { id: "host-spelled-two-ways", severity: Note, title: "One host in two spellings",
        source: "RFC 4343: host names are case-insensitive", find: hosts::host_spelled_two_ways },
    Rule { id: "port-among-outgoing", severity: Note, title: "A port that an outgoing connection may take",
        source: "ip(7), ip_local_port_range: 32768 to 60999 unless the machine says otherwise", find: hosts::port_among_outgoing },
    Rule { id: "setting-nobody-reads", severity: Note, title: "A setting that no preloaded library reads",
        source: "manual, Customized Options: such a setting is accepted but has no effect until a library \
             that defines it is loaded", find: dangers::setting_nobody_reads },
];

impl Rule {
    /// True if it says what is wrong with a setting, so that no other has to warn of the setting's class.
    pub(super) fn tells_of_settings(&self) -> bool {
        dangers::TELLING.contains(&self.id)
    }

    /// True if it is silent about a setting that another rule tells of: one thing, one finding.
    pub(super) fn yields(&self) -> bool {
        dangers::YIELDING.contains(&self.id)
    }
}

/// The rule of that id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}

/// The synchronous candidates, if a commit waits until they have applied it (`remote_apply`).
fn candidates_that_must_apply(topology: &Topology) -> impl Iterator<Item = &Server> {
    let must = topology
        .sync()
        .is_some_and(|policy| policy.commit == CommitLevel::RemoteApply);
    must.then(|| topology.sync_candidates()).into_iter().flatten()
}

/// Every server but the primary.
fn standbys(topology: &Topology) -> impl Iterator<Item = &Server> {
    topology.servers().iter().filter(|server| !server.is_primary())
}

#[cfg(test)]
mod near;
#[cfg(test)]
mod tests;
