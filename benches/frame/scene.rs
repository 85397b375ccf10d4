//! Our drawing and our window without a display, at whole or near, at rest or with a subtree in the hand.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use egui::{Context, Event, Modifiers, PointerButton, Pos2, RawInput, Rect, Ui, Vec2, pos2};
use pgcascade::app::Outbox;
use pgcascade::app::{Effect, Message, Session};
use pgcascade::model::document::Document;
use pgcascade::model::topology::{Edit, PgMajor, Port, Server, ServerId, ServerName, SyncPolicy, Topology};
use pgcascade::ui::canvas::{CanvasState, canvas_ui};
use pgcascade::ui::dialogs::ScriptedChooser;
use pgcascade::ui::shell::{Background, Shell};

use super::processor_millis;

/// In points, of the drawing alone and of the whole window.
pub const SCREEN: Vec2 = Vec2::new(1_600.0, 900.0);
/// At this zoom some dozens of cards are in view, with all that is written on them.
pub const NEAR: f32 = 1.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    Whole,
    Near,
}

/// Something that draws the tree.
pub trait Scene {
    fn look(&mut self, view: View);
    /// Lets it draw until it is at rest; false if it never is.
    fn settles(&mut self) -> bool;
    /// Presses on a server of which a third of the tree hangs.
    fn grab(&mut self);
    /// Draws one frame with the pointer somewhere else; its milliseconds.
    fn frame(&mut self, round: usize) -> f64;
}

/// A tree in which every sender has three downstreams.
pub fn design(size: usize) -> Document {
    let name = |place: usize| ServerName::parse(&format!("node{place}")).unwrap();
    let port = |place: usize| Port::new(2_000 + u16::try_from(place).unwrap()).unwrap();
    let mut topology = Topology::new("bench", PgMajor::V15, name(0), port(0));
    let mut made = vec![topology.primary().id()];
    for place in 1..size {
        let add = Edit::AddStandby {
            upstream: made[(place - 1) / 3],
            name: Some(name(place)),
            port: Some(port(place)),
        };
        made.push(topology.apply(&add).unwrap().created.unwrap());
    }
    for (place, server) in made.iter().skip(1).take(2).enumerate() {
        let priority = u32::try_from(place).ok().map(|place| place + 1);
        let server = *server;
        topology
            .apply(&Edit::SetSyncPriority { server, priority })
            .unwrap();
    }
    topology
        .apply(&Edit::SetSync(Some(SyncPolicy::default())))
        .unwrap();
    Document::new(topology)
}

/// The server that is dragged: the primary's middle downstream.
pub fn dragged(document: &Document) -> ServerId {
    let topology = document.topology();
    let below: Vec<ServerId> = topology
        .downstreams(topology.primary().id())
        .map(Server::id)
        .collect();
    below[below.len() / 2]
}

pub fn input(events: Vec<Event>) -> RawInput {
    RawInput {
        screen_rect: Some(Rect::from_min_size(Pos2::ZERO, SCREEN)),
        events,
        predicted_dt: 1.0 / 60.0,
        ..RawInput::default()
    }
}

pub fn moved(to: Pos2) -> Vec<Event> {
    vec![Event::PointerMoved(to)]
}

/// A press, and the first move: frame by frame.
pub fn press(at: Pos2) -> Vec<Vec<Event>> {
    let button = Event::PointerButton {
        pos: at,
        button: PointerButton::Primary,
        pressed: true,
        modifiers: Modifiers::NONE,
    };
    let mut frames = vec![moved(at), vec![button]];
    frames.extend((1..6_u8).map(|step| moved(at + Vec2::splat(4.0 * f32::from(step)))));
    frames
}

/// Draws one frame: its milliseconds, and after how long it wants the next one.
pub fn measured(context: &Context, input: RawInput, draw: impl FnMut(&mut Ui)) -> (f64, Duration) {
    let begun = processor_millis();
    let mut output = context.run_ui(input, draw);
    // There is no graphics card to take them.
    output.textures_delta.clear();
    let again = output
        .viewport_output
        .values()
        .map(|viewport| viewport.repaint_delay)
        .min()
        .unwrap_or(Duration::MAX);
    let shapes = context.tessellate(output.shapes, output.pixels_per_point);
    let took = processor_millis() - begun;
    std::hint::black_box(shapes);
    (took, again)
}

