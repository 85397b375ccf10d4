//! Cut, copy, paste, duplicate: subtrees as text in the notation, so that they also go from window to window.

use super::super::{Effect, NoticeKind, Session};
use super::edit::perform;
use super::notices::{notify, refuse};
use crate::model::document::Command;
use crate::model::topology::{Downstreams, Edit, Refusal, Server, ServerId, notation};
use crate::model::words::counted;
use crate::report::Report;

pub(super) fn copy(session: &mut Session, servers: &[ServerId]) -> Vec<Effect> {
    let cutting = session.desk.document.topology().cutting(servers);
    if cutting.is_empty() {
        refuse(session, &Refusal::NoSuchServer);
        return Vec::new();
    }
    let report = Report::new(format!("Copied {}", counted(cutting.len(), "server")));
    notify(session, NoticeKind::Info, report);
    vec![Effect::CopyText(notation::print_cutting(&cutting))]
}

/// Whole subtrees: what is pasted elsewhere is what was cut here.
pub(super) fn cut(session: &mut Session, servers: &[ServerId]) -> Vec<Effect> {
    let topology = session.desk.document.topology();
    let primary = topology.primary();
    if servers.contains(&primary.id()) {
        let refusal = Refusal::RemovePrimary(primary.name().clone());
        refuse(session, &refusal);
        return Vec::new();
    }
    let cutting = topology.cutting(servers);
    let removed = topology.heads(servers).into_iter().map(|server| Edit::Remove {
        server,
        downstreams: Downstreams::Remove,
    });
    let command = Command::Edits {
        label: format!("Cut {}", counted(cutting.len(), "server")),
        edits: removed.collect(),
    };
    let mut effects = perform(session, &command);
    effects.push(Effect::CopyText(notation::print_cutting(&cutting)));
    effects
}

/// Under the only selected server, else under the primary.
pub(super) fn paste(session: &mut Session, text: &str) -> Vec<Effect> {
    let servers = match notation::parse_cutting(text) {
        Ok(servers) => servers,
        Err(error) => {
            let report = Report::of("The clipboard does not contain any servers", &error)
                .hint("Copy servers in a pgcascade window, or write one per line, such as: slave1 15432");
            notify(session, NoticeKind::Problem, report);
            return Vec::new();
        }
    };
    let upstream = match session.selection().as_slice() {
        [server] => *server,
        _ => session.desk.document.topology().primary().id(),
    };
    perform(session, &Command::Edit(Edit::Graft { upstream, servers }))
}

pub(super) fn duplicate(session: &mut Session, servers: &[ServerId]) -> Vec<Effect> {
    let topology = session.desk.document.topology();
    let mut edits = Vec::new();
    for head in topology.heads(servers) {
        let Some(upstream) = topology.server(head).and_then(Server::upstream) else {
            let refusal = Refusal::SecondPrimary(topology.primary().name().clone());
            refuse(session, &refusal);
            return Vec::new();
        };
        edits.push(Edit::Graft {
            upstream,
            servers: topology.cutting(&[head]),
        });
    }
    let label = format!("Duplicate {}", counted(edits.len(), "server"));
    perform(session, &Command::Edits { label, edits })
}
