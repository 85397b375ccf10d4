//! The lesson that is open: its pages one below another as they are reached, questions, goals, and help; the strip below
//! the drawing says the next goal whatever else is shown.

mod ask;
mod goals;
mod language;
mod own;
mod pages;
mod proof;
mod size;
mod strip;
mod words;

pub use ask::{choose_ui, told_ui};
pub use strip::lesson_strip_ui;
pub use words::rich_ui;

use std::collections::{BTreeMap, BTreeSet};

use egui::{Align, Button, Frame, Margin, RichText, ScrollArea, Ui};

use crate::app::actions::Turn;
use crate::app::{LessonMessage, Looked, Message, OpenLesson, Outbox, Session};
use crate::model::lessons::{Challenge, Lesson, lessons, parse_challenge};
use crate::model::words::counted;
use crate::ui::fonts::strong;
use crate::ui::theme::{GAP, GAP_LARGE, GAP_SMALL, RADIUS_CARD, Tokens};

use self::pages::Pages;
use super::parts::{main_button, note_ui};

/// What the panel remembers between frames.
#[derive(Debug, Default)]
pub struct LessonState {
    /// What is ticked of a question with several answers, by its id.
    picked: BTreeMap<String, BTreeSet<String>>,
    /// What was looked at last, and since when (in the window's seconds).
    looked: Looked,
    since: f64,
    /// When a step of the solution was shown last.
    stepped: f64,
    /// When the file of a lesson of one's own was looked at last.
    read: f64,
    pages: Pages,
    /// Of the lesson that was shown last.
    begun: u64,
    /// How many hints of each goal were in sight.
    hinted: BTreeMap<String, usize>,
    /// The wrong attempts whose words were in sight.
    warned: Vec<usize>,
}

impl LessonState {
    /// In the next frame.
    pub fn turn(&mut self, turn: Turn) {
        self.pages.asked = Some(turn);
    }
}

/// So long nothing has changed before words for a wrong attempt come.
const PATIENCE: f64 = 2.0;

pub fn lesson_ui(ui: &mut Ui, session: &Session, state: &mut LessonState, outbox: &mut Outbox) {
    let Some(open) = &session.lesson else {
        return;
    };
    ScrollArea::vertical()
        .id_salt("lesson")
        .auto_shrink(false)
        .show(ui, |ui| {
            if state.begun != open.begun {
                state.begun = open.begun;
                state.picked.clear();
                state.hinted.clear();
            }
            size::enlarge(ui, session.preferences.lesson_text.factor());
            state.pages.begin();
            head_ui(ui, open);
            language::language_ui(ui, open, outbox);
            own::faults_ui(ui, open);
            if open.state.is_solved {
                solved_ui(ui, session, open, outbox);
            }
            for (place, page) in open.lesson.pages.iter().take(open.pages()).enumerate() {
                if place > 0 {
                    ui.add_space(GAP_SMALL);
                    ui.separator();
                }
                ui.add_space(GAP_SMALL);
                state.pages.head(ui);
                rich_ui(ui, &page.text);
                if let Some(question) = page.ask.as_deref().and_then(|id| open.lesson.ask(id)) {
                    ask::ask_ui(ui, open, question, state, outbox);
                }
                goals::goals_ui(ui, open, &page.goals, state, outbox);
                if place == 0 {
                    own::target_ui(ui, open);
                }
            }
            goals::guards_ui(ui, open);
            wrong_ui(ui, open, state);
            if open.has_more_pages() {
                ui.add_space(GAP);
                // Nothing is to be read before it was guessed and tried; who is in a hurry may.
                let continued = if open.is_page_done() {
                    main_button(ui, true, "Continue")
                } else {
                    ui.button("Continue")
                };
                if continued
                    .on_hover_text("Turn to the next page (Page Down)")
                    .clicked()
                {
                    state.pages.reach(open, outbox);
                }
            }
            state.pages.end(ui, open, outbox);
            help_ui(ui, open, outbox);
        });
}

fn send(outbox: &mut Outbox, message: LessonMessage) {
    outbox.send(Message::Lesson(message));
}

fn head_ui(ui: &mut Ui, open: &OpenLesson) {
    let lesson = &open.lesson;
    ui.label(RichText::new(&lesson.title).heading());
    let mut about = format!("{} min", lesson.minutes);
    if !lesson.kills.is_empty() {
        about = format!("{about} · a common belief: {}", lower(&lesson.kills));
    }
    note_ui(ui, about);
    ui.add_space(GAP_SMALL);
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_lowercase().to_string());
    // A name that is written in capitals keeps them.
    let is_name = text.chars().nth(1).is_some_and(char::is_uppercase);
    if is_name {
        return text.to_owned();
    }
    format!("{}{}", first.unwrap_or_default(), letters.as_str())
}

