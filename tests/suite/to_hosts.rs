//! *Deploy to hosts…* in the window: how the hosts are reached, the plan, the playbook's run, its end, and a change.

use std::path::Path;

use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pgcascade::app::{
    DesignMessage, Dialog, Effect, FileMessage, HostsPlan, Message, RunMessage, RunView, ToHosts,
};
use pgcascade::engine::ansible::{Access, Project, Prospect};
use pgcascade::model::document::{Command, Document};
use pgcascade::model::export::Playbook;
use pgcascade::model::plan::{EventKind, Outcome, RunEvent, StepId};
use pgcascade::model::topology::{Edit, ServerName, notation};
use pgcascade::report::Report;
use pgcascade::ui::dialogs::ScriptedChooser;
use tempfile::TempDir;

use crate::window::Window;

const DESIGN: &str = "m 5432 sync first 1 host 10.0.0.1\n  a 5432 priority 1 host 10.0.0.2\n    c 5432 host 10.0.0.4\n  b 5432 host 10.0.0.3\n";

fn document(text: &str) -> Document {
    Document::new(notation::parse(text).unwrap())
}

fn window() -> Window {
    Window::on(document(DESIGN), ScriptedChooser::default())
}

fn last(window: &Window) -> Effect {
    window.performed.borrow().last().unwrap().clone()
}

/// What the worker would answer, of a folder where `before` was deployed.
fn planned(window: &Window, folder: &TempDir, before: Option<&str>) -> Message {
    let project = Project::of(Path::new("x"), Some(folder.path())).unwrap();
    if let Some(before) = before {
        project.settle(&document(before)).unwrap();
    }
    let asked = window.session().live.to_hosts.clone().unwrap();
    let prospect = Prospect::of(project, window.session().desk.document.clone());
    let planned = prospect.map(|prospect| {
        Box::new(HostsPlan {
            prospect,
            access: Access::default(),
        })
    });
    Message::Run(RunMessage::HostsLooked(asked, planned))
}

/// From the menu to the plan.
fn ask(window: &mut Window) {
    window.send(Message::Run(RunMessage::AskHosts));
    window.click("Show the plan");
}

/// What spins does not come to rest.
fn press(window: &mut Window, words: &str) {
    window.harness.get_by_label(words).click();
    window.harness.run_steps(3);
}

fn tell(window: &mut Window, number: u64, kind: EventKind) {
    let RunView::Run { run, .. } = window.session().live.run else {
        panic!("it does not run: {:?}", window.session().live.run);
    };
    window.send(Message::Run(RunMessage::Event(RunEvent {
        run,
        number,
        elapsed_ms: 1_000,
        kind,
    })));
}

#[test]
fn what_was_typed_is_what_is_looked_at_and_is_there_the_next_time() {
    let mut window = window();
    window.key(Modifiers::COMMAND | Modifiers::ALT, Key::H);
    assert!(window.has("Deploy to hosts"));
    let Some(Dialog::ToHosts(suggested)) = window.session().dialog.clone() else {
        panic!("{:?}", window.session().dialog);
    };
    assert!(suggested.folder.ends_with(".ansible"), "{suggested:?}");
    window.fill("Inventory", "who.yml");
    window.fill("Variables", "a=b");
    window.click("Show the plan");
    let asked = ToHosts {
        inventory: "who.yml".to_owned(),
        variables: "a=b".to_owned(),
        ..suggested
    };
    let Effect::LookToHosts { asked: looked, .. } = last(&window) else {
        panic!("{:?}", last(&window));
    };
    assert_eq!(looked, asked);
    assert!(window.has("Reading the playbook's folder"));
    window.click("Back");
    window.send(Message::Run(RunMessage::AskHosts));
    assert_eq!(window.session().dialog, Some(Dialog::ToHosts(asked)));
}

