//! Rules on commands that archive and restore: whether the two sides belong together. And on logical slots that
//! standbys copy.

use super::super::archive::Tool;
use super::super::findings::{Fix, Found};
use super::super::{Archive, Edit, Server, Topology};
use super::by_hand;

/// The commands as the servers would have them: the design's own, and those that somebody set by hand.
fn both(topology: &Topology) -> (Option<String>, Vec<(Option<&Server>, String)>) {
    let archive = topology.archive();
    let push = archive
        .and_then(Archive::archive_command)
        .map(str::to_owned)
        .or_else(|| {
            by_hand::named(topology, "archive_command")
                .next()
                .map(|hand| hand.value.to_owned())
        });
    let mut gets: Vec<(Option<&Server>, String)> = Vec::new();
    gets.extend(
        archive
            .and_then(Archive::restore_command)
            .map(|command| (None, command.to_owned())),
    );
    gets.extend(by_hand::named(topology, "restore_command").map(|hand| {
        let server = hand.owner.and_then(|id| topology.server(id));
        (server, hand.value.to_owned())
    }));
    (push, gets)
}

pub(super) fn archive_sides_differ(topology: &Topology) -> Vec<Found> {
    if topology
        .archive()
        .is_some_and(|archive| archive.directory().is_some())
    {
        return Vec::new();
    }
    let (push, gets) = both(topology);
    let has_commands = topology.archive().is_some();
    let mut found = Vec::new();
    let pair = |tool: Tool, push: Option<&str>, get: Option<&str>| {
        let (usual_push, usual_get) = tool.commands()?;
        let archive =
            Archive::of_commands(Some(push.unwrap_or(usual_push)), Some(get.unwrap_or(usual_get))).ok()?;
        Some((tool.name(), Edit::SetArchive(Some(archive))))
    };
    match (&push, gets.as_slice()) {
        // A command by hand alone is told of by its own rule.
        (Some(push), []) if has_commands && topology.servers().len() > 1 => {
            let one = Found::cluster(format!(
                "WAL is archived ({push}), and no standby can read it: there is no restore_command"
            ));
            found.push(with_pair(one, pair(Tool::of(push), Some(push), None)));
        }
        (None, [(server, get), ..]) if has_commands => {
            let message = format!(
                "Standbys restore WAL ({get}), and no server archives any: there is no archive_command"
            );
            let one = server.map_or_else(
                || Found::cluster(message.clone()),
                |server| Found::server(server.id(), message.clone()),
            );
            found.push(with_pair(one, pair(Tool::of(get), None, Some(get))));
        }
        (Some(push), gets) => {
            let of_push = Tool::of(push);
            let differing = gets.iter().filter(|(_, get)| {
                let of_get = Tool::of(get);
                of_get != of_push && !matches!((of_push, of_get), (Tool::WalE, Tool::WalG))
            });
            for (server, get) in differing {
                let message = format!(
                    "WAL is archived by {} and restored by {} ({get}): what one writes, the other does not find",
                    of_push.name(),
                    Tool::of(get).name()
                );
                let one = server.map_or_else(
                    || Found::cluster(message.clone()),
                    |server| Found::server(server.id(), message.clone()),
                );
                let has_place = topology.archive().is_some();
                found.push(with_pair(
                    one,
                    pair(of_push, Some(push), None).filter(|_| has_place),
                ));
            }
        }
        (None, _) => {}
    }
    found
}

fn with_pair(mut found: Found, pair: Option<(&'static str, Edit)>) -> Found {
    found.fix = pair.map(|(tool, edit)| Fix {
        label: format!("Use both commands of {tool} under [archive]"),
        edits: vec![edit],
    });
    found
}

/// `sync_replication_slots`: what else a standby needs before it copies its upstream's logical slots.
pub(super) fn slot_sync_incomplete(topology: &Topology) -> Vec<Found> {
    let mut found = Vec::new();
    for server in topology
        .servers()
        .iter()
        .filter(|server| topology.synchronises_slots(server))
    {
        let set = |owner, name: &str, value: &str| Edit::SetSetting {
            server: owner,
            name: name.to_owned(),
            value: Some(value.to_owned()),
        };
        let name = server.name();
        let mut say = |message: String, fix: Option<(&str, Edit)>| {
            let mut one = Found::server(server.id(), message);
            one.fix = fix.map(|(label, edit)| Fix {
                label: label.to_owned(),
                edits: vec![edit],
            });
            found.push(one);
        };
        let is_logical = |of: &Server| {
            by_hand::on(topology, of, "wal_level")
                .is_some_and(|hand| hand.value.trim().eq_ignore_ascii_case("logical"))
        };
        let is_raised = topology.postgres().raises_wal_level();
        if !is_raised && (!is_logical(server) || !is_logical(topology.primary())) {
            say(
                format!(
                    "\"{name}\" synchronizes logical slots (sync_replication_slots), which needs wal_level = logical"
                ),
                Some(("Set wal_level to logical", set(None, "wal_level", "logical"))),
            );
        }
        if server.upstream() != Some(topology.primary().id()) {
            say(
                format!(
                    "\"{name}\" synchronizes logical slots (sync_replication_slots), and can get them only from the primary: it follows a standby"
                ),
                Some((
                    "Make it follow the primary",
                    Edit::Attach {
                        server: server.id(),
                        upstream: topology.primary().id(),
                    },
                )),
            );
        }
        if !topology.uses_slot(server.id()) {
            let slot = Some(true);
            say(
                format!(
                    "\"{name}\" synchronizes logical slots (sync_replication_slots), which needs a physical slot of its own at the primary"
                ),
                Some((
                    "Use a slot",
                    Edit::SetSlot {
                        server: server.id(),
                        slot,
                    },
                )),
            );
        }
        if by_hand::on(topology, server, "hot_standby_feedback").is_some_and(by_hand::ByHand::is_off) {
            say(
                format!(
                    "\"{name}\" synchronizes logical slots (sync_replication_slots), which needs hot_standby_feedback = on"
                ),
                Some((
                    "Set hot_standby_feedback to on",
                    set(Some(server.id()), "hot_standby_feedback", "on"),
                )),
            );
        }
    }
    found
}

/// A name in `synchronized_standby_slots` that no slot at the server has holds every logical sender back.
pub(super) fn slot_waited_for_is_not_there(topology: &Topology) -> Vec<Found> {
    let slots = topology.slot_names();
    let mut found = Vec::new();
    for server in topology.servers() {
        let Some(hand) = by_hand::on(topology, server, "synchronized_standby_slots")
            .filter(|hand| hand.owner.is_some() || server.is_primary())
        else {
            continue;
        };
        let is_there = |name: &str| {
            let below = topology
                .downstreams(server.id())
                .filter(|below| topology.uses_slot(below.id()));
            let mut derived = below.filter_map(|below| slots.get(&below.id()));
            derived.any(|slot| slot == name) || server.terms().slots.iter().any(|slot| slot.as_str() == name)
        };
        let missing = hand.value.split(',').map(|name| name.trim().trim_matches('"'));
        for name in missing.filter(|name| !name.is_empty() && !is_there(name)) {
            found.push(Found::server(
                server.id(),
                format!(
                    "Failover slots of logical subscribers on \"{}\" wait for the slot {name}, and the design has no such slot there: those subscribers would get nothing",
                    server.name()
                ),
            ));
        }
    }
    found
}
