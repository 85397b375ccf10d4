//! Something is broken on purpose and repaired: one thing at a time, each with its end.

use super::*;
use crate::app::ClusterMessage;
use crate::app::breaking::BreakingMessage;
use crate::app::glance::Glance;
use crate::model::fault::Fault;
use crate::model::health::{Board, Commits, Reading};
use crate::report::Report;

const FOLDER: &str = "/b";

fn tell(session: &mut Session, message: BreakingMessage) -> Vec<Effect> {
    update(session, message.into())
}

/// The seed's cluster, as it runs.
fn watching(faults: &[&str]) -> Session {
    let mut session = saved_seed();
    let deployed = Box::new(session.desk.document.clone());
    let attached = ClusterMessage::Attached(FOLDER.into(), deployed);
    update(&mut session, Message::Cluster(attached));
    see(&mut session, faults);
    session
}

fn see(session: &mut Session, faults: &[&str]) {
    let reading = |server: &crate::model::topology::Server| Reading {
        name: server.name().to_string(),
        running: true,
        answers: true,
        role: if server.is_primary() { "primary" } else { "standby" }.to_owned(),
        upstream: None,
        replication: Vec::new(),
    };
    let servers = session.desk.document.topology().servers();
    let board = Board {
        servers: servers.iter().map(reading).collect(),
        commits: Commits {
            outcome: "acknowledged".to_owned(),
            waits_for: Vec::new(),
        },
    };
    let mut seen = Glance::from(board);
    seen.faults = faults.iter().map(|&fault| fault.to_owned()).collect();
    let seen = ClusterMessage::Seen(FOLDER.into(), Box::new(seen));
    update(session, Message::Cluster(seen));
}

fn busy(session: &Session) -> Option<&str> {
    session.live.cluster.as_ref()?.busy.as_deref()
}

fn crash(session: &Session) -> BreakingMessage {
    BreakingMessage::Make(Fault::Crash(id(session, "slave1")))
}

fn repair(text: Option<&str>) -> BreakingMessage {
    BreakingMessage::Repair(text.map(str::to_owned))
}

fn said(sentences: &[&str]) -> Vec<String> {
    sentences.iter().map(|&one| one.to_owned()).collect()
}

#[test]
fn a_server_is_broken_once_and_the_notice_says_what_will_be_seen() {
    let mut session = watching(&[]);
    let message = crash(&session);
    let begun = tell(&mut session, message.clone());
    let effect = Effect::Break {
        folder: FOLDER.into(),
        fault: "crash slave1".to_owned(),
    };
    assert_eq!(begun, [effect]);
    assert_eq!(busy(&session), Some("Killing slave1"));
    assert_eq!(tell(&mut session, message.clone()), [], "one at a time");
    assert_eq!(tell(&mut session, repair(None)), []);
    let said = said(&["slave1 was killed (SIGKILL).", "To undo it: pgcascade repair /b"]);
    tell(&mut session, BreakingMessage::Made(FOLDER.into(), said));
    assert_eq!((busy(&session), &session.live.breaking), (None, &None));
    let notice = session.notices.last().unwrap();
    assert_eq!(notice.kind, NoticeKind::Done);
    assert_eq!(notice.report.headline, "slave1 was killed");
    assert!(notice.report.hints[0].contains("slave1 is down"));
    // The watcher knows it by now.
    see(&mut session, &["crash slave1"]);
    assert_eq!(tell(&mut session, message), []);
    assert_eq!(session.notices.last().unwrap().kind, NoticeKind::Info);
}

#[test]
fn a_repair_that_fails_leaves_the_fault_where_it_is_and_says_why() {
    let mut session = watching(&["crash slave1"]);
    let begun = tell(&mut session, repair(Some("crash slave1")));
    let effect = Effect::Repair {
        folder: FOLDER.into(),
        fault: Some("crash slave1".to_owned()),
    };
    assert_eq!(begun, [effect]);
    assert_eq!(busy(&session), Some("Repairing slave1"));
    let report = Report::new("slave1 does not start.").hint("Look at its log");
    let failed = BreakingMessage::Failed(FOLDER.into(), report.clone());
    tell(&mut session, failed);
    let notice = session.notices.last().unwrap();
    assert_eq!(notice.kind, NoticeKind::Problem);
    assert_eq!(notice.report.headline, "Repairing slave1 failed");
    assert_eq!(notice.report.causes, [report.headline]);
    assert_eq!(notice.report.hints, report.hints);
    assert_eq!((busy(&session), &session.live.breaking), (None, &None));
    assert_eq!(session.laboratory().unwrap().made().len(), 1);
    assert_eq!(tell(&mut session, repair(None)).len(), 1, "it can be tried again");
    tell(
        &mut session,
        BreakingMessage::Repaired(FOLDER.into(), said(&["slave1 runs again."])),
    );
    assert_eq!(
        session.notices.last().unwrap().report.headline,
        "slave1 runs again"
    );
}

#[test]
fn what_is_cancelled_is_no_problem() {
    let mut session = watching(&[]);
    let cancel = BreakingMessage::Cancel;
    assert_eq!(tell(&mut session, cancel.clone()), [], "nothing is under way");
    let message = crash(&session);
    tell(&mut session, message);
    assert_eq!(tell(&mut session, cancel.clone()), [Effect::CancelBreaking]);
    assert_eq!(tell(&mut session, cancel), [], "once");
    let ended = BreakingMessage::Failed(FOLDER.into(), Report::new("Cancelled."));
    tell(&mut session, ended);
    let notice = session.notices.last().unwrap();
    assert_eq!(notice.kind, NoticeKind::Info);
    assert_eq!(notice.report.headline, "Killing slave1 was cancelled");
    assert_eq!((busy(&session), &session.live.breaking), (None, &None));
}
