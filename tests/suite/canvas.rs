//! The canvas with real pointer events, in a harness without a display.
#![allow(
    clippy::unwrap_used,
    reason = "a test's helpers may panic as the test may: clippy knows only the tests"
)]

use egui::{Event, Key, Modifiers, MouseWheelUnit, PointerButton, Pos2, TouchPhase, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use pgcascade::app::Outbox;
use pgcascade::app::{DesignMessage, Message, RunView, Session, ViewMessage, update};
use pgcascade::model::document::{Command, Document};
use pgcascade::model::plan::{Head, Kind, Plan, Progress};
use pgcascade::model::topology::{Edit, ServerId, notation};
use pgcascade::ui::canvas::{CanvasState, NewStandby, canvas_ui};

pub(crate) const SEED: &str = "\
postgres 15
master 5432 sync first 1
  slave1 15432 priority 1
    slave11 25432
    slave12 25433
  slave2 15433 priority 2
";

/// A window of nothing but the canvas and the palette's button; what was sent is kept.
pub(crate) struct Window {
    pub(crate) session: Session,
    pub(crate) canvas: CanvasState,
    pub(crate) sent: Vec<Message>,
}

impl Window {
    pub(crate) fn on(notation: &str) -> Harness<'static, Self> {
        Self::with(Session::new(
            Document::new(notation::parse(notation).unwrap()),
            None,
        ))
    }

    pub(crate) fn with(session: Session) -> Harness<'static, Self> {
        let window = Self {
            session,
            canvas: CanvasState::default(),
            sent: Vec::new(),
        };
        let mut harness = Harness::builder()
            .with_size(vec2(1100.0, 700.0))
            .with_step_dt(1.0 / 60.0)
            .with_max_steps(120)
            .build_ui_state(Self::ui, window);
        harness.run();
        harness
    }

    pub(crate) fn ui(ui: &mut egui::Ui, window: &mut Self) {
        let palette = egui::Button::new("Add standby").sense(egui::Sense::click_and_drag());
        ui.add(palette).dnd_set_drag_payload(NewStandby);
        let mut outbox = Outbox::default();
        canvas_ui(ui, &window.session, &mut window.canvas, &mut outbox);
        for message in outbox.take() {
            update(&mut window.session, message.clone());
            window.sent.push(message);
        }
    }

    pub(crate) fn id(&self, name: &str) -> ServerId {
        self.session.desk.document.topology().by_name(name).unwrap().id()
    }

    /// Commands sent since the last call.
    pub(crate) fn commands(&mut self) -> Vec<Command> {
        let sent = std::mem::take(&mut self.sent);
        let command = |message| match message {
            Message::Design(DesignMessage::Do(command)) => Some(command),
            _ => None,
        };
        sent.into_iter().filter_map(command).collect()
    }

    pub(crate) fn tree(&self) -> String {
        notation::print(self.session.desk.document.topology())
    }
}

pub(crate) type Canvas = Harness<'static, Window>;

/// The card of that server; its label begins with its name.
pub(crate) fn card<'a>(harness: &'a Canvas, name: &str) -> egui_kittest::Node<'a> {
    let begin = format!("{name}, ");
    harness.get_by(move |node| node.label().is_some_and(|label| label.starts_with(&begin)))
}

pub(crate) fn centre(harness: &Canvas, name: &str) -> Pos2 {
    card(harness, name).rect().center()
}

pub(crate) fn button(harness: &Canvas, pos: Pos2, button: PointerButton, pressed: bool) {
    harness.event(Event::PointerButton {
        pos,
        button,
        pressed,
        modifiers: Modifiers::NONE,
    });
}

fn press(harness: &mut Canvas, at: Pos2) {
    harness.hover_at(at);
    harness.step();
    button(harness, at, PointerButton::Primary, true);
    harness.step();
}

fn move_to(harness: &mut Canvas, from: Pos2, to: Pos2) {
    for step in 1..=8_u8 {
        harness.hover_at(from + (to - from) * (f32::from(step) / 8.0));
        harness.step();
    }
}

fn release(harness: &mut Canvas, at: Pos2) {
    button(harness, at, PointerButton::Primary, false);
    harness.step();
    harness.run();
}

pub(crate) fn drag(harness: &mut Canvas, from: Pos2, to: Pos2) {
    press(harness, from);
    move_to(harness, from, to);
    release(harness, to);
}

