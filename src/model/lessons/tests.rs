//! Every lesson tried whole, and challenges and questions by the hundred.

use super::builtin::FILES;
use super::challenge::advised;
use super::*;

#[test]
fn every_file_is_a_lesson_that_the_order_names() {
    let mut compiled: Vec<String> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
    compiled.sort();
    let mut ordered: Vec<String> = chapters()
        .into_iter()
        .flat_map(|chapter| chapter.lessons)
        .map(str::to_owned)
        .collect();
    ordered.sort();
    assert_eq!(ordered, compiled);
    for (name, text) in FILES {
        match read(text) {
            Ok(lesson) => {
                assert_eq!(lesson.name, *name);
                let mut chapters = chapters().into_iter();
                let chapter = chapters.find(|chapter| chapter.lessons.contains(name)).unwrap();
                assert_eq!(lesson.chapter, chapter.id, "{name}");
            }
            Err(problems) => panic!("{name}: {problems:#?}"),
        }
    }
    assert_eq!(lessons().len(), 18);
}

/// Section 13 of the design: the start, the solution, the wrong attempts, the truths.
#[test]
fn every_lesson_is_unsolved_at_its_start_and_solved_by_its_solution() {
    let mut all = Vec::new();
    for lesson in lessons() {
        for fault in test(lesson) {
            all.push(format!(
                "assets/lessons/{}.toml:{}: {}",
                lesson.name, fault.line, fault.message
            ));
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
    let frame = read(FRAME).unwrap();
    assert_eq!(test(&frame), []);
}

#[test]
fn a_wrong_attempt_can_be_left_and_the_solution_still_works() {
    for lesson in lessons() {
        for wrong in &lesson.wrong {
            let mut bench = Bench::new(lesson);
            bench.answer_all();
            for step in &wrong.attempt {
                bench.play(&step.text).unwrap();
            }
            let mut bench = Bench::new(lesson);
            bench.answer_all();
            for step in &lesson.solution {
                bench.play(&step.text).unwrap();
            }
            assert!(bench.state().is_solved, "{}", lesson.name);
        }
    }
}

#[test]
fn questions_have_to_be_answered_and_a_wrong_guess_counts() {
    let lesson = find("second-hop").unwrap();
    let mut bench = Bench::new(lesson);
    for step in &lesson.solution {
        bench.play(&step.text).unwrap();
    }
    assert!(!bench.state().is_solved);
    assert!(bench.play("answer whom everybody").is_err());
    bench.play("answer whom slave11").unwrap();
    assert!(bench.state().is_solved);
}

#[test]
fn what_does_not_hold_says_what_it_found() {
    let lesson = find("second-hop").unwrap();
    let bench = Bench::new(lesson);
    let goal = bench
        .state()
        .goals
        .iter()
        .find(|goal| goal.id == "answers")
        .unwrap();
    assert!(
        goal.found
            .contains(&"slave1's row at master says streaming, async, priority 0".to_owned()),
        "{:?}",
        goal.found
    );
}

#[test]
fn a_locked_drawing_refuses_every_edit() {
    let lesson = find("relay-dies").unwrap();
    let mut bench = Bench::new(lesson);
    assert_eq!(bench.play("attach slave11 slave2"), Err(StepProblem::Locked));
    assert_eq!(bench.play("crash slave1"), Err(StepProblem::NotInStory));
}

#[test]
fn a_design_that_is_handed_in_is_checked_with_the_stories_that_it_keeps() {
    let lesson = find("second-hop").unwrap();
    assert!(!check_design(lesson, &lesson.start).is_solved());
    let mut bench = Bench::new(lesson);
    for step in &lesson.solution {
        bench.play(&step.text).unwrap();
    }
    assert!(check_design(lesson, bench.document()).is_solved());
    let lesson = find("relay-dies").unwrap();
    let story: Vec<&str> = lesson
        .solution
        .iter()
        .skip(1)
        .map(|line| line.text.as_str())
        .collect();
    let text = format!(
        "{}\n[[scenario]]\nname = \"mine\"\ntext = \"{}\"\n",
        lesson.start.text(),
        story.join("\\n")
    );
    let design = crate::model::document::format::read(&text).unwrap();
    let checked = check_design(lesson, &design);
    assert!(checked.is_solved(), "{checked:?}");
    assert!(!check_design(lesson, &lesson.start).is_solved());
}

#[test]
fn a_result_is_played_again() {
    for lesson in lessons() {
        let mut journal = Journal::default();
        for ask in &lesson.asks {
            let truth = super::bench::truth(lesson, ask).unwrap();
            let step = Step::Answer {
                ask: ask.id.clone(),
                values: truth.values,
            };
            journal.push(step.text(lesson.start.topology()).unwrap());
        }
        for step in &lesson.solution {
            journal.push(step.text.clone());
        }
        let text = journal.result(lesson, "Ada");
        let result = read_result(&text).unwrap().unwrap();
        assert_eq!(
            (result.lesson.as_str(), result.name.as_str()),
            (lesson.name.as_str(), "Ada")
        );
        let checked = check_result(lesson, &result);
        assert!(checked.is_solved(), "{}: {checked:?}\n{text}", lesson.name);
    }
    assert!(read_result(find("second-hop").unwrap().start.text().as_str()).is_none());
}

#[test]
fn every_kind_of_mistake_has_its_line() {
    let good = FRAME;
    for (from, to, line, words) in [
        (
            "title = \"A standby that answers\"",
            "titel = \"x\"",
            Some(5),
            "a lesson has no key \"titel\"",
        ),
        (
            "holds = [\"waits-for standby\"",
            "holds = [\"wait-for standby\"",
            None,
            "did you mean \"waits-for\"?",
        ),
        (
            "truth = \"answers\"",
            "truth = \"anwers\"",
            None,
            "cannot be computed",
        ),
        (
            "ask = \"whom\"",
            "ask = \"who\"",
            None,
            "the lesson has no question \"who\"",
        ),
        (
            "goals = [\"answers\"]",
            "goals = [\"answer\"]",
            None,
            "the lesson has no goal \"answer\"",
        ),
        ("  standby 5433", "  standby x", None, "\"x\" is not a port"),
        (
            "\"priority standby 1\"]\n# pic",
            "\"prioritise standby 1\"]\n# pic",
            None,
            "is not a known step",
        ),
        (
            "on = \"design\" ",
            "on = \"desgin\" ",
            None,
            "on = \"desgin\" is not one of",
        ),
        ("format = 1", "format = 2", Some(3), "format 1"),
        ("# given", "given", None, "the drawing must be locked"),
        ("drawing = \"open\"", "drawing = \"open", None, "not valid TOML"),
        ("minutes = 5", "minutes = \"five\"", None, "whole number"),
        (
            "name = \"my-lesson\"",
            "name = \"My Lesson\"",
            Some(4),
            "only a to z",
        ),
        (
            "title = \"A standby that answers\"",
            "title = \"\"",
            Some(5),
            "is empty",
        ),
        ("learnt = \"One", "learned = \"One", None, "a lesson has no key"),
        (
            "advice = \"folded\"",
            "advice = \"open\"",
            None,
            "advice = \"open\" is not one of",
        ),
        (
            "drawing = \"open\"",
            "drawing = \"locked\"\ngiven = [\"crash nobody\"]",
            Some(12),
            "given: ",
        ),
        (
            "drawing = \"open\"",
            "drawing = \"locked\"\ngiven = [\"resume standby\"]",
            Some(12),
            "given: ",
        ),
        (
            "# scenario = \'\'\'\n# clients 4",
            "scenario = \'\'\'\n  customers 4",
            Some(14),
            "scenario: ",
        ),
        (
            "tree = \'\'\'",
            "start = \"seed\"\ntree = \'\'\'",
            Some(18),
            "either \"tree\" or \"start\"",
        ),
        ("tree = \'\'\'", "start = \'\'\'", Some(19), "start: "),
        (
            "tree = \'\'\'",
            "baum = \'\'\'",
            None,
            "a lesson has no key \"baum\"",
        ),
        (
            "solution = [",
            "lab = [\"explode standby\"]\nsolution = [",
            Some(23),
            "lab: ",
        ),
        (
            "solution = [",
            "picture = \"yes\"\nsolution = [",
            Some(23),
            "picture = \"yes\" is not one of",
        ),
        (
            "solution = [",
            "solutions = [",
            None,
            "a lesson has no key \"solutions\"",
        ),
        ("hints = [\"Who", "hints = [3, \"Who", Some(27), "is not a string"),
        (
            "hints = [\"Who could answer the primary?\", ",
            "hints = \"Who\" # ",
            Some(27),
            "a list of strings",
        ),
        (
            "goals = [\"answers\"]",
            "",
            Some(45),
            "no page shows the goal \"answers\"",
        ),
        (
            "ask = \"whom\"\n",
            "",
            Some(37),
            "no page asks the question \"whom\"",
        ),
        (
            "[[goal]]",
            "[[goal]]\nid = \"answers\"\ntext = \"x\"\non = \"design\"\nholds = []\n[[goal]]",
            Some(50),
            "two goals are called",
        ),
        (
            "[[ask]]",
            "[[ask]]\nid = \"whom\"\ntext = \"x\"\ntruth = \"leads\"\n[[ask]]",
            Some(42),
            "two questions are called",
        ),
        (
            "truth = \"answers\"",
            "truth = \"choice\"",
            Some(38),
            "a choice needs options",
        ),
        (
            "on = \"design\" ",
            "on = \"servers\" ",
            Some(50),
            "cannot be asked of on = \"servers\"",
        ),
        (
            "keep = \"now\"",
            "keep = \"never\"",
            None,
            "keep = \"never\" is not one of",
        ),
        (
            "when = [",
            "whenever = [",
            Some(53),
            "a wrong attempt needs \"when\"",
        ),
        (
            "says = ",
            "after = \"later\"\nsays = ",
            Some(53),
            "the lesson has no goal \"later\"",
        ),
        (
            "[\"commit local\"]",
            "[\"finding no-such-rule\"]",
            Some(54),
            "is not a rule of pgcascade",
        ),
        (
            "[\"commit local\"]",
            "[\"happened explode standby\"]",
            Some(54),
            "is not an event",
        ),
        (
            "[\"commit local\"]",
            "[\"commit\"]",
            Some(54),
            "the syntax is \"commit LEVEL\"",
        ),
    ] {
        assert!(good.contains(from), "{from}");
        let text = good.replacen(from, to, 1);
        let problems = read(&text).unwrap_err();
        let it = problems.iter().find(|problem| problem.message.contains(words));
        let it = it.unwrap_or_else(|| panic!("{words}: {problems:#?}"));
        let wanted = line.unwrap_or_else(|| {
            text.lines()
                .position(|line| line.contains(to.lines().next().unwrap().trim()))
                .unwrap()
                + 1
        });
        assert_eq!(it.line, Some(wanted), "{words}");
    }
}

/// What can be read and is not a good lesson.
#[test]
fn what_a_lesson_does_not_keep_has_its_line() {
    const LONG: &str = "word word word word word word word word word word word word word word word word word word word word \
                        word word word word word word word word word word word word word word word word word word word \
                        word word word word word word word word word word word word word word word word word word word \
                        word word word word";
    let wrong = |when: &str, attempt: &str| {
        format!("[[wrong]]\nwhen = [\"{when}\"]\nsays = \"No\"\n{attempt}\n[[wrong]]")
    };
    for (from, to, words) in [
        (
            "\"\"\"Nobody's.",
            &*format!("\"\"\"{LONG}"),
            "words; at most 60 are read",
        ),
        (", \"Select the standby and press Ctrl+K.\"]", "]", "has 1 hints"),
        ("[\"waits-for standby\", ", "[", "already holds at the start"),
        ("keep = \"now\" ", "guard = true #", "does not hold at the start"),
        (
            "[\"commit local\"]",
            "[\"waits-for nobody\"]",
            "apply at the start",
        ),
        (
            ", \"priority standby 1\"]\n#",
            ", \"priority standby 1\", \"undo\"]\n#",
            "it is solved before \"undo\"",
        ),
        (
            "\"priority standby 1\"]\n#",
            "\"priority standbi 1\"]\n#",
            "solution, step 2",
        ),
        (
            "\"priority standby 1\"]\n#",
            "\"priority standby none\"]\n#",
            "does not reach the goal",
        ),
        (
            "[\"commit local\"]",
            "[\"priority standby 1\"]",
            "apply at the end of the solution",
        ),
        ("\ntry = ", "\n# try = ", "needs \"try\""),
        (
            "\"priority standby 1\", \"commit local\"]",
            "\"priority standby 1\"]",
            "this wrong attempt solves the lesson",
        ),
        (
            "when = [\"commit local\"]",
            "when = [\"commit off\"]",
            "does not bring its words",
        ),
        (
            "[[wrong]]",
            &wrong("commit local", "try = [\"commit local\"]"),
            "brings other words",
        ),
        ("try = [\"sync first 1\"", "try = [\"sync first x\"", "try: "),
        (
            "truth = \"answers\"",
            "truth = \"row standbi at primary\"",
            "names an unknown server",
        ),
        (
            "expect = [\"nobody\"]",
            "expect = [\"standby\"]",
            "and standby was expected",
        ),
        (
            "\"waits-for standby\", ",
            "\"waits-for standby\", \"up standbi\", ",
            "did you mean \"standby\"?",
        ),
        (
            "[\"commit local\"]",
            "[\"setting all wal_levle minimal\"]",
            "a setting that PostgreSQL does not have",
        ),
        (
            "solution = [",
            "lab = [\"sees standbi\"]\nsolution = [",
            "names the server standbi",
        ),
        (
            "goals = [\"answers\"]",
            "goals = [\"answers\"]\ndemo = [\"crash standby\"]",
            "demo: ",
        ),
    ] {
        assert!(FRAME.contains(from), "{from}");
        let text = FRAME.replacen(from, to, 1);
        let lesson = read(&text).unwrap_or_else(|problems| panic!("{words}: {problems:#?}\n{text}"));
        let faults = test(&lesson);
        let it = faults.iter().find(|fault| fault.message.contains(words));
        let it = it.unwrap_or_else(|| panic!("{words}: {faults:#?}"));
        assert!((1..=text.lines().count()).contains(&it.line), "{words}: {it:?}");
    }
}

/// Each step of the seed is another change of some lesson's text: lines removed, doubled and swapped, letters changed.
#[test]
fn no_mutated_file_panics() {
    let rounds: u64 = std::env::var("PGCASCADE_LESSON_ROUNDS").map_or(300, |rounds| rounds.parse().unwrap());
    for seed in 0..rounds {
        let mut dice = dice::Dice::new(seed);
        let (_, text) = FILES[dice.below(FILES.len())];
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for _ in 0..=dice.below(3) {
            let (one, other) = (dice.below(lines.len()), dice.below(lines.len()));
            match dice.below(4) {
                0 => drop(lines.remove(one)),
                1 => lines.insert(one, lines[other].clone()),
                2 => lines.swap(one, other),
                _ => {
                    let mut letters: Vec<char> = lines[one].chars().collect();
                    let at = dice.below(letters.len() + 1);
                    letters.insert(at, ['"', '\\', '0', ' ', 'x', '\u{fe0f}'][dice.below(6)]);
                    lines[one] = letters.into_iter().collect();
                }
            }
        }
        let text = lines.join("\n");
        if let Ok(lesson) = read(&text)
            && seed % 16 == 0
        {
            let _ = super::test(&lesson);
        }
    }
}

#[test]
fn challenges_begin_unsolved_and_the_advice_solves_them() {
    let all = std::env::var("PGCASCADE_LESSON_ROUNDS").map(|rounds| rounds.parse::<u64>().unwrap());
    for level in LEVELS {
        // Time takes longest to play: all of it only where that is asked for.
        let few = if level == 4 { 10 } else { 60 };
        for seed in 0..all.clone().unwrap_or(few) {
            let made = Challenge { level, seed };
            let lesson = challenge(made).unwrap_or_else(|| panic!("{}", made.name()));
            assert_eq!(lesson.name, made.name());
            let mut bench = Bench::new(&lesson);
            assert!(!bench.state().is_solved, "{}", lesson.name);
            for step in advised(&lesson) {
                bench.play(&step).unwrap();
            }
            assert!(bench.state().is_solved, "{}: {:?}", lesson.name, bench.state());
            if seed < 5 {
                assert_eq!(challenge(made).as_ref(), Some(&lesson));
            }
        }
    }
    assert!(parse_challenge("3-4711").is_ok());
    for bad in ["", "3", "0-1", "5-1", "3-x", "3-4711-2"] {
        assert!(parse_challenge(bad).is_err(), "{bad}");
    }
}

#[test]
fn quiz_questions_have_one_truth_among_their_options_and_not_always_the_same() {
    let rounds: u64 = std::env::var("PGCASCADE_LESSON_ROUNDS").map_or(500, |rounds| rounds.parse().unwrap());
    let mut answers = std::collections::BTreeMap::new();
    for number in 0..rounds {
        let question = question(7, number, number % 2 == 0).unwrap_or_else(|| panic!("question {number}"));
        assert!(question.options.len() >= 2);
        assert!(find(question.lesson).is_some(), "{}", question.lesson);
        assert!(is_right(&question.answer.values, &question.answer));
        let others: Vec<String> = question
            .options
            .iter()
            .filter(|option| !question.answer.values.contains(option))
            .cloned()
            .collect();
        assert!(!is_right(&others, &question.answer), "{question:?}");
        *answers.entry(question.answer.values).or_insert(0) += 1;
    }
    let most = answers.values().max().copied().unwrap_or(0);
    assert!(most * 3 < rounds * 2, "{answers:?}");
}
