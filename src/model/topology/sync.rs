//! Synchronous replication as the design says it: how many standbys a commit waits for, chosen how, and for what.

use super::{PgMajor, Topology};
use crate::model::quoting;

/// `[sync]` of a design.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncPolicy {
    pub method: SyncMethod,
    /// How many standbys a commit waits for; at least 1.
    pub count: u32,
    pub commit: CommitLevel,
}

impl Default for SyncPolicy {
    fn default() -> Self {
        Self {
            method: SyncMethod::First,
            count: 1,
            commit: CommitLevel::On,
        }
    }
}

/// How the standbys that a commit waits for are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncMethod {
    /// The first `count` of the list that stream.
    First,
    /// Any `count` of the list (quorum commit).
    Any,
}

impl SyncMethod {
    pub const ALL: [Self; 2] = [Self::First, Self::Any];

    pub fn word(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Any => "any",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.word() == word)
    }
}

/// `synchronous_commit`: what a commit waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CommitLevel {
    Off,
    Local,
    RemoteWrite,
    On,
    RemoteApply,
}

impl CommitLevel {
    pub const ALL: [Self; 5] = [
        Self::Off,
        Self::Local,
        Self::RemoteWrite,
        Self::On,
        Self::RemoteApply,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Local => "local",
            Self::RemoteWrite => "remote_write",
            Self::On => "on",
            Self::RemoteApply => "remote_apply",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.word() == word)
    }

    /// True if a commit at this level waits for standbys at all.
    pub fn waits(self) -> bool {
        self >= Self::RemoteWrite
    }
}

impl Topology {
    /// The value of synchronous_standby_names on the primary; empty if nothing is synchronous.
    ///
    /// Every name is quoted: hyphens, dots, digits first and the words FIRST and ANY would be refused bare
    /// (manual, "synchronous_standby_names").
    pub fn synchronous_standby_names(&self) -> String {
        let Some(policy) = &self.sync else {
            return String::new();
        };
        let names: Vec<String> = self
            .sync_candidates()
            .iter()
            .map(|server| quote_standby_name(&server.name().in_list(self.postgres)))
            .collect();
        if names.is_empty() {
            return String::new();
        }
        let list = names.join(", ");
        match (policy.method, policy.count) {
            (SyncMethod::Any, count) if self.postgres.has_quorum() => format!("ANY {count} ({list})"),
            (SyncMethod::First, count) if count > 1 && self.postgres.has_quorum() => {
                format!("FIRST {count} ({list})")
            }
            (SyncMethod::First, count) if count > 1 && self.postgres.has_several_sync() => {
                format!("{count} ({list})")
            }
            // A plain list waits for one. So does every list before 9.6, and what asks for more there is a finding.
            _ => list,
        }
    }
}

/// A member of the list: bare where every version takes it bare, else in double quotes with `""` for a quote.
fn quote_standby_name(name: &str) -> String {
    let plain = name
        .chars()
        .next()
        .is_some_and(|c| c.is_ascii_lowercase() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !matches!(name, "first" | "any");
    if plain {
        name.to_owned()
    } else {
        quoting::identifier(name)
    }
}

/// Which versions know the level.
pub(super) fn knows_level(major: PgMajor, level: CommitLevel) -> bool {
    level != CommitLevel::RemoteApply || major.has_remote_apply()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bare_only_where_every_version_takes_them_bare() {
        for (name, quoted) in [
            ("slave1", "slave1"),
            ("s-1", "\"s-1\""),
            ("1node", "\"1node\""),
            ("any", "\"any\""),
            ("First", "\"First\""),
            ("a\"b", "\"a\"\"b\""),
            ("my node", "\"my node\""),
        ] {
            assert_eq!(quote_standby_name(name), quoted);
        }
    }
}
