//! Everything that can be done with one server, as menu entries: the outline and the canvas offer the same, which is
//! what the table of actions has for a server; and with the link above it. What cannot be done is shown too, with its reason as a hint.

use egui::{Align2, Button, FontId, ScrollArea, TextWrapMode, Ui, WidgetInfo, WidgetType, vec2};

use crate::app::actions::{self, ACTIONS, ActionId, Does, Menu, UiAction, action};
use crate::app::edits::edit;
use crate::app::running::wish_words;
use crate::app::{ClusterMessage, ClusterView, Dialog, Message, Mode, Outbox, Pick, Session, ViewMessage};
use crate::model::plan::Wish;
use crate::model::topology::{Edit, ServerId};
use crate::ui::keys::key_words;
use crate::ui::panels::{commands, connect_command};
use crate::ui::theme::TEXT_SMALL;
use crate::ui::{breaking_menu, what_if_menu};

/// So much of the window's height stays beside a menu.
const AROUND_MENU: f32 = 24.0;

pub fn server_menu_ui(ui: &mut Ui, session: &Session, id: ServerId, outbox: &mut Outbox) {
    ui.set_min_width(230.0);
    match &session.mode {
        Mode::WhatIf(what_if) => what_if_menu::server_menu_ui(ui, what_if, id, outbox),
        // Of a server that runs the menu is longer than a small window: what is done to the server comes before the drawing.
        Mode::Design => {
            let most = ui.ctx().content_rect().height() - AROUND_MENU;
            let scroll = ScrollArea::vertical().max_height(most);
            // Opened low in the window, it moves up instead of becoming small.
            scroll.min_scrolled_height(most).show(ui, |ui| {
                // The bar takes none of the words' room.
                ui.style_mut().wrap_mode = Some(TextWrapMode::Extend);
                running_ui(ui, session, id, outbox);
                drawing_ui(ui, session, id, outbox);
            });
        }
    }
}

/// What can be done to the drawing of the server.
fn drawing_ui(ui: &mut Ui, session: &Session, id: ServerId, outbox: &mut Outbox) {
    let servers = session.selection_around(id);
    for action in ACTIONS.iter().filter(|action| action.menu == Menu::Server) {
        if action.id.begins_group() {
            ui.separator();
        }
        if action.id == ActionId::Remove {
            let clipboard = [ActionId::Cut, ActionId::Copy, ActionId::Duplicate];
            for action in clipboard.into_iter().filter_map(actions::action) {
                menu_entry(ui, session, action, &servers, outbox);
            }
        }
        menu_entry(ui, session, action, &servers, outbox);
    }
}

fn menu_entry(ui: &mut Ui, session: &Session, action: &UiAction, servers: &[ServerId], outbox: &mut Outbox) {
    if let Some(Does::Send(message)) = entry_ui(ui, session, action, servers) {
        outbox.send(message);
    }
}

/// What can be done with the server that runs as this one of the drawing.
fn running_ui(ui: &mut Ui, session: &Session, id: ServerId, outbox: &mut Outbox) {
    let drawn = session.desk.document.topology().server(id);
    let Some((cluster, drawn)) = session.live.cluster.as_ref().zip(drawn) else {
        return;
    };
    let Some(name) = cluster.running_name(drawn) else {
        return;
    };
    if cluster.foreign.is_some() {
        foreign_ui(ui, cluster, name, outbox);
        ui.separator();
        return;
    }
    let mut entry = |ui: &mut Ui, enabled: bool, words: &str, message: Message| {
        if ui.add_enabled(enabled, Button::new(words)).clicked() {
            outbox.send(message);
            ui.close();
        }
    };
    let idle = cluster.busy.is_none();
    let runs = session.reading(id).map(|reading| reading.running);
    let names = || vec![name.to_owned()];
    let start = Message::Cluster(ClusterMessage::StartServers(names()));
    entry(ui, idle && runs == Some(false), "Start the server", start);
    let stop = Message::Cluster(ClusterMessage::StopServers(names()));
    entry(ui, idle && runs == Some(true), "Stop the server", stop);
    steer_entries_ui(ui, session, id, name, outbox);
    breaking_menu::server_ui(ui, session, id, outbox);
    let mut entry = |ui: &mut Ui, words: &str, message: Message| {
        if ui.button(words).clicked() {
            outbox.send(message);
            ui.close();
        }
    };
    let log = Message::Cluster(ClusterMessage::ShowLog(name.to_owned()));
    entry(ui, "Show its log…", log);
    if let Some(server) = cluster.deployed.topology().by_name(name) {
        let command = connect_command(cluster, server);
        let copy = Message::View(ViewMessage::CopyText(command));
        entry(ui, "Copy the psql command", copy);
    }
    ui.separator();
}

