//! The window: lays out panels and canvas, and moves what they want through `update`.
//!
//! `logic` and `ui` are apart: the first lets messages happen and performs effects, the second only draws and
//! collects. The few effects that only a window can perform (dialogs, clipboard, closing) stay here, all others go
//! to the worker. Constructible without a display: tests draw [`Shell::root_ui`] into a harness.

use std::collections::BTreeSet;
use std::path::PathBuf;

use egui::{CentralPanel, Frame, Margin, Panel, Ui, ViewportCommand};

use crate::app::Outbox;
use crate::app::actions::Does;
use crate::app::edits::select;
use crate::app::{
    DesignMessage, Effect, FileMessage, Message, Session, StartMessage, Tab, ViewMessage, Worker, update,
};
use crate::model::desk::Preferences;
use crate::model::drift::Drift;
use crate::ui::canvas::{CanvasState, canvas_ui};
use crate::ui::dialogs::Chooser;
use crate::ui::fonts;
use crate::ui::keys;
use crate::ui::panels::{self, PanelState};
use crate::ui::sides::sides_ui;
use crate::ui::start;
use crate::ui::theme::{self, Tokens};

const STATUS_HEIGHT: f32 = 26.0;
const TOOL_BAR_HEIGHT: f32 = 40.0;

/// Who performs effects: the worker, or a test.
pub trait Background {
    fn perform(&mut self, effect: Effect);
    /// Everything that came back since the last call.
    fn drain(&mut self) -> Vec<Message>;
}

impl Background for Worker {
    fn perform(&mut self, effect: Effect) {
        Worker::perform(self, effect);
    }
    fn drain(&mut self) -> Vec<Message> {
        Worker::drain(self)
    }
}

/// The window's state and its helpers.
pub struct Shell {
    pub session: Session,
    background: Box<dyn Background>,
    chooser: Box<dyn Chooser>,
    pub canvas: CanvasState,
    panels: PanelState,
    outbox: Outbox,
    /// The window's title as it was last set.
    title: String,
    /// `update` agreed that the window may close.
    closing: bool,
    /// What the window looks like now.
    preferred: Option<Preferences>,
    had_focus: bool,
    /// The file that is followed, and the revision whose letters were looked for.
    followed: Option<PathBuf>,
    read_at: Option<u64>,
    /// Letters that were asked for already, and how many fonts are installed for them.
    asked_letters: BTreeSet<char>,
    installed_fonts: usize,
}

impl std::fmt::Debug for Shell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shell")
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

impl Shell {
    pub fn new(session: Session, mut background: Box<dyn Background>, chooser: Box<dyn Chooser>) -> Self {
        for effect in session.start_effects() {
            background.perform(effect);
        }
        let mut canvas = CanvasState::default();
        canvas.request_fit();
        Self {
            session,
            background,
            chooser,
            canvas,
            panels: PanelState::default(),
            outbox: Outbox::default(),
            title: String::new(),
            closing: false,
            preferred: None,
            had_focus: true,
            followed: None,
            read_at: None,
            asked_letters: BTreeSet::new(),
            installed_fonts: 0,
        }
    }

    /// The canvas' zoom.
    pub fn zoom(&self) -> f32 {
        self.canvas.zoom()
    }

    /// Lets everything happen that came in since the last frame. Draws nothing.
    pub fn root_logic(&mut self, ctx: &egui::Context) {
        let mut messages = self.background.drain();
        messages.extend(self.chooser.drain());
        if ctx.input(|input| input.viewport().close_requested()) && !self.closing {
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            messages.push(Message::Quit);
        }
        // Whoever comes back may have changed the file, or the clusters, in the meantime.
        let has_focus = ctx.input(|input| input.focused);
        if has_focus && !self.had_focus {
            messages.push(Message::File(FileMessage::LookAtFile));
            if self.session.start.is_shown {
                messages.push(Message::Start(StartMessage::LookAgain));
            }
        }
        self.had_focus = has_focus;
        for message in messages {
            self.happen(ctx, message);
        }
        self.follow_file();
        self.find_fonts(ctx);
        self.prefer(ctx);
        self.set_title(ctx);
    }

    fn follow_file(&mut self) {
        if self.followed != self.session.desk.path {
            self.followed.clone_from(&self.session.desk.path);
            let followed = self.followed.clone();
            self.background.perform(Effect::FollowFile(followed));
        }
    }

