//! The editor of the design's text: line numbers, colours, a mark and a wave where something is wrong.
//!
//! The text is the session's: what is typed goes out as a message, and whatever changes it elsewhere (an edit of the
//! drawing, Undo) comes back in, with the caret kept at the same words.

use egui::text::{CCursor, CCursorRange, LayoutJob};
use egui::{
    Align, Align2, Color32, FontId, Frame, Galley, Id, Key, Margin, Modifiers, Pos2, Rect, ScrollArea, Sense,
    Shape, Stroke, TextBuffer, TextEdit, Ui, Vec2, pos2, vec2,
};

use super::caret::Change;
use crate::app::Outbox;
use crate::app::{DesignMessage, Message, Session};
use crate::model::document::Problem;
use crate::model::words::as_sentence;
use crate::ui::highlight::{Highlighter, Language};
use crate::ui::theme::{GAP, RADIUS_WIDGET, TEXT_MONO, TEXT_SMALL, Tokens};

/// Room beside the numbers.
const GUTTER_PAD: f32 = 29.0;
/// One swing of a wave, and how high it is.
const WAVE: Vec2 = vec2(3.0, 1.5);

/// What the editor remembers between frames.
#[derive(Default)]
pub struct EditorState {
    buffer: String,
    coloured: Coloured,
    /// Of what is seen.
    height: f32,
}

/// The text with its colours, made again when it changes.
#[derive(Default)]
struct Coloured {
    text: String,
    is_dark: bool,
    job: LayoutJob,
    longest: usize,
}

/// What happened in this frame.
pub struct Edited {
    /// The text as it reads now, and where the caret stood before and after.
    pub typed: Option<(String, (usize, usize))>,
    pub has_focus: bool,
}

fn editor_id() -> Id {
    Id::new("the design's text")
}

/// The editor in all the room there is. `jump`: the line to go to, from 1.
pub fn editor_ui(
    ui: &mut Ui,
    session: &Session,
    state: &mut EditorState,
    jump: Option<usize>,
    label: Id,
    outbox: &mut Outbox,
) -> Edited {
    let id = editor_id();
    follow(ui, state, session.text());
    let had_focus = ui.memory(|memory| memory.has_focus(id));
    if had_focus {
        history_keys(ui, outbox);
    }
    if let Some(line) = jump {
        go_to(ui, &state.buffer, line);
    }
    let caret_before = caret(ui);
    let tokens = Tokens::of(ui.visuals());
    let mut edited = None;
    Frame::new()
        .fill(tokens.field)
        .stroke(Stroke::new(
            1.0,
            if had_focus { tokens.accent } else { tokens.line },
        ))
        .corner_radius(RADIUS_WIDGET)
        .inner_margin(Margin::same(1))
        .show(ui, |ui| {
            ScrollArea::both()
                .id_salt("design text")
                .auto_shrink(false)
                .show(ui, |ui| edited = lines_ui(ui, session, state, jump, label));
        });
    let has_focus = ui.memory(|memory| memory.has_focus(id));
    Edited {
        typed: edited.map(|text| (text, (caret_before, caret(ui)))),
        has_focus,
    }
}

/// Undo and Redo are the window's: one history for the text and the drawing.
fn history_keys(ui: &Ui, outbox: &mut Outbox) {
    let (command, with_shift) = (Modifiers::COMMAND, Modifiers::COMMAND | Modifiers::SHIFT);
    let asked = ui.input_mut(|input| {
        if input.consume_key(with_shift, Key::Z) || input.consume_key(command, Key::Y) {
            Some(DesignMessage::Redo)
        } else if input.consume_key(command, Key::Z) {
            Some(DesignMessage::Undo)
        } else {
            None
        }
    });
    if let Some(message) = asked {
        outbox.send(Message::Design(message));
    }
}

