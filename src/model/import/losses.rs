//! What a design says otherwise than the servers, setting by setting: of those that the drawing decides.

use std::collections::BTreeMap;

use super::facts::{Facts, Given};
use super::hba_file::plain;
use super::links::dialled;
use super::settings::{is_managed, is_same};
use super::terms::is_default;
use super::{Loss, redact};
use crate::model::configuration::{Configuration, Effective, Layout, effective_in};
use crate::model::health::Conninfo;
use crate::model::topology::terms::HbaLine;
use crate::model::topology::{Server, ServerId, Topology};
use crate::model::words::as_sentence;

/// Every line of the servers that decides something which the drawing decides otherwise, or not at all.
pub fn of(
    facts: &[Facts],
    topology: &Topology,
    places: &BTreeMap<usize, usize>,
    layout: &Layout,
) -> Vec<Loss> {
    let derived = effective_in(topology, layout);
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
        losses.extend(comparison.identities(layout));
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
            "listen_addresses" if given.value.trim().is_empty() => {
                "It listens on its socket only, and a design has no word for that.".to_owned()
            }
            _ if given.value.is_empty() || self.is_said_otherwise(key, given) => return None,
            "cluster_name" => format!("The design sets cluster_name to the server's name, \"{name}\"."),
            "listen_addresses" => {
                if given
                    .value
                    .split(',')
                    .map(str::trim)
                    .eq(written.unwrap_or_default().split(',').map(str::trim))
                {
                    return None;
                }
                let written = written.unwrap_or("localhost");
                format!("The design would listen on \"{written}\".")
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
                "The design has no archive: it cannot hold what the servers archive with.".to_owned()
            }
            "archive_command" if !super::facts::is_on(self.facts.value("archive_mode").unwrap_or("off")) => {
                "It has no effect while archive_mode is off, and the design does not keep it.".to_owned()
            }
            "archive_command" | "archive_library" if has_archive => {
                "The design archives with one command on every server, and this is another one.".to_owned()
            }
            "restore_command" if has_archive => {
                "The design restores with one command on every standby, and this is another one.".to_owned()
            }
            _ => "A design cannot hold this command: it needs %p, the path of the segment.".to_owned(),
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
        let shown = |one: &super::links::Dialled| {
            if one.host.is_empty() {
                format!("a socket with port {}", one.port)
            } else {
                format!("{}:{}", one.host, one.port)
            }
        };
        if dials.first() != derived.first()
            && let (Some(dials), Some(derived)) = (dials.first(), derived.first())
        {
            words.push(format!(
                "it dials {}, and the design dials {}",
                shown(dials),
                shown(derived)
            ));
        }
        let left: Vec<String> = dials
            .iter()
            .skip(1)
            .filter(|one| !derived.contains(one))
            .map(shown)
            .collect();
        if !left.is_empty() {
            words.push(format!("the design does not turn to {}", left.join(", ")));
        }
        if dialled_secret(&given.value) {
            words.push("the password is not kept: a design holds none".to_owned());
        }
        let beside = own.beside(&written);
        let options: Vec<&str> = beside
            .keys()
            .filter(|key| !beside.get(key).is_some_and(|value| is_default(key, value)))
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
        if written.get("sslcert").is_some() && own.get("sslcert").is_none() {
            words.push("the design shows the server's own certificate to its upstream, too".to_owned());
        }
        if words.is_empty() {
            return None;
        }
        Some(format!("{}.", as_sentence(&words.join("; "))))
    }

    /// Lines of pg_ident.conf that the design does not write.
    fn identities(&self, layout: &Layout) -> Vec<Loss> {
        if self.facts.ident.is_empty() {
            return Vec::new();
        }
        let plain = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let files = Configuration::of(self.topology, layout.clone()).files(self.server);
        let written: Vec<String> = files
            .iter()
            .filter(|(name, _)| *name == "pg_ident.conf")
            .flat_map(|(_, file)| file.contents.lines().map(plain).collect::<Vec<_>>())
            .collect();
        let lost = self
            .facts
            .ident
            .iter()
            .filter(|line| !written.contains(&plain(&line.value)));
        lost.map(|line| Loss {
            place: line.place.clone(),
            line: line.value.clone(),
            message: "The design writes pg_ident.conf itself, and has no place for a line of one's own."
                .to_owned(),
        })
        .collect()
    }

    /// Rules of pg_hba.conf that the design does not write.
    fn access(&self, derived: &BTreeMap<ServerId, Effective>) -> Vec<Loss> {
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
            message: refusal(&rule.text),
        })
        .collect()
    }
}

/// Why a rule is not among the design's own lines.
fn refusal(rule: &str) -> String {
    match HbaLine::parse(rule) {
        Ok(_) => "The design writes its own rules, and its own lines are for every server: this one is not on all of them, or \
                  a derived rule decides before it."
            .to_owned(),
        Err(why) => format!("The design writes its own rules, and cannot hold this one: {why}."),
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
