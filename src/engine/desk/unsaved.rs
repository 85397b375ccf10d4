//! Unsaved designs, kept in the state folder so that a crash costs a moment's work at most.
//!
//! Every session keeps its own, so that no window writes over what another one, or one that crashed, has left.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::engine::cluster::record::Builder;
use crate::engine::desk::store::{state_folder, state_subfolder};
use crate::engine::system::{files, random};
use crate::model::desk::Unsaved;
use crate::report::Report;

/// What one file holds: beside the text, whose it is, and which session keeps it.
#[derive(Serialize, Deserialize)]
struct Kept {
    path: Option<PathBuf>,
    text: String,
    session: Option<Builder>,
}

const FOLDER: &str = "autosave";

/// What a design without a file is called.
const UNTITLED: &str = "untitled";

/// Keeps this session's unsaved design; `text: None` forgets it.
///
/// # Errors
///
/// If the state folder cannot be written.
pub fn keep(path: Option<&Path>, text: Option<&str>) -> Result<(), Report> {
    match (state_folder(), Builder::ourselves()) {
        (Some(state), Some(session)) => keep_in(&state, &session, path, text),
        _ => Ok(()),
    }
}

/// What sessions that have ended left, the latest first.
pub fn left() -> Vec<Unsaved> {
    state_folder().map_or_else(Vec::new, |state| left_in(&state))
}

/// Removes what [`left`] found.
///
/// # Errors
///
/// If the file in the state folder cannot be removed.
pub fn forget(id: &str) -> Result<(), Report> {
    match state_folder() {
        Some(state) => forget_in(&state, id),
        None => Ok(()),
    }
}

fn keep_in(state: &Path, session: &Builder, path: Option<&Path>, text: Option<&str>) -> Result<(), Report> {
    let headline = "The unsaved design could not be autosaved.";
    let id = format!("{}.{}-{}", name_of(path), session.pid, session.start_ticks);
    let Some(text) = text else {
        return forget_in(state, &id);
    };
    let report = |error: std::io::Error| Report::of(headline, &error);
    let folder = state_subfolder(state, FOLDER).map_err(report)?;
    let kept = Kept {
        path: path.map(Path::to_owned),
        text: text.to_owned(),
        session: Some(session.clone()),
    };
    let bytes = serde_json::to_vec(&kept).map_err(|error| Report::of(headline, &error))?;
    files::write_durably(&folder.join(file_of(&id)), &bytes, files::PRIVATE_FILE).map_err(report)
}

fn left_in(state: &Path) -> Vec<Unsaved> {
    let folder = state.join(FOLDER);
    let read = |name: &String| {
        let file = folder.join(name);
        let kept: Kept = serde_json::from_slice(&files::read_note(&file).ok()?).ok()?;
        // It is being edited in another window.
        if kept.session.is_some_and(|session| session.is_alive()) {
            return None;
        }
        let written = fs::metadata(&file).and_then(|there| there.modified()).ok();
        let age = written.and_then(|written| written.elapsed().ok());
        Some(Unsaved {
            id: name.strip_suffix(".json")?.to_owned(),
            path: kept.path,
            text: kept.text,
            age_secs: age.unwrap_or_default().as_secs(),
        })
    };
    let names = files::names_in(&folder);
    let mut left: Vec<Unsaved> = names
        .iter()
        .filter(|name| files::is_record(name))
        .filter_map(read)
        .collect();
    left.sort_by(|a, b| (a.age_secs, &a.path).cmp(&(b.age_secs, &b.path)));
    left
}

fn forget_in(state: &Path, id: &str) -> Result<(), Report> {
    let file = state.join(FOLDER).join(file_of(id));
    files::remove_file(&file)
        .map_err(|error| Report::of("The autosaved design could not be removed.", &error))
}

fn file_of(id: &str) -> String {
    format!("{id}.json")
}

/// One name for each design file, whatever its path is made of.
pub(in crate::engine) fn name_of(path: Option<&Path>) -> String {
    path.map_or_else(
        || UNTITLED.to_owned(),
        |path| {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            let sum = Sha256::digest(path.as_os_str().as_encoded_bytes());
            random::of(&sum)
        },
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A session of a process that is gone: its number now belongs to another one.
    fn ended(start_ticks: u64) -> Builder {
        Builder {
            pid: std::process::id(),
            start_ticks,
        }
    }

    fn texts(state: &Path) -> Vec<(Option<PathBuf>, String)> {
        let mut found: Vec<_> = left_in(state)
            .into_iter()
            .map(|left| (left.path, left.text))
            .collect();
        found.sort();
        found
    }

    #[test]
    fn what_is_kept_is_private_and_comes_back_until_forgotten() {
        let state = tempfile::tempdir().unwrap();
        let (state, path) = (state.path(), Path::new("/designs/a.toml"));
        keep_in(state, &ended(1), Some(path), Some("a")).unwrap();
        keep_in(state, &ended(1), None, Some("b")).unwrap();
        let (a, b) = ((Some(path.to_owned()), "a".to_owned()), (None, "b".to_owned()));
        assert_eq!(texts(state), [b.clone(), a]);
        for name in files::names_in(&state.join(FOLDER)) {
            let there = fs::metadata(state.join(FOLDER).join(name)).unwrap();
            assert_eq!(there.permissions().mode() & 0o777, 0o600);
        }
        keep_in(state, &ended(1), Some(path), None).unwrap();
        keep_in(state, &ended(1), Some(path), None).unwrap();
        assert_eq!(texts(state), [b]);
        forget_in(state, &left_in(state)[0].id).unwrap();
        assert_eq!(texts(state), []);
    }

    #[test]
    fn no_session_writes_over_what_another_one_left() {
        let state = tempfile::tempdir().unwrap();
        let state = state.path();
        for (session, text) in [(1, "first"), (2, "second"), (2, "third")] {
            keep_in(state, &ended(session), None, Some(text)).unwrap();
        }
        assert_eq!(
            texts(state),
            [(None, "first".to_owned()), (None, "third".to_owned())]
        );
    }

    #[test]
    fn what_a_living_session_keeps_is_its_own() {
        let state = tempfile::tempdir().unwrap();
        let ourselves = Builder::ourselves().unwrap();
        keep_in(state.path(), &ourselves, None, Some("still open")).unwrap();
        assert_eq!(texts(state.path()), []);
    }
}
