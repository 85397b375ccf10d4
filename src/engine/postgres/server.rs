//! One server's process: start it, wait until it is ready, stop it, and sweep up what a crash left running.
//!
//! A server is started as a plain child in a session of its own: a dead start is seen at once, Ctrl-C in our
//! terminal does not reach it, and it lives on when we end.

use std::net::IpAddr;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::engine::cluster::site::Site;
use crate::engine::desk::log::command_line;
use crate::engine::postgres::ownership;
use crate::engine::postgres::sql::Session;
use crate::engine::system::files;
use crate::engine::system::processes;
use crate::engine::system::wait::{Failure, POLL, Wait};
use crate::model::configuration::ClusterFolder;
use crate::report::Report;

/// A fast stop of a primary waits for every standby to confirm: a frozen one costs up to wal_sender_timeout.
pub const FAST_STOP: Duration = Duration::from_secs(30);
/// What is removed next need not end well, and there may be many.
pub const FAST_STOP_FOR_GOOD: Duration = Duration::from_secs(5);
/// An immediate stop waits for nobody.
const IMMEDIATE_STOP: Duration = Duration::from_secs(10);
/// What was asked to end has this long before it is made to. Longer than the five seconds after which a server kills
/// its own children that do not heed an immediate stop: without it, they would stay.
const TOOL_GRACE: Duration = Duration::from_secs(9);
/// A server that is given up before it has named itself has this long to end, and as long again once it is made to.
const GIVEN_UP: Duration = Duration::from_secs(3);
/// The parent of a server that was killed takes note of that within so long, or the start says why not.
const BURIAL: Duration = Duration::from_secs(10);
/// From a server's start until it names itself in postmaster.pid.
const NAMES_ITSELF: Duration = Duration::from_secs(20);

/// A server of a cluster, as its process is concerned.
#[derive(Clone, Debug)]
pub struct Target {
    pub name: String,
    /// Its folder under `servers/`.
    pub folder: String,
    pub address: IpAddr,
    pub port: u16,
}

/// A server that we started ourselves, and so can hear die.
#[derive(Clone, Debug)]
pub struct Started {
    pid: u32,
    ended: watch::Receiver<Option<String>>,
}

impl Started {
    /// How it ended, if it did.
    pub fn ended(&self) -> Option<String> {
        self.ended.borrow().clone()
    }
}

/// Starts a server in the background, and waits until it has named itself, so that a later pgcascade would find it.
pub async fn start(
    site: &Site,
    target: &Target,
    pass_file_in_environment: bool,
    wait: &Wait,
) -> Result<Started, Failure> {
    if let Some(data) = site.own_data(&target.folder) {
        let burial = wait.at_most(BURIAL);
        // Processes of its last run hold its shared memory until they end, and a new one would give up.
        let is_alone = || !ownership::names_zombie(&data) && ownership::orphans(&data).is_empty();
        while !is_alone() && burial.next().await? {}
    }
    let started = spawn(site, target, pass_file_in_environment)?;
    let wait = wait.at_most(NAMES_ITSELF);
    loop {
        if let Some(how) = started.ended() {
            return Err(died(site, target, &how).into());
        }
        if matches!(site.running(&target.folder), Ok(Some(running)) if running.pid == started.pid) {
            return Ok(started);
        }
        match wait.next().await {
            Ok(true) => {}
            Ok(false) => {
                give_up(&started).await;
                return Err(Report::new(format!("{} did not start.", target.name)).into());
            }
            Err(failure) => {
                give_up(&started).await;
                return Err(failure);
            }
        }
    }
}

fn spawn(site: &Site, target: &Target, pass_file_in_environment: bool) -> Result<Started, Report> {
    let headline = || format!("{} could not be started.", target.name);
    let data = site.own_data(&target.folder).ok_or_else(|| {
        let data = site.data(&target.folder);
        let is_missing =
            std::fs::symlink_metadata(&data).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound);
        Report::new(headline()).hint(if is_missing {
            format!("There is no {}.", data.display())
        } else {
            format!("{} is not the directory made by pgcascade.", data.display())
        })
    })?;
    let log = files::open_log(&site.path(&ClusterFolder::log(&target.folder)), site.owner)
        .and_then(|log| Ok((log.try_clone()?, log)))
        .map_err(|error| Report::of(headline(), &error))?;
    let mut command = site.program("postgres", &data);
    command.arg("-D").arg(&data).stdout(log.0).stderr(log.1);
    if pass_file_in_environment {
        command.env("PGPASSFILE", site.path(ClusterFolder::REPLICATION_PGPASS));
    }
    let mut child = command.spawn().map_err(|error| Report::of(headline(), &error))?;
    let pid = child.id().ok_or_else(|| Report::new(headline()))?;
    tracing::info!(
        "started {} as process {pid}: {}",
        target.name,
        command_line(command.as_std())
    );
    let name = target.name.clone();
    let (tell, ended) = watch::channel(None);
    tokio::spawn(async move {
        let how = match child.wait().await {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        tracing::info!("{name}, process {pid}, ended: {how}");
        let _ = tell.send(Some(how));
    });
    Ok(Started { pid, ended })
}

