//! The drawing from far away: every card and link that can be seen as one mesh of coloured pieces.
//!
//! From there a card is a few points large and no word on it can be read. A shape for each would cost a hundred times
//! what can be seen of it; so the pieces are put together here, and nothing is left to tessellate.

use egui::emath::GuiRounding as _;
use egui::{Color32, Mesh, Painter, Pos2, Rect, Vec2, pos2, vec2};
use egui_graphs::MetadataFrame;

use super::curve::Curve;
use super::frame::on_screen;
use super::places::CardPlace;
use super::server_shape::work_mark;
use crate::app::cards::{LinkLook, Look};
use crate::app::dropping::Mood;
use crate::model::topology::Severity;
use crate::ui::theme::Tokens;

/// Below this zoom the drawing is seen from far away.
pub const FAR_BELOW: f32 = 0.35;
/// Below this zoom a card is one plain piece, and a link a straight line.
pub const PLAIN_BELOW: f32 = 0.14;

/// The pieces drawn so far.
pub struct Far<'a> {
    mesh: Mesh,
    meta: &'a MetadataFrame,
    tokens: &'a Tokens,
    pixels_per_point: f32,
}

/// What is shown on a card besides its own look.
#[derive(Clone, Copy, Debug, Default)]
pub struct Marks {
    pub mood: Mood,
    pub is_hovered: bool,
    pub is_focused: bool,
}

impl<'a> Far<'a> {
    pub fn new(painter: &Painter, meta: &'a MetadataFrame, tokens: &'a Tokens) -> Self {
        Self {
            mesh: Mesh::default(),
            meta,
            tokens,
            pixels_per_point: painter.pixels_per_point(),
        }
    }

    pub fn paint(self, painter: &Painter) {
        painter.add(self.mesh);
    }

    pub fn link(&mut self, curve: Curve, look: LinkLook, is_leaving: bool) {
        let mut colour = look.colour(self.tokens);
        if is_leaving {
            colour = self.tokens.faded(colour);
        }
        // Dashes would be a haze here: what is asynchronous is lighter. Thousands of lines must not hide the cards.
        let strength = (self.meta.zoom / FAR_BELOW).clamp(0.3, 1.0);
        let colour = colour.gamma_multiply(if look.is_candidate || look.trouble.is_some() {
            1.0
        } else {
            0.75 * strength
        });
        let width = if look.is_candidate { 1.5 } else { 1.0 };
        let on_screen = |point: Pos2| self.meta.canvas_to_screen_pos(point);
        if self.meta.zoom < PLAIN_BELOW || curve.is_straight() {
            let ends = curve.ends().map(on_screen);
            self.line(&ends, width, colour);
        } else {
            // As many as the eye needs for a curve of this length, and no more.
            const MOST: usize = 32;
            let [from, to] = curve.ends().map(on_screen);
            let steps = ((to - from).length() / 10.0).clamp(5.0, MOST as f32) as usize;
            let points: [Pos2; MOST + 1] =
                std::array::from_fn(|step| on_screen(curve.at(step.min(steps) as f32 / steps as f32)));
            let points = points.get(..=steps).unwrap_or(&points);
            self.line(points, width, colour);
        }
    }

    pub fn card(&mut self, card: &CardPlace, marks: Marks) {
        let rect = self.on_pixels(on_screen(self.meta, card.rect));
        let is_faded = matches!(marks.mood, Mood::Refused { is_hit: false });
        let tone = |colour: Color32| {
            if is_faded {
                self.tokens.faded(colour)
            } else {
                colour
            }
        };
        let is_marked = card.is_selected || card.is_dragged;
        let (width, outline) = marks.mood.outline(is_marked, marks.is_hovered, self.tokens);
        let colour = tone(self.colour(card.look));
        let stands_out = width > 1.0 || marks.is_hovered || marks.is_focused;
        if marks.is_focused {
            self.piece(rect.expand(3.0), 0.0, self.tokens.accent);
            self.piece(rect.expand(2.0), 0.0, self.tokens.canvas);
        }
        if card.look.is_folded {
            // The edge of a pile.
            let step = (5.0 * self.meta.zoom).round().max(1.0);
            let sheet = rect.translate(vec2(0.0, step)).shrink2(vec2(step, 0.0));
            self.piece(sheet, 0.0, tone(self.tokens.card_stroke_hovered));
        }
        if self.meta.zoom < PLAIN_BELOW {
            if stands_out {
                self.piece(rect.expand(width.max(1.0)), 0.0, outline);
            }
            self.piece(rect, 0.0, colour);
            return;
        }
        let corner = 5.0 * self.meta.zoom;
        let sheet = match marks.mood {
            Mood::Allowed { is_hit: true, .. } | Mood::Refused { is_hit: true } => self.tokens.tint(outline),
            _ => self.tokens.card,
        };
        self.piece(rect, corner, tone(outline));
        self.piece(rect.shrink(width.max(1.0)), corner, tone(sheet));
        self.piece(rect.shrink((rect.height() * 0.28).round()), corner, colour);
        self.sign(rect, card.look);
    }

