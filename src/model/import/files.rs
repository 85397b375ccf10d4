//! Where files come from: the engine's disk, or a tarball in memory. The model only asks.

use std::collections::{BTreeMap, BTreeSet};

/// Reads files by path: absolute ones, or those below what was named.
pub trait Files {
    /// All of a regular file.
    ///
    /// # Errors
    ///
    /// If it is not there, or cannot be read.
    fn read(&self, path: &str) -> Result<Vec<u8>, Unread>;

    /// What a folder holds, in any order.
    ///
    /// # Errors
    ///
    /// If it is not there, or cannot be read.
    fn list(&self, folder: &str) -> Result<Vec<Entry>, Unread>;

    fn has(&self, path: &str) -> bool {
        self.read(path).is_ok()
    }

    /// True if absolute paths in this folder's files mean what this reader finds under them: it is not a copy from another machine.
    fn is_in_its_place(&self, folder: &str) -> bool;
}

/// Where a path that a file of this folder names is found. In a copy an absolute one is looked for in the tree that was copied,
/// then beside the file; `None`: it was not copied, and this machine's own file of that name is another one.
pub fn locate(files: &dyn Files, folder: &str, path: &str) -> Option<String> {
    if !path.starts_with('/') || files.is_in_its_place(folder) {
        return Some(join(folder, path));
    }
    let is_there = |path: &String| files.has(path) || files.list(path).is_ok();
    let ends = folder.match_indices('/').map(|(at, _)| at).filter(|at| *at > 0);
    let mut roots: Vec<&str> = ends.filter_map(|end| folder.get(..end)).collect();
    roots.push(folder);
    let copied = roots
        .iter()
        .rev()
        .map(|root| format!("{root}{path}"))
        .find(is_there);
    copied.or_else(|| Some(join(folder, last_part(path))).filter(is_there))
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    pub is_folder: bool,
}

/// Why a file could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    #[error("it does not exist")]
    Missing,
    #[error("{0}")]
    Failed(String),
}

/// A path as one of its folder's files: an absolute one stays.
pub fn join(folder: &str, path: &str) -> String {
    if path.starts_with('/') || folder.is_empty() {
        path.to_owned()
    } else if folder.ends_with('/') {
        format!("{folder}{path}")
    } else {
        format!("{folder}/{path}")
    }
}

/// The folder a path lies in; empty for a plain name.
pub fn folder_of(path: &str) -> &str {
    match path.rfind('/') {
        Some(0) => "/",
        Some(at) => path.get(..at).unwrap_or_default(),
        None => "",
    }
}

/// The last part of a path.
pub fn last_part(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

/// The files of a tarball.
#[derive(Clone, Debug, Default)]
pub struct InMemory(BTreeMap<String, Vec<u8>>);

impl InMemory {
    pub fn add(&mut self, path: &str, contents: Vec<u8>) {
        self.0.insert(plain(path), contents);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A file named by an absolute path of the machine that it was taken from may lie below the tarball's top folder.
    fn find(&self, path: &str) -> Option<&Vec<u8>> {
        let wanted = plain(path);
        let below_top = || {
            let tail = format!("/{wanted}");
            let mut found = self.0.iter().filter(|(name, _)| name.ends_with(&tail));
            match (found.next(), found.next()) {
                (Some((_, one)), None) => Some(one),
                _ => None,
            }
        };
        let is_absolute = path.starts_with('/');
        self.0
            .get(&wanted)
            .or_else(|| is_absolute.then(below_top).flatten())
    }
}

impl Files for InMemory {
    fn read(&self, path: &str) -> Result<Vec<u8>, Unread> {
        self.find(path).cloned().ok_or(Unread::Missing)
    }

    /// Nothing but the tarball is ever looked into.
    fn is_in_its_place(&self, _: &str) -> bool {
        true
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>, Unread> {
        let folder = plain(folder);
        let start = if folder.is_empty() {
            String::new()
        } else {
            format!("{folder}/")
        };
        let inside = self.0.keys().filter_map(|path| path.strip_prefix(&start));
        let entries: BTreeSet<(String, bool)> = inside
            .filter_map(|rest| match rest.split_once('/') {
                Some((name, _)) => Some((name.to_owned(), true)),
                None => (!rest.is_empty()).then(|| (rest.to_owned(), false)),
            })
            .collect();
        if entries.is_empty() {
            return Err(Unread::Missing);
        }
        Ok(entries
            .into_iter()
            .map(|(name, is_folder)| Entry { name, is_folder })
            .collect())
    }
}

/// Without `.`, `..` and a leading `/`.
fn plain(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tarball_is_a_tree_of_files() {
        let mut files = InMemory::default();
        files.add("top/a/postgresql.conf", b"port = 1".to_vec());
        files.add("./top/b/postgresql.conf", b"port = 2".to_vec());
        assert_eq!(files.read("top/b/../a/postgresql.conf").unwrap(), b"port = 1");
        assert_eq!(files.read("/b/postgresql.conf").unwrap(), b"port = 2");
        assert_eq!(files.read("/postgresql.conf"), Err(Unread::Missing));
        let names: Vec<_> = files
            .list("top")
            .unwrap()
            .into_iter()
            .map(|entry| entry.name)
            .collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(files.list("none"), Err(Unread::Missing));
        assert_eq!(join("/etc", "x.conf"), "/etc/x.conf");
        assert_eq!(join("/etc", "/x.conf"), "/x.conf");
        assert_eq!(
            (folder_of("a/b"), folder_of("/a"), folder_of("a")),
            ("a", "/", "")
        );
    }
}