/// Words for attempts that others have made, once nothing has changed for a moment.
fn wrong_ui(ui: &mut Ui, open: &OpenLesson, state: &mut LessonState) {
    let now = ui.input(|input| input.time);
    if state.looked != open.looked() {
        state.looked = open.looked();
        state.since = now;
    }
    let wait = PATIENCE - (now - state.since);
    if open.state.wrong.is_empty() || open.state.is_solved {
        state.warned.clear();
        return;
    }
    if wait > 0.0 {
        ui.ctx()
            .request_repaint_after(std::time::Duration::from_secs_f64(wait));
        return;
    }
    if state.warned != open.state.wrong {
        state.warned.clone_from(&open.state.wrong);
        ui.scroll_to_cursor(Some(Align::Center));
    }
    let tokens = Tokens::of(ui.visuals());
    for wrong in open
        .state
        .wrong
        .iter()
        .filter_map(|place| open.lesson.wrong.get(*place))
    {
        ui.add_space(GAP);
        let response = Frame::new()
            .fill(tokens.tint(tokens.warning))
            .corner_radius(RADIUS_CARD)
            .inner_margin(Margin::symmetric(10, 7))
            .show(ui, |ui| {
                ui.set_width(ui.available_width());
                rich_ui(ui, &wrong.says);
            });
        live(ui, response.response.id, &wrong.says);
    }
}

/// Read out by a screen reader when it comes or changes.
fn live(ui: &Ui, id: egui::Id, words: &str) {
    ui.ctx().accesskit_node_builder(id, |node| {
        node.set_role(egui::accesskit::Role::Status);
        node.set_live(egui::accesskit::Live::Polite);
        node.set_label(words);
    });
}

fn solved_ui(ui: &mut Ui, session: &Session, open: &OpenLesson, outbox: &mut Outbox) {
    let tokens = Tokens::of(ui.visuals());
    let response = Frame::new()
        .fill(tokens.tint(tokens.ok))
        .corner_radius(RADIUS_CARD)
        .inner_margin(Margin::symmetric(12, 10))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            let solved = if open.state.is_proved {
                "✔ Solved, and proved on real servers"
            } else {
                "✔ Solved"
            };
            ui.label(RichText::new(solved).family(strong(ui)).color(tokens.ok));
            rich_ui(ui, &open.lesson.learnt);
            let (own, best) = (open.journal.steps.len(), open.lesson.solution.len());
            if own > 0 {
                note_ui(
                    ui,
                    format!("You took {}; the solution takes {best}", counted(own, "step")),
                );
            }
            ui.add_space(GAP_SMALL);
            ui.horizontal_wrapped(|ui| {
                if let Some((name, words)) = next(session, open)
                    && main_button(ui, true, &words).clicked()
                {
                    send(outbox, LessonMessage::Open(name));
                }
                let copy = ui.button("Copy the result");
                let copy = copy.on_hover_text("Copy what you did as text, for your teacher");
                if copy.clicked() {
                    send(outbox, LessonMessage::CopyResult);
                }
            });
            proof::proof_ui(ui, open, outbox);
        });
    live(
        ui,
        response.response.id,
        &format!("Solved: {}", open.lesson.title),
    );
    ui.add_space(GAP);
}

/// The next lesson of the order, or the next challenge of the level.
fn next(session: &Session, open: &OpenLesson) -> Option<(String, String)> {
    if let Ok(challenge) = parse_challenge(&open.lesson.name) {
        let next: Challenge = challenge.next();
        return Some((next.name(), "Another challenge".to_owned()));
    }
    let at = lessons()
        .iter()
        .position(|lesson| lesson.name == open.lesson.name)?;
    let later: Option<&Lesson> = lessons().get(at + 1);
    let next = later.or_else(|| session.learning.next())?;
    Some((next.name.clone(), format!("Next: {}", next.title)))
}

fn help_ui(ui: &mut Ui, open: &OpenLesson, outbox: &mut Outbox) {
    ui.add_space(GAP_LARGE);
    ui.separator();
    ui.add_space(GAP_SMALL);
    if open.lesson.is_folded && !open.is_advice_shown && !open.state.is_solved {
        let button = ui.button("Show what pgcascade advises");
        let button = button.on_hover_text("Show fixes and advice again; this counts as a hint");
        if button.clicked() {
            send(outbox, LessonMessage::Advice);
        }
    }
    ui.horizontal_wrapped(|ui| {
        for (words, explained, message) in [
            (
                "Start again",
                "Begin this lesson from its start",
                LessonMessage::Restart,
            ),
            (
                "Do the next goal for me",
                "Play the solution up to the next goal; the lesson does not count as solved then",
                LessonMessage::NextGoal,
            ),
            (
                "Show me",
                "Play the whole solution; the lesson does not count as solved then",
                LessonMessage::Show,
            ),
            (
                "End lesson",
                "Keep the design on the canvas and close the lesson",
                LessonMessage::End,
            ),
        ] {
            if ui.add(Button::new(words)).on_hover_text(explained).clicked() {
                send(outbox, message);
            }
        }
    });
    if !open.lesson.sources.is_empty() {
        ui.add_space(GAP_SMALL);
        for source in &open.lesson.sources {
            if source.starts_with("https://") {
                ui.hyperlink_to("Open in the PostgreSQL manual", source)
                    .on_hover_text(source);
            } else {
                note_ui(ui, source);
            }
        }
    }
}