    /// Names may be in scripts that the window's own fonts lack: the machine's are asked for.
    fn find_fonts(&mut self, ctx: &egui::Context) {
        if self.installed_fonts != self.session.fonts.len() {
            self.installed_fonts = self.session.fonts.len();
            fonts::install(ctx, &self.session.fonts);
            ctx.request_repaint();
            return;
        }
        // Nothing can be asked of fonts before the first frame.
        if self.read_at == Some(self.session.desk.revision) || ctx.cumulative_pass_nr() == 0 {
            return;
        }
        self.read_at = Some(self.session.desk.revision);
        let missing = fonts::missing(ctx, &self.session.derived.text);
        let new: String = missing.difference(&self.asked_letters).collect();
        if !new.is_empty() {
            self.asked_letters.extend(new.chars());
            self.background.perform(Effect::FindFonts(new));
        }
    }

    /// Lets the window look and move as it is preferred.
    fn prefer(&mut self, ctx: &egui::Context) {
        let preferences = &self.session.preferences;
        if self.preferred.as_ref() == Some(preferences) {
            return;
        }
        theme::prefer(ctx, preferences);
        self.preferred = Some(preferences.clone());
    }

    /// Draws everything, then lets happen what was asked for while drawing.
    pub fn root_ui(&mut self, ui: &mut Ui) {
        let mut asked = self.keys(ui);
        self.layout(ui, &mut asked);
        for does in asked {
            self.perform(ui.ctx(), does);
        }
        let messages = self.outbox.take();
        if !messages.is_empty() {
            // What was drawn is out of date now.
            ui.ctx().request_repaint();
        }
        let ctx = ui.ctx().clone();
        for message in messages {
            self.happen(&ctx, message);
        }
        name_focus(ui.ctx());
    }

    /// The actions whose keys were pressed; a dialog in the way takes all keys, and so does a name typed on its card:
    /// egui has ended its field already when Escape arrives here.
    fn keys(&mut self, ui: &Ui) -> Vec<Does> {
        let is_taken = self.session.dialog.is_some() || self.session.looks.renaming.is_some();
        if is_taken || egui::Popup::is_any_open(ui.ctx()) {
            return Vec::new();
        }
        let pasted = keys::pasted(ui.ctx())
            .filter(|_| !self.session.start.is_shown)
            .map(|text| {
                let paste = DesignMessage::Paste(text);
                Does::Send(Message::Design(paste))
            });
        keys::pressed(ui.ctx())
            .into_iter()
            .filter_map(|action| action.now(&self.session).ok())
            .chain(pasted)
            .collect()
    }

    fn perform(&mut self, ctx: &egui::Context, does: Does) {
        match does {
            Does::Fit => self.canvas.request_fit(),
            Does::Zoom(factor) => self.canvas.request_zoom(factor),
            Does::Centre(server) => {
                self.outbox.send(select(server));
                self.canvas.request_centre(server);
            }
            Does::Turn(turn) => {
                self.panels.lesson.turn(turn);
                self.outbox.send(Message::View(ViewMessage::Show(Tab::Lesson)));
            }
            Does::AskPaste => ctx.send_viewport_cmd(ViewportCommand::RequestPaste),
            Does::Send(message) => {
                // What is half typed counts for what is saved, exported or deployed.
                let topology = self.session.desk.document.topology();
                self.panels.drafts.commit_all(topology, &mut self.outbox);
                self.outbox.send(message);
                return;
            }
        }
        // It is seen in the next frame.
        ctx.request_repaint();
    }

    fn happen(&mut self, ctx: &egui::Context, message: Message) {
        for effect in update(&mut self.session, message) {
            match effect {
                Effect::AskPath { purpose, suggested } => {
                    self.chooser.ask(purpose, &suggested);
                    // An answer that is there at once is heard at once.
                    ctx.request_repaint();
                }
                Effect::CopyText(text) => ctx.copy_text(text),
                Effect::Close => {
                    self.closing = true;
                    ctx.send_viewport_cmd(ViewportCommand::Close);
                }
                other => self.background.perform(other),
            }
        }
    }

