//! A deployment from the question for its folder to its end.

use super::*;
use crate::app::{ClusterMessage, Dialog, FileMessage, RunMessage, RunView, Tab};
use crate::model::plan::{EventKind, Machine, Outcome, PortUse, RunEvent, Tools};
use crate::model::topology::{PgMajor, Port};

pub(super) const FOLDER: &str = "/var/tmp/pgcascade/seed";

fn run(message: RunMessage) -> Message {
    Message::Run(message)
}

pub(super) fn machine() -> Machine {
    Machine {
        tools: vec![Tools {
            bin: "/usr/lib/postgresql/15/bin".to_owned(),
            major: PgMajor::V15,
            version: "15.18".to_owned(),
            has_tls: Some(true),
        }],
        free_disk_bytes: Some(1 << 40),
        ..Machine::portable(FOLDER)
    }
}

fn found(machine: Machine) -> Message {
    run(RunMessage::Found(Box::new(machine)))
}

/// Up to the moment when the run has begun; returns its number.
pub(super) fn start(session: &mut Session) -> u64 {
    update(session, run(RunMessage::Ask));
    update(session, run(RunMessage::Prepare(FOLDER.into())));
    update(session, found(machine()));
    let effects = update(session, run(RunMessage::Confirm));
    let [Effect::StartRun { run, .. }] = &effects[..] else {
        panic!("{effects:?}");
    };
    *run
}

fn event(run: u64, number: u64, kind: EventKind) -> Message {
    Message::Run(RunMessage::Event(RunEvent {
        run,
        number,
        elapsed_ms: number,
        kind,
    }))
}

pub(super) fn finished(run: u64, outcome: Outcome) -> Message {
    event(run, 1, EventKind::Finished { outcome })
}

#[test]
fn a_deployment_asks_looks_shows_its_plan_runs_and_is_watched() {
    let mut session = seed();
    update(&mut session, run(RunMessage::Ask));
    assert_eq!(session.looks.tab, Tab::Deploy);
    let text = FOLDER.to_owned();
    assert_eq!(session.dialog, Some(Dialog::DeployFolder { text }));

    let effects = update(&mut session, run(RunMessage::Prepare(FOLDER.into())));
    assert!(matches!(&effects[..], [Effect::Discover { folder, .. }] if folder.as_os_str() == FOLDER));
    assert_eq!(session.dialog, None);
    update(&mut session, found(machine()));
    assert!(matches!(
        &session.live.run,
        RunView::Planned { plan: Some(_), .. }
    ));

    let effects = update(&mut session, run(RunMessage::Confirm));
    let [Effect::StartRun { run: number, .. }] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert!(session.is_locked());
    assert_eq!(
        update(&mut session, finished(*number, Outcome::Done)),
        [Effect::Watch(FOLDER.into())]
    );
    assert!(!session.is_locked());
    let cluster = session.live.cluster.as_ref().unwrap();
    assert_eq!(cluster.folder.as_os_str(), FOLDER);
    assert!(!session.differs_from_deployed());
    assert_eq!(
        notice(&session),
        (NoticeKind::Done, "\"seed\" runs and is verified")
    );

    // One cluster at a time.
    update(&mut session, run(RunMessage::Ask));
    assert_eq!(session.dialog, None);
    assert!(notice(&session).1.starts_with("A cluster is already deployed"));
    modify(&mut session);
    assert!(session.differs_from_deployed());
}

#[test]
fn the_design_is_locked_while_it_is_deployed() {
    let mut session = seed();
    let number = start(&mut session);
    let before = drawn(&session);
    let text = templates::find("seed").unwrap().text.to_owned();
    for message in [
        attach(&session, "slave12", "slave2"),
        Message::Design(DesignMessage::Undo),
        Message::File(FileMessage::New("seed".to_owned())),
        Message::File(FileMessage::Open),
        Message::File(FileMessage::Read("/d/x.toml".into(), text)),
    ] {
        session.notices.clear();
        assert_eq!(update(&mut session, message), []);
        assert_eq!(
            notice(&session).1,
            "The design is locked while it is being deployed"
        );
        assert_eq!(session.dialog, None);
    }
    assert_eq!(drawn(&session), before);
    assert_eq!(update(&mut session, Message::Quit), []);
    assert_eq!(
        notice(&session),
        (NoticeKind::Info, "A deployment is in progress")
    );

    update(&mut session, finished(number, Outcome::Done));
    modify(&mut session);
}

