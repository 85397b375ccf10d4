//! Files: what is unsaved, and what is asked before it would be lost.

use super::*;
use crate::app::{Against, Dialog, FileMessage, PathPurpose, Tab, ViewMessage};
use crate::model::desk::Unsaved;

fn file(message: FileMessage) -> Message {
    Message::File(message)
}

fn written(session: &Session) -> Message {
    let text = session.derived.text.clone();
    file(FileMessage::Written(
        PathPurpose::SaveDesign,
        "/home/u/seed.toml".into(),
        Some(text),
    ))
}

#[test]
fn a_new_design_is_one_server_without_a_problem() {
    let mut session = seed();
    let empty = templates::EMPTY.name.to_owned();
    update(&mut session, Message::File(FileMessage::New(empty)));
    assert_eq!(drawn(&session), "postgres 15\nprimary 5432\n");
    assert_eq!(session.count(crate::model::topology::Severity::Error), 0);
    assert!(!session.is_modified());
}

#[test]
fn unsaved_is_what_the_file_does_not_hold() {
    let mut session = saved_seed();
    assert!(!session.is_modified());
    modify(&mut session);
    let saved = written(&session);
    update(&mut session, saved);
    assert!(!session.is_modified());
    let message = attach(&session, "slave11", "slave2");
    update(&mut session, message);
    assert!(session.is_modified());
    let effects = update(&mut session, Message::Design(DesignMessage::Undo));
    assert!(!session.is_modified());
    // What the file holds need not be kept elsewhere.
    let path = Some(PathBuf::from("/home/u/seed.toml"));
    assert_eq!(effects, [Effect::Autosave { path, text: None }]);
    update(&mut session, Message::Design(DesignMessage::Undo));
    assert!(
        session.is_modified(),
        "the file holds the step that was rolled back"
    );
}

#[test]
fn saving_a_new_design_asks_for_its_path_and_one_with_a_file_does_not() {
    let mut session = seed();
    let asks = Effect::AskPath {
        purpose: PathPurpose::SaveDesign,
        suggested: "seed.toml".to_owned(),
    };
    assert_eq!(update(&mut session, file(FileMessage::Save)), [asks]);
    let chosen = FileMessage::Chosen(PathPurpose::SaveDesign, Some("/home/u/seed.toml".into()));
    let effects = update(&mut session, file(chosen));
    let text = session.derived.text.clone();
    let writes = Effect::Write {
        purpose: PathPurpose::SaveDesign,
        path: "/home/u/seed.toml".into(),
        bytes: text.clone().into_bytes(),
        text: Some(text.clone()),
        expected: None,
    };
    assert_eq!(effects, [writes]);
    let saved = written(&session);
    let effects = update(&mut session, saved);
    assert!(effects.contains(&Effect::NoteRecent("/home/u/seed.toml".into())));
    assert_eq!(session.title(), "seed.toml");
    // From now on only over what is known to be there.
    let again = update(&mut session, file(FileMessage::Save));
    let [Effect::Write { expected, .. }] = &again[..] else {
        panic!("{again:?}");
    };
    assert_eq!(*expected, Some(text));
}

#[test]
fn what_is_changed_while_a_file_is_written_stays_unsaved() {
    let mut session = saved_seed();
    modify(&mut session);
    let saved = written(&session);
    let message = attach(&session, "slave11", "slave2");
    update(&mut session, message);
    update(&mut session, saved);
    assert!(session.is_modified());
    assert!(tree(&format::read(&session.desk.document.text()).unwrap()) == drawn(&session));
}

#[test]
fn unsaved_changes_are_asked_about_before_they_are_lost() {
    let mut session = seed();
    modify(&mut session);
    let after = drawn(&session);
    let open = file(FileMessage::Open);
    assert_eq!(update(&mut session, open.clone()), []);
    assert_eq!(session.dialog, Some(Dialog::Unsaved { then: Box::new(open) }));
    // Cancel: nothing happens.
    update(&mut session, Message::View(ViewMessage::Dialog(None)));
    assert_eq!(drawn(&session), after);

    let new = file(FileMessage::New("seed".to_owned()));
    update(&mut session, new);
    update(&mut session, file(FileMessage::Discard));
    assert_ne!(drawn(&session), after);
    assert!(!session.is_modified());
    assert_eq!(session.desk.history.undo_label(), None);
    assert_eq!(session.dialog, None);
}

