//! Rules on settings by what they can do to the machine (`assets/parameters/classes.txt`): run something, open a door,
//! cost data, or nobody knows what. What another rule says something about is left to it: one thing, one finding.

use std::collections::{BTreeMap, BTreeSet};

use super::super::catalogue::{self, Class, danger};
use super::super::findings::Found;
use super::super::{Auth, ServerId, Settings, Topology};
use super::by_hand::{self, ByHand};

/// Rules that say what is wrong with a setting, whatever its class is.
pub(super) const TELLING: [&str; 12] = [
    "setting-is-managed",
    "setting-unknown",
    "setting-bad-value",
    "setting-internal",
    "fsync-off",
    "full-page-writes-off",
    "passwords-not-for-scram",
    "users-by-database",
    "tls-off-by-hand",
    "tls-file-by-hand",
    "tls-no-version-left",
    "tls-version-by-hand",
];

/// Rules on a setting's class, which say nothing where one of the others has something to say.
pub(super) const YIELDING: [&str; 8] = [
    "setting-includes-file",
    "file-outside-folder",
    "file-outside-on-hosts",
    "setting-runs-code",
    "setting-opens-door",
    "setting-risks-data",
    "setting-not-known",
    "setting-nobody-reads",
];

/// Settings by hand of such a class.
pub(super) fn of_class(topology: &Topology, is_wanted: impl Fn(Class) -> bool) -> Vec<ByHand<'_>> {
    by_hand::all(topology)
        .filter(|hand| is_wanted(danger(hand.name, hand.value)))
        .collect()
}

pub(super) fn setting_runs_code(topology: &Topology) -> Vec<Found> {
    of_class(topology, |class| matches!(class, Class::Command | Class::Library))
        .into_iter()
        .filter_map(|hand| {
            let hazard = topology.hazard(hand.owner, hand.name, hand.value)?;
            Some(hand.found(format!(
                "The design runs {hazard}: it can only be deployed if you trust it"
            )))
        })
        .collect()
}

pub(super) fn setting_opens_door(topology: &Topology) -> Vec<Found> {
    of_class(topology, |class| class == Class::Door)
        .into_iter()
        .filter(|hand| {
            let is = |name: &str| hand.name.eq_ignore_ascii_case(name);
            // Off is what it is without TLS; and md5 is what the whole design asks for, which has a finding of its own.
            let is_as_drawn = is("ssl") && !topology.has_tls()
                || is("password_encryption") && topology.auth() == Some(Auth::Md5)
                || is("password_encryption") && !topology.postgres().has_scram();
            !is_as_drawn
        })
        .map(|hand| {
            hand.found(format!(
                "{} = \"{}\" weakens security: it makes it easier to connect or to eavesdrop",
                hand.name, hand.value
            ))
        })
        .collect()
}

pub(super) fn setting_risks_data(topology: &Topology) -> Vec<Found> {
    of_class(topology, |class| class == Class::Data)
        .into_iter()
        .map(|hand| {
            hand.found(format!(
                "{} = \"{}\" can corrupt data or hide corruption",
                hand.name, hand.value
            ))
        })
        .collect()
}

pub(super) fn setting_not_known(topology: &Topology) -> Vec<Found> {
    let loaded = loaded(topology);
    of_class(topology, |class| class == Class::Unknown)
        .into_iter()
        .filter(|hand| is_read(hand.name, &loaded))
        .map(|hand| {
            hand.found(format!(
                "pgcascade does not know the effect of {} = \"{}\": the design can only be deployed if you \
                 trust it",
                hand.name, hand.value
            ))
        })
        .collect()
}

pub(super) fn setting_nobody_reads(topology: &Topology) -> Vec<Found> {
    let loaded = loaded(topology);
    of_class(topology, |class| {
        matches!(class, Class::Unknown | Class::Harmless)
    })
    .into_iter()
    .filter(|hand| !is_read(hand.name, &loaded))
    .map(|hand| {
        let is_unknown = danger(hand.name, hand.value) == Class::Unknown;
        let besides = if is_unknown {
            "; pgcascade does not know its effect, so it still needs your trust"
        } else {
            ""
        };
        hand.found(format!(
            "No preloaded library reads {}: none of the …_preload_libraries loads one of that name. SQL \
             (current_setting) or a library that is loaded later may still read it{besides}",
            hand.name
        ))
    })
    .collect()
}

/// Extensions whose library is loaded when one of their functions is called.
const ON_DEMAND: [&str; 8] = [
    "isn",
    "pg_trgm",
    "plperl",
    "plpgsql",
    "pltcl",
    "pltclu",
    "postgis",
    "postgres_fdw",
];

/// False for an extension's setting if no library of that name is loaded.
fn is_read(name: &str, loaded: &BTreeSet<String>) -> bool {
    let Some((prefix, _)) = name.split_once('.') else {
        return true;
    };
    let prefix = prefix.to_ascii_lowercase();
    // pg_cron reads cron.database_name.
    let is_of = |library: &String| library.contains(&prefix) || prefix.contains(library.as_str());
    ON_DEMAND.contains(&prefix.as_str()) || loaded.iter().any(is_of)
}

/// What any server loads when it or a session starts, without folders and endings.
fn loaded(topology: &Topology) -> BTreeSet<String> {
    const LISTS: [&str; 4] = [
        "archive_library",
        "local_preload_libraries",
        "session_preload_libraries",
        "shared_preload_libraries",
    ];
    LISTS
        .into_iter()
        .flat_map(|list| by_hand::named(topology, list))
        .flat_map(|hand| catalogue::libraries(hand.value))
        .map(|library| {
            let name = library.rsplit('/').next().unwrap_or(library);
            name.split('.').next().unwrap_or(name).to_ascii_lowercase()
        })
        .filter(|name| !name.is_empty())
        .collect()
}

pub(super) fn setting_given_twice(topology: &Topology) -> Vec<Found> {
    let own = topology
        .servers()
        .iter()
        .map(|server| (Some(server.id()), server.settings()));
    std::iter::once((None, topology.settings()))
        .chain(own)
        .flat_map(|(owner, settings)| given_twice(owner, settings))
        .collect()
}

/// Every spelling but the last, which is the one that holds.
fn given_twice(owner: Option<ServerId>, settings: &Settings) -> Vec<Found> {
    let mut spellings: BTreeMap<String, Vec<(&str, &str)>> = BTreeMap::new();
    for (name, value) in settings {
        spellings
            .entry(name.to_ascii_lowercase())
            .or_default()
            .push((name, value));
    }
    let mut found = Vec::new();
    for mut spelled in spellings.into_values() {
        let Some((last, holds)) = spelled.pop() else {
            continue;
        };
        found.extend(spelled.into_iter().map(|(name, value)| {
            let hand = ByHand { owner, name, value };
            hand.found(format!(
                "\"{name}\" and \"{last}\" are the same setting, since names are case-insensitive: {name} = \
                 {value} is ignored, {last} = {holds} applies"
            ))
        }));
    }
    found
}
