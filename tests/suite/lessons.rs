//! Lessons in the terminal: the task, the start, work that is checked, a lesson of one's own, a class.

use std::fs;

use crate::cli::Terminal;
use pgcascade::app::{DesignMessage, LessonMessage, Message, Session, update};
use pgcascade::model::document::{Command, Document};
use pgcascade::model::lessons::{self, Journal, On, Step, Translation, check_design, find};
use pgcascade::model::topology::{Edit, Server};

#[test]
fn every_file_of_the_folder_is_a_lesson() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/lessons");
    let mut there: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| {
            Some(
                entry
                    .unwrap()
                    .file_name()
                    .to_str()?
                    .strip_suffix(".toml")?
                    .to_owned(),
            )
        })
        .filter(|name| name != "frame")
        .collect();
    there.sort();
    let mut known: Vec<&str> = lessons::lessons()
        .iter()
        .map(|lesson| lesson.name.as_str())
        .collect();
    known.sort_unstable();
    assert_eq!(there, known);
}

#[test]
fn lessons_are_listed_with_what_is_done_of_them() {
    let terminal = Terminal::new();
    let states = || -> Vec<(String, String)> {
        let answer = terminal.run(&["lessons", "--json"]);
        assert_eq!(answer.code, Some(0), "{}", answer.err);
        let rows: Vec<serde_json::Value> = serde_json::from_str(&answer.out).unwrap();
        let text = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap().to_owned();
        assert!(
            rows.iter()
                .all(|row| !text(row, "chapter").is_empty() && !text(row, "title").is_empty())
        );
        rows.iter()
            .map(|row| (text(row, "name"), text(row, "state")))
            .collect()
    };
    let before = states();
    assert_eq!(before.len(), 18);
    assert!(before.iter().all(|(_, state)| state == "new"));
    assert_eq!(before[0].0, "first-standby");
    terminal.run(&["lesson", "second-hop"]);
    let state = |name: &str| states().into_iter().find(|(own, _)| own == name).unwrap().1;
    assert_eq!(state("second-hop"), "begun");
    assert_eq!(state("away"), "new");
    let table = terminal.run(&["lessons"]).out;
    assert!(table.contains("Copies\n  first-standby"), "{table}");
}

