//! One file of the bundle as text: its visible lines only, each telling where it comes from.

use egui::text::LayoutJob;
use egui::{FontId, Frame, Label, Margin, Rect, Response, RichText, ScrollArea, Sense, Stroke, Ui, Vec2};

use crate::app::Outbox;
use crate::app::{Message, ViewMessage};
use crate::model::bundle::BundleFile;
use crate::model::configuration::{LineOrigin, Origin, Provenance};
use crate::model::topology::catalogue::Effect;
use crate::model::topology::{ServerId, Topology};
use crate::ui::highlight::{Highlighter, Language};
use crate::ui::theme::{GAP, RADIUS_WIDGET, TEXT_MONO, TEXT_SMALL, Tokens};

use super::super::parts::note_ui;

/// The bar beside a line that comes from the selected server.
const BAR_WIDTH: f32 = 3.0;

/// The file's text; the lines that come from the selected server are lit, and scrolled to if it `reveals` them.
pub fn file_text_ui(
    ui: &mut Ui,
    topology: &Topology,
    file: &BundleFile,
    selected: Option<ServerId>,
    reveals: bool,
    outbox: &mut Outbox,
) {
    ui.horizontal(|ui| {
        if ui.button("Copy").on_hover_text("Copy the file").clicked() {
            outbox.send(Message::View(ViewMessage::CopyText(file.contents.clone())));
        }
        ui.add(Label::new(RichText::new(&file.path).strong()).truncate());
    });
    if let Provenance::Whole { origin, reason } = &file.provenance {
        note_ui(ui, format!("{}. {reason}", from_words(topology, origin)));
    }
    let tokens = Tokens::of(ui.visuals());
    Frame::new()
        .fill(tokens.field)
        .stroke(Stroke::new(1.0, tokens.line))
        .corner_radius(RADIUS_WIDGET)
        .inner_margin(Margin::same(8))
        .show(ui, |ui| lines_ui(ui, topology, file, selected, reveals));
}

fn lines_ui(ui: &mut Ui, topology: &Topology, file: &BundleFile, selected: Option<ServerId>, reveals: bool) {
    let font = FontId::monospace(TEXT_MONO);
    let (height, letter) = ui.fonts_mut(|fonts| (fonts.row_height(&font), fonts.glyph_width(&font, 'm')));
    // Prose has no line of its own to show where it comes from, and is read better without going sideways.
    let across = ((ui.available_width() - 2.0 * GAP) / letter).max(20.0) as usize;
    let lines: Vec<&str> = if Language::of_file(&file.path) == Language::Markdown {
        file.contents
            .lines()
            .flat_map(|line| folded(line, across))
            .collect()
    } else {
        file.contents.lines().collect()
    };
    let longest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let text_width = (longest as f32).mul_add(letter, GAP);
    ui.spacing_mut().item_spacing.y = 0.0;
    let mut area = ScrollArea::both()
        .id_salt(("file", &file.path))
        .auto_shrink(false);
    let mut origins = file.provenance.lines().iter();
    let first_lit = origins.find(|line| is_lit(Some(line), selected));
    if let Some(lit) = first_lit.filter(|_| reveals) {
        let above = lit.lines.start.saturating_sub(1);
        area = area.vertical_scroll_offset(above as f32 * height);
    }
    let tokens = Tokens::of(ui.visuals());
    area.show_rows(ui, height, lines.len(), |ui, visible| {
        let mut highlighter = Highlighter::new(Language::of_file(&file.path));
        // What is not visible may have left a text open.
        for line in lines.get(..visible.start).unwrap_or_default() {
            highlighter.line(line);
        }
        // Also what is not visible counts, so that the text does not jump from side to side.
        let row = Vec2::new(text_width.max(ui.available_width()), height);
        for place in visible {
            let text = lines.get(place).copied().unwrap_or_default();
            let origin = file.provenance.of_line(place);
            let mut job = LayoutJob::default();
            // A line without text would have no height.
            let shown = if text.is_empty() { " " } else { text };
            highlighter.append_line(&mut job, shown, GAP, &font, tokens);
            let response = line_ui(ui, row, place, job, is_lit(origin, selected));
            if let Some(origin) = origin {
                let effect = file.effect_of_line(text, topology.postgres());
                response.on_hover_ui_at_pointer(|ui| origin_ui(ui, topology, origin, effect));
            }
        }
    });
}

/// The line in pieces of at most so many characters, broken after blanks where there are any.
fn folded(line: &str, across: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = line;
    while let Some((end, _)) = rest.char_indices().nth(across) {
        let (fits, _) = rest.split_at(end);
        let at = fits.rfind(' ').map_or(end, |blank| blank + 1);
        let (piece, after) = rest.split_at(at);
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

fn is_lit(origin: Option<&LineOrigin>, selected: Option<ServerId>) -> bool {
    origin
        .zip(selected)
        .is_some_and(|(line, server)| line.origin.is_of(server))
}

/// One line, and its whole row as the place to hover.
fn line_ui(ui: &mut Ui, row: Vec2, place: usize, text: LayoutJob, is_lit: bool) -> Response {
    let tokens = Tokens::of(ui.visuals());
    let rect = Rect::from_min_size(ui.cursor().min, row);
    let behind = ui.interact(rect, ui.id().with(("line", place)), Sense::hover());
    if is_lit {
        // A line's height is not a whole number of pixels: without this, the ground shines through between two.
        let rect = rect.expand2(Vec2::new(0.0, 0.5));
        ui.painter().rect_filled(rect, 0.0, tokens.selection);
        let bar = Rect::from_min_size(rect.min, Vec2::new(BAR_WIDTH, rect.height()));
        ui.painter().rect_filled(bar, 0.0, tokens.accent);
    }
    let label = Label::new(text).extend().selectable(true);
    let response = ui.add(label) | behind;
    ui.expand_to_include_x(rect.max.x);
    response
}

/// Where a line comes from: the element and the decision, the reason, when a change takes effect, what it rests on.
fn origin_ui(ui: &mut Ui, topology: &Topology, line: &LineOrigin, effect: Option<Effect>) {
    ui.label(RichText::new(from_words(topology, &line.origin)).strong());
    ui.label(line.reason.as_ref());
    if let Some(effect) = effect {
        ui.label(format!("A change {}.", effect.words()));
    }
    let source = RichText::new(line.origin.decision.source()).size(TEXT_SMALL);
    ui.label(source.color(Tokens::of(ui.visuals()).text_weak));
}

/// "From: link slave1 → slave12 · the replication slot at the upstream".
fn from_words(topology: &Topology, origin: &Origin) -> String {
    format!("From: {} · {}", origin.words(topology), origin.decision.title())
}

#[cfg(test)]
mod tests {
    use super::folded;

    #[test]
    fn a_long_line_is_folded_after_a_blank_and_nothing_is_lost() {
        assert_eq!(folded("", 5), [""]);
        assert_eq!(folded("short", 5), ["short"]);
        assert_eq!(folded("one two three", 8), ["one two ", "three"]);
        assert_eq!(folded("überlänge", 4), ["über", "läng", "e"]);
        assert_eq!(folded("a bcdefghij", 4), ["a ", "bcde", "fghi", "j"]);
    }
}
