//! What lies above the drawing: the zoom buttons, the words beside the pointer, hints.

use egui::text::LayoutJob;
use egui::{
    Align, Align2, Button, FontId, Layout, Painter, Pos2, Rect, Shadow, Stroke, StrokeKind, TextFormat,
};
use egui::{Ui, UiBuilder, Vec2, pos2, vec2};

use crate::ui::theme::{RADIUS_WIDGET, TEXT_SMALL, Tokens};

/// From the corners of the canvas.
pub const MARGIN: f32 = 12.0;

/// What a pressed zoom button asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ZoomWish {
    Times(f32),
    /// One canvas unit on one point.
    Whole,
    Fit,
}

/// "−", the zoom, "+" and "Fit", at the lower right.
pub fn zoom_buttons(ui: &mut Ui, canvas: Rect, zoom: f32) -> Option<ZoomWish> {
    let strip = Rect::from_min_max(
        pos2(canvas.right() - 260.0, canvas.bottom() - 28.0 - MARGIN),
        canvas.max - Vec2::splat(MARGIN),
    );
    let builder = UiBuilder::new()
        .max_rect(strip)
        .layout(Layout::right_to_left(Align::Center));
    let mut wish = None;
    ui.scope_builder(builder, |ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let mut button = |text: String, width: f32, hint: &str, of_press: ZoomWish| {
            let button = Button::new(text).min_size(vec2(width, 28.0));
            if ui.add(button).on_hover_text(hint).clicked() {
                wish = Some(of_press);
            }
        };
        button("Fit".to_owned(), 40.0, "Show the whole design", ZoomWish::Fit);
        button("+".to_owned(), 28.0, "Zoom in", ZoomWish::Times(1.25));
        let percent = if zoom < 0.0095 {
            format!("{:.1}%", zoom * 100.0)
        } else {
            format!("{:.0}%", zoom * 100.0)
        };
        button(percent, 58.0, "Zoom to 100%", ZoomWish::Whole);
        button("−".to_owned(), 28.0, "Zoom out", ZoomWish::Times(0.8));
    });
    wish
}

/// How a label beside the pointer is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Allowed,
    Consequence,
    Refused,
}

/// A verb and a sentence beside the pointer, always whole on the canvas.
pub fn pointer_label(
    painter: &Painter,
    canvas: Rect,
    pointer: Pos2,
    tone: Tone,
    (title, sentence): (&str, &str),
) {
    let tokens = Tokens::of(&painter.ctx().global_style().visuals);
    let colour = match tone {
        Tone::Allowed => tokens.drop_allowed,
        Tone::Consequence => tokens.drop_consequence,
        Tone::Refused => tokens.drop_refused,
    };
    let galley = painter.layout_job(two_lines(title, sentence, tokens));
    let size = galley.size() + vec2(26.0, 16.0);
    let room = canvas.shrink(MARGIN);
    let mut at = pointer + vec2(18.0, 22.0);
    at.x = at.x.min(room.right() - size.x).max(room.left());
    // Below the pointer would be off the canvas: above it.
    if at.y + size.y > room.bottom() {
        at.y = (pointer.y - 18.0 - size.y).max(room.top());
    }
    let sheet = Rect::from_min_size(at, size);
    let shadow = Shadow {
        offset: [0, 4],
        blur: 12,
        spread: 0,
        color: tokens.shadow,
    };
    painter.add(shadow.as_shape(sheet, f32::from(RADIUS_WIDGET)));
    painter.rect(
        sheet,
        f32::from(RADIUS_WIDGET),
        tokens.card,
        Stroke::new(1.5, colour),
        StrokeKind::Inside,
    );
    painter.galley(sheet.min + vec2(13.0, 8.0), galley, tokens.text);
}

/// A sentence in the middle of the canvas' lower edge.
pub fn hint(painter: &Painter, canvas: Rect, sentence: &str) {
    let tokens = Tokens::of(&painter.ctx().global_style().visuals);
    let font = FontId::proportional(TEXT_SMALL + 1.0);
    let galley = painter.layout(sentence.to_owned(), font, tokens.text_weak, canvas.width() - 48.0);
    let size = galley.size() + vec2(24.0, 12.0);
    let sheet = Align2::CENTER_TOP.anchor_size(pos2(canvas.center().x, canvas.top() + MARGIN), size);
    painter.rect(
        sheet,
        sheet.height() / 2.0,
        tokens.card,
        Stroke::new(1.0, tokens.line),
        StrokeKind::Inside,
    );
    painter.galley(sheet.center() - galley.size() / 2.0, galley, tokens.text_weak);
}

fn two_lines(title: &str, sentence: &str, tokens: &Tokens) -> LayoutJob {
    let mut job = LayoutJob::default();
    let format = |size: f32, color| TextFormat {
        font_id: FontId::proportional(size),
        color,
        ..TextFormat::default()
    };
    job.append(title, 0.0, format(13.5, tokens.text));
    if !sentence.is_empty() {
        job.append("\n", 0.0, format(12.0, tokens.text_weak));
        job.append(sentence, 0.0, format(12.0, tokens.text_weak));
    }
    job.wrap.max_width = 300.0;
    job
}
