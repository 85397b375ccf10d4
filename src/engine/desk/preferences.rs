//! What a user likes and lasts from session to session: one small file, written whole.
//!
//! What cannot be understood of it (broken, or of another version) is left out with a sentence, and the file as it was
//! is kept beside: never a reason not to start.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::engine::system::files;
use crate::model::desk::Preferences;
use crate::report::Report;

const FILE: &str = "preferences.json";

/// Preferences of earlier versions: read over without a word, and gone with the next save.
const RETIRED: [&str; 1] = ["role_words"];

/// What was in the file before something in it could not be used.
const ASIDE: &str = "preferences.json.unused";

/// A text of preferences is short: what is longer is none.
const LARGEST_BYTES: u64 = 64 * 1024;

/// What is remembered, and a sentence if some of it could not be used.
pub fn load() -> (Preferences, Option<Report>) {
    folder().map_or_else(Default::default, |folder| load_in(&folder))
}

/// Remembers them.
///
/// # Errors
///
/// If the configuration folder cannot be written.
pub fn save(preferences: &Preferences) -> Result<(), Report> {
    folder().map_or(Ok(()), |folder| save_in(&folder, preferences))
}

/// `$XDG_CONFIG_HOME/pgcascade`.
fn folder() -> Option<PathBuf> {
    dirs::config_dir().map(|folder| folder.join("pgcascade"))
}

fn load_in(folder: &Path) -> (Preferences, Option<Report>) {
    let path = folder.join(FILE);
    let there = fs::metadata(&path);
    let text = match &there {
        Err(error) if error.kind() == ErrorKind::NotFound => return Default::default(),
        Ok(there) if there.len() > LARGEST_BYTES => String::new(),
        _ => match files::read_note(&path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => {
                let headline = "Preferences could not be read; using defaults.";
                let report = Report::of(headline, &error).hint(format!("The file is {}", path.display()));
                return (Preferences::default(), Some(report));
            }
        },
    };
    let (preferences, unused) = read(&text);
    if unused.is_empty() {
        return (preferences, None);
    }
    let mut report = Report::new("Some preferences are not valid; using defaults for them.");
    report.causes = unused;
    let aside = folder.join(ASIDE);
    let report = match fs::rename(&path, &aside) {
        Ok(()) => report.hint(format!("The original file is {}", aside.display())),
        Err(_) => report.hint(format!("The file is {}", path.display())),
    };
    // If it cannot be written now, the same is said again next time.
    let _ = save_in(folder, &preferences);
    (preferences, Some(report))
}

fn save_in(folder: &Path, preferences: &Preferences) -> Result<(), Report> {
    let headline = "Preferences could not be saved.";
    let mut bytes = serde_json::to_vec_pretty(preferences).map_err(|error| Report::of(headline, &error))?;
    bytes.push(b'\n');
    files::make_private_folders(folder)
        .and_then(|()| files::write_whole(&folder.join(FILE), &bytes, files::PRIVATE_FILE, None))
        .map_err(|error| Report::of(headline, &error))
}

/// Each entry by itself, so that one that is not understood costs no other; and what was not understood.
fn read(text: &str) -> (Preferences, Vec<String>) {
    let entries = match serde_json::from_str::<Map<String, Value>>(text) {
        Ok(entries) => entries,
        Err(error) => {
            return (
                Preferences::default(),
                vec![format!("It is not a JSON object: {error}")],
            );
        }
    };
    let mut preferences = Preferences::default();
    let mut unused = Vec::new();
    let in_use = |(name, _): &(String, Value)| !RETIRED.contains(&name.as_str());
    for (name, value) in entries.into_iter().filter(in_use) {
        match with(&preferences, &name, value) {
            Ok(better) => preferences = better,
            Err(why) => unused.push(why),
        }
    }
    (preferences, unused)
}

fn with(preferences: &Preferences, name: &str, value: Value) -> Result<Preferences, String> {
    let Ok(Value::Object(mut all)) = serde_json::to_value(preferences) else {
        return Ok(preferences.clone());
    };
    let Some(there) = all.get_mut(name) else {
        return Err(format!("\"{name}\" is not a known preference"));
    };
    *there = value;
    serde_json::from_value(Value::Object(all)).map_err(|error| format!("\"{name}\": {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::desk::{Removal, TextSize, Theme};

    #[test]
    fn they_come_back_as_they_were_saved() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("pgcascade");
        assert_eq!(load_in(&folder), (Preferences::default(), None));
        assert!(!folder.exists(), "looking makes nothing");
        let preferences = Preferences {
            theme: Theme::Dark,
            reduce_motion: true,
            minimap: false,
            legend: false,
            left_side: false,
            right_side: false,
            removal: Some(Removal::Remove),
            lesson_language: "de".to_owned(),
            lesson_text: TextSize::Larger,
        };
        save_in(&folder, &preferences).unwrap();
        assert_eq!(load_in(&folder), (preferences, None));
    }

    #[test]
    fn what_is_not_understood_costs_nothing_else_and_is_kept_aside() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let text = r#"{"theme": "dark", "reduce_motion": "often", "colour": 3}"#;
        fs::write(folder.join(FILE), text).unwrap();
        let (preferences, report) = load_in(folder);
        let dark = Preferences {
            theme: Theme::Dark,
            ..Preferences::default()
        };
        assert_eq!(preferences, dark);
        let causes = report.unwrap().causes;
        assert!(
            causes.iter().any(|cause| cause.contains("\"colour\"")),
            "{causes:?}"
        );
        assert!(
            causes.iter().any(|cause| cause.contains("\"reduce_motion\"")),
            "{causes:?}"
        );
        assert_eq!(fs::read_to_string(folder.join(ASIDE)).unwrap(), text);
        assert_eq!(load_in(folder), (dark, None), "it is said once");
    }

    #[test]
    fn a_preference_of_an_earlier_version_is_read_over() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let text = r#"{"theme": "dark", "role_words": "older"}"#;
        fs::write(folder.join(FILE), text).unwrap();
        let dark = Preferences {
            theme: Theme::Dark,
            ..Preferences::default()
        };
        assert_eq!(load_in(folder), (dark.clone(), None));
        save_in(folder, &dark).unwrap();
        let saved = fs::read_to_string(folder.join(FILE)).unwrap();
        assert!(!saved.contains("role_words"), "{saved}");
    }

    #[test]
    fn nonsense_never_stops_a_start() {
        for text in ["", "[]", "{", "null", "\u{0}", "{\"theme\": null}"] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(FILE), text).unwrap();
            let (preferences, report) = load_in(folder.path());
            assert_eq!(preferences, Preferences::default(), "{text}");
            assert!(report.is_some(), "{text}");
            assert_eq!(fs::read_to_string(folder.path().join(ASIDE)).unwrap(), text);
        }
    }
}
