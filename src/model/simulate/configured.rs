//! What a server's postgresql.conf will say about commits, and what a running one says.

use super::standby_names::{NamesError, StandbyNames};
use crate::model::configuration::Configuration;
use crate::model::health::{Settings, Source};
use crate::model::topology::{CommitLevel, PgMajor, Server, Topology};

/// Synchronous replication as one server would be configured, should it be the primary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configured {
    /// `None`: nothing is synchronous.
    pub names: Option<StandbyNames>,
    pub commit: CommitLevel,
}

impl Configured {
    /// Asks the settings that the server's file will have, and not the drawing: hand-set ones count. The error is a value
    /// of synchronous_standby_names with which the server does not start.
    ///
    /// # Errors
    ///
    /// If the server does not start with its value of synchronous_standby_names.
    pub fn of(topology: &Topology, server: &Server) -> Result<Self, NamesError> {
        let configuration = Configuration::in_cluster_folder(topology);
        let names = configuration
            .value(server, "synchronous_standby_names")
            .unwrap_or_default();
        // A level that is not a level comes from a setting by hand, which the rules refuse; the default is `on`.
        let commit = configuration
            .value(server, "synchronous_commit")
            .and_then(|word| CommitLevel::parse(&word.to_ascii_lowercase()))
            .unwrap_or(CommitLevel::On);
        Ok(Self {
            names: StandbyNames::parse(&names, topology.postgres())?,
            commit,
        })
    }

    /// The same as a server of this version runs with. `None`: it does not say all of it.
    pub fn running(settings: &Settings, major: PgMajor) -> Option<Self> {
        let names = settings.value("synchronous_standby_names")?;
        let commit = settings.get("synchronous_commit")?;
        if commit.source == Source::Session {
            return None;
        }
        Some(Self {
            names: StandbyNames::parse(names, major).ok()?,
            commit: CommitLevel::parse(commit.value.as_deref()?)?,
        })
    }

    /// The list, if a commit waits for it: at `off` and `local` none does.
    pub fn waited_for(&self) -> Option<&StandbyNames> {
        self.names.as_ref().filter(|_| self.commit.waits())
    }
}