#[test]
fn saving_first_goes_on_once_the_file_is_written() {
    let mut session = seed();
    modify(&mut session);
    assert_eq!(update(&mut session, Message::Quit), []);
    let effects = update(&mut session, file(FileMessage::Save));
    assert!(matches!(effects[..], [Effect::AskPath { .. }]));
    let chosen = FileMessage::Chosen(PathPurpose::SaveDesign, Some("/home/u/seed.toml".into()));
    update(&mut session, file(chosen));
    let saved = written(&session);
    let noted = Effect::NoteRecent("/home/u/seed.toml".into());
    assert_eq!(
        without_autosave(update(&mut session, saved)),
        [noted.clone(), Effect::Close]
    );

    // No path chosen, or the file could not be written: the window stays open, also after a later save.
    for gives_up in [
        file(FileMessage::Chosen(PathPurpose::SaveDesign, None)),
        Message::Failed(crate::report::Report::new("the disk is full")),
    ] {
        let mut session = seed();
        modify(&mut session);
        update(&mut session, Message::Quit);
        update(&mut session, file(FileMessage::Save));
        update(&mut session, gives_up);
        let saved = written(&session);
        let effects = update(&mut session, saved);
        assert_eq!(without_autosave(effects), std::slice::from_ref(&noted));
    }
}

#[test]
fn a_saved_window_closes_and_leaves_nothing_to_recover() {
    let mut session = seed();
    let forgets = Effect::Autosave {
        path: None,
        text: None,
    };
    assert_eq!(
        update(&mut session, Message::Quit),
        [forgets.clone(), Effect::Close]
    );
    modify(&mut session);
    update(&mut session, Message::Quit);
    assert_eq!(
        update(&mut session, file(FileMessage::Discard)),
        [forgets, Effect::Close]
    );
}

#[test]
fn opening_a_design_shows_it_with_a_history_of_its_own() {
    let mut session = seed();
    modify(&mut session);
    update(&mut session, file(FileMessage::Open));
    let asks = Effect::AskPath {
        purpose: PathPurpose::OpenDesign,
        suggested: String::new(),
    };
    assert_eq!(update(&mut session, file(FileMessage::Discard)), [asks]);
    assert!(session.is_modified(), "nothing is lost until a design is read");
    let path = PathBuf::from("/d/two.toml");
    let chosen = FileMessage::Chosen(PathPurpose::OpenDesign, Some(path.clone()));
    assert_eq!(update(&mut session, file(chosen)), [Effect::Read(path.clone())]);
    let text = "format = 1\nname = \"two\"\npostgres = 16\n\n[[server]]\nname = \"one\"\nport = 1111\n";
    update(
        &mut session,
        file(FileMessage::Read(path.clone(), text.to_owned())),
    );
    assert_eq!(session.dialog, None);
    assert_eq!(session.desk.document.topology().name(), "two");
    assert_eq!(session.desk.path, Some(path));
    assert!(!session.is_modified());
    assert_eq!(session.desk.history.undo_label(), None);
}

#[test]
fn a_change_made_while_a_file_is_chosen_is_asked_about_too() {
    let mut session = seed();
    update(&mut session, file(FileMessage::Open));
    modify(&mut session);
    let text = templates::find("seed").unwrap().text.to_owned();
    let read = file(FileMessage::Read("/d/two.toml".into(), text));
    update(&mut session, read.clone());
    assert_eq!(session.dialog, Some(Dialog::Unsaved { then: Box::new(read) }));
    assert!(session.is_modified());
    update(&mut session, file(FileMessage::Discard));
    assert_eq!(session.title(), "two.toml");
}

#[test]
fn a_file_that_nobody_meant_as_a_design_is_explained_and_the_drawing_stays() {
    let mut session = seed();
    let before = drawn(&session);
    let text = "port = 1\n";
    update(
        &mut session,
        file(FileMessage::Read("/d/notes.txt".into(), text.to_owned())),
    );
    assert_eq!(drawn(&session), before);
    let (kind, headline) = notice(&session);
    assert_eq!(kind, NoticeKind::Problem);
    assert!(
        headline.starts_with("\"notes.txt\" cannot be opened: "),
        "{headline}"
    );
    let causes = &session.notices[0].report.causes;
    assert!(
        causes.iter().any(|cause| cause.starts_with("line 1: ")),
        "{causes:?}"
    );
    assert_eq!(session.desk.path, None);
}

