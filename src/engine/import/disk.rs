//! The files of this machine, and those of a tarball, for the model to read: regular files only, never more than so many
//! bytes.

use std::fs;
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

use flate2::read::GzDecoder;

use crate::engine::system::plain;
use crate::model::import::{Entry, Files, InMemory, Unread};

/// Of one configuration file.
const LARGEST_FILE: u64 = 4 * 1024 * 1024;
/// Of a tarball, unpacked: the files that are not kept count as well.
const LARGEST_TARBALL: u64 = 512 * 1024 * 1024;
const MOST_ENTRIES: usize = 100_000;

/// This machine's files.
#[derive(Clone, Copy, Debug)]
pub(super) struct Disk;

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, Unread> {
        plain::open_named(Path::new(path))
            .and_then(|file| plain::all(file, LARGEST_FILE))
            .map_err(|error| unread(&error))
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>, Unread> {
        let folder = if folder.is_empty() { "." } else { folder };
        let mut entries = Vec::new();
        for entry in fs::read_dir(folder).map_err(|error| unread(&error))? {
            let entry = entry.map_err(|error| unread(&error))?;
            // A link to a file is a file here; one to a folder is not followed, or the way could be endless.
            let kind = entry.file_type().map_err(|error| unread(&error))?;
            if let Ok(name) = entry.file_name().into_string() {
                entries.push(Entry {
                    name,
                    is_folder: kind.is_dir(),
                });
            }
        }
        Ok(entries)
    }

    /// Debian's folder, or a whole data directory, is not a copy that somebody took away.
    fn is_in_its_place(&self, folder: &str) -> bool {
        let folder = if folder.is_empty() { "." } else { folder };
        let Ok(whole) = fs::canonicalize(folder) else {
            return false;
        };
        let is_data = |folder: &Path| folder.join("global/pg_control").is_file();
        whole.starts_with("/etc") || whole.ancestors().take(4).any(is_data)
    }

    fn has(&self, path: &str) -> bool {
        fs::metadata(path).is_ok_and(|there| there.is_file())
    }
}

fn unread(error: &io::Error) -> Unread {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Unread::Missing,
        ErrorKind::PermissionDenied => {
            Unread::Failed("this user may not read it (run pgcascade as its owner)".to_owned())
        }
        _ => Unread::Failed(error.to_string()),
    }
}

/// True if the file is a tarball, by its first bytes.
pub(super) fn is_tarball(path: &Path) -> bool {
    let mut start = [0; 512];
    let read = plain::open_named(path).and_then(|mut file| {
        let mut length = 0;
        while length < start.len() {
            match file.read(start.get_mut(length..).unwrap_or_default())? {
                0 => break,
                more => length += more,
            }
        }
        Ok(length)
    });
    let is_tar = start.get(257..262) == Some(b"ustar");
    read.is_ok() && (start.starts_with(&[0x1f, 0x8b]) || is_tar)
}

/// The configuration files of a tarball: nothing is written to disk.
pub(super) fn unpacked(path: &Path) -> io::Result<InMemory> {
    let mut file = plain::open_named(path)?;
    let mut start = [0; 2];
    let is_gzip = file.read(&mut start)? == 2 && start == [0x1f, 0x8b];
    let file = plain::open_named(path)?;
    if is_gzip {
        taken_from(GzDecoder::new(file))
    } else {
        taken_from(file)
    }
}

fn taken_from(reader: impl io::Read) -> io::Result<InMemory> {
    let mut files = InMemory::default();
    let mut archive = tar::Archive::new(reader.take(LARGEST_TARBALL));
    for (count, entry) in archive.entries()?.enumerate() {
        let entry = entry?;
        if count > MOST_ENTRIES {
            return Err(io::Error::new(ErrorKind::FileTooLarge, "it holds too many files"));
        }
        let path = entry.path()?.to_string_lossy().into_owned();
        let name = path.rsplit('/').next().unwrap_or_default();
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        let is_wanted = matches!(
            ending,
            "conf" | "signal" | "toml" | "done" | "yml" | "yaml" | "sh" | "env"
        ) || matches!(
            name,
            "PG_VERSION" | "backup_label" | "install" | "pg_control" | "state"
        );
        if entry.header().entry_type().is_file() && is_wanted && entry.size() <= LARGEST_FILE {
            let mut bytes = Vec::new();
            entry.take(LARGEST_FILE).read_to_end(&mut bytes)?;
            files.add(&path, bytes);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_and_a_tarball_hold_the_same_files() {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("top/servers/a");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("postgresql.conf"), "port = 5433\n").unwrap();
        fs::write(folder.join("big"), "not wanted").unwrap();
        nix::unistd::mkfifo(&folder.join("fifo.conf"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let path = base.path().join("x.tar.gz");
        let packer =
            flate2::write::GzEncoder::new(fs::File::create(&path).unwrap(), flate2::Compression::fast());
        let mut tar = tar::Builder::new(packer);
        tar.append_dir_all("top", base.path().join("top")).unwrap_or(());
        tar.append_path_with_name(folder.join("postgresql.conf"), "top/servers/a/postgresql.conf")
            .unwrap();
        tar.into_inner().unwrap().finish().unwrap();
        assert!(is_tarball(&path) && !is_tarball(&folder.join("postgresql.conf")));
        let files = unpacked(&path).unwrap();
        let on_disk = |name: &str| Disk.read(&folder.join(name).to_string_lossy());
        assert_eq!(
            files.read("top/servers/a/postgresql.conf"),
            on_disk("postgresql.conf")
        );
        assert_eq!(files.read("top/servers/a/big"), Err(Unread::Missing));
        assert_eq!(on_disk("none"), Err(Unread::Missing));
        assert!(
            matches!(on_disk("fifo.conf"), Err(Unread::Failed(_))),
            "a pipe is not waited for"
        );
    }
}
