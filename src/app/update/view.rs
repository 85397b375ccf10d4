//! What is shown: selection, panels, dialogs, notices.

use super::super::{Effect, Session, Tab, ViewMessage};
use super::unsaved;

pub(super) fn update(session: &mut Session, message: ViewMessage) -> Vec<Effect> {
    match message {
        ViewMessage::Select(server) => {
            let topology = session.document.topology();
            session.selected = server.filter(|id| topology.server(*id).is_some());
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
        ViewMessage::OpenFolder(folder) => return vec![Effect::OpenFolder(folder)],
        ViewMessage::CopyText(text) => return vec![Effect::CopyText(text)],
    }
    Vec::new()
}
