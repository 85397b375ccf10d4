//! The servers as a tree of rows: the drawing for keyboards and screen readers.
//!
//! Up and down go through the rows, Home and End to the ends; left folds, or goes to the upstream where nothing is to be
//! folded, right unfolds, or goes to the first downstream; Enter or Space selects. Everything the canvas offers is in each row's menu.

mod keys;
mod words;

use std::borrow::Cow;
use std::collections::BTreeMap;

use egui::accesskit::Role;
use egui::{Layout, Rect, RichText, Sense, StrokeKind, Ui, UiBuilder, WidgetInfo};
use egui::{WidgetType, vec2};

use self::keys::move_focus;
use self::words::{amiss, sync_word};
use crate::app::Outbox;
use crate::app::edits::role_in_words;
use crate::app::{Message, Session, TreeRow, ViewMessage};
use crate::model::topology::{Server, ServerId};
use crate::ui::canvas::{folds_of, select_by_click, tell_expanded};
use crate::ui::server_menu::server_menu_ui;
use crate::ui::theme::{RADIUS_WIDGET, TEXT_BODY, TEXT_SMALL, Tokens};

const ROW_HEIGHT: f32 = 28.0;
/// Of each level, where there is room for it.
const INDENT: f32 = 16.0;
const LEAST_INDENT: f32 = 6.0;
/// So much is left for the name on the deepest level, if that can be.
const NAME_WIDTH: f32 = 64.0;
/// From the row's edge to its name on the first level.
const SIGNS_WIDTH: f32 = 26.0;
/// Columns that stay below one another; ports have at most five digits.
const PORT_WIDTH: f32 = 40.0;
const WORD_WIDTH: f32 = 66.0;

/// Up to here every row is there for screen readers, whether it is scrolled into view or not.
const FEW: usize = 100;
/// Between two rows.
const GAP: f32 = 1.0;

pub fn outline_ui(ui: &mut Ui, session: &Session, outbox: &mut Outbox) {
    let tree = &session.derived.tree;
    let rows: Cow<'_, [TreeRow]> = if session.looks.folding.is_any_folded() {
        let rows = tree.rows().iter().copied();
        rows.filter(|row| !session.looks.folding.is_hidden(row.server))
            .collect()
    } else {
        tree.rows().into()
    };
    let hidden: BTreeMap<ServerId, (usize, String)> = folds_of(session)
        .into_iter()
        .map(|(id, fold)| (id, (fold.hidden, fold.words())))
        .collect();
    let step = ROW_HEIGHT + GAP;
    let size = vec2(ui.available_width(), step * rows.len() as f32);
    let (_, all) = ui.allocate_space(size);
    let shown = if rows.len() <= FEW {
        0..rows.len()
    } else {
        let place = |y: f32| ((y - all.top()) / step).max(0.0) as usize;
        let view = ui.clip_rect();
        place(view.top()).min(rows.len())..(place(view.bottom()) + 1).min(rows.len())
    };
    // The row that has the keyboard is there wherever it is, also one that the keys have led to just now.
    let with_keyboard = |ui: &Ui| {
        let focused = ui.data(|data| data.get_temp::<ServerId>(focus_id()));
        let focused = focused.filter(|id| ui.memory(|memory| memory.has_focus(row_id(*id))))?;
        rows.iter().position(|row| row.server == focused)
    };
    let elsewhere = |place: &usize| !shown.contains(place);
    let before = with_keyboard(ui).filter(elsewhere);
    let deepest = rows.iter().map(|row| row.depth).max().unwrap_or_default();
    let indent = indent(all.width() - ROW_HEIGHT, deepest);
    let mut draw = |ui: &mut Ui, place: usize| {
        if let Some(row) = rows.get(place) {
            let top = step.mul_add(place as f32, all.top());
            let rect = Rect::from_min_size(egui::pos2(all.left(), top), vec2(all.width(), ROW_HEIGHT));
            let row = Shown {
                row: *row,
                place,
                order: &rows,
                hidden: hidden.get(&row.server),
                indent,
            };
            row_ui(ui, session, &row, rect, outbox);
        }
    };
    for place in shown.clone().chain(before) {
        draw(ui, place);
    }
    if let Some(place) = with_keyboard(ui)
        .filter(elsewhere)
        .filter(|place| before != Some(*place))
    {
        draw(ui, place);
    }
}

