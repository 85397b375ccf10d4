//! A small world of servers, slots and folders, in which a change is made as the real host makes it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::configuration::ClusterFolder;
use crate::model::plan::{Action, Alter, Certificate, Configure, DesignOf, Make, Means, Serve, Takeover};
use crate::model::topology::Topology;

/// What there is; compared as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct World {
    /// Servers that run, by folder: name, port, and what they have read last.
    pub(super) running: BTreeMap<String, (String, u16, String)>,
    /// Data directories and other folders.
    pub(super) folders: BTreeSet<String>,
    /// By folder of the server.
    pub(super) slots: BTreeSet<(String, String)>,
    pub(super) pass_ports: Vec<u16>,
    /// By folder of the server: whom they name.
    pub(super) certificates: BTreeMap<String, Vec<String>>,
    pub(super) is_changing: bool,
    pub(super) is_settled: bool,
    /// By folder of the server.
    pub(super) ends: BTreeMap<String, Ends>,
    /// Folders of servers whose files make them a standby.
    pub(super) standbys: BTreeSet<String>,
    /// Folders of servers that run and accept writes.
    pub(super) writers: BTreeSet<String>,
    /// Whether links are encrypted in the designs before and after.
    pub(super) tls: (bool, bool),
}

/// What a server does about TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ends {
    /// It can.
    speaks: bool,
    /// It asks its upstream for it; `None`: it has none.
    asks: Option<bool>,
    /// Its downstreams have to.
    demands: bool,
}

impl World {
    pub(super) fn of(topology: &Topology, design: &str) -> Self {
        let mut world = Self::default();
        let slots = topology.slot_names();
        for server in topology.servers() {
            let folder = topology.folder(server.id());
            let one = (
                server.name().to_string(),
                server.port().number(),
                design.to_owned(),
            );
            world.folders.insert(ClusterFolder::server(&folder));
            world.folders.insert(ClusterFolder::data(&folder));
            world.running.insert(folder.clone(), one);
            world.pass_ports.push(server.port().number());
            if server.is_primary() {
                world.writers.insert(folder.clone());
            } else {
                world.standbys.insert(folder.clone());
            }
            let tls = topology.has_tls();
            let ends = Ends {
                speaks: tls,
                asks: server.upstream().map(|_| tls),
                demands: tls,
            };
            world.ends.insert(topology.folder(server.id()), ends);
            for standby in topology.downstreams(server.id()) {
                if topology.uses_slot(standby.id()) {
                    world.slots.insert((folder.clone(), slots[&standby.id()].clone()));
                }
            }
        }
        world.pass_ports.sort_unstable();
        if topology.has_tls() {
            let all = Certificate::of_each(topology).into_iter();
            world.certificates = all.map(|one| (one.folder, one.hosts)).collect();
            world.folders.insert(ClusterFolder::TLS.to_owned());
        }
        world.tls = (topology.has_tls(), topology.has_tls());
        world
    }

    /// What the files of a server say about TLS. A setting that is held is as it was before.
    fn read_tls(&mut self, one: &Configure) {
        let has = |file: &str| one.files.iter().any(|name| name == file);
        let is_held = |setting: &str| one.held.iter().any(|(name, _)| name == setting);
        let (before, after) = self.tls;
        let is = if one.design == DesignOf::After {
            after
        } else {
            before
        };
        let moved = self.ends.remove(&one.folder_before);
        let new = Ends {
            speaks: is,
            asks: Some(is),
            demands: is,
        };
        let ends = self.ends.entry(one.folder.clone()).or_insert(new);
        if let Some(moved) = moved {
            *ends = moved;
        }
        if has("postgresql.conf") {
            ends.speaks = if is_held("ssl") { before } else { is };
            let asks = if is_held("primary_conninfo") { before } else { is };
            ends.asks = ends.asks.map(|_| asks);
        }
        if has("pg_hba.conf") {
            ends.demands = is;
        }
    }

    /// At every moment each end of a link can do what the other wants: nobody asks who is not answered, and nobody demands
    /// what not all do.
    pub(super) fn assert_agreed(&self, place: &str) {
        let mut ends = self.ends.values();
        let asks = ends.clone().any(|one| one.asks == Some(true));
        assert!(
            !asks || ends.clone().all(|one| one.speaks),
            "{place}: {:?}",
            self.ends
        );
        let demands = ends.clone().any(|one| one.demands);
        assert!(
            !demands || ends.all(|one| one.asks != Some(false)),
            "{place}: {:?}",
            self.ends
        );
    }

