//! One pgcascade at a time works on a cluster's folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::engine::files;
use crate::model::plan::ClusterLayout;
use crate::report::Report;

/// Held as long as it lives; the kernel lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(in crate::engine) struct Lock {
    _file: File,
    path: PathBuf,
}

const LOCK: &str = "lock";

impl Lock {
    /// Takes the lock of a folder that has its marker folder; a second pgcascade gets a sentence.
    pub(in crate::engine) fn take(folder: &Path) -> Result<Self, Report> {
        let path = folder.join(ClusterLayout::MARKER_FOLDER).join(LOCK);
        let cannot = |error: &dyn std::error::Error| {
            Report::of(format!("{} could not be locked.", folder.display()), error)
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(files::PRIVATE_FILE)
            .open(&path)
            .map_err(|error| cannot(&error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                return Err(busy(folder, holder.trim()));
            }
            Err(TryLockError::Error(error)) => return Err(cannot(&error)),
        }
        // The one before may have removed the cluster, and this file with it, between our open and our lock.
        let ours = file.metadata().map_err(|error| cannot(&error))?;
        if std::fs::metadata(&path).map_or(true, |there| there.ino() != ours.ino()) {
            return Err(busy(folder, ""));
        }
        // For the sentence above only, so it may fail.
        let _ = file
            .set_len(0)
            .and_then(|()| write!(file, "{}", std::process::id()));
        Ok(Self { _file: file, path })
    }

    /// Removes the lock's file, at the end of the cluster; it is held until dropped.
    pub(in crate::engine) fn remove_file(&self) -> std::io::Result<()> {
        files::remove_file(&self.path)
    }
}

fn busy(folder: &Path, holder: &str) -> Report {
    let who = if holder.is_empty() {
        "Another pgcascade".to_owned()
    } else {
        format!("Another pgcascade (process {holder})")
    };
    Report::new(format!("{who} is at work on {}.", folder.display()))
        .hint("Wait until it is done, then try again.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_gets_a_sentence_until_the_first_is_done() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(ClusterLayout::MARKER_FOLDER)).unwrap();
        let first = Lock::take(folder.path()).unwrap();
        let report = Lock::take(folder.path()).unwrap_err();
        assert!(
            report.headline.contains(&std::process::id().to_string()),
            "{report}"
        );
        drop(first);
        Lock::take(folder.path()).unwrap().remove_file().unwrap();
    }
}
