//! The table of actions, by its keys and by the command palette: whatever a pointer can ask for, a keyboard can too.

use egui::{Event, Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _, by};
use pgcascade::app::actions::{ACTIONS, ActionId, Menu, UiAction};
use pgcascade::app::{
    ClusterMessage, DesignMessage, Dialog, Effect, Message, Pick, Tab, TimeMessage, ViewMessage, WhatIf,
    WhatIfMessage,
};
use pgcascade::model::desk::{LeftCluster, LeftState, TextSize};
use pgcascade::model::document::{Command, format, templates};
use pgcascade::model::topology::{ApplyDelay, Downstreams, Edit, ServerId, notation};
use pgcascade::ui::dialogs::ScriptedChooser;
use pgcascade::ui::keys::keys_of;

use crate::window::Window;

impl Window {
    pub fn id(&self, name: &str) -> ServerId {
        self.session()
            .desk
            .document
            .topology()
            .by_name(name)
            .unwrap()
            .id()
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
            "{}\n{:?} {:?} {:?} {:?} {:?}\n{theme:?} {:?}\n{:?} {:?}\n{:?}\n",
            session.derived.text,
            (
                session.selection(),
                session.looks.renaming,
                &session.preferences,
                &session.looks.folding,
                session.looks.link,
            ),
            session.dialog,
            session.looks.tab,
            session.notices,
            session.looks.shown_file,
            self.harness.state().zoom(),
            session.desk.history.undo_label(),
            session.desk.history.redo_label(),
            (session.what_if().and_then(WhatIf::in_time)).map(|time| {
                // How far it is while it plays is a matter of frames.
                let at = if time.is_playing() { 0 } else { time.now() };
                (
                    at,
                    time.is_playing(),
                    time.pace,
                    time.stories(),
                    time.run().acknowledged(),
                )
            }),
        ) + &format!("{:?}", self.performed.borrow())
    }
}

/// A window in which every action can do something: slave1 is selected, a card was moved, an edit taken back, another
/// relay is folded.
fn ready_for_everything() -> Window {
    let mut window = Window::seed();
    let [slave1, slave2, slave11, slave12] =
        ["slave1", "slave2", "slave11", "slave12"].map(|name| window.id(name));
    let attach = Edit::Attach {
        server: slave12,
        upstream: slave2,
    };
    let moved = Command::Move(vec![(slave2, [900.0, 40.0]), (slave11, [-300.0, 300.0])]);
    let add = Edit::AddStandby {
        upstream: slave2,
        name: None,
        port: None,
    };
    let edits = [
        DesignMessage::Do(Command::Edit(add)),
        DesignMessage::Remove {
            servers: vec![slave1],
            downstreams: Downstreams::Reattach,
            remembers: true,
        },
        DesignMessage::Undo,
        DesignMessage::Do(moved),
        DesignMessage::Do(Command::Edit(attach)),
        DesignMessage::Undo,
    ];
    let select = Message::View(ViewMessage::Select(Some(slave1)));
    let fold = Message::View(ViewMessage::Fold(slave2, true));
    let messages = edits.into_iter().map(Message::Design).chain([select, fold]);
    window.answers.borrow_mut().extend(messages);
    window.harness.step();
    window.harness.run_ok();
    assert_eq!(window.session().looks.selected, Some(slave1));
    window
}

/// The same in What-if in time, a little after its beginning, for the actions that are there for it.
fn ready_for(action: &UiAction) -> Window {
    let mut window = ready_for_everything();
    if action.menu == Menu::Time && action.id != ActionId::InTime {
        window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::I);
        window.send(Message::WhatIf(WhatIfMessage::Time(TimeMessage::GoTo(5_000))));
    }
    use ActionId::{Adopt, StartCluster, StopCluster, TearDown};
    use ActionId::{Audit, GoOn, KeepLeft, TearDownLeft, WatchForeign, WatchLeft};
    if matches!(action.id, GoOn | KeepLeft | TearDownLeft | WatchLeft) {
        let left = [("whole", LeftState::Whole), ("half", LeftState::HalfBuilt)];
        let left = left.map(|(name, state)| left_over(name, state)).to_vec();
        window.send(Message::Cluster(ClusterMessage::LeftOver(left)));
    }
    if matches!(
        action.id,
        ActionId::ShowLesson | ActionId::NextPage | ActionId::PreviousPage
    ) {
        crate::lesson_window::open_behind_inspector(&mut window);
    }
    if action.id == ActionId::SmallerText {
        window.send(Message::View(ViewMessage::LessonText(TextSize::Largest)));
    }
    if matches!(action.id, Audit | WatchForeign) {
        return crate::importing::behind_inspector();
    }
    if matches!(action.id, Adopt | StartCluster | StopCluster | TearDown) {
        let deployed = Box::new(window.session().desk.document.clone());
        let attached = ClusterMessage::Attached("/tmp/seed".into(), deployed);
        window.send(Message::Cluster(attached));
    }
    if action.id == ActionId::RepairAll {
        crate::breaking::break_something(&mut window);
    }
    window
}

