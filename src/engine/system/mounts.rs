//! What is mounted where, as the kernel says it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::report::Report;

/// What is mounted, and where.
pub struct Mount<'a> {
    pub at: PathBuf,
    /// The kind of file system, as the system calls it.
    pub kind: &'a str,
}

/// The kernel's list; `None`: this system has none.
pub fn list() -> Option<String> {
    fs::read_to_string("/proc/self/mountinfo").ok()
}

/// Each mount of the list, the later above the earlier.
pub fn each(list: &str) -> impl Iterator<Item = Mount<'_>> {
    list.lines().filter_map(mount)
}

/// Where, and which: `36 35 98:0 / /mnt rw,noatime master:1 - ext4 /dev/root rw`.
fn mount(line: &str) -> Option<Mount<'_>> {
    let (before, after) = line.split_once(" - ")?;
    let at = before.split(' ').nth(4)?;
    // What would end the field is written in octal.
    let at = [(r"\040", " "), (r"\011", "\t"), (r"\012", "\n"), (r"\134", "\\")]
        .iter()
        .fold(at.to_owned(), |at, (code, sign)| at.replace(code, sign));
    Some(Mount {
        at: at.into(),
        kind: after.split(' ').next()?,
    })
}

/// Nothing may be mounted inside a folder of which something is to be removed: it would be somebody else's.
pub fn none_inside(folder: &Path) -> Result<(), Report> {
    let list = list().unwrap_or_default();
    match inside(folder, &list) {
        None => Ok(()),
        Some(at) => Err(Report::new(format!(
            "A file system that pgcascade did not mount is mounted at {}, inside the cluster, so nothing is \
             removed there.",
            at.display()
        ))
        .hint(format!("Unmount it (umount {}), then try again.", at.display()))),
    }
}

fn inside(folder: &Path, list: &str) -> Option<PathBuf> {
    let mut all = each(list);
    all.find(|mount| mount.at != folder && mount.at.starts_with(folder))
        .map(|mount| mount.at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_inside_is_told_from_one_above_or_beside() {
        let mounts = "22 1 254:0 / / rw - ext4 /dev/root rw\n\
                      30 22 0:26 /x /srv/my\\040c/servers/m/data rw shared:3 - ext4 /dev/root rw\n\
                      31 22 0:27 / /srv/d rw - tmpfs none rw\n";
        let at = |folder: &str| inside(Path::new(folder), mounts);
        assert_eq!(at("/srv/my c"), Some("/srv/my c/servers/m/data".into()));
        for free in ["/srv/my", "/srv/d", "/srv/my c/servers/n"] {
            assert_eq!(at(free), None, "{free}");
        }
    }
}
