//! The deployed cluster: stop, start, teardown, what it shows, what earlier sessions left.

use std::path::Path;

use super::run::{FOLDER, finished, start};
use super::*;
use crate::app::{ClusterMessage, Dialog, FileMessage, RunView};
use crate::engine::deploy::{LeftOver, Resumed};
use crate::model::desk::{LeftCluster, LeftState};
use crate::model::health::{Board, Commits, Reading, ReplicationRow};
use crate::model::plan::Outcome;
use crate::report::Report;

fn deployed() -> Session {
    let mut session = seed();
    let run = start(&mut session);
    update(&mut session, finished(run, Outcome::Done));
    session
}

fn cluster(message: ClusterMessage) -> Message {
    Message::Cluster(message)
}

/// The two servers between which a link is looked for.
fn board() -> Board {
    let row = ReplicationRow {
        application_name: "slave1".to_owned(),
        state: "streaming".to_owned(),
        sync_priority: 1,
        sync_state: "sync".to_owned(),
    };
    let reading = |name: &str, upstream: Option<&str>, replication| Reading {
        name: name.to_owned(),
        running: true,
        answers: true,
        role: if upstream.is_some() { "standby" } else { "primary" }.to_owned(),
        upstream: upstream.map(str::to_owned),
        replication,
    };
    Board {
        servers: vec![
            reading("master", None, vec![row]),
            reading("slave1", Some("master"), Vec::new()),
        ],
        commits: Commits {
            outcome: "acknowledged".to_owned(),
            waits_for: vec!["slave1".to_owned()],
        },
    }
}

fn record(folder: &str, state: LeftState) -> LeftCluster {
    LeftCluster {
        name: "seed".to_owned(),
        folder: folder.into(),
        state,
    }
}

#[test]
fn a_line_about_a_whole_cluster_can_be_closed_and_stays_so() {
    let mut session = seed();
    let both = || {
        let whole = record("/whole", LeftState::Whole);
        ClusterMessage::LeftOver(vec![whole, record("/half", LeftState::HalfBuilt)])
    };
    update(&mut session, cluster(both()));
    update(&mut session, cluster(ClusterMessage::Hide("/whole".into())));
    assert_eq!(session.live.left_over, [record("/half", LeftState::HalfBuilt)]);
    update(&mut session, cluster(both()));
    assert_eq!(
        session.live.left_over.len(),
        1,
        "also when they are looked for again"
    );
}

#[test]
fn a_cluster_that_is_gone_is_gone_from_the_window_unless_it_is_our_own_doing() {
    let mut session = deployed();
    let seen = Box::new(board().into());
    update(&mut session, cluster(ClusterMessage::Seen(FOLDER.into(), seen)));
    session.live.cluster.as_mut().unwrap().busy = Some("Tearing down".to_owned());
    update(&mut session, cluster(ClusterMessage::Gone(FOLDER.into())));
    assert!(
        session.live.cluster.is_some(),
        "its end comes with its own message"
    );
    session.live.cluster.as_mut().unwrap().busy = None;
    let effects = update(&mut session, cluster(ClusterMessage::Gone(FOLDER.into())));
    assert!(session.live.cluster.is_none() && effects.contains(&Effect::Unwatch));
}

#[test]
fn what_servers_show_is_found_by_the_drawing() {
    let mut session = deployed();
    let [slave1, slave2] = ["slave1", "slave2"].map(|name| id(&session, name));
    assert_eq!(session.reading(slave1), None);
    update(
        &mut session,
        cluster(ClusterMessage::Seen(
            "/elsewhere".into(),
            Box::new(board().into()),
        )),
    );
    assert_eq!(
        session.reading(slave1),
        None,
        "a board of another folder is not ours"
    );
    update(
        &mut session,
        cluster(ClusterMessage::Seen(FOLDER.into(), Box::new(board().into()))),
    );
    assert!(session.reading(slave1).unwrap().running);
    assert_eq!(session.replication_row(slave1).unwrap().sync_state, "sync");
    assert_eq!(session.replication_row(slave2), None);
    // Drawn elsewhere, the link that runs is not the drawn one.
    let message = attach(&session, "slave1", "slave2");
    update(&mut session, message);
    assert!(session.reading(slave1).is_some());
    assert_eq!(session.replication_row(slave1), None);
}

#[test]
fn a_cluster_is_stopped_and_started_one_thing_at_a_time() {
    let mut session = deployed();
    assert_eq!(
        update(&mut session, cluster(ClusterMessage::Stop)),
        [Effect::StopCluster(FOLDER.into())]
    );
    assert_eq!(
        session.live.cluster.as_ref().unwrap().busy.as_deref(),
        Some("Stopping")
    );
    assert_eq!(update(&mut session, cluster(ClusterMessage::Start)), []);
    update(&mut session, cluster(ClusterMessage::Stopped(FOLDER.into())));
    assert_eq!(session.live.cluster.as_ref().unwrap().busy, None);
    assert_eq!(
        update(&mut session, cluster(ClusterMessage::Start)),
        [Effect::StartCluster(FOLDER.into())]
    );
    let failed = ClusterMessage::Failed(FOLDER.into(), Report::new("port 5432 is taken"));
    assert_eq!(
        update(&mut session, cluster(failed)),
        [Effect::Watch(FOLDER.into())]
    );
    assert_eq!(notice(&session), (NoticeKind::Problem, "port 5432 is taken"));
}

