//! A server's log in a dialog: followed while it is open.

use super::super::{Dialog, Effect, Session};

pub(super) fn show(session: &mut Session, server: String) -> Vec<Effect> {
    let Some(cluster) = &session.live.cluster else {
        return Vec::new();
    };
    session.dialog = Some(Dialog::Log {
        server: server.clone(),
        lines: Vec::new(),
        only_problems: false,
    });
    vec![Effect::FollowLog {
        folder: cluster.folder.clone(),
        server,
    }]
}

/// What arrives after the dialog was closed ends the reading.
pub(super) fn read(session: &mut Session, of: &str, now: Vec<String>) -> Vec<Effect> {
    match &mut session.dialog {
        Some(Dialog::Log { server, lines, .. }) if server == of => {
            *lines = now;
            Vec::new()
        }
        Some(Dialog::Log { .. }) => Vec::new(),
        _ => vec![Effect::EndLog],
    }
}

pub(super) fn only_problems(session: &mut Session, only: bool) -> Vec<Effect> {
    if let Some(Dialog::Log { only_problems, .. }) = &mut session.dialog {
        *only_problems = only;
    }
    Vec::new()
}
