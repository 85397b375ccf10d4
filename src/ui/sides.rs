//! The panels on both sides of the drawing: servers and findings on the left, what is looked at on the right.

use egui::{CentralPanel, Frame, Margin, Panel, ScrollArea, Ui};

use crate::app::Outbox;
use crate::app::{Message, Session, Tab, ViewMessage};
use crate::ui::panels::{self, PanelState};
use crate::ui::theme::{GAP, GAP_SMALL, TEXT_SMALL, Tokens};

/// In a small window the sides are narrower, or folded away.
const LEAST_LEFT: f32 = 200.0;
const LEAST_RIGHT: f32 = 284.0;
const LEAST_DRAWING: f32 = 320.0;
/// Of the window, for the left side at most.
const LEFT_SHARE: f32 = 0.28;
/// Of a row of tabs with room between them.
const LEAST_FOR_TABS: f32 = 310.0;
/// Of the servers above the findings, in height.
const LEAST_LIST: f32 = 160.0;
const HANDLE_WIDTH: f32 = 26.0;
const LEFT_WIDTH: f32 = 270.0;
const RIGHT_WIDTH: f32 = 350.0;
/// The share of the left side that the findings may take.
const FINDINGS_SHARE: f32 = 0.45;

/// Takes its room from both sides; what is left is the drawing's.
pub(super) fn sides_ui(ui: &mut Ui, session: &Session, state: &mut PanelState, outbox: &mut Outbox) {
    let fill = Tokens::of(ui.visuals()).panel;
    let side = Frame::new().fill(fill).inner_margin(Margin::same(10));
    let window = ui.ctx().content_rect().width();
    if session.preferences.left_side {
        let widest = (window * LEFT_SHARE).clamp(LEAST_LEFT, 420.0);
        Panel::left("left")
            .frame(side)
            .default_size(LEFT_WIDTH)
            .size_range(LEAST_LEFT..=widest)
            .show(ui, |ui| in_own_width(ui, |ui| left_ui(ui, session, outbox)));
    } else {
        let handle = Panel::left("left handle").exact_size(HANDLE_WIDTH);
        handle_ui(
            ui,
            handle,
            "▶",
            "Show the server list and findings",
            ViewMessage::LeftSide(true),
            outbox,
        );
    }
    if session.preferences.right_side {
        let widest = (window - widest_drawing(window)).clamp(LEAST_RIGHT, 680.0);
        Panel::right("right")
            .frame(side)
            .default_size(RIGHT_WIDTH)
            .size_range(LEAST_RIGHT..=widest)
            .show(ui, |ui| {
                in_own_width(ui, |ui| right_ui(ui, session, state, outbox));
            });
    } else {
        let handle = Panel::right("right handle").exact_size(HANDLE_WIDTH);
        handle_ui(
            ui,
            handle,
            "◀",
            "Show the side panel",
            ViewMessage::RightSide(true),
            outbox,
        );
    }
}

/// What the right side must leave of a window of this width: the left side, and a drawing that can be read.
fn widest_drawing(window: f32) -> f32 {
    (window * LEFT_SHARE).clamp(LEAST_LEFT, LEFT_WIDTH) + LEAST_DRAWING
}

/// What is left of a side that is folded away: a strip that brings it back.
fn handle_ui(ui: &mut Ui, panel: Panel, sign: &str, words: &str, shows: ViewMessage, outbox: &mut Outbox) {
    let fill = Tokens::of(ui.visuals()).panel;
    panel
        .frame(Frame::new().fill(fill))
        .resizable(false)
        .show(ui, |ui| {
            ui.add_space(GAP);
            if panels::sign_button(ui, true, sign, words).clicked() {
                outbox.send(Message::View(shows));
            }
        });
}

/// What stands in a panel never sets its width: a panel that grows with its content takes a little of the drawing at each
/// selection, and gives nothing back.
fn in_own_width(ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    let rect = ui.available_rect_before_wrap();
    let mut inside = ui.new_child(egui::UiBuilder::new().max_rect(rect));
    inside.set_clip_rect(
        rect.expand(ui.spacing().item_spacing.x / 2.0)
            .intersect(ui.clip_rect()),
    );
    content(&mut inside);
    ui.advance_cursor_after_rect(rect);
}

