//! The design's text, typed: when it becomes the drawing, what keeps it safe while it is none, and what Undo makes of it.

use super::*;
use crate::app::{Dialog, FileMessage, OnDisk, PathPurpose, RunMessage, ViewMessage, WhatIfMessage};

fn typed(session: &mut Session, text: &str, joins: bool) {
    let text = text.to_owned();
    drop(update(
        session,
        Message::Design(DesignMessage::Type { text, joins }),
    ));
}

fn read(session: &mut Session) -> Vec<Effect> {
    update(session, Message::Design(DesignMessage::ReadTyped))
}

fn design(session: &mut Session, message: DesignMessage) -> Vec<Effect> {
    update(session, Message::Design(message))
}

/// The text with something else in place of what stands there.
fn with(session: &Session, old: &str, new: &str) -> String {
    assert!(session.text().contains(old), "{old}");
    session.text().replace(old, new)
}

/// Types what is not a design, and lets it be read.
fn break_text(session: &mut Session) -> String {
    let broken = with(session, "port = 25433", "port = x25433");
    typed(session, &broken, false);
    read(session);
    assert!(session.is_text_broken());
    broken
}

#[test]
fn what_is_typed_is_drawn_as_it_stands_with_its_comments() {
    let mut session = saved_seed();
    let slave12 = id(&session, "slave12");
    session.looks.selected = Some(slave12);
    let text = with(&session, "port = 25433", "port = 25499 # moved");
    typed(&mut session, &text, false);
    assert!(
        !drawn(&session).contains("25499"),
        "it is drawn when typing pauses"
    );
    let effects = read(&mut session);
    assert!(drawn(&session).contains("25499"));
    assert_eq!(
        (session.text(), session.desk.typed.is_none()),
        (text.as_str(), true)
    );
    assert_eq!(session.derived.text, text);
    assert_eq!(session.looks.selected, Some(slave12));
    assert_eq!(
        session.desk.document.topology().by_name("slave12").unwrap().id(),
        slave12
    );
    let path = session.desk.path.clone();
    assert_eq!(
        effects,
        [Effect::Autosave {
            path,
            text: Some(text)
        }]
    );
}

#[test]
fn a_server_renamed_or_moved_in_the_text_stays_selected() {
    let mut session = saved_seed();
    let slave12 = id(&session, "slave12");
    session.looks.selected = Some(slave12);
    let text = with(&session, "\"slave12\"", "\"replica\"");
    typed(&mut session, &text, false);
    read(&mut session);
    assert_eq!(id(&session, "replica"), slave12);
    assert_eq!(session.looks.selected, Some(slave12));

    // Its table goes to the top: another id, the same name.
    let start = session.text().find("[[server]]").unwrap();
    let own = session.text().find("name = \"replica\"").unwrap();
    let own = session.text()[..own].rfind("[[server]]").unwrap();
    let end = session.text()[own + 1..]
        .find("[[server]]")
        .map_or(session.text().len(), |at| at + own + 1);
    let mut text = session.text().to_owned();
    let table = text[own..end].to_owned();
    text.replace_range(own..end, "");
    text.insert_str(start, &table);
    typed(&mut session, &text, false);
    read(&mut session);
    assert_eq!(session.text(), text);
    assert_eq!(session.selected_server().unwrap().name().as_str(), "replica");
    design(&mut session, DesignMessage::Undo);
    assert_eq!(session.selected_server().unwrap().name().as_str(), "replica");
}

#[test]
fn one_burst_of_typing_is_one_undo_step_however_often_it_was_a_design() {
    let mut session = saved_seed();
    let first = session.text().to_owned();
    for (text, joins) in [
        ("port = 2543", false),
        ("port = 254", true),
        ("port = 2549", true),
    ] {
        let text = first.replace("port = 25433", text);
        typed(&mut session, &text, joins);
        read(&mut session);
    }
    let one = session.text().to_owned();
    let text = with(&session, "port = 2549", "port = 2550");
    typed(&mut session, &text, false);
    read(&mut session);
    assert_eq!(session.undo_label(), Some("Edit the text"));
    design(&mut session, DesignMessage::Undo);
    assert_eq!(session.text(), one);
    design(&mut session, DesignMessage::Undo);
    assert_eq!((session.text(), session.undo_label()), (first.as_str(), None));
    assert!(!session.is_modified());
    design(&mut session, DesignMessage::Redo);
    design(&mut session, DesignMessage::Redo);
    assert_eq!(session.text(), text);
}

