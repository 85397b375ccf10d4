//! Each server in its turn: one of both designs gets its new files, a new one is made; then its slots and its links.

use super::difference::{Kept, Limits};
use super::steps::{COPY_SECS, Planner, RESTART_SECS, WAIT_SECS, slots_on};
use crate::model::configuration::ClusterFolder;
use crate::model::drift::Repair;
use crate::model::plan::steps::New;
use crate::model::plan::{Action, Alter, Configure, DesignOf, Make, Means, Serve};
use crate::model::topology::{Server, ServerId};

impl<'a> Planner<'a> {
    /// A server of both designs gets its new files.
    pub(super) fn change(&mut self, one: &Kept<'_>) {
        let Some(by) = one.means else { return };
        let (server, name) = (one.is, one.is.name());
        let held = if server.is_primary() {
            self.held()
        } else {
            Vec::new()
        };
        let mut held_before = one.early.clone();
        if self.loosened {
            held_before.extend(held.iter().cloned());
        }
        let upstream = server.upstream().and_then(|id| self.wanted.server(id));
        let (title, why) = match by {
            Means::Restart => (
                format!("Restart {name} with its new configuration"),
                restart_why(one),
            ),
            Means::Reload if self.difference.has_moved(one) => (
                format!(
                    "Point {name} at {}",
                    upstream.map_or("", |upstream| upstream.name().as_str())
                ),
                "From PostgreSQL 13, a reload is enough for primary_conninfo and primary_slot_name: it \
                 moves to its new upstream without a restart"
                    .to_owned(),
            ),
            Means::Reload => (
                format!("Reload {name} with its new configuration"),
                "A reload (pg_ctl reload) is enough for these settings; no session is disconnected"
                    .to_owned(),
            ),
            Means::Write => (
                format!("Rewrite the files of {name}"),
                "Only comments differ: nothing changes for the server".to_owned(),
            ),
        };
        let new = New {
            server: Some(server),
            title,
            why,
            action: Action::Alter(Alter::Configure(Configure {
                held,
                by,
                ..self.configure(one, DesignOf::After)
            })),
            undo: Some(Action::Alter(Alter::Configure(Configure {
                held: held_before,
                by,
                ..self.configure(one, DesignOf::Before)
            }))),
            deadline_secs: if by == Means::Restart {
                RESTART_SECS
            } else {
                WAIT_SECS
            },
            ..New::default()
        };
        self.add(new);
        self.ready.insert(server.id());
        if one.leaves_upstream() && !server.is_primary() {
            self.disturbed.insert(server.id());
        }
        if by == Means::Restart {
            let below = self.wanted.downstreams(server.id()).map(Server::id);
            self.disturbed.extend(below);
        }
        self.slots_at(server);
        self.wait_streaming();
        if server.is_primary() && self.difference.limits == Limits::Lowered {
            self.wait_applied();
        }
    }

    /// The files of one server in one of the designs; all of them, by writing.
    pub(super) fn configure(&self, one: &Kept<'_>, design: DesignOf) -> Configure {
        let is_after = design == DesignOf::After;
        let (server, folder, folder_before) = if is_after {
            (one.is, &one.folder, &one.folder_was)
        } else {
            (one.was, &one.folder_was, &one.folder)
        };
        let major = self.wanted.postgres();
        let mut files = vec!["postgresql.conf", "pg_hba.conf"];
        if self.wanted.streams_by_certificate() {
            files.push("pg_ident.conf");
        }
        if !server.is_primary() {
            files.push(major.standby_file());
        }
        Configure {
            server: server.name().to_string(),
            folder: folder.clone(),
            port: server.port().number(),
            folder_before: folder_before.clone(),
            design,
            files: files.into_iter().map(str::to_owned).collect(),
            held: Vec::new(),
            by: Means::Write,
            pass_file_in_environment: self.uses_passwords() && !major.has_passfile(),
        }
    }

