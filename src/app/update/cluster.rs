//! The deployed cluster: stop, start, tear down, what it shows, and clusters that earlier sessions left.

use std::path::{Path, PathBuf};

use super::super::{ClusterMessage, ClusterView, Dialog, Effect, NoticeKind, RunView, Session, Tab};
use super::notices::{notify, notify_with_folder};
use super::one_at_a_time::{self, act, cluster_in, tear_down};
use super::{adopt, breaking, desk, foreign, left_over, load, log, steer};
use crate::model::desk::LeftCluster;
use crate::model::document::Document;
use crate::report::Report;

pub(super) fn update(session: &mut Session, message: ClusterMessage) -> Vec<Effect> {
    if foreign::refuse(session, &message) {
        return Vec::new();
    }
    match message {
        ClusterMessage::Stop => act(session, "Stopping", Effect::StopCluster),
        ClusterMessage::Start => act(session, "Starting", Effect::StartCluster),
        ClusterMessage::AskTeardown(folder) => {
            session.dialog = Some(Dialog::ConfirmTeardown { folder });
            Vec::new()
        }
        ClusterMessage::Teardown(folder) => {
            // Its clients would only look for servers that go.
            let stopped = match &session.live.load {
                Some(running) if running.folder == folder => load::stop(session),
                _ => Vec::new(),
            };
            stopped.into_iter().chain(tear_down(session, folder)).collect()
        }
        ClusterMessage::Attach(folder) => attach(session, folder),
        ClusterMessage::Attached(folder, document) => attached(session, folder, &document),
        ClusterMessage::StartServers(servers) => one_at_a_time::switch(session, true, servers),
        ClusterMessage::StopServers(servers) => one_at_a_time::switch(session, false, servers),
        ClusterMessage::ShowLog(server) => log::show(session, server),
        ClusterMessage::Log(server, lines) => log::read(session, &server, lines),
        ClusterMessage::OnlyProblems(only) => log::only_problems(session, only),
        ClusterMessage::AskAdopt => adopt::ask(session),
        ClusterMessage::CanAdopt(folder, adopting) => adopt::can(session, &folder, adopting),
        ClusterMessage::Adopt => adopt::confirm(session),
        ClusterMessage::Adopted(folder, design) => adopt::adopted(session, &folder, &design),
        ClusterMessage::AskSteer(wish) => steer::ask(session, wish),
        ClusterMessage::CanSteer(folder, found) => steer::can(session, &folder, found),
        ClusterMessage::Steer => steer::confirm(session),
        ClusterMessage::StartLoad(rate) => load::start(session, rate),
        ClusterMessage::StopLoad => load::stop(session),
        ClusterMessage::Loading(folder, second) => load::told(session, &folder, second),
        ClusterMessage::Loaded(folder, ended) => load::ended(session, &folder, ended),
        ClusterMessage::Breaking(message) => breaking::update(session, message),
        ClusterMessage::Seen(folder, seen) => {
            if let Some(cluster) = cluster_in(session, &folder) {
                cluster.seen = Some(*seen);
                cluster.unseen = None;
            }
            Vec::new()
        }
        ClusterMessage::WatchForeign => foreign::watch(session),
        ClusterMessage::LetGo => foreign::let_go(session),
        ClusterMessage::Gone(folder) => gone(session, &folder),
        ClusterMessage::Unseen(folder, report) => {
            if let Some(cluster) = cluster_in(session, &folder) {
                // What was seen before says nothing about now.
                cluster.seen = None;
                cluster.unseen = Some(report);
            }
            Vec::new()
        }
        ClusterMessage::Stopped(folder) => {
            ended(session, &folder, "The cluster has stopped; its data is kept")
        }
        ClusterMessage::Started(folder) => ended(session, &folder, "The cluster is running again"),
        ClusterMessage::TornDown(folder, report) => torn_down(session, &folder, report),
        ClusterMessage::Failed(folder, report) => failed(session, folder, report),
        ClusterMessage::LeftOver(records) => left_over::found(session, records),
        ClusterMessage::GoOn(folder) => left_over::go_on(session, folder),
        ClusterMessage::CanGoOn(folder, left) => left_over::can_go_on(session, folder, *left),
        ClusterMessage::Keep(folder) => left_over::keep(session, folder),
        ClusterMessage::Hide(folder) => left_over::hide(session, folder),
        ClusterMessage::Kept(folder) => left_over::kept(session, &folder),
        ClusterMessage::Switched(folder, report) => left_over::switched(session, &folder, report),
    }
}

