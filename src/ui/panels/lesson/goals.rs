//! Goals with their ticks: what was found where one does not hold yet, and its hints.

use egui::{Align, Label, RichText, TextStyle, Ui};

use crate::app::{LessonMessage, OpenLesson, Outbox};
use crate::model::lessons::{Goal, GoalState, On};
use crate::model::words::as_sentence;
use crate::ui::theme::{GAP_SMALL, Tokens};

use super::super::parts::note_ui;
use super::size::body;
use super::{LessonState, live, rich_ui, send};

pub(super) fn goals_ui(
    ui: &mut Ui,
    open: &OpenLesson,
    ids: &[String],
    state: &mut LessonState,
    outbox: &mut Outbox,
) {
    let of = |id: &String| {
        let goals = open.lesson.goals.iter().zip(&open.state.goals);
        let mut those = goals.filter(move |(goal, _)| goal.id == *id);
        those.next()
    };
    if ids.is_empty() {
        return;
    }
    ui.add_space(GAP_SMALL);
    for (goal, found) in ids.iter().filter_map(of).filter(|(goal, _)| !goal.is_guard) {
        goal_ui(ui, goal, &goal.text, found);
        if !found.is_met {
            hints_ui(ui, open, goal, state, outbox);
        }
    }
}

/// What holds at the start and has to stay, and what servers may say.
pub(super) fn guards_ui(ui: &mut Ui, open: &OpenLesson) {
    let goals = open.lesson.goals.iter().zip(&open.state.goals);
    for (goal, state) in goals {
        if goal.is_guard && !state.is_met {
            goal_ui(ui, goal, &goal.text, state);
        }
        if goal.on == On::Servers && open.state.is_solved {
            // The lesson is solved without it.
            let optional = format!("Optional: {}", goal.text);
            goal_ui(ui, goal, if state.is_met { &goal.text } else { &optional }, state);
        }
    }
}

fn goal_ui(ui: &mut Ui, goal: &Goal, text: &str, state: &GoalState) {
    let tokens = Tokens::of(ui.visuals());
    // With reduced motion it is there at once.
    let growth = ui
        .ctx()
        .animate_bool(egui::Id::new(("goal", &goal.id)), state.is_met);
    let (sign, colour, word) = if state.is_met {
        ("✔", tokens.ok, "reached")
    } else {
        ("○", tokens.text_weak, "open")
    };
    let response = ui
        .horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let bounce = 1.0 + 0.5 * (growth * std::f32::consts::PI).sin();
            let size = body(ui) * if state.is_met { bounce } else { 1.0 };
            let sign = RichText::new(sign).size(size).color(colour).strong();
            let side = body(ui) * 1.33;
            ui.add_sized([side, side], Label::new(sign).selectable(false));
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 1.0;
                ui.add(Label::new(RichText::new(text).text_style(TextStyle::Body)).wrap());
                for found in state.found.iter().take(2) {
                    let text = RichText::new(as_sentence(found)).small();
                    ui.add(Label::new(text.color(tokens.text_weak)).wrap());
                }
            });
        })
        .response;
    let found = state.found.join("; ");
    live(ui, response.id, &format!("{}: {word}. {found}", goal.text));
}

fn hints_ui(ui: &mut Ui, open: &OpenLesson, goal: &Goal, state: &mut LessonState, outbox: &mut Outbox) {
    let hints = open.lesson.hints_of(Some(goal));
    let shown = open.hints.get(&goal.id).copied().unwrap_or(0);
    ui.indent(("hints", &goal.id), |ui| {
        for hint in hints.iter().take(shown) {
            rich_ui(ui, hint);
        }
        // It may be asked for from the strip, with the goal far above or below.
        let seen = state.hinted.insert(goal.id.clone(), shown).unwrap_or(shown);
        if shown > seen {
            ui.scroll_to_cursor(Some(Align::Center));
        }
        if shown < hints.len() {
            let words = format!("Hint {} of {}", shown + 1, hints.len());
            if ui.small_button(words).clicked() {
                send(outbox, LessonMessage::Hint(goal.id.clone()));
            }
        } else if hints.is_empty() {
            note_ui(ui, "");
        }
    });
}
