//! What the record says in the course of a change: that it begins, that it is given up, that it holds.

use std::fs;

use super::change::ChangeHost;
use super::workbench::Claim;
use crate::engine::cluster;
use crate::engine::cluster::record::{self, Builder, ClusterRecord, ClusterState, Lock, Stored};
use crate::model::configuration::ClusterFolder;
use crate::model::document::Document;
use crate::model::plan::Steering;
use crate::report::Report;

impl ChangeHost {
    /// Notes both designs and all that may be made, before any of it.
    pub(super) fn begin_change(&self) -> Result<(), Report> {
        let before = &self.before;
        let mut claim = self.bench.claim();
        let folder = claim.stored.record.folder.clone();
        let lock = Lock::take(&folder)?;
        if record::find(&folder)?.as_ref() != Some(&before.stored) {
            return Err(Report::new(format!(
                "Another pgcascade has changed the cluster in {} in the meantime.",
                folder.display()
            ))
            .hint("Look at the plan again."));
        }
        let stored = &mut claim.stored;
        stored.record.state = ClusterState::Changing;
        stored.record.builder = Builder::ourselves();
        stored.record.kept = false;
        stored.wanted = Some(self.bench.document.text());
        stored.from = before.is_taken_back.then(|| before.document.text());
        stored.left_slots.clone_from(&before.standing.left_slots);
        stored.leaves_slots.clone_from(&before.leaves_slots);
        stored.steering.clone_from(&before.steering);
        for server in ClusterRecord::servers_of(self.bench.document.topology()) {
            if !stored.record.servers.contains(&server) {
                stored.record.servers.push(server);
            }
        }
        for path in &before.makes {
            if !stored.made.contains(path) {
                stored.made.push(path.clone());
            }
        }
        record::save(&claim.stored)?;
        claim.lock = Some(lock);
        Ok(())
    }

    /// All is as it was before the change. One that was to finish another, which was ended in the middle, has not undone
    /// what that one did: the cluster is still between two designs.
    pub(super) fn forget_change(&self) -> Result<(), Report> {
        let before = &self.before;
        let mut claim = self.bench.claim();
        if claim.lock.is_none() {
            // It was not even noted.
            return Ok(());
        }
        let mut stored = before.stored.clone();
        stored.record.builder = None;
        // That is so whatever else is undone.
        stored.torn.clone_from(&claim.stored.torn);
        // A settling that failed may have written design.toml again.
        if before.standing.resumes {
            let recorded = if before.is_taken_back {
                &self.bench.document
            } else {
                &before.document
            };
            self.describe(recorded, &stored)?;
            put_back(&mut claim, stored)?;
            return Err(Report::new(
                "The cluster is still between two designs, as before: apply either of them again.",
            ));
        }
        stored.steering = None;
        if stored.record.state == ClusterState::Changing {
            // The change before was settled, and its record was not written any more.
            stored.record.state = ClusterState::Complete;
            stored.wanted = None;
            stored.record.clears = true;
            stored.left_slots.clone_from(&before.standing.left_slots);
            stored.leaves_slots.clear();
        }
        self.describe(&before.document, &stored)?;
        put_back(&mut claim, stored)
    }

    /// The new design holds; what is still to be cleared away stays in the record.
    pub(super) fn settle(&self) -> Result<(), Report> {
        let mut claim = self.bench.claim();
        let stored = &mut claim.stored;
        let servers = ClusterRecord::servers_of(self.bench.document.topology());
        stored
            .record
            .servers
            .retain(|old| servers.iter().all(|new| new.folder != old.folder));
        // A renamed server has left its folder: nothing is to be removed there.
        let moved = |folder: &str| {
            let path = self.bench.site.path(&ClusterFolder::server(folder));
            fs::symlink_metadata(path).is_err()
        };
        let (gone, stays): (Vec<_>, Vec<_>) = std::mem::take(&mut stored.record.servers)
            .into_iter()
            .partition(|old| moved(&old.folder));
        stored.record.servers = stays;
        stored
            .left_certificates
            .extend(gone.into_iter().map(|old| old.folder));
        let left = std::mem::replace(&mut stored.record.servers, servers);
        stored.record.servers.extend(left);
        self.bench
            .document
            .topology()
            .name()
            .clone_into(&mut stored.record.name);
        stored.record.state = ClusterState::Complete;
        stored.record.builder = None;
        stored.wanted = None;
        stored.from = None;
        stored.record.clears = true;
        stored.left_slots = std::mem::take(&mut stored.leaves_slots);
        stored.steering = None;
        self.fence(stored);
        self.describe(&self.bench.document, stored)?;
        record::save(stored)
    }

    /// Who is not started before it is rejoined, from now on.
    fn fence(&self, stored: &mut Stored) {
        let folder = |name: &String| {
            let topology = self.bench.document.topology();
            topology.by_name(name).map(|server| topology.folder(server.id()))
        };
        match &self.before.steering {
            Some(Steering::Failover { left, .. }) => {
                for folder in left.iter().filter_map(folder) {
                    if !stored.fenced.contains(&folder) {
                        stored.fenced.push(folder);
                    }
                }
            }
            Some(Steering::Rejoin { server, .. }) => {
                let back = folder(server);
                stored.fenced.retain(|one| Some(one) != back.as_ref());
            }
            Some(Steering::Switchover { .. }) | None => {}
        }
    }

    /// The design and how to connect, as people find them in the folder.
    fn describe(&self, document: &Document, stored: &Stored) -> Result<(), Report> {
        self.bench
            .write(ClusterFolder::README, &cluster::readme(document, &stored.record))?;
        self.bench.write(ClusterFolder::DESIGN, &document.text())
    }
}

/// The record as it was; nobody is at work any more.
fn put_back(claim: &mut Claim, stored: Stored) -> Result<(), Report> {
    record::save(&stored)?;
    claim.stored = stored;
    claim.lock = None;
    Ok(())
}