#[test]
fn an_edit_of_the_drawing_between_two_letters_ends_the_burst() {
    let mut session = saved_seed();
    let text = with(&session, "port = 25433", "port = 25434");
    typed(&mut session, &text, false);
    modify(&mut session);
    assert!(drawn(&session).contains("25434"), "what was typed came first");
    let text = with(&session, "port = 25434", "port = 25435");
    typed(&mut session, &text, true);
    read(&mut session);
    design(&mut session, DesignMessage::Undo);
    assert!(drawn(&session).contains("25434"));
    assert_eq!(upstream_of(&session, "slave12"), "slave2");
    design(&mut session, DesignMessage::Undo);
    assert_eq!(upstream_of(&session, "slave12"), "slave1");
    design(&mut session, DesignMessage::Undo);
    assert!(drawn(&session).contains("25433"));
}

#[test]
fn while_the_text_is_no_design_the_last_good_drawing_stays_and_nothing_is_lost() {
    let mut session = saved_seed();
    let good = drawn(&session);
    let broken = with(&session, "port = 25433", "port = x25433");
    typed(&mut session, &broken, false);
    let effects = read(&mut session);
    assert_eq!((drawn(&session), session.text()), (good.clone(), broken.as_str()));
    let [problem] = session.text_problems() else {
        panic!("{:?}", session.text_problems())
    };
    let line = broken.lines().position(|line| line.contains("x25433")).unwrap() + 1;
    assert_eq!(problem.line, Some(line));
    // It is kept aside like any unsaved design.
    let path = session.desk.path.clone();
    let text = Some(broken.clone());
    assert_eq!(effects, [Effect::Autosave { path, text }]);
    assert!(session.is_locked() && session.is_modified());

    let message = attach(&session, "slave12", "slave2");
    update(&mut session, message);
    assert_eq!(
        notice(&session),
        (
            NoticeKind::Info,
            "The text has an error; the drawing shows the last valid version"
        )
    );
    for message in [
        Message::Run(RunMessage::Ask),
        Message::Run(RunMessage::Confirm),
        Message::WhatIf(WhatIfMessage::Enter),
        Message::View(ViewMessage::Rename(
            session.desk.document.topology().primary().id().into(),
        )),
    ] {
        assert_eq!(update(&mut session, message.clone()), [], "{message:?}");
    }
    assert!(session.what_if().is_none() && session.looks.renaming.is_none() && session.dialog.is_none());
    assert_eq!((drawn(&session), session.text()), (good, broken.as_str()));

    let mended = broken.replace("x25433", "25432");
    typed(&mut session, &mended, true);
    read(&mut session);
    assert!(drawn(&session).contains("25432") && !session.is_locked());
    design(&mut session, DesignMessage::Undo);
    assert!(!session.is_modified(), "the way through the error was one step");
}

#[test]
fn undo_goes_back_through_a_broken_text_burst_by_burst_and_redo_brings_it_all_again() {
    let mut session = saved_seed();
    let good = session.text().to_owned();
    let broken = break_text(&mut session);
    let longer = format!("{broken}\n# more");
    typed(&mut session, &longer, false);
    read(&mut session);
    design(&mut session, DesignMessage::Undo);
    assert_eq!(session.text(), broken);
    design(&mut session, DesignMessage::Undo);
    assert_eq!((session.text(), session.is_text_broken()), (good.as_str(), false));
    assert_eq!(
        (session.undo_label(), session.redo_label()),
        (None, Some("Edit the text"))
    );
    for text in [&broken, &longer] {
        design(&mut session, DesignMessage::Redo);
        assert_eq!(session.text(), text);
        assert!(session.is_text_broken());
    }
    // What the drawing's history could do again would lose the text.
    design(&mut session, DesignMessage::Redo);
    assert_eq!(session.text(), longer);
}