#[test]
fn a_standby_dropped_on_a_server_follows_it() {
    let mut harness = Window::on(SEED);
    let (from, to) = (centre(&harness, "slave12"), centre(&harness, "slave2"));
    // Not grabbed at the centre: the card must not jump there.
    drag(&mut harness, from + vec2(60.0, 20.0), to + vec2(-50.0, 10.0));
    let (server, upstream) = (harness.state().id("slave12"), harness.state().id("slave2"));
    assert_eq!(
        harness.state_mut().commands(),
        [Command::Edit(Edit::Attach { server, upstream })]
    );
    assert!(
        harness
            .state()
            .tree()
            .ends_with("  slave2 15433 priority 2\n    slave12 25433\n")
    );
    // It went to its place below its new upstream.
    assert!(centre(&harness, "slave12").y > centre(&harness, "slave2").y + 80.0);
}

/// On a busy machine a press and the moves after it come in one frame.
#[test]
fn what_counts_is_where_it_was_pressed() {
    let mut harness = Window::on(SEED);
    let (from, to) = (centre(&harness, "slave12"), centre(&harness, "slave2"));
    let palette = harness.get_by_label("Add standby").rect().center();
    for (from, commands) in [(palette, 0), (from, 1)] {
        harness.hover_at(from);
        harness.step();
        harness.input_mut().events.extend([
            Event::PointerButton {
                pos: from,
                button: PointerButton::Primary,
                pressed: true,
                modifiers: Modifiers::NONE,
            },
            Event::PointerMoved(from.lerp(to, 0.5) + vec2(0.0, 50.0)),
        ]);
        harness.step();
        harness.hover_at(to);
        harness.step();
        release(&mut harness, to);
        assert_eq!(harness.state_mut().commands().len(), commands);
    }
    assert!(
        harness
            .query_by_label_contains("slave12, standby of slave2")
            .is_some()
    );
}

#[test]
fn a_click_selects_and_moves_nothing() {
    let mut harness = Window::on(SEED);
    let at = centre(&harness, "slave2");
    let selected = Message::View(ViewMessage::Select(Some(harness.state().id("slave2"))));
    press(&mut harness, at + vec2(40.0, 20.0));
    // A hand is never quite still, and slow: this would be a drag to egui.
    harness.run_steps(60);
    move_to(&mut harness, at + vec2(40.0, 20.0), at + vec2(42.0, 21.0));
    assert_eq!(centre(&harness, "slave2"), at, "a press alone moves nothing");
    release(&mut harness, at + vec2(42.0, 21.0));
    assert_eq!(harness.state().sent, [selected]);
    assert_eq!(centre(&harness, "slave2"), at);

    harness.state_mut().sent.clear();
    harness.hover_at(Pos2::new(30.0, 60.0));
    drag(&mut harness, Pos2::new(30.0, 60.0), Pos2::new(30.0, 60.0));
    assert_eq!(harness.state().sent, [Message::View(ViewMessage::Select(None))]);
}

#[test]
fn a_double_click_lets_the_name_be_typed() {
    let mut harness = Window::on(SEED);
    let at = centre(&harness, "slave2");
    for _ in 0..2 {
        button(&harness, at, PointerButton::Primary, true);
        harness.step();
        button(&harness, at, PointerButton::Primary, false);
        harness.step();
    }
    let rename = Message::View(ViewMessage::Rename(Some(harness.state().id("slave2"))));
    assert_eq!(
        harness
            .state()
            .sent
            .iter()
            .filter(|message| **message == rename)
            .count(),
        1
    );
}

#[test]
fn a_drop_on_empty_canvas_moves_the_card_there_once() {
    let mut harness = Window::on(SEED);
    let from = centre(&harness, "slave2");
    drag(&mut harness, from + vec2(30.0, 10.0), from + vec2(130.0, 90.0));
    let commands = harness.state_mut().commands();
    assert!(
        matches!(&commands[..], [Command::Move(moves)] if moves.len() == 1),
        "{commands:?}"
    );
    let moved = centre(&harness, "slave2") - from;
    assert!((moved - vec2(100.0, 80.0)).length() < 1.0, "{moved:?}");
}

#[test]
fn a_drop_below_itself_is_refused_with_the_reason() {
    let mut harness = Window::on(SEED);
    let (from, to) = (centre(&harness, "slave1"), centre(&harness, "slave11"));
    drag(&mut harness, from, to);
    assert_eq!(harness.state_mut().commands(), []);
    assert!(harness.state().canvas.refusal().unwrap().contains("loop"));
    assert_eq!(centre(&harness, "slave1"), from, "it snaps back");
    // The next press takes the sentence away.
    let at = centre(&harness, "slave2");
    drag(&mut harness, at, at);
    assert_eq!(harness.state().canvas.refusal(), None);
}

