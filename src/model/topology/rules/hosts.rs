//! Rules on hosts: who can reach whom, and what is lost with one of them.

use std::collections::BTreeSet;

use super::super::findings::{Fix, Found};
use super::super::{ApplyDelay, Archive, Edit, Host, Port, Server, Topology};
use super::{by_hand, standbys};
use crate::model::words::listed;

/// The ports that are proposed begin here: PostgreSQL's own.
const FIRST_PORT: u16 = 5432;

/// True for what means "every address" to a listener and is not an address to connect to.
fn is_no_address(host: &Host) -> bool {
    host.as_str() == "*"
        || host
            .as_str()
            .parse::<core::net::IpAddr>()
            .is_ok_and(|address| address.is_unspecified())
}

/// Where two servers are one machine: loopback is one, and names do not tell capitals apart.
fn machine(server: &Server) -> String {
    if server.host().is_loopback() {
        return "localhost".to_owned();
    }
    server.host().as_str().to_ascii_lowercase()
}

fn upstream<'a>(topology: &'a Topology, server: &Server) -> Option<&'a Server> {
    server.upstream().and_then(|id| topology.server(id))
}

pub(super) fn host_is_no_address(topology: &Topology) -> Vec<Found> {
    let elsewhere = |server: &&Server| !server.host().is_loopback() && !is_no_address(server.host());
    let is_one_machine = topology.servers().iter().find(elsewhere).is_none();
    topology
        .servers()
        .iter()
        .filter(|server| is_no_address(server.host()))
        .map(|server| {
            let found = Found::server(
                server.id(),
                format!(
                    "\"{}\" has the host {}, which means every address: pg_hba.conf cannot accept a standby \
                     from it, and no other machine can connect to it",
                    server.name(),
                    server.host()
                ),
            );
            if is_one_machine {
                found.fix(
                    "Use localhost",
                    Edit::SetHost {
                        server: server.id(),
                        host: Host::default(),
                    },
                )
            } else {
                found
            }
        })
        .collect()
}

pub(super) fn loopback_beside_other_hosts(topology: &Topology) -> Vec<Found> {
    standbys(topology)
        .filter_map(|server| Some((server, upstream(topology, server)?)))
        .filter(|(server, above)| !is_no_address(server.host()) && !is_no_address(above.host()))
        .filter(|(server, above)| server.host().is_loopback() != above.host().is_loopback())
        .map(|(server, above)| {
            let message = if above.host().is_loopback() {
                format!(
                    "\"{}\" would look for \"{}\" on its own machine: on {3}, {2} is a different machine",
                    server.name(),
                    above.name(),
                    above.host(),
                    server.host()
                )
            } else {
                format!(
                    "\"{}\" cannot connect to \"{}\": its host is {}, so pg_hba.conf expects it on the same \
                     machine",
                    server.name(),
                    above.name(),
                    server.host()
                )
            };
            Found::server(server.id(), message)
        })
        .collect()
}

pub(super) fn host_spelled_two_ways(topology: &Topology) -> Vec<Found> {
    let mut first_spellings: std::collections::BTreeMap<String, &Host> = std::collections::BTreeMap::new();
    let mut found = Vec::new();
    for server in topology.servers() {
        let key = server.host().as_str().to_ascii_lowercase();
        let first = *first_spellings.entry(key).or_insert_with(|| server.host());
        if first != server.host() {
            found.push(
                Found::server(
                    server.id(),
                    format!(
                        "{} and {first} are the same host: host names are case-insensitive",
                        server.host()
                    ),
                )
                .fix(
                    format!("Write {first}"),
                    Edit::SetHost {
                        server: server.id(),
                        host: first.clone(),
                    },
                ),
            );
        }
    }
    found
}

/// The lowest port that Linux gives to outgoing connections (`net.ipv4.ip_local_port_range`), and the highest.
const OUTGOING: std::ops::RangeInclusive<u16> = 32_768..=60_999;

