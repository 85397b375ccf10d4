//! The settings of a running server against those that the design derives, with the file and line of what overrules them.

use super::view::{View, of};
use super::{Drift, OVERRULED, Repair};
use crate::model::configuration::{self as drawn, Decision};
use crate::model::health::{Conninfo, Role, Setting, Settings, Source, Up};
use crate::model::simulate::StandbyNames;
use crate::model::topology::catalogue::{self, Effect, Known};
use crate::model::topology::{PgMajor, Server, ServerName};

/// What ALTER SYSTEM writes, and what beats postgresql.conf.
pub(super) const AUTO_CONF: &str = "postgresql.auto.conf";

pub(super) const SYNC_NAMES: &str = "synchronous_standby_names";
const APPLY_DELAY: &str = "recovery_min_apply_delay";
const CONNINFO: &str = "primary_conninfo";
/// Each has a rule of its own.
const BY_RULES: [&str; 3] = [SYNC_NAMES, APPLY_DELAY, "port"];

/// What says whom a standby follows.
pub(super) const LINK: [&str; 2] = [CONNINFO, "primary_slot_name"];

/// What only a standby reads: on a primary it says nothing, whatever it is.
const OF_STANDBYS: [&str; 10] = [
    "archive_cleanup_command",
    "hot_standby_feedback",
    CONNINFO,
    "primary_slot_name",
    "promote_trigger_file",
    "recovery_end_command",
    APPLY_DELAY,
    "recovery_target_timeline",
    "restore_command",
    "wal_receiver_timeout",
];

/// Those that decide replication, and are nobody's but the design's, also where it leaves them at their default.
const DECIDING: [&str; 13] = [
    "archive_command",
    "archive_mode",
    "hot_standby_feedback",
    "max_slot_wal_keep_size",
    CONNINFO,
    "primary_slot_name",
    "recovery_target_timeline",
    "restore_command",
    "synchronous_commit",
    "wal_keep_segments",
    "wal_keep_size",
    "wal_receiver_timeout",
    "wal_sender_timeout",
];

pub(super) fn server(view: &View<'_>, server: &Server, found: &mut Vec<Drift>) {
    let Some(up) = view.up(server) else { return };
    let Some(running) = &up.settings else { return };
    let major = view.major(up);
    let derived = view.configuration().settings(server);
    let counts = |name: &str| up.role == Role::Standby || !OF_STANDBYS.contains(&name);
    for (place, drawn) in derived.iter().enumerate() {
        let is_it = |other: &drawn::Setting| other.name.eq_ignore_ascii_case(&drawn.name);
        // The same in another spelling comes later, and counts.
        if derived.iter().skip(place + 1).any(is_it) {
            continue;
        }
        let differs = one(server, running, drawn, major);
        if differs.is_none() && counts(&drawn.name) && !BY_RULES.contains(&drawn.name.as_str()) {
            found.extend(overruled(server, running, &drawn.name));
        }
        found.extend(differs);
    }
    let is_derived = |name: &str| derived.iter().any(|drawn| drawn.name.eq_ignore_ascii_case(name));
    for name in DECIDING
        .into_iter()
        .filter(|name| !is_derived(name) && counts(name))
    {
        let set = running.get(name).filter(|setting| setting.source == Source::File);
        if let Some(setting) = set.filter(|setting| is_seen(setting)) {
            let what = format!("{name} is set to {}", shown(name, setting));
            let message = format!(
                "{what} on {}{}; the design does not set it.",
                server.name(),
                place(setting)
            );
            let fix = undo(server, name, setting, major);
            found.push(of("setting-undrawn", server, message, fix).repaired_by(repair(name, setting, major)));
        }
    }
    for (name, differs) in [
        (SYNC_NAMES, sync_names(view, server, up)),
        (APPLY_DELAY, apply_delay(view, server, up)),
    ] {
        if differs.is_none() && counts(name) {
            found.extend(overruled(server, running, name));
        }
        found.extend(differs);
    }
    let pending = running
        .iter()
        .filter(|(name, setting)| setting.pending_restart == Some(true) && counts(name));
    found.extend(pending.map(|(name, setting)| {
        let own = server.name();
        of(
            "setting-pending",
            server,
            format!("{name} of {own} has a new value in a file, pending a restart."),
            format!(
                "Restart {own} (pgcascade stop DIR {own}, then start), or revert the value{}.",
                place(setting)
            ),
        )
        // Which file has the other value, the server does not say. The one that runs needs no restart.
        .repaired_by(Repair::Setting {
            name: name.to_owned(),
            resets: true,
            rewrites: true,
            restarts: false,
        })
    }));
}

