//! What initdb made is kept, so that the next deployment of the same programs copies it instead: initdb is more than
//! half of a deployment's time. The copy gets a system identifier of its own; passwords are never in what is kept.
//!
//! Kept is `CACHE/initdb/KEY/`: `data`, and a note of what must be in it. It comes into being by one rename, and
//! anyone who finds something else than the note says runs initdb. Nothing is flushed to disk, so it counts for one boot
//! of the machine only. It can be removed at any time.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use nix::unistd::geteuid;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::os::unix::fs::MetadataExt as _;
use tokio_util::sync::CancellationToken;

use super::build::BuildHost;
use super::copy::{Copied, copy_tree};
use super::tool;
use crate::engine::postgres::identity;
use crate::engine::run::Work;
use crate::engine::system::files::{self, Owner};
use crate::engine::system::wait::Failure;
use crate::engine::system::{processes, random};
use crate::model::configuration::ClusterFolder;
use crate::model::topology::{Auth, PgMajor};
use crate::report::Report;

const FOLDER: &str = "initdb";
const DATA: &str = "data";
const NOTE: &str = "note.json";

/// How initdb is called.
#[derive(Clone, Copy, Debug)]
pub(super) struct InitdbWay<'a> {
    pub(super) auth_method: &'a str,
    pub(super) no_sync: bool,
    /// What the design says of it.
    pub(super) options: &'a [String],
}

/// Where directories of initdb are kept, and which one is meant.
#[derive(Clone, Debug)]
pub(super) struct Template {
    folder: PathBuf,
    key: String,
    boot: String,
}

/// What is known of a kept directory.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    boot: String,
    copied: Copied,
}

impl BuildHost {
    /// A data directory as initdb makes it: a copy of one that was made before, or a new one.
    pub(super) async fn initdb(
        &self,
        data: &str,
        way: InitdbWay<'_>,
        password_file: Option<&str>,
        work: &Work,
    ) -> Result<(), Failure> {
        let target = self.bench.inside(data)?;
        let Some(template) = self.template() else {
            return self.run_initdb(data, way, password_file, work).await;
        };
        let owner = self.bench.site.owner;
        if template.is_kept() {
            self.copy_ahead(&template.data(), tool::cores())?;
        }
        let (kept, to) = (template.clone(), target.clone());
        let taken = self
            .blocking(work, move |stop| kept.take(&to, owner, stop))
            .await?;
        // With the replication role: until then no server can be asked anything, and its pg_hba.conf is not this one.
        self.bench.claim().superuser_password = password_file.map(str::to_owned);
        match taken {
            Ok(true) => {
                work.output(&format!(
                    "reused an earlier initdb: copied its directory from {}",
                    template.path().display()
                ));
                return Ok(());
            }
            Ok(false) => {}
            Err(error) => {
                work.output(&format!("{} cannot be used: {error}", template.path().display()));
                files::remove_tree(&target).map_err(|error| self.bench.not_removed(data, &error))?;
            }
        }
        let kept_way = InitdbWay {
            auth_method: "trust",
            ..way
        };
        self.run_initdb(data, kept_way, None, work).await?;
        let kept = template.clone();
        let keeping = self.blocking(work, move |stop| kept.keep(&target, stop)).await?;
        if let Err(error) = keeping {
            // The next deployment takes longer, that is all.
            work.output(&format!(
                "{} could not be kept: {error}",
                template.path().display()
            ));
        }
        Ok(())
    }

    /// Begins the copies for the standbys, so many at once. Those that were begun already, also of a kept directory that
    /// turned out to be of no use, are brought up to date by their steps in any case.
    pub(super) fn copy_ahead(&self, from: &Path, at_once: usize) -> Result<(), Failure> {
        let topology = self.bench.document.topology();
        let standbys = topology.servers().iter().filter(|server| !server.is_primary());
        let to: Result<Vec<PathBuf>, Report> = standbys
            .map(|server| {
                self.bench
                    .inside(&ClusterFolder::data(&topology.folder(server.id())))
            })
            .collect();
        self.bench
            .early_copies
            .copy(from, to?, self.bench.site.owner, at_once);
        Ok(())
    }

    /// `None`: the run wants none, or what is kept could not be made right for this design.
    fn template(&self) -> Option<Template> {
        let cache = self.cache.as_deref()?;
        let auth = self.bench.document.topology().effective_auth();
        // With md5 it is initdb's own configuration that decides how passwords are kept.
        // What the design says of initdb makes a directory that no other design would ask for.
        let initdb = &self.bench.document.topology().terms().initdb;
        let is_usual = initdb.options(self.bench.site.major).is_empty();
        let is_known =
            is_usual && self.bench.site.major >= PgMajor::V10 && matches!(auth, Auth::Scram | Auth::Trust);
        is_known.then(|| Template::of(cache, &self.bench.site.bin))?
    }

    /// What came from a kept directory and does not work is not used a second time.
    pub(super) fn forget_template(&self) {
        if let Some(template) = self.template() {
            // If it cannot go, the next deployment fails in the same way, and says so again.
            let _ = files::remove_tree(&template.path());
        }
    }
}

