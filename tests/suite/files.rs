//! The files of a design in the window: exported, shown, compared, and line by line where they come from.

use std::path::PathBuf;

use crate::window::Window;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{Queryable as _, by};
use pgcascade::app::edits as commands;
use pgcascade::app::{Against, Dialog, Effect, FileMessage, Message, PathPurpose, Tab, ViewMessage};
use pgcascade::model::bundle;
use pgcascade::model::diagram::{PictureFormat, PictureStyle};
use pgcascade::model::document::{format, templates};
use pgcascade::model::topology::{Edit, PgMajor};
use pgcascade::ui::dialogs::ScriptedChooser;

#[test]
fn export_writes_the_bytes_of_the_bundle_to_the_chosen_path() {
    let document = format::read(templates::find("seed").unwrap().text).unwrap();
    let bytes = bundle::pack(&bundle::generate(&document));
    let path = PathBuf::from("/somewhere/seed.tar.gz");
    let mut window = Window::on(document, ScriptedChooser::answering([Some(path.clone())]));
    window.key(Modifiers::COMMAND, Key::E);
    window.click("Choose a file…");
    let written = window.performed.borrow().iter().find_map(|effect| match effect {
        Effect::Write {
            purpose: PathPurpose::ExportBundle,
            path,
            bytes,
            ..
        } => Some((path.clone(), bytes.clone())),
        _ => None,
    });
    assert_eq!(written, Some((path, bytes)));
}

#[test]
fn a_picture_is_exported_as_it_was_asked_for() {
    let document = format::read(templates::find("seed").unwrap().text).unwrap();
    let path = PathBuf::from("/somewhere/seed.png");
    let mut window = Window::on(document, ScriptedChooser::answering([Some(path.clone())]));
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::E);
    for choice in ["PNG", "Dark", "Without names"] {
        window.click(choice);
    }
    window.click("Choose a file…");
    assert_eq!(window.session().dialog, None);
    let (format, style) = (
        PictureFormat::Png,
        PictureStyle {
            is_dark: true,
            is_anonymous: true,
        },
    );
    let effect = Effect::WritePicture {
        purpose: PathPurpose::ExportPicture(format, style),
        path,
        document: Box::new(window.session().desk.document.clone()),
        format,
        style,
    };
    assert!(window.performed.borrow().contains(&effect));
}

#[test]
fn where_no_dialog_can_be_shown_a_path_is_typed() {
    let mut window = Window::seed();
    window.key(Modifiers::COMMAND, Key::S);
    assert!(matches!(window.session().dialog, Some(Dialog::Path { .. })));
    window.fill("Path", "/tmp/my design.toml");
    window.click("Save");
    assert_eq!(window.session().dialog, None);
    let path = PathBuf::from("/tmp/my design.toml");
    let writes = |window: &Window| {
        let performed = window.performed.borrow();
        let is_ours = |effect: &&Effect| matches!(effect, Effect::Write { path: to, .. } if *to == path);
        performed.iter().filter(is_ours).count()
    };
    // Nobody has asked yet whether a file there may be replaced: first it is looked for.
    assert_eq!(writes(&window), 0);
    let purpose = PathPurpose::SaveDesign;
    let looked = |is_there| Message::File(FileMessage::Looked(purpose, path.clone(), is_there));
    window.send(looked(true));
    assert!(window.has("Overwrite the file?"));
    window.click("Cancel");
    assert_eq!((writes(&window), &window.session().dialog), (0, &None));
    window.send(looked(true));
    window.click("Overwrite");
    assert_eq!(writes(&window), 1);
    window.send(looked(false));
    assert_eq!(writes(&window), 2);
}

#[test]
fn every_tab_and_file_is_shown() {
    let mut window = Window::seed();
    window.click("Files");
    let bundle = window.session().bundle().clone();
    let conf = bundle
        .files
        .iter()
        .find(|file| file.path.ends_with("postgresql.conf"))
        .unwrap();
    window.send(Message::View(ViewMessage::ShowFile(conf.path.clone())));
    assert!(window.has(&conf.path));
    window.click("Deploy");
    assert_eq!(window.session().looks.tab, Tab::Deploy);
}

#[test]
fn the_lines_of_the_selected_server_are_counted_and_found() {
    let mut window = Window::seed();
    window.click("Files");
    assert!(window.has("Select one server to see which lines come from it"));
    window.select("slave12");
    // What is selected opens its file.
    let opened = window.session().looks.shown_file.clone();
    assert_eq!(opened.as_deref(), Some("servers/slave12/postgresql.conf"));
    // 3 + 3 settings, standby.signal, and a line for each loopback address in two pg_hba.conf.
    assert!(window.has("11 lines in 4 files come from slave12"));
    let mut shown = Vec::new();
    for _ in 0..5 {
        window.click("Next");
        shown.extend(window.session().looks.shown_file.clone());
    }
    let expected = [
        "servers/slave12/pg_hba.conf",
        "servers/slave12/standby.signal",
        "servers/slave1/pg_hba.conf",
        "servers/slave12/postgresql.conf",
        "servers/slave12/pg_hba.conf",
    ];
    assert_eq!(shown, expected);
    // Another server: the file of the same name, in its own folder.
    window.select("slave2");
    let opened = window.session().looks.shown_file.clone();
    assert_eq!(opened.as_deref(), Some("servers/slave2/pg_hba.conf"));
}

#[test]
fn the_files_are_compared_with_another_version() {
    let mut window = Window::seed();
    window.click("Files");
    window.send(Message::View(ViewMessage::Compare(Some(Against::Version(
        PgMajor::V11,
    )))));
    assert!(window.has("README.md, changed"));
    let recovery = "servers/slave1/recovery.conf".to_owned();
    window.send(Message::View(ViewMessage::ShowFile(recovery)));
    assert!(window.has("+standby_mode = on"));
    let signal = "servers/slave1/standby.signal".to_owned();
    window.send(Message::View(ViewMessage::ShowFile(signal)));
    assert!(window.has("An empty file, removed"));
    // The comparison follows the design.
    let edit = Edit::SetPostgres(PgMajor::V11);
    window.send(commands::edit(edit));
    assert!(window.has("No file changes with PostgreSQL 11"));
    window.send(Message::View(ViewMessage::Compare(None)));
    assert!(window.has("Select one server to see which lines come from it"));
}

#[test]
fn a_line_says_under_the_pointer_where_it_comes_from() {
    let mut window = Window::seed();
    let path = "servers/slave12/standby.signal".to_owned();
    window.send(Message::View(ViewMessage::ShowFile(path)));
    assert!(window.has("From: link slave1 → slave12 · a server that follows another. Its presence"));

    let path = "servers/slave1/pg_hba.conf".to_owned();
    window.send(Message::View(ViewMessage::ShowFile(path)));
    let line = window
        .harness
        .query_all(by().label_contains("replicator").include_labels())
        .next()
        .map(|node| node.rect())
        .unwrap();
    assert!(!window.has("From: "));
    window
        .harness
        .hover_at(line.left_center() + egui::vec2(20.0, 0.0));
    // Until the tooltip's delay is over.
    window.harness.run_steps(8);
    assert!(
        window.has("From: link slave1 → slave11, link slave1 → slave12 · a way in for a drawn downstream")
    );
    assert!(window.has("The drawn downstreams stream WAL as this role."));
}