/// What an earlier pgcascade has left in a folder of its name.
fn left_over(name: &str, state: LeftState) -> LeftCluster {
    LeftCluster {
        name: name.to_owned(),
        folder: format!("/tmp/{name}").into(),
        state,
    }
}

#[test]
fn the_button_of_the_tool_bar_is_what_the_drawing_needs_next() {
    let button = |window: &Window, words: &str| {
        let in_bar = |node: &egui_kittest::kittest::AccessKitNode<'_>| {
            node.role() == egui::accesskit::Role::Button
                && node.label().is_some_and(|label| label == words)
                && node.raw_bounds().is_some_and(|bounds| bounds.y1 < 90.0)
        };
        window.harness.query_all(by().predicate(in_bar)).next().is_some()
    };
    let mut window = Window::seed();
    assert!(button(&window, "Deploy…"));

    // Of another design something was left: that is no reason not to deploy this one.
    let left = |name| {
        let half = left_over(name, LeftState::HalfBuilt);
        Message::Cluster(ClusterMessage::LeftOver(vec![half]))
    };
    window.send(left("other"));
    assert!(button(&window, "Deploy…"));
    let name = window.session().desk.document.topology().name().to_owned();
    window.send(left(&name));
    assert!(!button(&window, "Deploy…") && button(&window, "Resume the deployment"));
    window.key(Modifiers::COMMAND, Key::D);
    let goes_on = |effect: &Effect| matches!(effect, Effect::LookAtLeftOver { .. });
    assert!(window.performed.borrow().iter().any(goes_on));

    let deployed = window.session().desk.document.clone();
    let adopted = ClusterMessage::Attached("/tmp/seed".into(), Box::new(deployed));
    window.send(Message::Cluster(adopted));
    assert!(button(&window, "Deployed") && !button(&window, "Apply the changes…"));
    window.key(Modifiers::COMMAND, Key::D);
    assert_eq!(window.session().looks.tab, Tab::Deploy);
    window.send(Message::View(ViewMessage::Show(Tab::Inspector)));
    let [server, upstream] = ["slave12", "slave2"].map(|name| window.id(name));
    let attach = Command::Edit(Edit::Attach { server, upstream });
    window.send(Message::Design(DesignMessage::Do(attach)));
    assert!(button(&window, "Apply the changes…") && !button(&window, "Deployed"));
    window.key(Modifiers::COMMAND, Key::D);
    let looks = |effect: &Effect| matches!(effect, Effect::LookForChange { .. });
    assert!(window.performed.borrow().iter().any(looks));
}

