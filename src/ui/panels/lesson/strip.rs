//! One line below the drawing, whatever is shown beside it: a shape for each goal, and the next one in words.

use std::time::Duration;

use egui::{Label, RichText, Ui};

use crate::app::{LessonMessage, Message, OpenLesson, Outbox, Session, Tab, ViewMessage};
use crate::model::lessons::On;
use crate::ui::motion;
use crate::ui::theme::{TEXT_SMALL, Tokens};

use super::{LessonState, send};

/// Between two steps of the solution that is shown.
const STEP: f64 = 0.7;

pub fn lesson_strip_ui(
    ui: &mut Ui,
    session: &Session,
    open: &OpenLesson,
    state: &mut LessonState,
    outbox: &mut Outbox,
) {
    show_steps(ui, open, state, outbox);
    super::own::follow(ui, open, state, outbox);
    let tokens = Tokens::of(ui.visuals());
    ui.horizontal(|ui| {
        let is_shown = session.looks.tab == Tab::Lesson;
        let title = RichText::new(format!("Lesson: {}", open.lesson.title)).strong();
        let button = ui.selectable_label(is_shown, title);
        if button.on_hover_text("Show the lesson's panel").clicked() {
            outbox.send(Message::View(ViewMessage::Show(Tab::Lesson)));
        }
        let goals = open.lesson.goals.iter().zip(&open.state.goals);
        for (goal, state) in goals.filter(|(goal, _)| goal.on != On::Servers && !goal.is_guard) {
            let (sign, colour) = if state.is_met {
                ("✔", tokens.ok)
            } else {
                ("○", tokens.text_weak)
            };
            ui.add(Label::new(RichText::new(sign).color(colour)).selectable(false))
                .on_hover_text(&goal.text);
        }
        let words = if open.is_showing() {
            "The solution plays".to_owned()
        } else if open.state.is_solved {
            "Solved".to_owned()
        } else if let Some(place) = open.open_goal() {
            let goal = open.lesson.goals.get(place).map_or("", |goal| goal.text.as_str());
            let found = open.state.goals.get(place).and_then(|state| state.found.first());
            found.map_or_else(|| goal.to_owned(), |found| format!("{goal} · now: {found}"))
        } else if !open.state.unanswered.is_empty() {
            "A question is still open".to_owned()
        } else if open.ticks.is_shown {
            "The solution was shown: start again to solve it yourself".to_owned()
        } else {
            String::new()
        };
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let goal = open.open_goal().and_then(|place| open.lesson.goals.get(place));
            // A hint stands below its goal: it is shown once the page of the goal is reached.
            let mut reached = open.lesson.pages.iter().take(open.pages());
            let goal =
                goal.filter(|goal| !goal.is_guard && reached.any(|page| page.goals.contains(&goal.id)));
            if let Some(goal) = goal {
                let shown = open.hints.get(&goal.id).copied().unwrap_or(0);
                if shown < open.lesson.hints_of(Some(goal)).len() && ui.button("Hint").clicked() {
                    send(outbox, LessonMessage::Hint(goal.id.clone()));
                    outbox.send(Message::View(ViewMessage::Show(Tab::Lesson)));
                }
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let text = RichText::new(&words).size(TEXT_SMALL + 0.5);
                let response = ui.add(Label::new(text).truncate());
                super::live(ui, response.id, &words);
            });
        });
    });
}

/// Step by step, so that one can follow; at once where nothing may move.
fn show_steps(ui: &Ui, open: &OpenLesson, state: &mut LessonState, outbox: &mut Outbox) {
    if !open.is_showing() {
        return;
    }
    let now = ui.input(|input| input.time);
    let wait = STEP - (now - state.stepped);
    if wait <= 0.0 || motion::is_reduced(ui.ctx()) {
        state.stepped = now;
        send(outbox, LessonMessage::ShowStep);
        ui.ctx().request_repaint();
    } else {
        ui.ctx().request_repaint_after(Duration::from_secs_f64(wait));
    }
}
