//! A design's file that somebody else changes while it is drawn.

use super::*;
use crate::app::{Dialog, FileMessage, OnDisk, ViewMessage};
use crate::report::Report;

const PATH: &str = "/home/u/seed.toml";

fn file(message: FileMessage) -> Message {
    Message::File(message)
}

/// The seed's design as another editor has left it.
fn theirs() -> String {
    templates::find("seed").unwrap().text.replace("25433", "25499")
}

fn on_disk(text: &str) -> Message {
    file(FileMessage::OnDisk(PATH.into(), OnDisk::Text(text.to_owned())))
}

/// A modified drawing whose file was changed, too: the question is open.
fn asked() -> Session {
    let mut session = saved_seed();
    modify(&mut session);
    update(&mut session, on_disk(&theirs()));
    let found = OnDisk::Text(theirs());
    let dialog = Dialog::ChangedOnDisk {
        path: PATH.into(),
        found,
        is_saving: false,
    };
    assert_eq!(session.dialog, Some(dialog));
    session
}

#[test]
fn the_file_is_looked_at_when_the_window_is() {
    let mut session = saved_seed();
    let looks = [Effect::LookAtFile(PATH.into())];
    assert_eq!(update(&mut session, file(FileMessage::LookAtFile)), looks);
    assert_eq!(update(&mut seed(), file(FileMessage::LookAtFile)), []);
    let before = session.desk.saved_text.clone();
    assert_eq!(update(&mut session, on_disk(&before)), []);
    assert_eq!((session.notices.len(), session.desk.revision), (0, 0));
}

#[test]
fn with_nothing_to_lose_the_drawing_follows_its_file_and_undo_brings_it_back() {
    let mut session = saved_seed();
    let before = drawn(&session);
    update(&mut session, on_disk(&theirs()));
    assert!(drawn(&session).contains("25499"));
    assert!(!session.is_modified());
    assert_eq!(notice(&session).1, "seed.toml changed on disk and was reloaded");
    assert_eq!(session.desk.history.undo_label(), Some("Reload seed.toml"));
    update(&mut session, Message::Design(DesignMessage::Undo));
    assert_eq!(drawn(&session), before);
    assert!(session.is_modified(), "the file holds something else");
}

#[test]
fn what_is_drawn_can_be_kept_and_is_then_saved_over_what_is_known() {
    let mut session = asked();
    let mine = drawn(&session);
    let effects = update(&mut session, file(FileMessage::KeepMine { save: false }));
    assert_eq!((drawn(&session), &session.dialog), (mine, &None));
    assert!(matches!(&effects[..], [Effect::Autosave { text: Some(_), .. }]));
    // It is not asked again about the same.
    assert_eq!(update(&mut session, on_disk(&theirs())), []);
    assert_eq!(session.dialog, None);
    let writes = update(&mut session, file(FileMessage::Save));
    let [Effect::Write { expected, .. }] = &writes[..] else {
        panic!("{writes:?}");
    };
    assert_eq!(*expected, Some(theirs()));
}

#[test]
fn what_the_file_says_can_be_taken_and_undo_brings_back_what_was_drawn() {
    let mut session = asked();
    let mine = drawn(&session);
    update(&mut session, file(FileMessage::TakeTheirs));
    assert!(drawn(&session).contains("25499") && !session.is_modified());
    update(&mut session, Message::Design(DesignMessage::Undo));
    assert_eq!(drawn(&session), mine);
}

#[test]
fn a_save_never_goes_over_what_somebody_else_wrote_without_asking() {
    let mut session = saved_seed();
    modify(&mut session);
    update(&mut session, Message::Quit);
    update(&mut session, file(FileMessage::Save));
    let found = OnDisk::Text(theirs());
    update(&mut session, file(FileMessage::ChangedBefore(PATH.into(), found)));
    assert!(matches!(
        session.dialog,
        Some(Dialog::ChangedOnDisk { is_saving: true, .. })
    ));
    // Anyone who gives up goes on drawing; a later save closes no window.
    let mut other = saved_seed();
    modify(&mut other);
    update(&mut other, Message::Quit);
    update(&mut other, file(FileMessage::Save));
    let found = OnDisk::Text(theirs());
    update(&mut other, file(FileMessage::ChangedBefore(PATH.into(), found)));
    update(&mut other, Message::View(ViewMessage::Dialog(None)));
    let text = other.derived.text.clone();
    let saved = |text| {
        let purpose = crate::app::PathPurpose::SaveDesign;
        file(FileMessage::Written(purpose, PATH.into(), Some(text)))
    };
    assert!(!update(&mut other, saved(text)).contains(&Effect::Close));
    // Anyone who says so saves, and what was put off goes on.
    let effects = update(&mut session, file(FileMessage::KeepMine { save: true }));
    assert!(matches!(&effects[..], [Effect::Write { expected, .. }] if *expected == Some(theirs())));
    let text = session.derived.text.clone();
    assert!(update(&mut session, saved(text)).contains(&Effect::Close));
}

#[test]
fn a_file_that_is_gone_or_no_design_any_more_costs_nothing() {
    let mut session = saved_seed();
    let before = drawn(&session);
    let gone = file(FileMessage::OnDisk(PATH.into(), OnDisk::Gone));
    let effects = update(&mut session, gone.clone());
    assert!(
        matches!(&effects[..], [Effect::Autosave { text: Some(_), .. }]),
        "{effects:?}"
    );
    assert!(session.is_modified(), "no file has it");
    assert!(notice(&session).1.ends_with("seed.toml no longer exists"));
    let said = session.next_notice;
    update(&mut session, gone);
    assert_eq!(session.next_notice, said, "it is said once");

    let mut session = saved_seed();
    update(&mut session, on_disk("format = 1\nnonsense"));
    assert_eq!(drawn(&session), before);
    assert_eq!(notice(&session).0, NoticeKind::Problem);
    assert!(session.is_modified());

    let mut session = saved_seed();
    let report = Report::new("It is not text");
    let unreadable = OnDisk::Unreadable(report);
    update(&mut session, file(FileMessage::OnDisk(PATH.into(), unreadable)));
    assert_eq!((drawn(&session), notice(&session).1), (before, "It is not text"));
}

#[test]
fn nothing_is_taken_over_while_the_design_is_locked_or_a_question_is_open() {
    let mut session = saved_seed();
    session.dialog = Some(Dialog::About);
    assert_eq!(update(&mut session, file(FileMessage::LookAtFile)), []);
    update(&mut session, on_disk(&theirs()));
    assert_eq!(
        (session.desk.revision, session.dialog.clone()),
        (0, Some(Dialog::About))
    );
}
