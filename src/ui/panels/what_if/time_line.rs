//! The strip of What-if in time below the canvas: play, step, the pace, and the line of time to scrub along, with a mark
//! wherever something happens.

use egui::{Button, ComboBox, Key, Pos2, Rect, Sense, Stroke, Ui, Vec2, WidgetInfo, WidgetType, pos2, vec2};

use crate::app::Outbox;
use crate::app::{InTime, Message, Pace, TimeMessage, WhatIf, WhatIfMessage};
use crate::model::simulate::time::{Event, Micros, TICK, in_words};
use crate::model::simulate::world::Kind;
use crate::ui::motion;
use crate::ui::theme::{GAP, TEXT_SMALL, Tokens};

use super::super::parts::note_ui;

const LINE_HEIGHT: f32 = 24.0;
/// No frame of the window counts for more: after a pause the cluster does not leap.
const LONGEST_FRAME: f32 = 0.1;
/// How near the pointer has to be to a mark to be told of it.
const REACH: f32 = 7.0;

pub fn time_line_ui(ui: &mut Ui, what_if: &WhatIf, time: &InTime, outbox: &mut Outbox) {
    if time.is_playing() && motion::is_reduced(ui.ctx()) {
        send(outbox, TimeMessage::Play(false));
    } else if time.is_under_way() {
        let passed = ui.input(|input| input.stable_dt).min(LONGEST_FRAME);
        send(outbox, TimeMessage::Frame((passed * 1e6) as Micros));
    }
    ui.horizontal(|ui| buttons_ui(ui, time, outbox));
    line_ui(ui, what_if, time, outbox);
}

fn buttons_ui(ui: &mut Ui, time: &InTime, outbox: &mut Outbox) {
    let mut button = |ui: &mut Ui, sign: &str, words: &str, is_possible: bool, message: TimeMessage| {
        let button = ui
            .add_enabled(is_possible, Button::new(sign).min_size(vec2(30.0, 0.0)))
            .on_hover_text(words);
        button.widget_info(|| WidgetInfo::labeled(WidgetType::Button, is_possible, words));
        if button.clicked() {
            send(outbox, message);
        }
    };
    let (now, is_still) = (time.now(), motion::is_reduced(ui.ctx()));
    button(ui, "⏮", "Back to the beginning", now > 0, TimeMessage::GoTo(0));
    let back = TimeMessage::Tick { on: false };
    button(ui, "⏴", "One tick back: a millisecond", now > 0, back);
    if time.is_playing() {
        button(ui, "⏸", "Pause", true, TimeMessage::Play(false));
    } else if is_still {
        button(ui, "▶", motion::STILL, false, TimeMessage::Play(true));
    } else {
        button(ui, "▶", "Play", true, TimeMessage::Play(true));
    }
    button(
        ui,
        "⏵",
        "One tick forward: a millisecond",
        true,
        TimeMessage::Tick { on: true },
    );
    button(
        ui,
        "⏭",
        "Go to the next commit answer",
        true,
        TimeMessage::NextCommit,
    );
    pace_ui(ui, time, outbox);
    let fork = ui.button("New story from here");
    if fork
        .on_hover_text("Keep this story and start a new one at this moment")
        .clicked()
    {
        send(outbox, TimeMessage::Fork);
    }
    ui.add_space(GAP);
    note_ui(ui, words(time));
}

fn pace_ui(ui: &mut Ui, time: &InTime, outbox: &mut Outbox) {
    let combo = ComboBox::from_id_salt("pace")
        .width(64.0)
        .height(400.0)
        .selected_text(time.pace.words());
    let response = combo.show_ui(ui, |ui| {
        for pace in Pace::all() {
            let words = format!("{}  (1 s shows {})", pace.words(), in_words(pace.micros()));
            if ui.add(Button::selectable(pace == time.pace, words)).clicked() {
                send(outbox, TimeMessage::Pace(pace));
            }
        }
    });
    let words = format!("Speed: one real second shows {}", in_words(time.pace.micros()));
    let response = response.response.on_hover_text(&words);
    response.widget_info(|| WidgetInfo::labeled(WidgetType::ComboBox, true, &words));
}

/// "At 1.234 s: crash slave1".
fn words(time: &InTime) -> String {
    let at = moment(time.now());
    match time.run().happened().last() {
        None if time.now() == 0 => format!("{at}: right-click a server or a link to make something happen"),
        None => at,
        Some(happened) => {
            let what = happened.text(time.run().world().topology());
            let outcome = if happened.outcome.is_err() {
                " (could not happen)"
            } else {
                ""
            };
            format!("{at}, after: {what}{outcome}")
        }
    }
}

/// To the millisecond below a minute: "1.234 s".
fn moment(micros: Micros) -> String {
    if micros < 60_000_000 {
        format!("{}.{:03} s", micros / 1_000_000, micros / 1_000 % 1_000)
    } else {
        in_words(micros)
    }
}

