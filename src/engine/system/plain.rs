//! Reads files that somebody else could have put there: what lies below a cluster's folder, and what a person names.
//!
//! Nothing but a regular file is read, so a read never waits (a FIFO would wait for its writer, a device may do anything),
//! and never more than so many bytes. Below a cluster's folder no symbolic link is followed: the servers' user could have put
//! one there that leads to a file which only the reader may read.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Component, Path};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open as open_at_once, openat};
use nix::sys::stat::Mode;

/// What a password, a key or a pid file takes at most: they are a few lines.
pub const SMALL_BYTES: u64 = 1024 * 1024;

const READ: OFlag = OFlag::O_RDONLY
    .union(OFlag::O_NONBLOCK)
    .union(OFlag::O_NOCTTY)
    .union(OFlag::O_CLOEXEC);

/// Opens a regular file that a person names; links are followed, as for every program.
///
/// # Errors
///
/// If it is not there, may not be read, or is anything but a regular file: at once, in each case.
pub fn open_named(path: &Path) -> io::Result<File> {
    // First by its name: to open a device may already do something.
    is_regular(&std::fs::metadata(path)?)?;
    checked(open_at_once(path, READ, Mode::empty())?)
}

/// Opens a regular file; a link in its place is not followed. The folders above it are.
///
/// # Errors
///
/// As for [`open_named`], and if it is a link.
pub fn open(path: &Path) -> io::Result<File> {
    is_regular(&std::fs::symlink_metadata(path)?)?;
    checked(open_at_once(path, READ | OFlag::O_NOFOLLOW, Mode::empty()).map_err(no_link)?)
}

/// Opens a regular file below a folder; no link is followed on the way from there.
///
/// # Errors
///
/// As for [`open`], and if the way leads out of the folder, or over anything but folders.
pub fn open_below(folder: &Path, relative: &str) -> io::Result<File> {
    let outside = || io::Error::new(ErrorKind::InvalidInput, "it leads outside the folder");
    let mut names: Vec<&OsStr> = Vec::new();
    for component in Path::new(relative).components() {
        let Component::Normal(name) = component else {
            return Err(outside());
        };
        names.push(name);
    }
    let last = names.pop().ok_or_else(outside)?;
    let into = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let mut at = open_at_once(folder, into, Mode::empty())?;
    for name in names {
        at = openat(&at, name, into | OFlag::O_NOFOLLOW, Mode::empty()).map_err(no_link)?;
    }
    checked(openat(&at, last, READ | OFlag::O_NOFOLLOW, Mode::empty()).map_err(no_link)?)
}

/// All of a file, if it is no larger than this.
///
/// # Errors
///
/// As for [`open`], and if it is larger.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    all(open(path)?, most)
}

/// All of a file below a folder, if it is no larger than this.
///
/// # Errors
///
/// As for [`open_below`], and if it is larger.
pub fn read_below(folder: &Path, relative: &str, most: u64) -> io::Result<Vec<u8>> {
    all(open_below(folder, relative)?, most)
}

/// A small text file below a folder: a password, a key.
///
/// # Errors
///
/// As for [`read_below`], and if it is not UTF-8.
pub fn text_below(folder: &Path, relative: &str) -> io::Result<String> {
    text(read_below(folder, relative, SMALL_BYTES)?)
}

/// The rest of an open file, if it is no larger than this.
///
/// # Errors
///
/// If it cannot be read, or is larger.
pub fn all(file: File, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::new(
            ErrorKind::FileTooLarge,
            format!("it is larger than {} MB", most.div_ceil(1024 * 1024)),
        ));
    }
    Ok(bytes)
}

/// The same bytes as text.
///
/// # Errors
///
/// If they are not UTF-8.
pub fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
}

