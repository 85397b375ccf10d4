//! Changes of the design: each finished gesture is done whole or refused with a sentence, and is one undo step.

use std::collections::BTreeSet;

use super::super::{DesignMessage, Dialog, Effect, NoticeKind, Session};
use super::edit::{perform, show};
use super::notices::{notify, refuse, refuse_if_held, refuse_if_locked, refuse_in_lesson};
use super::{clipboard, text};
use crate::model::document::Command;
use crate::model::topology::{Downstreams, Edit, Refusal, ServerId, Topology};
use crate::model::words::counted;
use crate::report::Report;

pub(super) fn update(session: &mut Session, message: DesignMessage) -> Vec<Effect> {
    if let DesignMessage::Copy(servers) = message {
        return clipboard::copy(session, &servers);
    }
    let is_text = matches!(
        message,
        DesignMessage::Undo
            | DesignMessage::Redo
            | DesignMessage::Type { .. }
            | DesignMessage::ReadTyped
            | DesignMessage::TakeDrawing
    );
    let is_refused = if is_text {
        // Reading what was typed before a lock is not a change that the lock forbids: there is none after it.
        message != DesignMessage::ReadTyped && (refuse_if_held(session) || refuse_in_lesson(session))
    } else {
        refuse_if_locked(session) || refuse_in_lesson(session)
    };
    if is_refused {
        return Vec::new();
    }
    match message {
        DesignMessage::Do(Command::Move(moves)) => {
            let moves = session.with_hidden(&moves);
            perform(session, &Command::Move(moves))
        }
        DesignMessage::Do(command) => perform(session, &command),
        DesignMessage::Fix(index) => fix(session, index),
        DesignMessage::AskRemove(servers) => ask_remove(session, &servers),
        DesignMessage::Remove {
            servers,
            downstreams,
            remembers,
        } => {
            close_remove_dialog(session);
            if remembers {
                session.preferences.removal = Some(downstreams.into());
            }
            remove(session, &servers, downstreams)
        }
        DesignMessage::AskAgain => {
            session.preferences.removal = None;
            let report = Report::new("Removing a relay will ask again what to do with its downstreams");
            notify(session, NoticeKind::Info, report);
            Vec::new()
        }
        DesignMessage::Copy(servers) => clipboard::copy(session, &servers),
        DesignMessage::Cut(servers) => clipboard::cut(session, &servers),
        DesignMessage::Paste(text) => clipboard::paste(session, &text),
        DesignMessage::Duplicate(servers) => clipboard::duplicate(session, &servers),
        DesignMessage::Undo => text::undo(session).unwrap_or_else(|| {
            let document = session.desk.history.undo(&session.desk.document);
            show(session, document)
        }),
        DesignMessage::Redo => text::redo(session).unwrap_or_else(|| {
            let document = session.desk.history.redo(&session.desk.document);
            show(session, document)
        }),
        DesignMessage::Type { text, joins } => {
            text::type_text(session, text, joins);
            Vec::new()
        }
        DesignMessage::ReadTyped => text::read(session),
        DesignMessage::TakeDrawing => text::take_drawing(session),
    }
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
fn ask_remove(session: &mut Session, servers: &[ServerId]) -> Vec<Effect> {
    let topology = session.desk.document.topology();
    let is_standby = |id: &ServerId| topology.server(*id).is_some_and(|server| !server.is_primary());
    let standbys: Vec<ServerId> = servers.iter().copied().filter(is_standby).collect();
    if standbys.is_empty() {
        let primary = topology.primary();
        let refusal = if servers.contains(&primary.id()) {
            Refusal::RemovePrimary(primary.name().clone())
        } else {
            Refusal::NoSuchServer
        };
        refuse(session, &refusal);
        return Vec::new();
    }
    if !leaves_any(topology, &standbys) {
        return remove(session, &standbys, Downstreams::Reattach);
    }
    match session.preferences.removal.map(Downstreams::from) {
        None => {
            session.dialog = Some(Dialog::Remove { servers: standbys });
            Vec::new()
        }
        Some(choice) => {
            let effects = remove(session, &standbys, choice);
            let done = match choice {
                Downstreams::Reattach => "Their downstreams now follow their upstreams",
                Downstreams::Remove => "Their downstreams were removed as well",
            };
            let report = Report::new(done).hint(
                "Undo restores them; \"Ask before removing relays\" resets your \
                     answer",
            );
            notify(session, NoticeKind::Info, report);
            effects
        }
    }
}

/// True if a server follows one of these and is none of them.
fn leaves_any(topology: &Topology, servers: &[ServerId]) -> bool {
    let gone: BTreeSet<ServerId> = servers.iter().copied().collect();
    topology.servers().iter().any(|server| {
        let upstream = server.upstream();
        !gone.contains(&server.id()) && upstream.is_some_and(|upstream| gone.contains(&upstream))
    })
}

fn remove(session: &mut Session, servers: &[ServerId], downstreams: Downstreams) -> Vec<Effect> {
    let topology = session.desk.document.topology();
    let servers = match downstreams {
        Downstreams::Reattach => servers.to_vec(),
        Downstreams::Remove => topology.heads(servers),
    };
    let name = match servers.as_slice() {
        [server] => topology.server(*server).map(|server| server.name().to_string()),
        _ => None,
    };
    let what = name.unwrap_or_else(|| counted(servers.len(), "server"));
    let edits = servers
        .into_iter()
        .map(|server| Edit::Remove { server, downstreams })
        .collect();
    let label = format!("Remove {what}");
    perform(session, &Command::Edits { label, edits })
}

fn close_remove_dialog(session: &mut Session) {
    if matches!(session.dialog, Some(Dialog::Remove { .. })) {
        session.dialog = None;
    }
}