#[test]
fn the_plan_is_shown_run_cancelled_and_continued() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = window();
    ask(&mut window);
    let answer = planned(&window, &folder, None);
    window.send(answer);
    assert!(window.has("The plan for the hosts"));
    for group in [
        "Set up the servers: m · 1 step",
        "Set up the servers: a, b · 2 steps",
        "Switch on synchronous replication · 1 step",
        "Verify · 4 steps",
    ] {
        assert!(window.has(group), "{group}");
    }
    window.click("Show every step");
    assert!(window.has("3. Build \"b\" on 10.0.0.3") || window.has("3. Build \"a\" on 10.0.0.2"));
    press(&mut window, "Run Ansible");
    assert!(matches!(last(&window), Effect::StartPlaybook { .. }));
    let steps = Playbook::of(window.session().desk.document.topology())
        .steps()
        .to_vec();
    let started = EventKind::Started {
        cluster: "c".to_owned(),
        folder: folder.path().display().to_string(),
        steps,
    };
    tell(&mut window, 0, started);
    tell(&mut window, 1, EventKind::StepStarted { step: StepId(0) });
    let waiting = EventKind::Waiting {
        step: StepId(0),
        what: "Create the data directory".to_owned(),
    };
    tell(&mut window, 2, waiting);
    assert!(window.has("Ansible is at work") && window.has("0 of 9 steps"));
    assert!(window.has("waiting for Create the data directory"));
    press(&mut window, "Cancel");
    assert_eq!(last(&window), Effect::CancelRun);
    assert!(window.has("Ending the playbook"));
    let remains = vec!["1 of 4 servers run: m. Nothing is undone on the hosts".to_owned()];
    let finished = EventKind::Finished {
        outcome: Outcome::Cancelled {
            remains: remains.clone(),
        },
    };
    tell(&mut window, 3, finished);
    window.harness.run_steps(2);
    assert!(window.has("⊗ Cancelled") && window.has(&remains[0]));
    assert!(
        !window.has("This was not rolled back:"),
        "nothing ever is, on hosts"
    );
    window.click("Continue…");
    assert!(matches!(last(&window), Effect::LookToHosts { .. }));
}

#[test]
fn a_design_that_runs_on_the_hosts_is_changed_and_says_what_differs() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = window();
    ask(&mut window);
    let before = DESIGN.replace("    c 5432", "  c 5432");
    let answer = planned(&window, &folder, Some(&before));
    window.send(answer);
    assert!(window.has("Changes") && window.has("Interruptions"));
    assert!(window.has(
        "The playbook reloads running servers; a setting that needs a restart waits until you restart them"
    ));
    press(&mut window, "Run Ansible");
    tell(
        &mut window,
        0,
        EventKind::Finished {
            outcome: Outcome::Done,
        },
    );
    window.harness.run_steps(2);
    assert!(window.has("✔ Changed and verified"));
    window.click("Watch the servers…");
    let Some(Dialog::Import(importing)) = &window.session().dialog else {
        panic!("{:?}", window.session().dialog);
    };
    assert_eq!(
        importing.source.connection,
        "host=10.0.0.1 port=5432 user=postgres dbname=postgres"
    );
    assert!(importing.source.watch);
}

#[test]
fn what_cannot_go_to_hosts_says_why_and_is_looked_at_again_after_an_edit() {
    let mut window = window();
    ask(&mut window);
    let asked = window.session().live.to_hosts.clone().unwrap();
    let report = Report::new("Two servers have one host.").hint("Give each its own.");
    window.send(Message::Run(RunMessage::HostsLooked(asked, Err(report))));
    assert!(window.has("Two servers have one host.") && window.has("Give each its own."));
    let button = window.harness.get_by_label("Run Ansible");
    assert!(button.accesskit_node().is_disabled());
    let looks = |window: &Window| {
        let performed = window.performed.borrow();
        performed
            .iter()
            .filter(|effect| matches!(effect, Effect::LookToHosts { .. }))
            .count()
    };
    assert_eq!(looks(&window), 1);
    let server = window
        .session()
        .desk
        .document
        .topology()
        .by_name("m")
        .unwrap()
        .id();
    let name = ServerName::parse("primary").unwrap();
    let edit = Command::Edit(Edit::Rename { server, name });
    window.send(Message::Design(DesignMessage::Do(edit)));
    assert_eq!(looks(&window), 2);
    assert!(window.has("Reading the playbook's folder"));
}

#[test]
fn a_moved_card_stops_no_look_and_another_design_has_its_own_folder() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = window();
    ask(&mut window);
    let answer = planned(&window, &folder, None);
    let (from, to) = (window.card("b"), window.card("b") + egui::vec2(60.0, 140.0));
    let (drawn, document) = (window.drawn(), window.session().desk.document.clone());
    window.drag(from, to);
    assert_eq!(window.drawn(), drawn);
    assert_ne!(window.session().desk.document, document, "the card has moved");
    window.send(answer);
    assert!(window.has("The plan for the hosts"));
    let asked = window.session().live.to_hosts.clone().unwrap();
    window.send(Message::Run(RunMessage::LookToHosts(ToHosts {
        folder: folder.path().display().to_string(),
        ..asked.clone()
    })));
    window.send(Message::File(FileMessage::New("seed".to_owned())));
    window.send(Message::File(FileMessage::Discard));
    assert_eq!(window.session().live.to_hosts, None);
}
