//! The end of a change: sync as designed, the proof, the new design recorded, what nobody uses any more cleared away.

use std::collections::BTreeSet;

use super::difference::Kept;
use super::steps::{Planner, RESTART_SECS, WAIT_SECS, pass_files, ports, slots_on};
use crate::model::plan::steps::New;
use crate::model::plan::{
    Action, Alter, Configure, DesignOf, ExpectedRows, LeftSlot, Make, Means, Phase, Serve, proof, proxy,
};
use crate::model::topology::{Server, ServerId};

impl Planner<'_> {
    /// The designed sync settings, now that everybody streams.
    pub(super) fn tighten(&mut self) {
        let held = self.held();
        let Some(primary) = self.difference.primary().filter(|_| !held.is_empty()) else {
            return;
        };
        let reload = |design, held| {
            Action::Alter(Alter::Configure(Configure {
                held,
                by: Means::Reload,
                files: vec!["postgresql.conf".to_owned()],
                ..self.configure(primary, design)
            }))
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
            why: "This comes last, when every standby is streaming: no commit waits for a missing one \
                 (synchronous_standby_names needs no restart)"
                .to_owned(),
            action: reload(DesignOf::After, Vec::new()),
            undo: Some(back),
            ..New::default()
        };
        self.add(new);
    }

    /// The design, compared with what the servers say; one row through the whole tree. Where some servers are absent or late:
    /// the rows of those who are there, and the row through what is connected.
    pub(super) fn prove(&mut self) {
        let wanted = self.wanted;
        let expected = ExpectedRows::but(wanted, &self.absent);
        let is_cut = |id: ServerId| {
            let mut way = std::iter::once(id).chain(wanted.upstreams(id));
            way.any(|one| self.absent.contains(&one) || self.unproved.contains(&one))
        };
        let order = wanted.in_tree_order();
        let cut: BTreeSet<ServerId> = order.iter().copied().filter(|id| is_cut(*id)).collect();
        for sender in order.into_iter().filter_map(|id| wanted.server(id)) {
            let rows = expected.at(sender.id());
            let is_late = wanted
                .downstreams(sender.id())
                .any(|one| self.unproved.contains(&one.id()) && !self.absent.contains(&one.id()));
            let sent = |one: &Kept<'_>| self.difference.running.downstreams(one.was.id()).next().is_some();
            let is_silent = rows.is_empty() && !self.difference.kept_as(sender.id()).is_some_and(sent);
            if self.absent.contains(&sender.id()) || is_late || is_silent {
                continue;
            }
            self.add(New {
                deadline_secs: WAIT_SECS,
                ..proof::compare(sender, self.folder(sender), rows)
            });
            if let Some(encrypted) = proof::see_encrypted(wanted, sender, self.folder(sender)) {
                self.add(New {
                    deadline_secs: WAIT_SECS,
                    ..encrypted
                });
            }
        }
        self.add(New {
            why: "Streaming alone proves nothing: a standby can receive WAL without applying it".to_owned(),
            deadline_secs: WAIT_SECS,
            ..proof::one_row_but(wanted, &cut)
        });
    }

    /// The new design holds; then what nobody uses any more goes.
    pub(super) fn settle(&mut self) {
        self.record(
            "Record the new design".to_owned(),
            "It runs and is verified: from here on nothing is rolled back, and the remaining steps only clean up",
        );
        self.clear();
    }

    /// From here on nothing is rolled back.
    pub(super) fn record(&mut self, title: String, why: &str) {
        let settles_at = self.add(New {
            title,
            why: why.to_owned(),
            action: Action::Alter(Alter::Settle),
            ..New::default()
        });
        self.head.settles_at = Some(settles_at);
    }

    /// What nobody uses any more goes.
    pub(super) fn clear(&mut self) {
        let (running, wanted) = (self.difference.running, self.wanted);
        self.steps.enter(Phase::Clear);
        for one in &self.difference.kept {
            let there = slots_on(wanted, one.is.id());
            for slot in slots_on(running, one.was.id())
                .into_iter()
                .filter(|slot| !there.contains(slot))
            {
                if self.absent.contains(&one.is.id()) {
                    continue;
                }
                self.head.leaves_slots.push(LeftSlot {
                    server: one.is.name().to_string(),
                    slot: slot.clone(),
                });
                self.drop_slot(one.is, one.folder.clone(), &slot);
            }
        }
        for server in &self.difference.removed {
            self.remove_server(Some(server), server.name().as_str(), &running.folder(server.id()));
        }
        if !wanted.has_tls() && (running.has_tls() || self.left_tls) {
            self.add(New {
                title: "Remove the certificates and the authority".to_owned(),
                why: "No server uses them any more; other files in tls/ are kept".to_owned(),
                action: Action::Alter(Alter::RemoveTls),
                ..New::default()
            });
        }
        if let Some(close) = proxy::close(running).filter(|_| !wanted.terms().has_lab_links) {
            self.add(close);
        }
        let after = ports(wanted);
        let has_old = self.clears || !ports(running).is_subset(&after);
        if has_old && self.uses_passwords() {
            self.add(New {
                title: "Remove the old ports from the password files".to_owned(),
                why: "No server of the cluster listens on them any more".to_owned(),
                action: pass_files(&after),
                ..New::default()
            });
        }
        self.add(New {
            title: "Record that the change is complete".to_owned(),
            why: "Nothing of the old design is left; the folder's README describes the new connections"
                .to_owned(),
            action: Action::Make(Make::Complete),
            ..New::default()
        });
    }

    pub(super) fn drop_slot(&mut self, server: &Server, folder: String, slot: &str) {
        self.add(New {
            server: Some(server),
            title: format!("Drop the slot {slot} on {}", server.name()),
            why: "An unused slot retains WAL until the disk is full".to_owned(),
            action: Action::Serve(Serve::DropSlot {
                server: server.name().to_string(),
                folder,
                port: server.port().number(),
                slot: slot.to_owned(),
            }),
            deadline_secs: WAIT_SECS,
            ..New::default()
        });
    }

    pub(super) fn remove_server(&mut self, server: Option<&Server>, name: &str, folder: &str) {
        self.add(New {
            server,
            title: format!("Remove {name}"),
            why: "Its data directory, log and folder; files that pgcascade did not make are kept".to_owned(),
            action: Action::Alter(Alter::RemoveServer {
                server: name.to_owned(),
                folder: folder.to_owned(),
            }),
            deadline_secs: RESTART_SECS,
            ..New::default()
        });
    }
}
