//! Settings by hand that the design says in a place of its own: which place that is, and the fix that moves them there.

use super::super::findings::Found;
use super::super::terms::{Listen, SegmentSize, lookup_option};
use super::super::{
    ApplyDelay, Archive, CommitLevel, Edit, Fix, LinkTerms, Port, Server, ServerId, SlotName, SyncPolicy,
    Topology,
};
use super::by_hand::{self, ByHand};

/// Settings that the generator writes from the drawing; by hand they would silently undo it.
pub const MANAGED_SETTINGS: [&str; 25] = [
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
    "wal_segment_size",
];

pub(super) fn setting_is_managed(topology: &Topology) -> Vec<Found> {
    by_hand::all(topology)
        .filter_map(|hand| {
            let name = hand.name.to_ascii_lowercase();
            MANAGED_SETTINGS
                .contains(&name.as_str())
                .then(|| refused(topology, hand, &name))
        })
        .collect()
}

fn refused(topology: &Topology, hand: ByHand<'_>, name: &str) -> Found {
    let mut found = hand.found(format!(
        "\"{}\" has its own place in the design, and a second value would override it: {}",
        hand.name,
        place(name)
    ));
    if let Some((label, mut edits)) = moved(topology, hand, name) {
        edits.push(Edit::SetSetting {
            server: hand.owner,
            name: hand.name.to_owned(),
            value: None,
        });
        found.fix = Some(Fix { label, edits });
    }
    found
}

/// Where the design says what the setting says.
fn place(name: &str) -> &'static str {
    match name {
        "archive_command"
        | "archive_mode"
        | "archive_library"
        | "restore_command"
        | "archive_cleanup_command" => {
            "[archive] holds archive_command and restore_command, or a directory; archive_mode follows from it"
        }
        "cluster_name" => "it is the server's name",
        "config_file" | "data_directory" | "external_pid_file" | "hba_file" | "ident_file" => {
            "each target decides where the files are; lines of pg_hba.conf go into hba under [security]"
        }
        "listen_addresses" => "write listen = … on the server",
        "port" => "write port = … on the server",
        "primary_conninfo" => {
            "write follows, also_follows for more hosts, role and tls under [security], and other options in \
             [server.conninfo]"
        }
        "primary_slot_name" => "write slot = \"…\" on the server",
        "promote_trigger_file" | "trigger_file" => "pg_ctl promote needs no file",
        "recovery_min_apply_delay" => "write apply_delay = … on the server",
        "recovery_target_timeline" | "standby_mode" => "it follows from the server having an upstream",
        "synchronous_commit" => "write commit = … under [sync]",
        "synchronous_standby_names" => "write [sync] with method and count, and sync_priority on the servers",
        "wal_segment_size" => {
            "write wal_segment_size = … under [initdb]: it is decided when the data directory is made"
        }
        _ => "each target has its own folder for sockets",
    }
}

/// The edits that say the same in the right place, under the words of their button.
fn moved(topology: &Topology, hand: ByHand<'_>, name: &str) -> Option<(String, Vec<Edit>)> {
    let value = hand.value.trim();
    let owner = hand.owner.and_then(|id| topology.server(id));
    match name {
        "synchronous_commit" => {
            let commit = CommitLevel::parse(&value.to_ascii_lowercase())?;
            let policy = SyncPolicy {
                commit,
                ..topology.sync().cloned().unwrap_or_default()
            };
            Some((
                format!("Move it to [sync] commit = \"{}\"", commit.word()),
                vec![Edit::SetSync(Some(policy))],
            ))
        }
        "archive_command" | "restore_command" => {
            let (own_archive, own_restore) = topology.archive().map_or((None, None), |archive| {
                (archive.archive_command(), archive.restore_command())
            });
            let other = if name == "archive_command" {
                "restore_command"
            } else {
                "archive_command"
            };
            // What stands beside it is moved with it: one half alone would be a finding of its own.
            let beside = by_hand::named(topology, other)
                .next()
                .map(|other| other.value.trim());
            let archive = if name == "archive_command" {
                Archive::of_commands(Some(value), beside.or(own_restore))
            } else {
                Archive::of_commands(beside.or(own_archive), Some(value))
            };
            let mut edits = vec![Edit::SetArchive(Some(archive.ok()?))];
            let with_it = [other, "archive_mode"];
            edits.extend(
                with_it
                    .into_iter()
                    .flat_map(|other| by_hand::named(topology, other).collect::<Vec<_>>())
                    .map(|other| Edit::SetSetting {
                        server: other.owner,
                        name: other.name.to_owned(),
                        value: None,
                    }),
            );
            Some(("Move it to [archive]".to_owned(), edits))
        }
        "listen_addresses" => {
            let listen = Listen::parse(&[value.to_owned()]).ok()?;
            let servers: Vec<&Server> =
                owner.map_or_else(|| topology.servers().iter().collect(), |one| vec![one]);
            let edits = servers.into_iter().map(|server| {
                let mut terms = server.terms().clone();
                terms.listen = listen.clone();
                Edit::SetServerTerms {
                    server: server.id(),
                    terms,
                }
            });
            Some((format!("Move it to listen = \"{value}\""), edits.collect()))
        }
        "port" => {
            let server = owner?.id();
            let port = Port::parse(value).ok()?;
            Some((
                format!("Move it to port = {port}"),
                vec![Edit::SetPort { server, port }],
            ))
        }
        "primary_slot_name" => {
            let server = owner.filter(|server| !server.is_primary())?;
            let mut link = server.standby()?.link().clone();
            link.slot_name = Some(SlotName::parse(value).ok()?);
            Some((
                format!("Move it to slot = \"{value}\""),
                vec![Edit::SetLinkTerms {
                    server: server.id(),
                    link,
                }],
            ))
        }
        "recovery_min_apply_delay" => {
            let server = owner.filter(|server| !server.is_primary())?.id();
            let delay = ApplyDelay::parse(value).ok()?;
            Some((
                format!("Move it to apply_delay = \"{delay}\""),
                vec![Edit::SetApplyDelay {
                    server,
                    delay: Some(delay),
                }],
            ))
        }
        "wal_segment_size" => {
            let mut terms = topology.terms().clone();
            terms.initdb.wal_segment_size = Some(SegmentSize::parse(value).ok()?);
            Some((
                format!("Move it to [initdb] wal_segment_size = \"{value}\""),
                vec![Edit::SetClusterTerms(terms)],
            ))
        }
        "primary_conninfo" => {
            let server = owner.filter(|server| !server.is_primary())?;
            let link = link_of(topology, server, value)?;
            Some((
                "Move it to also_follows and [server.conninfo]".to_owned(),
                vec![Edit::SetLinkTerms {
                    server: server.id(),
                    link,
                }],
            ))
        }
        _ => None,
    }
}

