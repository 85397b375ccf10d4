//! The table of actions, by its keys and by the command palette: whatever a pointer can ask for, a keyboard can too.

use egui::{Event, Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _, by};
use pgcascade::app::{DesignMessage, Dialog, Message, Pick, ViewMessage};
use pgcascade::model::document::{Command, format, templates};
use pgcascade::model::topology::{Edit, ServerId, notation};
use pgcascade::ui::dialogs::ScriptedChooser;
use pgcascade::ui::keys::{ACTIONS, ActionId};

use crate::window::Window;

impl Window {
    fn id(&self, name: &str) -> ServerId {
        self.session().document.topology().by_name(name).unwrap().id()
    }

    fn edit(&mut self, edit: Edit) {
        self.send(Message::Design(DesignMessage::Do(Command::Edit(edit))));
    }

    fn type_text(&mut self, text: &str) {
        self.harness.event(Event::Text(text.to_owned()));
        self.harness.run_ok();
    }

    /// Opens the palette, types the words and takes the row on top.
    fn command(&mut self, words: &str) {
        self.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::P);
        assert_eq!(self.session().dialog, Some(Dialog::Pick(Pick::Action)));
        self.type_text(words);
        self.press(Key::Enter);
    }

    /// Finds a server by typing, and selects it.
    fn find(&mut self, name: &str) {
        self.key(Modifiers::COMMAND, Key::F);
        self.type_text(name);
        self.press(Key::Enter);
        let selected = self.session().selected_server().unwrap();
        assert_eq!(selected.name().as_str(), name);
    }

    /// Goes to the field by Tab alone, and writes another text into it.
    fn tab_and_fill(&mut self, label: &str, text: &str) {
        for _ in 0..200 {
            self.press(Key::Tab);
            if self.harness.get_by_label(label).accesskit_node().is_focused() {
                self.key(Modifiers::COMMAND, Key::A);
                self.type_text(text);
                self.press(Key::Enter);
                return;
            }
        }
        panic!("\"{label}\" is not reached by Tab");
    }

    /// The name and state of the palette's row.
    fn row_is_enabled(&self, words: &str) -> Option<bool> {
        let is_row = |node: &egui_kittest::kittest::AccessKitNode<'_>| {
            node.role() == egui::accesskit::Role::ListBoxOption
                && node.label().is_some_and(|label| label == words)
        };
        let row = self.harness.query_all(by().predicate(is_row)).next()?;
        Some(!row.accesskit_node().is_disabled())
    }

    /// Everything an action can change.
    fn everything(&self) -> String {
        let session = self.session();
        let theme = self.harness.ctx.options(|options| options.theme_preference);
        format!(
            "{}\n{:?} {:?} {:?} {:?} {:?}\n{theme:?} {:?}\n{:?} {:?}\n{:?}",
            session.derived.text,
            session.selection(),
            session.dialog,
            session.tab,
            session.notices,
            session.shown_file,
            self.harness.state().zoom(),
            session.history.undo_label(),
            session.history.redo_label(),
            self.performed.borrow(),
        )
    }
}

/// A window in which every action can do something: slave1 is selected, a card was moved, an edit taken back.
fn ready_for_everything() -> Window {
    let mut window = Window::seed();
    let (slave1, slave2, slave12) = (window.id("slave1"), window.id("slave2"), window.id("slave12"));
    let moved = Command::Move(vec![(slave2, [900.0, 40.0])]);
    window.send(Message::Design(DesignMessage::Do(moved)));
    window.edit(Edit::Attach {
        server: slave12,
        upstream: slave2,
    });
    window.send(Message::Design(DesignMessage::Undo));
    window.send(Message::View(ViewMessage::Select(Some(slave1))));
    window
}

#[test]
fn every_action_does_the_same_by_its_keys_and_by_the_palette() {
    for action in &ACTIONS {
        let mut by_keys = ready_for_everything();
        let before = by_keys.everything();
        assert!(
            action.now(by_keys.session()).is_ok(),
            "{:?} can do nothing here",
            action.id
        );
        let keys = action.keys[0];
        by_keys.key(keys.modifiers, keys.logical_key);
        // These show nothing else than the window shows already.
        if !matches!(
            action.id,
            ActionId::Fit | ActionId::ShowInspector | ActionId::ColoursOfDesktop
        ) {
            assert_ne!(by_keys.everything(), before, "{:?} has no effect", action.id);
        }
        if action.id == ActionId::Palette {
            continue;
        }
        let mut by_palette = ready_for_everything();
        by_palette.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::P);
        by_palette.type_text(action.words);
        let words = action.words_now(by_palette.session());
        assert_eq!(by_palette.row_is_enabled(&words), Some(true), "{words}");
        by_palette.press(Key::Enter);
        assert_eq!(by_palette.everything(), by_keys.everything(), "{:?}", action.id);
    }
}

#[test]
fn the_palette_says_why_an_action_can_do_nothing() {
    let mut window = Window::seed();
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::P);
    window.type_text("undo");
    assert_eq!(window.row_is_enabled("Undo"), Some(false));
    window.press(Key::Enter);
    assert_eq!(
        window.session().dialog,
        Some(Dialog::Pick(Pick::Action)),
        "nothing was taken"
    );
    window.press(Key::Escape);
    assert_eq!(window.session().dialog, None);
}

#[test]
fn a_server_is_found_by_its_port_and_comes_into_the_middle() {
    let mut window = Window::seed();
    window.key(Modifiers::COMMAND, Key::F);
    window.type_text("25433");
    window.press(Key::Enter);
    let selected = window.session().selected_server().unwrap();
    assert_eq!(selected.name().as_str(), "slave12");
    let middle = window
        .harness
        .get_by_label("Drawing of the design")
        .rect()
        .center();
    assert!(window.card("slave12").distance(middle) < 1.0);
}

#[test]
fn the_next_row_is_chosen_by_an_arrow_and_a_refused_one_stays() {
    let mut window = Window::seed();
    window.find("slave1");
    window.key(Modifiers::COMMAND, Key::M);
    // The only one that it may follow stands on top; the row above it is the last one, which is refused.
    window.press(Key::ArrowUp);
    window.press(Key::Enter);
    assert!(window.session().dialog.is_some());
    window.press(Key::ArrowDown);
    window.press(Key::Enter);
    assert_eq!(window.upstream_of("slave1"), "slave2");
    assert_eq!(window.session().dialog, None);
}

#[test]
fn the_whole_seed_is_built_from_an_empty_design_without_a_pointer() {
    let empty = format::read(templates::EMPTY.text).unwrap();
    let mut window = Window::on(empty, ScriptedChooser::default());
    window.find("primary");
    window.tab_and_fill("Name", "master");
    for (upstream, name, port, is_synchronous) in [
        ("master", "slave1", "15432", true),
        ("slave1", "slave11", "25432", false),
        ("slave1", "slave12", "25433", false),
        ("master", "slave2", "15433", true),
    ] {
        window.find(upstream);
        window.press(Key::Insert);
        window.tab_and_fill("Name", name);
        window.tab_and_fill("Port", port);
        if is_synchronous {
            window.command("Make synchronous");
        }
    }
    let seed = format::read(templates::find("seed").unwrap().text).unwrap();
    assert_eq!(window.drawn(), notation::print(seed.topology()));
}
