//! ansible-playbook as a child: its lines become the events of a run, a cancel becomes its interrupt.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use super::{Access, Prospect};
use crate::engine::run::{Cancel, Reporter};
use crate::model::export::{EVENTS_NAME, Playbook};
use crate::model::plan::{EventKind, Outcome, RunEvent};
use crate::report::Report;

const PROGRAM: &str = "ansible-playbook";
/// A copy of a large server says nothing for hours; more than this, and the connection is dead.
const SILENCE: Duration = Duration::from_hours(24);
/// How long an interrupted playbook may take to end; its tasks on the hosts end with their connections.
const ENDING: Duration = Duration::from_secs(30);
/// What is kept of its complaints.
const MOST_COMPLAINT_BYTES: u64 = 64 * 1024;

/// One run of the playbook.
#[derive(Clone, Debug, PartialEq)]
pub struct Play {
    pub number: u64,
    pub prospect: Prospect,
    pub access: Access,
}

/// Writes the project, runs the playbook to its end, telling every event, and records the design once it is complete. Nothing
/// is undone on the hosts: the same call continues.
pub async fn play(play: Play, events: mpsc::Sender<RunEvent>, cancel: Cancel) -> (Outcome, Playbook) {
    let Prospect {
        project,
        document,
        steps,
        ..
    } = &play.prospect;
    let mut playbook = Playbook::of(document.topology());
    let mut reporter = Reporter::new(play.number, events);
    reporter
        .state(EventKind::Started {
            cluster: document.topology().name().to_owned(),
            folder: project.folder().display().to_string(),
            steps: steps.clone(),
        })
        .await;
    let prepared = tokio::select! {
        prepared = project.prepare(document) => Some(prepared),
        () = cancel.soft.cancelled() => None,
    };
    let mut outcome = match prepared.map(|prepared| prepared.and_then(|()| start(&play))) {
        Some(Ok(child)) => listen(child, &mut playbook, &mut reporter, &cancel).await,
        Some(Err(report)) => told(report, &playbook),
        None => Outcome::Cancelled {
            remains: playbook.remains(),
        },
    };
    if outcome == Outcome::Done
        && let Err(report) = project.settle(document)
    {
        outcome = told(report, &playbook);
    }
    tracing::info!("{PROGRAM} ended: {outcome:?}");
    reporter
        .state(EventKind::Finished {
            outcome: outcome.clone(),
        })
        .await;
    (outcome, playbook)
}

fn told(report: Report, playbook: &Playbook) -> Outcome {
    Outcome::Failed {
        reason: std::iter::once(report.headline)
            .chain(report.causes)
            .collect::<Vec<_>>()
            .join(": "),
        hints: report.hints,
        remains: playbook.remains(),
    }
}

fn start(play: &Play) -> Result<Child, Report> {
    let project = &play.prospect.project;
    let program = found(std::env::var_os("PATH").as_deref()).ok_or_else(|| {
        Report::new(format!("{PROGRAM} is not on this machine."))
            .hint("Install ansible-core 2.14 or later: `apt install ansible-core`, or `pipx install ansible-core`.")
            .hint(format!(
                "The project is complete in {}: it can be run on any machine that has Ansible.",
                project.site().display()
            ))
    })?;
    let variables = project.write_variables(&json!({"pg_leaves": play.prospect.left_slots()}))?;
    let mut command = Command::new(&program);
    command.arg("-i").arg("inventory.yml");
    if let Some(inventory) = &play.access.inventory {
        command.arg("-i").arg(inventory);
    }
    command.arg("-e").arg(at(&variables));
    for one in &play.access.variables {
        command.arg("-e").arg(one);
    }
    command
        .arg("site.yml")
        .current_dir(project.site())
        .env("ANSIBLE_CALLBACK_PLUGINS", project.plugins())
        .env("ANSIBLE_STDOUT_CALLBACK", EVENTS_NAME)
        .env("ANSIBLE_LOG_PATH", project.log())
        .env("ANSIBLE_NOCOLOR", "1")
        .env("ANSIBLE_RETRY_FILES_ENABLED", "0")
        // Ansible refuses to start where the locale is not UTF-8.
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A Ctrl-C of the terminal is ours to pass on, once.
        .process_group(0)
        .kill_on_drop(true);
    tracing::info!("runs {} in {}", program.display(), project.site().display());
    command
        .spawn()
        .map_err(|error| Report::of(format!("{} cannot be started.", program.display()), &error))
}

fn at(path: &Path) -> std::ffi::OsString {
    let mut word = std::ffi::OsString::from("@");
    word.push(path);
    word
}

