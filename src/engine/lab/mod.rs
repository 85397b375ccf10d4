//! The failure laboratory: what is imagined in What-if is done to servers that pgcascade made on this machine, and undone.
//!
//! Each fault is noted in the record before it is made, so that it can be repaired whatever happens to pgcascade meanwhile.
//! `model::fault` is what can be done, in the words of What-if; `make` does and undoes it, `slots` what slots retain.

mod make;
mod slots;

use std::path::Path;

use tokio_util::sync::CancellationToken;

use super::cluster::Cluster;
use super::cluster::record::{self, Lock};
use crate::model::fault::{BadFault, Fault, Impossible};
use crate::model::topology::Topology;
use crate::report::Report;

/// Does something to a running cluster: `crash slave1`. Each sentence is one thing done.
///
/// # Errors
///
/// If there is no complete cluster in the folder, the words are not a fault, or it cannot be made as things are.
pub async fn fail(folder: &Path, words: &str, cancel: CancellationToken) -> Result<Vec<String>, Report> {
    let cluster = Cluster::load(folder)?;
    let fault = read(words, cluster.topology())?;
    fault
        .check(cluster.topology())
        .map_err(|impossible| why(&impossible))?;
    let text = fault.text(cluster.topology());
    let mut before = Vec::new();
    note(folder, |faults| {
        before.clone_from(faults);
        faults.retain(|one| *one != text);
        faults.push(text.clone());
    })?;
    tracing::info!("breaks {} on purpose: {text}", folder.display());
    let made = make::make(&cluster, &fault, cancel).await;
    log(&made);
    let said = match made {
        Ok(said) => said,
        Err(report) => {
            // One that was made before, and cannot be made twice, is still to be repaired.
            note(folder, |faults| *faults = before)?;
            return Err(report);
        }
    };
    let dir = folder.display();
    Ok(vec![said, format!("To undo it: pgcascade repair {dir}")])
}

/// Undoes one fault, or all, the last first. Each sentence is one thing done; none: nothing was to be repaired.
///
/// # Errors
///
/// If there is no complete cluster in the folder, no such fault was made, or one cannot be undone; the others are.
pub async fn repair(
    folder: &Path,
    words: Option<&str>,
    cancel: CancellationToken,
) -> Result<Vec<String>, Report> {
    let cluster = Cluster::load(folder)?;
    let topology = cluster.topology();
    let made = record::load(folder)?.faults;
    let wanted = match words {
        None => made.clone(),
        Some(words) => {
            let text = read(words, topology)?.text(topology);
            if !made.contains(&text) {
                let report = Report::new(format!("\"{text}\" was not done to this cluster."));
                return Err(match made.as_slice() {
                    [] => report.hint("Nothing was: there is nothing to repair."),
                    made => report.hint(format!("What was done: {}.", made.join(", "))),
                });
            }
            vec![text]
        }
    };
    let mut said = Vec::new();
    let mut failed: Option<Report> = None;
    for text in in_order_of_repair(wanted, topology) {
        // A server that came back by a copy has another data directory than before.
        let cluster = Cluster::load(folder)?;
        tracing::info!("repairs {}: {text}", folder.display());
        let undone = match Fault::parse(&text, topology) {
            Ok(fault) => make::undo(&cluster, &fault, cancel.clone()).await,
            // Its server has left the design.
            Err(_) => Ok(format!(
                "\"{text}\" concerns a server that is not in the design any more."
            )),
        };
        log(&undone);
        match undone {
            Ok(sentence) => {
                note(folder, |faults| faults.retain(|one| *one != text))?;
                said.push(sentence);
            }
            Err(report) => failed = failed.or(Some(report)),
        }
    }
    failed.map_or(Ok(said), Err)
}

/// The last first; but what keeps servers that run from answering comes before those that are down, and standbys are copied
/// again only where all others are well.
fn in_order_of_repair(mut made: Vec<String>, topology: &Topology) -> Vec<String> {
    made.reverse();
    made.sort_by_key(|text| match Fault::parse(text, topology) {
        Ok(Fault::Freeze(_) | Fault::Pause(_) | Fault::FillDisk(_) | Fault::Link { .. }) => 0,
        Ok(Fault::OutgrowSlots) => 2,
        _ => 1,
    });
    made
}

/// How it ended.
fn log(ended: &Result<String, Report>) {
    match ended {
        Ok(sentence) => tracing::info!("{sentence}"),
        Err(report) => tracing::info!("failed: {}", report.headline),
    }
}

fn read(words: &str, topology: &Topology) -> Result<Fault, Report> {
    Fault::parse(words, topology).map_err(|bad| {
        let mut report = Report::new(bad.to_string());
        if let BadFault::Unknown { because, .. } = &bad {
            report.causes.push(because.to_string());
        }
        report.hints = bad.hints();
        report
    })
}

fn why(impossible: &Impossible) -> Report {
    let mut report = Report::new(impossible.to_string());
    report.hints.extend(impossible.hint().map(str::to_owned));
    report
}

/// Changes what the record says was done.
fn note(folder: &Path, change: impl FnOnce(&mut Vec<String>)) -> Result<(), Report> {
    let lock = Lock::take(folder)?;
    let mut stored = record::load(lock.folder())?;
    change(&mut stored.faults);
    record::save(&stored)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation::{self, SEED};

    #[test]
    fn what_hinders_others_is_repaired_first_and_slots_last() {
        let topology = notation::parse(SEED).unwrap();
        let made = [
            "outgrow-slots",
            "pause slave2",
            "stop slave2",
            "crash slave1",
            "freeze slave11",
        ];
        let made = made.map(str::to_owned).to_vec();
        assert_eq!(
            in_order_of_repair(made, &topology),
            [
                "freeze slave11",
                "pause slave2",
                "crash slave1",
                "stop slave2",
                "outgrow-slots"
            ]
        );
    }
}
