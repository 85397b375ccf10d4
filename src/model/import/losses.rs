//! What a design says otherwise than the servers, setting by setting: of those that the drawing decides.

use std::collections::BTreeMap;

use super::facts::{Facts, Given};
use super::links::dialled;
use super::settings::{is_managed, is_same};
use super::{Loss, redact};
use crate::model::configuration::{Effective, effective};
use crate::model::health::Conninfo;
use crate::model::topology::{Server, ServerId, Topology};

/// Every line of the servers that decides something which the drawing decides otherwise, or not at all.
pub fn of(facts: &[Facts], topology: &Topology, places: &BTreeMap<usize, usize>) -> Vec<Loss> {
    let derived = effective(topology);
    let mut losses = Vec::new();
    for (at, one) in facts.iter().enumerate() {
        if one.is_unreached {
            continue;
        }
        let Some(server) = places.get(&at).and_then(|place| topology.servers().get(*place)) else {
            continue;
        };
        let Some(written) = derived.get(&server.id()) else {
            continue;
        };
        let comparison = Comparison {
            facts: one,
            topology,
            server,
            written,
        };
        for (key, given) in &one.settings {
            if is_managed(key)
                && let Some(message) = comparison.message(key, given)
            {
                losses.push(given.loss(message));
            }
        }
        losses.extend(comparison.access(&derived));
    }
    losses
}

struct Comparison<'a> {
    facts: &'a Facts,
    topology: &'a Topology,
    server: &'a Server,
    written: &'a Effective,
}

