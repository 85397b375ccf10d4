//! `list`, `verify`, `start`, `stop`, `teardown`: work on clusters that were deployed. A sentence for each thing done.

use std::path::Path;

use super::signals::Signals;
use super::table::{numbers, table, words};
use super::{Ending, args, print};
use crate::engine::cluster;
use crate::engine::deploy::Cancel;
use crate::engine::record::{self, ClusterState};
use crate::report::Report;

pub(super) fn list() -> Ending {
    let clusters = record::list();
    if clusters.is_empty() {
        print::note("No cluster was made on this machine by this user");
        return Ending::Fine;
    }
    let unfinished: Vec<String> = record::left_over().into_iter().map(|record| record.id).collect();
    let columns = [
        words("name"),
        words("state"),
        words("postgres"),
        numbers("servers"),
        words("folder"),
    ];
    let rows: Vec<Vec<String>> = clusters
        .into_iter()
        .map(|cluster| {
            let state = if unfinished.contains(&cluster.id) {
                "left over"
            } else if cluster.kept {
                "kept unfinished"
            } else {
                state_word(cluster.state)
            };
            vec![
                cluster.name,
                state.to_owned(),
                cluster.postgres,
                cluster.servers.len().to_string(),
                cluster.folder.display().to_string(),
            ]
        })
        .collect();
    print::line(table(&columns, &rows));
    if !unfinished.is_empty() {
        print::note("What is left over of a run that was ended in the middle:");
        print::note("  pgcascade go-on FOLDER      finishes it");
        print::note("  pgcascade teardown FOLDER   removes it");
        print::note("  pgcascade keep FOLDER       leaves it as it is");
    }
    Ending::Fine
}

fn state_word(state: ClusterState) -> &'static str {
    match state {
        ClusterState::Building => "building",
        ClusterState::Complete => "complete",
        ClusterState::Changing => "changing",
        ClusterState::Removing => "removing",
    }
}

pub(super) async fn verify(dir: &Path) -> Result<Ending, Report> {
    let (dir, cancel) = (args::absolute(dir)?, Cancel::default());
    tell(&cancel, cluster::verify(&dir, cancel.soft.clone())).await
}

pub(super) async fn start(dir: &Path, servers: &[String]) -> Result<Ending, Report> {
    let (dir, cancel) = (args::absolute(dir)?, Cancel::default());
    tell(&cancel, cluster::start(&dir, servers, cancel.soft.clone())).await
}

pub(super) async fn stop(dir: &Path, servers: &[String]) -> Result<Ending, Report> {
    let (dir, cancel) = (args::absolute(dir)?, Cancel::default());
    tell(&cancel, cluster::stop(&dir, servers, cancel.soft.clone())).await
}

pub(super) async fn teardown(dir: &Path) -> Result<Ending, Report> {
    let (dir, cancel) = (args::absolute(dir)?, Cancel::default());
    tell(&cancel, cluster::teardown(&dir, cancel.soft.clone())).await
}

/// Does it, prints its sentences; a signal cancels it, a second one does not wait for that.
async fn tell(
    cancel: &Cancel,
    work: impl Future<Output = Result<Vec<String>, Report>>,
) -> Result<Ending, Report> {
    let signals = Signals::catch()?;
    let _watcher = signals.cancels(
        cancel,
        "Cancelled: stopping (once more to stop at once)",
        "Stopping at once",
    );
    let done = tokio::select! {
        done = work => done,
        () = cancel.hard.cancelled() => return Ok(Ending::Cancelled),
    };
    match done {
        Ok(sentences) => {
            for sentence in sentences {
                print::line(sentence);
            }
            Ok(Ending::Fine)
        }
        Err(report) if cancel.soft.is_cancelled() => {
            print::error(&report);
            Ok(Ending::Cancelled)
        }
        Err(report) => Err(report),
    }
}