#[test]
fn tearing_down_asks_and_leaves_a_window_without_cluster() {
    let mut session = deployed();
    let folder = PathBuf::from(FOLDER);
    update(&mut session, cluster(ClusterMessage::AskTeardown(folder.clone())));
    assert_eq!(
        session.dialog,
        Some(Dialog::ConfirmTeardown {
            folder: folder.clone()
        })
    );
    let effects = update(&mut session, cluster(ClusterMessage::Teardown(folder.clone())));
    assert_eq!(effects, [Effect::Unwatch, Effect::Teardown(folder.clone())]);
    assert_eq!(session.dialog, None);
    assert_eq!(
        update(&mut session, cluster(ClusterMessage::Teardown(folder.clone()))),
        []
    );

    let report = Report::new("Nothing of seed is left");
    let effects = update(&mut session, cluster(ClusterMessage::TornDown(folder, report)));
    assert_eq!(effects, [Effect::Unwatch]);
    assert!(session.live.cluster.is_none());
    assert!(matches!(session.live.run, RunView::Idle));
    start(&mut session);
}

#[test]
fn what_earlier_sessions_left_is_torn_down_or_adopted() {
    let mut session = seed();
    let records = vec![record("/a", LeftState::HalfBuilt), record("/b", LeftState::Whole)];
    update(&mut session, cluster(ClusterMessage::LeftOver(records)));
    assert_eq!(session.live.left_over.len(), 2);
    assert!(session.notices.is_empty(), "the line above the drawing says it");

    // Half a cluster cannot be watched.
    assert_eq!(
        update(&mut session, cluster(ClusterMessage::Attach("/a".into()))),
        []
    );
    let teardown = ClusterMessage::Teardown("/a".into());
    assert_eq!(
        update(&mut session, cluster(teardown.clone())),
        [Effect::Teardown("/a".into())]
    );
    assert_eq!(update(&mut session, cluster(teardown)), [], "it is under way");
    update(
        &mut session,
        cluster(ClusterMessage::TornDown("/a".into(), Report::new("Gone"))),
    );
    assert_eq!(session.live.left_over.len(), 1);
    assert!(session.live.removing.is_empty());

    assert_eq!(
        update(&mut session, cluster(ClusterMessage::Attach("/b".into()))),
        [Effect::Attach("/b".into())]
    );
    let design = Document::new(notation::parse("far 1111\n  away 2222\n").unwrap());
    let adopted = ClusterMessage::Attached("/b".into(), Box::new(design.clone()));
    let effects = without_autosave(update(&mut session, cluster(adopted)));
    assert_eq!(effects, [Effect::Watch("/b".into())]);
    assert!(session.live.left_over.is_empty());
    assert_eq!(session.live.cluster.as_ref().unwrap().folder, Path::new("/b"));
    // Nothing was unsaved, so that the drawing is the cluster's.
    assert_eq!(drawn(&session), tree(&design));
    assert!(!session.is_modified() && !session.differs_from_deployed());
}

#[test]
fn adopting_never_loses_an_unsaved_drawing() {
    let mut session = seed();
    modify(&mut session);
    let before = drawn(&session);
    let design = Document::new(notation::parse("far 1111\n  away 2222\n").unwrap());
    let adopted = ClusterMessage::Attached("/b".into(), Box::new(design));
    update(&mut session, cluster(adopted));
    assert_eq!(drawn(&session), before);
    assert!(session.differs_from_deployed());
    assert_eq!(notice(&session).0, NoticeKind::Info);
}

fn can_go_on(session: &mut Session, design: &Document) -> Vec<Effect> {
    let effects = update(session, cluster(ClusterMessage::GoOn("/a".into())));
    let [Effect::LookAtLeftOver { folder, .. }] = &effects[..] else {
        panic!("{effects:?}");
    };
    let left = LeftOver::Deployment(Box::new(Resumed::sample(design.clone(), "/a")));
    let message = ClusterMessage::CanGoOn(folder.clone(), Box::new(left));
    without_autosave(update(session, cluster(message)))
}

#[test]
fn what_is_half_built_is_gone_on_with_and_watched() {
    let mut session = seed();
    let records = vec![record("/a", LeftState::HalfBuilt)];
    update(&mut session, cluster(ClusterMessage::LeftOver(records)));
    let design = Document::new(notation::parse("far 1111\n  away 2222\n").unwrap());
    let effects = can_go_on(&mut session, &design);
    assert!(matches!(&effects[..], [Effect::StartResumed(_)]), "{effects:?}");
    assert_eq!(drawn(&session), tree(&design), "it is what is being built");
    assert!(session.is_locked() && !session.is_modified() && session.live.left_over.is_empty());
    let effects = update(&mut session, finished(1, Outcome::Done));
    assert_eq!(effects, [Effect::Watch("/a".into())]);
    assert!(!session.differs_from_deployed());
}