/// The program in one of these folders.
fn found(path: Option<&OsStr>) -> Option<PathBuf> {
    std::env::split_paths(path?)
        .map(|folder| folder.join(PROGRAM))
        .find(|program| program.is_file())
}

async fn listen(
    mut child: Child,
    playbook: &mut Playbook,
    reporter: &mut Reporter,
    cancel: &Cancel,
) -> Outcome {
    let began = Instant::now();
    let group = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .map(Pid::from_raw);
    let signal = |which| {
        if let Some(group) = group {
            // One that has ended needs no signal.
            let _ = killpg(group, which);
        }
    };
    let complaints = child.stderr.take();
    let complaints = tokio::spawn(async move {
        let mut text = Vec::new();
        if let Some(complaints) = complaints {
            let mut complaints = BufReader::new(complaints);
            let _ = (&mut complaints)
                .take(MOST_COMPLAINT_BYTES)
                .read_to_end(&mut text)
                .await;
            // The rest is read and dropped, so that nobody waits for a full pipe.
            let _ = tokio::io::copy(&mut complaints, &mut tokio::io::sink()).await;
        }
        String::from_utf8_lossy(&text).into_owned()
    });
    let Some(out) = child.stdout.take() else {
        return failed(playbook, "its output cannot be read".to_owned(), Vec::new());
    };
    let mut lines = BufReader::new(out).lines();
    let mut end = began + SILENCE;
    let (mut is_cancelled, mut is_silent) = (false, false);
    loop {
        tokio::select! {
            line = lines.next_line() => match line {
                Ok(Some(line)) => {
                    if !is_cancelled {
                        end = Instant::now() + SILENCE;
                    }
                    let now = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                    for event in playbook.hear(&line, now) {
                        reporter.state(event).await;
                    }
                }
                Ok(None) | Err(_) => break,
            },
            () = cancel.soft.cancelled(), if !is_cancelled => {
                is_cancelled = true;
                end = Instant::now() + ENDING;
                signal(Signal::SIGINT);
            }
            () = cancel.hard.cancelled(), if is_cancelled => {
                signal(Signal::SIGKILL);
                break;
            }
            () = sleep_until(end) => {
                is_silent = !is_cancelled;
                signal(Signal::SIGKILL);
                break;
            }
        }
    }
    let status = if let Ok(Ok(status)) = timeout(ENDING, child.wait()).await {
        Some(status)
    } else {
        signal(Signal::SIGKILL);
        child.wait().await.ok()
    };
    let said = timeout(ENDING, complaints)
        .await
        .ok()
        .and_then(Result::ok)
        .unwrap_or_default();
    if is_cancelled {
        return Outcome::Cancelled {
            remains: playbook.remains(),
        };
    }
    if is_silent {
        let reason = format!("{PROGRAM} said nothing for {} hours", SILENCE.as_secs() / 3600);
        return failed(playbook, reason, Vec::new());
    }
    if status.is_some_and(|status| status.success()) {
        return Outcome::Done;
    }
    match playbook.failure().cloned() {
        Some((reason, hints)) => failed(playbook, reason, hints),
        None => failed(playbook, complaint(&said, status), Vec::new()),
    }
}

fn failed(playbook: &Playbook, reason: String, hints: Vec<String>) -> Outcome {
    Outcome::Failed {
        reason,
        hints,
        remains: playbook.remains(),
    }
}

/// Why it ended before any host was asked: in its own words.
fn complaint(said: &str, status: Option<ExitStatus>) -> String {
    const MOST_LINES: usize = 3;
    let errors: Vec<&str> = said
        .lines()
        .map(str::trim)
        .filter(|line| {
            !line.is_empty() && !line.starts_with("[WARNING]") && !line.starts_with("[DEPRECATION")
        })
        .take(MOST_LINES)
        .collect();
    if errors.is_empty() {
        let how = status.map_or_else(|| "without a status".to_owned(), |status| status.to_string());
        return format!("{PROGRAM} ended: {how}");
    }
    format!("{PROGRAM}: {}", errors.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_is_the_error_and_not_the_warnings() {
        let said = "[WARNING]: * Failed to parse\nERROR! the playbook: x.yml could not be found\n";
        assert_eq!(
            complaint(said, None),
            "ansible-playbook: ERROR! the playbook: x.yml could not be found"
        );
        assert_eq!(complaint("", None), "ansible-playbook ended: without a status");
    }

    #[test]
    fn the_program_is_looked_for_in_the_path() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(found(Some(folder.path().as_os_str())), None);
        std::fs::write(folder.path().join(PROGRAM), "").unwrap();
        assert!(found(Some(folder.path().as_os_str())).is_some());
        assert_eq!(found(None), None);
    }
}
