//! The connections that were imported from or watched last, in the state folder, without passwords.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::engine::desk::store::state_folder;
use crate::engine::system::files;
use crate::model::desk::RecentConnection;
use crate::model::health::Conninfo;
use crate::report::Report;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry {
    text: String,
    /// Seconds since 1970.
    at: u64,
}

const FILE: &str = "connections.json";

/// As many as can be looked through at a glance.
const MOST: usize = 8;

/// The latest first.
pub fn list() -> Vec<RecentConnection> {
    state_folder().map_or_else(Vec::new, |state| list_in(&state, now()))
}

/// It was used just now. What cannot be read as a connection string is not kept: it may hold a secret anywhere.
///
/// # Errors
///
/// If the state folder cannot be written.
pub fn note(text: &str) -> Result<(), Report> {
    state_folder().map_or(Ok(()), |state| note_in(&state, text, now()))
}

/// It is not to be listed any more.
///
/// # Errors
///
/// If the state folder cannot be written.
pub fn forget(text: &str) -> Result<(), Report> {
    state_folder().map_or(Ok(()), |state| {
        change_in(&state, |entries| entries.retain(|entry| entry.text != text))
    })
}

fn list_in(state: &Path, now: u64) -> Vec<RecentConnection> {
    let connections = entries_in(state).into_iter().map(|entry| RecentConnection {
        age_secs: now.saturating_sub(entry.at),
        text: entry.text,
    });
    connections.collect()
}

fn note_in(state: &Path, text: &str, at: u64) -> Result<(), Report> {
    let Some(text) = Conninfo::parse(text).map(|read| read.text()) else {
        return Ok(());
    };
    if text.is_empty() {
        return Ok(());
    }
    change_in(state, |entries| {
        entries.retain(|entry| entry.text != text);
        entries.insert(0, Entry { text, at });
        entries.truncate(MOST);
    })
}

fn change_in(state: &Path, change: impl FnOnce(&mut Vec<Entry>)) -> Result<(), Report> {
    let headline = "The list of recent connections could not be saved.";
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

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_kept_without_passwords() {
        let state = tempfile::tempdir().unwrap();
        let state = state.path();
        assert_eq!(list_in(state, 0), []);
        for text in [
            "host=db1 user=m password=hunter2",
            "postgresql://m:hunter2@db2:5433/x?sslpassword=hunter2",
            "host=db3 password='hunter2",
            "hunter2",
            "",
        ] {
            note_in(state, text, 10).unwrap();
        }
        let kept = std::fs::read_to_string(state.join(FILE)).unwrap();
        assert!(!kept.contains("hunter2"), "{kept}");
        let texts: Vec<String> = list_in(state, 12).into_iter().map(|one| one.text).collect();
        assert_eq!(texts.len(), 2, "{texts:?}");
        assert!(
            texts[0].contains("host=db2") && texts[1].contains("host=db1"),
            "{texts:?}"
        );
        note_in(state, &texts[1], 20).unwrap();
        assert_eq!(list_in(state, 21)[0].text, texts[1]);
        assert_eq!(list_in(state, 21).len(), 2, "once each");
    }
}
