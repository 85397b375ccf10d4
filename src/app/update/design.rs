//! Changes of the design: each finished gesture is done whole or refused with a sentence, and is one undo step.

use super::super::{DesignMessage, Dialog, Effect, NoticeKind, RunView, Session};
use super::{change, notify, refuse_if_locked, run, sentence, show_document};
use crate::model::document::{Command, Document};
use crate::model::topology::{Applied, Downstreams, Edit, Refusal, ServerId};
use crate::report::Report;

pub(super) fn update(session: &mut Session, message: DesignMessage) -> Vec<Effect> {
    if refuse_if_locked(session) {
        return Vec::new();
    }
    match message {
        DesignMessage::Do(command) => perform(session, &command),
        DesignMessage::Fix(index) => fix(session, index),
        DesignMessage::AskRemove(server) => ask_remove(session, server),
        DesignMessage::Remove(server, downstreams) => {
            close_remove_dialog(session);
            perform(session, &Command::Edit(Edit::Remove { server, downstreams }))
        }
        DesignMessage::Undo => {
            let document = session.history.undo(&session.document);
            show(session, document)
        }
        DesignMessage::Redo => {
            let document = session.history.redo(&session.document);
            show(session, document)
        }
    }
}

fn perform(session: &mut Session, command: &Command) -> Vec<Effect> {
    let mut after = session.document.clone();
    match after.apply(command) {
        Err(refusal) => refuse(session, &refusal),
        // Nothing has changed: a key pressed twice is no undo step.
        Ok(applied) if after == session.document => tell(session, applied),
        Ok(applied) => {
            let label = command.label(session.document.topology());
            session.history.record(session.document.clone(), label);
            let effects = show(session, Some(after));
            session.selected = applied.created.or(session.selected);
            tell(session, applied);
            return effects;
        }
    }
    Vec::new()
}

fn fix(session: &mut Session, index: usize) -> Vec<Effect> {
    let finding = session.derived.findings.get(index);
    let Some(fix) = finding.and_then(|finding| finding.fix.clone()) else {
        return Vec::new();
    };
    let command = Command::Edits {
        label: fix.label,
        edits: fix.edits,
    };
    perform(session, &command)
}

/// Only what takes others along, or leaves them without an upstream, is asked about.
fn ask_remove(session: &mut Session, id: ServerId) -> Vec<Effect> {
    let topology = session.document.topology();
    match topology.server(id) {
        None => refuse(session, &Refusal::NoSuchServer),
        Some(server) if server.is_primary() => {
            refuse(session, &Refusal::RemovePrimary(server.name().clone()));
        }
        Some(_) if topology.is_relay(id) => session.dialog = Some(Dialog::Remove { server: id }),
        Some(_) => {
            let edit = Edit::Remove {
                server: id,
                downstreams: Downstreams::Reattach,
            };
            return perform(session, &Command::Edit(edit));
        }
    }
    Vec::new()
}

/// Shows the document, keeps the selection sensible, and looks again at a machine that was looked at for another cluster.
fn show(session: &mut Session, after: Option<Document>) -> Vec<Effect> {
    let Some(after) = after else {
        return Vec::new();
    };
    session.selected = repaired(session.selected, &session.document, &after);
    let before = show_document(session, after);
    if before.topology() == session.document.topology() {
        return Vec::new();
    }
    match &session.run {
        RunView::Planned { machine, .. } => {
            let folder = machine.folder.clone().into();
            run::discover(session, folder)
        }
        RunView::Discovering { folder } => {
            let folder = folder.clone();
            run::discover(session, folder)
        }
        RunView::Looking { .. } | RunView::ChangePlanned { .. } => change::look(session),
        RunView::Idle | RunView::Run { .. } => Vec::new(),
    }
}

/// The selected server, or the nearest upstream of it that is still there.
fn repaired(selected: Option<ServerId>, before: &Document, after: &Document) -> Option<ServerId> {
    let selected = selected?;
    std::iter::once(selected)
        .chain(before.topology().upstreams(selected))
        .find(|id| after.topology().server(*id).is_some())
}

fn refuse(session: &mut Session, refusal: &Refusal) {
    notify(
        session,
        NoticeKind::Problem,
        Report::new(sentence(&refusal.to_string())),
    );
}

fn tell(session: &mut Session, applied: Applied) {
    for consequence in applied.consequences {
        notify(session, NoticeKind::Info, Report::new(sentence(&consequence)));
    }
}

fn close_remove_dialog(session: &mut Session) {
    if matches!(session.dialog, Some(Dialog::Remove { .. })) {
        session.dialog = None;
    }
}
