//! The order of a change, from the first note in the record to the last.

use std::collections::{BTreeMap, BTreeSet};

use super::Standing;
use super::difference::{Difference, Kept, Limits, SYNC};
use crate::model::plan::steps::{New, Steps};
use crate::model::plan::{
    Action, ClusterLayout, Configure, DesignOf, Means, Reader, Step, StepId, expected_rows,
};
use crate::model::simulate::name_in_view;
use crate::model::topology::{Auth, Server, ServerId, Topology};

/// A base backup copies as much as there is.
const COPY_SECS: u32 = 1800;
/// A restart: a fast stop that hangs, the immediate one after it, and a recovery.
const RESTART_SECS: u32 = 180;
const WAIT_SECS: u32 = 60;

pub fn steps(difference: &Difference<'_>, standing: &Standing) -> Vec<Step> {
    let mut planner = Planner::new(difference);
    planner.begin(standing);
    planner.prepare();
    planner.servers();
    planner.end_removed(|_| true);
    planner.tighten();
    planner.prove();
    planner.settle();
    planner.steps.finish()
}

struct Planner<'a> {
    difference: &'a Difference<'a>,
    wanted: &'a Topology,
    slots: BTreeMap<ServerId, String>,
    folders: BTreeMap<ServerId, String>,
    steps: Steps,
    last: Option<StepId>,
    /// Servers of the wanted design that are what they will be.
    ready: BTreeSet<ServerId>,
    /// Standbys that were disturbed and have not been seen to stream again.
    disturbed: BTreeSet<ServerId>,
    ended: BTreeSet<ServerId>,
    loosened: bool,
}

impl<'a> Planner<'a> {
    fn new(difference: &'a Difference<'a>) -> Self {
        Self {
            difference,
            wanted: difference.wanted,
            slots: difference.wanted.slot_names(),
            folders: difference.wanted.folders(),
            steps: Steps::default(),
            last: None,
            ready: BTreeSet::new(),
            disturbed: BTreeSet::new(),
            ended: BTreeSet::new(),
            loosened: difference.must_loosen(),
        }
    }

    /// One thing at a time: each step waits for the one before.
    fn add(&mut self, new: New<'_>) {
        let after = self.last.into_iter().collect();
        self.last = Some(self.steps.add(New { after, ..new }));
    }

    fn folder(&self, server: &Server) -> String {
        self.folders.get(&server.id()).cloned().unwrap_or_default()
    }

    fn uses_passwords(&self) -> bool {
        self.wanted.effective_auth() != Auth::Trust
    }

    /// The note that a change begins; what an earlier one left.
    fn begin(&mut self, standing: &Standing) {
        self.add(New {
            title: "Note that a change begins".to_owned(),
            why: "Whatever happens from here on, the record names both designs and everything that may be made: a later pgcascade can finish the change, take it back, or tear all down".to_owned(),
            action: Action::BeginChange,
            undo: Some(Action::ForgetChange),
            ..New::default()
        });
        for left in &standing.left_slots {
            if let Some(server) = self.difference.running.by_name(&left.server) {
                self.drop_slot(server, self.difference.running.folder(server.id()), &left.slot);
            }
        }
        for (name, folder) in &standing.left_servers {
            self.remove_server(None, name, folder);
        }
        if standing.resumes {
            self.begin_again(standing);
        }
    }

