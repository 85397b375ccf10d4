//! From the drawing to what runs, in the window: the plan, the run, and a change of what runs.

use crate::window::Window;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pgcascade::app::{ClusterMessage, DesignMessage, Effect, Message, RunMessage, RunView, Tab, ViewMessage};
use pgcascade::model::document::Command;
use pgcascade::model::plan::{EventKind, Machine, Outcome, PortUse, RunEvent, StepSummary, Tools};
use pgcascade::model::topology::{Edit, PgMajor};
use pgcascade::report::Report;

fn machine() -> Machine {
    Machine {
        tools: vec![Tools {
            bin: "/usr/lib/postgresql/15/bin".to_owned(),
            major: PgMajor::V15,
            version: "15.18".to_owned(),
            has_tls: Some(true),
        }],
        free_disk_bytes: Some(100 << 30),
        ..Machine::portable("/tmp/seed")
    }
}

#[test]
fn what_a_design_runs_of_its_own_is_asked_about_before_anything_is_deployed() {
    let mut window = Window::seed();
    let setting = Edit::SetSetting {
        server: None,
        name: "session_preload_libraries".to_owned(),
        value: Some("auto_explain".to_owned()),
    };
    window.send(Message::Design(DesignMessage::Do(Command::Edit(setting))));
    window.send(Message::Run(RunMessage::Prepare("/tmp/seed".into())));
    window.send(Message::Run(RunMessage::Found(Box::new(machine()))));
    window.send(Message::View(ViewMessage::Show(Tab::Deploy)));
    let said = "Runs on this machine: code that session_preload_libraries loads on every server: \
         auto_explain";
    assert!(window.has(said));
    let deploy = |window: &mut Window| {
        let buttons: Vec<_> = window.harness.get_all_by_label("Deploy").collect();
        buttons.last().unwrap().click();
        drop(buttons);
        window.harness.run_steps(3);
    };
    deploy(&mut window);
    assert!(window.has("Trust this design?"));
    window.click("Cancel");
    let has_begun = |window: &Window| {
        let performed = window.performed.borrow();
        performed
            .iter()
            .any(|effect| matches!(effect, Effect::StartRun { .. }))
    };
    assert!(!has_begun(&window) && window.session().dialog.is_none());
    deploy(&mut window);
    window.harness.get_by_label("Trust and start").click();
    window.harness.run_steps(3);
    assert!(has_begun(&window));
}

#[test]
fn a_plan_is_shown_with_its_reasons_and_then_the_run() {
    let mut window = Window::seed();
    window.send(Message::Run(RunMessage::Prepare("/tmp/seed".into())));
    window.send(Message::Run(RunMessage::Found(Box::new(machine()))));
    window.send(Message::View(ViewMessage::Show(Tab::Deploy)));
    let RunView::Planned { plan: Some(plan), .. } = &window.session().live.run else {
        panic!("{:?}", window.session().live.run);
    };
    let (title, why) = (plan.steps[0].title.clone(), plan.steps[0].why.clone());
    window.click("Show every step");
    assert!(window.has(&title) && window.has(&why));
    assert!(window.has("Create the data directories · 6 steps"));
    let main_buttons: Vec<_> = window.harness.get_all_by_label("Deploy").collect();
    main_buttons.last().unwrap().click();
    drop(main_buttons);
    window.harness.run_steps(3);
    let RunView::Run { run, .. } = window.session().live.run else {
        panic!("it is not running");
    };
    let event = |number, kind| {
        Message::Run(RunMessage::Event(RunEvent {
            run,
            number,
            elapsed_ms: 1_200,
            kind,
        }))
    };
    let steps = vec![StepSummary {
        step: pgcascade::model::plan::StepId(0),
        server: None,
        title: "Claim the folder".to_owned(),
    }];
    let started = EventKind::Started {
        cluster: "seed".to_owned(),
        folder: "/tmp/seed".to_owned(),
        steps,
    };
    window.send(event(0, started));
    assert!(window.has("Claim the folder") && window.has("0 of 1 steps"));
    window.select("slave1");
    window.send(Message::View(ViewMessage::Show(Tab::Inspector)));
    assert!(window.harness.get_by_label("Port").accesskit_node().is_disabled());
    let outcome = Outcome::Cancelled { remains: Vec::new() };
    window.send(event(1, EventKind::Finished { outcome }));
    window.send(Message::View(ViewMessage::Show(Tab::Deploy)));
    assert!(window.has("nothing is left"));
}

#[test]
fn what_differs_from_the_running_cluster_can_be_applied() {
    let mut window = Window::seed();
    let deployed = window.session().desk.document.clone();
    let adopted = ClusterMessage::Attached("/tmp/seed".into(), Box::new(deployed));
    window.send(Message::Cluster(adopted));
    window.send(Message::View(ViewMessage::Show(Tab::Deploy)));
    assert!(!window.has("Apply the changes…"));
    let topology = window.session().desk.document.topology();
    let [server, upstream] = ["slave12", "slave2"].map(|name| topology.by_name(name).unwrap().id());
    let attach = Command::Edit(Edit::Attach { server, upstream });
    window.send(Message::Design(DesignMessage::Do(attach)));
    // In the tool bar and in the panel.
    let mut buttons = window.harness.get_all_by_label("Apply the changes…");
    buttons.next_back().unwrap().click();
    drop(buttons);
    window.harness.run_ok();
    let is_asked = |effect: &Effect| matches!(effect, Effect::LookForChange { .. });
    assert!(window.performed.borrow().iter().any(is_asked));
    assert!(window.has("Reading the cluster"));
    window.send(Message::Run(RunMessage::NotLooked(Report::new("It is busy"))));
    assert!(window.has("It is busy") && window.has("Apply the changes…"));
}

#[test]
fn the_version_that_is_here_is_taken_by_a_button() {
    let mut window = Window::seed();
    let edit = Edit::SetPostgres(PgMajor::V14);
    window.send(Message::Design(DesignMessage::Do(Command::Edit(edit))));
    window.send(Message::Run(RunMessage::Prepare("/tmp/seed".into())));
    window.send(Message::Run(RunMessage::Found(Box::new(machine()))));
    window.send(Message::View(ViewMessage::Show(Tab::Deploy)));
    window.click("Use PostgreSQL 15");
    let topology = window.session().desk.document.topology();
    assert_eq!(topology.postgres(), PgMajor::V15);
    assert!(matches!(window.session().live.run, RunView::Discovering { .. }));
}

#[test]
fn a_port_in_use_stands_in_the_way_with_its_sentence() {
    let mut window = Window::seed();
    let mut machine = machine();
    machine.ports_in_use = vec![PortUse {
        port: 5432,
        by: Some("postgres (pid 812)".to_owned()),
    }];
    window.send(Message::Run(RunMessage::Prepare("/tmp/seed".into())));
    window.send(Message::Run(RunMessage::Found(Box::new(machine))));
    window.send(Message::View(ViewMessage::Show(Tab::Deploy)));
    assert!(window.has("5432") && window.has("problem"));
    assert!(matches!(
        window.session().live.run,
        RunView::Planned { plan: None, .. }
    ));
    window.click("Use another port");
    let topology = window.session().desk.document.topology();
    assert_eq!(topology.primary().port().number(), 5433);
    // The plan is made again.
    assert!(matches!(window.session().live.run, RunView::Discovering { .. }));
}
