//! Rules on what a design says besides the drawing: where it contradicts the drawing, its version, or itself.

use std::collections::BTreeMap;

use super::super::findings::Found;
use super::super::terms::lookup_option;
use super::super::{Auth, Edit, Server, Standby, Topology};
use super::{by_hand, standbys};

fn links(topology: &Topology) -> impl Iterator<Item = (&Server, &Standby)> {
    topology
        .servers()
        .iter()
        .filter_map(|server| Some((server, server.standby()?)))
}

pub(super) fn hba_line_not_known(topology: &Topology) -> Vec<Found> {
    let lines = topology.terms().hba.iter();
    lines
        .filter_map(|line| {
            let why = line.unknown_in(topology.postgres())?;
            Some(Found::cluster(format!(
                "PostgreSQL {} refuses the line \"{}\" of pg_hba.conf: {why}",
                topology.postgres(),
                line.text()
            )))
        })
        .collect()
}

/// A connection that an earlier line of one's own decides never comes to a later one; the derived lines stand before all.
pub(super) fn hba_line_never_reached(topology: &Topology) -> Vec<Found> {
    let lines = &topology.terms().hba;
    let mut found = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        let before = lines
            .iter()
            .take(place)
            .find(|earlier| earlier.who().covers(line.who()));
        let people = ["local", "host 127.0.0.1/32", "host ::1/128"]
            .into_iter()
            .find(|derived| {
                let who = line.who();
                let is_streaming = who.databases.iter().any(|database| database == "replication");
                match derived.split_once(' ') {
                    None => who.kind == "local" && !is_streaming,
                    Some((_, address)) => who.address == address && !is_streaming,
                }
            });
        let standbys = (line.who().databases == ["replication"])
            .then(|| {
                topology
                    .servers()
                    .iter()
                    .find(|server| lets_in_already(topology, server, line.who()))
            })
            .flatten();
        let why = match (before, people, standbys) {
            (Some(earlier), ..) => format!(
                "\"{}\" comes before it and matches the same connections",
                earlier.text()
            ),
            (_, Some(derived), _) => {
                format!("the derived line for local users ({derived}) comes before it")
            }
            (_, _, Some(server)) => format!(
                "the derived line for the standbys of \"{}\" comes before it",
                server.name()
            ),
            _ => continue,
        };
        found.push(Found::cluster(format!(
            "The line \"{}\" of pg_hba.conf is never reached: {why}",
            line.text()
        )));
    }
    found
}

/// True where the derived replication lines of a server let in everybody that the line is about.
fn lets_in_already(topology: &Topology, server: &Server, who: &super::super::terms::HbaWho) -> bool {
    let address = |below: &Server| match &below.terms().hba_address {
        Some(said) => said.as_str().to_owned(),
        None => super::super::HbaAddress::parse(below.host().as_str())
            .map(|address| address.as_str().to_owned())
            .unwrap_or_default(),
    };
    who.users == [topology.replication_role()]
        && topology
            .downstreams(server.id())
            .any(|below| address(below) == who.address)
}

pub(super) fn hba_line_opens_door(topology: &Topology) -> Vec<Found> {
    let is_wide = |address: &str| matches!(address, "all" | "0.0.0.0/0" | "::/0");
    let lines = topology.terms().hba.iter();
    lines
        .filter_map(|line| {
            let who = line.who();
            let what = match line.method.as_str() {
                "trust"
                    if who.kind != "local"
                        && !who.address.starts_with("127.")
                        && who.address != "::1/128" =>
                {
                    "lets everybody at its address in without a password"
                }
                "password" if who.kind != "hostssl" && who.kind != "local" => "sends passwords in the clear",
                _ if is_wide(&who.address)
                    && line.method != "reject"
                    && who.users.iter().any(|user| user == "all") =>
                {
                    "lets any address in the world try to log in as any user"
                }
                _ => return None,
            };
            Some(Found::cluster(format!(
                "The line \"{}\" of pg_hba.conf {what}",
                line.text()
            )))
        })
        .collect()
}