/// Columns stay below one another in deep trees, too: each level is set in by less.
fn indent(row_width: f32, deepest: usize) -> f32 {
    let room = row_width - SIGNS_WIDTH - NAME_WIDTH - WORD_WIDTH - PORT_WIDTH;
    (room / deepest.max(1) as f32).clamp(LEAST_INDENT, INDENT)
}

/// The name of a server's row for screen readers and tests.
pub fn row_label(session: &Session, server: &Server) -> String {
    let topology = session.desk.document.topology();
    if let Some(what_if) = session.what_if() {
        let becomes = what_if.world().flow_sentence(server.id()).unwrap_or_default();
        return format!("{}: {becomes}", server.name());
    }
    let state = match (amiss(session, server), session.replication_row(server.id())) {
        (Some((word, _)), _) => format!(", {word}"),
        (None, Some(row)) => format!(", {} {}", row.state, row.sync_state),
        (None, None) => String::new(),
    };
    format!(
        "{}: {}, port {}{state}",
        server.name(),
        role_in_words(topology, server.id()),
        server.port()
    )
}

/// Where it is remembered which row has the keyboard.
fn focus_id() -> egui::Id {
    egui::Id::new("outline's focus")
}

fn row_id(id: ServerId) -> egui::Id {
    egui::Id::new(("outline", id.number()))
}

/// A row that is shown, among all that are.
struct Shown<'a> {
    row: TreeRow,
    place: usize,
    order: &'a [TreeRow],
    /// While it is folded: how many servers it hides, and what there is to know about them.
    hidden: Option<&'a (usize, String)>,
    indent: f32,
}

fn row_ui(ui: &mut Ui, session: &Session, row: &Shown<'_>, rect: Rect, outbox: &mut Outbox) {
    let topology = session.desk.document.topology();
    let TreeRow {
        server: id, depth, ..
    } = row.row;
    let hidden = row.hidden;
    let Some(server) = topology.server(id) else {
        return;
    };
    let selected = session.is_selected(id);
    let tokens = Tokens::of(ui.visuals());

    let menu_rect = Rect::from_min_max(egui::pos2(rect.right() - ROW_HEIGHT, rect.top()), rect.max);
    let body = Rect::from_min_max(rect.min, egui::pos2(menu_rect.left(), rect.bottom()));
    let response = ui.interact(body, row_id(id), Sense::click());
    response.widget_info(|| {
        WidgetInfo::selected(
            WidgetType::SelectableLabel,
            true,
            selected,
            row_label(session, server),
        )
    });
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_role(Role::TreeItem);
        node.set_level(depth + 1);
        if let Some((_, words)) = hidden {
            node.set_description(words.as_str());
        }
    });
    let folded = row
        .row
        .has_downstreams
        .then(|| session.looks.folding.is_folded(id));
    tell_expanded(ui, response.id, folded, id, outbox);

    let fill = if selected {
        tokens.selection
    } else if response.hovered() {
        ui.visuals().widgets.hovered.weak_bg_fill
    } else {
        egui::Color32::TRANSPARENT
    };
    ui.painter().rect_filled(rect, RADIUS_WIDGET, fill);
    if response.has_focus() {
        let stroke = egui::Stroke::new(1.5, tokens.accent);
        ui.painter()
            .rect_stroke(rect, RADIUS_WIDGET, stroke, StrokeKind::Inside);
    }
    branch_lines(ui, session, row, folded.is_some(), rect);
    row_text(ui, session, server, row, body);

    if response.clicked() {
        outbox.send(select_by_click(ui, id));
        response.request_focus();
    }
    if response.gained_focus() {
        response.scroll_to_me(None);
    }
    if response.has_focus() {
        ui.data_mut(|data| data.insert_temp(focus_id(), id));
        move_focus(ui, session, row, folded, outbox);
    }
    if let Some(folded) = folded {
        let left = rect.left() + row.indent * depth as f32;
        fold_sign_ui(
            ui,
            server,
            egui::pos2(left + 4.0, rect.center().y),
            folded,
            outbox,
        );
    }
    response.context_menu(|ui| server_menu_ui(ui, session, id, outbox));
    let words = hidden.map_or_else(String::new, |(_, words)| format!("\n{words}"));
    response.on_hover_text(row_label(session, server) + &words);

    let builder = UiBuilder::new()
        .max_rect(menu_rect)
        .layout(Layout::centered_and_justified(egui::Direction::TopDown));
    // A child that allocates nothing: the row is as wide as the panel, whatever the button needs.
    let mut corner = ui.new_child(builder);
    corner.visuals_mut().widgets.inactive.weak_bg_fill = egui::Color32::TRANSPARENT;
    corner.visuals_mut().widgets.inactive.bg_stroke = egui::Stroke::NONE;
    corner.spacing_mut().button_padding = vec2(2.0, 2.0);
    let menu = corner.menu_button("…", |ui| server_menu_ui(ui, session, id, outbox));
    let words = format!("Actions for {}", server.name());
    menu.response
        .widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, words.as_str()));
}

