//! The steps that build a cluster, cheapest correct way first found on real servers (9.2 to 18):
//!
//! one `initdb`, one single-user start that makes the replication role, cold copies of that directory for the
//! standbys (no base backup: the directory never ran), files, start, wait, prove. Nothing waits by sleeping, and what
//! does not depend on each other may run at once: `after` says what does.
//!
//! Reads in the order of the plan: folders here, then `data`, `run`, `prove`.

mod data;
mod prove;
mod run;

use std::collections::BTreeMap;

use super::steps::{New, Steps};
use super::{Action, Build, Certificate, Head, Kind, Machine, Make, Phase, Plan, StepId};
use crate::model::configuration::ClusterFolder;
use crate::model::topology::{Archive, Auth, Server, ServerId, Topology};
use crate::model::words::counted_in_text;

/// The steps that build the topology on the machine. Assumes that every check of [`preflight`](super::preflight) is ok.
pub fn plan_deploy(topology: &Topology, machine: &Machine) -> Plan {
    let mut planner = Planner::new(topology);
    planner.steps.enter(Phase::Folders);
    let folders = planner.folders();
    planner.steps.enter(Phase::Data);
    planner.data(folders);
    planner.steps.enter(Phase::Files);
    planner.files();
    planner.start_by_levels();
    planner.steps.enter(Phase::Stream);
    planner.streaming();
    planner.steps.enter(Phase::Sync);
    planner.switch_on_sync();
    planner.steps.enter(Phase::Prove);
    planner.prove();
    Plan {
        cluster: topology.name().to_owned(),
        folder: machine.folder.clone(),
        head: Head {
            makes: planner.makes,
            needs_secrets: planner.uses_passwords,
            ..Head::of(Kind::Deploy)
        },
        steps: planner.steps.finish(),
    }
}

/// What each server has behind it so far, by step.
struct Planner<'a> {
    topology: &'a Topology,
    folders: BTreeMap<ServerId, String>,
    /// Upstreams before downstreams.
    order: Vec<ServerId>,
    uses_passwords: bool,
    steps: Steps,
    /// The folders so far.
    makes: Vec<String>,
    /// After these nothing of the cluster is still missing on disk: no server may start before its own.
    copied: Vec<StepId>,
    installed: BTreeMap<ServerId, Vec<StepId>>,
    started: BTreeMap<ServerId, StepId>,
    ready: BTreeMap<ServerId, StepId>,
    /// The slot that a standby uses, at its upstream.
    slot_made: BTreeMap<ServerId, StepId>,
    streams: BTreeMap<ServerId, StepId>,
    /// What the rows of the primary wait for, beside its standbys.
    sync_on: Option<StepId>,
}

impl<'a> Planner<'a> {
    fn new(topology: &'a Topology) -> Self {
        Self {
            topology,
            folders: topology.folders().clone(),
            order: topology.in_tree_order(),
            uses_passwords: topology.effective_auth() != Auth::Trust,
            steps: Steps::default(),
            makes: Vec::new(),
            copied: Vec::new(),
            installed: BTreeMap::new(),
            started: BTreeMap::new(),
            ready: BTreeMap::new(),
            slot_made: BTreeMap::new(),
            streams: BTreeMap::new(),
            sync_on: None,
        }
    }

