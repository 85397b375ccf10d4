//! What only a change of a running cluster does: the note in the record, servers with new files, what goes at the end.

use std::fs;

use super::{Claim, LocalHost};
use crate::engine::cluster;
use crate::engine::cluster::record::{self, Builder, ClusterState, Lock, RecordedServer, Stored};
use crate::engine::cluster::removal;
use crate::engine::cluster::remover::OwnHand;
use crate::engine::deploy::apply::Change;
use crate::engine::deploy::host::Work;
use crate::engine::postgres::server::{self, Target};
use crate::engine::system::files;
use crate::engine::system::wait::Failure;
use crate::model::bundle::Bundle;
use crate::model::configuration::ClusterFolder;
use crate::model::configuration::with;
use crate::model::document::Document;
use crate::model::plan::{Action, Configure, DesignOf, LeftSlot, Means, Standing};
use crate::model::topology::Topology;
use crate::report::Report;

/// The design that ran when the change began.
pub(super) struct Before {
    pub(super) document: Document,
    pub(super) bundle: Bundle,
    /// The record then, and how the cluster was found.
    stored: Stored,
    standing: Standing,
    /// It is not the one of design.toml.
    is_taken_back: bool,
    /// Folders that the change may make.
    makes: Vec<String>,
    /// Slots that are dropped once the new design holds.
    leaves_slots: Vec<LeftSlot>,
}

impl Before {
    pub(super) fn of(change: &Change) -> Self {
        let document = change.found.running.clone();
        let steps = &change.plan.steps;
        let makes = steps.iter().filter_map(|step| match &step.action {
            Action::MakeFolder { path } => Some(path.clone()),
            Action::Configure(one) if one.folder != one.folder_before => {
                Some(ClusterFolder::server(&one.folder))
            }
            _ => None,
        });
        let settled = steps.iter().skip_while(|step| step.action != Action::Settle);
        let leaves_slots = settled.filter_map(|step| match &step.action {
            Action::DropSlot { server, slot, .. } => Some(LeftSlot {
                server: server.clone(),
                slot: slot.clone(),
            }),
            _ => None,
        });
        Self {
            bundle: crate::model::bundle::generate(&document),
            document,
            stored: change.found.stored.clone(),
            standing: change.found.standing.clone(),
            is_taken_back: change.found.takes_back,
            makes: makes.collect(),
            leaves_slots: leaves_slots.collect(),
        }
    }

    /// As it was found: what is in it was noted by an earlier run.
    pub(super) fn record(&self) -> &Stored {
        &self.stored
    }
}

impl LocalHost {
    fn before(&self) -> Result<&Before, Report> {
        self.before
            .as_ref()
            .ok_or_else(|| Report::new("There is no change: this is an error of pgcascade."))
    }