#[test]
fn going_on_never_loses_an_unsaved_drawing() {
    let mut session = seed();
    modify(&mut session);
    let before = drawn(&session);
    let records = vec![record("/a", LeftState::HalfBuilt)];
    update(&mut session, cluster(ClusterMessage::LeftOver(records)));
    let design = Document::new(notation::parse("far 1111\n  away 2222\n").unwrap());
    assert_eq!(can_go_on(&mut session, &design), []);
    assert!(matches!(session.dialog, Some(Dialog::Unsaved { .. })));
    assert_eq!(drawn(&session), before);
    let discard = Message::File(FileMessage::Discard);
    let effects = without_autosave(update(&mut session, discard));
    assert!(matches!(&effects[..], [Effect::StartResumed(_)]), "{effects:?}");
    assert_eq!(drawn(&session), tree(&design));
}

#[test]
fn a_window_with_a_cluster_builds_no_second_one_and_finishes_what_is_not_shown() {
    let mut session = deployed();
    let records = vec![
        record("/a", LeftState::BetweenDesigns),
        record("/r", LeftState::HalfRemoved),
        record("/s", LeftState::HalfStopped),
    ];
    update(&mut session, cluster(ClusterMessage::LeftOver(records)));
    assert_eq!(
        update(&mut session, cluster(ClusterMessage::GoOn("/a".into()))),
        []
    );
    assert_eq!(
        notice(&session),
        (NoticeKind::Problem, "This window already has a cluster")
    );
    assert_eq!(
        update(&mut session, cluster(ClusterMessage::GoOn("/r".into()))),
        [Effect::Teardown("/r".into())]
    );
    let effects = update(&mut session, cluster(ClusterMessage::GoOn("/s".into())));
    assert!(
        matches!(&effects[..], [Effect::LookAtLeftOver { .. }]),
        "{effects:?}"
    );
    let left = LeftOver::Stop(vec!["slave2".to_owned()]);
    let message = ClusterMessage::CanGoOn("/s".into(), Box::new(left));
    let switch = Effect::Switch {
        folder: "/s".into(),
        starts: false,
        servers: vec!["slave2".to_owned()],
    };
    assert_eq!(update(&mut session, cluster(message)), [switch]);
    let stopped = ClusterMessage::Switched("/s".into(), Report::new("Stopped"));
    assert_eq!(update(&mut session, cluster(stopped)), [Effect::FindLeftOver]);
}

#[test]
fn what_is_kept_is_offered_no_more() {
    let mut session = seed();
    let records = vec![record("/a", LeftState::HalfBuilt)];
    update(&mut session, cluster(ClusterMessage::LeftOver(records)));
    assert_eq!(
        update(&mut session, cluster(ClusterMessage::Keep("/a".into()))),
        [Effect::KeepLeftOver("/a".into())]
    );
    update(&mut session, cluster(ClusterMessage::Kept("/a".into())));
    assert!(session.live.left_over.is_empty());
    assert_eq!(notice(&session).0, NoticeKind::Done);
}

#[test]
fn one_server_is_started_or_stopped_and_the_window_goes_on() {
    let mut session = deployed();
    let folder = session.live.cluster.as_ref().unwrap().folder.clone();
    let stop = || cluster(ClusterMessage::StopServers(vec!["slave1".to_owned()]));
    let servers = vec!["slave1".to_owned()];
    let effect = Effect::Switch {
        folder: folder.clone(),
        starts: false,
        servers,
    };
    assert_eq!(update(&mut session, stop()), [effect]);
    let busy = |session: &Session| session.live.cluster.as_ref().unwrap().busy.clone();
    assert_eq!(busy(&session).as_deref(), Some("Stopping slave1"));
    assert_eq!(update(&mut session, stop()), [], "one thing at a time");
    let done = ClusterMessage::Switched(folder, Report::new("Stopped"));
    assert_eq!(update(&mut session, cluster(done)), []);
    assert_eq!(busy(&session), None);
}

#[test]
fn a_log_is_followed_while_it_is_open() {
    let mut session = deployed();
    let folder = session.live.cluster.as_ref().unwrap().folder.clone();
    let server = "slave1".to_owned();
    let show = cluster(ClusterMessage::ShowLog(server.clone()));
    assert_eq!(update(&mut session, show), [Effect::FollowLog { folder, server }]);
    let log = || {
        cluster(ClusterMessage::Log(
            "slave1".to_owned(),
            vec!["LOG:  ready".to_owned()],
        ))
    };
    assert_eq!(update(&mut session, log()), []);
    let Some(Dialog::Log { lines, .. }) = &session.dialog else {
        panic!("{:?}", session.dialog);
    };
    assert_eq!(lines, &["LOG:  ready"]);
    session.dialog = None;
    assert_eq!(update(&mut session, log()), [Effect::EndLog]);
}
