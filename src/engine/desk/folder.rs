//! Writes an export's folder: a new one whole or not at all, an earlier export file by file, and nothing over what somebody
//! else put there.
//!
//! An export keeps a list of its own files (`.pgcascade-export`). A folder that has one is brought up to date: its files are
//! replaced, those that no longer belong to it are removed, and what people added, such as secrets, stays.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::engine::system::files;
use crate::report::Report;

/// The list of what an export wrote.
const LIST: &str = ".pgcascade-export";
/// No list of an export is longer.
const MOST_LIST_BYTES: u64 = 16 * 1024 * 1024;

/// Where to.
#[derive(Clone, Copy, Debug)]
pub struct OutputFolder<'a> {
    pub path: &'a Path,
    /// What the list says of itself in its first line, in a few words.
    pub mark: &'a str,
}

impl OutputFolder<'_> {
    /// Writes the files: path, contents, and whether it is a program.
    ///
    /// # Errors
    ///
    /// If the folder holds anything that is not an earlier export, or cannot be written.
    pub fn write(self, all: &[(&str, &[u8], bool)]) -> Result<(), Report> {
        let headline = || format!("The export could not be written to {}.", self.path.display());
        let failed = |error: io::Error| Report::of(headline(), &error);
        let there = match fs::symlink_metadata(self.path) {
            Ok(there) => Some(there),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        let Some(there) = there else {
            return self.make(all).map_err(failed);
        };
        let is_folder = there.is_dir() || fs::metadata(self.path).is_ok_and(|there| there.is_dir());
        if !is_folder {
            return Err(Report::new(headline()).hint("It is not a folder; choose another name."));
        }
        let is_empty = files::names_in(self.path).is_empty();
        let known = self.known().map_err(failed)?;
        if !is_empty && known.is_none() {
            return Err(Report::new(headline())
                .hint("The folder contains files that no export wrote; choose a folder that is empty or does not exist yet."));
        }
        self.update(all, &known.unwrap_or_default()).map_err(failed)
    }

    /// The files of an earlier export; `None`: it is not one.
    fn known(self) -> io::Result<Option<BTreeSet<String>>> {
        match files::read_at_most(&self.path.join(LIST), MOST_LIST_BYTES) {
            Ok(bytes) => Ok(Some(
                String::from_utf8_lossy(&bytes)
                    .lines()
                    .skip(1)
                    .map(str::to_owned)
                    .collect(),
            )),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Beside its place first: a folder that is there is complete.
    fn make(self, all: &[(&str, &[u8], bool)]) -> io::Result<()> {
        let target = std::path::absolute(self.path)?;
        let name = target
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let beside = target.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::create_dir(&beside)?;
        let made = put(&beside, all)
            .and_then(|()| fs::write(beside.join(LIST), self.list(all)))
            .and_then(|()| fs::rename(&beside, &target));
        if made.is_err() {
            // What is left of it has a name of its own.
            let _ = files::remove_tree(&beside);
        }
        made
    }

    fn update(self, all: &[(&str, &[u8], bool)], known: &BTreeSet<String>) -> io::Result<()> {
        put(self.path, all)?;
        let now: BTreeSet<&str> = all.iter().map(|(path, ..)| *path).collect();
        for gone in known.iter().filter(|path| !now.contains(path.as_str())) {
            if let Some(path) = files::inside(self.path, gone) {
                files::remove_file(&path)?;
                remove_empty_folders(self.path, &path);
            }
        }
        files::write_durably(&self.path.join(LIST), self.list(all).as_bytes(), 0o644)
    }

    fn list(self, all: &[(&str, &[u8], bool)]) -> String {
        let mut text = format!(
            "# What pgcascade export wrote here, {}; another export replaces these files and no others.\n",
            self.mark
        );
        for (path, ..) in all {
            text.push_str(path);
            text.push('\n');
        }
        text
    }
}

fn put(folder: &Path, all: &[(&str, &[u8], bool)]) -> io::Result<()> {
    for (path, contents, is_program) in all {
        let full =
            files::inside(folder, path).ok_or_else(|| io::Error::other(format!("{path} leads outside")))?;
        if let Some(parent) = full.parent() {
            make_real_folders(folder, parent)?;
        }
        let mode = if *is_program { 0o755 } else { 0o644 };
        files::write_durably(&full, contents, mode)?;
        fs::set_permissions(&full, fs::Permissions::from_mode(mode))?;
    }
    Ok(())
}

/// Folders below the export, none of them a link: what is written stays inside.
fn make_real_folders(top: &Path, folder: &Path) -> io::Result<()> {
    let below: Vec<PathBuf> = folder
        .ancestors()
        .take_while(|path| *path != top)
        .map(Path::to_path_buf)
        .collect();
    for path in below.into_iter().rev() {
        match fs::symlink_metadata(&path) {
            Ok(there) if there.is_dir() => {}
            Ok(_) => return Err(io::Error::other(format!("{} is not a folder", path.display()))),
            Err(_) => fs::create_dir(&path)?,
        }
    }
    Ok(())
}

fn remove_empty_folders(top: &Path, file: &Path) {
    for folder in file.ancestors().skip(1).take_while(|path| *path != top) {
        // One that holds something stays, and so do those above it.
        if fs::remove_dir(folder).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_replaces_its_own_files_and_no_others() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("new/out");
        let folder = OutputFolder {
            path: &path,
            mark: "a test",
        };
        folder.write(&[("a/x", b"1", true), ("b", b"2", false)]).unwrap();
        let mode = fs::metadata(path.join("a/x")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o755);
        fs::write(path.join("mine"), "3").unwrap();
        folder.write(&[("b", b"4", false)]).unwrap();
        assert_eq!(fs::read(path.join("b")).unwrap(), b"4");
        assert!(path.join("mine").exists() && !path.join("a").exists());

        let foreign = base.path().join("foreign");
        fs::create_dir(&foreign).unwrap();
        fs::write(foreign.join("mine"), "3").unwrap();
        let other = OutputFolder {
            path: &foreign,
            mark: "a test",
        };
        assert!(other.write(&[("b", b"4", false)]).is_err());
        assert_eq!(files::names_in(&foreign), ["mine"]);

        std::os::unix::fs::symlink(base.path(), path.join("link")).unwrap();
        assert!(folder.write(&[("link/x", b"5", false)]).is_err());
        assert!(!base.path().join("x").exists());
    }
}
