//! `predict`: what `status` would show of a design's cluster, without a server.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Ending, designs, print, status};
use crate::model::simulate::{self, Configured};
use crate::model::topology::{ServerId, Topology, nearest};
use crate::report::Report;

pub(super) fn predict(
    path: &Path,
    down: &[String],
    with_reasons: bool,
    as_json: bool,
) -> Result<Ending, Report> {
    let document = designs::open(path)?;
    let topology = document.topology();
    let down = down
        .iter()
        .map(|name| server(topology, name))
        .collect::<Result<BTreeSet<ServerId>, Report>>()?;
    if let Err(problem) = Configured::of(topology, topology.primary()) {
        print::note(format_args!(
            "\"{}\" would not start, since in synchronous_standby_names {problem}",
            topology.primary().name()
        ));
    }
    let board = simulate::predict(topology, &down);
    if as_json {
        print::json(&board);
    } else {
        status::print_board(&board);
    }
    if with_reasons {
        print::line("\nWhy:");
        for reason in simulate::why(topology, &down) {
            let line = format!("{}, {}: {}", reason.server, reason.about, reason.sentence);
            print::line(print::in_one_line(&line));
        }
    }
    Ok(Ending::Fine)
}

fn server(topology: &Topology, name: &str) -> Result<ServerId, Report> {
    if let Some(server) = topology.by_name(name) {
        return Ok(server.id());
    }
    let known: Vec<&str> = topology
        .servers()
        .iter()
        .map(|server| server.name().as_str())
        .collect();
    let report = Report::new(format!("The design has no server called \"{name}\""));
    Err(match nearest(name, known.iter().copied()) {
        Some(near) => report.hint(format!("Did you mean \"{near}\"?")),
        None => report.hint(format!("Its servers are {}", known.join(", "))),
    })
}
