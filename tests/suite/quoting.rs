//! What is quoted is read back unchanged: words by a real shell, connection strings by tokio-postgres, settings by the
//! reader of configuration files. Servers and libpq themselves read them in `tests/live/quoting.rs`.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use pgcascade::model::configuration::value_in;
use pgcascade::model::quoting::{conf, conninfo, shell_path, shell_word};
use proptest::prelude::*;

/// What means something to one of the readers, and what looks like it.
const PIECES: [&str; 44] = [
    "a", "B", "9", "_", "-", ".", "/", "~", " ", "\t", "'", "''", "\"", "\\", "\\\\", "\\'", "$", "$(", ")",
    "`", "%", "%%", ",", ";", ":", "#", "|", "&", "<", ">", "=", "*", "?", "[", "]", "{", "}", "!", "@", "+",
    "é", "漢", "E'", "on",
];

fn text() -> impl Strategy<Value = String> {
    let pieces = proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..12);
    pieces.prop_map(|pieces| pieces.concat())
}

/// The words of a command line, as a shell hands them to a program.
fn read_by_shell(line: &str) -> Vec<String> {
    let mut shell = Command::new("sh")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let script = format!("printf '%s\\0' {line}\n");
    let mut input = shell.stdin.take().unwrap();
    input.write_all(script.as_bytes()).unwrap();
    drop(input);
    let output = shell.wait_with_output().unwrap();
    assert!(output.status.success(), "{line}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_shell_reads_its_words(texts in proptest::collection::vec(text(), 1..40)) {
        let words: Vec<String> = texts.iter().map(|text| shell_word(text)).collect();
        prop_assert_eq!(read_by_shell(&words.join(" ")), texts);
    }
}

proptest! {
    #[test]
    fn a_connection_string_is_read_back(name in text(), other in text()) {
        let text = format!("host=h application_name={} options={}", conninfo(&name), conninfo(&other));
        let read: tokio_postgres::Config = text.parse().unwrap();
        prop_assert_eq!(read.get_application_name(), Some(name.as_str()));
        prop_assert_eq!(read.get_options(), Some(other.as_str()));
    }

    #[test]
    fn a_setting_is_read_back(value in text()) {
        let line = format!("before = 'x'\nname = {}   # and a comment\n", conf(&value));
        prop_assert_eq!(value_in(&line, "name"), Some(value));
    }
}

#[test]
fn a_path_that_needs_no_quotes_has_none() {
    assert_eq!(shell_path(Path::new("/tmp/a-b")), "/tmp/a-b");
    assert_eq!(shell_path(Path::new("/tmp/it's here")), r"'/tmp/it'\''s here'");
}
