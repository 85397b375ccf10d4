//! The handle below a relay's card: by it all its downstreams are moved at once.

use egui::{Align2, CornerRadius, CursorIcon, FontId, Id, Painter, Pos2, Rect, Response, Sense, Stroke};
use egui::{StrokeKind, Ui, Vec2, WidgetInfo, WidgetType, vec2};
use egui_graphs::MetadataFrame;

use super::projection::Projection;
use super::server_shape::NAME_ONLY_BELOW;
use crate::app::Session;
use crate::model::topology::ServerId;
use crate::ui::theme::Tokens;

/// In canvas units.
const SIZE: Vec2 = Vec2::new(38.0, 16.0);

/// From too far away it could not be hit.
pub fn is_shown(zoom: f32) -> bool {
    zoom >= NAME_ONLY_BELOW
}

/// On the lower edge of the card, where its links leave it.
pub fn rect_below(card: Rect, zoom: f32) -> Rect {
    Rect::from_center_size(card.center_bottom(), SIZE * zoom)
}

/// The relay whose handle is at this point of the canvas.
pub fn handle_at(projection: &Projection, at: Pos2) -> Option<ServerId> {
    let places = projection.places();
    // A handle reaches out of its card.
    let near = places.in_view(Rect::from_center_size(at, SIZE * 2.0));
    let mut hit = near.into_iter().rev().filter(|card| {
        projection.downstreams_of_relay(card.id).is_some() && rect_below(card.rect, 1.0).contains(at)
    });
    hit.next().map(|card| card.id)
}

/// What makes the painted handle of a relay a widget; `None` if it is not painted.
pub fn handle_widget(
    ui: &Ui,
    session: &Session,
    frame: &MetadataFrame,
    card: Rect,
    server: ServerId,
) -> Option<Response> {
    if !is_shown(frame.zoom) {
        return None;
    }
    let name = session.desk.document.topology().server(server)?.name();
    let id = Id::new(("canvas", "downstreams of", server.number()));
    let response = ui.interact(rect_below(card, frame.zoom), id, Sense::DRAG);
    let words = format!("Move all downstreams of {name}");
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Other, true, words.as_str()));
    Some(response.on_hover_cursor(CursorIcon::Grab).on_hover_text(words))
}

/// "⠿ 2": how many it moves.
pub fn paint_handle(painter: &Painter, tokens: &Tokens, card: Rect, zoom: f32, count: usize) {
    let rect = rect_below(card, zoom);
    if !painter.clip_rect().intersects(rect) {
        return;
    }
    let radius = CornerRadius::same((rect.height() / 2.0).min(255.0) as u8);
    painter.rect(
        rect,
        radius,
        tokens.card,
        Stroke::new(1.0, tokens.relay),
        StrokeKind::Inside,
    );
    for column in 0..2_u8 {
        for row in 0..3_u8 {
            let step = vec2(f32::from(column), f32::from(row) - 1.0) * 3.6 * zoom;
            let at = rect.left_center() + vec2(10.0 * zoom, 0.0) + step;
            painter.circle_filled(at, 1.1 * zoom, tokens.text_weak);
        }
    }
    let size = (10.5 * zoom * 2.0).round() / 2.0;
    painter.text(
        rect.right_center() - vec2(8.0 * zoom, 0.0),
        Align2::RIGHT_CENTER,
        count,
        FontId::proportional(size),
        tokens.text_weak,
    );
}
