//! Drawing in canvas units at any zoom: text that stays sharp, pills, and the small painted marks.
//!
//! Marks are painted and not glyphs of a font: a font may lack them, and colour alone must never carry meaning.

use std::sync::Arc;

use egui::epaint::EllipseShape;
use egui::text::{LayoutJob, TextWrapping};
use egui::{
    Align2, Color32, CornerRadius, FontId, Galley, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Vec2,
    pos2, vec2,
};

use crate::ui::fonts::name_within;
use crate::ui::theme::Tokens;

/// Told apart by shape, so that they can be told apart without colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It works.
    Circle,
    /// On its way.
    HalfCircle,
    /// Not there (yet).
    Ring,
    /// Look here.
    Triangle,
    /// Broken.
    Diamond,
    /// Cut through.
    Cross,
}

pub struct Pen<'a> {
    painter: &'a Painter,
    pub tokens: &'static Tokens,
    pub zoom: f32,
    /// Everything drawn steps back behind mist.
    is_faded: bool,
    pub shapes: Vec<Shape>,
}

impl<'a> Pen<'a> {
    pub fn new(painter: &'a Painter, zoom: f32, is_faded: bool) -> Self {
        let tokens = Tokens::of(&painter.ctx().global_style().visuals);
        Self {
            painter,
            tokens,
            zoom,
            is_faded,
            shapes: Vec::new(),
        }
    }

    pub fn tone(&self, colour: Color32) -> Color32 {
        if self.is_faded {
            self.tokens.faded(colour)
        } else {
            colour
        }
    }

    pub fn radius(&self, canvas_units: f32) -> CornerRadius {
        CornerRadius::same((canvas_units * self.zoom).round() as u8)
    }

    pub fn fill(&mut self, rect: Rect, radius: f32, colour: Color32) {
        let shape = Shape::rect_filled(rect, self.radius(radius), self.tone(colour));
        self.shapes.push(shape);
    }

    pub fn frame(&mut self, rect: Rect, radius: f32, width: f32, colour: Color32) {
        let stroke = Stroke::new(width, self.tone(colour));
        let shape = Shape::rect_stroke(rect, self.radius(radius), stroke, StrokeKind::Inside);
        self.shapes.push(shape);
    }

    /// One line, cut with an ellipsis at `width` (screen points). Gives the rectangle it takes.
    pub fn text(&mut self, anchor: Align2, at: Pos2, text: &str, style: (f32, Color32), width: f32) -> Rect {
        let galley = self.galley(text, style, width);
        let rect = anchor.anchor_size(at, galley.size());
        self.shapes
            .push(Shape::galley(rect.min, galley, self.tone(style.1)));
        rect
    }

    /// The same for a server's name, cut in its middle: names often differ only at their ends.
    pub fn name(&mut self, anchor: Align2, at: Pos2, name: &str, style: (f32, Color32), width: f32) -> Rect {
        let font = FontId::proportional(self.size(style.0));
        self.text(
            anchor,
            at,
            &name_within(self.painter, name, &font, width),
            style,
            width,
        )
    }

    /// A badge: text on a tint of its own colour, its left edge centred at `at`.
    pub fn pill(&mut self, at: Pos2, text: &str, colour: Color32) -> Rect {
        let galley = self.galley(text, (11.0, colour), f32::INFINITY);
        let size = galley.size() + vec2(14.0, 5.0) * self.zoom;
        let rect = Rect::from_min_size(pos2(at.x, at.y - size.y / 2.0), size);
        self.fill(rect, 20.0, self.tokens.tint(colour));
        let text_at = rect.center() - galley.size() / 2.0;
        self.shapes
            .push(Shape::galley(text_at, galley, self.tone(colour)));
        rect
    }

