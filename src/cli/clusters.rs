//! `list`, `verify`, `start`, `stop`, `teardown`: work on clusters that were deployed.

use std::path::Path;

use super::args::{OneServer, Restart, Show, SomeServers};
use super::deploy::{ending, shown};
use super::plan::print_steps;
use super::signals::Signals;
use super::table::{table, words};
use super::{Ending, print, target};
use crate::engine::cluster::{self, Task};
use crate::engine::deploy::Cancel;
use crate::engine::servers_user;
use crate::model::desk::Listed;
use crate::model::plan::{Outcome, Plan};
use crate::model::words::{counted, listed as all_of};
use crate::report::Report;

/// This program performs one plan in its life.
const RUN: u64 = 1;

pub(super) fn list(json: bool, run_as: Option<&str>) -> Result<Ending, Report> {
    if let Some(user) = run_as {
        servers_user::take_on_any(Some(user))?;
    }
    let clusters = cluster::list();
    let ending = if clusters.iter().any(|cluster| !cluster.split.is_empty()) {
        Ending::Drifts
    } else {
        Ending::Fine
    };
    if json {
        print::json(&serde_json::json!({ "clusters": clusters }));
        return Ok(ending);
    }
    if clusters.is_empty() {
        print::note("This user has not deployed any cluster on this machine");
        return Ok(Ending::Fine);
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
        let state = if !cluster.split.is_empty() {
            format!("split brain: {} accept writes", all_of(&cluster.split))
        } else if cluster.is_kept {
            format!("kept as is, {}", cluster.state.words())
        } else if cluster.state.is_left_over() {
            format!("interrupted, {}", cluster.state.words())
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
        print::note("To deal with an interrupted run:");
        print::note("  pgcascade resume FOLDER     finish it");
        print::note("  pgcascade teardown FOLDER   remove it");
        print::note("  pgcascade keep FOLDER       leave it as it is");
    }
    Ok(ending)
}

pub(super) async fn verify(dir: &Path, show: Show) -> Result<Ending, Report> {
    perform(Task::verify(&target::absolute(dir)?)?, show).await
}

pub(super) async fn start(dir: &Path, servers: &[String], show: Show) -> Result<Ending, Report> {
    perform(Task::start(&target::absolute(dir)?, servers)?, show).await
}

pub(super) async fn stop(dir: &Path, servers: &[String], show: Show) -> Result<Ending, Report> {
    perform(Task::stop(&target::absolute(dir)?, servers)?, show).await
}

pub(super) async fn restart(args: &Restart) -> Result<Ending, Report> {
    let dir = target::absolute(&args.dir)?;
    perform(Task::restart(&dir, &args.servers, args.rolling)?, args.show).await
}

pub(super) async fn reload(args: &SomeServers) -> Result<Ending, Report> {
    perform(
        Task::reload(&target::absolute(&args.dir)?, &args.servers)?,
        args.show,
    )
    .await
}

pub(super) async fn set_replay(args: &OneServer, pauses: bool) -> Result<Ending, Report> {
    let dir = target::absolute(&args.dir)?;
    perform(Task::set_replay(&dir, &args.server, pauses)?, args.show).await
}

pub(super) async fn teardown(dir: &Path, show: Show) -> Result<Ending, Report> {
    perform(Task::teardown(&target::absolute(dir)?)?, show).await
}

/// Shows the plan, or performs it: events on the way, at the end a sentence for each thing done.
async fn perform(task: Task, show: Show) -> Result<Ending, Report> {
    if show.plan {
        print_task(task.plan(), show.json);
        return Ok(Ending::Fine);
    }
    let signals = Signals::catch()?;
    let cancel = Cancel::default();
    let _watcher = signals.cancels(
        &cancel,
        "Cancelled: stopping (press Ctrl-C again to stop at once)",
        "Stopping at once",
    );
    let what = task.plan().head.kind.noun();
    let mut failed = None;
    let outcome = shown(show.json, |events| async {
        let performed = task.perform(RUN, events, cancel).await;
        let outcome = performed.outcome.clone();
        if !show.json {
            performed.said.iter().for_each(print::line);
            failed = performed.into_result().err();
        }
        outcome
    })
    .await;
    match failed {
        Some(_) if matches!(outcome, Outcome::Cancelled { .. }) => {
            let report = Report::new(format!("The {what} was cancelled; completed steps were kept"))
                .hint("Run the same command again to finish");
            print::error(&report);
        }
        Some(report) => print::error(&report),
        None => {}
    }
    Ok(ending(&outcome))
}

fn print_task(plan: &Plan, as_json: bool) {
    if as_json {
        print::json(plan);
        return;
    }
    print::line(format_args!(
        "{} for the {} of \"{}\" in {}",
        counted(plan.steps.len(), "step"),
        plan.head.kind.noun(),
        plan.cluster,
        plan.folder
    ));
    print_steps(plan);
}
