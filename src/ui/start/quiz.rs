//! The quiz: a drawing, what has happened to it, a guess, and then what is so and why.

use std::collections::BTreeSet;

use egui::{Rect, RichText, Sense, Ui, vec2};

use crate::app::{LessonMessage, Message, Outbox, Quiz};
use crate::model::diagram::Diagram;
use crate::model::lessons::find;
use crate::ui::fonts::strong;
use crate::ui::panels::{choose_ui, told_ui};
use crate::ui::theme::{GAP, GAP_LARGE, RADIUS_CARD, TEXT_HEADING, TEXT_SMALL, Tokens};

use super::part_ui;
use crate::ui::thumbnail;

const PICTURE: f32 = 320.0;

pub fn quiz_ui(ui: &mut Ui, quiz: &Quiz, outbox: &mut Outbox) {
    let send = |outbox: &mut Outbox, message| outbox.send(Message::Lesson(message));
    part_ui(
        ui,
        &format!("Quiz: question {} of {}", quiz.number + 1, Quiz::QUESTIONS),
    );
    picture_ui(ui, quiz);
    ui.add_space(GAP);
    let id = egui::Id::new(("quiz", quiz.seed, quiz.number));
    let mut picked: BTreeSet<String> = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    match &quiz.guess {
        None => {
            let (question, options) = (&quiz.question, &quiz.question.options);
            let chosen = choose_ui(
                ui,
                &question.ask.text,
                options,
                question.ask.truth.is_several(),
                &mut picked,
            );
            ui.data_mut(|data| data.insert_temp(id, picked));
            if let Some(values) = chosen {
                send(outbox, LessonMessage::Guess(values));
            }
        }
        Some(guess) => {
            ui.label(RichText::new(&quiz.question.ask.text).family(strong(ui)));
            told_ui(ui, guess, &quiz.question.answer);
            ui.add_space(GAP);
            if quiz.is_over() {
                over_ui(ui, quiz, outbox);
            } else if ui.button("Next question").clicked() {
                send(outbox, LessonMessage::Quiz(quiz.seed, quiz.number + 1));
            }
        }
    }
    ui.add_space(GAP_LARGE);
    if ui.button("End the quiz").clicked() {
        send(outbox, LessonMessage::EndQuiz);
    }
}

fn picture_ui(ui: &mut Ui, quiz: &Quiz) {
    let tokens = Tokens::of(ui.visuals());
    let diagram = Diagram::of(&quiz.question.document);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width().min(560.0), PICTURE), Sense::hover());
    ui.painter().rect_filled(rect, RADIUS_CARD, tokens.card);
    let inside: Rect = rect.shrink(GAP_LARGE);
    thumbnail::paint_named(ui.painter(), inside, &diagram, tokens);
}

fn over_ui(ui: &mut Ui, quiz: &Quiz, outbox: &mut Outbox) {
    let words = format!("{} of {} right", quiz.right, Quiz::QUESTIONS);
    ui.label(RichText::new(words).size(TEXT_HEADING).family(strong(ui)));
    for lesson in quiz.lessons.iter().filter_map(|name| find(name)) {
        let words = format!("Read about it: {}", lesson.title);
        if ui.button(RichText::new(words).size(TEXT_SMALL + 1.0)).clicked() {
            outbox.send(Message::Lesson(LessonMessage::Open(lesson.name.clone())));
        }
    }
    if ui.button("Another five").clicked() {
        outbox.send(Message::Lesson(LessonMessage::Quiz(quiz.seed.wrapping_add(1), 0)));
    }
}
