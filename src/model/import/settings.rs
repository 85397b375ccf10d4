//! What the drawing does not say of postgresql.conf: kept as settings, of all servers where all agree, else of each.

use std::collections::BTreeMap;

use super::Loss;
use super::facts::Facts;
use crate::model::configuration::{Layout, effective_in};
use crate::model::topology::catalogue::{Kind, Known, lookup};
use crate::model::topology::{
    DraftServer, MANAGED_SETTINGS, PgMajor, Settings, Topology, check_setting_name, check_setting_value,
};

/// Settings to be written by hand.
#[derive(Clone, Debug, Default)]
pub struct ByHand {
    pub common: Settings,
    /// By the place of the server among the facts.
    pub own: BTreeMap<usize, Settings>,
    pub losses: Vec<Loss>,
}

/// Settings that the drawing writes and that a person may write as well, with the value that a server has where no file says
/// one.
fn built_in(name: &str, major: PgMajor) -> Option<&'static str> {
    let is_ten = !major.has_two_numbers();
    Some(match name {
        "hot_standby" => {
            if is_ten {
                "on"
            } else {
                "off"
            }
        }
        "wal_level" => {
            if is_ten {
                "replica"
            } else {
                "minimal"
            }
        }
        "max_wal_senders" | "max_replication_slots" => {
            if is_ten {
                "10"
            } else {
                "0"
            }
        }
        "max_connections" => "100",
        "max_slot_wal_keep_size" => "-1",
        "wal_keep_size" | "wal_keep_segments" => "0",
        "hot_standby_feedback" | "ssl" => "off",
        "shared_buffers" => "128MB",
        "wal_retrieve_retry_interval" => "5s",
        "password_encryption" => {
            if major.stores_scram_unasked() {
                "scram-sha-256"
            } else if is_ten {
                "md5"
            } else {
                "on"
            }
        }
        "ssl_min_protocol_version" => {
            if major.forbids_old_tls_unasked() {
                "TLSv1.2"
            } else {
                "TLSv1"
            }
        }
        _ => return None,
    })
}

/// True if a server reads both values as the same.
pub fn is_same(name: &str, one: &str, other: &str, major: PgMajor) -> bool {
    if one == other {
        return true;
    }
    match lookup(name, major) {
        Known::Here(parameter) | Known::Perhaps(parameter) => {
            let is_good = |value| parameter.judge(value, major, true).is_ok();
            parameter.kind != Kind::Text
                && is_good(one)
                && is_good(other)
                && parameter.is_shown_as(one, other, major)
                && parameter.is_shown_as(other, one, major)
        }
        Known::Elsewhere { .. } | Known::Nowhere => false,
    }
}

/// True if the drawing alone decides the setting.
pub fn is_managed(name: &str) -> bool {
    MANAGED_SETTINGS.contains(&name)
}

/// `base`: the design without a setting by hand; `places`: the place in it of each server of the facts.
pub fn by_hand(facts: &[Facts], base: &Topology, places: &BTreeMap<usize, usize>, layout: &Layout) -> ByHand {
    let major = base.postgres();
    let derived = effective_in(base, layout);
    let mut hand = ByHand::default();
    // Per name: what each server has, and whether it has to be written.
    let mut all: BTreeMap<String, BTreeMap<usize, (String, bool)>> = BTreeMap::new();
    let mut unreached = 0;
    for (at, one) in facts.iter().enumerate() {
        if one.is_unreached {
            unreached += 1;
            continue;
        }
        let Some(written) = places
            .get(&at)
            .and_then(|place| base.servers().get(*place))
            .and_then(|server| derived.get(&server.id()))
        else {
            continue;
        };
        for (key, given) in &one.settings {
            if is_managed(key) {
                continue;
            }
            let name = spelled(key, &given.name, major);
            if let Some(loss) = unfit(&name, &given.value, major, one, key) {
                hand.losses.push(loss);
                continue;
            }
            let is_derived = written
                .settings
                .get(key)
                .is_some_and(|value| is_same(key, &given.value, value, major));
            let entry = all.entry(name).or_default();
            entry.insert(at, (given.value.clone(), !is_derived));
        }
        if one.settings.is_empty() || one.is_partial {
            continue;
        }
        for (name, value) in &written.settings {
            if let Some(default) = built_in(name, major)
                && !is_managed(name)
                && one.value(name).is_none()
            {
                let is_derived = is_same(name, default, value, major);
                let entry = all.entry(spelled(name, name, major)).or_default();
                entry.insert(at, (default.to_owned(), !is_derived));
            }
        }
    }
    for (name, values) in all {
        share(
            &mut hand,
            &name,
            &values,
            places.len().saturating_sub(unreached),
            major,
        );
    }
    hand
}

