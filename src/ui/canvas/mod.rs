//! The drawing of the design.

use crate::app::Session;
use crate::ui::Outbox;

/// What is dragged from the palette: a standby that does not exist yet.
#[derive(Clone, Debug)]
pub struct NewStandby;

/// What the canvas remembers between frames and the design need not know: the view and a gesture under way.
#[derive(Debug, Default)]
pub struct CanvasState {
    fit_asked: bool,
}

impl CanvasState {
    /// Show the whole design at the next frame.
    pub fn request_fit(&mut self) {
        self.fit_asked = true;
    }
}

/// Draws the design and turns what the pointer and the keys do with it into messages.
pub fn canvas_ui(ui: &mut egui::Ui, session: &Session, state: &mut CanvasState, outbox: &mut Outbox) {
    let _ = (ui, session, state, outbox);
}