/// The lines that join a row to its upstream's.
fn branch_lines(ui: &Ui, session: &Session, shown: &Shown<'_>, has_sign: bool, rect: Rect) {
    let Shown { row, indent, .. } = shown;
    let depth = row.depth;
    if depth == 0 {
        return;
    }
    let stroke = egui::Stroke::new(1.0, Tokens::of(ui.visuals()).link);
    let column = |level: usize| rect.left() + 14.0 + indent * level as f32;
    let tree = &session.derived.tree;
    let is_last = |server: ServerId| tree.row(server).is_none_or(|row| row.is_last);
    let painter = ui.painter();
    let bottom = if row.is_last {
        rect.center().y
    } else {
        rect.bottom()
    };
    let x = column(depth - 1);
    // From the row above: no gap between two rows.
    painter.vline(x, rect.top() - 1.0..=bottom, stroke);
    if !has_sign {
        painter.hline(x..=x + indent - 4.0, rect.center().y, stroke);
    }
    // Higher up, a line goes past this row where more siblings follow below.
    let above = session.desk.document.topology().upstreams(row.server);
    for (above, level) in above.into_iter().zip((1..depth).rev()) {
        if !is_last(above) {
            painter.vline(column(level - 1), rect.top() - 1.0..=rect.bottom(), stroke);
        }
    }
}

