//! Sentences at the corner, the newest on top. What only reports goes by itself; a problem folds to its headline and stays
//! until it is closed.

use std::collections::BTreeMap;
use std::time::Duration;

use egui::{Align2, Area, Frame, Id, Label, Margin, Order, RichText, Stroke, Ui, vec2};

use crate::app::Outbox;
use crate::app::{Message, Notice, NoticeKind, Session, ViewMessage};
use crate::ui::theme::{GAP, GAP_SMALL, RADIUS_CARD, Tokens};

use super::parts::{note_ui, sign_button};

const WIDTH: f32 = 340.0;
/// Long enough to read three lines twice.
const REPORT_STAYS: Duration = Duration::from_secs(10);
/// Before a problem folds to one line.
const PROBLEM_STAYS: Duration = Duration::from_secs(30);

/// When each notice was first drawn, in the window's seconds, by its number.
pub type FirstSeen = BTreeMap<u64, f64>;

/// `corner`: the bottom right corner of what they may cover.
pub fn notices_ui(ui: &Ui, session: &Session, seen: &mut FirstSeen, corner: egui::Pos2, outbox: &mut Outbox) {
    seen.retain(|number, _| session.notices.iter().any(|notice| notice.number == *number));
    if session.notices.is_empty() {
        return;
    }
    Area::new(Id::new("notices"))
        .order(Order::Foreground)
        .pivot(Align2::RIGHT_BOTTOM)
        .fixed_pos(corner - vec2(GAP, GAP))
        .show(ui.ctx(), |ui| {
            ui.set_max_width(WIDTH);
            if session.notices.len() > 1 && ui.button("Close all").clicked() {
                outbox.send(Message::View(ViewMessage::CloseNotices));
            }
            for notice in session.notices.iter().rev() {
                let is_problem = notice.kind == NoticeKind::Problem;
                let fold = ui.id().with(("folded", notice.number));
                let is_folded = is_problem && ui.data(|data| data.get_temp(fold).unwrap_or(false));
                let response = notice_ui(ui, notice, is_folded, outbox);
                let is_read = is_read(ui, notice, &response, seen);
                if is_read && !is_problem {
                    outbox.send(Message::View(ViewMessage::CloseNotice(notice.number)));
                }
                if is_problem && is_folded != is_read {
                    ui.data_mut(|data| data.insert_temp(fold, is_read));
                }
            }
        });
}

/// True once it was there long enough. While the pointer is on it, somebody still reads it. Asks for one frame, when time
/// is up.
fn is_read(ui: &Ui, notice: &Notice, response: &egui::Response, seen: &mut FirstSeen) -> bool {
    let now = ui.input(|input| input.time);
    let since = seen.entry(notice.number).or_insert(now);
    if response.contains_pointer() {
        *since = now;
        return false;
    }
    let stays = if notice.kind == NoticeKind::Problem {
        PROBLEM_STAYS
    } else {
        REPORT_STAYS
    };
    let left = stays.as_secs_f64() - (now - *since);
    if left > 0.0 {
        ui.ctx().request_repaint_after(Duration::from_secs_f64(left));
    }
    left <= 0.0
}

fn notice_ui(ui: &mut Ui, notice: &Notice, is_folded: bool, outbox: &mut Outbox) -> egui::Response {
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
    let shown = frame.show(ui, |ui| {
        ui.set_width(WIDTH - 24.0);
        ui.horizontal_top(|ui| {
            ui.label(RichText::new(sign).color(colour)).on_hover_text(word);
            ui.vertical(|ui| {
                ui.set_width(WIDTH - 68.0);
                report_ui(ui, notice, is_folded);
                if let Some(folder) = notice.folder.as_ref().filter(|_| !is_folded) {
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
    shown.response
}

fn report_ui(ui: &mut Ui, notice: &Notice, is_folded: bool) {
    let mut headline = notice.report.headline.clone();
    if notice.repeats > 0 {
        headline += &format!(" ({} times)", notice.repeats + 1);
    }
    if is_folded {
        ui.add(Label::new(headline).truncate());
        return;
    }
    ui.add(Label::new(headline).wrap());
    for cause in &notice.report.causes {
        note_ui(ui, cause);
    }
    for hint in &notice.report.hints {
        note_ui(ui, hint);
    }
}
