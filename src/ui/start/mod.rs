//! The start page, over the drawing: pictures of designs to begin with, and what there is to go on with.
//!
//! `learn` (lessons, challenges, the `quiz`) and `templates` with their `thumbnail`s on the left; on the right what is to be recovered and `recent` designs, and the
//! `clusters` of this machine, and the `connections` to others. All of it is buttons, so that keys and screen readers reach it like the pointer.

mod clusters;
mod connections;
mod learn;
mod quiz;
mod recent;
mod templates;

use egui::{Align, Frame, Label, Layout, Margin, RichText, ScrollArea, Ui};

use crate::app::Outbox;
use crate::app::actions::{self, ActionId, Does};
use crate::app::{Session, StartMessage};
use crate::ui::fonts::strong;
use crate::ui::keys;
use crate::ui::theme::{GAP, GAP_LARGE, GAP_SMALL, RADIUS_CARD, TEXT_SMALL, Tokens};

/// On a wide screen the page is no wider than can be looked over.
const WIDEST: f32 = 1_280.0;
/// What there is to go on with, on the right.
const SIDE_SHARE: f32 = 0.36;
const SIDE_WIDTH: std::ops::RangeInclusive<f32> = 340.0..=430.0;
const TITLE: f32 = 24.0;

/// What was chosen that an action of the table does is put into `asked`.
pub fn start_ui(ui: &mut Ui, session: &Session, outbox: &mut Outbox, asked: &mut Vec<Does>) {
    let tokens = Tokens::of(ui.visuals());
    let margin = ((ui.available_width() - WIDEST) / 2.0).max(GAP_LARGE * 1.5);
    let whole = ui.available_rect_before_wrap();
    ui.painter().rect_filled(whole, 0, tokens.canvas);
    let page = whole.shrink2(egui::vec2(margin, 0.0));
    ui.scope_builder(egui::UiBuilder::new().max_rect(page), |ui| {
        ui.add_space(GAP_LARGE);
        head_ui(ui, session, asked);
        ui.add_space(GAP_LARGE);
        let side = (ui.available_width() * SIDE_SHARE).clamp(*SIDE_WIDTH.start(), *SIDE_WIDTH.end());
        let (left, right) = {
            let rest = ui.available_rect_before_wrap();
            let cut = rest.right() - side - GAP_LARGE;
            let (left, right) = rest.split_left_right_at_x(cut);
            (left, right.with_min_x(cut + GAP_LARGE))
        };
        ui.scope_builder(egui::UiBuilder::new().max_rect(left), |ui| {
            ScrollArea::vertical()
                .id_salt("templates")
                .auto_shrink(false)
                .show(ui, |ui| {
                    if let Some(quiz) = &session.learning.quiz {
                        quiz::quiz_ui(ui, quiz, outbox);
                        return;
                    }
                    learn::first_row_ui(ui, session, outbox, asked);
                    learn::learn_ui(ui, session, outbox);
                    templates::templates_ui(ui, outbox);
                    ui.add_space(GAP_LARGE);
                });
        });
        ui.scope_builder(egui::UiBuilder::new().max_rect(right), |ui| {
            ScrollArea::vertical()
                .id_salt("go on")
                .auto_shrink(false)
                .show(ui, |ui| {
                    recent::recoverable_ui(ui, session, outbox);
                    recent::recent_ui(ui, session, outbox);
                    clusters::clusters_ui(ui, session, outbox);
                    connections::connections_ui(ui, session, outbox);
                    ui.add_space(GAP_LARGE);
                });
        });
    });
}

fn head_ui(ui: &mut Ui, session: &Session, asked: &mut Vec<Does>) {
    let tokens = Tokens::of(ui.visuals());
    ui.horizontal(|ui| {
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            ui.label(RichText::new("pgcascade").size(TITLE).family(strong(ui)));
            let what = "Design a PostgreSQL replication cluster, check it and run it on this machine";
            ui.label(RichText::new(what).color(tokens.text_weak));
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let back = format!("Back to {}", session.title());
            for (id, words) in [
                (ActionId::Start, back.as_str()),
                (ActionId::Open, "Open…"),
                (ActionId::New, "New"),
            ] {
                let does = actions::does(id, session);
                let button = egui::Button::new(words);
                let mut response = ui.add_enabled(does.is_some(), button);
                if let Some(action) = actions::action(id) {
                    let keys = keys::key_words(action.id, ui.ctx());
                    response = response.on_hover_text(format!("{} ({keys})", action.explained));
                }
                if response.clicked() {
                    asked.extend(does);
                }
            }
        });
    });
}

/// What stands above a part of the page.
fn part_ui(ui: &mut Ui, words: &str) {
    let colour = Tokens::of(ui.visuals()).text_weak;
    ui.add(
        Label::new(
            RichText::new(words)
                .size(TEXT_SMALL)
                .family(strong(ui))
                .color(colour),
        )
        .selectable(false),
    );
    ui.add_space(GAP_SMALL);
}

/// One thing to go on with: what it is, and below it what can be done.
fn entry_ui(ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    let tokens = Tokens::of(ui.visuals());
    Frame::new()
        .fill(tokens.card)
        .stroke(egui::Stroke::new(1.0, tokens.card_stroke))
        .corner_radius(RADIUS_CARD)
        .inner_margin(Margin::symmetric(10, 7))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 3.0;
            content(ui);
        });
    ui.add_space(GAP - 2.0);
}

/// A small line that is cut where there is no room; the whole is its hint.
fn small_ui(ui: &mut Ui, words: &str) {
    let colour = Tokens::of(ui.visuals()).text_weak;
    let text = RichText::new(words).size(TEXT_SMALL).color(colour);
    ui.add(Label::new(text).truncate());
}

fn send(outbox: &mut Outbox, message: StartMessage) {
    outbox.send(crate::app::Message::Start(message));
}