impl Template {
    /// What initdb of these programs makes, with the options that pgcascade gives it, since the machine was started.
    fn of(cache: &Path, bin: &Path) -> Option<Self> {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let mut sum = Sha256::new();
        for name in ["initdb", "postgres"] {
            let program = bin.join(name).canonicalize().ok()?;
            let there = fs::metadata(&program).ok()?;
            // An update in place changes these, whatever it calls itself.
            let facts = (program.display(), there.len(), there.ctime(), there.ctime_nsec());
            sum.update(format!("{} {} {} {}\n", facts.0, facts.1, facts.2, facts.3));
        }
        // Options are the same for all, but change with pgcascade.
        sum.update(format!("{} {boot}", env!("CARGO_PKG_VERSION")));
        Some(Self {
            folder: cache.join(FOLDER),
            key: random::of(&sum.finalize()).chars().take(32).collect(),
            boot: boot.trim().to_owned(),
        })
    }

    fn path(&self) -> PathBuf {
        self.folder.join(&self.key)
    }

    fn data(&self) -> PathBuf {
        self.path().join(DATA)
    }

    fn is_kept(&self) -> bool {
        is_ours(&self.folder) && is_ours(&self.path())
    }

    /// Copies what is kept, and gives the copy an identity of its own. `Ok(Some(false))`: nothing is kept.
    fn take(&self, to: &Path, owner: Option<Owner>, stop: &CancellationToken) -> io::Result<Option<bool>> {
        let kept = self.path();
        if !self.is_kept() {
            return Ok(Some(false));
        }
        let note: Note = serde_json::from_slice(&fs::read(kept.join(NOTE))?)?;
        let Some(copied) = copy_tree(&kept.join(DATA), to, owner, stop)? else {
            return Ok(None);
        };
        if copied != note.copied {
            return Err(io::Error::other("its contents were changed"));
        }
        identity::renew(to)?;
        Ok(Some(true))
    }

    /// Keeps a copy of a directory that has never run.
    fn keep(&self, data: &Path, stop: &CancellationToken) -> io::Result<Option<()>> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        files::make_private_folders(&self.folder)?;
        if !is_ours(&self.folder) {
            return Err(io::Error::other("its folder belongs to another user"));
        }
        files::spread(&self.folder);
        self.sweep();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let beside = self
            .folder
            .join(format!(".{}.{}-{number}.tmp", self.key, std::process::id()));
        files::make_folder(&beside, None)?;
        let kept = (|| {
            let Some(copied) = copy_tree(data, &beside.join(DATA), None, stop)? else {
                return Ok(None);
            };
            let note = Note {
                boot: self.boot.clone(),
                copied,
            };
            files::write_whole(
                &beside.join(NOTE),
                &serde_json::to_vec(&note)?,
                files::PRIVATE_FILE,
                None,
            )?;
            match fs::rename(&beside, self.path()) {
                // Another run was faster, and kept the same.
                Err(_) if is_ours(&self.path()) => Ok(Some(())),
                renamed => renamed.map(Some),
            }
        })();
        let left = files::remove_tree(&beside);
        kept.and_then(|kept| left.map(|()| kept))
    }

    /// Removes what no deployment will ask for again: of an earlier boot, or half made by one that was killed.
    fn sweep(&self) {
        for name in files::names_in(&self.folder) {
            let path = self.folder.join(&name);
            let note = fs::read(path.join(NOTE)).ok();
            let note = note.and_then(|note| serde_json::from_slice::<Note>(&note).ok());
            let is_old = note.is_some_and(|note| note.boot != self.boot);
            let is_half = files::temporary_of(&name).is_some_and(|pid| !processes::is_alive(pid));
            if is_old || is_half {
                // What stays costs room, and nothing else.
                let _ = files::remove_tree(&path);
            }
        }
    }
}

/// True for a folder, no link, that is ours alone to write: what is in it becomes a server's data.
fn is_ours(folder: &Path) -> bool {
    fs::symlink_metadata(folder)
        .is_ok_and(|there| there.is_dir() && there.uid() == geteuid().as_raw() && there.mode() & 0o022 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(cache: &Path) -> Template {
        Template {
            folder: cache.join(FOLDER),
            key: "k".to_owned(),
            boot: "b".to_owned(),
        }
    }

    #[test]
    fn what_is_kept_is_whole_and_ours() {
        let base = tempfile::tempdir().unwrap();
        let (stop, data) = (CancellationToken::new(), base.path().join("data"));
        let kept = template(&base.path().join("cache"));
        fs::create_dir(&data).unwrap();
        fs::write(data.join("PG_VERSION"), "15\n").unwrap();
        let take = |to: &str| kept.take(&base.path().join(to), None, &stop);
        assert_eq!(take("none").unwrap(), Some(false));

        kept.keep(&data, &stop).unwrap().unwrap();
        kept.keep(&data, &stop).unwrap().unwrap();
        assert_eq!(files::names_in(&kept.folder), ["k"], "nothing stays beside");
        // Whole, and yet no data directory: the identity finds nothing to stamp.
        assert_eq!(take("whole").unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(base.path().join("whole/PG_VERSION").exists());

        fs::write(kept.path().join("data/more"), "").unwrap();
        assert!(take("changed").unwrap_err().to_string().contains("changed"));
        let old = Template {
            boot: "another".to_owned(),
            key: "other".to_owned(),
            ..kept.clone()
        };
        old.keep(&data, &stop).unwrap().unwrap();
        assert_eq!(files::names_in(&kept.folder), ["other"], "of an earlier boot");
        std::os::unix::fs::symlink(old.path(), kept.path()).unwrap();
        assert_eq!(take("link").unwrap(), Some(false));
    }
}