#[test]
fn escape_leaves_a_drag() {
    let mut harness = Window::on(SEED);
    let (from, to) = (centre(&harness, "slave12"), centre(&harness, "slave2"));
    press(&mut harness, from);
    move_to(&mut harness, from, to);
    harness.key_press(Key::Escape);
    harness.step();
    harness.hover_at(to + vec2(3.0, 0.0));
    harness.step();
    release(&mut harness, to);
    assert_eq!(harness.state_mut().commands(), []);
    assert_eq!(centre(&harness, "slave12"), from);
}

#[test]
fn nothing_is_dragged_while_a_deployment_runs() {
    let mut session = Session::new(Document::new(notation::parse(SEED).unwrap()), None);
    session.live.run = RunView::Run {
        run: 1,
        job: pgcascade::app::job::Job::Plan(Plan {
            cluster: "seed".to_owned(),
            folder: "/nowhere".to_owned(),
            head: Head::of(Kind::Deploy),
            steps: Vec::new(),
        }),
        progress: Progress::default(),
        cancelling: false,
    };
    let mut harness = Window::with(session);
    let (from, to) = (centre(&harness, "slave12"), centre(&harness, "slave2"));
    press(&mut harness, from);
    move_to(&mut harness, from, to);
    assert_eq!(centre(&harness, "slave12"), from);
    release(&mut harness, to);
    assert_eq!(harness.state_mut().commands(), []);
}

#[test]
fn a_new_standby_needs_a_server_to_follow() {
    let mut harness = Window::on(SEED);
    let palette = harness.get_by_label("Add standby").rect().center();
    let upstream = harness.state().id("slave2");
    let to = centre(&harness, "slave2");
    drag(&mut harness, palette, Pos2::new(60.0, 300.0));
    assert_eq!(harness.state_mut().commands(), []);
    assert!(harness.state().canvas.refusal().is_some());
    drag(&mut harness, palette, to);
    let added = Edit::AddStandby {
        upstream,
        name: None,
        port: None,
    };
    assert_eq!(harness.state_mut().commands(), [Command::Edit(added)]);
    assert!(
        harness
            .query_by_label_contains("standby1, standby of slave2")
            .is_some()
    );
}

#[test]
fn the_view_pans_the_wheel_zooms_and_a_track_pad_pans() {
    let mut harness = Window::on(SEED);
    let before = centre(&harness, "master");
    harness.key_down(Key::Space);
    drag(&mut harness, Pos2::new(40.0, 500.0), Pos2::new(90.0, 520.0));
    harness.key_up(Key::Space);
    assert!((centre(&harness, "master") - before - vec2(50.0, 20.0)).length() < 0.5);
    // The right button does the same.
    let (from, to) = (Pos2::new(90.0, 520.0), Pos2::new(40.0, 500.0));
    harness.hover_at(from);
    harness.step();
    button(&harness, from, PointerButton::Secondary, true);
    harness.step();
    move_to(&mut harness, from, to);
    button(&harness, to, PointerButton::Secondary, false);
    harness.run();
    assert!((centre(&harness, "master") - before).length() < 0.5);
    harness.hover_at(Pos2::new(40.0, 500.0));
    harness.key_down(Key::Space);
    drag(&mut harness, Pos2::new(40.0, 500.0), Pos2::new(90.0, 520.0));
    harness.key_up(Key::Space);

    let at = centre(&harness, "slave2");
    let zoom = harness.state().canvas.zoom();
    scroll(&mut harness, at, MouseWheelUnit::Line, vec2(0.0, 2.0));
    assert!(harness.state().canvas.zoom() > zoom * 1.2);
    assert!(
        (centre(&harness, "slave2") - at).length() < 1.0,
        "what is under the pointer stays"
    );

    let zoom = harness.state().canvas.zoom();
    scroll(&mut harness, at, MouseWheelUnit::Point, vec2(5.0, -7.0));
    assert_eq!(harness.state().canvas.zoom(), zoom);
    assert!((centre(&harness, "slave2") - at - vec2(5.0, -7.0)).length() < 1.0);

    harness.get_by_label("Fit").click();
    harness.run();
    assert!((centre(&harness, "master") - before).length() < 1.0);
}

fn scroll(harness: &mut Canvas, at: Pos2, unit: MouseWheelUnit, delta: Vec2) {
    harness.hover_at(at);
    harness.event(Event::MouseWheel {
        unit,
        delta,
        phase: TouchPhase::Move,
        modifiers: Modifiers::NONE,
    });
    harness.run();
}

