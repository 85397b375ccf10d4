//! Designs of hundreds of servers in the window: what is not in view is not there, and nothing is out of reach.

use egui::accesskit::Role;
use egui::{Key, Modifiers, Pos2};
use egui_kittest::kittest::{NodeT as _, Queryable as _, by};
use pgcascade::app::Session;
use pgcascade::model::document::Document;
use pgcascade::model::topology::{ServerId, notation};
use pgcascade::ui::dialogs::ScriptedChooser;

use crate::window::Window;

/// A primary, relays below it, and ten standbys below each.
fn tree(relays: usize) -> Window {
    let mut text = "m 1000\n".to_owned();
    for relay in 0..relays {
        text += &format!("  r{relay} {}\n", 2_000 + relay);
        for leaf in 0..10 {
            text += &format!("    r{relay}l{leaf} {}\n", 3_000 + relay * 10 + leaf);
        }
    }
    let document = Document::new(notation::parse(&text).unwrap());
    Window::on(document, ScriptedChooser::default())
}

fn id(session: &Session, name: &str) -> ServerId {
    session.desk.document.topology().by_name(name).unwrap().id()
}

fn on_screen(window: &Window, name: &str) -> egui::Rect {
    let server = id(window.session(), name);
    window.harness.state().canvas.card_on_screen(server).unwrap()
}

/// The labels of what a screen reader sees as parts of a tree: cards ("m, primary, …") and rows ("m: primary, …").
fn items(window: &Window) -> Vec<String> {
    let is_item = |node: &egui_kittest::kittest::AccessKitNode<'_>| node.role() == Role::TreeItem;
    let items = window.harness.query_all(by().predicate(is_item));
    items.filter_map(|node| node.accesskit_node().label()).collect()
}

fn cards(window: &Window) -> usize {
    items(window).iter().filter(|label| !label.contains(": ")).count()
}

/// Frames until nothing moves any more.
fn settle(window: &mut Window) {
    for _ in 0..60 {
        window.harness.step();
        if !window.harness.ctx.has_requested_repaint() {
            return;
        }
    }
    panic!("the window is never at rest");
}

fn has_minimap(window: &Window) -> bool {
    window.harness.query_by_label("Minimap").is_some()
}

#[test]
fn a_large_design_has_a_minimap_which_can_be_hidden() {
    assert!(!has_minimap(&Window::seed()));
    let mut window = tree(6);
    assert!(!has_minimap(&window), "all is in view");
    window.key(Modifiers::NONE, Key::Plus);
    settle(&mut window);
    assert!(has_minimap(&window));
    window.key(Modifiers::COMMAND | Modifiers::ALT, Key::O);
    assert!(!has_minimap(&window));
    window.key(Modifiers::COMMAND | Modifiers::ALT, Key::O);
    assert!(has_minimap(&window));
    window.key(Modifiers::COMMAND, Key::Num0);
    settle(&mut window);
    assert!(!has_minimap(&window), "all is in view again");
}

#[test]
fn the_minimap_leads_to_where_it_is_pressed_and_its_frame_can_be_dragged() {
    let mut window = tree(20);
    for _ in 0..6 {
        window.key(Modifiers::NONE, Key::Plus);
    }
    settle(&mut window);
    let map = window.harness.get_by_label("Minimap").rect();
    let before = on_screen(&window, "m");
    let (from, to) = (
        map.left_top() + egui::vec2(10.0, 10.0),
        map.right_bottom() - egui::vec2(10.0, 10.0),
    );
    window.drag(from, from + egui::vec2(4.0, 4.0));
    settle(&mut window);
    let near_corner = on_screen(&window, "m");
    assert_ne!(before, near_corner);
    window.drag(from + egui::vec2(4.0, 4.0), to);
    settle(&mut window);
    let far_corner = on_screen(&window, "m");
    // The drawing goes the other way, and by much more.
    assert!(
        far_corner.left() < near_corner.left() - 500.0,
        "{near_corner} {far_corner}"
    );
    assert!(
        far_corner.top() < near_corner.top() - 200.0,
        "{near_corner} {far_corner}"
    );
    // Nothing was moved, selected or framed by it.
    assert_eq!(window.session().desk.history.undo_label(), None);
    assert!(window.session().selection().is_empty());
}

#[test]
fn of_many_cards_only_those_are_widgets_that_something_can_be_done_to() {
    let mut window = tree(40);
    assert!(cards(&window) < 5, "{}", cards(&window));
    let at = on_screen(&window, "r7").center();
    window.harness.hover_at(at);
    window.harness.run_ok();
    assert!(items(&window).iter().any(|label| label.starts_with("r7, ")));
    click(&mut window, at);
    assert_eq!(window.session().looks.selected, Some(id(window.session(), "r7")));
    // Nearer, every card in view is one.
    for _ in 0..12 {
        window.key(Modifiers::NONE, Key::Plus);
    }
    settle(&mut window);
    assert!(cards(&window) > 5, "{}", cards(&window));
}

/// A click that comes so fast that the card below it is not a widget yet.
#[test]
fn a_click_selects_the_card_below_it_also_where_cards_are_many() {
    let mut window = tree(40);
    let at = on_screen(&window, "r20").center();
    click(&mut window, at);
    assert_eq!(window.session().looks.selected, Some(id(window.session(), "r20")));
    let beside = on_screen(&window, "m").center_top() - egui::vec2(0.0, 30.0);
    click(&mut window, beside);
    assert_eq!(window.session().looks.selected, None);
}

#[test]
fn a_server_is_attached_by_dragging_it_in_the_view_from_far_away() {
    let mut window = tree(40);
    assert!(window.harness.state().zoom() < 0.35);
    let (from, to) = (
        on_screen(&window, "r3").center(),
        on_screen(&window, "r30").center(),
    );
    window.drag(from, to);
    assert_eq!(window.upstream_of("r3"), "r30");
}

#[test]
fn of_many_rows_those_in_view_are_there_and_the_keys_reach_all() {
    let mut window = tree(40);
    let rows = |window: &Window| items(window).iter().filter(|label| label.contains(": ")).count();
    assert!(rows(&window) < 60, "{}", rows(&window));
    window.select("m");
    window.press(Key::End);
    settle(&mut window);
    assert!(window.row("r39l9").starts_with("r39l9: standby of r39"));
    window.press(Key::Enter);
    assert_eq!(
        window.session().looks.selected,
        Some(id(window.session(), "r39l9"))
    );
    window.press(Key::Home);
    settle(&mut window);
    assert!(window.row("m").starts_with("m: primary"));
}

#[test]
fn a_view_on_its_way_arrives_and_then_the_window_is_at_rest() {
    let mut window = tree(6);
    let fitted = window.harness.state().zoom();
    window.harness.key_press_modifiers(Modifiers::NONE, Key::Plus);
    settle(&mut window);
    assert!((window.harness.state().zoom() / fitted - 1.25).abs() < 1e-3);
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::Num0);
    settle(&mut window);
    assert_eq!(window.harness.state().zoom(), fitted);
}

fn click(window: &mut Window, at: Pos2) {
    for pressed in [true, false] {
        window.harness.event(egui::Event::PointerMoved(at));
        window.harness.event(egui::Event::PointerButton {
            pos: at,
            button: egui::PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        });
        window.harness.step();
    }
    window.harness.run_ok();
}
