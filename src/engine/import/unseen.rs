//! Servers that only others speak of: standbys that stream and did not answer, and slots whose standbys are away.

use std::collections::BTreeSet;

use super::facts::Told;
use super::walk::{Walked, is_here, shown};
use crate::model::health::{Sender, Slot};
use crate::model::import::{Asked, Facts, Unreached, Upstream};
use crate::model::quoting;

/// A standby that streams from a server and was not reached itself.
pub(super) fn stranger(told: &mut Told, walked: &Walked, at: usize, row: &Sender) {
    let Some(visit) = walked.visits.get(at) else {
        return;
    };
    let slots = visit.up.slots.as_deref().unwrap_or_default();
    let slot = slots.iter().find(|slot| slot.active_pid == Some(row.pid));
    let client = row.client.clone().filter(|client| !is_here(client));
    let sync = row
        .sync_state
        .as_ref()
        .map(|state| format!(", {}", state.word()))
        .unwrap_or_default();
    let message = format!(
        "It streams from {}{sync}, and nothing answered where it may be: no view shows its port. Its card is a place holder; \
         name it with --also HOST:PORT.",
        shown(&visit.host, visit.port)
    );
    unseen(told, walked, at, &row.application_name, client, slot, &message);
}

/// Slots that nobody uses: standbys that are away.
pub(super) fn away(told: &mut Told, walked: &Walked, at: usize) {
    let Some(visit) = walked.visits.get(at) else {
        return;
    };
    let used: BTreeSet<String> = told
        .facts
        .iter()
        .filter_map(|facts| facts.value("primary_slot_name").map(str::to_owned))
        .collect();
    for slot in visit.up.slots.iter().flatten() {
        // A slot that never kept WAL was never used.
        if slot.is_active
            || !slot.is_physical
            || slot.is_temporary
            || slot.restart.is_none()
            || used.contains(&slot.name)
        {
            continue;
        }
        let message = format!(
            "Its slot on {} is inactive: the standby is away. If the slot belongs to no standby, remove the card.",
            shown(&visit.host, visit.port)
        );
        unseen(told, walked, at, &slot.name, None, Some(slot), &message);
    }
}

fn unseen(
    told: &mut Told,
    walked: &Walked,
    at: usize,
    name: &str,
    client: Option<String>,
    slot: Option<&Slot>,
    message: &str,
) {
    let Some(visit) = walked.visits.get(at) else {
        return;
    };
    let ports: BTreeSet<u16> = walked.visits.iter().map(|visit| visit.port).collect();
    // One port for all is likely on hosts of their own.
    let port = match ports.iter().collect::<Vec<_>>().as_slice() {
        [only] if client.is_some() => **only,
        _ => (1..u16::MAX)
            .find(|port| {
                !ports.contains(port)
                    && *port >= 5433
                    && !told.facts.iter().any(|facts| facts.port() == *port)
            })
            .unwrap_or(5433),
    };
    let is_named = !name.is_empty() && name != "walreceiver";
    let shown_name = if is_named {
        name.to_owned()
    } else {
        "standby".to_owned()
    };
    let mut facts = Facts {
        place: format!("{}: {shown_name}", shown(&visit.host, visit.port)),
        label: shown_name.clone(),
        major: Some(visit.major),
        is_standby: true,
        follows: Some(Upstream::At(at)),
        is_running: true,
        is_unreached: true,
        address: client.clone().map(|client| (client, port)),
        ..Facts::default()
    };
    facts.set("port", &port.to_string(), String::new());
    if is_named {
        let text = format!("application_name={}", quoting::conninfo(name));
        facts.set("primary_conninfo", &text, String::new());
    }
    if let Some(slot) = slot {
        facts.set("primary_slot_name", &slot.name, String::new());
    }
    told.asked.push(Asked {
        server: Some(shown_name.clone()),
        question: format!(
            "On which port does \"{shown_name}\" listen? No view tells the port of a downstream."
        ),
        guess: port.to_string(),
    });
    told.unreached.push(Unreached {
        server: Some(shown_name),
        host: client,
        port: None,
        message: message.to_owned(),
    });
    told.facts.push(facts);
}
