//! The archive_command and the restore_command, as a server runs them: by the machine's own shell, in a data directory.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use pgcascade::model::bundle;
use pgcascade::model::configuration;
use pgcascade::model::document::Document;
use pgcascade::model::topology::{Archive, Edit, notation};

const SEGMENT: &str = "0000000100000000000000A1";
const IDENTIFIER: u64 = 7_412_345_678_901_234_567;

/// A cluster's folder with the data directory of one server, as far as the commands look at it.
struct Place {
    base: tempfile::TempDir,
    archive: PathBuf,
    archive_command: String,
    restore_command: String,
}

impl Place {
    /// The archive is made, as the plan does it.
    fn new(directory: &str) -> Self {
        let base = tempfile::tempdir().unwrap();
        let archive = base.path().join(directory);
        fs::create_dir_all(&archive).unwrap();
        let mut topology = notation::parse("m 1\n  \"it's s\" 2\n").unwrap();
        let drawn = Archive::new(directory).unwrap();
        topology.apply(&Edit::SetArchive(Some(drawn))).unwrap();
        let files = bundle::generate(&Document::new(topology));
        let conf = &files.file("servers/it_s_s/postgresql.conf").unwrap().contents;
        let value = |name: &str| configuration::value_in(conf, name).unwrap();
        let place = Self {
            archive_command: value("archive_command"),
            restore_command: value("restore_command"),
            archive,
            base,
        };
        place.be(IDENTIFIER);
        place.finish_segment("one");
        place
    }

    fn data(&self) -> PathBuf {
        self.base.path().join("servers/it_s_s/data")
    }

    /// The data directory of a cluster with this identifier.
    fn be(&self, identifier: u64) {
        for folder in ["global", "pg_wal"] {
            fs::create_dir_all(self.data().join(folder)).unwrap();
        }
        let control = [&identifier.to_ne_bytes()[..], b"and more"].concat();
        fs::write(self.data().join("global/pg_control"), control).unwrap();
    }

    fn finish_segment(&self, content: &str) {
        fs::write(self.data().join("pg_wal").join(SEGMENT), content).unwrap();
    }

    /// Where the segment is archived.
    fn archived(&self) -> PathBuf {
        self.archive.join(IDENTIFIER.to_string()).join(SEGMENT)
    }

    fn archive(&self) -> Output {
        self.run(&self.archive_command, &format!("pg_wal/{SEGMENT}"), "")
    }

    /// With a program of that name, which does this, before all others.
    fn archive_with(&self, program: &str, script: &str) -> Output {
        let bin = self.base.path().join("bin");
        fs::create_dir_all(&bin).unwrap();
        let path = bin.join(program);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let output = self.run(
            &self.archive_command,
            &format!("pg_wal/{SEGMENT}"),
            &format!("{}:", bin.display()),
        );
        fs::remove_file(path).unwrap();
        output
    }

    fn restore(&self, file: &str) -> Output {
        let command = self.restore_command.replace("%f", file);
        self.run(&command, "pg_wal/RECOVERYXLOG", "")
    }

    /// The placeholders replaced as the server does it, from left to right.
    fn run(&self, command: &str, path: &str, before_path: &str) -> Output {
        let mut text = String::new();
        let mut letters = command.chars();
        while let Some(letter) = letters.next() {
            match (letter, letter == '%') {
                (_, true) => match letters.next() {
                    Some('p') => text.push_str(path),
                    Some('f') => text.push_str(SEGMENT),
                    Some('%') => text.push('%'),
                    other => panic!("%{other:?} in {command}"),
                },
                (letter, false) => text.push(letter),
            }
        }
        Command::new("/bin/sh")
            .args(["-c", &text])
            .env("PATH", format!("{before_path}/usr/bin:/bin"))
            .current_dir(self.data())
            .output()
            .unwrap()
    }

