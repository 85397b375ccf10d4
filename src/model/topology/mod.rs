//! The cluster that is drawn: a tree of servers with one primary, and the cluster's own settings.
//!
//! Knows what can be true of a cluster and nothing about files, screens or processes.
//! Its fields are private: the only ways in are [`Topology::new`], [`Topology::apply`] and the readers
//! built on them, so the invariants always hold: exactly one primary, every standby has an existing
//! upstream, no loop, no name twice. What is possible but unwise is a [`Finding`], not a [`Refusal`].
//!
//! Start with [`Topology`], then `edit.rs` for what can be done to it and `rules.rs` for what is unwise.

mod archive;
mod auth;
mod branches;
pub mod catalogue;
mod draft;
mod edit;
mod findings;
mod folders;
mod hazards;
mod identity;
mod lab;
mod major;
mod names;
pub mod notation;
mod refusal;
mod room;
mod rules;
mod servers;
mod sites;
mod sync;
pub mod terms;
mod values;
mod views;

use std::collections::{BTreeMap, BTreeSet};

pub use archive::{Archive, Tool};
pub use auth::Auth;
pub use catalogue::libraries;
pub use draft::{Draft, DraftProblem, DraftServer, Guesses, nearest};
pub use edit::{Applied, BadEdit, Downstreams, EDIT_USAGES, Edit, edit_verbs};
pub use findings::{Finding, Fix, Severity, Subject, check};
pub use hazards::{Danger, Hazard, digest};
pub use major::{PgMajor, UnknownMajor};
pub use names::{NAME_BYTES, ServerName, SiteName};
pub use refusal::Refusal;
pub use rules::{CLUSTER_OWN, DATA_DEPTH, MANAGED_SETTINGS, RULES, Rule, not_below_primary, reporting, rule};
pub use sync::{CommitLevel, SyncMethod, SyncPolicy};
pub use terms::{ClusterTerms, HbaAddress, LinkTerms, ServerTerms, SlotName};
pub use values::{ApplyDelay, BadValue, Host, Port, ServerId, check_setting_name, check_setting_value};

/// Settings by name, as they would stand in postgresql.conf (values unquoted).
pub type Settings = BTreeMap<String, String>;

/// One server of the design.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    id: ServerId,
    name: ServerName,
    host: Host,
    port: Port,
    /// Where it stands, if that was said.
    site: Option<SiteName>,
    settings: Settings,
    terms: ServerTerms,
    role: Role,
}

/// What a server is in the tree. A mixture cannot be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    Primary,
    Standby(Standby),
}

/// What only a standby has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standby {
    upstream: ServerId,
    /// Its place in synchronous_standby_names, from 1; `None` is asynchronous.
    sync_priority: Option<u32>,
    /// `None`: a slot where the version has slots.
    slot: Option<bool>,
    apply_delay: Option<ApplyDelay>,
    link: LinkTerms,
}

impl Standby {
    pub fn upstream(&self) -> ServerId {
        self.upstream
    }
    pub fn sync_priority(&self) -> Option<u32> {
        self.sync_priority
    }
    /// What the design says about the slot; `None` means "a slot where the version has slots".
    pub fn slot(&self) -> Option<bool> {
        self.slot
    }
    pub fn apply_delay(&self) -> Option<&ApplyDelay> {
        self.apply_delay.as_ref()
    }
}

impl Server {
    pub fn id(&self) -> ServerId {
        self.id
    }
    pub fn name(&self) -> &ServerName {
        &self.name
    }
    pub fn host(&self) -> &Host {
        &self.host
    }
    pub fn port(&self) -> Port {
        self.port
    }
    pub fn site(&self) -> Option<&SiteName> {
        self.site.as_ref()
    }
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
    pub fn role(&self) -> &Role {
        &self.role
    }
    pub fn is_primary(&self) -> bool {
        matches!(self.role, Role::Primary)
    }
    pub fn standby(&self) -> Option<&Standby> {
        match &self.role {
            Role::Primary => None,
            Role::Standby(standby) => Some(standby),
        }
    }
    pub fn upstream(&self) -> Option<ServerId> {
        self.standby().map(Standby::upstream)
    }
    /// True if it applies WAL later than it receives it; a delay of 0 is none.
    pub fn is_delayed(&self) -> bool {
        self.standby()
            .and_then(Standby::apply_delay)
            .is_some_and(|delay| delay.as_str().chars().any(|c| ('1'..='9').contains(&c)))
    }
}

/// The whole cluster: servers in the design's order, and what they have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topology {
    name: String,
    postgres: PgMajor,
    sync: Option<SyncPolicy>,
    archive: Option<Archive>,
    auth: Option<Auth>,
    tls: bool,
    settings: Settings,
    /// Boxed: few designs have any, and topologies are held by value in many places.
    terms: Box<ClusterTerms>,
    servers: servers::Servers,
    next_id: u32,
}

