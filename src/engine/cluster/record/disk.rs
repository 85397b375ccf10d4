//! The record on disk: the marker in the cluster's folder, and its copy in the list of the state folder.
//!
//! The marker is what counts. The list only says where to look, and is what is left to find if pgcascade was
//! killed between the list's entry and the marker.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

use super::moved::{moved, moved_to};
use super::{ClusterRecord, ClusterState, Stored};
use crate::engine::desk::store;
use crate::engine::system::files;
use crate::engine::system::trusted;
use crate::model::configuration::ClusterFolder;
use crate::report::Report;

const RECORD: &str = "cluster.json";
const LIST: &str = "clusters";

/// Writes the list's entry alone: before there is a folder for a marker.
pub(in crate::engine) fn announce(stored: &Stored) {
    if let Some(state) = store::state_folder()
        && let Ok(bytes) = serde_json::to_vec_pretty(stored)
    {
        write_entry(&state, stored, &bytes);
    }
}

/// Writes the list's entry and the marker.
pub(in crate::engine) fn save(stored: &Stored) -> Result<(), Report> {
    save_in(store::state_folder().as_deref(), stored)
}

pub(in crate::engine) fn save_in(state: Option<&Path>, stored: &Stored) -> Result<(), Report> {
    let headline = "The record of the cluster could not be written.";
    let bytes = serde_json::to_vec_pretty(stored).map_err(|error| Report::of(headline, &error))?;
    if let Some(state) = state {
        write_entry(state, stored, &bytes);
    }
    let marker = stored.record.folder.join(ClusterFolder::MARKER_FOLDER);
    if has_marker_folder(&stored.record.folder) {
        files::write_durably(&marker.join(RECORD), &bytes, files::PRIVATE_FILE)
            .map_err(|error| Report::of(headline, &error))?;
    }
    Ok(())
}

fn write_entry(state: &Path, stored: &Stored, bytes: &[u8]) {
    // Without the list, teardown by folder still works: a home that cannot be written to stops nothing.
    let _ = store::state_subfolder(state, LIST).and_then(|list| {
        let entry = list.join(format!("{}.json", stored.record.id));
        files::write_whole(&entry, bytes, files::PRIVATE_FILE, None)
    });
}

/// Removes the list's entry.
pub(in crate::engine) fn forget(id: &str) {
    if let Some(state) = store::state_folder() {
        // An entry that stays is harmless: without a marker it is not listed.
        let _ = files::remove_file(&entry_of(&state, id));
    }
}

/// The list's entry.
pub(in crate::engine) fn entry_of(state: &Path, id: &str) -> PathBuf {
    state.join(LIST).join(format!("{id}.json"))
}

/// The cluster of a folder for everything but teardown: complete, and where it was made.
pub(in crate::engine) fn load(folder: &Path) -> Result<Stored, Report> {
    let stored = find(folder)?.ok_or_else(|| no_cluster(folder))?;
    let at = folder.display();
    match stored.record.state {
        ClusterState::Complete => Ok(stored),
        ClusterState::Building if stored.record.is_at_work() => {
            Err(Report::new(format!("The cluster in {at} is still being built."))
                .hint("Wait until the other pgcascade has finished."))
        }
        ClusterState::Changing if stored.record.is_at_work() => {
            Err(Report::new(format!("The cluster in {at} is being changed."))
                .hint("Wait until the other pgcascade has finished."))
        }
        ClusterState::Changing => Err(Report::new(format!(
            "The cluster in {at} is between two designs: pgcascade was interrupted while applying a change."
        ))
        .hint(format!("`pgcascade resume {at}` finishes the change."))
        .hint(format!(
            "`pgcascade apply {} --dir {}` undoes it; `pgcascade teardown {1}` removes the cluster.",
            folder.join(ClusterFolder::DESIGN).display(),
            folder.display()
        ))),
        ClusterState::Building => Err(Report::new(format!(
            "The cluster in {at} is only half built: pgcascade was interrupted while building it."
        ))
        .hint(format!(
            "`pgcascade resume {at}` finishes it; `pgcascade teardown {at}` removes it."
        ))),
        ClusterState::Removing if stored.record.is_at_work() => {
            Err(Report::new(format!("The cluster in {at} is being torn down."))
                .hint("Wait until the other pgcascade has finished."))
        }
        ClusterState::Removing => Err(Report::new(format!(
            "The cluster in {at} is half removed: pgcascade was interrupted while tearing it down."
        ))
        .hint(format!("`pgcascade teardown {at}` removes the rest."))),
    }
}

/// The cluster of a folder in whatever state: by its marker, else by the list (killed before the marker was made).
pub(in crate::engine) fn find(folder: &Path) -> Result<Option<Stored>, Report> {
    find_in(store::state_folder().as_deref(), folder)
}

