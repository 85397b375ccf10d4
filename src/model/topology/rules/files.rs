//! Rules on settings that name files: a design writes and reads nothing outside the cluster's folder.
//!
//! A server's working directory is its data directory, `servers/NAME/data` in the cluster's folder: relative paths
//! start there. Logs are named so that no server and no shell ever reads one as a file of its own.

use super::super::catalogue::{Class, FileKind, danger};
use super::super::findings::Found;
use super::super::{Edit, Server, Topology};
use super::by_hand::{self, ByHand};
use super::dangers::of_class;

/// How far a data directory lies below the cluster's folder.
pub const DATA_DEPTH: usize = 3;

/// What the cluster's folder holds for pgcascade itself, and no setting may name.
pub const CLUSTER_OWN: [&str; 7] = [
    ".pgcascade",
    "README.md",
    "design.toml",
    "run",
    "secrets",
    "servers",
    "tls",
];

pub(super) fn setting_includes_file(topology: &Topology) -> Vec<Found> {
    of_class(topology, |class| class == Class::Include)
        .into_iter()
        .map(|hand| {
            hand.found(format!(
                "{} = \"{}\" reads settings from another file, which pgcascade cannot check and which could \
                 override the design: put those settings into the design instead",
                hand.name, hand.value
            ))
        })
        .collect()
}

pub(super) fn file_outside_folder(topology: &Topology) -> Vec<Found> {
    let is_here = topology.is_all_loopback();
    outside(topology)
        .into_iter()
        .filter(|(_, place)| is_here || *place == Place::BadLogName)
        .map(|(hand, place)| {
            let (name, value) = (hand.name, hand.value);
            let message = match place {
                Place::Outside => format!(
                    "{name} = \"{value}\" points outside the server's own folder: use a path relative to \
                     the data directory, without \"..\""
                ),
                Place::BadLogName => format!(
                    "{name} = \"{value}\" could name any file, even one that a program reads: use a name \
                     without a slash that ends in .log, with only date and time escapes (%Y %m %d %H %M %S \
                     %a %b %j …)"
                ),
                Place::Elsewhere => format!(
                    "With {name} = \"{value}\", the servers log outside the cluster's folder: remove it to \
                     keep the logs there"
                ),
            };
            with_usual(hand, place, message)
        })
        .collect()
}

/// On hosts of their own, servers may well have their logs and certificates elsewhere: a person decides that.
pub(super) fn file_outside_on_hosts(topology: &Topology) -> Vec<Found> {
    if topology.is_all_loopback() {
        return Vec::new();
    }
    outside(topology)
        .into_iter()
        .filter(|(_, place)| *place != Place::BadLogName)
        .map(|(hand, place)| {
            let message = format!(
                "{} = \"{}\" makes the servers read or write outside their data directories: check that \
                 this is intended on every host",
                hand.name, hand.value
            );
            with_usual(hand, place, message)
        })
        .collect()
}

/// Where a setting leads that does not stay where it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Outside,
    BadLogName,
    Elsewhere,
}

fn outside(topology: &Topology) -> Vec<(ByHand<'_>, Place)> {
    let is_here = topology.is_all_loopback();
    of_class(topology, |class| matches!(class, Class::File(_)))
        .into_iter()
        .filter_map(|hand| {
            let place = match danger(hand.name, hand.value) {
                Class::File(FileKind::Path | FileKind::Folder) if stays_inside(hand.value, is_here) => {
                    return None;
                }
                Class::File(FileKind::Path | FileKind::Folder) => Place::Outside,
                Class::File(FileKind::LogName) if is_log_name(hand.value) => return None,
                Class::File(FileKind::LogName) => Place::BadLogName,
                _ => Place::Elsewhere,
            };
            Some((hand, place))
        })
        .collect()
}

/// The finding with what the servers do if nothing is said; else with the button that takes the setting away.
fn with_usual(hand: ByHand<'_>, place: Place, message: String) -> Found {
    let found = hand.found(message);
    let usual = match place {
        Place::BadLogName => "postgresql-%Y-%m-%d_%H%M%S.log",
        Place::Outside if hand.name.eq_ignore_ascii_case("log_directory") => "log",
        _ => return found,
    };
    found.fix(
        format!("Set {} to {usual}", hand.name),
        Edit::SetSetting {
            server: hand.owner,
            name: hand.name.to_owned(),
            value: Some(usual.to_owned()),
        },
    )
}

