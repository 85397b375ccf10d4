//! A design, small: the same scene as in exported pictures, without its words.

use egui::epaint::CubicBezierShape;
use egui::{Color32, CornerRadius, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, pos2, vec2};

use crate::model::diagram::{Diagram, Tone};
use crate::model::document::arrange::CARD;
use crate::ui::theme::Tokens;

/// A pair would fill the frame otherwise, and look like something else than a tree does.
const LARGEST_SCALE: f32 = 0.34;
/// Points of a curve, for its dashes.
const STEPS: usize = 12;
const DASH: f32 = 3.5;

/// Draws it into the frame, in its middle.
pub fn paint(painter: &Painter, frame: Rect, diagram: &Diagram, tokens: &Tokens) {
    let Some(content) = content(diagram) else {
        return;
    };
    let scale = (frame.width() / content.width())
        .min(frame.height() / content.height())
        .min(LARGEST_SCALE);
    let at = |[x, y]: [f32; 2]| -> Pos2 { frame.center() + (pos2(x, y) - content.center()) * scale };
    for link in &diagram.links {
        let points = link.points.map(at);
        let stroke = Stroke::new(1.4, tokens.link);
        let curve = CubicBezierShape::from_points_stroke(points, false, Color32::TRANSPARENT, stroke);
        if link.is_dashed {
            let line: Vec<Pos2> = (0..=STEPS)
                .map(|step| curve.sample(step as f32 / STEPS as f32))
                .collect();
            painter.extend(Shape::dashed_line(&line, stroke, DASH, DASH * 0.8));
        } else {
            painter.add(curve);
        }
    }
    for card in &diagram.cards {
        let colour = colour(card.tone, tokens);
        let rect = Rect::from_min_size(at(card.at), vec2(CARD[0], CARD[1]) * scale);
        let corner = CornerRadius::same(3);
        let fill = if card.is_primary {
            colour
        } else {
            tokens.tint(colour)
        };
        painter.rect_filled(rect, corner, fill);
        painter.rect_stroke(rect, corner, Stroke::new(1.2, colour), StrokeKind::Inside);
    }
}

/// Where its cards are; without the room for a title.
fn content(diagram: &Diagram) -> Option<Rect> {
    let cards = diagram.cards.iter();
    let rects = cards.map(|card| Rect::from_min_size(pos2(card.at[0], card.at[1]), vec2(CARD[0], CARD[1])));
    rects.reduce(Rect::union)
}

fn colour(tone: Tone, tokens: &Tokens) -> Color32 {
    match tone {
        Tone::Primary => tokens.primary,
        Tone::Sync => tokens.sync,
        Tone::Potential => tokens.potential,
        Tone::Quorum => tokens.quorum,
        Tone::Async => tokens.asynchronous,
    }
}