    /// A server starts as what its files make it.
    fn starts(&mut self, folder: &str) {
        let is_there = self.folders.contains(&ClusterFolder::data(folder));
        if is_there && !self.standbys.contains(folder) {
            self.writers.insert(folder.to_owned());
        }
        assert!(self.writers.len() < 2, "two primaries: {:?}", self.writers);
    }

    fn ends(&mut self, folder: &str) {
        self.running.remove(folder);
        self.writers.remove(folder);
    }

    fn configure(&mut self, one: &Configure) {
        self.read_tls(one);
        if one
            .files
            .iter()
            .any(|file| file == "standby.signal" || file == "recovery.conf")
        {
            self.standbys.insert(one.folder.clone());
        }
        if one.by == Means::Write && !self.running.contains_key(&one.folder_before) {
            return;
        }
        let design = format!("{:?} {:?}", one.design, one.held);
        if one.by == Means::Restart && one.folder != one.folder_before {
            let was_writing = self.writers.remove(&one.folder_before);
            self.running.remove(&one.folder_before);
            if self.standbys.remove(&one.folder_before) || !was_writing {
                self.standbys.insert(one.folder.clone());
            }
            for of in [ClusterFolder::server, ClusterFolder::data] {
                self.folders.remove(&of(&one.folder_before));
                self.folders.insert(of(&one.folder));
            }
            let moved = self.slots.clone().into_iter().map(|(folder, slot)| {
                let is_its = folder == one.folder_before;
                (if is_its { one.folder.clone() } else { folder }, slot)
            });
            self.slots = moved.collect();
        }
        if one.by == Means::Reload {
            self.assert_runs(&one.folder, None);
        }
        let taken = self
            .running
            .iter()
            .find(|(folder, (_, port, _))| **folder != one.folder && *port == one.port);
        assert!(taken.is_none(), "two servers on one port: {one:?}");
        self.running
            .insert(one.folder.clone(), (one.server.clone(), one.port, design));
        if one.by == Means::Restart {
            self.writers.remove(&one.folder);
            self.starts(&one.folder);
        }
        self.assert_certified(&one.folder);
    }

    /// Only one that runs can be asked for anything, and only where it listens by now.
    fn assert_runs(&self, folder: &str, port: Option<u16>) {
        let running = self.running.get(folder);
        let listens = running.map(|(_, port, _)| *port);
        assert!(
            listens.is_some() && (port.is_none() || port == listens),
            "{folder} is asked at {port:?}: {running:?}"
        );
    }

    /// In an encrypted cluster no server can start without its own.
    fn assert_certified(&self, folder: &str) {
        let has = self.certificates.is_empty() || self.certificates.contains_key(folder);
        assert!(has, "{folder} has no certificate");
    }