    fn servers(&self) -> Vec<&'a Server> {
        self.order
            .iter()
            .filter_map(|id| self.topology.server(*id))
            .collect()
    }

    fn folder(&self, server: &Server) -> String {
        self.folders.get(&server.id()).cloned().unwrap_or_default()
    }

    fn data_folder(&self, server: &Server) -> String {
        ClusterFolder::data(&self.folder(server))
    }

    /// The folders, the passwords, the certificates; gives what `initdb` and the copies must wait for.
    fn folders(&mut self) -> Vec<StepId> {
        let claim = self.steps.add(New {
            title: "Claim the folder".to_owned(),
            why: "A marker in the folder shows that pgcascade made its contents; only contents of a marked \
                 folder are ever removed"
                .to_owned(),
            action: Action::Build(Build::ClaimFolder),
            undo: Some(Action::Build(Build::ReleaseFolder)),
            stays_with_rest: Some(
                "The folder keeps its marker, so that `pgcascade teardown` can remove the rest.",
            ),
            ..New::default()
        });
        let mut folder = |path: String, why: &str, after: StepId| {
            self.makes.push(path.clone());
            self.steps.add(New {
                lasts: true,
                title: format!("Create the folder {path}/"),
                why: why.to_owned(),
                undo: Some(Action::Make(Make::RemoveFolder { path: path.clone() })),
                action: Action::Make(Make::MakeFolder { path }),
                after: vec![after],
                ..New::default()
            })
        };
        let mut made = Vec::new();
        let secrets = self.uses_passwords.then(|| {
            folder(
                ClusterFolder::SECRETS.to_owned(),
                "Passwords are in files that only their owner can read (mode 0600), never in a \
                 configuration file or on a command line",
                claim,
            )
        });
        made.push(folder(
            ClusterFolder::SOCKETS.to_owned(),
            "A separate folder for the Unix-domain sockets (unix_socket_directories), so they cannot clash \
             with another cluster's",
            claim,
        ));
        let tls = self.topology.has_tls().then(|| {
            folder(
                ClusterFolder::TLS.to_owned(),
                "Keys are in files that only their owner can read (mode 0600): PostgreSQL and libpq refuse \
                 a key that others can read",
                claim,
            )
        });
        if let Some(directory) = self.topology.archive().and_then(Archive::directory) {
            let mut inside = claim;
            for path in ClusterFolder::archive_folders(directory) {
                inside = folder(
                    path,
                    "The primary archives completed WAL segments here (archive_command), and standbys can \
                     fetch them (restore_command)",
                    inside,
                );
                made.push(inside);
            }
        }
        let servers = folder(
            ClusterFolder::SERVERS.to_owned(),
            "Each server gets a folder below this one for its data directory and log",
            claim,
        );
        for id in &self.order {
            let path = ClusterFolder::server(self.folders.get(id).map_or("", String::as_str));
            made.push(folder(
                path,
                "The server's folder, for its data directory and log; PostgreSQL refuses \
                 a data directory that others can read",
                servers,
            ));
        }
        if let Some(secrets) = secrets {
            made.push(self.steps.add(New {
                title: "Generate two passwords".to_owned(),
                why: "One for the superuser and one for the replication role, random for every deployment; \
                     libpq reads them from a password file".to_owned(),
                lasts: true,
                action: Action::Build(Build::MakeSecrets { ports: self.topology.servers().iter().map(|server| server.port().number()).collect() }),
                after: vec![secrets],
                ..New::default()
            }));
        }
        if let Some(tls) = tls {
            made.push(self.certificates(tls));
        }
        made.extend(super::proxy::open(&[self.topology]).map(|open| {
            self.steps.add(New {
                after: made.clone(),
                ..open
            })
        }));
        made
    }

    fn certificates(&mut self, folder: StepId) -> StepId {
        let certificates = Certificate::of_each(self.topology);
        let folders = certificates.iter().map(|one| one.folder.clone()).collect();
        self.steps.add(New {
            title: format!(
                "Create an authority and certificates for {}",
                counted_in_text(certificates.len(), "server")
            ),
            why: "Both ends of a link prove their identity: a certificate names a server's host and is \
                 signed by an authority that only this cluster trusts; every deployment has new keys"
                .to_owned(),
            lasts: true,
            undo: Some(Action::Make(Make::RemoveCertificates { folders })),
            action: Action::Make(Make::MakeCertificates { certificates }),
            after: vec![folder],
            ..New::default()
        })
    }
}

#[cfg(test)]
mod tests;
