//! What changes in the files from one bundle to another, a unified diff for each file: another version of PostgreSQL, or
//! whatever else the two stand for.

use std::collections::BTreeMap;

use similar::TextDiff;

use super::{Bundle, BundleFile, manifest};

/// What becomes of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub path: String,
    pub kind: ChangeKind,
    /// The unified diff, its head included; empty for an empty file, which only comes or goes.
    pub diff: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    Added,
    Removed,
    Changed,
}

impl Change {
    /// How many lines come and go.
    pub fn lines(&self) -> (usize, usize) {
        // The head says which files these are.
        let lines = || self.diff.lines().skip(2);
        let count = |sign: char| lines().filter(|line| line.starts_with(sign)).count();
        (count('+'), count('-'))
    }
}

impl ChangeKind {
    /// "added", "removed", "changed".
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

/// Every file that differs, in the order in which people read them; nothing where the bundles are the same. The manifest
/// is left out: its sums follow from the others.
pub fn difference(before: &Bundle, after: &Bundle) -> Vec<Change> {
    let (old, new) = (by_path(before), by_path(after));
    let paths = paths(before, after, &old, &new);
    let paths = paths.into_iter().filter(|path| *path != manifest::NAME);
    paths
        .filter_map(|path| change(path, old.get(path).copied(), new.get(path).copied()))
        .collect()
}

type ByPath<'a> = BTreeMap<&'a str, &'a BundleFile>;

fn by_path(bundle: &Bundle) -> ByPath<'_> {
    let files = bundle.files.iter();
    files.map(|file| (file.path.as_str(), file)).collect()
}

/// What is different between two texts, as the lines of a unified diff without its head.
pub fn between(before: &str, after: &str) -> String {
    TextDiff::from_lines(before, after).unified_diff().to_string()
}

/// The paths of both: in the order of the second, and what only the first has behind the file that it stood behind.
fn paths<'a>(before: &'a Bundle, after: &'a Bundle, old: &ByPath<'a>, new: &ByPath<'a>) -> Vec<&'a str> {
    let mut gone = before.files.iter().map(|file| file.path.as_str()).peekable();
    let mut paths = Vec::new();
    for file in &after.files {
        paths.push(file.path.as_str());
        // Up to this one in the first bundle: what went before it has been taken already.
        if old.contains_key(file.path.as_str()) {
            gone.by_ref().find(|path| *path == file.path);
            while let Some(path) = gone.next_if(|path| !new.contains_key(path)) {
                paths.push(path);
            }
        }
    }
    paths
}

fn change(path: &str, before: Option<&BundleFile>, after: Option<&BundleFile>) -> Option<Change> {
    let kind = match (before, after) {
        (None, None) => return None,
        (None, Some(_)) => ChangeKind::Added,
        (Some(_), None) => ChangeKind::Removed,
        (Some(before), Some(after)) if before.contents == after.contents => return None,
        (Some(_), Some(_)) => ChangeKind::Changed,
    };
    let text = |file: Option<&BundleFile>| file.map_or("", |file| file.contents.as_str()).to_owned();
    let name = |file: Option<&BundleFile>, side: char| match file {
        Some(_) => format!("{side}/{path}"),
        None => "/dev/null".to_owned(),
    };
    let diff = TextDiff::from_lines(&text(before), &text(after))
        .unified_diff()
        .header(&name(before, 'a'), &name(after, 'b'))
        .to_string();
    Some(Change {
        path: path.to_owned(),
        kind,
        diff,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::bundle::generate;
    use crate::model::document::Document;
    use crate::model::topology::notation;

    #[track_caller]
    fn between(before: &str, after: &str) -> Vec<Change> {
        let bundle = |text: &str| generate(&Document::new(notation::parse(text).unwrap()));
        difference(&bundle(before), &bundle(after))
    }

    #[test]
    fn a_port_changes_its_lines_and_no_others() {
        let changes = between("m 1\n  s 2\n", "m 1\n  s 3\n");
        let conf = changes
            .iter()
            .find(|change| change.path == "servers/s/postgresql.conf")
            .unwrap();
        assert!(
            conf.diff
                .starts_with("--- a/servers/s/postgresql.conf\n+++ b/servers/s/postgresql.conf\n@@ ")
        );
        let is_change = |line: &&str| {
            line.starts_with(['-', '+']) && !line.starts_with("---") && !line.starts_with("+++")
        };
        let lines: Vec<&str> = conf.diff.lines().filter(is_change).collect();
        assert_eq!(lines, ["-port = 2", "+port = 3"]);
        assert_eq!(conf.lines(), (1, 1));
        assert!(
            changes
                .iter()
                .all(|change| !change.path.starts_with("servers/m/"))
        );
        assert!(changes.iter().all(|change| change.path != "MANIFEST.sha256"));
    }

    #[test]
    fn the_same_has_no_difference() {
        assert_eq!(between("m 1\n  s 2\n", "m 1\n  s 2\n"), []);
    }

    #[test]
    fn files_come_and_go_where_they_stand() {
        let changes = between(
            "postgres 12\nm 1\n  s 2\n    t 3\n",
            "postgres 11\nm 1\n  s 2\n    t 3\n",
        );
        let standbys: Vec<_> = changes
            .iter()
            .filter(|change| change.kind != ChangeKind::Changed)
            .map(|change| (change.kind, change.path.as_str(), change.diff.is_empty()))
            .collect();
        assert_eq!(
            standbys,
            [
                (ChangeKind::Removed, "servers/s/standby.signal", true),
                (ChangeKind::Added, "servers/s/recovery.conf", false),
                (ChangeKind::Removed, "servers/t/standby.signal", true),
                (ChangeKind::Added, "servers/t/recovery.conf", false),
            ]
        );
        let recovery = changes
            .iter()
            .find(|change| change.kind == ChangeKind::Added)
            .unwrap();
        assert!(
            recovery
                .diff
                .starts_with("--- /dev/null\n+++ b/servers/s/recovery.conf\n"),
            "{}",
            recovery.diff
        );
    }
}
