//! Rules on settings given by hand that the version of the design does not know, or does not take.
//!
//! Everything they say rests on the catalogue of parameters, which was read from real servers.

use std::collections::BTreeMap;

use super::super::catalogue::{self, Known, Parameter, ValueProblem};
use super::super::findings::Found;
use super::super::{Edit, Fix, PgMajor, Topology};
use super::by_hand::{self, ByHand};
use super::settings::MANAGED_SETTINGS;

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
                if near.is_none() && is_unseen(major) {
                    continue;
                }
                let mean = near
                    .map(|near| format!(" Did you mean \"{near}\"?"))
                    .unwrap_or_default();
                let message = format!(
                    "PostgreSQL {major} has no setting \"{name}\": the server refuses to start with it.{mean}"
                );
                let fix = near.map(|near| (near, value.to_owned()));
                found.push(renamed(topology, hand, message, fix));
            }
        }
    }
    found
}

fn unreadable(name: &str, major: PgMajor) -> String {
    format!(
        "PostgreSQL {major} cannot read the name \"{name}\" and refuses to start: a name holds one dot at most, and no $"
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
            "before 12 it belongs into recovery.conf".to_owned()
        }
        (Some(since), _) => format!("it came with {since}"),
        (None, Some(until)) => format!("{until} was the last with it"),
        (None, None) => "other versions have it".to_owned(),
    };
    let instead = successor
        .map(|new| format!(". What does the same there is \"{new}\""))
        .unwrap_or_default();
    format!("PostgreSQL {major} has no setting \"{name}\" and refuses to start with it: {when}{instead}")
}

/// True for a version newer than any that was looked at: what it has besides is not known.
fn is_unseen(major: PgMajor) -> bool {
    !major.has_known_parameters() && !major.has_two_numbers()
}

