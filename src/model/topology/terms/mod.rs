//! What a design says besides the drawing, where a house has rules of its own: names, addresses, certificates, commands
//! of other tools. Everything is optional, and without it the drawing decides as always.
//!
//! [`ClusterTerms`] hold for the whole cluster, [`ServerTerms`] for one server, [`LinkTerms`] for the link to its upstream.

mod conninfo;
mod hba;
mod names;
mod tls;

use std::collections::{BTreeMap, BTreeSet};

pub use conninfo::{ConninfoOption, conninfo_options, lookup_option};
pub use hba::{HbaLine, HbaWho};
pub use names::{HbaAddress, Listen, RoleName, SegmentSize, SlotName, TablespaceFolder, check_tablespace};
pub use tls::{TlsFiles, TlsMode, TlsTerms};

use super::{BadValue, Server, ServerId, Standby, Topology};

/// What holds for every server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterTerms {
    /// The replication role's name; `None` is `replicator`.
    pub role: Option<RoleName>,
    /// Lines of pg_hba.conf of one's own, behind the derived ones.
    pub hba: Vec<HbaLine>,
    pub tls: TlsTerms,
    pub initdb: Initdb,
    /// A laboratory: its links can be cut and slowed for real. No part of what servers are configured with.
    pub has_lab_links: bool,
}

/// How `initdb` makes the data directory, where that is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Initdb {
    pub wal_segment_size: Option<SegmentSize>,
    pub data_checksums: Option<bool>,
    pub locale: Option<String>,
    pub encoding: Option<String>,
}

/// What holds for one server, primary or standby.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerTerms {
    /// `listen_addresses`; empty: as drawn.
    pub listen: Listen,
    /// Where others see its connections come from, if that is not its host.
    pub hba_address: Option<HbaAddress>,
    /// Slots besides those of its downstreams.
    pub slots: Vec<SlotName>,
    /// Where its tablespaces lie.
    pub tablespaces: BTreeMap<String, TablespaceFolder>,
}

/// What holds for the link from a standby to its upstream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkTerms {
    /// The slot's name at the upstream; `None`: derived from the server's.
    pub slot_name: Option<SlotName>,
    /// Whom it turns to while its upstream does not answer, in order.
    pub also_follows: Vec<ServerId>,
    /// It streams from nobody: `restore_command` alone feeds it.
    pub is_by_archive: bool,
    /// It takes WAL and is not a server: `pg_receivewal`, barman.
    pub is_receiver: bool,
    /// Options of the connection that the drawing does not derive.
    pub conninfo: BTreeMap<String, String>,
}

impl Initdb {
    /// The options for the command line, in a fixed order; `major` is the one whose initdb runs.
    pub fn options(&self, major: super::PgMajor) -> Vec<String> {
        let mut options = Vec::new();
        if let Some(size) = self.wal_segment_size {
            options.push(format!("--wal-segsize={}", size.megabytes()));
        }
        match self.data_checksums {
            Some(true) => options.push("--data-checksums".to_owned()),
            // Up to 17 it is the default, and the option is not known.
            Some(false) if major.has_checksums_unasked() => options.push("--no-data-checksums".to_owned()),
            Some(false) | None => {}
        }
        options.extend(self.locale.as_ref().map(|locale| format!("--locale={locale}")));
        options.extend(
            self.encoding
                .as_ref()
                .map(|encoding| format!("--encoding={encoding}")),
        );
        options
    }

    /// The size of a WAL segment in megabytes.
    pub fn segment_megabytes(&self) -> i64 {
        self.wal_segment_size
            .map_or(SegmentSize::USUAL, |size| i64::from(size.megabytes()))
    }
}

