//! Menus, and below them the tools that are used most.

use egui::{
    Align, Button, ComboBox, Key, Label, Layout, MenuBar, Modifiers, Popup, RichText, ScrollArea, Sense, Ui,
};

use crate::app::Outbox;
use crate::app::actions::{self, ACTIONS, ActionId, Does, Menu, Next};
use crate::app::edits::edit;
use crate::app::{Message, Session, StartMessage};
use crate::model::topology::{Edit, PgMajor};
use crate::ui::canvas::NewStandby;
use crate::ui::keys::key_words;
use crate::ui::server_menu::entry_ui;
use crate::ui::theme::{GAP, GAP_LARGE, TEXT_HEADING, Tokens};

use super::parts::{main_button, sign_button};

/// On both sides of a menu's entry.
const CHECK_WIDTH: f32 = 24.0;
/// The menu bar above a menu, and the window's edge below it.
const MENU_MARGIN: f32 = 56.0;
/// As many designs as the eye takes in.
const MOST_RECENT: usize = 12;
/// Narrower, the tools have signs instead of words.
const WIDE: f32 = 980.0;

/// All versions are in view at once.
const ALL_MAJORS: f32 = 500.0;

/// What was asked for in the bar: performed by the shell, which also knows the canvas.
pub type Asked = Vec<Does>;

pub fn menu_bar_ui(ui: &mut Ui, session: &Session, asked: &mut Asked) {
    MenuBar::new().ui(ui, |ui| {
        for menu in Menu::ALL {
            let button = ui.menu_button(menu.words(), |ui| menu_ui(ui, session, menu, asked));
            let is_free = session.dialog.is_none();
            if is_free && ui.input_mut(|input| input.consume_key(Modifiers::ALT, key_of(menu))) {
                Popup::open_id(ui.ctx(), Popup::default_response_id(&button.response));
            }
        }
    });
}

/// With Alt it opens the menu.
fn key_of(menu: Menu) -> Key {
    match menu {
        Menu::File => Key::F,
        Menu::Edit => Key::E,
        Menu::Server => Key::S,
        Menu::Cluster => Key::C,
        Menu::View => Key::V,
        Menu::Time => Key::T,
        Menu::Learn => Key::L,
        Menu::Help => Key::H,
    }
}

fn menu_ui(ui: &mut Ui, session: &Session, menu: Menu, asked: &mut Asked) {
    ui.set_min_width(250.0);
    // Room for the check marks, and as little as can be between the rows: a menu must fit into a small window.
    ui.spacing_mut().button_padding.x = CHECK_WIDTH;
    ui.spacing_mut().item_spacing.y = 1.0;
    let room = ui.ctx().content_rect().height() - MENU_MARGIN;
    // Otherwise 400 points (`default_area_size`), whatever the window has.
    ui.set_max_height(room);
    ScrollArea::vertical().max_height(room).show(ui, |ui| {
        for action in ACTIONS.iter().filter(|action| action.menu == menu) {
            if action.id.begins_group() {
                ui.separator();
            }
            asked.extend(entry_ui(ui, session, action, &action.about(session)));
            if action.id == ActionId::Open {
                ui.menu_button("Open recent", |ui| recent_ui(ui, session, asked));
            }
        }
    });
}

fn recent_ui(ui: &mut Ui, session: &Session, asked: &mut Asked) {
    let there = session.start.recent.iter().filter(|design| design.is_there);
    let shown: Vec<_> = there.take(MOST_RECENT).collect();
    if shown.is_empty() {
        ui.label("Designs that you open or save appear here");
    }
    for design in shown {
        let name = design.path.file_name().unwrap_or(design.path.as_os_str());
        let button = ui.add_enabled(!session.is_held(), Button::new(name.to_string_lossy()));
        if button.on_hover_text(design.path.display().to_string()).clicked() {
            let open = StartMessage::OpenRecent(design.path.clone());
            asked.push(Does::Send(Message::Start(open)));
            ui.close();
        }
    }
}

pub fn tool_bar_ui(ui: &mut Ui, session: &Session, outbox: &mut Outbox, asked: &mut Asked) {
    ui.horizontal_centered(|ui| {
        let start = actions::does(ActionId::Start, session);
        let button = sign_button(ui, start.is_some(), "🏠", "Start page");
        let button = button.on_disabled_hover_text(session.locked_words());
        if button.clicked() {
            asked.extend(start);
        }
        title_ui(ui, session);
        ui.add_space(GAP);
        version_ui(ui, session, outbox);
        ui.add_space(GAP);
        let is_wide = ui.ctx().content_rect().width() >= WIDE;
        let words = |long: &'static str, short: &'static str| if is_wide { long } else { short };
        tool_ui(ui, session, ActionId::Undo, words("Undo", "⮪"), asked);
        tool_ui(ui, session, ActionId::Redo, words("Redo", "⮫"), asked);
        ui.add_space(GAP);
        palette_ui(ui, session, asked);
        ui.add_space(GAP);
        what_if_ui(ui, session, asked);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_space(GAP_LARGE / 2.0);
            next_ui(ui, session, asked);
            if is_wide {
                tool_ui(ui, session, ActionId::Export, "Export…", asked);
            }
        });
    });
}

