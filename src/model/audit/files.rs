//! What the servers' files, or their settings, say that no design can: names that nobody has, doors that stand open.

use super::{Found, Subject};
use crate::model::import::{Access, Facts, is_on};
use crate::model::quoting::{identifier, literal};
use crate::model::simulate::StandbyNames;
use crate::model::topology::{ServerName, Severity};
use crate::model::words::listed;

pub(super) fn findings(subject: &Subject<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    sync_names(subject, &mut found);
    same_names(subject, &mut found);
    refused(subject, &mut found);
    for (facts, name) in subject.facts.iter().zip(subject.names) {
        if facts.is_unreached {
            continue;
        }
        doors(facts, name, &mut found);
        archive(facts, name, &mut found);
        slots(subject, facts, name, &mut found);
        pending(facts, name, &mut found);
    }
    for one in subject.unreached {
        let server = one.server.clone();
        let place = match (&one.host, one.port) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (Some(host), None) => host.clone(),
            _ => server.clone().unwrap_or_else(|| "a server".to_owned()),
        };
        found.push(of(
            "server-not-reached",
            Severity::Warning,
            server,
            format!(
                "{place} was not looked at, so nothing is known of it. {}",
                one.message
            ),
            Some("Run the audit again with --also HOST:PORT, or start the server.".to_owned()),
        ));
    }
    found
}

pub(super) fn of(
    rule: &str,
    severity: Severity,
    server: Option<String>,
    message: String,
    fix: Option<String>,
) -> Found {
    Found {
        rule: rule.to_owned(),
        severity: severity.word(),
        server,
        message,
        fix,
        evidence: Vec::new(),
    }
}

fn primary<'a>(subject: &'a Subject<'_>) -> Option<(&'a Facts, &'a String)> {
    let wanted = subject.document.topology().primary().name().as_str();
    subject
        .facts
        .iter()
        .zip(subject.names)
        .find(|(_, name)| *name == wanted)
}

/// Names in synchronous_standby_names that no direct standby has.
fn sync_names(subject: &Subject<'_>, found: &mut Vec<Found>) {
    let topology = subject.document.topology();
    let major = topology.postgres();
    let Some((facts, name)) = primary(subject) else {
        return;
    };
    let Some(text) = facts.value("synchronous_standby_names") else {
        return;
    };
    let names = match StandbyNames::parse(text, major) {
        Ok(Some(names)) => names,
        Ok(None) => return,
        Err(error) => {
            found.push(of(
                "sync-name-unknown",
                Severity::Error,
                Some(name.clone()),
                format!("{name} does not start with its synchronous_standby_names: {error}."),
                Some(format!(
                    "On {name}: correct synchronous_standby_names. Its value is {}.",
                    literal(text)
                )),
            ));
            return;
        }
    };
    let direct: Vec<String> = topology
        .downstreams(topology.primary().id())
        .map(|server| server.name().in_list(major).to_ascii_lowercase())
        .collect();
    let is_known = |member: &&str| *member == "*" || direct.iter().any(|own| own == member);
    let (known, unknown): (Vec<&str>, Vec<&str>) = names.members().into_iter().partition(is_known);
    if unknown.is_empty() {
        return;
    }
    let has_star = known.contains(&"*");
    let can_answer = if has_star { direct.len() } else { known.len() };
    let is_stuck = (can_answer as u64) < u64::from(names.count());
    let listed_names = listed(&unknown.iter().map(|one| format!("\"{one}\"")).collect::<Vec<_>>());
    let good: Vec<String> = known
        .iter()
        .map(|one| {
            if *one == "*" {
                "*".to_owned()
            } else {
                identifier(one)
            }
        })
        .collect();
    let count = names
        .count()
        .min(u32::try_from(good.len()).unwrap_or(u32::MAX))
        .max(1);
    let list = match (names.is_quorum(), count) {
        (true, count) => format!("ANY {count} ({})", good.join(", ")),
        (false, 1) => good.join(", "),
        (false, count) => format!("FIRST {count} ({})", good.join(", ")),
    };
    found.push(of(
        "sync-name-unknown",
        if is_stuck { Severity::Error } else { Severity::Warning },
        Some(name.clone()),
        if is_stuck {
            format!(
                "synchronous_standby_names of {name} names {listed_names}, and no direct standby has such an application_name: too few \
                 can answer, so every commit hangs"
            )
        } else {
            format!(
                "synchronous_standby_names of {name} names {listed_names}, and no direct standby has such an application_name: it never \
                 counts"
            )
        },
        Some(if good.is_empty() {
            "Set application_name in primary_conninfo of the standby that is meant, or remove the name from the list.".to_owned()
        } else {
            format!(
                "On {name}, if the name is wrong: ALTER SYSTEM SET synchronous_standby_names = {}; SELECT pg_reload_conf(); else set \
                 application_name in primary_conninfo of the standby that is meant.",
                literal(&list)
            )
        }),
    ));
}

/// Two standbys that pg_stat_replication cannot tell apart.
fn same_names(subject: &Subject<'_>, found: &mut Vec<Found>) {
    let own = |facts: &Facts| {
        let link = facts.link()?;
        let name = link.get("application_name").filter(|_| facts.is_standby)?;
        ServerName::parse(name).ok()
    };
    for (at, (facts, name)) in subject.facts.iter().zip(subject.names).enumerate() {
        let Some(called) = own(facts) else { continue };
        let twin = subject
            .facts
            .iter()
            .zip(subject.names)
            .take(at)
            .find(|(other, _)| own(other).as_ref() == Some(&called));
        if let Some((_, twin)) = twin {
            found.push(of(
                "name-used-twice",
                Severity::Warning,
                Some(name.clone()),
                format!(
                    "{twin} and {name} both have the application_name \"{called}\": pg_stat_replication cannot tell them apart, and \
                     either counts as the synchronous standby of that name"
                ),
                Some(format!("Give {name} an application_name of its own in its primary_conninfo.")),
            ));
        }
    }
}

