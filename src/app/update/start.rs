//! The start page: shown and left, and what is begun from it.

use std::path::PathBuf;

use super::super::{Effect, Message, NoticeKind, Session, StartMessage, Tab};
use super::notices::{notify, refuse_if_held};
use super::{one_at_a_time, unsaved};
use crate::report::Report;

pub(super) fn update(session: &mut Session, message: StartMessage) -> Vec<Effect> {
    match message {
        StartMessage::Show => show(session),
        StartMessage::Leave => {
            session.start.is_shown = false;
            Vec::new()
        }
        StartMessage::LookAgain => look(),
        StartMessage::Recent(recent) => {
            session.start.recent = recent;
            Vec::new()
        }
        StartMessage::Connections(connections) => {
            session.start.connections = connections;
            Vec::new()
        }
        StartMessage::ForgetConnection(text) => {
            session.start.connections.retain(|one| one.text != text);
            vec![Effect::ForgetConnection(text)]
        }
        StartMessage::Clusters(clusters) => {
            session.start.clusters = clusters;
            Vec::new()
        }
        StartMessage::OpenRecent(_) | StartMessage::OpenCluster(_) => {
            unsaved::ask(session, Message::Start(message))
        }
        StartMessage::ForgetRecent(path) => {
            session.start.recent.retain(|design| design.path != path);
            vec![Effect::ForgetRecent(path)]
        }
        StartMessage::ForgetUnsaved(id) => {
            session.start.recoverable.retain(|unsaved| unsaved.id != id);
            vec![Effect::ForgetUnsaved(id)]
        }
        StartMessage::StartCluster(folder) => act(session, folder, "Starting", Effect::StartCluster),
        StartMessage::StopCluster(folder) => act(session, folder, "Stopping", Effect::StopCluster),
    }
}

fn show(session: &mut Session) -> Vec<Effect> {
    if refuse_if_held(session) {
        return Vec::new();
    }
    session.start.is_shown = true;
    session.looks.renaming = None;
    look()
}

fn look() -> Vec<Effect> {
    vec![Effect::FindRecent, Effect::ListClusters, Effect::FindLeftOver]
}

/// The drawing has nothing to lose.
pub(super) fn open_recent(session: &mut Session, path: PathBuf) -> Vec<Effect> {
    session.pending.replaceable = Some(session.desk.revision);
    vec![Effect::Read(path)]
}

/// Shows another cluster instead of the one that this window watches; that one goes on as it is.
pub(super) fn open_cluster(session: &mut Session, folder: PathBuf) -> Vec<Effect> {
    let shown = session.live.cluster.as_ref();
    if shown.is_some_and(|cluster| cluster.folder == folder) {
        session.start.is_shown = false;
        session.looks.tab = Tab::Deploy;
        return Vec::new();
    }
    if shown.is_some_and(|cluster| cluster.busy.is_some()) {
        let report = Report::new("The cluster of this window is being started, stopped or torn down")
            .hint("Wait until it has finished");
        notify(session, NoticeKind::Info, report);
        return Vec::new();
    }
    session.pending.replaceable = Some(session.desk.revision);
    vec![Effect::Attach(folder)]
}

/// One thing at a time for each cluster.
fn act(
    session: &mut Session,
    folder: PathBuf,
    verb: &'static str,
    effect: fn(PathBuf) -> Effect,
) -> Vec<Effect> {
    if session
        .live
        .cluster
        .as_ref()
        .is_some_and(|cluster| cluster.folder == folder)
    {
        return one_at_a_time::act(session, verb, effect);
    }
    if session.start.busy.contains_key(&folder) || session.live.removing.contains(&folder) {
        return Vec::new();
    }
    session.start.busy.insert(folder.clone(), verb);
    vec![effect(folder)]
}