    /// Notes both designs and all that may be made, before any of it.
    pub(super) fn begin_change(&self) -> Result<(), Report> {
        let before = self.before()?;
        let mut claim = self.claim();
        let folder = claim.stored.record.folder.clone();
        let lock = Lock::take(&folder)?;
        if record::find(&folder)?.as_ref() != Some(&before.stored) {
            return Err(Report::new(format!(
                "The cluster in {} was changed by another pgcascade meanwhile.",
                folder.display()
            ))
            .hint("Look at the plan again."));
        }
        let stored = &mut claim.stored;
        stored.record.state = ClusterState::Changing;
        stored.record.builder = Builder::ourselves();
        stored.record.kept = false;
        stored.wanted = Some(self.document.text());
        stored.from = before.is_taken_back.then(|| before.document.text());
        stored.left_slots.clone_from(&before.standing.left_slots);
        stored.leaves_slots.clone_from(&before.leaves_slots);
        for server in recorded(self.document.topology()) {
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
        let before = self.before()?;
        let mut claim = self.claim();
        if claim.lock.is_none() {
            // It was not even noted.
            return Ok(());
        }
        let mut stored = before.stored.clone();
        stored.record.builder = None;
        // A settling that failed may have written design.toml anew.
        if before.standing.resumes {
            let recorded = if before.is_taken_back {
                &self.document
            } else {
                &before.document
            };
            self.describe(recorded, &stored)?;
            put_back(&mut claim, stored)?;
            return Err(Report::new(
                "The cluster is still between two designs, as it was found: apply either of them again.",
            ));
        }
        if stored.record.state == ClusterState::Changing {
            // The change before was settled, and its record was not written any more.
            stored.record.state = ClusterState::Complete;
            stored.wanted = None;
            stored.clears = true;
            stored.left_slots.clone_from(&before.standing.left_slots);
            stored.leaves_slots.clear();
        }
        self.describe(&before.document, &stored)?;
        put_back(&mut claim, stored)
    }

    /// The new design holds; what is still to be cleared away stays in the record.
    pub(super) fn settle(&self) -> Result<(), Report> {
        let mut claim = self.claim();
        let stored = &mut claim.stored;
        let servers = recorded(self.document.topology());
        stored
            .record
            .servers
            .retain(|old| servers.iter().all(|new| new.folder != old.folder));
        // A renamed server has left its folder: nothing is to be removed there.
        let moved = |folder: &str| {
            let path = self.site.path(&ClusterFolder::server(folder));
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
        self.document
            .topology()
            .name()
            .clone_into(&mut stored.record.name);
        stored.record.state = ClusterState::Complete;
        stored.record.builder = None;
        stored.wanted = None;
        stored.from = None;
        stored.clears = true;
        stored.left_slots = std::mem::take(&mut stored.leaves_slots);
        self.describe(&self.document, stored)?;
        record::save(stored)
    }

    /// The design and how to connect, as people find them in the folder.
    fn describe(&self, document: &Document, stored: &Stored) -> Result<(), Report> {
        self.write(ClusterFolder::README, &cluster::readme(document, &stored.record))?;
        self.write(ClusterFolder::DESIGN, &document.text())
    }

    /// Gives a server the files of one of the designs, and lets it read them.
    pub(super) async fn configure(&self, one: &Configure, work: &Work) -> Result<(), Failure> {
        let before = self.before()?;
        let bundle = match one.design {
            DesignOf::Before => &before.bundle,
            DesignOf::After => &self.bundle,
        };
        let target = self.target(&one.server, &one.folder, one.port);
        if one.by == Means::Restart {
            self.stop_and_move(&target, &one.folder_before, work).await?;
        }
        for name in &one.files {
            let path = format!("{}/{name}", ClusterFolder::server(&one.folder));
            let file = bundle.file(&path).ok_or_else(|| {
                Report::new(format!(
                    "The bundle has no file {path}: this is an error of pgcascade."
                ))
            })?;
            let held = one.held.iter().filter(|_| name == "postgresql.conf");
            let text = held.fold(file.contents.clone(), |text, (setting, value)| {
                with(&text, setting, value.as_deref())
            });
            self.write(&format!("{}/{name}", ClusterFolder::data(&one.folder)), &text)?;
        }
        match one.by {
            Means::Write => Ok(()),
            Means::Reload => self.reload(&target).map_err(Failure::from),
            Means::Restart => {
                self.start(&target, one.pass_file_in_environment, work).await?;
                self.wait_ready(&target, work).await
            }
        }
    }

    /// Stops the server where it is, and moves its folder to where it will be.
    async fn stop_and_move(&self, target: &Target, folder_before: &str, work: &Work) -> Result<(), Failure> {
        let is_there = self.site.own_data(folder_before).is_some();
        let at = Target {
            folder: if is_there { folder_before } else { &target.folder }.to_owned(),
            ..target.clone()
        };
        work.waiting(format!("{} to stop", target.name)).await;
        let started = self.started_at(&at.folder);
        server::stop(&self.site, &at, started.as_ref(), server::FAST_STOP, &work.wait).await?;
        self.sessions.forget(target.port);
        if at.folder != target.folder {
            let (from, to) = (
                self.inside(&ClusterFolder::server(&at.folder))?,
                self.inside(&ClusterFolder::server(&target.folder))?,
            );
            let cannot = || format!("The folder of {} could not be moved.", target.name);
            if fs::symlink_metadata(&to).is_ok() {
                return Err(Report::new(cannot())
                    .hint(format!("{} is there already.", to.display()))
                    .into());
            }
            fs::rename(&from, &to).map_err(|error| Report::of(cannot(), &error))?;
        }
        Ok(())
    }

    /// Drops a slot once it is not in use any more.
    pub(super) async fn drop_slot(&self, target: &Target, slot: &str, work: &Work) -> Result<(), Failure> {
        work.waiting(format!("nobody to use the slot {slot} any more"))
            .await;
        loop {
            let asked = async { self.sessions.with(target).await?.drop_idle_slot(slot).await };
            let seen = match work.wait.hear(asked).await? {
                Ok(true) => return Ok(()),
                Ok(false) => "somebody streams through it".to_owned(),
                Err(error) => error.to_string(),
            };
            if !work.wait.next().await? {
                return Err(Report::new(format!(
                    "The slot {slot} on {} could not be dropped: {seen}.",
                    target.name
                ))
                .hint("It keeps WAL until it is gone: end what uses it, then apply the design once more.")
                .into());
            }
        }
    }

    /// Ends a server that is no longer in the design, and removes what was made for it.
    pub(super) async fn remove_server(&self, name: &str, folder: &str, work: &Work) -> Result<(), Failure> {
        let stored = self.claim().stored.clone();
        if !stored.record.servers.iter().any(|server| server.folder == folder) {
            return Ok(());
        }
        let target = self.target(name, folder, 0);
        let started = self.started_at(folder);
        server::stop(
            &self.site,
            &target,
            started.as_ref(),
            server::FAST_STOP_FOR_GOOD,
            &work.wait,
        )
        .await?;
        let folder = folder.to_owned();
        let removed = tokio::task::spawn_blocking(move || removal::remove_server(&OwnHand, &stored, &folder));
        removed
            .await
            .map_err(|error| Report::of("Removing ended in an error of pgcascade.", &error))?
            .map_err(Failure::from)
    }

    /// What encrypted links needed, now that none is; the record forgets it once it is gone.
    pub(super) fn remove_tls(&self) -> Result<(), Report> {
        let mut claim = self.claim();
        let stored = &mut claim.stored;
        removal::remove_tls(&OwnHand, stored)?;
        if fs::symlink_metadata(self.inside(ClusterFolder::TLS)?).is_err() {
            stored.made.retain(|made| made != ClusterFolder::TLS);
        }
        record::save(stored)
    }

    /// Both password files, with the passwords that were drawn at the deployment.
    pub(super) fn write_pass_files(&self, ports: &[u16]) -> Result<(), Report> {
        let password = |path: &str| -> Result<String, Report> {
            let text = fs::read_to_string(self.inside(path)?);
            text.map(|text| text.trim_end_matches('\n').to_owned())
                .map_err(|error| Report::of(format!("{path} cannot be read."), &error))
        };
        let superuser = password(ClusterFolder::SUPERUSER_PASSWORD)?;
        let replication = password(ClusterFolder::REPLICATION_PASSWORD)?;
        for (path, text) in super::make::pass_files(ports, &superuser, &replication) {
            self.write(path, &text)?;
        }
        Ok(())
    }
}

/// The record as it was; nobody is at work any more.
fn put_back(claim: &mut Claim, stored: Stored) -> Result<(), Report> {
    record::save(&stored)?;
    claim.stored = stored;
    claim.lock = None;
    Ok(())
}

/// The servers of a design, as the record names them.
pub(super) fn recorded(topology: &Topology) -> Vec<RecordedServer> {
    let folders = topology.folders();
    let of_server = |server: &crate::model::topology::Server| RecordedServer {
        name: server.name().to_string(),
        folder: folders.get(&server.id()).cloned().unwrap_or_default(),
        port: server.port().number(),
    };
    topology.servers().iter().map(of_server).collect()
}

/// True where the folder is one that an earlier run may have half made: its record, as it was found, says so.
pub(super) fn is_remade(found: &Stored, path: &str, full: &std::path::Path) -> bool {
    // In a cluster certificates that were half made are made anew, each in its place.
    let may_be_full = path == ClusterFolder::TLS && found.record.state != ClusterState::Building;
    found.made.iter().any(|made| made == path) && (may_be_full || files::names_in(full).is_empty())
}
