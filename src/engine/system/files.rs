//! Files and folders of a cluster: written whole, private, owned by the user the servers run as, and removed
//! without ever following a symbolic link out of the cluster's folder.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown, fchown,
};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use nix::fcntl::OFlag;
use nix::unistd::geteuid;

pub use super::plain::last_lines;

/// The numbers of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Owner {
    pub uid: u32,
    pub gid: u32,
}

pub const PRIVATE_FILE: u32 = 0o600;
pub const PRIVATE_FOLDER: u32 = 0o700;

/// Writes a file beside and renames it, so that there is never half a file; it is on disk when this returns.
pub fn write_durably(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    write(path, bytes, mode, None, true)
}

/// Writes a file beside and renames it. Not flushed: what a crash of the whole machine may cost is made again.
pub fn write_whole(path: &Path, bytes: &[u8], mode: u32, owner: Option<Owner>) -> io::Result<()> {
    write(path, bytes, mode, owner, false)
}

fn write(path: &Path, bytes: &[u8], mode: u32, owner: Option<Owner>, is_durable: bool) -> io::Result<()> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "the path does not name a file"))?;
    let mut beside = OsString::from(".");
    // A name of the greatest length leaves no room for more: cut what is only there for people to recognise it.
    beside.push(name.to_string_lossy().chars().take(40).collect::<String>());
    beside.push(format!(
        ".{}-{}.tmp",
        std::process::id(),
        NUMBER.fetch_add(1, Ordering::Relaxed)
    ));
    let beside = path.with_file_name(beside);
    let result = (|| {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&beside)?;
        file.write_all(bytes)?;
        file.set_permissions(Permissions::from_mode(mode))?;
        if let Some(owner) = owner {
            // The file, not its name: anyone who owns the folder could have put a link there meanwhile.
            fchown(&file, Some(owner.uid), Some(owner.gid))?;
        }
        if is_durable {
            file.sync_all()?;
        }
        fs::rename(&beside, path)
    })();
    if result.is_err() {
        // What stands beside is ours alone; that it may not go either is not news beside the first error.
        let _ = fs::remove_file(&beside);
    }
    result
}

/// What our own notes take at most: a file that somebody made larger is not one of them.
const LARGEST_NOTE_BYTES: u64 = 64 * 1024 * 1024;

/// Reads a note of our own (a record, a journal, what is kept in the state folder).
pub fn read_note(path: &Path) -> io::Result<Vec<u8>> {
    let bytes = read_at_most(path, LARGEST_NOTE_BYTES + 1)?;
    if bytes.len() as u64 > LARGEST_NOTE_BYTES {
        return Err(io::Error::new(ErrorKind::FileTooLarge, "it is larger than 64 MB"));
    }
    Ok(bytes)
}

/// The first bytes of a file. To know whether there is more, ask for one more.
pub fn read_at_most(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Opens a log to append to. Its folder is the servers' user's, and we may be root: no link of theirs is followed to a
/// file that only we may write.
pub fn open_log(path: &Path, owner: Option<Owner>) -> io::Result<fs::File> {
    let open = |options: &mut OpenOptions| {
        options
            .append(true)
            .mode(PRIVATE_FILE)
            .custom_flags(OFlag::O_NOFOLLOW.bits())
            .open(path)
    };
    match open(OpenOptions::new().create_new(true)) {
        Ok(log) => {
            if let Some(owner) = owner {
                fchown(&log, Some(owner.uid), Some(owner.gid))?;
            }
            Ok(log)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let not_ours = || {
                io::Error::new(
                    ErrorKind::PermissionDenied,
                    format!("{} is not the file that pgcascade made", path.display()),
                )
            };
            if fs::symlink_metadata(path)?.is_symlink() {
                return Err(not_ours());
            }
            let log = open(&mut OpenOptions::new())?;
            let (there, user) = (
                log.metadata()?,
                owner.map_or(geteuid().as_raw(), |owner| owner.uid),
            );
            let is_whole = there.is_file() && there.nlink() == 1;
            // Anyone who made it was ended before it was handed over: an empty file of our own, which harms nobody.
            let is_half_made = is_whole && there.uid() == geteuid().as_raw() && there.len() == 0;
            if let Some(owner) = owner.filter(|_| is_half_made) {
                fchown(&log, Some(owner.uid), Some(owner.gid))?;
                return Ok(log);
            }
            let is_ours = is_whole && there.uid() == user;
            is_ours.then_some(log).ok_or_else(not_ours)
        }
        Err(error) => Err(error),
    }
}

/// True for the name of a file that [`write_whole`] had not finished.
pub fn is_temporary(name: &str) -> bool {
    temporary_of(name).is_some()
}

/// Whose a name of what is not finished is, `.NAME.PID-NUMBER.tmp`: the process.
pub fn temporary_of(name: &str) -> Option<u32> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let name = name.strip_prefix('.')?.strip_suffix(".tmp")?;
    let (pid, number) = name.rsplit_once('.')?.1.split_once('-')?;
    (digits(pid) && digits(number)).then(|| pid.parse().ok())?
}

