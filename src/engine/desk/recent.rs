//! The designs that were opened or saved last, in the state folder: where to go on.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::engine::desk::store::state_folder;
use crate::engine::system::files;
use crate::model::desk::RecentDesign;
use crate::report::Report;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry {
    path: PathBuf,
    /// Seconds since 1970.
    at: u64,
}

const FILE: &str = "recent.json";

/// As many as can be looked through at a glance.
const MOST: usize = 12;

/// The latest first.
pub fn list() -> Vec<RecentDesign> {
    state_folder().map_or_else(Vec::new, |state| list_in(&state, now()))
}

/// It was opened or saved just now.
///
/// # Errors
///
/// If the state folder cannot be written.
pub fn note(path: &Path) -> Result<(), Report> {
    change(|entries| note_at(entries, path, now()))
}

/// It is not to be listed any more; the file stays.
///
/// # Errors
///
/// If the state folder cannot be written.
pub fn forget(path: &Path) -> Result<(), Report> {
    change(|entries| entries.retain(|entry| entry.path != path))
}

fn list_in(state: &Path, now: u64) -> Vec<RecentDesign> {
    let designs = entries_in(state).into_iter().map(|entry| RecentDesign {
        age_secs: now.saturating_sub(entry.at),
        is_there: entry.path.is_file(),
        path: entry.path,
    });
    designs.collect()
}

fn change(change: impl FnOnce(&mut Vec<Entry>)) -> Result<(), Report> {
    state_folder().map_or(Ok(()), |state| change_in(&state, change))
}

fn change_in(state: &Path, change: impl FnOnce(&mut Vec<Entry>)) -> Result<(), Report> {
    let headline = "The list of recent designs could not be saved.";
    let mut entries = entries_in(state);
    change(&mut entries);
    let bytes = serde_json::to_vec(&entries).map_err(|error| Report::of(headline, &error))?;
    files::make_private_folders(state)
        .and_then(|()| files::write_whole(&state.join(FILE), &bytes, files::PRIVATE_FILE, None))
        .map_err(|error| Report::of(headline, &error))
}

/// A list that cannot be read is an empty one: it is only a convenience.
fn entries_in(state: &Path) -> Vec<Entry> {
    let bytes = files::read_note(&state.join(FILE)).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

fn note_at(entries: &mut Vec<Entry>, path: &Path, at: u64) {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    entries.retain(|entry| entry.path != path);
    entries.insert(0, Entry { path, at });
    entries.truncate(MOST);
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_latest_comes_first_and_only_once_and_old_ones_go() {
        let state = tempfile::tempdir().unwrap();
        let there = state.path().join("there.toml");
        fs::write(&there, "").unwrap();
        for (number, name) in ["/a", "/b", "/a"].into_iter().enumerate() {
            change_in(state.path(), |entries| {
                note_at(entries, Path::new(name), 100 + number as u64);
            })
            .unwrap();
        }
        change_in(state.path(), |entries| note_at(entries, &there, 200)).unwrap();
        let listed = list_in(state.path(), 260);
        let rows: Vec<_> = listed
            .iter()
            .map(|design| (design.path.as_path(), design.age_secs, design.is_there))
            .collect();
        let (a, b) = (Path::new("/a"), Path::new("/b"));
        assert_eq!(
            rows,
            [(there.as_path(), 60, true), (a, 158, false), (b, 159, false)]
        );
        for number in 0..40 {
            change_in(state.path(), |entries| {
                note_at(entries, Path::new(&format!("/{number}")), 0);
            })
            .unwrap();
        }
        assert_eq!(list_in(state.path(), 0).len(), MOST);
    }

    #[test]
    fn a_broken_list_is_an_empty_one() {
        let state = tempfile::tempdir().unwrap();
        fs::write(state.path().join(FILE), "{").unwrap();
        assert_eq!(list_in(state.path(), 0), []);
        change_in(state.path(), |entries| note_at(entries, Path::new("/a"), 0)).unwrap();
        assert_eq!(list_in(state.path(), 0).len(), 1);
    }
}
