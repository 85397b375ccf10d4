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
        ViewMessage::Rename(server) => {
            session.renaming = server.filter(|_| !refuse_if_locked(session));
            if let Some(server) = session.renaming {
                select(session, [server]);
                session.renaming = session.selected;
            }
        }
        ViewMessage::Show(tab) => session.tab = tab,
        ViewMessage::ShowFile(path) => {
            session.shown_file = Some(path);
            session.tab = Tab::Files;
        }
        ViewMessage::Compare(major) => session.compared = major,
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

/// Selects those of the servers that exist; the first is the one that the inspector shows.
pub(super) fn select(session: &mut Session, servers: impl IntoIterator<Item = ServerId>) {
    let topology = session.document.topology();
    let mut existing = servers.into_iter().filter(|id| topology.server(*id).is_some());
    session.selected = existing.next();
    session.also_selected = existing.filter(|id| Some(*id) != session.selected).collect();
    session.renaming = None;
}
