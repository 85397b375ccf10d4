//! Context menus: of a card, and of the empty canvas.

use egui::{Button, Ui};

use super::CanvasState;
use super::card_widget::send;
use crate::app::{DesignMessage, Message, Session};
use crate::model::document::Command;
use crate::model::topology::{Edit, Server, ServerId, SyncPolicy, Topology};
use crate::ui::Outbox;

/// What can be done to a server. While a deployment runs the design is locked, and so is the menu.
pub fn of_server(ui: &mut Ui, server: ServerId, session: &Session, outbox: &mut Outbox) {
    let topology = session.document.topology();
    let Some(target) = topology.server(server) else {
        return;
    };
    if session.run.is_running() {
        ui.disable();
    }
    if ui.button("Add standby below").clicked() {
        send(outbox, Command::Edit(add_standby_below(server)));
    }
    if let Some((label, command)) = change_sync(topology, target)
        && ui.button(label).clicked()
    {
        send(outbox, command);
    }
    if target.is_primary() {
        return;
    }
    if ui.button("Make it the primary").clicked() {
        send(outbox, Command::Edit(Edit::Promote { server }));
    }
    ui.separator();
    // A dialog follows only where somebody must decide about the servers below.
    let asks = topology.downstreams(server).next().is_some();
    if ui.button(if asks { "Remove…" } else { "Remove" }).clicked() {
        outbox.send(Message::Design(DesignMessage::AskRemove(server)));
    }
}

/// What can be done to the drawing as a whole.
pub fn of_canvas(ui: &mut Ui, session: &Session, state: &mut CanvasState, outbox: &mut Outbox) {
    if ui.button("Fit").clicked() {
        state.request_fit();
    }
    let can_tidy = !session.run.is_running() && !session.document.layout().is_empty();
    if ui
        .add_enabled(can_tidy, Button::new("Tidy layout"))
        .on_disabled_hover_text("Every card already stands in the tidy tree")
        .clicked()
    {
        send(outbox, Command::Tidy);
    }
}

pub fn add_standby_below(upstream: ServerId) -> Edit {
    Edit::AddStandby {
        upstream,
        name: None,
        port: None,
    }
}

/// Only a server directly under the primary can be synchronous.
fn change_sync(topology: &Topology, server: &Server) -> Option<(&'static str, Command)> {
    let standby = server.standby()?;
    if standby.upstream() != topology.primary().id() {
        return None;
    }
    let set = |priority| Edit::SetSyncPriority {
        server: server.id(),
        priority,
    };
    if standby.sync_priority().is_some() {
        return Some(("Make asynchronous", Command::Edit(set(None))));
    }
    let last = topology
        .sync_candidates()
        .iter()
        .filter_map(|candidate| candidate.standby()?.sync_priority())
        .max();
    let edit = set(Some(last.map_or(1, |last| last.saturating_add(1))));
    // A priority means nothing as long as the design has no [sync].
    let command = match topology.sync() {
        Some(_) => Command::Edit(edit),
        None => Command::Edits {
            label: format!("Make {} synchronous", server.name()),
            edits: vec![Edit::SetSync(Some(SyncPolicy::default())), edit],
        },
    };
    Some(("Make synchronous", command))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation;

    #[test]
    fn only_servers_under_the_primary_change_between_synchronous_and_asynchronous() {
        let topology =
            notation::parse("m 5432 sync first 1\n  a 5433 priority 3\n    b 5434\n  c 5435\n").unwrap();
        let label = |name: &str| change_sync(&topology, topology.by_name(name).unwrap());
        assert_eq!(label("m"), None);
        assert_eq!(label("b"), None);
        assert_eq!(label("a").unwrap().0, "Make asynchronous");
        let server = topology.by_name("c").unwrap().id();
        let edit = Edit::SetSyncPriority {
            server,
            priority: Some(4),
        };
        assert_eq!(label("c"), Some(("Make synchronous", Command::Edit(edit))));
    }
}
