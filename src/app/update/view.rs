//! What is shown: selection, panels, dialogs, notices.

use super::super::{Effect, NoticeKind, Session, Tab, ViewMessage};
use super::notices::{notify, refuse_if_locked, refuse_in_lesson};
use super::{import, unsaved};
use crate::model::topology::ServerId;
use crate::model::words::{counted, elided};
use crate::report::Report;

/// So much of a copied line is shown.
const COPIED_SHOWN: usize = 60;

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
            let topology = session.desk.document.topology();
            let is_standby = topology.server(below).is_some_and(|server| !server.is_primary());
            select(session, None);
            session.looks.link = Some(below).filter(|_| is_standby);
            session
                .looks
                .folding
                .reveal(session.desk.document.topology(), below);
        }
        ViewMessage::Fold(server, is_folded) => {
            session
                .looks
                .folding
                .set(session.desk.document.topology(), server, is_folded);
            keep_selection_in_sight(session);
        }
        ViewMessage::FoldAll => {
            session.looks.folding.fold_all(session.desk.document.topology());
            keep_selection_in_sight(session);
        }
        ViewMessage::UnfoldAll => session.looks.folding.unfold_all(session.desk.document.topology()),
        ViewMessage::ShowLegend(is_shown) => session.preferences.legend = is_shown,
        ViewMessage::Rename(server) => {
            session.looks.renaming =
                server.filter(|_| !refuse_if_locked(session) && !refuse_in_lesson(session));
            if let Some(server) = session.looks.renaming {
                select(session, [server]);
                session.looks.renaming = session.looks.selected;
            }
        }
        ViewMessage::Show(tab) => {
            session.looks.tab = tab;
            session.preferences.right_side = true;
        }
        ViewMessage::Minimap(has_minimap) => session.preferences.minimap = has_minimap,
        ViewMessage::LeftSide(is_shown) => session.preferences.left_side = is_shown,
        ViewMessage::RightSide(is_shown) => session.preferences.right_side = is_shown,
        ViewMessage::ShowFile(path) => {
            session.looks.shown_file = Some(path);
            session.looks.tab = Tab::Files;
            session.preferences.right_side = true;
        }
        ViewMessage::Compare(against) => session.looks.compared = against,
        ViewMessage::Dialog(dialog) => {
            // A question that is closed without an answer takes back what was to come after it.
            let given_up = if dialog.is_none() {
                unsaved::give_up_pending(session);
                import::closed(session)
            } else {
                Vec::new()
            };
            session.dialog = dialog;
            return given_up;
        }
        ViewMessage::CloseNotice(number) => session.notices.retain(|notice| notice.number != number),
        ViewMessage::CloseNotices => session.notices.clear(),
        ViewMessage::Fonts(fonts) => session.fonts.extend(fonts),
        ViewMessage::Theme(theme) => session.preferences.theme = theme,
        ViewMessage::LessonText(size) => session.preferences.lesson_text = size,
        ViewMessage::ReduceMotion(reduce) => session.preferences.reduce_motion = reduce,
        ViewMessage::ShowLog => return vec![Effect::ShowLog],
        ViewMessage::OpenFolder(folder) => return vec![Effect::OpenFolder(folder)],
        ViewMessage::CopyText(text) => {
            let lines = text.lines().count();
            let what = match text.lines().next() {
                Some(line) if lines == 1 => elided(line, COPIED_SHOWN),
                _ => counted(lines, "line"),
            };
            notify(session, NoticeKind::Done, Report::new(format!("Copied: {what}")));
            return vec![Effect::CopyText(text)];
        }
    }
    Vec::new()
}

/// What is selected and was hidden hands over to the card that stands for it.
pub(super) fn keep_selection_in_sight(session: &mut Session) {
    let topology = session.desk.document.topology();
    let folding = &session.looks.folding;
    let is_link = |id: &ServerId| {
        let below = topology.server(*id);
        below.is_some_and(|server| !server.is_primary()) && !folding.is_hidden(*id)
    };
    session.looks.link = session.looks.link.filter(is_link);
    if !session.selection().iter().any(|id| folding.is_hidden(*id)) {
        return;
    }
    let in_sight = |id: ServerId| folding.hidden_in(id).unwrap_or(id);
    session.looks.selected = session.looks.selected.map(in_sight);
    session.looks.also_selected = session
        .looks
        .also_selected
        .iter()
        .copied()
        .map(in_sight)
        .collect();
    session
        .looks
        .also_selected
        .retain(|id| Some(*id) != session.looks.selected);
    if session.looks.renaming.is_some_and(|id| folding.is_hidden(id)) {
        session.looks.renaming = None;
    }
}

/// Selects those of the servers that exist, and unfolds the way to them; the first is the one that the inspector shows.
pub(super) fn select(session: &mut Session, servers: impl IntoIterator<Item = ServerId>) {
    let topology = session.desk.document.topology();
    let mut existing = servers.into_iter().filter(|id| topology.server(*id).is_some());
    session.looks.selected = existing.next();
    session.looks.also_selected = existing
        .filter(|id| Some(*id) != session.looks.selected)
        .collect();
    session.looks.renaming = None;
    session.looks.link = None;
    session.looks.just_added = None;
    for server in session.looks.selected.iter().chain(&session.looks.also_selected) {
        session
            .looks
            .folding
            .reveal(session.desk.document.topology(), *server);
    }
}
