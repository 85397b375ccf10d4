//! Rules on settings given by hand that the version of the design does not know, or does not take.
//!
//! Everything they say rests on the catalogue of parameters, which was read from real servers.

use std::collections::BTreeMap;

use super::super::catalogue::{self, Known, Parameter, ValueProblem};
use super::super::findings::Found;
use super::super::{Edit, Fix, PgMajor, Topology};
use super::by_hand::{self, ByHand};
use super::managed::MANAGED_SETTINGS;

/// How like a name of a newer version than any that was looked at has to be to a known one to be a slip of the pen.
const LIKE_ENOUGH_TO_BE_A_SLIP: f64 = 0.95;
/// How like a word has to be to be proposed; words of settings have much in common (`max_…`, `…_size`).
const LIKE_ENOUGH_TO_PROPOSE: f64 = 0.9;

/// Settings by hand that the drawing does not decide: those have a rule of their own.
fn free_settings(topology: &Topology) -> impl Iterator<Item = ByHand<'_>> {
    by_hand::all(topology).filter(|hand| !MANAGED_SETTINGS.contains(&hand.name.to_ascii_lowercase().as_str()))
}

pub(super) fn setting_unknown(topology: &Topology) -> Vec<Found> {
    let major = topology.postgres();
    // The same slip on a thousand servers is looked up once.
    let mut slips: BTreeMap<&str, Option<&'static str>> = BTreeMap::new();
    let mut found = Vec::new();
    for hand in free_settings(topology) {
        let ByHand { name, value, .. } = hand;
        if name.contains('.') {
            if name.contains('$') || name.matches('.').count() > 1 {
                found.push(hand.found(unreadable(name, major)));
            }
            continue;
        }
        match catalogue::lookup(name, major) {
            Known::Here(_) | Known::Perhaps(_) => {}
            Known::Elsewhere { since, until } => {
                let successor = catalogue::successor(name, value, major);
                let message = elsewhere(name, major, since, until, successor.as_ref().map(|(new, _)| *new));
                let fix = successor.and_then(|(new, value)| Some((new, value?)));
                found.push(renamed(topology, hand, message, fix));
            }
            Known::Nowhere if name.contains('$') => {
                found.push(hand.found(unreadable(name, major)));
            }
            Known::Nowhere => {
                let near = *slips.entry(name).or_insert_with(|| near_name(name, major));
                if near.is_none() && catalogue::is_unseen(major) {
                    continue;
                }
                // A slip in a name of another version is carried over as that name is: segments are not megabytes.
                let meant = near.map(|near| match catalogue::lookup(near, major) {
                    Known::Here(_) | Known::Perhaps(_) => (near, Some(value.to_owned())),
                    _ => catalogue::successor(near, value, major).unwrap_or((near, None)),
                });
                let mean = meant
                    .as_ref()
                    .map(|(meant, _)| format!(" Did you mean \"{meant}\"?"))
                    .unwrap_or_default();
                let message = format!(
                    "PostgreSQL {major} has no setting \"{name}\" and refuses to start with it.{mean}"
                );
                let fix = meant.and_then(|(meant, value)| Some((meant, value?)));
                found.push(renamed(topology, hand, message, fix));
            }
        }
    }
    found
}

fn unreadable(name: &str, major: PgMajor) -> String {
    format!(
        "PostgreSQL {major} cannot parse the name \"{name}\" and refuses to start: a name has at most one \
         dot and no $"
    )
}

fn elsewhere(
    name: &str,
    major: PgMajor,
    since: Option<PgMajor>,
    until: Option<PgMajor>,
    successor: Option<&str>,
) -> String {
    let when = match (since, until) {
        (Some(since), _)
            if name.starts_with("recovery_") && since.has_standby_signal() && !major.has_standby_signal() =>
        {
            "before 12 it belongs in recovery.conf".to_owned()
        }
        (Some(since), _) => format!("it is new in {since}"),
        (None, Some(until)) => format!("{until} was the last version with it"),
        (None, None) => "only other versions have it".to_owned(),
    };
    let instead = successor
        .map(|new| format!(". Use \"{new}\" instead"))
        .unwrap_or_default();
    format!("PostgreSQL {major} has no setting \"{name}\" and refuses to start with it: {when}{instead}")
}

