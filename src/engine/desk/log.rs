//! The log: what the program did and how it ended, so that a report of a problem can say more than what was on the screen.
//!
//! Anyone who does something says so with the macros of `tracing`; [`begin`] decides where that goes. The lines hold no secret:
//! no password, no statement with one, no environment. Without a place to write to, the program works as usual.

use std::fmt;
use std::io::{self, Write};
use std::panic;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::{DefaultFields, Format, Full, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{Layer, layer};
use tracing_subscriber::layer::SubscriberExt as _;

use super::log_file::{FULL, LogFile, NAME, line};
use super::store::{state_folder, state_subfolder};
use crate::engine::servers_user::own_session;
use crate::model::quoting::shell_word;
use crate::report::Report;

/// Which events are written, as of other Rust programs: `RUST_LOG=debug`, `RUST_LOG=pgcascade::engine=trace`.
pub const VARIABLE: &str = "RUST_LOG";

const FOLDER: &str = "log";

/// Where the screen is. Only the command line has one.
pub type Screen = fn() -> io::Stderr;

/// Where the log is written, whether or not it could be.
pub fn path() -> Option<PathBuf> {
    state_folder().map(|state| state.join(FOLDER).join(NAME))
}

/// From here on events are written to the log, and to the screen if there is one: then in more detail. A panic is one, too.
///
/// # Errors
///
/// If the log cannot be written. What is for the screen is shown all the same.
pub fn begin(screen: Option<Screen>) -> Result<(), Report> {
    let asked = std::env::var(VARIABLE).ok();
    let targets = targets(screen.is_some(), asked.as_deref());
    let (file, result) = match open() {
        Ok(file) => (Some(file), Ok(())),
        Err(report) => (None, Err(report)),
    };
    let to_file = file.map(|file| lines().with_writer(Mutex::new(file)));
    let to_screen = screen.map(|screen| lines().with_writer(move || OnScreen(screen())));
    let all = tracing_subscriber::registry()
        .with(to_file)
        .with(to_screen)
        .with(targets);
    // It fails if there is one already: then that one is as good.
    if tracing::subscriber::set_global_default(all).is_ok() {
        hear_panics();
    }
    result
}

fn lines<S>() -> Layer<S, DefaultFields, Format<Full, Stamp>> {
    layer()
        .with_ansi(false)
        .with_timer(Stamp)
        .log_internal_errors(false)
}

fn open() -> Result<LogFile, Report> {
    let headline = "The log cannot be written.";
    let state = state_folder()
        .ok_or_else(|| Report::new(headline).hint("There is no folder for application state"))?;
    state_subfolder(&state, FOLDER)
        .and_then(|folder| LogFile::open(&folder, FULL))
        .map_err(|error| {
            Report::of(headline, &error).hint(format!("It would be in {}", state.join(FOLDER).display()))
        })
}

/// Of our own events those that matter; of the crates below, which could name anything, only what is asked for.
fn targets(is_verbose: bool, asked: Option<&str>) -> Targets {
    let level = if is_verbose {
        LevelFilter::DEBUG
    } else {
        LevelFilter::INFO
    };
    asked
        .filter(|asked| !asked.trim().is_empty())
        .and_then(|asked| asked.parse().ok())
        .unwrap_or_else(|| Targets::new().with_target(env!("CARGO_PKG_NAME"), level))
}

/// A panic is written before it is printed as usual.
fn hear_panics() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let words = panic.payload_as_str().unwrap_or("without a message");
        tracing::error!("panicked at {place}: {words}");
        before(panic);
    }));
}

/// Writes what people were shown of an error.
pub fn report(report: &Report) {
    tracing::error!("shown: {}", in_short(report));
}

/// The headline and the causes of a report.
pub fn in_short(report: &Report) -> String {
    let causes = report.causes.iter().map(|cause| format!("; because: {cause}"));
    std::iter::once(report.headline.clone()).chain(causes).collect()
}

/// A program and its arguments, as a shell takes them. Its environment is left out: it may hold secrets.
pub(in crate::engine) fn command_line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    // What is called through the program itself is named as what it becomes.
    let is_led = command
        .get_args()
        .next()
        .is_some_and(|word| word == own_session::COMMAND);
    let words = words.skip(if is_led { 2 } else { 0 });
    let words: Vec<String> = words.map(|word| shell_word(&word.to_string_lossy())).collect();
    words.join(" ")
}

/// An event on the screen has the form that it has in the file.
struct OnScreen(io::Stderr);

impl Write for OnScreen {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        self.0.write_all(line(event).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Time in UTC, and which process: several may write at once.
struct Stamp;

impl FormatTime for Stamp {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        SystemTime.format_time(writer)?;
        write!(writer, " [{}]", std::process::id())
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn the_level_is_what_was_asked_for() {
        let sees =
            |is_verbose, asked, level| targets(is_verbose, asked).would_enable("pgcascade::engine", &level);
        assert!(sees(false, None, Level::INFO) && !sees(false, None, Level::DEBUG));
        assert!(sees(true, None, Level::DEBUG) && !sees(true, None, Level::TRACE));
        assert!(sees(false, Some("pgcascade=trace"), Level::TRACE));
        assert!(!sees(true, Some("warn"), Level::INFO) && !sees(true, Some("off"), Level::ERROR));
        // What cannot be read is not asked for.
        assert!(sees(false, Some("=="), Level::INFO) && sees(false, Some(" "), Level::INFO));
        assert!(!targets(true, None).would_enable("zbus", &Level::ERROR));
    }

    #[test]
    fn a_command_line_can_be_typed_again() {
        let mut command = Command::new("/usr/bin/initdb");
        command.args(["-D", "/a b", "--no-sync"]).env("SECRET", "x");
        assert_eq!(command_line(&command), "/usr/bin/initdb -D '/a b' --no-sync");
    }

    #[test]
    fn a_report_is_short_and_has_its_causes() {
        let mut report = Report::new("It failed").hint("Try again");
        report.causes = vec!["no room".to_owned(), "disk full".to_owned()];
        assert_eq!(
            in_short(&report),
            "It failed; because: no room; because: disk full"
        );
    }
}
