//! The steps that build a cluster, cheapest correct way first found on real servers (9.2 to 18):
//!
//! one `initdb`, one single-user start that makes the replication role, cold copies of that directory for the
//! standbys (no base backup: the directory never ran), files, start, wait, prove. Nothing waits by sleeping, and what
//! does not depend on each other may run at once: `after` says what does.
//!
//! Reads top to bottom in the order of the plan; `steps.rs` is the list that grows.

mod steps;

use std::collections::BTreeMap;

use self::steps::{New, Steps};
use super::expected::{expected_rows, name_in_view};
use super::{Action, ClusterLayout, Machine, Plan, Reader, StepId};
use crate::model::bundle::conf;
use crate::model::topology::{Auth, Server, ServerId, Topology};

/// The steps that build the topology on the machine. Assumes that every check of [`preflight`](super::preflight) is ok.
pub fn plan_deploy(topology: &Topology, machine: &Machine) -> Plan {
    let mut planner = Planner::new(topology);
    let folders = planner.folders();
    planner.data(folders);
    planner.files();
    if topology.postgres().has_retry_interval() {
        planner.start_at_once();
    } else {
        planner.start_by_levels();
    }
    planner.streaming();
    planner.switch_on_sync();
    planner.prove();
    Plan {
        cluster: topology.name().to_owned(),
        folder: machine.folder.clone(),
        steps: planner.steps.finish(),
    }
}

