//! `deploy`: looks at the machine, checks, runs the plan and shows its events, says how to go on.

use std::path::{Path, PathBuf};

use tokio::sync::mpsc;

use super::progress::Display;
use super::signals::Signals;
use super::target::Target;
use super::{Ending, preflight, print, trust};
use crate::engine::deploy::{self, Cancel, Request, Run};
use crate::model::bundle;
use crate::model::configuration::ClusterFolder;
use crate::model::document::Document;
use crate::model::plan::{self, Outcome, RunEvent};
use crate::model::quoting::shell_path;
use crate::model::topology::{Auth, Topology};
use crate::model::words::counted;
use crate::report::Report;

/// This program runs one deployment in its life.
const RUN: u64 = 1;

/// Events on their way to the display; more than a burst of output lines.
const EVENTS: usize = 256;

pub(super) async fn deploy(
    target: &Target,
    document: &Document,
    is_trusted: bool,
    as_json: bool,
) -> Result<Ending, Report> {
    let request = target.request()?;
    // While it asks, nothing has begun: Ctrl-C ends it at once.
    trust::settle(document.topology(), is_trusted, as_json)?;
    let signals = Signals::catch()?;
    let ending = run(document, &request, target.cache(), as_json, signals).await;
    if ending == Ending::Fine && !as_json {
        // As it is found from anywhere: without "..", and where a link leads.
        let folder = request.folder.canonicalize().unwrap_or(request.folder);
        say_what_next(document.topology(), &folder);
    }
    Ok(ending)
}

/// Deploys the document, showing everything that happens, also why it did not.
pub(super) async fn run(
    document: &Document,
    request: &Request,
    cache: Option<PathBuf>,
    as_json: bool,
    signals: Signals,
) -> Ending {
    let cancel = Cancel::default();
    let _watcher = signals.cancels(
        &cancel,
        "Cancelled: rolling back (press Ctrl-C again to stop waiting)",
        "Stopping at once",
    );
    let topology = document.topology();
    let machine = deploy::discover(topology, request).await;
    let checks = preflight::checks(topology, &machine, request);
    let failed = preflight::failed(&checks);
    if !failed.is_empty() {
        if as_json {
            for event in preflight::as_events(RUN, topology.name(), &machine.folder, &failed) {
                print::json(&event);
            }
        } else {
            let cannot = preflight::cannot_deploy(topology.name(), &machine.folder);
            preflight::explain(&cannot, &failed);
        }
        return Ending::Failed;
    }
    if !as_json {
        preflight::advise(&checks);
    }
    let run = Run {
        number: RUN,
        plan: plan::plan_deploy(topology, &machine),
        machine,
        bundle: bundle::generate(document),
        document: document.clone(),
        cache,
    };
    let outcome = shown(as_json, |events| deploy::run_here(run, events, cancel)).await;
    if !as_json {
        let folder = shell_path(&request.folder);
        tell(
            "deployment",
            &outcome,
            &format!("Remove what remains with: pgcascade teardown {folder}"),
        );
    }
    ending(&outcome)
}

/// A run, with everything that happens shown.
pub(super) async fn shown<F: Future<Output = Outcome>>(
    as_json: bool,
    run: impl FnOnce(mpsc::Sender<RunEvent>) -> F,
) -> Outcome {
    let (sender, mut events) = mpsc::channel(EVENTS);
    let display = async {
        let mut display = Display::new(as_json);
        while let Some(event) = events.recv().await {
            display.show(&event);
        }
    };
    tokio::join!(run(sender), display).0
}

pub(super) fn ending(outcome: &Outcome) -> Ending {
    match outcome {
        Outcome::Done => Ending::Fine,
        Outcome::Failed { .. } => Ending::Failed,
        Outcome::Cancelled { .. } => Ending::Cancelled,
    }
}

/// How it ended, in words, if it did not end well; `remedy` is for what remains.
pub(super) fn tell(what: &str, outcome: &Outcome, remedy: &str) {
    let (headline, hints, remains) = match outcome {
        Outcome::Done => return,
        Outcome::Failed {
            reason,
            hints,
            remains,
        } => (format!("The {what} failed: {reason}"), hints.as_slice(), remains),
        Outcome::Cancelled { remains } => (format!("The {what} was cancelled"), [].as_slice(), remains),
    };
    print::note(format_args!("error: {headline}"));
    for sentence in remains {
        print::note(format_args!("  {sentence}"));
    }
    for hint in hints {
        print::note(format_args!("  hint: {hint}"));
    }
    if remains.is_empty() {
        print::note("Everything was rolled back");
    } else {
        print::note(format_args!("  hint: {remedy}"));
    }
}

pub(super) fn say_what_next(topology: &Topology, real_folder: &Path) {
    let folder = shell_path(real_folder);
    let primary = topology.primary();
    let pass_file = if topology.effective_auth() == Auth::Trust {
        String::new()
    } else {
        let path = real_folder.join(ClusterFolder::PGPASS);
        format!("PGPASSFILE={} ", shell_path(&path))
    };
    print::line(format_args!(
        "\"{}\" runs in {}: {} built and verified",
        topology.name(),
        real_folder.display(),
        counted(topology.servers().len(), "server")
    ));
    print::line(format_args!(
        "  connect:    {pass_file}psql -h {} -p {} -U {} postgres",
        primary.host().from_itself(),
        primary.port(),
        ClusterFolder::SUPERUSER
    ));
    print::line(format_args!("  status:     pgcascade status {folder}"));
    print::line(format_args!("  tear down:  pgcascade teardown {folder}"));
}
