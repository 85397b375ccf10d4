//! Lessons: opened, looked at whenever something has moved, helped with, shown and left.

use std::collections::VecDeque;
use std::sync::Arc;

use super::super::{
    DesignMessage, Effect, LessonMessage, Looked, Message, NoticeKind, OpenLesson, Quiz, Session, Tab,
    TimeMessage, WhatIfMessage,
};
use super::super::{InTime, WhatIf};
use super::desk::{forget, replace};
use super::notices::notify;
use super::{lesson_language, unsaved, what_if};
use crate::model::document::{Command, Document, format};
use crate::model::lessons::{
    self, Bench, Lesson, Live, On, Seen, Step, is_right, parse_challenge, question, state, truth,
};
use crate::model::simulate::time::Run;
use crate::model::simulate::world::World;
use crate::model::topology::{Server, Subject};
use crate::report::Report;

pub(super) fn update(session: &mut Session, message: LessonMessage) -> Vec<Effect> {
    match message {
        LessonMessage::Known(progress, day) => {
            session.learning.progress = *progress;
            session.learning.day = day;
            Vec::new()
        }
        LessonMessage::Open(name) => ask_open(session, name),
        LessonMessage::Restart => restart(session),
        LessonMessage::Language(language) => {
            lesson_language::choose(session, language);
            Vec::new()
        }
        LessonMessage::End => {
            let proof = session.lesson.as_ref().and_then(|open| open.proof.as_ref());
            let is_proving = proof.is_some_and(super::super::Proof::is_running);
            session.lesson = None;
            if session.looks.tab == Tab::Lesson {
                session.looks.tab = Tab::Inspector;
            }
            is_proving.then_some(Effect::CancelProof).into_iter().collect()
        }
        LessonMessage::Page(page) => with(session, |open| open.page = page),
        LessonMessage::Answer { ask, values } => answer(session, &ask, values),
        LessonMessage::Hint(goal) => hint(session, &goal),
        LessonMessage::Advice => {
            drop(with(session, |open| {
                open.is_advice_shown = true;
                open.journal.hints += 1;
            }));
            keep(session)
        }
        LessonMessage::Show => show(session, None),
        LessonMessage::NextGoal => next_goal(session),
        LessonMessage::Quiz(seed, number) => quiz(session, seed, number),
        LessonMessage::Guess(values) => guess(session, values),
        LessonMessage::EndQuiz => {
            session.learning.quiz = None;
            Vec::new()
        }
        LessonMessage::CopyResult => {
            let open = session.lesson.as_ref();
            let text = open.map(|open| open.journal.result(&open.lesson, ""));
            text.map(Effect::CopyText).into_iter().collect()
        }
        // `ShowStep` is performed by `update` itself, the others by `own_lesson`, `proof` and `learnt`.
        _ => Vec::new(),
    }
}

fn with(session: &mut Session, change: impl FnOnce(&mut OpenLesson)) -> Vec<Effect> {
    if let Some(open) = &mut session.lesson {
        change(open);
    }
    Vec::new()
}

/// Work of a lesson is kept with its progress, so nothing is lost by going from one to another.
fn ask_open(session: &mut Session, name: String) -> Vec<Effect> {
    let then = Message::Lesson(LessonMessage::Open(name));
    if session.what_if().is_some() {
        what_if::leave(session);
    }
    if session.lesson.is_some() && session.desk.path.is_none() {
        return unsaved::agree(session, then);
    }
    unsaved::ask(session, then)
}

/// The lesson of that name, or the challenge of that number.
fn find(name: &str) -> Option<Arc<Lesson>> {
    if let Some(lesson) = lessons::find(name) {
        return Some(Arc::new(lesson.clone()));
    }
    lessons::challenge(parse_challenge(name).ok()?).map(Arc::new)
}

/// Opens it as it was left, or from its start.
pub(super) fn open(session: &mut Session, name: &str) -> Vec<Effect> {
    let Some(lesson) = find(name) else {
        let report = Report::new(format!("There is no lesson called \"{name}\""));
        notify(session, NoticeKind::Problem, report);
        return Vec::new();
    };
    open_this(session, lesson)
}

/// As it was left, or from its start.
pub(super) fn open_this(session: &mut Session, lesson: Arc<Lesson>) -> Vec<Effect> {
    let record = session.learning.progress.of(&lesson.name);
    let left = record.filter(|record| !record.solved && !lesson.is_locked);
    let work = left.and_then(|record| format::read(&record.work).ok());
    let document = work.unwrap_or_else(|| lesson.start.clone());
    put(session, lesson, document)
}

fn restart(session: &mut Session) -> Vec<Effect> {
    let Some(open) = session.lesson.as_ref() else {
        return Vec::new();
    };
    let (lesson, file) = (Arc::clone(&open.lesson), open.file.clone());
    let effects = begin(session, lesson);
    if let Some(open) = &mut session.lesson {
        open.file = file;
    }
    effects
}

