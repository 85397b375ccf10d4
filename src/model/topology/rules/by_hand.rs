//! Settings given by hand: which one holds for a server, and what its value means to PostgreSQL.

use super::super::findings::Found;
use super::super::{Edit, Server, ServerId, Settings, Topology};

/// A setting given by hand: of one server, or (`owner: None`) of all.
#[derive(Clone, Copy)]
pub(super) struct ByHand<'a> {
    pub owner: Option<ServerId>,
    pub name: &'a str,
    pub value: &'a str,
}

/// Every setting given by hand: of the cluster, then of each server.
pub(super) fn all(topology: &Topology) -> impl Iterator<Item = ByHand<'_>> {
    let own = topology.servers().iter().flat_map(|server| {
        server.settings().iter().map(move |(name, value)| ByHand {
            owner: Some(server.id()),
            name,
            value,
        })
    });
    let common = topology.settings().iter().map(|(name, value)| ByHand {
        owner: None,
        name,
        value,
    });
    common.chain(own)
}

/// What is given for every server or for one under this name, however it is spelled.
pub(super) fn named<'a>(topology: &'a Topology, name: &'a str) -> impl Iterator<Item = ByHand<'a>> {
    all(topology).filter(move |hand| hand.name.eq_ignore_ascii_case(name))
}

/// What holds on the server: its own before the cluster's. PostgreSQL does not tell capitals apart in names.
pub(super) fn on<'a>(topology: &'a Topology, server: &'a Server, name: &str) -> Option<ByHand<'a>> {
    let find = |settings: &'a Settings, owner| {
        let mut found = settings.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
        found
            .next_back()
            .map(|(name, value)| ByHand { owner, name, value })
    };
    find(server.settings(), Some(server.id())).or_else(|| find(topology.settings(), None))
}

impl Topology {
    /// True if the server answers queries once it runs: a standby with hot_standby off only applies what it receives.
    pub fn answers_queries(&self, id: ServerId) -> bool {
        self.server(id).is_none_or(|server| {
            server.is_primary() || on(self, server, "hot_standby").is_none_or(|hand| !hand.is_off())
        })
    }
}

impl Topology {
    /// True if pg_rewind can undo what a server has that others lack: it writes whole pages after a checkpoint, for data
    /// checksums or by `wal_log_hints`.
    pub fn is_rewindable(&self, server: &Server) -> bool {
        let major = self.postgres();
        let has_checksums = self.terms().initdb.data_checksums;
        major.has_rewind()
            && (has_checksums.unwrap_or_else(|| major.has_checksums_unasked())
                || on(self, server, "wal_log_hints").is_some_and(ByHand::is_on))
    }
}

impl ByHand<'_> {
    /// A finding at its owner, with the button that takes it away.
    pub(super) fn found(self, message: String) -> Found {
        match self.owner {
            Some(id) => self.without(Found::server(id, message)),
            None => self.without(Found::cluster(message)),
        }
    }

    /// The finding with the button that takes the setting away.
    pub(super) fn without(self, found: Found) -> Found {
        found.fix(
            format!("Remove {}", self.name),
            Edit::SetSetting {
                server: self.owner,
                name: self.name.to_owned(),
                value: None,
            },
        )
    }

    /// True if PostgreSQL would read the value as the boolean `off` (any unambiguous beginning counts).
    pub(super) fn is_off(self) -> bool {
        let value = self.value.trim().to_ascii_lowercase();
        matches!(
            value.as_str(),
            "of" | "off" | "0" | "f" | "fa" | "fal" | "fals" | "false" | "n" | "no"
        )
    }

    /// True if PostgreSQL would read the value as the boolean `on`.
    pub(super) fn is_on(self) -> bool {
        let value = self.value.trim().to_ascii_lowercase();
        matches!(
            value.as_str(),
            "on" | "1" | "t" | "tr" | "tru" | "true" | "y" | "ye" | "yes"
        )
    }

    pub(super) fn number(self) -> Option<i64> {
        self.value.trim().parse().ok()
    }

    /// True for 0, with a unit or without.
    pub(super) fn is_zero(self) -> bool {
        split(self.value).is_some_and(|(number, _)| number == 0)
    }

    /// The value in megabytes, which is also what a number without a unit means for the settings asked here.
    pub(super) fn megabytes(self) -> Option<i64> {
        let (number, unit) = split(self.value)?;
        match unit {
            "B" => Some(number / (1024 * 1024)),
            "kB" => Some(number / 1024),
            "" | "MB" => Some(number),
            "GB" => number.checked_mul(1024),
            "TB" => number.checked_mul(1024 * 1024),
            _ => None,
        }
    }
}

/// A whole number and its unit.
fn split(value: &str) -> Option<(i64, &str)> {
    let value = value.trim();
    let unit_at = value
        .find(|c: char| c.is_ascii_alphabetic() || c.is_whitespace())
        .unwrap_or(value.len());
    let (number, unit) = value.split_at(unit_at);
    Some((number.parse().ok()?, unit.trim()))
}
