//! The servers as a tree of rows: the drawing for keyboards and screen readers.
//!
//! Up and down go through the rows, Home and End to the ends; left folds, or goes to the upstream where nothing is to be
//! folded, right unfolds, or goes to the first downstream; Enter or Space selects. Everything the canvas offers is in each row's menu.

use std::collections::BTreeMap;

use egui::accesskit::Role;
use egui::{EventFilter, Key, Layout, Rect, RichText, Sense, StrokeKind, Ui, UiBuilder, WidgetInfo};
use egui::{WidgetType, vec2};

use crate::app::{Message, Session, ViewMessage, WhatIf};
use crate::model::health::ReplicationRow;
use crate::model::topology::{Server, ServerId, Topology};
use crate::ui::Outbox;
use crate::ui::canvas::{folds_of, is_folded, select_by_click, tell_expanded};
use crate::ui::commands::role_in_words;
use crate::ui::outlook::{Outlook, outlook_of};
use crate::ui::theme::{RADIUS_WIDGET, TEXT_BODY, TEXT_SMALL, Tokens};

use crate::ui::server_menu::server_menu_ui;

const ROW_HEIGHT: f32 = 28.0;
const INDENT: f32 = 16.0;
/// Columns that stay below one another; ports have at most five digits.
const PORT_WIDTH: f32 = 40.0;
const WORD_WIDTH: f32 = 66.0;

pub fn outline_ui(ui: &mut Ui, session: &Session, outbox: &mut Outbox) {
    let order = session.shown_servers();
    let hidden: BTreeMap<ServerId, (usize, String)> = folds_of(session)
        .into_iter()
        .map(|(id, fold)| (id, (fold.hidden, fold.words())))
        .collect();
    ui.spacing_mut().item_spacing.y = 1.0;
    for id in &order {
        row_ui(ui, session, *id, (&order, hidden.get(id)), outbox);
    }
}

/// The name of a server's row for screen readers and tests.
pub fn row_label(session: &Session, server: &Server) -> String {
    let topology = session.document.topology();
    if let Some(what_if) = &session.what_if {
        let becomes = what_if.world().flow_sentence(server.id()).unwrap_or_default();
        return format!("{}: {becomes}", server.name());
    }
    let is_down = session
        .reading(server.id())
        .is_some_and(|reading| !reading.running);
    let state = match session.replication_row(server.id()) {
        _ if is_down => ", down".to_owned(),
        Some(row) => format!(", {} {}", row.state, row.sync_state),
        None => String::new(),
    };
    format!(
        "{}: {}, port {}{state}",
        server.name(),
        role_in_words(topology, server.id()),
        server.port()
    )
}

fn row_id(id: ServerId) -> egui::Id {
    egui::Id::new(("outline", id.number()))
}

