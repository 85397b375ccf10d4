//! How long the simulator's answers take, and how they grow: a fault and what follows, what a design survives, and a
//! second of simulated time.
//!
//! `make bench` runs it. Every figure is the median of many rounds; a figure above its limit fails the run.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "it prints figures, or fails"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use pgcascade::model::simulate::survives::{double_failures, single_failures};
use pgcascade::model::simulate::time::{Run, Scenario};
use pgcascade::model::simulate::verdict::Verdict;
use pgcascade::model::simulate::world::{Incident, World};
use pgcascade::model::topology::{Edit, PgMajor, Port, ServerName, SyncPolicy, Topology};

/// For one question at one size.
const TIME: Duration = Duration::from_secs(2);
const LEAST_ROUNDS: usize = 5;

/// What is asked, at which numbers of servers, and the limit for the last of them, in milliseconds.
type Question = (&'static str, [usize; 3], f64, fn(&Topology) -> f64);

const QUESTIONS: [Question; 6] = [
    (
        "a relay crashes: every row and commit",
        [10, 100, 1_000],
        5.0,
        |topology| {
            let relay = topology.servers()[1].id();
            median(
                || World::new(topology),
                |mut world| {
                    world.apply_each(&[Incident::Crash(relay)]);
                    black_box(world.board());
                },
            )
        },
    ),
    ("the same from the design on", [10, 100, 1_000], 5.0, |topology| {
        let relay = topology.servers()[1].id();
        median(
            || (),
            |()| {
                let mut world = World::new(topology);
                world.apply_each(&[Incident::Crash(relay)]);
                black_box(world.board());
            },
        )
    }),
    (
        "the primary crashes: the whole verdict",
        [10, 100, 1_000],
        100.0,
        |topology| {
            let mut world = World::new(topology);
            world.apply_each(&[Incident::Crash(topology.primary().id())]);
            median(
                || (),
                |()| {
                    black_box(Verdict::of(&world).text());
                },
            )
        },
    ),
    ("survives: single failures", [5, 20, 50], 20.0, |topology| {
        median(
            || (),
            |()| {
                black_box(single_failures(topology));
            },
        )
    }),
    ("survives: double failures", [5, 20, 50], 1_000.0, |topology| {
        median(
            || (),
            |()| {
                let _ = black_box(double_failures(topology));
            },
        )
    }),
    (
        "a simulated second, 40 commits",
        [10, 100, 1_000],
        1_000.0,
        |topology| {
            let begun = || {
                let mut run = Run::new(topology, Scenario::default());
                run.run_until(1_000_000);
                run
            };
            median(begun, |mut run| {
                run.run_until(2_000_000);
                black_box(run.acknowledged());
            })
        },
    ),
];

fn main() {
    println!("| question | servers | | | growth from the second to the third | limit |");
    println!("|---|---|---|---|---|---|");
    let mut missed = Vec::new();
    for (name, sizes, limit, ask) in QUESTIONS {
        let took = sizes.map(|size| ask(&design(size)));
        let cells: Vec<String> = sizes
            .iter()
            .zip(took)
            .map(|(size, millis)| format!("{size}: {millis:.3} ms"))
            .collect();
        println!(
            "| {name} | {} | ×{:.1} | {limit} ms |",
            cells.join(" | "),
            took[2] / took[1]
        );
        if took[2] > limit {
            missed.push(name);
        }
    }
    if !missed.is_empty() {
        println!("Above the limit: {}", missed.join(", "));
        std::process::exit(1);
    }
}

/// Milliseconds for a round, of which the preparation is not part.
fn median<T>(prepare: impl Fn() -> T, ask: impl Fn(T)) -> f64 {
    let mut rounds = Vec::new();
    let begun = Instant::now();
    while rounds.len() < LEAST_ROUNDS || begun.elapsed() < TIME {
        let prepared = prepare();
        let round = Instant::now();
        ask(prepared);
        rounds.push(round.elapsed().as_secs_f64() * 1_000.0);
    }
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

/// A tree in which every sender has three downstreams; the primary's are synchronous.
fn design(servers: usize) -> Topology {
    let name = |number: usize| ServerName::parse(&format!("server {number}")).unwrap();
    let port = |number: usize| Port::new(u16::try_from(5_000 + number).unwrap()).unwrap();
    let mut topology = Topology::new("bench", PgMajor::V15, name(0), port(0));
    topology
        .apply(&Edit::SetSync(Some(SyncPolicy::default())))
        .unwrap();
    for number in 1..servers {
        let edit = Edit::AddStandby {
            upstream: topology.servers()[(number - 1) / 3].id(),
            name: Some(name(number)),
            port: Some(port(number)),
        };
        let server = topology.apply(&edit).unwrap().created.unwrap();
        if number <= 3 {
            let priority = u32::try_from(number).ok();
            topology
                .apply(&Edit::SetSyncPriority { server, priority })
                .unwrap();
        }
    }
    topology
}
