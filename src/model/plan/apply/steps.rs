//! The order of a change, from the first note in the record to the last.

use std::collections::{BTreeMap, BTreeSet};

use super::Standing;
use super::difference::{Difference, SYNC};
use crate::model::configuration::ClusterFolder;
use crate::model::plan::steps::{New, Steps};
use crate::model::plan::{
    Action, Alter, Certificate, Configure, DesignOf, Head, Kind, Make, Means, Phase, Serve, Step, StepId,
    proxy,
};
use crate::model::topology::{Archive, Auth, Server, ServerId, Topology};

/// A base backup copies as much as there is.
pub(super) const COPY_SECS: u32 = 1800;
/// A restart: a fast stop that hangs, the immediate one after it, and a recovery.
pub(super) const RESTART_SECS: u32 = 180;
pub(super) const WAIT_SECS: u32 = 60;

pub fn steps(difference: &Difference<'_>, standing: &Standing) -> (Head, Vec<Step>) {
    let mut planner = Planner::new(difference, standing);
    planner.begin(standing);
    planner.prepare();
    planner.steps.enter(Phase::Change);
    if difference.switches_tls() {
        planner.switch_tls();
    } else {
        planner.servers();
    }
    planner.end_removed(|_| true);
    planner.tighten();
    planner.steps.enter(Phase::Prove);
    planner.prove();
    planner.settle();
    (planner.head, planner.steps.finish())
}

pub struct Planner<'a> {
    pub(super) difference: &'a Difference<'a>,
    pub(super) wanted: &'a Topology,
    pub(super) slots: BTreeMap<ServerId, String>,
    folders: BTreeMap<ServerId, String>,
    pub(super) steps: Steps,
    pub(super) head: Head,
    pub(super) last: Option<StepId>,
    /// Servers of the wanted design that are what they will be.
    pub(super) ready: BTreeSet<ServerId>,
    /// Standbys that were disturbed and have not been seen to stream again.
    pub(super) disturbed: BTreeSet<ServerId>,
    ended: BTreeSet<ServerId>,
    pub(super) loosened: bool,
    /// What an earlier change left has to go, too.
    pub(super) clears: bool,
    pub(super) left_tls: bool,
    /// What is there may be in use by servers that an earlier run has changed.
    pub(super) resumes: bool,
    /// Servers that do not take part: they are down, and stay so.
    pub(super) absent: BTreeSet<ServerId>,
    /// Nobody waits for a late standby to connect again: it applies first what it has.
    pub(super) lets_delayed_be: bool,
    /// Standbys that nobody has seen stream again for one of these reasons.
    pub(super) unproved: BTreeSet<ServerId>,
}

impl<'a> Planner<'a> {
    pub(super) fn new(difference: &'a Difference<'a>, standing: &Standing) -> Self {
        Self {
            difference,
            wanted: difference.wanted,
            slots: difference.wanted.slot_names().clone(),
            folders: difference.wanted.folders().clone(),
            steps: Steps::default(),
            head: Head {
                // Those of renamed servers.
                makes: (difference.kept.iter())
                    .filter(|one| one.folder != one.folder_was)
                    .map(|one| ClusterFolder::server(&one.folder))
                    .collect(),
                needs_secrets: difference.wanted.effective_auth() != Auth::Trust,
                ..Head::of(Kind::Change)
            },
            last: None,
            ready: BTreeSet::new(),
            disturbed: BTreeSet::new(),
            ended: BTreeSet::new(),
            loosened: difference.must_loosen(),
            clears: standing.clears || standing.resumes,
            left_tls: standing.left_tls,
            resumes: standing.resumes,
            absent: BTreeSet::new(),
            lets_delayed_be: false,
            unproved: BTreeSet::new(),
        }
    }

    /// One thing at a time: each step waits for the one before.
    pub(super) fn add(&mut self, new: New<'_>) -> StepId {
        let after = self.last.into_iter().collect();
        let id = self.steps.add(New { after, ..new });
        self.last = Some(id);
        id
    }

    pub(super) fn folder(&self, server: &Server) -> String {
        self.folders.get(&server.id()).cloned().unwrap_or_default()
    }

    pub(super) fn uses_passwords(&self) -> bool {
        self.wanted.effective_auth() != Auth::Trust
    }