fn row_ui(
    ui: &mut Ui,
    session: &Session,
    id: ServerId,
    (order, hidden): (&[ServerId], Option<&(usize, String)>),
    outbox: &mut Outbox,
) {
    let topology = session.document.topology();
    let Some(server) = topology.server(id) else {
        return;
    };
    let depth = topology.upstreams(id).len();
    let selected = session.is_selected(id);
    let tokens = Tokens::of(ui.visuals());

    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::hover());
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
    let folded = is_folded(session, server);
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
    branch_lines(ui, topology, id, (depth, folded.is_some()), rect);
    row_text(
        ui,
        session,
        server,
        (depth, hidden.map(|(count, _)| *count)),
        body,
    );

    if response.clicked() {
        outbox.send(select_by_click(ui, id));
        response.request_focus();
    }
    if response.has_focus() {
        move_focus(ui, session, id, (order, folded), outbox);
    }
    if let Some(folded) = folded {
        fold_sign_ui(ui, server, depth, rect, folded, outbox);
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
fn branch_lines(ui: &Ui, topology: &Topology, id: ServerId, (depth, has_sign): (usize, bool), rect: Rect) {
    if depth == 0 {
        return;
    }
    let stroke = egui::Stroke::new(1.0, Tokens::of(ui.visuals()).link);
    let column = |level: usize| rect.left() + 14.0 + INDENT * level as f32;
    let is_last = |server: ServerId| {
        let upstream = topology.server(server).and_then(Server::upstream);
        upstream
            .and_then(|upstream| topology.downstreams(upstream).last())
            .map(Server::id)
            == Some(server)
    };
    let painter = ui.painter();
    let bottom = if is_last(id) {
        rect.center().y
    } else {
        rect.bottom()
    };
    let x = column(depth - 1);
    // From the row above: no gap between two rows.
    painter.vline(x, rect.top() - 1.0..=bottom, stroke);
    if !has_sign {
        painter.hline(x..=x + INDENT - 4.0, rect.center().y, stroke);
    }
    // Higher up, a line goes past this row where more siblings follow below.
    for (above, level) in topology.upstreams(id).into_iter().zip((1..depth).rev()) {
        if !is_last(above) {
            painter.vline(column(level - 1), rect.top() - 1.0..=rect.bottom(), stroke);
        }
    }
}

fn row_text(
    ui: &Ui,
    session: &Session,
    server: &Server,
    (depth, hidden): (usize, Option<usize>),
    rect: Rect,
) {
    let tokens = Tokens::of(ui.visuals());
    let topology = session.document.topology();
    let dot = egui::pos2(rect.left() + 14.0 + INDENT * depth as f32, rect.center().y);
    if server.is_primary() {
        ui.painter().circle_filled(dot, 5.0, tokens.primary);
    } else if topology.is_relay(server.id()) {
        ui.painter().circle_filled(dot, 4.0, tokens.relay);
    } else {
        let stroke = egui::Stroke::new(1.5, tokens.asynchronous);
        ui.painter().circle(dot, 3.5, tokens.panel, stroke);
    }
    // Painted, not placed as labels: a screen reader has heard it all in the row's own name.
    let mut name = server.name().to_string();
    if let Some(hidden) = hidden {
        name = format!("{name}  +{hidden}");
    }
    let name_left = dot.x + 12.0;
    // Where the name needs the room the port gives way: the name is what one looks for.
    let font = egui::FontId::proportional(TEXT_BODY);
    let name_width = ui
        .painter()
        .layout_no_wrap(name.clone(), font, tokens.text)
        .size()
        .x;
    let fits = name_left + name_width + 6.0 <= rect.right() - PORT_WIDTH - WORD_WIDTH;
    let port_left = if fits {
        rect.right() - PORT_WIDTH
    } else {
        rect.right()
    };
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

/// What runs if it runs, else what is drawn.
fn sync_word(session: &Session, server: &Server, tokens: &Tokens) -> (String, egui::Color32) {
    if let Some(what_if) = &session.what_if {
        return foreseen_word(what_if, server, tokens);
    }
    if session
        .reading(server.id())
        .is_some_and(|reading| !reading.running)
    {
        return ("down".to_owned(), tokens.error);
    }
    if server.is_primary() {
        return ("primary".to_owned(), tokens.primary);
    }
    let expected = || session.derived.expected.get(&server.id());
    let Some(row) = session.replication_row(server.id()).or_else(expected) else {
        return ("async".to_owned(), tokens.asynchronous);
    };
    row_word(row, tokens)
}

/// In What-if: what is wrong, or else what it is for a commit.
fn foreseen_word(what_if: &WhatIf, server: &Server, tokens: &Tokens) -> (String, egui::Color32) {
    let Some(state) = what_if.world().state(server.id()) else {
        return (String::new(), tokens.text_weak);
    };
    let (outlook, word) = outlook_of(state);
    match (outlook, what_if.row(server.id())) {
        (Outlook::Down, _) => (word.to_owned(), tokens.error),
        (Outlook::Stuck | Outlook::Waits, _) => (word.to_owned(), tokens.warning),
        (Outlook::Well, None) => ("primary".to_owned(), tokens.primary),
        (Outlook::Well, Some(row)) => row_word(row, tokens),
    }
}

fn row_word(row: &ReplicationRow, tokens: &Tokens) -> (String, egui::Color32) {
    if row.state != "streaming" {
        return (row.state.clone(), tokens.warning);
    }
    match row.sync_state.as_str() {
        "sync" => (format!("sync {}", row.sync_priority), tokens.sync),
        "potential" => (format!("potential {}", row.sync_priority), tokens.potential),
        "quorum" => ("quorum".to_owned(), tokens.quorum),
        other => (other.to_owned(), tokens.asynchronous),
    }
}

/// A small triangle before the name: down where the downstreams are shown, to the right where they are hidden.
fn fold_sign_ui(ui: &Ui, server: &Server, depth: usize, row: Rect, is_folded: bool, outbox: &mut Outbox) {
    let tokens = Tokens::of(ui.visuals());
    let centre = egui::pos2(row.left() + 4.0 + INDENT * depth as f32, row.center().y);
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

fn move_focus(
    ui: &Ui,
    session: &Session,
    id: ServerId,
    (order, folded): (&[ServerId], Option<bool>),
    outbox: &mut Outbox,
) {
    let topology = session.document.topology();
    let filter = EventFilter {
        horizontal_arrows: true,
        vertical_arrows: true,
        ..EventFilter::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(row_id(id), filter));
    let place = order.iter().position(|other| *other == id).unwrap_or(0);
    // Consumed: the row that gets the focus is drawn later in the same frame, and would go on from there.
    let pressed = |key| ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, key));
    let target = if pressed(Key::ArrowUp) {
        place.checked_sub(1).and_then(|place| order.get(place)).copied()
    } else if pressed(Key::ArrowDown) {
        order.get(place + 1).copied()
    } else if pressed(Key::ArrowLeft) {
        if folded == Some(false) {
            outbox.send(Message::View(ViewMessage::Fold(id, true)));
            return;
        }
        topology.server(id).and_then(Server::upstream)
    } else if pressed(Key::ArrowRight) {
        if folded == Some(true) {
            outbox.send(Message::View(ViewMessage::Fold(id, false)));
            return;
        }
        topology.downstreams(id).next().map(Server::id)
    } else if pressed(Key::Home) {
        order.first().copied()
    } else if pressed(Key::End) {
        order.last().copied()
    } else {
        None
    };
    if let Some(target) = target {
        ui.memory_mut(|memory| memory.request_focus(row_id(target)));
    }
}
