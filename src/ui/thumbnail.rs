//! A design, small: the same scene as in exported pictures, without its words.

use egui::epaint::CubicBezierShape;
use egui::{Color32, CornerRadius, FontId, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, pos2, vec2};

use crate::model::diagram::{Diagram, Line, Tone};
use crate::model::document::arrange::CARD;
use crate::ui::theme::Tokens;

/// A pair would fill the frame otherwise, and look like something else than a tree does.
const LARGEST_SCALE: f32 = 0.34;
/// Points of a curve, for its dashes.
const STEPS: usize = 12;
const DASH: f32 = 3.5;

/// Draws it into the frame, in its middle.
pub fn paint(painter: &Painter, frame: Rect, diagram: &Diagram, tokens: &Tokens) {
    paint_up_to(LARGEST_SCALE, painter, frame, diagram, tokens);
}

/// The same larger, with each server's name, and its place in the list of synchronous ones.
pub fn paint_named(painter: &Painter, frame: Rect, diagram: &Diagram, tokens: &Tokens) {
    const LARGEST: f32 = 0.62;
    let Some((rects, scale)) = paint_up_to(LARGEST, painter, frame, diagram, tokens) else {
        return;
    };
    for (card, rect) in diagram.cards.iter().zip(rects) {
        let colour = if card.is_primary {
            tokens.on_accent
        } else {
            tokens.text
        };
        let font = FontId::proportional((scale * 24.0).clamp(8.0, 14.0));
        let words = format!("{}\n{}", card.name, card.badge);
        let galley = painter.layout(words, font, colour, rect.width());
        painter.galley(rect.center() - galley.size() / 2.0, galley, colour);
    }
}

fn paint_up_to(
    largest: f32,
    painter: &Painter,
    frame: Rect,
    diagram: &Diagram,
    tokens: &Tokens,
) -> Option<(Vec<Rect>, f32)> {
    let content = content(diagram)?;
    let scale = (frame.width() / content.width())
        .min(frame.height() / content.height())
        .min(largest);
    let at = |[x, y]: [f32; 2]| -> Pos2 { frame.center() + (pos2(x, y) - content.center()) * scale };
    for link in &diagram.links {
        let points = link.points.map(at);
        let stroke = Stroke::new(1.4, tokens.link);
        let curve = CubicBezierShape::from_points_stroke(points, false, Color32::TRANSPARENT, stroke);
        if link.line == Line::Fallback {
            continue;
        }
        if link.line == Line::Solid {
            painter.add(curve);
        } else {
            let line: Vec<Pos2> = (0..=STEPS)
                .map(|step| curve.sample(step as f32 / STEPS as f32))
                .collect();
            painter.extend(Shape::dashed_line(&line, stroke, DASH, DASH * 0.8));
        }
    }
    let mut rects = Vec::new();
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
        rects.push(rect);
    }
    Some((rects, scale))
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
