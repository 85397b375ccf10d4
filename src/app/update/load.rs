//! A load on the watched cluster: begun, told every second, ended, and then whether every acknowledged row is there.

use std::path::Path;

use super::super::load::LoadView;
use super::super::{Effect, NoticeKind, Session};
use super::notices::notify;
use crate::model::health::{Loaded, Second};
use crate::report::Report;

/// One at a time.
pub(super) fn start(session: &mut Session, rate: Option<f64>) -> Vec<Effect> {
    let Some(cluster) = &session.live.cluster else {
        return Vec::new();
    };
    if session.live.load.as_ref().is_some_and(LoadView::runs) {
        return Vec::new();
    }
    let folder = cluster.folder.clone();
    session.live.load = Some(LoadView::begun(folder.clone()));
    vec![Effect::StartLoad { folder, rate }]
}

/// Also where the cluster is about to go.
pub(super) fn stop(session: &mut Session) -> Vec<Effect> {
    match session.live.load.as_mut().filter(|load| load.runs()) {
        Some(load) if !load.is_stopping => {
            load.is_stopping = true;
            vec![Effect::StopLoad]
        }
        _ => Vec::new(),
    }
}

pub(super) fn told(session: &mut Session, folder: &Path, second: Second) -> Vec<Effect> {
    if let Some(load) = load_on(session, folder) {
        load.take(second);
    }
    Vec::new()
}

pub(super) fn ended(session: &mut Session, folder: &Path, ended: Result<Loaded, Report>) -> Vec<Effect> {
    let Some(load) = load_on(session, folder).filter(|load| load.runs()) else {
        return Vec::new();
    };
    let kind = match &ended {
        Ok(loaded) if loaded.lost == 0 => NoticeKind::Done,
        _ => NoticeKind::Problem,
    };
    let hints = ended.as_ref().err().map(|report| report.hints.clone());
    load.ended = Some(ended);
    let mut report = Report::new(load.sentence());
    report.hints.extend(hints.into_iter().flatten());
    notify(session, kind, report);
    Vec::new()
}

fn load_on<'a>(session: &'a mut Session, folder: &Path) -> Option<&'a mut LoadView> {
    session.live.load.as_mut().filter(|load| load.folder == folder)
}
