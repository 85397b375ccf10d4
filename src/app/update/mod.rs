//! `update`: the only function that changes a Session. No egui and no IO, so that it cannot fail and tests need neither.
//!
//! Messages are handled by subject: `design` (edits, undo), with `edit`, `clipboard` and `text` (the design's text, typed);
//! `file`, with `open`, `save`, `export`, `changed_on_disk` and `unsaved` (what would lose changes, and quitting); `run`, with
//! `deploy`, `change` (applying the drawing to what runs), `to_hosts` (by Ansible) and `trust` (what the design runs of its own); `cluster` (what
//! runs), with `left_over`; `view` (what is shown), `start` (the page that a window begins with), `what_if` (what goes wrong
//! beside the design), `lesson` with `journal` (what a learner did), `own_lesson` (from a file), `proof` (on
//! real servers) and `learnt` (over all of them). Below them all are `notices`, `desk` and `paths`. They use one another one way only, which
//! `tests/suite/architecture.rs` holds.
//!
//! What must be done outside is returned as effects; their answers come back as messages. Everything derived from the
//! document is refreshed here, and nowhere else.

mod adopt;
mod agreed;
mod breaking;
mod change;
mod changed_on_disk;
mod clipboard;
mod cluster;
mod deploy;
mod design;
mod desk;
mod edit;
mod export;
mod export_to;
mod file;
mod foreign;
mod import;
mod journal;
mod learnt;
mod left_over;
mod lesson;
mod lesson_language;
mod load;
mod log;
mod notices;
mod one_at_a_time;
mod open;
mod own_lesson;
mod paths;
mod proof;
mod run;
mod save;
mod start;
mod steer;
#[cfg(test)]
mod tests;
mod text;
mod to_hosts;
mod trust;
mod unsaved;
mod view;
mod what_if;

pub(super) use self::desk::is_meant_as_design;
use super::session::Derived;
use super::{
    DesignMessage, Dialog, Effect, LessonMessage, Message, NoticeKind, RunMessage, Session, StartMessage,
    WhatIf, WhatIfMessage,
};

/// Lets the message happen; returns what is to be done outside.
pub fn update(session: &mut Session, message: Message) -> Vec<Effect> {
    let preferred = session.preferences.clone();
    // What is half typed counts before anything that would go by the design.
    let mut before = if goes_by_the_design(&message) {
        text::read(session)
    } else {
        Vec::new()
    };
    if refresh(session) {
        before.push(desk::autosave(session));
    }
    if needs_good_text(&message) && notices::refuse_if_broken(session) {
        return before;
    }
    let noted = journal::before(session, &message);
    let said = session.next_notice;
    let mut effects = match message {
        Message::Lesson(LessonMessage::ShowStep) => {
            let steps = lesson::next_step(session);
            steps.into_iter().flat_map(|step| update(session, step)).collect()
        }
        Message::Lesson(
            message @ (LessonMessage::OpenFile | LessonMessage::FileRead(..) | LessonMessage::LookAtFile),
        ) => own_lesson::update(session, message),
        Message::Lesson(
            message @ (LessonMessage::Prove
            | LessonMessage::ProofStep(_)
            | LessonMessage::ProofEnded(_)
            | LessonMessage::CancelProof),
        ) => proof::update(session, message),
        Message::Lesson(
            message @ (LessonMessage::Export
            | LessonMessage::Import
            | LessonMessage::Imported(_)
            | LessonMessage::AskForget
            | LessonMessage::Forget),
        ) => learnt::update(session, message),
        Message::Lesson(message) => lesson::update(session, message),
        Message::Design(message) => design::update(session, message),
        Message::File(message) => file::update(session, message),
        Message::Export(message) => export_to::update(session, message),
        Message::Import(message) => import::update(session, message),
        Message::Run(message) => run::update(session, message),
        Message::Cluster(message) => cluster::update(session, message),
        Message::View(message) => view::update(session, message),
        Message::WhatIf(message) => what_if::update(session, message),
        Message::Start(message) => start::update(session, message),
        Message::Failed(report) => {
            unsaved::give_up_pending(session);
            notices::notify(session, NoticeKind::Problem, report);
            Vec::new()
        }
        Message::Quit => unsaved::quit(session),
    };
    if let Some(then) = session.pending.agreed.take() {
        effects.extend(agreed::go_on(session, then));
    }
    effects.extend(foreign::settle(session));
    if refresh(session) {
        effects.push(desk::autosave(session));
    }
    notices::join_since(session, said);
    journal::note(session, noted);
    effects.extend(lesson::look(session));
    if session.preferences != preferred {
        let preferences = Box::new(session.preferences.clone());
        effects.push(Effect::KeepPreferences(preferences));
    }
    offer_recoverable(session);
    before.append(&mut effects);
    before
}

/// True for what reads, changes or replaces the design; not for what only looks, and not for news from outside.
fn goes_by_the_design(message: &Message) -> bool {
    match message {
        Message::Design(message) => !matches!(message, DesignMessage::Type { .. }),
        Message::File(_)
        | Message::Export(_)
        | Message::Import(_)
        | Message::Run(_)
        | Message::WhatIf(_)
        | Message::Quit => true,
        Message::Lesson(message) => {
            matches!(message, LessonMessage::Open(_) | LessonMessage::OpenFile)
        }
        Message::Start(message) => matches!(
            message,
            StartMessage::OpenRecent(_) | StartMessage::OpenCluster(_)
        ),
        Message::Cluster(_) | Message::View(_) | Message::Failed(_) => false,
    }
}

/// True for what would build or try the drawing: while the text is no design, that is not what is meant.
fn needs_good_text(message: &Message) -> bool {
    match message {
        Message::Run(message) => matches!(
            message,
            RunMessage::Ask
                | RunMessage::Prepare(_)
                | RunMessage::AskChange
                | RunMessage::AskHosts
                | RunMessage::LookToHosts(_)
                | RunMessage::Confirm
                | RunMessage::Trust
        ),
        Message::WhatIf(message) => *message == WhatIfMessage::Enter,
        _ => false,
    }
}

/// Makes everything derived fresh if the document has changed; true if it had.
fn refresh(session: &mut Session) -> bool {
    let is_changed = session.derived.revision != session.desk.revision;
    if !is_changed && session.is_comparison_fresh() {
        return false;
    }
    let compared = session
        .looks
        .compared
        .and_then(|against| Some((against, session.counterpart(against)?)));
    session.derived = Derived::of(&session.desk.document, compared, session.desk.revision);
    if is_changed {
        session.looks.folding.follow(session.desk.document.topology());
        view::keep_selection_in_sight(session);
    }
    let is_about_another = |what_if: &WhatIf| what_if.topology() != session.desk.document.topology();
    if is_changed && session.what_if().is_some_and(is_about_another) {
        what_if::leave(session);
    }
    if let Some(path) = &session.looks.shown_file
        && session.bundle().file(path).is_none()
    {
        session.looks.shown_file = None;
    }
    is_changed
}

/// The next design to recover is asked about once no other question is open.
fn offer_recoverable(session: &mut Session) {
    if session.dialog.is_none()
        && !session.is_held()
        && !session.start.was_first
        && let Some(unsaved) = session.start.recoverable.pop_front()
    {
        session.dialog = Some(Dialog::Recover(unsaved));
    }
}
