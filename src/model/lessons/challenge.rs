//! Challenges: something is wrong, made from a seed. A design of a family, faults that can happen, and a way out that the
//! program's own advice finds. Same version and same seed, same challenge.

mod faults;
mod flaw;

use thiserror::Error;

use super::dice::Dice;
use super::{Bench, Goal, Lesson, Line, On, Page, Predicate, checksum};
use crate::model::document::Document;
use crate::model::simulate::verdict::advise;
use crate::model::simulate::world::{Incident, World};
use crate::model::topology::{Server, Topology, check, notation};
use faults::{faults, goals_of};
use flaw::flaw;

/// From one fault in full view to three at night, while clients work.
pub const LEVELS: [u8; 4] = [1, 2, 3, 4];

/// `LEVEL-SEED`: what a class shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge {
    pub level: u8,
    pub seed: u64,
}

/// A text that is not `LEVEL-SEED`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{0}\" is not a challenge: write LEVEL-SEED, for example 1-4711; levels are 1 to 4")]
pub struct BadChallenge(pub String);

/// # Errors
///
/// If the text is not a level from 1 to 4, a hyphen and a number.
pub fn parse(text: &str) -> Result<Challenge, BadChallenge> {
    let bad = || BadChallenge(text.to_owned());
    let (level, seed) = text.split_once('-').ok_or_else(bad)?;
    let challenge = Challenge {
        level: level.parse().map_err(|_| bad())?,
        seed: seed.parse().map_err(|_| bad())?,
    };
    LEVELS
        .contains(&challenge.level)
        .then_some(challenge)
        .ok_or_else(bad)
}

/// The challenge of a day, counted from 1970: levels 1 to 3 in turn.
pub fn today(days: u64) -> Challenge {
    Challenge {
        level: LEVELS[usize::try_from(days % 3).unwrap_or(0)],
        seed: days,
    }
}

impl Challenge {
    pub fn name(self) -> String {
        format!("{}-{}", self.level, self.seed)
    }

    #[must_use]
    pub fn next(self) -> Self {
        Self {
            seed: self.seed.wrapping_add(1),
            ..self
        }
    }
}

/// So often is tried before a plain one is made.
const TRIES: u64 = 2_000;

/// The lesson of a challenge: its goals, and the advice's way out as its solution.
pub fn make(challenge: Challenge) -> Option<Lesson> {
    let tries = (0..TRIES).map(|number| {
        let seed = challenge.seed.wrapping_mul(TRIES).wrapping_add(number);
        Dice::new(seed.wrapping_mul(5).wrapping_add(u64::from(challenge.level)))
    });
    let mut made = tries.filter_map(|mut dice| match challenge.level {
        1 if dice.one_in(2) => flaw(challenge, &mut dice),
        _ => faults(challenge, &mut dice),
    });
    made.next().or_else(|| plain(challenge))
}

/// The steps that the program's own advice takes from the start.
pub fn advised(lesson: &Lesson) -> Vec<String> {
    let mut bench = Bench::new(lesson);
    let mut steps = Vec::new();
    let mut play = |bench: &mut Bench<'_>, step: String| {
        let is_done = bench.play(&step).is_ok();
        if is_done {
            steps.push(step);
        }
        is_done
    };
    let in_time = lesson.goals.iter().any(|goal| goal.on == On::Time);
    if lesson.goals.iter().all(|goal| goal.on == On::Design) {
        let findings = check(lesson.start.topology());
        for finding in findings.iter().filter(|finding| finding.fix.is_some()) {
            play(&mut bench, format!("fix {}", finding.rule));
        }
        return steps;
    }
    if in_time {
        play(&mut bench, "in-time".to_owned());
        play(&mut bench, "play 4s".to_owned());
    } else {
        play(&mut bench, "what-if".to_owned());
    }
    // What is done in time can make something else necessary.
    for _ in 0..4 {
        let actions: Vec<Incident> = advise(bench.world())
            .into_iter()
            .filter_map(|advice| advice.action)
            .collect();
        let mut is_done = false;
        for action in actions {
            let text = action.text(bench.document().topology());
            is_done |= play(&mut bench, text);
        }
        if !is_done {
            break;
        }
    }
    if in_time {
        play(&mut bench, "play 1s".to_owned());
    }
    steps
}

fn goal(id: &str, text: &str, on: On, holds: &[String]) -> Option<Goal> {
    let holds: Result<Vec<Predicate>, _> = holds.iter().map(|text| Predicate::parse(text)).collect();
    Some(Goal {
        id: id.to_owned(),
        text: text.to_owned(),
        on,
        is_once: on != On::Design,
        is_guard: false,
        holds: holds.ok()?,
        any: Vec::new(),
        hints: Vec::new(),
        line: 0,
    })
}

fn name(server: &Server) -> String {
    notation::quote(server.name().as_str())
}

