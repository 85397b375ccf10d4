//! The start page through its accessibility tree and its keys.

use std::path::PathBuf;

use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pgcascade::app::actions::{ACTIONS, ActionId};
use pgcascade::app::{Dialog, Effect, FileMessage, Message, OnDisk, StartMessage};
use pgcascade::model::desk::RecentDesign;
use pgcascade::model::desk::Theme;
use pgcascade::model::desk::{Condition, Listed};
use pgcascade::model::document::templates::TEMPLATES;

use crate::window::Window;

fn start(message: StartMessage) -> Message {
    Message::Start(message)
}

/// A window whose start page shows a recent design, one that is gone, and three clusters.
fn page() -> Window {
    let mut window = Window::seed();
    window.key(Modifiers::ALT, Key::Home);
    assert!(window.session().start.is_shown);
    let recent = |path: &str, is_there| RecentDesign {
        path: path.into(),
        age_secs: 7_300,
        is_there,
    };
    let cluster = |name: &str, state, servers_up| Listed {
        name: name.to_owned(),
        folder: PathBuf::from("/c").join(name),
        version: "15".to_owned(),
        state,
        servers: 5,
        servers_up,
        split: Vec::new(),
        is_kept: false,
    };
    window.send(start(StartMessage::Recent(vec![
        recent("/d/one.toml", true),
        recent("/d/two.toml", false),
    ])));
    window.send(start(StartMessage::Clusters(vec![
        cluster("seed", Condition::Running, 4),
        cluster("idle", Condition::Stopped, 0),
        cluster("broken", Condition::HalfBuilt, 0),
    ])));
    window
}

fn performed(window: &Window, effect: &Effect) -> bool {
    window.performed.borrow().contains(effect)
}

#[test]
fn every_template_is_begun_with_by_its_picture_and_by_keys() {
    for template in TEMPLATES {
        let mut window = page();
        let name = format!("New design from {}: {}", template.name, template.summary);
        window.harness.get_by_label(&name).focus();
        window.harness.run_ok();
        window.press(Key::Enter);
        assert!(!window.session().start.is_shown, "{name}");
        assert_eq!(window.session().derived.text, template.text);
        assert!(!window.session().is_modified());
    }
}

#[test]
fn what_there_is_to_go_on_with_is_reached_by_its_name() {
    let mut window = page();
    assert!(window.has("2 hours ago") && window.has("running, 4 of 5 up") && window.has("half built"));
    let gone = window.harness.get_by_label_contains("two.toml  /d");
    assert!(gone.accesskit_node().is_disabled());
    window.click("Remove two.toml from the list");
    assert!(performed(&window, &Effect::ForgetRecent("/d/two.toml".into())));
    window.click("Stop seed");
    assert!(performed(&window, &Effect::StopCluster("/c/seed".into())));
    window.click("Start idle");
    assert!(performed(&window, &Effect::StartCluster("/c/idle".into())));
    assert!(
        window.harness.query_by_label("Open broken").is_none(),
        "it is only half there"
    );
    window.click("Show folder broken");
    assert!(performed(&window, &Effect::OpenFolder("/c/broken".into())));
    window.click("Tear down… broken");
    let asked = Dialog::ConfirmTeardown {
        folder: "/c/broken".into(),
    };
    assert_eq!(window.session().dialog, Some(asked));
    window.press(Key::Escape);
    assert!(
        window.session().start.is_shown,
        "Escape has closed the question only"
    );
    window.harness.get_by_label_contains("one.toml  /d").click();
    window.harness.run_ok();
    assert!(performed(&window, &Effect::Read("/d/one.toml".into())));
}

#[test]
fn what_is_about_the_drawing_waits_behind_the_page() {
    let mut window = page();
    let before = window.drawn();
    for keys in [Key::Insert, Key::Delete, Key::F2] {
        window.press(keys);
    }
    window.key(Modifiers::COMMAND, Key::K);
    window
        .harness
        .event(egui::Event::Paste("other 7777\n".to_owned()));
    window.harness.run_ok();
    assert_eq!(window.drawn(), before);
    let add = ACTIONS
        .iter()
        .find(|action| action.id == ActionId::AddStandby)
        .unwrap();
    assert!(add.now(window.session()).unwrap_err().contains("Escape"));
    window.press(Key::Escape);
    assert!(!window.session().start.is_shown);
    window.press(Key::Insert);
    assert_ne!(window.drawn(), before);
    window.click("Start page");
    assert!(window.session().start.is_shown);
    window.key(Modifiers::ALT, Key::Home);
    assert!(!window.session().start.is_shown);
}

#[test]
fn nothing_is_cut_off_in_a_small_window() {
    for size in [[1024.0, 700.0], [1280.0, 800.0], [1920.0, 1080.0]] {
        let mut window = page();
        window.harness.set_size(size.into());
        window.harness.run_ok();
        for words in [
            "Back to seed",
            "Open seed",
            "Tear down… seed",
            "Remove one.toml from the list",
        ] {
            let rect = window.harness.get_by_label(words).rect();
            assert!(
                rect.min.x >= 0.0 && rect.max.x <= size[0] && rect.max.y <= size[1],
                "{words} at {rect:?} in {size:?}"
            );
        }
    }
}

#[test]
fn motion_and_colours_are_as_they_are_preferred() {
    let mut window = Window::seed();
    window.key(Modifiers::COMMAND | Modifiers::ALT, Key::M);
    window.key(Modifiers::COMMAND | Modifiers::ALT, Key::D);
    let kept = window
        .performed
        .borrow()
        .iter()
        .rev()
        .find_map(|effect| match effect {
            Effect::KeepPreferences(preferences) => Some(preferences.clone()),
            _ => None,
        });
    let kept = kept.unwrap();
    assert!(kept.reduce_motion && kept.theme == Theme::Dark);
    let style = window.harness.ctx.style_of(egui::Theme::Dark);
    assert!(style.animation_time == 0.0);
    assert_eq!(window.harness.ctx.theme(), egui::Theme::Dark);
    window.key(Modifiers::COMMAND | Modifiers::ALT, Key::M);
    let style = window.harness.ctx.style_of(egui::Theme::Dark);
    assert!(style.animation_time > 0.0);
}

#[test]
fn a_file_that_was_changed_elsewhere_is_compared_and_taken() {
    let mut window = Window::seed();
    window.key(Modifiers::COMMAND, Key::J);
    window.harness.state_mut().session.desk.path = Some("/d/seed.toml".into());
    window.press(Key::Insert);
    let theirs = TEMPLATES[0].text.replace("25433", "25499");
    let found = OnDisk::Text(theirs);
    window.send(Message::File(FileMessage::OnDisk("/d/seed.toml".into(), found)));
    assert!(window.has("seed.toml was changed elsewhere"));
    window.click("Show the difference");
    assert!(window.has("-port = 25499") && window.has("+port = 25433"));
    window.click("Reload the file");
    assert!(window.drawn().contains("25499"));
    window.key(Modifiers::COMMAND, Key::Z);
    assert!(window.drawn().contains("25433") && window.session().is_modified());
}
