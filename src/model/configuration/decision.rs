//! The table of decisions: what `generate` decides on its own or on a word of the design, and what that rests on.
//!
//! Every line of every configuration file is made by exactly one of them. To add one: a variant, its row, and
//! its use where the line is made; the compiler asks for the row, the suite for the use.

use super::origin::{Element, Origin};
use crate::model::topology::ServerId;

/// Why a line is there at all. Its row tells id, title and source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decision {
    Listen,
    Port,
    Sockets,
    ProcessName,
    Passwords,
    Encryption,
    WalLevel,
    WalSenders,
    Connections,
    Slots,
    SlotLimit,
    HotStandby,
    WalKept,
    WalSize,
    SyncNames,
    CommitLevel,
    Archive,
    Standby,
    Upstream,
    Slot,
    Restore,
    Feedback,
    Timeline,
    Delay,
    Laboratory,
    ByHand,
    PeopleAccess,
    DownstreamAccess,
    TakeoverAccess,
    OwnAccess,
    CertificateNames,
    Guide,
    Design,
    Scripts,
    Manifest,
}

impl Decision {
    pub const ALL: [Self; 35] = [
        Self::Listen,
        Self::Port,
        Self::Sockets,
        Self::ProcessName,
        Self::Passwords,
        Self::Encryption,
        Self::WalLevel,
        Self::WalSenders,
        Self::Connections,
        Self::Slots,
        Self::SlotLimit,
        Self::HotStandby,
        Self::WalKept,
        Self::WalSize,
        Self::SyncNames,
        Self::CommitLevel,
        Self::Archive,
        Self::Standby,
        Self::Upstream,
        Self::Slot,
        Self::Restore,
        Self::Feedback,
        Self::Timeline,
        Self::Delay,
        Self::Laboratory,
        Self::ByHand,
        Self::PeopleAccess,
        Self::DownstreamAccess,
        Self::TakeoverAccess,
        Self::OwnAccess,
        Self::CertificateNames,
        Self::Guide,
        Self::Design,
        Self::Scripts,
        Self::Manifest,
    ];

