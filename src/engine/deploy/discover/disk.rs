//! The file system below the cluster's folder, and whether the clock agrees with what was written on it.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::engine::system::mounts;

/// The file system that the folder is or will be on, as the system calls it.
pub(super) fn file_system(folder: &Path) -> Option<String> {
    let there = folder
        .ancestors()
        .find_map(|ancestor| ancestor.canonicalize().ok())?;
    file_system_of(&there, &mounts::list()?)
}

/// Of all mounts the folder is below, the innermost; of several at one place, the last.
fn file_system_of(folder: &Path, mounts: &str) -> Option<String> {
    mounts::each(mounts)
        .filter(|mount| folder.starts_with(&mount.at))
        .max_by_key(|mount| mount.at.components().count())
        .map(|mount| mount.kind.to_owned())
}

/// How far the clock is behind the last change of these files, or of the folders they would be in. The time of a change
/// (ctime) is the kernel's own: unlike the other times, nobody can set it.
pub(super) fn clock_behind_secs(paths: &[&Path]) -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |now| now.as_secs());
    let changed = paths
        .iter()
        .filter_map(|path| path.ancestors().find_map(|there| fs::metadata(there).ok()))
        .filter_map(|there| u64::try_from(there.ctime()).ok());
    changed.max().unwrap_or(0).saturating_sub(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_and_last_mount_counts() {
        let mounts = "22 1 254:0 / / rw - ext4 /dev/root rw\n\
                      30 22 0:26 / /mnt/my\\040disk rw,nosuid shared:3 master:1 - vfat /dev/sdb1 rw\n\
                      31 22 0:27 / /mnt rw - tmpfs none rw\n\
                      32 22 0:28 / /mnt rw - xfs /dev/sdc1 rw\n";
        for (folder, kind) in [("/mnt/my disk/c", "vfat"), ("/mnt/mine", "xfs"), ("/var", "ext4")] {
            assert_eq!(
                file_system_of(Path::new(folder), mounts).as_deref(),
                Some(kind),
                "{folder}"
            );
        }
        assert_eq!(file_system_of(Path::new("/"), ""), None);
    }

    #[test]
    fn this_machines_clock_is_not_behind() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(clock_behind_secs(&[folder.path(), &folder.path().join("x/y")]), 0);
        assert!(file_system(&folder.path().join("x")).is_some());
    }
}
