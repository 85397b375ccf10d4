//! A cluster that somebody runs comes into the window: asked for, looked at, opened; nothing is lost on the way.

use std::path::PathBuf;

use super::super::update;
use super::{modify, notice, saved_seed, without_autosave};
use crate::app::breaking::BreakingMessage;
use crate::app::{
    ClusterMessage, Dialog, Effect, FileMessage, ImportMessage, ImportSource, ImportStage, Imported, Message,
    NoticeKind, PathPurpose, ReportStyle, RunMessage, Session, StartMessage, Tab, ViewMessage,
};
use crate::engine::import::Brought;
use crate::model::audit::{Subject, audit};
use crate::model::desk::{Password, RecentConnection};
use crate::model::document::{Document, format, templates};
use crate::model::fault::Fault;
use crate::model::import::{Asked, Loss, Unreached};
use crate::model::plan::Wish;
use crate::report::Report;

fn send(session: &mut Session, message: ImportMessage) -> Vec<Effect> {
    without_autosave(update(session, Message::Import(message)))
}

fn stage(session: &Session) -> &ImportStage {
    match &session.dialog {
        Some(Dialog::Import(importing)) => &importing.stage,
        other => panic!("{other:?}"),
    }
}

fn source(session: &Session) -> &ImportSource {
    match &session.dialog {
        Some(Dialog::Import(importing)) => &importing.source,
        other => panic!("{other:?}"),
    }
}

fn connection() -> ImportSource {
    ImportSource {
        connection: "host=db3 user=monitor".to_owned(),
        password: Password::new("hunter2".to_owned()),
        ..ImportSource::default()
    }
}

fn cascade() -> Document {
    format::read(templates::find("seed").unwrap().text).unwrap()
}

/// What an import of this number brought; with one server that was not reached, or none.
fn imported(number: u64, source: ImportSource, is_whole: bool) -> Imported {
    let document = cascade();
    let asked = Asked {
        server: Some("slave12".to_owned()),
        question: "On which port does \"slave12\" listen?".to_owned(),
        guess: "25433".to_owned(),
    };
    let unreached = Unreached {
        server: Some("slave12".to_owned()),
        host: Some("10.0.0.9".to_owned()),
        port: None,
        message: "It streams from db3:5432, and nothing answered.".to_owned(),
    };
    let loss = Loss {
        place: "db3:5432".to_owned(),
        line: "trigger_file = '/x'".to_owned(),
        message: "The design does not keep a trigger file.".to_owned(),
    };
    let brought = Brought {
        document,
        asked: Vec::from_iter((!is_whole).then_some(asked)),
        losses: vec![loss],
        unreached: Vec::from_iter((!is_whole).then_some(unreached)),
        facts: Vec::new(),
        names: Vec::new(),
        seen: Vec::new(),
    };
    let audit = audit(&Subject {
        document: &brought.document,
        facts: &brought.facts,
        names: &brought.names,
        seen: &brought.seen,
        asked: &brought.asked,
        losses: &brought.losses,
        unreached: &brought.unreached,
    });
    Imported {
        number,
        source,
        brought,
        audit,
    }
}

/// An import that is under way.
fn running() -> Session {
    let mut session = saved_seed();
    assert_eq!(
        send(&mut session, ImportMessage::Ask(ImportSource::default())),
        [Effect::FindConnections]
    );
    let effects = send(&mut session, ImportMessage::Start(connection()));
    let source = Box::new(connection());
    assert_eq!(effects, [Effect::Import { number: 1, source }]);
    assert_eq!(stage(&session), &ImportStage::Running(1));
    session
}

#[test]
fn unsaved_changes_are_asked_about_first() {
    let mut session = saved_seed();
    modify(&mut session);
    send(&mut session, ImportMessage::Ask(connection()));
    assert!(matches!(session.dialog, Some(Dialog::Unsaved { .. })));
    drop(update(&mut session, Message::File(FileMessage::Discard)));
    assert_eq!(source(&session), &connection());
}

