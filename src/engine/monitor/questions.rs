//! What a server is asked in one look, as its version can be asked. A column that it does not have is NULL.
//!
//! Not `SELECT *`, and no JSON: each column has one type, whatever the version, and what later versions add changes nothing.

use crate::model::topology::PgMajor;

/// Codes of errors that say "this version or this role cannot be asked that": the part is unknown, the rest is not.
pub(super) const UNASKABLE: [&str; 4] = [
    // undefined_table, undefined_column, undefined_function, insufficient_privilege
    "42P01", "42703", "42883", "42501",
];

/// A column if the version has it, else NULL of its type.
fn or_null(has: bool, column: &str, kind: &str) -> String {
    if has {
        column.to_owned()
    } else {
        format!("NULL::{kind}")
    }
}

/// Anyone who may not see the others' waits would count none.
const COMMIT_WAITS: &str = "CASE WHEN pg_has_role('pg_read_all_stats', 'USAGE') \
    THEN (SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep') END";

/// Seconds since 1970.
fn epoch(time: &str) -> String {
    format!("extract(epoch FROM {time})::float8")
}

/// About the server itself: one row. Functions that ask only a primary or only a standby stand in a CASE, since they
/// are errors on the other.
pub(super) fn server(major: PgMajor) -> String {
    let (wal, lsn) = (major.wal_word(), major.lsn_word());
    let position = if major.has_lsn_type() { "pg_lsn" } else { "text" };
    let current = major.current_lsn_function();
    let primary = |what: &str| format!("CASE WHEN NOT pg_is_in_recovery() THEN {what} END");
    let standby = |what: &str| format!("CASE WHEN pg_is_in_recovery() THEN {what} END");
    let flushed = primary(&format!("pg_current_{wal}_flush_{lsn}()"));
    let least = standby(
        "(SELECT greatest(r.min_recovery_end_timeline, c.timeline_id) FROM pg_control_recovery() r, pg_control_checkpoint() c)",
    );
    let paused = if major.tells_pause_state() {
        "pg_get_wal_replay_pause_state()".to_owned()
    } else {
        format!("CASE WHEN pg_is_{wal}_replay_paused() THEN 'paused' ELSE 'not paused' END")
    };
    [
        "SELECT pg_is_in_recovery() AS is_standby".to_owned(),
        format!("{} AS clock", epoch("clock_timestamp()")),
        format!("{} AS started", epoch("pg_postmaster_start_time()")),
        format!("{} AS loaded", epoch("pg_conf_load_time()")),
        format!(
            "{} AS system_identifier",
            or_null(
                major.has_control_functions(),
                "(SELECT system_identifier FROM pg_control_system())",
                "bigint"
            )
        ),
        format!(
            "{} AS inserted",
            primary(&format!("pg_current_{wal}_insert_{lsn}()"))
        ),
        format!("{} AS written", primary(&format!("{current}()"))),
        format!(
            "{} AS flushed",
            or_null(major.tells_flushed(), &flushed, position)
        ),
        format!(
            "{} AS received",
            standby(&format!("{}()", major.received_lsn_function()))
        ),
        format!(
            "{} AS replayed",
            standby(&format!("pg_last_{wal}_replay_{lsn}()"))
        ),
        format!(
            "{} AS timeline",
            primary(&format!("substr(pg_{wal}file_name({current}()), 1, 8)"))
        ),
        format!(
            "{} AS least_timeline",
            or_null(major.has_control_functions(), &least, "integer")
        ),
        format!("{} AS replay", standby(&paused)),
        format!(
            "{} AS committed",
            standby(&epoch("pg_last_xact_replay_timestamp()"))
        ),
        format!(
            "{} AS waiting",
            or_null(major.tells_commit_waits(), COMMIT_WAITS, "bigint")
        ),
    ]
    .join(", ")
}

/// A row for each server that this one sends to.
pub(super) fn senders(major: PgMajor) -> String {
    let lsn = major.lsn_word();
    let lag = |name: &str| {
        let seconds = epoch(name);
        format!(
            "{} AS {name}",
            or_null(major.has_lag_columns(), &seconds, "float8")
        )
    };
    [
        "SELECT pid, application_name, host(client_addr) AS client, state, sync_state, sync_priority"
            .to_owned(),
        format!("{} AS begun", epoch("backend_start")),
        format!(
            "sent_{lsn} AS sent, write_{lsn} AS written, flush_{lsn} AS flushed, replay_{lsn} AS replayed"
        ),
        lag("write_lag"),
        lag("flush_lag"),
        lag("replay_lag"),
        format!(
            "{} AS replied FROM pg_stat_replication",
            or_null(major.has_reply_time(), &epoch("reply_time"), "float8")
        ),
    ]
    .join(", ")
}

