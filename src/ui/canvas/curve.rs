//! The way of a link: from the bottom of one card to the top of another where there is room, and around what lies between.

use egui::epaint::CubicBezierShape;
use egui::{Color32, Pos2, Rect, Shape, Stroke, pos2, vec2};
use egui_graphs::MetadataFrame;

use super::pen::Pen;
use crate::app::cards::Link;

/// So far from a card that it does not belong to does a link stay, in canvas units.
const CLEAR: f32 = 4.0;

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    Solid,
    Dashed,
    /// Nothing streams along it.
    Dotted,
}

impl Line {
    /// Its dash and the gap after it, at this zoom.
    fn pattern(self, zoom: f32) -> Option<(f32, f32)> {
        match self {
            Self::Solid => None,
            Self::Dashed => Some(((6.0 * zoom).max(2.0), (4.5 * zoom).max(2.0))),
            Self::Dotted => Some(((1.8 * zoom).max(1.0), (4.2 * zoom).max(2.0))),
        }
    }

    pub(super) fn of(link: &Link) -> Self {
        match (link.is_by_archive, link.is_candidate) {
            (true, _) => Self::Dotted,
            (false, true) => Self::Solid,
            (false, false) => Self::Dashed,
        }
    }
}

/// A curve between two cards: the four points of a cubic bezier, in canvas units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve([Pos2; 4]);

impl Curve {
    /// From the bottom of the upper card to the top of the lower one; where the cards do not stand so,
    /// from side to side, or upwards.
    pub fn between(upstream: Rect, downstream: Rect) -> Self {
        let (from, to, way) = if downstream.top() >= upstream.bottom() {
            (upstream.center_bottom(), downstream.center_top(), vec2(0.0, 1.0))
        } else if downstream.left() >= upstream.right() {
            (upstream.right_center(), downstream.left_center(), vec2(1.0, 0.0))
        } else if downstream.right() <= upstream.left() {
            (upstream.left_center(), downstream.right_center(), vec2(-1.0, 0.0))
        } else {
            (upstream.center_top(), downstream.center_bottom(), vec2(0.0, -1.0))
        };
        let along = ((to - from).dot(way).abs() * 0.5).max(18.0);
        Self([from, from + way * along, to - way * along, to])
    }

    /// Around what lies between two cards: it leaves and ends at the same side, so far out. Not at all out is as straight as
    /// it can be.
    pub fn along(upstream: Rect, downstream: Rect, swing: f32) -> Self {
        let plain = Self::between(upstream, downstream);
        if swing == 0.0 {
            return plain;
        }
        let [from, to] = plain.ends();
        if from.x == upstream.center().x {
            let side = |card: Rect| {
                if swing > 0.0 {
                    card.right_center()
                } else {
                    card.left_center()
                }
            };
            let (from, to) = (side(upstream), side(downstream));
            let out = if swing > 0.0 {
                from.x.max(to.x)
            } else {
                from.x.min(to.x)
            } + swing;
            return Self([from, pos2(out, from.y), pos2(out, to.y), to]);
        }
        debug_assert!(to.x != downstream.center().x, "from side to side");
        let side = |card: Rect| {
            if swing > 0.0 {
                card.center_bottom()
            } else {
                card.center_top()
            }
        };
        let (from, to) = (side(upstream), side(downstream));
        let out = if swing > 0.0 {
            from.y.max(to.y)
        } else {
            from.y.min(to.y)
        } + swing;
        Self([from, pos2(from.x, out), pos2(to.x, out), to])
    }

    /// How far it has to swing out to meet none of these cards; not at all, where nothing helps.
    pub fn swing_around(upstream: Rect, downstream: Rect, others: &[Rect]) -> f32 {
        const TRIED: [f32; 9] = [0.0, -56.0, 56.0, 110.0, -110.0, 190.0, -190.0, 330.0, -330.0];
        let is_free = |swing: &f32| {
            let points = Self::along(upstream, downstream, *swing).points();
            let meets = |card: &Rect| {
                let near = card.expand(CLEAR);
                points.windows(2).any(|pair| match pair {
                    [from, to] => meets_segment(near, *from, *to),
                    _ => false,
                })
            };
            !others.iter().any(meets)
        };
        TRIED.into_iter().find(is_free).unwrap_or(0.0)
    }

    /// Points along it, close enough to see no corner.
    pub fn points(self) -> Vec<Pos2> {
        let bezier = CubicBezierShape::from_points_stroke(self.0, false, Color32::TRANSPARENT, Stroke::NONE);
        bezier.flatten(Some(1.0))
    }

    /// The point at this share of the way, in canvas units.
    pub fn at(self, share: f32) -> Pos2 {
        CubicBezierShape::from_points_stroke(self.0, false, Color32::TRANSPARENT, Stroke::NONE).sample(share)
    }

    /// True if it runs straight.
    pub fn is_straight(self) -> bool {
        let Self([from, _, _, to]) = self;
        from.x == to.x || from.y == to.y
    }