/// The log collector makes the folder that it logs to, and none above it. On hosts of their own, somebody may have made it.
pub(super) fn log_folder_is_not_made(topology: &Topology) -> Vec<Found> {
    if !topology.is_all_loopback() {
        return Vec::new();
    }
    let is_collected = |server: &Server, hand: ByHand<'_>| {
        let is_on = |name| by_hand::on(topology, server, name);
        is_on("logging_collector").is_some_and(ByHand::is_on)
            && is_on("log_directory").is_some_and(|own| own.owner == hand.owner)
    };
    by_hand::named(topology, "log_directory")
        .filter(|hand| stays_inside(hand.value, true) && lacks_parent(hand.value))
        .filter(|hand| {
            topology
                .servers()
                .iter()
                .any(|server| is_collected(server, *hand))
        })
        .map(|hand| {
            let message = format!(
                "With log_directory = \"{}\", the server does not start: it creates the last folder of that \
                 path, but not those above it",
                hand.value
            );
            with_usual(hand, Place::Outside, message)
        })
        .collect()
}

/// True for a path whose folder lies in another one that neither initdb nor pgcascade makes.
fn lacks_parent(path: &str) -> bool {
    let mut parts = path.split('/').filter(|part| !matches!(*part, "" | "." | ".."));
    let first = parts.next().unwrap_or_default();
    // Up to 9.6 `pg_log` was where servers logged by default, but initdb never made it.
    let is_of_initdb = first.starts_with("pg_") && first != "pg_log" || matches!(first, "base" | "global");
    parts.next().is_some() && !is_of_initdb
}

/// True for a path below the data directory, or (`is_here`) in a folder of its own below the cluster's. `..` counts at
/// the beginning only: behind a name it would be the parent of wherever a link leads.
fn stays_inside(value: &str, is_here: bool) -> bool {
    // A key table may say what kind it is.
    let path = value.strip_prefix("FILE:").unwrap_or(value);
    let mut parts = path
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .peekable();
    let mut up = 0;
    while parts.next_if_eq(&"..").is_some() {
        up += 1;
    }
    let first = parts.peek().copied();
    let goes_up_again = parts.any(|part| part == "..");
    if path.is_empty() || path.starts_with('/') || path.contains(['\\', ':']) || goes_up_again {
        return false;
    }
    // Also on file systems that do not tell capitals apart.
    let is_free = |name: &str| !CLUSTER_OWN.iter().any(|own| own.eq_ignore_ascii_case(name));
    up == 0 || (is_here && up == DATA_DEPTH && first.is_some_and(is_free))
}

/// True for a name that no program takes for one of its own files, whatever the time is. What else stands after `%`
/// could be a slash (`%D`), or what the time zone is called (`%Z`), which is any text.
fn is_log_name(value: &str) -> bool {
    const PARTS_OF_TIME: &str = "%aAbBCdeFgGHIjklmMpRsSTuUVwWyY";
    let mut letters = value.chars();
    let Some(stem) = value.strip_suffix(".log") else {
        return false;
    };
    while let Some(letter) = letters.next() {
        let is_good = match letter {
            '/' | '\\' => false,
            '%' => letters.next().is_some_and(|part| PARTS_OF_TIME.contains(part)),
            _ => true,
        };
        if !is_good {
            return false;
        }
    }
    !stem.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside_or_do_not() {
        for path in [
            "log",
            "./log/",
            "a/b",
            "../../../logs",
            "../../.././logs/a",
            "..hidden",
            "FILE:keys",
        ] {
            assert!(stays_inside(path, true), "{path}");
        }
        for path in [
            "",
            "/",
            "/etc",
            "//etc",
            "..",
            "../x",
            "../../x",
            "../../..",
            "../../../",
            "../../../../x",
            "a/../../x",
            "log/..",
            "../../../Secrets/x",
            "../../../.pgcascade",
            "../../../servers/b/data",
            "FILE:/etc/krb5.keytab",
            "MEMORY:x",
            "C:/x",
            "..\\x",
        ] {
            assert!(!stays_inside(path, true), "{path}");
        }
        assert!(!stays_inside("../../../logs", false) && stays_inside("logs", false));
        for path in ["logs/a", "../../../logs/a", "./log/pg_x/", "pg_log/a"] {
            assert!(lacks_parent(path), "{path}");
        }
        for path in ["logs", "./logs/", "../../../logs", "pg_stat/logs", "base/logs"] {
            assert!(!lacks_parent(path), "{path}");
        }
    }

    #[test]
    fn logs_are_called_logs() {
        for name in ["postgresql-%a.log", "%F_%H%M%S.log", "100%%.log", "é.log"] {
            assert!(is_log_name(name), "{name}");
        }
        for name in [
            "",
            ".log",
            ".bashrc",
            "pg_hba.conf",
            "postgresql.auto.conf",
            "x.log.conf",
            "../x.log",
            "%D.log",
            "%Z.log",
            "%x.log",
            "%Ey.log",
            "a%.log",
            "x.LOG",
            "a\\b.log",
        ] {
            assert!(!is_log_name(name), "{name}");
        }
    }
}
