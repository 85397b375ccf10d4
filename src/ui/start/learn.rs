//! What there is to learn: the next lesson, the challenge of the day, a quiz, and all lessons by chapter with their pictures.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use egui::{Button, CollapsingHeader, RichText, Ui, vec2};

use crate::app::actions::{self, ActionId, Does};
use crate::app::{LessonMessage, Message, Outbox, Session};
use crate::model::diagram::Diagram;
use crate::model::lessons::{Challenge, LEVELS, Lesson, Mark, chapters, find, lessons, today};
use crate::ui::theme::{GAP, GAP_SMALL, Tokens};

use super::part_ui;
use super::templates::{self, Tile};

/// The title, the state, and three lines of what many believe.
const WORDS: f32 = 96.0;

/// They never change, so they are laid out once.
static PICTURES: LazyLock<BTreeMap<&'static str, Diagram>> = LazyLock::new(|| {
    let drawn = |lesson: &'static Lesson| (lesson.name.as_str(), Diagram::of(&lesson.start));
    lessons().iter().map(drawn).collect()
});

/// The first row of the page: learn, draw, import.
pub fn first_row_ui(ui: &mut Ui, session: &Session, outbox: &mut Outbox, asked: &mut Vec<Does>) {
    let tokens = Tokens::of(ui.visuals());
    let learning = &session.learning;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(GAP, GAP);
        let next = learning.next();
        let words = match (next, learning.is_begun()) {
            (Some(next), true) => format!("Learn: continue with \"{}\"", next.title),
            (Some(next), false) => format!("Learn: begin with \"{}\"", next.title),
            (None, _) => "Learn: all lessons are solved".to_owned(),
        };
        let text = RichText::new(words).color(tokens.on_accent);
        let button = Button::new(text).fill(tokens.accent).min_size(vec2(0.0, 30.0));
        let learn = ui.add_enabled(next.is_some(), button);
        if learn
            .on_hover_text("Learn replication by doing it, without any server")
            .clicked()
            && let Some(next) = next
        {
            open(outbox, next.name.clone());
        }
        let does = actions::does(ActionId::New, session);
        let draw = ui.add_enabled(
            does.is_some(),
            Button::new("Draw a new design").min_size(vec2(0.0, 30.0)),
        );
        if draw.on_hover_text("Begin with one server, the primary").clicked() {
            asked.extend(does);
        }
        let does = actions::does(ActionId::Import, session);
        let import = Button::new("Import a cluster…").min_size(vec2(0.0, 30.0));
        let import = ui.add_enabled(does.is_some(), import);
        if import
            .on_hover_text("Draw a cluster that you already run, and see what is wrong with it")
            .clicked()
        {
            asked.extend(does);
        }
    });
    ui.add_space(GAP);
}

fn open(outbox: &mut Outbox, name: String) {
    outbox.send(Message::Lesson(LessonMessage::Open(name)));
}

pub fn learn_ui(ui: &mut Ui, session: &Session, outbox: &mut Outbox) {
    part_ui(ui, "Learn");
    ui.horizontal_wrapped(|ui| {
        // As wide as the rows of tiles below.
        ui.set_max_width(ui.available_width() - GAP);
        let day = session.learning.day;
        let daily = today(day);
        if day > 0
            && ui
                .button(format!("Challenge of the day ({})", daily.name()))
                .clicked()
        {
            open(outbox, daily.name());
        }
        for level in LEVELS {
            let words = if level == 4 {
                "Night shift".to_owned()
            } else {
                format!("Challenge, level {level}")
            };
            let challenge = Challenge {
                level,
                // Another one each time, and the same for everyone who types its number.
                seed: seed(ui),
            };
            if ui.button(words).on_hover_text(explained(level)).clicked() {
                open(outbox, challenge.name());
            }
        }
        if ui
            .button("Quiz")
            .on_hover_text("Five questions: guess, then see")
            .clicked()
        {
            outbox.send(Message::Lesson(LessonMessage::Quiz(seed(ui), 0)));
        }
    });
    ui.add_space(GAP_SMALL);
    ui.horizontal_wrapped(|ui| {
        for (words, explained, message) in [
            (
                "Open your own lesson…",
                "Open the file of a lesson; `pgcascade lesson new FILE` writes one to begin with",
                LessonMessage::OpenFile,
            ),
            (
                "Export progress…",
                "Write what you have learnt to a file",
                LessonMessage::Export,
            ),
            (
                "Import progress…",
                "Add what such a file says; the better of two counts",
                LessonMessage::Import,
            ),
            (
                "Reset progress…",
                "Forget what you have done in all lessons",
                LessonMessage::AskForget,
            ),
        ] {
            let needs_progress = matches!(message, LessonMessage::Export | LessonMessage::AskForget);
            let is_possible = !needs_progress || session.learning.is_begun();
            let button = ui.add_enabled(is_possible, Button::new(words));
            if button.on_hover_text(explained).clicked() {
                outbox.send(Message::Lesson(message));
            }
        }
    });
    ui.add_space(GAP_SMALL);
    let done = lessons().iter();
    let done = done.filter(|lesson| session.learning.mark(&lesson.name) >= Mark::Solved);
    let heading = format!("All lessons ({} of {} solved)", done.count(), lessons().len());
    CollapsingHeader::new(heading)
        .id_salt("lessons")
        .default_open(session.learning.is_begun() || session.start.recent.is_empty())
        .show(ui, |ui| {
            for chapter in chapters() {
                part_ui(ui, chapter.title);
                let lessons: Vec<&Lesson> = chapter.lessons.iter().filter_map(|name| find(name)).collect();
                tiles_ui(ui, session, &lessons, outbox);
            }
        });
    ui.add_space(GAP);
}

fn seed(ui: &Ui) -> u64 {
    ui.input(|input| (input.time * 1_000.0) as u64) % 100_000
}

fn explained(level: u8) -> &'static str {
    match level {
        1 => "One thing is wrong",
        2 => "Two things are wrong, and one hides the other",
        3 => "Three things are wrong, and the primary is gone",
        _ => "Three things go wrong while clients work",
    }
}

fn tiles_ui(ui: &mut Ui, session: &Session, lessons: &[&Lesson], outbox: &mut Outbox) {
    let (columns, size) = templates::grid(ui, WORDS);
    for row in lessons.chunks(columns) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = GAP;
            for lesson in row {
                let Some(diagram) = PICTURES.get(lesson.name.as_str()) else {
                    continue;
                };
                let (sign, state) = state(session, lesson);
                let summary = format!("{} min · {sign} {state}\nMyth: {}", lesson.minutes, lesson.kills);
                let tile = Tile {
                    title: &lesson.title,
                    summary: &summary,
                    name: &format!("Lesson {}, {state}", lesson.title),
                };
                if templates::tile_ui(ui, size, &tile, diagram) {
                    open(outbox, lesson.name.clone());
                }
            }
        });
        ui.add_space(GAP - ui.spacing().item_spacing.y);
    }
}

/// Shape and word.
fn state(session: &Session, lesson: &Lesson) -> (&'static str, &'static str) {
    let progress = &session.learning.progress;
    let was_shown = progress.of(&lesson.name).is_some_and(|record| record.shown);
    match progress.mark(&lesson.name) {
        Mark::New => ("○", "new"),
        Mark::Begun if was_shown => ("◑", "shown"),
        Mark::Begun => ("◐", "begun"),
        Mark::Solved if progress.is_changed(lesson) => ("✔", "solved, changed since"),
        Mark::Solved => ("✔", "solved"),
        Mark::Proved => ("✔✔", "proved"),
    }
}