    fn set_title(&mut self, ctx: &egui::Context) {
        let dot = if self.session.is_modified() { " •" } else { "" };
        let title = format!("pgcascade — {}{dot}", self.session.title());
        if title != self.title {
            ctx.send_viewport_cmd(ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }

    fn layout(&mut self, ui: &mut Ui, asked: &mut Vec<Does>) {
        let Self {
            session,
            panels: state,
            canvas,
            outbox,
            ..
        } = self;
        let tokens = Tokens::of(ui.visuals());
        let bar = Frame::new()
            .fill(tokens.bar)
            .inner_margin(Margin::symmetric(10, 3));

        Panel::top("menu")
            .frame(bar)
            .show_separator_line(false)
            .show(ui, |ui| {
                panels::menu_bar_ui(ui, session, asked);
            });
        if session.start.is_shown {
            let page = CentralPanel::no_frame().show(ui, |ui| start::start_ui(ui, session, outbox, asked));
            let corner = page.response.rect.right_bottom();
            Self::above_ui(ui, session, state, corner, outbox, asked);
            return;
        }
        Panel::top("tools")
            .frame(bar)
            .exact_size(TOOL_BAR_HEIGHT)
            .show(ui, |ui| {
                panels::tool_bar_ui(ui, session, outbox, asked);
            });
        if !session.live.left_over.is_empty() {
            let banner = bar.fill(tokens.tint(tokens.warning));
            Panel::top("left over").frame(banner).show(ui, |ui| {
                panels::left_over_ui(ui, session, outbox);
            });
        }
        let differs = panels::differences(session);
        if !differs.is_empty() {
            let is_grave = differs.iter().any(Drift::is_grave);
            let tone = if is_grave { tokens.error } else { tokens.warning };
            Panel::top("differs")
                .frame(bar.fill(tokens.tint(tone)))
                .show(ui, |ui| {
                    panels::differs_ui(ui, session, differs, !session.live.is_foreign(), outbox);
                });
        }
        Panel::bottom("status")
            .frame(bar)
            .exact_size(STATUS_HEIGHT)
            .show(ui, |ui| {
                panels::status_bar_ui(ui, session, outbox);
            });
        if let Some(open) = &session.lesson {
            let strip = bar.fill(tokens.tint(tokens.primary));
            Panel::bottom("lesson").frame(strip).show(ui, |ui| {
                panels::lesson_strip_ui(ui, session, open, &mut state.lesson, outbox);
            });
        }
        if let Some(what_if) = session.what_if() {
            let strip = bar.fill(tokens.tint(tokens.accent));
            Panel::bottom("what-if")
                .frame(strip)
                .show(ui, |ui| match what_if.in_time() {
                    Some(time) => panels::time_line_ui(ui, what_if, time, outbox),
                    None => panels::moments_ui(ui, what_if, outbox),
                });
        }
        sides_ui(ui, session, state, outbox);
        let middle = CentralPanel::no_frame().show(ui, |ui| canvas_ui(ui, session, canvas, outbox));
        let corner = middle.response.rect.right_bottom();
        Self::above_ui(ui, session, state, corner, outbox, asked);
        state.drafts.settle(session.desk.document.topology(), outbox);
    }

    /// What lies above everything else.
    fn above_ui(
        ui: &Ui,
        session: &Session,
        state: &mut PanelState,
        corner: egui::Pos2,
        outbox: &mut Outbox,
        asked: &mut Vec<Does>,
    ) {
        panels::notices_ui(ui, session, &mut state.notices, corner, outbox);
        panels::modals_ui(ui, session, &mut state.modal, outbox);
        asked.extend(panels::picker_ui(ui, session, &mut state.picker, outbox));
    }
}

/// Gives what has the focus a node in the accessibility tree, even where it is not drawn in this frame: the focus is often given a
/// frame before its widget stands there, and a screen reader's bridge ends the program over a focus without a node.
fn name_focus(ctx: &egui::Context) {
    if let Some(id) = ctx.memory(egui::Memory::focused) {
        ctx.accesskit_node_builder(id, |_| ());
    }
}

impl eframe::App for Shell {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.root_logic(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.root_ui(ui);
    }

    /// Only the window's size is kept between sessions: widgets begin fresh, designs have files of their own.
    fn persist_egui_memory(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_focus_that_is_not_drawn_yet_is_in_the_accessibility_tree() {
        let ctx = egui::Context::default();
        ctx.enable_accesskit();
        let later = egui::Id::new("drawn in the next frame");
        let mut output = ctx.run_ui(egui::RawInput::default(), |ui| {
            ui.memory_mut(|memory| memory.request_focus(later));
            name_focus(ui.ctx());
        });
        output.textures_delta.clear();
        let update = output.platform_output.accesskit_update.unwrap();
        assert_eq!(update.focus, later.accesskit_id());
        assert!(update.nodes.iter().any(|(id, _)| *id == update.focus));
    }
}