/// What each server has behind it so far, by step.
struct Planner<'a> {
    topology: &'a Topology,
    folders: BTreeMap<ServerId, String>,
    slots: BTreeMap<ServerId, String>,
    /// Upstreams before downstreams.
    order: Vec<ServerId>,
    uses_passwords: bool,
    steps: Steps,
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
            folders: topology.folders(),
            slots: topology.slot_names(),
            order: topology.in_tree_order(),
            uses_passwords: topology.effective_auth() != Auth::Trust,
            steps: Steps::default(),
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
        ClusterLayout::data(&self.folder(server))
    }

    /// The folders, the passwords; gives what `initdb` and the copies must wait for.
    fn folders(&mut self) -> Vec<StepId> {
        let claim = self.steps.add(New {
            title: "Claim the folder".to_owned(),
            why: "A marker in the folder says that pgcascade made what is in it; only what is below a marker is ever removed".to_owned(),
            action: Action::ClaimFolder,
            undo: Some(Action::ReleaseFolder),
            ..New::default()
        });
        let mut folder = |path: String, why: &str, after: StepId| {
            self.steps.add(New {
                title: format!("Make the folder {path}"),
                why: why.to_owned(),
                undo: Some(Action::RemoveFolder { path: path.clone() }),
                action: Action::MakeFolder { path },
                after: vec![after],
                ..New::default()
            })
        };
        let mut made = Vec::new();
        let secrets = self.uses_passwords.then(|| {
            folder(
                ClusterLayout::SECRETS.to_owned(),
                "Passwords stand in files that only their owner can read (mode 0600), never in a configuration file or a command line",
                claim,
            )
        });
        made.push(folder(
            ClusterLayout::SOCKETS.to_owned(),
            "A folder of its own for the Unix-domain sockets (unix_socket_directories): no other cluster's socket can be in the way",
            claim,
        ));
        if let Some(archive) = self.topology.archive() {
            let mut inside = claim;
            for path in ClusterLayout::archive_folders(archive.directory()) {
                inside = folder(
                    path,
                    "The primary puts finished WAL segments here (archive_command), and standbys may fetch them (restore_command)",
                    inside,
                );
                made.push(inside);
            }
        }
        let servers = folder(
            ClusterLayout::SERVERS.to_owned(),
            "Each server gets a folder of its own below this one: its data directory and its log",
            claim,
        );
        for id in &self.order {
            let path = ClusterLayout::server(self.folders.get(id).map_or("", String::as_str));
            made.push(folder(path, "The server's own folder, for its data directory and its log; PostgreSQL refuses a data directory that others can read", servers));
        }
        if let Some(secrets) = secrets {
            made.push(self.steps.add(New {
                title: "Draw two passwords".to_owned(),
                why: "One for the superuser, one for the replication role, random and different in every deployment; libpq reads them from a password file".to_owned(),
                action: Action::MakeSecrets { ports: self.topology.servers().iter().map(|server| server.port().number()).collect() },
                after: vec![secrets],
                ..New::default()
            }));
        }
        made
    }

    /// The primary's data directory, and a copy of it for every standby.
    fn data(&mut self, folders: Vec<StepId>) {
        let (topology, primary) = (self.topology, self.topology.primary());
        let major = topology.postgres();
        let data = self.data_folder(primary);
        let password_file = |path: &str| self.uses_passwords.then(|| path.to_owned());
        let superuser = password_file(ClusterLayout::SUPERUSER_PASSWORD);
        let replication = password_file(ClusterLayout::REPLICATION_PASSWORD);
        let initdb = self.steps.add(New {
            server: Some(primary),
            title: format!("Make the data directory of {}", primary.name()),
            why: "initdb makes the one database cluster from which every other directory is copied; without fsync (-N), since a crash now would lose nothing that anyone has".to_owned(),
            undo: Some(Action::RemoveFolder { path: data.clone() }),
            action: Action::Initdb {
                data: data.clone(),
                auth_method: topology.effective_auth().hba_method().to_owned(),
                password_file: superuser,
                no_sync: major.has_initdb_no_sync(),
            },
            after: folders,
            deadline_secs: 180,
        });
        let why = if major.needs_priming() {
            "One start in single-user mode, where no other session can come between: it makes the role that standbys stream as, and writes wal_level into pg_control, without which a copy would refuse to be a hot standby"
        } else {
            "One start in single-user mode, where no other session can come between: it makes the role that standbys stream as (REPLICATION, and no more than that)"
        };
        let role = self.steps.add(New {
            server: Some(primary),
            title: format!("Make the replication role on {}", primary.name()),
            why: why.to_owned(),
            action: Action::CreateRole {
                data: data.clone(),
                options: conf::primed(topology),
                role: ClusterLayout::REPLICATION_ROLE.to_owned(),
                password_file: replication,
            },
            after: vec![initdb],
            deadline_secs: 60,
            ..New::default()
        });
        self.copied.push(role);
        for standby in self.servers() {
            if standby.is_primary() {
                continue;
            }
            let to = self.data_folder(standby);
            let copy = self.steps.add(New {
                server: Some(standby),
                title: format!("Copy {} to {}", primary.name(), standby.name()),
                why: "A cold copy (a file-system-level backup of a directory that does not run) is a whole base backup: it starts at the shutdown checkpoint and streams the rest".to_owned(),
                undo: Some(Action::RemoveFolder { path: to.clone() }),
                action: Action::CopyData { from: data.clone(), to },
                after: vec![role],
                deadline_secs: 180,
            });
            self.copied.push(copy);
            self.installed.insert(standby.id(), vec![copy]);
        }
        // The primary may start only when nobody copies from it any more.
        self.installed.insert(primary.id(), self.copied.clone());
    }

    /// The files of the bundle, over those that initdb made.
    fn files(&mut self) {
        let major = self.topology.postgres();
        for server in self.servers() {
            let (hold, before) = (
                self.held_back(server),
                self.installed.remove(&server.id()).unwrap_or_default(),
            );
            let mut files = vec![
                (
                    "postgresql.conf",
                    "Its settings, each with its reason as a comment; paths are relative to the data directory, so that the folder can be anywhere",
                ),
                (
                    "pg_hba.conf",
                    "Host-based authentication: who may connect from where, and a replication line for the drawn downstreams only",
                ),
            ];
            if !server.is_primary() {
                files.push(if major.has_standby_signal() {
                    ("standby.signal", "Its presence alone makes the server a standby; without it the copy would come up as a second primary")
                } else {
                    ("recovery.conf", "Makes the server a standby and says where it streams from; without it the copy would come up as a second primary")
                });
            }
            let mut last = before.clone();
            for (name, why) in files {
                let is_conf = name == "postgresql.conf";
                last.push(self.steps.add(New {
                    server: Some(server),
                    title: format!("Install {name} of {}", server.name()),
                    why: if is_conf && hold.is_some() {
                        format!("{why}; synchronous_standby_names is left out until the standbys stream, since a commit would wait for them")
                    } else {
                        why.to_owned()
                    },
                    action: self.install(server, name, hold.clone().filter(|_| is_conf)),
                    // The first is enough for all but the primary, whose directory is still being copied.
                    after: before.clone(),
                    ..New::default()
                }));
            }
            self.installed.insert(server.id(), last);
        }
    }

    fn install(&self, server: &Server, name: &str, held_back: Option<String>) -> Action {
        Action::InstallFile {
            bundle_path: format!("{}/{name}", ClusterLayout::server(&self.folder(server))),
            to: format!("{}/{name}", self.data_folder(server)),
            held_back,
        }
    }

    /// The setting of the primary that is switched on last. 9.2 to 9.4 get it at once: there a sender that has
    /// nothing to do looks at a changed file only after up to 10 s.
    fn held_back(&self, server: &Server) -> Option<String> {
        let late = server.is_primary()
            && self.topology.postgres().has_retry_interval()
            && !self.topology.synchronous_standby_names().is_empty();
        late.then(|| "synchronous_standby_names".to_owned())
    }

    fn start_at_once(&mut self) {
        let why = "The command returns at once, and a standby that is up before its upstream asks again every 100 ms (wal_retrieve_retry_interval)";
        for server in self.servers() {
            self.start(server, why, Vec::new());
        }
        for server in self.servers() {
            self.wait_ready(server);
        }
        for server in self.servers() {
            self.slots_at(server);
        }
    }

    /// Up to 9.4 a standby that finds its upstream not ready, or without its slot, waits a fixed 5 s.
    fn start_by_levels(&mut self) {
        let mut levels = self.servers();
        levels.sort_by_key(|server| self.topology.upstreams(server.id()).len());
        for server in levels {
            let upstream = server.upstream();
            let mut after: Vec<StepId> = upstream
                .and_then(|id| self.ready.get(&id))
                .copied()
                .into_iter()
                .collect();
            after.extend(self.slot_made.get(&server.id()));
            self.start(server, "Only now, since its upstream is ready: up to 9.4 a standby that comes too early waits 5 s before it asks again", after);
            self.wait_ready(server);
            self.slots_at(server);
        }
    }

    fn start(&mut self, server: &Server, why: &str, mut after: Vec<StepId>) {
        let why = if server.is_primary() {
            "The primary starts first: every change begins as WAL here"
        } else {
            why
        };
        after.extend(self.installed.get(&server.id()).into_iter().flatten());
        let major = self.topology.postgres();
        let id = self.steps.add(New {
            server: Some(server),
            title: format!("Start {}", server.name()),
            why: why.to_owned(),
            undo: Some(Action::Stop {
                server: server.name().to_string(),
                folder: self.folder(server),
            }),
            action: Action::Start {
                server: server.name().to_string(),
                folder: self.folder(server),
                port: server.port().number(),
                pass_file_in_environment: self.uses_passwords && !major.has_passfile(),
            },
            after,
            deadline_secs: 60,
        });
        self.started.insert(server.id(), id);
    }

    fn wait_ready(&mut self, server: &Server) {
        let why = if server.is_primary() {
            "It accepts connections once crash recovery is done"
        } else {
            "A hot standby accepts connections, also those of its own downstreams, once it has reached a consistent state"
        };
        let id = self.steps.add(New {
            server: Some(server),
            title: format!("Wait until {} accepts connections", server.name()),
            why: why.to_owned(),
            action: Action::WaitReady {
                server: server.name().to_string(),
                folder: self.folder(server),
                port: server.port().number(),
            },
            after: self.started.get(&server.id()).copied().into_iter().collect(),
            deadline_secs: 60,
            ..New::default()
        });
        self.ready.insert(server.id(), id);
    }

    /// The slots of a sender's downstreams.
    fn slots_at(&mut self, sender: &Server) {
        let topology = self.topology;
        for standby in topology.downstreams(sender.id()) {
            if !topology.uses_slot(standby.id()) {
                continue;
            }
            let id = self.steps.add(New {
                server: Some(sender),
                title: format!("Make the slot of {} on {}", standby.name(), sender.name()),
                why: "A replication slot keeps the WAL that its standby has not received yet, also while the standby is away"
                    .to_owned(),
                action: Action::CreateSlot {
                    server: sender.name().to_string(),
                    folder: self.folder(sender),
                    port: sender.port().number(),
                    slot: self.slots.get(&standby.id()).cloned().unwrap_or_default(),
                },
                after: self.ready.get(&sender.id()).copied().into_iter().collect(),
                deadline_secs: 30,
                ..New::default()
            });
            self.slot_made.insert(standby.id(), id);
        }
    }

    /// One wait for each link.
    fn streaming(&mut self) {
        for standby in self.servers() {
            let Some(sender) = standby.upstream().and_then(|id| self.topology.server(id)) else {
                continue;
            };
            let mut after: Vec<StepId> = Vec::new();
            after.extend(self.ready.get(&sender.id()));
            after.extend(self.slot_made.get(&standby.id()));
            after.extend(self.ready.get(&standby.id()));
            let id = self.steps.add(New {
                server: Some(standby),
                title: format!("Wait until {} streams from {}", standby.name(), sender.name()),
                why: "The sender's pg_stat_replication shows the link; the state goes from startup over catchup to streaming".to_owned(),
                action: Action::WaitStreaming {
                    server: sender.name().to_string(),
                    folder: self.folder(sender),
                    port: sender.port().number(),
                    standby: name_in_view(standby.name(), self.topology.postgres()),
                },
                after,
                deadline_secs: 60,
                ..New::default()
            });
            self.streams.insert(standby.id(), id);
        }
    }

    fn switch_on_sync(&mut self) {
        let primary = self.topology.primary();
        if self.held_back(primary).is_none() {
            return;
        }
        let whole = self.steps.add(New {
            server: Some(primary),
            title: "Switch on synchronous replication".to_owned(),
            why: "The whole postgresql.conf, now with synchronous_standby_names: every standby streams, so no commit waits for one that is not there yet".to_owned(),
            action: self.install(primary, "postgresql.conf", None),
            after: self.streams.values().copied().collect(),
            ..New::default()
        });
        self.sync_on = Some(self.steps.add(New {
            server: Some(primary),
            title: format!("Reload {}", primary.name()),
            why: "synchronous_standby_names needs no restart: the server reads its files again at a signal (pg_ctl reload)".to_owned(),
            action: Action::Reload {
                server: primary.name().to_string(),
                folder: self.folder(primary),
            },
            after: vec![whole],
            ..New::default()
        }));
    }

    /// What the drawing says, compared with what the servers say; then one row through the whole tree.
    fn prove(&mut self) {
        let topology = self.topology;
        let mut proved: Vec<StepId> = Vec::new();
        for sender in self.servers() {
            let rows = expected_rows(topology, sender.id());
            if rows.is_empty() {
                continue;
            }
            let mut after: Vec<StepId> = topology
                .downstreams(sender.id())
                .filter_map(|standby| self.streams.get(&standby.id()).copied())
                .collect();
            after.extend(self.sync_on.filter(|_| sender.is_primary()));
            proved.push(self.steps.add(New {
                server: Some(sender),
                title: format!("Compare {} with the design", sender.name()),
                why: "pg_stat_replication must show exactly the drawn downstreams, each with the drawn sync_priority and sync_state".to_owned(),
                action: Action::WaitRows {
                    server: sender.name().to_string(),
                    folder: self.folder(sender),
                    port: sender.port().number(),
                    rows,
                },
                after,
                deadline_secs: 60,
                ..New::default()
            }));
        }
        let primary = topology.primary();
        if proved.is_empty() {
            proved.extend(self.ready.get(&primary.id()));
        }
        let standbys = topology.servers().iter().filter(|server| !server.is_primary());
        let (delayed, readers): (Vec<&Server>, Vec<&Server>) =
            standbys.partition(|server| is_delayed(server));
        let row = self.steps.add(New {
            server: Some(primary),
            title: "Write a row and read it everywhere".to_owned(),
            why: "Streaming alone is no proof: a standby can receive WAL and not apply it; a row that was committed on the primary must be read on every standby (hot_standby)".to_owned(),
            action: Action::ProveRow {
                server: primary.name().to_string(),
                port: primary.port().number(),
                readers: readers.into_iter().map(reader).collect(),
                delayed: delayed.into_iter().map(reader).collect(),
            },
            after: proved,
            deadline_secs: 60,
            ..New::default()
        });
        self.steps.add(New {
            title: "Note that the cluster is complete".to_owned(),
            why: "The folder gets a README that says how to connect, and the design it was built from"
                .to_owned(),
            action: Action::Complete,
            after: vec![row],
            ..New::default()
        });
    }
}

fn reader(server: &Server) -> Reader {
    Reader {
        server: server.name().to_string(),
        port: server.port().number(),
    }
}

/// A delay of 0 is none.
fn is_delayed(server: &Server) -> bool {
    server
        .standby()
        .and_then(|standby| standby.apply_delay())
        .is_some_and(|delay| delay.as_str().chars().any(|c| ('1'..='9').contains(&c)))
}

#[cfg(test)]
mod tests;