    /// For programs and for people who search: it never changes.
    pub fn id(self) -> &'static str {
        self.row().0
    }

    /// What is decided, in a few words.
    pub fn title(self) -> &'static str {
        self.row().1
    }

    /// What it rests on: a manual page, or the design itself.
    pub fn source(self) -> &'static str {
        self.row().2
    }

    #[rustfmt::skip]
    fn row(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Listen => ("listen", "addresses to listen on",
                "manual, Connections and Authentication: listen_addresses"),
            Self::Port => ("port", "the drawn port",
                "manual, Connections and Authentication: port"),
            Self::Sockets => ("sockets", "a socket folder of the cluster's own",
                "manual, Connections and Authentication: unix_socket_directories"),
            Self::ProcessName => ("process-name", "the server's name in the process list",
                "manual, Error Reporting and Logging: cluster_name"),
            Self::Passwords => ("passwords", "how passwords are stored",
                "manual, Password Authentication: password_encryption"),
            Self::Encryption => ("encryption", "encrypted links",
                "manual, Secure TCP/IP Connections with SSL; libpq, SSL Support: verify-full"),
            Self::WalLevel => ("wal-level", "WAL that a standby can use",
                "manual, Write Ahead Log: wal_level"),
            Self::WalSenders => ("wal-senders", "room for WAL senders",
                "manual, Replication: max_wal_senders; Hot Standby, Administrator's Overview"),
            Self::Connections => ("connections", "connections beside the WAL senders",
                "release notes 12: max_wal_senders no longer counts as part of max_connections"),
            Self::Slots => ("slots", "room for replication slots",
                "manual, Replication: max_replication_slots"),
            Self::SlotLimit => ("slot-limit", "how much WAL a slot may hold",
                "manual, Replication: max_slot_wal_keep_size"),
            Self::HotStandby => ("hot-standby", "standbys that answer queries",
                "manual, Hot Standby; Cascading Replication"),
            Self::WalKept => ("wal-kept", "WAL kept for downstreams without a slot",
                "manual, Replication: wal_keep_size, before 13 wal_keep_segments"),
            Self::WalSize => ("wal-size", "WAL sizes that fit the segments",
                "manual, initdb: --wal-segsize; min_wal_size must be at least twice the segment's size"),
            Self::SyncNames => ("sync-names", "the synchronous candidates",
                "manual, Replication: synchronous_standby_names"),
            Self::CommitLevel => ("commit-level", "what a commit waits for",
                "manual, Write Ahead Log: synchronous_commit"),
            Self::Archive => ("archive", "the WAL archive",
                "manual, Continuous Archiving: Setting Up WAL Archiving"),
            Self::Standby => ("standby", "a server that follows another",
                "manual, Standby Server Operation: standby.signal, before 12 standby_mode"),
            Self::Upstream => ("upstream", "the connection to the upstream",
                "manual, Replication: primary_conninfo"),
            Self::Slot => ("slot", "the replication slot at the upstream",
                "manual, Replication Slots: primary_slot_name"),
            Self::Restore => ("restore", "WAL from the archive",
                "manual, Continuous Archiving: restore_command"),
            Self::Feedback => ("feedback", "rows that a standby's queries still need",
                "manual, Replication: hot_standby_feedback; Hot Standby, Handling Query Conflicts"),
            Self::Timeline => ("timeline", "following after a promotion",
                "manual, Recovery Target Settings: recovery_target_timeline; release notes 12"),
            Self::Delay => ("delay", "applying later",
                "manual, Replication: recovery_min_apply_delay"),
            Self::Laboratory => ("laboratory", "a whole cluster on one machine",
                "the design: every server is on this machine's own address"),
            Self::ByHand => ("by-hand", "set by hand in the design",
                "the design: its settings, for every server or for one"),
            Self::PeopleAccess => ("people-access", "people on this machine",
                "manual, The pg_hba.conf File"),
            Self::DownstreamAccess => ("downstream-access", "a way in for a drawn downstream",
                "manual, The pg_hba.conf File: \"all\" does not match replication"),
            Self::TakeoverAccess => ("takeover-access", "a way in once roles are swapped",
                "manual, Log-Shipping Standby Servers: primary and standby should be prepared to swap roles"),
            Self::OwnAccess => ("own-access", "lines of the design's own",
                "the design: hba under [security]"),
            Self::CertificateNames => ("certificate-names", "whose certificate is the replication role's",
                "manual, Certificate Authentication; User Name Maps"),
            Self::Guide => ("guide", "what to do with the bundle", "the whole design"),
            Self::Design => ("design", "the design itself", "the whole design"),
            Self::Scripts => ("scripts", "the plan as shell", "the whole design"),
            Self::Manifest => ("manifest", "a sum for every file", "sha256sum(1)"),
        }
    }

    /// Made by this decision for the whole cluster.
    pub fn for_cluster(self) -> Origin {
        self.of(vec![Element::Cluster])
    }

    /// Made by this decision for one server.
    pub fn for_server(self, server: ServerId) -> Origin {
        self.of(vec![Element::Server(server)])
    }

    /// Made by this decision for the link to one downstream.
    pub fn for_link(self, downstream: ServerId) -> Origin {
        self.of(vec![Element::Link { downstream }])
    }

    /// Made by this decision for several elements, the most telling first.
    pub fn of(self, elements: Vec<Element>) -> Origin {
        Origin {
            decision: self,
            elements,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_whole_and_its_id_stands_once() {
        let mut ids: Vec<&str> = Decision::ALL.iter().map(|decision| decision.id()).collect();
        for decision in Decision::ALL {
            let is_plain = |c: char| c.is_ascii_lowercase() || c == '-';
            assert!(decision.id().chars().all(is_plain), "{}", decision.id());
            assert!(!decision.title().is_empty() && !decision.source().is_empty());
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), Decision::ALL.len());
    }
}
