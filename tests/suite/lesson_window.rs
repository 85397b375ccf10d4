//! Lessons in the window: three of them finished by keyboard through the outline alone, with what a screen reader hears.

use egui::accesskit::{Live, Role};
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _, by};
use pgcascade::app::{DesignMessage, Effect, FileMessage, LessonMessage, Message, Tab, ViewMessage};
use pgcascade::model::lessons::Mark;
use pgcascade::model::topology::Downstreams;

use crate::window::Window;

fn open(name: &str) -> Window {
    let mut window = Window::seed();
    window.send(Message::Lesson(LessonMessage::Open(name.to_owned())));
    assert_eq!(window.session().looks.tab, Tab::Lesson);
    window
}

/// A lesson over a drawing that is not saved, with another panel in front of its own.
pub(crate) fn open_behind_inspector(window: &mut Window) {
    window.send(Message::Lesson(LessonMessage::Open("second-hop".to_owned())));
    window.send(Message::File(FileMessage::Discard));
    window.send(Message::View(ViewMessage::Show(Tab::Inspector)));
}

impl Window {
    /// Gives the keyboard to what has this name and role, and presses the key.
    fn press_on(&mut self, role: Role, name: &str, key: Key) {
        let is_it = |node: &egui_kittest::kittest::AccessKitNode<'_>| {
            node.role() == role && node.label().is_some_and(|label| label == name)
        };
        self.harness.get(by().predicate(is_it)).focus();
        self.harness.run_ok();
        self.press(key);
    }

    /// The row of the outline, by its keys.
    fn choose(&mut self, server: &str) {
        let row = self.row(server);
        self.press_on(Role::TreeItem, &row, Key::Enter);
        let selected = self.session().selected_server().unwrap();
        assert_eq!(selected.name().as_str(), server);
    }

    fn toggle_sync(&mut self, server: &str) {
        self.choose(server);
        self.key(Modifiers::COMMAND, Key::K);
    }

    fn guess(&mut self, servers: &[&str]) {
        for server in servers {
            self.press_on(Role::CheckBox, server, Key::Space);
        }
        self.press_on(Role::Button, "This is my guess", Key::Enter);
    }

    fn is_solved(&self) -> bool {
        let open = self.session().lesson.as_ref().unwrap();
        open.state.is_solved
    }

    /// What is announced by itself.
    fn announced(&self) -> Vec<String> {
        let is_live = |node: &egui_kittest::kittest::AccessKitNode<'_>| node.live() == Live::Polite;
        let nodes = self.harness.query_all(by().predicate(is_live));
        nodes.filter_map(|node| node.accesskit_node().label()).collect()
    }
}

#[test]
fn the_second_hop_is_finished_by_keyboard() {
    let mut window = open("second-hop");
    window.guess(&["Nobody"]);
    assert!(window.has("Right: nobody"));
    window.press_on(Role::Button, "Continue", Key::Enter);
    let said = window.announced();
    let goal = "A commit on master waits for slave1, and goes on: open.";
    assert!(said.iter().any(|words| words.starts_with(goal)), "{said:?}");
    window.toggle_sync("slave11");
    window.toggle_sync("slave1");
    assert!(window.is_solved());
    assert!(window.has("Solved"));
    let said = window.announced();
    assert!(
        said.contains(&"Solved: Why the second hop is never synchronous".to_owned()),
        "{said:?}"
    );
    assert_eq!(window.session().learning.mark("second-hop"), Mark::Solved);
    // Its next one is offered, and goes on from there.
    window.press_on(Role::Button, "Next: The first cascade, rebuilt", Key::Enter);
    let open = window.session().lesson.as_ref().unwrap();
    assert_eq!(open.lesson.name, "article-of-2011");
}

/// Where the words stand now; `None`: they are scrolled out of sight, or not there.
fn top_of(window: &Window, words: &str) -> Option<f32> {
    let has = |node: &egui_kittest::kittest::AccessKitNode<'_>| {
        node.label()
            .or_else(|| node.value())
            .is_some_and(|label| label.starts_with(words))
    };
    let found = window.harness.query_all(by().predicate(has)).next()?;
    Some(found.rect().top())
}

