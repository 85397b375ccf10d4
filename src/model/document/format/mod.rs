//! The design file: TOML, read with every problem named by its line, written with as little changed as can be.
//!
//! `read` turns text into a [`Document`](super::Document) or into all of its [`Problem`]s; `write` patches the text that the
//! document was read from, key by key where the meaning differs, so that comments and order survive.

pub(in crate::model) mod fields;
mod kinds;
mod positions;
mod read;
mod scenarios;
mod terms;
mod write;
mod write_terms;

use std::collections::BTreeMap;

use crate::model::topology::{ServerId, Topology};

pub use kinds::{KINDS, Kind};
pub use read::read;
pub use write::write;

/// The keys of a design file, by table. The one list for reading, and for "did you mean".
const TOP_KEYS: [&str; 12] = [
    "format", "name", "postgres", "sync", "archive", "security", "initdb", "settings", "server", "layout",
    "scenario", "lab",
];
const SYNC_KEYS: [&str; 3] = ["method", "count", "commit"];
const ARCHIVE_KEYS: [&str; 3] = ["directory", "archive_command", "restore_command"];
const SECURITY_KEYS: [&str; 4] = ["auth", "tls", "role", "hba"];
const TLS_KEYS: [&str; 4] = ["mode", "ca", "cert", "key"];
const INITDB_KEYS: [&str; 4] = ["wal_segment_size", "data_checksums", "locale", "encoding"];
const LAB_KEYS: [&str; 1] = ["links"];
const SERVER_KEYS: [&str; 17] = [
    "name",
    "port",
    "host",
    "site",
    "follows",
    "sync_priority",
    "slot",
    "apply_delay",
    "settings",
    "listen",
    "hba_address",
    "slots",
    "also_follows",
    "by",
    "receiver",
    "conninfo",
    "tablespaces",
];

const SCENARIO_KEYS: [&str; 2] = ["name", "text"];

/// The format's number; a file with a higher one was written by a newer pgcascade.
const FORMAT: i64 = 1;

/// Why a text is not a design: one of possibly many, each with its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The id under which `check` lists it, for example `loop` or `unknown-key`: one of [`KINDS`].
    pub rule: &'static str,
    /// From 1; `None` if the problem has no place, such as a missing key.
    pub line: Option<usize>,
    /// The server it is about, by name.
    pub server: Option<String>,
    pub message: String,
    /// What to do about it.
    pub fix: Option<String>,
}

/// The text a document was read from (empty for a new one), and which of its servers is which.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Source {
    text: String,
    /// The place of each server's `[[server]]` in the text, from 0.
    places: BTreeMap<ServerId, usize>,
}

impl Source {
    /// For a text that was just read as, or written from, this topology: its tables are in the topology's order.
    pub(super) fn of_saved(text: &str, topology: &Topology) -> Self {
        let places = topology
            .servers()
            .iter()
            .enumerate()
            .map(|(place, server)| (server.id(), place))
            .collect();
        Self {
            text: text.to_owned(),
            places,
        }
    }

    pub fn text(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod terms_tests;
#[cfg(test)]
mod tests;
