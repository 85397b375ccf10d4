//! The export dialog through its accessibility tree and its keys.

use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pgcascade::app::{Dialog, Effect, ExportMessage, Message};
use pgcascade::model::export::{self, Fate, Target};
use pgcascade::report::Report;

use crate::window::Window;

fn label(target: Target) -> String {
    format!("{}: {}", target.name(), target.title())
}

/// By keys: a list may be longer than what is in view.
fn choose(window: &mut Window, target: Target) {
    window.harness.get_by_label(&label(target)).focus();
    window.harness.run_ok();
    window.press(Key::Enter);
}

#[test]
fn every_target_is_reached_and_tells_its_losses_before_anything_is_written() {
    let mut window = Window::seed();
    window.key(Modifiers::COMMAND, Key::E);
    assert!(window.has("Choose a file…"), "the bundle is one file");
    for target in Target::ALL {
        choose(&mut window, target);
        let kept = export::losses(&window.session().desk.document, target);
        let number = |fate: Fate| kept.iter().filter(|one| one.fate == fate).count();
        let counts = format!(
            "{} lost, {} approximated, {} exact",
            number(Fate::Lost),
            number(Fate::Approximated),
            number(Fate::Exact)
        );
        assert!(window.has(&counts), "{target:?}: {counts}");
        for one in kept.iter().filter(|one| one.fate == Fate::Lost) {
            assert!(window.has(&one.message), "{target:?}: {}", one.message);
        }
        assert!(window.has("README.md") && window.has("design.toml"));
    }
    let writes = |effect: &Effect| matches!(effect, Effect::WriteExport { .. });
    assert!(!window.performed.borrow().iter().any(writes));
    window.press(Key::Escape);
    assert_eq!(window.session().dialog, None);
}

#[test]
fn it_is_written_into_the_typed_folder_by_keys_alone() {
    let mut window = Window::seed();
    window.key(Modifiers::COMMAND, Key::E);
    choose(&mut window, Target::Ansible);
    window.fill("Folder", "/srv/ansible");
    window.press(Key::Enter);
    let performed = window.performed.borrow().clone();
    let Some(Effect::WriteExport { folder, export }) = performed.last() else {
        panic!("{performed:?}");
    };
    assert_eq!(folder.to_str(), Some("/srv/ansible"));
    assert_eq!(export.target, Target::Ansible);

    let refused =
        Report::new("The export could not be written to /srv/ansible.").hint("Choose an empty folder.");
    window.send(Message::Export(ExportMessage::NotWritten(refused)));
    assert!(window.has("could not be written") && window.has("Choose an empty folder."));
    let folder = window.harness.get_by_label("Folder").accesskit_node().value();
    assert_eq!(folder.as_deref(), Some("/srv/ansible"), "it stays");

    let written = ExportMessage::Written(Target::Ansible, "/srv/ansible".into(), 12);
    window.send(Message::Export(written));
    assert_eq!(window.session().dialog, None);
    assert!(window.has("12 files for Ansible") && window.has("Show in folder"));
}

#[test]
fn a_target_that_cannot_hold_the_design_says_so() {
    let mut window = Window::seed();
    let text = window
        .session()
        .derived
        .text
        .replace("postgres = 15", "postgres = \"9.6\"");
    let document = pgcascade::model::document::format::read(&text).unwrap();
    let said = export::export(&document, Target::CloudNativePg).unwrap_err();
    window = Window::on(document, pgcascade::ui::dialogs::ScriptedChooser::default());
    window.key(Modifiers::COMMAND, Key::E);
    choose(&mut window, Target::CloudNativePg);
    assert!(window.has(&said.message));
    let export = window.harness.get_by_label("Export");
    assert!(export.accesskit_node().is_disabled());
    assert!(matches!(window.session().dialog, Some(Dialog::Export(_))));
}
