//! `simulate`: a scenario in time, a line for each second and each thing that happens.

use std::path::Path;

use serde::Serialize;

use super::table::{Column, numbers, table, words};
use super::{Ending, designs, print, scenario};
use crate::model::simulate::time::{Micros, Run, Scenario};
use crate::report::Report;

const SECOND: Micros = 1_000_000;

/// One moment, as JSON: a line each.
#[derive(Serialize)]
struct Moment<'a> {
    /// In milliseconds from the start.
    at: Micros,
    acknowledged: u64,
    waiting: usize,
    failed: u64,
    servers: Vec<Server<'a>>,
}

#[derive(Serialize)]
struct Server<'a> {
    name: &'a str,
    written: u64,
    flushed: u64,
    replayed: u64,
}

pub(super) fn simulate(
    file: &Path,
    which: Option<&Path>,
    until: Micros,
    as_json: bool,
) -> Result<Ending, Report> {
    let document = designs::open(file)?;
    let topology = document.topology();
    let scenario = match which {
        Some(which) => scenario::find(which, &document)?,
        None => Scenario::default(),
    };
    let mut run = Run::new(topology, scenario);
    let mut rows = Vec::new();
    while run.now() + SECOND <= until {
        let told = run.happened().len();
        run.run_until(run.now() + SECOND);
        if as_json {
            print::json(&moment(&run));
        } else {
            rows.push(row(&run, told));
        }
    }
    if !as_json {
        print::line(table(&columns(), &rows));
        print::line("\nlag: primary WAL that the standby has not yet applied, in kB");
    }
    Ok(Ending::Fine)
}

fn moment(run: &Run) -> Moment<'_> {
    let servers = run.world().topology().servers().iter().filter_map(|server| {
        let progress = run.progress(server.id())?;
        Some(Server {
            name: server.name().as_str(),
            written: progress.written,
            flushed: progress.flushed,
            replayed: progress.replayed,
        })
    });
    Moment {
        at: run.now() / 1_000,
        acknowledged: run.acknowledged(),
        waiting: run.waiting().count(),
        failed: run.failed(),
        servers: servers.collect(),
    }
}

fn columns() -> [Column; 6] {
    [
        numbers("second"),
        numbers("acknowledged"),
        numbers("waiting"),
        numbers("failed"),
        words("lag"),
        words("what happened"),
    ]
}

fn row(run: &Run, told: usize) -> Vec<String> {
    let topology = run.world().topology();
    let lags = topology.servers().iter().filter(|server| {
        run.world()
            .state(server.id())
            .is_some_and(|state| state.upstream.is_some())
    });
    let lags: Vec<String> = lags
        .filter_map(|server| Some((server, run.lag(server.id())?)))
        .filter(|(_, lag)| *lag >= 1024)
        .map(|(server, lag)| format!("{} {}", server.name(), lag / 1024))
        .collect();
    let happened: Vec<String> = run
        .happened()
        .iter()
        .skip(told)
        .map(|happened| match &happened.outcome {
            Ok(_) => happened.text(topology),
            Err(refusal) => format!("{} (refused: {})", happened.text(topology), refusal.sentence),
        })
        .collect();
    vec![
        (run.now() / SECOND).to_string(),
        run.acknowledged().to_string(),
        run.waiting().count().to_string(),
        run.failed().to_string(),
        print::in_one_line(&lags.join(", ")),
        print::in_one_line(&happened.join(", ")),
    ]
}