#[test]
fn what_is_missing_is_said_and_nothing_is_begun() {
    for (source, word) in [
        (ImportSource::default(), "server"),
        (
            ImportSource {
                from_files: true,
                ..connection()
            },
            "files",
        ),
    ] {
        let mut session = saved_seed();
        send(&mut session, ImportMessage::Ask(ImportSource::default()));
        assert_eq!(send(&mut session, ImportMessage::Start(source)), []);
        let ImportStage::Filling(Some(report)) = stage(&session) else {
            panic!("{:?}", session.dialog);
        };
        assert!(report.headline.contains(word) && !report.hints.is_empty());
    }
}

#[test]
fn an_import_that_failed_says_why_and_loses_nothing_that_was_typed() {
    let mut session = running();
    let report = Report::new("db3:5432 could not be queried.");
    send(&mut session, ImportMessage::Failed(7, report.clone()));
    assert_eq!(stage(&session), &ImportStage::Running(1), "of another one");
    send(&mut session, ImportMessage::Failed(1, report.clone()));
    assert_eq!(stage(&session), &ImportStage::Filling(Some(report)));
    assert_eq!(source(&session), &connection(), "the password, too");
}

#[test]
fn one_that_was_stopped_changes_nothing_when_it_answers_all_the_same() {
    let mut session = running();
    assert_eq!(send(&mut session, ImportMessage::Cancel), [Effect::CancelImport]);
    let before = session.derived.text.clone();
    let late = imported(1, connection(), true);
    assert_eq!(send(&mut session, ImportMessage::Done(Box::new(late))), []);
    assert_eq!(session.derived.text, before);
    assert!(session.imported.is_none());
    assert_eq!(stage(&session), &ImportStage::Filling(None));

    let mut session = running();
    let closed = update(&mut session, Message::View(ViewMessage::Dialog(None)));
    assert_eq!(closed, [Effect::CancelImport]);
}

#[test]
fn a_whole_cluster_opens_as_a_new_unsaved_design_with_what_it_does_not_say() {
    let mut session = running();
    let found = imported(1, connection(), true);
    let effects = send(&mut session, ImportMessage::Done(Box::new(found)));
    let noted = Effect::NoteConnection("host=db3 user=monitor".to_owned());
    assert_eq!(effects, [noted]);
    assert_eq!(session.dialog, None);
    assert_eq!(session.looks.tab, Tab::Imported);
    assert!(session.is_modified() && session.desk.path.is_none());
    let (kind, headline) = notice(&session);
    assert_eq!(kind, NoticeKind::Done);
    assert!(headline.contains("5 servers"), "{headline}");
    let text = session.imported.as_ref().unwrap().text();
    assert!(
        text.contains("trigger_file") && text.contains("host=db3"),
        "{text}"
    );
    assert!(!text.contains("hunter2"));

    // Another design has nothing to do with it.
    let discard = Message::File(FileMessage::Discard);
    let new = Message::File(FileMessage::New("seed".to_owned()));
    drop(update(&mut session, new));
    drop(update(&mut session, discard));
    assert!(session.imported.is_none());
    assert_eq!(session.looks.tab, Tab::Inspector);
}

