//! Makes a fault, and undoes it.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::process::{Resource, Rlimit, getrlimit, prlimit};
use tokio_util::sync::CancellationToken;

use super::slots;
use crate::engine::cluster::{Cluster, Task, record};
use crate::engine::monitor::{self, Snapshot};
use crate::engine::postgres::server::{self, Target};
use crate::engine::postgres::sql::{Session, SqlError};
use crate::engine::proxy::{self, LinkFault};
use crate::engine::system::processes;
use crate::engine::system::wait::{Failure, Wait};
use crate::model::drift::Because;
use crate::model::fault::{Fault, Trouble};
use crate::model::health::Role;
use crate::model::topology::{Server, ServerId};
use crate::report::Report;

/// Longer takes none of it, but a start or a stop, which have deadlines of their own.
pub(super) const AT_MOST: Duration = Duration::from_secs(20);
/// What an archive does that is full: nothing arrives.
const ARCHIVES_NOTHING: &str = "ALTER SYSTEM SET archive_command = 'false'";
const MEGABYTE: u64 = 1_000_000;

/// Makes it; the sentence says what was done.
pub(super) async fn make(
    cluster: &Cluster,
    fault: &Fault,
    cancel: CancellationToken,
) -> Result<String, Report> {
    let wait = Wait::new(AT_MOST, cancel.clone());
    match *fault {
        Fault::Crash(id) => {
            let target = running(cluster, id)?;
            server::kill_dead(&cluster.site, &target, &wait)
                .await
                .map_err(Failure::into_report)?;
            Ok(format!("{} was killed (SIGKILL).", target.name))
        }
        Fault::Stop(id) => {
            let target = running(cluster, id)?;
            let task = Task::stop(&cluster.site.folder, std::slice::from_ref(&target.name))?;
            task.quietly(cancel).await?;
            Ok(format!("{} was shut down cleanly.", target.name))
        }
        Fault::StopImmediately(id) => {
            let target = running(cluster, id)?;
            match server::stop_immediately(&cluster.site, &target, &wait).await {
                // The signal is sent: it goes down, also if nobody waits for it.
                Ok(()) | Err(Failure::Cancelled) => {}
                Err(failure) => return Err(failure.into_report()),
            }
            Ok(format!(
                "{} was shut down in immediate mode (SIGQUIT): it recovers when it starts.",
                target.name
            ))
        }
        Fault::Freeze(id) => {
            let target = running(cluster, id)?;
            signal_all(cluster, &target, Signal::SIGSTOP)?;
            Ok(format!(
                "{} is frozen (SIGSTOP): it keeps its connections and answers nothing.",
                target.name
            ))
        }
        Fault::Pause(id) => {
            let target = running(cluster, id)?;
            let task = Task::set_replay(&cluster.site.folder, &target.name, true)?;
            task.quietly(cancel).await?;
            Ok(format!(
                "{} receives WAL and does not apply it any more.",
                target.name
            ))
        }
        Fault::DropSlot(id) => drop_slot(cluster, id, &wait).await,
        Fault::FillArchive => {
            let name = on_primary(cluster, ARCHIVES_NOTHING, &wait).await?;
            Ok(format!("The archive takes nothing from {name} any more."))
        }
        Fault::OutgrowSlots => slots::outgrow(cluster, &wait).await,
        Fault::FillDisk(id) => {
            let target = running(cluster, id)?;
            let most = most_of_a_file(cluster);
            limit_files(cluster, &target, Some(most))?;
            Ok(format!(
                "Files of {} cannot grow beyond {} MB (RLIMIT_FSIZE): what needs more fails, as on a full disk.",
                target.name,
                most / MEGABYTE
            ))
        }
        Fault::Link { .. } => {
            if proxy::running(&cluster.site).is_none() {
                return Err(Report::new(
                    "The link proxy of the cluster is not running, so that all its links are cut.",
                )
                .hint(format!(
                    "Start it with `pgcascade start {}`.",
                    cluster.site.folder.display()
                )));
            }
            links(cluster, None, &wait).await?;
            Ok(format!("{} now.", of_link(cluster, fault, "is")))
        }
    }
}

/// "The link between master and slave1 is cut".
fn of_link(cluster: &Cluster, fault: &Fault, verb: &str) -> String {
    let Fault::Link { one, other, trouble } = *fault else {
        return fault.text(cluster.topology());
    };
    let name = |id: ServerId| {
        let server = cluster.topology().server(id);
        server.map_or_else(String::new, |server| server.name().to_string())
    };
    let suffers = match trouble {
        Trouble::Cut => "cut",
        Trouble::Stall => "stalled",
        Trouble::Slow { .. } => "slow",
        Trouble::Thin { .. } => "limited",
    };
    format!(
        "The link between {} and {} {verb} {suffers}",
        name(one),
        name(other)
    )
}

