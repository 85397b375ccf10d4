//! The legend: what the signs of the drawing mean, of those that occur in it.

use egui::{Align2, Button, FontId, Id, Rect, Sense, Stroke, StrokeKind, Ui, WidgetInfo, WidgetType};
use egui::{Vec2, pos2, vec2};

use super::pen::Pen;
use super::sign::Sign;
use crate::app::Outbox;
use crate::app::{Message, ViewMessage};
use crate::ui::theme::{GAP, RADIUS_WIDGET, TEXT_SMALL, Tokens};

/// From the corner of the canvas.
const MARGIN: f32 = 12.0;
/// With a little air between two badges.
const ROW: f32 = 21.0;
const TITLE: f32 = 22.0;
/// Its title alone.
const FOLDED: Vec2 = Vec2::new(64.0, 31.0);
/// The column of the signs: as wide as a line, or as the widest badge.
const SAMPLES: f32 = 34.0;
/// What a badge has besides its words.
const BADGE_ROOM: f32 = 14.0;
const BADGE_TEXT: f32 = 11.0;
/// So far reach the words beside the pointer.
const POINTER_WORDS: Vec2 = Vec2::new(320.0, 150.0);
/// What must be left of the canvas beside it and above it: the drawing comes first.
const LEFT_FREE: f32 = 320.0;
const TOP_FREE: f32 = 60.0;

/// At the lower left, where the canvas has room for it. Where it would lie upon cards only its title is shown, and all of
/// it while the pointer is there.
pub fn legend_ui(
    ui: &mut Ui,
    canvas: Rect,
    signs: &[Sign],
    covers: impl Fn(Rect) -> bool,
    is_dragging: bool,
    outbox: &mut Outbox,
) {
    let tokens = Tokens::of(ui.visuals());
    let font = FontId::proportional(TEXT_SMALL);
    let painter = ui.painter_at(canvas);
    let galleys: Vec<_> = signs
        .iter()
        .map(|sign| painter.layout_no_wrap(sign.words().to_owned(), font.clone(), tokens.text_weak))
        .collect();
    let badges = signs.iter().filter_map(|sign| match sign {
        Sign::Badge(badge) => Some(badge.text.clone()),
        _ => None,
    });
    let samples = badges
        .map(|words| painter.layout_no_wrap(words, FontId::proportional(BADGE_TEXT), tokens.text))
        .map(|galley| galley.size().x + BADGE_ROOM)
        .fold(SAMPLES, f32::max);
    let width = galleys.iter().map(|galley| galley.size().x).fold(0.0, f32::max);
    let size = vec2(
        width + samples + GAP + 20.0,
        ROW.mul_add(signs.len() as f32, TITLE + 12.0),
    );
    if signs.is_empty() || canvas.width() < size.x + LEFT_FREE || canvas.height() < size.y + TOP_FREE {
        return;
    }
    let corner = canvas.left_bottom() + vec2(MARGIN, -MARGIN);
    let whole = Rect::from_min_max(corner - vec2(0.0, size.y), corner + vec2(size.x, 0.0));
    let title_only = Rect::from_min_max(corner - vec2(0.0, FOLDED.y), corner + vec2(FOLDED.x, 0.0));
    let id = Id::new("legend");
    let was_open = ui.data(|data| data.get_temp(id).unwrap_or(false));
    let is_pointed_at = ui.rect_contains_pointer(if was_open { whole } else { title_only });
    let explained: Vec<&str> = signs.iter().map(Sign::words).collect();
    let explained = format!("Legend: {}", explained.join("; "));
    // Where it was opened by a click it stays so, until it has other signs: it could cover more cards than it did. While the
    // drawing is moved below it, it stays as it is.
    let pin = id.with("pinned");
    let pinned: Option<String> = ui.data(|data| data.get_temp(pin));
    let is_pinned = pinned.is_some_and(|pinned| pinned == explained);
    let is_held = ui.input(|input| input.pointer.any_down());
    // What is dragged, and the words beside the pointer, come first.
    let words = Rect::from_min_max(whole.min - POINTER_WORDS, whole.max);
    let is_open = if is_dragging {
        !covers(whole) && !ui.rect_contains_pointer(words)
    } else if is_held {
        was_open
    } else {
        is_pinned || is_pointed_at || !covers(whole)
    };
    if is_open != was_open {
        ui.data_mut(|data| data.insert_temp(id, is_open));
        ui.ctx().request_repaint();
    }
    let sheet = if is_open { whole } else { title_only };
    // A press on it is none on what lies below it.
    let response = ui.interact(sheet, id, Sense::CLICK | Sense::DRAG);
    if response.clicked() {
        ui.data_mut(|data| {
            if is_pinned {
                data.remove::<String>(pin);
            } else {
                data.insert_temp(pin, explained.clone());
            }
        });
    }
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Label, true, explained.as_str()));
    let radius = f32::from(RADIUS_WIDGET);
    painter.rect(
        sheet,
        radius,
        tokens.card,
        Stroke::new(1.0, tokens.line),
        StrokeKind::Inside,
    );
    let title = sheet.left_top() + vec2(10.0, 6.0 + TITLE / 2.0 - 3.0);
    painter.text(title, Align2::LEFT_CENTER, "Legend", font, tokens.text);
    if !is_open {
        return;
    }
    let close = Rect::from_center_size(sheet.right_top() + vec2(-14.0, 14.0), vec2(20.0, 20.0));
    let button = ui.put(close, Button::new("×").frame(false));
    let hint = "Close the legend (reopen it from the View menu)";
    button.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, "Close the legend"));
    if button.on_hover_text(hint).clicked() {
        outbox.send(Message::View(ViewMessage::ShowLegend(false)));
    }
    let mut pen = Pen::new(&painter, 1.0, false);
    for (number, (sign, galley)) in signs.iter().zip(galleys).enumerate() {
        let top = ROW.mul_add(number as f32, sheet.top() + 6.0 + TITLE);
        let place = Rect::from_min_size(pos2(sheet.left() + 10.0, top), vec2(samples, ROW));
        sign.draw(&mut pen, place);
        let at = pos2(place.right() + GAP, place.center().y - galley.size().y / 2.0);
        pen.shapes.push(egui::Shape::galley(at, galley, tokens.text_weak));
    }
    painter.extend(pen.shapes);
}
