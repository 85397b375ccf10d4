//! Root's part: makes one folder for the servers' user, and takes it away again. Everything goes by descriptor, below parents
//! that nobody but root can change.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt as _, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, fchmod, fstat, mkdirat, openat, unlinkat};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::engine::cluster::record::Stored;
use crate::engine::desk::store;
use crate::engine::system::files::{self, Owner};
use crate::engine::system::trusted;

pub(super) const LOOK: &str = "look";
pub(super) const MAKE: &str = "make";
pub(super) const GIVE_BACK: &str = "give back";
pub(super) const OK: &str = "ok";

/// What was made, a file for each folder: in root's own state folder, so that no word of the servers' user is needed to take
/// it away.
const NOTES: &str = "provided";

/// What was done for a folder, and is to be undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Provided {
    /// It was made, and these parents with it, outermost first.
    Made { parents: Vec<PathBuf> },
    /// It was root's, empty, and had this mode.
    HandedOver { mode: u32 },
}

/// Answers until nobody asks any more.
///
/// # Errors
///
/// If what is asked cannot be read, or an answer cannot be written.
pub fn serve(
    folder: &Path,
    (uid, gid): (u32, u32),
    questions: impl BufRead,
    mut answers: impl Write,
) -> std::io::Result<()> {
    let owner = Owner { uid, gid };
    for question in questions.lines() {
        let done = match question?.as_str() {
            LOOK => look(folder, owner),
            MAKE => make(folder, owner),
            GIVE_BACK => give_back(folder, owner),
            other => Err(format!("\"{other}\" is not a question")),
        };
        match done {
            Ok(()) => writeln!(answers, "{OK}")?,
            // One line, whatever a path holds.
            Err(why) => writeln!(answers, "{}", why.replace(['\n', '\r'], " "))?,
        }
        answers.flush()?;
    }
    Ok(())
}

fn look(folder: &Path, owner: Owner) -> Result<(), String> {
    let (parent, _) = split(folder)?;
    if let Some(hole) = trusted::hole_above(parent) {
        return Err(format!(
            "another user can write to {} and could replace it",
            hole.display()
        ));
    }
    if let Ok(there) = fs::symlink_metadata(folder) {
        let name = folder.display();
        match there.uid() {
            _ if !there.is_dir() => return Err(format!("{name} is not a folder")),
            0 if !files::names_in(folder).is_empty() => return Err(format!("{name} is not empty")),
            uid if uid != 0 && uid != owner.uid => return Err(format!("{name} belongs to another user")),
            _ => {}
        }
    }
    let nearest = parent.ancestors().find(|ancestor| ancestor.exists());
    match nearest.map(|nearest| files::can_traverse(nearest, owner)) {
        Some(Ok(())) => Ok(()),
        Some(Err(closed)) => Err(format!("the servers' user cannot enter {}", closed.display())),
        None => Err(format!("{} cannot be created", parent.display())),
    }
}

fn make(folder: &Path, owner: Owner) -> Result<(), String> {
    look(folder, owner)?;
    let (parent, name) = split(folder)?;
    let missing = files::missing_parents(folder);
    let (at, is_made) = open_parent(parent, &missing)
        .and_then(|at| match mkdirat(&at, name.as_os_str(), Mode::RWXU) {
            Ok(()) => Ok((at, true)),
            Err(Errno::EXIST) => Ok((at, false)),
            Err(error) => Err(error),
        })
        .map_err(|error| format!("{} cannot be created: {error}", folder.display()))?;
    let failed = |error: Errno| format!("{} cannot be handed over: {error}", folder.display());
    let made = open_folder(&at, &name).map_err(failed)?;
    let there = fstat(&made).map_err(failed)?;
    if there.st_uid == owner.uid {
        return Ok(());
    }
    if there.st_uid != 0 {
        return Err(format!("{} belongs to another user", folder.display()));
    }
    let provided = if is_made {
        Provided::Made { parents: missing }
    } else {
        Provided::HandedOver {
            mode: there.st_mode & 0o7777,
        }
    };
    // Before: killed in between, a later teardown still knows.
    note(folder, &provided);
    fchmod(&made, Mode::RWXU).map_err(failed)?;
    fchown(&made, Some(owner.uid), Some(owner.gid))
        .map_err(|error| format!("{} cannot be handed over: {error}", folder.display()))
}