#[test]
fn the_tree_is_walked_by_keys() {
    let mut harness = Window::on(SEED);
    card(&harness, "slave12").focus();
    harness.run();
    for (key, name) in [
        (Key::ArrowLeft, "slave11"),
        (Key::ArrowUp, "slave1"),
        (Key::ArrowUp, "master"),
        (Key::ArrowDown, "slave1"),
        (Key::ArrowRight, "slave2"),
    ] {
        harness.key_press(key);
        harness.run();
        assert!(card(&harness, name).is_focused(), "{key:?} to {name}");
        let selected = harness.state().session.looks.selected;
        assert_eq!(
            selected,
            Some(harness.state().id(name)),
            "what has the keyboard is selected"
        );
    }
    // With Ctrl the keyboard goes alone.
    harness.key_press_modifiers(Modifiers::COMMAND | Modifiers::CTRL, Key::ArrowUp);
    harness.run();
    assert!(card(&harness, "master").is_focused());
    let slave2 = harness.state().id("slave2");
    assert_eq!(harness.state().session.looks.selected, Some(slave2));
    harness.key_press(Key::Enter);
    harness.run();
    let master = harness.state().id("master");
    assert_eq!(harness.state().session.looks.selected, Some(master));
}

#[test]
fn a_card_offers_what_can_be_done_with_it() {
    let mut harness = Window::on(SEED);
    card(&harness, "slave2").click_secondary();
    harness.run();
    for label in [
        "Add standby under slave2",
        "Make asynchronous",
        "Make primary",
        "Remove",
    ] {
        assert!(harness.query_by_label(label).is_some(), "{label}");
    }
    harness.get_by_label("Make asynchronous").click();
    harness.run();
    assert!(harness.state().tree().ends_with("  slave2 15433\n"));
}

#[test]
fn a_screen_reader_hears_what_a_card_shows() {
    let harness = Window::on(SEED);
    for label in [
        "master, primary, port 5432, commits wait for first 1 of 2",
        "slave1, standby of master, port 15432, synchronous 1",
        "slave2, standby of master, port 15433, potentially synchronous 2",
        "slave12, standby of slave1, port 25433, asynchronous",
    ] {
        assert!(harness.query_by_label(label).is_some(), "{label}");
    }
}

#[test]
fn high_on_a_card_a_server_takes_its_place() {
    let mut harness = Window::on(SEED);
    let (from, card) = (centre(&harness, "slave11"), card(&harness, "slave2").rect());
    drag(&mut harness, from, card.center_top() + vec2(0.0, 10.0));
    let after =
        "  slave1 15432 priority 1\n    slave12 25433\n    slave2 15433\n  slave11 25432 priority 2\n";
    assert!(
        harness.state().tree().ends_with(after),
        "{}",
        harness.state().tree()
    );
}

#[test]
fn a_refused_drop_is_done_with_its_fix_while_ctrl_is_held() {
    let mut harness = Window::on(SEED);
    let (from, to) = (centre(&harness, "slave1"), centre(&harness, "slave11"));
    let before = harness.state().tree();
    drag(&mut harness, from, to);
    assert_eq!(harness.state().tree(), before);
    let offer = "Hold Ctrl while dropping: First move slave11 under master";
    assert!(harness.state().canvas.refusal().unwrap().ends_with(offer));
    press(&mut harness, from);
    move_to(&mut harness, from, to);
    harness.event(Event::ModifiersChanged(Modifiers::COMMAND));
    harness.step();
    release(&mut harness, to);
    harness.event(Event::ModifiersChanged(Modifiers::NONE));
    let after = "  slave11 25432\n    slave1 15432\n      slave12 25433\n  slave2 15433 priority 2\n";
    assert!(
        harness.state().tree().ends_with(after),
        "{}",
        harness.state().tree()
    );
}

#[test]
fn a_link_is_selected_by_a_click_on_its_line_and_has_a_menu() {
    let mut harness = Window::on(SEED);
    let slave2 = harness.state().id("slave2");
    let link = harness.get_by_label("Link from master to slave2").rect().center();
    let click = |harness: &mut Canvas, at: Pos2| {
        harness.hover_at(at);
        harness.step();
        for pressed in [true, false] {
            button(harness, at, PointerButton::Primary, pressed);
            harness.step();
        }
        harness.run();
    };
    click(&mut harness, link);
    assert_eq!(harness.state().session.looks.link, Some(slave2));
    assert_eq!(harness.state().session.desk.history.undo_label(), None);
    // Just above the card's middle the line arrives, far from the grip.
    let slave1 = harness.state().id("slave1");
    let arrives = card(&harness, "slave1").rect().center_top() - vec2(0.0, 6.0);
    click(&mut harness, arrives);
    assert_eq!(harness.state().session.looks.link, Some(slave1));
    click(&mut harness, Pos2::new(30.0, 80.0));
    assert_eq!(harness.state().session.looks.link, None);

    harness
        .get_by_label("Link from slave1 to slave12")
        .click_secondary();
    harness.run();
    harness.get_by_label("Remove its slot").click();
    harness.run();
    assert!(harness.state().tree().contains("slave12 25433 no-slot"));
}
