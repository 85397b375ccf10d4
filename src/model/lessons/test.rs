//! Tries a lesson: unsolved at its start, solved by its solution and by no shorter part of it, words for each wrong
//! attempt, truths as its author expects. What is wrong has the line of the file.

use std::collections::BTreeSet;

use super::bench::{options, truth};
use super::{Bench, LabStep, Lesson, Line, Predicate, is_right};
use crate::model::topology::catalogue::{Known, lookup};
use crate::model::topology::nearest;

/// More words than this are not read.
const MOST_WORDS: usize = 60;

/// One thing that is wrong with a lesson.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// From 1; 0: no line says it.
    pub line: usize,
    pub message: String,
}

/// Everything that is wrong with the lesson; empty: it is good.
pub fn test(lesson: &Lesson) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut say = |line: usize, message: String| faults.push(Fault { line, message });
    for page in &lesson.pages {
        let words = page.text.split_whitespace().count();
        if words > MOST_WORDS {
            say(
                page.line,
                format!("a page has {words} words; at most {MOST_WORDS} are read"),
            );
        }
    }
    for goal in lesson
        .goals
        .iter()
        .filter(|goal| !goal.is_guard && goal.on != super::On::Servers)
    {
        let hints = lesson.hints_of(Some(goal)).len();
        if !(2..=4).contains(&hints) {
            say(
                goal.line,
                format!("the goal \"{}\" has {hints} hints; two to four help", goal.id),
            );
        }
    }
    names(lesson, &mut say);
    start(lesson, &mut say);
    solution(lesson, &mut say);
    wrong_attempts(lesson, &mut say);
    questions(lesson, &mut say);
    for page in &lesson.pages {
        let mut bench = Bench::new(lesson);
        play(&mut bench, &page.demo, "demo", &mut say);
    }
    faults
}

/// Servers and settings that are asked about exist: in the start, or in what comes of the solution or of an attempt.
fn names(lesson: &Lesson, say: &mut impl FnMut(usize, String)) {
    let mut known: BTreeSet<String> = BTreeSet::new();
    let attempts = lesson.wrong.iter().map(|wrong| &wrong.attempt);
    for steps in std::iter::once(&lesson.solution).chain(attempts) {
        let mut bench = Bench::new(lesson);
        let mut note = |bench: &Bench<'_>| {
            let servers = bench.document().topology().servers();
            known.extend(servers.iter().map(|server| server.name().to_string()));
        };
        note(&bench);
        for step in steps {
            // What cannot be done is said where it is tried.
            let _ = bench.play(&step.text);
            note(&bench);
        }
    }
    let server = |line: usize, text: &str, name: &str, say: &mut dyn FnMut(usize, String)| {
        if !known.contains(name) {
            let near = nearest(name, known.iter().map(String::as_str));
            let near = near.map_or_else(String::new, |near| format!("; did you mean \"{near}\"?"));
            say(
                line,
                format!("\"{text}\" names the server {name}, which never exists{near}"),
            );
        }
    };
    let major = lesson.start.topology().postgres();
    let goals = lesson.goals.iter().flat_map(|goal| {
        let all = goal.holds.iter().chain(&goal.any);
        all.map(|predicate| (goal.line, predicate))
    });
    let wrong = lesson.wrong.iter().flat_map(|wrong| {
        let all = wrong.when.iter();
        all.map(|predicate| (wrong.line, predicate))
    });
    let asked: Vec<(usize, &Predicate)> = goals.chain(wrong).collect();
    for (line, predicate) in asked {
        for name in predicate.servers() {
            server(line, predicate.text(), name, say);
        }
        if let Some(name) = predicate.setting()
            && matches!(lookup(name, major), Known::Nowhere)
            && !name.contains('.')
        {
            say(
                line,
                format!(
                    "\"{}\" names a setting that PostgreSQL does not have",
                    predicate.text()
                ),
            );
        }
    }
    for line in &lesson.lab {
        if let Ok(step) = LabStep::parse(&line.text) {
            for name in step.servers() {
                server(line.number, &line.text, name, say);
            }
        }
    }
}

