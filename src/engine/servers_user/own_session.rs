//! What runs for a cluster leads a session of its own, and so has no controlling terminal.
//!
//! A server that is a plain child stays in the session of the shell that pgcascade was called from. Where the kernel lets a
//! process type into its controlling terminal (TIOCSTI), a superuser of the cluster could type into that shell, root's too.
//! Between fork and exec only unsafe code can act, so the program is called again under a hidden name: it leaves the session
//! and becomes what was asked for, with the same number, environment and folder. That costs about a millisecond.

use std::convert::Infallible;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use nix::unistd::{AccessFlags, access, setsid};

use super::program;

/// What the hidden command of the program is called that does this. Not one of clap's: it must be quick, and what comes
/// after it is somebody else's.
pub const COMMAND: &str = "own-session";

/// How the hidden command ends if it cannot become the other program, as a shell would.
pub const NOT_STARTED: u8 = 127;

/// A command that becomes `wanted`, which its arguments are for. It leads a session and a process group of its own; where
/// there is no program to be called again, or this user may not run it, only the group.
pub(in crate::engine) fn command(wanted: &Path) -> tokio::process::Command {
    let own = program::path().filter(|program| access(*program, AccessFlags::X_OK).is_ok());
    let mut command = Command::new(own.unwrap_or(wanted));
    if own.is_some() {
        command.arg0("pgcascade").arg(COMMAND).arg(wanted);
    } else {
        command.process_group(0);
    }
    command.into()
}

/// Whether this program was called for that: what comes after the hidden command.
pub fn asked_for(mut arguments: impl Iterator<Item = OsString>) -> Option<Vec<OsString>> {
    (arguments.next()? == COMMAND).then(|| arguments.collect())
}

/// Leaves the session, and becomes the program that the first of `words` names, with the others as its arguments.
///
/// # Errors
///
/// If this process leads a group already, which pgcascade sees to that it does not, or if the program cannot be run.
pub fn become_program(words: &[OsString]) -> io::Result<Infallible> {
    let (program, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    setsid()?;
    Err(Command::new(program).args(arguments).exec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_hidden_command_is_taken_for_it() {
        let asked = |words: &[&str]| asked_for(words.iter().map(OsString::from));
        assert_eq!(asked(&["own-session", "/bin/x", "-D"]).unwrap(), ["/bin/x", "-D"]);
        assert_eq!(asked(&["deploy", "own-session"]), None);
        assert_eq!(asked(&[]), None);
    }
}
