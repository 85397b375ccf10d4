//! Import and audit in the window, through the accessibility tree and by keys.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pgcascade::app::{Dialog, ViewMessage};
use pgcascade::app::{
    Effect, ImportMessage, ImportSource, ImportStage, Imported, Message, StartMessage, Tab,
};
use pgcascade::engine::import::{Brought, from_files};
use pgcascade::model::audit::{Subject, audit};
use pgcascade::model::desk::RecentConnection;
use pgcascade::model::document::{format, templates};
use pgcascade::model::import::{Asked, Unreached};
use pgcascade::report::Report;
use pgcascade::ui::dialogs::ScriptedChooser;
use pgcascade::ui::panels::commands;

use crate::window::Window;

/// A cluster of two servers from files: unused settings, one that a design cannot say.
/// The same folder for all that ask: its name is part of what is shown.
fn brought() -> Brought {
    static BROUGHT: OnceLock<Brought> = OnceLock::new();
    BROUGHT.get_or_init(read_two_servers).clone()
}

fn read_two_servers() -> Brought {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, file: &str, text: &str| {
        let at = folder.path().join("cascade").join(name);
        fs::create_dir_all(&at).unwrap();
        fs::write(at.join(file), text).unwrap();
    };
    let common = "wal_level = replica\nmax_wal_senders = 10\nunix_socket_directories = '/run/x'\n";
    put(
        "db1",
        "postgresql.conf",
        &format!("{common}port = 5432\nfsync = off\n"),
    );
    put("db1", "PG_VERSION", "15\n");
    put(
        "db2",
        "postgresql.conf",
        &format!("{common}port = 5433\nprimary_conninfo = 'host=localhost port=5432 application_name=db2'\n"),
    );
    put("db2", "PG_VERSION", "15\n");
    put("db2", "standby.signal", "");
    from_files(&[folder.path().join("cascade")], &[]).unwrap()
}

fn imported(number: u64, source: ImportSource, brought: Brought) -> Imported {
    let audit = audit(&Subject {
        document: &brought.document,
        facts: &brought.facts,
        names: &brought.names,
        seen: &brought.seen,
        asked: &brought.asked,
        losses: &brought.losses,
        unreached: &brought.unreached,
    });
    Imported {
        number,
        source,
        brought,
        audit,
    }
}

/// Imports what the dialog has asked for last.
pub(crate) fn answer(window: &mut Window, brought: Brought) {
    let performed = window.performed.borrow().clone();
    let asked = performed.iter().rev().find_map(|effect| match effect {
        Effect::Import { number, source } => Some((*number, (**source).clone())),
        _ => None,
    });
    let (number, source) = asked.expect("nothing was asked for");
    let done = ImportMessage::Done(Box::new(imported(number, source, brought)));
    window.send(Message::Import(done));
}

/// A window on a design that was imported.
pub(crate) fn import_into(window: &mut Window) {
    window.send(Message::Import(ImportMessage::Ask(ImportSource::default())));
    let source = ImportSource {
        connection: "host=db1".to_owned(),
        ..ImportSource::default()
    };
    window.send(Message::Import(ImportMessage::Start(source)));
    answer(window, brought());
}

/// The same, with another panel in front.
pub(crate) fn behind_inspector() -> Window {
    let mut window = Window::seed();
    import_into(&mut window);
    window.send(Message::View(ViewMessage::Show(Tab::Inspector)));
    window
}

fn ask(window: &mut Window) {
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::O);
    assert!(matches!(window.session().dialog, Some(Dialog::Import(_))));
}

#[test]
fn a_connection_is_typed_and_a_refusal_leaves_everything_as_it_was() {
    let mut window = Window::seed();
    ask(&mut window);
    window.fill("Connection", "db1:5433");
    window.fill("Password", "hunter2");
    window.fill("Also try", "db2:5434");
    window.press(Key::Enter);
    let performed = window.performed.borrow().clone();
    let Some(Effect::Import { number: 1, source }) = performed.last() else {
        panic!("{performed:?}");
    };
    assert_eq!(source.conninfo(), "host=db1 port=5433");
    assert_eq!(
        (source.password.reveal(), source.others()),
        ("hunter2", vec!["db2:5434".to_owned()])
    );
    assert!(window.has("Asking the servers") && window.has("at most ten seconds"));

    let report = Report::new("db1:5433 could not be queried.").hint("Check the password in ~/.pgpass.");
    window.send(Message::Import(ImportMessage::Failed(1, report)));
    assert!(window.has("could not be queried") && window.has("Check the password"));
    let value = |label: &str| {
        window
            .harness
            .get_by_label(label)
            .accesskit_node()
            .value()
            .unwrap()
    };
    assert_eq!(value("Connection"), "db1:5433");
    assert_eq!(value("Also try"), "db2:5434");
    assert!(!value("Password").contains("hunter2"), "it is not read aloud");

    window.harness.get_by_label("Connection").focus();
    window.press(Key::Enter);
    window.click("Stop");
    assert!(window.performed.borrow().contains(&Effect::CancelImport));
}

#[test]
fn recent_connections_are_offered_in_the_dialog_and_on_the_start_page() {
    let mut window = Window::seed();
    let known = RecentConnection {
        text: "host=db9 user=m".to_owned(),
        age_secs: 60,
    };
    window.send(Message::Start(StartMessage::Connections(vec![known])));
    ask(&mut window);
    window.click("host=db9 user=m");
    window.click("Import");
    let asks = |effect: &Effect| matches!(effect, Effect::Import { source, .. } if source.conninfo() == "host=db9 user=m");
    assert!(window.performed.borrow().iter().any(asks));
    window.press(Key::Escape);

    window.key(Modifiers::ALT, Key::Home);
    assert!(window.has("Import a cluster…"));
    window.click("host=db9 user=m");
    assert!(matches!(window.session().dialog, Some(Dialog::Import(_))));
    window.press(Key::Escape);
    window.click("Remove host=db9 user=m from the list");
    let forgotten = Effect::ForgetConnection("host=db9 user=m".to_owned());
    assert!(window.performed.borrow().contains(&forgotten));
}

