//! What an earlier pgcascade left: gone on with, kept as it is, or (see `cluster`) torn down.

use std::path::{Path, PathBuf};

use super::super::{ClusterMessage, ClusterView, Effect, Message, NoticeKind, RunView, Session, Tab};
use super::notices::{notify, notify_with_folder, refuse_if_locked};
use super::one_at_a_time::{cluster_in, is_being_built, tear_down};
use super::{desk, unsaved};
use crate::app::job::Job;
use crate::engine::deploy::LeftOver;
use crate::model::desk::{LeftCluster, LeftState};
use crate::model::document::Document;
use crate::model::plan::{Plan, Progress};
use crate::report::Report;

pub(super) fn found(session: &mut Session, mut records: Vec<LeftCluster>) -> Vec<Effect> {
    records.retain(|record| {
        let is_shown = session
            .live
            .cluster
            .as_ref()
            .is_some_and(|cluster| cluster.folder == record.folder);
        let is_hidden = record.state.is_whole() && session.live.hidden.contains(&record.folder);
        !is_shown && !is_hidden && !is_being_built(session, &record.folder)
    });
    // Said by a line above the drawing, with its buttons, for as long as they are there: no notice besides.
    session.live.left_over = records;
    Vec::new()
}

/// Said once, a whole cluster that runs on purpose is no news any more. The start page lists it.
pub(super) fn hide(session: &mut Session, folder: PathBuf) -> Vec<Effect> {
    session.live.left_over.retain(|record| record.folder != folder);
    session.live.hidden.push(folder);
    Vec::new()
}

pub(super) fn go_on(session: &mut Session, folder: PathBuf) -> Vec<Effect> {
    if session.live.removing.contains(&folder) || refuse_if_locked(session) {
        return Vec::new();
    }
    let is_it = |record: &&LeftCluster| record.folder == folder;
    let shows_it = match session.live.left_over.iter().find(is_it) {
        // Nothing of it comes on the canvas.
        Some(record) if record.state == LeftState::HalfRemoved => {
            return tear_down(session, folder);
        }
        Some(record) => !record.state.is_complete(),
        None => return Vec::new(),
    };
    if shows_it && session.live.cluster.is_some() {
        let report = Report::new("This window already has a cluster")
            .hint("Tear it down first, or use another window");
        notify(session, NoticeKind::Problem, report);
        return Vec::new();
    }
    let run = session.live.next_run;
    session.live.next_run += 1;
    vec![Effect::LookAtLeftOver { folder, run }]
}

pub(super) fn can_go_on(session: &mut Session, folder: PathBuf, left: LeftOver) -> Vec<Effect> {
    let design = match &left {
        LeftOver::Deployment(resumed) => Some(&resumed.run.document),
        LeftOver::Change(change) => Some(&change.wanted),
        LeftOver::Teardown | LeftOver::Start(_) | LeftOver::Stop(_) => None,
    };
    match design {
        Some(design) if design.topology() != session.desk.document.topology() => {
            let then = ClusterMessage::CanGoOn(folder, Box::new(left));
            unsaved::ask(session, Message::Cluster(then))
        }
        _ => begin(session, folder, left),
    }
}

/// The drawing has nothing to lose.
pub(super) fn begin(session: &mut Session, folder: PathBuf, left: LeftOver) -> Vec<Effect> {
    if refuse_if_locked(session) {
        return Vec::new();
    }
    match left {
        LeftOver::Deployment(resumed) => {
            let mut effects = show(session, &folder, &resumed.run.document);
            run(session, resumed.run.number, resumed.run.plan.clone());
            effects.push(Effect::StartResumed(resumed));
            effects
        }
        LeftOver::Change(change) => {
            let mut effects = show(session, &folder, &change.wanted);
            session.live.cluster = Some(ClusterView {
                folder,
                deployed: change.found.running.clone(),
                seen: None,
                unseen: None,
                busy: None,
                foreign: None,
            });
            run(session, change.number, change.plan.clone());
            effects.push(Effect::StartChange(change));
            effects
        }
        LeftOver::Teardown => tear_down(session, folder),
        LeftOver::Start(servers) => switch(folder, true, servers),
        LeftOver::Stop(servers) => switch(folder, false, servers),
    }
}

fn switch(folder: PathBuf, starts: bool, servers: Vec<String>) -> Vec<Effect> {
    vec![Effect::Switch {
        folder,
        starts,
        servers,
    }]
}

/// The design that is being made comes on the canvas.
fn show(session: &mut Session, folder: &Path, design: &Document) -> Vec<Effect> {
    session.live.left_over.retain(|record| record.folder != folder);
    if design.topology() == session.desk.document.topology() {
        return Vec::new();
    }
    let forgotten = desk::forget(session);
    desk::replace(session, design.clone(), None, design.text());
    vec![forgotten]
}

fn run(session: &mut Session, run: u64, plan: Plan) {
    session.live.run = RunView::Run {
        run,
        job: Job::Plan(plan),
        progress: Progress::default(),
        cancelling: false,
    };
    session.looks.tab = Tab::Deploy;
    session.start.is_shown = false;
}

pub(super) fn keep(session: &mut Session, folder: PathBuf) -> Vec<Effect> {
    if session.live.removing.contains(&folder) {
        return Vec::new();
    }
    vec![Effect::KeepLeftOver(folder)]
}

pub(super) fn kept(session: &mut Session, folder: &Path) -> Vec<Effect> {
    session.live.left_over.retain(|record| record.folder != folder);
    let at = folder.display();
    let report = Report::new(format!("{at} was left untouched and will not be offered again")).hint(format!(
        "In a terminal, finish it with \"pgcascade resume {at}\" or remove it with \"pgcascade teardown \
             {at}\""
    ));
    notify_with_folder(session, NoticeKind::Done, report, Some(folder.to_owned()));
    Vec::new()
}

pub(super) fn switched(session: &mut Session, folder: &Path, report: Report) -> Vec<Effect> {
    notify_with_folder(session, NoticeKind::Done, report, Some(folder.to_owned()));
    if let Some(cluster) = cluster_in(session, folder) {
        cluster.busy = None;
        return Vec::new();
    }
    // It is complete now, and can be watched.
    let mut effects = vec![Effect::FindLeftOver];
    effects.extend(session.start.look_again());
    effects
}
