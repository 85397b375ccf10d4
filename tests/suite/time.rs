//! What-if in time through the window: it moves while it is played and rests while it is not, and every moment can be reached.

use egui::{Key, Modifiers, PointerButton, Pos2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pgcascade::app::{InTime, Message, TimeMessage, WhatIf, WhatIfMessage};

use crate::window::Window;

fn entered() -> Window {
    let mut window = Window::seed();
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::I);
    window
}

fn in_time(window: &Window) -> &InTime {
    window.session().what_if().and_then(WhatIf::in_time).unwrap()
}

/// What happens in the story that is told.
fn events(window: &Window) -> Vec<String> {
    let text = window.session().what_if().unwrap().text();
    let events = text.lines().filter(|line| line.starts_with("at "));
    events.map(str::to_owned).collect()
}

/// A button of the panel that may be scrolled out of sight.
fn press(window: &mut Window, label: &str) {
    window.harness.get_by_label(label).click_accesskit();
    window.harness.run_ok();
}

fn go_to(window: &mut Window, micros: u64) {
    window.send(Message::WhatIf(WhatIfMessage::Time(TimeMessage::GoTo(micros))));
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
fn it_moves_while_it_is_played_and_asks_for_no_frame_while_it_is_not() {
    let mut window = entered();
    assert!(window.harness.try_run().is_ok(), "at rest before it is played");
    window.press(Key::F5);
    window.harness.run_steps(20);
    assert!(in_time(&window).is_playing() && in_time(&window).now() > 0);
    assert!(
        window.harness.try_run().is_err(),
        "frame after frame while it plays"
    );
    let at = in_time(&window).now();
    window.harness.run_steps(5);
    assert!(in_time(&window).now() > at);
    window.click("Pause");
    let at = in_time(&window).now();
    assert!(window.harness.try_run().is_ok(), "at rest again");
    assert_eq!(in_time(&window).now(), at);
    // The keys of the menu do the same.
    window.press(Key::F6);
    assert_eq!(in_time(&window).now() / 1_000, at / 1_000 + 1);
    window.press(Key::F7);
    assert!(in_time(&window).run().acknowledged() > 0);
}

#[test]
fn the_line_of_time_leads_to_any_moment_and_undo_to_the_last_event() {
    let mut window = entered();
    let line = window.harness.get_by_label_contains("Timeline: ").rect();
    let at = |share: f32| {
        egui::pos2(
            line.left() + 10.0 + (line.width() - 20.0) * share,
            line.center().y,
        )
    };
    window.drag(at(0.1), at(0.5));
    let now = in_time(&window).now();
    assert!((48_000..52_000).contains(&now), "{now}");
    assert!(in_time(&window).run().acknowledged() > 0);
    window.click("Actions for slave1");
    window.click("Crash");
    assert_eq!(events(&window).len(), 1);
    assert!(
        window
            .row("slave11")
            .contains("receives nothing, since its upstream")
    );
    window.key(Modifiers::COMMAND, Key::Z);
    assert!(!window.row("slave11").contains("receives nothing"));
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert!(window.row("slave11").contains("receives nothing"));
    // The keyboard walks along the line.
    let now = in_time(&window).now();
    window.harness.get_by_label_contains("Timeline: ").focus();
    window.harness.run_ok();
    window.press(Key::ArrowLeft);
    assert!(in_time(&window).now() < now);
}

#[test]
fn a_hanging_commit_is_plain_to_see_and_can_be_asked_why() {
    let mut window = entered();
    go_to(&mut window, 20_000);
    for name in ["slave1", "slave2"] {
        window.click(&format!("Actions for {name}"));
        window.click("Crash");
    }
    go_to(&mut window, 2_000_000);
    let hangs = "and no answer will come: a synchronous standby has to answer, and none is connected";
    assert!(
        window.has(hangs),
        "{:?} {:?}",
        in_time(&window).run().told(),
        events(&window)
    );
    let why = "synchronous replication has no timeout";
    assert!(!window.has(&why[1..]));
    window.harness.query_all_by_label("why?").next().unwrap().click();
    window.harness.run_ok();
    assert!(window.has(&why[1..]));
    assert!(window.has("waiting for"));
    // The same moment in a story of its own, in which one comes back.
    window.click("New story from here");
    window.click("Actions for slave2");
    window.click("Come back");
    go_to(&mut window, 4_000_000);
    assert!(!window.has(hangs));
    assert_eq!(in_time(&window).stories(), (2, 1));
    press(&mut window, "Story 1");
    assert!(window.has(hangs));
}

#[test]
fn the_link_has_its_own_latency_in_its_menu() {
    let mut window = entered();
    let (above, below) = (window.card_rect("master"), window.card_rect("slave1"));
    let link = above.center_bottom().lerp(below.center_top(), 0.5);
    right_click(&mut window, link);
    window
        .harness
        .get_by_label_contains("Latency and bandwidth")
        .click();
    window.harness.run_ok();
    // The panel has the same two rows for all links.
    let rows = |window: &Window| window.harness.query_all_by_label("Bandwidth").count();
    assert_eq!(rows(&window), 2);
    window
        .harness
        .query_all_by_label("Latency, one way")
        .last()
        .unwrap()
        .click();
    window.harness.run_ok();
    assert_eq!(rows(&window), 2, "a click in the menu leaves it open");
    assert!(
        window
            .harness
            .get_by_label("Use the default")
            .accesskit_node()
            .is_disabled()
    );
}

#[test]
fn a_story_is_kept_under_a_name_told_again_and_removed() {
    let mut window = entered();
    go_to(&mut window, 20_000);
    window.click("Actions for slave1");
    window.click("Crash");
    window.harness.get_by_label("Name of this story").focus();
    window.harness.run_ok();
    window
        .harness
        .event(egui::Event::Text("the relay dies".to_owned()));
    window.harness.run_ok();
    press(&mut window, "Save in the design");
    assert_eq!(window.session().desk.document.scenarios().len(), 1);
    assert!(window.session().what_if().is_some() && window.session().is_modified());
    press(&mut window, "the relay dies");
    assert_eq!((in_time(&window).stories(), events(&window).len()), ((2, 1), 1));
    press(&mut window, "Remove the story the relay dies");
    assert!(window.session().desk.document.scenarios().is_empty());
}

#[test]
fn with_reduced_motion_one_steps_and_nothing_is_played() {
    let mut window = entered();
    window.key(Modifiers::COMMAND | Modifiers::ALT, Key::M);
    assert!(window.session().preferences.reduce_motion);
    window.harness.run_ok();
    let words = "Motion is reduced: step through the moments instead";
    assert!(window.harness.get_by_label(words).accesskit_node().is_disabled());
    window.click("One tick forward: a millisecond");
    assert_eq!(in_time(&window).now(), 1_000);
    window.press(Key::F5);
    assert!(!in_time(&window).is_playing());
}