#[test]
fn page_down_and_page_up_turn_the_pages_of_a_lesson() {
    let mut window = open("second-hop");
    let pages = |window: &Window| window.session().lesson.as_ref().unwrap().pages();
    let title = "Why the second hop is never synchronous";
    let first = top_of(&window, title);
    assert!(first.is_some());
    let is_at_top = |window: &Window| top_of(window, title) == first;
    assert_eq!(pages(&window), 1);
    for _ in 0..9 {
        window.press(Key::PageDown);
    }
    assert_eq!(pages(&window), 2, "the next page is for later: its goal is open");
    // In the largest text a page is longer than the panel: the end of the last one comes into sight, step by step, and back.
    for _ in 0..3 {
        window.key(Modifiers::COMMAND | Modifiers::ALT, Key::Plus);
    }
    for _ in 0..9 {
        window.press(Key::PageUp);
    }
    assert!(is_at_top(&window));
    let second = "Nobody's.";
    let mut tops = vec![top_of(&window, second)];
    for _ in 0..9 {
        window.press(Key::PageDown);
        tops.push(top_of(&window, second));
    }
    let panel = first.unwrap()..first.unwrap() + 40.0;
    let lands = |top: &Option<f32>| top.is_some_and(|top| panel.contains(&top));
    assert!(
        tops.iter().any(lands),
        "page 2 was never at the top of {panel:?}: {tops:?}"
    );
    let end = top_of(&window, "Hint 1 of 3").unwrap();
    assert!(end < 800.0 && !is_at_top(&window), "{end}");
    for _ in 0..9 {
        window.press(Key::PageUp);
    }
    assert!(is_at_top(&window));
    // A page that is turned to comes into sight whatever stood there.
    window.send(Message::View(ViewMessage::Show(Tab::Inspector)));
    window.press(Key::PageDown);
    assert_eq!(window.session().looks.tab, Tab::Lesson);
    // *Continue* goes there, too.
    let mut window = open("second-hop");
    for _ in 0..3 {
        window.key(Modifiers::COMMAND | Modifiers::ALT, Key::Plus);
    }
    window.press_on(Role::Button, "Continue", Key::Enter);
    let top = top_of(&window, second);
    assert!(lands(&top), "{top:?}");
}

#[test]
fn the_text_of_lessons_grows_and_shrinks_and_nothing_else_does() {
    let mut window = open("second-hop");
    let height = |window: &Window, words: &str| window.harness.get_by_label(words).rect().height();
    let (lesson, other) = ("Continue", "Undo");
    let normal = (height(&window, lesson), height(&window, other));
    window.key(Modifiers::COMMAND | Modifiers::ALT, Key::Plus);
    window.key(Modifiers::COMMAND | Modifiers::ALT, Key::Plus);
    let large = (height(&window, lesson), height(&window, other));
    assert!(large.0 > normal.0 * 1.2, "{large:?}, {normal:?}");
    assert_eq!(large.1.to_bits(), normal.1.to_bits());
    for _ in 0..3 {
        window.key(Modifiers::COMMAND | Modifiers::ALT, Key::Minus);
    }
    assert_eq!(height(&window, lesson).to_bits(), normal.0.to_bits());
}

#[test]
fn two_names_is_finished_by_keyboard() {
    let mut window = open("two-names");
    window.guess(&["standby1"]);
    window.press_on(Role::Button, "Continue", Key::Enter);
    window.press_on(Role::Button, "potential", Key::Enter);
    window.press_on(Role::Button, "Continue", Key::Enter);
    window.toggle_sync("standby3");
    window.key(Modifiers::COMMAND, Key::Num1);
    window.press(Key::Escape);
    window.fill("Standbys to wait for", "2");
    window.press(Key::Enter);
    assert!(
        window.is_solved(),
        "{:?}",
        window.session().lesson.as_ref().unwrap().state
    );
}

#[test]
fn the_commit_that_waits_is_finished_by_keyboard() {
    let mut window = open("the-commit-that-waits");
    window.press_on(Role::Button, "Hangs", Key::Enter);
    window.toggle_sync("standby");
    window.key(Modifiers::COMMAND, Key::I);
    window.press_on(Role::Button, "Actions for standby", Key::Enter);
    window.press_on(Role::Button, "Crash", Key::Enter);
    window.key(Modifiers::COMMAND, Key::I);
    window.choose("primary");
    window.press(Key::Insert);
    window.key(Modifiers::COMMAND, Key::K);
    assert!(
        window.is_solved(),
        "{:?}",
        window.session().lesson.as_ref().unwrap().state
    );
}

#[test]
fn a_guess_that_was_not_given_is_gone_when_the_lesson_begins_again() {
    let mut window = open("second-hop");
    let is_ticked = |window: &Window| {
        let node = window.harness.get_by_role_and_label(Role::CheckBox, "Nobody");
        node.accesskit_node().toggled() == Some(egui::accesskit::Toggled::True)
    };
    window.press_on(Role::CheckBox, "Nobody", Key::Space);
    assert!(is_ticked(&window));
    window.press_on(Role::Button, "Start again", Key::Enter);
    assert!(!is_ticked(&window));
}