#[test]
fn what_could_not_be_seen_is_asked_and_asked_again() {
    let mut session = running();
    let found = imported(1, connection(), false);
    send(&mut session, ImportMessage::Done(Box::new(found)));
    assert!(matches!(stage(&session), ImportStage::Questions(_)));
    assert!(session.imported.is_none(), "not yet");

    let at = || ImportMessage::LookAlso(vec!["10.0.0.9:5444".to_owned()]);
    let effects = send(&mut session, at());
    let [Effect::Import { number: 2, source }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(source.others(), ["10.0.0.9:5444"]);
    assert_eq!(source.password, connection().password, "it is not typed again");

    let again = imported(2, (**source).clone(), false);
    send(&mut session, ImportMessage::Done(Box::new(again)));
    let effects = send(&mut session, at());
    let [Effect::Import { number: 3, source }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(source.others().len(), 1, "each address once");
    let again = imported(3, (**source).clone(), false);
    send(&mut session, ImportMessage::Done(Box::new(again)));
    send(&mut session, ImportMessage::Open);
    assert_eq!(session.imported.as_ref().unwrap().number, 3);
    assert_eq!(session.looks.tab, Tab::Imported);
}

#[test]
fn folders_are_added_one_after_another() {
    let mut session = saved_seed();
    send(&mut session, ImportMessage::Ask(ImportSource::default()));
    let purpose = PathPurpose::Import { is_folder: true };
    for folder in ["/a", "/b", "/a"] {
        let message = ImportMessage::Choose {
            source: ImportSource {
                from_files: true,
                ..source(&session).clone()
            },
            is_folder: true,
        };
        let asked = send(&mut session, message);
        assert!(matches!(asked.as_slice(), [Effect::AskPath { .. }]));
        let chosen = FileMessage::Chosen(purpose, Some(PathBuf::from(folder)));
        drop(update(&mut session, Message::File(chosen)));
    }
    assert_eq!(source(&session).paths, [PathBuf::from("/a"), PathBuf::from("/b")]);
    drop(update(
        &mut session,
        Message::File(FileMessage::NoDialog(purpose)),
    ));
    assert!(matches!(stage(&session), ImportStage::Filling(Some(_))));
    assert_eq!(source(&session).paths.len(), 2);
}

#[test]
fn the_report_is_saved_with_and_without_names() {
    let mut session = running();
    let found = imported(1, connection(), true);
    send(&mut session, ImportMessage::Done(Box::new(found)));
    for (is_markdown, is_anonymous) in [(false, false), (true, false), (false, true), (true, true)] {
        let style = ReportStyle {
            is_markdown,
            is_anonymous,
        };
        let asked = send(&mut session, ImportMessage::SaveReport(style));
        let [Effect::AskPath { purpose, suggested }] = asked.as_slice() else {
            panic!("{asked:?}");
        };
        assert!(suggested.ends_with(style.extension()));
        let chosen = FileMessage::Chosen(*purpose, Some(PathBuf::from("/out/audit")));
        let effects = without_autosave(update(&mut session, Message::File(chosen)));
        let [Effect::Write { bytes, purpose, .. }] = effects.as_slice() else {
            panic!("{effects:?}");
        };
        assert_eq!(*purpose, PathPurpose::SaveReport(style));
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert_eq!(text.starts_with("<!"), !is_markdown, "{text}");
        assert_eq!(text.contains("slave12"), !is_anonymous, "{text}");
        let written = FileMessage::Written(*purpose, "/out/audit".into(), None);
        drop(update(&mut session, Message::File(written)));
        assert_eq!(notice(&session), (NoticeKind::Done, "Saved audit"));
    }
}

#[test]
fn connections_are_on_the_start_page_until_they_are_forgotten() {
    let mut session = saved_seed();
    let one = |text: &str| RecentConnection {
        text: text.to_owned(),
        age_secs: 3,
    };
    let known = StartMessage::Connections(vec![one("host=a"), one("host=b")]);
    drop(update(&mut session, Message::Start(known)));
    let forget = StartMessage::ForgetConnection("host=a".to_owned());
    let effects = update(&mut session, Message::Start(forget));
    assert_eq!(effects, [Effect::ForgetConnection("host=a".to_owned())]);
    assert_eq!(session.start.connections, [one("host=b")]);
}

/// A window that watches the cluster it has imported.
fn watching() -> (Session, PathBuf) {
    let mut session = running();
    let found = imported(1, connection(), true);
    send(&mut session, ImportMessage::Done(Box::new(found)));
    let effects = update(&mut session, Message::Cluster(ClusterMessage::WatchForeign));
    let [Effect::WatchForeign { key, .. }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    (session, key.clone())
}

#[test]
fn a_watched_cluster_is_read_only_whatever_is_asked_for() {
    let (mut session, key) = watching();
    assert!(session.live.is_foreign());
    assert_eq!(session.looks.tab, Tab::Deploy);
    assert!(!key.to_string_lossy().contains("hunter2"));
    let heir = "slave1".to_owned();
    for message in [
        Message::Cluster(ClusterMessage::Stop),
        Message::Cluster(ClusterMessage::Start),
        Message::Cluster(ClusterMessage::StopServers(vec![heir.clone()])),
        Message::Cluster(ClusterMessage::StartServers(vec![heir.clone()])),
        Message::Cluster(ClusterMessage::AskAdopt),
        Message::Cluster(ClusterMessage::ShowLog(heir.clone())),
        Message::Cluster(ClusterMessage::AskSteer(Wish::Switchover { heir })),
        Message::Cluster(ClusterMessage::StartLoad(None)),
        BreakingMessage::Make(Fault::FillArchive).into(),
        BreakingMessage::Repair(None).into(),
        Message::Cluster(ClusterMessage::AskTeardown(key.clone())),
        Message::Cluster(ClusterMessage::Teardown(key.clone())),
        Message::Run(RunMessage::Ask),
        Message::Run(RunMessage::AskChange),
    ] {
        session.notices.clear();
        assert_eq!(
            without_autosave(update(&mut session, message.clone())),
            [],
            "{message:?}"
        );
        let (kind, headline) = notice(&session);
        assert_eq!(kind, NoticeKind::Info, "{message:?}");
        assert!(headline.contains("read-only"), "{headline}");
        assert_eq!(session.dialog, None, "{message:?}");
    }
    let watch = Message::Cluster(ClusterMessage::WatchForeign);
    assert_eq!(update(&mut session, watch), [], "one at a time");
    let let_go = Message::Cluster(ClusterMessage::LetGo);
    assert_eq!(update(&mut session, let_go), [Effect::Unwatch]);
    assert!(session.live.cluster.is_none());
    assert_eq!(session.looks.tab, Tab::Imported);
}

#[test]
fn one_that_is_watched_at_once_needs_no_second_request() {
    let mut session = saved_seed();
    let source = ImportSource {
        watch: true,
        ..connection()
    };
    send(&mut session, ImportMessage::Ask(source.clone()));
    send(&mut session, ImportMessage::Start(source.clone()));
    let found = imported(1, source, true);
    let effects = send(&mut session, ImportMessage::Done(Box::new(found)));
    let watches = |effect: &Effect| matches!(effect, Effect::WatchForeign { .. });
    assert!(effects.iter().any(watches), "{effects:?}");
}

#[test]
fn another_design_has_nothing_to_do_with_what_is_watched() {
    let (mut session, _) = watching();
    let new = Message::File(FileMessage::New("seed".to_owned()));
    drop(update(&mut session, new));
    assert!(session.live.is_foreign(), "only asked");
    let effects = update(&mut session, Message::File(FileMessage::Discard));
    assert!(effects.contains(&Effect::Unwatch), "{effects:?}");
    assert!(session.live.cluster.is_none());

    let (mut session, _) = watching();
    send(&mut session, ImportMessage::Ask(connection()));
    drop(update(&mut session, Message::File(FileMessage::Discard)));
    let again = ImportSource {
        watch: true,
        ..connection()
    };
    send(&mut session, ImportMessage::Start(again.clone()));
    let found = imported(2, again, true);
    let effects = send(&mut session, ImportMessage::Done(Box::new(found)));
    let watches =
        |effect: &Effect| matches!(effect, Effect::WatchForeign { imported, .. } if imported.number == 2);
    assert!(effects.iter().any(watches), "{effects:?}");
}

#[test]
fn files_cannot_be_watched() {
    let mut session = running();
    let mut found = imported(1, connection(), true);
    found.source.from_files = true;
    send(&mut session, ImportMessage::Done(Box::new(found)));
    let effects = update(&mut session, Message::Cluster(ClusterMessage::WatchForeign));
    assert_eq!(effects, []);
    assert!(session.live.cluster.is_none());
    assert_eq!(notice(&session).0, NoticeKind::Info);
}

#[test]
fn a_configuration_file_that_is_opened_is_offered_for_import() {
    let mut session = saved_seed();
    let path = PathBuf::from("/etc/postgresql/15/main/postgresql.conf");
    let read = FileMessage::Read(path.clone(), "port = 5433\n".to_owned());
    update(&mut session, Message::File(read));
    assert!(source(&session).from_files && source(&session).paths == [path]);
    // The design is still there, and nothing was said to be wrong with it.
    assert!(session.notices.is_empty() && session.desk.path.is_some());
}