/// True for the name of a finished record in the state folder: `ID.json`.
pub fn is_record(name: &str) -> bool {
    name.strip_suffix(".json")
        .is_some_and(|id| !id.is_empty() && !id.starts_with('.'))
}

/// Makes a folder, 0700 whatever the umask; fails if something of that name is there.
pub fn make_folder(path: &Path, owner: Option<Owner>) -> io::Result<()> {
    DirBuilder::new().mode(PRIVATE_FOLDER).create(path)?;
    fs::set_permissions(path, Permissions::from_mode(PRIVATE_FOLDER))?;
    if let Some(owner) = owner {
        chown(path, Some(owner.uid), Some(owner.gid))?;
    }
    Ok(())
}

/// Tells the file system that the folders in this one have nothing to do with each other: ext4 then spreads them over the
/// disk (`EXT4_TOPDIR_FL`). Without a journal it keeps away from what was freed in the last minutes, and looks at every such
/// inode again for each file that is made beside it (`recently_deleted`): after a teardown the next deployment would
/// take half as long again. Other file systems know no such attribute, and need none.
pub fn spread(folder: &Path) {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{IFlags, ioctl_getflags, ioctl_setflags};
        let _ = fs::File::open(folder).map(|folder| {
            ioctl_getflags(&folder).and_then(|flags| ioctl_setflags(&folder, flags | IFlags::TOPDIR))
        });
    }
    #[cfg(not(target_os = "linux"))]
    let _ = folder;
}

/// Makes a folder and those above it, as far as they are missing, for ourselves alone.
pub fn make_private_folders(path: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(PRIVATE_FOLDER)
        .create(path)
}

/// The folder's absolute path without symbolic links, as far as it exists.
pub fn real(folder: &Path) -> PathBuf {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let mut rest: Vec<OsString> = Vec::new();
    let mut exists = absolute.as_path();
    loop {
        if let Ok(real) = exists.canonicalize() {
            return rest.into_iter().rev().fold(real, |path, name| path.join(name));
        }
        match exists.components().next_back() {
            Some(Component::Normal(name)) => rest.push(name.to_owned()),
            // `missing/..` is where `missing` would be: what does not exist leads nowhere else.
            Some(Component::ParentDir) if exists.parent().is_some_and(|parent| parent.parent().is_some()) => {
                exists = exists.parent().and_then(Path::parent).unwrap_or(exists);
                continue;
            }
            _ => return absolute,
        }
        match exists.parent() {
            Some(parent) => exists = parent,
            None => return absolute,
        }
    }
}

/// The folders that are missing on the way to `path`, outermost first.
pub fn missing_parents(path: &Path) -> Vec<PathBuf> {
    let mut missing: Vec<PathBuf> = path
        .ancestors()
        .skip(1)
        .take_while(|ancestor| fs::symlink_metadata(ancestor).is_err())
        .map(Path::to_owned)
        .collect();
    missing.reverse();
    missing
}

