//! The log that the program writes: what is in it, where it is, and who may read it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use pgcascade::engine::desk::log;

use crate::cli::Terminal;

/// The log that the terminal's commands wrote.
fn written(terminal: &Terminal) -> String {
    fs::read_to_string(terminal.path().join("state/pgcascade/log/pgcascade.log")).unwrap_or_default()
}

#[test]
fn what_was_called_and_what_was_shown_is_in_the_log() {
    let terminal = Terminal::new();
    terminal.run(&["check", "no such file.toml", "--json"]);
    let written = written(&terminal);
    assert!(written.contains("began: check --json\n"), "{written}");
    assert!(
        written.contains("ERROR") && written.contains("could not be opened.; because: No such file"),
        "{written}"
    );
    assert!(written.contains("ended: Failed after "), "{written}");
    let file = terminal.path().join("state/pgcascade/log/pgcascade.log");
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn verbose_shows_the_log_before_and_after_the_command() {
    let terminal = Terminal::new();
    for words in [["--verbose", "templates"], ["templates", "-v"]] {
        let answer = terminal.run(&words);
        assert_eq!(answer.code, Some(0), "{}", answer.err);
        assert!(
            answer.err.contains("began: templates -") && answer.err.contains("ended: Fine"),
            "{}",
            answer.err
        );
        assert!(answer.out.contains("seed"), "{}", answer.out);
    }
    let quiet = terminal.run(&["templates"]);
    assert_eq!(quiet.err, "");
    let only_errors = terminal
        .command(&["templates"])
        .env("RUST_LOG", "error")
        .output()
        .unwrap();
    assert!(only_errors.status.success());
    assert_eq!(
        written(&terminal).matches("began").count(),
        3,
        "{}",
        written(&terminal)
    );
}

#[test]
fn without_a_place_for_the_log_everything_works_and_verbose_says_why() {
    let terminal = Terminal::new();
    fs::write(terminal.path().join("state"), "a file where a folder should be").unwrap();
    let quiet = terminal.run(&["templates"]);
    assert_eq!((quiet.code, quiet.err.as_str()), (Some(0), ""));
    let verbose = terminal.run(&["templates", "--verbose"]);
    assert_eq!(verbose.code, Some(0));
    assert_eq!(
        verbose.err.matches("The log cannot be written").count(),
        1,
        "{}",
        verbose.err
    );
}

#[test]
fn a_design_for_the_window_is_not_given_with_a_command() {
    let answer = Terminal::new().run(&["a.toml", "templates"]);
    assert_eq!(answer.code, Some(2));
    assert!(answer.err.contains("cannot be combined"), "{}", answer.err);
}

#[test]
#[ignore = "the program that the next test starts and looks at"]
fn a_program_that_panics() {
    if std::env::var_os(PANICS).is_some() {
        log::begin(None).unwrap();
        panic!("as it should\nin two lines");
    }
}

/// Set for the program that panics.
const PANICS: &str = "PGC_TEST_PANICS";

#[test]
fn a_panic_is_in_the_log_with_its_place() {
    let terminal = Terminal::new();
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "log::a_program_that_panics", "--ignored"])
        .env(PANICS, "yes")
        .env("XDG_STATE_HOME", terminal.path().join("state"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(!status.success());
    let written = written(&terminal);
    assert!(
        written.contains("ERROR pgcascade::engine::desk::log: panicked at tests/suite/log.rs:"),
        "{written}"
    );
    assert!(written.ends_with(": as it should\\nin two lines\n"), "{written}");
}