    /// The note that a change begins; what an earlier one left.
    pub(super) fn begin(&mut self, standing: &Standing) {
        self.add(New {
            title: "Record that a change begins".to_owned(),
            why: "From now on pgcascade can finish the change, undo it, or tear everything down".to_owned(),
            action: Action::Alter(Alter::BeginChange),
            undo: Some(Action::Alter(Alter::ForgetChange)),
            stays_with_rest: Some(
                "The cluster stays recorded as between two designs: `pgcascade apply` \
                 with either of them completes it, `pgcascade teardown` removes it.",
            ),
            ..New::default()
        });
        if standing.resumes {
            self.begin_again(standing);
        }
        self.repair();
        for left in &standing.left_slots {
            let running = self.difference.running;
            let Some(server) = running.by_name(&left.server) else {
                continue;
            };
            // Needed again, or still, perhaps in use: a change that was ended in the middle came so far.
            let mut kept = self
                .difference
                .kept
                .iter()
                .filter(|one| one.was.id() == server.id());
            let is_used = slots_on(running, server.id()).contains(&left.slot)
                || kept.any(|one| slots_on(self.wanted, one.is.id()).contains(&left.slot));
            if !is_used {
                self.drop_slot(server, running.folder(server.id()), &left.slot);
            }
        }
        for (name, folder) in &standing.left_servers {
            self.remove_server(None, name, folder);
        }
    }

    /// What a change that was ended in the middle may have half made is made again; what does not run is started.
    fn begin_again(&mut self, standing: &Standing) {
        for server in &self.difference.added {
            self.remove_server(Some(server), server.name().as_str(), &self.folder(server));
        }
        for one in &self.difference.kept {
            if standing.down.iter().any(|down| down == one.was.name().as_str()) {
                let (before, restart) = (self.configure(one, DesignOf::Before), Means::Restart);
                self.add(New {
                    server: Some(one.was),
                    title: format!("Start {} again", one.was.name()),
                    why: "An interrupted change left it down".to_owned(),
                    action: Action::Alter(Alter::Configure(Configure {
                        by: restart,
                        ..before
                    })),
                    deadline_secs: RESTART_SECS,
                    ..New::default()
                });
            }
        }
    }

    /// What nobody notices, and what has to be out of the way.
    fn prepare(&mut self) {
        let (running, wanted) = (self.difference.running, self.wanted);
        let before = ports(running);
        let both: BTreeSet<u16> = before.union(&ports(wanted)).copied().collect();
        if both != before && self.uses_passwords() {
            self.add(New {
                title: "Add the new ports to the password files".to_owned(),
                why: "libpq finds passwords by port: a standby on a new port needs a line first".to_owned(),
                action: pass_files(&both),
                undo: Some(pass_files(&before)),
                ..New::default()
            });
        }
        if let Some(open) = proxy::open(&[running, wanted]).filter(|_| wanted.terms().has_lab_links) {
            let was_open = running.terms().has_lab_links;
            self.add(New {
                undo: open.undo.clone().filter(|_| !was_open),
                ..open
            });
        }
        let folders_of = |topology: &Topology| {
            let archive = topology.archive();
            let directory = archive.and_then(Archive::directory);
            directory.map_or_else(Vec::new, ClusterFolder::archive_folders)
        };
        let there = folders_of(running);
        for path in folders_of(wanted)
            .into_iter()
            .filter(|path| !there.contains(path))
        {
            self.make_folder(None, path, "The primary will archive completed WAL segments here");
        }
        if wanted.has_tls() && running.has_tls() {
            self.certificates();
        } else if wanted.has_tls() {
            self.first_certificates();
        }
        if self.loosened {
            self.loosen();
        }
        // Another server gets its port, or a slot of the same name.
        let slots_were = running.slot_names();
        let slots: BTreeSet<String> = self.slots.values().cloned().collect();
        let needed = |server: &Server| {
            let has_port = |is: &Server| is.port() == server.port();
            wanted.servers().iter().any(has_port)
                || slots_were
                    .get(&server.id())
                    .is_some_and(|slot| slots.contains(slot))
        };
        self.end_removed(needed);
        for one in &self.difference.kept {
            if one.means.is_none() {
                self.ready.insert(one.is.id());
            }
        }
        for one in self.difference.kept.iter().filter(|one| one.means.is_none()) {
            self.slots_at(one.is);
        }
    }

