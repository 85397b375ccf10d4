//! The drawing of the design: egui_graphs' graph and drawing traits under a small driver of our own.
//!
//! The canvas is a mirror, never a source. Start with [`canvas_ui`]; `projection` makes the document a graph,
//! `card` says what is to be shown, `places` is where it all stands, `server_shape` and `link_shape` draw it (`overview` from
//! far away), `gesture` says what was meant by a drag (what that does is for the mode to say), `view` is pan and
//! zoom, `navigate` and `minimap` their input, `traffic` what moves in What-if in time.
//! An idle canvas asks for no repaint.

mod card_widget;
mod curve;
mod drag;
mod fold;
mod frame;
mod gesture;
mod handle;
mod legend;
mod link_shape;
mod links;
mod menu;
mod minimap;
mod navigate;
mod overlay;
mod overview;
mod paint;
mod pen;
mod places;
mod projection;
mod rename;
mod server_shape;
mod sign;
mod sites;
mod traffic;
mod view;
mod words;

pub use card_widget::select_by_click;
pub use fold::{folds_of, tell_expanded};

use egui::{Sense, Ui};

use self::frame::Frame;
use self::gesture::Gesture;
use self::projection::Projection;
use self::view::View;
use crate::app::Outbox;
use crate::app::Session;
use crate::model::topology::ServerId;

const NEEDS_TARGET: &str = "Drop it on the server it should follow";

/// What is dragged from the palette: a standby that does not exist yet.
#[derive(Clone, Debug)]
pub struct NewStandby;

/// What the canvas remembers between frames and the design need not know: the view and a gesture under way.
#[derive(Debug, Default)]
pub struct CanvasState {
    view: View,
    projection: Projection,
    gesture: Gesture,
    wheel: navigate::Wheel,
    minimap: minimap::Minimap,
    renaming: Option<rename::Renaming>,
    is_fit_asked: bool,
    zoom_asked: Option<f32>,
    centre_asked: Option<ServerId>,
    /// The server that the pointer is on, and the one that has the keyboard.
    hovered: Option<ServerId>,
    focused: Option<ServerId>,
    /// A new standby that is dragged in.
    incoming: frame::Incoming,
    /// Why the last drop did nothing; shown until the next press.
    refusal: Option<String>,
    /// The link whose menu was asked for: the server at its lower end.
    menu_link: Option<ServerId>,
    seen_selected: Option<ServerId>,
    seen_folding: u64,
    seen_revision: u64,
    /// Where it was drawn last.
    canvas: Option<egui::Rect>,
}

impl CanvasState {
    /// Show the whole design at the next frame.
    pub fn request_fit(&mut self) {
        self.is_fit_asked = true;
    }

    /// Draw everything so many times larger at the next frame.
    pub fn request_zoom(&mut self, factor: f32) {
        self.zoom_asked = Some(factor);
    }

    /// Put this server into the middle at the next frame.
    pub fn request_centre(&mut self, server: ServerId) {
        self.centre_asked = Some(server);
    }

    /// Why the last drop did nothing.
    pub fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// Where a server's card was drawn last, in points of the screen.
    pub fn card_on_screen(&self, server: ServerId) -> Option<egui::Rect> {
        let card = self.projection.card_rect(server)?;
        Some(frame::on_screen(&self.view.on_screen(self.canvas?), card))
    }

    /// True while servers are dragged.
    pub fn is_dragging(&self) -> bool {
        self.gesture.drag().is_some()
    }

    /// The view's zoom; 1 draws a canvas unit as one point.
    pub fn zoom(&self) -> f32 {
        self.view.zoom()
    }
}

/// Draws the design and turns what the pointer and the keys do with it into messages.
pub fn canvas_ui(ui: &mut Ui, session: &Session, state: &mut CanvasState, outbox: &mut Outbox) {
    let canvas = ui.available_rect_before_wrap();
    state.canvas = Some(canvas);
    // Not focusable: the cards are.
    let background = ui.allocate_rect(canvas, Sense::CLICK | Sense::DRAG);
    ui.ctx().accesskit_node_builder(background.id, |node| {
        node.set_role(egui::accesskit::Role::Group);
        node.set_label("Drawing of the design");
        let [x0, y0, x1, y1] = [canvas.min.x, canvas.min.y, canvas.max.x, canvas.max.y].map(f64::from);
        node.set_bounds(egui::accesskit::Rect { x0, y0, x1, y1 });
    });
    let builder = egui::UiBuilder::new().max_rect(canvas);
    ui.scope_builder(builder, |ui| {
        ui.set_clip_rect(canvas.intersect(ui.clip_rect()));
        Frame {
            ui,
            session,
            state,
            outbox,
            canvas,
        }
        .run(&background);
    });
}
