//! `list`, `verify`, `start`, `stop`, `teardown`: work on clusters that were deployed. A sentence for each thing done.

use std::path::Path;

use super::signals::Signals;
use super::table::{table, words};
use super::{Ending, args, print};
use crate::engine::cluster;
use crate::engine::deploy::Cancel;
use crate::model::desk::Listed;
use crate::report::Report;

pub(super) fn list(json: bool) -> Ending {
    let clusters = cluster::list();
    if json {
        print::json(&serde_json::json!({ "clusters": clusters }));
        return Ending::Fine;
    }
    if clusters.is_empty() {
        print::note("No cluster was made on this machine by this user");
        return Ending::Fine;
    }
    let columns = [
        words("name"),
        words("state"),
        words("postgres"),
        words("servers up"),
        words("folder"),
    ];
    let row = |cluster: &Listed| {
        let up = format!("{} of {}", cluster.servers_up, cluster.servers);
        let state = if cluster.is_kept {
            format!("kept unfinished, {}", cluster.state.words())
        } else if cluster.state.is_left_over() {
            format!("left over, {}", cluster.state.words())
        } else {
            cluster.state.words().to_owned()
        };
        let folder = cluster.folder.display().to_string();
        vec![cluster.name.clone(), state, cluster.version.clone(), up, folder]
    };
    let rows: Vec<Vec<String>> = clusters.iter().map(row).collect();
    print::line(table(&columns, &rows));
    let is_open = |cluster: &Listed| cluster.state.is_left_over() && !cluster.is_kept;
    if clusters.iter().any(is_open) {
        print::note("What is left over of a run that was ended in the middle:");
        print::note("  pgcascade go-on FOLDER      finishes it");
        print::note("  pgcascade teardown FOLDER   removes it");
        print::note("  pgcascade keep FOLDER       leaves it as it is");
    }
    Ending::Fine
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