/// The drawing alone, as large as the screen.
pub struct Canvas {
    context: Context,
    session: Session,
    state: CanvasState,
    dragged: ServerId,
    at: Pos2,
}

impl Canvas {
    pub fn on(document: &Document) -> Self {
        let context = Context::default();
        pgcascade::ui::prepare(&context);
        Self {
            context,
            session: Session::new(document.clone(), None),
            state: CanvasState::default(),
            dragged: dragged(document),
            at: pos2(SCREEN.x / 2.0, SCREEN.y / 2.0),
        }
    }

    fn pass(&mut self, events: Vec<Event>) -> (f64, Duration) {
        let (session, state) = (&self.session, &mut self.state);
        measured(&self.context, input(events), |ui| {
            let mut outbox = Outbox::default();
            canvas_ui(ui, session, state, &mut outbox);
        })
    }
}

/// So many frames are enough to come to rest.
const PATIENCE: usize = 200;

impl Scene for Canvas {
    fn look(&mut self, view: View) {
        self.pass(Vec::new());
        if view == View::Near {
            self.state.request_centre(self.dragged);
            self.pass(Vec::new());
            self.state.request_zoom(NEAR / self.state.zoom());
        }
    }

    fn settles(&mut self) -> bool {
        (0..PATIENCE).any(|_| self.pass(Vec::new()).1 > Duration::from_secs(1))
    }

    fn grab(&mut self) {
        self.at = self.state.card_on_screen(self.dragged).unwrap().center();
        for events in press(self.at) {
            self.pass(events);
        }
        assert!(self.state.is_dragging());
    }

    fn frame(&mut self, round: usize) -> f64 {
        let at = self.at + Vec2::splat(20.0 + (round % 8) as f32);
        self.pass(moved(at)).0
    }
}

/// Everything: the drawing with all that stands around it.
pub struct Window {
    context: Context,
    shell: Shell,
    dragged: ServerId,
    at: Pos2,
}

/// Nothing is done outside.
struct Nobody(Rc<RefCell<usize>>);

impl Background for Nobody {
    fn perform(&mut self, _: Effect) {
        *self.0.borrow_mut() += 1;
    }
    fn drain(&mut self) -> Vec<Message> {
        Vec::new()
    }
}

impl Window {
    pub fn on(document: &Document) -> Self {
        let context = Context::default();
        pgcascade::ui::prepare(&context);
        let session = Session::new(document.clone(), None);
        let chooser = Box::new(ScriptedChooser::default());
        Self {
            context,
            shell: Shell::new(session, Box::new(Nobody(Rc::default())), chooser),
            dragged: dragged(document),
            at: pos2(SCREEN.x / 2.0, SCREEN.y / 2.0),
        }
    }

    fn pass(&mut self, events: Vec<Event>) -> (f64, Duration) {
        let shell = &mut self.shell;
        measured(&self.context, input(events), |ui| {
            shell.root_logic(ui.ctx());
            shell.root_ui(ui);
        })
    }
}

impl Scene for Window {
    fn look(&mut self, view: View) {
        self.pass(Vec::new());
        if view == View::Near {
            self.shell.canvas.request_centre(self.dragged);
            self.pass(Vec::new());
            self.shell.canvas.request_zoom(NEAR / self.shell.zoom());
        }
    }

    fn settles(&mut self) -> bool {
        (0..PATIENCE).any(|_| self.pass(Vec::new()).1 > Duration::from_secs(1))
    }

    fn grab(&mut self) {
        self.at = self.shell.canvas.card_on_screen(self.dragged).unwrap().center();
        for events in press(self.at) {
            self.pass(events);
        }
        assert!(self.shell.canvas.is_dragging());
    }

    fn frame(&mut self, round: usize) -> f64 {
        let at = self.at + Vec2::splat(20.0 + (round % 8) as f32);
        self.pass(moved(at)).0
    }
}
