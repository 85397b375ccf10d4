//! What all rules ask: the design, what its servers say now, and who takes writes.

use std::cell::OnceCell;

use super::Drift;
use crate::model::configuration::Configuration;
use crate::model::health::{Lsn, Observed, Role, Sender, State, Up};
use crate::model::topology::{PgMajor, Server, Topology};

pub(super) struct View<'a> {
    pub(super) topology: &'a Topology,
    pub(super) observed: &'a Observed,
    /// Made when it is asked for the first time: it looks at the whole tree.
    configuration: OnceCell<Configuration<'a>>,
    /// Those that answer and take writes, in the design's order.
    pub(super) primaries: Vec<(&'a Server, &'a Up)>,
}

impl<'a> View<'a> {
    pub(super) fn of(topology: &'a Topology, observed: &'a Observed) -> Self {
        let up = topology
            .servers()
            .iter()
            .filter_map(|server| Some((server, observed.up(server)?)));
        Self {
            topology,
            observed,
            configuration: OnceCell::new(),
            primaries: up.filter(|(_, up)| up.role == Role::Primary).collect(),
        }
    }

    pub(super) fn configuration(&self) -> &Configuration<'a> {
        let make = || Configuration::in_cluster_folder(self.topology);
        self.configuration.get_or_init(make)
    }

    pub(super) fn up(&self, server: &Server) -> Option<&'a Up> {
        self.observed.up(server)
    }

    pub(super) fn standby(&self, server: &Server) -> Option<&'a Up> {
        self.up(server).filter(|up| up.role == Role::Standby)
    }

    /// `None`: nobody looked at it.
    pub(super) fn state(&self, server: &Server) -> Option<&'a State> {
        let seen = self.observed.get(server.name().as_str())?;
        Some(&seen.latest.state)
    }

    pub(super) fn is_down(&self, server: &Server) -> bool {
        self.state(server) == Some(&State::Down)
    }

    pub(super) fn is_silent(&self, server: &Server) -> bool {
        matches!(self.state(server), None | Some(State::Unreachable(_)))
    }

    /// The one server that takes writes; `None`: there is none, or more than one.
    pub(super) fn only_primary(&self) -> Option<(&'a Server, &'a Up)> {
        match self.primaries.as_slice() {
            [only] => Some(*only),
            _ => None,
        }
    }

    /// A server that takes writes, and is not this one.
    pub(super) fn other_primary(&self, server: &Server) -> Option<&'a Server> {
        let others = self.primaries.iter().map(|(primary, _)| *primary);
        others.into_iter().find(|primary| primary.id() != server.id())
    }

    /// True once a standby was promoted or the primary became one: what is drawn is then no goal that helps.
    pub(super) fn has_failed_over(&self) -> bool {
        self.primaries.iter().any(|(server, _)| !server.is_primary())
    }

    pub(super) fn drawn_upstream(&self, server: &Server) -> Option<&'a Server> {
        self.topology.server(server.upstream()?)
    }

    /// The row that a server shows for a standby; `None`: none, or several that nobody can tell apart.
    pub(super) fn row(&self, sender: &Server, standby: &Server) -> Option<&'a Sender> {
        let mut rows = self.rows(sender, standby);
        rows.next().filter(|_| rows.next().is_none())
    }

    pub(super) fn rows(
        &self,
        sender: &Server,
        standby: &Server,
    ) -> impl Iterator<Item = &'a Sender> + use<'a> {
        let name = standby.name().in_view(self.topology.postgres());
        let senders = self.up(sender).and_then(|up| up.senders.as_ref());
        senders
            .into_iter()
            .flatten()
            .filter(move |row| row.application_name == name)
    }

    /// As the server itself is, which may be another than the design's.
    pub(super) fn major(&self, up: &Up) -> PgMajor {
        PgMajor::of_server(&up.version).unwrap_or(self.topology.postgres())
    }
}

/// How many bytes one position is behind another; nothing if it is ahead, as readings of two moments may say.
pub(super) fn behind(have: Option<Lsn>, here: Option<Lsn>) -> Option<u64> {
    Some(u64::try_from(have?.ahead_of(here?)).unwrap_or(0))
}

/// A difference of one server.
pub(super) fn of(
    rule: &'static str,
    server: &Server,
    message: String,
    fix: impl Into<Option<String>>,
) -> Drift {
    Drift {
        rule,
        server: Some(server.name().to_string()),
        message,
        fix: fix.into(),
        repair: None,
        slot: None,
    }
}

/// A difference of the whole cluster.
pub(super) fn of_cluster(rule: &'static str, message: String, fix: impl Into<Option<String>>) -> Drift {
    Drift {
        rule,
        server: None,
        message,
        fix: fix.into(),
        repair: None,
        slot: None,
    }
}
