//! The fields for what a design says besides its drawing: by the keyboard, one step of Undo each, refused with a sentence; and
//! what the drawing shows of it.

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use pgcascade::model::diagram::{Diagram, Line};
use pgcascade::model::document::format;
use pgcascade::ui::dialogs::ScriptedChooser;

use crate::window::Window;

const DESIGN: &str = "
format = 1
name = \"terms\"
postgres = 16

[archive]
archive_command = \"wal-g wal-push %p\"
restore_command = \"wal-g wal-fetch %f %p\"

[[server]]
name = \"m\"
port = 5432

[[server]]
name = \"a\"
port = 5433
follows = \"m\"

[[server]]
name = \"b\"
port = 5434
follows = \"m\"
also_follows = [\"a\"]

[[server]]
name = \"late\"
port = 5435
follows = \"m\"
by = \"archive\"

[[server]]
name = \"tank\"
port = 5436
follows = \"m\"
receiver = true
";

fn window() -> Window {
    Window::on(format::read(DESIGN).unwrap(), ScriptedChooser::default())
}

/// Types into the field of this label, and Enter.
fn fill(window: &mut Window, label: &str, text: &str) {
    let field = window.harness.get_by_label(label);
    field.focus();
    window.harness.run_ok();
    window.key(Modifiers::COMMAND, Key::A);
    if text.is_empty() {
        window.press(Key::Delete);
    } else {
        window.harness.event(egui::Event::Text(text.to_owned()));
    }
    window.harness.run_ok();
    window.key(Modifiers::NONE, Key::Enter);
}

fn text(window: &Window) -> String {
    window.session().text().to_owned()
}

#[test]
fn the_clusters_terms_are_typed_and_undone_and_wrong_ones_say_what_to_write() {
    let mut window = window();
    assert!(
        !window.has("Replication role"),
        "folded: a simple design is simple"
    );
    window.push("More about access");
    assert!(window.has("Replication role"));
    fill(&mut window, "Replication role", "Rep");
    assert!(
        window.has("write for example role"),
        "it is refused with a sentence"
    );
    fill(&mut window, "Replication role", "repuser");
    assert!(text(&window).contains("role = \"repuser\""));
    assert_eq!(
        window.session().desk.history.undo_label(),
        Some("Change the replication role")
    );
    window.key(Modifiers::COMMAND, Key::Z);
    assert!(!text(&window).contains("repuser"));
    fill(&mut window, "restore_command", "");
    assert!(!text(&window).contains("restore_command") && text(&window).contains("archive_command"));
}

#[test]
fn a_servers_terms_are_open_where_the_design_has_some() {
    let mut window = window();
    window.select("b");
    assert!(window.has("1. a"), "its fallback, in an open fold");
    window.push("Remove the fallback a");
    assert!(!text(&window).contains("also_follows"));
    window.select("a");
    window.push("More");
    fill(&mut window, "Add an option", "keepalives_idle = 30");
    assert!(text(&window).contains("keepalives_idle = \"30\""));
    fill(&mut window, "Add an option", "password = x");
    assert!(window.has("a design never holds a password"));
    fill(&mut window, "Slot name", "standby_7");
    assert!(text(&window).contains("slot = \"standby_7\""));
    window.push("Receives WAL only (pg_receivewal)");
    assert!(text(&window).matches("receiver = true").count() == 2);
}

#[test]
fn the_drawing_shows_fall_backs_archives_and_receivers() {
    let window = window();
    assert!(window.has("Legend: "));
    for words in [
        "fallback upstream",
        "fed by the archive",
        "takes WAL; not a server",
    ] {
        assert!(window.has(words), "{words}");
    }
    let diagram = Diagram::of(&format::read(DESIGN).unwrap());
    let lines: Vec<Line> = diagram.links.iter().map(|link| link.line).collect();
    let count = |line: Line| lines.iter().filter(|one| **one == line).count();
    assert_eq!(
        (count(Line::Fallback), count(Line::Dotted), count(Line::Dashed)),
        (1, 1, 3)
    );
    let tank = diagram.cards.iter().find(|card| card.name == "tank").unwrap();
    assert!(tank.detail.starts_with("receiver"));
    assert!(diagram.links.iter().any(|link| link.label == "by archive"));
}
