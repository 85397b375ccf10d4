//! What-if through the window: by keys, menus and the pointer, while the design stays as it is.

use egui::{Key, Modifiers, PointerButton, Pos2, Rect};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pgcascade::app::{Message, WhatIfMessage};
use pgcascade::model::simulate::world::{CommitFate, Incident, World};

use crate::window::Window;

const INTO_AND_OUT: (Modifiers, Key) = (Modifiers::COMMAND, Key::I);

fn entered() -> Window {
    let mut window = Window::seed();
    window.key(INTO_AND_OUT.0, INTO_AND_OUT.1);
    window
}

fn world(window: &Window) -> &World {
    window.session().what_if().unwrap().world()
}

/// What has happened, as a story says it.
fn story(window: &Window) -> String {
    let text = window.session().what_if().unwrap().text();
    text.lines().skip(1).collect::<Vec<_>>().join("; ")
}

fn right_click(window: &mut Window, at: Pos2) {
    window.harness.hover_at(at);
    window.harness.step();
    for pressed in [true, false] {
        window.harness.event(egui::Event::PointerButton {
            pos: at,
            button: PointerButton::Secondary,
            pressed,
            modifiers: Modifiers::NONE,
        });
        window.harness.step();
    }
    window.harness.run_ok();
}

#[test]
fn a_fault_is_chosen_by_keys_and_menu_taken_back_and_the_design_is_left_alone() {
    let mut window = entered();
    let (document, text) = (
        window.session().desk.document.clone(),
        window.session().derived.text.clone(),
    );
    assert!(window.has("Commits go on"));
    window.click("Actions for slave1");
    window.click("Crash");
    assert_eq!(story(&window), "crash slave1");
    assert!(
        window
            .row("slave11")
            .contains("receives nothing, since its upstream")
    );
    window.click("Actions for slave2");
    window.click("Crash");
    assert!(window.has("Commits hang"));
    window.key(Modifiers::COMMAND, Key::Z);
    assert!(window.has("Commits go on"));
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert!(window.has("Commits hang"));
    // What edits the design does nothing here.
    window.press(Key::Insert);
    window.press(Key::Delete);
    window.key(INTO_AND_OUT.0, INTO_AND_OUT.1);
    assert!(window.session().what_if().is_none());
    assert_eq!(window.session().desk.document, document);
    assert_eq!(window.session().derived.text, text);
    assert!(!window.row("slave11").contains("receives nothing"));
}

#[test]
fn a_menu_offers_only_what_can_be_and_says_why_not() {
    let mut window = entered();
    window.click("Actions for master");
    let promote = window.harness.get_by_label("Promote");
    assert!(promote.accesskit_node().is_disabled());
    assert!(window.harness.query_by_label("Come back").is_none());
    window.click("Crash");
    assert!(window.has("No primary: writes fail"));
    window.click("Actions for master");
    assert!(window.harness.query_by_label("Crash").is_none());
    window.click("Come back");
    assert!(window.has("Commits go on"));
}

#[test]
fn a_drag_in_what_if_is_another_upstream_and_moves_no_card() {
    let mut window = entered();
    let (drawn, text) = (window.drawn(), window.session().derived.text.clone());
    let (from, to) = (window.card("slave12"), window.card("master"));
    window.drag(from, to);
    assert_eq!(story(&window), "repoint slave12 master");
    let (from, beside) = (
        window.card("slave2"),
        window.card("slave2") + egui::vec2(0.0, 150.0),
    );
    window.drag(from, beside);
    window.harness.run_ok();
    assert_eq!(story(&window), "repoint slave12 master");
    assert_eq!(window.card("slave2"), from);
    assert_eq!(window.drawn(), drawn);
    assert_eq!(window.session().derived.text, text);
    // Below itself no server can be put: the drop is refused.
    let (from, to) = (window.card("slave1"), window.card("slave11"));
    window.drag(from, to);
    assert_eq!(story(&window), "repoint slave12 master");
}

#[test]
fn a_link_is_cut_slowed_and_mended_by_its_own_menu() {
    let mut window = entered();
    let (above, below) = (window.card_rect("master"), window.card_rect("slave1"));
    let middle = |above: Rect, below: Rect| (above.center_bottom() + below.center_top().to_vec2()) / 2.0;
    let link = middle(above, below);
    right_click(&mut window, link);
    window.click("Slow down the link from master");
    right_click(&mut window, link);
    window.click("Cut the link from master");
    assert_eq!(story(&window), "slow master slave1; cut master slave1");
    right_click(&mut window, link);
    window.click("Repair the link from master");
    assert_eq!(world(&window).cluster_fate(), CommitFate::Acknowledged);
    assert_eq!(window.session().what_if().unwrap().moments().1, 3);
}

#[test]
fn a_sentence_is_asked_why_and_an_advice_is_followed() {
    let mut window = entered();
    let master = window.session().desk.document.topology().primary().id();
    window.send(Message::WhatIf(WhatIfMessage::Do(Incident::Crash(master))));
    let why = window.session().what_if().unwrap().moment().verdict.summary[0]
        .why
        .clone();
    assert!(!window.has(&why[1..]));
    window.harness.query_all_by_label("why?").next().unwrap().click();
    window.harness.run_ok();
    assert!(window.has(&why[1..]), "{why}");
    window.harness.query_all_by_label("Do it").next().unwrap().click();
    window.harness.run_ok();
    assert_eq!(world(&window).leaders().len(), 1, "{}", story(&window));
}

#[test]
fn what_is_survived_is_a_table_in_which_a_failure_can_be_seen() {
    let mut window = entered();
    window.click("Survives");
    assert!(window.has("of 9 failures, writes go on in 8"));
    assert!(window.has("writes: no server accepts writes until a standby is promoted"));
    window.click("Two at once");
    assert!(window.has("of 36 pairs of failures"));
    window.click("One failure");
    window.click("Crash master");
    assert_eq!(story(&window), "crash master");
    assert!(window.has("No primary: writes fail"));
}

#[test]
fn a_legend_that_was_kept_open_folds_where_it_grew_over_cards() {
    let mut window = Window::seed();
    let is_open = |window: &Window| window.has("Close the legend");
    assert!(is_open(&window), "it covers no card of the design");
    window.harness.get_by_label_contains("Legend: ").click();
    window.harness.run_ok();
    window.harness.hover_at(Pos2::new(800.0, 560.0));
    window.harness.run_ok();
    assert!(is_open(&window));
    window.key(INTO_AND_OUT.0, INTO_AND_OUT.1);
    window.harness.run_ok();
    assert!(!is_open(&window), "what it explains has grown");
    // Kept open here, it stays.
    window.harness.get_by_label_contains("Legend: ").click();
    window.harness.run_ok();
    window.harness.hover_at(Pos2::new(800.0, 560.0));
    window.harness.run_ok();
    assert!(is_open(&window));
}
