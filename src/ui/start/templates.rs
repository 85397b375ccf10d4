//! The built-in designs, each with its picture: a click begins a new design with it.

use std::sync::LazyLock;

use egui::{
    Align, FontId, Label, Layout, Rect, RichText, Sense, Stroke, StrokeKind, Ui, WidgetInfo, WidgetType, vec2,
};

use crate::app::Outbox;
use crate::app::{FileMessage, Message};
use crate::model::diagram::Diagram;
use crate::model::document::format;
use crate::model::document::templates::{TEMPLATES, Template};
use crate::ui::theme::{GAP, GAP_SMALL, RADIUS_CARD, RADIUS_WIDGET, TEXT_BODY, TEXT_SMALL, Tokens};

use super::part_ui;
use crate::ui::thumbnail;

const NARROWEST: f32 = 186.0;
const PICTURE: f32 = 92.0;
/// The name, and two lines of what it is.
const WORDS: f32 = 64.0;

/// They never change, so they are laid out once.
static PICTURES: LazyLock<Vec<(Template, Diagram)>> = LazyLock::new(|| {
    let drawn = |template: &Template| {
        let document = format::read(template.text).ok()?;
        Some((*template, Diagram::of(&document)))
    };
    TEMPLATES.iter().filter_map(drawn).collect()
});

/// A picture with words below it, which is one button.
pub struct Tile<'a> {
    pub title: &'a str,
    pub summary: &'a str,
    /// For screen readers.
    pub name: &'a str,
}

/// How many tiles are side by side, and their size with so much room for words.
pub fn grid(ui: &Ui, words: f32) -> (usize, egui::Vec2) {
    let width = ui.available_width() - GAP;
    let columns = ((width + GAP) / (NARROWEST + GAP)).floor().clamp(1.0, 3.0);
    let tile = vec2(
        (width - (columns - 1.0) * GAP) / columns,
        PICTURE + words + 3.0 * GAP,
    );
    (columns as usize, tile)
}

pub fn templates_ui(ui: &mut Ui, outbox: &mut Outbox) {
    part_ui(ui, "Start from a template");
    let (columns, size) = grid(ui, WORDS);
    for row in PICTURES.chunks(columns) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = GAP;
            for (template, diagram) in row {
                let name = format!("New design from {}: {}", template.name, template.summary);
                let tile = Tile {
                    title: template.name,
                    summary: template.summary,
                    name: &name,
                };
                if tile_ui(ui, size, &tile, diagram) {
                    let new = FileMessage::New(template.name.to_owned());
                    outbox.send(Message::File(new));
                }
            }
        });
        ui.add_space(GAP - ui.spacing().item_spacing.y);
    }
}

pub fn tile_ui(ui: &mut Ui, size: egui::Vec2, tile: &Tile<'_>, diagram: &Diagram) -> bool {
    let tokens = Tokens::of(ui.visuals());
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, tile.name));
    let is_lit = response.hovered() || response.has_focus();
    let (width, colour) = if response.has_focus() {
        (2.0, tokens.accent)
    } else if is_lit {
        (1.0, tokens.card_stroke_hovered)
    } else {
        (1.0, tokens.card_stroke)
    };
    ui.painter().rect_filled(rect, RADIUS_CARD, tokens.card);
    ui.painter()
        .rect_stroke(rect, RADIUS_CARD, Stroke::new(width, colour), StrokeKind::Inside);
    let inside = rect.shrink(GAP);
    let picture = Rect::from_min_size(inside.min, vec2(inside.width(), PICTURE));
    ui.painter().rect_filled(picture, RADIUS_WIDGET, tokens.canvas);
    thumbnail::paint(ui.painter(), picture.shrink2(vec2(GAP, GAP)), diagram, tokens);
    let words = Rect::from_min_max(picture.left_bottom() + vec2(2.0, GAP_SMALL), inside.max);
    let builder = egui::UiBuilder::new()
        .max_rect(words)
        .layout(Layout::top_down(Align::Min));
    let mut ui = ui.new_child(builder);
    ui.spacing_mut().item_spacing.y = 1.0;
    let font = |size| FontId::proportional(size);
    let title = RichText::new(tile.title)
        .font(font(TEXT_BODY))
        .strong()
        .color(tokens.text);
    let what = RichText::new(tile.summary)
        .font(font(TEXT_SMALL))
        .color(tokens.text_weak);
    // The tile is one button with all its words as its name.
    ui.add(Label::new(title).selectable(false).wrap());
    ui.add(Label::new(what).selectable(false).wrap());
    response.clicked()
}
