//! Several servers at once on the canvas: selected, moved, attached, and folded away.

use crate::canvas::{Canvas, SEED, Window, button, card, centre, drag};
use egui::{Event, Modifiers, PointerButton, Pos2, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

fn selected(harness: &Canvas) -> Vec<String> {
    let session = &harness.state().session;
    let name = |id| {
        session
            .desk
            .document
            .topology()
            .server(id)
            .unwrap()
            .name()
            .to_string()
    };
    session.selection().into_iter().map(name).collect()
}

fn click_with(harness: &mut Canvas, name: &str, modifiers: Modifiers) {
    let at = centre(harness, name);
    harness.hover_at(at);
    harness.step();
    harness.event(Event::ModifiersChanged(modifiers));
    for pressed in [true, false] {
        harness.event(Event::PointerButton {
            pos: at,
            button: PointerButton::Primary,
            pressed,
            modifiers,
        });
        harness.step();
    }
    harness.event(Event::ModifiersChanged(Modifiers::NONE));
    harness.run();
}

#[test]
fn several_servers_are_selected_by_shift_and_by_a_band() {
    let mut harness = Window::on(SEED);
    click_with(&mut harness, "slave11", Modifiers::NONE);
    click_with(&mut harness, "slave2", Modifiers::SHIFT);
    assert_eq!(selected(&harness), ["slave11", "slave2"]);
    click_with(&mut harness, "slave11", Modifiers::SHIFT);
    assert_eq!(selected(&harness), ["slave2"]);
    let (first, last) = (card(&harness, "slave11").rect(), card(&harness, "slave12").rect());
    drag(&mut harness, first.left_top() - vec2(15.0, 15.0), last.center());
    assert_eq!(selected(&harness), ["slave11", "slave12"]);
    assert!(
        harness.state().session.desk.history.undo_label().is_none(),
        "selecting is no step"
    );
}

#[test]
fn selected_servers_are_moved_and_attached_together_as_one_step() {
    let mut harness = Window::on(SEED);
    click_with(&mut harness, "slave11", Modifiers::NONE);
    click_with(&mut harness, "slave12", Modifiers::SHIFT);
    let apart = |harness: &Canvas| centre(harness, "slave12") - centre(harness, "slave11");
    let (from, before) = (centre(&harness, "slave12"), apart(&harness));
    drag(&mut harness, from, from + vec2(30.0, 40.0));
    assert!(
        (apart(&harness) - before).length() < 1.0,
        "they stay beside each other"
    );
    assert_eq!(
        harness.state().session.desk.history.undo_label(),
        Some("Move 2 servers")
    );

    let (from, to) = (centre(&harness, "slave12"), centre(&harness, "slave2"));
    drag(&mut harness, from, to);
    let after =
        "  slave1 15432 priority 1\n  slave2 15433 priority 2\n    slave11 25432\n    slave12 25433\n";
    assert!(harness.state().tree().ends_with(after));
    let label = "Move 2 servers under slave2";
    assert_eq!(harness.state().session.desk.history.undo_label(), Some(label));
}

#[test]
fn the_handle_of_a_relay_moves_all_its_downstreams() {
    let mut harness = Window::on(SEED);
    let handle = harness
        .get_by_label("Move all downstreams of slave1")
        .rect()
        .center();
    let to = centre(&harness, "slave2");
    drag(&mut harness, handle, to);
    let after =
        "  slave1 15432 priority 1\n  slave2 15433 priority 2\n    slave11 25432\n    slave12 25433\n";
    assert!(
        harness.state().tree().ends_with(after),
        "{}",
        harness.state().tree()
    );
    assert!(harness.query_by_label("Move all downstreams of slave2").is_some());
}

#[test]
fn a_folded_relay_hides_its_servers_gives_the_room_back_and_counts_them() {
    let mut harness = Window::on(SEED);
    let apart = |harness: &Canvas| centre(harness, "slave2").x - centre(harness, "slave1").x;
    let before = apart(&harness);
    assert!(
        harness.query_by_label("Fold slave2").is_none(),
        "nothing follows it"
    );
    harness.get_by_label("Fold slave1").click();
    harness.run();
    assert!(harness.query_by_label_contains("slave11, ").is_none());
    assert!(apart(&harness) < before, "the tree closes up");
    assert!(harness.query_by_label("Move all downstreams of slave1").is_none());
    let counter = harness.get_by_label("Unfold slave1: 2 servers hidden");
    let place = counter.rect().center();
    assert!(!harness.state().session.is_modified());

    // A band touches only what can be seen.
    drag(&mut harness, Pos2::new(30.0, 60.0), Pos2::new(1060.0, 640.0));
    assert_eq!(selected(&harness), ["master", "slave1", "slave2"]);

    // A screen reader hears it and may unfold it.
    let state = |harness: &Canvas| card(harness, "slave1").accesskit_node().data().is_expanded();
    assert_eq!(state(&harness), Some(false));
    let at = place;
    harness.hover_at(at);
    harness.step();
    for pressed in [true, false] {
        button(&harness, at, PointerButton::Primary, pressed);
        harness.step();
    }
    harness.run();
    assert_eq!(state(&harness), Some(true));
    assert!(harness.query_by_label_contains("slave11, ").is_some());
    assert_eq!(harness.state().session.desk.history.undo_label(), None);
}

#[test]
fn a_folded_relay_can_be_dropped_upon_and_dragged_with_what_it_hides() {
    let mut harness = Window::on(SEED);
    harness.get_by_label("Fold slave1").click();
    harness.run();
    let (from, to) = (centre(&harness, "slave2"), centre(&harness, "slave1"));
    drag(&mut harness, from, to);
    assert!(
        harness
            .state()
            .tree()
            .ends_with("    slave12 25433\n    slave2 15433\n")
    );
    assert!(
        harness
            .query_by_label("Unfold slave1: 3 servers hidden")
            .is_some()
    );
    let from = centre(&harness, "slave1");
    let count = |harness: &Canvas| harness.state().session.desk.document.layout().len();
    assert_eq!(count(&harness), 0);
    drag(&mut harness, from, from + vec2(120.0, 40.0));
    assert_eq!(count(&harness), 4, "the card and the three inside it");
}