/// The roles of servers that run: what a drop on the drawing does, in the same words.
fn steer_entries_ui(ui: &mut Ui, session: &Session, id: ServerId, name: &str, outbox: &mut Outbox) {
    let Some(running) = session.running() else {
        return;
    };
    let mut entry = |ui: &mut Ui, words: String, answer: Result<Message, String>| {
        let button = ui.add_enabled(answer.is_ok(), Button::new(words));
        match answer {
            Err(reason) => drop(button.on_disabled_hover_text(reason)),
            Ok(message) if button.clicked() => {
                outbox.send(message);
                ui.close();
            }
            Ok(_) => {}
        }
    };
    let mut steer = |ui: &mut Ui, usual: Wish, answer: Result<Wish, String>| {
        let words = wish_words(answer.as_ref().unwrap_or(&usual));
        let answer = answer.map(|wish| Message::Cluster(ClusterMessage::AskSteer(wish)));
        entry(ui, words, answer);
    };
    if session.desk.document.topology().primary().id() == id {
        steer(ui, Wish::Failover { heir: None }, running.may_fail_over());
        return;
    }
    let own = || name.to_owned();
    steer(ui, Wish::Switchover { heir: own() }, running.may_take_over(id));
    steer(ui, Wish::Rejoin { server: own() }, running.may_rejoin(id));
    let follow = running.may_be_moved(id).map(|()| {
        let pick = Dialog::Pick(Pick::Follow(id));
        Message::View(ViewMessage::Dialog(Some(pick)))
    });
    entry(ui, format!("Let {name} follow…"), follow);
}

/// Of a cluster that pgcascade did not make: commands to copy, nothing that is done.
fn foreign_ui(ui: &mut Ui, cluster: &ClusterView, name: &str, outbox: &mut Outbox) {
    ui.weak("🔒 Read-only: commands to copy");
    for command in commands(cluster, name) {
        let button = ui.add(Button::new(format!("Copy: {}", command.words)));
        if button.on_hover_text(&command.text).clicked() {
            outbox.send(Message::View(ViewMessage::CopyText(command.text)));
            ui.close();
        }
    }
}

/// What the mode offers where the menu of the empty canvas opens: for the link there, or for all.
pub fn mode_menu_ui(ui: &mut Ui, session: &Session, link: Option<ServerId>, outbox: &mut Outbox) {
    match (&session.mode, link) {
        (Mode::WhatIf(what_if), Some(below)) => what_if_menu::link_menu_ui(ui, what_if, below, outbox),
        (Mode::WhatIf(what_if), None) => what_if_menu::cluster_menu_ui(ui, what_if, outbox),
        (Mode::Design, Some(below)) => {
            link_menu_ui(ui, session, below, outbox);
            ui.separator();
        }
        (Mode::Design, None) => {}
    }
}

/// One entry of a menu; what it leads to once it is chosen.
pub fn entry_ui(ui: &mut Ui, session: &Session, action: &UiAction, servers: &[ServerId]) -> Option<Does> {
    let answer = action.on(session, servers);
    let words = action.words_on(session, servers);
    let button = Button::new(words.as_str()).shortcut_text(key_words(action.id, ui.ctx()));
    let response = ui.add_enabled(answer.is_ok(), button);
    let is_on = action.is_on(session);
    if is_on == Some(true) {
        let at = response.rect.left_center() + vec2(6.0, 0.0);
        let font = FontId::proportional(TEXT_SMALL);
        let colour = ui.visuals().text_color();
        ui.painter().text(at, Align2::LEFT_CENTER, "✔", font, colour);
    }
    // Without the keys, which egui would read out as if they were words of it.
    response.widget_info(|| match is_on {
        None => WidgetInfo::labeled(WidgetType::Button, answer.is_ok(), &words),
        Some(is_on) => WidgetInfo::selected(WidgetType::Button, answer.is_ok(), is_on, &words),
    });
    match answer {
        Err(reason) => {
            response.on_disabled_hover_text(reason);
            None
        }
        Ok(does) => response.clicked().then(|| {
            ui.close();
            does
        }),
    }
}

/// What can be done to a link, for its menu.
pub fn link_menu_ui(ui: &mut Ui, session: &Session, below: ServerId, outbox: &mut Outbox) {
    let topology = session.desk.document.topology();
    ui.set_min_width(230.0);
    for id in [ActionId::MoveUnder, ActionId::ToggleSync] {
        let chosen = action(id).and_then(|action| entry_ui(ui, session, action, &[below]));
        if let Some(Does::Send(message)) = chosen {
            outbox.send(message);
        }
    }
    if topology.postgres().has_slots() {
        let has = topology.uses_slot(below);
        let words = if has { "Remove its slot" } else { "Give it a slot" };
        let button = ui.add_enabled(!session.is_locked(), Button::new(words));
        if button.on_disabled_hover_text(session.locked_words()).clicked() {
            outbox.send(edit(Edit::SetSlot {
                server: below,
                slot: Some(!has),
            }));
            ui.close();
        }
    }
    breaking_menu::link_ui(ui, session, below, outbox);
}
