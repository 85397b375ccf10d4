//! Whom a file is believed from: only ourselves, and root. The model is sshd's StrictModes: what says which files to remove
//! and which programs to run counts only if nobody else could have written it.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::unistd::{getegid, geteuid};

/// A record is a few kilobytes; the largest design that fits into one is far below this.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// The first folder on the way to `path`, itself included, in which somebody else could put something in our way: it
/// belongs to another user, or others may write to it. A folder like `/tmp`, where nobody may touch what belongs to
/// others (sticky), is fine. What does not exist yet is judged by what it will be made in.
pub fn hole_above(path: &Path) -> Option<PathBuf> {
    let real = crate::engine::system::files::real(path);
    let mut there: Vec<&Path> = real.ancestors().collect();
    there.reverse();
    there
        .into_iter()
        .take_while(|folder| fs::symlink_metadata(folder).is_ok())
        .find(|folder| fs::symlink_metadata(folder).is_ok_and(|there| !is_safe(&there)))
        .map(Path::to_owned)
}

/// Reads a file that only we or root can have written. A link is not followed, and nothing but a regular file is read,
/// so this never waits.
///
/// Fails with `PermissionDenied` if another user owns the file or may write to it.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    read_of(path, geteuid().as_raw())
}

/// The same for a file that this user, too, can have written.
pub fn read_of(path: &Path, user: u32) -> io::Result<Vec<u8>> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits())
        .open(path)?;
    let there = file.metadata()?;
    if !there.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidData, "it is not a regular file"));
    }
    if !(is_ours(&there) || there.uid() == user) || is_open_to_others(&there) {
        return Err(io::Error::new(
            ErrorKind::PermissionDenied,
            "another user may have written it",
        ));
    }
    read_bounded(file)
}

fn read_bounded(file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MOST_BYTES) {
        return Err(io::Error::new(
            ErrorKind::InvalidData,
            format!("it is larger than {} MB", MOST_BYTES / 1024 / 1024),
        ));
    }
    Ok(bytes)
}

/// A file of ours where a folder should be is an obstacle, and no hole: anyone who opens what is below it fails, and says so.
fn is_safe(there: &Metadata) -> bool {
    const STICKY: u32 = 0o1000;
    let is_shared = there.mode() & STICKY != 0;
    is_ours(there) && (is_shared || !is_open_to_others(there))
}

fn is_ours(there: &Metadata) -> bool {
    there.uid() == 0 || there.uid() == geteuid().as_raw()
}

/// Our own group may write where the system gives every user a group alone (umask 002); root's files are root's alone.
fn is_open_to_others(there: &Metadata) -> bool {
    let is_open_to_group = there.mode() & 0o020 != 0 && there.gid() != getegid().as_raw();
    is_open_to_group || there.mode() & 0o002 != 0
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, chown, symlink};

    use super::*;

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_others_may_write_to_is_not_believed() {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().canonicalize().unwrap().join("state");
        fs::create_dir(&folder).unwrap();
        set_mode(&folder, 0o700);
        let file = folder.join("a.json");
        fs::write(&file, "{}").unwrap();
        set_mode(&file, 0o600);
        assert_eq!(hole_above(&folder), None);
        assert_eq!(hole_above(&folder.join("not/there/yet")), None);
        assert_eq!(read(&file).unwrap(), b"{}");

        set_mode(&file, 0o606);
        assert_eq!(read(&file).unwrap_err().kind(), ErrorKind::PermissionDenied);
        set_mode(&folder, 0o707);
        assert_eq!(hole_above(&folder.join("below")), Some(folder.clone()));
        set_mode(&folder, 0o1707);
        assert_eq!(hole_above(&folder), None, "sticky, as /tmp is");
    }

    #[test]
    fn what_belongs_to_somebody_else_is_not_believed() {
        if !geteuid().is_root() {
            // Only root can give a file away.
            return;
        }
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().canonicalize().unwrap().join("home");
        fs::create_dir(&folder).unwrap();
        let file = folder.join("a.json");
        fs::write(&file, "{}").unwrap();
        set_mode(&file, 0o600);
        chown(&folder, Some(65534), Some(65534)).unwrap();
        assert_eq!(hole_above(&folder.join(".local/state")), Some(folder.clone()));
        chown(&file, Some(65534), Some(65534)).unwrap();
        assert_eq!(read(&file).unwrap_err().kind(), ErrorKind::PermissionDenied);
    }

    #[test]
    fn links_and_fifos_are_not_read() {
        let base = tempfile::tempdir().unwrap();
        let file = base.path().join("a.json");
        fs::write(&file, "{}").unwrap();
        let link = base.path().join("link.json");
        symlink(&file, &link).unwrap();
        read(&link).unwrap_err();
        let fifo = base.path().join("fifo.json");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(read(&fifo).unwrap_err().kind(), ErrorKind::InvalidData);
    }
}
