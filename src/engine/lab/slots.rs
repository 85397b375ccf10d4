//! More WAL is written than slots may retain: those of standbys that are away are lost, and their standbys are copied again.
//!
//! A design allows a gigabyte. Instead of writing that much, the limit is lowered to one WAL segment for a moment.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::make::{AT_MOST, target, with_session, writer};
use crate::engine::cluster::Cluster;
use crate::engine::cluster::record;
use crate::engine::deploy::{self, Cancel, Refused};
use crate::engine::monitor::{self, Snapshot};
use crate::engine::postgres::server::Target;
use crate::engine::system::wait::{Failure, Wait};
use crate::model::fault::Fault;
use crate::model::health::{Slot, WalStatus};
use crate::model::plan::{Outcome, Wish};
use crate::model::topology::{Server, ServerId};
use crate::model::words::listed;
use crate::report::Report;

/// Segments that are finished at each try: one that a slot may retain, one that is being written, and one more.
const SEGMENTS: usize = 3;
/// A segment is finished only if it has a record. It is not waited for: whom a commit waits for may be away.
const FINISH_SEGMENT: &str = "SET synchronous_commit = off; SELECT txid_current(); SELECT pg_switch_wal()";
const RESTORE_LIMIT: &str = "ALTER SYSTEM RESET max_slot_wal_keep_size; SELECT pg_reload_conf()";
/// Standbys that are connected get what is written; one that hangs is away as well.
const CATCH_UP: Duration = Duration::from_secs(3);
/// For checkpoints, and the restartpoints that come of them; less than the fault as a whole may take.
const LOSE: Duration = Duration::from_secs(12);
const RUN: u64 = 1;

/// Writes until every slot that nobody uses is lost.
pub(super) async fn outgrow(cluster: &Cluster, wait: &Wait) -> Result<String, Report> {
    let seen = look(cluster, wait).await?;
    let writer = writer(cluster, &seen)?;
    let away = slots_of(cluster, &seen, |slot| !slot.is_active && slot.restart.is_some());
    if away.is_empty() {
        return Err(Report::new(
            "No standby is away: every slot is in use, and moves on with what is written.",
        )
        .hint("Stop a standby first, for example with `fail DIR \"stop slave1\"`."));
    }
    let holders: BTreeSet<ServerId> = away.iter().map(|one| one.holder).collect();
    let holders = holders.into_iter().map(|id| target(cluster, id));
    let holders: Vec<Target> = holders.collect::<Result<_, _>>()?;
    let ended = lose(cluster, &writer, &holders, wait).await;
    // Also where it failed or was cancelled: nobody expects so low a limit.
    let after = Wait::new(AT_MOST, CancellationToken::new());
    for holder in &holders {
        tell(cluster, holder, RESTORE_LIMIT, &after).await?;
    }
    // What is lost is to be repaired, whatever became of the rest.
    let lost = slots_of(cluster, &look(cluster, &after).await?, is_lost);
    if lost.is_empty() {
        ended?;
        return Err(Report::new("The slots still retain what their standbys need."));
    }
    Ok(format!(
        "More WAL was written than slots may retain: the slots of {} are lost.",
        standbys(&lost)
    ))
}

/// Ends when all are lost, or no more are before the deadline: a paused standby makes no restartpoint, and keeps its slots.
async fn lose(cluster: &Cluster, writer: &Target, holders: &[Target], wait: &Wait) -> Result<(), Report> {
    let segment = cluster.topology().terms().initdb.segment_megabytes();
    let limit = format!("ALTER SYSTEM SET max_slot_wal_keep_size = '{segment}MB'; SELECT pg_reload_conf()");
    for holder in holders {
        tell(cluster, holder, &limit, wait).await?;
    }
    let patience = wait.at_most(LOSE);
    loop {
        for _ in 0..SEGMENTS {
            tell(cluster, writer, FINISH_SEGMENT, wait).await?;
        }
        caught_up(cluster, writer, segment, wait).await?;
        // A standby loses slots at a restartpoint, which needs a checkpoint of the primary.
        tell(cluster, writer, "CHECKPOINT", wait).await?;
        for holder in holders.iter().filter(|holder| holder.name != writer.name) {
            tell(cluster, holder, "CHECKPOINT", wait).await?;
        }
        let seen = look(cluster, wait).await?;
        if slots_of(cluster, &seen, |slot| !slot.is_active && !is_lost(slot)).is_empty() {
            return Ok(());
        }
        if !patience.next().await.map_err(Failure::into_report)? {
            return Ok(());
        }
    }
}

/// Waits for the standbys that are connected to the primary, but not for one that hangs.
async fn caught_up(cluster: &Cluster, writer: &Target, megabytes: i64, wait: &Wait) -> Result<(), Report> {
    let behind = format!(
        "SELECT count(*)::text FROM pg_replication_slots WHERE active AND pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) > {}",
        megabytes * 1024 * 1024
    );
    let patience = wait.at_most(CATCH_UP);
    loop {
        let count = with_session(cluster, writer, wait, async |session| {
            session.answer_within(&behind, CATCH_UP).await
        });
        if count.await?.is_none_or(|count| count == "0") {
            return Ok(());
        }
        if !patience.next().await.map_err(Failure::into_report)? {
            return Ok(());
        }
    }
}

/// True if the slot of a server has lost WAL that it needs.
pub(super) async fn is_lost_to(cluster: &Cluster, id: ServerId, wait: &Wait) -> Result<bool, Report> {
    let lost = slots_of(cluster, &look(cluster, wait).await?, is_lost);
    let name = target(cluster, id)?.name;
    Ok(lost.iter().any(|one| one.standby == name))
}

