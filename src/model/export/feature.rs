//! What a design can hold, as one list: each feature with the places where a design has it.

use crate::model::document::Document;
use crate::model::topology::terms::{Initdb, TlsTerms};
use crate::model::topology::{Archive, Auth, Server, Standby, SyncMethod, Topology};

/// Something of a design that a target keeps, or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    Tree,
    Primary,
    RelayLoss,
    PromotionByHand,
    SyncPriority,
    SyncQuorum,
    SyncSpare,
    SyncWaits,
    CommitLevel,
    Port,
    Host,
    Listen,
    HbaAddress,
    HbaLines,
    Slot,
    NoSlot,
    SlotName,
    ExtraSlots,
    SlotSynchronisation,
    ApplyDelay,
    ArchiveDirectory,
    ArchiveCommands,
    ArchiveOnly,
    Receiver,
    FallBack,
    LinkOptions,
    Authentication,
    Certificates,
    OwnCertificates,
    Role,
    Initdb,
    Tablespaces,
    ClusterSettings,
    ServerSettings,
    Name,
    Site,
    Drawing,
    Scenarios,
    LabLinks,
}

impl Feature {
    pub const ALL: [Self; 39] = [
        Self::Tree,
        Self::Primary,
        Self::RelayLoss,
        Self::PromotionByHand,
        Self::SyncPriority,
        Self::SyncQuorum,
        Self::SyncSpare,
        Self::SyncWaits,
        Self::CommitLevel,
        Self::Port,
        Self::Host,
        Self::Listen,
        Self::HbaAddress,
        Self::HbaLines,
        Self::Slot,
        Self::NoSlot,
        Self::SlotName,
        Self::ExtraSlots,
        Self::SlotSynchronisation,
        Self::ApplyDelay,
        Self::ArchiveDirectory,
        Self::ArchiveCommands,
        Self::ArchiveOnly,
        Self::Receiver,
        Self::FallBack,
        Self::LinkOptions,
        Self::Authentication,
        Self::Certificates,
        Self::OwnCertificates,
        Self::Role,
        Self::Initdb,
        Self::Tablespaces,
        Self::ClusterSettings,
        Self::ServerSettings,
        Self::Name,
        Self::Site,
        Self::Drawing,
        Self::Scenarios,
        Self::LabLinks,
    ];