/// Lets the proxy do what the record says of links, apart from `undone`.
async fn links(cluster: &Cluster, undone: Option<&Fault>, wait: &Wait) -> Result<(), Report> {
    let topology = cluster.topology();
    let name = |id: ServerId| {
        let server = topology.server(id);
        server.map_or_else(String::new, |server| server.name().to_string())
    };
    let made = record::load(&cluster.site.folder)?.faults;
    let made = made.iter().filter_map(|text| Fault::parse(text, topology).ok());
    let faults = made
        .filter(|fault| Some(fault) != undone)
        .filter_map(|fault| match fault {
            Fault::Link { one, other, trouble } => Some(LinkFault {
                one: name(one),
                other: name(other),
                trouble,
            }),
            _ => None,
        });
    let told = proxy::set(&cluster.site, faults.collect(), wait).await;
    told.map_err(Failure::into_report)
}

/// More than one WAL segment, which has to be written all the same.
fn most_of_a_file(cluster: &Cluster) -> u64 {
    const SEGMENT_MEGABYTES: u64 = 16;
    let segment = cluster.topology().terms().initdb.wal_segment_size;
    let segment = segment.map_or(SEGMENT_MEGABYTES, |size| u64::from(size.megabytes()));
    (segment + SEGMENT_MEGABYTES / 4) * MEGABYTE
}

/// Lets the files of a server grow no further than this, or as far as the system lets ours. Only the soft limit is set, so
/// that it can be raised again. The server is told first: sessions to come get the limit from it.
fn limit_files(cluster: &Cluster, target: &Target, most: Option<u64>) -> Result<(), Report> {
    let Rlimit { current, maximum } = getrlimit(Resource::Fsize);
    let limit = Rlimit {
        current: most.or(current),
        maximum,
    };
    for (place, pid) in server_processes(cluster, target)?.into_iter().enumerate() {
        let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
        let limited = prlimit(pid, Resource::Fsize, limit);
        if let (0, Err(error)) = (place, limited) {
            return Err(Report::of(
                format!("{} could not be limited.", target.name),
                &std::io::Error::from(error),
            ));
        }
        // A session that has ended meanwhile needs nothing.
    }
    Ok(())
}

/// Undoes it; the sentence says what was done.
pub(super) async fn undo(
    cluster: &Cluster,
    fault: &Fault,
    cancel: CancellationToken,
) -> Result<String, Report> {
    let wait = Wait::new(AT_MOST, cancel.clone());
    let folder = &cluster.site.folder;
    match *fault {
        Fault::Crash(id) | Fault::Stop(id) | Fault::StopImmediately(id) => {
            let target = target(cluster, id)?;
            let mut to_rejoin = cluster.to_rejoin().into_iter();
            let because = to_rejoin
                .find(|one| one.name == target.name)
                .map(|one| one.because);
            if because == Some(Because::Replaced) {
                return Err(
                    Report::new(format!("Another server took over from {}.", target.name)).hint(format!(
                        "Bring it back as a standby: pgcascade rejoin {} {}",
                        folder.display(),
                        target.name
                    )),
                );
            }
            if because.is_some() || slots::is_lost_to(cluster, id, &wait).await? {
                slots::rejoin(cluster, &target.name, cancel).await?;
                return Ok(format!(
                    "{} runs again, with a new copy of the data.",
                    target.name
                ));
            }
            let task = Task::start(folder, std::slice::from_ref(&target.name))?;
            task.quietly(cancel).await?;
            Ok(format!("{} runs again.", target.name))
        }
        Fault::Freeze(id) => {
            let target = target(cluster, id)?;
            signal_all(cluster, &target, Signal::SIGCONT)?;
            Ok(format!("{} goes on.", target.name))
        }
        Fault::Pause(id) => {
            let target = target(cluster, id)?;
            if let Ok(None) = cluster.site.running(&target.folder) {
                // A pause does not outlast the server.
                return Ok(format!("{} is down; it applies WAL when it starts.", target.name));
            }
            let task = Task::set_replay(folder, &target.name, false)?;
            task.quietly(cancel).await?;
            Ok(format!("{} applies WAL again.", target.name))
        }
        Fault::DropSlot(id) => {
            let (upstream, slot) = slot_of(cluster, id)?;
            let made = with_session(cluster, &upstream, &wait, async |session| {
                session
                    .create_slot(&slot, cluster.site.major.can_reserve_at_slot())
                    .await
            });
            made.await?;
            Ok(format!("The slot {slot} is there again on {}.", upstream.name))
        }
        Fault::FillArchive => {
            let name = on_primary(cluster, "ALTER SYSTEM RESET archive_command", &wait).await?;
            Ok(format!("{name} archives as designed again."))
        }
        Fault::OutgrowSlots => slots::give_back(cluster, cancel).await,
        Fault::FillDisk(id) => {
            let target = target(cluster, id)?;
            limit_files(cluster, &target, None)?;
            Ok(format!("Files of {} can grow again.", target.name))
        }
        Fault::Link { .. } => {
            links(cluster, Some(fault), &wait).await?;
            Ok(format!("{} any more.", of_link(cluster, fault, "is not")))
        }
    }
}