fn line_ui(ui: &mut Ui, what_if: &WhatIf, time: &InTime, outbox: &mut Outbox) {
    let (rect, mut response) =
        ui.allocate_exact_size(vec2(ui.available_width(), LINE_HEIGHT), Sense::click_and_drag());
    let track = rect.shrink2(vec2(10.0, 0.0));
    let scale = Scale {
        track,
        end: time.end(),
    };
    response.widget_info(|| WidgetInfo {
        value: Some(time.now() as f64 / 1e6),
        ..WidgetInfo::labeled(
            WidgetType::Slider,
            true,
            format!("Timeline: {}", moment(time.now())),
        )
    });
    if let Some(at) = response.interact_pointer_pos() {
        send(outbox, TimeMessage::GoTo(scale.moment_at(at.x)));
    }
    if response.clicked() || response.drag_started() {
        response.request_focus();
    }
    if response.has_focus() {
        keys(ui, time, &scale, response.id, outbox);
    }
    paint(ui, time, &scale, response.has_focus());
    let near = response
        .hover_pos()
        .map_or_else(Vec::new, |at| scale.near(time, at));
    if !near.is_empty() {
        let topology = what_if.topology();
        response = response.on_hover_ui_at_pointer(|ui| {
            for event in &near {
                ui.label(format!("{}: {}", moment(event.at), event.incident.text(topology)));
            }
        });
    }
    response.on_hover_cursor(egui::CursorIcon::PointingHand);
}

/// Arrows step along the line, a hundredth each.
fn keys(ui: &Ui, time: &InTime, scale: &Scale, id: egui::Id, outbox: &mut Outbox) {
    let filter = egui::EventFilter {
        horizontal_arrows: true,
        ..egui::EventFilter::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
    let pressed = |key| ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, key));
    let step = (scale.end / 100).max(TICK);
    if pressed(Key::ArrowLeft) {
        send(outbox, TimeMessage::GoTo(time.now().saturating_sub(step)));
    }
    if pressed(Key::ArrowRight) {
        send(outbox, TimeMessage::GoTo(time.now() + step));
    }
}

/// Where moments are on the screen.
struct Scale {
    track: Rect,
    end: Micros,
}

impl Scale {
    fn x(&self, at: Micros) -> f32 {
        let share = (at as f32 / self.end.max(1) as f32).min(1.0);
        self.track.width().mul_add(share, self.track.left())
    }

    fn moment_at(&self, x: f32) -> Micros {
        let share = ((x - self.track.left()) / self.track.width().max(1.0)).clamp(0.0, 1.0);
        (share * self.end as f32) as Micros
    }

    fn near(&self, time: &InTime, at: Pos2) -> Vec<Event> {
        let events = time.scenario().events.iter();
        events
            .filter(|event| (self.x(event.at) - at.x).abs() <= REACH)
            .copied()
            .collect()
    }
}

/// The way so far, a mark for each event (its shape says what it is: a fault, a repair, a decision), and the moment itself.
fn paint(ui: &Ui, time: &InTime, scale: &Scale, has_focus: bool) {
    let tokens = Tokens::of(ui.visuals());
    let painter = ui.painter();
    let middle = scale.track.center().y - 3.0;
    let line = |from: f32, to: f32, width: f32, colour| {
        painter.line_segment([pos2(from, middle), pos2(to, middle)], Stroke::new(width, colour));
    };
    let now = scale.x(time.now());
    line(scale.track.left(), scale.track.right(), 3.0, tokens.card_stroke);
    line(scale.track.left(), now, 3.0, tokens.accent);
    for event in &time.scenario().events {
        let at = pos2(scale.x(event.at), middle);
        let (colour, corners): (_, &[Vec2]) = match event.incident.verb().kind() {
            Kind::Fault => (
                tokens.error,
                &[vec2(0.0, -6.0), vec2(6.0, 0.0), vec2(0.0, 6.0), vec2(-6.0, 0.0)],
            ),
            Kind::Repair => (
                tokens.ok,
                &[vec2(-4.5, -4.5), vec2(4.5, -4.5), vec2(4.5, 4.5), vec2(-4.5, 4.5)],
            ),
            Kind::Decision => (
                tokens.warning,
                &[vec2(0.0, -6.0), vec2(6.0, 5.0), vec2(-6.0, 5.0)],
            ),
        };
        let points = corners.iter().map(|corner| at + *corner).collect();
        painter.add(egui::Shape::convex_polygon(
            points,
            colour,
            Stroke::new(1.0, tokens.bar),
        ));
    }
    let knob = pos2(now, middle);
    let ring = if has_focus { tokens.text } else { tokens.accent };
    painter.circle(knob, 6.5, tokens.card, Stroke::new(2.0, ring));
    let font = egui::FontId::proportional(TEXT_SMALL - 1.0);
    let end = in_words(scale.end);
    let words = [
        (scale.track.left(), egui::Align2::LEFT_BOTTOM, "0 s"),
        (scale.track.right(), egui::Align2::RIGHT_BOTTOM, &end),
    ];
    for (x, anchor, words) in words {
        let at = pos2(x, scale.track.bottom() + 4.0);
        painter.text(at, anchor, words, font.clone(), tokens.text_weak);
    }
}

fn send(outbox: &mut Outbox, message: TimeMessage) {
    outbox.send(Message::WhatIf(WhatIfMessage::Time(message)));
}
