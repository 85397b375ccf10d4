//! The end of a cluster, complete or half built: stop what runs, remove what was made, forget it.
//!
//! Works from the record alone, so that it can finish whatever a killed pgcascade left, at whatever moment.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::engine::cluster::record::{self, Builder, ClusterState, Lock, Stored};
use crate::engine::cluster::removal;
use crate::engine::cluster::remover::Hand;
use crate::engine::cluster::site::Site;
use crate::engine::postgres::server::Target;
use crate::engine::system::wait::{Failure, Wait};
use crate::engine::system::{files, mounts};
use crate::report::Report;

/// For one server, or all leftover tools together.
const STOP: Duration = Duration::from_mins(1);
/// What was killed in the middle of a start may show itself only after a first look.
const ROUNDS: usize = 3;

pub(super) async fn teardown(
    hand: &impl Hand,
    folder: &Path,
    cancel: CancellationToken,
) -> Result<Vec<String>, Report> {
    let state = hand.state();
    let Some(mut stored) = record::find_in(state.as_deref(), folder)? else {
        return Err(Report::new(format!(
            "There is no cluster of pgcascade in {}.",
            folder.display()
        ))
        .hint("Nothing was removed: pgcascade removes only what it made."));
    };
    if !record::has_marker_folder(&stored.record.folder) {
        return end_without_marker(hand, &stored, &cancel).await;
    }
    let lock = Lock::take(&stored.record.folder)?;
    mounts::none_inside(&stored.record.folder)?;
    stored.record.state = ClusterState::Removing;
    stored.record.builder = Builder::ourselves();
    stored.record.kept = false;
    // On a full disk not even this can be written; what makes room again must not fail for that. Killed then, the record
    // still says what there is, and a second teardown goes on.
    let _ = record::save_in(state.as_deref(), &stored);

    let site = Site::of(&stored.record)?;
    let mut done = stop_all(hand, &site, &stored, &cancel)
        .await
        .map_err(Failure::into_report)?;
    let (hand, stored_aside) = (hand.clone(), stored.clone());
    let removed = tokio::task::spawn_blocking(move || {
        removal::remove_contents(&hand, &stored_aside)?;
        removal::release(&hand, &stored_aside, Some(&lock))
    });
    let stays = removed
        .await
        .map_err(|error| Report::of("Removing ended in an error of pgcascade.", &error))??;
    done.push(format!("{} was removed.", contents(&stored)));
    done.extend(stays);
    Ok(done)
}

/// Stops every server that is proved to be ours, then every tool that a killed pgcascade left.
pub(in crate::engine) async fn stop_all(
    hand: &impl Hand,
    site: &Site,
    stored: &Stored,
    cancel: &CancellationToken,
) -> Result<Vec<String>, Failure> {
    let mut done = Vec::new();
    for _ in 0..ROUNDS {
        let stopped = stop_servers(hand, site, stored, cancel).await?;
        let swept = sweep(hand, site, stored, cancel).await?;
        let is_quiet = stopped.is_empty() && swept == 0;
        done.extend(stopped);
        done.extend(ended(swept));
        if is_quiet {
            break;
        }
    }
    Ok(done)
}

/// All at once, since none of them is needed any more: one after another each would wait for its own checkpoint.
async fn stop_servers(
    hand: &impl Hand,
    site: &Site,
    stored: &Stored,
    cancel: &CancellationToken,
) -> Result<Vec<String>, Failure> {
    let mut stopping = JoinSet::new();
    for (place, recorded) in stored.record.servers.iter().enumerate() {
        let (hand, site) = (hand.clone(), site.clone());
        let target = Target {
            name: recorded.name.clone(),
            folder: recorded.folder.clone(),
            address: std::net::Ipv4Addr::LOCALHOST.into(),
            port: recorded.port,
        };
        let wait = Wait::new(STOP, cancel.clone());
        stopping.spawn(async move { (place, stop_one(&hand, &site, &target, &wait).await) });
    }
    let mut done = BTreeMap::new();
    let mut trouble = None;
    while let Some(stopped) = stopping.join_next().await {
        match stopped {
            Ok((place, Ok(sentence))) => drop(done.insert(place, sentence)),
            Ok((_, Err(failure))) => trouble = trouble.or(Some(failure)),
            Err(error) => {
                let report = Report::of("Stopping ended in an error of pgcascade.", &error);
                trouble = trouble.or(Some(report.into()));
            }
        }
    }
    // In the design's order, whichever was first.
    trouble.map_or_else(|| Ok(done.into_values().flatten().collect()), Err)
}