    /// Both ends, in canvas units.
    pub fn ends(self) -> [Pos2; 2] {
        let Self([from, _, _, to]) = self;
        [from, to]
    }

    pub fn on_screen(self, meta: &MetadataFrame) -> CubicBezierShape {
        let points = self.0.map(|point| meta.canvas_to_screen_pos(point));
        CubicBezierShape::from_points_stroke(points, false, Color32::TRANSPARENT, Stroke::NONE)
    }

    /// Half way along it.
    pub fn middle(self) -> Pos2 {
        CubicBezierShape::from_points_stroke(self.0, false, Color32::TRANSPARENT, Stroke::NONE).sample(0.5)
    }

    /// A plain line all along it.
    pub fn band(self, meta: &MetadataFrame, stroke: Stroke) -> Shape {
        Shape::line(self.on_screen(meta).flatten(Some(0.3)), stroke)
    }

    /// Draws the line and its arrow head.
    pub fn draw(self, pen: &mut Pen<'_>, meta: &MetadataFrame, (width, colour): (f32, Color32), line: Line) {
        let colour = pen.tone(colour);
        let stroke = Stroke::new((width * pen.zoom).clamp(1.0, 4.0), colour);
        let [_, _, before, tip] = self.0.map(|point| meta.canvas_to_screen_pos(point));
        let direction = (tip - before).normalized();
        let head = 9.0 * pen.zoom;
        let neck = tip - direction * (head * 0.8);
        // The line ends in the head, so that its blunt end does not show beside the tip.
        let mut bezier = self.on_screen(meta);
        bezier.points[3] = neck;
        bezier.points[2] -= direction * (head * 0.8);
        let points = bezier.flatten(Some(0.3));
        match line.pattern(pen.zoom) {
            Some((dash, gap)) => pen.shapes.extend(Shape::dashed_line(&points, stroke, dash, gap)),
            None => pen.shapes.push(Shape::line(points, stroke)),
        }
        let side = direction.rot90() * (head * 0.45);
        let back = tip - direction * head;
        pen.shapes.push(Shape::convex_polygon(
            vec![tip, back + side, back - side],
            colour,
            Stroke::NONE,
        ));
    }
}

/// True if a stretch meets a card; short ones, as a flattened curve has them, cannot miss it.
fn meets_segment(card: Rect, from: Pos2, to: Pos2) -> bool {
    const STEP: f32 = 8.0;
    let steps = ((to - from).length() / STEP).ceil().max(1.0);
    (0..=steps as usize).any(|step| card.contains(from + (to - from) * (step as f32 / steps)))
}

#[cfg(test)]
mod tests {
    use super::super::server_shape::ServerShape;
    use super::*;

    fn card(x: f32, y: f32) -> Rect {
        ServerShape::rect_at(pos2(x, y))
    }

    #[test]
    fn a_link_runs_from_bottom_to_top_wherever_there_is_room() {
        let Curve([from, _, _, to]) = Curve::between(card(0.0, 0.0), card(300.0, 200.0));
        assert_eq!(
            (from, to),
            (card(0.0, 0.0).center_bottom(), card(300.0, 200.0).center_top())
        );
        let Curve([from, _, _, to]) = Curve::between(card(0.0, 0.0), card(300.0, 10.0));
        assert_eq!(
            (from, to),
            (card(0.0, 0.0).right_center(), card(300.0, 10.0).left_center())
        );
        let Curve([from, _, _, to]) = Curve::between(card(0.0, 0.0), card(0.0, -200.0));
        assert_eq!(
            (from, to),
            (card(0.0, 0.0).center_top(), card(0.0, -200.0).center_bottom())
        );
    }

    /// What of these cards a link meets.
    fn met(upstream: Rect, downstream: Rect, others: &[Rect]) -> usize {
        let swing = Curve::swing_around(upstream, downstream, others);
        let points = Curve::along(upstream, downstream, swing).points();
        let meets = |card: &&Rect| {
            points
                .windows(2)
                .any(|pair| meets_segment(**card, pair[0], pair[1]))
        };
        others.iter().filter(meets).count()
    }

    #[test]
    fn a_link_does_not_run_behind_a_card() {
        let [top, middle, bottom] = [0.0, 150.0, 300.0].map(|y| card(0.0, y));
        assert_eq!(
            Curve::swing_around(top, middle, &[bottom]),
            0.0,
            "nothing is between"
        );
        for (from, to) in [(top, bottom), (bottom, top)] {
            assert_eq!(met(from, to, &[middle]), 0);
            assert_ne!(Curve::swing_around(from, to, &[middle]), 0.0);
        }
        // In one row, and below a row of others.
        let [left, between, right] = [0.0, 260.0, 520.0].map(|x| card(x, 0.0));
        assert_eq!(met(left, right, &[between]), 0);
        assert_eq!(met(right, left, &[between, card(260.0, -150.0)]), 0);
        // Where nothing helps it is as short as it can be.
        let wall = Rect::from_center_size(middle.center(), vec2(5_000.0, 20.0));
        assert_eq!(Curve::swing_around(top, bottom, &[wall]), 0.0);
    }
}
