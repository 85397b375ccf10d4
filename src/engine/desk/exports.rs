//! What was exported of each design file last, kept in the state folder: not the bundle but the design's text, from which
//! the same bundle is made again. So that the files can be compared with it also in a later session.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::engine::desk::store::{state_folder, state_subfolder};
use crate::engine::desk::unsaved::name_of;
use crate::engine::system::files;
use crate::report::Report;

const FOLDER: &str = "exports";

#[derive(Serialize, Deserialize)]
struct Exported {
    path: PathBuf,
    text: String,
}

/// Keeps what was exported of the design in this file, in place of what was before.
///
/// # Errors
///
/// If the state folder cannot be written.
pub fn keep(path: &Path, text: &str) -> Result<(), Report> {
    match state_folder() {
        Some(state) => keep_in(&state, path, text),
        None => Ok(()),
    }
}

/// The text of the design in this file as it was exported last.
pub fn last(path: &Path) -> Option<String> {
    last_in(&state_folder()?, path)
}

fn keep_in(state: &Path, path: &Path, text: &str) -> Result<(), Report> {
    let headline = "The export could not be saved for later comparison.";
    let report = |error: std::io::Error| Report::of(headline, &error);
    let folder = state_subfolder(state, FOLDER).map_err(report)?;
    let exported = Exported {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    let bytes = serde_json::to_vec(&exported).map_err(|error| Report::of(headline, &error))?;
    files::write_durably(&folder.join(file_of(path)), &bytes, files::PRIVATE_FILE).map_err(report)
}

/// What cannot be read is as if nothing had been exported.
fn last_in(state: &Path, path: &Path) -> Option<String> {
    let bytes = files::read_note(&state.join(FOLDER).join(file_of(path))).ok()?;
    let exported: Exported = serde_json::from_slice(&bytes).ok()?;
    Some(exported.text)
}

fn file_of(path: &Path) -> String {
    format!("{}.json", name_of(Some(path)))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn each_design_file_has_its_own_last_export() {
        let state = tempfile::tempdir().unwrap();
        let (one, other) = (Path::new("/designs/a.toml"), Path::new("/designs/b.toml"));
        assert_eq!(last_in(state.path(), one), None);
        keep_in(state.path(), one, "first").unwrap();
        keep_in(state.path(), one, "second").unwrap();
        keep_in(state.path(), other, "other").unwrap();
        assert_eq!(last_in(state.path(), one).as_deref(), Some("second"));
        assert_eq!(last_in(state.path(), other).as_deref(), Some("other"));
        let file = state.path().join(FOLDER).join(file_of(one));
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(&file, "{").unwrap();
        assert_eq!(last_in(state.path(), one), None);
    }
}