/// A level has two to four.
fn in_letters(faults: usize) -> String {
    match faults {
        2 => "two".to_owned(),
        3 => "three".to_owned(),
        4 => "four".to_owned(),
        many => many.to_string(),
    }
}

fn words(level: u8, faults: usize, gone: &[String]) -> String {
    let what = match level {
        1 => "Something has happened to this cluster.".to_owned(),
        4 => format!(
            "Night shift: clients work, and {} things happen while you watch.",
            in_letters(faults)
        ),
        _ => format!(
            "{} have happened to this cluster.",
            crate::model::words::as_sentence(&format!("{} things", in_letters(faults)))
        ),
    };
    let where_ = if level == 4 {
        "What-if, Timeline"
    } else {
        "What-if"
    };
    let gone = match gone {
        [] => String::new(),
        [one] => format!(" {one}'s machine is gone for good."),
        several => format!(
            " The machines of {} are gone for good.",
            crate::model::words::listed(several)
        ),
    };
    format!("{what}{gone} Enter {where_}, find out what is wrong, and repair it.")
}

/// The whole lesson, if it begins unsolved and the advice solves it.
fn finish(
    challenge: Challenge,
    topology: Topology,
    given: Vec<String>,
    scenario: String,
    text: &str,
    goals: Vec<Goal>,
) -> Option<Lesson> {
    let line = |text: String| Line { text, number: 0 };
    let in_story = goals.iter().any(|goal| goal.on != On::Design);
    let checked: Vec<String> = goals
        .iter()
        .flat_map(|goal| &goal.holds)
        .map(|holds| holds.text().to_owned())
        .collect();
    let mut lesson = Lesson {
        name: challenge.name(),
        title: format!("Challenge {}", challenge.name()),
        chapter: "challenges".to_owned(),
        minutes: 3 * u32::from(challenge.level),
        kills: String::new(),
        learnt: String::new(),
        sources: Vec::new(),
        is_folded: challenge.level > 1,
        is_locked: in_story,
        start: Document::new(topology),
        given: given.into_iter().map(line).collect(),
        scenario,
        solution: Vec::new(),
        is_pictured: false,
        lab: Vec::new(),
        hints: hints(challenge.level, in_story),
        pages: vec![Page {
            text: text.to_owned(),
            ask: None,
            goals: goals.iter().map(|goal| goal.id.clone()).collect(),
            after: None,
            demo: Vec::new(),
            line: 0,
        }],
        asks: Vec::new(),
        goals,
        wrong: Vec::new(),
        checksum: checksum(checked),
    };
    if Bench::new(&lesson).state().is_solved {
        return None;
    }
    let steps = advised(&lesson);
    lesson.learnt = learnt(&lesson, &steps);
    lesson.solution = steps.into_iter().map(line).collect();
    let mut bench = Bench::new(&lesson);
    let begins = 1 + usize::from(lesson.goals.iter().any(|goal| goal.on == On::Time));
    for (place, step) in lesson.solution.iter().enumerate() {
        if in_story && place <= begins && bench.state().is_solved {
            return None;
        }
        bench.play(&step.text).ok()?;
    }
    bench.state().is_solved.then_some(lesson)
}

fn hints(level: u8, in_story: bool) -> Vec<String> {
    if !in_story {
        return vec![
            "Look at the findings: each says what a real server would do.".to_owned(),
            "A finding with a button knows how to put it right.".to_owned(),
        ];
    }
    let first = if level == 1 {
        "Look at each card: which server does not receive what is written?"
    } else {
        "Begin above: what is broken there hides what is broken below."
    };
    vec![
        first.to_owned(),
        "A server that is to follow another one needs a slot there first.".to_owned(),
        "What to do now, in What-if, has the program's own advice.".to_owned(),
    ]
}

/// What had happened, and what helped.
fn learnt(lesson: &Lesson, steps: &[String]) -> String {
    let mut happened: Vec<String> = lesson.given.iter().map(|line| line.text.clone()).collect();
    happened.extend(
        lesson
            .scenario
            .lines()
            .filter(|line| line.starts_with("at "))
            .map(str::to_owned),
    );
    if happened.is_empty() {
        return format!("What helped: {}.", steps.join("; "));
    }
    format!(
        "What had happened: {}. What helps: {}.",
        happened.join("; "),
        steps.join("; ")
    )
}

/// Never reached by any seed that was tried; still, every seed is a challenge: a paused standby.
fn plain(challenge: Challenge) -> Option<Lesson> {
    let topology = notation::parse("berlin 5432\n  oslo 5433\n").ok()?;
    let world = World::new(&topology);
    let goals = goals_of(&world, &world, On::Story)?;
    let given = vec!["pause oslo".to_owned()];
    finish(
        challenge,
        topology,
        given,
        String::new(),
        &words(1, 1, &[]),
        goals,
    )
}
