//! Servers that only others speak of: standbys that stream and did not answer, and slots whose standbys are away.

use std::collections::BTreeSet;

use super::facts::Told;
use super::visit::Visit;
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
        "It streams from {}{sync}, and nothing answered where it may be: no view shows its port. Its card is a placeholder; \
         name it with --also HOST:PORT.",
        shown(&visit.host, visit.port)
    );
    unseen(told, walked, at, &row.application_name, client, slot, &message);
}

/// What takes WAL and is not a server: drawn as that, with the slot that it uses.
pub(super) fn receiver(told: &mut Told, walked: &Walked, at: usize, row: &Sender) {
    let Some(visit) = walked.visits.get(at) else {
        return;
    };
    let mut slots = visit.up.slots.iter().flatten();
    let slot = slots.find(|slot| slot.active_pid == Some(row.pid));
    let client = row.client.clone().filter(|client| !is_here(client));
    let mut facts = card(told, walked, visit, at, &row.application_name, client, slot);
    facts.is_receiver = true;
    told.facts.push(facts);
}

/// Slots that nobody uses: standbys that are away, unless something says that they are kept for something else.
pub(super) fn away(told: &mut Told, walked: &Walked, at: usize) {
    let Some(visit) = walked.visits.get(at) else {
        return;
    };
    let slot_of = |facts: &Facts| facts.value("primary_slot_name").map(str::to_owned);
    let used: BTreeSet<String> = told
        .facts
        .iter()
        .filter(|facts| facts.follows == Some(Upstream::At(at)))
        .filter_map(slot_of)
        .collect();
    let used_elsewhere: BTreeSet<String> = told.facts.iter().filter_map(slot_of).collect();
    for slot in visit.up.slots.iter().flatten() {
        if slot.is_active || !slot.is_physical || slot.is_temporary || used.contains(&slot.name) {
            continue;
        }
        // One that never kept WAL was never used; one of a standby that is elsewhere waits for it to turn here.
        let is_unused = slot.restart.is_none() && slot.wal_status.is_none();
        let is_certain = is_unused || used_elsewhere.contains(&slot.name);
        if is_certain || is_tools(&slot.name) {
            if !is_certain {
                told.asked.push(Asked {
                    server: None,
                    question: format!(
                        "Who uses the slot \"{}\" on {}? It is inactive, and by its name it is a backup tool's and no standby's.",
                        slot.name,
                        shown(&visit.host, visit.port)
                    ),
                    guess: "a slot besides those of its standbys".to_owned(),
                });
            }
            if let Some(facts) = told.facts.get_mut(at) {
                facts.slots.push(slot.name.clone());
            }
            continue;
        }
        let message = format!(
            "Its slot on {} is inactive: the standby is away. If the slot belongs to no standby, remove the card.",
            shown(&visit.host, visit.port)
        );
        unseen(told, walked, at, &slot.name, None, Some(slot), &message);
    }
}

/// A name that backup tools use for their slots.
fn is_tools(slot: &str) -> bool {
    const WORDS: [&str; 6] = [
        "barman",
        "receivewal",
        "receive_wal",
        "pgbackrest",
        "wal_g",
        "backup",
    ];
    WORDS.iter().any(|word| slot.contains(word))
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
    let facts = card(told, walked, visit, at, name, client.clone(), slot);
    let (shown_name, port) = (facts.label.clone(), facts.port());
    told.asked.push(Asked {
        server: Some(shown_name.clone()),
        question: format!(
            "On which port does \"{shown_name}\" listen? No view shows the port of a downstream."
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

/// What others say of somebody who was not looked into.
fn card(
    told: &Told,
    walked: &Walked,
    visit: &Visit,
    at: usize,
    name: &str,
    client: Option<String>,
    slot: Option<&Slot>,
) -> Facts {
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
        label: shown_name,
        major: Some(visit.major),
        is_standby: true,
        follows: Some(Upstream::At(at)),
        is_running: true,
        is_unreached: true,
        address: client.map(|client| (client, port)),
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
    facts
}
