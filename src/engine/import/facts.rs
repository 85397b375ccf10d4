//! What the visits found, as facts of servers: also of those that only others speak of.

use std::collections::BTreeSet;

use super::visit::{AccessRow, Visit};
use super::walk::{Walked, is_here, shown};
use crate::model::health::{Conninfo, Sender, Slot, Source};
use crate::model::import::{
    Access, Asked, Facts, InMemory, Loss, Pending, Unreached, Upstream, read_conf, redacted,
};
use crate::model::quoting;
use crate::model::topology::PgMajor;
use crate::model::topology::catalogue::in_words;

/// The servers that answered, then those that did not; what is guessed of the latter.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub facts: Vec<Facts>,
    pub asked: Vec<Asked>,
    pub unreached: Vec<Unreached>,
}

pub(super) fn facts_of(walked: &Walked, user: &str) -> Told {
    let mut told = Told::default();
    for (at, visit) in walked.visits.iter().enumerate() {
        let mut facts = of_visit(visit, user);
        facts.follows = walked.follows.get(&at).copied().map(Upstream::At);
        facts.aliases = walked
            .aliases
            .iter()
            .filter(|(_, visited)| **visited == at)
            .map(|((host, port), _)| {
                (
                    if host.starts_with('/') {
                        String::new()
                    } else {
                        host.clone()
                    },
                    *port,
                )
            })
            .collect();
        told.facts.push(facts);
    }
    for (at, row) in &walked.strangers {
        stranger(&mut told, walked, *at, row);
    }
    for at in 0..walked.visits.len() {
        away(&mut told, walked, at);
    }
    told
}

fn of_visit(visit: &Visit, user: &str) -> Facts {
    let place = shown(&visit.host, visit.port);
    let host = if visit.host.starts_with('/') {
        ""
    } else {
        visit.host.as_str()
    };
    let mut facts = Facts {
        label: if is_here(host) {
            String::new()
        } else {
            host.to_owned()
        },
        major: Some(visit.major),
        is_standby: visit.up.replay.is_some(),
        address: Some((host.to_owned(), visit.port)),
        is_running: true,
        sees_access: visit.more.access.is_some(),
        place,
        ..Facts::default()
    };
    settings(&mut facts, visit);
    link(&mut facts, visit);
    let role = quoting::identifier(user);
    if let Some(rows) = &visit.more.access {
        facts.access = rows.iter().map(access).collect();
    } else {
        facts.losses.push(hidden(
            &facts.place,
            &format!("\"{user}\" may not read pg_hba.conf, so nothing is known of it: a superuser, or GRANT EXECUTE ON FUNCTION \
                      pg_hba_file_rules() TO {role}, sees it."),
        ));
    }
    if visit.more.sees_settings == Some(false) || visit.more.sees_stats == Some(false) {
        facts.losses.push(hidden(
            &facts.place,
            &format!(
                "\"{user}\" may not see all settings and statistics, so links, slots and settings may be missing here: GRANT \
                 pg_monitor TO {role};"
            ),
        ));
    }
    facts
}

fn hidden(place: &str, message: &str) -> Loss {
    Loss {
        place: place.to_owned(),
        line: String::new(),
        message: message.to_owned(),
    }
}

/// What somebody set, as it stands in a file where that is known and runs.
fn settings(facts: &mut Facts, visit: &Visit) {
    let Some(settings) = &visit.up.settings else {
        return;
    };
    for (name, setting) in settings.iter() {
        let Some(value) = &setting.value else { continue };
        match &setting.source {
            Source::Default | Source::Session => continue,
            // Of our own role or database, not of the server.
            Source::Database | Source::User => {
                facts.losses.push(Loss {
                    place: facts.place.clone(),
                    line: redacted(name, value),
                    message:
                        "It is set for the role or the database that pgcascade came as, not for the server."
                            .to_owned(),
                });
                continue;
            }
            Source::File | Source::CommandLine | Source::Environment | Source::Other(_) => {}
        }
        let in_file = visit
            .more
            .file_settings
            .iter()
            .flatten()
            .rev()
            .find(|one| one.name.eq_ignore_ascii_case(name))
            .filter(|_| setting.source == Source::File);
        let place = match (&setting.file, setting.line, in_file) {
            (Some(file), Some(line), _) => format!("{}: {file}:{line}", facts.place),
            (_, _, Some(one)) => format!("{}: {}:{}", facts.place, one.file, one.line),
            _ => format!("{}: {}", facts.place, source_word(&setting.source)),
        };
        let spoken = in_words(name, value, setting.unit.as_deref(), visit.major);
        let written = in_file
            .map(|one| one.value.clone())
            .filter(|written| name != "primary_conninfo" && is_same(name, written, &spoken, visit.major));
        if let Some(one) = in_file.filter(|_| written.is_none() && name != "primary_conninfo") {
            facts.pending.push(Pending {
                name: name.to_owned(),
                running: spoken.clone(),
                written: one.value.clone(),
                place: format!("{}:{}", one.file, one.line),
                needs_restart: setting.pending_restart == Some(true),
            });
        }
        facts.set(name, &written.unwrap_or(spoken), place);
    }
}

