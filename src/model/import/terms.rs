//! What the servers say besides the tree, as the keys of a design that hold it: role, addresses, slots, options of links,
//! fallbacks, certificates, how initdb was called.
//!
//! First what follows from the servers alone ([`Terms::certain`]), then, against a drawing of that, what they say otherwise
//! than it would ([`Terms::compare`]).

use std::collections::BTreeMap;

use super::facts::Facts;
use super::links::{Follows, Links};
use super::settings::is_same;
use super::{Asked, Loss, security};
use crate::model::configuration::{Effective, Layout, effective_in};
use crate::model::health::Conninfo;
use crate::model::topology::terms::{
    Initdb, Listen, RoleName, SegmentSize, TablespaceFolder, check_initdb_word, check_tablespace,
    lookup_option,
};
use crate::model::topology::{
    ClusterTerms, DraftServer, LinkTerms, PgMajor, ServerName, ServerTerms, SlotName, Topology,
    check_setting_value,
};

/// The keys, by the place of each server among the facts and those outside.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    pub cluster: ClusterTerms,
    pub has_tls: bool,
    pub own: BTreeMap<usize, ServerTerms>,
    pub links: BTreeMap<usize, LinkTerms>,
    pub also_follows: BTreeMap<usize, Vec<String>>,
    pub losses: Vec<Loss>,
    pub asked: Vec<Asked>,
}

impl Terms {
    /// What the servers say whatever is drawn; `members`: the facts of those in the design.
    pub fn certain(
        facts: &[Facts],
        members: &[Facts],
        links: &Links,
        names: &[ServerName],
        major: PgMajor,
        layout: &Layout,
    ) -> Self {
        let mut terms = Self::default();
        terms.cluster.role = role(members);
        let tls = security::tls(members, layout);
        terms.has_tls = tls.is_some();
        terms.cluster.tls = tls.unwrap_or_default();
        terms.cluster.initdb = initdb(members, major);
        for (place, one) in facts.iter().enumerate() {
            let below = links.follows.iter().zip(facts);
            let used: Vec<&str> = below
                .filter(|(follows, _)| matches!(follows, Follows::Server(upstream, _) if *upstream == place))
                .filter_map(|(_, standby)| standby.value("primary_slot_name"))
                .collect();
            let own = terms.server(one, &used);
            terms.own.insert(place, own);
            let mut link = LinkTerms {
                is_receiver: one.is_receiver,
                ..LinkTerms::default()
            };
            link.is_by_archive =
                links.follows.get(place) == Some(&Follows::Unknown) && is_fed_by_archive(one);
            terms.links.insert(place, link);
            let others = links.others.get(place).into_iter().flatten();
            let others = others.filter_map(|other| Some(names.get((*other)?)?.to_string()));
            terms.also_follows.insert(place, others.collect());
        }
        terms
    }

    /// `used`: the slots of its standbys.
    fn server(&mut self, one: &Facts, used: &[&str]) -> ServerTerms {
        let mut own = ServerTerms::default();
        for name in one.slots.iter().filter(|name| !used.contains(&name.as_str())) {
            match SlotName::parse(name) {
                Ok(name) => own.slots.push(name),
                Err(_) => self.lose(one, name, "A design cannot name this slot."),
            }
        }
        for (name, path) in &one.tablespaces {
            match (check_tablespace(name), TablespaceFolder::parse(path)) {
                (Ok(()), Ok(folder)) => drop(own.tablespaces.insert(name.clone(), folder)),
                _ => self.lose(
                    one,
                    &format!("tablespace {name} in {path}"),
                    "A design names a tablespace by lower-case letters, digits and underscores, and its folder by an absolute path.",
                ),
            }
        }
        own
    }

    fn lose(&mut self, one: &Facts, line: &str, message: &str) {
        self.losses.push(Loss {
            place: one.place.clone(),
            line: line.to_owned(),
            message: message.to_owned(),
        });
    }

    /// Takes what the servers say otherwise than the drawing would: listen_addresses, slots' names, options of links.
    pub fn compare(
        &mut self,
        facts: &[Facts],
        base: &Topology,
        drawn: &BTreeMap<usize, usize>,
        layout: &Layout,
    ) {
        let derived = effective_in(base, layout);
        for (at, one) in facts.iter().enumerate() {
            let server = drawn.get(&at).and_then(|place| base.servers().get(*place));
            let Some(written) = server.and_then(|server| derived.get(&server.id())) else {
                continue;
            };
            self.compare_slot(at, one, written);
            if one.is_unreached {
                continue;
            }
            if let Some(listen) = listen(one, written)
                && let Some(own) = self.own.get_mut(&at)
            {
                own.listen = listen;
            }
            self.compare_link(at, one, written);
        }
    }

    fn compare_slot(&mut self, at: usize, one: &Facts, written: &Effective) {
        let given = one.value("primary_slot_name").filter(|slot| !slot.is_empty());
        let Some((given, link)) = given.filter(|_| one.is_standby).zip(self.links.get_mut(&at)) else {
            return;
        };
        if written.settings.get("primary_slot_name").map(String::as_str) != Some(given) && !link.is_by_archive
        {
            link.slot_name = SlotName::parse(given).ok();
        }
    }

    fn compare_link(&mut self, at: usize, one: &Facts, written: &Effective) {
        let Some((given, link)) = one.link().filter(|_| one.is_standby).zip(self.links.get_mut(&at)) else {
            return;
        };
        let written = written
            .settings
            .get("primary_conninfo")
            .and_then(|text| Conninfo::parse(text))
            .unwrap_or_default();
        let is_generated = is_generated(&given);
        let beside = given.beside(&written);
        for key in beside.keys() {
            let Some(value) = beside.get(key) else { continue };
            let is_address = key == "hostaddr" && given.get("host").is_none();
            let is_needless = is_address || is_generated && is_default(key, value);
            if !is_needless && lookup_option(key).is_ok() && check_setting_value(key, value).is_ok() {
                link.conninfo.insert(key.to_owned(), value.to_owned());
            }
        }
    }

