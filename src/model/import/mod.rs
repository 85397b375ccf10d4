//! A cluster that somebody already runs, as a design: from the files of its servers, or from what the servers say.
//!
//! [`Facts`] are what one server was found to be: `found` reads them from files through an injected
//! [`Files`], the engine's walk asks running servers. [`draw`] makes one design of all of them. What no design can express is a
//! [`Loss`], line by line; what nobody could see is [`Asked`] or [`Unreached`]. Nothing is dropped in silence.

mod access;
mod archive;
mod assemble;
mod conf_file;
mod directory;
mod facts;
mod files;
mod found;
mod hba_file;
mod layout;
mod links;
mod losses;
mod names;
mod own;
mod places;
mod redact;
mod security;
mod settings;
mod shell;
mod sync;
mod terms;
mod tokens;
mod tools;
mod tree;
mod unreached;
mod version;

pub use assemble::draw;
pub use conf_file::{Conf, ConfLine, ConfProblem, read as read_conf};
pub use facts::is_on;
pub use facts::{Facts, Given, Pending, Upstream};
pub use files::{Entry, Files, InMemory, Unread};
pub use found::{Found, find};
pub use hba_file::{Access, read as read_access};
pub use links::{Dialled, dialled};
pub use own::{is_written_by, names_in};
pub use redact::{redacted, without_password};
pub use settings::is_same;
pub use tools::{OfTools, may_be as may_be_of_a_tool, read as read_tools};
pub use version::oldest_that_knows;

use serde::Serialize;

use super::topology::{DraftProblem, Topology};

/// What a design cannot say, with the place it stands in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// A file and its line, `conf/postgresql.conf:12`, or a server.
    #[serde(rename = "where")]
    pub place: String,
    /// The line as it was read, without secrets; empty where it is about no line.
    pub line: String,
    pub message: String,
}

/// What could not be seen, and was guessed: a person should look at it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// The server it is about, by its name in the design.
    pub server: Option<String>,
    pub question: String,
    /// What the design says now.
    pub guess: String,
}

/// A server that others speak of, and that was not looked into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unreached {
    /// Its name in the design; `None` if the design has no server for it.
    pub server: Option<String>,
    pub host: Option<String>,
    pub port: Option<u16>,
    /// Who speaks of it, and why it was not reached.
    pub message: String,
}

/// A design, and everything that it does not say.
#[derive(Clone, Debug)]
pub struct Imported {
    pub topology: Topology,
    /// What the design calls each server of the facts.
    pub names: Vec<String>,
    pub asked: Vec<Asked>,
    pub losses: Vec<Loss>,
    pub unreached: Vec<Unreached>,
}

/// Why there is no design.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoImport {
    #[error("no server was found")]
    Nothing,
    #[error("the servers do not form a tree: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    NoTree(Vec<DraftProblem>),
}

#[cfg(test)]
mod random_tests;
#[cfg(test)]
mod tests;