/// Makes these folders, and says which were really made here; they are readable as usual.
pub fn make_parents(missing: &[PathBuf]) -> io::Result<Vec<PathBuf>> {
    let mut made = Vec::new();
    for folder in missing {
        match fs::create_dir(folder) {
            Ok(()) => {
                // The servers' user has to come through, whatever the umask.
                fs::set_permissions(folder, Permissions::from_mode(0o755))?;
                made.push(folder.clone());
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Ok(made)
}

/// The path of something inside `folder`, if the way there leads through real folders only and stays inside.
pub fn inside(folder: &Path, relative: &str) -> Option<PathBuf> {
    let mut path = folder.to_owned();
    let mut components = Path::new(relative).components().peekable();
    components.peek()?;
    while let Some(component) = components.next() {
        let Component::Normal(name) = component else {
            return None;
        };
        path.push(name);
        let is_last = components.peek().is_none();
        if !is_last && fs::symlink_metadata(&path).is_ok_and(|there| !there.is_dir()) {
            return None;
        }
    }
    Some(path)
}

/// Removes a folder with everything in it. A symbolic link is not a folder: it stays, and is an error.
pub fn remove_tree(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(there) if there.is_dir() => fs::remove_dir_all(path),
        Ok(_) => Err(io::Error::new(ErrorKind::NotADirectory, "it is not a folder")),
    }
}

/// Removes one file (or link); one that is not there is fine.
pub fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes a folder if it is empty. `Ok(false)`: something is in it, so it stays.
pub fn remove_if_empty(path: &Path) -> io::Result<bool> {
    match fs::remove_dir(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::DirectoryNotEmpty | ErrorKind::NotADirectory
            ) =>
        {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// The names in a folder, sorted; none if it cannot be read.
pub fn names_in(path: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(path) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .collect();
    names.sort();
    names
}

/// What an ordinary user may still write where the folder is or will be.
pub fn free_bytes(folder: &Path) -> Option<u64> {
    let there = folder.ancestors().find(|ancestor| ancestor.exists())?;
    let disk = nix::sys::statvfs::statvfs(there).ok()?;
    disk.blocks_available().checked_mul(disk.fragment_size())
}

/// True if a folder is ours to write to, or to make where it is missing. In a place of our own it always is, also if
/// something is in the way.
pub fn is_ours_to_write(folder: &Path) -> bool {
    use nix::unistd::{AccessFlags, access};
    let nearest = folder
        .ancestors()
        .find(|ancestor| fs::symlink_metadata(ancestor).is_ok());
    nearest.is_some_and(|nearest| {
        let is_own = fs::symlink_metadata(nearest).is_ok_and(|there| there.uid() == geteuid().as_raw());
        is_own || access(nearest, AccessFlags::W_OK | AccessFlags::X_OK).is_ok()
    })
}

/// True if a user who is neither root nor in other groups may go through every folder on the way into `path`.
pub fn can_traverse(path: &Path, user: Owner) -> Result<(), PathBuf> {
    let mut ancestors: Vec<&Path> = path.ancestors().collect();
    ancestors.reverse();
    for ancestor in ancestors {
        let Ok(there) = fs::metadata(ancestor) else {
            return Err(ancestor.to_owned());
        };
        let bit = if there.uid() == user.uid {
            0o100
        } else if there.gid() == user.gid {
            0o010
        } else {
            0o001
        };
        if there.mode() & bit == 0 {
            return Err(ancestor.to_owned());
        }
    }
    Ok(())
}

/// True if a user who is neither root nor in other groups may make files in a folder.
pub fn can_write(folder: &Path, user: Owner) -> bool {
    let Ok(there) = fs::metadata(folder) else {
        return false;
    };
    let bits = if there.uid() == user.uid {
        0o300
    } else if there.gid() == user.gid {
        0o030
    } else {
        0o003
    };
    there.mode() & bits == bits
}
