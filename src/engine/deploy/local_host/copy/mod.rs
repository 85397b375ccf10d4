//! Copies a data directory that does not run: a whole base backup, if what belongs to a run is left out.

mod file;

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::fs::lchown;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use self::file::{Copier, Original};
use super::build::BuildHost;
use crate::engine::run::Work;
use crate::engine::system::files::{self, Owner};
use crate::engine::system::wait::Failure;
use crate::report::Report;

/// What belongs to a run, not to the data.
const NOT_COPIED: [&str; 2] = ["postmaster.pid", "postmaster.opts"];
/// Slots are a promise to standbys of the original; a copy that kept them would hold WAL for nobody.
const EMPTIED: &str = "pg_replslot";

impl BuildHost {
    pub(super) async fn copy_data(&self, from: &str, to: &str, work: &Work) -> Result<(), Failure> {
        let (source, target) = (self.bench.inside(from)?, self.bench.inside(to)?);
        if source.join("postmaster.pid").exists() {
            return Err(Report::new(format!(
                "{from} was not copied: its server is running or was not shut down cleanly."
            ))
            .into());
        }
        let owner = self.bench.site.owner;
        let is_begun = work.wait.hear(self.bench.early_copies.take(&target)).await?;
        let copying = self.blocking(work, move |stop| {
            if !is_begun {
                files::remove_tree(&target)?;
            }
            Ok(copy_tree(&source, &target, owner, stop)?.map(drop))
        });
        copying
            .await?
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
            Ok(Err(error)) => Err(Report::of("Copying failed because of an internal error.", &error).into()),
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

/// Copies everything; `Ok(None)`: it was told to stop. Files keep the time of their last change: where an older copy is,
/// what has the length and the time of its original stays as it is.
pub(super) fn copy_tree(
    from: &Path,
    to: &Path,
    owner: Option<Owner>,
    stop: &CancellationToken,
) -> io::Result<Option<Copied>> {
    copy(from, to, Copier::new(Original::Still, owner), stop)
}

/// Copies what may still change: a file that was just written is left as it was, one that is gone by now does not matter.
/// It is not a base backup before [`copy_tree`].
pub(super) fn copy_ahead(
    from: &Path,
    to: &Path,
    owner: Option<Owner>,
    stop: &CancellationToken,
) -> io::Result<Option<Copied>> {
    copy(from, to, Copier::new(Original::Changing, owner), stop)
}

/// A folder that is still to be looked into.
struct Open {
    from: PathBuf,
    to: PathBuf,
    /// It was made just now: nothing can be in it.
    is_new: bool,
}

fn copy(from: &Path, to: &Path, mut copier: Copier, stop: &CancellationToken) -> io::Result<Option<Copied>> {
    let mut copied = Copied::default();
    let mut open = vec![Open {
        from: from.to_owned(),
        to: to.to_owned(),
        is_new: copier.folder(to)?,
    }];
    while let Some(folder) = open.pop() {
        let mut names = BTreeSet::new();
        let entries = match fs::read_dir(&folder.from) {
            Err(error) if copier.is_gone(&error) => continue,
            entries => entries?,
        };
        for entry in entries {
            if stop.is_cancelled() {
                return Ok(None);
            }
            let entry = entry?;
            let name = entry.file_name();
            if is_of_a_run(&name) {
                continue;
            }
            let (from, to) = (entry.path(), folder.to.join(&name));
            let kind = entry.file_type()?;
            if kind.is_dir() {
                let is_new = copier.folder(&to)?;
                if name != EMPTIED {
                    open.push(Open { from, to, is_new });
                }
            } else if kind.is_symlink() {
                return Err(is_link(&from));
            } else if !kind.is_file() {
                // A FIFO, a socket, a device: no data, and it could keep us waiting.
                tracing::warn!("{} is not a regular file and was not copied", from.display());
                continue;
            } else {
                let bytes = if folder.is_new {
                    copier.copy(&from, &to)?
                } else {
                    copier.bring_up_to_date(&from, &to)?
                };
                copied.files += u64::from(bytes.is_some());
                copied.bytes += bytes.unwrap_or_default();
            }
            names.insert(name);
        }
        if !folder.is_new {
            remove_others(&folder.to, &names)?;
        }
    }
    Ok(Some(copied))
}

/// What a link leads to is not the directory's: the copy would share it, or be given what only we may read.
pub(super) fn is_link(path: &Path) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("{} is a symbolic link and was not copied", path.display()),
    )
}