    /// For programs: it never changes.
    pub fn word(self) -> &'static str {
        match self {
            Self::Tree => "tree",
            Self::Primary => "primary",
            Self::RelayLoss => "relay-loss",
            Self::PromotionByHand => "promotion-by-hand",
            Self::SyncPriority => "sync-priority",
            Self::SyncQuorum => "sync-quorum",
            Self::SyncSpare => "sync-spare",
            Self::SyncWaits => "sync-waits",
            Self::CommitLevel => "commit-level",
            Self::Port => "port",
            Self::Host => "host",
            Self::Listen => "listen",
            Self::HbaAddress => "hba-address",
            Self::HbaLines => "hba-lines",
            Self::Slot => "slot",
            Self::NoSlot => "no-slot",
            Self::SlotName => "slot-name",
            Self::ExtraSlots => "extra-slots",
            Self::SlotSynchronisation => "slot-synchronisation",
            Self::ApplyDelay => "apply-delay",
            Self::ArchiveDirectory => "archive-directory",
            Self::ArchiveCommands => "archive-commands",
            Self::ArchiveOnly => "archive-only",
            Self::Receiver => "receiver",
            Self::FallBack => "fallback",
            Self::LinkOptions => "link-options",
            Self::Authentication => "authentication",
            Self::Certificates => "tls",
            Self::OwnCertificates => "own-certificates",
            Self::Role => "role",
            Self::Initdb => "initdb",
            Self::Tablespaces => "tablespaces",
            Self::ClusterSettings => "settings",
            Self::ServerSettings => "server-settings",
            Self::Name => "name",
            Self::Site => "site",
            Self::Drawing => "drawing",
            Self::Scenarios => "scenarios",
            Self::LabLinks => "lab-links",
        }
    }

    /// Where the design has it: servers by name, "cluster" for what is everywhere. Empty: it has it nowhere.
    pub fn places(self, document: &Document) -> Vec<String> {
        let topology = document.topology();
        let terms = topology.terms();
        let cluster = |holds: bool| {
            if holds {
                vec!["cluster".to_owned()]
            } else {
                Vec::new()
            }
        };
        let servers = |which: &dyn Fn(&Server) -> bool| -> Vec<String> {
            let servers = topology.servers().iter().filter(|server| which(server));
            servers.map(|server| server.name().to_string()).collect()
        };
        let link = |which: &dyn Fn(&Server) -> bool| servers(&|server| !server.is_primary() && which(server));
        let candidates = topology.sync_candidates();
        let policy = topology.sync().filter(|_| !candidates.is_empty());
        let count = policy.map_or(0, |policy| usize::try_from(policy.count).unwrap_or(usize::MAX));
        let is_archived = |by: fn(&Archive) -> bool| topology.archive().is_some_and(by);
        match self {
            Self::Tree | Self::PromotionByHand => cluster(topology.servers().len() > 1),
            Self::Primary => vec![topology.primary().name().to_string()],
            Self::RelayLoss => servers(&|server| topology.is_relay(server.id())),
            Self::SyncPriority if policy.is_some_and(|policy| policy.method == SyncMethod::First) => {
                candidates
                    .iter()
                    .map(|server| server.name().to_string())
                    .collect()
            }
            Self::SyncPriority => Vec::new(),
            Self::SyncQuorum => cluster(policy.is_some_and(|policy| policy.method == SyncMethod::Any)),
            Self::SyncSpare => cluster(policy.is_some() && candidates.len() > count),
            Self::SyncWaits => cluster(policy.is_some_and(|policy| policy.commit.waits())),
            Self::CommitLevel => cluster(topology.sync().is_some()),
            Self::Port | Self::Host => servers(&|_| true),
            Self::Listen => servers(&|server| !server.terms().listen.entries().is_empty()),
            Self::HbaAddress => servers(&|server| server.terms().hba_address.is_some()),
            Self::HbaLines => cluster(!terms.hba.is_empty()),
            Self::Slot => link(&|server| topology.uses_slot(server.id())),
            Self::NoSlot => link(&|server| {
                let said = server.standby().and_then(Standby::slot);
                topology.postgres().has_slots() && said == Some(false)
            }),
            Self::SlotName => {
                link(&|server| server.standby().is_some_and(|own| own.link().slot_name.is_some()))
            }
            Self::ExtraSlots => servers(&|server| !server.terms().slots.is_empty()),
            Self::SlotSynchronisation => link(&|server| topology.synchronises_slots(server)),
            Self::ApplyDelay => link(&Server::is_delayed),
            Self::ArchiveDirectory => cluster(is_archived(|archive| archive.directory().is_some())),
            Self::ArchiveCommands => cluster(is_archived(|archive| archive.directory().is_none())),
            Self::ArchiveOnly => link(&Server::is_fed_by_archive),
            Self::Receiver => link(&Server::is_receiver),
            Self::FallBack => link(&|server| {
                server
                    .standby()
                    .is_some_and(|own| !own.link().also_follows.is_empty())
            }),
            Self::LinkOptions => link(&|server| {
                server
                    .standby()
                    .is_some_and(|own| !own.link().conninfo.is_empty())
            }),
            Self::Authentication | Self::Drawing => cluster(true),
            Self::Certificates => cluster(topology.has_tls()),
            Self::OwnCertificates => cluster(topology.has_tls() && terms.tls != TlsTerms::default()),
            Self::Role => cluster(terms.role.is_some()),
            Self::Initdb => cluster(terms.initdb != Initdb::default()),
            Self::Tablespaces => servers(&|server| !server.terms().tablespaces.is_empty()),
            Self::ClusterSettings => topology
                .settings()
                .keys()
                .map(|name| format!("cluster: {name}"))
                .collect(),
            Self::ServerSettings => server_settings(topology),
            Self::Name => servers(&|_| true),
            Self::Site => servers(&|server| server.site().is_some()),
            Self::Scenarios => cluster(!document.scenarios().is_empty()),
            Self::LabLinks => cluster(terms.has_lab_links),
        }
    }
}

fn server_settings(topology: &Topology) -> Vec<String> {
    let servers = topology.servers().iter();
    servers
        .flat_map(|server| {
            server
                .settings()
                .keys()
                .map(move |name| format!("{}: {name}", server.name()))
        })
        .collect()
}

/// How people and standbys prove who they are, in the words of the report.
pub fn authentication(topology: &Topology) -> &'static str {
    match topology.auth().unwrap_or_else(|| topology.effective_auth()) {
        Auth::Scram => "SCRAM passwords",
        Auth::Md5 => "md5 passwords",
        Auth::Trust => "no passwords (trust)",
        Auth::Cert => "certificates of the standbys",
    }
}
