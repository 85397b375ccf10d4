//! A bench: a design, a story and time, and a lesson that is played on them step by step. Tests and the terminal drive it;
//! the window has a session for that, and asks the same question of it.

use std::collections::BTreeMap;

use thiserror::Error;

use super::ask::Answer;
use super::seen::{Live, Seen};
use super::state::{State, Ticks, state};
use super::step::{BadStep, Step, fix};
use super::{Ask, Lesson};
use crate::model::document::{Command, Document, format};
use crate::model::simulate::time::{Event, Micros, Player, Scenario, TICK};
use crate::model::simulate::world::{self, Consequence, Incident, World};
use crate::model::topology::{Edit, Finding, Refusal, check};

/// What is shown: the drawing, a story about it, or time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    Drawing,
    Story,
    Time,
}

/// Why a step cannot be done here.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StepProblem {
    #[error(transparent)]
    Bad(#[from] BadStep),
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("{0}")]
    Impossible(String),
    #[error("in this lesson the cluster stays as it is; What-if shows what can be done with it")]
    Locked,
    #[error("this happens in What-if: begin with what-if or in-time")]
    NotInStory,
    #[error("the drawing is changed outside What-if: write leave first")]
    InStory,
    #[error("there is no finding {0} with a fix")]
    NoFix(String),
    #[error("there is nothing to undo")]
    NothingToUndo,
    #[error("the story has no moment that far back")]
    NoMoment,
    #[error("time is played in In time: begin with in-time")]
    NotInTime,
    #[error(
        "no more than {} are played at once",
        crate::model::words::duration(MOST_PLAYED)
    )]
    TooLong,
    #[error("the lesson has no question \"{0}\"")]
    NoQuestion(String),
    #[error("\"{0}\" is not an answer to this question")]
    NoAnswer(String),
    #[error("the design cannot be read: {0}")]
    BadDesign(String),
}

impl From<world::Refusal> for StepProblem {
    fn from(refusal: world::Refusal) -> Self {
        Self::Impossible(refusal.sentence)
    }
}

/// No lesson waits longer.
const MOST_PLAYED: Micros = 600_000_000;

/// A lesson that is being played.
#[derive(Clone, Debug)]
pub struct Bench<'l> {
    lesson: &'l Lesson,
    document: Document,
    undo: Vec<Document>,
    /// The moments of the story, with the given; empty: none is told.
    story: Vec<World>,
    player: Option<Player>,
    findings: Vec<Finding>,
    drawn: World,
    ticks: Ticks,
    steps: usize,
    state: State,
}

impl<'l> Bench<'l> {
    pub fn new(lesson: &'l Lesson) -> Self {
        Self::on(lesson, lesson.start.clone())
    }

    /// The lesson with another design than the one that it begins with.
    pub fn on(lesson: &'l Lesson, document: Document) -> Self {
        let mut bench = Self {
            lesson,
            findings: check(document.topology()),
            drawn: World::new(document.topology()),
            document,
            undo: Vec::new(),
            story: Vec::new(),
            player: None,
            ticks: Ticks::default(),
            steps: 0,
            state: State::default(),
        };
        bench.look();
        bench
    }