pub(super) fn hba_line_needs_tls(topology: &Topology) -> Vec<Found> {
    let has_ssl = topology.has_tls()
        || topology
            .servers()
            .iter()
            .any(|server| by_hand::on(topology, server, "ssl").is_some_and(by_hand::ByHand::is_on));
    let lines = topology
        .terms()
        .hba
        .iter()
        .filter(|line| line.who().kind == "hostssl" && !has_ssl);
    lines
        .map(|line| {
            Found::cluster(format!(
                "The line \"{}\" of pg_hba.conf never matches: it applies to TLS connections, and no server of the design has TLS",
                line.text()
            ))
            .fix("Encrypt the links", Edit::SetTls(true))
        })
        .collect()
}

pub(super) fn cert_without_tls(topology: &Topology) -> Vec<Found> {
    let has_authority = topology
        .terms()
        .tls
        .files
        .as_ref()
        .is_none_or(|files| files.ca.is_some());
    if topology.auth() != Some(Auth::Cert) || topology.has_tls() && has_authority {
        return Vec::new();
    }
    if topology.has_tls() {
        return vec![Found::cluster(
            "auth = \"cert\" needs a CA to check certificates with: tls names none (ca)",
        )];
    }
    vec![
        Found::cluster(
            "auth = \"cert\" needs encrypted links: a client certificate can be presented only over TLS",
        )
        .fix("Encrypt the links", Edit::SetTls(true)),
    ]
}

pub(super) fn segment_size_before_11(topology: &Topology) -> Vec<Found> {
    let size = topology.terms().initdb.wal_segment_size;
    let Some(size) = size.filter(|_| !topology.postgres().has_segment_sizes()) else {
        return Vec::new();
    };
    let mut terms = topology.terms().clone();
    terms.initdb.wal_segment_size = None;
    vec![
        Found::cluster(format!(
            "PostgreSQL {} has WAL segments of 16 MB, unless it was compiled otherwise: initdb sets another size ({size}) only from 11 on",
            topology.postgres()
        ))
        .fix("Remove wal_segment_size", Edit::SetClusterTerms(terms)),
    ]
}

pub(super) fn conninfo_option_not_known(topology: &Topology) -> Vec<Found> {
    let mut found = Vec::new();
    for (server, standby) in links(topology) {
        for name in standby.link().conninfo.keys() {
            let since = lookup_option(name).ok().and_then(|option| option.since);
            if let Some(since) = since.filter(|since| *since > topology.postgres()) {
                let mut link = standby.link().clone();
                link.conninfo.remove(name);
                let message = format!(
                    "\"{}\" would never connect: libpq knows {name} from {since} on, and this is {}",
                    server.name(),
                    topology.postgres()
                );
                found.push(Found::server(server.id(), message).fix(
                    format!("Remove {name}"),
                    Edit::SetLinkTerms {
                        server: server.id(),
                        link,
                    },
                ));
            }
        }
    }
    found
}

pub(super) fn fallback_before_10(topology: &Topology) -> Vec<Found> {
    if topology.postgres().has_several_hosts() {
        return Vec::new();
    }
    links(topology)
        .filter(|(_, standby)| !standby.link().also_follows.is_empty())
        .map(|(server, standby)| {
            let mut link = standby.link().clone();
            link.also_follows.clear();
            let message = format!(
                "\"{}\" names fallback upstreams, but a connection tries several hosts only from 10 on",
                server.name()
            );
            Found::server(server.id(), message).fix(
                "Remove also_follows",
                Edit::SetLinkTerms {
                    server: server.id(),
                    link,
                },
            )
        })
        .collect()
}

pub(super) fn fallback_is_below(topology: &Topology) -> Vec<Found> {
    links(topology)
        .filter_map(|(server, standby)| {
            let is_bad = |id: &super::super::ServerId| *id == server.id() || topology.upstreams(*id).contains(&server.id());
            let bad = standby.link().also_follows.iter().find(|id| is_bad(id))?;
            let other = topology.server(*bad)?;
            let mut link = standby.link().clone();
            link.also_follows.retain(|id| !is_bad(id));
            let message = if other.id() == server.id() {
                format!("\"{}\" falls back to itself while its upstream is away: a loop in which no WAL arrives", server.name())
            } else {
                format!(
                    "\"{}\" falls back to \"{}\", which is below it, while its upstream is away: a loop in which no WAL arrives",
                    server.name(),
                    other.name()
                )
            };
            let label = format!("Take \"{}\" out of also_follows", other.name());
            Some(Found::server(server.id(), message).fix(label, Edit::SetLinkTerms { server: server.id(), link }))
        })
        .collect()
}