#[test]
fn the_drawings_text_can_be_taken_and_what_was_typed_comes_back() {
    let mut session = saved_seed();
    let good = session.text().to_owned();
    let broken = break_text(&mut session);
    design(&mut session, DesignMessage::TakeDrawing);
    assert_eq!((session.text(), session.is_locked()), (good.as_str(), false));
    design(&mut session, DesignMessage::Redo);
    assert_eq!(session.text(), broken);
    design(&mut session, DesignMessage::TakeDrawing);
    modify(&mut session);
    assert_eq!(
        session.redo_label(),
        None,
        "after another edit it is gone, as with every Redo"
    );
}

#[test]
fn a_broken_text_is_saved_only_after_a_question_and_as_it_is() {
    let mut session = saved_seed();
    let good = session.text().to_owned();
    let path = session.desk.path.clone().unwrap();
    let broken = break_text(&mut session);
    let write = |text: &str| Effect::Write {
        purpose: PathPurpose::SaveDesign,
        path: path.clone(),
        bytes: text.as_bytes().to_vec(),
        text: Some(text.to_owned()),
        expected: Some(good.clone()),
    };
    let file = |session: &mut Session, message| without_autosave(update(session, Message::File(message)));
    let written =
        |text: &str| FileMessage::Written(PathPurpose::SaveDesign, path.clone(), Some(text.to_owned()));

    assert_eq!(file(&mut session, FileMessage::Save), []);
    assert_eq!(session.dialog, Some(Dialog::SaveBroken { as_new: false }));
    assert_eq!(file(&mut session, FileMessage::SaveDrawing), [write(&good)]);
    file(&mut session, written(&good));
    assert_eq!((session.text(), session.is_modified()), (broken.as_str(), true));

    file(&mut session, FileMessage::Save);
    assert_eq!(file(&mut session, FileMessage::SaveBroken), [write(&broken)]);
    file(&mut session, written(&broken));
    assert_eq!((session.text(), session.is_modified()), (broken.as_str(), false));
    assert!(session.is_text_broken());

    file(&mut session, FileMessage::SaveAs);
    assert_eq!(session.dialog, Some(Dialog::SaveBroken { as_new: true }));
    let asked = file(&mut session, FileMessage::SaveBroken);
    assert!(matches!(asked.as_slice(), [Effect::AskPath { .. }]));
}

#[test]
fn the_drawing_is_also_what_is_saved_over_a_file_that_was_changed_elsewhere() {
    let mut session = saved_seed();
    let path = session.desk.path.clone().unwrap();
    let broken = break_text(&mut session);
    let good = session.derived.text.clone();
    let theirs = good.replace("25433", "25499");
    let text_of = |effects: &[Effect]| match effects {
        [Effect::Write { text: Some(text), .. }] => text.clone(),
        other => panic!("{other:?}"),
    };
    let file = |session: &mut Session, message| without_autosave(update(session, Message::File(message)));
    let changed = || FileMessage::ChangedBefore(path.clone(), OnDisk::Text(theirs.clone()));
    let mine = || FileMessage::KeepMine { save: true };

    file(&mut session, FileMessage::Save);
    assert_eq!(text_of(&file(&mut session, FileMessage::SaveDrawing)), good);
    file(&mut session, changed());
    assert_eq!(text_of(&file(&mut session, mine())), good);
    // Also if it was changed once more meanwhile, or is gone.
    file(&mut session, changed());
    assert_eq!(text_of(&file(&mut session, mine())), good);
    file(
        &mut session,
        FileMessage::ChangedBefore(path.clone(), OnDisk::Gone),
    );
    assert_eq!(text_of(&file(&mut session, mine())), good);
    let written = FileMessage::Written(PathPurpose::SaveDesign, path.clone(), Some(good.clone()));
    file(&mut session, written);
    assert_eq!(session.text(), broken, "what was typed is still there");

    // The next save is asked for again: this one is of the text.
    file(&mut session, FileMessage::Save);
    assert_eq!(text_of(&file(&mut session, FileMessage::SaveBroken)), broken);
    file(&mut session, changed());
    assert_eq!(text_of(&file(&mut session, mine())), broken);
}

