//! The design changed in the window: through the outline, fields, buttons, and by dragging.

use crate::window::Window;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pgcascade::app::edits as commands;
use pgcascade::app::{Message, ViewMessage};
use pgcascade::model::document::{format, templates};
use pgcascade::model::topology::{Edit, rule};
use pgcascade::ui::dialogs::ScriptedChooser;

#[test]
fn a_server_is_moved_through_the_outline_and_back_by_keys_and_menu() {
    let mut window = Window::seed();
    window.select("slave12");
    assert_eq!(
        window.session().selected_server().unwrap().name().as_str(),
        "slave12"
    );
    window.click("Actions for slave12");
    window.open_menu("Move under");
    window.click("slave2");
    assert_eq!(window.session().dialog, None);
    assert_eq!(window.upstream_of("slave12"), "slave2");
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.upstream_of("slave12"), "slave1");
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert_eq!(window.upstream_of("slave12"), "slave2");
    window.click("Edit");
    let undo = window
        .harness
        .get_by_label_contains("Undo: Move slave12 under slave2");
    undo.click();
    window.harness.run_ok();
    assert_eq!(window.upstream_of("slave12"), "slave1");
}

#[test]
fn the_outline_is_walked_and_used_by_keys_alone() {
    let mut window = Window::seed();
    let row = window.row("master");
    window.harness.get_by_label(&row).focus();
    window.harness.run_ok();
    window.press(Key::ArrowDown);
    window.press(Key::ArrowRight);
    window.press(Key::ArrowDown);
    window.press(Key::Enter);
    assert_eq!(
        window.session().selected_server().unwrap().name().as_str(),
        "slave12"
    );
    window.press(Key::Delete);
    assert!(
        window
            .session()
            .desk
            .document
            .topology()
            .by_name("slave12")
            .is_none()
    );
    window.key(Modifiers::COMMAND, Key::Z);
    assert!(
        window
            .session()
            .desk
            .document
            .topology()
            .by_name("slave12")
            .is_some()
    );
}

#[test]
fn a_target_that_would_be_a_loop_is_shown_but_cannot_be_chosen() {
    let mut window = Window::seed();
    window.click("Actions for slave1");
    window.open_menu("Move under");
    let refused = window.harness.get_by_label("slave11");
    assert!(refused.accesskit_node().is_disabled());
    let before = window.drawn();
    window.click("slave11");
    assert_eq!(window.drawn(), before);
}

#[test]
fn nonsense_in_a_field_stays_there_with_its_sentence_and_changes_nothing() {
    let mut window = Window::seed();
    let before = window.drawn();
    window.select("slave1");
    window.fill("Port", "54x");
    window.press(Key::Enter);
    assert_eq!(window.drawn(), before);
    assert!(window.has("\"54x\" is not a port"));
    assert_eq!(
        window.harness.get_by_label("Port").value().as_deref(),
        Some("54x")
    );
    window.fill("Port", "15999");
    window.press(Key::Enter);
    assert!(!window.has("is not a port"));
    let topology = window.session().desk.document.topology();
    assert_eq!(topology.by_name("slave1").unwrap().port().number(), 15999);
    assert_eq!(
        window.session().desk.history.undo_label(),
        Some("Change the port of slave1")
    );
}

#[test]
fn keys_belong_to_the_field_that_is_typed_into() {
    let mut window = Window::seed();
    window.select("slave12");
    window.fill("Name", "x");
    window.press(Key::Delete);
    window.key(Modifiers::COMMAND, Key::Z);
    let topology = window.session().desk.document.topology();
    assert!(topology.by_name("slave12").is_some() && topology.servers().len() == 5);
}

#[test]
fn what_is_typed_is_not_lost_when_another_server_is_selected() {
    let mut window = Window::seed();
    window.select("slave12");
    window.fill("Name", "analytics");
    window.select("slave2");
    assert!(
        window
            .session()
            .desk
            .document
            .topology()
            .by_name("analytics")
            .is_some()
    );
}