#[test]
fn files_are_named_one_by_one() {
    let mut window = Window::seed();
    ask(&mut window);
    window.click("From files");
    for path in ["/etc/postgresql/15/a", "/etc/postgresql/15/b"] {
        window.fill("Path", path);
        window.press(Key::Enter);
        assert!(window.has(path));
    }
    window.click("Leave out /etc/postgresql/15/a");
    // What is typed and not added counts as well.
    window.fill("Path", "/etc/postgresql/15/c");
    window.click("Import");
    let performed = window.performed.borrow().clone();
    let Some(Effect::Import { source, .. }) = performed.last() else {
        panic!("{performed:?}");
    };
    let paths: Vec<_> = source.paths.iter().map(|path| path.to_str().unwrap()).collect();
    assert_eq!(paths, ["/etc/postgresql/15/b", "/etc/postgresql/15/c"]);
}

#[test]
fn what_was_imported_can_be_read_copied_and_saved() {
    let seed = format::read(templates::find("seed").unwrap().text).unwrap();
    let chooser = ScriptedChooser::answering([Some(PathBuf::from("/somewhere/audit.md"))]);
    let mut window = Window::on(seed, chooser);
    import_into(&mut window);
    assert_eq!(window.session().looks.tab, Tab::Imported);
    assert_eq!(window.session().desk.document.topology().servers().len(), 2);
    let shown = window.session().imported.clone().unwrap();
    assert!(!shown.brought.losses.is_empty() && !shown.audit.findings.is_empty());
    for found in &shown.audit.findings {
        assert!(window.has(&found.message), "{}", found.message);
        for line in &found.evidence {
            assert!(window.has(line), "{line}");
        }
    }
    for loss in &shown.brought.losses {
        assert!(window.has(&loss.message), "{}", loss.message);
    }
    window.push("Markdown");
    window.push("Without names");
    window.push("Save report…");
    let performed = window.performed.borrow().clone();
    let report = performed.iter().find_map(|effect| match effect {
        Effect::Write { path, bytes, .. } => {
            Some((path.clone(), String::from_utf8_lossy(bytes).into_owned()))
        }
        _ => None,
    });
    let (path, text) = report.unwrap();
    // Without names: of people's servers, nothing.
    assert!(
        path.ends_with("audit.md") && text.starts_with('#') && !text.contains("db1"),
        "{text}"
    );

    window.send(Message::View(ViewMessage::Show(Tab::Inspector)));
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::U);
    assert_eq!(window.session().looks.tab, Tab::Imported);
}

#[test]
fn a_server_that_was_not_reached_is_asked_for_with_a_guess_first() {
    let mut window = Window::seed();
    ask(&mut window);
    window.fill("Connection", "db1");
    window.press(Key::Enter);
    let mut found = brought();
    found.asked.push(Asked {
        server: Some("db2".to_owned()),
        question: "On which port does \"db2\" listen?".to_owned(),
        guess: "5433".to_owned(),
    });
    found.unreached.push(Unreached {
        server: Some("db2".to_owned()),
        host: Some("10.0.0.7".to_owned()),
        port: None,
        message: "It streams from db1:5432, and nothing answered.".to_owned(),
    });
    answer(&mut window, found);
    assert!(window.has("Found 2 servers") && window.has("On which port"));
    let guess = window
        .harness
        .get_by_label("Try")
        .accesskit_node()
        .value()
        .unwrap();
    assert_eq!(guess, "10.0.0.7:5433");
    window.fill("Try", "db2:6000");
    window.click("Look again");
    let performed = window.performed.borrow().clone();
    let Some(Effect::Import { number: 2, source }) = performed.last() else {
        panic!("{performed:?}");
    };
    assert_eq!(source.others(), ["db2:6000"]);
    answer(&mut window, brought());
    assert!(window.session().imported.is_some(), "nothing is left to ask");
    let Some(Dialog::Import(importing)) = &window.session().dialog else {
        return;
    };
    panic!("{:?}", importing.stage == ImportStage::Filling(None));
}

#[test]
fn a_foreign_cluster_is_watched_with_a_padlock_and_commands_to_copy() {
    let mut window = Window::seed();
    import_into(&mut window);
    window.click("🔒 Watch it live");
    let watches = |effect: &Effect| matches!(effect, Effect::WatchForeign { .. });
    assert!(window.performed.borrow().iter().any(watches));
    assert!(window.has("🔒 Read-only") && window.has("pgcascade did not make this cluster"));
    for words in ["Tear down…", "Stop", "Start", "Adopt…", "Apply the changes…"] {
        assert!(window.harness.query_by_label(words).is_none(), "{words}");
    }
    let cluster = window.session().live.cluster.as_ref().unwrap();
    let commands = commands(cluster, "db2");
    let text = |words: &str| {
        commands
            .iter()
            .find(|one| one.words == words)
            .unwrap()
            .text
            .clone()
    };
    assert!(text("Promote").contains("pg_promote()"));
    assert!(text("psql").contains("port=5433"));
    window.click("Promote of db2");
    window.click("Stop watching");
    assert!(window.performed.borrow().contains(&Effect::Unwatch));
    assert!(window.session().live.cluster.is_none());
}