/// The last lines of a text file, at most `count`; none if it is not there, or is not a regular file.
pub fn last_lines(path: &Path, count: usize) -> Vec<String> {
    /// More than this nobody reads.
    const TAIL_BYTES: u64 = 128 * 1024;
    let Ok(mut file) = open(path) else {
        return Vec::new();
    };
    let length = file.metadata().map_or(0, |there| there.len());
    let from = length.saturating_sub(TAIL_BYTES);
    let mut bytes = Vec::new();
    if file.seek(SeekFrom::Start(from)).is_err() || file.take(TAIL_BYTES).read_to_end(&mut bytes).is_err() {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let skip = lines.len().saturating_sub(count);
    lines.into_iter().skip(skip).map(str::to_owned).collect()
}

fn checked(opened: OwnedFd) -> io::Result<File> {
    let file = File::from(opened);
    is_regular(&file.metadata()?)?;
    Ok(file)
}

fn is_regular(there: &Metadata) -> io::Result<()> {
    let kind = there.file_type();
    let (what, kind) = if kind.is_file() {
        return Ok(());
    } else if kind.is_symlink() {
        return Err(is_link());
    } else if kind.is_dir() {
        ("a folder", ErrorKind::IsADirectory)
    } else if kind.is_fifo() {
        ("a named pipe", ErrorKind::InvalidData)
    } else if kind.is_socket() {
        ("a socket", ErrorKind::InvalidData)
    } else {
        ("a device", ErrorKind::InvalidData)
    };
    Err(io::Error::new(kind, format!("it is {what}, not a regular file")))
}

fn is_link() -> io::Error {
    io::Error::new(
        ErrorKind::InvalidData,
        "it is a symbolic link, which pgcascade does not follow here",
    )
}

/// What the system says of a link that is not followed, and of a socket that is opened.
fn no_link(error: Errno) -> io::Error {
    match error {
        Errno::ELOOP => is_link(),
        Errno::ENXIO => io::Error::new(
            ErrorKind::InvalidData,
            "it is a socket or a device, not a regular file",
        ),
        error => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn only_a_regular_file_is_read_and_at_once() {
        let base = tempfile::tempdir().unwrap();
        let at = |name: &str| base.path().join(name);
        fs::write(at("file"), "precious").unwrap();
        fs::create_dir(at("folder")).unwrap();
        fs::write(at("folder/file"), "below").unwrap();
        symlink("file", at("link")).unwrap();
        symlink("folder", at("way")).unwrap();
        symlink(at("file"), at("folder/out")).unwrap();
        nix::unistd::mkfifo(&at("fifo"), Mode::S_IRWXU).unwrap();
        let _listener = UnixListener::bind(at("socket")).unwrap();
        symlink("fifo", at("to-fifo")).unwrap();

        let below = |name: &str| read_below(base.path(), name, 100);
        assert_eq!(below("folder/file").unwrap(), b"below");
        assert_eq!(read(&at("file"), 8).unwrap(), b"precious");
        assert_eq!(read(&at("file"), 7).unwrap_err().kind(), ErrorKind::FileTooLarge);
        let named = |name: &str| all(open_named(&at(name))?, 100);
        assert_eq!(named("link").unwrap(), b"precious", "a person may name a link");
        for (name, word) in [
            ("link", "symbolic link"),
            ("fifo", "named pipe"),
            ("socket", "socket"),
            ("folder", "folder"),
        ] {
            for error in [below(name).unwrap_err(), read(&at(name), 100).unwrap_err()] {
                assert!(error.to_string().contains(word), "{name}: {error}");
            }
        }
        named("to-fifo").unwrap_err();
        named("/dev/zero").unwrap_err();
        for name in [
            "way/file",
            "folder/out",
            "../x",
            "/etc/passwd",
            "",
            "folder/../file",
            "file/x",
        ] {
            below(name).unwrap_err();
        }
        assert_eq!(below("none").unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[test]
    fn the_last_lines_of_a_log_are_those_of_a_log() {
        let base = tempfile::tempdir().unwrap();
        let log = base.path().join("log");
        fs::write(&log, "one\n\ntwo\nthree\n").unwrap();
        assert_eq!(last_lines(&log, 2), ["two", "three"]);
        let link = base.path().join("link");
        symlink(&log, &link).unwrap();
        assert!(last_lines(&link, 2).is_empty());
        let fifo = base.path().join("fifo");
        nix::unistd::mkfifo(&fifo, Mode::S_IRWXU).unwrap();
        assert!(last_lines(&fifo, 2).is_empty());
    }
}