fn ended(session: &mut Session, folder: &Path, sentence: &str) -> Vec<Effect> {
    if let Some(cluster) = cluster_in(session, folder) {
        cluster.busy = None;
        notify(session, NoticeKind::Done, Report::new(sentence));
    } else if session.start.busy.remove(folder).is_some() {
        let report = Report::new(sentence).hint(format!("It is in {}", folder.display()));
        notify(session, NoticeKind::Done, report);
    }
    session.start.look_again()
}

fn torn_down(session: &mut Session, folder: &Path, report: Report) -> Vec<Effect> {
    session.live.removing.retain(|other| other != folder);
    session.live.left_over.retain(|record| record.folder != folder);
    session.start.clusters.retain(|cluster| cluster.folder != folder);
    notify(session, NoticeKind::Done, report);
    if cluster_in(session, folder).is_none() {
        return session.start.look_again();
    }
    session.live.cluster = None;
    if !session.live.run.is_running() {
        session.live.run = RunView::Idle;
    }
    let mut effects = vec![Effect::Unwatch];
    effects.extend(session.start.look_again());
    effects
}

/// Somebody else tore it down, or moved it away. Its end by this window is told by `torn_down`.
fn gone(session: &mut Session, folder: &Path) -> Vec<Effect> {
    if cluster_in(session, folder).is_none_or(|cluster| cluster.busy.is_some()) {
        return Vec::new();
    }
    session.live.cluster = None;
    if !session.live.run.is_running() {
        session.live.run = RunView::Idle;
    }
    let headline = format!("The cluster in {} is gone", folder.display());
    let report = Report::new(headline).hint("Another program removed or moved it. The drawing is unchanged");
    notify(session, NoticeKind::Info, report);
    let mut effects = vec![Effect::Unwatch];
    effects.extend(session.start.look_again());
    effects
}

/// An action did not work out. The cluster is still there and is looked at again.
fn failed(session: &mut Session, folder: PathBuf, report: Report) -> Vec<Effect> {
    session.live.removing.retain(|other| *other != folder);
    let was_busy = cluster_in(session, &folder).is_some_and(|cluster| cluster.busy.take().is_some());
    notify_with_folder(session, NoticeKind::Problem, report, Some(folder.clone()));
    session.start.busy.remove(&folder);
    let mut effects = session.start.look_again();
    if was_busy {
        effects.push(Effect::Watch(folder));
    }
    effects
}

fn attach(session: &mut Session, folder: PathBuf) -> Vec<Effect> {
    if session.live.run.is_running() || session.live.cluster.is_some() {
        let hint = if session.live.is_foreign() {
            "Stop watching it first"
        } else {
            "Tear it down first"
        };
        let report = Report::new("This window already has a cluster").hint(hint);
        notify(session, NoticeKind::Problem, report);
        return Vec::new();
    }
    let is_broken = |left: &LeftCluster| left.folder == folder && !left.state.is_complete();
    if session.live.left_over.iter().any(is_broken) {
        let report = Report::new("That cluster is incomplete")
            .hint("Resume it or remove it with the buttons above the drawing");
        notify(session, NoticeKind::Problem, report);
        return Vec::new();
    }
    vec![Effect::Attach(folder)]
}

fn attached(session: &mut Session, folder: PathBuf, deployed: &Document) -> Vec<Effect> {
    // Chosen on the start page: it comes instead of what this window has shown.
    let is_agreed = session.pending.replaceable.take() == Some(session.desk.revision);
    if session.live.run.is_running() || (session.live.cluster.is_some() && !is_agreed) {
        return Vec::new();
    }
    session.live.left_over.retain(|record| record.folder != folder);
    session.looks.tab = Tab::Deploy;
    session.start.is_shown = false;
    let mut effects = Vec::new();
    if deployed
        .topology()
        .has_same_configuration(session.desk.document.topology())
    {
        session.live.run = RunView::Idle;
    } else if session.is_modified() && !is_agreed {
        let report = Report::new("The cluster was deployed from a different design")
            .hint("Save the drawing, then open design.toml in the cluster's folder");
        notify_with_folder(session, NoticeKind::Info, report, Some(folder.clone()));
    } else {
        // Nothing is lost, and the drawing can show what the servers say.
        effects.push(desk::forget(session));
        desk::replace(session, deployed.clone(), None, deployed.text());
    }
    session.live.cluster = Some(ClusterView {
        folder: folder.clone(),
        deployed: deployed.identified_as_in(&session.desk.document),
        seen: None,
        unseen: None,
        busy: None,
        foreign: None,
    });
    effects.push(Effect::Watch(folder));
    effects
}