/// One setting of the design against what runs. The list of names, the delay and the port have rules of their own.
fn one(server: &Server, running: &Settings, drawn: &drawn::Setting, major: PgMajor) -> Option<Drift> {
    let name = drawn.name.to_ascii_lowercase();
    if BY_RULES.contains(&name.as_str()) {
        return None;
    }
    let spelled = || running.iter().find(|(own, _)| own.eq_ignore_ascii_case(&name));
    let setting = running
        .get(&name)
        .or_else(|| spelled().map(|(_, setting)| setting));
    let Some(setting) = setting else {
        // Only what somebody set was asked for; anyone who sees no connection string does not see all.
        let is_by_hand = drawn.origin.decision == Decision::ByHand && running.value(CONNINFO).is_some();
        let is_unset = is_by_hand && matches!(catalogue::lookup(&name, major), Known::Here(_));
        return is_unset.then(|| {
            of(
                "setting-differs",
                server,
                format!(
                    "{name} is not set on {}; the design says {}.",
                    server.name(),
                    plain(&drawn.value)
                ),
                format!(
                    "Add it to postgresql.conf of {} again, and reload or restart the server.",
                    server.name()
                ),
            )
            .repaired_by(Repair::Setting {
                restarts: needs_restart(&name, major),
                name,
                resets: false,
                rewrites: true,
            })
        });
    };
    let value = setting.value.as_deref().filter(|_| is_seen(setting))?;
    let (runs, design) = if name == CONNINFO {
        let (own, drawn) = (Conninfo::parse(value)?, Conninfo::parse(&drawn.value)?);
        (own.beside(&drawn).text(), drawn.beside(&own).text())
    } else {
        let is_same = match catalogue::lookup(&name, major) {
            // Cut, and what is not ASCII replaced, like the name that a sender shows.
            _ if name == "cluster_name" => {
                let shown = ServerName::parse(&drawn.value).map(|name| name.in_list(major));
                drawn.value == value || shown.is_ok_and(|shown| shown == value)
            }
            Known::Here(parameter) | Known::Perhaps(parameter) => {
                parameter.is_shown_as(&drawn.value, value, major)
            }
            Known::Elsewhere { .. } | Known::Nowhere => drawn.value == value,
        };
        if is_same {
            return None;
        }
        (shown(&name, setting), plain(&drawn.value))
    };
    let (own, place) = (server.name(), place(setting));
    let message = match name.as_str() {
        CONNINFO if runs.is_empty() && design.is_empty() => return None,
        CONNINFO => format!(
            "{name} says {} on {own}{place}; the design says {}.",
            or_nothing(&runs),
            or_nothing(&design)
        ),
        // It may hold a password.
        command if command.ends_with("_command") => format!("{name} is not the design's on {own}{place}."),
        _ => format!("{name} is {runs} on {own}{place}; the design says {design}."),
    };
    let fix = undo(server, &name, setting, major);
    Some(of("setting-differs", server, message, fix).repaired_by(repair(&name, setting, major)))
}

fn or_nothing(text: &str) -> &str {
    if text.is_empty() { "none of these" } else { text }
}

/// Whether the value says something about what was set: not our own session's, not worked out by the server, not hidden, and
/// not on its way out.
fn is_seen(setting: &Setting) -> bool {
    let is_set = !matches!(setting.source, Source::Session | Source::Override);
    is_set && setting.value.is_some() && setting.pending_restart != Some(true)
}

/// The list of names, read as the server reads it. A standby ignores its own until it is promoted.
fn sync_names(view: &View<'_>, server: &Server, up: &Up) -> Option<Drift> {
    let setting = up.settings.as_ref().and_then(|all| all.get(SYNC_NAMES));
    let setting = setting.filter(|setting| is_seen(setting))?;
    let major = view.major(up);
    let running = setting.value.as_deref().unwrap_or_default();
    let drawn = view.configuration().value(server, SYNC_NAMES).unwrap_or_default();
    let read = |text: &str| StandbyNames::parse(text, major);
    if running == drawn || read(running) == read(&drawn) {
        return None;
    }
    let quoted = |text: &str| {
        if text.is_empty() {
            "empty".to_owned()
        } else {
            format!("'{text}'")
        }
    };
    let counts = if up.role == Role::Standby {
        ", and takes effect after a promotion"
    } else {
        ""
    };
    let message = format!(
        "{SYNC_NAMES} is {} on {}{}; the design has {}{counts}.",
        quoted(running),
        server.name(),
        place(setting),
        quoted(&drawn)
    );
    let fix = undo(server, SYNC_NAMES, setting, major);
    Some(of("other-sync-names", server, message, fix).repaired_by(repair(SYNC_NAMES, setting, major)))
}

/// The delay that a server applies with, in milliseconds; `None`: it does not say (up to 11).
pub(super) fn delay(up: &Up) -> Option<f64> {
    catalogue::milliseconds(up.settings.as_ref()?.value(APPLY_DELAY)?)
}