#[test]
fn a_design_with_errors_opens_as_text_and_is_drawn_once_they_are_fixed() {
    let mut session = seed();
    let text = "format = 1\nname = \"x\"\npostgres = 15\n[[server]]\nname = \"a\"\nport = 99999\n";
    let path = PathBuf::from("/d/bad.toml");
    update(
        &mut session,
        file(FileMessage::Read(path.clone(), text.to_owned())),
    );
    assert_eq!(session.desk.path, Some(path));
    assert_eq!(session.looks.tab, Tab::Text);
    assert_eq!((session.text(), session.is_modified()), (text, false));
    assert!(session.is_text_broken());
    let fixed = text.replace("99999", "5433");
    let typed = DesignMessage::Type {
        text: fixed.clone(),
        joins: false,
    };
    update(&mut session, Message::Design(typed));
    update(&mut session, Message::Design(DesignMessage::ReadTyped));
    assert!(!session.is_text_broken());
    assert_eq!(drawn(&session), "postgres 15\na 5433\n");
    assert_eq!((session.text(), session.is_modified()), (fixed.as_str(), true));
}

#[test]
fn exporting_packs_the_bundle_and_offers_its_folder() {
    let mut session = seed();
    let asks = Effect::AskPath {
        purpose: PathPurpose::ExportBundle,
        suggested: "seed.tar.gz".to_owned(),
    };
    assert_eq!(update(&mut session, file(FileMessage::Export)), [asks]);
    let path = PathBuf::from("/home/u/seed.tar.gz");
    let chosen = FileMessage::Chosen(PathPurpose::ExportBundle, Some(path.clone()));
    let effects = update(&mut session, file(chosen));
    let [
        Effect::Write {
            bytes, text: Some(_), ..
        },
    ] = &effects[..]
    else {
        panic!("{effects:?}");
    };
    let bundle = session.bundle();
    assert_eq!(bytes, &crate::model::bundle::pack(bundle));
    update(
        &mut session,
        file(FileMessage::Written(PathPurpose::ExportBundle, path, None)),
    );
    assert_eq!(notice(&session), (NoticeKind::Done, "Exported seed.tar.gz"));
    assert_eq!(session.notices[0].folder, Some("/home/u".into()));
    assert_eq!(session.desk.path, None, "the bundle is not the design's file");
}

#[test]
fn an_export_with_errors_goes_through_and_says_how_many() {
    let mut session = seed();
    let server = id(&session, "slave11");
    let port = session.desk.document.topology().primary().port();
    update(&mut session, edit(Edit::SetPort { server, port }));
    let path = PathBuf::from("/home/u/seed.tar.gz");
    update(
        &mut session,
        file(FileMessage::Written(PathPurpose::ExportBundle, path, None)),
    );
    let hints = &session.notices.last().unwrap().report.hints;
    assert!(hints[0].contains("1 error:"), "{hints:?}");
}

#[test]
fn without_a_native_dialog_a_path_is_typed() {
    let mut session = saved_seed();
    update(
        &mut session,
        file(FileMessage::NoDialog(PathPurpose::ExportBundle)),
    );
    let text = "/home/u/seed.tar.gz".to_owned();
    let purpose = PathPurpose::ExportBundle;
    assert_eq!(session.dialog, Some(Dialog::Path { purpose, text }));
    let effects = update(
        &mut session,
        file(FileMessage::Chosen(purpose, Some("/tmp/x.tar.gz".into()))),
    );
    assert_eq!(session.dialog, None);
    assert!(matches!(effects[..], [Effect::Write { .. }]));
}

#[test]
fn designs_of_a_session_that_ended_badly_are_offered_one_after_the_other() {
    let mut session = saved_seed();
    let left = |id: &str, path: Option<&str>| Unsaved {
        id: id.to_owned(),
        path: path.map(PathBuf::from),
        text: templates::find("seed").unwrap().text.replace("25433", "25499"),
        age_secs: 60,
    };
    let (first, second) = (left("1", Some("/home/u/a.toml")), left("2", None));
    update(&mut session, file(FileMessage::Recoverable(first.clone())));
    update(&mut session, file(FileMessage::Recoverable(second.clone())));
    assert_eq!(session.dialog, Some(Dialog::Recover(first.clone())));

    let effects = update(&mut session, file(FileMessage::Recover(first.clone())));
    assert_eq!(session.desk.path, first.path);
    assert!(session.is_modified(), "it is unsaved until it is saved");
    assert!(drawn(&session).contains("25499"));
    // What was left goes only together with being kept as this session's own.
    let path = first.path.clone();
    assert!(effects.contains(&Effect::ForgetUnsaved("1".to_owned())));
    assert!(effects.contains(&Effect::Autosave {
        path,
        text: Some(first.text)
    }));

    assert_eq!(session.dialog, Some(Dialog::Recover(second)));
    let effects = update(&mut session, file(FileMessage::Discard));
    assert_eq!(effects, [Effect::ForgetUnsaved("2".to_owned())]);
    assert_eq!(session.dialog, None);
}