impl Comparison<'_> {
    /// What is lost of a line; `None`: the design says the same.
    fn message(&self, key: &str, given: &Given) -> Option<String> {
        let major = self.topology.postgres();
        let written = self.written.settings.get(key).map(String::as_str);
        if written.is_some_and(|written| is_same(key, &given.value, written, major)) {
            return None;
        }
        let is_primary = self.server.is_primary();
        let name = self.server.name();
        Some(match key {
            "primary_conninfo"
            | "primary_slot_name"
            | "restore_command"
            | "recovery_min_apply_delay"
            | "recovery_target_timeline"
            | "archive_cleanup_command"
                if is_primary =>
            {
                if given.value.is_empty() || self.is_default(key, given) {
                    return None;
                }
                format!("It has no effect while \"{name}\" is the primary, and the design does not keep it.")
            }
            "primary_conninfo" => return self.link(given),
            "primary_slot_name" => match written {
                Some(written) => format!("The design calls this slot \"{written}\"."),
                None if given.value.is_empty() => return None,
                None => "The design has no slot for it.".to_owned(),
            },
            "synchronous_standby_names" | "synchronous_commit" if !is_primary => {
                if given.value.is_empty() || self.is_default(key, given) {
                    return None;
                }
                format!(
                    "It takes effect when \"{name}\" is promoted; the design sets it on the primary only."
                )
            }
            // What differs in meaning was told when the list was read.
            "synchronous_standby_names" | "synchronous_commit" => return None,
            _ if given.value.is_empty() || self.is_said_otherwise(key, given) => return None,
            "cluster_name" => format!("The design sets cluster_name to the server's name, \"{name}\"."),
            "listen_addresses" => {
                let written = written.unwrap_or("localhost");
                format!("The design derives it from the server's host: it would listen on \"{written}\".")
            }
            "unix_socket_directories" | "unix_socket_directory" => {
                "A deployed design has a folder of its own for sockets.".to_owned()
            }
            "data_directory" | "hba_file" | "ident_file" | "config_file" | "external_pid_file" => {
                "Where files are is not part of a design.".to_owned()
            }
            "archive_mode" | "archive_command" | "archive_library" | "restore_command" => {
                return self.archive(key, given);
            }
            "promote_trigger_file" | "trigger_file" => {
                "pgcascade promotes by pg_ctl or pg_promote(); the design does not keep a trigger file."
                    .to_owned()
            }
            _ => "A design cannot say this.".to_owned(),
        })
    }

    /// True for what the design says in its own words, or what is so without a word.
    fn is_said_otherwise(&self, key: &str, given: &Given) -> bool {
        match key {
            "port" | "standby_mode" => true,
            "recovery_target_timeline" => self.is_default(key, given),
            "recovery_min_apply_delay" => {
                self.is_default(key, given)
                    || self.server.standby().and_then(|one| one.apply_delay()).is_some()
            }
            _ => false,
        }
    }

    /// True for a value that a server has anyway.
    fn is_default(&self, key: &str, given: &Given) -> bool {
        let major = self.topology.postgres();
        let default = match key {
            "recovery_target_timeline" if major.needs_timeline_latest() => "current",
            "recovery_target_timeline" => "latest",
            "recovery_min_apply_delay" => "0",
            "synchronous_commit" => "on",
            _ => "",
        };
        given.value == default || is_same(key, &given.value, default, major)
    }

    fn archive(&self, key: &str, given: &Given) -> Option<String> {
        let has_archive = self.topology.archive().is_some();
        let is_off = given.value.is_empty() || given.value == "(disabled)";
        Some(match key {
            _ if is_off => return None,
            "archive_mode" if !has_archive && given.value.eq_ignore_ascii_case("off") => return None,
            "archive_mode" if has_archive => {
                "The design archives on every server, with archive_mode = on.".to_owned()
            }
            "archive_mode" => {
                "The design has no archive: what the servers archive with is not a folder that it can name."
                    .to_owned()
            }
            "archive_command" | "archive_library" if has_archive => {
                "The design has an archive in a folder, with a command of pgcascade's own.".to_owned()
            }
            "restore_command" if has_archive => {
                "The design restores with a command of pgcascade's own.".to_owned()
            }
            _ => "A design cannot hold this command: its archive is a folder.".to_owned(),
        })
    }

    /// Options of the link that the design does not derive.
    fn link(&self, given: &Given) -> Option<String> {
        let Some(own) = Conninfo::parse(&given.value) else {
            return Some("This connection string cannot be read, so nothing of it is kept.".to_owned());
        };
        let written = self
            .written
            .settings
            .get("primary_conninfo")
            .and_then(|text| Conninfo::parse(text))
            .unwrap_or_default();
        let mut words: Vec<String> = Vec::new();
        let (dials, derived) = (dialled(&own), dialled(&written));
        if dials.first() != derived.first()
            && let (Some(dials), Some(derived)) = (dials.first(), derived.first())
        {
            let shown = |one: &super::links::Dialled| {
                if one.host.is_empty() {
                    format!("a socket with port {}", one.port)
                } else {
                    format!("{}:{}", one.host, one.port)
                }
            };
            words.push(format!(
                "it dials {}, and the design dials {}",
                shown(dials),
                shown(derived)
            ));
        }
        if dials.len() > 1 {
            words.push("the design follows the first of several hosts".to_owned());
        }
        if dialled_secret(&given.value) {
            words.push("the password is not kept: a design holds none".to_owned());
        }
        let beside = own.beside(&written);
        let options: Vec<&str> = beside
            .keys()
            .filter(|key| {
                !matches!(
                    *key,
                    "host"
                        | "port"
                        | "hostaddr"
                        | "dbname"
                        | "replication"
                        | "fallback_application_name"
                        | "application_name"
                )
            })
            .collect();
        if !options.is_empty() {
            words.push(format!("the design does not keep {}", options.join(", ")));
        }
        if words.is_empty() {
            return None;
        }
        let mut text = words.join("; ");
        if let Some(first) = text.get(..1).map(str::to_uppercase) {
            text.replace_range(..1, &first);
        }
        Some(format!("{text}."))
    }

    /// Rules of pg_hba.conf that the design does not write.
    fn access(&self, derived: &BTreeMap<ServerId, Effective>) -> Vec<Loss> {
        // A view shows names without the quotes that a file has.
        let plain = |line: &str| {
            line.replace('"', "")
                .replace("clientcert=true", "clientcert=1")
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        };
        let written: Vec<String> = derived
            .get(&self.server.id())
            .map(|one| one.access.iter().map(|line| plain(line)).collect())
            .unwrap_or_default();
        let lost = self
            .facts
            .access
            .iter()
            .filter(|rule| !written.contains(&plain(&rule.text)));
        lost.map(|rule| Loss {
            place: format!("{}:{}", rule.file, rule.number),
            line: redact::masked(&rule.text),
            message: "The design writes its own rules: this one is not among them.".to_owned(),
        })
        .collect()
    }
}

/// True if the connection string holds a password.
fn dialled_secret(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.contains("password") && !lower.replace("sslpassword", "").is_empty()
        || lower.split_once("://").is_some_and(|(_, rest)| {
            let login = rest.split('/').next().unwrap_or_default();
            login.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
        })
}