/// All of them are one finding: the reason is the same, and so is the way out.
pub(super) fn port_among_outgoing(topology: &Topology) -> Vec<Found> {
    let is_among = |server: &&Server| OUTGOING.contains(&server.port().number());
    let among: Vec<&Server> = topology.servers().iter().filter(is_among).collect();
    let names: Vec<String> = among
        .iter()
        .map(|server| format!("\"{}\" ({})", server.name(), server.port()))
        .collect();
    let mut found = match among.as_slice() {
        [] => return Vec::new(),
        [server] => Found::server(
            server.id(),
            format!(
                "Port {} of \"{}\" is in the system's range for outgoing connections: one of them may use it \
                 when the server starts",
                server.port(),
                server.name()
            ),
        ),
        _ => Found::cluster(format!(
            "The ports of {} are in the system's range for outgoing connections: one of them may use a port \
             when its server starts",
            listed(&names)
        )),
    };
    let taken: BTreeSet<u16> = topology
        .servers()
        .iter()
        .map(|server| server.port().number())
        .collect();
    let free = (FIRST_PORT..*OUTGOING.start())
        .filter(|port| !taken.contains(port))
        .filter_map(|port| Port::new(port).ok());
    let edits: Vec<Edit> = among
        .iter()
        .zip(free)
        .map(|(server, port)| Edit::SetPort {
            server: server.id(),
            port,
        })
        .collect();
    let label = match edits.as_slice() {
        [Edit::SetPort { port, .. }] => format!("Use port {port}"),
        _ => "Use free ports for all".to_owned(),
    };
    if edits.len() == among.len() {
        found.fix = Some(Fix { label, edits });
    }
    vec![found]
}

pub(super) fn sync_all_on_primary_host(topology: &Topology) -> Vec<Found> {
    let here = machine(topology.primary());
    let candidates = topology.sync_candidates();
    let has_others = topology.servers().iter().any(|server| machine(server) != here);
    if topology.sync().is_none_or(|policy| !policy.commit.waits())
        || candidates.is_empty()
        || !has_others
        || candidates.iter().any(|server| machine(server) != here)
    {
        return Vec::new();
    }
    let found = Found::cluster(format!(
        "Every synchronous standby is on the primary's host {}: losing that host loses every synchronous \
         copy",
        topology.primary().host()
    ));
    let next = candidates
        .iter()
        .filter_map(|server| server.standby()?.sync_priority())
        .max()
        .unwrap_or(0)
        .saturating_add(1);
    let far = topology.downstreams(topology.primary().id()).find(|server| {
        machine(server) != here && server.standby().and_then(|own| own.apply_delay()).is_none()
    });
    vec![match far {
        Some(server) => found.fix(
            format!("Make \"{}\" on {} a candidate too", server.name(), server.host()),
            Edit::SetSyncPriority {
                server: server.id(),
                priority: Some(next),
            },
        ),
        None => found,
    }]
}

pub(super) fn sync_all_on_one_host(topology: &Topology) -> Vec<Found> {
    let candidates = topology.sync_candidates();
    let [first, rest @ ..] = candidates.as_slice() else {
        return Vec::new();
    };
    let host = machine(first);
    let is_one_host = rest.iter().all(|server| machine(server) == host);
    if topology.sync().is_none_or(|policy| !policy.commit.waits())
        || rest.is_empty()
        || !is_one_host
        || host == machine(topology.primary())
    {
        return Vec::new();
    }
    let all = match candidates.len() {
        2 => "Both".to_owned(),
        many => format!("All {many}"),
    };
    vec![Found::cluster(format!(
        "{all} synchronous standbys are on {}: if that host fails, every commit hangs",
        first.host()
    ))]
}

