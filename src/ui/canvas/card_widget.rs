//! What makes a painted card a widget: focus, clicks, keys, a context menu, and words for a screen reader.

use egui::{EventFilter, Id, Key, Modifiers, Rect, Response, Sense, Ui, WidgetInfo, WidgetType};

use crate::app::Outbox;
use crate::app::cards::Card;
use crate::app::{DesignMessage, Message, Mode, Session, Tab, ViewMessage};
use crate::model::document::Command;
use crate::model::topology::{Server, ServerId, Topology};
use crate::ui::server_menu::server_menu_ui;

/// The widget's id: the same on every frame, wherever the card stands.
pub fn id_of(server: ServerId) -> Id {
    Id::new(("canvas", "server", server.number()))
}

/// Puts an invisible widget upon the card and sends what is done with it. Drags are for the caller.
pub fn card_widget(ui: &mut Ui, rect: Rect, card: &Card, session: &Session, outbox: &mut Outbox) -> Response {
    let id = id_of(card.id);
    let is_selected = session.is_selected(card.id);
    let mut response = ui.interact(rect, id, Sense::click_and_drag());
    response
        .widget_info(|| WidgetInfo::selected(WidgetType::SelectableLabel, true, is_selected, &card.label));
    ui.ctx().accesskit_node_builder(id, |node| {
        node.set_role(egui::accesskit::Role::TreeItem);
        node.set_description(card.description.clone());
    });
    if response.clicked() {
        response.request_focus();
        outbox.send(select_by_click(ui, card.id));
    } else if response.secondary_clicked() && !is_selected {
        // The menu of one of several selected servers is about all of them.
        response.request_focus();
        outbox.send(Message::View(ViewMessage::Select(Some(card.id))));
    }
    if response.double_clicked() {
        outbox.send(Message::View(match session.mode {
            Mode::Design => ViewMessage::Rename(Some(card.id)),
            Mode::WhatIf(_) => ViewMessage::Show(Tab::WhatIf),
        }));
    }
    if response.has_focus() {
        walk_by_keys(ui, id, card.id, session.desk.document.topology(), outbox);
    }
    // From far out no card shows its name.
    let far = (rect.height() < READABLE_HEIGHT).then_some(&card.label);
    let is_on_badge = ui
        .input(|input| input.pointer.hover_pos())
        .is_some_and(|at| at.y > FOOT.mul_add(rect.height(), rect.top()));
    // In What-if every card says the reasons of its badge already.
    let meaning = (far.is_none() && is_on_badge && session.what_if().is_none()).then(|| card.badge.meaning());
    if meaning.is_some() || far.is_some() || card.full.is_some() || !card.findings.is_empty() {
        response = response.on_hover_ui(|ui| {
            for sentence in meaning.iter().chain(far).chain(&card.full).chain(&card.findings) {
                ui.label(sentence);
            }
        });
    }
    response.context_menu(|ui| server_menu_ui(ui, session, card.id, outbox));
    response
}

/// Shift or Ctrl: besides those that are selected already, or no longer.
pub fn select_by_click(ui: &Ui, server: ServerId) -> Message {
    let adds = ui.input(|input| input.modifiers.shift || input.modifiers.command);
    Message::View(if adds {
        ViewMessage::Toggle(server)
    } else {
        ViewMessage::Select(Some(server))
    })
}

/// From here on down, as a share of its height, a card has its badge.
const FOOT: f32 = 0.6;

/// Below this height, in points, a card's name cannot be read.
const READABLE_HEIGHT: f32 = 40.0;

/// Up to the upstream, down to the first downstream, sideways along the servers of the same upstream. With Ctrl only the keyboard
/// goes there, and what is selected stays.
fn walk_by_keys(ui: &Ui, id: Id, server: ServerId, topology: &Topology, outbox: &mut Outbox) {
    let filter = EventFilter {
        horizontal_arrows: true,
        vertical_arrows: true,
        ..EventFilter::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
    // Consumed, or the card that gets the focus would walk on in the same frame.
    let only_walks = ui.input(|input| input.modifiers.command_only());
    let modifiers = if only_walks {
        Modifiers::COMMAND
    } else {
        Modifiers::NONE
    };
    let pressed = |key| ui.input_mut(|input| input.consume_key(modifiers, key));
    let upstream = topology.server(server).and_then(Server::upstream);
    let beside = |step: isize| {
        let siblings: Vec<ServerId> = topology.downstreams(upstream?).map(Server::id).collect();
        let place = siblings.iter().position(|id| *id == server)?;
        siblings.get(place.checked_add_signed(step)?).copied()
    };
    let target = if pressed(Key::ArrowUp) {
        upstream
    } else if pressed(Key::ArrowDown) {
        topology.downstreams(server).next().map(Server::id)
    } else if pressed(Key::ArrowLeft) {
        beside(-1)
    } else if pressed(Key::ArrowRight) {
        beside(1)
    } else {
        None
    };
    if let Some(target) = target {
        ui.memory_mut(|memory| memory.request_focus(id_of(target)));
        if !only_walks {
            outbox.send(Message::View(ViewMessage::Select(Some(target))));
        }
    }
}

pub fn send(outbox: &mut Outbox, command: Command) {
    outbox.send(Message::Design(DesignMessage::Do(command)));
}