    /// A certificate for every server that has none of its folder and its host yet. A server that runs reads it at its
    /// next start or reload.
    fn certificates(&mut self) {
        let before = Certificate::of_each(self.difference.running);
        for certificate in Certificate::of_each(self.wanted) {
            let folder = certificate.folder.clone();
            let had = before.iter().find(|had| had.folder == folder);
            if had == Some(&certificate) {
                continue;
            }
            let undo = match had {
                Some(had) => Action::Alter(Alter::SignCertificate {
                    certificate: had.clone(),
                }),
                None => Action::Alter(Alter::RemoveCertificate { folder }),
            };
            let wanted = self.wanted;
            let is_its = |server: &&Server| wanted.folder(server.id()) == certificate.folder;
            let server = wanted.servers().iter().find(is_its);
            self.add(New {
                server,
                title: format!(
                    "Create a certificate for {}",
                    server.map_or("", |server| server.name().as_str())
                ),
                why: "Both ends of a link present one, signed by the cluster's own authority".to_owned(),
                action: Action::Alter(Alter::SignCertificate { certificate }),
                undo: Some(undo),
                ..New::default()
            });
        }
    }

    /// Commits wait for no standby until all stream again.
    fn loosen(&mut self) {
        let Some(primary) = self.difference.primary() else {
            return;
        };
        let action = |held| {
            Action::Alter(Alter::Configure(Configure {
                held,
                by: Means::Reload,
                files: vec!["postgresql.conf".to_owned()],
                ..self.configure(primary, DesignOf::Before)
            }))
        };
        let new = New {
            server: Some(primary.was),
            title: "Switch off synchronous replication for now".to_owned(),
            why: "Synchronous standbys restart, so commits would hang; switched on again last".to_owned(),
            action: action(self.held()),
            undo: Some(action(Vec::new())),
            ..New::default()
        };
        self.add(new);
    }

    /// What the primary's sync settings are while the change is made; empty: they stay as they are.
    pub(super) fn held(&self) -> Vec<(String, Option<String>)> {
        if !self.loosened && self.difference.sync == self.difference.sync_was {
            return Vec::new();
        }
        let held = self.difference.sync_was.iter().map(|(name, value)| {
            let is_off = self.loosened && *name == SYNC[0];
            ((*name).to_owned(), value.clone().filter(|_| !is_off))
        });
        held.collect()
    }

    /// All servers, in the order in which each finds what it needs.
    fn servers(&mut self) {
        self.raise();
        for id in self.wanted.in_tree_order() {
            if self.ready.contains(&id) {
                continue;
            }
            match (self.difference.kept_as(id), self.wanted.server(id)) {
                (Some(one), _) => self.change(one),
                (None, Some(server)) => self.build(server),
                (None, None) => {}
            }
        }
    }

    pub(super) fn make_folder(&mut self, server: Option<&Server>, path: String, why: &str) {
        self.head.makes.push(path.clone());
        self.add(New {
            server,
            title: format!("Create the folder {path}/"),
            why: why.to_owned(),
            undo: Some(Action::Make(Make::RemoveFolder { path: path.clone() })),
            action: Action::Make(Make::MakeFolder { path }),
            ..New::default()
        });
    }

    /// Stops those removed servers that `now` holds for.
    fn end_removed(&mut self, now: impl Fn(&Server) -> bool) {
        let running = self.difference.running;
        for server in self.difference.removed.iter().rev() {
            if !now(server) || !self.ended.insert(server.id()) {
                continue;
            }
            let (name, folder) = (server.name().to_string(), running.folder(server.id()));
            let major = running.postgres();
            self.add(New {
                server: Some(server),
                title: format!("Stop {name}"),
                why: "No longer in the design; its data is kept until the change is verified".to_owned(),
                action: Action::Serve(Serve::Stop {
                    server: name.clone(),
                    folder: folder.clone(),
                }),
                undo: Some(Action::Serve(Serve::Start {
                    server: name,
                    folder,
                    port: server.port().number(),
                    pass_file_in_environment: self.uses_passwords() && !major.has_passfile(),
                })),
                deadline_secs: WAIT_SECS,
                ..New::default()
            });
        }
    }
}

pub(super) fn ports(topology: &Topology) -> BTreeSet<u16> {
    topology
        .servers()
        .iter()
        .map(|server| server.port().number())
        .collect()
}

pub(super) fn pass_files(ports: &BTreeSet<u16>) -> Action {
    Action::Alter(Alter::WritePassFiles {
        ports: ports.iter().copied().collect(),
    })
}

/// The slots on one server, by its downstreams.
pub(super) fn slots_on(topology: &Topology, server: ServerId) -> Vec<String> {
    topology
        .slots_at(server)
        .into_iter()
        .map(|(slot, _)| slot)
        .collect()
}
