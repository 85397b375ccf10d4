//! The design's own text beside the drawing: typing changes the drawing as soon as the text is a design, edits of the
//! drawing change the text. While it is none, what is wrong stands below it, line by line, and the last good drawing stays.

mod caret;
mod editor;

use egui::{CentralPanel, Frame, Label, Margin, Panel, RichText, ScrollArea, Ui, WidgetInfo, WidgetType};

use crate::app::Outbox;
use crate::app::{DesignMessage, Message, Session};
use crate::model::document::Problem;
use crate::model::words::as_sentence;
use crate::ui::theme::{GAP, GAP_SMALL, TEXT_SMALL, Tokens};

use self::editor::{EditorState, editor_ui};
use super::parts::note_ui;
use crate::model::words::counted;

/// Typing that pauses as long is read.
const PAUSE_SECS: f64 = 0.25;
/// Typing that pauses longer begins an undo step of its own.
const BURST_SECS: f64 = 1.2;
/// The share of the height that the list of problems may take.
const PROBLEMS_SHARE: f32 = 0.4;

/// What the panel remembers between frames.
#[derive(Default)]
pub struct TextState {
    editor: EditorState,
    /// When something was typed that has not been read yet.
    unread_since_secs: Option<f64>,
    /// When something was typed last, and where the caret stood after it.
    last_typed: Option<(f64, usize)>,
    /// The line to go to, from 1. The click that asked for it takes the keys for its own frame.
    jump: Option<usize>,
}

impl std::fmt::Debug for TextState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextState").finish_non_exhaustive()
    }
}

pub fn text_ui(ui: &mut Ui, session: &Session, state: &mut TextState, outbox: &mut Outbox) {
    let label = status_ui(ui, session);
    ui.add_space(GAP_SMALL);
    let problems = session.text_problems();
    let jump = state.jump.take();
    if !problems.is_empty() {
        let most = ui.available_height() * PROBLEMS_SHARE;
        let frame = Frame::new().inner_margin(Margin {
            top: 8,
            ..Margin::ZERO
        });
        Panel::bottom("text problems")
            .frame(frame)
            .show_separator_line(false)
            .show(ui, |ui| {
                state.jump = problems_ui(ui, session, problems, most, outbox);
            });
        if state.jump.is_some() {
            ui.ctx().request_repaint();
        }
    }
    CentralPanel::no_frame().show(ui, |ui| {
        let now = ui.input(|input| input.time);
        let edited = editor_ui(ui, session, &mut state.editor, jump, label, outbox);
        if let Some((text, (caret_before, caret))) = edited.typed {
            let joins = state
                .last_typed
                .is_some_and(|(at, left_at)| now - at < BURST_SECS && left_at == caret_before);
            outbox.send(Message::Design(DesignMessage::Type { text, joins }));
            state.last_typed = Some((now, caret));
            state.unread_since_secs = Some(now);
        }
        if let Some(since) = state.unread_since_secs {
            let left = PAUSE_SECS - (now - since);
            if left <= 0.0 || !edited.has_focus {
                state.unread_since_secs = None;
                outbox.send(Message::Design(DesignMessage::ReadTyped));
            } else {
                ui.ctx()
                    .request_repaint_after(std::time::Duration::from_secs_f64(left));
            }
        }
    });
}

/// Whether the drawing is what the text says.
fn status_ui(ui: &mut Ui, session: &Session) -> egui::Id {
    let tokens = Tokens::of(ui.visuals());
    let problems = session.text_problems().len();
    let (sign, words, colour) = if let Some(held) = session.held() {
        ("🔒", held.sentence().to_owned(), tokens.text_weak)
    } else if problems > 0 {
        let found = counted(problems, "error");
        let words = format!("{found}; the drawing shows the last valid version");
        ("⊗", words, tokens.error)
    } else {
        let words = "Text and drawing are in sync".to_owned();
        ("✔", words, tokens.ok)
    };
    ui.horizontal_wrapped(|ui| {
        let label = ui.add(Label::new(RichText::new("The design's text").strong()).selectable(false));
        ui.colored_label(colour, sign);
        let text = RichText::new(words).size(TEXT_SMALL).color(colour);
        ui.label(text);
        label.id
    })
    .inner
}

/// Every problem with its line and its fix; answers the line to jump to.
fn problems_ui(
    ui: &mut Ui,
    session: &Session,
    problems: &[Problem],
    most: f32,
    outbox: &mut Outbox,
) -> Option<usize> {
    let mut jump = None;
    ScrollArea::vertical()
        .id_salt("problems")
        .max_height(most)
        .auto_shrink([false, true])
        .show(ui, |ui| {
            for problem in problems {
                jump = problem_ui(ui, problem).or(jump);
            }
        });
    ui.add_space(GAP_SMALL);
    ui.horizontal(|ui| {
        let hint = "Undo everything typed since the last valid drawing; Redo restores it";
        let button = ui.add_enabled(!session.is_held(), egui::Button::new("Revert to the drawing"));
        if button.on_hover_text(hint).clicked() {
            outbox.send(Message::Design(DesignMessage::TakeDrawing));
        }
    });
    jump
}

fn problem_ui(ui: &mut Ui, problem: &Problem) -> Option<usize> {
    let tokens = Tokens::of(ui.visuals());
    let mut jump = None;
    ui.horizontal_top(|ui| {
        ui.colored_label(tokens.error, "⊗");
        if let Some(line) = problem.line {
            let link = ui.link(format!("Line {line}"));
            let words = format!("Jump to line {line}");
            link.widget_info(|| WidgetInfo::labeled(WidgetType::Link, true, words.as_str()));
            if link.clicked() {
                jump = Some(line);
            }
        }
        ui.vertical(|ui| {
            ui.add(Label::new(as_sentence(&problem.message)).wrap());
            if let Some(fix) = &problem.fix {
                note_ui(ui, as_sentence(fix));
            }
        });
    });
    ui.add_space(GAP / 2.0);
    jump
}
