//! The way out: standard output for answers, standard error for what goes on and what went wrong.
//!
//! A reader that has gone away (`pgcascade show x | head -1`) is no error: what it does not want to read is dropped.

use std::fmt::Display;
use std::io::Write as _;

use serde::Serialize;

use crate::engine::desk::log;
use crate::report::Report;

/// A line of the answer.
pub(super) fn line(text: impl Display) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Text that brings its own line ends, such as a design.
pub(super) fn text(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

/// A line for people who watch: never part of the answer.
pub(super) fn note(text: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// A question for whoever sits at the terminal, who answers behind it.
pub(super) fn question(text: &str) {
    let mut out = std::io::stderr().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

/// A value as one line of JSON.
pub(super) fn json(value: &impl Serialize) {
    // Plain data with string keys always has a JSON form.
    if let Ok(json) = serde_json::to_string(value) {
        line(json);
    }
}

/// What went wrong, also for the log.
pub(super) fn error(report: &Report) {
    log::report(report);
    note(format_args!("error: {report}"));
}

/// Text from a file that may hold anything, also what a terminal would take for a command.
pub(super) fn in_one_line(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let (plain, escaped) = if c.is_control() {
                (None, Some(c.escape_default()))
            } else {
                (Some(c), None)
            };
            plain.into_iter().chain(escaped.into_iter().flatten())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_cannot_write_commands_to_the_terminal() {
        assert_eq!(in_one_line("a\nb\u{1b}[31m é"), r"a\nb\u{1b}[31m é");
    }
}