/// At most one row; `None`: no view tells.
pub(super) fn receiver(major: PgMajor) -> Option<String> {
    let tells = major.tells_upstream();
    let columns = [
        "SELECT pid, status, slot_name, received_tli".to_owned(),
        format!("{} AS flushed", major.receiver_flushed_column()),
        format!("{} AS heard", epoch("last_msg_receipt_time")),
        format!("{} AS host", or_null(tells, "sender_host", "text")),
        format!("{} AS port", or_null(tells, "sender_port", "integer")),
        // The server hides the password in it, and so do we.
        format!(
            "{} AS conninfo FROM pg_stat_wal_receiver",
            or_null(!tells, "conninfo", "text")
        ),
    ];
    major.has_receiver_view().then(|| columns.join(", "))
}

/// A row for each slot; `None`: there are none.
pub(super) fn slots(major: PgMajor) -> Option<String> {
    let (limited, why) = (major.has_slot_limit(), major.tells_why_slots_are_lost());
    let columns = [
        "SELECT slot_name, slot_type, active, restart_lsn".to_owned(),
        format!(
            "{} AS temporary",
            or_null(major.has_temporary_slots(), "temporary", "boolean")
        ),
        format!(
            "{} AS active_pid",
            or_null(major.tells_who_uses_slots(), "active_pid", "integer")
        ),
        format!("{} AS wal_status", or_null(limited, "wal_status", "text")),
        format!("{} AS safe_wal_size", or_null(limited, "safe_wal_size", "bigint")),
        format!(
            "{} AS inactive_since",
            or_null(why, &epoch("inactive_since"), "float8")
        ),
        format!(
            "{} AS invalidation FROM pg_replication_slots",
            or_null(why, "invalidation_reason", "text")
        ),
    ];
    major.has_slots().then(|| columns.join(", "))
}

/// One row; `None`: there is no such view.
pub(super) fn archiver(major: PgMajor) -> Option<String> {
    let columns = [
        "SELECT archived_count, last_archived_wal, failed_count, last_failed_wal".to_owned(),
        format!("{} AS archived_at", epoch("last_archived_time")),
        format!("{} AS failed_at FROM pg_stat_archiver", epoch("last_failed_time")),
    ];
    major.has_archiver_view().then(|| columns.join(", "))
}

/// A row for each of the settings named by the parameter, as far as there are such, and for whatever somebody set; also
/// where our own session or the server itself sets another value, so that nobody takes it for unset.
pub(super) fn settings(major: PgMajor) -> String {
    let pending = or_null(major.tells_pending_restart(), "pending_restart", "boolean");
    format!(
        "SELECT name, setting, unit, source, sourcefile, sourceline, {pending} AS pending_restart FROM pg_settings \
         WHERE name = ANY ($1) OR source <> 'default' OR {pending}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_versions_are_asked_by_their_names() {
        let old = server(PgMajor::V9_2);
        for part in [
            "pg_current_xlog_insert_location() END AS inserted",
            "pg_current_xlog_location() END AS written",
            "NULL::text AS flushed",
            "pg_last_xlog_receive_location()",
            "pg_last_xlog_replay_location()",
            "pg_xlogfile_name(pg_current_xlog_location())",
            "pg_is_xlog_replay_paused()",
            "NULL::bigint AS system_identifier",
        ] {
            assert!(old.contains(part), "{part} in {old}");
        }
        assert!(senders(PgMajor::V9_2).contains("sent_location AS sent"));
        assert!(senders(PgMajor::V9_6).contains("NULL::float8 AS write_lag"));
        assert_eq!((receiver(PgMajor::V9_5), slots(PgMajor::V9_3)), (None, None));
        assert!(
            receiver(PgMajor::V10)
                .unwrap()
                .contains("received_lsn AS flushed")
        );
        assert!(receiver(PgMajor::V10).unwrap().contains("conninfo AS conninfo"));
    }

    #[test]
    fn new_versions_are_asked_for_all_they_have() {
        for major in [PgMajor::V18, PgMajor::V19] {
            let all = [
                server(major),
                senders(major),
                receiver(major).unwrap(),
                slots(major).unwrap(),
                archiver(major).unwrap(),
                settings(major),
            ];
            let text = all.join("\n");
            // Where the upstream's port has a column, its connection string is not even asked for.
            assert_eq!(text.matches("NULL::").count(), 1, "{text}");
            assert!(text.contains("NULL::text AS conninfo"));
            assert!(text.contains("pg_get_wal_replay_pause_state()"));
        }
    }
}
