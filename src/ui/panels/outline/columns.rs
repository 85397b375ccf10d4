//! The words of a row in columns that stay below one another: the dot, the name, what it is, the port.

use egui::{FontId, Rect, RichText, Ui};

use super::Shown;
use super::words::sync_word;
use crate::app::Session;
use crate::model::topology::Server;
use crate::ui::fonts::name_within;
use crate::ui::theme::{TEXT_BODY, TEXT_SMALL, Tokens};

/// Of each level, where there is room for it.
const INDENT: f32 = 16.0;
const LEAST_INDENT: f32 = 6.0;
/// So much is left for the name on the deepest level, if that can be.
const NAME_WIDTH: f32 = 64.0;
/// From the row's edge to its name on the first level.
const SIGNS_WIDTH: f32 = 26.0;
/// Ports have at most five digits.
const PORT_WIDTH: f32 = 36.0;
const WORD_WIDTH: f32 = 72.0;
/// Between two columns.
const COLUMN_GAP: f32 = 4.0;

/// What all rows have in common. Where there is no room for the names, the port gives way, then the word.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Columns {
    pub indent: f32,
    has_word: bool,
    has_port: bool,
}

impl Columns {
    /// Columns stay below one another in deep trees, too: each level is set in by less.
    pub fn of(row_width: f32, deepest: usize) -> Self {
        let levels = deepest.max(1) as f32;
        let room = row_width - SIGNS_WIDTH - NAME_WIDTH;
        let fits = |others: f32| room - others >= LEAST_INDENT * levels;
        let has_word = fits(WORD_WIDTH);
        let has_port = fits(WORD_WIDTH + PORT_WIDTH);
        let others = if has_port {
            WORD_WIDTH + PORT_WIDTH
        } else if has_word {
            WORD_WIDTH
        } else {
            0.0
        };
        Self {
            indent: ((room - others) / levels).clamp(LEAST_INDENT, INDENT),
            has_word,
            has_port,
        }
    }
}

pub(super) fn row_text(ui: &Ui, session: &Session, server: &Server, shown: &Shown<'_>, rect: Rect) {
    let Shown {
        row, hidden, columns, ..
    } = shown;
    let tokens = Tokens::of(ui.visuals());
    let dot = egui::pos2(
        rect.left() + 14.0 + columns.indent * row.depth as f32,
        rect.center().y,
    );
    if server.is_primary() {
        ui.painter().circle_filled(dot, 5.0, tokens.primary);
    } else if row.has_downstreams {
        ui.painter().circle_filled(dot, 4.0, tokens.relay);
    } else {
        let stroke = egui::Stroke::new(1.5, tokens.asynchronous);
        ui.painter().circle(dot, 3.5, tokens.panel, stroke);
    }
    // Painted, not placed as labels: a screen reader has heard it all in the row's own name.
    let name_left = dot.x + 12.0;
    let port_left = rect.right() - if columns.has_port { PORT_WIDTH } else { 0.0 };
    let word_left = port_left - if columns.has_word { WORD_WIDTH } else { 0.0 };
    let column = |from: f32, to: f32| Rect::from_x_y_ranges(from..=to.max(from), rect.y_range());
    let names = column(name_left, word_left - 6.0);
    let folded = hidden.map_or_else(String::new, |(hidden, _)| format!("  +{hidden}"));
    let font = FontId::proportional(TEXT_BODY);
    let counted = ui
        .painter()
        .layout_no_wrap(folded.clone(), font.clone(), tokens.text)
        .size()
        .x;
    let name = name_within(
        ui.painter(),
        server.name().as_str(),
        &font,
        names.width() - counted,
    );
    paint(ui, names, name + &folded, TEXT_BODY, tokens.text);
    if columns.has_word {
        let (word, colour) = sync_word(session, server, tokens);
        paint(
            ui,
            column(word_left, port_left - COLUMN_GAP),
            word,
            TEXT_SMALL,
            colour,
        );
    }
    if columns.has_port {
        let port = server.port().to_string();
        let ports = column(port_left, rect.right());
        paint(ui, ports, port, TEXT_SMALL, tokens.text_weak);
    }
}

/// A text in a column, cut with an ellipsis where it is too long.
fn paint(ui: &Ui, column: Rect, words: String, size: f32, colour: egui::Color32) {
    let text = egui::WidgetText::from(RichText::new(words).size(size).color(colour));
    let cut = Some(egui::TextWrapMode::Truncate);
    let galley = text.into_galley(ui, cut, column.width().max(0.0), egui::TextStyle::Body);
    let at = egui::pos2(column.left(), column.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, colour);
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTH: f32 = 242.0;

    #[test]
    fn names_and_columns_have_their_room_down_to_the_sixth_level() {
        assert_eq!(
            Columns::of(WIDTH, 2).indent,
            INDENT,
            "as airy as there is room for"
        );
        for deepest in 0..=6 {
            let columns = Columns::of(WIDTH, deepest);
            assert!(columns.has_word && columns.has_port);
            let name_left = columns.indent.mul_add(deepest as f32, SIGNS_WIDTH);
            assert!(name_left + NAME_WIDTH + WORD_WIDTH + PORT_WIDTH <= WIDTH + 0.1);
        }
    }

    #[test]
    fn deeper_down_the_port_gives_way_then_the_word() {
        let has = |deepest: usize| {
            let columns = Columns::of(WIDTH, deepest);
            (columns.has_word, columns.has_port)
        };
        assert_eq!(has(10), (true, false));
        assert_eq!(has(500), (false, false));
        assert_eq!(Columns::of(WIDTH, 500).indent, LEAST_INDENT);
    }
}