#[test]
fn a_save_of_the_drawing_that_was_given_up_says_nothing_about_the_next() {
    let mut session = saved_seed();
    let path = session.desk.path.clone().unwrap();
    break_text(&mut session);
    let theirs = session.derived.text.replace("25433", "25499");
    update(&mut session, Message::File(FileMessage::Save));
    update(&mut session, Message::File(FileMessage::SaveDrawing));
    // It was not written; meanwhile the text is repaired.
    let text = with_port(&session.derived.text);
    typed(&mut session, &text, false);
    let effects = without_autosave(update(&mut session, Message::File(FileMessage::Save)));
    assert!(matches!(&effects[..], [Effect::Write { text: Some(written), .. }] if *written == text));
    let changed = FileMessage::ChangedBefore(path, OnDisk::Text(theirs));
    update(&mut session, Message::File(changed));
    let effects = update(&mut session, Message::File(FileMessage::KeepMine { save: true }));
    assert!(matches!(&effects[..], [Effect::Write { text: Some(written), .. }] if *written == text));
}

fn with_port(text: &str) -> String {
    text.replace("port = 25433", "port = 25498")
}

#[test]
fn closing_the_window_on_a_broken_text_asks_and_saves_it() {
    let mut session = saved_seed();
    let path = session.desk.path.clone().unwrap();
    let broken = break_text(&mut session);
    update(&mut session, Message::Quit);
    assert!(matches!(session.dialog, Some(Dialog::Unsaved { .. })));
    update(&mut session, Message::File(FileMessage::Save));
    assert!(matches!(session.dialog, Some(Dialog::SaveBroken { .. })));
    update(&mut session, Message::File(FileMessage::SaveBroken));
    let written = FileMessage::Written(PathPurpose::SaveDesign, path, Some(broken));
    let effects = update(&mut session, Message::File(written));
    assert!(effects.contains(&Effect::Close));
}

#[test]
fn what_is_typed_counts_for_what_comes_next() {
    let mut session = saved_seed();
    let text = with(&session, "port = 25433", "port = 25499");
    typed(&mut session, &text, false);
    let effects = without_autosave(update(&mut session, Message::File(FileMessage::Save)));
    let [Effect::Write { text: written, .. }] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(written.as_deref(), Some(text.as_str()));
    assert!(drawn(&session).contains("25499"));
}

#[test]
fn in_what_if_nothing_is_typed() {
    let mut session = saved_seed();
    let text = with(&session, "port = 25433", "port = 25499");
    update(&mut session, Message::WhatIf(WhatIfMessage::Enter));
    typed(&mut session, &text, false);
    assert!(!session.is_modified());
    assert_eq!(notice(&session).0, NoticeKind::Info);
}

#[test]
fn a_text_that_was_no_design_when_the_session_ended_is_recovered_as_it_was() {
    use crate::model::desk::Unsaved;
    let mut session = saved_seed();
    let text = with(&session, "port = 25433", "port = x25433");
    let path = Some(PathBuf::from("/home/u/other.toml"));
    let left = Unsaved {
        id: "1".to_owned(),
        path: path.clone(),
        text: text.clone(),
        age_secs: 60,
    };
    let effects = update(&mut session, Message::File(FileMessage::Recover(left)));
    assert_eq!(
        (session.text(), session.desk.path.as_ref()),
        (text.as_str(), path.as_ref())
    );
    assert!(session.is_text_broken() && session.is_modified());
    assert_eq!(session.looks.tab, crate::app::Tab::Text);
    assert!(
        effects.contains(&Effect::Autosave {
            path,
            text: Some(text.clone())
        }),
        "{effects:?}"
    );
    let mended = text.replace("x25433", "25433");
    typed(&mut session, &mended, false);
    read(&mut session);
    assert_eq!(session.desk.document.topology().servers().len(), 5);
}
