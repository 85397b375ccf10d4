//! A list to pick from by typing: the command palette, the search for a server, and other questions of that kind.
//!
//! Up and Down choose a row, Enter takes it, Escape leaves; a row that cannot be taken says why.

use egui::{Align2, Id, Key, Modal, Modifiers, Rect, RichText, ScrollArea, Sense, TextEdit, Ui, vec2};
use egui::{WidgetInfo, WidgetType};

use crate::app::Outbox;
use crate::app::actions::Does;
use crate::app::picks::{self, Row};
use crate::app::{Dialog, Message, Pick, Session, ViewMessage};
use crate::ui::keys::{self, keys_of};
use crate::ui::theme::{GAP, RADIUS_WIDGET, TEXT_BODY, TEXT_SMALL, Tokens};

use super::super::parts::note_ui;

const WIDTH: f32 = 620.0;
const ROW_HEIGHT: f32 = 42.0;
const ROWS_IN_VIEW: f32 = 9.0;
/// Below the menus, so that the list grows downwards while one types.
const FROM_TOP: f32 = 84.0;

/// What is typed into the list that is open, and which row is chosen.
#[derive(Debug, Default)]
pub struct PickerState {
    of: Option<Pick>,
    typed: String,
    row: usize,
}

/// Shows the list if one is open; what the row that was taken leads to.
pub fn picker_ui(ui: &Ui, session: &Session, state: &mut PickerState, outbox: &mut Outbox) -> Option<Does> {
    let pick = match &session.dialog {
        Some(Dialog::Pick(pick)) => Some(pick),
        _ => None,
    };
    let is_new = state.of.as_ref() != pick;
    if is_new {
        *state = PickerState {
            of: pick.cloned(),
            ..PickerState::default()
        };
    }
    let pick = pick?;
    let id = Id::new("picker");
    let area = Modal::default_area(id).anchor(Align2::CENTER_TOP, vec2(0.0, FROM_TOP));
    let frame = egui::Frame::popup(ui.style()).inner_margin(GAP);
    let modal = Modal::new(id).area(area).frame(frame).show(ui.ctx(), |ui| {
        ui.set_width(WIDTH);
        // The area remembers how high it was: after a search without a hit nothing would have room any more.
        ui.set_max_height(ROW_HEIGHT * (ROWS_IN_VIEW + 2.0));
        list_ui(ui, session, pick, state, is_new)
    });
    if modal.inner.is_some() || modal.should_close() {
        outbox.send(Message::View(ViewMessage::Dialog(None)));
    }
    modal.inner
}

fn list_ui(
    ui: &mut Ui,
    session: &Session,
    pick: &Pick,
    state: &mut PickerState,
    is_new: bool,
) -> Option<Does> {
    // Before the text field sees them: it would move its cursor, or end.
    let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    let (up, down, enter) = (
        pressed(Key::ArrowUp),
        pressed(Key::ArrowDown),
        pressed(Key::Enter),
    );
    let title = picks::title(pick, session);
    let field = TextEdit::singleline(&mut state.typed)
        .hint_text(title.as_str())
        .margin(egui::Margin::symmetric(8, 6))
        .desired_width(f32::INFINITY);
    let field = ui.add(field);
    ui.ctx()
        .accesskit_node_builder(field.id, |node| node.set_label(title));
    if is_new {
        field.request_focus();
    }
    if field.changed() {
        state.row = 0;
    }
    let rows = picks::rows(pick, session, &state.typed);
    ui.add_space(GAP / 2.0);
    if rows.is_empty() {
        note_ui(ui, picks::nothing_words(pick, &state.typed));
        return None;
    }
    let last = rows.len() - 1;
    if up {
        state.row = state.row.checked_sub(1).unwrap_or(last);
    } else if down {
        state.row = if state.row >= last { 0 } else { state.row + 1 };
    }
    state.row = state.row.min(last);
    let mut taken = enter.then_some(state.row);
    let has_moved = up || down || field.changed();
    rows_ui(ui, &rows, state.row, has_moved, &mut taken);
    rows.into_iter().nth(taken?)?.answer.ok()
}