fn start(lesson: &Lesson, say: &mut impl FnMut(usize, String)) {
    let bench = Bench::new(lesson);
    for (goal, state) in lesson.goals.iter().zip(&bench.state().goals) {
        if state.is_met != goal.is_guard {
            let message = if goal.is_guard {
                let found = state.found.join("; ");
                format!("the guard \"{}\" does not hold at the start: {found}", goal.id)
            } else {
                format!("the goal \"{}\" already holds at the start", goal.id)
            };
            say(goal.line, message);
        }
    }
    for place in &bench.state().wrong {
        let line = lesson.wrong.get(*place).map_or(0, |wrong| wrong.line);
        say(
            line,
            "the words for a wrong attempt apply at the start".to_owned(),
        );
    }
}

fn solution(lesson: &Lesson, say: &mut impl FnMut(usize, String)) {
    let mut bench = Bench::new(lesson);
    bench.answer_all();
    let last = lesson.solution.last().map_or(0, |line| line.number);
    for (place, line) in lesson.solution.iter().enumerate() {
        if bench.state().is_solved {
            say(line.number, format!("it is solved before \"{}\"", line.text));
            return;
        }
        if let Err(error) = bench.play(&line.text) {
            say(
                line.number,
                format!("solution, step {}, \"{}\": {error}", place + 1, line.text),
            );
            return;
        }
    }
    for (goal, state) in lesson.goals.iter().zip(&bench.state().goals) {
        if !state.is_met && goal.on != super::On::Servers {
            let found = state.found.join("; ");
            say(
                last,
                format!("the solution does not reach the goal \"{}\": {found}", goal.id),
            );
        }
    }
    for place in &bench.state().wrong {
        let line = lesson.wrong.get(*place).map_or(0, |wrong| wrong.line);
        say(
            line,
            "the words for a wrong attempt apply at the end of the solution".to_owned(),
        );
    }
}

fn wrong_attempts(lesson: &Lesson, say: &mut impl FnMut(usize, String)) {
    for (place, wrong) in lesson.wrong.iter().enumerate() {
        if wrong.attempt.is_empty() {
            say(
                wrong.line,
                "a wrong attempt needs \"try\", its steps, to be tested".to_owned(),
            );
            continue;
        }
        let mut bench = Bench::new(lesson);
        bench.answer_all();
        if !play(&mut bench, &wrong.attempt, "try", say) {
            continue;
        }
        if bench.state().is_solved {
            say(wrong.line, "this wrong attempt solves the lesson".to_owned());
        }
        if bench.state().wrong != [place] {
            let others = bench.state().wrong.iter().filter(|other| **other != place);
            let others: Vec<&str> = others
                .filter_map(|other| Some(lesson.wrong.get(*other)?.says.as_str()))
                .collect();
            let message = if others.is_empty() {
                "this attempt does not bring its words".to_owned()
            } else {
                format!("this attempt brings other words: {}", others.join(" / "))
            };
            say(wrong.line, message);
        }
    }
}

fn questions(lesson: &Lesson, say: &mut impl FnMut(usize, String)) {
    for ask in &lesson.asks {
        let Some(truth) = truth(lesson, ask) else {
            say(
                ask.line,
                format!(
                    "the truth of \"{}\" cannot be computed: it names an unknown server",
                    ask.id
                ),
            );
            continue;
        };
        if truth.because.is_empty() {
            say(ask.line, format!("the truth of \"{}\" has no reason", ask.id));
        }
        if !ask.expect.is_empty() && !is_right(&ask.expect, &truth) {
            say(
                ask.line,
                format!(
                    "the truth of \"{}\" is {}, and {} was expected",
                    ask.id,
                    truth.values.join(", "),
                    ask.expect.join(", ")
                ),
            );
        }
        let options = options(lesson, ask);
        if let Some(value) = truth.values.iter().find(|value| !options.contains(value)) {
            say(
                ask.line,
                format!("\"{value}\" is the truth of \"{}\" and cannot be chosen", ask.id),
            );
        }
    }
}

fn play(bench: &mut Bench<'_>, steps: &[Line], what: &str, say: &mut impl FnMut(usize, String)) -> bool {
    for line in steps {
        if let Err(error) = bench.play(&line.text) {
            say(line.number, format!("{what}: \"{}\": {error}", line.text));
            return false;
        }
    }
    true
}
