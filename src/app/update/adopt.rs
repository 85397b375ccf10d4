//! What runs becomes the design: looked at, shown, and one step of Undo in the drawing.

use std::path::Path;

use super::super::{Dialog, Effect, NoticeKind, Session};
use super::edit;
use super::notices::notify;
use super::one_at_a_time::cluster_in;
use crate::engine::deploy::adopt::{Adopting, LABEL};
use crate::model::document::Document;
use crate::report::Report;

pub(super) fn ask(session: &mut Session) -> Vec<Effect> {
    let Some(cluster) = session.live.cluster.as_ref().filter(|one| one.busy.is_none()) else {
        return Vec::new();
    };
    let folder = cluster.folder.clone();
    if session.locked().is_some() {
        return Vec::new();
    }
    if session.differs_from_deployed() {
        let report = Report::new("The drawing is not the design that was deployed")
            .hint("Apply or undo your changes first: what runs is adopted into the deployed design");
        notify(session, NoticeKind::Info, report);
        return Vec::new();
    }
    vec![Effect::LookToAdopt(folder)]
}

pub(super) fn can(session: &mut Session, folder: &Path, adopting: Box<Adopting>) -> Vec<Effect> {
    if cluster_in(session, folder).is_none() {
        return Vec::new();
    }
    if adopting.is_nothing() {
        let report = Report::new("There is nothing to adopt: a design cannot express what differs")
            .hint("The panel \"Deploy\" lists what differs, and what helps");
        notify(session, NoticeKind::Info, report);
    } else {
        session.dialog = Some(Dialog::Adopt(adopting));
    }
    Vec::new()
}

pub(super) fn confirm(session: &mut Session) -> Vec<Effect> {
    let Some(Dialog::Adopt(adopting)) = session.dialog.take() else {
        return Vec::new();
    };
    match cluster_in(session, &adopting.folder()) {
        Some(cluster) if cluster.busy.is_none() => {
            cluster.busy = Some("Adopting".to_owned());
            vec![Effect::Adopt(adopting)]
        }
        _ => Vec::new(),
    }
}

pub(super) fn adopted(session: &mut Session, folder: &Path, design: &Document) -> Vec<Effect> {
    let Some(cluster) = cluster_in(session, folder) else {
        return Vec::new();
    };
    cluster.busy = None;
    let design = design.identified_as_in(&cluster.deployed);
    let was = std::mem::replace(&mut cluster.deployed, design.clone());
    // What was seen is of the design before.
    cluster.seen = None;
    notify(
        session,
        NoticeKind::Done,
        Report::new("What runs is the design now"),
    );
    let drawn = &session.desk.document;
    if !drawn.topology().has_same_configuration(was.topology()) {
        return Vec::new();
    }
    let after = drawn.redrawn(design.topology());
    session.desk.burst = None;
    session.desk.history.record(drawn.clone(), LABEL.to_owned());
    edit::show(session, Some(after))
}
