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
    let mut failed: Vec<(String, Report)> = Vec::new();
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
            Err(report) => failed.push((text, report)),
        }
    }
    if failed.is_empty() {
        return Ok(said);
    }
    Err(what_is_left(failed, &said))
}

/// Every fault that could not be repaired with its reason, and what was repaired all the same.
fn what_is_left(mut failed: Vec<(String, Report)>, said: &[String]) -> Report {
    let mut report = match failed.as_slice() {
        [_] => failed.remove(0).1,
        all => {
            let mut report = Report::new(format!("{} faults could not be repaired.", all.len()));
            for (text, one) in failed {
                let causes = one.causes.iter().map(String::as_str);
                let why: Vec<&str> = std::iter::once(one.headline.as_str()).chain(causes).collect();
                report.causes.push(format!("{text}: {}", why.join(" ")));
                let new: Vec<String> = one
                    .hints
                    .into_iter()
                    .filter(|hint| !report.hints.contains(hint))
                    .collect();
                report.hints.extend(new);
            }
            report
        }
    };
    if !said.is_empty() {
        report
            .hints
            .push(format!("The others are repaired: {}", said.join(" ")));
    }
    report
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

    #[test]
    fn every_fault_that_is_left_is_named_and_what_was_repaired_is_said() {
        let failed = |text: &str| {
            (
                text.to_owned(),
                Report::new(format!("{text} stays.")).hint("Wait."),
            )
        };
        let one = what_is_left(vec![failed("crash a")], &[]);
        assert_eq!(one, Report::new("crash a stays.").hint("Wait."));
        let both = what_is_left(
            vec![failed("crash a"), failed("stop b")],
            &["c runs again.".to_owned()],
        );
        assert_eq!(both.headline, "2 faults could not be repaired.");
        assert_eq!(both.causes, ["crash a: crash a stays.", "stop b: stop b stays."]);
        assert_eq!(both.hints, ["Wait.", "The others are repaired: c runs again."]);
    }
}