    pub fn document(&self) -> &Document {
        &self.document
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    pub fn ticks(&self) -> &Ticks {
        &self.ticks
    }

    /// How many steps were done.
    pub fn steps(&self) -> usize {
        self.steps
    }

    pub fn place(&self) -> Where {
        match (&self.player, self.story.is_empty()) {
            (Some(_), _) => Where::Time,
            (None, false) => Where::Story,
            (None, true) => Where::Drawing,
        }
    }

    /// The world that is shown: the story's moment, the one of time, or the drawing as deployed.
    pub fn world(&self) -> &World {
        match (&self.player, self.story.last()) {
            (Some(player), _) => player.run().world(),
            (None, Some(world)) => world,
            (None, None) => &self.drawn,
        }
    }

    /// The questions count as answered: a design cannot answer them.
    pub fn answer_all(&mut self) {
        let ids = self.lesson.asks.iter().map(|ask| (ask.id.clone(), Vec::new()));
        self.ticks.answers = ids.collect::<BTreeMap<_, _>>();
        self.look();
    }

    /// Looks once, with running servers in sight.
    pub fn look_at_servers(&mut self, live: &Live<'_>) {
        self.look_with(Some(*live));
    }

    /// Does one step.
    ///
    /// # Errors
    ///
    /// If the line is not a step, or cannot be done here; everything stays as it was then.
    pub fn play(&mut self, text: &str) -> Result<(), StepProblem> {
        let step = Step::parse(text, self.document.topology())?;
        self.perform(step)?;
        self.steps += 1;
        self.look();
        Ok(())
    }

    fn perform(&mut self, step: Step) -> Result<(), StepProblem> {
        match step {
            Step::Draw(edit) => self.draw(&Command::Edit(edit))?,
            Step::Fix { rule, server } => {
                let edits = fix(&self.findings, self.document.topology(), &rule, server.as_deref());
                let edits = edits.ok_or_else(|| StepProblem::NoFix(rule.clone()))?.to_vec();
                self.draw(&Command::Edits { label: rule, edits })?;
            }
            Step::Design(text) => {
                let document = format::read(&text).map_err(|problems| {
                    let first = problems.into_iter().next();
                    StepProblem::BadDesign(first.map_or_else(String::new, |problem| problem.message))
                })?;
                self.may_draw()?;
                self.undo.push(std::mem::replace(&mut self.document, document));
                self.drawn_again();
            }
            Step::Undo => {
                self.may_draw()?;
                self.document = self.undo.pop().ok_or(StepProblem::NothingToUndo)?;
                self.drawn_again();
            }
            Step::WhatIf => {
                self.player = None;
                self.story = vec![given(self.lesson, &self.drawn)];
            }
            Step::InTime => {
                self.story.clear();
                self.player = Some(player(self.lesson, &self.document));
            }
            Step::Leave => {
                self.story.clear();
                self.player = None;
            }
            Step::Happen(incident) => self.happen(incident)?,
            Step::Back(moments) => {
                let left = self.story.len().checked_sub(moments).filter(|left| *left > 0);
                self.story.truncate(left.ok_or(StepProblem::NoMoment)?);
            }
            Step::Play(micros) => {
                if micros > MOST_PLAYED {
                    return Err(StepProblem::TooLong);
                }
                self.player.as_mut().ok_or(StepProblem::NotInTime)?.play(micros);
            }
            Step::Answer { ask, values } => self.answer(&ask, values)?,
        }
        Ok(())
    }

    fn may_draw(&self) -> Result<(), StepProblem> {
        match self.place() {
            _ if self.lesson.is_locked => Err(StepProblem::Locked),
            Where::Drawing => Ok(()),
            _ => Err(StepProblem::InStory),
        }
    }

    fn draw(&mut self, command: &Command) -> Result<(), StepProblem> {
        self.may_draw()?;
        let before = self.document.clone();
        self.document.apply(command)?;
        self.undo.push(before);
        self.drawn_again();
        Ok(())
    }

    fn drawn_again(&mut self) {
        self.findings = check(self.document.topology());
        self.drawn = World::new(self.document.topology());
    }

    fn happen(&mut self, incident: Incident) -> Result<(), StepProblem> {
        if let Some(player) = &mut self.player {
            player.run().world().judge(incident)?;
            player.happen(incident);
            player.play(TICK);
            return Ok(());
        }
        let mut next = self.story.last().ok_or(StepProblem::NotInStory)?.clone();
        next.apply(incident)?;
        self.story.push(next);
        Ok(())
    }

    fn answer(&mut self, id: &str, values: Vec<String>) -> Result<(), StepProblem> {
        let ask = self.lesson.ask(id);
        let ask = ask.ok_or_else(|| StepProblem::NoQuestion(id.to_owned()))?;
        let options = options(self.lesson, ask);
        if let Some(other) = values.iter().find(|value| !options.contains(value)) {
            return Err(StepProblem::NoAnswer(other.clone()));
        }
        self.ticks.answers.entry(id.to_owned()).or_insert(values);
        Ok(())
    }

    /// Puts another player in place of the one of the lesson, and looks at each moment of it until then.
    pub fn watch(&mut self, scenario: Scenario, until: Micros) {
        const EVERY: Micros = 250_000;
        self.story.clear();
        self.player = Some(Player::new(self.document.topology(), scenario));
        let mut now = 0;
        while now < until.min(MOST_PLAYED) {
            now += EVERY;
            if let Some(player) = &mut self.player {
                player.scrub_to(now);
            }
            self.look();
        }
    }

    fn look(&mut self) {
        self.look_with(None);
    }

    fn look_with(&mut self, live: Option<Live<'_>>) {
        let seen = Seen {
            topology: self.document.topology(),
            findings: &self.findings,
            drawn: &self.drawn,
            story: self.story.last(),
            time: self.player.as_ref().map(Player::run),
            live,
        };
        self.state = state(self.lesson, &seen, &mut self.ticks);
    }
}

/// The design that the solution ends with.
pub fn solved(lesson: &Lesson) -> Document {
    let mut bench = Bench::new(lesson);
    for line in &lesson.solution {
        // What cannot be done is said by the lesson's test.
        let _ = bench.play(&line.text);
    }
    bench.document
}

/// The first moment of a story: what is given has happened.
pub fn given(lesson: &Lesson, drawn: &World) -> World {
    let mut world = drawn.clone();
    for incident in given_of(lesson, drawn) {
        world.apply_each(&[incident]);
    }
    world
}

/// The same, with what followed from each.
pub fn given_with_words(lesson: &Lesson, drawn: &World) -> (World, Vec<Consequence>) {
    let mut world = drawn.clone();
    let mut words = Vec::new();
    for incident in given_of(lesson, drawn) {
        words.extend(world.apply(incident).unwrap_or_default());
    }
    (world, words)
}

fn given_of(lesson: &Lesson, drawn: &World) -> Vec<Incident> {
    let lines = lesson.given.iter();
    let read = |line: &super::Line| Incident::parse(&line.text, drawn.topology()).ok();
    lines.filter_map(read).collect()
}

/// Time for the lesson: its scenario, on this drawing.
fn player(lesson: &Lesson, document: &Document) -> Player {
    Player::new(document.topology(), scenario(lesson, document))
}

/// What the lesson's scenario says of this drawing, with the given at its beginning.
pub fn scenario(lesson: &Lesson, document: &Document) -> Scenario {
    let (mut scenario, _) = Scenario::read(&lesson.scenario, document.topology());
    for incident in given_of(lesson, &World::new(document.topology())) {
        scenario.add(Event { at: TICK, incident });
    }
    scenario
}

/// What a question is asked about.
pub fn asked_world(lesson: &Lesson, ask: &Ask) -> World {
    let document = if ask.of_solution {
        solved(lesson)
    } else {
        lesson.start.clone()
    };
    let mut topology = document.topology().clone();
    // First what is drawn, then what happens.
    for text in &ask.after {
        if let Ok(edit) = Edit::parse(text, &topology) {
            let _ = topology.apply(&edit);
        }
    }
    let mut world = given(lesson, &World::new(&topology));
    for text in &ask.after {
        if let Ok(incident) = Incident::parse(text, &topology) {
            world.apply_each(&[incident]);
        }
    }
    world
}

/// The truth of a question, computed.
pub fn truth(lesson: &Lesson, ask: &Ask) -> Option<Answer> {
    ask.answer(&asked_world(lesson, ask))
}

/// What there is to choose from.
pub fn options(lesson: &Lesson, ask: &Ask) -> Vec<String> {
    if ask.of_solution {
        ask.options(asked_world(lesson, ask).topology())
    } else {
        ask.options(lesson.start.topology())
    }
}
