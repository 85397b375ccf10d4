//! A lesson of one's own while it is written: its file is looked at every second, and what is wrong stands above it. And the
//! picture of what the design is to look like.

use std::time::Duration;

use egui::{Frame, Label, Margin, RichText, Sense, Ui, vec2};

use crate::app::{LessonMessage, OpenLesson, Outbox};
use crate::ui::theme::{GAP, GAP_SMALL, RADIUS_CARD, Tokens};
use crate::ui::thumbnail;

use super::super::parts::note_ui;
use super::{LessonState, live, send};

/// Between two looks at the file.
const LOOK: f64 = 1.0;
/// More is not read.
const MOST: usize = 8;
const PICTURE: f32 = 190.0;

pub(super) fn follow(ui: &Ui, open: &OpenLesson, state: &mut LessonState, outbox: &mut Outbox) {
    if open.file.is_none() {
        return;
    }
    let now = ui.input(|input| input.time);
    if now - state.read >= LOOK || now < state.read {
        state.read = now;
        send(outbox, LessonMessage::LookAtFile);
    }
    ui.ctx().request_repaint_after(Duration::from_secs_f64(LOOK));
}

/// What is wrong with the file of a lesson of one's own.
pub(super) fn faults_ui(ui: &mut Ui, open: &OpenLesson) {
    let Some(own) = &open.file else { return };
    let name = own.path.file_name().unwrap_or_default().to_string_lossy();
    if own.faults.is_empty() {
        note_ui(
            ui,
            format!("{name} is a good lesson. It is read again when it changes."),
        );
        return;
    }
    let tokens = Tokens::of(ui.visuals());
    let response = Frame::new()
        .fill(tokens.tint(tokens.warning))
        .corner_radius(RADIUS_CARD)
        .inner_margin(Margin::symmetric(10, 7))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.label(RichText::new(format!("What {name} still needs")).strong());
            for fault in own.faults.iter().take(MOST) {
                ui.add(Label::new(RichText::new(fault).small()).wrap());
            }
            if own.faults.len() > MOST {
                note_ui(ui, format!("and {} more", own.faults.len() - MOST));
            }
        });
    live(ui, response.response.id, &own.faults.join("; "));
    ui.add_space(GAP_SMALL);
}

/// The design to draw, small, beside the task.
pub(super) fn target_ui(ui: &mut Ui, open: &OpenLesson) {
    let Some(diagram) = &open.target else { return };
    let tokens = Tokens::of(ui.visuals());
    ui.add_space(GAP);
    note_ui(ui, "Make it look like this:");
    let size = vec2(ui.available_width(), PICTURE);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    ui.painter().rect_filled(rect, RADIUS_CARD, tokens.card);
    thumbnail::paint_named(ui.painter(), rect.shrink(GAP), diagram, tokens);
    let names: Vec<&str> = diagram.cards.iter().map(|card| card.name.as_str()).collect();
    let words = format!("Picture of the design to draw: {}", names.join(", "));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Image, true, &words));
}