/// The version's own name that a slip of the pen was meant to be.
fn near_name(wrong: &str, major: PgMajor) -> Option<&'static str> {
    let wrong = wrong.to_ascii_lowercase();
    let least = if catalogue::is_unseen(major) {
        LIKE_ENOUGH_TO_BE_A_SLIP
    } else {
        LIKE_ENOUGH_TO_PROPOSE
    };
    catalogue::names(major)
        .chain(catalogue::former_names(major))
        .filter(|name| !MANAGED_SETTINGS.contains(name))
        .map(|name| (strsim::jaro_winkler(&wrong, &name.to_ascii_lowercase()), name))
        .filter(|(likeness, _)| *likeness >= least)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name)
}

/// The finding with the fix "rename", if the version takes the value under the new name and nothing stands there yet.
fn renamed(
    topology: &Topology,
    hand: ByHand<'_>,
    message: String,
    new: Option<(&'static str, String)>,
) -> Found {
    let mut found = hand.found(message);
    let major = topology.postgres();
    let Some((new, value)) = new else { return found };
    let settings = match hand.owner {
        Some(id) => topology.server(id).map(super::super::Server::settings),
        None => Some(topology.settings()),
    };
    let is_set = settings.is_some_and(|settings| settings.keys().any(|name| name.eq_ignore_ascii_case(new)));
    let is_good = match catalogue::lookup(new, major) {
        Known::Here(parameter) | Known::Perhaps(parameter) => parameter.judge(&value, major, false).is_ok(),
        Known::Elsewhere { .. } | Known::Nowhere => false,
    };
    if is_good && !is_set && !MANAGED_SETTINGS.contains(&new) {
        let set = |name: &str, value: Option<String>| Edit::SetSetting {
            server: hand.owner,
            name: name.to_owned(),
            value,
        };
        found.fix = Some(Fix {
            label: format!("Write {new} = {value}"),
            edits: vec![set(hand.name, None), set(new, Some(value))],
        });
    }
    found
}

pub(super) fn setting_bad_value(topology: &Topology) -> Vec<Found> {
    let major = topology.postgres();
    free_settings(topology)
        .filter_map(|hand| {
            let ByHand { owner, name, value } = hand;
            let (parameter, lenient) = match catalogue::lookup(name, major) {
                Known::Here(parameter) => (parameter, false),
                Known::Perhaps(parameter) => (parameter, true),
                Known::Elsewhere { .. } | Known::Nowhere => return None,
            };
            if parameter.is_internal() {
                return None;
            }
            let problem = parameter.judge(value, major, lenient).err()?;
            let message = format!(
                "PostgreSQL {major} refuses to start with {name} = \"{value}\": {}",
                because(&problem, parameter, major)
            );
            let found = hand.found(message);
            Some(match parameter.repair(value, major) {
                Some(meant) => found.fix(
                    format!("Set {name} to {meant}"),
                    Edit::SetSetting {
                        server: owner,
                        name: name.to_owned(),
                        value: Some(meant),
                    },
                ),
                None => found,
            })
        })
        .collect()
}

fn because(problem: &ValueProblem, parameter: &Parameter, major: PgMajor) -> String {
    let takes = parameter.takes(major);
    match problem {
        ValueProblem::Unit(unit) => format!("\"{unit}\" is not one of its units. It takes {takes}"),
        _ => format!("it takes {takes}"),
    }
}

pub(super) fn setting_internal(topology: &Topology) -> Vec<Found> {
    let major = topology.postgres();
    free_settings(topology)
        .filter(|hand| {
            matches!(
                catalogue::lookup(hand.name, major),
                Known::Here(parameter) | Known::Perhaps(parameter) if parameter.is_internal()
            )
        })
        .map(|hand| {
            hand.found(format!(
                "\"{}\" only reports how the server was built or its data directory was created: the server \
                 refuses to start if a file sets it",
                hand.name
            ))
        })
        .collect()
}