/// The text and its gutter; answers the text if it was changed.
fn lines_ui(
    ui: &mut Ui,
    session: &Session,
    state: &mut EditorState,
    jump: Option<usize>,
    label: Id,
) -> Option<String> {
    let tokens = Tokens::of(ui.visuals());
    let font = FontId::monospace(TEXT_MONO);
    let letter = ui.fonts_mut(|fonts| fonts.glyph_width(&font, '0'));
    let lines = state.buffer.matches('\n').count() + 1;
    let digits = lines.to_string().len().max(2);
    let gutter = (digits as f32).mul_add(letter, GUTTER_PAD);
    let EditorState {
        buffer,
        coloured,
        height,
    } = state;
    coloured.follow(buffer, tokens, &font);
    let width = (coloured.longest as f32 + 2.0).mul_add(letter, gutter);
    let size = vec2(width.max(ui.available_width()), ui.available_height());
    let behind = ui.painter().add(Shape::Noop);

    let mut layouter = |ui: &Ui, text: &dyn TextBuffer, _: f32| {
        coloured.follow(text.as_str(), tokens, &font);
        ui.fonts_mut(|fonts| fonts.layout_job(coloured.job.clone()))
    };
    // What cannot be edited can be marked and copied all the same.
    let is_held = session.is_held();
    let copy = if is_held { buffer.clone() } else { String::new() };
    let mut shown = copy.as_str();
    let text: &mut dyn TextBuffer = if is_held { &mut shown } else { buffer };
    let output = TextEdit::multiline(text)
        .id(editor_id())
        .frame(Frame::new().inner_margin(Margin {
            left: gutter as i8,
            right: 4,
            top: 4,
            bottom: 4,
        }))
        .min_size(size)
        .desired_width(size.x)
        .layouter(&mut layouter)
        .show(ui);
    let response = output.response.response.labelled_by(label);
    let place = Place {
        galley: &output.galley,
        at: output.galley_pos,
        clip: ui.clip_rect(),
        gutter,
    };
    let problems = session.text_problems();
    let marks: Vec<Shape> = problems
        .iter()
        .flat_map(|problem| place.marks(problem, tokens))
        .collect();
    ui.painter().set(behind, Shape::Vec(marks));
    place.gutter_ui(ui, problems, tokens);
    // What is wrong is said below, which takes room from the lines: anyone who types does not lose the caret over it.
    let before = std::mem::replace(height, ui.clip_rect().height());
    if *height < before
        && response.has_focus()
        && let Some(range) = output.cursor_range
    {
        let caret = output.galley.pos_from_cursor(range.primary);
        ui.scroll_to_rect(caret.translate(output.galley_pos.to_vec2()), None);
    }
    if let Some(row) = jump.and_then(|line| place.row(line.saturating_sub(1))) {
        ui.scroll_to_rect(row, Some(Align::Center));
    }
    response.changed().then(|| buffer.clone())
}

/// Where the lines stand on the screen.
struct Place<'a> {
    galley: &'a Galley,
    at: Pos2,
    clip: Rect,
    gutter: f32,
}

impl Place<'_> {
    /// The row of a line, from 0: nothing is wrapped.
    fn row(&self, line: usize) -> Option<Rect> {
        let row = self.galley.rows.get(line)?;
        Some(row.rect().translate(self.at.to_vec2()))
    }

    fn is_seen(&self, row: Rect) -> bool {
        row.bottom() >= self.clip.top() && row.top() <= self.clip.bottom()
    }

    /// A tinted line, and a wave below its words.
    fn marks(&self, problem: &Problem, tokens: &Tokens) -> Vec<Shape> {
        let row = problem.line.and_then(|line| self.row(line.saturating_sub(1)));
        let Some(row) = row.filter(|row| self.is_seen(*row)) else {
            return Vec::new();
        };
        let ground = Rect::from_x_y_ranges(self.clip.x_range(), row.y_range());
        let ground = Shape::rect_filled(ground, 0.0, tokens.tint(tokens.error));
        let steps = (row.width().max(WAVE.x * 4.0) / WAVE.x) as usize;
        let points = (0..=steps).map(|step| {
            let up = if step % 2 == 0 { 0.0 } else { WAVE.y };
            pos2((step as f32).mul_add(WAVE.x, row.left()), row.bottom() - up)
        });
        let wave = Shape::line(points.collect(), Stroke::new(1.0, tokens.error));
        vec![ground, wave]
    }

    /// The numbers stay where they are when the text is scrolled sideways.
    fn gutter_ui(&self, ui: &Ui, problems: &[Problem], tokens: &Tokens) {
        let ground = Rect::from_min_size(self.clip.min, vec2(self.gutter - 6.0, self.clip.height()));
        let painter = ui.painter();
        painter.rect_filled(ground, 0.0, tokens.field);
        painter.vline(ground.right(), ground.y_range(), Stroke::new(1.0, tokens.line));
        let font = FontId::monospace(TEXT_SMALL);
        let first = self
            .galley
            .rows
            .partition_point(|row| self.at.y + row.rect().bottom() < self.clip.top());
        for line in first..self.galley.rows.len() {
            let Some(row) = self.row(line).filter(|row| self.is_seen(*row)) else {
                break;
            };
            let wrong: Vec<&Problem> = problems
                .iter()
                .filter(|problem| problem.line == Some(line + 1))
                .collect();
            let colour = if wrong.is_empty() {
                tokens.text_weak
            } else {
                tokens.error
            };
            let at = pos2(ground.right() - GAP, row.center().y);
            painter.text(at, Align2::RIGHT_CENTER, line + 1, font.clone(), colour);
            if !wrong.is_empty() {
                mark_ui(
                    ui,
                    Rect::from_x_y_ranges(ground.x_range(), row.y_range()),
                    &wrong,
                    line,
                    colour,
                );
            }
        }
    }
}

