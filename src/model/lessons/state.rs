//! The one function that decides what is solved, wherever it is asked: the terminal, the tests and the window.

use std::collections::{BTreeMap, BTreeSet};

use super::found::look;
use super::predicate::{On, Predicate};
use super::seen::Seen;
use super::{Goal, Lesson};

/// What lasts from one look to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ticks {
    /// Goals that have held once, by id.
    pub held: BTreeSet<String>,
    /// The first guess of each question.
    pub answers: BTreeMap<String, Vec<String>>,
    /// The solution was shown since the last start: it solves nothing then.
    pub is_shown: bool,
}

/// One goal at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoalState {
    pub id: String,
    pub is_met: bool,
    /// What was found where it does not hold, a sentence each.
    pub found: Vec<String>,
}

/// The whole lesson at this moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// In the order of the lesson.
    pub goals: Vec<GoalState>,
    /// The places of the wrong attempts whose words apply.
    pub wrong: Vec<usize>,
    /// Questions that are not answered, by id.
    pub unanswered: Vec<String>,
    pub is_solved: bool,
    /// Running servers say so, too.
    pub is_proved: bool,
}

/// Looks at everything, and notes which goals have held.
pub fn state(lesson: &Lesson, seen: &Seen<'_>, ticks: &mut Ticks) -> State {
    let mut goals = Vec::new();
    for goal in &lesson.goals {
        let (holds, found) = look_at(goal, seen);
        if holds {
            ticks.held.insert(goal.id.clone());
        }
        let is_met = holds || (goal.is_once && ticks.held.contains(&goal.id));
        goals.push(GoalState {
            id: goal.id.clone(),
            is_met,
            found: if is_met { Vec::new() } else { found },
        });
    }
    let has_held = |goal: &Option<String>| goal.as_ref().is_none_or(|goal| ticks.held.contains(goal));
    let wrong = lesson.wrong.iter().enumerate();
    let wrong = wrong.filter(|(_, wrong)| {
        let holds = |predicate: &Predicate| look(predicate, wrong.on, seen).is_some_and(|found| found.holds);
        has_held(&wrong.after) && !wrong.when.is_empty() && wrong.when.iter().all(holds)
    });
    let wrong = wrong.map(|(place, _)| place).collect();
    let asks = lesson
        .asks
        .iter()
        .filter(|ask| !ticks.answers.contains_key(&ask.id));
    let unanswered: Vec<String> = asks.map(|ask| ask.id.clone()).collect();
    let all_met = |servers: bool| {
        let mut those = lesson.goals.iter().zip(&goals);
        those.all(|(goal, state)| (goal.on == On::Servers) != servers || state.is_met)
    };
    let is_solved = !ticks.is_shown && unanswered.is_empty() && all_met(false);
    State {
        is_proved: is_solved && lesson.asks_servers() && all_met(true),
        is_solved,
        goals,
        wrong,
        unanswered,
    }
}

/// Whether it holds now, and what was found where it does not.
fn look_at(goal: &Goal, seen: &Seen<'_>) -> (bool, Vec<String>) {
    let mut found = Vec::new();
    for predicate in &goal.holds {
        match look(predicate, goal.on, seen) {
            Some(one) if one.holds => {}
            Some(one) => found.push(one.sentence),
            None => return (false, vec![nothing_there(goal.on).to_owned()]),
        }
    }
    if !goal.any.is_empty() {
        let each = goal.any.iter().map(|predicate| look(predicate, goal.on, seen));
        let each: Vec<_> = each.collect();
        if each.iter().all(Option::is_none) {
            return (false, vec![nothing_there(goal.on).to_owned()]);
        }
        if !each.iter().flatten().any(|one| one.holds) {
            found.extend(each.into_iter().flatten().map(|one| one.sentence).take(1));
        }
    }
    found.dedup();
    (found.is_empty(), found)
}

/// Where there is nothing to look at yet.
fn nothing_there(on: On) -> &'static str {
    match on {
        On::Design => "the drawing is empty",
        On::Story => "this happens in What-if",
        On::Time => "this happens in What-if, on the tab Timeline (not on Now)",
        On::Servers => "no cluster runs with this design",
    }
}
