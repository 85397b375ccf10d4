//! A link as a curve in the direction of the WAL: the display side of an edge.
//!
//! Solid is a synchronous candidate, dashed is asynchronous; a link that streams for real has its own colour.

use std::sync::Arc;

use egui::{Align2, Color32, Pos2, Rect, Shape, Stroke, Vec2, vec2};
use egui_graphs::{DisplayEdge, DrawContext, EdgeProps, MetadataFrame, Node};
use petgraph::Directed;

use super::curve::{Curve, Line};
use super::pen::{Mark, Pen};
use super::server_shape::{NAME_ONLY_BELOW, ServerShape};
use crate::app::cards::{Card, Link, LinkLook, Trouble};
use crate::ui::theme::Tokens;

/// How far beside the curve the pointer still is on it, in canvas units.
const REACH: f32 = 6.0;

/// Where on a link its trouble is marked: past the middle, where two links that change sides cross each other.
const TROUBLE_AT: f32 = 0.64;

type ServerNode = Node<Arc<Card>, Arc<Link>, Directed, u32, ServerShape>;

#[derive(Clone, Debug)]
pub struct LinkShape {
    link: Arc<Link>,
    /// About to be replaced by another one: the dragged server hovers over a new upstream.
    pub is_leaving: bool,
}

impl LinkLook {
    pub fn colour(self, tokens: &Tokens) -> Color32 {
        match self.trouble {
            Some(Trouble::Broken) => tokens.error,
            Some(Trouble::Slow) => tokens.warning,
            None if self.is_streaming => tokens.link_live,
            None => tokens.link,
        }
    }
}

impl LinkShape {
    fn draw_label(&self, pen: &mut Pen<'_>, points: [Pos2; 4]) {
        let [from, _, before, tip] = points;
        let unit = pen.zoom;
        let (anchor, at) = label_at([from, before, tip], unit);
        // Between two cards side by side there may be no room: half a word says less than the line alone.
        let is_upright = (tip - before).x.abs() < 1.0;
        if !is_upright && (tip - from).x.abs() < label_width(&self.link.label) * unit {
            return;
        }
        let style = (11.0, pen.tokens.text_weak);
        let sheet_at = pen.shapes.len();
        let text = pen.text(anchor, at, &self.link.label, style, f32::INFINITY);
        // Other links may run there.
        let sheet = Shape::rect_filled(
            text.expand2(vec2(3.0, 0.0) * unit),
            pen.radius(4.0),
            pen.tokens.canvas,
        );
        pen.shapes.insert(sheet_at, sheet);
    }
}

/// About as wide as the words of a link are, in canvas units.
fn label_width(label: &str) -> f32 {
    (label.chars().count() as f32).mul_add(6.0, 6.0)
}

/// Around the words of a link, on the screen: about as wide as they are.
pub fn label_place(curve: Curve, label: &str, meta: &MetadataFrame) -> Rect {
    let [from, _, before, tip] = curve.on_screen(meta).points;
    let unit = meta.zoom;
    let size = vec2(label_width(label), 16.0) * unit;
    let (anchor, at) = label_at([from, before, tip], unit);
    anchor.anchor_size(at, size)
}

/// Where the words of a link stand: where it arrives, on the side it does not come from, so that no line runs through them.
fn label_at([from, before, tip]: [Pos2; 3], unit: f32) -> (Align2, Pos2) {
    let is_upright = (tip - before).x.abs() < 1.0;
    match is_upright {
        true if from.x > tip.x + 1.0 => (Align2::RIGHT_CENTER, tip + vec2(-9.0, -14.0) * unit),
        true => (Align2::LEFT_CENTER, tip + vec2(9.0, -14.0) * unit),
        false => (Align2::CENTER_BOTTOM, from.lerp(tip, 0.5) - vec2(0.0, 8.0) * unit),
    }
}

impl From<EdgeProps<Arc<Link>>> for LinkShape {
    fn from(props: EdgeProps<Arc<Link>>) -> Self {
        Self {
            link: props.payload,
            is_leaving: false,
        }
    }
}