fn apply_delay(view: &View<'_>, server: &Server, up: &Up) -> Option<Drift> {
    let setting = up.settings.as_ref().and_then(|all| all.get(APPLY_DELAY));
    let (setting, running) = (setting.filter(|setting| is_seen(setting))?, delay(up)?);
    let drawn = view
        .configuration()
        .value(server, APPLY_DELAY)
        .unwrap_or_else(|| "0".to_owned());
    if catalogue::milliseconds(&drawn).is_none_or(|drawn| (drawn - running).abs() < 0.5) {
        return None;
    }
    let message = format!(
        "{} applies WAL {running} ms late{}; the design has {drawn}.",
        server.name(),
        place(setting)
    );
    let major = view.major(up);
    let fix = undo(server, APPLY_DELAY, setting, major);
    Some(of("other-apply-delay", server, message, fix).repaired_by(repair(APPLY_DELAY, setting, major)))
}

/// What the design says, said in postgresql.auto.conf, too: whatever the design says later would count for nothing.
fn overruled(server: &Server, running: &Settings, name: &str) -> Option<Drift> {
    let setting = running.get(name).filter(|setting| is_seen(setting))?;
    let is_auto = |file: &str| file.ends_with(AUTO_CONF);
    if !setting.file.as_deref().is_some_and(is_auto) {
        return None;
    }
    let message = format!(
        "{name} of {} is as drawn, but comes from ALTER SYSTEM{}: a change of the design would have no effect on it.",
        server.name(),
        place(setting)
    );
    let fix = format!("On {}: ALTER SYSTEM RESET {name};", server.name());
    Some(of(OVERRULED, server, message, fix).repaired_by(Repair::Setting {
        name: name.to_owned(),
        resets: true,
        rewrites: true,
        restarts: false,
    }))
}

/// The value for people, with its unit: "5000ms", "2048 × 8kB".
fn shown(name: &str, setting: &Setting) -> String {
    let value = setting.value.as_deref().unwrap_or("unknown");
    match setting.unit.as_deref() {
        _ if name.ends_with("_command") => "a command of its own".to_owned(),
        Some(unit) if unit.starts_with(|c: char| c.is_ascii_digit()) => format!("{value} × {unit}"),
        Some(unit) if value != "0" && !value.starts_with('-') => format!("{value}{unit}"),
        _ => plain(value),
    }
}

fn plain(value: &str) -> String {
    if value.is_empty() { "empty" } else { value }.to_owned()
}

/// " (postgresql.auto.conf, line 3)".
fn place(setting: &Setting) -> String {
    let file = setting
        .file
        .as_deref()
        .and_then(|file| file.rsplit(['/', '\\']).next());
    match (file, setting.line) {
        (Some(file), Some(line)) => format!(" ({file}, line {line})"),
        (Some(file), None) => format!(" ({file})"),
        (None, _) if setting.source == Source::CommandLine => " (command line)".to_owned(),
        (None, _) => String::new(),
    }
}

fn needs_restart(name: &str, major: PgMajor) -> bool {
    match catalogue::lookup(name, major) {
        Known::Here(parameter) | Known::Perhaps(parameter) => {
            parameter.takes_effect() == Some(Effect::Restart)
        }
        Known::Elsewhere { .. } | Known::Nowhere => false,
    }
}

/// What an applied design does about it; `None`: the value comes from where pgcascade does not write.
fn repair(name: &str, setting: &Setting, major: PgMajor) -> Option<Repair> {
    let file = setting
        .file
        .as_deref()
        .and_then(|file| file.rsplit(['/', '\\']).next());
    let (resets, rewrites) = match (file, &setting.source) {
        (Some(AUTO_CONF), _) => (true, false),
        // Its line was taken out, or another was put in its place.
        (Some("postgresql.conf"), _) | (None, Source::Default) => (false, true),
        _ => return None,
    };
    Some(Repair::Setting {
        name: name.to_owned(),
        resets,
        rewrites,
        restarts: needs_restart(name, major),
    })
}

/// How a setting comes back to what the design says.
fn undo(server: &Server, name: &str, setting: &Setting, major: PgMajor) -> String {
    let needs_restart = needs_restart(name, major);
    if setting
        .file
        .as_deref()
        .is_some_and(|file| file.ends_with(AUTO_CONF))
    {
        return reset(server, name, needs_restart);
    }
    let then = if needs_restart { "restart" } else { "reload" };
    format!(
        "Set it in postgresql.conf of {0} as designed and {then} {0}, or change the design.",
        server.name()
    )
}

/// ALTER SYSTEM undone.
pub(super) fn reset(server: &Server, name: &str, needs_restart: bool) -> String {
    let then = if needs_restart {
        "then restart it".to_owned()
    } else {
        "SELECT pg_reload_conf();".to_owned()
    };
    format!("On {}: ALTER SYSTEM RESET {name}; {then}", server.name())
}
