//! The window through its accessibility tree and its keys, without a display.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

use egui::accesskit::Role;
use egui::{Key, Modifiers, PointerButton, Pos2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _, by};
use pgcascade::app::edits as commands;
use pgcascade::app::{
    Against, ClusterMessage, DesignMessage, Dialog, Effect, FileMessage, Message, PathPurpose, RunMessage,
    RunView, Session, Tab, ViewMessage,
};
use pgcascade::model::bundle;
use pgcascade::model::diagram::{PictureFormat, PictureStyle};
use pgcascade::model::document::{Command, Document, format, templates};
use pgcascade::model::plan::{EventKind, Machine, Outcome, PortUse, RunEvent, StepSummary, Tools};
use pgcascade::model::topology::{Edit, PgMajor, notation, rule};
use pgcascade::report::Report;
use pgcascade::ui::dialogs::ScriptedChooser;
use pgcascade::ui::prepare;
use pgcascade::ui::shell::{Background, Shell};

type Log = Rc<RefCell<Vec<Effect>>>;

/// Writes down what is to be done, and answers what the test puts in.
struct Desk {
    performed: Log,
    answers: Rc<RefCell<Vec<Message>>>,
}

impl Background for Desk {
    fn perform(&mut self, effect: Effect) {
        self.performed.borrow_mut().push(effect);
    }
    fn drain(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.answers.borrow_mut())
    }
}

pub(crate) struct Window {
    pub(crate) harness: Harness<'static, Shell>,
    pub(crate) performed: Log,
    pub(crate) answers: Rc<RefCell<Vec<Message>>>,
}

impl Window {
    pub(crate) fn seed() -> Self {
        let text = templates::find("seed").unwrap().text;
        Self::on(format::read(text).unwrap(), ScriptedChooser::default())
    }

    pub(crate) fn on(document: Document, chooser: ScriptedChooser) -> Self {
        let (performed, answers) = (Log::default(), Rc::default());
        let desk = Desk {
            performed: Rc::clone(&performed),
            answers: Rc::clone(&answers),
        };
        let shell = Shell::new(Session::new(document, None), Box::new(desk), Box::new(chooser));
        let draw = |ui: &mut egui::Ui, shell: &mut Shell| {
            shell.root_logic(ui.ctx());
            shell.root_ui(ui);
        };
        let mut harness = Harness::builder()
            .with_size([1280.0, 800.0])
            .build_ui_state(draw, shell);
        prepare(&harness.ctx);
        harness.run();
        Self {
            harness,
            performed,
            answers,
        }
    }

    pub(crate) fn session(&self) -> &Session {
        &self.harness.state().session
    }

    /// Press, eight moves, release.
    pub(crate) fn drag(&mut self, from: Pos2, to: Pos2) {
        self.drag_without_release(from, to);
        self.release(to);
        self.harness.run_steps(2);
    }

    fn drag_without_release(&mut self, from: Pos2, to: Pos2) {
        let harness = &mut self.harness;
        harness.hover_at(from);
        harness.step();
        harness.drag_at(from);
        harness.step();
        for part in 1..=8 {
            harness.hover_at(from + (to - from) * (part as f32 / 8.0));
            harness.step();
        }
    }

    fn release(&mut self, at: Pos2) {
        self.harness.event(egui::Event::PointerButton {
            pos: at,
            button: PointerButton::Primary,
            pressed: false,
            modifiers: Modifiers::NONE,
        });
    }

    pub(crate) fn card(&self, name: &str) -> Pos2 {
        self.card_rect(name).center()
    }

