//! What was put off until nothing would be lost by it, and happens now.

use super::super::{
    ClusterMessage, Effect, FileMessage, ImportMessage, LessonMessage, Message, PathPurpose, Session,
    StartMessage,
};
use super::{desk, import, left_over, lesson, open, own_lesson, paths, start};

/// Does what loses the design on the canvas, which is saved or which the user agreed to lose.
pub(super) fn go_on(session: &mut Session, then: Message) -> Vec<Effect> {
    match then {
        Message::File(FileMessage::New(name)) => open::new(session, &name),
        Message::File(FileMessage::Open) => {
            session.pending.replaceable = Some(session.desk.revision);
            vec![paths::ask_path(session, PathPurpose::OpenDesign)]
        }
        Message::File(FileMessage::Read(path, text)) => open::open(session, Some(path), text),
        Message::File(FileMessage::ReadPicture(_, text)) => open::open(session, None, text),
        Message::File(FileMessage::Recover(unsaved)) => open::recover(session, unsaved),
        Message::Start(StartMessage::OpenRecent(path)) => start::open_recent(session, path),
        Message::Start(StartMessage::OpenCluster(folder)) => start::open_cluster(session, folder),
        Message::Cluster(ClusterMessage::CanGoOn(folder, unfinished)) => {
            left_over::begin(session, folder, *unfinished)
        }
        Message::Import(ImportMessage::Ask(source)) => import::open_dialog(session, source),
        Message::Lesson(LessonMessage::Open(name)) => lesson::open(session, &name),
        Message::Lesson(LessonMessage::FileRead(path, file)) => own_lesson::open(session, path, file),
        Message::Quit => vec![desk::forget(session), Effect::Close],
        // Nothing else is ever put off by the question.
        _ => Vec::new(),
    }
}