fn left_ui(ui: &mut Ui, session: &Session, outbox: &mut Outbox) {
    let share = ui.available_height() * FINDINGS_SHARE;
    Panel::bottom("findings")
        .resizable(true)
        .default_size(share)
        .size_range(90.0..=(ui.available_height() - LEAST_LIST).max(90.0))
        .frame(Frame::new().inner_margin(Margin {
            top: 8,
            ..Margin::ZERO
        }))
        .show(ui, |ui| {
            heading_ui(ui, "Findings");
            ScrollArea::vertical()
                .id_salt("findings")
                .auto_shrink(false)
                .show(ui, |ui| panels::findings_ui(ui, session, outbox));
        });
    CentralPanel::no_frame().show(ui, |ui| {
        ui.horizontal(|ui| {
            heading_ui(ui, "Servers");
            fold_ui(
                ui,
                "◀",
                "Hide the server list and findings",
                ViewMessage::LeftSide(false),
                outbox,
            );
        });
        ScrollArea::vertical()
            .id_salt("outline")
            .auto_shrink(false)
            .show(ui, |ui| panels::outline_ui(ui, session, outbox));
    });
}

/// At the upper right corner of a side: folds it away.
fn fold_ui(ui: &mut Ui, sign: &str, words: &str, folds: ViewMessage, outbox: &mut Outbox) {
    ui.with_layout(egui::Layout::right_to_left(egui::Align::TOP), |ui| {
        ui.spacing_mut().button_padding = egui::vec2(2.0, 0.0);
        let small = egui::RichText::new(sign).size(TEXT_SMALL);
        let button = ui.add(egui::Button::new(small).frame(false)).on_hover_text(words);
        button.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, words));
        if button.clicked() {
            outbox.send(Message::View(folds));
        }
    });
}

fn heading_ui(ui: &mut Ui, words: &str) {
    let colour = Tokens::of(ui.visuals()).text_weak;
    let text = egui::RichText::new(words).size(TEXT_SMALL).strong().color(colour);
    ui.add(egui::Label::new(text).selectable(false));
    ui.add_space(GAP_SMALL);
}

fn right_ui(ui: &mut Ui, session: &Session, state: &mut PanelState, outbox: &mut Outbox) {
    ui.horizontal_wrapped(|ui| {
        let own = session.mode.tab();
        // With a lesson and What-if there are six of them: a row that is too long makes all below it too wide.
        let has_more = own.is_some() || session.lesson.is_some() || session.imported.is_some();
        if has_more || ui.available_width() < LEAST_FOR_TABS {
            ui.spacing_mut().button_padding.x = GAP_SMALL;
            ui.spacing_mut().item_spacing.x = GAP_SMALL;
        }
        let lesson = session.lesson.as_ref().map(|_| (Tab::Lesson, "Lesson"));
        let imported = session.imported.as_ref().map(|_| (Tab::Imported, "Imported"));
        let others = [
            (Tab::Inspector, "Inspector"),
            (Tab::Files, "Files"),
            (Tab::Deploy, "Deploy"),
            (Tab::Text, "Text"),
        ];
        for (tab, words) in lesson.into_iter().chain(imported).chain(own).chain(others) {
            let is_shown = session.looks.tab == tab;
            let button = egui::Button::selectable(is_shown, words);
            if ui.add(button).clicked() {
                outbox.send(Message::View(ViewMessage::Show(tab)));
            }
        }
        fold_ui(
            ui,
            "▶",
            "Hide the side panel",
            ViewMessage::RightSide(false),
            outbox,
        );
    });
    ui.add_space(GAP_SMALL);
    ui.separator();
    ui.add_space(GAP / 2.0);
    match session.looks.tab {
        Tab::Inspector => {
            ScrollArea::vertical()
                .id_salt("inspector")
                .auto_shrink(false)
                .show(ui, |ui| {
                    panels::inspector_ui(ui, session, &mut state.drafts, outbox);
                });
        }
        Tab::Files => panels::files_ui(ui, session, &mut state.files, outbox),
        Tab::Deploy => panels::deploy_ui(ui, session, state, outbox),
        Tab::Text => panels::text_ui(ui, session, &mut state.text, outbox),
        Tab::WhatIf => panels::what_if_ui(ui, session, outbox),
        Tab::Lesson => panels::lesson_ui(ui, session, &mut state.lesson, outbox),
        Tab::Imported => panels::imported_ui(ui, session, &mut state.report, outbox),
    }
}
