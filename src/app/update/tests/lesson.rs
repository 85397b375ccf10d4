//! Lessons as messages: opened, solved, left, opened again; hints, the solution that plays, the locked drawing, the quiz.

use super::*;
use crate::app::{Dialog, LessonMessage, OpenLesson, Tab, TimeMessage, WhatIfMessage};
use crate::model::lessons::{Mark, check_result, lessons, read_result, truth};

fn send(session: &mut Session, message: LessonMessage) -> Vec<Effect> {
    update(session, Message::Lesson(message))
}

fn open(name: &str) -> Session {
    let mut session = seed();
    drop(send(&mut session, LessonMessage::Open(name.to_owned())));
    assert!(session.lesson.is_some(), "{name}");
    session
}

fn lesson(session: &Session) -> &OpenLesson {
    session.lesson.as_ref().unwrap()
}

fn answer_all(session: &mut Session) {
    let asked = lesson(session).lesson.clone();
    for ask in &asked.asks {
        let answer = LessonMessage::Answer {
            ask: ask.id.clone(),
            values: truth(&asked, ask).unwrap().values,
        };
        drop(send(session, answer));
    }
}

/// Lets the solution play as the window does, without counting as shown.
fn play_solution(session: &mut Session) {
    let steps = lesson(session).lesson.solution.clone();
    let open = session.lesson.as_mut().unwrap();
    open.showing = steps.into_iter().map(|line| line.text).collect();
    while lesson(session).is_showing() {
        drop(send(session, LessonMessage::ShowStep));
    }
}

/// The window reaches what the bench reaches, in every lesson; and the journal says it again.
#[test]
fn every_lesson_is_solved_by_its_solution_in_the_window() {
    for known in lessons() {
        let mut session = open(&known.name);
        assert_eq!(session.looks.tab, Tab::Lesson);
        assert!(!lesson(&session).state.is_solved, "{}", known.name);
        answer_all(&mut session);
        play_solution(&mut session);
        let open = lesson(&session);
        assert!(open.state.is_solved, "{}: {:?}", known.name, open.state);
        assert_eq!(session.learning.mark(&known.name), Mark::Solved, "{}", known.name);
        let text = open.journal.result(known, "");
        let result = read_result(&text).unwrap().unwrap();
        let checked = check_result(known, &result);
        assert!(checked.is_solved(), "{}: {checked:?}\n{text}", known.name);
    }
}

#[test]
fn work_is_kept_and_opened_again_and_start_again_forgets_it() {
    let mut session = open("second-hop");
    let slave11 = id(&session, "slave11");
    let message = edit(Edit::SetSyncPriority {
        server: slave11,
        priority: None,
    });
    let effects = update(&mut session, message);
    let kept = effects.iter().find_map(|effect| match effect {
        Effect::KeepProgress(progress) => Some(progress.clone()),
        _ => None,
    });
    assert!(kept.unwrap().of("second-hop").unwrap().work.contains("slave11"));
    let changed = drawn(&session);
    // Another lesson, without a question about unsaved work.
    drop(send(&mut session, LessonMessage::Open("two-names".to_owned())));
    assert_eq!(session.dialog, None);
    drop(send(&mut session, LessonMessage::Open("second-hop".to_owned())));
    assert_eq!(drawn(&session), changed);
    drop(send(&mut session, LessonMessage::Restart));
    assert_ne!(drawn(&session), changed);
    drop(send(&mut session, LessonMessage::End));
    assert!(session.lesson.is_none() && session.looks.tab != Tab::Lesson);
}

#[test]
fn an_unsaved_design_is_asked_about_before_a_lesson_takes_its_place() {
    let mut session = saved_seed();
    modify(&mut session);
    drop(send(&mut session, LessonMessage::Open("two-names".to_owned())));
    assert!(session.lesson.is_none());
    assert!(matches!(session.dialog, Some(Dialog::Unsaved { .. })));
    drop(update(
        &mut session,
        Message::File(crate::app::FileMessage::Discard),
    ));
    assert_eq!(lesson(&session).lesson.name, "two-names");
    // Any other design ends it.
    let new = crate::app::FileMessage::New("pair".to_owned());
    drop(update(&mut session, Message::File(new)));
    assert!(session.lesson.is_none());
}

#[test]
fn what_was_shown_does_not_count_until_the_lesson_is_started_again() {
    let mut session = open("two-names");
    answer_all(&mut session);
    drop(send(&mut session, LessonMessage::Show));
    while lesson(&session).is_showing() {
        drop(send(&mut session, LessonMessage::ShowStep));
    }
    assert!(
        lesson(&session)
            .state
            .goals
            .iter()
            .take(1)
            .all(|goal| goal.is_met)
    );
    assert!(!lesson(&session).state.is_solved);
    assert_eq!(session.learning.mark("two-names"), Mark::Begun);
    drop(send(&mut session, LessonMessage::Restart));
    answer_all(&mut session);
    play_solution(&mut session);
    assert!(lesson(&session).state.is_solved);
}

