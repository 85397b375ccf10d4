//! The servers as a tree of rows: the drawing for keyboards and screen readers.
//!
//! Up and down go through the rows, Home and End to the ends; left folds, or goes to the upstream where nothing is to be
//! folded, right unfolds, or goes to the first downstream; Enter or Space selects. Everything the canvas offers is in each row's menu.

mod columns;
mod keys;
mod words;

use std::borrow::Cow;
use std::collections::BTreeMap;

use egui::accesskit::Role;
use egui::{Layout, Rect, Sense, StrokeKind, Ui, UiBuilder, WidgetInfo};
use egui::{WidgetType, vec2};

use self::columns::{Columns, row_text};
use self::keys::move_focus;
use self::words::amiss;
use crate::app::Outbox;
use crate::app::edits::{add_standby_under, edit, role_in_words};
use crate::app::{Message, Session, TreeRow, ViewMessage};
use crate::model::topology::{Server, ServerId};
use crate::ui::canvas::{NewStandby, folds_of, select_by_click, tell_expanded};
use crate::ui::server_menu::server_menu_ui;
use crate::ui::theme::{RADIUS_WIDGET, Tokens};

const ROW_HEIGHT: f32 = 28.0;
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
    let columns = Columns::of(all.width() - ROW_HEIGHT, deepest);
    follow_selection(ui, session, &rows, all, step);
    let mut draw = |ui: &mut Ui, place: usize| {
        if let Some(row) = rows.get(place) {
            let top = step.mul_add(place as f32, all.top());
            let rect = Rect::from_min_size(egui::pos2(all.left(), top), vec2(all.width(), ROW_HEIGHT));
            let row = Shown {
                row: *row,
                place,
                order: &rows,
                hidden: hidden.get(&row.server),
                columns,
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

/// Another server is selected: its row is scrolled to, and has the keyboard if a row has it.
fn follow_selection(ui: &mut Ui, session: &Session, rows: &[TreeRow], all: Rect, step: f32) {
    let id = egui::Id::new("outline's selection");
    let selected = session.looks.selected;
    let before = ui.data(|data| data.get_temp::<Option<ServerId>>(id));
    if before == Some(selected) {
        return;
    }
    ui.data_mut(|data| data.insert_temp(id, selected));
    let Some((server, place)) = selected.and_then(|server| {
        let place = rows.iter().position(|row| row.server == server)?;
        Some((server, place))
    }) else {
        return;
    };
    let top = step.mul_add(place as f32, all.top());
    let row = Rect::from_min_size(egui::pos2(all.left(), top), vec2(all.width(), ROW_HEIGHT));
    if !ui.clip_rect().y_range().contains(row.center().y) {
        ui.scroll_to_rect(row, Some(egui::Align::Center));
    }
    let focused = ui.data(|data| data.get_temp::<ServerId>(focus_id()));
    if focused.is_some_and(|focused| ui.memory(|memory| memory.has_focus(row_id(focused)))) {
        ui.memory_mut(|memory| memory.request_focus(row_id(server)));
        ui.data_mut(|data| data.insert_temp(focus_id(), server));
    }
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
    columns: Columns,
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

    let is_over = response.dnd_hover_payload::<NewStandby>().is_some();
    if response.dnd_release_payload::<NewStandby>().is_some() {
        outbox.send(edit(add_standby_under(id)));
    }
    if is_over {
        let words = format!("Add a standby under {}", server.name());
        response.show_tooltip_text(words);
    }
    let fill = if selected || is_over {
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
        let left = rect.left() + row.columns.indent * depth as f32;
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
    let Shown { row, columns, .. } = shown;
    let (depth, indent) = (row.depth, columns.indent);
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
