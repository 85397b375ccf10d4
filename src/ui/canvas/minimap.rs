//! The whole design in small, in a corner of the canvas: where one is in a large design, and the way to elsewhere.
//!
//! It is drawn on a raster of a few thousand squares that is filled once for a design, however many servers it has.

use std::sync::Arc;

use egui::emath::RectTransform;
use egui::{Color32, CursorIcon, Id, Mesh, Rect, Sense, Shape, Stroke, StrokeKind, Vec2};
use egui::{WidgetInfo, WidgetType, pos2, vec2};

use super::frame::Frame;
use super::overlay::MARGIN;
use super::places::Places;
use crate::app::cards::{BadgeKind, Look};
use crate::model::topology::Severity;
use crate::ui::theme::{RADIUS_WIDGET, Tokens};

/// Designs of so many servers can be looked over without one.
const MOST_WITHOUT: usize = 50;
/// In points; it takes what it needs of it.
const ROOM: Vec2 = Vec2::new(200.0, 132.0);
/// Around the picture.
const INSET: f32 = 6.0;
/// A square of the raster, in points.
const SQUARE: f32 = 2.0;
/// Of a canvas that is narrower than this it would take too much.
const LEAST_CANVAS: Vec2 = Vec2::new(480.0, 360.0);

/// What is remembered of it between frames.
#[derive(Debug, Default)]
pub struct Minimap {
    /// From the pointer to the middle of the frame, while the frame is dragged.
    grip: Option<Vec2>,
    picture: Option<Picture>,
}

/// The design as it was drawn last, and for what.
#[derive(Debug)]
struct Picture {
    generation: u64,
    is_dark: bool,
    at: Rect,
    mesh: Arc<Mesh>,
}

impl Frame<'_> {
    pub(super) fn minimap(&mut self) {
        let places = self.state.projection.places();
        let is_shown = self.session.preferences.minimap
            && places.cards().len() > MOST_WITHOUT
            && self.canvas.size().x >= LEAST_CANVAS.x
            && self.canvas.size().y >= LEAST_CANVAS.y;
        let part = self.state.view.part(self.canvas);
        // Where all is in view it leads nowhere, and would only cover what there is.
        let leads_on = |bounds: &Rect| self.state.minimap.grip.is_some() || !part.contains_rect(*bounds);
        let Some(bounds) = places.bounds().filter(leads_on).filter(|_| is_shown) else {
            self.state.minimap = Minimap::default();
            return;
        };
        let sheet = sheet(self.canvas, bounds);
        let inside = sheet.shrink(INSET);
        let to_screen = RectTransform::from_to(bounds, inside);
        let shown = to_screen.transform_rect(part);

        let response = self
            .ui
            .interact(sheet, Id::new("minimap"), Sense::CLICK | Sense::DRAG);
        response.widget_info(|| WidgetInfo::labeled(WidgetType::Image, true, "Minimap"));
        self.ui.ctx().accesskit_node_builder(response.id, |node| {
            node.set_description("Overview of the design; the frame shows the visible part");
        });
        self.steer(&response, to_screen, shown);

        let tokens = Tokens::of(self.ui.visuals());
        let painter = self.ui.painter_at(self.canvas);
        let line = Stroke::new(1.0, tokens.line);
        painter.rect(
            sheet,
            f32::from(RADIUS_WIDGET),
            tokens.card,
            line,
            StrokeKind::Inside,
        );
        painter.add(Shape::Mesh(self.picture(inside, to_screen, tokens)));
        // Of a view that reaches beyond the design only the part upon it.
        let frame = shown.intersect(sheet.shrink(2.0));
        if frame.is_positive() {
            let stroke = Stroke::new(1.5, tokens.accent);
            painter.rect(
                frame,
                2.0,
                tokens.accent.gamma_multiply(0.12),
                stroke,
                StrokeKind::Inside,
            );
        }
        response.on_hover_cursor(CursorIcon::Move);
    }

    /// A press beside the frame brings it there; a drag takes it along.
    fn steer(&mut self, response: &egui::Response, to_screen: RectTransform, shown: Rect) {
        let Some(pointer) = response.interact_pointer_pos() else {
            self.state.minimap.grip = None;
            return;
        };
        if !response.is_pointer_button_down_on() && !response.clicked() {
            return;
        }
        let grip = *self.state.minimap.grip.get_or_insert_with(|| {
            if shown.contains(pointer) {
                shown.center() - pointer
            } else {
                Vec2::ZERO
            }
        });
        let middle = to_screen.inverse().transform_pos(pointer + grip);
        let bounds = *to_screen.from();
        self.state.view.look_at(bounds.clamp(middle), self.canvas.size());
        // The drawing follows in the next frame.
        self.ui.ctx().request_repaint();
    }

    fn picture(&mut self, inside: Rect, to_screen: RectTransform, tokens: &Tokens) -> Arc<Mesh> {
        let generation = self.state.projection.generation();
        let minimap = &mut self.state.minimap;
        let is_fresh = |picture: &Picture| {
            (picture.generation, picture.is_dark, picture.at) == (generation, tokens.is_dark, inside)
        };
        if let Some(picture) = minimap.picture.as_ref().filter(|picture| is_fresh(picture)) {
            return Arc::clone(&picture.mesh);
        }
        let mesh = Arc::new(raster(self.state.projection.places(), inside, to_screen, tokens));
        minimap.picture = Some(Picture {
            generation,
            is_dark: tokens.is_dark,
            at: inside,
            mesh: Arc::clone(&mesh),
        });
        mesh
    }
}

