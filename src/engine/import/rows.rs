//! Rows of pg_stat_replication: which standby one belongs to, and what takes WAL without being a server.

use super::visit::Visit;
use crate::model::health::{Conninfo, Sender, SenderState};
use crate::model::topology::ServerName;

/// Rows of a server that none of its known standbys is: by slot, then by name.
pub(super) fn strangers_of(visit: &Visit, below: &[&Visit]) -> Vec<Sender> {
    let slots = visit.up.slots.as_deref().unwrap_or_default();
    let slot_of = |row: &Sender| slots.iter().find(|slot| slot.active_pid == Some(row.pid));
    // A base backup, a pg_receivewal or a logical subscriber is not a server.
    let is_standby =
        |row: &Sender| row.state != Some(SenderState::Backup) && !is_tool(row) && is_physical(visit, row);
    let mut left: Vec<Sender> = visit
        .up
        .senders
        .as_deref()
        .unwrap_or_default()
        .iter()
        .filter(|row| is_standby(row))
        .cloned()
        .collect();
    for standby in below {
        let Some(receiver) = standby.up.receiving.receiver() else {
            continue;
        };
        let name = standby_name(standby);
        let by_slot = left.iter().position(|row| {
            receiver
                .slot
                .as_deref()
                .is_some_and(|own| slot_of(row).is_some_and(|slot| slot.name == own))
        });
        let by_name = || {
            let is_its = |row: &Sender| name.as_deref().is_some_and(|name| row.application_name == name);
            left.iter().position(is_its)
        };
        if let Some(at) = by_slot.or_else(by_name).or((!left.is_empty()).then_some(0)) {
            left.remove(at);
        }
    }
    left
}

/// It writes WAL and replays none: pg_receivewal, or barman.
pub(super) fn is_tool(row: &Sender) -> bool {
    const TOOLS: [&str; 3] = ["pg_receivewal", "pg_receivexlog", "barman_receive_wal"];
    let is_silent = row.flushed.is_none() || TOOLS.contains(&row.application_name.as_str());
    row.state.is_some() && row.written.is_some() && row.replayed.is_none() && is_silent
}

pub(super) fn is_physical(visit: &Visit, row: &Sender) -> bool {
    let mut slots = visit.up.slots.iter().flatten();
    slots
        .find(|slot| slot.active_pid == Some(row.pid))
        .is_none_or(|slot| slot.is_physical)
}

/// The name that a standby's upstream shows.
pub(super) fn standby_name(visit: &Visit) -> Option<String> {
    let settings = visit.up.settings.as_ref()?;
    let link = settings
        .value("primary_conninfo")
        .and_then(Conninfo::parse)
        .or_else(|| visit.more.link.as_deref().map(Conninfo::of_view));
    let name = link
        .as_ref()
        .and_then(|link| link.get("application_name"))
        .map(str::to_owned);
    let name = name.or_else(|| {
        settings
            .value("cluster_name")
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
    });
    let parsed = ServerName::parse(name.as_deref()?).ok()?;
    Some(parsed.in_view(visit.major))
}
