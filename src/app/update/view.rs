//! What is shown: selection, panels, dialogs, notices.

use super::super::{Effect, Session, Tab, ViewMessage};
use super::{refuse_if_locked, unsaved};
use crate::model::topology::ServerId;

pub(super) fn update(session: &mut Session, message: ViewMessage) -> Vec<Effect> {
    match message {
        ViewMessage::Select(server) => select(session, server),
        ViewMessage::Toggle(server) => {
            let mut servers = session.selection();
            let place = servers.iter().position(|selected| *selected == server);
            match place {
                Some(place) => drop(servers.remove(place)),
                // What was clicked last is what the inspector shows.
                None => servers.insert(0, server),
            }
            select(session, servers);
        }
        ViewMessage::SelectMany(servers) => select(session, servers),
        ViewMessage::SelectLink(below) => {
            let topology = session.document.topology();
            let is_standby = topology.server(below).is_some_and(|server| !server.is_primary());
            select(session, None);
            session.link = Some(below).filter(|_| is_standby);
            session.folding.reveal(session.document.topology(), below);
        }
        ViewMessage::Fold(server, is_folded) => {
            session
                .folding
                .set(session.document.topology(), server, is_folded);
            keep_selection_in_sight(session);
        }
        ViewMessage::FoldAll => {
            session.folding.fold_all(session.document.topology());
            keep_selection_in_sight(session);
        }
        ViewMessage::UnfoldAll => session.folding.unfold_all(session.document.topology()),
        ViewMessage::ShowLegend(is_shown) => session.preferences.legend = is_shown,
        ViewMessage::Rename(server) => {
            session.renaming = server.filter(|_| !refuse_if_locked(session));
            if let Some(server) = session.renaming {
                select(session, [server]);
                session.renaming = session.selected;
            }
        }
        ViewMessage::Show(tab) => session.tab = tab,
        ViewMessage::Minimap(has_minimap) => session.preferences.minimap = has_minimap,
        ViewMessage::ShowFile(path) => {
            session.shown_file = Some(path);
            session.tab = Tab::Files;
        }
        ViewMessage::Compare(against) => session.compared = against,
        ViewMessage::Dialog(dialog) => {
            // A question that is closed without an answer takes back what was to come after it.
            if dialog.is_none() {
                unsaved::give_up_pending(session);
            }
            session.dialog = dialog;
        }
        ViewMessage::CloseNotice(number) => session.notices.retain(|notice| notice.number != number),
        ViewMessage::Theme(theme) => session.preferences.theme = theme,
        ViewMessage::ReduceMotion(reduce) => session.preferences.reduce_motion = reduce,
        ViewMessage::OpenFolder(folder) => return vec![Effect::OpenFolder(folder)],
        ViewMessage::CopyText(text) => return vec![Effect::CopyText(text)],
    }
    Vec::new()
}

/// What is selected and was hidden hands over to the card that stands for it.
pub(super) fn keep_selection_in_sight(session: &mut Session) {
    let topology = session.document.topology();
    let folding = &session.folding;
    let is_link = |id: &ServerId| {
        let below = topology.server(*id);
        below.is_some_and(|server| !server.is_primary()) && !folding.is_hidden(*id)
    };
    session.link = session.link.filter(is_link);
    if !session.selection().iter().any(|id| folding.is_hidden(*id)) {
        return;
    }
    let in_sight = |id: ServerId| folding.hidden_in(id).unwrap_or(id);
    session.selected = session.selected.map(in_sight);
    session.also_selected = session.also_selected.iter().copied().map(in_sight).collect();
    session.also_selected.retain(|id| Some(*id) != session.selected);
    if session.renaming.is_some_and(|id| folding.is_hidden(id)) {
        session.renaming = None;
    }
}

/// Selects those of the servers that exist, and unfolds the way to them; the first is the one that the inspector shows.
pub(super) fn select(session: &mut Session, servers: impl IntoIterator<Item = ServerId>) {
    let topology = session.document.topology();
    let mut existing = servers.into_iter().filter(|id| topology.server(*id).is_some());
    session.selected = existing.next();
    session.also_selected = existing.filter(|id| Some(*id) != session.selected).collect();
    session.renaming = None;
    session.link = None;
    for server in session.selected.iter().chain(&session.also_selected) {
        session.folding.reveal(session.document.topology(), *server);
    }
}