    pub(crate) fn card_rect(&self, name: &str) -> egui::Rect {
        let start = format!("{name}, ");
        let is_card = |node: &egui_kittest::kittest::AccessKitNode<'_>| {
            node.label().is_some_and(|label| label.starts_with(&start))
        };
        self.harness.get(by().predicate(is_card)).rect()
    }

    /// The drawn cluster in the notation.
    pub(crate) fn drawn(&self) -> String {
        notation::print(self.session().desk.document.topology())
    }

    pub(crate) fn upstream_of(&self, name: &str) -> String {
        let topology = self.session().desk.document.topology();
        let upstream = topology.by_name(name).unwrap().upstream().unwrap();
        topology.server(upstream).unwrap().name().to_string()
    }

    pub(crate) fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.harness.run_ok();
    }

    /// A menu inside a menu; its button ends in an arrow.
    fn open_menu(&mut self, words: &str) {
        self.harness.get_by_label_contains(words).click();
        self.harness.run_ok();
    }

    /// The row of a server in the outline.
    pub(crate) fn row(&self, name: &str) -> String {
        let start = format!("{name}: ");
        let is_row = |node: &egui_kittest::kittest::AccessKitNode<'_>| {
            node.role() == Role::TreeItem && node.label().is_some_and(|label| label.starts_with(&start))
        };
        let row = self.harness.get(by().predicate(is_row));
        row.accesskit_node().label().unwrap()
    }

    pub(crate) fn select(&mut self, name: &str) {
        let row = self.row(name);
        self.click(&row);
    }

    pub(crate) fn key(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.harness.run_ok();
    }

    pub(crate) fn press(&mut self, key: Key) {
        self.key(Modifiers::NONE, key);
    }

    /// Text into a field in place of what stands there.
    fn fill(&mut self, label: &str, text: &str) {
        self.harness.get_by_label(label).focus();
        self.harness.run_ok();
        self.key(Modifiers::COMMAND, Key::A);
        self.harness.get_by_label(label).type_text(text);
        self.harness.run_ok();
    }

    pub(crate) fn send(&mut self, message: Message) {
        self.answers.borrow_mut().push(message);
        self.harness.step();
        self.harness.run_ok();
    }

    pub(crate) fn has(&self, words: &str) -> bool {
        self.harness
            .query_all(by().label_contains(words).include_labels())
            .next()
            .is_some()
    }
}

#[test]
fn a_server_is_moved_through_the_outline_and_back_by_keys_and_menu() {
    let mut window = Window::seed();
    window.select("slave12");
    assert_eq!(
        window.session().selected_server().unwrap().name().as_str(),
        "slave12"
    );
    window.click("Actions for slave12");
    window.open_menu("Move under");
    window.click("slave2");
    assert_eq!(window.session().dialog, None);
    assert_eq!(window.upstream_of("slave12"), "slave2");
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.upstream_of("slave12"), "slave1");
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert_eq!(window.upstream_of("slave12"), "slave2");
    window.click("Edit");
    let undo = window
        .harness
        .get_by_label_contains("Undo: Attach slave12 to slave2");
    undo.click();
    window.harness.run_ok();
    assert_eq!(window.upstream_of("slave12"), "slave1");
}

#[test]
fn the_outline_is_walked_and_used_by_keys_alone() {
    let mut window = Window::seed();
    let row = window.row("master");
    window.harness.get_by_label(&row).focus();
    window.harness.run_ok();
    window.press(Key::ArrowDown);
    window.press(Key::ArrowRight);
    window.press(Key::ArrowDown);
    window.press(Key::Enter);
    assert_eq!(
        window.session().selected_server().unwrap().name().as_str(),
        "slave12"
    );
    window.press(Key::Delete);
    assert!(
        window
            .session()
            .desk
            .document
            .topology()
            .by_name("slave12")
            .is_none()
    );
    window.key(Modifiers::COMMAND, Key::Z);
    assert!(
        window
            .session()
            .desk
            .document
            .topology()
            .by_name("slave12")
            .is_some()
    );
}

#[test]
fn a_target_that_would_be_a_loop_is_shown_but_cannot_be_chosen() {
    let mut window = Window::seed();
    window.click("Actions for slave1");
    window.open_menu("Move under");
    let refused = window.harness.get_by_label("slave11");
    assert!(refused.accesskit_node().is_disabled());
    let before = window.drawn();
    window.click("slave11");
    assert_eq!(window.drawn(), before);
}

#[test]
fn nonsense_in_a_field_stays_there_with_its_sentence_and_changes_nothing() {
    let mut window = Window::seed();
    let before = window.drawn();
    window.select("slave1");
    window.fill("Port", "54x");
    window.press(Key::Enter);
    assert_eq!(window.drawn(), before);
    assert!(window.has("\"54x\" is no port"));
    assert_eq!(
        window.harness.get_by_label("Port").value().as_deref(),
        Some("54x")
    );
    window.fill("Port", "15999");
    window.press(Key::Enter);
    assert!(!window.has("is no port"));
    let topology = window.session().desk.document.topology();
    assert_eq!(topology.by_name("slave1").unwrap().port().number(), 15999);
    assert_eq!(
        window.session().desk.history.undo_label(),
        Some("Change the port of slave1")
    );
}

#[test]
fn keys_belong_to_the_field_that_is_typed_into() {
    let mut window = Window::seed();
    window.select("slave12");
    window.fill("Name", "x");
    window.press(Key::Delete);
    window.key(Modifiers::COMMAND, Key::Z);
    let topology = window.session().desk.document.topology();
    assert!(topology.by_name("slave12").is_some() && topology.servers().len() == 5);
}

