//! Files as they are written, removed and looked for.

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;

use nix::unistd::geteuid;

use super::files::*;

#[test]
fn the_folder_is_named_without_links_and_dots() {
    let base = tempfile::tempdir().unwrap();
    let base = base.path().canonicalize().unwrap();
    std::os::unix::fs::symlink(&base, base.join("link")).unwrap();
    assert_eq!(real(&base.join("link/a/b")), base.join("a/b"));
    assert_eq!(real(&base.join("a/../b/")), base.join("b"));
    assert_eq!(real(&base.join(".")), base);
}

#[test]
fn a_file_is_written_whole_and_private() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a".repeat(255));
    write_whole(&path, b"one", PRIVATE_FILE, None).unwrap();
    write_whole(&path, b"two", PRIVATE_FILE, None).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"two");
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    assert_eq!(names_in(folder.path()).len(), 1, "nothing stays beside");
}

#[test]
fn a_log_that_was_not_handed_over_yet_is() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    // Only root can hand anything over.
    let nobody = Owner {
        uid: 65_534,
        gid: 65_534,
    };
    if !geteuid().is_root() {
        return;
    }
    fs::write(&log, "").unwrap();
    open_log(&log, Some(nobody)).unwrap();
    assert_eq!(fs::metadata(&log).unwrap().uid(), 65_534);
    fs::remove_file(&log).unwrap();
    fs::write(&log, "precious").unwrap();
    assert!(
        open_log(&log, Some(nobody)).is_err(),
        "what says something is not given away"
    );
}

#[test]
fn a_log_is_appended_to_unless_it_is_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let (log, precious) = (folder.path().join("log"), folder.path().join("precious"));
    for line in ["one\n", "two\n"] {
        open_log(&log, None).unwrap().write_all(line.as_bytes()).unwrap();
    }
    assert_eq!(fs::read(&log).unwrap(), b"one\ntwo\n");
    assert_eq!(fs::metadata(&log).unwrap().mode() & 0o777, 0o600);
    fs::write(&precious, "theirs").unwrap();
    for link in [
        std::os::unix::fs::symlink::<&PathBuf, &PathBuf>,
        fs::hard_link::<&PathBuf, &PathBuf>,
    ] {
        fs::remove_file(&log).unwrap();
        link(&precious, &log).unwrap();
        let error = open_log(&log, None).unwrap_err().to_string();
        assert!(error.contains("not the file that pgcascade made"), "{error}");
    }
}

#[test]
fn nothing_outside_is_reached() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("data"), "theirs").unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("servers")).unwrap();
    assert_eq!(inside(folder.path(), "servers/data"), None);
    for outside in ["", "..", "/etc", "a/../../b", "./a"] {
        assert_eq!(inside(folder.path(), outside), None, "{outside}");
    }
    assert!(inside(folder.path(), "run").is_some());
    assert!(remove_tree(&folder.path().join("servers")).is_err());
    assert!(elsewhere.path().join("data").exists());
}

#[test]
fn a_closed_folder_on_the_way_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let closed = folder.path().join("closed");
    make_folder(&closed, None).unwrap();
    make_folder(&closed.join("in"), None).unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let stranger = Owner {
        uid: 4_000_000,
        gid: 4_000_000,
    };
    assert_eq!(can_traverse(folder.path(), stranger), Ok(()));
    assert_eq!(can_traverse(&closed.join("in"), stranger), Err(closed));
}

#[test]
fn made_parents_are_told_from_those_that_were_there() {
    let folder = tempfile::tempdir().unwrap();
    let made = make_parents(&missing_parents(&folder.path().join("a/b/c"))).unwrap();
    assert_eq!(made, [folder.path().join("a"), folder.path().join("a/b")]);
    assert!(!folder.path().join("a/b/c").exists());
}