    /// Everything in the cluster's folder of the archive, by name.
    fn names(&self) -> Vec<String> {
        names_in(self.archived().parent().unwrap())
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[track_caller]
fn said(output: &Output, code: i32) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{text}");
    text
}

#[test]
fn a_segment_goes_there_and_back() {
    for directory in [
        "archive",
        "a b/$(x) `y`",
        "it's 100% \"wal\"",
        "*",
        "-n",
        "~",
        "#a;b&c|d\\e",
    ] {
        let place = Place::new(directory);
        assert_eq!(said(&place.archive(), 0), "", "{directory}");
        assert_eq!(fs::read_to_string(place.archived()).unwrap(), "one");
        assert_eq!(place.names(), [SEGMENT]);
        assert_eq!(said(&place.restore(SEGMENT), 0), "", "{directory}");
        let restored = place.data().join("pg_wal/RECOVERYXLOG");
        assert_eq!(fs::read_to_string(restored).unwrap(), "one");
        // What is not there is 1 and no more words: anything over 125 would end a standby.
        assert_eq!(said(&place.restore("00000002.history"), 1), "");
    }
}

#[test]
fn the_same_again_is_fine_and_another_one_never_overwrites() {
    let place = Place::new("archive");
    said(&place.archive(), 0);
    said(&place.archive(), 0);
    place.finish_segment("two");
    let text = said(&place.archive(), 1);
    assert!(
        text.contains(&format!("another {SEGMENT} is in the archive")),
        "{text}"
    );
    assert_eq!(fs::read_to_string(place.archived()).unwrap(), "one");
    assert_eq!(place.names(), [SEGMENT]);
}

#[test]
fn whoever_makes_the_file_meanwhile_is_not_overwritten() {
    let place = Place::new("archive");
    let meanwhile = format!("printf two >{}", place.archived().display());
    let output = place.archive_with("sync", &meanwhile);
    assert!(!output.status.success());
    assert_eq!(fs::read_to_string(place.archived()).unwrap(), "two");
    said(&place.archive(), 1);
}

#[test]
fn a_death_in_between_leaves_no_half_segment() {
    // Half of it is copied, and the shell is killed; the copy is whole and not on disk; it is on disk, and not renamed.
    let half = r#"for last; do :; done; printf o >"$last"; kill -9 $PPID"#;
    let die = "kill -9 $PPID";
    for (program, script) in [("cp", half), ("sync", die), ("mv", die)] {
        let place = Place::new("archive");
        let killed = place.archive_with(program, script);
        assert_eq!(killed.status.code(), None, "killed at {program}");
        assert_eq!(place.names(), [format!("{SEGMENT}.it_s_s.part")], "{program}");
        said(&place.restore(SEGMENT), 1);
        said(&place.archive(), 0);
        assert_eq!(fs::read_to_string(place.archived()).unwrap(), "one");
        assert_eq!(place.names(), [SEGMENT], "{program}");
    }
}

#[test]
fn a_copy_that_fails_is_a_failure() {
    for program in ["cp", "sync", "mv", "cmp", "od", "mkdir"] {
        let place = Place::new("archive");
        if program == "cmp" {
            said(&place.archive(), 0);
        }
        let output = place.archive_with(program, "exit 1");
        assert_eq!(output.status.code(), Some(1), "{program}: {output:?}");
        assert!(program == "cmp" || !place.archived().exists(), "{program}");
        said(&place.archive(), 0);
    }
}

#[test]
fn clusters_that_share_an_archive_do_not_mix() {
    let place = Place::new("archive");
    said(&place.archive(), 0);
    place.be(42);
    place.finish_segment("of another cluster");
    said(&place.restore(SEGMENT), 1);
    said(&place.archive(), 0);
    assert_eq!(names_in(&place.archive), ["42", &IDENTIFIER.to_string()]);
    assert_eq!(fs::read_to_string(place.archived()).unwrap(), "one");
}

#[test]
fn an_archive_that_is_not_mounted_is_not_made() {
    let place = Place::new("archive");
    fs::remove_dir(&place.archive).unwrap();
    let text = said(&place.archive(), 1);
    assert!(text.contains("mkdir"), "{text}");
    assert!(!place.archive.exists());
}