    /// Puts one server's keys into its draft.
    pub fn give(&self, server: &mut DraftServer, at: usize, major: PgMajor) {
        if let Some(own) = self.own.get(&at) {
            server.terms.clone_from(own);
        }
        if server.follows.is_none() {
            return;
        }
        if let Some(link) = self.links.get(&at) {
            server.link.clone_from(link);
            if link.slot_name.is_some() {
                server.slot = Some(true);
            }
            // Nobody asks for a slot without a stream.
            if link.is_by_archive {
                server.slot = None;
            }
        }
        if let Some(others) = self.also_follows.get(&at).filter(|_| major.has_several_hosts()) {
            server.also_follows.clone_from(others);
        }
    }
}

/// The role that most standbys come as, where it is not the usual one.
fn role(facts: &[Facts]) -> Option<RoleName> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for one in facts.iter().filter(|one| one.is_standby) {
        if let Some(user) = one.link().as_ref().and_then(|link| link.get("user")) {
            *counts.entry(user.to_owned()).or_default() += 1;
        }
    }
    let (user, _) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    RoleName::parse(&user)
        .ok()
        .filter(|role| role.as_str() != RoleName::USUAL)
}

/// A standby that has a command to restore with and dials nobody, as far as anybody could look.
pub fn is_fed_by_archive(one: &Facts) -> bool {
    let is_said = |name: &str| one.value(name).is_some_and(|text| !text.trim().is_empty());
    one.is_standby && one.sees_link && !is_said("primary_conninfo") && is_said("restore_command")
}

/// How initdb was called: what the primary shows, and the size of WAL segments also from the sizes that initdb writes.
fn initdb(facts: &[Facts], major: PgMajor) -> Initdb {
    let primary = facts.iter().filter(|one| !one.is_standby);
    let mut found = Initdb::default();
    for one in primary.chain(facts) {
        let size = one.initdb.wal_segment_size.or_else(|| segment_size(one, major));
        found.wal_segment_size = found.wal_segment_size.or(size);
        found.data_checksums = found.data_checksums.or(one.initdb.data_checksums);
        found.locale = found.locale.or_else(|| one.initdb.locale.clone());
        found.encoding = found.encoding.or_else(|| one.initdb.encoding.clone());
    }
    let is_usual = |size: &SegmentSize| i64::from(size.megabytes()) == SegmentSize::USUAL;
    found.wal_segment_size = found.wal_segment_size.filter(|size| !is_usual(size));
    found.data_checksums = found
        .data_checksums
        .filter(|has_them| *has_them != major.has_checksums_unasked());
    // As pgcascade calls initdb if nothing is said.
    found.locale = found
        .locale
        .filter(|locale| locale != "C" && check_initdb_word("locale", locale).is_ok());
    found.encoding = found
        .encoding
        .filter(|encoding| encoding != "UTF8" && check_initdb_word("encoding", encoding).is_ok());
    found
}

/// 5 and 64 segments are what initdb puts into postgresql.conf, from 11 on.
fn segment_size(one: &Facts, major: PgMajor) -> Option<SegmentSize> {
    let (least, most) = (one.value("min_wal_size")?, one.value("max_wal_size")?);
    let sizes = (0..=10).filter_map(|power| SegmentSize::parse(&format!("{}MB", 1 << power)).ok());
    let is_of = |size: &SegmentSize| {
        let megabytes = u32::from(size.megabytes());
        is_same("min_wal_size", least, &format!("{}MB", 5 * megabytes), major)
            && is_same("max_wal_size", most, &format!("{}MB", 64 * megabytes), major)
    };
    sizes
        .into_iter()
        .find(|size| major.has_segment_sizes() && is_of(size))
}

/// What it listens on, where that is not what the drawing derives.
fn listen(one: &Facts, written: &Effective) -> Option<Listen> {
    let entries = |text: &str| -> Vec<String> {
        let all = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        all.map(str::to_owned).collect()
    };
    let given = entries(one.value("listen_addresses")?);
    let derived = entries(
        written
            .settings
            .get("listen_addresses")
            .map_or("", String::as_str),
    );
    if given.is_empty() || given == derived {
        return None;
    }
    Listen::parse(&given).ok()
}

/// True for a connection string that pg_basebackup wrote: with every option that libpq knows, defaults and all.
fn is_generated(link: &Conninfo) -> bool {
    link.get("krbsrvname").is_some() && link.get("target_session_attrs").is_some()
}

/// True for what libpq does anyway.
pub fn is_default(key: &str, value: &str) -> bool {
    const DEFAULTS: [(&str, &str); 14] = [
        ("channel_binding", "prefer"),
        ("dbname", "replication"),
        ("gssdelegation", "0"),
        ("gssencmode", "disable"),
        ("gssencmode", "prefer"),
        ("krbsrvname", "postgres"),
        ("load_balance_hosts", "disable"),
        ("ssl_min_protocol_version", "TLSv1.2"),
        ("sslcertmode", "allow"),
        ("sslcompression", "0"),
        ("sslmode", "prefer"),
        ("sslnegotiation", "postgres"),
        ("sslsni", "1"),
        ("target_session_attrs", "any"),
    ];
    DEFAULTS.contains(&(key, value))
}
