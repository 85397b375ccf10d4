//! A change in sentences: what will be different, and who notices it while it is made.

use super::difference::{Difference, Kept, SYNC, SettingChange};
use crate::model::plan::Means;
use crate::model::topology::{Server, ServerId, Topology};

/// Settings that follow from what is drawn, and are told as that.
const DRAWN: [&str; 10] = [
    "port",
    "listen_addresses",
    "cluster_name",
    "primary_conninfo",
    "primary_slot_name",
    "recovery_min_apply_delay",
    "archive_mode",
    "archive_command",
    "ssl_cert_file",
    "ssl_key_file",
];

/// What will be different, a sentence each.
pub fn changes(difference: &Difference<'_>) -> Vec<String> {
    let mut told = Vec::new();
    if difference.switches_tls() {
        told.push(if difference.wanted.has_tls() {
            "All links become encrypted, and both ends present a certificate".to_owned()
        } else {
            "Links are no longer encrypted, and the certificates are removed".to_owned()
        });
    }
    for one in &difference.kept {
        told.extend(of_kept(difference, one));
    }
    for server in &difference.added {
        let upstream = upstream_of(difference.wanted, server);
        told.push(format!(
            "{} is new on port {}, a standby of {upstream}: a copy of the running {}",
            server.name(),
            server.port(),
            difference.running.primary().name()
        ));
    }
    for server in &difference.removed {
        told.push(format!("{} is removed, with its data", server.name()));
    }
    told.extend(sync(difference));
    told.extend(super::repair::words(difference));
    told
}

fn of_kept(difference: &Difference<'_>, one: &Kept<'_>) -> Vec<String> {
    let (was, is) = (one.was, one.is);
    let name = is.name();
    let mut told = Vec::new();
    if was.name() != is.name() {
        told.push(format!("{} is renamed to {name}", was.name()));
    }
    if difference.has_moved(one) {
        told.push(format!(
            "{name} follows {} instead of {}",
            upstream_of(difference.wanted, is),
            upstream_of(difference.running, was)
        ));
    }
    if was.port() != is.port() {
        told.push(format!(
            "{name} listens on port {} instead of {}",
            is.port(),
            was.port()
        ));
    }
    if was.host() != is.host() {
        told.push(format!(
            "{name} listens at {} instead of {}",
            is.host(),
            was.host()
        ));
    }
    let slot = |topology: &Topology, server: &Server| topology.uses_slot(server.id());
    match (slot(difference.running, was), slot(difference.wanted, is)) {
        (true, false) => told.push(format!("{name} streams without a replication slot")),
        (false, true) if !is.is_primary() => told.push(format!("{name} streams through a replication slot")),
        _ => {}
    }
    let delay = |server: &Server| {
        let standby = server.standby();
        standby.and_then(|standby| Some(standby.apply_delay()?.as_str().to_owned()))
    };
    if delay(was) != delay(is) {
        told.push(delay(is).map_or_else(
            || format!("{name} applies WAL at once"),
            |delay| format!("{name} applies WAL {delay} late"),
        ));
    }
    let archives = one
        .settings
        .iter()
        .any(|setting| setting.name == "archive_command");
    if archives && is.is_primary() {
        told.push(difference.wanted.archive().map_or_else(
            || "WAL is no longer archived; the existing archive is kept".to_owned(),
            |archive| match archive.directory() {
                Some(directory) => format!("WAL is archived to {directory}"),
                None => format!("WAL is archived {}", archive.words()),
            },
        ));
    }
    let by_hand = |setting: &&SettingChange| {
        let goes_with_tls = difference.switches_tls() && setting.name.starts_with("ssl");
        !DRAWN.contains(&setting.name.as_str()) && setting.name != "restore_command" && !goes_with_tls
    };
    told.extend(one.settings.iter().filter(by_hand).map(|setting| {
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "the default".to_owned());
        format!(
            "{name} gets {} = {} (was {}), with a {}",
            setting.name,
            value(&setting.is),
            value(&setting.was),
            if setting.needs_restart {
                "restart"
            } else {
                "reload"
            }
        )
    }));
    told
}

fn sync(difference: &Difference<'_>) -> Vec<String> {
    let changed = difference.sync.iter().zip(&difference.sync_was);
    changed
        .filter(|(is, was)| is != was)
        .filter_map(|((name, is), (_, was))| {
            let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "the default".to_owned());
            let what = if *name == SYNC[0] {
                "Commits wait for"
            } else {
                "Commits wait at the level"
            };
            Some(match is {
                None if *name == SYNC[0] => "Commits no longer wait for a standby".to_owned(),
                // It goes with the names.
                None => return None,
                _ if was.is_none() => format!("{what} {}", value(is)),
                _ => format!("{what} {} instead of {}", value(is), value(was)),
            })
        })
        .collect()
}

/// Who is interrupted, a sentence each.
pub fn interruptions(difference: &Difference<'_>) -> Vec<String> {
    let mut told = Vec::new();
    if difference.must_loosen() {
        told.push(
            "During the change, commits do not wait for standbys: too few synchronous standbys stay \
             connected"
                .to_owned(),
        );
    }
    for one in &difference.kept {
        let name = one.was.name();
        let means = if one.restarts() {
            Some(Means::Restart)
        } else {
            one.means
        };
        match means {
            Some(Means::Restart) if one.is.is_primary() => told.push(format!(
                "{name} restarts: its sessions end, and writes fail for a moment"
            )),
            Some(Means::Restart) => {
                let below = difference.running.downstreams(one.was.id());
                told.push(format!(
                    "{name} restarts: its sessions end{}",
                    receive_nothing(below)
                ));
            }
            Some(Means::Reload) if one.leaves_upstream() => {
                told.push(format!("{name} receives no WAL for a moment; its sessions stay"));
            }
            _ => {}
        }
    }
    for server in &difference.removed {
        told.push(format!("{} is removed; its sessions end", server.name()));
    }
    told
}

fn receive_nothing<'a>(below: impl Iterator<Item = &'a Server>) -> String {
    let names: Vec<&str> = below.map(|server| server.name().as_str()).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => format!(", and {one} receives no WAL in the meantime"),
        many => format!(", and {} receive no WAL in the meantime", many.join(", ")),
    }
}

fn upstream_of(topology: &Topology, server: &Server) -> String {
    let upstream: Option<ServerId> = server.upstream();
    upstream
        .and_then(|id| topology.server(id))
        .map_or_else(String::new, |upstream| upstream.name().to_string())
}