/// The version's own name that a slip of the pen was meant to be.
fn near_name(wrong: &str, major: PgMajor) -> Option<&'static str> {
    let wrong = wrong.to_ascii_lowercase();
    let least = if is_unseen(major) {
        LIKE_ENOUGH_TO_BE_A_SLIP
    } else {
        LIKE_ENOUGH_TO_PROPOSE
    };
    catalogue::names(major)
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
        ValueProblem::Unit(unit) => format!("\"{unit}\" is no unit of it. It takes {takes}"),
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
                "\"{}\" only tells how the server was built or its data directory made: with it in a file the server refuses to start",
                hand.name
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    // What is said of a setting that the version has not or cannot have, and what the fix writes instead.

    use super::super::super::{check, notation};
    use super::*;

    fn with(major: &str, name: &str, value: &str) -> Topology {
        let mut topology = notation::parse(&format!("postgres {major}\nm 5432\n  a 5433\n")).unwrap();
        let edit = Edit::SetSetting {
            server: None,
            name: name.to_owned(),
            value: Some(value.to_owned()),
        };
        topology.apply(&edit).unwrap();
        topology
    }

    /// Sentence and fix of the one finding about the settings, or nothing.
    fn said(major: &str, name: &str, value: &str) -> Option<(String, String)> {
        let topology = with(major, name, value);
        let mut found = setting_unknown(&topology);
        found.extend(setting_bad_value(&topology));
        found.extend(setting_internal(&topology));
        assert!(found.len() < 2, "{found:?}");
        found
            .pop()
            .map(|found| (found.message, found.fix.map(|fix| fix.label).unwrap_or_default()))
    }

    #[track_caller]
    fn says(major: &str, name: &str, value: &str, words: &str, fix: &str) {
        let (message, label) = said(major, name, value).expect("a finding");
        assert!(message.contains(words), "{message}");
        assert_eq!(label, fix, "{message}");
    }

    #[test]
    fn old_and_new_names_are_carried_over() {
        says(
            "15",
            "wal_keep_segments",
            "32",
            "12 was the last with it. What does the same there is \"wal_keep_size\"",
            "Write wal_keep_size = 512MB",
        );
        says(
            "12",
            "wal_keep_size",
            "100MB",
            "it came with 13",
            "Write wal_keep_segments = 7",
        );
        says(
            "14",
            "checkpoint_segments",
            "32",
            "max_wal_size",
            "Write max_wal_size = 1536MB",
        );
        says(
            "9.4",
            "max_wal_size",
            "1GB",
            "it came with 9.5",
            "Remove max_wal_size",
        );
        says(
            "16",
            "vacuum_defer_cleanup_age",
            "0",
            "15 was the last with it",
            "Remove vacuum_defer_cleanup_age",
        );
        says(
            "11",
            "recovery_target_time",
            "x",
            "before 12 it belongs into recovery.conf",
            "Remove recovery_target_time",
        );
    }

    #[test]
    fn a_slip_of_the_pen_is_put_right() {
        says(
            "15",
            "shared_bufers",
            "1GB",
            "Did you mean \"shared_buffers\"?",
            "Write shared_buffers = 1GB",
        );
        says(
            "9.3",
            "work_men",
            "1GB",
            "Did you mean \"work_mem\"?",
            "Write work_mem = 1GB",
        );
        // Renaming would only make another finding.
        says(
            "15",
            "work_men",
            "lots",
            "Did you mean \"work_mem\"?",
            "Remove work_men",
        );
        says(
            "15",
            "quite_another_thing",
            "1",
            "has no setting",
            "Remove quite_another_thing",
        );
        says("15", "a.b.c", "1", "one dot", "Remove a.b.c");
    }

    #[test]
    fn a_rename_does_not_overwrite() {
        let mut topology = with("15", "wal_keep_segments", "32");
        let edit = Edit::SetSetting {
            server: None,
            name: "wal_keep_size".to_owned(),
            value: Some("2GB".to_owned()),
        };
        topology.apply(&edit).unwrap();
        let found = setting_unknown(&topology);
        assert_eq!(found[0].fix.as_ref().unwrap().label, "Remove wal_keep_segments");
    }

    #[test]
    fn values_say_what_would_be_right() {
        says(
            "15",
            "work_mem",
            "64mb",
            "\"mb\" is no unit of it. It takes a whole number from 64 to 2147483647 kB (with a unit: B, kB, MB, GB, TB)",
            "Set work_mem to 64MB",
        );
        says(
            "15",
            "max_connections",
            "0",
            "from 1 to 262143",
            "Set max_connections to 1",
        );
        says("15", "fsync", "enabled", "it takes on or off", "Set fsync to on");
        says(
            "15",
            "huge_pages",
            "maybe",
            "it takes one of off, on, try",
            "Remove huge_pages",
        );
        says(
            "9.5",
            "wal_level",
            "replica",
            "minimal, archive, hot_standby, logical",
            "Remove wal_level",
        );
        says("11", "work_mem", "1.5GB", "no unit", "Remove work_mem");
        says(
            "17",
            "notify_buffers",
            "100",
            "a multiple of 16",
            "Set notify_buffers to 112",
        );
        says(
            "15",
            "server_version",
            "16",
            "only tells",
            "Remove server_version",
        );
    }

    #[test]
    fn what_is_right_or_not_known_to_be_wrong_is_left_alone() {
        for (major, name, value) in [
            ("15", "TIMEZONE", "UTC"),
            ("15", "auto_explain.log_min_duration", "1s"),
            ("19", "brand_new_thing", "1"),
            ("9.2", "work_mem", "1"),
            ("9.6", "sql_inheritance", "off"),
            ("15", "primary_conninfo", "managed"),
            ("14", "default_toast_compression", "lz4"),
        ] {
            assert_eq!(said(major, name, value), None, "{name} in {major}");
        }
    }

    #[test]
    fn a_thousand_servers_with_a_slip_are_checked_in_no_time() {
        let mut topology = notation::parse("postgres 15\nm 5432\n").unwrap();
        let primary = topology.primary().id();
        for _ in 0..1000 {
            let made = topology
                .apply(&Edit::AddStandby {
                    upstream: primary,
                    name: None,
                    port: None,
                })
                .unwrap();
            let edit = Edit::SetSetting {
                server: made.created,
                name: "work_men".to_owned(),
                value: Some("1".to_owned()),
            };
            topology.apply(&edit).unwrap();
        }
        assert_eq!(
            check(&topology)
                .iter()
                .filter(|finding| finding.rule == "setting-unknown")
                .count(),
            1000
        );
    }
}
