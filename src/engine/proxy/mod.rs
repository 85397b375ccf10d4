//! The proxy of a laboratory: one small process of the cluster's own that all its links lead through, so that a link can be
//! cut, stalled and slowed for real, and let go again.
//!
//! It is told what to do by a file in the cluster's folder and a signal, and answers in another file: `orders` has both.
//! `hold` is the process itself, `carry` what it does with one connection; this file starts, tells and ends it.

mod carry;
mod hold;
mod orders;

use std::path::{Path, PathBuf};
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

pub use hold::{asked_for, hold};
pub use orders::LinkFault;

use self::orders::{Answer, Orders};
use super::cluster::site::Site;
use super::postgres::ownership;
use super::system::wait::{Failure, Wait};
use super::system::{files, processes};
use crate::engine::servers_user::{own_session, program};
use crate::model::plan::ProxyLink;
use crate::report::Report;

/// Lets the proxy carry exactly these links, with the faults that it has; starts it if it does not run.
pub(in crate::engine) async fn open(site: &Site, links: &[ProxyLink], wait: &Wait) -> Result<(), Failure> {
    let mut orders = orders::read(&site.folder).unwrap_or_default();
    orders.links = links.to_vec();
    tell(site, orders, true, wait).await
}

/// Lets links suffer these faults and no other, also once it is started again.
pub(in crate::engine) async fn set(site: &Site, faults: Vec<LinkFault>, wait: &Wait) -> Result<(), Failure> {
    let orders = orders::read(&site.folder).unwrap_or_default();
    tell(site, Orders { faults, ..orders }, false, wait).await
}

/// Ends it; nothing, if it does not run. What it was told holds when it is opened again.
pub(in crate::engine) async fn close(site: &Site, wait: &Wait) -> Result<(), Failure> {
    while let Some(pid) = running(site) {
        send(pid, Signal::SIGTERM);
        if !wait.next().await? {
            return Err(Report::new(format!("The link proxy (process {pid}) does not end.")).into());
        }
    }
    orders::forget_answer(&site.folder)
        .map_err(|error| Report::of("The link proxy's answer could not be removed.", &error).into())
}

/// Its process, if one runs that was started for this cluster.
pub(in crate::engine) fn running(site: &Site) -> Option<u32> {
    let answer = orders::answer(&site.folder)?;
    let is_the_same = processes::is_alive(answer.pid)
        && processes::start_ticks(answer.pid) == Some(answer.start_ticks)
        && processes::was_started_with(answer.pid, ownership::PROOF, &site.id);
    is_the_same.then_some(answer.pid)
}

async fn tell(site: &Site, mut orders: Orders, may_start: bool, wait: &Wait) -> Result<(), Failure> {
    orders.number += 1;
    let number = orders.number;
    orders::write(&site.folder, &orders, site.owner)
        .map_err(|error| Report::of("The link proxy could not be told what to do.", &error))?;
    let mut child = None;
    match running(site) {
        Some(pid) => send(pid, Signal::SIGHUP),
        None if may_start => child = Some(start(site)?),
        // It reads them when it is started.
        None => return Ok(()),
    }
    loop {
        if let Some(answer) = orders::answer(&site.folder).filter(|answer| answer.number == number) {
            return agreed(answer).map_err(Failure::from);
        }
        let ended = child.as_mut().and_then(|child| child.try_wait().ok().flatten());
        if ended.is_some() || !wait.next().await? {
            let mut report = Report::new(match ended {
                Some(how) => format!("The link proxy ended while it was starting ({how})."),
                None => "The link proxy does not answer.".to_owned(),
            });
            report.hints.extend(orders::last_words(&site.folder));
            return Err(report.into());
        }
    }
}

fn agreed(answer: Answer) -> Result<(), Report> {
    let mut trouble = answer.trouble.into_iter();
    let Some(first) = trouble.next() else {
        return Ok(());
    };
    let report = Report::new(format!(
        "The link proxy cannot listen on {}: {}.",
        first.at, first.why
    ));
    Err(match trouble.count() {
        0 => report,
        more => report.hint(format!("The same holds for {more} more.")),
    }
    .hint("A laboratory needs the addresses 127.88.0.0/16, which Linux has on its loopback interface."))
}

/// Starts it as the servers' user, in a session of its own, with the proof of whose it is.
fn start(site: &Site) -> Result<tokio::process::Child, Report> {
    let failed = |error: &dyn std::error::Error| Report::of("The link proxy could not be started.", error);
    let own: PathBuf = program::path().map(Path::to_owned).ok_or_else(|| {
        Report::new("A laboratory needs the pgcascade program, which carries its links.")
            .hint("Deploy it with the command or in the window.")
    })?;
    orders::forget_answer(&site.folder).map_err(|error| failed(&error))?;
    let log = files::open_log(&orders::log(&site.folder), site.owner).map_err(|error| failed(&error))?;
    let mut command = own_session::command(&own);
    command
        .arg(hold::COMMAND)
        .arg(&site.folder)
        .current_dir(&site.folder)
        .env_clear()
        .env(ownership::PROOF, &site.id)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log);
    if let Some(owner) = site.owner {
        command.uid(owner.uid).gid(owner.gid);
    }
    tracing::info!("starts the link proxy of {}", site.folder.display());
    command.spawn().map_err(|error| failed(&error))
}

fn send(pid: u32, signal: Signal) {
    if let Ok(pid) = i32::try_from(pid) {
        // It may have ended this moment, which its next look shows.
        let _ = kill(Pid::from_raw(pid), signal);
    }
}