#[test]
fn every_action_does_the_same_by_its_keys_and_by_the_palette() {
    for action in &ACTIONS {
        let mut by_keys = ready_for(action);
        let before = by_keys.everything();
        let can = action.now(by_keys.session()).is_ok();
        assert!(can, "{:?} can do nothing here", action.id);
        let keys = keys_of(action.id)[0];
        by_keys.key(keys.modifiers, keys.logical_key);
        // These show nothing else than the window shows already.
        if !matches!(
            action.id,
            ActionId::Fit | ActionId::ShowInspector | ActionId::ColoursOfDesktop | ActionId::Paste
        ) {
            assert_ne!(by_keys.everything(), before, "{:?} has no effect", action.id);
        }
        if action.id == ActionId::Palette {
            continue;
        }
        let mut by_palette = ready_for(action);
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
    let palette = Some(Dialog::Pick(Pick::Action));
    assert_eq!(window.session().dialog, palette, "nothing was taken");
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

#[test]
fn a_subtree_goes_through_the_clipboard_into_another_window() {
    let mut window = Window::seed();
    window.find("slave1");
    window.harness.event(Event::Copy);
    window.harness.step();
    let copied = window
        .harness
        .output()
        .platform_output
        .commands
        .iter()
        .find_map(|command| match command {
            egui::OutputCommand::CopyText(text) => Some(text.clone()),
            _ => None,
        });
    let copied = copied.unwrap();
    assert_eq!(
        copied,
        "slave1 15432 priority 1\n  slave11 25432\n  slave12 25433\n"
    );

    let mut other = Window::on(
        format::read(templates::EMPTY.text).unwrap(),
        ScriptedChooser::default(),
    );
    other.harness.event(Event::Paste(copied.clone()));
    other.harness.run_ok();
    let pasted =
        "postgres 15\nprimary 5432\n  slave1 15432 priority 1\n    slave11 25432\n    slave12 25433\n";
    assert_eq!(other.drawn(), pasted);
    // Once more, into the same design: names and ports are made unique.
    other.find("primary");
    other.harness.event(Event::Paste(copied));
    other.harness.run_ok();
    let again = "  slave1-2 15433 priority 2\n    slave11-2 25434\n    slave12-2 25435\n";
    assert!(other.drawn().ends_with(again), "{}", other.drawn());
    assert!(other.has("These names were taken: slave1 → slave1-2"));
    other.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(other.drawn(), pasted, "one undo step");
    other.harness.event(Event::Paste("Dear all,\nsee you".to_owned()));
    other.harness.run_ok();
    assert_eq!(other.drawn(), pasted);
    assert!(other.has("The clipboard does not contain any servers"));
}

#[test]
fn text_that_is_pasted_into_a_field_stays_text() {
    let mut window = Window::seed();
    let before = window.drawn();
    window.find("slave1");
    window.press(Key::F2);
    window.harness.event(Event::Paste("other 1".to_owned()));
    window.harness.run_ok();
    assert_eq!(window.drawn(), before);
}

#[test]
fn a_server_is_renamed_on_its_card() {
    let mut window = Window::seed();
    window.find("slave12");
    window.press(Key::F2);
    window.type_text("slave2");
    window.press(Key::Enter);
    // The name is taken: the text stays, and one may go on typing.
    assert!(window.session().looks.renaming.is_some());
    window.type_text("b");
    window.press(Key::Enter);
    assert!(window.drawn().contains("    slave2b 25433"), "{}", window.drawn());
    assert_eq!(window.session().looks.renaming, None);
    window.press(Key::F2);
    window.type_text("nothing");
    window.press(Key::Escape);
    assert_eq!(window.upstream_of("slave2b"), "slave1");
    assert_eq!(window.session().looks.renaming, None);
}

#[test]
fn several_servers_are_removed_in_one_step() {
    let mut window = Window::seed();
    let before = window.drawn();
    window.key(Modifiers::COMMAND, Key::A);
    assert!(window.has("5 servers selected"));
    window.press(Key::Delete);
    assert_eq!(window.drawn(), "postgres 15\nmaster 5432 sync first 1\n");
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.drawn(), before);
}

#[test]
fn several_servers_are_edited_together_each_change_one_step() {
    let mut window = Window::seed();
    let before = window.drawn();
    window.key(Modifiers::COMMAND, Key::A);
    for (field, text) in [
        ("Host", "db.example.org"),
        ("Apply delay", "10min"),
        ("Set on each of them", "work_mem = 8MB"),
    ] {
        window.tab_and_fill(field, text);
    }
    window.click("Replication slot");
    let session = window.session();
    for server in session.desk.document.topology().servers() {
        assert_eq!(server.host().as_str(), "db.example.org");
        assert_eq!(server.settings()["work_mem"], "8MB");
        let Some(standby) = server.standby() else { continue };
        assert_eq!(standby.apply_delay().map(ApplyDelay::as_str), Some("10min"));
        assert_eq!(standby.slot(), Some(false));
    }
    let label = "Remove the slot of 4 standbys";
    assert_eq!(session.desk.history.undo_label(), Some(label));
    for _ in 0..4 {
        window.key(Modifiers::COMMAND, Key::Z);
    }
    assert_eq!(window.drawn(), before);
    assert_eq!(window.session().desk.history.undo_label(), None);
}

#[test]
fn what_becomes_of_downstreams_is_asked_once() {
    let mut window = Window::seed();
    window.find("slave1");
    window.press(Key::Delete);
    window.click("Do not ask again");
    window.click("Remove it, make the others follow master");
    window.key(Modifiers::COMMAND, Key::Z);
    window.find("slave1");
    window.press(Key::Delete);
    assert_eq!(window.session().dialog, None);
    assert_eq!(window.upstream_of("slave11"), "master");
    window.key(Modifiers::COMMAND, Key::Z);
    window.command("Ask before removing");
    window.find("slave1");
    window.press(Key::Delete);
    window.click("Remove them too");
    assert_eq!(window.session().desk.document.topology().servers().len(), 2);
}

#[test]
fn a_link_is_reached_by_keys_and_cannot_be_removed_only_moved() {
    let mut window = Window::seed();
    window.find("slave2");
    window.key(Modifiers::COMMAND, Key::U);
    assert_eq!(window.session().looks.link, Some(window.id("slave2")));
    for words in [
        "From master to slave2",
        "streaming, potential, priority 2",
        "\"slave2\" at master",
    ] {
        assert!(window.has(words), "{words}");
    }
    let is_line = |node: &egui_kittest::kittest::AccessKitNode<'_>| {
        let begins = |text: String| text.starts_with("primary_conninfo = 'host=localhost port=5432 ");
        node.value().is_some_and(begins) || node.label().is_some_and(begins)
    };
    assert!(window.harness.query_all(by().predicate(is_line)).next().is_some());
    // What can be done to a link is done to the server at its lower end.
    window.key(Modifiers::COMMAND, Key::K);
    assert!(window.drawn().ends_with("  slave2 15433\n"), "{}", window.drawn());
    window.press(Key::Delete);
    assert!(window.has("slave2 needs an upstream"));
    window.click("Move slave2 under…");
    window.type_text("slave12");
    window.press(Key::Enter);
    assert_eq!(window.upstream_of("slave2"), "slave12");
    assert_eq!(window.session().looks.link, Some(window.id("slave2")));
    window.press(Key::Escape);
    assert_eq!(
        (window.session().looks.link, window.session().looks.selected),
        (None, None)
    );
}

