//! The servers: started, waited for, linked by slots, streaming.

use super::Planner;
use crate::model::plan::steps::New;
use crate::model::plan::{Action, StepId};
use crate::model::simulate::name_in_view;
use crate::model::topology::Server;

impl Planner<'_> {
    pub(super) fn start_at_once(&mut self) {
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
    pub(super) fn start_by_levels(&mut self) {
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

    pub(super) fn start(&mut self, server: &Server, why: &str, mut after: Vec<StepId>) {
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

    pub(super) fn wait_ready(&mut self, server: &Server) {
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
    pub(super) fn slots_at(&mut self, sender: &Server) {
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
    pub(super) fn streaming(&mut self) {
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
}