#[test]
fn what_is_typed_is_not_lost_when_another_server_is_selected() {
    let mut window = Window::seed();
    window.select("slave12");
    window.fill("Name", "analytics");
    window.select("slave2");
    assert!(
        window
            .session()
            .desk
            .document
            .topology()
            .by_name("analytics")
            .is_some()
    );
}

#[test]
fn a_finding_is_put_right_by_its_button() {
    let mut document = format::read(templates::find("seed").unwrap().text).unwrap();
    let id = document.topology().by_name("slave11").unwrap().id();
    let edit = Edit::SetSyncPriority {
        server: id,
        priority: Some(3),
    };
    document
        .apply(&pgcascade::model::document::Command::Edit(edit))
        .unwrap();
    let mut window = Window::on(document, ScriptedChooser::default());
    let finding = window.session().derived.findings[0].clone();
    assert_eq!(finding.rule, "sync-on-cascaded-standby");
    let source = rule(finding.rule).unwrap().source;
    let why = format!("{source} ({})", finding.rule);
    assert!(window.harness.query_by_label(&why).is_none());
    window.click("Why");
    assert!(window.harness.query_by_label(&why).is_some());
    window.click(&finding.fix.unwrap().label);
    assert!(
        window
            .session()
            .derived
            .findings
            .iter()
            .all(|other| other.rule != finding.rule)
    );
}

#[test]
fn export_writes_the_bytes_of_the_bundle_to_the_chosen_path() {
    let document = format::read(templates::find("seed").unwrap().text).unwrap();
    let bytes = bundle::pack(&bundle::generate(&document));
    let path = PathBuf::from("/somewhere/seed.tar.gz");
    let mut window = Window::on(document, ScriptedChooser::answering([Some(path.clone())]));
    window.key(Modifiers::COMMAND, Key::E);
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
        purpose: PathPurpose::ExportPicture(style),
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
    assert!(window.has("Replace the file that is there?"));
    window.click("Cancel");
    assert_eq!((writes(&window), &window.session().dialog), (0, &None));
    window.send(looked(true));
    window.click("Replace");
    assert_eq!(writes(&window), 1);
    window.send(looked(false));
    assert_eq!(writes(&window), 2);
}

#[test]
fn good_news_goes_by_itself_and_problems_stay() {
    let mut window = Window::seed();
    window.send(Message::Failed(Report::new("The disk is full")));
    let exported = FileMessage::Written(PathPurpose::ExportBundle, "/tmp/seed.tar.gz".into(), None);
    window.send(Message::File(exported));
    assert!(window.has("Exported seed.tar.gz") && window.has("The disk is full"));
    // A quarter of a second each.
    window.harness.run_steps(44);
    assert!(!window.has("Exported seed.tar.gz") && window.has("The disk is full"));
    let output = window.harness.output();
    let delay = output.viewport_output[&egui::ViewportId::ROOT].repaint_delay;
    assert_eq!(delay, std::time::Duration::MAX);
}

#[test]
fn the_outline_says_what_the_cards_say() {
    let window = Window::seed();
    let expected = &window.session().derived.expected;
    let topology = window.session().desk.document.topology();
    let state = |name: &str| {
        let row = &expected[&topology.by_name(name).unwrap().id()];
        (row.sync_state.as_str(), row.sync_priority)
    };
    assert_eq!(state("slave1"), ("sync", 1));
    assert_eq!(state("slave2"), ("potential", 2));
    assert_eq!(state("slave12"), ("async", 0));
}

#[test]
fn closing_the_window_with_unsaved_changes_asks_first() {
    let mut window = Window::seed();
    window.press(Key::Insert);
    let root = egui::ViewportId::ROOT;
    let viewport = window.harness.input_mut().viewports.get_mut(&root).unwrap();
    viewport.events.push(egui::ViewportEvent::Close);
    window.harness.step();
    let told = |window: &Window| window.harness.output().viewport_output[&root].commands.clone();
    assert!(told(&window).contains(&egui::ViewportCommand::CancelClose));
    assert!(matches!(window.session().dialog, Some(Dialog::Unsaved { .. })));
    window.harness.run_ok();
    window.harness.get_by_label("Don't save").click();
    let mut closed = false;
    for _ in 0..4 {
        window.harness.step();
        closed |= told(&window).contains(&egui::ViewportCommand::Close);
    }
    assert!(closed);
}

#[test]
fn help_lists_every_key_and_closes_by_escape() {
    let mut window = Window::seed();
    window.press(Key::F1);
    assert!(window.has("Take the last edit back"));
    window.press(Key::Escape);
    assert_eq!(window.session().dialog, None);
}