/// From its start, wherever the window is.
pub(super) fn begin(session: &mut Session, lesson: Arc<Lesson>) -> Vec<Effect> {
    if session.what_if().is_some() {
        what_if::leave(session);
    }
    let document = lesson.start.clone();
    put(session, lesson, document)
}

/// On the canvas, with nothing reached yet.
fn put(session: &mut Session, lesson: Arc<Lesson>, document: Document) -> Vec<Effect> {
    let forgotten = forget(session);
    let text = document.text();
    let drawn = World::new(document.topology());
    replace(session, document, None, text);
    session.learning.progress.begin(&lesson.name);
    session.looks.tab = Tab::Lesson;
    let mut open = OpenLesson::new(lesson, drawn);
    open.begun = session.desk.revision;
    lesson_language::tell(&mut open, &session.preferences.lesson_language);
    session.lesson = Some(open);
    let mut effects = vec![forgotten];
    effects.extend(keep(session));
    effects
}

fn keep(session: &Session) -> Vec<Effect> {
    vec![Effect::KeepProgress(Box::new(session.learning.progress.clone()))]
}

fn answer(session: &mut Session, id: &str, values: Vec<String>) -> Vec<Effect> {
    let Some(open) = &mut session.lesson else {
        return Vec::new();
    };
    let lesson = Arc::clone(&open.lesson);
    let Some(ask) = lesson.ask(id).filter(|_| !open.ticks.answers.contains_key(id)) else {
        return Vec::new();
    };
    let Some(answer) = truth(&lesson, ask) else {
        return Vec::new();
    };
    let record = session.learning.progress.begin(&lesson.name);
    record.answers.insert(id.to_owned(), is_right(&values, &answer));
    let step = Step::Answer {
        ask: id.to_owned(),
        values: values.clone(),
    };
    open.journal.steps.extend(step.text(lesson.start.topology()));
    open.ticks.answers.insert(id.to_owned(), values);
    open.answers.insert(id.to_owned(), answer);
    keep(session)
}

fn hint(session: &mut Session, goal: &str) -> Vec<Effect> {
    let Some(open) = &mut session.lesson else {
        return Vec::new();
    };
    let most = open.lesson.hints_of(open.lesson.goal(goal)).len();
    let shown = open.hints.entry(goal.to_owned()).or_insert(0);
    if *shown < most {
        *shown += 1;
        open.journal.hints += 1;
    }
    let (name, hints) = (open.lesson.name.clone(), open.journal.hints);
    session.learning.progress.begin(&name).hints = hints;
    keep(session)
}

/// Plays the solution from the start: it solves nothing until the lesson is started again.
fn show(session: &mut Session, most: Option<usize>) -> Vec<Effect> {
    let effects = restart(session);
    let Some(open) = &mut session.lesson else {
        return effects;
    };
    let steps = open.lesson.solution.iter().map(|line| line.text.clone());
    open.showing = steps.take(most.unwrap_or(usize::MAX)).collect::<VecDeque<_>>();
    open.ticks.is_shown = true;
    open.journal.is_shown = true;
    open.page = open.lesson.pages.len();
    let name = open.lesson.name.clone();
    session.learning.progress.begin(&name).shown = true;
    effects.into_iter().chain(keep(session)).collect()
}

/// Plays as much of the solution as reaches the next goal.
fn next_goal(session: &mut Session) -> Vec<Effect> {
    let Some(open) = &session.lesson else {
        return Vec::new();
    };
    let Some(wanted) = open.open_goal() else {
        return Vec::new();
    };
    let lesson = Arc::clone(&open.lesson);
    let mut bench = Bench::new(&lesson);
    bench.answer_all();
    let mut steps = 0;
    for line in &lesson.solution {
        if bench.state().goals.get(wanted).is_none_or(|goal| goal.is_met) || bench.play(&line.text).is_err() {
            break;
        }
        steps += 1;
    }
    show(session, Some(steps))
}

/// The next step of the solution as what a hand would do; `update` lets it happen.
pub(super) fn next_step(session: &mut Session) -> Vec<Message> {
    let topology = session.desk.document.topology().clone();
    let Some(open) = &mut session.lesson else {
        return Vec::new();
    };
    let Some(text) = open.showing.pop_front() else {
        return Vec::new();
    };
    let Ok(step) = Step::parse(&text, &topology) else {
        open.showing.clear();
        return Vec::new();
    };
    let what_if = |message| vec![Message::WhatIf(message)];
    match step {
        Step::Draw(edit) => vec![Message::Design(DesignMessage::Do(Command::Edit(edit)))],
        Step::Fix { rule, server } => {
            let on = server.and_then(|name| topology.by_name(&name).map(Server::id));
            let place = session.derived.findings.iter().position(|finding| {
                let is_there = on.is_none_or(|id| finding.subject == Subject::Server(id));
                finding.rule == rule && finding.fix.is_some() && is_there
            });
            place.map_or_else(Vec::new, |place| vec![Message::Design(DesignMessage::Fix(place))])
        }
        Step::Undo => vec![Message::Design(DesignMessage::Undo)],
        Step::WhatIf => {
            let mut messages = Vec::new();
            if session.what_if().is_some() {
                messages.push(Message::WhatIf(WhatIfMessage::Leave));
            }
            messages.push(Message::WhatIf(WhatIfMessage::Enter));
            messages
        }
        Step::InTime => what_if(WhatIfMessage::EnterInTime),
        Step::Happen(incident) => what_if(WhatIfMessage::Do(incident)),
        Step::Back(moments) => {
            let at = session.what_if().map_or(0, |what_if| what_if.moments().1);
            what_if(WhatIfMessage::GoTo(at.saturating_sub(moments)))
        }
        Step::Leave => what_if(WhatIfMessage::Leave),
        Step::Play(micros) => {
            let now = session
                .what_if()
                .and_then(|what_if| Some(what_if.in_time()?.now()));
            now.map_or_else(Vec::new, |now| {
                what_if(WhatIfMessage::Time(TimeMessage::GoTo(now + micros)))
            })
        }
        Step::Answer { .. } | Step::Design(_) => Vec::new(),
    }
}

