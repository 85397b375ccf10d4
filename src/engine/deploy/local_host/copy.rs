//! Copies a data directory that does not run: a whole base backup, if what belongs to a run is left out.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _, fchown, lchown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FallocateFlags, SeekFrom};
use rustix::io::Errno;
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
/// Read and written at once; larger than all but a few files of a new data directory.
const CHUNK: usize = 128 << 10;
static ZEROS: [u8; CHUNK] = [0; CHUNK];
/// A change after this time surely shows as another time: kernels count it in steps of up to 10 ms.
const SETTLED: Duration = Duration::from_millis(20);
/// A file of this size may be zeros for the most part: a WAL segment.
const LARGE: u64 = 1 << 20;

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
        let is_begun = work.wait.hear(self.ahead.take(&target)).await?;
        let copying = self.blocking(work, move |stop| {
            if is_begun {
                return bring_up_to_date(&source, &target, owner, stop);
            }
            files::remove_tree(&target)?;
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

/// Copies everything; `Ok(None)`: it was told to stop. Files keep the time of their last change, by which
/// [`bring_up_to_date`] sees what became of the original since.
pub(super) fn copy_tree(
    from: &Path,
    to: &Path,
    owner: Option<Owner>,
    stop: &CancellationToken,
) -> io::Result<Option<Copied>> {
    copy(from, to, owner, Original::Still, stop)
}

/// Copies what may still change: a file that was just written is left out, one that is gone by now does not matter.
/// It is no base backup before [`bring_up_to_date`].
pub(super) fn copy_ahead(
    from: &Path,
    to: &Path,
    owner: Option<Owner>,
    stop: &CancellationToken,
) -> io::Result<Option<Copied>> {
    copy(from, to, owner, Original::Changing, stop)
}

/// What is copied while it is copied.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Original {
    Still,
    Changing,
}

fn copy(
    from: &Path,
    to: &Path,
    owner: Option<Owner>,
    original: Original,
    stop: &CancellationToken,
) -> io::Result<Option<Copied>> {
    let mut copied = Copied::default();
    let mut buffer = vec![0; CHUNK];
    files::make_folder(to, owner)?;
    let mut open: Vec<(PathBuf, PathBuf)> = vec![(from.to_owned(), to.to_owned())];
    while let Some((from, to)) = open.pop() {
        for entry in fs::read_dir(&from)? {
            if stop.is_cancelled() {
                return Ok(None);
            }
            let entry = entry?;
            if is_of_a_run(&entry.file_name()) {
                continue;
            }
            let target = to.join(entry.file_name());
            let kind = entry.file_type()?;
            if kind.is_dir() {
                files::make_folder(&target, owner)?;
                if entry.file_name() != EMPTIED {
                    open.push((entry.path(), target));
                }
            } else if kind.is_symlink() {
                std::os::unix::fs::symlink(fs::read_link(entry.path())?, &target)?;
                give(&target, owner)?;
            } else {
                match copy_file(&entry.path(), &target, owner, original, &mut buffer) {
                    Ok(bytes) => {
                        copied.files += 1;
                        copied.bytes += bytes;
                    }
                    Err(error) if original == Original::Changing && error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }
    Ok(Some(copied))
}

/// Makes what [`copy_ahead`] began a whole copy of what does not change any more: a file that has not the length and the
/// time of its original is copied again.
fn bring_up_to_date(
    from: &Path,
    to: &Path,
    owner: Option<Owner>,
    stop: &CancellationToken,
) -> io::Result<Option<()>> {
    let mut buffer = vec![0; CHUNK];
    let mut open: Vec<(PathBuf, PathBuf)> = vec![(from.to_owned(), to.to_owned())];
    while let Some((from, to)) = open.pop() {
        let mut names = BTreeSet::new();
        for entry in fs::read_dir(&from)? {
            if stop.is_cancelled() {
                return Ok(None);
            }
            let entry = entry?;
            let name = entry.file_name();
            if is_of_a_run(&name) {
                continue;
            }
            let (source, target) = (entry.path(), to.join(&name));
            let there = fs::symlink_metadata(&target).ok();
            let kind = entry.file_type()?;
            if kind.is_dir() {
                if there.is_none() {
                    files::make_folder(&target, owner)?;
                }
                if name != EMPTIED {
                    open.push((source, target));
                }
            } else if kind.is_symlink() {
                files::remove_file(&target)?;
                std::os::unix::fs::symlink(fs::read_link(&source)?, &target)?;
                give(&target, owner)?;
            } else if !there.is_some_and(|there| is_as(&there, entry.metadata().ok().as_ref())) {
                files::remove_file(&target)?;
                copy_file(&source, &target, owner, Original::Still, &mut buffer)?;
            }
            names.insert(name);
        }
        for entry in fs::read_dir(&to)? {
            let entry = entry?;
            if names.contains(&entry.file_name()) {
            } else if entry.file_type()?.is_dir() {
                files::remove_tree(&entry.path())?;
            } else {
                files::remove_file(&entry.path())?;
            }
        }
    }
    Ok(Some(()))
}

fn is_of_a_run(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| NOT_COPIED.contains(&name))
}

fn is_as(copy: &Metadata, original: Option<&Metadata>) -> bool {
    let facts = |one: &Metadata| (one.is_file(), one.len(), one.mtime(), one.mtime_nsec());
    original.is_some_and(|original| facts(copy) == facts(original))
}

/// Copies one file: small ones in one piece, which takes fewer calls than `fs::copy`, and there are a thousand.
fn copy_file(
    from: &Path,
    to: &Path,
    owner: Option<Owner>,
    original: Original,
    buffer: &mut [u8],
) -> io::Result<u64> {
    let source = File::open(from)?;
    // Before anything is read: what changes later has a later time.
    let there = source.metadata()?;
    let changed = there.modified()?;
    if original == Original::Changing && changed.elapsed().map_or(true, |age| age < SETTLED) {
        return Err(ErrorKind::NotFound.into());
    }
    let target = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(files::PRIVATE_FILE)
        .open(to)?;
    // Whatever the umask.
    target.set_permissions(there.permissions())?;
    if let Some(owner) = owner {
        fchown(&target, Some(owner.uid), Some(owner.gid))?;
    }
    let copied = if there.len() >= LARGE && reserve(&target, there.len()) {
        copy_what_is_not_zero(&source, &target, there.len(), buffer)?
    } else {
        copy_all(&source, &target, there.len(), buffer)?
    };
    target.set_modified(changed)?;
    Ok(copied)
}

fn copy_all(mut from: &File, mut to: &File, length: u64, buffer: &mut [u8]) -> io::Result<u64> {
    let mut copied = 0;
    loop {
        match from.read(buffer) {
            Ok(0) => return Ok(copied),
            Ok(read) => {
                to.write_all(buffer.get(..read).unwrap_or_default())?;
                copied += read as u64;
                // The length tells that this was all.
                if copied == length {
                    return Ok(copied);
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Gives the file its length, and room on the disk for all of it: it reads as zeros, and a later write cannot find the
/// disk full. False where the file system has no such thing.
fn reserve(file: &File, length: u64) -> bool {
    rustix::fs::fallocate(file, FallocateFlags::empty(), 0, length).is_ok()
}

/// Copies a file into one of the same length that holds zeros. Of a WAL segment that initdb made, a few pages of 16 MB
/// are anything else.
fn copy_what_is_not_zero(from: &File, to: &File, length: u64, buffer: &mut [u8]) -> io::Result<u64> {
    let mut at = 0;
    while at < length {
        // What was never written need not even be read.
        match rustix::fs::seek(from, SeekFrom::Data(at)) {
            Ok(data) => at = data,
            Err(Errno::NXIO) => break,
            Err(_) => {}
        }
        let read = from.read_at(buffer, at)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        if ZEROS.get(..read) != Some(bytes) {
            to.write_all_at(bytes, at)?;
        }
        at += read as u64;
    }
    Ok(length)
}

pub(super) fn give(path: &Path, owner: Option<Owner>) -> io::Result<()> {
    owner.map_or(Ok(()), |owner| lchown(path, Some(owner.uid), Some(owner.gid)))
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

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
        bring_up_to_date(&from, &to, None, &stop).unwrap().unwrap();
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

    #[test]
    fn a_large_file_is_copied_without_its_zeros() {
        let base = tempfile::tempdir().unwrap();
        let (from, to) = (base.path().join("from"), base.path().join("to"));
        let mut bytes = vec![0_u8; 4 << 20];
        bytes[5] = 1;
        bytes[3 << 20] = 2;
        fs::write(&from, &bytes).unwrap();
        let mut buffer = vec![0; CHUNK];
        let copied = copy_file(&from, &to, None, Original::Still, &mut buffer).unwrap();
        assert_eq!(copied, 4 << 20);
        assert!(fs::read(&to).unwrap() == bytes);
        // Of a copy that holds nothing but room there.
        let again = base.path().join("again");
        copy_file(&to, &again, None, Original::Still, &mut buffer).unwrap();
        assert!(fs::read(&again).unwrap() == bytes);
        assert!(is_as(
            &fs::metadata(&again).unwrap(),
            fs::metadata(&from).ok().as_ref()
        ));
    }
}
