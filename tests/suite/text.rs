//! The design's own text beside the drawing, through the window: typed, wrong, repaired, undone; and as large as designs get.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _, by};
use pgcascade::app::{DesignMessage, Message, Tab, ViewMessage};
use pgcascade::model::document::{Command, format};
use pgcascade::model::topology::Edit;
use pgcascade::ui::dialogs::ScriptedChooser;

use crate::window::Window;

const EDITOR: &str = "The design's text";
/// The editor's widget id, to put the caret somewhere as a click would.
const EDITOR_ID: &str = "the design's text";

impl Window {
    fn show_text(&mut self) {
        self.send(Message::View(ViewMessage::Show(Tab::Text)));
    }

    /// The caret goes behind the first place of these words.
    fn caret_behind(&mut self, words: &str) {
        let at = self.session().text().find(words).unwrap() + words.len();
        let letters = self.session().text()[..at].chars().count();
        self.editor().focus();
        self.harness.run_ok();
        let id = egui::Id::new(EDITOR_ID);
        let mut state = egui::TextEdit::load_state(&self.harness.ctx, id).unwrap();
        let caret = egui::text::CCursor::new(letters);
        state
            .cursor
            .set_char_range(Some(egui::text::CCursorRange::one(caret)));
        state.store(&self.harness.ctx, id);
        self.harness.run_ok();
    }

    fn editor(&self) -> egui_kittest::Node<'_> {
        let is_editor = |node: &egui_kittest::kittest::AccessKitNode<'_>| {
            node.role() == Role::MultilineTextInput && node.label().is_some_and(|label| label == EDITOR)
        };
        self.harness.get(by().predicate(is_editor))
    }

    fn type_into_text(&mut self, text: &str) {
        self.harness.event(egui::Event::Text(text.to_owned()));
        // Also the pause behind it, after which it is read.
        self.harness.run_ok();
        self.harness.run_steps(3);
    }

    fn port_of(&self, name: &str) -> u16 {
        let topology = self.session().desk.document.topology();
        topology.by_name(name).unwrap().port().number()
    }
}

#[test]
fn typing_changes_the_drawing_and_undo_is_the_windows() {
    let mut window = Window::seed();
    window.show_text();
    let first = window.session().text().to_owned();
    window.caret_behind("port = 2543");
    window.type_into_text("1");
    assert!(
        window.session().text().contains("port = 25431"),
        "{}",
        window.session().text()
    );
    assert!(window.has("is not a port") || window.session().is_text_broken());
    window.key(Modifiers::NONE, Key::Backspace);
    window.harness.run_steps(3);
    assert!(!window.session().is_text_broken());
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.session().text(), first);
}

#[test]
fn what_is_wrong_stands_at_its_line_and_the_drawing_stays_until_it_is_mended() {
    let mut window = Window::seed();
    window.show_text();
    let drawn = window.drawn();
    window.caret_behind("follows = \"master");
    window.type_into_text("x");
    let problem = window.session().text_problems()[0].clone();
    let line = problem.line.unwrap();
    assert!(
        window
            .session()
            .text()
            .lines()
            .nth(line - 1)
            .is_some_and(|line| line.contains("follows = \"masterx\""))
    );
    assert!(window.has("1 error; the drawing shows the last valid version"));
    assert!(
        window.has("follows \"masterx\", but no server has that name"),
        "{problem:?}"
    );
    assert_eq!(window.drawn(), drawn);

    // No edit of the drawing gets lost between the two.
    window.select("slave12");
    window.harness.key_press(Key::Delete);
    window.harness.run_ok();
    assert_eq!(window.drawn(), drawn);

    window.show_text();
    window.click(&format!("Jump to line {line}"));
    assert!(window.editor().accesskit_node().is_focused());
    window.click("Revert to the drawing");
    assert!(!window.session().is_text_broken() && !window.session().is_modified());
}

#[test]
fn an_edit_of_the_drawing_changes_the_text_in_place() {
    let mut window = Window::seed();
    window.show_text();
    window.caret_behind("name = \"slave12\"\nport = 25433");
    let topology = window.session().desk.document.topology();
    let primary = topology.primary().id();
    let rename = Edit::Rename {
        server: primary,
        name: pgcascade::model::topology::ServerName::parse("the-new-primary").unwrap(),
    };
    window.send(Message::Design(DesignMessage::Do(Command::Edit(rename))));
    assert!(window.session().text().contains("name = \"the-new-primary\""));
    // The caret is where it was: behind slave12's port.
    window.key(Modifiers::NONE, Key::Backspace);
    window.harness.run_steps(3);
    assert_eq!(window.port_of("slave12"), 2543);
}

/// A design of ten thousand lines: each frame while it is typed into is looked at, and the whole is read once, afterwards.
#[test]
fn ten_thousand_lines_can_be_typed_into() {
    use std::fmt::Write as _;
    let mut text = "format = 1\npostgres = 16\n\n[[server]]\nname = \"m\"\nport = 1\n".to_owned();
    for number in 0..50 {
        let _ = write!(
            text,
            "\n[[server]]\nname = \"s{number}\"\nport = {}\nfollows = \"m\"\n",
            number + 1_000
        );
        for line in 0..200 {
            let _ = writeln!(text, "# line {line} of what is to be known of it");
        }
    }
    assert!(text.lines().count() > 10_000);
    let mut window = Window::on(format::read(&text).unwrap(), ScriptedChooser::default());
    window.show_text();
    window.editor().focus();
    window.harness.step();
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::End);
    window.harness.step();
    window.harness.event(egui::Event::Text("# end".to_owned()));
    window.harness.run_steps(4);
    assert!(window.session().text().ends_with("of it\n# end"));
    assert!(!window.session().is_text_broken());
}