/// The same, with the list in this state folder.
pub(in crate::engine) fn find_in(state: Option<&Path>, folder: &Path) -> Result<Option<Stored>, Report> {
    let real = files::real(folder);
    if let Some(stored) = read_marker(&real)? {
        if stored.record.folder != real && moved_to(&stored.record).as_deref() == Some(&real) {
            return Err(moved(&stored.record, &real));
        }
        if stored.record.folder != real {
            return Err(Report::new(format!(
                "The cluster in {} was made in {}: it has been moved or copied.",
                folder.display(),
                stored.record.folder.display()
            ))
            .hint(format!("Move it back to {}.", stored.record.folder.display()))
            .hint("If it is a copy, nothing in it is running; remove it by hand if you do not need it."));
        }
        return Ok(Some(stored));
    }
    let Some(state) = state else {
        return Ok(None);
    };
    Ok(entries(state)
        .into_iter()
        .find(|entry| entry.record.folder == real))
}

/// True if the folder of a marker is there, and ours: the cluster's folder belongs to the servers' user, who could put
/// something else in its place for root to write to.
pub(in crate::engine) fn has_marker_folder(folder: &Path) -> bool {
    fs::symlink_metadata(folder.join(ClusterFolder::MARKER_FOLDER))
        .is_ok_and(|there| there.is_dir() && there.uid() == nix::unistd::geteuid().as_raw())
}

/// True if the folder of a marker is there whose record we read.
pub(in crate::engine) fn has_marker_to_read(folder: &Path) -> bool {
    fs::symlink_metadata(folder.join(ClusterFolder::MARKER_FOLDER))
        .is_ok_and(|there| there.is_dir() && is_read(folder, there.uid()))
}

/// Whose records are read: our own; and by root those of the servers' user, whose the whole folder then is. What is done
/// with such a cluster, root has done by that user (`servers_user`).
fn is_read(folder: &Path, user: u32) -> bool {
    let us = nix::unistd::geteuid();
    let is_of_folder = || fs::metadata(folder).is_ok_and(|there| there.uid() == user);
    user == us.as_raw() || (us.is_root() && is_of_folder())
}

/// The marker in a folder; `None`: it has none.
pub(in crate::engine) fn read_marker(folder: &Path) -> Result<Option<Stored>, Report> {
    let headline = || {
        format!(
            "The record of the cluster in {} cannot be used.",
            folder.display()
        )
    };
    let path = folder.join(ClusterFolder::MARKER_FOLDER).join(RECORD);
    let there = match fs::symlink_metadata(&path) {
        Ok(there) => there,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            return Err(Report::of(headline(), &error).hint("Run pgcascade as the user who deployed it."));
        }
        Err(error) => return Err(Report::of(headline(), &error)),
    };
    // The record says which programs to run.
    if !there.is_file() || !is_read(folder, there.uid()) {
        return Err(Report::new(headline())
            .hint("It belongs to another user. Run pgcascade as the user who deployed it."));
    }
    let bytes = trusted::read_of(&path, there.uid()).map_err(|error| Report::of(headline(), &error))?;
    let stored: Stored = serde_json::from_slice(&bytes)
        .map_err(|error| Report::of(headline(), &error).hint("It was changed since pgcascade wrote it."))?;
    if !is_sound(&stored.record) {
        return Err(Report::new(headline()).hint("It was changed since pgcascade wrote it."));
    }
    Ok(Some(stored))
}

/// What pgcascade writes into every record: an identifier of 128 bits in hex, and absolute paths without `..`.
fn is_sound(record: &ClusterRecord) -> bool {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let is_plain = |path: &Path| {
        path.is_absolute()
            && path
                .components()
                .all(|part| matches!(part, Component::RootDir | Component::Normal(_)))
    };
    record.id.len() == 32
        && record.id.bytes().all(is_hex)
        && is_plain(&record.folder)
        && is_plain(&record.bin)
}

/// Every entry of the list, also of folders that have no marker yet, or are gone. An entry that somebody else can have
/// written, or that names another cluster than its file does, is not one of ours.
pub(super) fn entries(state: &Path) -> Vec<Stored> {
    let list = state.join(LIST);
    let read =
        |name: &str| -> io::Result<Stored> { Ok(serde_json::from_slice(&trusted::read(&list.join(name))?)?) };
    if trusted::hole_above(&list).is_some() {
        return Vec::new();
    }
    let is_named =
        |name: &str, stored: &Stored| name.strip_suffix(".json") == Some(stored.record.id.as_str());
    files::names_in(&list)
        .into_iter()
        .filter(|name| files::is_record(name))
        .filter_map(|name| {
            let stored = read(&name).ok()?;
            (is_named(&name, &stored) && is_sound(&stored.record)).then_some(stored)
        })
        .collect()
}