/// What leads from the drawing to a cluster that is as drawn; nothing stands out where they are the same.
fn next_ui(ui: &mut Ui, session: &Session, asked: &mut Asked) {
    let does = actions::does(ActionId::Deploy, session);
    let next = Next::of(session);
    let response = match next {
        Next::Nothing => ui.add_enabled(does.is_some(), Button::new("Deployed")),
        Next::Foreign => ui.add_enabled(does.is_some(), Button::new("🔒 Read-only")),
        _ => main_button(ui, does.is_some(), next.words()),
    };
    let keys = key_words(ActionId::Deploy, ui.ctx());
    let hint = format!("{} ({keys})", next.explained());
    let response = response.on_disabled_hover_text(session.locked_words());
    if response.on_hover_text(hint).clicked() {
        asked.extend(does);
    }
}

fn title_ui(ui: &mut Ui, session: &Session) {
    let text = RichText::new(session.title()).size(TEXT_HEADING).strong();
    let width = ui.painter().layout_no_wrap(
        session.title(),
        egui::FontId::proportional(TEXT_HEADING),
        egui::Color32::WHITE,
    );
    let widest = (ui.available_width() - 840.0).max(120.0);
    let size = egui::vec2(width.size().x.min(widest) + 2.0, ui.spacing().interact_size.y);
    let title = ui.add_sized(size, Label::new(text).truncate());
    if let Some(path) = &session.desk.path {
        title.on_hover_text(path.display().to_string());
    }
    // Its room is always there, so that the tools do not jump when it comes and goes.
    let (modified, colour) = (session.is_modified(), Tokens::of(ui.visuals()).warning);
    let dot = egui::Label::new(RichText::new("•").color(colour));
    let dot = ui.add_visible(modified, dot);
    if modified {
        dot.on_hover_text("There are unsaved changes");
    }
}

fn version_ui(ui: &mut Ui, session: &Session, outbox: &mut Outbox) {
    let current = session.desk.document.topology().postgres();
    let combo = ComboBox::from_id_salt("version")
        .height(ALL_MAJORS)
        .selected_text(format!("PostgreSQL {current}"));
    let combo = ui.add_enabled_ui(!session.is_locked(), |ui| {
        combo.show_ui(ui, |ui| {
            for major in PgMajor::ALL.into_iter().rev() {
                if ui
                    .selectable_label(major == current, format!("PostgreSQL {major}"))
                    .clicked()
                    && major != current
                {
                    outbox.send(edit(Edit::SetPostgres(major)));
                }
            }
        })
    });
    let response = combo.inner.response;
    response.on_hover_text(
        "PostgreSQL version of all servers; it decides which features you can use and \
         which files are generated",
    );
}

fn tool_ui(ui: &mut Ui, session: &Session, id: ActionId, words: &str, asked: &mut Asked) {
    let does = actions::does(id, session);
    let response = ui.add_enabled(does.is_some(), Button::new(words));
    if with_hint(response, id, session).clicked() {
        asked.extend(does);
    }
}

/// A button, and at the same time what is dragged onto a server.
fn palette_ui(ui: &mut Ui, session: &Session, asked: &mut Asked) {
    let does = actions::does(ActionId::AddStandby, session);
    let enabled = does.is_some();
    let button = Button::new("➕ Add standby").sense(Sense::click_and_drag());
    let response = ui.add_enabled(enabled, button);
    if enabled {
        response.dnd_set_drag_payload(NewStandby);
    }
    if response.clicked() {
        asked.extend(does);
    }
    let words = actions::action(ActionId::AddStandby).map(|action| action.words_now(session));
    let words = words.unwrap_or_default();
    response.on_hover_text(format!("{words}, or drag it onto any other server"));
}

/// Into the mode, and out of it again.
fn what_if_ui(ui: &mut Ui, session: &Session, asked: &mut Asked) {
    let does = actions::does(ActionId::WhatIf, session);
    let button = Button::selectable(session.what_if().is_some(), "What-if").frame_when_inactive(true);
    let response = ui.add_enabled(does.is_some(), button);
    if with_hint(response, ActionId::WhatIf, session).clicked() {
        asked.extend(does);
    }
}

/// What the button does, with its keys.
fn with_hint(response: egui::Response, id: ActionId, session: &Session) -> egui::Response {
    let Some(action) = actions::action(id) else {
        return response;
    };
    let keys = key_words(id, &response.ctx);
    let words = action.words_now(session);
    let words = if words == action.words {
        action.explained.to_owned()
    } else {
        words
    };
    response.on_hover_text(format!("{words} ({keys})"))
}
