//! The start page: what is begun from it, and what it knows of clusters.

use super::*;
use crate::app::{ClusterMessage, Dialog, FileMessage, StartMessage, Tab, ViewMessage};
use crate::model::desk::Unsaved;
use crate::model::desk::{Condition, Listed};
use crate::model::desk::{Removal, Theme};

fn start(message: StartMessage) -> Message {
    Message::Start(message)
}

/// A window that begins with its start page.
fn started() -> Session {
    let mut session = seed();
    session.start.is_shown = true;
    session.start.was_first = true;
    session
}

fn listed(folder: &str) -> Listed {
    Listed {
        name: "seed".to_owned(),
        folder: folder.into(),
        version: "15".to_owned(),
        state: Condition::Running,
        servers: 5,
        servers_up: 5,
        split: Vec::new(),
        is_kept: false,
    }
}

fn pair() -> Document {
    format::read(templates::find("pair").unwrap().text).unwrap()
}

#[test]
fn the_page_comes_and_goes_and_looks_at_what_there_is() {
    let mut session = seed();
    let effects = update(&mut session, start(StartMessage::Show));
    assert!(session.start.is_shown);
    let looks = [Effect::FindRecent, Effect::ListClusters, Effect::FindLeftOver];
    assert_eq!(effects, looks);
    assert_eq!(update(&mut session, start(StartMessage::Leave)), []);
    assert!(!session.start.is_shown && session.desk.revision == 0);
}

#[test]
fn a_template_is_a_new_design_and_what_is_unsaved_is_asked_about_first() {
    let mut session = started();
    let new = Message::File(FileMessage::New("pair".to_owned()));
    update(&mut session, new.clone());
    assert!(!session.start.is_shown);
    assert_eq!(tree(&session.desk.document), tree(&pair()));

    let mut session = started();
    modify(&mut session);
    update(&mut session, new.clone());
    assert_eq!(session.dialog, Some(Dialog::Unsaved { then: Box::new(new) }));
    update(&mut session, Message::View(ViewMessage::Dialog(None)));
    assert!(session.start.is_shown && session.is_modified());
}

#[test]
fn a_recent_design_is_opened_and_noted() {
    let mut session = started();
    let path = PathBuf::from("/home/u/pair.toml");
    let effects = update(&mut session, start(StartMessage::OpenRecent(path.clone())));
    assert_eq!(effects, [Effect::Read(path.clone())]);
    let text = templates::find("pair").unwrap().text.to_owned();
    let effects = update(&mut session, Message::File(FileMessage::Read(path.clone(), text)));
    assert!(effects.contains(&Effect::NoteRecent(path.clone())));
    assert_eq!(
        (session.desk.path.as_ref(), session.start.is_shown),
        (Some(&path), false)
    );
    let forget = start(StartMessage::ForgetRecent(path.clone()));
    assert_eq!(update(&mut session, forget), [Effect::ForgetRecent(path)]);
}

#[test]
fn a_recent_design_that_cannot_be_read_leaves_the_page_and_the_drawing() {
    let mut session = started();
    let path = PathBuf::from("/home/u/notes.txt");
    update(&mut session, start(StartMessage::OpenRecent(path.clone())));
    update(
        &mut session,
        Message::File(FileMessage::Read(path, "nonsense".to_owned())),
    );
    assert!(session.start.is_shown && session.desk.revision == 0);
    assert_eq!(notice(&session).0, NoticeKind::Problem);
}

#[test]
fn what_is_to_be_recovered_is_on_the_page_and_no_question_in_the_way() {
    let unsaved = |id: &str| Unsaved {
        id: id.to_owned(),
        path: None,
        text: templates::find("pair").unwrap().text.to_owned(),
        age_secs: 5,
    };
    let mut session = started();
    for id in ["1", "2", "3"] {
        update(&mut session, Message::File(FileMessage::Recoverable(unsaved(id))));
    }
    assert_eq!(
        (session.dialog.as_ref(), session.start.recoverable.len()),
        (None, 3)
    );
    let forget = start(StartMessage::ForgetUnsaved("1".to_owned()));
    assert_eq!(
        update(&mut session, forget),
        [Effect::ForgetUnsaved("1".to_owned())]
    );
    update(&mut session, Message::File(FileMessage::Recover(unsaved("2"))));
    assert!(!session.start.is_shown && session.is_modified());
    assert_eq!(tree(&session.desk.document), tree(&pair()));
    let left: Vec<&str> = session
        .start
        .recoverable
        .iter()
        .map(|unsaved| unsaved.id.as_str())
        .collect();
    assert_eq!(left, ["3"], "it stays for later");
    assert_eq!(session.dialog, None);
}