    pub(super) fn perform(&mut self, action: &Action) {
        match action {
            Action::Alter(Alter::BeginChange) => self.is_changing = true,
            Action::Alter(Alter::ForgetChange) => self.is_changing = false,
            Action::Make(Make::Complete) => {
                self.is_changing = false;
                // As the real one: those of servers that were renamed.
                self.certificates
                    .retain(|folder, _| self.running.contains_key(folder));
            }
            Action::Alter(Alter::SignCertificate { certificate }) => {
                let hosts = certificate.hosts.clone();
                self.certificates.insert(certificate.folder.clone(), hosts);
            }
            Action::Alter(Alter::RemoveCertificate { folder }) => drop(self.certificates.remove(folder)),
            Action::Make(Make::MakeCertificates { certificates }) => {
                let all = certificates.iter();
                self.certificates = all.map(|one| (one.folder.clone(), one.hosts.clone())).collect();
            }
            Action::Make(Make::RemoveCertificates { .. }) => self.certificates.clear(),
            Action::Alter(Alter::RemoveTls) => {
                self.certificates.clear();
                self.folders.remove(ClusterFolder::TLS);
            }
            Action::Alter(Alter::Settle) => self.is_settled = true,
            Action::Alter(Alter::WritePassFiles { ports }) => self.pass_ports.clone_from(ports),
            Action::Make(Make::MakeFolder { path }) => {
                let inside = format!("{path}/");
                // What was left empty is taken over, no more.
                assert!(
                    !self.folders.iter().any(|there| there.starts_with(&inside)),
                    "{path} is full"
                );
                self.folders.insert(path.clone());
            }
            Action::Alter(Alter::CopyRunning { folder, to, .. }) => {
                self.assert_runs(folder, None);
                assert!(self.folders.insert(to.clone()), "{to} is there already");
            }
            Action::Make(Make::RemoveFolder { path }) => {
                self.folders.remove(path);
                self.ends.retain(|of, _| ClusterFolder::data(of) != *path);
                self.standbys.retain(|of| ClusterFolder::data(of) != *path);
                self.slots.retain(|(of, _)| ClusterFolder::data(of) != *path);
            }
            Action::Alter(Alter::Configure(one)) => self.configure(one),
            Action::Serve(Serve::Start {
                server, folder, port, ..
            }) => {
                // A server that goes on in its old files, or a new one.
                let one = (server.clone(), *port, "started".to_owned());
                self.running.entry(folder.clone()).or_insert(one);
                self.starts(folder);
                self.assert_certified(folder);
                let tls = self.tls.1;
                self.ends.entry(folder.clone()).or_insert(Ends {
                    speaks: tls,
                    asks: Some(tls),
                    demands: tls,
                });
            }
            Action::Serve(Serve::Stop { folder, .. }) => self.ends(folder),
            Action::Takeover(action) => self.take_over(action),
            Action::Serve(Serve::CreateSlot { folder, slot, .. }) => {
                self.assert_runs(folder, None);
                self.slots.insert((folder.clone(), slot.clone()));
            }
            Action::Serve(Serve::DropSlot { folder, slot, .. }) => {
                self.assert_runs(folder, None);
                self.slots.remove(&(folder.clone(), slot.clone()));
            }
            Action::Alter(Alter::RemoveServer { folder, .. }) => {
                self.ends(folder);
                self.standbys.remove(folder);
                self.folders.remove(&ClusterFolder::server(folder));
                self.folders.remove(&ClusterFolder::data(folder));
                self.certificates.remove(folder);
                self.ends.remove(folder);
                self.slots.retain(|(of, _)| of != folder);
            }
            Action::Serve(
                Serve::WaitReady { folder, port, .. }
                | Serve::WaitStreaming { folder, port, .. }
                | Serve::WaitRows { folder, port, .. }
                | Serve::ProveTls { folder, port, .. },
            ) => self.assert_runs(folder, Some(*port)),
            Action::Make(Make::InstallFile { to, .. }) => {
                if to.ends_with("standby.signal") {
                    let folder = to.split('/').nth(1).unwrap();
                    self.standbys.insert(folder.to_owned());
                }
            }
            Action::Serve(Serve::ProveRow { .. } | Serve::OpenProxy { .. } | Serve::CloseProxy) => {}
            other => panic!("{other:?} is no step of a change"),
        }
    }

    fn take_over(&mut self, action: &Takeover) {
        match action {
            Takeover::Checkpoint { at } | Takeover::StayStandby { at, .. } => {
                self.assert_runs(&at.folder, Some(at.port));
            }
            Takeover::WaitCaughtUp { primary, heir } => {
                self.assert_runs(&primary.folder, Some(primary.port));
                self.assert_runs(&heir.folder, Some(heir.port));
            }
            Takeover::ProveLast { old, heir } => {
                assert!(!self.running.contains_key(&old.folder));
                self.assert_runs(&heir.folder, Some(heir.port));
            }
            Takeover::BecomePrimaryAgain { configure, .. } => {
                assert!(!self.running.contains_key(&configure.folder));
                self.configure(configure);
                self.standbys.remove(&configure.folder);
            }
            Takeover::Promote { at } => {
                self.assert_runs(&at.folder, Some(at.port));
                self.standbys.remove(&at.folder);
                self.starts(&at.folder);
            }
            Takeover::StopDead { at } => self.ends(&at.folder),
            Takeover::RemoveData { at } => {
                self.folders.remove(&ClusterFolder::data(&at.folder));
            }
            Takeover::Rewind { at, source } => {
                assert!(!self.running.contains_key(&at.folder));
                self.assert_runs(&source.folder, Some(source.port));
            }
        }
    }

    /// What a step has done when it is ended in the middle, further on or less far.
    pub(super) fn perform_half(&mut self, action: &Action, is_far: bool) {
        match action {
            Action::Alter(Alter::Configure(one)) if one.by == Means::Restart => {
                for folder in [&one.folder_before, &one.folder] {
                    self.ends(folder);
                }
                if is_far {
                    self.perform(action);
                    self.ends(&one.folder);
                }
            }
            Action::Alter(Alter::CopyRunning { to, .. }) => drop(self.folders.insert(to.clone())),
            Action::Takeover(Takeover::Promote { .. }) if is_far => self.perform(action),
            Action::Alter(Alter::RemoveServer { folder, .. }) => {
                self.ends(folder);
                if is_far {
                    self.folders.remove(&ClusterFolder::data(folder));
                }
            }
            _ => {}
        }
    }

    /// Without the words for what a server has read: what can be compared with another design.
    pub(super) fn outline(&self) -> Self {
        let mut outline = self.clone();
        for (_, _, design) in outline.running.values_mut() {
            design.clear();
        }
        outline.is_settled = false;
        outline.tls = (false, false);
        outline
    }
}