/// Forgets clusters that were never completed and whose folder is gone: nothing of them is left to tear down.
pub(super) fn forget_vanished(state: &Path) {
    for entry in entries(state) {
        let record = &entry.record;
        let is_gone =
            record.state != ClusterState::Complete && !record.is_at_work() && !record.folder.exists();
        if is_gone && !record.is_running() {
            let _ = files::remove_file(&entry_of(state, &record.id));
        }
    }
}

pub(in crate::engine) fn no_cluster(folder: &Path) -> Report {
    Report::new(format!("There is no pgcascade cluster in {}.", folder.display())).hint(format!(
        "Deploy one with `pgcascade deploy DESIGN --dir {}`.",
        folder.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(folder: &Path) -> Stored {
        let record = ClusterRecord {
            id: super::super::new_id().unwrap(),
            name: "seed".to_owned(),
            folder: folder.to_owned(),
            made_folder: true,
            postgres: "15".to_owned(),
            bin: "/bin".into(),
            run_as: None,
            state: ClusterState::Building,
            builder: super::super::Builder::ourselves(),
            servers: Vec::new(),
            uses_passwords: true,
            switching: None,
            clears: false,
            kept: false,
        };
        Stored {
            made: vec!["run".to_owned()],
            ..Stored::of(record)
        }
    }

    #[test]
    fn the_marker_reads_back_and_a_moved_one_is_refused() {
        let state = tempfile::tempdir().unwrap();
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().canonicalize().unwrap().join("c");
        fs::create_dir_all(folder.join(ClusterFolder::MARKER_FOLDER)).unwrap();
        let stored = stored(&folder);
        save_in(Some(state.path()), &stored).unwrap();
        assert_eq!(find(&folder).unwrap(), Some(stored.clone()));
        assert_eq!(
            super::super::list_in(state.path()),
            std::slice::from_ref(&stored.record)
        );
        assert!(stored.record.is_at_work());
        assert!(load(&folder).unwrap_err().headline.contains("still being built"));

        let moved = folder.with_file_name("d");
        fs::rename(&folder, &moved).unwrap();
        let report = find(&moved).unwrap_err();
        assert!(report.headline.contains("moved or copied"), "{report}");
        assert!(super::super::list_in(state.path()).is_empty());
        assert_eq!(entries(state.path()), [stored]);
    }

    #[test]
    fn an_entry_that_somebody_else_can_have_written_is_not_in_the_list() {
        use std::os::unix::fs::PermissionsExt as _;
        let state = tempfile::tempdir().unwrap();
        let base = tempfile::tempdir().unwrap();
        let stored = stored(base.path());
        save_in(Some(state.path()), &stored).unwrap();
        assert_eq!(entries(state.path()), std::slice::from_ref(&stored));
        let entry = entry_of(state.path(), &stored.record.id);
        let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();

        mode(&entry, 0o666);
        assert!(entries(state.path()).is_empty(), "a file open to all");
        mode(&entry, 0o600);
        mode(&state.path().join(LIST), 0o777);
        assert!(entries(state.path()).is_empty(), "a folder open to all");
        mode(&state.path().join(LIST), 0o700);
        fs::copy(&entry, entry.with_file_name("00ff.json")).unwrap();
        assert_eq!(entries(state.path()).len(), 1, "a name that is not the record's");
    }

    #[test]
    fn a_record_that_pgcascade_would_not_write_is_not_used() {
        let base = tempfile::tempdir().unwrap();
        let sound = stored(base.path()).record;
        assert!(is_sound(&sound));
        for (id, folder, bin) in [
            ("../../etc/passwd", "/a", "/bin"),
            (&sound.id, "a", "/bin"),
            (&sound.id, "/a/../b", "/bin"),
            (&sound.id, "/a", "bin"),
        ] {
            let record = ClusterRecord {
                id: id.to_owned(),
                folder: folder.into(),
                bin: bin.into(),
                ..sound.clone()
            };
            assert!(!is_sound(&record), "{id} {folder} {bin}");
        }
    }

    #[test]
    fn a_builder_that_is_gone_is_not_at_work() {
        let base = tempfile::tempdir().unwrap();
        let mut one = stored(base.path()).record;
        if let Some(builder) = &mut one.builder {
            builder.start_ticks += 1;
        }
        assert!(!one.is_at_work(), "another process has its number");
    }

    #[test]
    fn a_folder_without_a_marker_is_no_cluster() {
        let base = tempfile::tempdir().unwrap();
        let report = load(base.path()).unwrap_err();
        assert!(!report.hints.is_empty());
    }
}