/// A locale or an encoding: one word that initdb looks up.
///
/// # Errors
///
/// If the text holds anything that no locale's name holds.
pub fn check_initdb_word(key: &str, text: &str) -> Result<(), BadValue> {
    let is_good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '@');
    if !text.is_empty() && text.len() <= 63 && text.chars().all(is_good) && !text.starts_with('-') {
        return Ok(());
    }
    Err(BadValue::term(
        format!(
            "{key} = \"{text}\" is not a name that initdb knows: it has only letters, digits and _ - . @"
        ),
        format!(
            "write for example {key} = \"{}\"",
            if key == "encoding" { "UTF8" } else { "C.UTF-8" }
        ),
    ))
}

impl Standby {
    pub fn link(&self) -> &LinkTerms {
        &self.link
    }
}

impl Server {
    pub fn terms(&self) -> &ServerTerms {
        &self.terms
    }

    /// True for what takes WAL and is not a server.
    pub fn is_receiver(&self) -> bool {
        self.standby().is_some_and(|standby| standby.link.is_receiver)
    }

    /// True for a standby that is fed by the archive alone.
    pub fn is_fed_by_archive(&self) -> bool {
        self.standby().is_some_and(|standby| standby.link.is_by_archive)
    }

    /// What its certificate says that it is (the common name, at most 64 characters): its host.
    pub fn certificate_name(&self) -> &str {
        let host = self.host().as_str();
        if host.chars().count() > 64 { "server" } else { host }
    }
}

impl Topology {
    pub fn terms(&self) -> &ClusterTerms {
        &self.terms
    }

    /// The role that standbys stream as.
    pub fn replication_role(&self) -> &str {
        self.terms.role.as_ref().map_or(RoleName::USUAL, RoleName::as_str)
    }

    /// Whom the standby turns to while its upstream is away: from 10 on, never itself or its upstream.
    pub fn fallbacks(&self, id: ServerId) -> Vec<&Server> {
        let Some(standby) = self.server(id).and_then(Server::standby) else {
            return Vec::new();
        };
        if !self.postgres.has_several_hosts() || standby.link.is_by_archive {
            return Vec::new();
        }
        let mut seen = BTreeSet::from([id, standby.upstream]);
        standby
            .link
            .also_follows
            .iter()
            .filter(|other| seen.insert(**other))
            .filter_map(|other| self.server(*other))
            .collect()
    }

    /// The standbys that may turn to this server, in the design's order.
    pub fn followers_in_need(&self, id: ServerId) -> Vec<&Server> {
        let may = |server: &&Server| self.fallbacks(server.id()).iter().any(|other| other.id() == id);
        // Few designs have any, and every server asks.
        let has_any = |server: &&Server| {
            server
                .standby()
                .is_some_and(|standby| !standby.link.also_follows.is_empty())
        };
        self.servers.iter().filter(has_any).filter(may).collect()
    }

    /// The standby streams: it is not fed by the archive alone.
    pub fn streams(&self, id: ServerId) -> bool {
        self.server(id)
            .is_some_and(|server| !server.is_primary() && !server.is_fed_by_archive())
    }

    /// True if standbys prove who they are by their certificate instead of a password.
    pub fn streams_by_certificate(&self) -> bool {
        self.auth == Some(super::Auth::Cert)
    }

    /// The database that a standby's link names: one of its own choice, or the usual one where it copies logical slots.
    pub fn link_database(&self, server: &Server) -> Option<String> {
        let standby = server.standby()?;
        if let Some(name) = standby.link.conninfo.get("dbname") {
            return Some(name.clone());
        }
        self.synchronises_slots(server).then(|| "postgres".to_owned())
    }

    /// True if the standby copies its upstream's logical slots (`sync_replication_slots`, from 17 on).
    pub fn synchronises_slots(&self, server: &Server) -> bool {
        self.postgres.has_slot_synchronisation()
            && !server.is_primary()
            && self
                .setting_of(server.id(), "sync_replication_slots")
                .is_some_and(|value| {
                    matches!(
                        value.trim().to_ascii_lowercase().as_str(),
                        "on" | "true" | "1" | "yes"
                    )
                })
    }
}
