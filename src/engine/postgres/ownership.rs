//! Whose server is it? Before any signal, a postmaster must prove by its own words and by the kernel's that it is the
//! one that runs on the data directory we recorded.
//!
//! `postmaster.pid` alone proves nothing: it survives a crash, travels with a copied folder, and its pid may by now
//! be another program's. So: its second line is this directory, the process lives, it is a `postgres`, its working
//! directory is this directory, and it began when the file says (or carries the cluster's id in its environment).

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;
use thiserror::Error;

use crate::engine::system::{plain, processes};

/// In the environment of everything that pgcascade starts for a cluster: the cluster's id.
pub const PROOF: &str = "PGCASCADE_CLUSTER";

/// How far the start times that file and kernel name may lie apart: both are rounded to seconds.
const START_TOLERANCE_SECS: i64 = 2;

/// A postmaster, or a single-user server, that was proved to run on the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    pub pid: u32,
    /// A server that speaks to its standard input only, from pgcascade's own set-up.
    pub is_single_user: bool,
    /// The port it listens on, once it has written it.
    pub port: Option<u16>,
    /// From 10 on: it accepts connections, or, a standby with hot_standby off, applies WAL and never will.
    pub says_ready: bool,
    /// From 10 on: it was told to stop, and will be gone once its sessions and its standbys have their last word.
    pub is_stopping: bool,
}

/// Something runs there, or may run there, but is not proved to be ours; the sentence names what disagrees.
#[derive(Debug, Error)]
pub enum Doubt {
    #[error("{file} cannot be read: {source}", file = file.display())]
    Unreadable { file: PathBuf, source: std::io::Error },
    #[error("its postmaster.pid belongs to another directory ({}), so its server is not this cluster's", .0.display())]
    OtherDirectory(PathBuf),
    #[error("process {0} cannot be identified, so it is left alone")]
    Hidden(u32),
    #[error("process {0} may be its server, but this system has no /proc to prove it, so it is left alone")]
    NoProof(u32),
    #[error(
        "process {pid} works in the data directory, but its start time is {seconds} s off the one in \
         postmaster.pid, so it is left alone"
    )]
    OtherStart { pid: u32, seconds: i64 },
}

/// What runs on the data directory; `None`: nothing does (no file, or one that a dead server left).
pub fn running(data: &Path, cluster: &str) -> Result<Option<Running>, Doubt> {
    let file = data.join("postmaster.pid");
    // A server writes ASCII; whatever else is in it, its first lines count.
    let text = match plain::read(&file, plain::SMALL_BYTES) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(source) => return Err(Doubt::Unreadable { file, source }),
    };
    let mut lines = text.lines().map(str::trim);
    let Some(number) = lines.next().and_then(|line| line.parse::<i64>().ok()) else {
        // Just being written, or cut off by a full disk: no process is named, so there is none to prove.
        return Ok(None);
    };
    let Some(pid) = u32::try_from(number.unsigned_abs()).ok().filter(|pid| *pid > 1) else {
        return Ok(None);
    };
    let recorded = PathBuf::from(lines.next().unwrap_or_default());
    let began: Option<i64> = lines.next().and_then(|line| line.parse().ok());
    let port = lines.next().and_then(|line| line.parse().ok());
    let state = lines.nth(3);

    let directory = canonical(data);
    if canonical(&recorded) != directory {
        return Err(Doubt::OtherDirectory(recorded));
    }
    if !processes::can_be_seen() {
        return Err(Doubt::NoProof(pid));
    }
    if !processes::is_alive(pid) {
        return Ok(None);
    }
    match processes::working_directory(pid) {
        Some(at) if at == directory => {}
        // A server never leaves its data directory: the number is another program's by now.
        Some(_) => return Ok(None),
        None if !processes::is_alive(pid) => return Ok(None),
        // We cannot look at it, but see that it is somebody else's: not even root's servers run as another user than
        // the one who asks here, since root can look. The file is an old one, and its number was given out again.
        None if processes::user(pid).is_some_and(|user| user != geteuid().as_raw()) => return Ok(None),
        None => return Err(Doubt::Hidden(pid)),
    }
    if !is_server_program(pid) {
        return Ok(None);
    }
    let seconds = match (began, processes::start_time(pid)) {
        (Some(began), Some(seen)) => (seen - began).abs(),
        _ => i64::MAX,
    };
    if seconds > START_TOLERANCE_SECS && !processes::was_started_with(pid, PROOF, cluster) {
        return Err(Doubt::OtherStart { pid, seconds });
    }
    Ok(Some(Running {
        pid,
        is_single_user: number < 0,
        port,
        says_ready: matches!(state, Some("ready" | "standby")),
        is_stopping: state == Some("stopping"),
    }))
}

/// True if the directory's pid file names a process that has ended and that its parent has not taken note of yet: to a server
/// that starts there, it still runs.
pub fn names_zombie(data: &Path) -> bool {
    let Ok(bytes) = plain::read(&data.join("postmaster.pid"), plain::SMALL_BYTES) else {
        return false;
    };
    let text = String::from_utf8_lossy(&bytes);
    let number = text
        .lines()
        .next()
        .and_then(|line| line.trim().parse::<i64>().ok());
    let pid = number.and_then(|number| u32::try_from(number.unsigned_abs()).ok());
    pid.is_some_and(|pid| !processes::is_alive(pid) && processes::start_ticks(pid).is_some())
}

