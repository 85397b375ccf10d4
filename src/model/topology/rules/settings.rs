//! Rules on settings given by hand, of the cluster or of one server.

use super::super::findings::Found;
use super::super::{Edit, PgMajor, Server, Topology};
use super::{by_hand, standbys};
use crate::model::words::counted;

pub(super) fn hot_standby_off_on_relay(topology: &Topology) -> Vec<Found> {
    hot_standby_off(topology, true, |server| {
        format!(
            "With hot_standby off, \"{}\" does not accept connections, so nothing below it ever streams",
            server.name()
        )
    })
}

pub(super) fn hot_standby_off_on_leaf(topology: &Topology) -> Vec<Found> {
    hot_standby_off(topology, false, |server| {
        format!(
            "With hot_standby off, \"{}\" cannot be queried or verified",
            server.name()
        )
    })
}

fn hot_standby_off(topology: &Topology, on_relays: bool, message: impl Fn(&Server) -> String) -> Vec<Found> {
    standbys(topology)
        .filter_map(|server| {
            let setting = by_hand::on(topology, server, "hot_standby").filter(|hand| hand.is_off())?;
            (topology.is_relay(server.id()) == on_relays)
                .then(|| setting.without(Found::server(server.id(), message(server))))
        })
        .collect()
}

pub(super) fn wal_level_minimal(topology: &Topology) -> Vec<Found> {
    by_hand::named(topology, "wal_level")
        .filter(|hand| hand.value.trim().eq_ignore_ascii_case("minimal"))
        .map(|hand| {
            hand.found(
                "With wal_level = minimal, WAL lacks what a standby needs, and a server with max_wal_senders \
                 above 0 refuses to start"
                    .to_owned(),
            )
        })
        .collect()
}

/// Servers whose setting by hand is a number below what their downstreams need.
fn too_few(topology: &Topology, setting: &str, needed: impl Fn(&Server) -> usize, word: &str) -> Vec<Found> {
    topology
        .servers()
        .iter()
        .filter_map(|server| {
            let hand = by_hand::on(topology, server, setting)?;
            let given: usize = hand.value.trim().parse().ok()?;
            let needed = needed(server);
            // A standby with fewer than its primary would not start: another rule.
            let of_primary = (setting == "max_wal_senders" && !server.is_primary())
                .then(|| senders_of_primary(topology))
                .flatten();
            // With some to spare, as where nothing is set by hand: a base backup takes senders and a slot of its own.
            let enough = Topology::room_for(needed).max(of_primary.unwrap_or(0));
            (given < needed).then(|| {
                Found::server(
                    server.id(),
                    format!(
                        "\"{}\" has {} but {setting} = {given}: {} {word}",
                        server.name(),
                        counted(needed, "downstream"),
                        match (needed, needed - given) {
                            (1, _) => "it cannot".to_owned(),
                            (2, 2) => "neither can".to_owned(),
                            (all, without) if all == without => "none of them can".to_owned(),
                            (_, without) => format!("{without} of them cannot"),
                        }
                    ),
                )
                .fix(
                    format!("Set {setting} to {enough}"),
                    Edit::SetSetting {
                        server: hand.owner,
                        name: hand.name.to_owned(),
                        value: Some(enough.to_string()),
                    },
                )
            })
        })
        .collect()
}

/// What standbys may not be below; `None` up to 11.
fn senders_of_primary(topology: &Topology) -> Option<usize> {
    if !topology.postgres().counts_senders_apart() {
        return None;
    }
    let by_hand = by_hand::on(topology, topology.primary(), "max_wal_senders");
    let number = by_hand
        .and_then(by_hand::ByHand::number)
        .and_then(|number| usize::try_from(number).ok());
    Some(number.unwrap_or_else(|| Topology::room_for(topology.most_downstreams())))
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
    // From 13 on a standby without a slot of its own may make one for as long as it is connected.
    let takes_slot_for_a_while = |server: &Server| {
        by_hand::on(topology, server, "wal_receiver_create_temp_slot").is_some_and(by_hand::ByHand::is_on)
    };
    let slots = |server: &Server| {
        topology
            .downstreams(server.id())
            .filter(|below| topology.uses_slot(below.id()) || takes_slot_for_a_while(below))
            .count()
    };
    too_few(topology, "max_replication_slots", slots, "get a slot")
}

/// What a standby may not have lower than the primary, and what a server has if nothing is said.
/// Beside these, from 12 on, `max_wal_senders`: there the drawing says how many.
pub fn not_below_primary(major: PgMajor) -> [(&'static str, i64); 4] {
    [
        ("max_connections", 100),
        ("max_prepared_transactions", 0),
        ("max_locks_per_transaction", major.locks_per_transaction()),
        ("max_worker_processes", 8),
    ]
}

pub(super) fn standby_setting_below_primary(topology: &Topology) -> Vec<Found> {
    let number = |server, name| by_hand::on(topology, server, name).and_then(by_hand::ByHand::number);
    let senders = Topology::room_for(topology.most_downstreams());
    let senders = i64::try_from(senders).unwrap_or(i64::MAX);
    let common = not_below_primary(topology.postgres())
        .into_iter()
        .chain([("max_wal_senders", senders)]);
    let mut found = Vec::new();
    for (name, default) in common {
        if name == "max_wal_senders" && !topology.postgres().counts_senders_apart() {
            continue;
        }
        let needed = number(topology.primary(), name).unwrap_or(default);
        // Without hot_standby a server in recovery does not compare them.
        let is_open =
            |server: &&Server| by_hand::on(topology, server, "hot_standby").is_none_or(|hand| !hand.is_off());
        for server in standbys(topology).filter(is_open) {
            let Some(given) = number(server, name).or((needed > default).then_some(default)) else {
                continue;
            };
            if given < needed {
                found.push(
                    Found::server(
                        server.id(),
                        format!(
                            "\"{}\" has {name} = {given}, below the primary's {needed}: it refuses to start, shuts down or pauses replay",
                            server.name()
                        ),
                    )
                    .fix(
                        format!("Set {name} to {needed}"),
                        Edit::SetSetting {
                            server: Some(server.id()),
                            name: by_hand::on(topology, server, name)
                                .map_or(name, |hand| hand.name)
                                .to_owned(),
                            value: Some(needed.to_string()),
                        },
                    ),
                );
            }
        }
    }
    found
}