/// Looks again if anything has moved; says so when it is solved, and keeps what was reached.
pub(super) fn look(session: &mut Session) -> Vec<Effect> {
    let what_if = session.mode.what_if();
    let time = what_if.and_then(|what_if| what_if.in_time()).map(InTime::run);
    let story = what_if.filter(|_| time.is_none());
    let cluster = session.live.cluster.as_ref();
    let board = cluster.and_then(|cluster| cluster.board());
    // A deployment ends only once it is verified.
    let drawn = session.desk.document.topology();
    let is_proved = cluster.is_some_and(|cluster| cluster.deployed.topology().has_same_configuration(drawn));
    let Some(open) = &mut session.lesson else {
        return Vec::new();
    };
    let looked = Looked {
        drawing: session.desk.revision,
        story: what_if.map(WhatIf::revision),
        time: time.map(Run::now),
        live: board.map(|_| is_proved),
        answers: open.ticks.answers.len() + usize::from(open.ticks.is_shown),
    };
    let has_time = open
        .lesson
        .goals
        .iter()
        .any(|goal| goal.on == On::Time || goal.on == On::Story);
    let only_time = Looked {
        time: open.looked.time,
        ..looked
    };
    if looked == open.looked || (only_time == open.looked && !has_time) {
        return Vec::new();
    }
    let is_drawn = looked.drawing != open.looked.drawing;
    if is_drawn {
        open.drawn = World::new(session.desk.document.topology());
    }
    open.looked = looked;
    let seen = Seen {
        topology: session.desk.document.topology(),
        findings: &session.derived.findings,
        drawn: &open.drawn,
        story: story.map(WhatIf::world),
        time,
        live: board.map(|board| Live { board, is_proved }),
    };
    let before = open.ticks.held.len();
    open.state = state(&open.lesson, &seen, &mut open.ticks);
    // A goal that is reached turns the page on.
    let has_ticked = open.ticks.held.len() > before;
    if has_ticked && open.is_page_done() {
        open.page += 1;
    }
    let lesson = Arc::clone(&open.lesson);
    let (is_solved, is_proved, steps) = (
        open.state.is_solved,
        open.state.is_proved,
        open.journal.steps.len(),
    );
    let is_news = is_solved && !open.is_told;
    open.is_told |= is_solved;
    if is_drawn && !lesson.is_locked {
        let work = session.derived.text.clone();
        session.learning.progress.begin(&lesson.name).work = work;
    }
    if is_solved {
        session.learning.progress.solve(&lesson, steps, is_proved);
    }
    if is_news {
        let report = Report::new(format!("Solved: {}", lesson.title)).hint(lesson.learnt.clone());
        notify(session, NoticeKind::Done, report);
    }
    if is_drawn || has_ticked || is_news {
        keep(session)
    } else {
        Vec::new()
    }
}

fn quiz(session: &mut Session, seed: u64, number: u64) -> Vec<Effect> {
    let before = session.learning.quiz.take();
    let before = before.filter(|quiz| quiz.seed == seed && number > 0);
    let (right, lessons) = before.map_or((0, Vec::new()), |quiz| (quiz.right, quiz.lessons));
    let Some(question) = question(seed, number, right >= 3) else {
        return Vec::new();
    };
    session.learning.quiz = Some(Quiz {
        seed,
        number,
        question,
        guess: None,
        right,
        lessons,
    });
    Vec::new()
}

fn guess(session: &mut Session, values: Vec<String>) -> Vec<Effect> {
    if let Some(quiz) = session.learning.quiz.as_mut().filter(|quiz| quiz.guess.is_none()) {
        if is_right(&values, &quiz.question.answer) {
            quiz.right += 1;
        } else if !quiz.lessons.contains(&quiz.question.lesson) {
            quiz.lessons.push(quiz.question.lesson);
        }
        quiz.guess = Some(values);
    }
    Vec::new()
}
