//! Runs PostgreSQL's programs to their end: initdb, and the server in single-user mode.

use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};

use super::build::BuildHost;
use super::template::InitdbWay;
use crate::engine::desk::log::command_line;
use crate::engine::run::Work;
use crate::engine::system::plain;
use crate::engine::system::wait::Failure;
use crate::model::configuration::ClusterFolder;
use crate::model::quoting::{identifier, literal};
use crate::model::topology::Auth;
use crate::report::Report;

/// A program that was asked to end has this long to come to the end of what it does just now, and to clean up.
const END: Duration = Duration::from_secs(8);
/// Lines of a failed program that are shown as hints.
const HINT_LINES: usize = 6;
/// How initdb's line begins once a third of the files are there, from 9.6 on and before it. With the rest it is busy for
/// twice as long, on one core: the others can copy.
const FIRST_FILES: [&str; 2] = [
    "running bootstrap script ... ok",
    "creating template1 database in ",
];

/// Programs that this machine runs at once.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, NonZeroUsize::get)
}

impl BuildHost {
    pub(super) async fn run_initdb(
        &self,
        data: &str,
        way: InitdbWay<'_>,
        password_file: Option<&str>,
        work: &Work,
    ) -> Result<(), Failure> {
        let mut command = self.bench.site.program("initdb", &self.bench.site.folder);
        let target = self.bench.inside(data)?;
        command
            .arg("-D")
            .arg(&target)
            .args(["-U", ClusterFolder::SUPERUSER, "-A", way.auth_method])
            // The machine's locale is not part of the design.
            .args(["-E", "UTF8", "--no-locale"]);
        if let Some(file) = password_file {
            command.arg(format!("--pwfile={}", self.bench.inside(file)?.display()));
        }
        if way.no_sync {
            command.arg("-N");
        }
        // Behind the usual ones: of two the last counts.
        command.args(way.options);
        let cores = cores();
        let each = |line: &str| {
            work.output(line);
            if FIRST_FILES.iter().any(|made| line.starts_with(made)) {
                // What is in the way is said below.
                let _ = self.copy_ahead(&target, cores - 1);
            }
        };
        run("initdb", command, None, Lines::All(&each), work).await?;
        self.copy_ahead(&target, cores)
    }

    /// One start in single-user mode: `options` go into pg_control, and the replication role is made.
    pub(super) async fn create_role(
        &self,
        data: &str,
        options: &[String],
        role: &str,
        password_file: Option<&str>,
        work: &Work,
    ) -> Result<(), Failure> {
        let data = self.bench.inside(data)?;
        let mut command = self.bench.site.program("postgres", &data);
        // Nothing is flushed (-F), as by initdb before: a crash now would lose nothing that anyone has.
        command.arg("--single").arg("-F").arg("-D").arg(&data);
        for option in options {
            command.args(["-c", option]);
        }
        command.arg("postgres");
        // A statement that failed would be logged with the password in it.
        let mut sql = "SET log_min_error_statement = panic\n".to_owned();
        let read = |file: &str| -> Result<String, Report> {
            let password = plain::text_below(&self.bench.site.folder, file)
                .map_err(|error| Report::of(format!("The password in {file} cannot be read."), &error))?;
            Ok(literal(password.trim_end_matches('\n')))
        };
        if self.bench.site.major.has_scram() && self.bench.document.topology().effective_auth() == Auth::Scram
        {
            sql.push_str("SET password_encryption = 'scram-sha-256'\n");
        }
        // Dropping the lock before the wait below: anyone who cancels needs it.
        let superuser = self.bench.claim().superuser_password.clone();
        if let Some(file) = superuser {
            let _ = writeln!(
                sql,
                "ALTER ROLE {} PASSWORD {}",
                identifier(ClusterFolder::SUPERUSER),
                read(&file)?
            );
        }
        let _ = write!(sql, "CREATE ROLE {} LOGIN REPLICATION", identifier(role));
        if let Some(file) = password_file {
            let _ = write!(sql, " PASSWORD {}", read(file)?);
        }
        sql.push('\n');
        let made = run("postgres --single", command, Some(sql), Lines::Errors, work).await;
        if matches!(made, Err(Failure::Failed(_))) {
            self.forget_template();
        }
        made
    }
}