#[test]
fn advice_is_folded_until_it_is_asked_for() {
    let mut window = open("second-hop");
    assert!(window.has("Show what pgcascade advises"));
    let fixes = |window: &Window| {
        let findings = &window.session().derived.findings;
        let fix = findings.iter().find_map(|finding| finding.fix.as_ref()).unwrap();
        window.harness.query_all_by_label(&fix.label).next().is_some()
    };
    assert!(!fixes(&window));
    window.press_on(Role::Button, "Show what pgcascade advises", Key::Enter);
    assert!(fixes(&window));
}

#[test]
fn the_start_page_begins_with_what_there_is_to_learn() {
    let mut window = Window::seed();
    window.send(Message::Start(pgcascade::app::StartMessage::Show));
    window.press_on(
        Role::Button,
        "Learn: begin with \"What is a standby?\"",
        Key::Enter,
    );
    let open = window.session().lesson.as_ref().unwrap();
    assert_eq!(open.lesson.name, "first-standby");
    assert!(!window.session().start.is_shown);
    window.send(Message::Start(pgcascade::app::StartMessage::Show));
    window.press_on(Role::Button, "Quiz", Key::Enter);
    assert!(window.has("Quiz: question 1 of 5"));
}

#[test]
fn a_lesson_is_left_and_opened_again_as_it_was() {
    let mut window = open("second-hop");
    window.guess(&["Nobody"]);
    window.toggle_sync("slave11");
    let drawn = window.drawn();
    window.send(Message::Lesson(LessonMessage::End));
    assert!(window.session().lesson.is_none());
    window.send(Message::Lesson(LessonMessage::Open("two-names".to_owned())));
    window.send(Message::File(FileMessage::Discard));
    assert_ne!(window.drawn(), drawn);
    window.send(Message::Lesson(LessonMessage::Open("second-hop".to_owned())));
    assert_eq!(window.drawn(), drawn);
    // The strip says the next goal, whatever tab is in front.
    window.send(Message::View(ViewMessage::Show(Tab::Inspector)));
    let said = window.announced();
    let goal = "A commit on master waits for slave1, and goes on · now: ";
    assert!(said.iter().any(|words| words.starts_with(goal)), "{said:?}");
    // Its hint stands below the goal, on a page that is not reached yet.
    assert!(window.harness.query_by_label("Hint").is_none());
    window.send(Message::Lesson(LessonMessage::Page(1)));
    window.press_on(Role::Button, "Hint", Key::Enter);
    assert_eq!(window.session().looks.tab, Tab::Lesson);
    assert_eq!(window.session().lesson.as_ref().unwrap().hints["answers"], 1);
}

#[test]
fn a_locked_drawing_refuses_the_keys_and_says_why() {
    let mut window = open("relay-dies");
    let before = window.drawn();
    window.toggle_sync("slave11");
    window.press(Key::Delete);
    assert_eq!(window.drawn(), before);
    let slave11 = window
        .session()
        .desk
        .document
        .topology()
        .by_name("slave11")
        .unwrap()
        .id();
    window.send(Message::Design(DesignMessage::Remove {
        servers: vec![slave11],
        downstreams: Downstreams::Remove,
        remembers: false,
    }));
    assert_eq!(window.drawn(), before);
    assert!(window.has("In this lesson the cluster stays as it is"));
}

#[test]
fn the_design_to_draw_is_shown_and_a_solved_lesson_can_be_proved() {
    let window = open("article-of-2011");
    assert!(window.has("Make it look like this:"));
    let is_it = |node: &egui_kittest::kittest::AccessKitNode<'_>| {
        let label = node.label().unwrap_or_default();
        label.starts_with("Picture of the design to draw: ") && label.contains("slave12")
    };
    window.harness.get(by().predicate(is_it));
    let mut window = {
        drop(window);
        open("second-hop")
    };
    window.guess(&["Nobody"]);
    window.toggle_sync("slave11");
    window.toggle_sync("slave1");
    window.press_on(Role::Button, "Prove it on real servers", Key::Enter);
    let performed = window.performed.borrow();
    let asked = performed
        .iter()
        .any(|effect| matches!(effect, Effect::Prove { name, .. } if name == "second-hop"));
    assert!(asked);
    drop(performed);
    assert!(window.has("Cancel"));
}

#[test]
fn the_language_of_a_lesson_is_a_click() {
    let mut window = open("second-hop");
    window.click("Deutsch");
    assert!(window.has("Warum der zweite Sprung nie synchron ist"));
    assert!(window.has("what pgcascade itself says is English"));
    let kept =
        |effect: &Effect| matches!(effect, Effect::KeepPreferences(kept) if kept.lesson_language == "de");
    assert!(window.performed.borrow().iter().any(kept));
    window.click("English");
    assert!(window.has("Why the second hop is never synchronous"));
}
