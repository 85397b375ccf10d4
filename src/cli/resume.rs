//! `resume` and `keep`: what a pgcascade that was ended in the middle left is finished, or left as it is.

use std::path::Path;

use super::apply::run_change;
use super::args::Show;
use super::deploy::{ending, say_what_next, shown, tell};
use super::signals::Signals;
use super::{Ending, clusters, print, target};
use crate::engine::cluster::record;
use crate::engine::deploy::{self, Cancel, LeftOver, Resumed};
use crate::model::quoting::shell_path;
use crate::report::Report;

/// This program continues one thing in its life.
const RUN: u64 = 1;

pub(super) async fn resume(dir: &Path, as_json: bool) -> Result<Ending, Report> {
    let dir = target::absolute(dir)?;
    let folder = shell_path(&dir);
    let note = |words: String| {
        if !as_json {
            print::note(words);
        }
    };
    match deploy::look_at_left_over(&dir, RUN).await? {
        LeftOver::Deployment(resumed) => Box::pin(deployment(*resumed, as_json)).await,
        LeftOver::Change(change) => {
            let signals = Signals::catch()?;
            note(format!(
                "Resuming the change of \"{}\" in {folder}",
                change.plan.cluster
            ));
            Ok(run_change(*change, as_json, signals).await)
        }
        LeftOver::Teardown => {
            note(format!("Resuming the teardown of {folder}"));
            clusters::teardown(&dir, Show::performing(as_json)).await
        }
        LeftOver::Start(servers) => {
            note(format!("Resuming the start of {}", servers.join(", ")));
            clusters::start(&dir, &servers, Show::performing(as_json)).await
        }
        LeftOver::Stop(servers) => {
            note(format!("Resuming the stop of {}", servers.join(", ")));
            clusters::stop(&dir, &servers, Show::performing(as_json)).await
        }
    }
}

async fn deployment(resumed: Resumed, as_json: bool) -> Result<Ending, Report> {
    let signals = Signals::catch()?;
    let cancel = Cancel::default();
    let _watcher = signals.cancels(
        &cancel,
        "Cancelled: rolling back (press Ctrl-C again to stop waiting)",
        "Stopping at once",
    );
    let folder = resumed.folder();
    let document = resumed.run.document.clone();
    if !as_json {
        print::note(format_args!(
            "Resuming the deployment of \"{}\" in {}: {} of {} steps are already done",
            document.topology().name(),
            shell_path(&folder),
            resumed.done(),
            resumed.run.plan.steps.len()
        ));
    }
    let outcome = shown(as_json, |events| deploy::go_on_here(resumed, events, cancel)).await;
    let ending = ending(&outcome);
    if !as_json {
        let remedy = format!(
            "Remove what remains with: pgcascade teardown {}",
            shell_path(&folder)
        );
        tell("deployment", &outcome, &remedy);
        if ending == Ending::Fine {
            say_what_next(document.topology(), &folder);
        }
    }
    Ok(ending)
}

pub(super) fn keep(dir: &Path) -> Result<Ending, Report> {
    let record = record::keep(&target::absolute(dir)?)?;
    let folder = shell_path(&record.folder);
    print::line(format_args!(
        "\"{}\" in {folder} stays as it is and is no longer offered",
        record.name
    ));
    print::line(format_args!("  resume it:     pgcascade resume {folder}"));
    print::line(format_args!("  tear it down:  pgcascade teardown {folder}"));
    Ok(Ending::Fine)
}
