//! The major versions of PostgreSQL, and the facts in which they differ.
//!
//! Every difference that the product has to know is a question on [`PgMajor`], so that no other file
//! compares version numbers. Each fact was read from running servers of that version
//! (wording of the sources: the release notes and the manual's "Server Configuration" chapter).

use std::fmt;

use thiserror::Error;

/// A major version: 9.2 … 9.6, then 10 … 19.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PgMajor(u16);

/// The text is not a major version that pgcascade knows.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{0}\" is not a PostgreSQL major version; valid are 9.2 to 9.6 (in quotes) and 10 to 19")]
pub struct UnknownMajor(pub String);

/// Why a minor release is better not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinorDefect {
    /// Goes on after "PostgreSQL 14.2 …".
    pub what: &'static str,
    pub mended_in: u32,
}

impl MinorDefect {
    fn new(what: &'static str, mended_in: u32) -> Self {
        Self { what, mended_in }
    }
}

impl PgMajor {
    pub const V9_2: Self = Self(902);
    pub const V9_3: Self = Self(903);
    pub const V9_4: Self = Self(904);
    pub const V9_5: Self = Self(905);
    pub const V9_6: Self = Self(906);
    pub const V10: Self = Self(1000);
    pub const V11: Self = Self(1100);
    pub const V12: Self = Self(1200);
    pub const V13: Self = Self(1300);
    pub const V14: Self = Self(1400);
    pub const V15: Self = Self(1500);
    pub const V16: Self = Self(1600);
    pub const V17: Self = Self(1700);
    pub const V18: Self = Self(1800);
    pub const V19: Self = Self(1900);

    /// Every version pgcascade knows, oldest first.
    pub const ALL: [Self; 15] = [
        Self::V9_2,
        Self::V9_3,
        Self::V9_4,
        Self::V9_5,
        Self::V9_6,
        Self::V10,
        Self::V11,
        Self::V12,
        Self::V13,
        Self::V14,
        Self::V15,
        Self::V16,
        Self::V17,
        Self::V18,
        Self::V19,
    ];

    /// Reads `"9.2"` or `"15"`; a minor release (`"15.3"`, `"9.6.24"`) is read as its major.
    ///
    /// # Errors
    ///
    /// If the text is not a version that pgcascade knows.
    pub fn parse(text: &str) -> Result<Self, UnknownMajor> {
        let unknown = || UnknownMajor(text.to_owned());
        let mut numbers = text.trim().split('.').map(str::parse::<u16>);
        let first = numbers.next().and_then(Result::ok).ok_or_else(unknown)?;
        let number = if first < 10 {
            let second = numbers.next().and_then(Result::ok).ok_or_else(unknown)?;
            first.checked_mul(100).and_then(|n| n.checked_add(second))
        } else {
            first.checked_mul(100)
        };
        let major = Self(number.ok_or_else(unknown)?);
        if Self::ALL.contains(&major) {
            Ok(major)
        } else {
            Err(unknown())
        }
    }

    /// True for 9.2 … 9.6, which a design file writes in quotes.
    pub fn has_two_numbers(self) -> bool {
        self < Self::V10
    }

    /// The number of a one-number version; `None` for 9.x.
    pub fn number(self) -> Option<u16> {
        (!self.has_two_numbers()).then_some(self.0 / 100)
    }

