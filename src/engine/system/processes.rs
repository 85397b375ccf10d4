//! What the kernel says about processes, from `/proc`. Reads only, and knows nothing of PostgreSQL.
//!
//! A process that is gone, hidden or a zombie gives `None` or `false`: anyone who asks must then not touch it.

use std::fs;
use std::path::PathBuf;

use nix::unistd::{SysconfVar, sysconf};

/// What field 3, 4 and 22 of `/proc/PID/stat` say.
struct Stat {
    state: char,
    parent: u32,
    start_ticks: u64,
}

/// True if this system says anything about processes at all: without `/proc` every one would look dead.
pub fn can_be_seen() -> bool {
    fs::exists("/proc/self/stat").unwrap_or(false)
}

/// True if the process exists and is not a zombie.
pub fn is_alive(pid: u32) -> bool {
    stat(pid).is_some_and(|stat| !matches!(stat.state, 'Z' | 'X' | 'x'))
}

/// True if it was stopped by a signal, or is held by a debugger: it does nothing until it is told to go on.
pub fn is_stopped(pid: u32) -> bool {
    stat(pid).is_some_and(|stat| matches!(stat.state, 'T' | 't'))
}

/// When it began, in clock ticks since boot: with the pid it names one process forever.
pub fn start_ticks(pid: u32) -> Option<u64> {
    stat(pid).map(|stat| stat.start_ticks)
}

/// When it began, in seconds since 1970; the kernel rounds, so compare with tolerance.
pub fn start_time(pid: u32) -> Option<i64> {
    let ticks = i64::try_from(start_ticks(pid)?).ok()?;
    let per_second = sysconf(SysconfVar::CLK_TCK).ok()??;
    let boot = fs::read_to_string("/proc/stat").ok()?;
    let boot: i64 = boot
        .lines()
        .find_map(|line| line.strip_prefix("btime "))?
        .trim()
        .parse()
        .ok()?;
    Some(boot + ticks / per_second.max(1))
}

/// Its working directory, as far as we may see it.
pub fn working_directory(pid: u32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/cwd")).ok()
}

/// The number of the user it runs as (the effective one); also of processes that we may not look into.
pub fn user(pid: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let numbers = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    numbers.split_whitespace().nth(1)?.parse().ok()
}

/// The program it runs.
pub fn program(pid: u32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/exe")).ok()
}

/// True if it was started with `name=value` in its environment.
pub fn was_started_with(pid: u32, name: &str, value: &str) -> bool {
    let wanted = format!("{name}={value}");
    fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environment| {
        environment
            .split(|byte| *byte == 0)
            .any(|one| one == wanted.as_bytes())
    })
}

/// Its short name, as `ps` shows it.
pub fn name(pid: u32) -> Option<String> {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    Some(name.trim_end().to_owned())
}

/// How many processes and threads a user has: what the kernel's bound on them counts.
pub fn count_of(number: u32) -> u64 {
    let threads = |pid: u32| -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name));
        // The real one, not the effective.
        let is_theirs = field("Uid:")?.split_whitespace().next()?.parse() == Ok(number);
        is_theirs.then(|| field("Threads:")?.trim().parse().ok())?
    };
    all().into_iter().filter_map(threads).sum()
}

/// The processes that a process has started and that still run.
pub fn children(of: u32) -> Vec<u32> {
    let is_child = |pid: &u32| stat(*pid).is_some_and(|stat| stat.parent == of);
    all().into_iter().filter(is_child).collect()
}

/// Every process there is.
pub fn all() -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect()
}

fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may itself hold blanks and parentheses: everything counts from the last one.
    let (_, fields) = text.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    Some(Stat {
        state: fields.next()?.chars().next()?,
        parent: fields.next()?.parse().ok()?,
        start_ticks: fields.nth(17)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn we_are_alive_and_began_before_now() {
        let own = std::process::id();
        assert!(is_alive(own));
        assert!(all().contains(&own));
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap();
        let began = start_time(own).unwrap();
        assert!(began <= i64::try_from(now.as_secs()).unwrap() + 2, "{began}");
        assert_eq!(working_directory(own), std::env::current_dir().ok());
        assert_eq!(user(own), Some(nix::unistd::geteuid().as_raw()));
        assert_eq!(program(own), std::env::current_exe().ok());
    }

    #[test]
    fn a_zombie_is_not_alive() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id();
        while is_alive(pid) {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert!(start_ticks(pid).is_some(), "it is still in the table");
        child.wait().unwrap();
        assert!(start_ticks(pid).is_none());
    }

    #[test]
    fn a_stopped_process_is_alive_and_stopped() {
        use nix::sys::signal::{Signal, kill};
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let pid = child.id();
        let own = nix::unistd::Pid::from_raw(i32::try_from(pid).unwrap());
        for (signal, stopped) in [(Signal::SIGSTOP, true), (Signal::SIGCONT, false)] {
            kill(own, signal).unwrap();
            while is_stopped(pid) != stopped {
                assert!(is_alive(pid));
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            assert!(is_alive(pid));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!is_stopped(pid));
    }

    #[test]
    fn the_environment_is_matched_whole() {
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .env("PGC_TEST", "abc")
            .spawn()
            .unwrap();
        let pid = child.id();
        // Between fork and exec it still shows ours, and for a moment after that none.
        while !was_started_with(pid, "PGC_TEST", "abc") {
            assert!(is_alive(pid));
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert!(!was_started_with(pid, "PGC_TEST", "ab"));
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