impl Topology {
    /// A cluster of one server, the primary. Everything else comes by [`Topology::apply`].
    pub fn new(name: &str, postgres: PgMajor, primary: ServerName, port: Port) -> Self {
        let server = Server {
            id: ServerId(0),
            name: primary,
            host: Host::default(),
            port,
            site: None,
            settings: Settings::new(),
            terms: ServerTerms::default(),
            role: Role::Primary,
        };
        Self {
            name: name.to_owned(),
            postgres,
            sync: None,
            archive: None,
            auth: None,
            tls: false,
            settings: Settings::new(),
            terms: Box::default(),
            servers: vec![server].into(),
            next_id: identity::ROOM,
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }
    pub fn postgres(&self) -> PgMajor {
        self.postgres
    }
    pub fn sync(&self) -> Option<&SyncPolicy> {
        self.sync.as_ref()
    }
    pub fn archive(&self) -> Option<&Archive> {
        self.archive.as_ref()
    }
    /// What the design says; [`Topology::effective_auth`] is what holds.
    pub fn auth(&self) -> Option<Auth> {
        self.auth
    }
    /// True if every link is encrypted, and both of its ends show a certificate.
    pub fn has_tls(&self) -> bool {
        self.tls
    }
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Servers in the design's order.
    pub fn servers(&self) -> &[Server] {
        &self.servers
    }

    pub fn server(&self, id: ServerId) -> Option<&Server> {
        self.servers.get(self.servers.place(id)?)
    }

    /// A server's place in the design's order.
    pub fn place(&self, id: ServerId) -> Option<usize> {
        self.servers.place(id)
    }

    pub fn by_name(&self, name: &str) -> Option<&Server> {
        self.servers.by_name(name)
    }

    pub fn primary(&self) -> &Server {
        self.servers
            .get(self.servers.primary())
            .unwrap_or(&self.servers[0])
    }

    /// The servers that follow this one, in the design's order.
    pub fn downstreams(&self, id: ServerId) -> impl Iterator<Item = &Server> {
        self.servers
            .below(id)
            .iter()
            .filter_map(|place| self.servers.get(*place))
    }

    /// True for a standby that has downstreams.
    pub fn is_relay(&self, id: ServerId) -> bool {
        self.server(id).is_some_and(|server| !server.is_primary()) && self.downstreams(id).next().is_some()
    }

    /// How many links lie between the server and the primary: the length of [`Topology::upstreams`], without following them.
    pub fn level(&self, id: ServerId) -> usize {
        self.servers.level(id)
    }

    /// The server's upstreams from the nearest to the primary.
    pub fn upstreams(&self, id: ServerId) -> Vec<ServerId> {
        let mut path = Vec::new();
        let mut next = self.server(id).and_then(Server::upstream);
        while let Some(upstream) = next {
            if path.len() > self.servers.len() {
                break;
            }
            path.push(upstream);
            next = self.server(upstream).and_then(Server::upstream);
        }
        path
    }

    /// The server and all below it, upstreams before downstreams.
    pub fn subtree(&self, id: ServerId) -> Vec<ServerId> {
        let mut found = Vec::new();
        let mut stack = vec![id];
        while let Some(next) = stack.pop() {
            found.push(next);
            let below = self.servers.below(next).iter().rev();
            stack.extend(below.filter_map(|place| self.servers.get(*place)).map(Server::id));
        }
        found
    }

    /// Every server, upstreams before downstreams: the order in which a cluster is built and started.
    pub fn in_tree_order(&self) -> Vec<ServerId> {
        self.subtree(self.primary().id)
    }

    /// How people prove who they are: the design's way, or the best that the version has. A certificate is for standbys
    /// alone ([`Topology::streams_by_certificate`]): people on the machine have a password then.
    pub fn effective_auth(&self) -> Auth {
        let best = if self.postgres.has_scram() {
            Auth::Scram
        } else {
            Auth::Md5
        };
        self.auth.filter(|auth| *auth != Auth::Cert).unwrap_or(best)
    }

    /// True if the standby streams through a slot at its upstream.
    pub fn uses_slot(&self, id: ServerId) -> bool {
        self.postgres.has_slots()
            && self
                .server(id)
                .and_then(Server::standby)
                .is_some_and(|standby| standby.slot.unwrap_or(true) && !standby.link.is_by_archive)
    }

    /// The standbys that can be synchronous, in the order of synchronous_standby_names:
    /// direct downstreams of the primary that have a priority.
    pub fn sync_candidates(&self) -> Vec<&Server> {
        let primary = self.primary().id;
        let mut candidates: Vec<(u32, &Server)> = self
            .downstreams(primary)
            .filter_map(|server| Some((server.standby()?.sync_priority?, server)))
            .collect();
        candidates.sort_by_key(|(priority, _)| *priority);
        candidates.into_iter().map(|(_, server)| server).collect()
    }

    /// True if every server listens on this machine's loopback, so that a deployment here can run it.
    pub fn is_all_loopback(&self) -> bool {
        self.servers.iter().all(|server| server.host.is_loopback())
    }

    /// The lowest port from the given one on that no server of the design uses.
    pub fn free_port_from(&self, from: u16) -> Option<Port> {
        let taken: BTreeSet<u16> = self.servers.iter().map(|server| server.port.number()).collect();
        (from.max(1)..=u16::MAX)
            .find(|number| !taken.contains(number))
            .and_then(|number| Port::new(number).ok())
    }

    /// The effective value of a setting given by hand: the server's own, else the cluster's.
    pub fn setting_of(&self, id: ServerId, name: &str) -> Option<&str> {
        let own = self.server(id).and_then(|server| server.settings.get(name));
        own.or_else(|| self.settings.get(name)).map(String::as_str)
    }
}
