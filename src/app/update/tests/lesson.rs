//! Lessons as messages: opened, solved, left, opened again; hints, the solution that plays, the locked drawing, the quiz.

use super::*;
use crate::app::{Dialog, LessonFile, LessonMessage, OpenLesson, Tab, TimeMessage, WhatIfMessage};
use crate::model::lessons::{
    Bench, FRAME, Mark, ProofStep, check_result, lessons, read, read_result, test as test_lesson, truth,
};
use crate::report::Report;

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

/// "Show me" ends where the bench ends; a wrong attempt can be left by *Start again*, and the solution still works.
#[test]
fn show_me_and_start_again_reach_what_the_bench_reaches() {
    for known in lessons() {
        let mut session = open(&known.name);
        drop(send(&mut session, LessonMessage::Show));
        while lesson(&session).is_showing() {
            drop(send(&mut session, LessonMessage::ShowStep));
        }
        let mut bench = Bench::new(known);
        for line in &known.solution {
            bench.play(&line.text).unwrap();
        }
        assert_eq!(
            lesson(&session).state.goals,
            bench.state().goals,
            "{}",
            known.name
        );
        assert!(!lesson(&session).state.is_solved, "{}", known.name);
        for wrong in &known.wrong {
            drop(send(&mut session, LessonMessage::Restart));
            let attempt = wrong.attempt.iter().map(|line| line.text.clone());
            session.lesson.as_mut().unwrap().showing = attempt.collect();
            while lesson(&session).is_showing() {
                drop(send(&mut session, LessonMessage::ShowStep));
            }
            let place = known.wrong.iter().position(|other| other == wrong).unwrap();
            assert_eq!(
                lesson(&session).state.wrong,
                [place],
                "{}: {}",
                known.name,
                wrong.says
            );
        }
        drop(send(&mut session, LessonMessage::Restart));
        answer_all(&mut session);
        play_solution(&mut session);
        assert!(lesson(&session).state.is_solved, "{}", known.name);
    }
}

fn file(text: &str) -> LessonFile {
    match read(text) {
        Ok(lesson) => {
            let faults = test_lesson(&lesson);
            LessonFile::Good(Box::new(lesson), faults)
        }
        Err(problems) => LessonFile::Bad(problems),
    }
}

#[test]
fn a_lesson_of_ones_own_is_opened_and_read_again_while_it_is_written() {
    let mut session = seed();
    let path = std::path::PathBuf::from("/home/u/my.toml");
    let said = |text: &str| LessonMessage::FileRead(path.clone(), file(text));
    drop(send(&mut session, said(&FRAME.replace("holds =", "hold ="))));
    assert!(session.lesson.is_none());
    assert!(notice(&session).1.contains("is not a valid lesson"));
    drop(send(&mut session, said(FRAME)));
    assert_eq!(lesson(&session).lesson.name, "my-lesson");
    let faults = |session: &Session| lesson(session).file.as_ref().unwrap().faults.clone();
    assert_eq!(faults(&session), Vec::<String>::new());
    assert_eq!(
        send(&mut session, LessonMessage::LookAtFile),
        [Effect::ReadLesson(path.clone())]
    );
    // Other words: what was drawn and reached stays.
    let standby = id(&session, "standby");
    let message = edit(Edit::SetSyncPriority {
        server: standby,
        priority: Some(1),
    });
    drop(update(&mut session, message));
    let (before, steps) = (drawn(&session), lesson(&session).journal.steps.len());
    let other = FRAME.replace("A standby that answers", "Another title");
    drop(send(&mut session, said(&other)));
    assert_eq!(lesson(&session).lesson.title, "Another title");
    assert_eq!(
        (drawn(&session), lesson(&session).journal.steps.len()),
        (before.clone(), steps)
    );
    // What cannot be read is said by line, and the last good one stays.
    drop(send(&mut session, said(&FRAME.replace("holds =", "hold ="))));
    assert_eq!(lesson(&session).lesson.title, "Another title");
    assert!(faults(&session)[0].starts_with("line "), "{:?}", faults(&session));
    // Another start begins again.
    let third = other.replace("standby 5433", "standby 5444");
    drop(send(&mut session, said(&third)));
    assert_ne!(drawn(&session), before);
    assert_eq!(faults(&session), Vec::<String>::new());
    drop(send(&mut session, LessonMessage::Restart));
    assert!(lesson(&session).file.is_some(), "it is still followed");
}

#[test]
fn a_lesson_is_opened_like_any_file() {
    let mut session = seed();
    let path = std::path::PathBuf::from("/home/u/my.toml");
    let read = crate::app::FileMessage::Read(path.clone(), FRAME.to_owned());
    assert_eq!(
        update(&mut session, Message::File(read)),
        [Effect::ReadLesson(path)]
    );
}

