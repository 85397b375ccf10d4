//! `apply`: makes a running cluster what a changed design says, and says before what that means for those who use it.

use std::path::Path;

use serde::Serialize;

use super::args::Apply;
use super::deploy::{ending, shown, tell};
use super::plan::print_steps;
use super::signals::Signals;
use super::{Ending, preflight, print, trust};
use crate::engine::deploy::{self, Cancel, Change, Found};
use crate::model::document::Document;
use crate::model::plan::{ApplyPlan, Check, EventKind, Outcome, RunEvent, plan_apply};
use crate::model::quoting::shell_path;
use crate::model::words::counted;
use crate::report::Report;

/// This program makes one change in its life.
const RUN: u64 = 1;

/// The plan, or what stands in its way.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    plan: Option<&'a ApplyPlan>,
    checks: &'a [Check],
}

pub(super) async fn apply(args: &Apply, dir: &Path, wanted: Document) -> Result<Ending, Report> {
    if !args.plan {
        // While it asks, nothing has begun: Ctrl-C ends it at once.
        trust::settle(wanted.topology(), args.trust, args.json)?;
    }
    let signals = Signals::catch()?;
    let found = deploy::look(dir, &wanted).await?;
    let plan = plan_apply(
        found.running.topology(),
        wanted.topology(),
        &found.machine,
        &found.standing,
    );
    match plan {
        Err(checks) => Ok(refuse(args, &wanted, &found, &checks)),
        Ok(plan) if args.plan => {
            show(&plan, args.json);
            if !args.json {
                trust::say(wanted.topology());
            }
            Ok(Ending::Fine)
        }
        Ok(plan) => Ok(run(args, plan, found, wanted, signals).await),
    }
}

fn refuse(args: &Apply, wanted: &Document, found: &Found, checks: &[Check]) -> Ending {
    let failed = preflight::failed(checks);
    let name = wanted.topology().name();
    match (args.plan, args.json) {
        (true, true) => print::json(&Answer { plan: None, checks }),
        (false, true) => {
            for event in preflight::as_events(RUN, name, &found.machine.folder, &failed) {
                print::json(&event);
            }
        }
        (_, false) => {
            let cannot = format!(
                "\"{name}\" cannot be applied to the cluster in {}",
                found.machine.folder
            );
            preflight::explain(&cannot, &failed);
        }
    }
    Ending::Failed
}

fn show(plan: &ApplyPlan, as_json: bool) {
    if as_json {
        print::json(&Answer {
            plan: Some(plan),
            checks: &[],
        });
        return;
    }
    for line in summary(plan) {
        print::line(line);
    }
    if !plan.plan.steps.is_empty() {
        print::line(format_args!("{}:", counted(plan.plan.steps.len(), "step")));
        print_steps(&plan.plan);
    }
}

/// What changes and who notices it, in lines.
fn summary(plan: &ApplyPlan) -> Vec<String> {
    if plan.plan.steps.is_empty() {
        return vec![format!(
            "No changes: {} already runs \"{}\"",
            plan.plan.folder, plan.plan.cluster
        )];
    }
    let mut lines = vec![format!("\"{}\" in {}:", plan.plan.cluster, plan.plan.folder)];
    lines.extend(plan.changes.iter().map(|change| format!("  {change}")));
    if plan.interruptions.is_empty() {
        lines.push("No sessions are interrupted".to_owned());
    } else {
        lines.push("Interrupted:".to_owned());
        lines.extend(plan.interruptions.iter().map(|one| format!("  {one}")));
    }
    lines.extend(plan.notes.iter().map(|note| format!("Note: {note}")));
    lines
}

async fn run(args: &Apply, plan: ApplyPlan, found: Found, wanted: Document, signals: Signals) -> Ending {
    if !args.json {
        for line in summary(&plan) {
            print::note(line);
        }
        trust::say(wanted.topology());
    }
    if plan.plan.steps.is_empty() {
        if args.json {
            for event in nothing(&plan) {
                print::json(&event);
            }
        }
        return Ending::Fine;
    }
    let change = Change {
        number: RUN,
        plan: plan.plan,
        found,
        wanted,
    };
    run_change(change, args.json, signals).await
}

/// Performs a change, showing everything that happens.
pub(super) async fn run_change(change: Change, as_json: bool, signals: Signals) -> Ending {
    let cancel = Cancel::default();
    let _watcher = signals.cancels(
        &cancel,
        "Cancelled: rolling back (press Ctrl-C again to stop waiting)",
        "Stopping at once",
    );
    let folder = shell_path(&change.found.folder());
    let name = change.plan.cluster.clone();
    let servers = change.wanted.topology().servers().len();
    let outcome = shown(as_json, |events| deploy::apply_here(change, events, cancel)).await;
    if !as_json {
        let remedy = format!("Check it with: pgcascade status {folder}");
        tell("change", &outcome, &remedy);
        if outcome == Outcome::Done {
            let servers = counted(servers, "server");
            print::line(format_args!(
                "\"{name}\" in {folder} now runs as designed: {servers}, changed and verified"
            ));
        }
    }
    ending(&outcome)
}

/// A run in which nothing is to be done, for whoever reads events.
fn nothing(plan: &ApplyPlan) -> [RunEvent; 2] {
    let event = |number, kind| RunEvent {
        run: RUN,
        number,
        elapsed_ms: 0,
        kind,
    };
    let started = EventKind::Started {
        cluster: plan.plan.cluster.clone(),
        folder: plan.plan.folder.clone(),
        steps: Vec::new(),
    };
    let outcome = Outcome::Done;
    [event(0, started), event(1, EventKind::Finished { outcome })]
}