#[test]
fn the_next_goal_is_reached_for_whom_cannot_wait() {
    let mut session = open("article-of-2011");
    drop(send(&mut session, LessonMessage::NextGoal));
    while lesson(&session).is_showing() {
        drop(send(&mut session, LessonMessage::ShowStep));
    }
    let met: Vec<bool> = lesson(&session)
        .state
        .goals
        .iter()
        .map(|goal| goal.is_met)
        .collect();
    assert_eq!(met[..3], [true, true, false]);
}

#[test]
fn a_locked_drawing_stays_and_says_why() {
    let mut session = open("relay-dies");
    let before = drawn(&session);
    let message = attach(&session, "slave11", "slave2");
    drop(update(&mut session, message));
    assert_eq!(drawn(&session), before);
    assert_eq!(notice(&session).1, "In this lesson the cluster stays as it is");
    drop(update(&mut session, Message::WhatIf(WhatIfMessage::Enter)));
    assert!(session.what_if().is_some());
}

#[test]
fn a_story_begins_with_what_is_given() {
    let mut session = open("right-heir");
    drop(update(&mut session, Message::WhatIf(WhatIfMessage::Enter)));
    let what_if = session.what_if().unwrap();
    assert!(what_if.world().leaders().is_empty());
    assert_eq!(what_if.moments().0.len(), 1, "nothing of it can be undone");
}

#[test]
fn wrong_words_hints_and_advice() {
    let mut session = open("second-hop");
    assert!(session.is_advice_folded());
    let slave11 = id(&session, "slave11");
    let message = edit(Edit::SetSyncPriority {
        server: slave11,
        priority: None,
    });
    drop(update(&mut session, message));
    assert_eq!(lesson(&session).state.wrong, [0]);
    for _ in 0..5 {
        drop(send(&mut session, LessonMessage::Hint("answers".to_owned())));
    }
    assert_eq!(lesson(&session).hints["answers"], 3);
    assert_eq!(session.learning.progress.of("second-hop").unwrap().hints, 3);
    drop(send(&mut session, LessonMessage::Advice));
    assert!(!session.is_advice_folded());
}

#[test]
fn time_that_is_scrubbed_back_is_noted_as_played_again() {
    let mut session = open("nobody-takes-over");
    answer_all(&mut session);
    let primary = id(&session, "primary");
    let standby = id(&session, "standby");
    use crate::model::simulate::world::Incident;
    let time = |message| Message::WhatIf(WhatIfMessage::Time(message));
    let crash = || Message::WhatIf(WhatIfMessage::Do(Incident::Crash(primary)));
    for message in [
        Message::WhatIf(WhatIfMessage::EnterInTime),
        time(TimeMessage::GoTo(3_000_000)),
        time(TimeMessage::GoTo(2_000_000)),
        crash(),
        time(TimeMessage::GoTo(3_000_000)),
        Message::WhatIf(WhatIfMessage::Do(Incident::Promote(standby))),
        time(TimeMessage::GoTo(3_500_000)),
    ] {
        drop(update(&mut session, message));
    }
    let open = lesson(&session);
    assert!(open.state.is_solved, "{:?}", open.state);
    let result = read_result(&open.journal.result(&open.lesson, ""))
        .unwrap()
        .unwrap();
    assert!(check_result(&open.lesson, &result).is_solved(), "{result:?}");
}

#[test]
fn a_challenge_opens_by_its_number() {
    let mut session = open("2-77");
    assert!(!lesson(&session).state.is_solved);
    play_solution(&mut session);
    assert!(lesson(&session).state.is_solved);
    let problem = send(&mut session, LessonMessage::Open("9-1".to_owned()));
    assert!(problem.is_empty() || lesson(&session).lesson.name == "2-77");
}

#[test]
fn a_quiz_counts_what_was_right() {
    let mut session = seed();
    drop(send(&mut session, LessonMessage::Known(Box::default(), 20_000)));
    for number in 0..5 {
        drop(send(&mut session, LessonMessage::Quiz(3, number)));
        let quiz = session.learning.quiz.as_ref().unwrap();
        assert_eq!((quiz.number, quiz.guess.is_none()), (number, true));
        let right = quiz.question.answer.values.clone();
        drop(send(&mut session, LessonMessage::Guess(right)));
    }
    let quiz = session.learning.quiz.as_ref().unwrap();
    assert!(quiz.is_over());
    assert_eq!((quiz.right, quiz.lessons.len()), (5, 0));
    drop(send(&mut session, LessonMessage::EndQuiz));
    assert!(session.learning.quiz.is_none());
}