/// What was done, if there was anything to stop.
async fn stop_one(
    hand: &impl Hand,
    site: &Site,
    target: &Target,
    wait: &Wait,
) -> Result<Option<String>, Failure> {
    let is_tool = matches!(site.running(&target.folder), Ok(Some(running)) if running.is_single_user);
    let stopped = hand.stop(site, target, wait).await?;
    Ok(stopped.then(|| {
        if is_tool {
            format!("The making of {} was ended.", target.name)
        } else {
            format!("{} was stopped.", target.name)
        }
    }))
}

async fn sweep(
    hand: &impl Hand,
    site: &Site,
    stored: &Stored,
    cancel: &CancellationToken,
) -> Result<usize, Failure> {
    let folders: Vec<String> = stored
        .record
        .servers
        .iter()
        .map(|server| server.folder.clone())
        .collect();
    hand.sweep(site, &folders, &Wait::new(STOP, cancel.clone())).await
}

/// The list knows the folder, and its marker is not there: pgcascade was killed before it made it (then there is at
/// most an empty folder), or somebody moved the folder, or removed it under the servers that ran in it.
async fn end_without_marker(
    hand: &impl Hand,
    stored: &Stored,
    cancel: &CancellationToken,
) -> Result<Vec<String>, Report> {
    let record = &stored.record;
    // A teardown of our own that could not remove the folder at its very end is not at work any more.
    let is_our_end = record.state == ClusterState::Removing && record.builder == Builder::ourselves();
    if record.is_at_work() && !is_our_end {
        return Err(Report::new(format!(
            "Another pgcascade is at work on {}.",
            record.folder.display()
        ))
        .hint("Wait until it is done, then try again."));
    }
    if let Some(place) = record::moved_to(record) {
        return Err(record::moved(record, &place));
    }
    let swept = sweep(hand, &Site::of(record)?, stored, cancel)
        .await
        .map_err(Failure::into_report)?;
    if record.made_folder {
        let made = std::iter::once(&record.folder).chain(stored.made_parents.iter().rev());
        for folder in made {
            // What others put there meanwhile stays with its folder.
            if !matches!(hand.remove_if_empty(folder), Ok(true)) {
                break;
            }
        }
    }
    removal::forget(hand, stored);
    let mut done = Vec::new();
    if swept > 0 {
        done.push(format!(
            "What still ran of the cluster was ended (processes: {swept})."
        ));
    }
    done.push(if files::names_in(&record.folder).is_empty() {
        format!(
            "Nothing that pgcascade made is in {}: it was forgotten.",
            record.folder.display()
        )
    } else {
        format!(
            "{} does not hold the record of pgcascade: what is in it stays, and the cluster was forgotten.",
            record.folder.display()
        )
    });
    Ok(done)
}

fn ended(swept: usize) -> Vec<String> {
    match swept {
        0 => Vec::new(),
        1 => vec!["An unfinished process was ended.".to_owned()],
        many => vec![format!("{many} unfinished processes were ended.")],
    }
}

fn contents(stored: &Stored) -> String {
    if stored.record.folder.exists() {
        format!("What pgcascade made in {}", stored.record.folder.display())
    } else {
        stored.record.folder.display().to_string()
    }
}
