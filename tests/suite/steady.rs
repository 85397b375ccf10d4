//! What keeps its place in the window, whatever is selected, typed or searched for.

use egui::{Key, Modifiers};
use egui_kittest::kittest::{Queryable as _, by};

use crate::window::Window;

#[test]
fn selecting_again_and_again_leaves_the_drawing_its_room() {
    let mut window = Window::seed();
    let edge = |window: &Window| window.harness.get_by_label("Inspector").rect().left();
    let before = edge(&window);
    for _ in 0..10 {
        for name in ["slave12", "master", "slave1"] {
            window.select(name);
        }
        window.press(Key::Escape);
    }
    assert!(
        (edge(&window) - before).abs() < 0.5,
        "{before} became {}",
        edge(&window)
    );
}

#[test]
fn a_search_without_a_hit_leaves_the_palette_its_rows() {
    let mut window = Window::seed();
    let rows = |window: &Window| {
        let is_row = |node: &egui_kittest::kittest::AccessKitNode<'_>| {
            node.role() == egui::accesskit::Role::ListBoxOption
        };
        window.harness.get_all(by().predicate(is_row)).count()
    };
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::P);
    let before = rows(&window);
    assert!(before >= 9, "{before}");
    for letter in ["z", "z", "z"] {
        window.harness.event(egui::Event::Text(letter.to_owned()));
        window.harness.run_ok();
    }
    assert!(window.has("Nothing matches"));
    for _ in 0..3 {
        window.press(Key::Backspace);
    }
    assert_eq!(rows(&window), before);
}