fn exported(session: &mut Session) -> Vec<Effect> {
    let path = PathBuf::from("/home/u/seed.tar.gz");
    let chosen = FileMessage::Chosen(PathPurpose::ExportBundle, Some(path.clone()));
    let effects = update(session, file(chosen));
    let [Effect::Write { text: Some(text), .. }] = &effects[..] else {
        panic!("{effects:?}")
    };
    let written = FileMessage::Written(PathPurpose::ExportBundle, path, Some(text.clone()));
    update(session, file(written))
}

/// What is shown to differ: each file with its lines.
fn differing(session: &Session) -> Option<Vec<(&str, (usize, usize))>> {
    let comparison = session.derived.comparison.as_ref()?;
    Some(
        comparison
            .changes
            .iter()
            .map(|change| (change.path.as_str(), change.lines()))
            .collect(),
    )
}

#[test]
fn the_files_are_compared_with_the_last_export() {
    let mut session = saved_seed();
    let path = session.desk.path.clone().unwrap();
    let against = Some(Against::LastExport);
    update(&mut session, Message::View(ViewMessage::Compare(against)));
    assert_eq!(differing(&session), None, "nothing was exported yet");
    let effects = exported(&mut session);
    let text = session.derived.text.clone();
    assert_eq!(
        effects,
        [Effect::KeepExport {
            path: path.clone(),
            text
        }]
    );
    assert_eq!(differing(&session), Some(Vec::new()));

    let server = id(&session, "slave11");
    let port = crate::model::topology::Port::new(25500).unwrap();
    update(&mut session, edit(Edit::SetPort { server, port }));
    let found = differing(&session).unwrap();
    assert!(
        found.contains(&("servers/slave11/postgresql.conf", (1, 1))),
        "{found:?}"
    );
    assert!(
        found
            .iter()
            .all(|(path, _)| !path.starts_with("servers/slave12/")),
        "{found:?}"
    );
    // Exported again, nothing differs; a later session hears of it.
    exported(&mut session);
    assert_eq!(differing(&session), Some(Vec::new()));
    let kept = session.derived.text.clone();
    let mut later = saved_seed();
    assert!(later.start_effects().contains(&Effect::FindExport(path.clone())));
    update(&mut later, Message::View(ViewMessage::Compare(against)));
    update(
        &mut later,
        file(FileMessage::LastExport(
            PathBuf::from("/other.toml"),
            kept.clone(),
        )),
    );
    assert_eq!(differing(&later), None);
    update(&mut later, file(FileMessage::LastExport(path, kept)));
    assert!(!differing(&later).unwrap().is_empty());
}

#[test]
fn an_export_from_before_the_first_save_belongs_to_the_saved_file() {
    let mut session = seed();
    assert_eq!(
        exported(&mut session),
        [],
        "there is no file yet that it could belong to"
    );
    let path = PathBuf::from("/home/u/new.toml");
    let text = session.derived.text.clone();
    let written = FileMessage::Written(PathPurpose::SaveDesign, path.clone(), Some(text.clone()));
    let effects = without_autosave(update(&mut session, file(written)));
    let noted = Effect::NoteRecent(path.clone());
    assert_eq!(effects, [Effect::KeepExport { path, text }, noted]);
}

#[test]
fn the_files_are_compared_with_the_deployment() {
    let mut session = seed();
    let against = Some(Against::Deployment);
    update(&mut session, Message::View(ViewMessage::Compare(against)));
    assert_eq!(differing(&session), None);
    session.live.cluster = Some(crate::app::ClusterView {
        folder: "/nowhere".into(),
        deployed: session.desk.document.clone(),
        seen: None,
        unseen: None,
        busy: None,
        foreign: None,
    });
    modify(&mut session);
    let found = differing(&session).unwrap();
    assert!(
        found
            .iter()
            .any(|(path, _)| *path == "servers/slave12/postgresql.conf"),
        "{found:?}"
    );
    let mut now = session.desk.document.clone();
    std::mem::swap(&mut session.live.cluster.as_mut().unwrap().deployed, &mut now);
    update(
        &mut session,
        Message::View(ViewMessage::Show(crate::app::Tab::Files)),
    );
    assert_eq!(
        differing(&session),
        Some(Vec::new()),
        "after a change was applied"
    );
}