/// Only the rows in view are drawn: a design may have thousands of servers.
fn rows_ui(ui: &mut Ui, rows: &[Row], chosen: usize, has_moved: bool, taken: &mut Option<usize>) {
    ui.spacing_mut().item_spacing.y = 0.0;
    let mut area = ScrollArea::vertical()
        .max_height(ROW_HEIGHT * ROWS_IN_VIEW)
        .auto_shrink([false, true]);
    if has_moved {
        let place = (chosen as f32 - ROWS_IN_VIEW / 2.0).max(0.0);
        area = area.vertical_scroll_offset(place * ROW_HEIGHT);
    }
    area.show_rows(ui, ROW_HEIGHT, rows.len(), |ui, shown| {
        for place in shown {
            if let Some(row) = rows.get(place)
                && row_ui(ui, row, place == chosen)
            {
                *taken = Some(place);
            }
        }
    });
}

/// True if it was clicked.
fn row_ui(ui: &mut Ui, row: &Row, is_chosen: bool) -> bool {
    let tokens = Tokens::of(ui.visuals());
    let is_enabled = row.answer.is_ok();
    let size = vec2(ui.available_width(), ROW_HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response
        .widget_info(|| WidgetInfo::selected(WidgetType::SelectableLabel, is_enabled, is_chosen, &row.words));
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_role(egui::accesskit::Role::ListBoxOption);
        node.set_description(row.detail.clone());
    });
    let fill = if is_chosen {
        tokens.selection
    } else if response.hovered() {
        ui.visuals().widgets.hovered.weak_bg_fill
    } else {
        egui::Color32::TRANSPARENT
    };
    ui.painter().rect_filled(rect, RADIUS_WIDGET, fill);
    let text = |words: &str, size, colour| RichText::new(words).size(size).color(colour);
    let colour = if is_enabled { tokens.text } else { tokens.text_weak };
    let inner = rect.shrink2(vec2(10.0, 3.0));
    let mut right = inner.right();
    if let Some(keys) = row.action.and_then(|id| keys_of(id).first()) {
        let keys = keys::words(ui.ctx(), keys);
        let keys = text(&keys, TEXT_SMALL, tokens.text_weak);
        let (width, _) = paint(ui, inner, Align2::RIGHT_CENTER, keys);
        right -= width + GAP;
    }
    let left = Rect::from_min_max(inner.min, egui::pos2(right, inner.bottom()));
    if row.detail.is_empty() {
        paint(ui, left, Align2::LEFT_CENTER, text(&row.words, TEXT_BODY, colour));
    } else {
        paint(ui, left, Align2::LEFT_TOP, text(&row.words, TEXT_BODY, colour));
        let sign = if is_enabled { "" } else { "⊗ " };
        let detail = format!("{sign}{}", row.detail);
        let detail = text(&detail, TEXT_SMALL, tokens.text_weak);
        let (_, is_cut) = paint(ui, left, Align2::LEFT_BOTTOM, detail);
        if is_cut {
            return response.on_hover_text(row.detail.as_str()).clicked();
        }
    }
    response.clicked()
}

/// A line of text in a place of the rectangle, cut where it is too long; its width, and whether it was cut. Painted, not placed as a label:
/// a screen reader has heard it all in the row's own name.
fn paint(ui: &Ui, rect: Rect, align: Align2, text: RichText) -> (f32, bool) {
    let galley = egui::WidgetText::from(text).into_galley(
        ui,
        Some(egui::TextWrapMode::Truncate),
        rect.width().max(0.0),
        egui::TextStyle::Body,
    );
    let at = align.align_size_within_rect(galley.size(), rect);
    let drawn = (galley.size().x, galley.elided);
    ui.painter().galley(at.min, galley, egui::Color32::PLACEHOLDER);
    drawn
}
