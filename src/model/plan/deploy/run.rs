//! The servers: started, waited for, linked by slots, streaming.

use std::collections::BTreeMap;

use super::Planner;
use crate::model::plan::steps::New;
use crate::model::plan::{Action, Phase, Serve, StepId};
use crate::model::topology::Server;

impl Planner<'_> {
    /// Level by level of the tree, each standby as soon as its upstream is ready and has its slot: anyone who asks is
    /// answered at the first try. Started all at once, standbys would ask servers that do not listen yet, or have no
    /// slot for them yet, and every log would begin with errors. Measured on 15 and 18, it takes as long (see
    /// ARCHITECTURE.md).
    pub(super) fn start_by_levels(&mut self) {
        let mut levels: BTreeMap<usize, Vec<&Server>> = BTreeMap::new();
        for server in self.servers() {
            let level = self.topology.level(server.id());
            levels.entry(level).or_default().push(server);
        }
        for level in levels.into_values() {
            self.steps.enter(Phase::Start);
            for server in &level {
                self.start(server);
            }
            for server in &level {
                self.wait_ready(server);
            }
            self.steps.enter(Phase::Slots);
            for server in &level {
                self.slots_at(server);
            }
        }
    }

    fn start(&mut self, server: &Server) {
        let why = if server.is_primary() {
            "The primary starts first: all WAL originates here"
        } else if self.topology.postgres().has_retry_interval() {
            "Its upstream is now ready and has its slot: a standby that starts too early fills its own and \
             its upstream's log with errors"
        } else {
            "Its upstream is now ready and has its slot: up to 9.4, a standby that starts too early waits 5 \
             s before it tries again"
        };
        let upstream = server.upstream();
        let mut after: Vec<StepId> = upstream
            .and_then(|id| self.ready.get(&id))
            .copied()
            .into_iter()
            .collect();
        after.extend(self.slot_made.get(&server.id()));
        after.extend(self.installed.get(&server.id()).into_iter().flatten());
        let major = self.topology.postgres();
        let id = self.steps.add(New {
            server: Some(server),
            title: format!("Start {}", server.name()),
            why: why.to_owned(),
            undo: Some(Action::Serve(Serve::Stop {
                server: server.name().to_string(),
                folder: self.folder(server),
            })),
            action: Action::Serve(Serve::Start {
                server: server.name().to_string(),
                folder: self.folder(server),
                port: server.port().number(),
                pass_file_in_environment: self.uses_passwords && !major.has_passfile(),
            }),
            after,
            deadline_secs: 60,
            ..New::default()
        });
        self.started.insert(server.id(), id);
    }

    fn wait_ready(&mut self, server: &Server) {
        let topology = self.topology;
        let (what, why) = if server.is_primary() {
            (
                "accepts connections",
                "It accepts connections once it has started up",
            )
        } else if topology.answers_queries(server.id()) {
            (
                "accepts connections",
                "A hot standby accepts connections, including those of its downstreams, once it has reached \
                 a consistent state",
            )
        } else if topology.postgres().reports_ready_in_pid_file() {
            (
                "applies WAL",
                "With hot_standby off it never accepts connections; its postmaster.pid says \"standby\" once it is in recovery",
            )
        } else {
            // Nothing tells before 10, but its sender, which is asked next.
            return;
        };
        let id = self.steps.add(New {
            server: Some(server),
            title: format!("Wait until {} {what}", server.name()),
            why: why.to_owned(),
            action: Action::Serve(Serve::WaitReady {
                server: server.name().to_string(),
                folder: self.folder(server),
                port: server.port().number(),
            }),
            after: self.started.get(&server.id()).copied().into_iter().collect(),
            deadline_secs: 60,
            ..New::default()
        });
        self.ready.insert(server.id(), id);
    }

    /// The slots of a sender's downstreams.
    fn slots_at(&mut self, sender: &Server) {
        for (slot, standby) in self.topology.slots_at(sender.id()) {
            let id = self.steps.add(New {
                server: Some(sender),
                title: match standby {
                    Some(standby) => format!("Create the slot of {} on {}", standby.name(), sender.name()),
                    None => format!("Create the slot {slot} on {}", sender.name()),
                },
                why: if standby.is_some() {
                    "A replication slot retains the WAL that its standby has not received yet, even while \
                     the standby is away"
                } else {
                    "The design asks for this slot besides those of the downstreams: it retains WAL for \
                     its user from the first use on"
                }
                .to_owned(),
                action: Action::Serve(Serve::CreateSlot {
                    server: sender.name().to_string(),
                    folder: self.folder(sender),
                    port: sender.port().number(),
                    slot,
                }),
                after: self.ready.get(&sender.id()).copied().into_iter().collect(),
                deadline_secs: 30,
                ..New::default()
            });
            if let Some(standby) = standby {
                self.slot_made.insert(standby.id(), id);
            }
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
            after.extend(self.ready.get(&standby.id()).or(self.started.get(&standby.id())));
            let id = self.steps.add(New {
                server: Some(standby),
                title: format!("Wait until {} streams from {}", standby.name(), sender.name()),
                why: "The upstream's pg_stat_replication shows the link; its state goes from startup \
                     through catchup to streaming"
                    .to_owned(),
                action: Action::Serve(Serve::WaitStreaming {
                    server: sender.name().to_string(),
                    folder: self.folder(sender),
                    port: sender.port().number(),
                    standby: standby.name().in_view(self.topology.postgres()),
                }),
                after,
                deadline_secs: 60,
                ..New::default()
            });
            self.streams.insert(standby.id(), id);
        }
    }
}