    /// What must not be overlooked from far away, beside the card's colour.
    fn sign(&mut self, rect: Rect, look: Look) {
        let sign = match look.severity {
            Some(Severity::Error) => Some(self.tokens.error),
            Some(Severity::Warning) => Some(self.tokens.warning),
            Some(Severity::Note) | None => None,
        };
        if let Some(colour) = sign {
            let size = Vec2::splat((rect.height() * 0.3).round());
            let corner = Rect::from_min_size(pos2(rect.right() - size.x - 1.0, rect.top() + 1.0), size);
            self.piece(corner, size.x * 0.3, colour);
        }
        if let Some(work) = look.work {
            let mut bar = Rect::from_min_max(
                pos2(rect.left() + 2.0, rect.bottom() - 3.0),
                rect.max - vec2(2.0, 1.0),
            );
            self.piece(bar, 0.0, self.tokens.line);
            bar.set_width(bar.width() * work.share());
            self.piece(bar, 0.0, work_mark(work, self.tokens).1);
        }
    }

    /// What a card is for a commit, unless something is wrong with it.
    fn colour(&self, look: Look) -> Color32 {
        let is_plain = self.meta.zoom < PLAIN_BELOW;
        match look.severity {
            _ if look.is_down => self.tokens.error,
            Some(Severity::Error) if is_plain => self.tokens.error,
            Some(Severity::Warning) if is_plain => self.tokens.warning,
            _ => look.colour(self.tokens),
        }
    }

    /// On whole pixels and at least one large: sharp, and as large wherever it stands.
    fn on_pixels(&self, rect: Rect) -> Rect {
        let size = rect.size().round_to_pixels(self.pixels_per_point);
        let size = size.max(Vec2::splat(1.0 / self.pixels_per_point));
        Rect::from_min_size(rect.min.round_to_pixels(self.pixels_per_point), size)
    }

    /// A rectangle, its corners cut off by as much.
    fn piece(&mut self, rect: Rect, cut: f32, colour: Color32) {
        if cut < 0.75 {
            self.mesh.add_colored_rect(rect, colour);
            return;
        }
        let (min, max) = (rect.min, rect.max);
        let cut = cut.min(rect.width() / 2.0).min(rect.height() / 2.0);
        let first = self.mesh.vertices.len() as u32;
        for (x, y) in [
            (min.x + cut, min.y),
            (max.x - cut, min.y),
            (max.x, min.y + cut),
            (max.x, max.y - cut),
            (max.x - cut, max.y),
            (min.x + cut, max.y),
            (min.x, max.y - cut),
            (min.x, min.y + cut),
        ] {
            self.mesh.colored_vertex(pos2(x, y), colour);
        }
        for corner in 1..7 {
            self.mesh.add_triangle(first, first + corner, first + corner + 1);
        }
    }

    /// A thin line with soft edges: opaque in the middle, clear at both sides.
    fn line(&mut self, points: &[Pos2], width: f32, colour: Color32) {
        let reach = f32::midpoint(width, 1.0 / self.pixels_per_point);
        let mut last = None;
        for (place, point) in points.iter().enumerate() {
            let before = points.get(place.wrapping_sub(1)).unwrap_or(point);
            let after = points.get(place + 1).unwrap_or(point);
            let side = (*after - *before).normalized().rot90() * reach;
            let first = self.mesh.vertices.len() as u32;
            self.mesh.colored_vertex(*point + side, Color32::TRANSPARENT);
            self.mesh.colored_vertex(*point, colour);
            self.mesh.colored_vertex(*point - side, Color32::TRANSPARENT);
            if let Some(last) = last {
                for side in [0, 1] {
                    self.mesh.add_triangle(last + side, last + side + 1, first + side);
                    self.mesh
                        .add_triangle(last + side + 1, first + side, first + side + 1);
                }
            }
            last = Some(first);
        }
    }
}
