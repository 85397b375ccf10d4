//! The facts in which versions differ that only a reading of a running server needs: how functions are called, and which
//! columns the views have. Like `major.rs` (tried on 10 to 19; 9.2 to 9.6 from the manual).

use super::PgMajor;

impl PgMajor {
    /// The major of a server that says this version of itself, "15.18 (Debian …)", "19beta2": the nearest that is known,
    /// so that a later one can be read. `None`: it says no version, or one before 9.2.
    pub fn of_server(version: &str) -> Option<Self> {
        let is_number = |c: &char| c.is_ascii_digit() || *c == '.';
        let number: String = version.trim_start().chars().take_while(is_number).collect();
        if let Ok(major) = Self::parse(&number) {
            return Some(major);
        }
        let first: u16 = number.split('.').next()?.parse().ok()?;
        Self::ALL
            .last()
            .copied()
            .filter(|last| last.number() < Some(first))
    }

    /// `wal` in the names of functions: `xlog` before 10.
    pub fn wal_word(self) -> &'static str {
        if self < Self::V10 { "xlog" } else { "wal" }
    }

    /// `lsn` in the names of functions and columns: `location` before 10.
    pub fn lsn_word(self) -> &'static str {
        if self < Self::V10 { "location" } else { "lsn" }
    }

    /// The type `pg_lsn` exists from 9.4 on; before, positions are text.
    pub fn has_lsn_type(self) -> bool {
        self >= Self::V9_4
    }

    /// How far WAL is on disk can be asked for from 9.6 on.
    pub fn tells_flushed(self) -> bool {
        self >= Self::V9_6
    }

    /// `pg_control_system()` and its sisters exist from 9.6 on.
    pub fn has_control_functions(self) -> bool {
        self >= Self::V9_6
    }

    /// `pg_stat_wal_receiver` exists from 9.6 on.
    pub fn has_receiver_view(self) -> bool {
        self >= Self::V9_6
    }

    /// That view has `sender_host` and `sender_port` from 11 on; before, only `conninfo`.
    pub fn tells_upstream(self) -> bool {
        self >= Self::V11
    }

    /// The view's column for what is on disk: `received_lsn` became `flushed_lsn` in 13.
    pub fn receiver_flushed_column(self) -> &'static str {
        if self < Self::V13 {
            "received_lsn"
        } else {
            "flushed_lsn"
        }
    }

    /// `pg_stat_replication` has `write_lag` and its sisters from 10 on.
    pub fn has_lag_columns(self) -> bool {
        self >= Self::V10
    }

    /// It has `reply_time` from 12 on.
    pub fn has_reply_time(self) -> bool {
        self >= Self::V12
    }

    /// `pg_replication_slots` has `active_pid` from 9.5 on.
    pub fn tells_who_uses_slots(self) -> bool {
        self >= Self::V9_5
    }

    /// Slots that go with their session exist from 10 on.
    pub fn has_temporary_slots(self) -> bool {
        self >= Self::V10
    }

    /// `pg_replication_slots` has `inactive_since` and `invalidation_reason` from 17 on.
    pub fn tells_why_slots_are_lost(self) -> bool {
        self >= Self::V17
    }

    /// `pg_get_wal_replay_pause_state()` exists from 14 on; before, only whether a pause was asked for.
    pub fn tells_pause_state(self) -> bool {
        self >= Self::V14
    }

    /// `pg_stat_archiver` exists from 9.4 on.
    pub fn has_archiver_view(self) -> bool {
        self >= Self::V9_4
    }

    /// `pg_stat_activity` shows who waits for a standby (`SyncRep`) from 10 on.
    pub fn tells_commit_waits(self) -> bool {
        self >= Self::V10
    }

    /// `pg_settings` has `pending_restart` from 9.5 on.
    pub fn tells_pending_restart(self) -> bool {
        self >= Self::V9_5
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_says_its_version_in_many_ways() {
        for (said, major) in [
            ("15.18 (Debian 15.18-1.pgdg120+1)", Some(PgMajor::V15)),
            ("9.6.24", Some(PgMajor::V9_6)),
            ("9.2.0", Some(PgMajor::V9_2)),
            ("19beta2", Some(PgMajor::V19)),
            ("18.4", Some(PgMajor::V18)),
            // A later one is read as the last that is known.
            ("20.1", Some(PgMajor::V19)),
            ("23devel", Some(PgMajor::V19)),
            ("9.1.24", None),
            ("8.4", None),
            ("devel", None),
            ("", None),
        ] {
            assert_eq!(PgMajor::of_server(said), major, "{said}");
        }
    }
}