#[test]
fn a_check_that_fails_stops_before_the_first_step() {
    let mut session = seed();
    update(&mut session, run(RunMessage::Prepare(FOLDER.into())));
    let mut busy = machine();
    busy.ports_in_use.push(PortUse { port: 5432, by: None });
    update(&mut session, found(busy));
    let RunView::Planned {
        checks, plan: None, ..
    } = &session.live.run
    else {
        panic!("{:?}", session.live.run);
    };
    assert!(checks.iter().any(|check| check.id == "port-in-use" && !check.ok));
    assert_eq!(update(&mut session, run(RunMessage::Confirm)), []);
    update(&mut session, run(RunMessage::Close));
    assert!(matches!(session.live.run, RunView::Idle));
}

#[test]
fn a_plan_that_is_shown_follows_the_drawing() {
    let mut session = seed();
    update(&mut session, run(RunMessage::Prepare(FOLDER.into())));
    update(&mut session, found(machine()));
    let server = id(&session, "slave12");
    let port = Port::new(25999).unwrap();
    let effects = without_autosave(update(&mut session, edit(Edit::SetPort { server, port })));
    let [Effect::Discover { document, .. }] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(**document, session.desk.document);
    assert!(matches!(session.live.run, RunView::Discovering { .. }));
    // An answer that comes after the panel was closed shows nothing.
    update(&mut session, run(RunMessage::Close));
    update(&mut session, found(machine()));
    assert!(matches!(session.live.run, RunView::Idle));
}

#[test]
fn a_run_that_fails_says_why_and_what_remains() {
    let mut session = seed();
    let number = start(&mut session);
    let failed = |remains: &[&str]| Outcome::Failed {
        reason: "initdb ended with 1".to_owned(),
        hints: vec!["Look into its output".to_owned()],
        remains: remains.iter().map(|&what| what.to_owned()).collect(),
    };
    assert_eq!(update(&mut session, finished(number, failed(&[]))), []);
    let report = &session.notices.last().unwrap().report;
    assert_eq!(report.headline, "The deployment failed");
    assert_eq!(report.causes, ["initdb ended with 1"]);
    assert_eq!(
        report.hints,
        ["Look into its output", "Everything was rolled back"]
    );
    assert!(session.live.cluster.is_none());

    let number = start(&mut session);
    let effects = update(
        &mut session,
        finished(number, failed(&["the folder servers/master"])),
    );
    assert_eq!(effects, [Effect::FindLeftOver]);
    let report = &session.notices.last().unwrap().report;
    assert_eq!(report.causes[1], "the folder servers/master");
}

#[test]
fn cancel_is_passed_on_each_time_and_events_of_other_runs_are_ignored() {
    let mut session = seed();
    let number = start(&mut session);
    assert_eq!(update(&mut session, finished(number + 1, Outcome::Done)), []);
    assert!(session.is_locked());
    for _ in 0..2 {
        assert_eq!(update(&mut session, run(RunMessage::Cancel)), [Effect::CancelRun]);
    }
    assert!(matches!(session.live.run, RunView::Run { cancelling: true, .. }));
    let remains = Vec::new();
    update(&mut session, finished(number, Outcome::Cancelled { remains }));
    assert_eq!(
        notice(&session),
        (NoticeKind::Info, "The deployment was cancelled")
    );
    assert_eq!(update(&mut session, run(RunMessage::Cancel)), []);
    assert!(start(&mut session) > number);
}

#[test]
fn a_finished_run_is_put_away_when_its_cluster_is_stopped_or_torn_down() {
    for message in [
        ClusterMessage::Stop,
        ClusterMessage::StopServers(vec!["slave2".to_owned()]),
        ClusterMessage::Teardown(FOLDER.into()),
    ] {
        let mut session = seed();
        let number = start(&mut session);
        update(&mut session, finished(number, Outcome::Done));
        assert!(matches!(session.live.run, RunView::Run { .. }));
        update(&mut session, Message::Cluster(message));
        // Nothing says "Built and verified" while it is taken apart.
        assert!(matches!(session.live.run, RunView::Idle));
        assert!(session.live.cluster.unwrap().busy.is_some());
    }
}