/// A name of a process is shown with its letters replaced, which the file has as they are.
fn is_same(name: &str, written: &str, running: &str, major: PgMajor) -> bool {
    if name == "cluster_name" {
        let written = crate::model::topology::ServerName::parse(written);
        return written.is_ok_and(|written| written.in_list(major) == running || written.as_str() == running);
    }
    crate::model::import::is_same(name, written, running, major)
}

fn source_word(source: &Source) -> &str {
    match source {
        Source::CommandLine => "command line",
        Source::Environment => "environment",
        Source::File => "a file",
        _ => "running server",
    }
}

/// Up to 11 the link stands in recovery.conf, which only a superuser can read; the receiver tells most of it.
fn link(facts: &mut Facts, visit: &Visit) {
    if !facts.is_standby || visit.major.has_standby_signal() {
        return;
    }
    if let Some(text) = &visit.more.recovery {
        let mut files = InMemory::default();
        files.add("recovery.conf", text.clone().into_bytes());
        for line in read_conf(&files, "recovery.conf").unwrap_or_default().lines {
            if line.name == "standby_mode" {
                continue;
            }
            let place = format!("{}: recovery.conf:{}", facts.place, line.number);
            let value = if line.name == "primary_conninfo" {
                crate::model::import::without_password(&line.value)
            } else {
                line.value
            };
            facts.set(&line.name, &value, place);
        }
        return;
    }
    let place = format!("{}: pg_stat_wal_receiver", facts.place);
    facts.losses.push(hidden(
        &facts.place,
        "Up to 11, only a superuser can read recovery.conf through the server: a delay, a restore_command or another option of \
         the link may be missing.",
    ));
    if let Some(text) = visit.more.link.as_deref().and_then(in_force) {
        facts.set("primary_conninfo", &text, place.clone());
    }
    if let Some(slot) = visit
        .up
        .receiving
        .receiver()
        .and_then(|receiver| receiver.slot.clone())
    {
        facts.set("primary_slot_name", &slot, place);
    }
}

/// The receiver's connection string without what libpq filled in.
fn in_force(text: &str) -> Option<String> {
    const KEPT: [&str; 8] = [
        "host",
        "hostaddr",
        "port",
        "user",
        "application_name",
        "passfile",
        "sslcert",
        "sslkey",
    ];
    let read = Conninfo::parse(text)?;
    let words: Vec<String> = read
        .keys()
        .filter(|key| KEPT.contains(key) || matches!(*key, "sslmode" | "sslrootcert"))
        .filter_map(|key| Some((key, read.get(key)?)))
        .filter(|(key, value)| !(*key == "sslmode" && *value == "prefer"))
        .map(|(key, value)| format!("{key}={}", quoting::conninfo(value)))
        .collect();
    Some(words.join(" "))
}

fn access(row: &AccessRow) -> Access {
    let address = match (&row.address, &row.mask) {
        (Some(address), Some(mask)) => match prefix(mask) {
            Some(bits) => format!("{address}/{bits}"),
            None => format!("{address}/{mask}"),
        },
        (Some(address), None) => address.clone(),
        (None, _) => String::new(),
    };
    let mut words = vec![row.kind.clone(), row.databases.join(","), row.users.join(",")];
    if !address.is_empty() {
        words.push(address.clone());
    }
    words.push(row.method.clone());
    words.extend(row.options.iter().cloned());
    Access {
        file: row.file.clone(),
        number: usize::try_from(row.line).unwrap_or_default(),
        text: words.join(" "),
        kind: row.kind.clone(),
        is_replication: row.databases.iter().any(|name| name == "replication"),
        is_for_all: row.databases.iter().any(|name| name == "all"),
        address,
        method: row.method.clone(),
        options: row.options.clone(),
    }
}

/// `255.255.0.0` as 16.
fn prefix(mask: &str) -> Option<u32> {
    match mask.parse().ok()? {
        std::net::IpAddr::V4(mask) => {
            let bits = u32::from(mask);
            (bits.leading_ones() + bits.trailing_zeros() >= 32).then(|| bits.leading_ones())
        }
        std::net::IpAddr::V6(mask) => {
            let bits = u128::from(mask);
            (bits.leading_ones() + bits.trailing_zeros() >= 128).then(|| bits.leading_ones())
        }
    }
}

/// A standby that streams from a server and was not reached itself.
fn stranger(told: &mut Told, walked: &Walked, at: usize, row: &Sender) {
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
fn away(told: &mut Told, walked: &Walked, at: usize) {
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