#[test]
fn a_cluster_is_opened_as_its_design_instead_of_the_one_that_was_shown() {
    let mut session = started();
    for folder in ["/c/one", "/c/two"] {
        update(&mut session, start(StartMessage::Show));
        let open = start(StartMessage::OpenCluster(folder.into()));
        assert_eq!(update(&mut session, open), [Effect::Attach(folder.into())]);
        let adopted = ClusterMessage::Attached(folder.into(), Box::new(pair()));
        let effects = update(&mut session, Message::Cluster(adopted));
        assert!(effects.contains(&Effect::Watch(folder.into())));
        assert_eq!(
            session.live.cluster.as_ref().unwrap().folder,
            PathBuf::from(folder)
        );
        assert_eq!(tree(&session.desk.document), tree(&pair()));
        assert_eq!((session.start.is_shown, session.looks.tab), (false, Tab::Deploy));
    }
    // The one that is shown already only comes to the front.
    update(&mut session, start(StartMessage::Show));
    let again = start(StartMessage::OpenCluster("/c/two".into()));
    assert_eq!(update(&mut session, again), []);
    assert!(!session.start.is_shown);
}

#[test]
fn an_unsaved_drawing_is_asked_about_before_a_cluster_takes_its_place() {
    let mut session = started();
    modify(&mut session);
    let open = start(StartMessage::OpenCluster("/c/one".into()));
    assert_eq!(update(&mut session, open), []);
    assert!(matches!(session.dialog, Some(Dialog::Unsaved { .. })));
    let effects = update(&mut session, Message::File(FileMessage::Discard));
    assert_eq!(effects, [Effect::Attach("/c/one".into())]);
    let adopted = ClusterMessage::Attached("/c/one".into(), Box::new(pair()));
    update(&mut session, Message::Cluster(adopted));
    assert_eq!(tree(&session.desk.document), tree(&pair()));
}

#[test]
fn clusters_are_stopped_and_started_from_the_page_one_thing_at_a_time() {
    let mut session = started();
    update(
        &mut session,
        start(StartMessage::Clusters(vec![listed("/c/one")])),
    );
    let stop = || start(StartMessage::StopCluster("/c/one".into()));
    assert_eq!(
        update(&mut session, stop()),
        [Effect::StopCluster("/c/one".into())]
    );
    assert_eq!(update(&mut session, stop()), [], "it is under way");
    let stopped = Message::Cluster(ClusterMessage::Stopped("/c/one".into()));
    assert_eq!(update(&mut session, stopped), [Effect::ListClusters]);
    assert_eq!(notice(&session).0, NoticeKind::Done);
    let starts = start(StartMessage::StartCluster("/c/one".into()));
    assert_eq!(
        update(&mut session, starts),
        [Effect::StartCluster("/c/one".into())]
    );
    let report = crate::report::Report::new("No");
    let failed = Message::Cluster(ClusterMessage::Failed("/c/one".into(), report));
    assert_eq!(update(&mut session, failed), [Effect::ListClusters]);
    assert!(session.start.busy.is_empty());
    update(
        &mut session,
        Message::Cluster(ClusterMessage::Teardown("/c/one".into())),
    );
    let report = crate::report::Report::new("It is gone");
    let gone = Message::Cluster(ClusterMessage::TornDown("/c/one".into(), report));
    assert_eq!(update(&mut session, gone), [Effect::ListClusters]);
    assert_eq!(session.start.clusters, []);
}

#[test]
fn what_is_preferred_is_kept_when_it_changes_and_only_then() {
    let mut session = seed();
    let dark = || Message::View(ViewMessage::Theme(Theme::Dark));
    let effects = update(&mut session, dark());
    let [Effect::KeepPreferences(kept)] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!((kept.theme, kept.reduce_motion), (Theme::Dark, false));
    assert_eq!(update(&mut session, dark()), []);
    let slave1 = id(&session, "slave1");
    let remove = DesignMessage::Remove {
        servers: vec![slave1],
        downstreams: crate::model::topology::Downstreams::Reattach,
        remembers: true,
    };
    update(&mut session, Message::Design(remove));
    assert_eq!(session.preferences.removal, Some(Removal::Reattach));
}
