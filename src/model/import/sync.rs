//! synchronous_standby_names and synchronous_commit of the primary, as the policy and the priorities of the drawing.

use std::collections::BTreeMap;

use super::Loss;
use super::facts::{Facts, Given};
use crate::model::simulate::StandbyNames;
use crate::model::topology::{CommitLevel, PgMajor, ServerName, SyncMethod, SyncPolicy};

/// What the primary's settings say.
#[derive(Clone, Debug, Default)]
pub struct Sync {
    pub policy: Option<SyncPolicy>,
    /// By the place of the standby.
    pub priorities: BTreeMap<usize, u32>,
    pub losses: Vec<Loss>,
}

/// `direct`: the standbys that follow the primary, each with the name that the primary sees.
pub fn of_primary(primary: &Facts, major: PgMajor, direct: &[(usize, ServerName)]) -> Sync {
    let mut sync = Sync::default();
    let commit = primary.settings.get("synchronous_commit");
    let level = commit.and_then(|given| level(&given.value));
    if let (Some(given), None) = (commit, level) {
        sync.losses.push(given.loss("This is not a commit level."));
    }
    let level = level.unwrap_or(CommitLevel::On);
    let given = primary
        .settings
        .get("synchronous_standby_names")
        .filter(|given| !given.value.trim().is_empty());
    let Some(given) = given else {
        if level != CommitLevel::On {
            sync.policy = Some(SyncPolicy {
                commit: level,
                ..SyncPolicy::default()
            });
        }
        return sync;
    };
    match StandbyNames::parse(&given.value, major) {
        Ok(Some(names)) => take(&mut sync, &names, given, level, major, direct),
        Ok(None) => {}
        Err(error) => sync.losses.push(given.loss(format!(
            "PostgreSQL {major} does not start with this value: {error}. The design has no synchronous standby."
        ))),
    }
    sync
}

fn take(
    sync: &mut Sync,
    names: &StandbyNames,
    given: &Given,
    commit: CommitLevel,
    major: PgMajor,
    direct: &[(usize, ServerName)],
) {
    sync.policy = Some(SyncPolicy {
        method: if names.is_quorum() {
            SyncMethod::Any
        } else {
            SyncMethod::First
        },
        count: names.count(),
        commit,
    });
    let members = names.members();
    let place_of = |name: &ServerName| {
        let shown = name.in_list(major).to_ascii_lowercase();
        let named = members.iter().position(|member| *member == shown);
        named.or_else(|| members.iter().position(|member| *member == "*"))
    };
    let mut listed: Vec<(usize, usize)> = direct
        .iter()
        .filter_map(|(standby, name)| Some((place_of(name)?, *standby)))
        .collect();
    listed.sort_unstable();
    for ((_, standby), priority) in listed.iter().zip(1..) {
        sync.priorities.insert(*standby, priority);
    }
    for (at, member) in members.iter().enumerate() {
        if *member == "*" {
            sync.losses.push(given.loss(
                "\"*\" means any standby, whichever comes first: a design names them, so all direct standbys of the primary \
                 became candidates, in their order.",
            ));
        } else if !listed.iter().any(|(place, _)| *place == at) {
            sync.losses.push(given.loss(format!(
                "\"{member}\" is in the list, but no direct standby of the primary has this name: a commit can wait for it in vain."
            )));
        }
    }
    if listed.is_empty() && !members.is_empty() {
        sync.losses.push(given.loss(
            "No standby that was found is in the list: on the running cluster, commits would wait until one comes.",
        ));
    }
}

fn level(text: &str) -> Option<CommitLevel> {
    let lower = text.to_ascii_lowercase();
    CommitLevel::parse(&lower).or(match lower.as_str() {
        "true" | "yes" | "1" => Some(CommitLevel::On),
        "false" | "no" | "0" => Some(CommitLevel::Off),
        _ => None,
    })
}
