//! Unsaved changes: asked about before anything would lose them, also before the window closes.

use super::super::{
    ClusterMessage, Dialog, Effect, FileMessage, Message, NoticeKind, PathPurpose, Session, StartMessage,
};
use super::{file, left, notify, refuse_if_held, start};
use crate::report::Report;

pub(super) fn quit(session: &mut Session) -> Vec<Effect> {
    if session.live.run.is_running() {
        let report = Report::new("A deployment is under way").hint(
            "Cancel it and wait until it is taken back, or wait until it is done; then close the window",
        );
        notify(session, NoticeKind::Info, report);
        return Vec::new();
    }
    ask(session, Message::Quit)
}

/// Goes on if nothing would be lost, else asks first.
pub(super) fn ask(session: &mut Session, then: Message) -> Vec<Effect> {
    if then != Message::Quit && refuse_if_held(session) {
        return Vec::new();
    }
    if session.is_modified() {
        let then = Box::new(then);
        session.dialog = Some(Dialog::Unsaved { then });
        return Vec::new();
    }
    go_on(session, then)
}

/// Does what loses the design on the canvas, which is saved or which the user agreed to lose.
pub(super) fn go_on(session: &mut Session, then: Message) -> Vec<Effect> {
    match then {
        Message::File(FileMessage::New(name)) => file::new(session, &name),
        Message::File(FileMessage::Open) => {
            session.pending.replaceable = Some(session.desk.revision);
            vec![file::ask_path(session, PathPurpose::OpenDesign)]
        }
        Message::File(FileMessage::Read(path, text)) => file::open(session, Some(path), text),
        Message::File(FileMessage::ReadPicture(_, text)) => file::open(session, None, text),
        Message::File(FileMessage::Recover(unsaved)) => file::recover(session, unsaved),
        Message::Start(StartMessage::OpenRecent(path)) => start::open_recent(session, path),
        Message::Start(StartMessage::OpenCluster(folder)) => start::open_cluster(session, folder),
        Message::Cluster(ClusterMessage::CanGoOn(folder, unfinished)) => {
            left::begin(session, folder, *unfinished)
        }
        Message::Quit => vec![file::forget(session), Effect::Close],
        // Nothing else is ever put off by the question.
        _ => Vec::new(),
    }
}

pub(super) fn discard(session: &mut Session) -> Vec<Effect> {
    match session.dialog.take() {
        Some(Dialog::Unsaved { then }) if *then == Message::Quit || !refuse_if_held(session) => {
            go_on(session, *then)
        }
        Some(Dialog::Recover(unsaved)) => vec![Effect::ForgetUnsaved(unsaved.id)],
        _ => Vec::new(),
    }
}

/// The way on that a dialog or a file was to open is closed: nothing happens "afterwards" any more.
pub(super) fn give_up_pending(session: &mut Session) {
    session.pending.after_save = None;
    session.pending.saves_drawing = false;
    session.pending.replaceable = None;
}
