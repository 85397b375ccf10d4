//! `switchover`, `failover`, `rejoin`, `follow`: who takes over from whom, shown first, then done and proved.

use std::path::Path;
use std::time::Instant;

use serde::Serialize;

use super::args::Show;
use super::deploy::{ending, shown, tell};
use super::plan::print_steps;
use super::signals::Signals;
use super::{Ending, ask, preflight, print, target};
use crate::engine::deploy::{self, Cancel, Refused, Steered};
use crate::model::plan::{Check, Foretold, Kind, Outcome, Plan, Wish};
use crate::model::quoting::shell_path;
use crate::model::words::counted;
use crate::report::Report;

/// This program does one thing in its life.
const RUN: u64 = 1;

/// The plan, or what stands in its way.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    plan: Option<&'a Plan>,
    #[serde(flatten)]
    told: &'a Foretold,
    checks: &'a [Check],
}

pub(super) async fn steer(dir: &Path, wish: Wish, agrees: bool, show: Show) -> Result<Ending, Report> {
    let dir = target::absolute(dir)?;
    let signals = Signals::catch()?;
    let steered = match deploy::look_to_steer(&dir, &wish, RUN).await {
        Ok(steered) => steered,
        Err(Refused::Report(report)) => return Err(report),
        Err(Refused::Checks(checks)) => return Ok(refuse(&dir, &wish, &checks, show)),
    };
    if show.plan {
        tell_plan(&steered, show.json);
        return Ok(Ending::Fine);
    }
    if !show.json {
        summary(&steered).into_iter().for_each(print::note);
    }
    if steered.change.plan.steps.is_empty() {
        return Ok(Ending::Fine);
    }
    if let Some(consent) = steered.told.consent.as_deref().filter(|_| !agrees) {
        agree(consent, show.json)?;
    }
    Ok(perform(steered, show.json, signals).await)
}

/// Asks a person; a program says it with an option.
fn agree(consent: &str, as_json: bool) -> Result<(), Report> {
    let refused = || Report::new(format!("{consent}."));
    if as_json || !ask::is_possible() {
        return Err(refused().hint("Nothing was done. Agree to that with --yes."));
    }
    if ask::agrees("Continue all the same?") {
        Ok(())
    } else {
        Err(Report::new("Nothing was done."))
    }
}

fn refuse(dir: &Path, wish: &Wish, checks: &[Check], show: Show) -> Ending {
    let failed = preflight::failed(checks);
    let folder = dir.display().to_string();
    if show.plan && show.json {
        print::json(&Answer {
            plan: None,
            told: &Foretold::default(),
            checks,
        });
    } else if show.json {
        for event in preflight::as_events(RUN, "", &folder, &failed) {
            print::json(&event);
        }
    } else {
        preflight::explain(&headline(wish), &failed);
    }
    Ending::Failed
}

fn headline(wish: &Wish) -> String {
    match wish {
        Wish::Switchover { heir } => format!("{heir} cannot take over now"),
        Wish::Failover { heir: Some(heir) } => format!("{heir} cannot take over"),
        Wish::Failover { heir: None } => "No standby can take over".to_owned(),
        Wish::Rejoin { server } => format!("{server} cannot be rejoined"),
        Wish::Follow { server, upstream } => format!("{server} cannot follow {upstream}"),
    }
}

fn tell_plan(steered: &Steered, as_json: bool) {
    let plan = &steered.change.plan;
    if as_json {
        print::json(&Answer {
            plan: Some(plan),
            told: &steered.told,
            checks: &[],
        });
        return;
    }
    summary(steered).into_iter().for_each(print::line);
    if !plan.steps.is_empty() {
        print::line(format_args!("{}:", counted(plan.steps.len(), "step")));
        print_steps(plan);
    }
}

fn summary(steered: &Steered) -> Vec<String> {
    let plan = &steered.change.plan;
    if plan.steps.is_empty() {
        return vec![format!("Nothing to do: {} is as wanted already", plan.folder)];
    }
    let mut lines = vec![format!("\"{}\" in {}:", plan.cluster, plan.folder)];
    lines.extend(steered.told.changes.iter().map(|change| format!("  {change}")));
    lines.extend(steered.told.notes.iter().map(|note| format!("  {note}")));
    if steered.told.interruptions.is_empty() {
        lines.push("No sessions are interrupted".to_owned());
    } else {
        lines.push("Interrupted:".to_owned());
        lines.extend(steered.told.interruptions.iter().map(|one| format!("  {one}")));
    }
    lines
}

async fn perform(steered: Steered, as_json: bool, signals: Signals) -> Ending {
    let cancel = Cancel::default();
    let _watcher = signals.cancels(
        &cancel,
        "Cancelled: rolling back, unless the new primary accepts writes already (press Ctrl-C again to stop waiting)",
        "Stopping at once",
    );
    let change = steered.change;
    let folder = shell_path(&change.found.folder());
    let (kind, name) = (change.plan.head.kind, change.plan.cluster.clone());
    let primary = change.wanted.topology().primary().name().to_string();
    let began = Instant::now();
    let outcome = shown(as_json, |events| deploy::apply_here(change, events, cancel)).await;
    if !as_json {
        let remedy = format!("Check it with: pgcascade status {folder}");
        tell(kind.noun(), &outcome, &remedy);
        if outcome == Outcome::Done {
            let took = began.elapsed().as_secs_f64();
            let what = match kind {
                Kind::Switchover | Kind::Failover => format!("{primary} is the primary of \"{name}\""),
                _ => format!("\"{name}\" runs as designed"),
            };
            print::line(format_args!("{what} in {folder}: verified after {took:.1} s"));
        }
    }
    ending(&outcome)
}
