//! A cluster that somebody else made is watched: it is only looked at, whatever is asked for.

use std::path::PathBuf;
use std::sync::Arc;

use super::super::{ClusterMessage, ClusterView, Effect, NoticeKind, RunView, Session, Tab};
use super::notices::notify;
use crate::report::Report;

/// Watches the cluster that was imported.
pub(super) fn watch(session: &mut Session) -> Vec<Effect> {
    let Some(imported) = session.imported.clone().filter(|one| !one.source.from_files) else {
        let report = Report::new("There is no server to watch");
        notify(
            session,
            NoticeKind::Info,
            report.hint("Import the cluster from a connection first"),
        );
        return Vec::new();
    };
    if session.live.run.is_running() || session.live.cluster.is_some() {
        let hint = if session.live.is_foreign() {
            "Stop watching it first"
        } else {
            "Tear it down first, or open another window"
        };
        let report = Report::new("This window already has a cluster");
        notify(session, NoticeKind::Problem, report.hint(hint));
        return Vec::new();
    }
    let key = PathBuf::from(imported.source.words());
    session.live.run = RunView::Idle;
    session.live.cluster = Some(ClusterView {
        folder: key.clone(),
        deployed: imported.brought.document.identified_as_in(&session.desk.document),
        seen: None,
        unseen: None,
        busy: None,
        foreign: Some(Arc::clone(&imported)),
    });
    session.looks.tab = Tab::Deploy;
    vec![Effect::WatchForeign { key, imported }]
}

/// Lets go of it; nothing there is the wiser.
pub(super) fn let_go(session: &mut Session) -> Vec<Effect> {
    if !session.live.is_foreign() {
        return Vec::new();
    }
    session.live.cluster = None;
    if session.looks.tab == Tab::Deploy && session.imported.is_some() {
        session.looks.tab = Tab::Imported;
    }
    vec![Effect::Unwatch]
}

/// Another design has come on the canvas: what is watched says nothing about it.
pub(super) fn settle(session: &mut Session) -> Vec<Effect> {
    let watched = session.live.cluster.as_ref().and_then(|one| one.foreign.as_ref());
    if watched.is_some() && watched != session.imported.as_ref() {
        return let_go(session);
    }
    Vec::new()
}

/// True, with a notice, for what would change a cluster that pgcascade did not make.
pub(super) fn refuse(session: &mut Session, message: &ClusterMessage) -> bool {
    let is_watched = |folder: &PathBuf| {
        let cluster = session.live.cluster.as_ref();
        cluster.is_some_and(|cluster| cluster.folder == *folder)
    };
    let changes = match message {
        ClusterMessage::AskTeardown(folder) | ClusterMessage::Teardown(folder) => is_watched(folder),
        other => changes(other),
    };
    changes && refuse_if_foreign(session)
}

fn changes(message: &ClusterMessage) -> bool {
    matches!(
        message,
        ClusterMessage::Stop
            | ClusterMessage::Start
            | ClusterMessage::StartServers(_)
            | ClusterMessage::StopServers(_)
            | ClusterMessage::ShowLog(_)
            | ClusterMessage::AskAdopt
            | ClusterMessage::Adopt
            | ClusterMessage::AskSteer(_)
            | ClusterMessage::StartLoad(_)
            | ClusterMessage::Breaking(_)
            | ClusterMessage::Steer
    )
}

pub(super) fn refuse_if_foreign(session: &mut Session) -> bool {
    let is_foreign = session.live.is_foreign();
    if is_foreign {
        let report = Report::new("This cluster is read-only: pgcascade did not make it")
            .hint("A server's menu has the commands to copy");
        notify(session, NoticeKind::Info, report);
    }
    is_foreign
}
