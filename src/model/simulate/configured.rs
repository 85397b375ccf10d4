//! What a server's generated postgresql.conf says about commits.

use super::standby_names::{NamesError, StandbyNames};
use crate::model::bundle;
use crate::model::topology::{CommitLevel, Server, Topology};

/// Synchronous replication as one server would be configured, should it be the primary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configured {
    /// `None`: nothing is synchronous.
    pub names: Option<StandbyNames>,
    pub commit: CommitLevel,
}

impl Configured {
    /// Reads the text that the bundle writes, and not the drawing: what the server would read. The error is a value
    /// of synchronous_standby_names with which it does not start.
    pub fn of(topology: &Topology, server: &Server) -> Result<Self, NamesError> {
        let text = bundle::postgresql_conf(topology, server);
        let names = bundle::value_in(&text, "synchronous_standby_names").unwrap_or_default();
        // A level that is no level comes from a setting by hand, which the rules refuse; the default is `on`.
        let commit = bundle::value_in(&text, "synchronous_commit")
            .and_then(|word| CommitLevel::parse(&word.to_ascii_lowercase()))
            .unwrap_or(CommitLevel::On);
        Ok(Self {
            names: StandbyNames::parse(&names, topology.postgres())?,
            commit,
        })
    }

    /// The list, if a commit waits for it: at `off` and `local` none does.
    pub fn waited_for(&self) -> Option<&StandbyNames> {
        self.names.as_ref().filter(|_| self.commit.waits())
    }
}
