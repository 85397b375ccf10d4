//! Copies one file of a data directory: its bytes, its mode, and the time of its last change.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::Path;
use std::time::Duration;

use nix::fcntl::OFlag;
use rustix::fs::{FallocateFlags, SeekFrom};
use rustix::io::Errno;

use crate::engine::system::files::{self, Owner};
use crate::engine::system::plain;

/// Read and written at once; larger than all but a few files of a new data directory.
const CHUNK: usize = 128 << 10;
static ZEROS: [u8; CHUNK] = [0; CHUNK];
/// A change after this time surely shows as another time: kernels count it in steps of up to 10 ms.
const SETTLED: Duration = Duration::from_millis(20);
/// A file of this size may be zeros for the most part: a WAL segment.
const LARGE: u64 = 1 << 20;

/// What is copied while it is copied.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Original {
    Still,
    Changing,
}

/// Copies files, one after another, through one buffer.
pub(super) struct Copier {
    original: Original,
    owner: Option<Owner>,
    buffer: Vec<u8>,
}

impl Copier {
    pub(super) fn new(original: Original, owner: Option<Owner>) -> Self {
        Self {
            original,
            owner,
            buffer: vec![0; CHUNK],
        }
    }

    /// Copies a file to where none is. `None`: it may be changing just now, or is gone.
    pub(super) fn copy(&mut self, from: &Path, to: &Path) -> io::Result<Option<u64>> {
        self.fill(from, || {
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(files::PRIVATE_FILE)
                .open(to)
        })
    }

    /// Copies a file to where an older copy may be, unless that is as its original. It stays and is written again: to make
    /// a file takes longer than to write it.
    pub(super) fn bring_up_to_date(&mut self, from: &Path, to: &Path) -> io::Result<Option<u64>> {
        let Some(there) = found(to)? else {
            return self.copy(from, to);
        };
        let original = match fs::symlink_metadata(from) {
            Err(error) if self.is_gone(&error) => return Ok(None),
            original => original?,
        };
        if is_as(&there, &original) {
            return Ok(Some(original.len()));
        }
        if original.len() >= LARGE {
            files::remove_file(to)?;
            return self.copy(from, to);
        }
        self.fill(from, || {
            OpenOptions::new()
                .write(true)
                .custom_flags(OFlag::O_NOFOLLOW.bits())
                .open(to)
        })
    }

    /// Makes a folder. False: it is there already.
    pub(super) fn folder(&self, at: &Path) -> io::Result<bool> {
        let is_there = found(at)?.is_some_and(|there| there.is_dir());
        if !is_there {
            files::make_folder(at, self.owner)?;
        }
        Ok(!is_there)
    }

    /// True if that is not a failure: what may still change may also go.
    pub(super) fn is_gone(&self, error: &io::Error) -> bool {
        self.original == Original::Changing && error.kind() == ErrorKind::NotFound
    }

    /// Small files in one piece, which takes fewer calls than `fs::copy`, and there are a thousand.
    fn fill(&mut self, from: &Path, to: impl FnOnce() -> io::Result<File>) -> io::Result<Option<u64>> {
        let source = match plain::open(from) {
            Err(error) if self.is_gone(&error) => return Ok(None),
            opened => opened?,
        };
        // Before anything is read: what changes later has a later time.
        let there = source.metadata()?;
        let changed = there.modified()?;
        if self.original == Original::Changing && changed.elapsed().map_or(true, |age| age < SETTLED) {
            return Ok(None);
        }
        let target = to()?;
        // Whatever the umask.
        target.set_permissions(there.permissions())?;
        if let Some(owner) = self.owner {
            fchown(&target, Some(owner.uid), Some(owner.gid))?;
        }
        let copied = if there.len() >= LARGE && reserve(&target, there.len()) {
            copy_what_is_not_zero(&source, &target, there.len(), &mut self.buffer)?
        } else {
            copy_all(&source, &target, there.len(), &mut self.buffer)?
        };
        if target.metadata()?.len() != copied {
            target.set_len(copied)?;
        }
        target.set_modified(changed)?;
        Ok(Some(copied))
    }
}

fn found(path: &Path) -> io::Result<Option<Metadata>> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        there => there.map(Some),
    }
}

fn is_as(copy: &Metadata, original: &Metadata) -> bool {
    let facts = |one: &Metadata| (one.is_file(), one.len(), one.mtime(), one.mtime_nsec());
    facts(copy) == facts(original)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_file_is_copied_without_its_zeros() {
        let base = tempfile::tempdir().unwrap();
        let (from, to) = (base.path().join("from"), base.path().join("to"));
        let mut bytes = vec![0_u8; 4 << 20];
        bytes[5] = 1;
        bytes[3 << 20] = 2;
        fs::write(&from, &bytes).unwrap();
        let mut copier = Copier::new(Original::Still, None);
        assert_eq!(copier.copy(&from, &to).unwrap(), Some(4 << 20));
        assert!(fs::read(&to).unwrap() == bytes);
        // Of a copy that holds nothing but room there.
        let again = base.path().join("again");
        copier.copy(&to, &again).unwrap();
        assert!(fs::read(&again).unwrap() == bytes);
        // Over an older copy.
        fs::write(&again, "older").unwrap();
        assert_eq!(copier.bring_up_to_date(&from, &again).unwrap(), Some(4 << 20));
        assert!(fs::read(&again).unwrap() == bytes);
        let changed = |at: &Path| fs::metadata(at).unwrap().modified().unwrap();
        assert_eq!(changed(&again), changed(&from));
    }

    #[test]
    fn a_copy_is_made_new_where_it_is() {
        let base = tempfile::tempdir().unwrap();
        let (from, to) = (base.path().join("from"), base.path().join("to"));
        let mut copier = Copier::new(Original::Still, None);
        for text in ["long, and longer", "short", ""] {
            fs::write(&from, text).unwrap();
            fs::write(&to, "what was there").unwrap();
            copier.bring_up_to_date(&from, &to).unwrap();
            assert_eq!(fs::read_to_string(&to).unwrap(), text);
        }
        let link = base.path().join("link");
        std::os::unix::fs::symlink(&to, &link).unwrap();
        copier.bring_up_to_date(&from, &link).unwrap_err();
    }
}