/// At the upper right: the zoom buttons, the legend and the notices are below.
fn sheet(canvas: Rect, bounds: Rect) -> Rect {
    let scale = (ROOM / bounds.size()).min_elem();
    let size = (bounds.size() * scale).max(Vec2::splat(24.0)) + Vec2::splat(2.0 * INSET);
    let min = pos2(canvas.right() - MARGIN - size.x, canvas.top() + MARGIN);
    Rect::from_min_size(min, size)
}

/// Squares of the colour of what matters most in each; equal ones side by side are one piece.
fn raster(places: &Places, inside: Rect, to_screen: RectTransform, tokens: &Tokens) -> Mesh {
    let columns = (inside.width() / SQUARE).ceil().max(1.0) as usize;
    let rows = (inside.height() / SQUARE).ceil().max(1.0) as usize;
    let mut squares: Vec<Option<Weight>> = vec![None; columns * rows];
    for card in places.cards() {
        let at = to_screen.transform_rect(Rect::from_center_size(card.home, card.rect.size()));
        let place = |points: f32, most: usize| ((points / SQUARE).max(0.0) as usize).min(most - 1);
        let from = at.min - inside.min;
        // A card covers what it covers the most of, and one square at least.
        let to = at.max - inside.min - Vec2::splat(SQUARE * 0.75);
        let across = place(from.x, columns)..=place(to.x, columns).max(place(from.x, columns));
        let weight = Some(Weight::of(card.look));
        for row in place(from.y, rows)..=place(to.y, rows).max(place(from.y, rows)) {
            for column in across.clone() {
                if let Some(square) = squares.get_mut(row * columns + column) {
                    *square = (*square).max(weight);
                }
            }
        }
    }
    let mut mesh = Mesh::default();
    for (row, squares) in squares.chunks(columns).enumerate() {
        let top = SQUARE.mul_add(row as f32, inside.top());
        let mut column = 0;
        for run in squares.chunk_by(|one, next| one == next) {
            let left = SQUARE.mul_add(column as f32, inside.left());
            column += run.len();
            if let Some(Some(weight)) = run.first() {
                let piece = Rect::from_min_size(pos2(left, top), vec2(SQUARE * run.len() as f32, SQUARE));
                mesh.add_colored_rect(piece, weight.colour(tokens));
            }
        }
    }
    mesh
}