/// Waits until the server accepts connections; fails at once if it dies.
pub async fn wait_ready(
    site: &Site,
    target: &Target,
    started: Option<&Started>,
    wait: &Wait,
) -> Result<(), Failure> {
    loop {
        if let Some(how) = started.and_then(Started::ended) {
            return Err(died(site, target, &how).into());
        }
        let running = site
            .running(&target.folder)
            .map_err(|doubt| Report::of(format!("{} is not ready.", target.name), &doubt))?;
        let seen = match running {
            None => "it is not running".to_owned(),
            Some(running) if running.port.is_some_and(|port| port != target.port) => {
                format!("it listens on another port than {}", target.port)
            }
            Some(running) if site.major.reports_ready_in_pid_file() && running.says_ready => return Ok(()),
            Some(_) if site.major.reports_ready_in_pid_file() => "it is still starting".to_owned(),
            Some(_) => match wait
                .hear(Session::open(site, target.address, target.port))
                .await?
            {
                Ok(_) => return Ok(()),
                Err(error) if error.stays() => {
                    return Err(Report::of(format!("{} cannot be queried.", target.name), &error).into());
                }
                Err(error) => error.to_string(),
            },
        };
        if !wait.next().await? {
            return Err(late(site, target, &seen).into());
        }
    }
}

/// Stops a server: fast (it has so long), then, if it hangs, at once. `Ok(false)`: it did not run.
pub async fn stop(
    site: &Site,
    target: &Target,
    started: Option<&Started>,
    fast: Duration,
    wait: &Wait,
) -> Result<bool, Failure> {
    for (signal, patience) in [(Signal::SIGINT, fast), (Signal::SIGQUIT, IMMEDIATE_STOP)] {
        match end_by(site, target, started, signal, &wait.at_most(patience)).await? {
            Ended::Did => return Ok(true),
            Ended::WasDown => return Ok(signal == Signal::SIGQUIT),
            Ended::Hangs => {}
        }
    }
    Err(Report::new(format!("{} does not stop.", target.name)).into())
}

/// Stops a server in immediate mode, without asking it to finish anything. Nothing, if it does not run.
pub async fn stop_immediately(site: &Site, target: &Target, wait: &Wait) -> Result<(), Failure> {
    match end_by(site, target, None, Signal::SIGQUIT, wait).await? {
        Ended::Did | Ended::WasDown => Ok(()),
        Ended::Hangs => Err(Report::new(format!("{} does not stop.", target.name)).into()),
    }
}

/// What became of a server that was told to end.
enum Ended {
    Did,
    WasDown,
    Hangs,
}

/// Tells a server to end by a signal, until it has or the wait is over.
async fn end_by(
    site: &Site,
    target: &Target,
    started: Option<&Started>,
    signal: Signal,
    wait: &Wait,
) -> Result<Ended, Failure> {
    let running = site.running(&target.folder).map_err(|doubt| {
        Report::of(format!("{} was not stopped.", target.name), &doubt)
            .hint("If you may stop that server, stop it by hand, then try again.")
    })?;
    let (pid, signal) = match (running, started) {
        // A server in single-user mode takes SIGINT for "leave that statement".
        (Some(running), _) if running.is_single_user && signal == Signal::SIGINT => {
            (running.pid, Signal::SIGTERM)
        }
        (Some(running), _) => (running.pid, signal),
        // Started a moment ago, and not yet named in its directory: our child, so the number is its own.
        (None, Some(child)) if child.ended().is_none() && processes::is_alive(child.pid) => {
            (child.pid, signal)
        }
        (None, _) => return Ok(Ended::WasDown),
    };
    let began = processes::start_ticks(pid);
    tracing::info!(
        "tells {}, process {pid}, to end: {}",
        target.name,
        signal.as_str()
    );
    loop {
        if !processes::is_alive(pid) || processes::start_ticks(pid) != began {
            return Ok(Ended::Did);
        }
        // Again with every look: a server that has only just begun may not be listening to signals yet. One that
        // already stops takes no notice.
        send(pid, signal);
        // A server that was frozen hears nothing before it goes on.
        send(pid, Signal::SIGCONT);
        if !wait.next().await? {
            return Ok(Ended::Hangs);
        }
    }
}

