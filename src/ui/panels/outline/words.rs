//! The word in a server's row: what it is, or what is wrong with it.

use crate::app::cards::{BY_ARCHIVE, Outlook, outlook_of};
use crate::app::{Mode, Session, WhatIf};
use crate::model::health::ReplicationRow;
use crate::model::simulate::world::Flow;
use crate::model::topology::Server;
use crate::ui::theme::Tokens;

/// What runs if it runs, else what is drawn.
pub(super) fn sync_word(session: &Session, server: &Server, tokens: &Tokens) -> (String, egui::Color32) {
    match &session.mode {
        Mode::Design => {}
        Mode::WhatIf(what_if) => return foreseen_word(what_if, server, tokens),
    }
    if let Some((word, is_wrong)) = amiss(session, server) {
        let colour = if is_wrong { tokens.error } else { tokens.warning };
        return (word.to_owned(), colour);
    }
    if server.is_primary() {
        return ("primary".to_owned(), tokens.primary);
    }
    if server.is_fed_by_archive() {
        return (BY_ARCHIVE.to_owned(), tokens.asynchronous);
    }
    let expected = || session.derived.expected.get(&server.id());
    let Some(row) = session.replication_row(server.id()).or_else(expected) else {
        return ("async".to_owned(), tokens.asynchronous);
    };
    row_word(row, tokens)
}

/// What a real server is that it should not be, and whether that is an error; `None`: it is what is drawn, or nobody knows.
pub(super) fn amiss(session: &Session, server: &Server) -> Option<(&'static str, bool)> {
    let reading = session.reading(server.id())?;
    let seen = session.live.cluster.as_ref()?.seen.as_ref()?;
    let is_primary = reading.role == "primary";
    let is_paused = seen.told(&reading.name).is_some_and(|told| told.is_paused);
    if !reading.running {
        Some(if seen.is_stopped() {
            ("stopped", false)
        } else {
            ("down", true)
        })
    } else if !reading.answers {
        Some(("no answer", false))
    } else if is_primary != server.is_primary() {
        Some((if is_primary { "accepts writes" } else { "a standby" }, true))
    } else if is_paused {
        Some(("paused", false))
    } else {
        seen.drift_of(&reading.name)
            .any(|drift| drift.rule == "link-missing")
            .then_some(("no upstream", false))
    }
}

/// In What-if: what is wrong, or else what it is for a commit.
fn foreseen_word(what_if: &WhatIf, server: &Server, tokens: &Tokens) -> (String, egui::Color32) {
    let Some(state) = what_if.world().state(server.id()) else {
        return (String::new(), tokens.text_weak);
    };
    let (outlook, word) = outlook_of(state);
    match (outlook, what_if.row(server.id())) {
        (Outlook::Down, _) => (word.to_owned(), tokens.error),
        (Outlook::Stuck | Outlook::Waits, _) => (word.to_owned(), tokens.warning),
        (Outlook::Well, None) if state.flow == Flow::ByArchive => {
            (BY_ARCHIVE.to_owned(), tokens.asynchronous)
        }
        (Outlook::Well, None) => ("primary".to_owned(), tokens.primary),
        (Outlook::Well, Some(row)) => row_word(row, tokens),
    }
}

fn row_word(row: &ReplicationRow, tokens: &Tokens) -> (String, egui::Color32) {
    if row.state != "streaming" {
        return (row.state.clone(), tokens.warning);
    }
    match row.sync_state.as_str() {
        "sync" => (format!("sync {}", row.sync_priority), tokens.sync),
        "potential" => (format!("potential {}", row.sync_priority), tokens.potential),
        "quorum" => ("quorum".to_owned(), tokens.quorum),
        other => (other.to_owned(), tokens.asynchronous),
    }
}