pub(super) fn fallback_without_slot(topology: &Topology) -> Vec<Found> {
    let slots = topology.slot_names();
    let mut found = Vec::new();
    for (server, _) in links(topology).filter(|(server, _)| topology.uses_slot(server.id())) {
        let Some(slot) = slots.get(&server.id()) else {
            continue;
        };
        for other in topology.fallbacks(server.id()) {
            if other.terms().slots.iter().any(|own| own.as_str() == slot) {
                continue;
            }
            let mut terms = other.terms().clone();
            let Ok(name) = super::super::SlotName::parse(slot) else {
                continue;
            };
            terms.slots.push(name);
            let message = format!(
                "\"{}\" asks \"{}\" for the slot {slot}, which only its upstream has: it would connect and get no WAL. A \
                 slot there keeps WAL all the time, even while nobody uses it",
                server.name(),
                other.name()
            );
            found.push(Found::server(server.id(), message).fix(
                format!("Create the slot on \"{}\", too", other.name()),
                Edit::SetServerTerms {
                    server: other.id(),
                    terms,
                },
            ));
        }
    }
    found
}

pub(super) fn slot_name_used_twice(topology: &Topology) -> Vec<Found> {
    let names = topology.slot_names();
    let mut found = Vec::new();
    for sender in topology.servers() {
        let mut seen: BTreeMap<&str, &Server> = BTreeMap::new();
        for below in topology
            .downstreams(sender.id())
            .filter(|below| topology.uses_slot(below.id()))
        {
            let name = names.get(&below.id()).map_or("", String::as_str);
            if let Some(first) = seen.insert(name, below) {
                found.push(Found::server(
                    below.id(),
                    format!(
                        "\"{}\" and \"{}\" use the same slot {name} at \"{}\": only one of them can stream at a time",
                        first.name(),
                        below.name(),
                        sender.name()
                    ),
                ));
            }
        }
    }
    found
}

pub(super) fn receiver_has_downstreams(topology: &Topology) -> Vec<Found> {
    links(topology)
        .filter(|(server, _)| server.is_receiver())
        .filter_map(|(server, _)| {
            let below = topology.downstreams(server.id()).next()?;
            let upstream = server.upstream()?;
            let message = format!(
                "\"{}\" only receives WAL and is not a server: \"{}\" cannot follow it",
                server.name(),
                below.name()
            );
            let edit = Edit::Attach {
                server: below.id(),
                upstream,
            };
            Some(Found::server(server.id(), message).fix("Make it follow the receiver's upstream", edit))
        })
        .collect()
}

pub(super) fn archive_only_cannot_stream(topology: &Topology) -> Vec<Found> {
    links(topology)
        .filter(|(server, _)| server.is_fed_by_archive())
        .filter_map(|(server, standby)| {
            let name = server.name();
            let gives = topology.archive().is_some_and(super::super::Archive::gives_wal);
            let what = if !gives {
                format!("\"{name}\" gets WAL from the archive alone, and the design has no archive to restore from")
            } else if standby.sync_priority().is_some() {
                format!("\"{name}\" gets WAL from the archive alone, so it can never confirm a commit: it cannot be synchronous")
            } else if server.is_receiver() {
                format!("\"{name}\" receives WAL, and cannot get it from the archive alone")
            } else {
                return None;
            };
            let mut link = standby.link().clone();
            link.is_by_archive = false;
            Some(Found::server(server.id(), what).fix("Let it stream", Edit::SetLinkTerms { server: server.id(), link }))
        })
        .collect()
}

pub(super) fn tablespace_is_missing(topology: &Topology) -> Vec<Found> {
    let of_primary = &topology.primary().terms().tablespaces;
    standbys(topology)
        .filter(|server| !server.is_receiver())
        .filter_map(|server| {
            let own = &server.terms().tablespaces;
            let missing = of_primary.keys().find(|name| !own.contains_key(*name));
            let extra = own.keys().find(|name| !of_primary.contains_key(*name));
            let message = match (missing, extra) {
                (Some(name), _) => format!(
                    "\"{}\" gives no location for the tablespace {name} of the primary: a base backup puts it at the primary's path",
                    server.name()
                ),
                (None, Some(name)) => {
                    format!("The primary has no tablespace {name}, and \"{}\" has a place for it", server.name())
                }
                (None, None) => return None,
            };
            Some(Found::server(server.id(), message))
        })
        .collect()
}