#[test]
fn a_finding_is_put_right_by_its_button() {
    let mut document = format::read(templates::find("seed").unwrap().text).unwrap();
    let id = document.topology().by_name("slave11").unwrap().id();
    let edit = Edit::SetSyncPriority {
        server: id,
        priority: Some(3),
    };
    document
        .apply(&pgcascade::model::document::Command::Edit(edit))
        .unwrap();
    let mut window = Window::on(document, ScriptedChooser::default());
    let finding = window.session().derived.findings[0].clone();
    assert_eq!(finding.rule, "sync-on-cascaded-standby");
    let source = rule(finding.rule).unwrap().source;
    let why = format!("{source} ({})", finding.rule);
    assert!(window.harness.query_by_label(&why).is_none());
    window.click("Why");
    assert!(window.harness.query_by_label(&why).is_some());
    window.push(&finding.fix.unwrap().label);
    assert!(
        window
            .session()
            .derived
            .findings
            .iter()
            .all(|other| other.rule != finding.rule)
    );
}

#[test]
fn the_outline_says_what_the_cards_say() {
    let window = Window::seed();
    let expected = &window.session().derived.expected;
    let topology = window.session().desk.document.topology();
    let state = |name: &str| {
        let row = &expected[&topology.by_name(name).unwrap().id()];
        (row.sync_state.as_str(), row.sync_priority)
    };
    assert_eq!(state("slave1"), ("sync", 1));
    assert_eq!(state("slave2"), ("potential", 2));
    assert_eq!(state("slave12"), ("async", 0));
}

#[test]
fn escape_ends_a_drag_even_if_it_comes_with_the_release() {
    for at_once in [true, false] {
        let mut window = Window::seed();
        let before = window.drawn();
        let (from, to) = (window.card("slave12"), window.card("slave2"));
        window.drag_without_release(from, to);
        assert!(window.card("slave12").distance(from) > 50.0);
        window.harness.key_press(Key::Escape);
        if !at_once {
            window.harness.run_steps(2);
            assert!(window.card("slave12").distance(from) < 1.0);
        }
        window.release(to);
        window.harness.run_steps(3);
        assert!(window.card("slave12").distance(from) < 1.0);
        assert_eq!(window.drawn(), before);
    }
}

#[test]
fn the_order_of_synchronous_standbys_is_changed_by_buttons() {
    let mut window = Window::seed();
    window.click("Move slave2 up");
    let names = window
        .session()
        .desk
        .document
        .topology()
        .synchronous_standby_names();
    assert_eq!(names, "slave2, slave1");
    assert!(window.has("synchronous_standby_names = 'slave2, slave1'"));
}

#[test]
fn a_card_is_dragged_onto_another_on_the_canvas() {
    let mut window = Window::seed();
    let (from, to) = (window.card("slave12"), window.card("slave2"));
    window.drag(from, to);
    assert_eq!(window.upstream_of("slave12"), "slave2");
}

#[test]
fn the_order_of_synchronous_standbys_is_dragged() {
    let mut window = Window::seed();
    let grip = |window: &Window, words: &str| window.harness.get_by_label(words).rect().center();
    let (from, to) = (grip(&window, "☰  2"), grip(&window, "☰  1"));
    window.drag(from, to);
    let names = window
        .session()
        .desk
        .document
        .topology()
        .synchronous_standby_names();
    assert_eq!(names, "slave2,slave1".replace(',', ", "));
}

#[test]
fn added_standbys_go_under_the_selected_server() {
    let mut window = Window::seed();
    window.select("slave2");
    window.press(Key::Insert);
    assert_eq!(window.upstream_of("standby1"), "slave2");
    let session = window.session();
    assert!(matches!(commands::add_standby(session, &[]), Message::Design(_)));
    assert_eq!(
        session.selected_server().map(|server| server.name().to_string()),
        Some("standby1".to_owned())
    );
}

#[test]
fn links_are_encrypted_by_a_click_and_by_undo_they_are_not() {
    let mut window = Window::seed();
    let is_encrypted = |window: &Window| window.session().desk.document.topology().has_tls();
    window.click("Encrypt replication links (TLS)");
    assert!(is_encrypted(&window));
    let path = "servers/slave1/pg_hba.conf".to_owned();
    window.send(Message::View(ViewMessage::ShowFile(path)));
    assert!(window.has("over TLS only (hostssl)"));
    window.key(Modifiers::COMMAND, Key::Z);
    assert!(!is_encrypted(&window));
}