pub(super) fn target(cluster: &Cluster, id: ServerId) -> Result<Target, Report> {
    let target = cluster.target(id);
    target.ok_or_else(|| Report::new("The server is not in the design any more."))
}

fn running(cluster: &Cluster, id: ServerId) -> Result<Target, Report> {
    let target = target(cluster, id)?;
    match cluster.site.running(&target.folder) {
        Ok(Some(_)) => Ok(target),
        Ok(None) => Err(
            Report::new(format!("{} is not running.", target.name)).hint(format!(
                "Start it with `pgcascade start {}`.",
                cluster.site.folder.display()
            )),
        ),
        Err(doubt) => Err(Report::of(format!("{} was left alone.", target.name), &doubt)),
    }
}

/// Sends a signal to a server's processes: the server first where it stops them, last where it lets them go on.
fn signal_all(cluster: &Cluster, target: &Target, signal: Signal) -> Result<(), Report> {
    let mut all = server_processes(cluster, target)?;
    if signal == Signal::SIGCONT {
        all.reverse();
    }
    tracing::info!(
        "sends {} to {}: {} processes",
        signal.as_str(),
        target.name,
        all.len()
    );
    for pid in all {
        if let Ok(pid) = i32::try_from(pid) {
            // One that has ended meanwhile needs nothing.
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }
    Ok(())
}

/// A server's processes, itself first; none, if it does not run.
fn server_processes(cluster: &Cluster, target: &Target) -> Result<Vec<u32>, Report> {
    let running = cluster.site.running(&target.folder);
    let running = running.map_err(|doubt| Report::of(format!("{} was left alone.", target.name), &doubt))?;
    let Some(running) = running else {
        return Ok(Vec::new());
    };
    let mut all = vec![running.pid];
    all.extend(processes::children(running.pid));
    Ok(all)
}

/// The server that keeps a standby's slot, and the slot's name.
fn slot_of(cluster: &Cluster, id: ServerId) -> Result<(Target, String), Report> {
    let topology = cluster.design.topology();
    let upstream = topology.server(id).and_then(Server::upstream);
    let upstream = upstream.ok_or_else(|| Report::new("The primary uses no slot."))?;
    Ok((running(cluster, upstream)?, topology.slot_name(id)))
}

pub(super) async fn with_session<T>(
    cluster: &Cluster,
    target: &Target,
    wait: &Wait,
    work: impl AsyncFnOnce(&Session) -> Result<T, SqlError>,
) -> Result<T, Report> {
    let asked = async {
        let session = Session::open(&cluster.site, target.address, target.port).await?;
        let done = work(&session).await;
        session.close().await;
        done
    };
    let done = wait.hear(asked).await.map_err(Failure::into_report)?;
    done.map_err(|error| Report::of(format!("{} did not do it.", target.name), &error))
}

/// A slot in use cannot be dropped: its sender is ended first, and comes back too late.
async fn drop_slot(cluster: &Cluster, id: ServerId, wait: &Wait) -> Result<String, Report> {
    let (upstream, slot) = slot_of(cluster, id)?;
    let end = format!(
        "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active_pid IS NOT NULL AND slot_name = {}",
        crate::model::quoting::literal(&slot)
    );
    loop {
        let gone = with_session(cluster, &upstream, wait, async |session| {
            session.run(&end).await?;
            session.drop_idle_slot(&slot).await
        });
        match gone.await {
            Ok(true) => return Ok(format!("The slot {slot} on {} was dropped.", upstream.name)),
            Ok(false) => {}
            Err(report) => return Err(report),
        }
        if !wait.next().await.map_err(Failure::into_report)? {
            return Err(Report::new(format!(
                "The slot {slot} on {} is in use.",
                upstream.name
            )));
        }
    }
}

/// Runs a statement on the server that accepts writes, and lets it read its settings again; gives its name.
async fn on_primary(cluster: &Cluster, statement: &str, wait: &Wait) -> Result<String, Report> {
    let seen = wait.hear(monitor::observe(cluster)).await;
    let target = writer(cluster, &seen.map_err(Failure::into_report)?)?;
    with_session(cluster, &target, wait, async |session| {
        session.run(statement).await?;
        session.run("SELECT pg_reload_conf()").await
    })
    .await?;
    Ok(target.name)
}

/// The server that accepts writes.
pub(super) fn writer(cluster: &Cluster, seen: &Snapshot) -> Result<Target, Report> {
    let is_writer = |server: &&Server| {
        let up = seen.observed.up(server);
        up.is_some_and(|up| up.role == Role::Primary)
    };
    let mut servers = cluster.topology().servers().iter();
    let primary = servers.find(is_writer);
    let primary = primary.ok_or_else(|| Report::new("No server of the cluster accepts writes."))?;
    target(cluster, primary.id())
}
