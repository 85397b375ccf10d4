//! The window through its accessibility tree and its keys, without a display.

use std::cell::RefCell;
use std::rc::Rc;

use egui::accesskit::Role;
use egui::{Key, Modifiers, PointerButton, Pos2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _, by};
use pgcascade::app::{Dialog, Effect, FileMessage, Message, PathPurpose, Session};
use pgcascade::model::document::{Document, format, templates};
use pgcascade::model::topology::notation;
use pgcascade::report::Report;
use pgcascade::ui::dialogs::ScriptedChooser;
use pgcascade::ui::prepare;
use pgcascade::ui::shell::{Background, Shell};

type Log = Rc<RefCell<Vec<Effect>>>;

/// Writes down what is to be done, and answers what the test puts in.
struct Desk {
    performed: Log,
    answers: Rc<RefCell<Vec<Message>>>,
}

impl Background for Desk {
    fn perform(&mut self, effect: Effect) {
        self.performed.borrow_mut().push(effect);
    }
    fn drain(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.answers.borrow_mut())
    }
}

pub(crate) struct Window {
    pub(crate) harness: Harness<'static, Shell>,
    pub(crate) performed: Log,
    pub(crate) answers: Rc<RefCell<Vec<Message>>>,
}

impl Window {
    pub(crate) fn seed() -> Self {
        let text = templates::find("seed").unwrap().text;
        Self::on(format::read(text).unwrap(), ScriptedChooser::default())
    }

    pub(crate) fn on(document: Document, chooser: ScriptedChooser) -> Self {
        let (performed, answers) = (Log::default(), Rc::default());
        let desk = Desk {
            performed: Rc::clone(&performed),
            answers: Rc::clone(&answers),
        };
        let shell = Shell::new(Session::new(document, None), Box::new(desk), Box::new(chooser));
        let draw = |ui: &mut egui::Ui, shell: &mut Shell| {
            shell.root_logic(ui.ctx());
            shell.root_ui(ui);
        };
        let mut harness = Harness::builder()
            .with_size([1280.0, 800.0])
            .build_ui_state(draw, shell);
        prepare(&harness.ctx);
        harness.run();
        Self {
            harness,
            performed,
            answers,
        }
    }

    pub(crate) fn session(&self) -> &Session {
        &self.harness.state().session
    }

    /// Press, eight moves, release.
    pub(crate) fn drag(&mut self, from: Pos2, to: Pos2) {
        self.drag_without_release(from, to);
        self.release(to);
        self.harness.run_steps(2);
    }

    pub(crate) fn drag_without_release(&mut self, from: Pos2, to: Pos2) {
        let harness = &mut self.harness;
        harness.hover_at(from);
        harness.step();
        harness.drag_at(from);
        harness.step();
        for part in 1..=8 {
            harness.hover_at(from + (to - from) * (part as f32 / 8.0));
            harness.step();
        }
    }

    pub(crate) fn release(&mut self, at: Pos2) {
        self.harness.event(egui::Event::PointerButton {
            pos: at,
            button: PointerButton::Primary,
            pressed: false,
            modifiers: Modifiers::NONE,
        });
    }

    pub(crate) fn card(&self, name: &str) -> Pos2 {
        self.card_rect(name).center()
    }

    pub(crate) fn card_rect(&self, name: &str) -> egui::Rect {
        let start = format!("{name}, ");
        let is_card = |node: &egui_kittest::kittest::AccessKitNode<'_>| {
            node.label().is_some_and(|label| label.starts_with(&start))
        };
        self.harness.get(by().predicate(is_card)).rect()
    }

    /// The drawn cluster in the notation.
    pub(crate) fn drawn(&self) -> String {
        notation::print(self.session().desk.document.topology())
    }

    pub(crate) fn upstream_of(&self, name: &str) -> String {
        let topology = self.session().desk.document.topology();
        let upstream = topology.by_name(name).unwrap().upstream().unwrap();
        topology.server(upstream).unwrap().name().to_string()
    }

    pub(crate) fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.harness.run_ok();
    }

    /// Presses a button by the keyboard, wherever it is scrolled to.
    pub(crate) fn push(&mut self, label: &str) {
        self.harness.get_by_label(label).focus();
        self.harness.run_ok();
        self.press(Key::Space);
    }

    /// A menu inside a menu; its button ends in an arrow.
    pub(crate) fn open_menu(&mut self, words: &str) {
        self.harness.get_by_label_contains(words).click();
        self.harness.run_ok();
    }

    /// The row of a server in the outline.
    pub(crate) fn row(&self, name: &str) -> String {
        let start = format!("{name}: ");
        let is_row = |node: &egui_kittest::kittest::AccessKitNode<'_>| {
            node.role() == Role::TreeItem && node.label().is_some_and(|label| label.starts_with(&start))
        };
        let row = self.harness.get(by().predicate(is_row));
        row.accesskit_node().label().unwrap()
    }

    pub(crate) fn select(&mut self, name: &str) {
        let row = self.row(name);
        self.click(&row);
    }

    pub(crate) fn key(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.harness.run_ok();
    }

    pub(crate) fn press(&mut self, key: Key) {
        self.key(Modifiers::NONE, key);
    }

    /// Text into a field in place of what stands there.
    pub(crate) fn fill(&mut self, label: &str, text: &str) {
        self.harness.get_by_label(label).focus();
        self.harness.run_ok();
        self.key(Modifiers::COMMAND, Key::A);
        self.harness.get_by_label(label).type_text(text);
        self.harness.run_ok();
    }

    pub(crate) fn send(&mut self, message: Message) {
        self.answers.borrow_mut().push(message);
        self.harness.step();
        self.harness.run_ok();
    }

    pub(crate) fn has(&self, words: &str) -> bool {
        self.harness
            .query_all(by().label_contains(words).include_labels())
            .next()
            .is_some()
    }
}

