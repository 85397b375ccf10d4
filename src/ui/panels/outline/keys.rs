//! The keys that lead from row to row, and select; with Ctrl they only lead.

use egui::{EventFilter, Key, Modifiers, Ui};

use super::{Shown, focus_id, row_id};
use crate::app::Outbox;
use crate::app::{Message, Session, ViewMessage};
use crate::model::topology::Server;

pub(super) fn move_focus(
    ui: &Ui,
    session: &Session,
    row: &Shown<'_>,
    folded: Option<bool>,
    outbox: &mut Outbox,
) {
    let topology = session.desk.document.topology();
    let id = row.row.server;
    let filter = EventFilter {
        horizontal_arrows: true,
        vertical_arrows: true,
        ..EventFilter::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(row_id(id), filter));
    let (place, order) = (row.place, row.order);
    let at = |place: usize| order.get(place).map(|row| row.server);
    // Consumed: the row that gets the focus is drawn later in the same frame, and would go on from there.
    let only_walks = ui.input(|input| input.modifiers.command_only());
    let modifiers = if only_walks {
        Modifiers::COMMAND
    } else {
        Modifiers::NONE
    };
    let pressed = |key| ui.input_mut(|input| input.consume_key(modifiers, key));
    let target = if pressed(Key::ArrowUp) {
        place.checked_sub(1).and_then(at)
    } else if pressed(Key::ArrowDown) {
        at(place + 1)
    } else if pressed(Key::ArrowLeft) {
        if folded == Some(false) {
            outbox.send(Message::View(ViewMessage::Fold(id, true)));
            return;
        }
        topology.server(id).and_then(Server::upstream)
    } else if pressed(Key::ArrowRight) {
        if folded == Some(true) {
            outbox.send(Message::View(ViewMessage::Fold(id, false)));
            return;
        }
        topology.downstreams(id).next().map(Server::id)
    } else if pressed(Key::Home) {
        at(0)
    } else if pressed(Key::End) {
        at(order.len().saturating_sub(1))
    } else {
        None
    };
    if let Some(target) = target {
        ui.memory_mut(|memory| memory.request_focus(row_id(target)));
        ui.data_mut(|data| data.insert_temp(focus_id(), target));
        if !only_walks {
            outbox.send(Message::View(ViewMessage::Select(Some(target))));
        }
    }
}