/// Lines for which a server does not start.
fn refused(subject: &Subject<'_>, found: &mut Vec<Found>) {
    for (facts, name) in subject.facts.iter().zip(subject.names) {
        for loss in &facts.losses {
            let stops = [
                "syntax error",
                "refuse",
                "cannot be read",
                "byte order mark",
                "names no file",
            ];
            if stops.iter().any(|word| loss.message.contains(word)) {
                let mut one = of(
                    "files-refused",
                    Severity::Error,
                    Some(name.clone()),
                    format!(
                        "{name} does not start with its files, or ignores them: {}",
                        loss.message
                    ),
                    Some(format!("Correct {}.", loss.place)),
                );
                one.evidence.push(format!("{}: {}", loss.place, loss.line));
                found.push(one);
            }
        }
    }
}

/// Lines of pg_hba.conf that let anybody in without a password.
fn doors(facts: &Facts, name: &str, found: &mut Vec<Found>) {
    let is_open = |rule: &&Access| {
        let is_far = rule.kind.starts_with("host")
            && !rule
                .single_host()
                .is_some_and(|host| host == "localhost" || host == "::1" || host.starts_with("127."))
            && !rule.address.starts_with("127.")
            && rule.address != "samehost";
        rule.method == "trust" && is_far
    };
    for rule in facts.access.iter().filter(is_open) {
        let what = if rule.is_replication {
            "copy the whole cluster"
        } else {
            "connect as any user that the line names"
        };
        let mut one = of(
            "anyone-gets-in",
            Severity::Error,
            Some(name.to_owned()),
            format!(
                "pg_hba.conf of {name} trusts {}: anyone there can {what} without a password",
                rule.address
            ),
            Some(format!(
                "On {name}: replace trust with scram-sha-256 in that line, then: SELECT pg_reload_conf();"
            )),
        );
        one.evidence.push(format!(
            "on {name}: {} ({}:{})",
            rule.text, rule.file, rule.number
        ));
        found.push(one);
    }
}

fn archive(facts: &Facts, name: &str, found: &mut Vec<Found>) {
    let is_archiving = facts
        .value("archive_mode")
        .is_some_and(|mode| is_on(mode) || mode.eq_ignore_ascii_case("always"));
    let command = facts.value("archive_command").unwrap_or_default();
    let has_library = facts
        .value("archive_library")
        .is_some_and(|library| !library.is_empty());
    let is_empty = command.is_empty() || command == "(disabled)";
    if !is_archiving || has_library || facts.is_standby {
        return;
    }
    if is_empty {
        found.push(of(
            "archive-failing",
            Severity::Error,
            Some(name.to_owned()),
            format!("{name} has no command to archive with (archive_command is empty), so it keeps all WAL until its disk is full"),
            Some(format!(
                "On {name}: set archive_command, or ALTER SYSTEM SET archive_mode = 'off'; and restart the server."
            )),
        ));
    } else if matches!(
        command.trim(),
        "/bin/true" | "true" | ":" | "/usr/bin/true" | "exit 0"
    ) {
        found.push(of(
            "archive-discards",
            Severity::Warning,
            Some(name.to_owned()),
            format!("archive_command of {name} ({command}) reports success but stores nothing: there is no archive to recover from"),
            Some(format!("On {name}: set an archive_command that copies the file, or switch archive_mode off.")),
        ));
    }
}

/// Slots that may keep WAL until the disk is full.
fn slots(subject: &Subject<'_>, facts: &Facts, name: &str, found: &mut Vec<Found>) {
    let topology = subject.document.topology();
    let Some(server) = topology.by_name(name) else {
        return;
    };
    let has_slots = topology
        .downstreams(server.id())
        .any(|standby| topology.uses_slot(standby.id()));
    let limit = facts.value("max_slot_wal_keep_size").unwrap_or("-1");
    if has_slots && topology.postgres().has_slot_limit() && limit.trim() == "-1" {
        found.push(of(
            "slots-unlimited",
            Severity::Warning,
            Some(name.to_owned()),
            format!("A standby of {name} that is away makes its slot retain WAL without a limit, until the disk is full and {name} stops"),
            Some(format!(
                "On {name}, with what the disk can spare: ALTER SYSTEM SET max_slot_wal_keep_size = '10GB'; SELECT pg_reload_conf();"
            )),
        ));
    }
}

/// What stands in a file and does not run.
fn pending(facts: &Facts, name: &str, found: &mut Vec<Found>) {
    for one in &facts.pending {
        let running = if one.running == "its default" {
            one.running.clone()
        } else {
            literal(&one.running)
        };
        let (rule, fix) = if one.needs_restart {
            (
                "setting-pending",
                format!("Restart {name} when that suits, or take the line back."),
            )
        } else {
            (
                "file-not-loaded",
                format!("On {name}: SELECT pg_reload_conf(); or take the line back."),
            )
        };
        let mut pending = of(
            rule,
            Severity::Warning,
            Some(name.to_owned()),
            format!(
                "{name} runs with {} = {}, and its file says {}",
                one.name,
                running,
                literal(&one.written)
            ),
            Some(fix),
        );
        pending.evidence.push(format!(
            "on {name}: {} = {} ({})",
            one.name,
            literal(&one.written),
            one.place
        ));
        found.push(pending);
    }
}
