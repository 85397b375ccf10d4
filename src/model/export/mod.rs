//! The design for the tools that its users already trust: one design, many targets, and what is lost on the way.
//!
//! [`export`] makes the files of a target, [`losses`] says of each feature of the design whether the target keeps it.
//! Files are plain data, the same bytes for the same design, and hold no secret: passwords and keys come into being where
//! the files are used. `feature` lists what a design can hold, `fate` is the table of features and targets.

mod ansible;
mod cloudnativepg;
mod compose;
mod fate;
mod feature;
mod guide;
mod hosts;
mod names;
mod parts;
mod patroni;
mod repmgr;
mod systemd;
mod table;
mod yaml;

use std::collections::BTreeSet;

use super::document::Document;
use super::topology::{Severity, Topology, check};

pub use ansible::{EVENTS, EVENTS_NAME, Group, Playbook, left_slots};
pub use fate::{Fate, Kept, losses};
pub use feature::Feature;
pub use hosts::HostLayout;

/// Where a design can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    Hosts,
    Systemd,
    Compose,
    Ansible,
    Patroni,
    Repmgr,
    CloudNativePg,
}

impl Target {
    pub const ALL: [Self; 7] = [
        Self::Hosts,
        Self::Systemd,
        Self::Compose,
        Self::Ansible,
        Self::Patroni,
        Self::Repmgr,
        Self::CloudNativePg,
    ];

    /// As the command line spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Hosts => "hosts",
            Self::Systemd => "systemd",
            Self::Compose => "compose",
            Self::Ansible => "ansible",
            Self::Patroni => "patroni",
            Self::Repmgr => "repmgr",
            Self::CloudNativePg => "cloudnativepg",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|target| target.word() == word)
    }

    /// As people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hosts => "Plain hosts",
            Self::Systemd => "systemd",
            Self::Compose => "Compose",
            Self::Ansible => "Ansible",
            Self::Patroni => "Patroni",
            Self::Repmgr => "repmgr",
            Self::CloudNativePg => "CloudNativePG",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Hosts => "A folder and a script for each host",
            Self::Systemd => "systemd units for all servers of one host",
            Self::Compose => "Containers with docker compose or podman-compose",
            Self::Ansible => "An Ansible project for many hosts",
            Self::Patroni => "Patroni, with promotion left to people",
            Self::Repmgr => "repmgr: registered nodes, switchover by command",
            Self::CloudNativePg => "CloudNativePG: a Cluster for each server, in Kubernetes",
        }
    }

    /// What must be there before the export can be used.
    pub fn needs(self) -> &'static str {
        match self {
            Self::Hosts => "bash and PostgreSQL's programs on each host",
            Self::Systemd => "systemd, bash and PostgreSQL's programs on one host",
            Self::Compose => "docker compose, docker-compose or podman-compose, and a PostgreSQL image",
            Self::Ansible => "ansible-core 2.14 or later, ssh to the hosts, PostgreSQL's programs there",
            Self::Patroni => "Patroni 3.3.2 or later, an etcd cluster, PostgreSQL's programs",
            Self::Repmgr => "repmgr for the design's PostgreSQL version on each host, PostgreSQL's programs",
            Self::CloudNativePg => "Kubernetes with the CloudNativePG operator 1.25 or later",
        }
    }
}

/// One file of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportFile {
    /// Relative to the export's folder, with `/`.
    pub path: String,
    pub contents: String,
    pub executable: bool,
}

/// All files, in the order in which people read them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    pub target: Target,
    pub files: Vec<ExportFile>,
}

impl Export {
    pub fn file(&self, path: &str) -> Option<&ExportFile> {
        self.files.iter().find(|file| file.path == path)
    }
}

/// Why a design cannot go to a target: what is the matter, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotPossible {
    pub message: String,
    pub hint: String,
}

impl NotPossible {
    fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: hint.into(),
        }
    }
}

/// Makes every file of the target.
///
/// # Errors
///
/// If the design has an error, or the target cannot hold it at all.
pub fn export(document: &Document, target: Target) -> Result<Export, NotPossible> {
    export_in(document, target, HostLayout::default())
}

/// The same with the files of each host where a distribution's packages have theirs; of all targets `hosts` alone knows layouts.
///
/// # Errors
///
/// If the design has an error, or the target cannot hold it at all.
pub fn export_in(document: &Document, target: Target, layout: HostLayout) -> Result<Export, NotPossible> {
    let document = &document.without_lab();
    let topology = document.topology();
    if let Some(error) = check(topology)
        .into_iter()
        .find(|finding| finding.severity == Severity::Error)
    {
        return Err(NotPossible::new(
            format!(
                "The design has an error, and no target could run it: {}",
                error.message
            ),
            "Fix it: `pgcascade check FILE` lists every finding.",
        ));
    }
    refuse(topology, target)?;
    let mut files = match target {
        Target::Hosts => hosts::files(topology, layout),
        Target::Systemd => systemd::files(topology),
        Target::Compose => compose::files(topology),
        Target::Ansible => ansible::files(topology),
        Target::Patroni => patroni::files(topology),
        Target::Repmgr => repmgr::files(topology),
        Target::CloudNativePg => cloudnativepg::files(topology),
    };
    files.insert(
        0,
        parts::plain("README.md", guide::readme(topology, target, layout)),
    );
    files.push(parts::plain("design.toml", document.text()));
    Ok(Export { target, files })
}

/// The most hosts that can let in all the others by name: at 10,000 the files would take gigabytes.
const MOST_HOSTS_IN_EVERY_HBA: usize = 1_000;

/// What a target cannot hold at all.
fn refuse(topology: &Topology, target: Target) -> Result<(), NotPossible> {
    let major = topology.postgres();
    if matches!(target, Target::Patroni | Target::Repmgr) {
        let hosts: BTreeSet<&str> = topology
            .servers()
            .iter()
            .map(|server| server.host().as_str())
            .collect();
        if hosts.len() > MOST_HOSTS_IN_EVERY_HBA {
            return Err(NotPossible::new(
                format!(
                    "With {} each server lets every other host in, and the design has {} hosts: {MOST_HOSTS_IN_EVERY_HBA} is the limit",
                    target.name(),
                    hosts.len()
                ),
                "Split the design, or choose another target: `pgcascade export --list`.",
            ));
        }
    }
    let supports = match target {
        Target::Hosts | Target::Systemd | Target::Compose | Target::Ansible => return Ok(()),
        Target::Patroni | Target::Repmgr if major.has_several_hosts() => return Ok(()),
        Target::Patroni | Target::Repmgr => "10",
        Target::CloudNativePg if major.is_for_cloudnativepg() => return Ok(()),
        Target::CloudNativePg => "14",
    };
    Err(NotPossible::new(
        format!(
            "{} works with PostgreSQL {supports} and later here, and the design is for {major}",
            target.title()
        ),
        "Change the design's version, or choose another target: `pgcascade export --list`.",
    ))
}

#[cfg(test)]
mod tests;
