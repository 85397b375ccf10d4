//! The strip of What-if below the canvas: one press back or on, and the whole story to slide along.

use egui::{Button, Rect, Slider, Stroke, Ui};

use crate::app::Outbox;
use crate::app::{Message, WhatIf, WhatIfMessage};
use crate::model::words::as_sentence;

use super::super::parts::note_ui;

/// Of the slider, for each moment; and how much of the strip it may take.
const STEP_WIDTH: f32 = 40.0;
const SLIDER_SHARE: f32 = 0.45;
/// The height of a tick, and how far two of them stand apart at least.
const TICK: f32 = 4.0;
const LEAST_APART: f32 = 5.0;

pub fn moments_ui(ui: &mut Ui, what_if: &WhatIf, outbox: &mut Outbox) {
    let (moments, at) = what_if.moments();
    let last = moments.len() - 1;
    ui.horizontal(|ui| {
        let mut step = |ui: &mut Ui, sign: &str, words: &str, to: Option<usize>| {
            let button = ui
                .add_enabled(to.is_some(), Button::new(sign))
                .on_hover_text(words);
            button.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, to.is_some(), words));
            if let Some(to) = to.filter(|_| button.clicked()) {
                outbox.send(Message::WhatIf(WhatIfMessage::GoTo(to)));
            }
        };
        step(ui, "⏮", "Back to the beginning", (at > 0).then_some(0));
        step(ui, "◀", "One moment back", at.checked_sub(1));
        step(ui, "▶", "One moment forward", (at < last).then_some(at + 1));
        step(ui, "⏭", "Go to the end", (at < last).then_some(last));
        if last > 0 {
            let mut wanted = at;
            // As wide as the story is long, and never so wide that no room is left for the words.
            let room = (ui.available_width() * SLIDER_SHARE).max(90.0);
            ui.spacing_mut().slider_width = (STEP_WIDTH * last as f32).clamp(90.0, room);
            let slider = Slider::new(&mut wanted, 0..=last).show_value(false);
            let slider = ui.add(slider).on_hover_text("Drag through the story");
            ticks(ui, slider.rect, last);
            if slider.changed() {
                outbox.send(Message::WhatIf(WhatIfMessage::GoTo(wanted)));
            }
        }
        let words = if at == 0 {
            "What-if: right-click a server or a link to make something happen. The design does not change"
                .to_owned()
        } else {
            format!("Moment {at} of {last}: {}", as_sentence(moments[at].sentence()))
        };
        note_ui(ui, words);
    });
}

/// One below the slider for each moment, while they stand apart.
fn ticks(ui: &Ui, slider: Rect, last: usize) {
    // As egui's slider has them: its handle stays inside.
    let way = slider.x_range().shrink(slider.height() / 2.5);
    let apart = way.span() / last as f32;
    if apart < LEAST_APART {
        return;
    }
    let (from, to) = (slider.bottom() - TICK, slider.bottom());
    let stroke = Stroke::new(1.0, ui.visuals().weak_text_color());
    for place in 0..=last {
        ui.painter()
            .vline(way.min + apart * place as f32, from..=to, stroke);
    }
}
