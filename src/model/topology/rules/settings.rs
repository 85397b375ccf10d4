//! Rules on settings given by hand, of the cluster or of one server.

use super::super::findings::Found;
use super::super::{Edit, Server, ServerId, Subject, Topology};
use super::standbys;

/// Settings that the generator writes from the drawing; by hand they would silently undo it.
pub const MANAGED_SETTINGS: [&str; 24] = [
    "archive_cleanup_command",
    "archive_command",
    "archive_library",
    "archive_mode",
    "cluster_name",
    "config_file",
    "data_directory",
    "external_pid_file",
    "hba_file",
    "ident_file",
    "listen_addresses",
    "port",
    "primary_conninfo",
    "primary_slot_name",
    "promote_trigger_file",
    "recovery_min_apply_delay",
    "recovery_target_timeline",
    "restore_command",
    "standby_mode",
    "synchronous_commit",
    "synchronous_standby_names",
    "trigger_file",
    "unix_socket_directories",
    "unix_socket_directory",
];

/// Every setting given by hand: of the cluster (`None`), then of each server.
pub(super) fn hand_settings(topology: &Topology) -> impl Iterator<Item = (Option<ServerId>, &str, &str)> {
    let own = topology.servers().iter().flat_map(|server| {
        server
            .settings()
            .iter()
            .map(move |(name, value)| (Some(server.id()), name.as_str(), value.as_str()))
    });
    topology
        .settings()
        .iter()
        .map(|(name, value)| (None, name.as_str(), value.as_str()))
        .chain(own)
}

pub(super) fn at_setting(server: Option<ServerId>, name: &str, message: String) -> Found {
    let found = match server {
        Some(id) => Found::server(id, message),
        None => Found::cluster(message),
    };
    found.fix(
        format!("Remove {name}"),
        Edit::SetSetting {
            server,
            name: name.to_owned(),
            value: None,
        },
    )
}

pub(super) fn setting_is_managed(topology: &Topology) -> Vec<Found> {
    hand_settings(topology)
        .filter(|(_, name, _)| MANAGED_SETTINGS.contains(&name.to_ascii_lowercase().as_str()))
        .map(|(server, name, _)| {
            at_setting(
                server,
                name,
                format!("\"{name}\" comes from the drawing; set by hand it would undo what is drawn"),
            )
        })
        .collect()
}

/// True if PostgreSQL would read the text as the boolean `off` (any unambiguous beginning counts).
fn is_off(value: &str) -> bool {
    let value = value.trim().to_ascii_lowercase();
    matches!(
        value.as_str(),
        "of" | "off" | "0" | "f" | "fa" | "fal" | "fals" | "false" | "n" | "no"
    )
}

pub(super) fn hot_standby_off_on_relay(topology: &Topology) -> Vec<Found> {
    standbys(topology)
        .filter(|server| topology.is_relay(server.id()))
        .filter(|server| {
            topology
                .setting_of(server.id(), "hot_standby")
                .is_some_and(is_off)
        })
        .map(|server| {
            let owner = server
                .settings()
                .contains_key("hot_standby")
                .then_some(server.id());
            let mut found = at_setting(
                owner,
                "hot_standby",
                format!(
                    "With hot_standby off, \"{}\" accepts no connections, so nothing below it ever streams",
                    server.name()
                ),
            );
            found.subject = Subject::Server(server.id());
            found
        })
        .collect()
}

pub(super) fn wal_level_minimal(topology: &Topology) -> Vec<Found> {
    let is_minimal = |value: &str| value.trim().eq_ignore_ascii_case("minimal");
    hand_settings(topology)
        .filter(|(_, name, value)| *name == "wal_level" && is_minimal(value))
        .map(|(server, name, _)| {
            at_setting(server, name, "wal_level = minimal writes too little WAL for any standby, and the server refuses to start with it".to_owned())
        })
        .collect()
}

/// Servers whose setting by hand is a number below what their downstreams need.
fn too_few(topology: &Topology, setting: &str, needed: impl Fn(&Server) -> usize, word: &str) -> Vec<Found> {
    topology
        .servers()
        .iter()
        .filter_map(|server| {
            let given: usize = topology.setting_of(server.id(), setting)?.trim().parse().ok()?;
            let needed = needed(server);
            (given < needed).then(|| {
                Found::server(
                    server.id(),
                    format!(
                        "\"{}\" has {needed} downstreams but {setting} = {given}: {} of them cannot {word}",
                        server.name(),
                        needed - given
                    ),
                )
                .fix(
                    format!("Set {setting} to {needed}"),
                    Edit::SetSetting {
                        server: Some(server.id()),
                        name: setting.to_owned(),
                        value: Some(needed.to_string()),
                    },
                )
            })
        })
        .collect()
}

pub(super) fn too_few_wal_senders(topology: &Topology) -> Vec<Found> {
    too_few(
        topology,
        "max_wal_senders",
        |server| topology.downstreams(server.id()).count(),
        "connect",
    )
}

pub(super) fn too_few_slots(topology: &Topology) -> Vec<Found> {
    let slots = |server: &Server| {
        topology
            .downstreams(server.id())
            .filter(|below| topology.uses_slot(below.id()))
            .count()
    };
    too_few(topology, "max_replication_slots", slots, "get a slot")
}

/// What a standby may not have lower than the primary, and what the primary has if nothing is said.
const NOT_BELOW_PRIMARY: [(&str, i64); 5] = [
    ("max_connections", 100),
    ("max_prepared_transactions", 0),
    ("max_locks_per_transaction", 64),
    ("max_worker_processes", 8),
    ("max_wal_senders", 10),
];

pub(super) fn standby_setting_below_primary(topology: &Topology) -> Vec<Found> {
    let number = |id, name| {
        topology
            .setting_of(id, name)
            .and_then(|value| value.trim().parse::<i64>().ok())
    };
    let mut found = Vec::new();
    for (name, default) in NOT_BELOW_PRIMARY {
        if name == "max_wal_senders" && !topology.postgres().counts_senders_apart() {
            continue;
        }
        let needed = number(topology.primary().id(), name).unwrap_or(default);
        for server in standbys(topology) {
            let Some(given) = number(server.id(), name).or((needed > default).then_some(default)) else {
                continue;
            };
            if given < needed {
                found.push(
                    Found::server(
                        server.id(),
                        format!("\"{}\" has {name} = {given}, below the primary's {needed}: it stops, or stops applying WAL", server.name()),
                    )
                    .fix(
                        format!("Set {name} to {needed}"),
                        Edit::SetSetting { server: Some(server.id()), name: name.to_owned(), value: Some(needed.to_string()) },
                    ),
                );
            }
        }
    }
    found
}