/// Brings every standby back whose slot was lost, or whom an earlier repair left down.
pub(super) async fn give_back(cluster: &Cluster, cancel: CancellationToken) -> Result<String, Report> {
    let wait = Wait::new(AT_MOST, cancel.clone());
    let seen = look(cluster, &wait).await?;
    let holders = slots_of(cluster, &seen, |_| true);
    let holders: BTreeSet<ServerId> = holders.iter().map(|one| one.holder).collect();
    for id in holders {
        // Where a pgcascade that was ended left the limit low.
        tell(cluster, &target(cluster, id)?, RESTORE_LIMIT, &wait).await?;
    }
    let lost = slots_of(cluster, &seen, is_lost);
    let lost: BTreeSet<String> = lost.into_iter().map(|one| one.standby).collect();
    let mut failed: Vec<Report> = Vec::new();
    let mut back = Vec::new();
    // Upstreams first: a standby is copied to where its upstream can send what comes after the copy.
    let topology = cluster.topology();
    for server in topology
        .in_tree_order()
        .into_iter()
        .filter_map(|id| topology.server(id))
    {
        let name = server.name().to_string();
        if !lost.contains(&name) && !is_left_down(cluster, server)? {
            continue;
        }
        match rejoin(cluster, &name, cancel.clone()).await {
            Ok(()) => back.push(name),
            // The others are not kept waiting for one that cannot come back now.
            Err(report) => failed.push(report),
        }
    }
    if !failed.is_empty() {
        return Err(all_of(failed, &back));
    }
    Ok(match back.as_slice() {
        [] => "Every slot has what its standby needs.".to_owned(),
        back => format!("Brought back with a new slot: {}.", listed(back)),
    })
}

/// One report of all that failed: the first as it is, of the others what happened, and who came back meanwhile.
fn all_of(failed: Vec<Report>, back: &[String]) -> Report {
    let mut failed = failed.into_iter();
    let mut all = failed.next().unwrap_or_default();
    for other in failed {
        all.causes.push(other.headline);
        all.causes.extend(other.causes);
        all.hints.extend(other.hints);
    }
    if !back.is_empty() {
        all.causes
            .push(format!("Brought back with a new slot: {}.", listed(back)));
    }
    all
}

/// True for a standby that is down, and not because of a fault of its own.
fn is_left_down(cluster: &Cluster, server: &Server) -> Result<bool, Report> {
    let folder = cluster.topology().folder(server.id());
    if server.is_primary() || !matches!(cluster.site.running(&folder), Ok(None)) {
        return Ok(false);
    }
    let made = record::load(&cluster.site.folder)?.faults;
    let mut made = made
        .iter()
        .filter_map(|text| Fault::parse(text, cluster.topology()).ok());
    Ok(!made.any(|fault| fault.ends_server() && fault.server() == Some(server.id())))
}

/// Brings a standby back the cheapest way that is right.
pub(super) async fn rejoin(cluster: &Cluster, server: &str, cancel: CancellationToken) -> Result<(), Report> {
    let wish = Wish::Rejoin {
        server: server.to_owned(),
    };
    let steered = deploy::look_to_steer(&cluster.site.folder, &wish, RUN).await;
    let steered = steered.map_err(|refused| match refused {
        Refused::Report(report) => report,
        Refused::Checks(checks) => {
            let mut report = Report::new(format!("{server} cannot be brought back now."));
            report.causes = checks.into_iter().map(|check| check.message).collect();
            report
        }
    })?;
    let (events, mut heard) = mpsc::channel(64);
    let cancel = Cancel {
        soft: cancel,
        ..Cancel::default()
    };
    let ear = async { while heard.recv().await.is_some() {} };
    let (outcome, ()) = tokio::join!(deploy::apply_here(steered.change, events, cancel), ear);
    match outcome {
        Outcome::Done => Ok(()),
        Outcome::Cancelled { .. } => Err(Failure::Cancelled.into_report()),
        Outcome::Failed { reason, hints, .. } => {
            let report = Report::new(reason);
            Err(hints.into_iter().fold(report, Report::hint))
        }
    }
}

/// A slot of a standby of the design, and who keeps it.
struct Held {
    holder: ServerId,
    standby: String,
}

fn slots_of(cluster: &Cluster, seen: &Snapshot, is_meant: impl Fn(&Slot) -> bool) -> Vec<Held> {
    let topology = cluster.topology();
    let held = |server: &Server| -> Option<Held> {
        let upstream = topology.server(server.upstream()?)?;
        let slots = seen.observed.up(upstream)?.slots.as_ref()?;
        let name = topology.slot_name(server.id());
        let is_its = |slot: &&Slot| slot.name == name && topology.uses_slot(server.id());
        slots.iter().find(is_its).filter(|slot| is_meant(slot))?;
        Some(Held {
            holder: upstream.id(),
            standby: server.name().to_string(),
        })
    };
    topology.servers().iter().filter_map(held).collect()
}

fn standbys(held: &[Held]) -> String {
    let names: Vec<String> = held.iter().map(|one| one.standby.clone()).collect();
    listed(&names)
}

fn is_lost(slot: &Slot) -> bool {
    slot.wal_status == Some(WalStatus::Lost)
}

async fn look(cluster: &Cluster, wait: &Wait) -> Result<Snapshot, Report> {
    let seen = wait.hear(monitor::observe(cluster)).await;
    seen.map_err(Failure::into_report)
}

/// Statements, one after another: some of them cannot be part of a transaction.
async fn tell(cluster: &Cluster, target: &Target, statements: &str, wait: &Wait) -> Result<(), Report> {
    with_session(cluster, target, wait, async |session| {
        for statement in statements.split("; ") {
            session.run(statement).await?;
        }
        Ok(())
    })
    .await
}
