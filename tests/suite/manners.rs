//! What one expects of any window: menus by Alt, Enter for the button that stands out, panels that fold, drops on the list.

use std::path::PathBuf;

use egui::{Key, Modifiers, Pos2, vec2};
use egui_kittest::kittest::Queryable as _;
use pgcascade::app::{Dialog, Effect, Message, StartMessage, ToHosts, ViewMessage};
use pgcascade::model::desk::RecentDesign;

use crate::window::Window;

#[test]
fn alt_and_a_letter_opens_a_menu_whose_switches_say_how_they_stand() {
    let mut window = Window::seed();
    window.key(Modifiers::ALT, Key::V);
    let legend = window.harness.get_by_label("Legend");
    legend.click();
    window.harness.run_ok();
    assert!(!window.session().preferences.legend);
    window.key(Modifiers::ALT, Key::C);
    assert!(window.has("Stop all servers"));
    window.press(Key::Escape);
    assert!(!window.has("Stop all servers"));
}

#[test]
fn recent_designs_are_in_the_file_menu() {
    let mut window = Window::seed();
    window.send(Message::Start(StartMessage::Recent(vec![RecentDesign {
        path: "/d/lately.toml".into(),
        age_secs: 60,
        is_there: true,
    }])));
    window.key(Modifiers::ALT, Key::F);
    window.open_menu("Open recent");
    window.click("lately.toml");
    let read = Effect::Read("/d/lately.toml".into());
    assert!(window.performed.borrow().contains(&read));
}

#[test]
fn a_side_folds_away_and_comes_back() {
    let mut window = Window::seed();
    let width = |window: &Window| {
        window
            .harness
            .get_by_label("Drawing of the design")
            .rect()
            .width()
    };
    let before = width(&window);
    window.click("Hide the side panel");
    assert!(width(&window) > before + 250.0);
    window.click("Hide the server list and findings");
    assert!(width(&window) > before + 450.0);
    window.click("Show the server list and findings");
    // What is asked to be shown is shown.
    window.key(Modifiers::COMMAND, Key::Num4);
    window.key(Modifiers::COMMAND, Key::Num1);
    assert!(
        (width(&window) - before).abs() < 1.0,
        "{} {before}",
        width(&window)
    );
}

#[test]
fn in_the_smallest_window_the_drawing_keeps_its_room() {
    let mut window = Window::seed();
    window.harness.set_size(vec2(800.0, 500.0));
    window.harness.run_steps(4);
    let drawing = window.harness.get_by_label("Drawing of the design").rect();
    assert!(drawing.width() >= 270.0, "{drawing:?}");
    for words in ["Deploy…", "Inspector", "Text"] {
        let rect = window.harness.get_by_label(words).rect();
        assert!(rect.max.x <= 800.0 && rect.max.y <= 500.0, "{words}: {rect:?}");
    }
}

#[test]
fn no_dialog_is_larger_than_the_smallest_window() {
    let mut window = Window::seed();
    window.harness.set_size(vec2(800.0, 500.0));
    window.harness.run_steps(4);
    let keys = [
        (Modifiers::COMMAND, Key::E),
        (Modifiers::COMMAND | Modifiers::SHIFT, Key::E),
        (Modifiers::COMMAND | Modifiers::SHIFT, Key::O),
    ];
    for (modifiers, key) in keys {
        window.key(modifiers, key);
        assert!(window.session().dialog.is_some(), "{modifiers:?} {key:?}");
        check_dialog(&mut window);
    }
    let folder = PathBuf::from("/tmp").join("a folder with a long name/".repeat(8));
    let text = folder.display().to_string();
    let log = Dialog::Log {
        server: "slave1".to_owned(),
        lines: vec!["LOG:  a long line ".repeat(40); 200],
        only_problems: false,
    };
    let to_hosts = Dialog::ToHosts(ToHosts::default());
    let others = [
        Dialog::About,
        Dialog::Help,
        Dialog::DeployFolder { text },
        Dialog::ConfirmTeardown { folder },
        log,
        to_hosts,
    ];
    for dialog in others {
        window.send(Message::View(ViewMessage::Dialog(Some(dialog))));
        check_dialog(&mut window);
    }
}

/// It is inside of the window; closes it.
#[track_caller]
fn check_dialog(window: &mut Window) {
    window.harness.run_steps(4);
    let dialog = format!("{:?}", window.session().dialog);
    let id = egui::Id::new("dialog");
    let rect = window.harness.ctx.memory(|memory| memory.area_rect(id)).unwrap();
    let screen = window.harness.ctx.content_rect();
    assert!(screen.contains_rect(rect), "{rect:?} {dialog}");
    window.send(Message::View(ViewMessage::Dialog(None)));
}

#[test]
fn a_new_standby_is_dropped_on_a_row_of_the_list() {
    let mut window = Window::seed();
    let from = window
        .harness
        .get_by_label_contains("Add standby")
        .rect()
        .center();
    let row = window.row("slave2");
    let to = window.harness.get_by_label(&row).rect().center();
    window.drag(from, to);
    assert_eq!(window.upstream_of("standby1"), "slave2");
    // Beside the rows it is nothing.
    window.drag(from, Pos2::new(60.0, to.y + 150.0));
    assert!(!window.drawn().contains("standby2"), "{}", window.drawn());
}

#[test]
fn enter_presses_the_button_that_stands_out_and_never_the_red_one() {
    let mut window = Window::seed();
    let about = Message::View(ViewMessage::Dialog(Some(Dialog::About)));
    window.send(about);
    window.press(Key::Enter);
    assert_eq!(window.session().dialog, None);
    let folder = "/tmp/c".into();
    let teardown = Dialog::ConfirmTeardown { folder };
    window.send(Message::View(ViewMessage::Dialog(Some(teardown.clone()))));
    window.press(Key::Enter);
    assert_eq!(window.session().dialog, Some(teardown));
}

#[test]
fn one_setting_is_typed_after_the_other() {
    let mut window = Window::seed();
    for (number, line) in ["work_mem = 8MB", "max_connections = 50"].into_iter().enumerate() {
        if number == 0 {
            window.harness.get_by_label("Add a setting").focus();
            window.harness.run_ok();
        }
        window.harness.event(egui::Event::Text(line.to_owned()));
        window.harness.run_ok();
        window.press(Key::Enter);
    }
    let settings = window.session().desk.document.topology().settings().clone();
    assert_eq!(settings.get("work_mem").map(String::as_str), Some("8MB"));
    assert_eq!(settings.get("max_connections").map(String::as_str), Some("50"));
}
