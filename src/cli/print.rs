//! The way out: standard output for answers, standard error for what goes on and what went wrong.
//!
//! A reader that has gone away (`pgcascade show x | head -1`) is not an error: what it does not want to read is dropped. Any
//! other write that fails is one ([`failure`]): half an answer must not look like a whole one.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::sync::OnceLock;

use serde::Serialize;

use crate::engine::desk::log;
use crate::model::visible::{visible, visible_lines};
use crate::report::Report;

/// The first write that failed: it is told once, at the end.
static FAILED: OnceLock<io::Error> = OnceLock::new();

/// A line of the answer.
pub(super) fn line(text: impl Display) {
    let text = text.to_string();
    answer(|out| writeln!(out, "{}", visible_lines(&text)));
}

/// Text that brings its own line ends, such as a design: as it is, since it may be read as a file.
pub(super) fn text(text: &str) {
    answer(|out| out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

/// The help or the version, with its colours where a terminal shows them.
pub(super) fn help(help: &clap::Error) {
    answer(|_| help.print());
}

/// A line for people who watch: never part of the answer.
pub(super) fn note(text: impl Display) {
    // Where nobody can be told, nobody can be told that either.
    let _ = writeln!(io::stderr().lock(), "{}", visible_lines(&text.to_string()));
}

/// Writes a part of the answer; nothing more once it has failed.
fn answer(write: impl FnOnce(&mut io::StdoutLock<'_>) -> io::Result<()>) {
    if FAILED.get().is_none()
        && let Err(error) = write(&mut io::stdout().lock())
    {
        let _ = FAILED.set(error);
    }
}

/// What kept the answer from being written whole, if anything did and the reader had not just gone away.
pub(super) fn failure() -> Option<Report> {
    answer(|out| out.flush());
    let error = FAILED
        .get()
        .filter(|error| error.kind() != io::ErrorKind::BrokenPipe)?;
    Some(Report::of(
        "The answer could not be written to standard output.",
        error,
    ))
}

/// A question for anyone who sits at the terminal, who answers behind it.
pub(super) fn question(text: &str) {
    let mut out = std::io::stderr().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

/// A value as one line of JSON.
pub(super) fn json(value: &impl Serialize) {
    // Plain data with string keys always has a JSON form.
    if let Ok(json) = serde_json::to_string(value) {
        answer(|out| writeln!(out, "{json}"));
    }
}

/// What went wrong, also for the log.
pub(super) fn error(report: &Report) {
    log::report(report);
    note(format_args!("error: {report}"));
}

/// Text from a file that may hold anything, also what a terminal would take for a command.
pub(super) fn in_one_line(text: &str) -> String {
    visible(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_cannot_write_commands_to_the_terminal() {
        assert_eq!(in_one_line("a\nb\u{1b}[31m é"), r"a\nb\u{1b}[31m é");
    }
}
