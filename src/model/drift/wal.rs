//! WAL on its way out and in: does the archive take it, is it applied?

use super::Drift;
use super::view::{View, behind, of};
use crate::model::health::{Replay, Role, Up};
use crate::model::topology::Server;
use crate::model::words::size;

pub(super) fn is_paused(up: &Up) -> bool {
    matches!(up.replay, Some(Replay::Paused | Replay::PauseRequested))
}

pub(super) fn server(view: &View<'_>, server: &Server, found: &mut Vec<Drift>) {
    let Some(up) = view.up(server) else { return };
    let name = server.name();
    if up.role == Role::Standby && is_paused(up) {
        let late = match behind(up.positions.have(), up.positions.replayed) {
            None | Some(0) => String::new(),
            Some(bytes) => format!(" ({} wait)", size(bytes)),
        };
        found.push(of(
            "replay-paused",
            server,
            format!("{name} does not apply what it receives: its replay is paused{late}."),
            format!("On {name}: SELECT {}();", view.major(up).resume_function()),
        ));
    }
    let archives = up.role == Role::Primary
        || up
            .settings
            .as_ref()
            .is_some_and(|all| all.value("archive_mode") == Some("always"));
    let Some(archiver) = up.archiver.as_ref().filter(|_| archives) else {
        return;
    };
    if let Some(file) = archiver.fails() {
        let since = match &archiver.last_archived {
            Some((last, at)) => format!("the last archived segment was {last}, at {at}"),
            None => "it has not archived anything yet".to_owned(),
        };
        found.push(of(
            super::ARCHIVE_FAILING,
            server,
            format!("{name} cannot archive {file}; {since}. WAL piles up on {name}."),
            format!(
                "Check that the archive folder exists, has free space and is writable for the server; \
                 {name}'s log has the output of archive_command."
            ),
        ));
    }
}
