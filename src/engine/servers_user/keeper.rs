//! The process that stays root: asked through a pipe, for one folder.
//!
//! It is asked from deep inside a deployment or a teardown, about the one folder that this program was called for. That is
//! a fact about the process, as its user is, and so stands in one place for all of it.

use std::io::{self, BufRead as _, BufReader, ErrorKind, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::program;
use super::provide::{GIVE_BACK, LOOK, MAKE, OK};
use crate::engine::system::files::Owner;
use crate::report::Report;

/// What the hidden command of the program is called that serves.
pub const COMMAND: &str = "keep-folder";

#[derive(Debug)]
struct Keeper {
    folder: PathBuf,
    /// `None` once it has ended.
    pipes: Mutex<Option<Pipes>>,
}

#[derive(Debug)]
struct Pipes {
    /// Ends when its input is closed, and so with us, however we end.
    process: Child,
    ask: ChildStdin,
    answer: BufReader<ChildStdout>,
}

static KEEPER: OnceLock<Keeper> = OnceLock::new();

/// Starts it, while we are root still.
pub(super) fn start(folder: &Path, owner: Owner) -> Result<(), Report> {
    let failed = |error: &dyn std::error::Error| {
        Report::of("The helper process that keeps root did not start.", error)
    };
    let program =
        program::path().ok_or_else(|| Report::new("The helper process that keeps root has no program."))?;
    let mut process = Command::new(program)
        .arg0("pgcascade")
        .arg(COMMAND)
        .arg(folder)
        .args([owner.uid.to_string(), owner.gid.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // Ctrl-C is for us: what we undo in answer to it may need the keeper.
        .process_group(0)
        .spawn()
        .map_err(|error| failed(&error))?;
    let (Some(ask), Some(answer)) = (process.stdin.take(), process.stdout.take()) else {
        return Err(Report::new("The helper process that keeps root has no pipes."));
    };
    let pipes = Pipes {
        process,
        ask,
        answer: BufReader::new(answer),
    };
    let _ = KEEPER.set(Keeper {
        folder: folder.to_owned(),
        pipes: Mutex::new(Some(pipes)),
    });
    Ok(())
}

/// Whether the keeper would make this folder; the error says why not.
///
/// # Errors
///
/// `Unsupported` if nobody is there to ask, else what the keeper says.
pub fn look(folder: &Path) -> io::Result<()> {
    ask(folder, LOOK)
}

/// Makes the folder, and those above it that are missing; or hands over an empty one of root's.
///
/// # Errors
///
/// `Unsupported` if nobody is there to ask, else what the keeper says.
pub fn make(folder: &Path) -> io::Result<()> {
    ask(folder, MAKE)
}

/// Removes the folder if the keeper made it and it is empty, with the parents made for it; takes one back that was root's.
///
/// # Errors
///
/// `Unsupported` if nobody is there to ask, else what the keeper says.
pub fn give_back(folder: &Path) -> io::Result<()> {
    ask(folder, GIVE_BACK)
}

/// Ends it, and waits until it is gone: nothing of us is left when we are.
pub fn end() {
    let pipes = KEEPER
        .get()
        .and_then(|keeper| keeper.pipes.lock().unwrap_or_else(PoisonError::into_inner).take());
    if let Some(Pipes {
        mut process,
        ask,
        answer,
    }) = pipes
    {
        // It reads the end of its questions.
        drop((ask, answer));
        let _ = process.wait();
    }
}

fn ask(folder: &Path, what: &str) -> io::Result<()> {
    let keeper = KEEPER
        .get()
        .filter(|keeper| keeper.folder == folder)
        .ok_or(ErrorKind::Unsupported)?;
    let mut pipes = keeper.pipes.lock().unwrap_or_else(PoisonError::into_inner);
    let pipes = pipes.as_mut().ok_or(ErrorKind::Unsupported)?;
    writeln!(pipes.ask, "{what}")?;
    pipes.ask.flush()?;
    let mut line = String::new();
    // It answers after a handful of system calls, or is gone: then the line is empty.
    pipes.answer.read_line(&mut line)?;
    match line.trim_end() {
        OK => Ok(()),
        "" => Err(io::Error::new(
            ErrorKind::BrokenPipe,
            "the helper process that keeps root is gone",
        )),
        why => Err(io::Error::new(ErrorKind::PermissionDenied, why.to_owned())),
    }
}
