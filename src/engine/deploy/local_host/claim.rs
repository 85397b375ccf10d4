//! The first and the last of a run: the claim of the folder, its release, and the note that all is complete.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use super::build::{BuildHost, Resumes};
use super::workbench::Workbench;
use crate::engine::cluster;
use crate::engine::cluster::record::{
    self, ClusterRecord, ClusterState, FolderWas, JournalFile, Lock, Stored,
};
use crate::engine::cluster::removal;
use crate::engine::cluster::remover::{Hand as _, OwnHand};
use crate::engine::desk::store;
use crate::engine::run::Work;
use crate::engine::servers_user::keeper;
use crate::engine::system::files::{self, Owner};
use crate::engine::system::wait::Failure;
use crate::model::configuration::ClusterFolder;
use crate::model::plan::{Action, Make};
use crate::report::Report;

impl BuildHost {
    /// The folder of a new cluster, or of one that an earlier pgcascade has begun.
    pub(super) async fn claim_folder(&self, work: &Work) -> Result<(), Failure> {
        match &self.resumes {
            Some(resumes) => self.claim_again(resumes, work).await,
            None => self.claim_anew().map_err(Failure::from),
        }
    }

    /// Ends what still runs of the earlier run, and takes away what may be half made.
    async fn claim_again(&self, resumes: &Resumes, work: &Work) -> Result<(), Failure> {
        let stored = {
            let mut claim = self.bench.claim();
            let folder = claim.stored.record.folder.clone();
            let lock = Lock::take(&folder)?;
            if record::find(&folder)?.as_ref() != Some(&resumes.found) {
                return Err(Report::new(format!(
                    "Another pgcascade has changed the cluster in {} in the meantime.",
                    folder.display()
                ))
                .into());
            }
            record::save(&claim.stored)?;
            claim.lock = Some(lock);
            claim.stored.clone()
        };
        work.waiting("the processes of the interrupted run to end").await;
        for sentence in cluster::stop_all(&OwnHand, &self.bench.site, &stored, &work.wait.cancel).await? {
            work.output(&sentence);
        }
        {
            // From here on nothing works in the folder but this run, and all that was made there is its own.
            let mut claim = self.bench.claim();
            let is_there = |path: &&String| fs::symlink_metadata(self.bench.site.path(path)).is_ok();
            let made = stored.made.iter().filter(is_there);
            claim.made = made.map(|path| self.bench.site.path(path)).collect();
            claim.is_claimed_again = true;
        }
        for action in &resumes.clears {
            self.take_away(action).await?;
        }
        let opened = JournalFile::open(&stored.record.folder, &self.plan);
        let opened = opened.map_err(|error| Report::of("The journal cannot be written.", &error))?;
        self.bench.claim().journal = Some(opened);
        Ok(())
    }

    async fn take_away(&self, action: &Action) -> Result<(), Report> {
        match action {
            Action::Make(Make::RemoveFolder { path }) => self.bench.remove_folder(path).await,
            Action::Make(Make::RemoveCertificates { folders }) => self.bench.remove_certificates(folders),
            // Nothing else is half made.
            _ => Ok(()),
        }
    }

    /// Records first, makes then: whatever moment we are killed at, the record tells more than was made, never less.
    fn claim_anew(&self) -> Result<(), Report> {
        let mut claim = self.bench.claim();
        let folder = claim.stored.record.folder.clone();
        let headline = || format!("{} could not be claimed.", folder.display());
        let failed = |error: io::Error| Report::of(headline(), &error);
        let there = match fs::metadata(&folder) {
            Ok(there) if !there.is_dir() => return Err(Report::new(headline()).hint("It is not a folder.")),
            Ok(there) => Some(there),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        if there.is_some() && !files::names_in(&folder).is_empty() {
            return Err(not_empty(&folder));
        }
        // An empty folder that an earlier run made, killed before its marker, or another one that is at it just now:
        // anyone who wins the marker below also inherits what there is to remove.
        let earlier = record::claims_without_marker(&folder);
        let made_by = earlier.iter().find(|claim| claim.record.made_folder);
        let missing = files::missing_parents(&folder);
        claim.stored.record.made_folder = there.is_none() || made_by.is_some();
        claim.stored.made_parents = made_by.map_or_else(Vec::new, |made_by| made_by.made_parents.clone());
        claim.stored.made_parents.extend(missing.iter().cloned());
        claim.stored.folder_was = there.as_ref().map(|there| FolderWas {
            owner: Owner {
                uid: there.uid(),
                gid: there.gid(),
            },
            mode: there.mode() & 0o7777,
        });
        record::announce(&claim.stored);

        match self.make_folder(&mut claim.stored, &missing, there.is_some()) {
            // Where root called, root may be able to make it.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => match keeper::make(&folder) {
                Err(unasked) if unasked.kind() == ErrorKind::Unsupported => return Err(failed(error)),
                made => made.map_err(failed)?,
            },
            made => made.map_err(failed)?,
        }
        // Anyone who makes the marker's folder has the claim; another pgcascade that came meanwhile fails here.
        let marker = folder.join(ClusterFolder::MARKER_FOLDER);
        files::make_folder(&marker, None).map_err(|error| {
            if error.kind() == ErrorKind::AlreadyExists {
                not_empty(&folder)
            } else {
                failed(error)
            }
        })?;
        claim.lock = Some(Lock::take(&folder)?);
        record::save(&claim.stored)?;
        claim.journal = Some(JournalFile::open(&folder, &self.plan).map_err(failed)?);
        record::forget_ended(&earlier);
        Ok(())
    }