#[test]
fn a_lesson_is_begun_changed_by_hand_and_solved() {
    let terminal = Terminal::new();
    let task = terminal.run(&["lesson", "second-hop"]);
    assert!(task.out.contains("slave11 still follows slave1"), "{}", task.out);
    assert!(!task.out.contains("**"), "{}", task.out);
    assert!(
        task.out.lines().all(|line| line.chars().count() <= 120),
        "{}",
        task.out
    );
    let started = terminal.run(&["lesson", "second-hop", "--start", "-o", "d.toml"]);
    assert_eq!(started.code, Some(0), "{}", started.err);
    let again = terminal.run(&["lesson", "second-hop", "--start", "-o", "d.toml"]);
    assert_eq!(again.code, Some(1));
    let unsolved = terminal.run(&["lesson", "second-hop", "--check", "d.toml"]);
    assert_eq!(unsolved.code, Some(1));
    assert!(
        unsolved
            .out
            .contains("slave1's row at master says streaming, async"),
        "{}",
        unsolved.out
    );
    let text = fs::read_to_string(terminal.path().join("d.toml")).unwrap();
    let moved = text
        .replace("sync_priority = 1\n", "")
        .replace("port = 15432\n", "port = 15432\nsync_priority = 1\n");
    assert_ne!(text, moved);
    terminal.design("d.toml", &moved);
    let solved = terminal.run(&["lesson", "second-hop", "--check", "d.toml"]);
    assert_eq!(solved.code, Some(0), "{}{}", solved.out, solved.err);
    assert!(
        terminal
            .run(&["lessons", "--json"])
            .out
            .contains(r#""state":"solved""#)
    );
    // Words for an attempt that others have made.
    terminal.design("w.toml", &text.replace("sync_priority = 1\n", ""));
    let wrong = terminal.run(&["lesson", "second-hop", "--check", "w.toml"]);
    assert!(
        wrong.out.contains("commits still wait for nobody"),
        "{}",
        wrong.out
    );
    let hint = terminal.run(&["lesson", "second-hop", "--hint", "3"]);
    assert!(hint.out.contains("Ctrl+K"), "{}", hint.out);
    assert_eq!(
        terminal.run(&["lesson", "second-hop", "--hint", "4"]).code,
        Some(1)
    );
    let solution = terminal.run(&["lesson", "second-hop", "--solution"]);
    assert_eq!(solution.out, "priority slave11 none\npriority slave1 1\n");
}

#[test]
fn what_is_not_there_says_what_is() {
    let terminal = Terminal::new();
    let near = terminal.run(&["lesson", "second-hopp"]);
    assert_eq!(near.code, Some(1));
    assert!(near.err.contains("Did you mean \"second-hop\"?"), "{}", near.err);
    assert_eq!(terminal.run(&["challenge", "9-1"]).code, Some(1));
    assert_eq!(terminal.run(&["lesson", "none.toml"]).code, Some(1));
}

#[test]
fn a_story_in_a_design_solves_a_lesson_of_what_if() {
    let terminal = Terminal::new();
    terminal.run(&["lesson", "relay-dies", "--start", "-o", "d.toml"]);
    let check = || terminal.run(&["lesson", "relay-dies", "--check", "d.toml"]);
    let nothing = check();
    assert_eq!(nothing.code, Some(1));
    assert!(nothing.out.contains("this happens in What-if"), "{}", nothing.out);
    let text = fs::read_to_string(terminal.path().join("d.toml")).unwrap();
    let story = "crash slave1\nmake-slot slave11 master\nlet-in slave11 master\nrepoint slave11 master\nmake-slot slave12 master\nrepoint slave12 master";
    let story = story.replace("let-in slave11 master\n", "");
    terminal.design(
        "d.toml",
        &format!("{text}\n[[scenario]]\nname = \"mine\"\ntext = '''\n{story}\n'''\n"),
    );
    let solved = check();
    assert_eq!(solved.code, Some(0), "{}", solved.out);
}

#[test]
fn a_challenge_is_the_same_for_everyone_who_types_its_number() {
    let (one, other) = (Terminal::new(), Terminal::new());
    for challenge in ["1-7", "2-7", "3-4711"] {
        let first = one.run(&["challenge", challenge]);
        assert_eq!(first.code, Some(0), "{}", first.err);
        assert_eq!(first.out, other.run(&["challenge", challenge]).out);
        one.run(&["challenge", challenge, "--start", "--force", "-o", "c.toml"]);
        assert_eq!(
            one.run(&["challenge", challenge, "--check", "c.toml"]).code,
            Some(1)
        );
    }
    assert_eq!(one.run(&["challenge"]).code, Some(0));
}

#[test]
fn a_lesson_of_ones_own_begins_with_a_frame_and_is_tested_by_line() {
    let terminal = Terminal::new();
    assert_eq!(terminal.run(&["lesson", "new", "my.toml"]).code, Some(0));
    assert_eq!(terminal.run(&["lesson", "new", "my.toml"]).code, Some(1));
    let good = terminal.run(&["lesson", "my.toml", "--test"]);
    assert_eq!(good.code, Some(0), "{}{}", good.out, good.err);
    let text = fs::read_to_string(terminal.path().join("my.toml")).unwrap();
    terminal.design(
        "my.toml",
        &text.replace("\"priority standby 1\"]\n#", "\"priority standby none\"]\n#"),
    );
    let bad = terminal.run(&["lesson", "my.toml", "--test"]);
    assert_eq!(bad.code, Some(1));
    let line = text
        .lines()
        .position(|line| line.starts_with("solution"))
        .unwrap()
        + 1;
    assert!(
        bad.out
            .contains(&format!("my.toml:{line}: the solution does not reach")),
        "{}",
        bad.out
    );
    terminal.design("my.toml", &text.replace("holds =", "hold ="));
    let broken = terminal.run(&["lesson", "my.toml"]);
    assert_eq!(broken.code, Some(1));
    assert!(
        broken
            .err
            .contains("a goal has no key \"hold\"; did you mean \"holds\"?"),
        "{}",
        broken.err
    );
}

#[test]
fn a_folder_of_results_is_a_table_for_the_teacher() {
    let terminal = Terminal::new();
    let steps = r#"steps = ["answer whom nobody", "priority slave11 none", "priority slave1 1"]"#;
    let result = |name: &str, steps: &str| {
        format!("result = 1\nlesson = \"second-hop\"\nname = \"{name}\"\n{steps}\n")
    };
    terminal.design("a.toml", &result("Ada, A", steps));
    terminal.design(
        "b.toml",
        &result("Bob", &steps.replace("slave1 1", "slave1 none")),
    );
    terminal.design("c.toml", "something = 1\n");
    let answer = terminal.run(&["lessons", "--check-all", ".", "--csv"]);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    assert_eq!(
        answer.out,
        "file,name,lesson,solved,hints,steps,shown\n\
         a.toml,\"Ada, A\",second-hop,yes,0,3,false\n\
         b.toml,Bob,second-hop,no,0,3,false\n\
         c.toml,,,is not a result,0,0,false\n"
    );
    assert_eq!(
        terminal.run(&["lesson", "second-hop", "--check", "a.toml"]).code,
        Some(0)
    );
    assert_eq!(
        terminal.run(&["lesson", "second-hop", "--check", "b.toml"]).code,
        Some(1)
    );
}

/// Attempts at random, each a few edits: the terminal says of the saved file what the window says of the drawing.
#[test]
fn a_saved_attempt_is_judged_as_the_window_judges_it() {
    let terminal = Terminal::new();
    let lesson = find("second-hop").unwrap();
    let mut solved = 0;
    for seed in 0..50_u32 {
        let mut session = Session::new(lesson.start.clone(), None);
        let send =
            |session: &mut Session, message: LessonMessage| drop(update(session, Message::Lesson(message)));
        send(&mut session, LessonMessage::Open(lesson.name.clone()));
        for ask in &lesson.asks {
            let values = lessons::truth(lesson, ask).unwrap().values;
            let ask = ask.id.clone();
            send(&mut session, LessonMessage::Answer { ask, values });
        }
        let draw = |session: &mut Session, step: &str| {
            let edit = Edit::parse(step, session.desk.document.topology()).unwrap();
            // An edit that the design refuses changes nothing.
            drop(update(
                session,
                Message::Design(DesignMessage::Do(Command::Edit(edit))),
            ));
        };
        let mut chance = seed;
        let mut next = |end: u32| {
            chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (chance >> 16) % end
        };
        // Some begin with the solution, so that some are right.
        if seed % 3 == 0 {
            for step in &lesson.solution {
                draw(&mut session, &step.text);
            }
        }
        for _ in 0..next(4) {
            let (server, other) = (
                ["slave1", "slave11", "master"][next(3) as usize],
                ["slave1", "master"][next(2) as usize],
            );
            let step = match next(5) {
                0 | 1 => format!("priority {server} {}", 1 + next(2)),
                2 => format!("priority {server} none"),
                3 => format!("attach {server} {other}"),
                _ => format!("sync first {}", 1 + next(2)),
            };
            draw(&mut session, &step);
        }
        let text = session.desk.document.text();
        terminal.design("attempt.toml", &text);
        let answer = terminal.run(&["lesson", "second-hop", "--check", "attempt.toml"]);
        let shown = &session.lesson.as_ref().unwrap().state;
        assert_eq!(
            answer.code,
            Some(i32::from(!shown.is_solved)),
            "{}\n{text}",
            answer.out
        );
        for (goal, state) in lesson.goals.iter().zip(&shown.goals) {
            let line = format!("{}: {}", goal.text, state.found.join("; "));
            let is_said = answer.out.lines().any(|said| said == line);
            let is_open = !state.is_met && goal.on != On::Servers;
            assert_eq!(is_said, is_open, "{line}\n{}", answer.out);
        }
        for (place, wrong) in lesson.wrong.iter().enumerate() {
            let is_said = answer.out.contains(&wrong.says);
            assert_eq!(is_said, shown.wrong.contains(&place), "{}", answer.out);
        }
        solved += u32::from(shown.is_solved);
    }
    assert!(solved > 0 && solved < 50, "{solved}");
}

/// What somebody hands in is played by the built program, and solves every lesson as the bench says.
#[test]
fn the_terminal_reaches_what_the_bench_reaches() {
    let terminal = Terminal::new();
    for lesson in lessons::lessons() {
        let mut journal = Journal::default();
        for ask in &lesson.asks {
            let truth = lessons::truth(lesson, ask).unwrap();
            let step = Step::Answer {
                ask: ask.id.clone(),
                values: truth.values,
            };
            journal.push(step.text(lesson.start.topology()).unwrap());
        }
        let answered = journal.clone();
        for step in &lesson.solution {
            journal.push(step.text.clone());
        }
        for (name, journal, code) in [("unsolved.toml", answered, 1), ("solved.toml", journal, 0)] {
            terminal.design(name, &journal.result(lesson, "Ada"));
            let answer = terminal.run(&["lesson", &lesson.name, "--check", name]);
            assert_eq!(answer.code, Some(code), "{}: {}", lesson.name, answer.out);
        }
    }
    assert_eq!(
        terminal
            .run(&["lessons", "--json"])
            .out
            .matches(r#""state":"solved""#)
            .count(),
        18
    );
}

#[test]
fn each_translation_has_only_what_its_lesson_has_and_is_up_to_date() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/lessons");
    let mut found = 0;
    for language in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if !language.is_dir() {
            continue;
        }
        for path in fs::read_dir(&language)
            .unwrap()
            .map(|entry| entry.unwrap().path())
        {
            let name = path.file_stem().unwrap().to_str().unwrap();
            let lesson = find(name).unwrap_or_else(|| panic!("{}: no such lesson", path.display()));
            let text = fs::read_to_string(&path).unwrap();
            let read = Translation::read(&text, lesson);
            let translation = read.unwrap_or_else(|problems| panic!("{}: {problems:#?}", path.display()));
            assert!(!translation.is_outdated(lesson), "{}", path.display());
            assert_ne!(translation.of(lesson).title, lesson.title, "{}", path.display());
            let code = language.file_name().unwrap().to_str().unwrap();
            assert!(
                lessons::translation(name, code).is_some(),
                "{} is not compiled in",
                path.display()
            );
            found += 1;
        }
    }
    assert!(found > 0);
}

