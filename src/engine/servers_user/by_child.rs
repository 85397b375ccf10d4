//! What root's window does with clusters: by the program's own command line, which gives root up. Its events come back as
//! they were sent.

use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::program;
use crate::engine::run::Cancel;
use crate::model::plan::{EventKind, Outcome, RunEvent};
use crate::report::Report;

/// Events on their way; more than a burst of output lines.
const EVENTS: usize = 256;

/// Where the command reads a design that it is handed.
pub const HANDED: &str = "/dev/stdin";

/// True if this process is root, and there is a program to give the work to.
pub fn is_needed() -> bool {
    geteuid().is_root() && program::path().is_some()
}

/// Calls a command that tells events, and passes them on as those of the run of this `number`. A cancel is a signal to it, as
/// from a terminal.
pub async fn run(
    number: u64,
    arguments: Vec<OsString>,
    design: Option<String>,
    events: mpsc::Sender<RunEvent>,
    cancel: Cancel,
) -> Outcome {
    let failed = |reason: String, hints: Vec<String>| Outcome::Failed {
        reason,
        hints,
        remains: Vec::new(),
    };
    let mut child = match start(&arguments, design) {
        Ok(child) => child,
        Err(error) => return failed(format!("pgcascade could not be called: {error}"), Vec::new()),
    };
    let signalled = tokio::spawn(signals(child.id(), cancel));
    let said = read_errors(&mut child);
    let mut outcome = None;
    if let Some(answers) = child.stdout.take() {
        let mut lines = BufReader::new(answers).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let Ok(mut event) = serde_json::from_str::<RunEvent>(&line) else {
                continue;
            };
            event.run = number;
            if let EventKind::Finished { outcome: ended } = &event.kind {
                outcome = Some(ended.clone());
            }
            let _ = events.send(event).await;
        }
    }
    let _ = child.wait().await;
    signalled.abort();
    let (reason, hints) = words(&said.await.unwrap_or_default());
    outcome.unwrap_or_else(|| failed(reason, hints))
}

/// Calls a command that works on the cluster in a folder. Each sentence is one step that was done.
///
/// # Errors
///
/// If it fails, with its own words.
pub async fn task(
    command: &str,
    folder: &Path,
    more: &[String],
    give_up: CancellationToken,
) -> Result<Vec<String>, Report> {
    let mut arguments: Vec<OsString> = vec![command.into(), folder.into()];
    arguments.extend(more.iter().map(OsString::from));
    arguments.push("--json".into());
    let (events, mut received) = mpsc::channel::<RunEvent>(EVENTS);
    let cancel = Cancel {
        soft: give_up,
        hard: CancellationToken::new(),
    };
    let done = async {
        let mut steps = Vec::new();
        let mut done = Vec::new();
        while let Some(event) = received.recv().await {
            match event.kind {
                EventKind::Started { steps: all, .. } => steps = all,
                EventKind::StepFinished { step, .. } => {
                    let title = steps.iter().find(|summary| summary.step == step);
                    done.extend(title.map(|summary| summary.title.clone()));
                }
                _ => {}
            }
        }
        done
    };
    let (outcome, done) = tokio::join!(run(0, arguments, None, events, cancel), done);
    match outcome {
        Outcome::Done => Ok(done),
        Outcome::Failed {
            reason,
            hints,
            remains,
        } => {
            let mut report = Report::new(reason);
            report.causes = remains;
            Err(hints.into_iter().fold(report, Report::hint))
        }
        Outcome::Cancelled { remains } => {
            let mut report = Report::new("It was cancelled; completed steps were kept");
            report.causes = remains;
            Err(report)
        }
    }
}

/// Calls a command that tells nothing but whether it worked.
///
/// # Errors
///
/// If it fails, with its own words.
pub async fn call(arguments: &[OsString]) -> Result<(), Report> {
    let mut child =
        start(arguments, None).map_err(|error| Report::of("pgcascade could not be called", &error))?;
    drop(child.stdout.take());
    let said = read_errors(&mut child);
    if child.wait().await.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    let (reason, hints) = words(&said.await.unwrap_or_default());
    Err(hints.into_iter().fold(Report::new(reason), Report::hint))
}

