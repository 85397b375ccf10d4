//! Where a typed path leads, and who could have led it there: anyone who can change a link on the way decides which folder root
//! works on.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

/// As many links as the kernel follows.
const MOST_LINKS: usize = 40;
const STICKY: u32 = 0o1000;
const OPEN_TO_OTHERS: u32 = 0o022;

/// A path, followed to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// Absolute, without links, as far as it exists.
    pub real: PathBuf,
    /// The last link on the way that somebody else than root can change.
    pub foreign_link: Option<PathBuf>,
    /// Those who can.
    pub led_by: Leaders,
}

/// Who can change the links of a way, besides root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leaders {
    users: BTreeSet<u32>,
    /// A folder on the way is open to a group or to everybody.
    anybody: bool,
}

impl Leaders {
    /// True if nobody but root and this user can change a link of the way.
    pub fn are_only(&self, user: u32) -> bool {
        !self.anybody && self.users.iter().all(|leader| *leader == user)
    }

    fn is_nobody(&self) -> bool {
        !self.anybody && self.users.is_empty()
    }

    fn add(&mut self, more: &Self) {
        self.users.extend(&more.users);
        self.anybody |= more.anybody;
    }

    fn add_user(&mut self, user: u32) {
        if user != 0 {
            self.users.insert(user);
        }
    }
}

/// Follows a path component by component.
pub fn to(path: &Path) -> Way {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut todo: Vec<OsString> = words(&absolute);
    let mut way = Way {
        real: PathBuf::from("/"),
        foreign_link: None,
        led_by: Leaders::default(),
    };
    // Who can change what is in the folders passed so far.
    let mut keepers = Leaders::default();
    let mut links = 0;
    while let Some(word) = todo.pop() {
        if word == ".." {
            way.real.pop();
            continue;
        }
        let next = way.real.join(&word);
        let there = fs::symlink_metadata(&next).ok();
        let target = there
            .as_ref()
            .filter(|there| there.is_symlink() && links < MOST_LINKS)
            .and_then(|_| fs::read_link(&next).ok());
        if let (Some(there), Some(target)) = (&there, target) {
            links += 1;
            let mut leaders = keepers.clone();
            leaders.add_user(there.uid());
            if !leaders.is_nobody() {
                way.foreign_link = Some(next);
            }
            way.led_by.add(&leaders);
            if target.is_absolute() {
                way.real = PathBuf::from("/");
            }
            todo.extend(words(&target));
            continue;
        }
        if let Some(there) = &there {
            keepers.add_user(there.uid());
            keepers.anybody |= there.mode() & OPEN_TO_OTHERS != 0 && there.mode() & STICKY == 0;
        }
        way.real = next;
    }
    way
}

/// What is to be walked through, the first one last.
fn words(path: &Path) -> Vec<OsString> {
    let word = |component: Component<'_>| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    };
    path.components().rev().filter_map(word).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{chown, lchown, symlink};

    use super::*;
    use crate::engine::system::files;

    #[test]
    fn it_ends_where_the_kernel_would() {
        let base = tempfile::tempdir().unwrap();
        let at = |name: &str| base.path().join(name);
        fs::create_dir_all(at("a/b")).unwrap();
        symlink("a/b", at("short")).unwrap();
        symlink(at("short"), at("long")).unwrap();
        symlink("round", at("round")).unwrap();
        for path in ["a/b", "short/c/d", "long/../x", "a/missing/y", "long"] {
            assert_eq!(to(&at(path)).real, files::real(&at(path)), "{path}");
        }
        assert!(to(&at("round/x")).real.ends_with("round/x"));
    }

    #[test]
    fn whoever_owns_a_folder_or_a_link_leads() {
        if !nix::unistd::geteuid().is_root() {
            // Only root can give a folder away.
            return;
        }
        const EVE: u32 = 65_534;
        let base = tempfile::tempdir().unwrap();
        let at = |name: &str| base.path().join(name);
        for folder in ["eves/own", "roots"] {
            fs::create_dir_all(at(folder)).unwrap();
        }
        symlink(at("roots"), at("mine")).unwrap();
        assert_eq!(to(&at("mine/d")).foreign_link, None);
        symlink(at("roots"), at("eves/link")).unwrap();
        chown(at("eves"), Some(EVE), None).unwrap();
        let way = to(&at("eves/link/d"));
        assert_eq!(way.real, files::real(&at("roots/d")));
        assert_eq!(way.foreign_link, Some(files::real(&at("eves")).join("link")));
        assert!(way.led_by.are_only(EVE) && !way.led_by.are_only(1));
        // Without a link a folder is where it seems to be.
        assert_eq!(to(&at("eves/own/d")).foreign_link, None);
        symlink(at("roots"), at("theirs")).unwrap();
        lchown(at("theirs"), Some(EVE), None).unwrap();
        assert!(to(&at("theirs")).foreign_link.is_some());
    }
}
