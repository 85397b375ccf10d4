//! What a learner has done: one small file in the state folder, written whole, and sent nowhere.
//!
//! A file that cannot be read is kept beside, with a sentence: never a reason not to learn.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::engine::desk::store::{self, state_folder};
use crate::engine::system::files;
use crate::model::lessons::Progress;
use crate::report::Report;

const FILE: &str = "lessons.json";
const ASIDE: &str = "lessons.json.unused";

/// What is remembered, and a sentence if it could not be read.
pub fn load() -> (Progress, Option<Report>) {
    state_folder().map_or_else(Default::default, |folder| load_in(&folder))
}

/// Remembers it.
///
/// # Errors
///
/// If the state folder cannot be written.
pub fn save(progress: &Progress) -> Result<(), Report> {
    state_folder().map_or(Ok(()), |folder| save_in(&folder, progress))
}

/// Changes what is remembered by now.
///
/// # Errors
///
/// If the state folder cannot be written.
pub fn change(change: impl FnOnce(&mut Progress)) -> Result<(), Report> {
    let (mut progress, _) = load();
    change(&mut progress);
    save(&progress)
}

/// The file's form, for an export.
///
/// # Errors
///
/// Never for what this program has kept.
pub fn text(progress: &Progress) -> Result<String, Report> {
    let headline = "The progress of the lessons cannot be written.";
    let text = serde_json::to_string_pretty(progress).map_err(|error| Report::of(headline, &error))?;
    Ok(format!("{text}\n"))
}

/// What another file of progress says.
///
/// # Errors
///
/// If it cannot be read, or is not one.
pub fn read(path: &Path) -> Result<Progress, Report> {
    let text = store::text(path)
        .map_err(|error| Report::of(format!("\"{}\" cannot be read", path.display()), &error))?;
    serde_json::from_str(&text).map_err(|error| {
        Report::of(
            format!("\"{}\" is not a file of progress", path.display()),
            &error,
        )
        .hint("Export one with: pgcascade lessons --export FILE")
    })
}

fn load_in(folder: &Path) -> (Progress, Option<Report>) {
    let path = folder.join(FILE);
    let bytes = match files::read_note(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Default::default(),
        Err(error) => {
            let report = Report::of("The progress of the lessons could not be read.", &error)
                .hint(format!("The file is {}", path.display()));
            return (Progress::default(), Some(report));
        }
    };
    match serde_json::from_slice(&bytes) {
        Ok(progress) => (progress, None),
        Err(error) => {
            let report = Report::of(
                "The progress of the lessons is not valid; it starts empty.",
                &error,
            );
            let aside = folder.join(ASIDE);
            let kept = fs::rename(&path, &aside).map_or(path, |()| aside);
            let report = report.hint(format!("The original file is {}", kept.display()));
            (Progress::default(), Some(report))
        }
    }
}

fn save_in(folder: &Path, progress: &Progress) -> Result<(), Report> {
    let headline = "The progress of the lessons could not be saved.";
    let mut bytes = serde_json::to_vec_pretty(progress).map_err(|error| Report::of(headline, &error))?;
    bytes.push(b'\n');
    files::make_private_folders(folder)
        .and_then(|()| files::write_whole(&folder.join(FILE), &bytes, files::PRIVATE_FILE, None))
        .map_err(|error| Report::of(headline, &error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::lessons::{Mark, find};

    #[test]
    fn it_comes_back_as_it_was_saved() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(load_in(folder.path()), (Progress::default(), None));
        let mut progress = Progress::default();
        progress.begin("two-names").hints = 2;
        progress.solve(find("second-hop").unwrap(), 3, false);
        save_in(folder.path(), &progress).unwrap();
        assert_eq!(load_in(folder.path()), (progress.clone(), None));
        assert_eq!(progress.mark("second-hop"), Mark::Solved);
        assert_eq!(progress.mark("two-names"), Mark::Begun);
        assert_eq!(progress.mark("away"), Mark::New);
    }

    #[test]
    fn what_cannot_be_read_is_kept_aside_and_said_once() {
        for text in ["", "[]", "{\"second-hop\": 3}", "\u{0}"] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(FILE), text).unwrap();
            let (progress, report) = load_in(folder.path());
            assert_eq!(progress, Progress::default(), "{text}");
            assert!(report.is_some(), "{text}");
            assert_eq!(fs::read_to_string(folder.path().join(ASIDE)).unwrap(), text);
            assert_eq!(load_in(folder.path()), (Progress::default(), None));
        }
    }
}
