//! Servers that run, broken on purpose and repaired in the window: by the menus of cards and links, by the cluster's panel; what
//! cannot be broken says why.

use egui::{Event, Modifiers, PointerButton, Pos2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pgcascade::app::breaking::BreakingMessage;
use pgcascade::app::glance::Glance;
use pgcascade::app::{ClusterMessage, Effect, Message, Tab, ViewMessage, WhatIfMessage};
use pgcascade::model::document::{format, templates};
use pgcascade::report::Report;
use pgcascade::ui::dialogs::ScriptedChooser;

use crate::reality::{FOLDER, as_drawn, see, watching};
use crate::window::Window;

fn running() -> Window {
    let mut window = watching();
    see(&mut window, as_drawn());
    window
}

/// The same as a laboratory: its links can be broken.
fn with_links() -> Window {
    let text = format!("{}\n[lab]\nlinks = true\n", templates::find("seed").unwrap().text);
    let document = format::read(&text).unwrap();
    let mut window = Window::on(document.clone(), ScriptedChooser::default());
    let attached = ClusterMessage::Attached(FOLDER.into(), Box::new(document));
    window.send(Message::Cluster(attached));
    see(&mut window, as_drawn());
    window
}

/// The drawing of this window runs, and a server of it was killed.
pub(crate) fn break_something(window: &mut Window) {
    let deployed = Box::new(window.session().desk.document.clone());
    let attached = ClusterMessage::Attached(FOLDER.into(), deployed);
    window.send(Message::Cluster(attached));
    see(window, with_faults(as_drawn(), &["crash slave1"]));
}

fn tell(window: &mut Window, message: BreakingMessage) {
    window.send(message.into());
}

fn with_faults(mut seen: Glance, faults: &[&str]) -> Glance {
    seen.faults = faults.iter().map(|&fault| fault.to_owned()).collect();
    seen
}

/// What was to be done: "break crash slave1", "repair everything".
fn deeds(window: &Window) -> Vec<String> {
    let performed = window.performed.borrow();
    let deed = |effect: &Effect| match effect {
        Effect::Break { fault, .. } => Some(format!("break {fault}")),
        Effect::Repair { fault: Some(one), .. } => Some(format!("repair {one}")),
        Effect::Repair { fault: None, .. } => Some("repair everything".to_owned()),
        Effect::CancelBreaking => Some("cancel".to_owned()),
        _ => None,
    };
    performed.iter().filter_map(deed).collect()
}

fn right_click(window: &mut Window, pos: Pos2) {
    window.harness.hover_at(pos);
    window.harness.step();
    for pressed in [true, false] {
        window.harness.event(Event::PointerButton {
            pos,
            button: PointerButton::Secondary,
            pressed,
            modifiers: Modifiers::NONE,
        });
        window.harness.step();
    }
    window.harness.run_ok();
}

fn menu_of_link(window: &mut Window, above: &str, below: &str) {
    let (above, below) = (window.card_rect(above), window.card_rect(below));
    let middle = (above.center_bottom() + below.center_top().to_vec2()) / 2.0;
    right_click(window, middle);
}

fn is_disabled(window: &Window, words: &str) -> bool {
    window.harness.get_by_label(words).accesskit_node().is_disabled()
}

/// Whether the tooltip of what has these words says this.
fn says_on_hover(window: &mut Window, words: &str, tooltip: &str) -> bool {
    window.harness.get_by_label(words).hover();
    window.harness.run_steps(40);
    window.has(tooltip)
}

#[test]
fn a_card_s_menu_breaks_its_server_and_says_what_will_be_seen() {
    let mut window = running();
    window.click("Actions for slave1");
    window.open_menu("Break it");
    assert!(says_on_hover(&mut window, "Freeze it", "SIGSTOP"));
    assert!(window.has("Repair lets it continue"), "that it can be undone");
    window.click("Kill it (kill -9)");
    assert_eq!(deeds(&window), ["break crash slave1"]);
    // Nothing else meanwhile, and the panel says what is going on.
    window.send(Message::View(ViewMessage::Show(Tab::Deploy)));
    assert!(window.has("Killing slave1…"));
    window.click("Actions for slave2");
    window.open_menu("Break it");
    assert!(is_disabled(&window, "Kill it (kill -9)"));
    assert!(says_on_hover(
        &mut window,
        "Kill it (kill -9)",
        "busy: Killing slave1"
    ));
    let said = vec!["slave1 was killed (SIGKILL).".to_owned()];
    tell(&mut window, BreakingMessage::Made(FOLDER.into(), said));
    assert!(window.has("slave1 was killed"));
    assert!(window.has("its downstreams lose their connection"));
}

#[test]
fn the_primary_has_no_replay_and_a_server_that_is_down_cannot_be_killed() {
    let mut window = running();
    let mut seen = as_drawn();
    seen.board.servers[2].running = false;
    seen.board.servers[2].answers = false;
    see(&mut window, seen);
    window.click("Actions for master");
    window.open_menu("Break it");
    assert!(window.has("Fill its disk") && !window.has("Pause its replay"));
    window.press(egui::Key::Escape);
    window.press(egui::Key::Escape);
    window.click("Actions for slave2");
    window.open_menu("Break it");
    for words in [
        "Kill it (kill -9)",
        "Freeze it",
        "Fill its disk",
        "Pause its replay",
    ] {
        assert!(is_disabled(&window, words), "{words}");
    }
    assert!(says_on_hover(&mut window, "Freeze it", "slave2 is down"));
    assert_eq!(deeds(&window), [""; 0]);
}

#[test]
fn what_is_broken_is_listed_with_its_repair_also_if_a_terminal_did_it() {
    let mut window = running();
    window.send(Message::View(ViewMessage::Show(Tab::Deploy)));
    assert!(!window.has("Broken on purpose"));
    see(
        &mut window,
        with_faults(as_drawn(), &["pause slave12", "fill-disk slave2"]),
    );
    assert!(window.has("Broken on purpose"));
    assert!(window.has("slave12 does not apply WAL") && window.has("The disk of slave2 is full"));
    window.push("Repair: slave12 does not apply WAL");
    assert_eq!(deeds(&window), ["repair pause slave12"]);
    assert!(window.has("Repairing slave12…"));
    assert!(is_disabled(&window, "Repair everything"));
    window.push("Cancel");
    assert_eq!(deeds(&window), ["repair pause slave12", "cancel"]);

    tell(
        &mut window,
        BreakingMessage::Failed(FOLDER.into(), Report::new("Cancelled.")),
    );
    assert!(window.has("Repairing slave12 was cancelled"));

    // It fails: it is still there, with the reason, and can be tried again.
    window.push("Repair: The disk of slave2 is full");
    let report = Report::new("slave2 could not be limited.").hint("Look at its log");
    tell(&mut window, BreakingMessage::Failed(FOLDER.into(), report));
    assert!(window.has("Repairing the disk of slave2 failed"));
    assert!(window.has("slave2 could not be limited.") && window.has("Look at its log"));
    assert!(window.has("slave12 does not apply WAL") && window.has("The disk of slave2 is full"));
    window.push("Repair everything");
    assert_eq!(deeds(&window).last().unwrap(), "repair everything");
    let said = ["Files of slave2 can grow again.", "slave12 applies WAL again."];
    let said = said.map(str::to_owned).to_vec();
    tell(&mut window, BreakingMessage::Repaired(FOLDER.into(), said));
    see(&mut window, as_drawn());
    assert!(window.has("Everything is repaired"));
    assert!(!window.has("Broken on purpose"));
}

#[test]
fn a_card_s_menu_repairs_what_is_broken_there() {
    let mut window = running();
    see(
        &mut window,
        with_faults(as_drawn(), &["freeze slave1", "pause slave2"]),
    );
    window.send(Message::View(ViewMessage::Show(Tab::Files)));
    window.click("Actions for slave1");
    assert!(!window.has("Repair: slave2 does not apply WAL"));
    window.click("Repair: slave1 is frozen");
    assert_eq!(deeds(&window), ["repair freeze slave1"]);
}

#[test]
fn a_link_is_broken_only_in_a_laboratory() {
    let mut window = running();
    menu_of_link(&mut window, "master", "slave1");
    assert!(is_disabled(&window, "Break the link"));
    assert!(
        says_on_hover(&mut window, "Break the link", "links = true"),
        "how to get it"
    );

    let mut window = with_links();
    window.send(Message::View(ViewMessage::Show(Tab::Files)));
    menu_of_link(&mut window, "master", "slave1");
    window.open_menu("Break the link");
    window.click("Slow it down by 200 ms");
    assert_eq!(deeds(&window), ["break slow master slave1 200ms"]);
    let done = vec!["slow master slave1 200ms is done.".to_owned()];
    tell(&mut window, BreakingMessage::Made(FOLDER.into(), done));
    see(&mut window, with_faults(as_drawn(), &["slow slave1 master 30ms"]));
    menu_of_link(&mut window, "master", "slave1");
    window.open_menu("Break the link");
    assert!(is_disabled(&window, "Slow it down by 200 ms"), "it is slow");
    assert!(!is_disabled(&window, "Cut it"));
    window.click("Repair: The link between slave1 and master is slowed by 30 ms each way");
    assert_eq!(deeds(&window).last().unwrap(), "repair slow slave1 master 30ms");
}

#[test]
fn the_cluster_s_own_faults_are_in_its_panel_with_the_reason_why_not() {
    let mut window = running();
    window.send(Message::View(ViewMessage::Show(Tab::Deploy)));
    window.open_menu("Break…");
    assert!(is_disabled(&window, "Fill the archive"), "the seed has none");
    assert!(says_on_hover(&mut window, "Fill the archive", "has no archive"));
    assert!(is_disabled(&window, "Write more WAL than slots may retain"));
    let mut seen = as_drawn();
    seen.board.servers[0].replication.remove(1);
    seen.board.servers[2].running = false;
    see(&mut window, seen);
    window.click("Write more WAL than slots may retain");
    assert_eq!(deeds(&window), ["break outgrow-slots"]);
}

#[test]
fn in_what_if_the_card_s_menu_is_the_prediction() {
    let mut window = running();
    window.send(Message::WhatIf(WhatIfMessage::Enter));
    window.click("Actions for slave1");
    assert!(!window.has("Break it"));
    window.click("Crash");
    assert_eq!(deeds(&window), [""; 0]);
}

#[test]
fn everything_is_repaired_by_keys_once_something_is_broken() {
    let mut window = running();
    window.key(Modifiers::COMMAND | Modifiers::ALT, egui::Key::R);
    assert_eq!(deeds(&window), [""; 0], "nothing is broken");
    see(&mut window, with_faults(as_drawn(), &["crash slave1"]));
    window.key(Modifiers::COMMAND | Modifiers::ALT, egui::Key::R);
    assert_eq!(deeds(&window), ["repair everything"]);
}