/// What the original has no more.
fn remove_others(folder: &Path, names: &BTreeSet<OsString>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if names.contains(&entry.file_name()) {
        } else if entry.file_type()?.is_dir() {
            files::remove_tree(&entry.path())?;
        } else {
            files::remove_file(&entry.path())?;
        }
    }
    Ok(())
}

fn is_of_a_run(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| NOT_COPIED.contains(&name))
}

pub(super) fn give(path: &Path, owner: Option<Owner>) -> io::Result<()> {
    owner.map_or(Ok(()), |owner| lchown(path, Some(owner.uid), Some(owner.gid)))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::MetadataExt as _;
    use std::time::{Duration, SystemTime};

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
    fn what_is_behind_a_link_is_not_copied_and_what_keeps_waiting_neither() {
        let base = tempfile::tempdir().unwrap();
        let (from, to) = (base.path().join("from"), base.path().join("to"));
        fs::create_dir(&from).unwrap();
        fs::write(base.path().join("precious"), "precious").unwrap();
        nix::unistd::mkfifo(&from.join("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let stop = CancellationToken::new();
        let copied = copy_tree(&from, &to, None, &stop).unwrap();
        assert_eq!(copied, Some(Copied { files: 0, bytes: 0 }));
        for place in [base.path().join("precious"), base.path().to_owned()] {
            let link = from.join("link");
            std::os::unix::fs::symlink(&place, &link).unwrap();
            let said = copy_tree(&from, &to, None, &stop).unwrap_err().to_string();
            assert!(said.contains("link is a symbolic link"), "{said}");
            fs::remove_file(&link).unwrap();
        }
        assert!(files::names_in(&to).is_empty());
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

    #[test]
    fn what_was_copied_ahead_is_brought_up_to_date() {
        let base = tempfile::tempdir().unwrap();
        let (from, to) = (base.path().join("from"), base.path().join("to"));
        for folder in ["base/1", "base/2", "pg_replslot/a"] {
            fs::create_dir_all(from.join(folder)).unwrap();
        }
        let old = SystemTime::now() - Duration::from_mins(1);
        let write = |name: &str, text: &str, changed: SystemTime| {
            fs::write(from.join(name), text).unwrap();
            File::options()
                .write(true)
                .open(from.join(name))
                .and_then(|file| file.set_modified(changed))
                .unwrap();
        };
        for name in ["same", "changed", "base/1/gone", "base/2/gone"] {
            write(name, name, old);
        }
        write("young", "young", SystemTime::now());
        let stop = CancellationToken::new();
        copy_ahead(&from, &to, None, &stop).unwrap().unwrap();
        assert_eq!(files::names_in(&to), ["base", "changed", "pg_replslot", "same"]);

        // Of the same length; then what a server leaves, what is new, what is gone.
        write("changed", "CHANGED", old + Duration::from_millis(1));
        write("postmaster.pid", "1", old);
        fs::create_dir(from.join("new")).unwrap();
        write("new/file", "new", old);
        fs::remove_file(from.join("base/1/gone")).unwrap();
        fs::remove_dir_all(from.join("base/2")).unwrap();
        let copied = copy_tree(&from, &to, None, &stop).unwrap();
        assert_eq!(copied.unwrap().files, 4, "also those that stayed");
        assert_eq!(
            files::names_in(&to),
            ["base", "changed", "new", "pg_replslot", "same", "young"]
        );
        let read = |name: &str| fs::read_to_string(to.join(name)).unwrap();
        assert_eq!(
            ["changed", "young", "new/file"].map(read),
            ["CHANGED", "young", "new"]
        );
        assert_eq!(files::names_in(&to.join("base")), ["1"]);
        assert!(files::names_in(&to.join("base/1")).is_empty());
        assert!(files::names_in(&to.join("pg_replslot")).is_empty());
    }
}
