//! The design goes to a target: what is shown before, what is written, and what is said when it is not.

use std::path::{Path, PathBuf};

use super::super::update;
use super::{attach, notice, saved_seed, seed, without_autosave};
use crate::app::{
    Dialog, Effect, ExportMessage, Exporting, FileMessage, Message, NoticeKind, PathPurpose, Session,
};
use crate::model::document::format;
use crate::model::export::{self, Fate, Target};
use crate::report::Report;

fn send(session: &mut Session, message: ExportMessage) -> Vec<Effect> {
    without_autosave(update(session, Message::Export(message)))
}

fn shown(session: &Session) -> &Exporting {
    match &session.dialog {
        Some(Dialog::Export(exporting)) => exporting,
        other => panic!("{other:?}"),
    }
}

fn on(target: Target) -> Session {
    let mut session = saved_seed();
    assert_eq!(send(&mut session, ExportMessage::Ask), []);
    let typed = shown(&session).folder.clone();
    send(&mut session, ExportMessage::Target(Some(target), typed));
    session
}

#[test]
fn a_design_of_one_machine_begins_with_the_bundle_and_loses_nothing_there() {
    let mut session = saved_seed();
    send(&mut session, ExportMessage::Ask);
    let exporting = shown(&session);
    assert_eq!(exporting.target, None);
    let files = exporting.shown.files.as_ref().unwrap();
    assert!(
        files.iter().any(|(path, bytes)| path == "up" && *bytes > 0),
        "{files:?}"
    );
    assert!(exporting.shown.kept.is_empty());
    // Its file is asked for as before.
    let asked = update(&mut session, Message::File(FileMessage::Export));
    let is_asked = |effect: &Effect| {
        matches!(
            effect,
            Effect::AskPath {
                purpose: PathPurpose::ExportBundle,
                ..
            }
        )
    };
    assert!(asked.iter().any(is_asked));
    assert_eq!(session.dialog, None);

    let text =
        "format = 1\nname = \"x\"\npostgres = 15\n[[server]]\nname = \"a\"\nport = 5432\nhost = \"db1\"\n";
    let mut apart = Session::new(format::read(text).unwrap(), None);
    send(&mut apart, ExportMessage::Ask);
    assert_eq!(shown(&apart).target, Some(Target::Hosts));
}

#[test]
fn each_target_shows_its_files_and_every_loss_before_anything_is_written() {
    for target in Target::ALL {
        let session = on(target);
        let exporting = shown(&session);
        let document = &session.desk.document;
        let made = export::export(document, target).unwrap();
        let paths: Vec<&str> = made.files.iter().map(|file| file.path.as_str()).collect();
        let files = exporting.shown.files.as_ref().unwrap();
        assert_eq!(
            files.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(),
            paths
        );
        assert_eq!(exporting.shown.kept, export::losses(document, target));
        let all = [Fate::Exact, Fate::Approximated, Fate::Lost].map(|fate| exporting.shown.count(fate));
        assert_eq!(all.iter().sum::<usize>(), exporting.shown.kept.len());
        assert_eq!(exporting.folder, format!("/home/u/seed-{}", target.word()));
    }
}

#[test]
fn a_folder_that_was_typed_stays_and_a_suggestion_follows_the_target() {
    let mut session = on(Target::Hosts);
    let message = ExportMessage::Target(Some(Target::Patroni), "/mine".to_owned());
    send(&mut session, message);
    assert_eq!(shown(&session).folder, "/mine");
    let message = ExportMessage::Target(Some(Target::Ansible), " ".to_owned());
    send(&mut session, message);
    assert_eq!(shown(&session).folder, "/home/u/seed-ansible");
}

