//! Markers that an earlier pgcascade made as root are handed over to the servers' user, once: by descriptor, and only what
//! pgcascade itself writes there.

use std::os::fd::OwnedFd;
use std::os::unix::fs::fchown;
use std::path::Path;

use rustix::fs::{CWD, Dir, FileType, Mode, OFlags, fstat, openat};

use super::provide;
use crate::engine::cluster::record::Stored;
use crate::engine::system::files::Owner;
use crate::model::configuration::ClusterFolder;
use crate::report::Report;

/// Hands a marker of root's over, and says whether there was one. A folder without one, or with one of somebody else's, stays
/// as it is.
pub(super) fn old_marker(folder: &Path, owner: Owner) -> Result<bool, Report> {
    let open = |at: &OwnedFd, name: &std::ffi::CStr, flags: OFlags| {
        let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        openat(at, name, flags, Mode::empty())
    };
    let Ok(cluster) = openat(
        CWD,
        folder,
        OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
        Mode::empty(),
    ) else {
        return Ok(false);
    };
    let name = std::ffi::CString::new(ClusterFolder::MARKER_FOLDER).unwrap_or_default();
    let Ok(marker) = open(&cluster, &name, OFlags::DIRECTORY) else {
        return Ok(false);
    };
    // The cluster's folder was handed over when it was made; the marker in it was not.
    let is_of = |fd: &OwnedFd, uid: u32| fstat(fd).is_ok_and(|there| there.st_uid == uid);
    if !is_of(&marker, 0) || !is_of(&cluster, owner.uid) {
        return Ok(false);
    }
    let failed = |error: &dyn std::error::Error| {
        Report::of(
            format!(
                "The record in {} could not be handed over to the servers' user.",
                folder.display()
            ),
            error,
        )
    };
    // What the record says root made is root's word still: from now on the record is the user's.
    if let Some(stored) = open(&marker, c"cluster.json", OFlags::RDONLY)
        .ok()
        .and_then(recorded)
    {
        provide::note_earlier(folder, &stored);
    }
    let entries = Dir::read_from(&marker).map_err(|error| failed(&error))?;
    for entry in entries {
        let entry = entry.map_err(|error| failed(&error))?;
        if entry.file_type() != FileType::RegularFile {
            continue;
        }
        let file = open(&marker, entry.file_name(), OFlags::RDONLY).map_err(|error| failed(&error))?;
        let there = fstat(&file).map_err(|error| failed(&error))?;
        if there.st_uid == 0 && there.st_nlink == 1 {
            fchown(&file, Some(owner.uid), Some(owner.gid)).map_err(|error| failed(&error))?;
        }
    }
    fchown(&marker, Some(owner.uid), Some(owner.gid)).map_err(|error| failed(&error))?;
    Ok(true)
}

fn recorded(file: OwnedFd) -> Option<Stored> {
    let is_roots = fstat(&file).is_ok_and(|there| there.st_uid == 0 && there.st_nlink == 1);
    let file = std::fs::File::from(file);
    is_roots.then(|| serde_json::from_reader(std::io::BufReader::new(file)).ok())?
}
