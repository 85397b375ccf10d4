//! What moves the view: a drag with the right or the middle button (or with Space held), the wheel, two fingers, a pinch.
//!
//! A mouse wheel (which counts lines) zooms at the pointer; a track pad (which counts points) pans both ways
//! and zooms by pinching; with Shift a wheel pans sideways. Ctrl and the wheel zoom everywhere.

use egui::{Event, MouseWheelUnit, PointerButton, Rect, Response, Ui};

use super::view::View;

/// Per point of scrolling; a notch of a wheel is about 40 points.
const ZOOM_PER_POINT: f32 = 0.004;

/// What kind of device scrolled last: a wheel's notch is spread over several frames.
#[derive(Debug, Default)]
pub struct Wheel {
    is_wheel: bool,
}

pub fn navigate(ui: &Ui, background: &Response, canvas: Rect, view: &mut View, wheel: &mut Wheel) {
    if background.dragged_by(PointerButton::Middle) || background.dragged_by(PointerButton::Secondary) {
        view.pan_by(background.drag_delta());
    }
    let (pointer, zoom, scroll, shift) = ui.input(|input| {
        for event in &input.raw.events {
            if let Event::MouseWheel { unit, .. } = event {
                wheel.is_wheel = *unit != MouseWheelUnit::Point;
            }
        }
        (
            input.pointer.hover_pos(),
            input.zoom_delta(),
            input.smooth_scroll_delta(),
            input.modifiers.shift,
        )
    });
    let Some(pointer) = pointer.filter(|at| canvas.contains(*at)) else {
        return;
    };
    // A menu, a dialog or a tool tip above the canvas keeps its own scrolling.
    if ui
        .ctx()
        .layer_id_at(pointer)
        .is_some_and(|layer| layer != ui.layer_id())
    {
        return;
    }
    let at = pointer - canvas.min;
    view.zoom_at(zoom, at);
    if wheel.is_wheel && !shift && scroll.x == 0.0 {
        view.zoom_at((scroll.y * ZOOM_PER_POINT).exp(), at);
    } else {
        view.pan_by(scroll);
    }
}