/// Calls a command whose answer is JSON, a line each, and passes every line on. A cancel is a signal to it.
///
/// # Errors
///
/// If it fails, with its own words.
pub async fn answers<T: DeserializeOwned>(
    arguments: &[OsString],
    lines: mpsc::Sender<T>,
    cancel: Cancel,
) -> Result<(), Report> {
    let mut child =
        start(arguments, None).map_err(|error| Report::of("pgcascade could not be called", &error))?;
    let signalled = tokio::spawn(signals(child.id(), cancel));
    let said = read_errors(&mut child);
    if let Some(out) = child.stdout.take() {
        let mut read = BufReader::new(out).lines();
        while let Ok(Some(line)) = read.next_line().await {
            if let Ok(answer) = serde_json::from_str(&line) {
                let _ = lines.send(answer).await;
            }
        }
    }
    let is_done = child.wait().await.is_ok_and(|status| status.success());
    signalled.abort();
    if is_done {
        return Ok(());
    }
    let (reason, hints) = words(&said.await.unwrap_or_default());
    Err(hints.into_iter().fold(Report::new(reason), Report::hint))
}

/// Calls a command, and hears its whole answer.
///
/// # Errors
///
/// If it fails, with its own words.
pub async fn answer(arguments: &[OsString]) -> Result<Vec<u8>, Report> {
    let failed = |error| Report::of("pgcascade could not be called", &error);
    let mut child = start(arguments, None).map_err(failed)?;
    let said = read_errors(&mut child);
    let mut answer = Vec::new();
    if let Some(mut out) = child.stdout.take() {
        out.read_to_end(&mut answer).await.map_err(failed)?;
    }
    if child.wait().await.is_ok_and(|status| status.success()) {
        return Ok(answer);
    }
    let (reason, hints) = words(&said.await.unwrap_or_default());
    Err(hints.into_iter().fold(Report::new(reason), Report::hint))
}

/// Calls a command that tells lines until it is done or cancelled, which is a signal to it, as from a terminal.
///
/// # Errors
///
/// If it fails, with its own words.
pub async fn lines(
    arguments: &[OsString],
    lines: mpsc::Sender<String>,
    cancel: CancellationToken,
) -> Result<(), Report> {
    let mut child =
        start(arguments, None).map_err(|error| Report::of("pgcascade could not be called", &error))?;
    let cancel = Cancel {
        soft: cancel,
        hard: CancellationToken::new(),
    };
    let signalled = tokio::spawn(signals(child.id(), cancel));
    let said = read_errors(&mut child);
    if let Some(out) = child.stdout.take() {
        let mut told = BufReader::new(out).lines();
        while let Ok(Some(line)) = told.next_line().await {
            let _ = lines.send(line).await;
        }
    }
    drop(lines);
    let ended = child.wait().await;
    signalled.abort();
    if ended.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    let (reason, hints) = words(&said.await.unwrap_or_default());
    Err(hints.into_iter().fold(Report::new(reason), Report::hint))
}

fn start(arguments: &[OsString], design: Option<String>) -> std::io::Result<Child> {
    let program = program::path().ok_or(std::io::ErrorKind::NotFound)?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(if design.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A Ctrl-C in the terminal that the window was called from is the window's to answer.
        .process_group(0)
        .spawn()?;
    if let (Some(design), Some(mut input)) = (design, child.stdin.take()) {
        // One that ends without reading says why.
        tokio::spawn(async move {
            let _ = input.write_all(design.as_bytes()).await;
        });
    }
    Ok(child)
}

/// Passes a cancel on: the first one unwinds, the second one stops waiting.
async fn signals(process: Option<u32>, cancel: Cancel) {
    let Some(process) = process.and_then(|process| i32::try_from(process).ok()) else {
        return;
    };
    for request in [&cancel.soft, &cancel.hard] {
        request.cancelled().await;
        let _ = kill(Pid::from_raw(process), Signal::SIGINT);
    }
}

fn read_errors(child: &mut Child) -> tokio::task::JoinHandle<String> {
    let errors = child.stderr.take();
    tokio::spawn(async move {
        let mut text = String::new();
        if let Some(mut errors) = errors {
            let _ = errors.read_to_string(&mut text).await;
        }
        text
    })
}

/// The reason and the hints of what was said in place of events.
fn words(said: &str) -> (String, Vec<String>) {
    let mut reason = "pgcascade exited without a message".to_owned();
    let mut hints = Vec::new();
    for line in said.lines() {
        if let Some(headline) = line.strip_prefix("error: ") {
            headline.clone_into(&mut reason);
        } else {
            let line = line.trim();
            hints.extend((!line.is_empty()).then(|| line.trim_start_matches("hint: ").to_owned()));
        }
    }
    (reason, hints)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_in_place_of_events_is_the_reason() {
        let said = "error: There is no pgcascade cluster in /c.\n  hint: `pgcascade deploy` makes one.\n";
        let (reason, hints) = words(said);
        assert_eq!(reason, "There is no pgcascade cluster in /c.");
        assert_eq!(hints, ["`pgcascade deploy` makes one."]);
        assert_eq!(words("").0, "pgcascade exited without a message");
    }
}