#[test]
fn a_folder_is_chosen_by_the_desktop_or_typed() {
    let mut session = on(Target::Hosts);
    let purpose = PathPurpose::ExportFolder(Target::Hosts);
    let asked = send(&mut session, ExportMessage::ChooseFolder("/srv/x".to_owned()));
    let suggested = "/srv".to_owned();
    assert_eq!(asked, [Effect::AskPath { purpose, suggested }]);
    for (chosen, folder) in [
        ("/srv", "/srv/seed-hosts"),
        ("/srv/seed-hosts", "/srv/seed-hosts"),
    ] {
        let chosen = FileMessage::Chosen(purpose, Some(PathBuf::from(chosen)));
        drop(update(&mut session, Message::File(chosen)));
        assert_eq!(shown(&session).folder, folder);
    }
    drop(update(
        &mut session,
        Message::File(FileMessage::Chosen(purpose, None)),
    ));
    assert_eq!(
        shown(&session).folder,
        "/srv/seed-hosts",
        "nothing is lost by Cancel"
    );
    drop(update(
        &mut session,
        Message::File(FileMessage::NoDialog(purpose)),
    ));
    let exporting = shown(&session);
    assert!(
        exporting
            .problem
            .as_ref()
            .unwrap()
            .headline
            .contains("type the path")
    );
    assert_eq!(exporting.folder, "/srv/seed-hosts");
}

#[test]
fn it_is_written_once_and_the_notice_names_the_folder_and_the_losses() {
    let mut session = on(Target::Patroni);
    let folder = PathBuf::from("/out");
    let write = || ExportMessage::Write(Target::Patroni, PathBuf::from("/out"));
    let effects = send(&mut session, write());
    let [Effect::WriteExport { folder: to, export }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(to, &folder);
    assert_eq!(
        **export,
        export::export(&session.desk.document, Target::Patroni).unwrap()
    );
    assert!(shown(&session).is_writing);
    assert_eq!(send(&mut session, write()), [], "one at a time");

    let lost = shown(&session).shown.count(Fate::Lost);
    assert!(lost > 0);
    send(
        &mut session,
        ExportMessage::Written(Target::Patroni, folder.clone(), 9),
    );
    assert_eq!(session.dialog, None);
    let (kind, headline) = notice(&session);
    assert_eq!(kind, NoticeKind::Done);
    assert!(
        headline.contains("/out") && headline.contains("9 files"),
        "{headline}"
    );
    let last = session.notices.last().unwrap();
    assert_eq!(last.folder.as_deref(), Some(Path::new("/out")));
    assert!(
        last.report
            .hints
            .iter()
            .any(|hint| hint.contains(&format!("{lost} lost")))
    );
}

#[test]
fn what_goes_wrong_is_said_in_the_dialog_and_what_was_typed_stays() {
    let mut session = on(Target::Hosts);
    let write = ExportMessage::Write(Target::Hosts, PathBuf::from("/full"));
    send(&mut session, write);
    let report = Report::new("The export could not be written to /full.");
    send(&mut session, ExportMessage::NotWritten(report.clone()));
    let exporting = shown(&session);
    assert_eq!(exporting.problem.as_ref(), Some(&report));
    assert_eq!(
        (exporting.folder.as_str(), exporting.is_writing),
        ("/full", false)
    );
}

#[test]
fn an_error_of_the_design_is_said_as_export_says_it() {
    let mut session = seed();
    let text = session.derived.text.replace("port = 25432", "port = 15432");
    assert_ne!(text, session.derived.text);
    session = Session::new(format::read(&text).unwrap(), None);
    send(&mut session, ExportMessage::Ask);
    send(
        &mut session,
        ExportMessage::Target(Some(Target::Compose), String::new()),
    );
    let said = export::export(&session.desk.document, Target::Compose).unwrap_err();
    assert_eq!(shown(&session).shown.files.as_ref().unwrap_err(), &said);
    let write = ExportMessage::Write(Target::Compose, PathBuf::from("/out"));
    assert_eq!(send(&mut session, write), [], "nothing is written");
    assert_eq!(shown(&session).problem.as_ref().unwrap().headline, said.message);
}

#[test]
fn what_is_drawn_is_what_is_exported() {
    let mut session = saved_seed();
    let message = attach(&session, "slave12", "slave2");
    drop(update(&mut session, message));
    send(&mut session, ExportMessage::Ask);
    send(
        &mut session,
        ExportMessage::Target(Some(Target::Hosts), String::new()),
    );
    let write = ExportMessage::Write(Target::Hosts, PathBuf::from("/out"));
    let effects = send(&mut session, write);
    let [Effect::WriteExport { export, .. }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    let design = &export.file("design.toml").unwrap().contents;
    assert_eq!(design, &session.desk.document.text());
}