pub(super) fn relative_archive_on_several_hosts(topology: &Topology) -> Vec<Found> {
    let here = machine(topology.primary());
    let Some(directory) = topology
        .archive()
        .and_then(Archive::directory)
        .filter(|directory| !directory.starts_with('/'))
    else {
        return Vec::new();
    };
    let Some(elsewhere) = standbys(topology).find(|server| machine(server) != here) else {
        return Vec::new();
    };
    vec![Found::cluster(format!(
        "The archive \"{directory}\" is a separate folder on each host: \"{}\" on {} cannot see what the primary on \
         {} archived; use the absolute path of a shared folder",
        elsewhere.name(),
        elsewhere.host(),
        topology.primary().host()
    ))]
}

pub(super) fn archive_below_relay(topology: &Topology) -> Vec<Found> {
    let major = topology.postgres();
    if topology.archive().is_none() || !major.has_cascade_archive_bug() {
        return Vec::new();
    }
    let primary = topology.primary().id();
    let Some(server) = standbys(topology).find(|server| server.upstream() != Some(primary)) else {
        return Vec::new();
    };
    let remedy = match major.cascade_archive_fix() {
        Some(minor) => format!("run {minor} or later"),
        None => format!("every release of {major} has it"),
    };
    vec![Found::server(
        server.id(),
        format!(
            "A server bug affects cascaded standbys such as \"{}\": after reading from the archive, they \
             can request WAL that their upstream does not have yet, again and again: {remedy}",
            server.name()
        ),
    )]
}

pub(super) fn chain_is_deep(topology: &Topology) -> Vec<Found> {
    /// Links from the primary that still pass without a word.
    const MOST_LINKS: usize = 4;
    let Some(last) = topology.in_tree_order().into_iter().find_map(|id| {
        (topology.level(id) > MOST_LINKS)
            .then(|| topology.server(id))
            .flatten()
    }) else {
        return Vec::new();
    };
    let found = Found::server(
        last.id(),
        format!(
            "\"{}\" is {} links below the primary: any failure above cuts it off, since a standby does not \
             look for another upstream",
            last.name(),
            topology.level(last.id())
        ),
    );
    vec![found.fix(
        "Make it follow the primary",
        Edit::Attach {
            server: last.id(),
            upstream: topology.primary().id(),
        },
    )]
}

/// The delay of a standby that really waits.
pub(super) fn real_delay(server: &Server) -> Option<&ApplyDelay> {
    let delay = server.standby()?.apply_delay()?;
    let number: String = delay.as_str().chars().take_while(char::is_ascii_digit).collect();
    number.chars().any(|digit| digit != '0').then_some(delay)
}

const HINTS: &str = "wal_log_hints";

/// Only where hosts lie between them: on one machine a copy is as quick as a rewind.
pub(super) fn not_rewindable(topology: &Topology) -> Vec<Found> {
    let servers = || topology.servers().iter().filter(|server| !server.is_receiver());
    let machines: BTreeSet<String> = servers().map(machine).collect();
    if machines.len() < 2 || !topology.postgres().has_rewind() {
        return Vec::new();
    }
    let without = servers().filter(|server| !topology.is_rewindable(server)).count();
    if without == 0 {
        return Vec::new();
    }
    let who = if without == servers().count() {
        "No server of this design"
    } else {
        "Not every server of this design"
    };
    let mut found = Found::cluster(format!(
        "{who} can be rewound: pg_rewind needs data checksums or wal_log_hints = on. With neither, the old primary must be rebuilt after a failover, by a full copy over the network"
    ));
    let own = by_hand::named(topology, HINTS).filter(|hand| !hand.is_on());
    let set = |server, name: &str, value: Option<&str>| Edit::SetSetting {
        server,
        name: name.to_owned(),
        value: value.map(str::to_owned),
    };
    let mut edits: Vec<Edit> = own.map(|hand| set(hand.owner, hand.name, None)).collect();
    edits.push(set(None, HINTS, Some("on")));
    found.fix = Some(Fix {
        label: "Set wal_log_hints to on".to_owned(),
        edits,
    });
    vec![found]
}