    /// The `wal_level` that lets standbys answer queries: `replica` came with 9.6.
    pub fn wal_level(self) -> &'static str {
        if self < Self::V9_6 {
            "hot_standby"
        } else {
            "replica"
        }
    }

    /// Replication slots exist from 9.4 on.
    pub fn has_slots(self) -> bool {
        self >= Self::V9_4
    }

    /// `recovery_min_apply_delay` exists from 9.4 on.
    pub fn has_apply_delay(self) -> bool {
        self >= Self::V9_4
    }

    /// From 12 on a standby's settings live in postgresql.conf beside an empty `standby.signal`;
    /// before that in `recovery.conf`, and a `standby.signal` is silently ignored.
    pub fn has_standby_signal(self) -> bool {
        self >= Self::V12
    }

    /// CloudNativePG has images from 14 on, and none of versions to come.
    pub fn is_for_cloudnativepg(self) -> bool {
        (Self::V14..=Self::V18).contains(&self)
    }

    /// A connection tries several hosts from 10 on, one after the other.
    pub fn has_several_hosts(self) -> bool {
        self >= Self::V10
    }

    /// `initdb --wal-segsize` exists from 11 on.
    pub fn has_segment_sizes(self) -> bool {
        self >= Self::V11
    }

    /// From 18 on initdb switches data checksums on, and knows `--no-data-checksums`.
    pub fn has_checksums_unasked(self) -> bool {
        self >= Self::V18
    }

    /// `sync_replication_slots` exists from 17 on.
    pub fn has_slot_synchronisation(self) -> bool {
        self >= Self::V17
    }

    /// The file that makes a data directory a standby's.
    pub fn standby_file(self) -> &'static str {
        if self.has_standby_signal() {
            "standby.signal"
        } else {
            "recovery.conf"
        }
    }

    /// `wal_keep_size` replaced `wal_keep_segments` in 13.
    pub fn has_wal_keep_size(self) -> bool {
        self >= Self::V13
    }

    /// Quorum commit, `ANY n (…)`, exists from 10 on.
    pub fn has_quorum(self) -> bool {
        self >= Self::V10
    }

    /// More than one synchronous standby at a time, `n (…)`, exists from 9.6 on.
    pub fn has_several_sync(self) -> bool {
        self >= Self::V9_6
    }

    /// `synchronous_commit = remote_apply` exists from 9.6 on.
    pub fn has_remote_apply(self) -> bool {
        self >= Self::V9_6
    }

    /// SCRAM passwords exist from 10 on; before, md5 is the only password method.
    pub fn has_scram(self) -> bool {
        self >= Self::V10
    }

    /// From 14 on new passwords are stored for SCRAM without being told; 10 to 13 store md5.
    pub fn stores_scram_unasked(self) -> bool {
        self >= Self::V14
    }

    /// `ssl_min_protocol_version` exists from 12 on; before, the OpenSSL decides how old a protocol may be.
    pub fn has_min_tls_version(self) -> bool {
        self >= Self::V12
    }

    /// Its default is TLSv1.2 from 13 on (tried: `postgres -C ssl_min_protocol_version` says TLSv1 on 12).
    pub fn forbids_old_tls_unasked(self) -> bool {
        self >= Self::V13
    }

    /// `pg_stat_ssl`, which tells of each connection whether it is encrypted, exists from 9.5 on.
    pub fn has_stat_ssl(self) -> bool {
        self >= Self::V9_5
    }

    /// How pg_hba.conf asks a client for a certificate beside its password: `clientcert=1` before 12, which 14 no longer
    /// takes.
    pub fn wants_client_certificate(self) -> &'static str {
        if self < Self::V12 {
            "clientcert=1"
        } else {
            "clientcert=verify-ca"
        }
    }

    /// libpq compares a host that is an address with a certificate's addresses from 15 on; before, with its names only.
    pub fn compares_addresses_in_certificates(self) -> bool {
        self >= Self::V15
    }

    /// libpq reads `passfile` in a connection string from 10 on; before, only `PGPASSFILE`.
    pub fn has_passfile(self) -> bool {
        self >= Self::V10
    }

    /// `cluster_name`, shown in the process list, exists from 9.5 on.
    pub fn has_cluster_name(self) -> bool {
        self >= Self::V9_5
    }

    /// `wal_retrieve_retry_interval` exists from 9.5 on; before, a standby waits a fixed 5 s.
    pub fn has_retry_interval(self) -> bool {
        self >= Self::V9_5
    }

    /// A slot that was given up can be used by nobody from 18 on; before, it works again once the WAL is there.
    pub fn forbids_lost_slots(self) -> bool {
        self >= Self::V18
    }

    /// `max_slot_wal_keep_size` exists from 13 on; before, a slot holds WAL without limit.
    pub fn has_slot_limit(self) -> bool {
        self >= Self::V13
    }

    /// `unix_socket_directories` replaced `unix_socket_directory` in 9.3.
    pub fn socket_setting(self) -> &'static str {
        if self < Self::V9_3 {
            "unix_socket_directory"
        } else {
            "unix_socket_directories"
        }
    }

    /// Before 12 a recovery stays on its own timeline unless told `latest`, and a cascade ends at a promotion.
    pub fn needs_timeline_latest(self) -> bool {
        self < Self::V12
    }

    /// `pg_basebackup` takes a connection string (`-d`) from 9.3 on (its release notes).
    pub fn has_copy_by_conninfo(self) -> bool {
        self >= Self::V9_3
    }

    /// A standby follows a promotion above it by streaming from 9.3 on; 9.2 needs a WAL archive for it.
    pub fn follows_promotions(self) -> bool {
        self >= Self::V9_3
    }

    /// `pg_promote()` exists from 12 on; before, only `pg_ctl promote`.
    pub fn has_promote_function(self) -> bool {
        self >= Self::V12
    }

    /// From 13 on a promotion ends a pause of the replay; before, it waits until the pause is ended.
    pub fn promotes_while_paused(self) -> bool {
        self >= Self::V13
    }

    /// From 14 on a pause of the replay takes hold at once; before, with the first WAL that arrives after it
    /// (`WaitForWALToBecomeAvailable` looks for a pause since `pg_get_wal_replay_pause_state()` exists).
    pub fn pauses_at_once(self) -> bool {
        self >= Self::V14
    }

    /// From 13 on a standby takes a new `primary_conninfo` at a reload; before, at a restart.
    pub fn reloads_upstream(self) -> bool {
        self >= Self::V13
    }

    /// `ALTER SYSTEM` exists from 9.4 on.
    pub fn has_alter_system(self) -> bool {
        self >= Self::V9_4
    }

    /// `pg_rewind` comes with the server from 9.5 on.
    pub fn has_rewind(self) -> bool {
        self >= Self::V9_5
    }

    /// How much WAL a standby has applied: `pg_last_wal_replay_lsn`, called otherwise before 10.
    pub fn replayed_lsn_function(self) -> &'static str {
        if self < Self::V10 {
            "pg_last_xlog_replay_location"
        } else {
            "pg_last_wal_replay_lsn"
        }
    }

    /// How a standby is told to stop applying what it receives: called otherwise before 10.
    pub fn pause_function(self) -> &'static str {
        if self < Self::V10 {
            "pg_xlog_replay_pause"
        } else {
            "pg_wal_replay_pause"
        }
    }

    /// From 14 on pg_rewind takes a standby as its source.
    pub fn rewinds_from_standbys(self) -> bool {
        self >= Self::V14
    }

    /// From 13 on pg_rewind recovers a server that has crashed before it rewinds it.
    pub fn recovers_at_rewind(self) -> bool {
        self >= Self::V13
    }

    /// The end of a server's WAL can be read from its files: records have a CRC-32C from 9.5 on.
    pub fn has_readable_wal(self) -> bool {
        self >= Self::V9_5
    }

    /// How a standby is told to apply what it receives again: called otherwise before 10.
    pub fn resume_function(self) -> &'static str {
        if self < Self::V10 {
            "pg_xlog_replay_resume"
        } else {
            "pg_wal_replay_resume"
        }
    }

    /// `initdb -N` (no fsync of a directory that nobody can lose yet) exists from 9.3 on.
    pub fn has_initdb_no_sync(self) -> bool {
        self >= Self::V9_3
    }

    /// Up to 9.6 initdb leaves `wal_level = minimal` in pg_control, and a cold copy refuses hot standby
    /// until one single-user start has written the real value.
    pub fn needs_priming(self) -> bool {
        self < Self::V10
    }

    /// From 10 on the last line of postmaster.pid reads `ready` when connections are possible.
    pub fn reports_ready_in_pid_file(self) -> bool {
        self >= Self::V10
    }

    /// From 12 on `max_wal_senders` has connections of its own; before, they count inside `max_connections`.
    pub fn counts_senders_apart(self) -> bool {
        self >= Self::V12
    }

    /// 11 alone counts `superuser_reserved_connections` beside the senders that have to fit into `max_connections`.
    pub fn reserves_beside_senders(self) -> bool {
        self == Self::V11
    }

    /// Cascading and `restore_command` together end in a loop: a server bug from 9.3 on. The minor release that ends it;
    /// `None` where it is in every release of the major, or in none.
    pub fn cascade_archive_fix(self) -> Option<&'static str> {
        match self {
            Self::V14 => Some("14.24"),
            Self::V15 => Some("15.19"),
            Self::V16 => Some("16.15"),
            Self::V17 => Some("17.11"),
            Self::V18 => Some("18.6"),
            _ => None,
        }
    }

    /// What a single minor release of the major is known for (release notes of the release that repairs it).
    pub fn defect_of_minor(self, minor: u32) -> Option<MinorDefect> {
        const INDEXES: &str =
            "can create corrupt indexes with CREATE INDEX CONCURRENTLY and REINDEX CONCURRENTLY";
        const EXTENSIONS: &str = "breaks extensions built for earlier releases";
        match (self, minor) {
            (Self::V14, 0..=3) => Some(MinorDefect::new(INDEXES, 4)),
            (Self::V12, 21)
            | (Self::V13, 17)
            | (Self::V14, 14)
            | (Self::V15, 9)
            | (Self::V16, 5)
            | (Self::V17, 1) => Some(MinorDefect::new(EXTENSIONS, minor + 1)),
            _ => None,
        }
    }

    /// True if some release of the major has that bug.
    pub fn has_cascade_archive_bug(self) -> bool {
        (Self::V9_3..=Self::V18).contains(&self)
    }

    /// A standby that hears nothing ends its connection (wal_receiver_timeout).
    pub fn has_receiver_timeout(self) -> bool {
        self >= Self::V9_3
    }

    /// The sender's time limit for silence: `wal_sender_timeout`, called `replication_timeout` in 9.2.
    pub fn sender_timeout_setting(self) -> &'static str {
        if self < Self::V9_3 {
            "replication_timeout"
        } else {
            "wal_sender_timeout"
        }
    }

    /// How `pg_wal` is called: `pg_xlog` before 10.
    pub fn wal_folder(self) -> &'static str {
        if self < Self::V10 { "pg_xlog" } else { "pg_wal" }
    }

    /// Where the primary's WAL is: `pg_current_wal_lsn`, called otherwise before 10.
    pub fn current_lsn_function(self) -> &'static str {
        if self < Self::V10 {
            "pg_current_xlog_location"
        } else {
            "pg_current_wal_lsn"
        }
    }

    /// How much WAL a standby has received: `pg_last_wal_receive_lsn`, called otherwise before 10.
    pub fn received_lsn_function(self) -> &'static str {
        if self < Self::V10 {
            "pg_last_xlog_receive_location"
        } else {
            "pg_last_wal_receive_lsn"
        }
    }

    /// A base backup without leaving a trace in the directory that is copied (non-exclusive) exists from 9.6 on: the call
    /// that begins it and the one that ends it and gives the label, neither waiting for the archive.
    pub fn backup_calls(self) -> Option<(&'static str, &'static str)> {
        if self < Self::V9_6 {
            None
        } else if self < Self::V10 {
            Some((
                "pg_start_backup('pgcascade', true, false)",
                "SELECT labelfile FROM pg_stop_backup(false)",
            ))
        } else if self < Self::V15 {
            Some((
                "pg_start_backup('pgcascade', true, false)",
                "SELECT labelfile FROM pg_stop_backup(false, false)",
            ))
        } else {
            Some((
                "pg_backup_start('pgcascade', true)",
                "SELECT labelfile FROM pg_backup_stop(false)",
            ))
        }
    }

    /// A slot can be told from 9.6 on to keep WAL from the moment it is made; before, from its first use.
    pub fn can_reserve_at_slot(self) -> bool {
        self >= Self::V9_6
    }

    /// Settings take the unit `TB` from 9.4 on.
    pub fn has_terabytes(self) -> bool {
        self >= Self::V9_4
    }

    /// Settings take the unit `B` from 11 on.
    pub fn has_byte_unit(self) -> bool {
        self >= Self::V11
    }

    /// From 12 on a whole number may be written with a fraction, a real may have a unit, and there is the unit `us`.
    pub fn reads_fractions(self) -> bool {
        self >= Self::V12
    }

    /// True for 10 to 19, whose parameters were read from servers (19: from one built from its branch of August 2026).
    pub fn has_known_parameters(self) -> bool {
        self >= Self::V10 && self <= Self::V19
    }

    /// What `max_locks_per_transaction` is if nobody says it (release notes of 19).
    pub fn locks_per_transaction(self) -> i64 {
        if self >= Self::V19 { 128 } else { 64 }
    }

    /// A logical slot raises the level of WAL by itself from 19 on, where `wal_level` is replica.
    pub fn raises_wal_level(self) -> bool {
        self >= Self::V19
    }

    /// `db_user_namespace`, with which users belong to one database, went with 17.
    pub fn has_users_by_database(self) -> bool {
        self < Self::V17
    }

    /// The authentication method `radius` went with 19 (its release notes).
    pub fn has_radius(self) -> bool {
        self < Self::V19
    }

    /// The sender replaces bytes outside printable ASCII in an application_name: `\xHH` from 16 on, `?` before.
    pub fn escapes_names(self) -> bool {
        self >= Self::V16
    }
}

impl fmt::Display for PgMajor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.has_two_numbers() {
            write!(f, "{}.{}", self.0 / 100, self.0 % 100)
        } else {
            write!(f, "{}", self.0 / 100)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_reads_as_it_prints() {
        for major in PgMajor::ALL {
            assert_eq!(PgMajor::parse(&major.to_string()), Ok(major));
        }
    }

    #[test]
    fn minor_releases_are_their_major() {
        assert_eq!(PgMajor::parse("15.18"), Ok(PgMajor::V15));
        assert_eq!(PgMajor::parse("9.6.24"), Ok(PgMajor::V9_6));
    }

    #[test]
    fn what_is_no_version_is_said_to_be_none() {
        for text in ["", "9", "9.1", "20", "x", "99999999", "-1", "9.99999"] {
            assert_eq!(PgMajor::parse(text), Err(UnknownMajor(text.to_owned())), "{text}");
        }
    }
}
