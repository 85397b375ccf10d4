//! What takes a while with a cluster: one thing at a time for each.

use std::path::{Path, PathBuf};

use crate::model::plan::{Outcome, Progress};
use crate::model::words::listed;

use super::super::{ClusterView, Dialog, Effect, RunView, Session};

/// Starts what takes a while; one thing at a time.
pub(super) fn act(session: &mut Session, verb: &str, effect: fn(PathBuf) -> Effect) -> Vec<Effect> {
    match &mut session.live.cluster {
        Some(cluster) if cluster.busy.is_none() => {
            cluster.busy = Some(verb.to_owned());
            let effects = vec![effect(cluster.folder.clone())];
            put_away_run(session);
            effects
        }
        _ => Vec::new(),
    }
}

/// Starts, or else stops, some servers of this window's cluster.
pub(super) fn switch(session: &mut Session, starts: bool, servers: Vec<String>) -> Vec<Effect> {
    match &mut session.live.cluster {
        Some(cluster) if cluster.busy.is_none() => {
            let verb = if starts { "Starting" } else { "Stopping" };
            cluster.busy = Some(format!("{verb} {}", listed(&servers)));
            let folder = cluster.folder.clone();
            put_away_run(session);
            vec![Effect::Switch {
                folder,
                starts,
                servers,
            }]
        }
        _ => Vec::new(),
    }
}

/// "Built and verified" is not what one reads while the cluster is stopped or torn down.
pub(super) fn put_away_run(session: &mut Session) {
    let is_done = |progress: &Progress| progress.outcome == Some(Outcome::Done);
    if matches!(&session.live.run, RunView::Run { progress, .. } if is_done(progress)) {
        session.live.run = RunView::Idle;
    }
}

pub(super) fn tear_down(session: &mut Session, folder: PathBuf) -> Vec<Effect> {
    if matches!(session.dialog, Some(Dialog::ConfirmTeardown { .. })) {
        session.dialog = None;
    }
    if cluster_in(session, &folder).is_some() {
        // Anyone who goes on reading would only see servers vanish.
        let mut effects = act(session, "Tearing down", Effect::Teardown);
        if !effects.is_empty() {
            effects.insert(0, Effect::Unwatch);
        }
        return effects;
    }
    if session.live.removing.contains(&folder) || is_being_built(session, &folder) {
        return Vec::new();
    }
    session.live.removing.push(folder.clone());
    vec![Effect::Teardown(folder)]
}

pub(super) fn cluster_in<'a>(session: &'a mut Session, folder: &Path) -> Option<&'a mut ClusterView> {
    session
        .live
        .cluster
        .as_mut()
        .filter(|cluster| cluster.folder == folder)
}

pub(super) fn is_being_built(session: &Session, folder: &Path) -> bool {
    match &session.live.run {
        RunView::Run { job, .. } => session.live.run.is_running() && job.folder() == folder,
        _ => false,
    }
}