/// What a connection string says that the drawing does not derive: more hosts, and options. `None` where it names a host
/// that no server of the design has, or no option that has a place.
fn link_of(topology: &Topology, server: &Server, conninfo: &str) -> Option<LinkTerms> {
    let standby = server.standby()?;
    let mut link = standby.link().clone();
    for (name, value) in pairs(conninfo)? {
        match name.as_str() {
            "host" => {
                let ids: Option<Vec<ServerId>> = value
                    .split(',')
                    .map(|host| at_host(topology, host.trim()))
                    .collect();
                let others = ids?
                    .into_iter()
                    .filter(|id| *id != standby.upstream() && *id != server.id());
                link.also_follows = others.collect();
            }
            // The drawing says these, or a password file does.
            "port" | "user" | "application_name" | "passfile" | "password" | "sslmode" | "sslrootcert"
            | "sslcert" | "sslkey" => {}
            _ => {
                lookup_option(&name).ok()?;
                link.conninfo.insert(name, value);
            }
        }
    }
    Some(link)
}

fn at_host(topology: &Topology, host: &str) -> Option<ServerId> {
    let mut at = topology
        .servers()
        .iter()
        .filter(|server| server.host().as_str() == host);
    let found = at.next()?;
    at.next().is_none().then_some(found.id())
}

/// `name=value` words, values in single quotes or without.
fn pairs(conninfo: &str) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    let mut rest = conninfo.trim_start();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let mut value = String::new();
        let mut chars = after.char_indices().peekable();
        let is_quoted = chars.next_if(|(_, c)| *c == '\'').is_some();
        let mut end = after.len();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => value.extend(chars.next().map(|(_, c)| c)),
                '\'' if is_quoted => {
                    end = at + 1;
                    break;
                }
                c if !is_quoted && c.is_whitespace() => {
                    end = at;
                    break;
                }
                c => value.push(c),
            }
        }
        pairs.push((name.trim().to_owned(), value));
        rest = after.get(end..).unwrap_or_default().trim_start();
    }
    Some(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::{check, notation};

    #[track_caller]
    fn fixed(server: Option<&str>, name: &str, value: &str) -> Topology {
        let mut topology =
            notation::parse("m 1 host 10.0.0.1\n  a 2 host 10.0.0.2\n  b 3 host 10.0.0.3\n").unwrap();
        let server = server.map(|name| topology.by_name(name).unwrap().id());
        let (name, value) = (name.to_owned(), Some(value.to_owned()));
        topology.apply(&Edit::SetSetting { server, name, value }).unwrap();
        let finding = check(&topology)
            .into_iter()
            .find(|finding| finding.rule == "setting-is-managed")
            .unwrap();
        for edit in finding.fix.unwrap().edits {
            topology.apply(&edit).unwrap();
        }
        assert!(
            check(&topology)
                .iter()
                .all(|finding| finding.rule != "setting-is-managed")
        );
        topology
    }

    #[test]
    fn each_setting_moves_to_its_place() {
        let moved = fixed(None, "synchronous_commit", "off");
        assert_eq!(moved.sync().unwrap().commit, CommitLevel::Off);
        let moved = fixed(None, "archive_command", "wal-g wal-push %p");
        assert_eq!(
            moved.archive().unwrap().archive_command(),
            Some("wal-g wal-push %p")
        );
        let moved = fixed(Some("a"), "primary_slot_name", "a_7");
        assert_eq!(moved.slot_name(moved.by_name("a").unwrap().id()), "a_7");
        let conninfo =
            "host=10.0.0.1,10.0.0.2 port=5432 user='r' target_session_attrs=read-write application_name=b";
        let moved = fixed(Some("b"), "primary_conninfo", conninfo);
        let link = moved.by_name("b").unwrap().standby().unwrap().link();
        assert_eq!(link.also_follows, [moved.by_name("a").unwrap().id()]);
        assert_eq!(
            link.conninfo.get("target_session_attrs").map(String::as_str),
            Some("read-write")
        );
        let moved = fixed(None, "wal_segment_size", "64MB");
        assert_eq!(moved.terms().initdb.segment_megabytes(), 64);
    }
}