/// Which lines of a program count.
pub(super) enum Lines<'a> {
    /// Everything it prints is told to this.
    All(&'a (dyn Fn(&str) + Sync)),
    /// Standard output is a prompt and its echo. An ERROR there is a failure, though the program ends with 0.
    Errors,
}

/// Runs a program to its end; what it prints becomes output.
pub(super) async fn run(
    name: &str,
    mut command: Command,
    input: Option<String>,
    lines: Lines<'_>,
    work: &Work,
) -> Result<(), Failure> {
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    if input.is_some() {
        command.stdin(Stdio::piped());
    }
    tracing::info!("runs {}", command_line(command.as_std()));
    let mut child = command
        .spawn()
        .map_err(|error| Report::of(format!("{name} could not be started."), &error))?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let feed = async {
        if let (Some(mut stdin), Some(input)) = (stdin, input) {
            // A program that ended early is noticed by its exit status.
            let _ = stdin.write_all(input.as_bytes()).await;
        }
    };
    let talk = async {
        let ((), out, err) = tokio::join!(
            feed,
            read_lines(stdout, |line| {
                if let Lines::All(each) = &lines {
                    each(line);
                }
            }),
            read_lines(stderr, |line| work.output(line)),
        );
        (out, err, child.wait().await)
    };
    let ended = tokio::select! {
        biased;
        () = work.wait.cancel.cancelled() => None,
        ended = tokio::time::timeout_at(work.wait.deadline, talk) => Some(ended),
    };
    let (out, err, status) = match ended {
        None => {
            tracing::warn!("{name} was stopped: cancelled");
            end(&mut child).await;
            return Err(Failure::Cancelled);
        }
        Some(Err(_)) => {
            end(&mut child).await;
            return Err(Report::new(format!("{name} took longer than its deadline.")).into());
        }
        Some(Ok(done)) => done,
    };
    let status = status.map_err(|error| Report::of(format!("{name} was lost."), &error))?;
    tracing::info!("{name} ended: {status}");
    let said_error = matches!(lines, Lines::Errors)
        && err
            .iter()
            .any(|line| line.contains("ERROR:") || line.contains("FATAL:"));
    if status.success() && !said_error {
        return Ok(());
    }
    let mut report = Report::new(format!("{name} failed ({status})."));
    let said = if err.is_empty() { out } else { err };
    let skip = said.len().saturating_sub(HINT_LINES);
    report.hints = said.into_iter().skip(skip).collect();
    Err(report.into())
}

/// Every line that comes, also told to `each`.
async fn read_lines(from: Option<impl AsyncRead + Unpin>, each: impl Fn(&str)) -> Vec<String> {
    /// What a report can use of a program that never stops talking.
    const KEPT: usize = 100;
    let mut kept: Vec<String> = Vec::new();
    let Some(from) = from else {
        return kept;
    };
    let mut reader = BufReader::new(from);
    let mut bytes = Vec::new();
    while matches!(reader.read_until(b'\n', &mut bytes).await, Ok(1..)) {
        let line = String::from_utf8_lossy(&bytes);
        let line = line.trim_end();
        if !line.is_empty() {
            each(line);
            if kept.len() == KEPT {
                kept.remove(0);
            }
            kept.push(line.to_owned());
        }
        bytes.clear();
    }
    kept
}

/// Ends a program: it leads a session of its own, and is our child, so the number is sure. Asked alone, it ends
/// with what it has just started: a server that initdb runs for a moment, told to end by a signal of its own, would leave
/// its shared memory behind. What does not heed that is ended with all it started.
async fn end(child: &mut Child) {
    let tell: [fn(Pid) -> nix::Result<()>; 2] = [
        |pid| kill(pid, Signal::SIGTERM),
        |pid| killpg(pid, Signal::SIGKILL),
    ];
    for tell in tell {
        let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) else {
            return;
        };
        // Ended in this moment is as good.
        let _ = tell(Pid::from_raw(pid));
        if tokio::time::timeout(END, child.wait()).await.is_ok() {
            return;
        }
    }
}