/// Other processes of the cluster: started for it (by its id in their environment), or a `postgres` that works in one
/// of its data directories (a server's children lose their environment). What else works inside the cluster's folder,
/// such as somebody's psql or a server of their own, is not ours to end.
pub fn helpers(data: &[PathBuf], cluster: &str) -> Vec<u32> {
    let data: Vec<PathBuf> = data.iter().map(|one| canonical(one)).collect();
    let own = std::process::id();
    processes::all()
        .into_iter()
        .filter(|pid| *pid != own && processes::is_alive(*pid))
        .filter(|pid| {
            let works_on_ours = || {
                processes::working_directory(*pid).is_some_and(|at| data.contains(&at))
                    && is_server_program(*pid)
            };
            processes::was_started_with(*pid, PROOF, cluster) || works_on_ours()
        })
        .collect()
}

/// The `postgres` processes that work in one of our data directories, whether their server still runs or was killed.
pub fn orphans(data: &Path) -> Vec<u32> {
    let data = canonical(data);
    processes::all()
        .into_iter()
        .filter(|pid| processes::is_alive(*pid) && is_server_program(*pid))
        .filter(|pid| processes::working_directory(*pid).is_some_and(|at| at == data))
        .collect()
}

/// True for `postgres`, also if an update has replaced its file meanwhile.
fn is_server_program(pid: u32) -> bool {
    const REPLACED: &str = " (deleted)";
    processes::program(pid).is_some_and(|program| {
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        name.strip_suffix(REPLACED).unwrap_or(&name) == "postgres"
    })
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A program called `name` in `at` that does nothing, and the pid file's first lines that would name it.
    fn sleeper(name: &str, at: &Path) -> (std::process::Child, String) {
        use std::os::unix::process::CommandExt as _;
        let program = at.join(name);
        let mut sleep = ["/bin/sleep", "/usr/bin/sleep"].iter().map(Path::new);
        fs::copy(sleep.find(|path| path.exists()).unwrap(), &program).unwrap();
        let child = std::process::Command::new(&program)
            // Where all small programs are one, it does what it is called.
            .arg0("sleep")
            .arg("60")
            .current_dir(at)
            .spawn()
            .unwrap();
        while processes::program(child.id()).as_deref() != Some(&program) {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let began = processes::start_time(child.id()).unwrap();
        let text = format!("{}\n{}\n{began}\n5432\n", child.id(), at.display());
        (child, text)
    }

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap();
        (folder, path)
    }

    #[test]
    fn only_a_process_that_agrees_in_everything_is_ours() {
        let (_keep, data) = folder();
        let (_keep_too, elsewhere) = folder();
        let (mut child, text) = sleeper("postgres", &data);
        let check = |text: &str| {
            fs::write(data.join("postmaster.pid"), text).unwrap();
            running(&data, "no such id")
        };
        let found = check(&text).unwrap().unwrap();
        assert_eq!((found.pid, found.port), (child.id(), Some(5432)));

        let began = processes::start_time(child.id()).unwrap();
        let late = text.replace(&began.to_string(), &(began - 60).to_string());
        assert!(matches!(check(&late), Err(Doubt::OtherStart { seconds: 60, .. })));

        let copied = text.replace(data.to_str().unwrap(), elsewhere.to_str().unwrap());
        assert!(matches!(check(&copied), Err(Doubt::OtherDirectory(_))));

        // Another program has the number by now.
        let (mut stranger, _) = sleeper("postgres", &elsewhere);
        let reused = text.replace(&child.id().to_string(), &stranger.id().to_string());
        assert!(check(&reused).unwrap().is_none());

        // Or it is a program that is not a server, though all else agrees.
        let (mut other, agrees) = sleeper("sleep", &data);
        assert!(check(&agrees).unwrap().is_none());
        assert_eq!(helpers(std::slice::from_ref(&data), "no such id"), [child.id()]);

        for nothing in ["", "x", "0", "1\n", "-1\n"] {
            assert!(check(nothing).unwrap().is_none(), "{nothing:?}");
        }
        for one in [&mut child, &mut stranger, &mut other] {
            one.kill().unwrap();
            one.wait().unwrap();
        }
        assert!(check(&text).unwrap().is_none(), "it is dead");
    }

    #[test]
    fn a_server_that_was_killed_is_named_until_its_parent_has_taken_note() {
        let folder = tempfile::tempdir().unwrap();
        let (mut child, text) = sleeper("postgres", folder.path());
        fs::write(folder.path().join("postmaster.pid"), text).unwrap();
        assert!(!names_zombie(folder.path()), "it runs");
        child.kill().unwrap();
        while processes::is_alive(child.id()) {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        assert!(names_zombie(folder.path()));
        child.wait().unwrap();
        assert!(!names_zombie(folder.path()));
        fs::remove_file(folder.path().join("postmaster.pid")).unwrap();
        assert!(!names_zombie(folder.path()));
    }
}
