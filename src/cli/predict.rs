//! `predict`: what `status` would show of a design's cluster, without a server; and after faults, the whole verdict.

use std::collections::BTreeSet;

use serde::Serialize;

use super::args::Predict;
use super::{Ending, designs, print, scenario, status};
use crate::model::document::Document;
use crate::model::health::Board;
use crate::model::simulate::verdict::Verdict;
use crate::model::simulate::world::{Incident, World, transitions_as_markdown};
use crate::model::simulate::{self, Configured};
use crate::model::topology::{ServerId, Topology, nearest, notation};
use crate::report::Report;

/// The board, and beside it what is to be said about it.
#[derive(Serialize)]
struct Outcome<'a> {
    #[serde(flatten)]
    board: &'a Board,
    verdict: &'a Verdict,
}

pub(super) fn predict(args: &Predict) -> Result<Ending, Report> {
    let Some(file) = args.file.as_deref() else {
        print::text(&transitions_as_markdown());
        return Ok(Ending::Fine);
    };
    let document = designs::open(file)?;
    let topology = document.topology();
    let down = args
        .down
        .iter()
        .map(|name| server(topology, name))
        .collect::<Result<BTreeSet<ServerId>, Report>>()?;
    if let Err(problem) = Configured::of(topology, topology.primary()) {
        print::note(format_args!(
            "\"{}\" would not start: in synchronous_standby_names, {problem}",
            topology.primary().name()
        ));
    }
    let incidents = incidents(args, &document)?;
    if incidents.is_empty() {
        show_board(args, topology, &down);
        return Ok(Ending::Fine);
    }
    let mut world = World::without(topology, &down);
    for incident in incidents {
        world.apply(incident).map_err(|refusal| {
            Report::new(format!(
                "\"{}\" is not possible: {}",
                incident.text(topology),
                refusal.sentence
            ))
            .hint(refusal.reason)
        })?;
    }
    show_verdict(args, &world);
    Ok(Ending::Fine)
}

/// What happens: the scenario's events first, then the faults as given, then the promotions.
fn incidents(args: &Predict, document: &Document) -> Result<Vec<Incident>, Report> {
    let topology = document.topology();
    let mut incidents = Vec::new();
    if let Some(which) = &args.scenario {
        let events = scenario::find(which, document)?.events;
        incidents.extend(events.iter().map(|event| event.incident));
    }
    let promotions = args
        .promote
        .iter()
        .map(|name| format!("promote {}", notation::quote(name)));
    for text in args.fault.iter().cloned().chain(promotions) {
        let incident = Incident::parse(&text, topology)
            .map_err(|error| Report::of(format!("\"{text}\" cannot be predicted"), &error))?;
        incidents.push(incident);
    }
    Ok(incidents)
}

fn show_board(args: &Predict, topology: &Topology, down: &BTreeSet<ServerId>) {
    let board = simulate::predict(topology, down);
    if args.json {
        print::json(&board);
    } else {
        status::print_board(&board);
    }
    if args.why {
        print::line("\nWhy:");
        for reason in simulate::why(topology, down) {
            let line = format!("{}, {}: {}", reason.server, reason.about, reason.sentence);
            print::line(print::in_one_line(&line));
        }
    }
}

fn show_verdict(args: &Predict, world: &World) {
    let (board, verdict) = (world.board(), Verdict::of(world));
    if args.json {
        print::json(&Outcome {
            board: &board,
            verdict: &verdict,
        });
        return;
    }
    let text = if args.why {
        verdict.text_with_reasons()
    } else {
        verdict.text()
    };
    for line in text.lines() {
        print::line(print::in_one_line(line));
    }
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