#[test]
fn the_list_of_servers_folds_by_arrows_and_says_so() {
    let mut window = Window::seed();
    let row = "slave1: standby of master, synchronous with priority 1, port 15432";
    let below = "slave11: standby of slave1, asynchronous, port 25432";
    let is_expanded = |window: &Window| {
        let row = window.harness.get_by_label(row);
        row.accesskit_node().data().is_expanded()
    };
    assert_eq!(is_expanded(&window), Some(true));
    window.harness.get_by_label(row).focus();
    window.harness.run_ok();
    window.press(Key::ArrowLeft);
    assert_eq!(is_expanded(&window), Some(false));
    assert!(window.harness.query_by_label(below).is_none());
    assert!(
        window
            .harness
            .query_by_label("Unfold slave1: 2 servers hidden")
            .is_some(),
        "the drawing too"
    );
    let described = window
        .harness
        .get_by_label(row)
        .accesskit_node()
        .data()
        .description()
        .map(str::to_owned);
    assert_eq!(described.as_deref(), Some("2 servers hidden"));
    // Once more: there is nothing to fold, so that it goes up; and a search finds what is hidden.
    window.press(Key::ArrowRight);
    assert_eq!(is_expanded(&window), Some(true));
    window.press(Key::ArrowRight);
    assert!(window.harness.get_by_label(below).accesskit_node().is_focused());
    window.command("Fold all");
    assert_eq!(is_expanded(&window), Some(false));
    window.find("slave11");
    assert_eq!(is_expanded(&window), Some(true));
}

#[test]
fn a_site_is_given_to_several_servers_by_the_palette() {
    let mut window = Window::seed();
    window.key(Modifiers::COMMAND, Key::A);
    window.key(Modifiers::COMMAND, Key::R);
    window.type_text("Bergen");
    window.press(Key::Enter);
    assert_eq!(
        window.drawn().matches(" site Bergen").count(),
        5,
        "{}",
        window.drawn()
    );
    window.find("slave2");
    window.tab_and_fill("Site", " Oslo ");
    assert!(
        window.drawn().contains("slave2 15433 priority 2 site Oslo"),
        "{}",
        window.drawn()
    );
    assert!(window.has("slave2, standby of master, port 15433, in Oslo, potentially synchronous 2"));
    window.find("slave12");
    window.click("Put slave12 into Oslo");
    assert!(window.drawn().contains("slave12 25433 site Oslo"));
    window.key(Modifiers::COMMAND, Key::R);
    window.type_text("no site");
    window.press(Key::Enter);
    assert!(window.drawn().contains("slave12 25433\n"));
    window.key(Modifiers::COMMAND, Key::Z);
    assert!(
        window.drawn().contains("slave12 25433 site Oslo"),
        "one undo step"
    );
}

#[test]
fn the_help_knows_the_older_words_for_the_roles() {
    let mut window = Window::seed();
    let count = |window: &Window, words: &str| window.harness.query_all_by_label_contains(words).count();
    assert!(count(&window, "standby of slave1") > 0);
    assert_eq!(count(&window, "slave of slave1"), 0);
    window.command("Keys and gestures…");
    assert_eq!(
        count(&window, "the primary \"master\" and a standby \"slave\""),
        1
    );
}