    /// A new standby: a copy of the primary as it runs.
    pub(super) fn build(&mut self, server: &'a Server) {
        let (name, folder) = (server.name().to_string(), self.folder(server));
        let (data, port) = (ClusterFolder::data(&folder), server.port().number());
        let major = self.wanted.postgres();
        let Some(primary) = self.difference.primary() else {
            return;
        };
        // The primary may be what it was still, or what it will be.
        let source = if self.ready.contains(&primary.is.id()) {
            primary.is
        } else {
            primary.was
        };
        let source_folder = if self.ready.contains(&primary.is.id()) {
            primary.folder.clone()
        } else {
            primary.folder_was.clone()
        };
        self.make_folder(
            Some(server),
            ClusterFolder::server(&folder),
            "The new server's folder, for its data directory and log",
        );
        self.add(New {
            server: Some(server),
            title: format!("Copy the running {} to {name}", source.name()),
            why: "A base backup: files may change while they are copied, because the WAL written in the \
                 meantime is applied to the copy (manual, Making a Base Backup Using the Low Level API)"
                .to_owned(),
            undo: Some(Action::Make(Make::RemoveFolder { path: data.clone() })),
            action: Action::Alter(Alter::CopyRunning {
                server: source.name().to_string(),
                folder: source_folder,
                port: source.port().number(),
                to: data.clone(),
            }),
            deadline_secs: COPY_SECS,
            ..New::default()
        });
        let ident = self.wanted.streams_by_certificate().then_some("pg_ident.conf");
        for file in ["postgresql.conf", "pg_hba.conf"]
            .into_iter()
            .chain(ident)
            .chain([major.standby_file()])
        {
            self.add(New {
                server: Some(server),
                title: format!("Install {file} of {name}"),
                why: "Replaces the copy of the primary's file".to_owned(),
                action: Action::Make(Make::InstallFile {
                    bundle_path: format!("{}/{file}", ClusterFolder::server(&folder)),
                    to: format!("{data}/{file}"),
                    held_back: None,
                }),
                ..New::default()
            });
        }
        self.add(New {
            server: Some(server),
            title: format!("Start {name}"),
            why: "It applies the WAL written during the copy, then streams".to_owned(),
            undo: Some(Action::Serve(Serve::Stop {
                server: name.clone(),
                folder: folder.clone(),
            })),
            action: Action::Serve(Serve::Start {
                server: name.clone(),
                folder: folder.clone(),
                port,
                pass_file_in_environment: self.uses_passwords() && !major.has_passfile(),
            }),
            deadline_secs: WAIT_SECS,
            ..New::default()
        });
        self.add(New {
            server: Some(server),
            title: format!("Wait until {name} accepts connections"),
            why: "A hot standby accepts connections once it has reached a consistent state".to_owned(),
            action: Action::Serve(Serve::WaitReady {
                server: name,
                folder,
                port,
            }),
            deadline_secs: RESTART_SECS,
            ..New::default()
        });
        self.ready.insert(server.id());
        self.disturbed.insert(server.id());
        self.slots_at(server);
        self.wait_streaming();
    }

    /// The slots that a sender does not have yet.
    pub(super) fn slots_at(&mut self, sender: &Server) {
        if self.absent.contains(&sender.id()) {
            return;
        }
        let (running, wanted) = (self.difference.running, self.wanted);
        let before = self.difference.kept_as(sender.id());
        let there: Vec<String> = before.map_or_else(Vec::new, |one| slots_on(running, one.was.id()));
        for (slot, standby) in wanted.slots_at(sender.id()) {
            if there.contains(&slot) {
                continue;
            }
            let place = (
                sender.name().to_string(),
                self.folder(sender),
                sender.port().number(),
            );
            let (server, folder, port) = place.clone();
            let undo = Action::Serve(Serve::DropSlot {
                server,
                folder,
                port,
                slot: slot.clone(),
            });
            let (server, folder, port) = place;
            self.add(New {
                server: Some(sender),
                title: match standby {
                    Some(standby) => format!("Create the slot of {} on {}", standby.name(), sender.name()),
                    None => format!("Create the slot {slot} on {}", sender.name()),
                },
                why: "This comes before its standby connects: the slot retains WAL from now on".to_owned(),
                action: Action::Serve(Serve::CreateSlot {
                    server,
                    folder,
                    port,
                    slot,
                }),
                undo: before.is_some().then_some(undo),
                deadline_secs: 30,
                ..New::default()
            });
        }
    }

    /// Every disturbed link whose two ends are what they will be.
    pub(super) fn wait_streaming(&mut self) {
        let is_whole = |id: &ServerId| {
            let upstream = self.wanted.server(*id).and_then(Server::upstream);
            self.ready.contains(id) && upstream.is_some_and(|upstream| self.ready.contains(&upstream))
        };
        let (now, later): (Vec<ServerId>, Vec<ServerId>) = self.disturbed.iter().copied().partition(is_whole);
        self.disturbed = later.into_iter().collect();
        for standby in now.into_iter().filter_map(|id| self.wanted.server(id)) {
            if self.absent.contains(&standby.id()) || self.lets_delayed_be && standby.is_delayed() {
                self.unproved.insert(standby.id());
                continue;
            }
            let Some(sender) = standby.upstream().and_then(|id| self.wanted.server(id)) else {
                continue;
            };
            self.add(New {
                server: Some(standby),
                title: format!("Wait until {} streams from {}", standby.name(), sender.name()),
                why: "The next server is changed only when this one is back".to_owned(),
                action: Action::Serve(Serve::WaitStreaming {
                    server: sender.name().to_string(),
                    folder: self.folder(sender),
                    port: sender.port().number(),
                    standby: standby.name().in_view(self.wanted.postgres()),
                }),
                deadline_secs: WAIT_SECS,
                ..New::default()
            });
        }
    }
}

fn restart_why(one: &Kept<'_>) -> String {
    let settings = one.settings.iter().filter(|setting| setting.needs_restart);
    let repaired = one.repairs.iter().filter_map(|repair| match repair {
        Repair::Setting {
            name, restarts: true, ..
        } => Some(name.as_str()),
        Repair::Setting { .. } | Repair::Slot(_) | Repair::Files => None,
    });
    let names: Vec<&str> = settings
        .map(|setting| setting.name.as_str())
        .chain(repaired)
        .collect();
    if names.is_empty() {
        "Its folder is renamed, which is only possible while it is down".to_owned()
    } else {
        format!("Read only at startup: {}", names.join(", "))
    }
}
