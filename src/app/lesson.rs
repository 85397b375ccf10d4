//! The lesson that is open: what was reached, asked and answered, beside the design, which is the desk's.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use super::Session;
use crate::model::diagram::Diagram;
use crate::model::document::Problem;
use crate::model::lessons::{
    Answer, Fault, Journal, Lesson, Mark, Progress, ProofStep, Question, State, Ticks, solved,
};
use crate::model::simulate::world::World;
use crate::report::Report;

/// A lesson while it is open.
#[derive(Debug)]
pub struct OpenLesson {
    pub lesson: Arc<Lesson>,
    pub ticks: Ticks,
    /// As it was looked at last.
    pub state: State,
    /// How many pages were reached beyond the first.
    pub page: usize,
    /// How many hints were shown, by the goal that they help with.
    pub hints: BTreeMap<String, usize>,
    /// The truth of each question that was answered.
    pub answers: BTreeMap<String, Answer>,
    /// The program's own advice is in sight.
    pub is_advice_shown: bool,
    pub journal: Journal,
    /// What the design is to look like, where the lesson shows it.
    pub target: Option<Diagram>,
    /// In another language than English.
    pub told: Option<Told>,
    /// A lesson of one's own.
    pub file: Option<OwnFile>,
    /// The lesson shown on real servers, as far as it is.
    pub proof: Option<Proof>,
    /// The drawing as deployed, of the revision that was looked at.
    pub(super) drawn: World,
    pub(super) looked: Looked,
    /// Steps of the solution that are still to be shown.
    pub(super) showing: VecDeque<String>,
    /// That it is solved was said.
    pub(super) is_told: bool,
    /// Another number each time that it is begun.
    pub begun: u64,
}

/// The language that a lesson is told in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub language: String,
    /// The English words have changed since.
    pub is_outdated: bool,
}

/// The file that a lesson was read from, and what is wrong with it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnFile {
    pub path: PathBuf,
    pub faults: Vec<String>,
}

/// A lesson's file as it was read.
#[derive(Clone, Debug, PartialEq)]
pub enum LessonFile {
    /// With what its test says.
    Good(Box<Lesson>, Vec<Fault>),
    Bad(Vec<Problem>),
    Unreadable(Report),
}

impl LessonFile {
    /// A line each, with its place.
    pub fn faults(&self) -> Vec<String> {
        let at = |line: Option<usize>, message: &str| match line {
            Some(line) if line > 0 => format!("line {line}: {message}"),
            _ => message.to_owned(),
        };
        match self {
            Self::Good(_, faults) => faults
                .iter()
                .map(|fault| at(Some(fault.line), &fault.message))
                .collect(),
            Self::Bad(problems) => problems
                .iter()
                .map(|problem| at(problem.line, &problem.message))
                .collect(),
            Self::Unreadable(report) => vec![report.headline.clone()],
        }
    }
}

/// A lesson that is being shown on real servers, or was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Proof {
    pub steps: Vec<ProofStep>,
    /// `None`: it is under way.
    pub ended: Option<Result<Vec<String>, Report>>,
    pub is_cancelled: bool,
}

impl Proof {
    pub fn is_running(&self) -> bool {
        self.ended.is_none()
    }
}

/// What was looked at last: another one is looked at again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    pub drawing: u64,
    pub story: Option<u64>,
    pub time: Option<u64>,
    pub live: Option<bool>,
    pub answers: usize,
}

impl OpenLesson {
    pub fn new(lesson: Arc<Lesson>, drawn: World) -> Self {
        Self {
            target: Self::target_of(&lesson),
            told: None,
            file: None,
            proof: None,
            lesson,
            ticks: Ticks::default(),
            state: State::default(),
            page: 0,
            hints: BTreeMap::new(),
            answers: BTreeMap::new(),
            is_advice_shown: false,
            journal: Journal::default(),
            drawn,
            looked: Looked::default(),
            showing: VecDeque::new(),
            is_told: false,
            begun: 0,
        }
    }

    /// The picture of what the design is to look like, where the lesson shows it.
    pub(super) fn target_of(lesson: &Lesson) -> Option<Diagram> {
        lesson.is_pictured.then(|| Diagram::of(&solved(lesson)))
    }

    /// What was looked at last.
    pub fn looked(&self) -> Looked {
        self.looked
    }

    /// True while the solution plays.
    pub fn is_showing(&self) -> bool {
        !self.showing.is_empty()
    }

    /// The first goal that is not reached, by its place.
    pub fn open_goal(&self) -> Option<usize> {
        let goals = self.lesson.goals.iter().zip(&self.state.goals);
        let mut open = goals
            .enumerate()
            .filter(|(_, (goal, state))| !state.is_met && goal.on != crate::model::lessons::On::Servers);
        open.next().map(|(place, _)| place)
    }

    /// How many pages there are to read now: all up to one whose goal is not reached yet.
    pub fn pages(&self) -> usize {
        let pages = self.lesson.pages.iter();
        let readable = pages.take_while(|page| {
            let after = page.after.as_ref();
            after.is_none_or(|goal| self.ticks.held.contains(goal))
        });
        readable.count().clamp(1, self.page + 1)
    }

    /// True if every goal of the last page that is reached has held, and its question is answered.
    pub fn is_page_done(&self) -> bool {
        let Some(page) = self.lesson.pages.get(self.pages().saturating_sub(1)) else {
            return false;
        };
        let ask = page.ask.as_ref();
        ask.is_none_or(|ask| self.ticks.answers.contains_key(ask))
            && page.goals.iter().all(|goal| self.ticks.held.contains(goal))
    }

    /// True if another page can be turned to.
    pub fn has_more_pages(&self) -> bool {
        let next = self.lesson.pages.get(self.pages());
        next.is_some_and(|page| {
            let after = page.after.as_ref();
            after.is_none_or(|goal| self.ticks.held.contains(goal))
        })
    }

    /// True if its drawing must stay as it is.
    pub fn is_locked(&self) -> bool {
        self.lesson.is_locked
    }
}

/// What is learnt, over all lessons.
#[derive(Debug, Default)]
pub struct Learning {
    pub progress: Progress,
    /// The number of the day, from which its challenge comes; 0: not known.
    pub day: u64,
    pub quiz: Option<Quiz>,
}

/// A quiz that is under way.
#[derive(Debug)]
pub struct Quiz {
    pub seed: u64,
    /// From 0.
    pub number: u64,
    pub question: Question,
    pub guess: Option<Vec<String>>,
    pub right: usize,
    /// Lessons that explain what was guessed wrong.
    pub lessons: Vec<&'static str>,
}

impl Quiz {
    /// So many questions are a quiz.
    pub const QUESTIONS: u64 = 5;

    pub fn is_over(&self) -> bool {
        self.number + 1 >= Self::QUESTIONS && self.guess.is_some()
    }
}

impl Learning {
    pub fn mark(&self, lesson: &str) -> Mark {
        self.progress.mark(lesson)
    }

    /// The first lesson that is not solved.
    pub fn next(&self) -> Option<&'static Lesson> {
        let mut lessons = crate::model::lessons::lessons().iter();
        lessons.find(|lesson| self.mark(&lesson.name) < Mark::Solved)
    }

    /// True if any lesson was ever opened.
    pub fn is_begun(&self) -> bool {
        !self.progress.0.is_empty()
    }
}

impl Session {
    /// True if a lesson keeps the program's own advice folded.
    pub fn is_advice_folded(&self) -> bool {
        let open = self.lesson.as_ref();
        open.is_some_and(|open| open.lesson.is_folded && !open.is_advice_shown && !open.state.is_solved)
    }
}