    /// What a change that was ended in the middle may have half made is made anew; what does not run is started.
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
                    why: "It was left down in the middle of a change".to_owned(),
                    action: Action::Configure(Configure {
                        by: restart,
                        ..before
                    }),
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
                title: "Let the password files know the new ports".to_owned(),
                why: "libpq looks a password up by the port: a standby that goes to a new one needs its line there first".to_owned(),
                action: pass_files(&both),
                undo: Some(pass_files(&before)),
                ..New::default()
            });
        }
        let folders_of = |topology: &Topology| {
            let archive = topology.archive();
            archive.map_or_else(Vec::new, |one| ClusterLayout::archive_folders(one.directory()))
        };
        let there = folders_of(running);
        for path in folders_of(wanted)
            .into_iter()
            .filter(|path| !there.contains(path))
        {
            self.make_folder(None, path, "The primary will put finished WAL segments here");
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

    /// Commits wait for no standby until all stream again.
    fn loosen(&mut self) {
        let Some(primary) = self.difference.primary() else {
            return;
        };
        let action = |held| {
            Action::Configure(Configure {
                held,
                by: Means::Reload,
                files: vec!["postgresql.conf".to_owned()],
                ..self.configure(primary, DesignOf::Before)
            })
        };
        let new = New {
            server: Some(primary.was),
            title: "Let commits wait for no standby for now".to_owned(),
            why: "Synchronous standbys will be away for a moment: a commit would wait for one that does not stream. Switched on again as the last thing".to_owned(),
            action: action(self.held()),
            undo: Some(action(Vec::new())),
            ..New::default()
        };
        self.add(new);
    }

    /// What the primary's sync settings are while the change is made; empty: they stay as they are.
    fn held(&self) -> Vec<(String, Option<String>)> {
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

    /// A server of both designs gets its new files.
    fn change(&mut self, one: &Kept<'_>) {
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
                    "Let {name} follow {}",
                    upstream.map_or("", |upstream| upstream.name().as_str())
                ),
                "primary_conninfo and primary_slot_name are read again at a reload (from 13 on): it goes to its new upstream without a restart".to_owned(),
            ),
            Means::Reload => (
                format!("Reload {name} with its new configuration"),
                "What differs is read again at a signal (pg_ctl reload); nobody is disconnected".to_owned(),
            ),
            Means::Write => (
                format!("Write the files of {name} anew"),
                "Only their comments differ: the server reads nothing new".to_owned(),
            ),
        };
        let new = New {
            server: Some(server),
            title,
            why,
            action: Action::Configure(Configure {
                held,
                by,
                ..self.configure(one, DesignOf::After)
            }),
            undo: Some(Action::Configure(Configure {
                held: held_before,
                by,
                ..self.configure(one, DesignOf::Before)
            })),
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
    fn configure(&self, one: &Kept<'_>, design: DesignOf) -> Configure {
        let is_after = design == DesignOf::After;
        let (server, folder, folder_before) = if is_after {
            (one.is, &one.folder, &one.folder_was)
        } else {
            (one.was, &one.folder_was, &one.folder)
        };
        let major = self.wanted.postgres();
        let mut files = vec!["postgresql.conf", "pg_hba.conf"];
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
    fn build(&mut self, server: &'a Server) {
        let (name, folder) = (server.name().to_string(), self.folder(server));
        let (data, port) = (ClusterLayout::data(&folder), server.port().number());
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
            ClusterLayout::server(&folder),
            "The new server's own folder, for its data directory and its log",
        );
        self.add(New {
            server: Some(server),
            title: format!("Copy {} to {name} while it runs", source.name()),
            why: "A base backup: between the calls that begin and end it, the files may change while they are copied, since the WAL of that time is applied to the copy (Making a Base Backup Using the Low Level API)".to_owned(),
            undo: Some(Action::RemoveFolder { path: data.clone() }),
            action: Action::CopyRunning {
                server: source.name().to_string(),
                folder: source_folder,
                port: source.port().number(),
                to: data.clone(),
            },
            deadline_secs: COPY_SECS,
            ..New::default()
        });
        for file in ["postgresql.conf", "pg_hba.conf", major.standby_file()] {
            self.add(New {
                server: Some(server),
                title: format!("Install {file} of {name}"),
                why: "In place of the primary's".to_owned(),
                action: Action::InstallFile {
                    bundle_path: format!("{}/{file}", ClusterLayout::server(&folder)),
                    to: format!("{data}/{file}"),
                    held_back: None,
                },
                ..New::default()
            });
        }
        self.add(New {
            server: Some(server),
            title: format!("Start {name}"),
            why: "It applies the WAL of the time in which it was copied, then streams".to_owned(),
            undo: Some(Action::Stop {
                server: name.clone(),
                folder: folder.clone(),
            }),
            action: Action::Start {
                server: name.clone(),
                folder: folder.clone(),
                port,
                pass_file_in_environment: self.uses_passwords() && !major.has_passfile(),
            },
            deadline_secs: WAIT_SECS,
            ..New::default()
        });
        self.add(New {
            server: Some(server),
            title: format!("Wait until {name} accepts connections"),
            why: "A hot standby does so once it has reached a consistent state".to_owned(),
            action: Action::WaitReady {
                server: name,
                folder,
                port,
            },
            deadline_secs: RESTART_SECS,
            ..New::default()
        });
        self.ready.insert(server.id());
        self.disturbed.insert(server.id());
        self.slots_at(server);
        self.wait_streaming();
    }

    fn make_folder(&mut self, server: Option<&Server>, path: String, why: &str) {
        self.add(New {
            server,
            title: format!("Make the folder {path}"),
            why: why.to_owned(),
            undo: Some(Action::RemoveFolder { path: path.clone() }),
            action: Action::MakeFolder { path },
            ..New::default()
        });
    }

    /// The slots that a sender does not have yet.
    fn slots_at(&mut self, sender: &Server) {
        let (running, wanted) = (self.difference.running, self.wanted);
        let before = self.difference.kept_as(sender.id());
        let there: Vec<String> = before.map_or_else(Vec::new, |one| slots_on(running, one.was.id()));
        for standby in wanted.downstreams(sender.id()) {
            let slot = self.slots.get(&standby.id()).cloned().unwrap_or_default();
            if !wanted.uses_slot(standby.id()) || there.contains(&slot) {
                continue;
            }
            let place = (
                sender.name().to_string(),
                self.folder(sender),
                sender.port().number(),
            );
            let (server, folder, port) = place.clone();
            let undo = Action::DropSlot {
                server,
                folder,
                port,
                slot: slot.clone(),
            };
            let (server, folder, port) = place;
            self.add(New {
                server: Some(sender),
                title: format!("Make the slot of {} on {}", standby.name(), sender.name()),
                why: "Before its standby comes: it keeps the WAL from here on".to_owned(),
                action: Action::CreateSlot {
                    server,
                    folder,
                    port,
                    slot,
                },
                undo: before.is_some().then_some(undo),
                deadline_secs: 30,
                ..New::default()
            });
        }
    }

    /// Every disturbed link whose two ends are what they will be.
    fn wait_streaming(&mut self) {
        let is_whole = |id: &ServerId| {
            let upstream = self.wanted.server(*id).and_then(Server::upstream);
            self.ready.contains(id) && upstream.is_some_and(|upstream| self.ready.contains(&upstream))
        };
        let (now, later): (Vec<ServerId>, Vec<ServerId>) = self.disturbed.iter().copied().partition(is_whole);
        self.disturbed = later.into_iter().collect();
        for standby in now.into_iter().filter_map(|id| self.wanted.server(id)) {
            let Some(sender) = standby.upstream().and_then(|id| self.wanted.server(id)) else {
                continue;
            };
            self.add(New {
                server: Some(standby),
                title: format!("Wait until {} streams from {}", standby.name(), sender.name()),
                why: "The next server is touched only when this one is back".to_owned(),
                action: Action::WaitStreaming {
                    server: sender.name().to_string(),
                    folder: self.folder(sender),
                    port: sender.port().number(),
                    standby: name_in_view(standby.name(), self.wanted.postgres()),
                },
                deadline_secs: WAIT_SECS,
                ..New::default()
            });
        }
    }

    /// More of what a standby may not have less of than the primary: standbys first, those without downstreams before
    /// all others; in the files of before, so that nobody looks for a server where it is not yet.
    fn raise(&mut self) {
        let mut first: Vec<&Kept<'_>> = self.difference.kept.iter().collect();
        first.retain(|one| !one.early.is_empty());
        first.sort_by_key(|one| std::cmp::Reverse(self.difference.running.upstreams(one.was.id()).len()));
        for one in first {
            let is_primary = one.was.is_primary();
            if is_primary {
                self.standbys_apply();
            }
            let held = if is_primary && self.loosened {
                self.held()
            } else {
                Vec::new()
            };
            let restart = |held| {
                Action::Configure(Configure {
                    held,
                    by: Means::Restart,
                    ..self.configure(one, DesignOf::Before)
                })
            };
            let names: Vec<&str> = one.early.iter().map(|(name, _)| name.as_str()).collect();
            let new = New {
                server: Some(one.was),
                title: format!("Restart {} with more of {}", one.was.name(), names.join(", ")),
                why: "Read at the start only, and no standby may have less than its primary: standbys first, the primary last".to_owned(),
                action: restart(one.early.iter().cloned().chain(held.clone()).collect()),
                undo: Some(restart(held)),
                deadline_secs: RESTART_SECS,
                ..New::default()
            };
            self.add(new);
            if !is_primary {
                self.disturbed.insert(one.is.id());
            }
        }
    }

    /// Before the primary gets more; would that be taken back, the standbys have to apply it before they have less.
    fn standbys_apply(&mut self) {
        let primary = self.difference.running.primary();
        let standbys = self.difference.kept.iter();
        let raised = standbys.filter(|one| !one.early.is_empty() && !one.was.is_primary());
        let prove = Action::ProveRow {
            server: primary.name().to_string(),
            port: primary.port().number(),
            readers: raised.map(|one| Reader::of(one.was)).collect(),
            delayed: Vec::new(),
        };
        self.add(New {
            server: Some(primary),
            title: "See that every standby applies what the primary writes".to_owned(),
            why: "They have room for what the primary gets now".to_owned(),
            undo: Some(prove.clone()),
            action: prove,
            deadline_secs: WAIT_SECS,
            ..New::default()
        });
    }

    /// A standby that is given less must first have applied that the primary has less.
    fn wait_applied(&mut self) {
        let primary = self.wanted.primary();
        let lowered = self.difference.lowered_standbys();
        self.add(New {
            server: Some(primary),
            title: "Wait until the standbys know the primary's lower settings".to_owned(),
            why: "A standby refuses to run with less than the WAL that it applies says of the primary (hot standby, Administrator's Overview)".to_owned(),
            action: Action::ProveRow {
                server: primary.name().to_string(),
                port: primary.port().number(),
                readers: lowered.into_iter().map(|one| Reader::of(one.was)).collect(),
                delayed: Vec::new(),
            },
            deadline_secs: WAIT_SECS,
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
                why: "It is no longer in the design; its data stays until the change is proved".to_owned(),
                action: Action::Stop {
                    server: name.clone(),
                    folder: folder.clone(),
                },
                undo: Some(Action::Start {
                    server: name,
                    folder,
                    port: server.port().number(),
                    pass_file_in_environment: self.uses_passwords() && !major.has_passfile(),
                }),
                deadline_secs: WAIT_SECS,
                ..New::default()
            });
        }
    }

    /// The designed sync settings, now that everybody streams.
    fn tighten(&mut self) {
        let held = self.held();
        let Some(primary) = self.difference.primary().filter(|_| !held.is_empty()) else {
            return;
        };
        let reload = |design, held| {
            Action::Configure(Configure {
                held,
                by: Means::Reload,
                files: vec!["postgresql.conf".to_owned()],
                ..self.configure(primary, design)
            })
        };
        // What it read last, if it has read its new files already, or is still as it was but for what was loosened.
        let back = match primary.means {
            Some(_) => reload(DesignOf::After, held),
            None if self.loosened => reload(DesignOf::Before, held),
            None => reload(DesignOf::Before, Vec::new()),
        };
        let new = New {
            server: Some(primary.is),
            title: "Switch on the designed synchronous replication".to_owned(),
            why: "Only now, when every standby streams: no commit waits for one that is not there (synchronous_standby_names needs no restart)".to_owned(),
            action: reload(DesignOf::After, Vec::new()),
            undo: Some(back),
            ..New::default()
        };
        self.add(new);
    }

    /// The design, compared with what the servers say; one row through the whole tree.
    fn prove(&mut self) {
        let wanted = self.wanted;
        for id in wanted.in_tree_order() {
            let Some(sender) = wanted.server(id) else {
                continue;
            };
            let rows = expected_rows(wanted, id);
            let sent = |one: &Kept<'_>| self.difference.running.downstreams(one.was.id()).next().is_some();
            if rows.is_empty() && !self.difference.kept_as(id).is_some_and(sent) {
                continue;
            }
            self.add(New {
                server: Some(sender),
                title: format!("Compare {} with the design", sender.name()),
                why: "pg_stat_replication must show exactly the drawn downstreams, each with the drawn sync_priority and sync_state".to_owned(),
                action: Action::WaitRows {
                    server: sender.name().to_string(),
                    folder: self.folder(sender),
                    port: sender.port().number(),
                    rows,
                },
                deadline_secs: WAIT_SECS,
                ..New::default()
            });
        }
        let primary = wanted.primary();
        let standbys = wanted.servers().iter().filter(|server| !server.is_primary());
        let (delayed, readers): (Vec<&Server>, Vec<&Server>) =
            standbys.partition(|server| server.is_delayed());
        self.add(New {
            server: Some(primary),
            title: "Write a row and read it everywhere".to_owned(),
            why: "Streaming alone is no proof: a standby can receive WAL and not apply it".to_owned(),
            action: Action::ProveRow {
                server: primary.name().to_string(),
                port: primary.port().number(),
                readers: readers.into_iter().map(Reader::of).collect(),
                delayed: delayed.into_iter().map(Reader::of).collect(),
            },
            deadline_secs: WAIT_SECS,
            ..New::default()
        });
    }

    /// The new design holds; then what nobody uses any more goes.
    fn settle(&mut self) {
        let (running, wanted) = (self.difference.running, self.wanted);
        self.add(New {
            title: "Record the new design".to_owned(),
            why:
                "It runs and is proved: from here on nothing is taken back, and what follows only clears away"
                    .to_owned(),
            action: Action::Settle,
            ..New::default()
        });
        for one in &self.difference.kept {
            let there = slots_on(wanted, one.is.id());
            for slot in slots_on(running, one.was.id())
                .into_iter()
                .filter(|slot| !there.contains(slot))
            {
                self.drop_slot(one.is, one.folder.clone(), &slot);
            }
        }
        for server in &self.difference.removed {
            self.remove_server(Some(server), server.name().as_str(), &running.folder(server.id()));
        }
        let after = ports(wanted);
        if !ports(running).is_subset(&after) && self.uses_passwords() {
            self.add(New {
                title: "Let the password files forget the old ports".to_owned(),
                why: "No server of the cluster listens there any more".to_owned(),
                action: pass_files(&after),
                ..New::default()
            });
        }
        self.add(New {
            title: "Note that the change is complete".to_owned(),
            why: "Nothing of the old design is left; the folder's README says how to connect now".to_owned(),
            action: Action::Complete,
            ..New::default()
        });
    }

    fn drop_slot(&mut self, server: &Server, folder: String, slot: &str) {
        self.add(New {
            server: Some(server),
            title: format!("Drop the slot {slot} on {}", server.name()),
            why: "A slot that nobody reads keeps WAL until the disk is full".to_owned(),
            action: Action::DropSlot {
                server: server.name().to_string(),
                folder,
                port: server.port().number(),
                slot: slot.to_owned(),
            },
            deadline_secs: WAIT_SECS,
            ..New::default()
        });
    }

    fn remove_server(&mut self, server: Option<&Server>, name: &str, folder: &str) {
        self.add(New {
            server,
            title: format!("Remove what there is of {name}"),
            why: "Its data directory, its log and its folder; nothing that pgcascade did not make".to_owned(),
            action: Action::RemoveServer {
                server: name.to_owned(),
                folder: folder.to_owned(),
            },
            deadline_secs: RESTART_SECS,
            ..New::default()
        });
    }
}

/// The slots on one server, by its downstreams.
fn slots_on(topology: &Topology, server: ServerId) -> Vec<String> {
    let names = topology.slot_names();
    topology
        .downstreams(server)
        .filter(|standby| topology.uses_slot(standby.id()))
        .filter_map(|standby| names.get(&standby.id()).cloned())
        .collect()
}

fn ports(topology: &Topology) -> BTreeSet<u16> {
    topology
        .servers()
        .iter()
        .map(|server| server.port().number())
        .collect()
}

fn pass_files(ports: &BTreeSet<u16>) -> Action {
    Action::WritePassFiles {
        ports: ports.iter().copied().collect(),
    }
}

fn restart_why(one: &Kept<'_>) -> String {
    let names: Vec<&str> = one
        .settings
        .iter()
        .filter(|setting| setting.needs_restart)
        .map(|setting| setting.name.as_str())
        .collect();
    if names.is_empty() {
        "Its folder gets its new name, which only works while it is down".to_owned()
    } else {
        format!("Read at the start only: {}", names.join(", "))
    }
}