/// Ends a server that does not answer, without a moment in which it could still accept a commit: SIGKILL, to the server and
/// to all its processes, also where they are frozen. Nothing, if it does not run.
pub async fn kill_dead(site: &Site, target: &Target, wait: &Wait) -> Result<(), Failure> {
    let running = site.running(&target.folder).map_err(|doubt| {
        Report::of(format!("{} was not stopped.", target.name), &doubt)
            .hint("If you may stop that server, stop it by hand, then try again.")
    })?;
    let named = |pid: u32| Some((pid, processes::start_ticks(pid)?));
    let mut all: Vec<(u32, u64)> = Vec::new();
    if let Some(running) = &running {
        all.extend(named(running.pid));
        all.extend(processes::children(running.pid).into_iter().filter_map(named));
    }
    // A server that was killed can leave processes of its own, and with them its shared memory: none could start.
    if let Some(data) = site.own_data(&target.folder) {
        let orphans = ownership::orphans(&data).into_iter().filter_map(named);
        let orphans: Vec<_> = orphans.filter(|one| !all.contains(one)).collect();
        all.extend(orphans);
    }
    if all.is_empty() {
        return Ok(());
    }
    tracing::info!("kills {}: {} processes", target.name, all.len());
    loop {
        all.retain(|(pid, began)| processes::is_alive(*pid) && processes::start_ticks(*pid) == Some(*began));
        if all.is_empty() {
            return Ok(());
        }
        for (pid, _) in &all {
            send(*pid, Signal::SIGKILL);
        }
        if !wait.next().await? {
            return Err(Report::new(format!("{} does not end.", target.name)).into());
        }
    }
}

/// Ends every other process of the cluster: tools that a killed pgcascade left behind, and servers that nothing on
/// disk names any more. `folders` are those of its servers. Says how many there were.
pub async fn sweep<'a>(
    site: &Site,
    folders: impl Iterator<Item = &'a str>,
    wait: &Wait,
) -> Result<usize, Failure> {
    let (polite, firm) = (wait.at_most(TOOL_GRACE / 3), wait.at_most(TOOL_GRACE));
    let data: Vec<_> = folders.filter_map(|folder| site.own_data(folder)).collect();
    let mut seen = std::collections::BTreeSet::new();
    loop {
        let helpers = ownership::helpers(&data, &site.id);
        let Some(first) = helpers.first() else {
            return Ok(seen.len());
        };
        let now = Instant::now();
        for pid in &helpers {
            if seen.insert(*pid) {
                send(*pid, Signal::SIGTERM);
                // What was frozen hears nothing before it goes on.
                send(*pid, Signal::SIGCONT);
            } else if now >= firm.deadline {
                send(*pid, Signal::SIGKILL);
            } else if now >= polite.deadline {
                // A server waits for its sessions after SIGTERM; at this one it still gives its shared memory back.
                send(*pid, Signal::SIGQUIT);
            }
        }
        if !wait.next().await? {
            return Err(Report::new(format!("Process {first} of the cluster does not stop.")).into());
        }
    }
}

/// Ends a server that has not named itself: its pid file cannot find it yet, so that nobody could stop it later. It is
/// our child, so its number is surely its own. Told again and again, since a program that was started with SIGINT
/// ignored (by a shell, in the background) does not hear it before it has set up its own handling.
async fn give_up(started: &Started) {
    let firm = Instant::now() + GIVEN_UP;
    let end = firm + GIVEN_UP;
    while started.ended().is_none() && Instant::now() < end {
        send(
            started.pid,
            if Instant::now() < firm {
                Signal::SIGINT
            } else {
                Signal::SIGKILL
            },
        );
        tokio::time::sleep(POLL).await;
    }
}

fn send(pid: u32, signal: Signal) {
    if let Ok(pid) = i32::try_from(pid) {
        // It may have ended this moment, which is what is wanted.
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

fn died(site: &Site, target: &Target, how: &str) -> Report {
    let mut report = Report::new(format!("{} ended while it was starting ({how}).", target.name));
    report.hints = log_hints(site, target);
    report
}

fn late(site: &Site, target: &Target, seen: &str) -> Report {
    let mut report = Report::new(format!("{} did not become ready in time: {seen}.", target.name));
    report.hints = log_hints(site, target);
    report
}

/// What the server itself said last.
pub fn log_hints(site: &Site, target: &Target) -> Vec<String> {
    site.log_tail(&target.folder)
        .into_iter()
        .map(|line| format!("log of {}: {line}", target.name))
        .collect()
}
