//! Everything that can be done with one server, as menu entries: the outline and the canvas offer the same.
//! What is refused is shown too, with its reason as a hint.

use egui::{Button, Ui};

use crate::app::{DesignMessage, Message, Session};
use crate::model::topology::{Edit, ServerId};
use crate::ui::commands::{self, LOCKED, add_standby_under, edit, targets, toggle_synchronous};
use crate::ui::drafts::as_sentence;
use crate::ui::{Outbox, what_if_menu};

pub fn server_menu_ui(ui: &mut Ui, session: &Session, id: ServerId, outbox: &mut Outbox) {
    let topology = session.document.topology();
    let Some(server) = topology.server(id) else {
        return;
    };
    ui.set_min_width(190.0);
    if let Some(what_if) = &session.what_if {
        what_if_menu::server_menu_ui(ui, what_if, id, outbox);
        return;
    }
    if session.is_locked() {
        ui.weak(LOCKED);
        return;
    }
    if ui.button("Add standby below").clicked() {
        outbox.send(edit(add_standby_under(id)));
        ui.close();
    }
    ui.separator();
    let refused = |ui: &mut Ui, words: &str, reason: &str| {
        ui.add_enabled(false, Button::new(words))
            .on_disabled_hover_text(reason);
    };
    if server.is_primary() {
        let why =
            "The primary is where the WAL begins, and follows nobody: make another server the primary first";
        refused(ui, "Move under", why);
    } else {
        ui.menu_button("Move under", |ui| move_under_ui(ui, session, id, outbox));
    }
    let is_synchronous = server
        .standby()
        .is_some_and(|standby| standby.sync_priority().is_some());
    let words = if is_synchronous {
        "Make asynchronous"
    } else {
        "Make synchronous"
    };
    match toggle_synchronous(topology, id) {
        Ok(message) => {
            if ui.button(words).clicked() {
                outbox.send(message);
                ui.close();
            }
        }
        Err(reason) => refused(ui, words, &reason),
    }
    if server.is_primary() {
        refused(ui, "Make primary", "It already is the primary");
        refused(
            ui,
            "Remove",
            "The primary cannot be removed: make another server the primary first",
        );
        return;
    }
    if ui.button("Make primary").clicked() {
        outbox.send(edit(Edit::Promote { server: id }));
        ui.close();
    }
    ui.separator();
    if ui.button(remove_words(session, id)).clicked() {
        outbox.send(Message::Design(DesignMessage::AskRemove(id)));
        ui.close();
    }
}

/// The servers to follow; those that are refused say why.
pub fn move_under_ui(ui: &mut Ui, session: &Session, id: ServerId, outbox: &mut Outbox) {
    egui::ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
        for (target, name, verdict) in targets(session.document.topology(), id) {
            let button = ui.add_enabled(verdict.is_ok(), Button::new(name));
            match verdict {
                Err(refusal) => drop(button.on_disabled_hover_text(as_sentence(&refusal.to_string()))),
                Ok(consequences) => {
                    let clicked = button.clicked();
                    if !consequences.is_empty() {
                        button.on_hover_text(consequences.join("\n"));
                    }
                    if clicked {
                        outbox.send(edit(Edit::Attach {
                            server: id,
                            upstream: target,
                        }));
                        outbox.send(commands::select(id));
                        ui.close();
                    }
                }
            }
        }
    });
}

/// With an ellipsis where it asks what becomes of the downstreams.
pub fn remove_words(session: &Session, id: ServerId) -> &'static str {
    if session.document.topology().is_relay(id) {
        "Remove…"
    } else {
        "Remove"
    }
}