#[test]
fn a_proof_is_told_step_by_step_and_marks_the_lesson() {
    let mut session = open("second-hop");
    answer_all(&mut session);
    play_solution(&mut session);
    let effects = send(&mut session, LessonMessage::Prove);
    let Some(Effect::Prove { name, folder, .. }) = effects.first() else {
        panic!("{effects:?}");
    };
    assert_eq!(name, "second-hop");
    assert!(folder.ends_with("proof-second-hop"), "{folder:?}");
    assert!(
        send(&mut session, LessonMessage::Prove).is_empty(),
        "one at a time"
    );
    let step = |is_done| ProofStep {
        step: 1,
        of: 4,
        text: "Deploy".to_owned(),
        is_done,
    };
    drop(send(&mut session, LessonMessage::ProofStep(step(false))));
    drop(send(&mut session, LessonMessage::ProofStep(step(true))));
    assert_eq!(lesson(&session).proof.as_ref().unwrap().steps, [step(true)]);
    let failed = Err(Report::new("The servers do not show it."));
    drop(send(&mut session, LessonMessage::ProofEnded(failed)));
    assert_eq!(session.learning.mark("second-hop"), Mark::Solved);
    assert!(notice(&session).1.contains("do not show"));
    drop(send(&mut session, LessonMessage::Prove));
    let cancelled = send(&mut session, LessonMessage::CancelProof);
    assert_eq!(cancelled, [Effect::CancelProof]);
    assert!(send(&mut session, LessonMessage::CancelProof).is_empty());
    drop(send(
        &mut session,
        LessonMessage::ProofEnded(Err(Report::new("It was cancelled."))),
    ));
    drop(send(&mut session, LessonMessage::Prove));
    let shown = Ok(vec!["Deployed and verified".to_owned()]);
    drop(send(&mut session, LessonMessage::ProofEnded(shown)));
    assert!(lesson(&session).state.is_proved);
    assert_eq!(session.learning.mark("second-hop"), Mark::Proved);
    // To end the lesson ends what is under way.
    drop(send(&mut session, LessonMessage::Prove));
    assert_eq!(send(&mut session, LessonMessage::End), [Effect::CancelProof]);
}

#[test]
fn progress_goes_to_a_file_and_back_and_is_forgotten_after_a_question() {
    let mut session = open("second-hop");
    let asked = send(&mut session, LessonMessage::Export);
    assert!(matches!(asked.as_slice(), [Effect::AskPath { .. }]), "{asked:?}");
    let chosen = crate::app::FileMessage::Chosen(
        crate::app::PathPurpose::ExportProgress,
        Some("/home/u/p.json".into()),
    );
    let effects = update(&mut session, Message::File(chosen));
    let Some(Effect::Write { bytes, .. }) = effects.first() else {
        panic!("{effects:?}");
    };
    assert!(String::from_utf8_lossy(bytes).contains("second-hop"));
    let mut other = crate::model::lessons::Progress::default();
    other.begin("away");
    let imported = send(&mut session, LessonMessage::Imported(Box::new(other)));
    assert!(
        matches!(imported.as_slice(), [Effect::KeepProgress(_)]),
        "{imported:?}"
    );
    assert_eq!(session.learning.mark("away"), Mark::Begun);
    drop(send(&mut session, LessonMessage::AskForget));
    assert_eq!(session.dialog, Some(Dialog::ForgetProgress));
    assert_eq!(session.learning.mark("away"), Mark::Begun);
    drop(send(&mut session, LessonMessage::Forget));
    assert_eq!(
        (session.learning.mark("away"), session.dialog.is_none()),
        (Mark::New, true)
    );
}

#[test]
fn a_lesson_is_told_in_another_language_and_what_was_reached_stays() {
    let mut session = open("second-hop");
    answer_all(&mut session);
    let english = lesson(&session).lesson.clone();
    let reached = lesson(&session).state.clone();
    let german = || LessonMessage::Language("de".to_owned());
    drop(send(&mut session, german()));
    let told = lesson(&session);
    assert_eq!(told.lesson.title, "Warum der zweite Sprung nie synchron ist");
    assert_eq!(
        (&told.state, &told.lesson.solution),
        (&reached, &english.solution)
    );
    assert!(told.told.as_ref().is_some_and(|told| !told.is_outdated));
    // So it is from now on, also after a new beginning; a lesson that does not have it stays English.
    drop(send(&mut session, LessonMessage::Restart));
    let told = lesson(&session).told.clone().unwrap();
    assert!(told.language == "de" && !told.is_outdated);
    answer_all(&mut session);
    play_solution(&mut session);
    assert!(lesson(&session).state.is_solved);
    drop(send(&mut session, LessonMessage::Open("two-names".to_owned())));
    assert_eq!(lesson(&session).told, None);
    drop(send(&mut session, LessonMessage::Open("second-hop".to_owned())));
    drop(send(&mut session, LessonMessage::Language("en".to_owned())));
    assert_eq!(lesson(&session).lesson, english);
}
