//! The synchronous standbys in the order of synchronous_standby_names: dragged, or moved by buttons.

use egui::{Align, Frame, Layout, RichText, Sense, Ui};

use crate::app::Outbox;
use crate::app::Session;
use crate::app::edits::edit;
use crate::model::topology::{Edit, ServerId, SyncMethod};
use crate::ui::fonts::name_within;
use crate::ui::theme::{GAP_SMALL, RADIUS_WIDGET, TEXT_SMALL, Tokens};

use super::super::parts::{note_ui, sign_button};

/// What is dragged: a place in the list.
#[derive(Clone, Copy, Debug)]
struct Dragged(usize);

pub fn sync_order_ui(ui: &mut Ui, session: &Session, outbox: &mut Outbox) {
    let topology = session.desk.document.topology();
    let candidates = topology.sync_candidates();
    if candidates.is_empty() {
        note_ui(
            ui,
            "No standby is synchronous yet: change one in its inspector or menu",
        );
        return;
    }
    let is_quorum = topology
        .sync()
        .is_some_and(|policy| policy.method == SyncMethod::Any);
    note_ui(
        ui,
        if is_quorum && topology.postgres().has_quorum() {
            "Any of these; the order does not matter"
        } else {
            "In this order; drag to change it"
        },
    );
    let order: Vec<ServerId> = candidates.iter().map(|server| server.id()).collect();
    for (place, server) in candidates.iter().enumerate() {
        let moved = row_ui(ui, session, place, order.len(), server.name().as_str());
        if let Some((from, to)) = moved {
            outbox.send(edit(Edit::OrderSync(reordered(&order, from, to))));
        }
    }
}

/// The setting as the primary reads it, and what it promises.
pub fn promise_ui(ui: &mut Ui, session: &Session) {
    let promise = &session.derived.promise;
    let tokens = Tokens::of(ui.visuals());
    ui.add_space(GAP_SMALL);
    Frame::new()
        .fill(tokens.field)
        .stroke(egui::Stroke::new(1.0, tokens.line))
        .corner_radius(RADIUS_WIDGET)
        .inner_margin(egui::Margin::symmetric(8, 6))
        .show(ui, |ui| {
            ui.set_min_width(ui.available_width());
            let line = RichText::new(&promise.setting).monospace().size(TEXT_SMALL);
            ui.add(egui::Label::new(line).wrap());
        });
    ui.add_space(GAP_SMALL);
    let survives = if promise.tolerated == Some(0) {
        ("⚠", tokens.warning)
    } else {
        ("✔", tokens.ok)
    };
    let lost = if promise.safe_below == 0 {
        ("⚠", tokens.warning)
    } else {
        ("ℹ", tokens.accent)
    };
    let plain = ("ℹ", tokens.accent);
    for ((sign, colour), words) in [
        (plain, &promise.commit),
        (survives, &promise.survives),
        (plain, &promise.waits),
        (lost, &promise.lost),
    ] {
        sentence_ui(ui, sign, colour, words);
    }
    for note in &promise.notes {
        sentence_ui(ui, "⚠", tokens.warning, note);
    }
}

fn sentence_ui(ui: &mut Ui, sign: &str, colour: egui::Color32, words: &str) {
    ui.horizontal_top(|ui| {
        let sign = RichText::new(sign).size(TEXT_SMALL).color(colour);
        ui.add_sized([14.0, 0.0], egui::Label::new(sign).selectable(false));
        ui.add(egui::Label::new(RichText::new(words).size(TEXT_SMALL)).wrap());
    });
}

/// One standby; answers "from, to" if it was moved, or if another was dropped on it.
fn row_ui(ui: &mut Ui, session: &Session, place: usize, count: usize, name: &str) -> Option<(usize, usize)> {
    let tokens = Tokens::of(ui.visuals());
    let can = !session.is_locked();
    let mut moved = None;
    let frame = Frame::new()
        .fill(tokens.card)
        .stroke(egui::Stroke::new(1.0, tokens.card_stroke))
        .corner_radius(RADIUS_WIDGET)
        .inner_margin(egui::Margin::symmetric(8, 3));
    let row = frame.show(ui, |ui| {
        ui.horizontal(|ui| {
            let grip = ui.add(
                egui::Label::new(RichText::new(format!("☰  {}", place + 1)).color(tokens.text_weak))
                    .selectable(false)
                    .sense(if can { Sense::drag() } else { Sense::hover() }),
            );
            grip.dnd_set_drag_payload(Dragged(place));
            if grip.hovered() && can {
                ui.ctx().set_cursor_icon(egui::CursorIcon::Grab);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let words = format!("Move {name} down");
                if sign_button(ui, can && place + 1 < count, "⬇", &words).clicked() {
                    moved = Some((place, place + 1));
                }
                let words = format!("Move {name} up");
                if sign_button(ui, can && place > 0, "⬆", &words).clicked() {
                    moved = Some((place, place - 1));
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let font = egui::TextStyle::Body.resolve(ui.style());
                    let shown = name_within(ui.painter(), name, &font, ui.available_width());
                    ui.add(egui::Label::new(shown).truncate().selectable(false));
                });
            });
        });
    });
    if let Some(dragged) = row.response.dnd_hover_payload::<Dragged>()
        && dragged.0 != place
    {
        let rect = row.response.rect;
        let y = if dragged.0 < place {
            rect.bottom()
        } else {
            rect.top()
        };
        ui.painter()
            .hline(rect.x_range(), y, egui::Stroke::new(2.0, tokens.accent));
    }
    if let Some(dragged) = row.response.dnd_release_payload::<Dragged>()
        && dragged.0 != place
    {
        moved = Some((dragged.0, place));
    }
    moved
}

fn reordered(order: &[ServerId], from: usize, to: usize) -> Vec<ServerId> {
    let mut order = order.to_vec();
    if from < order.len() && to < order.len() {
        let moved = order.remove(from);
        order.insert(to, moved);
    }
    order
}
