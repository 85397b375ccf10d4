//! A question in its page: a guess first, then the truth and the program's own reason.

use std::collections::BTreeSet;

use egui::{RichText, Ui};

use crate::app::{LessonMessage, OpenLesson, Outbox};
use crate::model::lessons::{Answer, Ask, NOBODY, TRUTH_WORDS, is_right, options};
use crate::model::words::{as_sentence, listed};
use crate::ui::fonts::strong;
use crate::ui::theme::{GAP_SMALL, Tokens};

use super::super::parts::note_ui;
use super::{LessonState, live, send};

pub(super) fn ask_ui(
    ui: &mut Ui,
    open: &OpenLesson,
    ask: &Ask,
    state: &mut LessonState,
    outbox: &mut Outbox,
) {
    ui.add_space(GAP_SMALL);
    if let (Some(guess), Some(answer)) = (open.ticks.answers.get(&ask.id), open.answers.get(&ask.id)) {
        ui.label(RichText::new(&ask.text).family(strong(ui)));
        told_ui(ui, guess, answer);
        return;
    }
    let picked = state.picked.entry(ask.id.clone()).or_default();
    let options = options(&open.lesson, ask);
    if let Some(values) = choose_ui(ui, &ask.text, &options, ask.truth.is_several(), picked) {
        send(
            outbox,
            LessonMessage::Answer {
                ask: ask.id.clone(),
                values,
            },
        );
    }
}

/// The options; what was chosen, once it was.
pub fn choose_ui(
    ui: &mut Ui,
    text: &str,
    options: &[String],
    is_several: bool,
    picked: &mut BTreeSet<String>,
) -> Option<Vec<String>> {
    let mut chosen = None;
    ui.label(RichText::new(text).family(strong(ui)));
    ui.add_space(GAP_SMALL);
    if !is_several {
        ui.horizontal_wrapped(|ui| {
            for option in options {
                if ui.button(spelt(option)).clicked() {
                    chosen = Some(vec![option.clone()]);
                }
            }
        });
        return chosen;
    }
    ui.horizontal_wrapped(|ui| {
        for option in options {
            let mut is_picked = picked.contains(option);
            let name = if option == NOBODY { "Nobody" } else { option };
            if ui.checkbox(&mut is_picked, name).changed() {
                if !is_picked {
                    picked.remove(option);
                } else if option == NOBODY {
                    *picked = BTreeSet::from([option.clone()]);
                } else {
                    picked.remove(NOBODY);
                    picked.insert(option.clone());
                }
            }
        }
        let button = egui::Button::new("This is my guess");
        if ui.add_enabled(!picked.is_empty(), button).clicked() {
            chosen = Some(picked.iter().cloned().collect());
        }
    });
    chosen
}

/// Words begin like a sentence; a name keeps its spelling.
fn spelt(option: &str) -> String {
    // PostgreSQL spells its states so.
    let is_state = ["async", "potential", "sync", "quorum"].contains(&option);
    let is_word = (TRUTH_WORDS.contains(&option) && !is_state) || option.contains(' ');
    if is_word {
        as_sentence(option)
    } else {
        option.to_owned()
    }
}

/// Whether the guess was right, what is right, and why.
pub fn told_ui(ui: &mut Ui, guess: &[String], answer: &Answer) {
    let tokens = Tokens::of(ui.visuals());
    let right = listed(&answer.values);
    let (words, colour) = if is_right(guess, answer) {
        (format!("✔ Right: {right}"), tokens.ok)
    } else {
        (
            format!("✖ Your guess: {}. Right: {right}", listed(guess)),
            tokens.error,
        )
    };
    let response = ui.add(egui::Label::new(RichText::new(&words).color(colour)).wrap());
    live(ui, response.id, &format!("{words}. {}", answer.because));
    if !answer.because.is_empty() {
        // A server keeps the spelling of its name.
        let is_name = |value: &String| answer.because.starts_with(value.as_str());
        let because = if answer.values.iter().any(is_name) {
            answer.because.clone()
        } else {
            as_sentence(&answer.because)
        };
        note_ui(ui, because);
    }
}
