//! The window: lays out panels and canvas, and moves what they want through `update`.
//!
//! `logic` and `ui` are apart: the first lets messages happen and performs effects, the second only draws and
//! collects. The few effects that only a window can perform (dialogs, clipboard, closing) stay here, all others go
//! to the worker. Constructible without a display: tests draw [`Shell::root_ui`] into a harness.

use egui::{CentralPanel, Frame, Margin, Panel, ScrollArea, Ui, ViewportCommand};

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
use crate::ui::keys;
use crate::ui::panels::{self, PanelState};
use crate::ui::start;
use crate::ui::theme::{self, GAP, GAP_SMALL, TEXT_SMALL, Tokens};

const LEFT_WIDTH: f32 = 270.0;
const RIGHT_WIDTH: f32 = 350.0;
const STATUS_HEIGHT: f32 = 26.0;
const TOOL_BAR_HEIGHT: f32 = 40.0;
/// The share of the left side that the findings may take.
const FINDINGS_SHARE: f32 = 0.45;

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
        self.prefer(ctx);
        self.set_title(ctx);
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
        let side = Frame::new().fill(tokens.panel).inner_margin(Margin::same(10));

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
                .show(ui, |ui| panels::differs_ui(ui, differs, outbox));
        }
        Panel::bottom("status")
            .frame(bar)
            .exact_size(STATUS_HEIGHT)
            .show(ui, |ui| {
                panels::status_bar_ui(ui, session, outbox);
            });
        if let Some(what_if) = session.what_if() {
            let strip = bar.fill(tokens.tint(tokens.accent));
            Panel::bottom("what-if")
                .frame(strip)
                .show(ui, |ui| match what_if.in_time() {
                    Some(time) => panels::time_line_ui(ui, what_if, time, outbox),
                    None => panels::moments_ui(ui, what_if, outbox),
                });
        }
        Panel::left("left")
            .frame(side)
            .default_size(LEFT_WIDTH)
            .size_range(200.0..=420.0)
            .show(ui, |ui| in_own_width(ui, |ui| left_ui(ui, session, outbox)));
        Panel::right("right")
            .frame(side)
            .default_size(RIGHT_WIDTH)
            .size_range(300.0..=680.0)
            .show(ui, |ui| {
                in_own_width(ui, |ui| right_ui(ui, session, state, outbox));
            });
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

/// What stands in a panel never sets its width: a panel that grows with its content takes a little of the drawing at each
/// selection, and gives nothing back.
fn in_own_width(ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    let rect = ui.available_rect_before_wrap();
    let mut inside = ui.new_child(egui::UiBuilder::new().max_rect(rect));
    inside.set_clip_rect(
        rect.expand(ui.spacing().item_spacing.x / 2.0)
            .intersect(ui.clip_rect()),
    );
    content(&mut inside);
    ui.advance_cursor_after_rect(rect);
}

fn left_ui(ui: &mut Ui, session: &Session, outbox: &mut Outbox) {
    let share = ui.available_height() * FINDINGS_SHARE;
    Panel::bottom("findings")
        .resizable(true)
        .default_size(share)
        .size_range(90.0..=share.max(90.0) * 1.6)
        .frame(Frame::new().inner_margin(Margin {
            top: 8,
            ..Margin::ZERO
        }))
        .show(ui, |ui| {
            heading_ui(ui, "Findings");
            ScrollArea::vertical()
                .id_salt("findings")
                .auto_shrink(false)
                .show(ui, |ui| panels::findings_ui(ui, session, outbox));
        });
    CentralPanel::no_frame().show(ui, |ui| {
        heading_ui(ui, "Servers");
        ScrollArea::vertical()
            .id_salt("outline")
            .auto_shrink(false)
            .show(ui, |ui| panels::outline_ui(ui, session, outbox));
    });
}

fn heading_ui(ui: &mut Ui, words: &str) {
    let colour = Tokens::of(ui.visuals()).text_weak;
    let text = egui::RichText::new(words).size(TEXT_SMALL).strong().color(colour);
    ui.add(egui::Label::new(text).selectable(false));
    ui.add_space(GAP_SMALL);
}

fn right_ui(ui: &mut Ui, session: &Session, state: &mut PanelState, outbox: &mut Outbox) {
    ui.horizontal(|ui| {
        let own = session.mode.tab();
        let others = [
            (Tab::Inspector, "Inspector"),
            (Tab::Files, "Files"),
            (Tab::Deploy, "Deploy"),
            (Tab::Text, "Text"),
        ];
        for (tab, words) in own.into_iter().chain(others) {
            let is_shown = session.looks.tab == tab;
            let button = egui::Button::selectable(is_shown, words);
            if ui.add(button).clicked() {
                outbox.send(Message::View(ViewMessage::Show(tab)));
            }
        }
    });
    ui.add_space(GAP_SMALL);
    ui.separator();
    ui.add_space(GAP / 2.0);
    match session.looks.tab {
        Tab::Inspector => {
            ScrollArea::vertical()
                .id_salt("inspector")
                .auto_shrink(false)
                .show(ui, |ui| {
                    panels::inspector_ui(ui, session, &mut state.drafts, outbox);
                });
        }
        Tab::Files => panels::files_ui(ui, session, &mut state.files, outbox),
        Tab::Deploy => panels::deploy_ui(ui, session, state, outbox),
        Tab::Text => panels::text_ui(ui, session, &mut state.text, outbox),
        Tab::WhatIf => panels::what_if_ui(ui, session, outbox),
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
