//! What the visits found, as facts of servers: also of those that only others speak of.

use std::collections::BTreeMap;

use super::unseen;
use super::visit::{AccessRow, FileSetting, Visit};
use super::walk::{Walked, is_here, shown};
use crate::model::health::{Conninfo, Source};
use crate::model::import::{
    Access, Asked, Facts, InMemory, Loss, Pending, Unreached, Upstream, read_conf, redacted,
};
use crate::model::quoting;
use crate::model::topology::PgMajor;
use crate::model::topology::catalogue::{Effect, Known, in_words, lookup};

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
        unseen::stranger(&mut told, walked, *at, row);
    }
    for (at, row) in &walked.tools {
        unseen::receiver(&mut told, walked, *at, row);
    }
    for at in 0..walked.visits.len() {
        unseen::away(&mut told, walked, at);
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
        sees_link: if visit.major.has_standby_signal() {
            visit.more.sees_settings == Some(true)
        } else {
            visit.more.recovery.is_some()
        },
        initdb: visit.more.initdb.clone(),
        tablespaces: visit.more.tablespaces.iter().flatten().cloned().collect(),
        place,
        ..Facts::default()
    };
    settings(&mut facts, visit);
    facts.pending = pending(visit);
    if let Some((collate, kind)) = &visit.more.locales {
        let place = facts.place.clone();
        facts.losses.push(Loss {
            place,
            line: format!("lc_collate = {collate}, lc_ctype = {kind}"),
            message: "A design has one locale for both.".to_owned(),
        });
    }
    link(&mut facts, visit);
    let role = quoting::identifier(user);
    if let Some(rows) = &visit.more.access {
        facts.access = rows.iter().map(access).collect();
    } else {
        facts.losses.push(hidden(
            &facts.place,
            &format!("\"{user}\" may not read pg_hba.conf, so its rules are unknown. Connect as a superuser, or run: GRANT EXECUTE ON \
                      FUNCTION pg_hba_file_rules() TO {role}"),
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
            Source::Default | Source::Session | Source::Override => continue,
            // The server takes it from the limit of its stack, which is nobody's setting (up to 13).
            Source::Environment if name == "max_stack_depth" => continue,
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
        facts.set(name, &written.unwrap_or(spoken), place);
    }
}

/// What a file says last of each setting, where something else runs.
fn pending(visit: &Visit) -> Vec<Pending> {
    // The server sets these itself when it starts, whatever its files say.
    const OVERRULED: [&str; 5] = [
        "config_file",
        "data_directory",
        "external_pid_file",
        "hba_file",
        "ident_file",
    ];
    let (Some(settings), Some(rows)) = (&visit.up.settings, &visit.more.file_settings) else {
        return Vec::new();
    };
    let last: BTreeMap<String, &FileSetting> = rows
        .iter()
        .map(|row| (row.name.to_ascii_lowercase(), row))
        .collect();
    let of_row = |(name, row): (String, &FileSetting)| {
        // A connection string is not compared: what runs has no password in it.
        if OVERRULED.contains(&name.as_str()) || name.contains('.') || name == "primary_conninfo" {
            return None;
        }
        let setting = settings.get(&row.name);
        let running = match setting {
            // Its built-in value runs, since it is not among those that somebody set.
            None => "its default".to_owned(),
            Some(one) => match one.source {
                Source::File | Source::Default => {
                    in_words(&name, one.value.as_deref()?, one.unit.as_deref(), visit.major)
                }
                _ => return None,
            },
        };
        if setting.is_some() && is_same(&name, &row.value, &running, visit.major) {
            return None;
        }
        let needs_restart = match lookup(&name, visit.major) {
            Known::Here(parameter) => parameter.takes_effect() == Some(Effect::Restart),
            _ => false,
        };
        Some(Pending {
            name,
            running,
            written: row.value.clone(),
            place: format!("{}:{}", row.file, row.line),
            needs_restart: needs_restart || setting.and_then(|one| one.pending_restart) == Some(true),
        })
    };
    last.into_iter().filter_map(of_row).collect()
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
    if let Some(text) = visit.more.link.as_deref().map(in_force) {
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
fn in_force(text: &str) -> String {
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
    let read = Conninfo::of_view(text);
    let words: Vec<String> = read
        .keys()
        .filter(|key| KEPT.contains(key) || matches!(*key, "sslmode" | "sslrootcert"))
        .filter_map(|key| Some((key, read.get(key)?)))
        .filter(|(key, value)| !(*key == "sslmode" && *value == "prefer"))
        .map(|(key, value)| format!("{key}={}", quoting::conninfo(value)))
        .collect();
    words.join(" ")
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
    let mut words = vec![row.kind.clone(), list(&row.databases), list(&row.users)];
    if !address.is_empty() {
        words.push(address.clone());
    }
    words.push(row.method.clone());
    words.extend(row.options.iter().map(|option| word(option)));
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

/// Names as a file has them: the view shows them without their quotes.
fn list(names: &[String]) -> String {
    let words: Vec<String> = names.iter().map(|name| word(name)).collect();
    words.join(",")
}

fn word(text: &str) -> String {
    let is_plain =
        !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || matches!(c, ',' | '#' | '"'));
    if is_plain {
        text.to_owned()
    } else {
        format!("\"{text}\"")
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
