//! How long the drawing's answers take, and how they grow with it: the checks, the prediction, what is survived, the bundle, the exports.
//!
//! `make bench` runs it. Every figure is the median of many rounds; a figure above its limit fails the run. There is no
//! framework: eleven questions at four sizes need none, and the figures are for people, not for a trend.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "it prints figures, or fails"
)]

use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::{Duration, Instant};

use pgcascade::model::bundle::{generate, pack};
use pgcascade::model::document::Document;
use pgcascade::model::export::{Target, export};
use pgcascade::model::simulate::predict;
use pgcascade::model::simulate::survives::single_failures;
use pgcascade::model::topology::{ApplyDelay, Edit, PgMajor, Port, ServerName, SyncPolicy, Topology, check};

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];
/// For one question at one size.
const TIME: Duration = Duration::from_secs(1);
const LEAST_ROUNDS: usize = 5;

/// From one size to the next, ten times as large: caches hold less of the largest, and sorted maps are deeper. Squares would
/// take a hundred times as long.
const MOST_GROWTH: f64 = 50.0;

/// What is asked, and the limit for the largest design, in milliseconds.
type Question = (&'static str, f64, fn(&Document));

const QUESTIONS: [Question; 4] = [
    ("check", 1_000.0, |document| {
        black_box(check(document.topology()));
    }),
    ("predict", 100.0, |document| {
        black_box(predict(document.topology(), &BTreeSet::new()));
    }),
    ("survives", 5_000.0, |document| {
        black_box(single_failures(document.topology()));
    }),
    ("generate and pack", 5_000.0, |document| {
        black_box(pack(&generate(document)));
    }),
];

/// The limit for an export of the largest design, in milliseconds.
const EXPORT: f64 = 5_000.0;

fn main() {
    println!(
        "| question | {} | growth from 1,000 to 10,000 | limit |",
        SIZES.map(|size| format!("{size} servers")).join(" | ")
    );
    println!("|---|---|---|---|---|---|---|");
    let mut missed = Vec::new();
    let mut ask = |name: String, limit: f64, designs: &[Document; 4], question: &dyn Fn(&Document)| {
        let took = designs.each_ref().map(|document| median(|| question(document)));
        let [_, _, fewer, most] = took;
        let growth = most / fewer;
        println!(
            "| {name} | {} | ×{growth:.1} | {limit} ms, ×{MOST_GROWTH} |",
            took.map(|millis| format!("{millis:.3} ms")).join(" | "),
        );
        if most > limit || growth > MOST_GROWTH {
            missed.push(name);
        }
    };
    let designs = SIZES.map(|size| design(size, true));
    for (name, limit, question) in QUESTIONS {
        ask(name.to_owned(), limit, &designs, &question);
    }
    // No target takes a design with errors.
    let designs = SIZES.map(|size| design(size, false));
    for target in Target::ALL {
        ask(
            format!("export to {}", target.word()),
            EXPORT,
            &designs,
            &|document| {
                black_box(export(document, target).unwrap());
            },
        );
    }
    if !missed.is_empty() {
        println!("Above the limit: {}", missed.join(", "));
        std::process::exit(1);
    }
}

/// Milliseconds.
fn median(ask: impl Fn()) -> f64 {
    let mut rounds = Vec::new();
    let begun = Instant::now();
    while rounds.len() < LEAST_ROUNDS || begun.elapsed() < TIME {
        let round = Instant::now();
        ask();
        rounds.push(round.elapsed().as_secs_f64() * 1_000.0);
    }
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

/// A tree in which every sender has three downstreams, with odd names, a few delays, links without a slot, and settings
/// by hand, so that every rule has something to look at; with errors among them if it is asked for.
fn design(size: usize, has_errors: bool) -> Document {
    let name = |place: usize| ServerName::parse(&format!("node {place}'s")).unwrap();
    let port = |place: usize| Port::new(2_000 + u16::try_from(place).unwrap()).unwrap();
    let mut topology = Topology::new("bench", PgMajor::V15, name(0), port(0));
    let mut made = vec![topology.primary().id()];
    for place in 1..size {
        let upstream = made[(place - 1) / 3];
        let add = Edit::AddStandby {
            upstream,
            name: Some(name(place)),
            port: Some(port(place)),
        };
        let server = topology.apply(&add).unwrap().created.unwrap();
        made.push(server);
        let edit = match place % 10 {
            1..=3 if place < 4 => Edit::SetSyncPriority {
                server,
                priority: Some(u32::try_from(place).unwrap()),
            },
            4 => Edit::SetApplyDelay {
                server,
                delay: Some(ApplyDelay::parse("1h").unwrap()),
            },
            5 => Edit::SetSlot {
                server,
                slot: Some(false),
            },
            6 => set(server, "hot_standby_feedback", "on"),
            7 if has_errors => set(server, "max_connections", "50"),
            8 if has_errors => set(server, "work_men", "64MB"),
            _ => set(server, "log_min_duration_statement", "1s"),
        };
        topology.apply(&edit).unwrap();
    }
    topology
        .apply(&Edit::SetSync(Some(SyncPolicy::default())))
        .unwrap();
    Document::new(topology)
}

fn set(server: pgcascade::model::topology::ServerId, name: &str, value: &str) -> Edit {
    Edit::SetSetting {
        server: Some(server),
        name: name.to_owned(),
        value: Some(value.to_owned()),
    }
}
