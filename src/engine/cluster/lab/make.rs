//! Makes a fault, and undoes it.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio_util::sync::CancellationToken;

use super::fault::Fault;
use crate::engine::cluster::{Cluster, Task};
use crate::engine::postgres::server::{self, Target};
use crate::engine::postgres::sql::{Session, SqlError};
use crate::engine::system::processes;
use crate::engine::system::wait::{Failure, Wait};
use crate::model::health::Role;
use crate::model::topology::{Server, ServerId};
use crate::report::Report;

/// Longer takes none of it, but a start or a stop, which have deadlines of their own.
const AT_MOST: Duration = Duration::from_secs(20);
/// What an archive does that is full: nothing arrives.
const ARCHIVES_NOTHING: &str = "ALTER SYSTEM SET archive_command = 'false'";

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
    }
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
        Fault::Crash(id) | Fault::Stop(id) => {
            let target = target(cluster, id)?;
            if cluster.fenced_names().contains(&target.name) {
                return Err(
                    Report::new(format!("Another server took over from {}.", target.name)).hint(format!(
                        "Bring it back as a standby: pgcascade rejoin {} {}",
                        folder.display(),
                        target.name
                    )),
                );
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
            let target = running(cluster, id)?;
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
    }
}

fn target(cluster: &Cluster, id: ServerId) -> Result<Target, Report> {
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
    let running = cluster
        .site
        .running(&target.folder)
        .map_err(|doubt| Report::of(format!("{} was left alone.", target.name), &doubt))?;
    let Some(running) = running else { return Ok(()) };
    let mut all = vec![running.pid];
    all.extend(processes::children(running.pid));
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

/// The server that keeps a standby's slot, and the slot's name.
fn slot_of(cluster: &Cluster, id: ServerId) -> Result<(Target, String), Report> {
    let topology = cluster.design.topology();
    let upstream = topology.server(id).and_then(Server::upstream);
    let upstream = upstream.ok_or_else(|| Report::new("The primary uses no slot."))?;
    Ok((running(cluster, upstream)?, topology.slot_name(id)))
}

async fn with_session<T>(
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
    let seen = wait
        .hear(crate::engine::monitor::observe(cluster))
        .await
        .map_err(Failure::into_report)?;
    let topology = cluster.design.topology();
    let primary = topology
        .servers()
        .iter()
        .find(|server| {
            seen.observed
                .up(server)
                .is_some_and(|up| up.role == Role::Primary)
        })
        .ok_or_else(|| Report::new("No server of the cluster accepts writes."))?;
    let target = target(cluster, primary.id())?;
    with_session(cluster, &target, wait, async |session| {
        session.run(statement).await?;
        session.run("SELECT pg_reload_conf()").await
    })
    .await?;
    Ok(target.name)
}