impl LinkShape {
    /// What it looks like along a curve, in canvas units; nothing where there is none.
    pub fn shapes_along(&self, curve: Option<Curve>, ctx: &DrawContext<'_>) -> Vec<Shape> {
        let Some(curve) = curve else {
            return Vec::new();
        };
        let bezier = curve.on_screen(ctx.meta);
        // The hull of its points holds the whole curve.
        if !ctx
            .painter
            .clip_rect()
            .intersects(Rect::from_points(&bezier.points).expand(12.0))
        {
            return Vec::new();
        }
        let mut pen = Pen::new(ctx.painter, ctx.meta.zoom, self.is_leaving);
        let width = if self.link.is_candidate { 2.0 } else { 1.6 };
        let colour = LinkLook::of(&self.link).colour(pen.tokens);
        curve.draw(&mut pen, ctx.meta, (width, colour), Line::of(&self.link));
        if let Some(trouble) = self.link.trouble {
            draw_trouble(&mut pen, bezier.sample(TROUBLE_AT), trouble);
        }
        if pen.zoom >= NAME_ONLY_BELOW && !self.is_leaving {
            self.draw_label(&mut pen, bezier.points);
        }
        pen.shapes
    }
}

/// A thin dashed line from a card to one that turns to it in need, without a head: nothing runs along it now.
pub fn fallback_shapes(fallback: Rect, server: Rect, ctx: &DrawContext<'_>) -> Vec<Shape> {
    if fallback.intersects(server) {
        return Vec::new();
    }
    let curve = Curve::between(fallback, server);
    let bezier = curve.on_screen(ctx.meta);
    if !ctx
        .painter
        .clip_rect()
        .intersects(Rect::from_points(&bezier.points))
    {
        return Vec::new();
    }
    let pen = Pen::new(ctx.painter, ctx.meta.zoom, false);
    let stroke = Stroke::new((1.0 * pen.zoom).clamp(0.7, 1.5), pen.tokens.link);
    let (dash, gap) = ((3.5 * pen.zoom).max(1.5), (5.0 * pen.zoom).max(2.0));
    Shape::dashed_line(&bezier.flatten(Some(0.3)), stroke, dash, gap)
}

/// True if this point lies on the link along a curve, all in canvas units.
pub fn is_on_link(curve: Curve, pos: Pos2) -> bool {
    curve.points().windows(2).any(|pair| match pair {
        [from, to] => distance_to_segment(pos, *from, *to) <= REACH,
        _ => false,
    })
}

impl DisplayEdge<Arc<Card>, Arc<Link>, Directed, u32, ServerShape> for LinkShape {
    fn shapes(&mut self, start: &ServerNode, end: &ServerNode, ctx: &DrawContext<'_>) -> Vec<Shape> {
        let (above, below) = (start.display().rect(), end.display().rect());
        let curve = (!above.intersects(below)).then(|| Curve::between(above, below));
        self.shapes_along(curve, ctx)
    }

    fn update(&mut self, state: &EdgeProps<Arc<Link>>) {
        self.link = Arc::clone(&state.payload);
    }

    fn is_inside(&self, start: &ServerNode, end: &ServerNode, pos: Pos2) -> bool {
        is_on_link(Curve::between(start.display().rect(), end.display().rect()), pos)
    }
}

/// A mark in the middle of the line: nothing gets through, or it takes long.
fn draw_trouble(pen: &mut Pen<'_>, at: Pos2, trouble: Trouble) {
    let tokens = pen.tokens;
    let sheet = Rect::from_center_size(at, Vec2::splat(20.0) * pen.zoom);
    pen.fill(sheet, 10.0, tokens.canvas);
    match trouble {
        Trouble::Broken => pen.mark(Mark::Cross, at, 6.0, tokens.error),
        Trouble::Slow => pen.mark(Mark::Triangle, at, 5.0, tokens.warning),
    }
}

fn distance_to_segment(at: Pos2, from: Pos2, to: Pos2) -> f32 {
    let way: Vec2 = to - from;
    let length = way.length_sq();
    let share = if length == 0.0 {
        0.0
    } else {
        ((at - from).dot(way) / length).clamp(0.0, 1.0)
    };
    at.distance(from + way * share)
}

#[cfg(test)]
mod tests {
    use egui::pos2;

    use super::*;

    #[test]
    fn distance_is_to_the_nearest_point_of_the_segment() {
        let (from, to) = (pos2(0.0, 0.0), pos2(10.0, 0.0));
        assert_eq!(distance_to_segment(pos2(5.0, 3.0), from, to), 3.0);
        assert_eq!(distance_to_segment(pos2(14.0, 3.0), from, to), 5.0);
        assert_eq!(distance_to_segment(pos2(3.0, 4.0), from, from), 5.0);
    }
}