/// As the servers spell it; a name that nobody knows stays as it was written.
fn spelled(key: &str, written: &str, major: PgMajor) -> String {
    match lookup(key, major) {
        Known::Here(parameter) | Known::Perhaps(parameter) => parameter.name.to_owned(),
        Known::Elsewhere { .. } | Known::Nowhere => written.to_ascii_lowercase(),
    }
}

fn unfit(name: &str, value: &str, major: PgMajor, facts: &Facts, key: &str) -> Option<Loss> {
    let given = facts.settings.get(key)?;
    if check_setting_name(name).is_err() || check_setting_value(name, value).is_err() {
        return Some(
            given.loss("The value has a control character, or the name is not one: a design cannot hold it."),
        );
    }
    let is_of_recovery = name.starts_with("recovery_") && !major.has_standby_signal();
    is_of_recovery.then(|| given.loss("A design does not say how a recovery ends."))
}

/// One value of all servers, or the one that most of them have, is the cluster's; the others are servers' own.
fn share(
    hand: &mut ByHand,
    name: &str,
    values: &BTreeMap<usize, (String, bool)>,
    servers: usize,
    major: PgMajor,
) {
    if !values.values().any(|(_, is_needed)| *is_needed) {
        return;
    }
    let key = name.to_ascii_lowercase();
    let alike = |value: &str| {
        values
            .values()
            .filter(|(other, _)| is_same(&key, value, other, major))
            .count()
    };
    let most = values
        .values()
        .map(|(value, is_needed)| (alike(value), *is_needed, value))
        .max_by_key(|(count, is_needed, _)| (*count, *is_needed));
    let common = most
        .filter(|(count, _, _)| {
            values.len() == servers && (*count == servers || *count * 2 > servers && *count > 1)
        })
        .map(|(_, _, value)| value.clone());
    for (at, (value, is_needed)) in values {
        let is_common = common
            .as_ref()
            .is_some_and(|common| is_same(&key, common, value, major));
        if !is_common && (*is_needed || common.is_some()) {
            hand.own
                .entry(*at)
                .or_default()
                .insert(name.to_owned(), value.clone());
        }
    }
    if let Some(common) = common {
        hand.common.insert(name.to_owned(), common);
    }
}

/// Leaves out what the drawing says by itself once the rest is set: up to 11, room for senders follows from max_connections.
pub fn without_needless(
    hand: &mut ByHand,
    facts: &[Facts],
    places: &BTreeMap<usize, usize>,
    build: impl Fn(&ByHand) -> Option<Topology>,
) {
    let names: Vec<String> = hand
        .common
        .keys()
        .filter(|name| *name == "max_wal_senders")
        .cloned()
        .collect();
    for name in names {
        let mut smaller = hand.clone();
        smaller.common.remove(&name);
        let Some(topology) = build(&smaller) else { continue };
        let derived = effective_in(&topology, &Layout::cluster_folder());
        let is_kept = facts.iter().enumerate().all(|(at, one)| {
            let server = places.get(&at).and_then(|place| topology.servers().get(*place));
            let value = server
                .and_then(|server| derived.get(&server.id()))
                .and_then(|written| written.settings.get(&name));
            match (one.value(&name), value) {
                (Some(given), Some(value)) => is_same(&name, given, value, topology.postgres()),
                _ => false,
            }
        });
        if is_kept {
            *hand = smaller;
        }
    }
}

/// Puts a server's own settings into its draft.
pub fn give(server: &mut DraftServer, hand: &ByHand, at: usize) {
    if let Some(own) = hand.own.get(&at) {
        server.settings.clone_from(own);
    }
}
