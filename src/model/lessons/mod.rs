//! Lessons: designs with something to find out. A learner changes the drawing, lets things go wrong in What-if, or guesses
//! first and looks then; what is checked is what *is*, not what was clicked.
//!
//! Start with [`Lesson`]; `format` reads one from its file, `predicate` is the closed list of what a goal can ask, `found`,
//! `seen` and `told` are the answers, `step` what a learner does, `ask` the questions, [`Bench`] plays it all without a
//! window, `challenge` and `quiz` make lessons and questions from a seed.

mod ask;
mod bench;
mod builtin;
mod challenge;
mod dice;
mod family;
mod format;
mod found;
mod journal;
mod lab;
mod predicate;
mod progress;
mod quiz;
mod result;
mod seen;
mod state;
mod step;
mod test;
mod told;
mod translation;

pub use ask::{Answer, Ask, NOBODY, TRUTH_WORDS, Truth, is_right};
pub use bench::{Bench, StepProblem, Where, given, given_with_words, options, scenario, solved, truth};
pub use builtin::{Chapter, chapters, find, languages, lessons, translation};
pub use challenge::{BadChallenge, Challenge, LEVELS, make as challenge, parse as parse_challenge, today};
pub use format::{FRAME, read};
pub use found::{Found, look};
pub use journal::Journal;
pub use lab::{BadLabStep, LabStep, ProofStep, USAGES as LAB_STEPS};
pub use predicate::{BadPredicate, On, Predicate, USAGES as PREDICATES};
pub use progress::{Mark, Progress, Record};
pub use quiz::{Question, question};
pub use result::{ResultFile, check_design, check_result, read_result};
pub use seen::{Live, Seen};
pub use state::{GoalState, State, Ticks, state};
pub use step::{BadStep, Step};
pub use test::{Fault, test};
pub use translation::{Translation, template};

use crate::model::document::Document;

/// One lesson, read from its file or made from a seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Lesson {
    /// As its file's; progress is kept by it, so it never changes.
    pub name: String,
    pub title: String,
    pub chapter: String,
    pub minutes: u32,
    /// The wrong belief that it is about.
    pub kills: String,
    /// What was learnt, in one sentence.
    pub learnt: String,
    pub sources: Vec<String>,
    /// The program's own fixes and advice count as a hint when they are opened.
    pub is_folded: bool,
    /// Only What-if changes anything.
    pub is_locked: bool,
    pub start: Document,
    /// What has happened when What-if is entered.
    pub given: Vec<Line>,
    /// For "In time".
    pub scenario: String,
    pub solution: Vec<Line>,
    /// The design that the solution ends with is shown as a picture: "make it look like this".
    pub is_pictured: bool,
    /// What is done to real servers to prove it, once the solution is deployed.
    pub lab: Vec<Line>,
    /// For the whole lesson.
    pub hints: Vec<String>,
    pub pages: Vec<Page>,
    pub asks: Vec<Ask>,
    pub goals: Vec<Goal>,
    pub wrong: Vec<Wrong>,
    /// A sum over what is checked, not over the words.
    pub checksum: u64,
}

/// A text of the file with its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub text: String,
    /// From 1; 0 for a lesson that no file has.
    pub number: usize,
}

/// One page: a text, perhaps a question, perhaps goals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub text: String,
    pub ask: Option<String>,
    pub goals: Vec<String>,
    /// Not offered before this goal has held.
    pub after: Option<String>,
    /// Steps that a button shows on a copy of the start.
    pub demo: Vec<Line>,
    pub line: usize,
}

/// Something that has to be so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goal {
    pub id: String,
    pub text: String,
    pub on: On,
    /// It is enough that it has held once; else it has to hold now.
    pub is_once: bool,
    /// It holds at the start and has to stay.
    pub is_guard: bool,
    /// All of these.
    pub holds: Vec<Predicate>,
    /// One of these, if there are any.
    pub any: Vec<Predicate>,
    pub hints: Vec<String>,
    pub line: usize,
}

/// Words for a wrong attempt that others have made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub on: On,
    /// All of these.
    pub when: Vec<Predicate>,
    pub says: String,
    /// Says nothing before this goal has held.
    pub after: Option<String>,
    /// Steps of the attempt, for the test.
    pub attempt: Vec<Line>,
    pub line: usize,
}

impl Lesson {
    pub fn ask(&self, id: &str) -> Option<&Ask> {
        self.asks.iter().find(|ask| ask.id == id)
    }

    pub fn goal(&self, id: &str) -> Option<&Goal> {
        self.goals.iter().find(|goal| goal.id == id)
    }

    /// The hints of one goal, or those of the whole lesson.
    pub fn hints_of<'l>(&'l self, goal: Option<&'l Goal>) -> &'l [String] {
        match goal {
            Some(goal) if !goal.hints.is_empty() => &goal.hints,
            _ => &self.hints,
        }
    }

    /// The hints as they are counted: those of the lesson, then those of each goal.
    pub fn all_hints(&self) -> impl Iterator<Item = &String> {
        self.hints
            .iter()
            .chain(self.goals.iter().flat_map(|goal| &goal.hints))
    }

    /// True if running servers can be asked about it.
    pub fn asks_servers(&self) -> bool {
        self.goals.iter().any(|goal| goal.on == On::Servers)
    }
}

/// FNV-1a: the same on every machine and in every version.
pub(crate) fn checksum(parts: impl IntoIterator<Item = impl AsRef<str>>) -> u64 {
    let mut sum = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        for byte in part.as_ref().bytes().chain([0]) {
            sum = (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    sum
}

#[cfg(test)]
mod tests;