#[test]
fn escape_ends_a_drag_even_if_it_comes_with_the_release() {
    for at_once in [true, false] {
        let mut window = Window::seed();
        let before = window.drawn();
        let (from, to) = (window.card("slave12"), window.card("slave2"));
        window.drag_without_release(from, to);
        assert!(window.card("slave12").distance(from) > 50.0);
        window.harness.key_press(Key::Escape);
        if !at_once {
            window.harness.run_steps(2);
            assert!(window.card("slave12").distance(from) < 1.0);
        }
        window.release(to);
        window.harness.run_steps(3);
        assert!(window.card("slave12").distance(from) < 1.0);
        assert_eq!(window.drawn(), before);
    }
}

#[test]
fn the_order_of_synchronous_standbys_is_changed_by_buttons() {
    let mut window = Window::seed();
    window.click("Move slave2 up");
    let names = window
        .session()
        .desk
        .document
        .topology()
        .synchronous_standby_names();
    assert_eq!(names, "slave2, slave1");
    assert!(window.has("synchronous_standby_names = 'slave2, slave1'"));
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
    assert!(window.has("Select a server to see which lines come from it"));
    window.select("slave12");
    // 3 + 3 settings, standby.signal, and a line for each loopback address in two pg_hba.conf.
    assert!(window.has("11 lines in 4 files come from slave12"));
    let mut shown = Vec::new();
    for _ in 0..5 {
        window.click("Next");
        shown.extend(window.session().looks.shown_file.clone());
    }
    let expected = [
        "servers/slave1/pg_hba.conf",
        "servers/slave12/postgresql.conf",
        "servers/slave12/pg_hba.conf",
        "servers/slave12/standby.signal",
        "servers/slave1/pg_hba.conf",
    ];
    assert_eq!(shown, expected);
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
    assert!(window.has("Select a server to see which lines come from it"));
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
    assert!(window.has("Make the data directories · 6 steps"));
    let main_buttons: Vec<_> = window.harness.get_all_by_label("Deploy").collect();
    main_buttons.last().unwrap().click();
    drop(main_buttons);
    window.harness.run_steps(3);
    let RunView::Run { run, .. } = window.session().live.run else {
        panic!("it does not run");
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
    let adopted = ClusterMessage::Adopted("/tmp/seed".into(), Box::new(deployed));
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
    assert!(window.has("Looking at the cluster"));
    window.send(Message::Run(RunMessage::NotLooked(Report::new("It is busy"))));
    assert!(window.has("It is busy") && window.has("Apply the changes…"));
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
    // The plan is made anew.
    assert!(matches!(window.session().live.run, RunView::Discovering { .. }));
}

#[test]
fn a_window_in_which_nothing_happens_asks_for_no_frame() {
    let mut window = Window::seed();
    window.harness.run();
    window.harness.step();
    let output = window.harness.output();
    let delay = output.viewport_output[&egui::ViewportId::ROOT].repaint_delay;
    assert_eq!(delay, std::time::Duration::MAX);
}

#[test]
fn a_card_is_dragged_onto_another_on_the_canvas() {
    let mut window = Window::seed();
    let (from, to) = (window.card("slave12"), window.card("slave2"));
    window.drag(from, to);
    assert_eq!(window.upstream_of("slave12"), "slave2");
}

#[test]
fn the_order_of_synchronous_standbys_is_dragged() {
    let mut window = Window::seed();
    let grip = |window: &Window, words: &str| window.harness.get_by_label(words).rect().center();
    let (from, to) = (grip(&window, "☰  2"), grip(&window, "☰  1"));
    window.drag(from, to);
    let names = window
        .session()
        .desk
        .document
        .topology()
        .synchronous_standby_names();
    assert_eq!(names, "slave2,slave1".replace(',', ", "));
}

#[test]
fn added_standbys_go_under_the_selected_server() {
    let mut window = Window::seed();
    window.select("slave2");
    window.press(Key::Insert);
    assert_eq!(window.upstream_of("standby1"), "slave2");
    let session = window.session();
    assert!(matches!(commands::add_standby(session, &[]), Message::Design(_)));
    assert_eq!(
        session.selected_server().map(|server| server.name().to_string()),
        Some("standby1".to_owned())
    );
}

#[test]
fn links_are_encrypted_by_a_click_and_by_undo_they_are_not() {
    let mut window = Window::seed();
    let is_encrypted = |window: &Window| window.session().desk.document.topology().has_tls();
    window.click("Encrypt replication links (TLS)");
    assert!(is_encrypted(&window));
    let path = "servers/slave1/pg_hba.conf".to_owned();
    window.send(Message::View(ViewMessage::ShowFile(path)));
    assert!(window.has("over TLS only (hostssl)"));
    window.key(Modifiers::COMMAND, Key::Z);
    assert!(!is_encrypted(&window));
}
