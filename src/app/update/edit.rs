//! One edit of the design, done whole or refused with a sentence; and another document shown in place of the one before.

use super::super::{Effect, NoticeKind, RunView, Session};
use super::desk::show_document;
use super::notices::{notify, refuse};
use super::{change, deploy, to_hosts, view};
use crate::model::document::{Command, Document};
use crate::model::topology::{Applied, Edit, Server, ServerId};
use crate::model::words::as_sentence;
use crate::report::Report;

pub(super) fn perform(session: &mut Session, command: &Command) -> Vec<Effect> {
    let mut after = session.desk.document.clone();
    match after.apply(command) {
        Err(refusal) => refuse(session, &refusal),
        // Nothing has changed: a key pressed twice is not an undo step.
        Ok(applied) if after == session.desk.document => tell(session, applied),
        Ok(applied) => {
            let label = command.label(session.desk.document.topology());
            session.desk.history.record(session.desk.document.clone(), label);
            let effects = show(session, Some(after));
            if applied.created.is_some() {
                view::select(session, applied.created);
                let is_new = matches!(command, Command::Edit(Edit::AddStandby { .. }));
                session.looks.just_added = applied.created.filter(|_| is_new);
            }
            tell(session, applied);
            tell_hidden(session, command);
            return effects;
        }
    }
    Vec::new()
}

/// Shows the document, keeps the selection sensible, and looks again at a machine that was looked at for another cluster.
pub(super) fn show(session: &mut Session, after: Option<Document>) -> Vec<Effect> {
    let Some(after) = after else {
        return Vec::new();
    };
    session.looks.selected = repaired(session.looks.selected, &session.desk.document, &after);
    let still_there =
        |id: &ServerId| after.topology().server(*id).is_some() && Some(*id) != session.looks.selected;
    session.looks.also_selected.retain(still_there);
    let before = show_document(session, after);
    if before
        .topology()
        .has_same_configuration(session.desk.document.topology())
    {
        return Vec::new();
    }
    match &session.live.run {
        RunView::Planned { machine, .. } => {
            let folder = machine.folder.clone().into();
            deploy::discover(session, folder)
        }
        RunView::Discovering { folder } => {
            let folder = folder.clone();
            deploy::discover(session, folder)
        }
        RunView::Looking { .. } | RunView::ChangePlanned { .. } => change::look(session),
        RunView::HostsLooking { asked } | RunView::HostsPlanned { asked, .. } => {
            let asked = asked.clone();
            to_hosts::look(session, asked)
        }
        RunView::Idle | RunView::Run { .. } => Vec::new(),
    }
}

/// The selected server, or the nearest upstream of it that is still there.
fn repaired(selected: Option<ServerId>, before: &Document, after: &Document) -> Option<ServerId> {
    let selected = selected?;
    // Typed elsewhere in the text, it has the same name and another id.
    let name = before.topology().server(selected).map(Server::name);
    let renamed = name.and_then(|name| after.topology().by_name(name.as_str()));
    std::iter::once(selected)
        .chain(renamed.map(Server::id))
        .chain(before.topology().upstreams(selected))
        .find(|id| after.topology().server(*id).is_some())
}

fn tell(session: &mut Session, applied: Applied) {
    for consequence in applied.consequences {
        notify(session, NoticeKind::Info, Report::new(as_sentence(&consequence)));
    }
}

/// A server that was put under a folded one is out of sight from now on: that is said.
fn tell_hidden(session: &mut Session, command: &Command) {
    let Command::Edit(Edit::Attach { upstream, .. } | Edit::AttachAll { upstream, .. }) = command else {
        return;
    };
    let stands_for_it = match session.looks.folding.hidden_in(*upstream) {
        None if session.looks.folding.is_folded(*upstream) => *upstream,
        None => return,
        Some(above) => above,
    };
    if let Some(folded) = session.desk.document.topology().server(stands_for_it) {
        let report = Report::new(format!(
            "The moved servers are hidden inside \"{}\", which is folded",
            folded.name()
        ))
        .hint("Unfold it to see them");
        notify(session, NoticeKind::Info, report);
    }
}