fn give_back(folder: &Path, owner: Owner) -> Result<(), String> {
    look(folder, owner)?;
    let (parent, name) = split(folder)?;
    let failed = |error: Errno| format!("{} cannot be given back: {error}", folder.display());
    let provided = noted(folder).ok_or_else(|| format!("{} was not created by root", folder.display()))?;
    let at = open_parent(parent, &[]).map_err(failed)?;
    match provided {
        Provided::Made { parents } => {
            // It takes only an empty folder away; a link is none.
            unlinkat(&at, name.as_os_str(), AtFlags::REMOVEDIR).map_err(failed)?;
            for made in parents.iter().rev() {
                let (above, name) = split(made)?;
                // One that is used by now stays.
                let Ok(above) = open_parent(above, &[]) else { break };
                if unlinkat(&above, name.as_os_str(), AtFlags::REMOVEDIR).is_err() {
                    break;
                }
            }
        }
        Provided::HandedOver { mode } => {
            let given = open_folder(&at, &name).map_err(failed)?;
            if fstat(&given).map_err(failed)?.st_uid == owner.uid {
                let back =
                    |error: std::io::Error| format!("{} cannot be given back: {error}", folder.display());
                fchown(&given, Some(0), Some(0)).map_err(back)?;
                fchmod(&given, Mode::from_bits_truncate(mode)).map_err(failed)?;
            }
        }
    }
    forget(folder);
    Ok(())
}

/// Notes what an earlier pgcascade, which worked as root, made for a folder.
pub(super) fn note_earlier(folder: &Path, stored: &Stored) {
    if stored.record.folder != folder {
        // Moved here since: what it says was made elsewhere.
        return;
    }
    let was_roots = stored.folder_was.as_ref().filter(|was| was.owner.uid == 0);
    if stored.record.made_folder {
        let parents = stored.made_parents.clone();
        note(folder, &Provided::Made { parents });
    } else if let Some(was) = was_roots {
        note(folder, &Provided::HandedOver { mode: was.mode });
    }
}

/// A folder's parent and its own name.
fn split(folder: &Path) -> Result<(&Path, OsString), String> {
    match (folder.parent(), folder.file_name()) {
        (Some(parent), Some(name)) if folder.is_absolute() => Ok((parent, name.to_owned())),
        _ => Err(format!(
            "{} cannot be used as a cluster's folder",
            folder.display()
        )),
    }
}

/// Opens a folder, making what is missing on the way; each readable as usual, whatever the umask.
fn open_parent(parent: &Path, missing: &[PathBuf]) -> rustix::io::Result<OwnedFd> {
    let first_missing = missing.first().and_then(|first| first.parent());
    let mut at = openat(CWD, first_missing.unwrap_or(parent), FOLDER, Mode::empty())?;
    for folder in missing {
        let name = folder.file_name().unwrap_or_default();
        mkdirat(&at, name, Mode::RWXU)?;
        at = open_folder(&at, name)?;
        fchmod(&at, Mode::from_bits_truncate(0o755))?;
    }
    Ok(at)
}

const FOLDER: OFlags = OFlags::DIRECTORY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC)
    .union(OFlags::RDONLY);

fn open_folder(at: &OwnedFd, name: impl AsRef<std::ffi::OsStr>) -> rustix::io::Result<OwnedFd> {
    openat(at, name.as_ref(), FOLDER, Mode::empty())
}

/// Where it is noted what was done for a folder; `None`: there is no state folder that only root can write to.
fn note_of(folder: &Path) -> Option<PathBuf> {
    let digest = Sha256::digest(folder.as_os_str().as_encoded_bytes());
    let name: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Some(store::state_folder()?.join(NOTES).join(format!("{name}.json")))
}

fn noted(folder: &Path) -> Option<Provided> {
    serde_json::from_slice(&trusted::read(&note_of(folder)?).ok()?).ok()
}

/// Without a note the empty folder stays at the end, and is named.
fn note(folder: &Path, provided: &Provided) {
    let Some(at) = note_of(folder) else {
        return;
    };
    let written = serde_json::to_vec(provided)
        .map_err(std::io::Error::from)
        .and_then(|bytes| {
            at.parent().map_or(Ok(()), files::make_private_folders)?;
            files::write_whole(&at, &bytes, files::PRIVATE_FILE, None)
        });
    if let Err(error) = written {
        tracing::warn!(
            "the files made for {} could not be recorded: {error}",
            folder.display()
        );
    }
}

fn forget(folder: &Path) {
    // One that stays says what was: the next for this folder is written over it.
    let _ = note_of(folder).map(|at| files::remove_file(&at));
}
