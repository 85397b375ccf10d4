//! One pgcascade at a time works on a cluster's folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;

use super::disk::has_marker_folder;
use crate::engine::system::wait::POLL;
use crate::engine::system::{files, processes};
use crate::model::configuration::ClusterFolder;
use crate::report::Report;

/// Held as long as it lives; the kernel lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(in crate::engine) struct Lock {
    file: File,
    path: PathBuf,
}

impl Drop for Lock {
    /// Closing the file is not enough: a child that was begun just now has a copy of it until it becomes its program, and
    /// the lock with it. Letting go of the lock itself ends it for all copies (flock(2)).
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

const LOCK: &str = "lock";
/// A killed pgcascade may leave a child that has not become its program yet, and holds what it inherited until then.
/// Waiting for the lock is also waiting for that child to be found by its environment.
const DEAD_HOLDER: Duration = Duration::from_secs(3);

impl Lock {
    /// Takes the lock of a folder that has its marker folder; a second pgcascade gets a sentence.
    pub(in crate::engine) fn take(folder: &Path) -> Result<Self, Report> {
        let path = folder.join(ClusterFolder::MARKER_FOLDER).join(LOCK);
        if !has_marker_folder(folder) {
            return Err(Report::new(format!("{} could not be locked.", folder.display()))
                .hint("Its marker is not the folder made by pgcascade."));
        }
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(files::PRIVATE_FILE)
            .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits())
            .open(&path)
            .map_err(|error| cannot(folder, &error))?;
        is_regular(folder, &file)?;
        wait_for(folder, &mut file, File::try_lock)?;
        // The one before may have removed the cluster, and this file with it, between our open and our lock.
        let ours = file.metadata().map_err(|error| cannot(folder, &error))?;
        if std::fs::metadata(&path).map_or(true, |there| there.ino() != ours.ino()) {
            return Err(busy(folder, None));
        }
        // For the sentence above only, so it may fail.
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| write!(file, "{}", std::process::id()));
        Ok(Self { file, path })
    }

    /// Says whether another pgcascade is at work on the folder. Writes nothing.
    pub(in crate::engine) fn is_free(folder: &Path) -> Result<(), Report> {
        let path = folder.join(ClusterFolder::MARKER_FOLDER).join(LOCK);
        let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
        match OpenOptions::new()
            .read(true)
            .custom_flags(flags.bits())
            .open(&path)
        {
            Ok(mut file) => {
                is_regular(folder, &file)?;
                wait_for(folder, &mut file, File::try_lock_shared)
            }
            // Nobody has ever locked it.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(cannot(folder, &error)),
        }
    }

    /// The folder that is locked.
    pub(in crate::engine) fn folder(&self) -> &Path {
        let marker = self.path.parent();
        marker.and_then(Path::parent).unwrap_or(&self.path)
    }

    /// The lock's file. It goes at the end of the cluster, while the lock is still held.
    pub(in crate::engine) fn path(&self) -> &Path {
        &self.path
    }
}

fn is_regular(folder: &Path, file: &File) -> Result<(), Report> {
    if file.metadata().is_ok_and(|there| there.is_file()) {
        return Ok(());
    }
    Err(Report::new(format!("{} could not be locked.", folder.display()))
        .hint("Its lock is not the file made by pgcascade."))
}

/// Tries until it is locked, or the one who has it is known to be at work.
fn wait_for(
    folder: &Path,
    file: &mut File,
    try_lock: impl Fn(&File) -> Result<(), TryLockError>,
) -> Result<(), Report> {
    let deadline = Instant::now() + DEAD_HOLDER;
    loop {
        match try_lock(file) {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(cannot(folder, &error)),
        }
        let holder = holder(file);
        if holder.is_none_or(processes::is_alive) || Instant::now() >= deadline {
            return Err(busy(folder, holder));
        }
        std::thread::sleep(POLL);
    }
}

fn cannot(folder: &Path, error: &dyn std::error::Error) -> Report {
    Report::of(format!("{} could not be locked.", folder.display()), error)
}

/// The process that wrote itself into the lock's file.
fn holder(file: &mut File) -> Option<u32> {
    /// A process's number.
    const MOST_DIGITS: u64 = 20;
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(MOST_DIGITS).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn busy(folder: &Path, holder: Option<u32>) -> Report {
    let who = holder.map_or_else(
        || "Another pgcascade".to_owned(),
        |pid| format!("Another pgcascade (process {pid})"),
    );
    Report::new(format!("{who} is working on {}.", folder.display()))
        .hint("Wait until it has finished, then try again.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_is_a_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let marker = folder.path().join(ClusterFolder::MARKER_FOLDER);
        let precious = folder.path().join("precious");
        std::fs::write(&precious, "theirs").unwrap();
        std::fs::create_dir(&marker).unwrap();
        std::os::unix::fs::symlink(&precious, marker.join(LOCK)).unwrap();
        Lock::take(folder.path()).unwrap_err();
        std::fs::rename(&marker, folder.path().join("elsewhere")).unwrap();
        std::os::unix::fs::symlink("elsewhere", &marker).unwrap();
        Lock::take(folder.path()).unwrap_err();
        assert_eq!(std::fs::read(&precious).unwrap(), b"theirs");
    }

    #[test]
    fn the_second_gets_a_sentence_until_the_first_is_done() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(ClusterFolder::MARKER_FOLDER)).unwrap();
        let first = Lock::take(folder.path()).unwrap();
        let report = Lock::take(folder.path()).unwrap_err();
        assert!(
            report.headline.contains(&std::process::id().to_string()),
            "{report}"
        );
        // As a child that has not become its program yet would have.
        let copy = first.file.try_clone().unwrap();
        drop(first);
        let second = Lock::take(folder.path()).unwrap();
        files::remove_file(second.path()).unwrap();
        drop(copy);
    }
}