#[test]
fn a_lesson_is_told_in_another_language() {
    let terminal = Terminal::new();
    let frame = terminal.run(&["lesson", "second-hop", "--template", "de"]);
    assert_eq!(frame.code, Some(0), "{}", frame.err);
    let words = frame
        .out
        .replacen("title = \"\"", "title = \"Der zweite Sprung\"", 1);
    terminal.design("de.toml", &words);
    let told = terminal.run(&["lesson", "second-hop", "--translation", "de.toml"]);
    assert!(told.out.starts_with("Der zweite Sprung (5 min)"), "{}", told.out);
    // What is missing is English.
    assert!(told.out.contains("slave11 still follows slave1"), "{}", told.out);
    terminal.design("de.toml", &words.replacen("of = \"", "of = \"f", 1));
    let old = terminal.run(&["lesson", "second-hop", "--translation", "de.toml"]);
    assert!(old.err.contains("have changed since"), "{}", old.err);
    let other = terminal.run(&["lesson", "two-names", "--translation", "de.toml"]);
    assert_eq!(other.code, Some(1));
    assert!(other.err.contains("the lesson has no goal"), "{}", other.err);
}

#[test]
fn progress_goes_to_a_file_comes_back_and_is_forgotten() {
    let (one, other) = (Terminal::new(), Terminal::new());
    one.run(&["lesson", "second-hop"]);
    one.run(&["lesson", "away"]);
    let exported = one.run(&["lessons", "--export", "p.json"]);
    assert_eq!(exported.code, Some(0), "{}", exported.err);
    assert_eq!(
        one.run(&["lessons", "--export", "p.json"]).code,
        Some(1),
        "it is there"
    );
    let text = fs::read_to_string(one.path().join("p.json")).unwrap();
    other.design("p.json", &text);
    let begun = |terminal: &Terminal| {
        let rows = terminal.run(&["lessons", "--json"]).out;
        rows.matches(r#""state":"begun""#).count()
    };
    assert_eq!(begun(&other), 0);
    assert_eq!(other.run(&["lessons", "--import", "p.json"]).code, Some(0));
    assert_eq!(begun(&other), 2);
    assert_eq!(other.run(&["lessons", "--forget", "away"]).code, Some(0));
    assert_eq!(begun(&other), 1);
    assert_eq!(other.run(&["lessons", "--forget", "away"]).code, Some(1));
    assert_eq!(other.run(&["lessons", "--forget", "all"]).code, Some(0));
    assert_eq!(begun(&other), 0);
    other.design("q.json", "[3]");
    let bad = other.run(&["lessons", "--import", "q.json"]);
    assert_eq!(bad.code, Some(1));
    assert!(bad.err.contains("is not a file of progress"), "{}", bad.err);
}

#[test]
fn a_locked_drawing_that_was_changed_is_not_a_solution() {
    let lesson = find("right-heir").unwrap();
    let mut design: Document = lesson.start.clone();
    let slave2 = design.topology().by_name("slave2").map(Server::id).unwrap();
    let edit = Edit::SetSyncPriority {
        server: slave2,
        priority: None,
    };
    design.apply(&Command::Edit(edit)).unwrap();
    let checked = check_design(lesson, &design);
    assert!(!checked.is_solved());
    assert!(checked.remarks[0].contains("the drawing was changed"));
    assert!(lessons::lessons().iter().any(|lesson| lesson.is_locked));
}