    pub fn mark(&mut self, mark: Mark, centre: Pos2, radius: f32, colour: Color32) {
        let (r, colour) = (radius * self.zoom, self.tone(colour));
        let at = |x: f32, y: f32| centre + vec2(x, y) * r;
        let stroke = Stroke::new((1.5 * self.zoom).max(1.0), colour);
        let shape = match mark {
            Mark::Circle => Shape::circle_filled(centre, r, colour),
            Mark::Ring => Shape::circle_stroke(centre, r * 0.85, stroke),
            Mark::HalfCircle => {
                self.shapes.push(Shape::circle_stroke(centre, r * 0.85, stroke));
                Shape::convex_polygon(
                    arc(centre, Vec2::splat(r * 0.85), -0.5, 0.5),
                    colour,
                    Stroke::NONE,
                )
            }
            Mark::Cross => {
                let thick = Stroke::new((2.0 * self.zoom).max(1.2), colour);
                self.shapes
                    .push(Shape::line_segment([at(-0.8, -0.8), at(0.8, 0.8)], thick));
                Shape::line_segment([at(-0.8, 0.8), at(0.8, -0.8)], thick)
            }
            Mark::Triangle => Shape::convex_polygon(
                vec![at(0.0, -1.05), at(1.1, 0.85), at(-1.1, 0.85)],
                colour,
                Stroke::NONE,
            ),
            Mark::Diamond => Shape::convex_polygon(
                vec![at(0.0, -1.15), at(1.15, 0.0), at(0.0, 1.15), at(-1.15, 0.0)],
                colour,
                Stroke::NONE,
            ),
        };
        self.shapes.push(shape);
    }

    /// The sign of a database: a cylinder.
    /// What takes WAL and keeps it: an arrow into a tray.
    pub fn tray(&mut self, rect: Rect, colour: Color32) {
        let stroke = Stroke::new((1.4 * self.zoom).max(0.8), self.tone(colour));
        let (middle, reach) = (rect.center().x, rect.width() * 0.28);
        let tip = pos2(middle, rect.top() + rect.height() * 0.66);
        let lines = [
            vec![pos2(middle, rect.top()), tip],
            vec![
                pos2(middle - reach, tip.y - reach),
                tip,
                pos2(middle + reach, tip.y - reach),
            ],
            vec![
                pos2(rect.left(), rect.bottom() - rect.height() * 0.3),
                rect.left_bottom(),
                rect.right_bottom(),
                pos2(rect.right(), rect.bottom() - rect.height() * 0.3),
            ],
        ];
        self.shapes
            .extend(lines.into_iter().map(|line| Shape::line(line, stroke)));
    }

    pub fn cylinder(&mut self, rect: Rect, colour: Color32) {
        let stroke = Stroke::new((1.4 * self.zoom).max(0.8), self.tone(colour));
        let flat = vec2(rect.width() / 2.0, rect.height() * 0.17);
        let (top, bottom) = (rect.top() + flat.y, rect.bottom() - flat.y);
        self.shapes.push(Shape::Ellipse(EllipseShape::stroke(
            pos2(rect.center().x, top),
            flat,
            stroke,
        )));
        for y in [top.midpoint(bottom), bottom] {
            let front = arc(pos2(rect.center().x, y), flat, 0.0, 1.0);
            self.shapes.push(Shape::line(front, stroke));
        }
        for x in [rect.left(), rect.right()] {
            self.shapes
                .push(Shape::line_segment([pos2(x, top), pos2(x, bottom)], stroke));
        }
    }

    /// In steps of half a point: else each step of a smooth zoom would fill the font texture again.
    fn size(&self, size: f32) -> f32 {
        ((size * self.zoom * 2.0).round() / 2.0).max(1.0)
    }

    fn galley(&self, text: &str, (size, colour): (f32, Color32), width: f32) -> Arc<Galley> {
        let font = FontId::proportional(self.size(size));
        let mut job = LayoutJob::simple_singleline(text.to_owned(), font, self.tone(colour));
        job.wrap = TextWrapping::truncate_at_width(width);
        self.painter.layout_job(job)
    }
}

/// Points of an ellipse from one angle to another, in half turns clockwise from the right.
fn arc(centre: Pos2, radius: Vec2, from: f32, to: f32) -> Vec<Pos2> {
    const STEPS: u8 = 16;
    (0..=STEPS)
        .map(|step| {
            let share = f32::from(step) / f32::from(STEPS);
            let angle = (to - from).mul_add(share, from) * std::f32::consts::PI;
            centre + vec2(angle.cos() * radius.x, angle.sin() * radius.y)
        })
        .collect()
}
