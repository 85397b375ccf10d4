//! Takes away what was made for a cluster, and nothing else. What pgcascade did not make stays and is named;
//! no symbolic link is followed. The marker goes last: until then teardown can be tried again.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;

use super::files;
use super::record::{self, Lock, Stored};
use crate::model::plan::ClusterLayout;
use crate::report::Report;

/// What is in a marker folder besides the lock.
const RECORD: &str = "cluster.json";

/// Removes the servers' data, logs, passwords, sockets and the archive. No server may run any more.
pub(super) fn remove_contents(stored: &Stored) -> Result<(), Report> {
    let folder = &stored.record.folder;
    for server in &stored.record.servers {
        remove_tree(folder, &ClusterLayout::data(&server.folder))?;
        remove_file(folder, &ClusterLayout::log(&server.folder))?;
        let socket = format!("{}/.s.PGSQL.{}", ClusterLayout::SOCKETS, server.port);
        remove_file(folder, &socket)?;
        remove_file(folder, &format!("{socket}.lock"))?;
    }
    for secret in [
        ClusterLayout::SUPERUSER_PASSWORD,
        ClusterLayout::REPLICATION_PASSWORD,
        ClusterLayout::PGPASS,
        ClusterLayout::REPLICATION_PGPASS,
    ] {
        remove_file(folder, secret)?;
    }
    let layout = [
        ClusterLayout::SERVERS,
        ClusterLayout::SECRETS,
        ClusterLayout::SOCKETS,
    ];
    let is_of_layout = |made: &str| {
        layout
            .iter()
            .any(|of| made == *of || made.starts_with(&format!("{of}/")))
    };
    // What else the plan made is the archive: every segment in it was written by our servers.
    for made in stored.made.iter().filter(|made| !is_of_layout(made)) {
        remove_tree(folder, made)?;
    }
    // Innermost first, so that an outer one can be empty.
    for made in stored.made.iter().rev() {
        if let Some(path) = files::inside(folder, made) {
            sweep_temporary(&path);
            files::remove_if_empty(&path).map_err(|error| cannot(&path, &error))?;
        }
    }
    Ok(())
}

/// Removes the files at the top, the marker, and the folder itself if it was made for the cluster and is empty now.
/// Each sentence names something that stays.
pub(super) fn release(stored: &Stored, lock: Option<&Lock>) -> Result<Vec<String>, Report> {
    let folder = &stored.record.folder;
    remove_file(folder, ClusterLayout::README)?;
    remove_file(folder, ClusterLayout::DESIGN)?;
    sweep_temporary(folder);
    let marker = folder.join(ClusterLayout::MARKER_FOLDER);
    if fs::symlink_metadata(&marker).is_ok_and(|there| there.is_dir()) {
        sweep_temporary(&marker);
        let record = marker.join(RECORD);
        files::remove_file(&record).map_err(|error| cannot(&record, &error))?;
        if let Some(lock) = lock {
            lock.remove_file().map_err(|error| cannot(&marker, &error))?;
        }
        files::remove_if_empty(&marker).map_err(|error| cannot(&marker, &error))?;
    }
    let mut stays: Vec<String> = Vec::new();
    foreign(folder, &mut stays);
    if stored.record.made_folder {
        if files::remove_if_empty(folder).map_err(|error| cannot(folder, &error))? {
            for parent in stored.made_parents.iter().rev() {
                // One that cannot go, or is used by now, does no harm.
                if !matches!(files::remove_if_empty(parent), Ok(true)) {
                    break;
                }
            }
        }
    } else if let Some(was) = stored.folder_was {
        let _ = chown(folder, Some(was.owner.uid), Some(was.owner.gid));
        let _ = fs::set_permissions(folder, Permissions::from_mode(was.mode));
    }
    record::forget(&stored.record.id);
    Ok(stays
        .into_iter()
        .map(|path| format!("{path} stays: pgcascade did not make it."))
        .collect())
}

/// Everything that is still below `folder`; a folder is named by what is in it, or by itself if it is empty.
fn foreign(folder: &Path, found: &mut Vec<String>) {
    /// More names help nobody.
    const MOST: usize = 20;
    for name in files::names_in(folder) {
        let path = folder.join(name);
        let before = found.len();
        if fs::symlink_metadata(&path).is_ok_and(|there| there.is_dir()) {
            foreign(&path, found);
        }
        if found.len() == before && found.len() < MOST {
            found.push(path.display().to_string());
        }
    }
}

/// A file that was being written when pgcascade was killed: `.NAME.PID-N.tmp` is a name that only we give.
fn sweep_temporary(folder: &Path) {
    for name in files::names_in(folder) {
        if files::is_temporary(&name) {
            let _ = files::remove_file(&folder.join(name));
        }
    }
}

fn remove_tree(folder: &Path, relative: &str) -> Result<(), Report> {
    let Some(path) = files::inside(folder, relative) else {
        return Ok(());
    };
    // A link is not what we made; it stays, and is named at the end.
    if fs::symlink_metadata(&path).is_ok_and(|there| !there.is_dir()) {
        return Ok(());
    }
    files::remove_tree(&path).map_err(|error| cannot(&path, &error))
}

fn remove_file(folder: &Path, relative: &str) -> Result<(), Report> {
    let Some(path) = files::inside(folder, relative) else {
        return Ok(());
    };
    if fs::symlink_metadata(&path).is_ok_and(|there| there.is_dir() || there.is_symlink()) {
        return Ok(());
    }
    match files::remove_file(&path) {
        // Its folder was never made.
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => Ok(()),
        other => other.map_err(|error| cannot(&path, &error)),
    }
}

fn cannot(path: &Path, error: &std::io::Error) -> Report {
    Report::of(format!("{} could not be removed.", path.display()), error)
}
