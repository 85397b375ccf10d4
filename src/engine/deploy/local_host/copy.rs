//! Copies a data directory that does not run: a whole base backup, if what belongs to a run is left out.

use std::fs;
use std::io;
use std::os::unix::fs::lchown;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::LocalHost;
use crate::engine::deploy::host::Work;
use crate::engine::files::{self, Owner};
use crate::engine::wait::Failure;
use crate::report::Report;

/// What belongs to a run, not to the data.
const NOT_COPIED: [&str; 2] = ["postmaster.pid", "postmaster.opts"];
/// Slots are a promise to standbys of the original; a copy that kept them would hold WAL for nobody.
const EMPTIED: &str = "pg_replslot";

impl LocalHost {
    pub(super) async fn copy_data(&self, from: &str, to: &str, work: &Work) -> Result<(), Failure> {
        let (source, target) = (self.inside(from)?, self.inside(to)?);
        if source.join("postmaster.pid").exists() {
            return Err(Report::new(format!(
                "{from} is not copied: its server runs, or did not end well."
            ))
            .into());
        }
        let owner = self.site.owner;
        let copying = self.blocking(work, move |stop| copy_tree(&source, &target, owner, stop));
        copying
            .await?
            .map(drop)
            .map_err(|error| Report::of(format!("{from} could not be copied to {to}."), &error).into())
    }

    /// Work with many files, on a thread that may wait for the disk; it gives `None` when it was told to stop.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: &Work,
        job: impl FnOnce(&CancellationToken) -> io::Result<Option<T>> + Send + 'static,
    ) -> Result<io::Result<T>, Failure> {
        // The job hears this one: also when nobody waits for it any more.
        let stop = work.wait.cancel.child_token();
        let _guard = stop.clone().drop_guard();
        let doing = tokio::task::spawn_blocking(move || job(&stop));
        match tokio::time::timeout_at(work.wait.deadline, doing).await {
            Ok(Ok(Ok(Some(done)))) => Ok(Ok(done)),
            Ok(Ok(Ok(None))) => Err(Failure::Cancelled),
            Ok(Ok(Err(error))) => Ok(Err(error)),
            Ok(Err(error)) => Err(Report::of("Copying ended in an error of pgcascade.", &error).into()),
            Err(_) => Err(Report::new("Copying took longer than its deadline.").into()),
        }
    }
}

/// How much was copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Copied {
    files: u64,
    bytes: u64,
}

/// Copies everything; `Ok(None)`: it was told to stop.
pub(super) fn copy_tree(
    from: &Path,
    to: &Path,
    owner: Option<Owner>,
    stop: &CancellationToken,
) -> io::Result<Option<Copied>> {
    let mut copied = Copied::default();
    files::make_folder(to, owner)?;
    let mut open: Vec<(PathBuf, PathBuf)> = vec![(from.to_owned(), to.to_owned())];
    while let Some((from, to)) = open.pop() {
        for entry in fs::read_dir(&from)? {
            if stop.is_cancelled() {
                return Ok(None);
            }
            let entry = entry?;
            let name = entry.file_name();
            if name.to_str().is_some_and(|name| NOT_COPIED.contains(&name)) {
                continue;
            }
            let target = to.join(&name);
            let kind = entry.file_type()?;
            if kind.is_dir() {
                files::make_folder(&target, owner)?;
                if name != EMPTIED {
                    open.push((entry.path(), target));
                }
            } else if kind.is_symlink() {
                std::os::unix::fs::symlink(fs::read_link(entry.path())?, &target)?;
                give(&target, owner)?;
            } else {
                copied.files += 1;
                copied.bytes += fs::copy(entry.path(), &target)?;
                give(&target, owner)?;
            }
        }
    }
    Ok(Some(copied))
}

pub(super) fn give(path: &Path, owner: Option<Owner>) -> io::Result<()> {
    owner.map_or(Ok(()), |owner| lchown(path, Some(owner.uid), Some(owner.gid)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    #[test]
    fn what_belongs_to_a_run_is_left_out() {
        let base = tempfile::tempdir().unwrap();
        let from = base.path().join("from");
        for folder in ["base/1", "pg_replslot/a"] {
            fs::create_dir_all(from.join(folder)).unwrap();
        }
        for file in [
            "PG_VERSION",
            "postmaster.pid",
            "postmaster.opts",
            "base/1/2",
            "pg_replslot/a/state",
        ] {
            fs::write(from.join(file), file).unwrap();
        }
        let to = base.path().join("to");
        let copied = copy_tree(&from, &to, None, &CancellationToken::new()).unwrap();
        assert_eq!(copied, Some(Copied { files: 2, bytes: 18 }));
        assert_eq!(files::names_in(&to), ["PG_VERSION", "base", "pg_replslot"]);
        assert!(files::names_in(&to.join("pg_replslot")).is_empty());
        assert_eq!(fs::read(to.join("base/1/2")).unwrap(), b"base/1/2");
        assert_eq!(fs::metadata(to.join("base")).unwrap().mode() & 0o777, 0o700);
        let ino = |at: &Path| fs::metadata(at.join("PG_VERSION")).unwrap().ino();
        assert_ne!(
            ino(&from),
            ino(&to),
            "a hard link would be one file for two servers"
        );
    }

    #[test]
    fn a_stopped_copy_says_so() {
        let base = tempfile::tempdir().unwrap();
        let from = base.path().join("from");
        fs::create_dir(&from).unwrap();
        fs::write(from.join("a"), "").unwrap();
        let stop = CancellationToken::new();
        stop.cancel();
        let copied = copy_tree(&from, &base.path().join("to"), None, &stop);
        assert_eq!(copied.unwrap(), None);
    }
}