fn row_text(ui: &Ui, session: &Session, server: &Server, shown: &Shown<'_>, rect: Rect) {
    let Shown {
        row, hidden, indent, ..
    } = shown;
    let tokens = Tokens::of(ui.visuals());
    let dot = egui::pos2(rect.left() + 14.0 + indent * row.depth as f32, rect.center().y);
    if server.is_primary() {
        ui.painter().circle_filled(dot, 5.0, tokens.primary);
    } else if row.has_downstreams {
        ui.painter().circle_filled(dot, 4.0, tokens.relay);
    } else {
        let stroke = egui::Stroke::new(1.5, tokens.asynchronous);
        ui.painter().circle(dot, 3.5, tokens.panel, stroke);
    }
    // Painted, not placed as labels: a screen reader has heard it all in the row's own name.
    let mut name = server.name().to_string();
    if let Some((hidden, _)) = hidden {
        name = format!("{name}  +{hidden}");
    }
    let name_left = dot.x + 12.0;
    // Where the name needs the room the port gives way, then the word: the name is what one looks for.
    let font = egui::FontId::proportional(TEXT_BODY);
    let name_width = ui
        .painter()
        .layout_no_wrap(name.clone(), font, tokens.text)
        .size()
        .x;
    let room = rect.right() - name_left - name_width - 6.0;
    let fits = room >= PORT_WIDTH + WORD_WIDTH;
    let port_left = if fits {
        rect.right() - PORT_WIDTH
    } else {
        rect.right()
    };
    let has_word = room >= WORD_WIDTH || rect.right() - name_left >= NAME_WIDTH + WORD_WIDTH;
    if !has_word {
        let whole = Rect::from_x_y_ranges(name_left..=rect.right(), rect.y_range());
        paint(ui, whole, name, TEXT_BODY, tokens.text);
        return;
    }
    let word_left = port_left - WORD_WIDTH;
    let column = |from: f32, to: f32| Rect::from_x_y_ranges(from..=to, rect.y_range());
    paint(
        ui,
        column(name_left, word_left - 6.0),
        name,
        TEXT_BODY,
        tokens.text,
    );
    let (word, colour) = sync_word(session, server, tokens);
    paint(ui, column(word_left, port_left), word, TEXT_SMALL, colour);
    if !fits {
        return;
    }
    let port = server.port().to_string();
    paint(
        ui,
        column(port_left, rect.right()),
        port,
        TEXT_SMALL,
        tokens.text_weak,
    );
}

/// A text in a column, cut with an ellipsis where it is too long.
fn paint(ui: &Ui, column: Rect, words: String, size: f32, colour: egui::Color32) {
    let text = egui::WidgetText::from(RichText::new(words).size(size).color(colour));
    let cut = Some(egui::TextWrapMode::Truncate);
    let galley = text.into_galley(ui, cut, column.width().max(0.0), egui::TextStyle::Body);
    let at = egui::pos2(column.left(), column.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, colour);
}

/// A small triangle before the name: down where the downstreams are shown, to the right where they are hidden.
fn fold_sign_ui(ui: &Ui, server: &Server, centre: egui::Pos2, is_folded: bool, outbox: &mut Outbox) {
    let tokens = Tokens::of(ui.visuals());
    let rect = Rect::from_center_size(centre, vec2(12.0, ROW_HEIGHT));
    // Not focusable: the row is, and its arrow keys do the same.
    let response = ui.interact(rect, row_id(server.id()).with("fold"), Sense::CLICK);
    let verb = if is_folded { "Unfold" } else { "Fold" };
    let words = format!("{verb} {} in the list", server.name());
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, words.as_str()));
    let colour = if response.hovered() {
        tokens.accent
    } else {
        tokens.text_weak
    };
    let points = if is_folded {
        [vec2(-2.5, -4.0), vec2(3.0, 0.0), vec2(-2.5, 4.0)]
    } else {
        [vec2(-4.0, -2.5), vec2(4.0, -2.5), vec2(0.0, 3.0)]
    };
    let points = points.map(|point| centre + point).to_vec();
    ui.painter()
        .add(egui::Shape::convex_polygon(points, colour, egui::Stroke::NONE));
    if response.clicked() {
        outbox.send(Message::View(ViewMessage::Fold(server.id(), !is_folded)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_columns_have_their_room_down_to_the_sixth_level() {
        let width = 270.0 - ROW_HEIGHT;
        assert_eq!(indent(width, 2), INDENT, "as airy as there is room for");
        for deepest in 0..=6 {
            let name_left = indent(width, deepest).mul_add(deepest as f32, SIGNS_WIDTH);
            assert!(name_left + NAME_WIDTH + WORD_WIDTH + PORT_WIDTH <= width + 0.1);
        }
        assert_eq!(indent(width, 500), LEAST_INDENT);
    }
}