/// A sign beside the number; what is wrong on hover.
fn mark_ui(ui: &Ui, rect: Rect, wrong: &[&Problem], line: usize, colour: Color32) {
    let at = pos2(rect.left() + 3.0, rect.center().y);
    let font = FontId::proportional(TEXT_SMALL);
    ui.painter().text(at, Align2::LEFT_CENTER, "⊗", font, colour);
    let response = ui.interact(rect, editor_id().with(("mark", line)), Sense::hover());
    response.on_hover_ui(|ui| {
        for problem in wrong {
            ui.label(as_sentence(&problem.message));
            if let Some(fix) = &problem.fix {
                ui.label(as_sentence(fix));
            }
        }
    });
}

impl Coloured {
    fn follow(&mut self, text: &str, tokens: &Tokens, font: &FontId) {
        if self.text == text && self.is_dark == tokens.is_dark && !self.job.sections.is_empty() {
            return;
        }
        text.clone_into(&mut self.text);
        self.is_dark = tokens.is_dark;
        self.longest = text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
        self.job = LayoutJob::default();
        self.job.wrap.max_width = f32::INFINITY;
        self.job.keep_trailing_whitespace = true;
        let plain = egui::text::TextFormat::simple(font.clone(), tokens.text);
        let mut highlighter = Highlighter::new(Language::Toml);
        for (place, line) in text.split('\n').enumerate() {
            if place > 0 {
                self.job.append("\n", 0.0, plain.clone());
            }
            highlighter.append_line(&mut self.job, line, 0.0, font, tokens);
        }
        if self.job.sections.is_empty() {
            self.job.append("", 0.0, plain);
        }
    }
}

fn caret(ui: &Ui) -> usize {
    let state = TextEdit::load_state(ui.ctx(), editor_id());
    let range = state.and_then(|state| state.cursor.char_range());
    range.map_or(0, |range| range.primary.index.into())
}

/// The editor shows the session's text. The caret stays at the words where it stood.
fn follow(ui: &Ui, state: &mut EditorState, text: &str) {
    if state.buffer == text {
        return;
    }
    if let Some(mut edit) = TextEdit::load_state(ui.ctx(), editor_id())
        && let Some(range) = edit.cursor.char_range()
    {
        let change = Change::between(&state.buffer, text);
        let kept = |cursor: CCursor| CCursor::new(change.moved(cursor.index.into()));
        let range = CCursorRange::two(kept(range.secondary), kept(range.primary));
        edit.cursor.set_char_range(Some(range));
        edit.clear_undoer();
        edit.store(ui.ctx(), editor_id());
    }
    text.clone_into(&mut state.buffer);
}

/// The caret at the beginning of a line, from 1, and the keys with it.
fn go_to(ui: &Ui, text: &str, line: usize) {
    let before: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(|line| line.chars().count())
        .sum();
    let mut edit = TextEdit::load_state(ui.ctx(), editor_id()).unwrap_or_default();
    edit.cursor
        .set_char_range(Some(CCursorRange::one(CCursor::new(before))));
    edit.store(ui.ctx(), editor_id());
    ui.memory_mut(|memory| memory.request_focus(editor_id()));
}