    /// Makes the folder and its missing parents, or takes an empty one that is there; notes which parents were made here.
    fn make_folder(&self, stored: &mut Stored, missing: &[PathBuf], is_there: bool) -> io::Result<()> {
        let folder = &stored.record.folder;
        let owner = self.bench.site.owner;
        let made = files::make_parents(missing)?;
        stored
            .made_parents
            .retain(|parent| !missing.contains(parent) || made.contains(parent));
        let is_made = !is_there
            && match files::make_folder(folder, owner) {
                // Another run made it this moment: the marker decides.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => false,
                made => made.map(|()| true)?,
            };
        if is_made {
            return Ok(());
        }
        if let Some(owner) = owner {
            chown(folder, Some(owner.uid), Some(owner.gid))?;
        }
        fs::set_permissions(folder, Permissions::from_mode(files::PRIVATE_FOLDER))
    }

    /// Takes the claim back; what others put into the folder meanwhile stays, and is named.
    pub(super) fn release_folder(&self, work: &Work) -> Result<(), Failure> {
        let mut claim = self.bench.claim();
        if self.resumes.is_some() {
            if !claim.is_claimed_again {
                return Err(Report::new("Its previous contents were left unchanged.").into());
            }
            removal::remove_contents(&OwnHand, &claim.stored)?;
        }
        if claim.lock.is_none() {
            // The claim was never made: what is in the folder is somebody else's.
            let stored = &mut claim.stored;
            let mut made: Vec<&PathBuf> = stored.made_parents.iter().collect();
            made.extend(stored.record.made_folder.then_some(&stored.record.folder));
            let is_gone = |made: &PathBuf| matches!(OwnHand.remove_if_empty(made), Ok(true));
            if made.into_iter().rev().all(is_gone) {
                record::forget(&stored.record.id);
            } else {
                // Another pgcascade has won the folder, with some that were made here above it: its teardown reads this.
                stored.record.builder = None;
                record::announce(stored);
            }
            return Ok(());
        }
        for sentence in removal::release(&OwnHand, &claim.stored, claim.lock.as_ref())? {
            work.output(&sentence);
        }
        Ok(())
    }
}

impl Workbench {
    /// Writes the README and the design, and notes that the cluster is complete.
    pub(super) fn complete(&self) -> Result<(), Report> {
        let mut claim = self.claim();
        let servers = ClusterRecord::servers_of(self.document.topology());
        for folder in std::mem::take(&mut claim.stored.left_certificates) {
            // A server has come back to its old name meanwhile.
            if servers.iter().any(|server| server.folder == folder) {
                continue;
            }
            removal::remove_certificate(&OwnHand, &claim.stored, &folder)?;
        }
        let failed = |error: io::Error| Report::of("The cluster's README could not be written.", &error);
        let write = |name: &str, text: &str| {
            files::write_whole(
                &self.site.path(name),
                text.as_bytes(),
                files::PRIVATE_FILE,
                self.site.owner,
            )
        };
        write(ClusterFolder::DESIGN, &self.document.text()).map_err(failed)?;
        let readme = cluster::readme(&self.document, &claim.stored.record);
        write(ClusterFolder::README, &readme).map_err(failed)?;
        claim.stored.record.state = ClusterState::Complete;
        claim.stored.record.builder = None;
        claim.stored.wanted = None;
        claim.stored.from = None;
        // After a change: what was removed is not in the record any more.
        let beside = claim.stored.beside(self.document.topology());
        claim.stored.set_aside = beside.iter().map(|server| server.folder.clone()).collect();
        claim.stored.record.servers = servers.into_iter().chain(beside).collect();
        claim.stored.record.clears = false;
        claim.stored.stale.clear();
        claim.stored.left_slots.clear();
        claim.stored.leaves_slots.clear();
        claim.stored.steering = None;
        // A server that left the design is nobody's to rejoin.
        let folders: Vec<String> = claim
            .stored
            .record
            .servers
            .iter()
            .map(|server| server.folder.clone())
            .collect();
        claim.stored.fenced.retain(|folder| folders.contains(folder));
        claim.stored.torn.retain(|folder| folders.contains(folder));
        let is_there = |made: &String| fs::symlink_metadata(self.site.path(made)).is_ok();
        claim.stored.made.retain(is_there);
        record::save(&claim.stored)?;
        claim.journal = None;
        // One that stays is of a run that is over: nobody reads it.
        let _ = JournalFile::remove(&claim.stored.record.folder);
        Ok(())
    }
}

fn not_empty(folder: &Path) -> Report {
    Report::new(format!("{} is no longer empty.", folder.display()))
        .hint("Choose another folder, or tear down the cluster that is in it.")
        .hint(store::state_folder().map_or_else(String::new, |state| {
            format!(
                "The clusters that pgcascade made are listed in {}.",
                state.display()
            )
        }))
}