#[test]
fn good_news_goes_by_itself_and_problems_stay() {
    let mut window = Window::seed();
    window.send(Message::Failed(Report::new("The disk is full")));
    let exported = FileMessage::Written(PathPurpose::ExportBundle, "/tmp/seed.tar.gz".into(), None);
    window.send(Message::File(exported));
    assert!(window.has("Exported seed.tar.gz") && window.has("The disk is full"));
    // A quarter of a second each: the problem has folded to its headline by then.
    window.harness.run_steps(130);
    assert!(!window.has("Exported seed.tar.gz") && window.has("The disk is full"));
    let output = window.harness.output();
    let delay = output.viewport_output[&egui::ViewportId::ROOT].repaint_delay;
    assert_eq!(delay, std::time::Duration::MAX);
}

#[test]
fn closing_the_window_with_unsaved_changes_asks_first() {
    let mut window = Window::seed();
    window.press(Key::Insert);
    let root = egui::ViewportId::ROOT;
    let viewport = window.harness.input_mut().viewports.get_mut(&root).unwrap();
    viewport.events.push(egui::ViewportEvent::Close);
    window.harness.step();
    let told = |window: &Window| window.harness.output().viewport_output[&root].commands.clone();
    assert!(told(&window).contains(&egui::ViewportCommand::CancelClose));
    assert!(matches!(window.session().dialog, Some(Dialog::Unsaved { .. })));
    window.harness.run_ok();
    window.harness.get_by_label("Don't save").click();
    let mut closed = false;
    for _ in 0..4 {
        window.harness.step();
        closed |= told(&window).contains(&egui::ViewportCommand::Close);
    }
    assert!(closed);
}

#[test]
fn help_lists_every_key_and_closes_by_escape() {
    let mut window = Window::seed();
    window.press(Key::F1);
    assert!(window.has("Undo the last edit"));
    window.press(Key::Escape);
    assert_eq!(window.session().dialog, None);
}

#[test]
fn a_window_in_which_nothing_happens_asks_for_no_frame() {
    let mut window = Window::seed();
    window.harness.run();
    window.harness.step();
    let output = window.harness.output();
    let delay = output.viewport_output[&egui::ViewportId::ROOT].repaint_delay;
    assert_eq!(delay, std::time::Duration::MAX);
}

/// All signs in the program's sources and templates, comments aside: what is not shown does no harm here.
#[test]
fn the_fonts_of_the_window_have_every_sign_that_is_written() {
    let mut window = Window::seed();
    window.harness.run_ok();
    let known = [egui::FontFamily::Proportional, egui::FontFamily::Monospace].map(|family| {
        let fonts = &window.harness.ctx;
        let known = fonts.fonts_mut(|fonts| fonts.fonts.font(&family).characters().clone());
        (family, known)
    });
    let mut missing = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    let mut folders = vec![std::path::PathBuf::from("src"), "assets/templates".into()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with("tests") {
                    folders.push(path);
                }
                continue;
            }
            if path.ends_with("tests.rs") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            // What tests at a file's end write is seen by nobody.
            let shown = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
            let lines = shown.lines().filter(|line| !line.trim_start().starts_with("//"));
            for sign in lines.flat_map(str::chars).filter(|sign| !sign.is_ascii()) {
                if !seen.insert(sign) {
                    continue;
                }
                // `has_glyph` denies all signs of the font that the replacement sign comes from.
                for (family, known) in &known {
                    if !known.contains_key(&sign) {
                        missing.push((sign, family, path.clone()));
                    }
                }
            }
        }
    }
    assert!(seen.contains(&'→') && seen.contains(&'…'), "{seen:?}");
    assert!(missing.is_empty(), "{missing:?}");
}
