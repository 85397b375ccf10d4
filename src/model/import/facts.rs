//! What one server was found to be, by files or by a connection.

use std::collections::BTreeMap;

use super::Loss;
use super::hba_file::Access;
use super::redact::redacted;
use crate::model::health::Conninfo;
use crate::model::topology::catalogue::{Known, in_words, lookup, milliseconds};
use crate::model::topology::terms::Initdb;
use crate::model::topology::{ApplyDelay, PgMajor};

/// A setting that counts, and where it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// As it was written.
    pub name: String,
    pub value: String,
    /// `postgresql.conf:12`.
    pub place: String,
}

impl Given {
    pub fn loss(&self, message: impl Into<String>) -> Loss {
        Loss {
            place: self.place.clone(),
            line: redacted(&self.name, &self.value),
            message: message.into(),
        }
    }
}

/// A value that stands in a file, and is not the one that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    pub name: String,
    pub running: String,
    pub written: String,
    pub place: String,
    /// Else a reload is enough.
    pub needs_restart: bool,
}

/// The server that a standby streams from, where that is certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upstream {
    /// The place of it among the facts.
    At(usize),
}

/// One server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Where it was found, for people: a folder, or `db1:5432`.
    pub place: String,
    /// What its folder or address would call it.
    pub label: String,
    pub major: Option<PgMajor>,
    /// The version is a guess from the names of its settings.
    pub is_major_guessed: bool,
    pub is_standby: bool,
    /// By name in small letters; only those that count.
    pub settings: BTreeMap<String, Given>,
    pub access: Vec<Access>,
    /// False: nobody could look at its pg_hba.conf, so that nothing follows from its absence.
    pub sees_access: bool,
    /// Where it answered.
    pub address: Option<(String, u16)>,
    pub follows: Option<Upstream>,
    /// Every address that led to it, hosts and ports.
    pub aliases: Vec<(String, u16)>,
    /// True: only others speak of it, so that nothing is known of its settings.
    pub is_unreached: bool,
    /// True: it takes WAL and is not a server, such as `pg_receivewal`; nothing is known of its settings either.
    pub is_receiver: bool,
    /// False: nobody could look at the connection to its upstream, so that nothing follows from its absence.
    pub sees_link: bool,
    /// How its data directory was made, as far as that is known.
    pub initdb: Initdb,
    /// Physical slots at it; those of its standbys may be among them.
    pub slots: Vec<String>,
    /// Where its tablespaces lie, by name.
    pub tablespaces: BTreeMap<String, String>,
    /// The lines of its pg_ident.conf.
    pub ident: Vec<Given>,
    /// True: settings that are not listed may have any value, since nobody could look at all of them.
    pub is_partial: bool,
    /// True: its files are those of a container that pgcascade exported.
    pub is_in_container: bool,
    /// True: it runs, so that settings which it does not list have their built-in value.
    pub is_running: bool,
    /// What the files say and the server does not do yet.
    pub pending: Vec<Pending>,
    pub losses: Vec<Loss>,
}

impl Facts {
    pub fn value(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(|given| given.value.as_str())
    }

    pub fn set(&mut self, name: &str, value: &str, place: String) {
        self.settings.insert(
            name.to_ascii_lowercase(),
            Given {
                name: name.to_owned(),
                value: value.to_owned(),
                place,
            },
        );
    }

    pub fn port(&self) -> u16 {
        let port = self.value("port").and_then(|port| port.trim().parse().ok());
        port.or(self.address.as_ref().map(|(_, port)| *port))
            .unwrap_or(5432)
    }

    /// Its connection to its upstream; `None`: it has none, or nobody can read it.
    pub fn link(&self) -> Option<Conninfo> {
        let text = self
            .value("primary_conninfo")
            .filter(|text| !text.trim().is_empty())?;
        Conninfo::parse(text)
    }

    /// Its delay as a design writes it; `1.5h` becomes `90min`.
    pub fn delay(&self) -> Option<ApplyDelay> {
        let text = self.value("recovery_min_apply_delay")?;
        let delay = ApplyDelay::parse(text).ok().or_else(|| {
            let millis = milliseconds(text)?.round().to_string();
            let words = in_words("recovery_min_apply_delay", &millis, Some("ms"), PgMajor::V15);
            ApplyDelay::parse(&words).ok()
        });
        delay.filter(|delay| delay.micros() > 0)
    }

    pub fn is_on(&self, name: &str) -> bool {
        self.value(name).is_some_and(is_on)
    }

    /// The addresses of its own that it listens on by name: not `*`, not loopback.
    pub fn listens_on(&self) -> Vec<&str> {
        let list = self.value("listen_addresses").unwrap_or_default();
        let all: Vec<&str> = list
            .split(',')
            .map(str::trim)
            .filter(|one| !one.is_empty())
            .collect();
        let is_only_loopback6 = all.contains(&"::1") && !all.contains(&"localhost");
        all.into_iter()
            .filter(|one| match *one {
                "*" | "0.0.0.0" | "::" | "localhost" | "127.0.0.1" => false,
                "::1" => is_only_loopback6,
                _ => true,
            })
            .collect()
    }

    /// False for a server that only this machine reaches.
    pub fn listens_to_others(&self) -> bool {
        let Some(list) = self.value("listen_addresses") else {
            return self.is_running;
        };
        list.split(',')
            .map(str::trim)
            .any(|one| !matches!(one, "" | "localhost" | "127.0.0.1" | "::1"))
    }
}

/// Would a server read the text as the boolean `on`?
pub fn is_on(text: &str) -> bool {
    match lookup("hot_standby", PgMajor::V15) {
        Known::Here(parameter) | Known::Perhaps(parameter) => {
            parameter.judge(text, PgMajor::V15, false).is_ok()
                && parameter.is_shown_as(text, "on", PgMajor::V15)
        }
        Known::Elsewhere { .. } | Known::Nowhere => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_listens_on_says_where_it_stands() {
        let mut facts = Facts::default();
        assert_eq!(facts.port(), 5432);
        for (list, own, others) in [
            ("localhost, db1", vec!["db1"], true),
            ("*", vec![], true),
            ("localhost", vec![], false),
            ("127.0.0.1, ::1", vec!["::1"], false),
            ("localhost,::1", vec![], false),
            ("localhost, 127.0.0.2", vec!["127.0.0.2"], true),
        ] {
            facts.set("listen_addresses", list, String::new());
            assert_eq!(
                (facts.listens_on(), facts.listens_to_others()),
                (own, others),
                "{list}"
            );
        }
        facts.set("recovery_min_apply_delay", "1.5h", String::new());
        assert_eq!(facts.delay().unwrap().as_str(), "90min");
        assert!(is_on("YES") && is_on("1") && !is_on("of") && !is_on("nonsense"));
    }
}
