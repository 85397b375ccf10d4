//! Sentences at the corner, until they are closed.

use egui::{Align2, Area, Frame, Id, Label, Margin, Order, RichText, Stroke, Ui, vec2};

use crate::app::{Message, Notice, NoticeKind, Session, ViewMessage};
use crate::ui::Outbox;
use crate::ui::theme::{GAP, GAP_SMALL, RADIUS_CARD, Tokens};

use super::parts::{note_ui, sign_button};

const WIDTH: f32 = 340.0;

/// `corner`: the bottom right corner of what they may cover.
pub fn notices_ui(ui: &Ui, session: &Session, corner: egui::Pos2, outbox: &mut Outbox) {
    if session.notices.is_empty() {
        return;
    }
    Area::new(Id::new("notices"))
        .order(Order::Foreground)
        .pivot(Align2::RIGHT_BOTTOM)
        .fixed_pos(corner - vec2(GAP, GAP))
        .show(ui.ctx(), |ui| {
            ui.set_max_width(WIDTH);
            for notice in &session.notices {
                notice_ui(ui, notice, outbox);
            }
        });
}

fn notice_ui(ui: &mut Ui, notice: &Notice, outbox: &mut Outbox) {
    let tokens = Tokens::of(ui.visuals());
    let (sign, word, colour) = match notice.kind {
        NoticeKind::Done => ("✔", "Done", tokens.ok),
        NoticeKind::Info => ("ℹ", "Note", tokens.accent),
        NoticeKind::Problem => ("⚠", "Problem", tokens.error),
    };
    let frame = Frame::new()
        .fill(tokens.card)
        .stroke(Stroke::new(1.0, colour))
        .corner_radius(RADIUS_CARD)
        .shadow(ui.visuals().popup_shadow)
        .inner_margin(Margin::same(10));
    frame.show(ui, |ui| {
        ui.set_width(WIDTH - 24.0);
        ui.horizontal_top(|ui| {
            ui.label(RichText::new(sign).color(colour)).on_hover_text(word);
            ui.vertical(|ui| {
                ui.set_width(WIDTH - 90.0);
                report_ui(ui, notice);
                if let Some(folder) = &notice.folder {
                    ui.add_space(GAP_SMALL);
                    if ui.button("Show in folder").clicked() {
                        outbox.send(Message::View(ViewMessage::OpenFolder(folder.clone())));
                    }
                }
            });
            if sign_button(ui, true, "✖", "Close notice").clicked() {
                outbox.send(Message::View(ViewMessage::CloseNotice(notice.number)));
            }
        });
    });
}

fn report_ui(ui: &mut Ui, notice: &Notice) {
    ui.add(Label::new(&notice.report.headline).wrap());
    for cause in &notice.report.causes {
        note_ui(ui, cause);
    }
    for hint in &notice.report.hints {
        note_ui(ui, hint);
    }
}
