//! The quiz: a random drawing, something that happens to it, and a question whose truth the program computes.

use super::ask::{Answer, Ask, NOBODY, Truth};
use super::dice::Dice;
use super::family::cluster;
use super::predicate::Cell;
use crate::model::document::Document;
use crate::model::simulate::world::{Incident, World};
use crate::model::topology::{CommitLevel, Server, Topology, notation};
use crate::model::words::listed;

/// One question, whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    pub document: Document,
    /// What has happened, as steps of a story.
    pub happened: Vec<String>,
    pub ask: Ask,
    pub options: Vec<String>,
    pub answer: Answer,
    /// The lesson that explains it.
    pub lesson: &'static str,
}

const KINDS: usize = 8;
const TRIES: u64 = 400;

/// A question of a quiz: larger designs and two faults once `is_hard`. `None` only if no try of many made one.
pub fn question(seed: u64, number: u64, is_hard: bool) -> Option<Question> {
    (0..TRIES).find_map(|attempt| {
        let mixed = seed
            .wrapping_mul(1_000_003)
            .wrapping_add(number.wrapping_mul(TRIES))
            .wrapping_add(attempt);
        // Kinds come in turn, so that no two questions in a row ask the same.
        let kind = usize::try_from(seed.wrapping_add(number) % KINDS as u64).unwrap_or(0);
        one(&mut Dice::new(mixed), kind, is_hard)
    })
}

fn one(dice: &mut Dice, kind: usize, is_hard: bool) -> Option<Question> {
    let topology = cluster(dice, if is_hard { 8 } else { 5 })?;
    let mut world = World::new(&topology);
    let mut happened = Vec::new();
    let faults = usize::from(kind != 0 || dice.one_in(2)) + usize::from(is_hard);
    for _ in 0..faults {
        let incident = fault(&world, dice)?;
        if world.apply(incident).is_ok() {
            happened.push(incident.text(&topology));
        }
    }
    let (truth, text, lesson) = asked(kind, &topology, &world, dice)?;
    let ask = Ask {
        id: "guess".to_owned(),
        text,
        truth,
        after: Vec::new(),
        of_solution: false,
        options: Vec::new(),
        right: None,
        because: None,
        expect: Vec::new(),
        line: 0,
    };
    let answer = ask.answer(&world)?;
    // The answer is not to be "nobody", or "all is well", too often.
    if answer.values.iter().any(|value| value == NOBODY) && !dice.one_in(4) {
        return None;
    }
    let options = ask.options(&topology);
    if answer.because.is_empty() || !answer.values.iter().all(|value| options.contains(value)) {
        return None;
    }
    Some(Question {
        document: Document::new(topology),
        happened,
        ask,
        options,
        answer,
        lesson,
    })
}

fn fault(world: &World, dice: &mut Dice) -> Option<Incident> {
    let topology = world.topology();
    let server = dice.pick(topology.servers())?;
    let (id, upstream) = (server.id(), server.upstream());
    let incident = match (dice.below(5), upstream) {
        (0 | 1, _) => Incident::Crash(id),
        (2, Some(one)) => Incident::Cut { one, other: id },
        (3, Some(_)) => Incident::Pause(id),
        _ => Incident::Stop(id),
    };
    world.judge(incident).ok().map(|_| incident)
}

fn asked(
    kind: usize,
    topology: &Topology,
    world: &World,
    dice: &mut Dice,
) -> Option<(Truth, String, &'static str)> {
    let standbys: Vec<&Server> = topology
        .servers()
        .iter()
        .filter(|server| !server.is_primary())
        .collect();
    let any = dice.pick(&standbys)?;
    let name = any.name().to_string();
    let after = after(world);
    let quoted = notation::quote(&name);
    Some(match kind {
        0 => (
            Truth::Answers,
            format!("{after}Whose reply can let a commit return?"),
            "two-names",
        ),
        1 => (
            Truth::Stale,
            format!("{after}Which running servers lack the newest commit?"),
            "relay-dies",
        ),
        2 => (
            Truth::Leads,
            format!("{after}A minute later: who accepts writes?"),
            "nobody-takes-over",
        ),
        3 => {
            let upstream = topology.server(any.upstream()?)?.name().to_string();
            let above = world.state(topology.by_name(&upstream)?.id())?;
            if !above.is_up() {
                return None;
            }
            (
                Truth::Row {
                    server: name.clone(),
                    upstream: upstream.clone(),
                },
                format!("{after}What does the row of {quoted} on {upstream} say?"),
                "second-hop",
            )
        }
        4 => (
            Truth::Fate(None),
            format!("{after}What becomes of the next commit?"),
            "the-commit-that-waits",
        ),
        5 => {
            if !world.leaders().is_empty() {
                return None;
            }
            (
                Truth::Heir,
                format!("{after}Whom would you promote, to lose the least?"),
                "right-heir",
            )
        }
        6 => {
            let cells = [
                (Cell::Writes, "do writes go on"),
                (Cell::NothingLost, "is every confirmed commit still there"),
            ];
            let victim = dice.pick(topology.servers())?;
            let failure = format!("crash {}", notation::quote(victim.name().as_str()));
            let incident = Incident::parse(&failure, topology).ok()?;
            world.judge(incident).ok()?;
            let (cell, words) = dice.pick(&cells)?;
            (
                Truth::Survives { failure, cell: *cell },
                format!(
                    "{after}Now {} crashes, too, and nobody does anything: {words}?",
                    victim.name()
                ),
                "disaster-drill",
            )
        }
        _ => (
            Truth::Fate(Some(CommitLevel::RemoteApply)),
            format!("{after}A session commits at remote_apply. What becomes of its commit?"),
            "how-much-to-wait-for",
        ),
    })
}

/// "crash oslo" as the beginning of a question.
fn after(world: &World) -> String {
    let topology = world.topology();
    let said: Vec<String> = world
        .incidents()
        .iter()
        .map(|incident| past(*incident, topology))
        .collect();
    if said.is_empty() {
        String::new()
    } else {
        format!("{}. ", crate::model::words::as_sentence(&listed(&said)))
    }
}

fn past(incident: Incident, topology: &Topology) -> String {
    let name = |id| {
        topology
            .server(id)
            .map_or_else(String::new, |server| server.name().to_string())
    };
    match incident {
        Incident::Crash(id) => format!("{} has crashed", name(id)),
        Incident::Stop(id) => format!("{} was stopped", name(id)),
        Incident::Pause(id) => format!("the replay of {} is paused", name(id)),
        Incident::Cut { one, other } => {
            format!("the network between {} and {} is cut", name(one), name(other))
        }
        other => other.text(topology),
    }
}
