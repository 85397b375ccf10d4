//! The questions before something is removed: what becomes of the servers below, and why a link cannot go.

use egui::Ui;

use super::{answers_ui, title_ui};
use crate::app::{DesignMessage, Dialog, Message, Outbox, Pick, Session, ViewMessage};
use crate::model::topology::{Downstreams, ServerId};
use crate::model::words::counted;
use crate::ui::panels::parts::note_ui;
use crate::ui::theme::GAP_SMALL;

/// Why a link cannot be removed, and what is meant most likely.
pub(super) fn keep_link_ui(
    ui: &mut Ui,
    session: &Session,
    server: ServerId,
    dialog: &Dialog,
    outbox: &mut Outbox,
) {
    let topology = session.desk.document.topology();
    let Some(below) = topology.server(server) else {
        return;
    };
    let above = below.upstream().and_then(|id| topology.server(id));
    let above = above.map_or("?", |above| above.name().as_str());
    title_ui(ui, &format!("{} needs an upstream", below.name()));
    note_ui(
        ui,
        format!(
            "Without the link from \"{above}\", it would not receive WAL. Move the standby under another \
             server, or remove it."
        ),
    );
    let pick = Dialog::Pick(Pick::Upstream(vec![server]));
    let remove = Message::Design(DesignMessage::AskRemove(vec![server]));
    answers_ui(
        ui,
        &format!("Move {} under…", below.name()),
        Message::View(ViewMessage::Dialog(Some(pick))),
        &[(&format!("Remove {}…", below.name()), remove)],
        dialog,
        outbox,
    );
}

/// What becomes of the servers below those that are removed.
pub(super) fn remove_ui(
    ui: &mut Ui,
    session: &Session,
    servers: &[ServerId],
    remembers: &mut bool,
    dialog: &Dialog,
    outbox: &mut Outbox,
) {
    let topology = session.desk.document.topology();
    let name = |id: &ServerId| topology.server(*id).map(|server| server.name().to_string());
    let upstream = |id: &ServerId| name(&topology.server(*id)?.upstream()?);
    let (what, it, above) = match servers {
        [server] => (
            name(server).unwrap_or_default(),
            "it",
            upstream(server).unwrap_or_default(),
        ),
        _ => (
            counted(servers.len(), "server"),
            "them",
            "their upstreams".to_owned(),
        ),
    };
    let heads = topology.heads(servers);
    let all: usize = heads.iter().map(|head| topology.subtree(*head).len()).sum();
    let below = all.saturating_sub(servers.len());
    title_ui(ui, &format!("Remove {what}?"));
    note_ui(
        ui,
        format!(
            "{} below would be left without an upstream.",
            counted(below, "server")
        ),
    );
    ui.add_space(GAP_SMALL);
    ui.checkbox(remembers, "Do not ask again").on_hover_text(
        "Remember this answer until \"Ask before removing relays\" in the Edit menu is switched on again",
    );
    let remembers = *remembers;
    let remove = |downstreams| {
        Message::Design(DesignMessage::Remove {
            servers: servers.to_vec(),
            downstreams,
            remembers,
        })
    };
    let others = ("Remove them too", remove(Downstreams::Remove));
    let words = format!("Remove {it}, make the others follow {above}");
    answers_ui(
        ui,
        &words,
        remove(Downstreams::Reattach),
        &[others],
        dialog,
        outbox,
    );
}