/// What a server weighs in a square: the heaviest is what is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Asynchronous,
    Potential,
    Quorum,
    Synchronous,
    Primary,
    Warning,
    Broken,
}

impl Weight {
    fn of(look: Look) -> Self {
        match (look.severity, look.badge) {
            _ if look.is_down => Self::Broken,
            (Some(Severity::Error), _) | (_, BadgeKind::Trouble) => Self::Broken,
            (Some(Severity::Warning), _) => Self::Warning,
            _ if look.is_primary => Self::Primary,
            (_, BadgeKind::Policy) => Self::Primary,
            (_, BadgeKind::Sync) => Self::Synchronous,
            (_, BadgeKind::Quorum) => Self::Quorum,
            (_, BadgeKind::Potential) => Self::Potential,
            (_, BadgeKind::Async | BadgeKind::Absent) => Self::Asynchronous,
        }
    }

    fn colour(self, tokens: &Tokens) -> Color32 {
        match self {
            Self::Asynchronous => tokens.asynchronous,
            Self::Potential => tokens.potential,
            Self::Quorum => tokens.quorum,
            Self::Synchronous => tokens.sync,
            Self::Primary => tokens.primary,
            Self::Warning => tokens.warning,
            Self::Broken => tokens.error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation;

    #[test]
    fn what_is_wrong_is_seen_before_what_is_right() {
        let look = |is_primary, badge, severity, is_down| Look {
            is_primary,
            badge,
            severity,
            is_down,
            is_folded: false,
            work: None,
        };
        let weight = |look| Weight::of(look);
        let plain = weight(look(false, BadgeKind::Async, None, false));
        let primary = weight(look(true, BadgeKind::Policy, None, false));
        let warned = weight(look(true, BadgeKind::Policy, Some(Severity::Warning), false));
        let down = weight(look(false, BadgeKind::Sync, None, true));
        assert!(plain < primary && primary < warned && warned < down);
    }

    #[test]
    fn the_map_keeps_the_shape_of_the_design_and_stays_in_its_corner() {
        let canvas = Rect::from_min_size(pos2(100.0, 50.0), vec2(900.0, 600.0));
        let bounds = Rect::from_min_size(pos2(-500.0, 0.0), vec2(40_000.0, 10_000.0));
        let sheet = sheet(canvas, bounds);
        assert!(canvas.shrink(MARGIN - 0.1).contains_rect(sheet));
        let inside = sheet.shrink(INSET);
        assert!((inside.width() / inside.height() - 4.0).abs() < 1.0, "{inside:?}");
    }

    #[test]
    fn ten_thousand_servers_are_no_more_than_its_squares() {
        let mut text = "m 1\n".to_owned();
        for number in 0..3_000 {
            text += &format!("  s{number} {}\n", 2 + number);
        }
        let session = crate::app::Session::new(
            crate::model::document::Document::new(notation::parse(&text).unwrap()),
            None,
        );
        let mut projection = super::super::projection::Projection::default();
        projection.reconcile(&session);
        let bounds = projection.bounds().unwrap();
        let inside = Rect::from_min_size(pos2(0.0, 0.0), ROOM);
        let tokens = Tokens::of(&egui::Visuals::light());
        let to_screen = RectTransform::from_to(bounds, inside);
        let mesh = raster(projection.places(), inside, to_screen, tokens);
        let squares = (ROOM.x / SQUARE) * (ROOM.y / SQUARE);
        assert!(!mesh.is_empty());
        assert!(mesh.vertices.len() < squares as usize, "{}", mesh.vertices.len());
        assert!(
            mesh.vertices
                .iter()
                .all(|vertex| inside.expand(SQUARE).contains(vertex.pos))
        );
    }
}
