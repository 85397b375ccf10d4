//! Rules on synchronous replication.

use super::super::findings::{Found, repeated};
use super::super::{CommitLevel, Edit, Server, Standby, SyncMethod, SyncPolicy, Topology};
use super::hosts::real_delay;
use super::turns::Turns;
use super::{candidates_that_must_apply, standbys};

pub(super) fn sync_on_cascaded_standby(topology: &Topology) -> Vec<Found> {
    let primary = topology.primary();
    standbys(topology)
        .filter(|server| server.upstream() != Some(primary.id()))
        .filter(|server| server.standby().is_some_and(|standby| standby.sync_priority().is_some()))
        .map(|server| {
            Found::server(
                server.id(),
                format!(
                    "\"{}\" cannot be synchronous: it follows a standby, and only servers directly under the primary \"{}\" can make a commit wait",
                    server.name(), primary.name()
                ),
            )
            .fix("Make it asynchronous", Edit::SetSyncPriority { server: server.id(), priority: None })
        })
        .collect()
}

/// In a quorum the order means nothing (pg_stat_replication shows priority 1 for all of it), so nobody comes first.
pub(super) fn sync_priority_used_twice(topology: &Topology) -> Vec<Found> {
    if topology
        .sync()
        .is_some_and(|policy| policy.method == SyncMethod::Any)
    {
        return Vec::new();
    }
    let with_priority: Vec<&Server> = topology.sync_candidates();
    let priority = |server: &Server| server.standby().and_then(Standby::sync_priority);
    let next = with_priority
        .iter()
        .filter_map(|server| priority(server))
        .max()
        .unwrap_or(0)
        .saturating_add(1);
    repeated(with_priority.iter().copied(), |server| priority(server))
        .into_iter()
        .map(|server| {
            let taken = priority(server).unwrap_or_default();
            Found::server(
                server.id(),
                format!(
                    "\"{}\" has priority {taken}, and so does another standby: which one comes first?",
                    server.name()
                ),
            )
            .fix(
                format!("Give it priority {next}"),
                Edit::SetSyncPriority {
                    server: server.id(),
                    priority: Some(next),
                },
            )
        })
        .collect()
}

pub(super) fn sync_count_above_candidates(topology: &Topology) -> Vec<Found> {
    let candidates = u32::try_from(topology.sync_candidates().len()).unwrap_or(u32::MAX);
    match topology.sync() {
        Some(policy) if candidates > 0 && policy.count > candidates => vec![
            Found::cluster(format!(
                "Every commit would hang: it waits for {} standbys, and only {candidates} of those directly under the primary {} a priority",
                policy.count,
                if candidates == 1 { "has" } else { "have" }
            ))
            .fix(format!("Wait for {candidates}"), Edit::SetSync(Some(SyncPolicy { count: candidates, ..policy.clone() }))),
        ],
        _ => Vec::new(),
    }
}

pub(super) fn remote_apply_waits_for_delay(topology: &Topology) -> Vec<Found> {
    let turns = Turns::of(topology);
    candidates_that_must_apply(topology)
        .filter_map(|server| Some((server, real_delay(server)?)))
        .map(|(server, delay)| {
            let commits = turns
                .failure_before(server.id())
                .map_or("Commits".to_owned(), |failure| format!("If {failure}, commits"));
            Found::server(
                server.id(),
                format!(
                    "{commits} would wait {delay} for \"{}\": with remote_apply, a commit waits until \
                     its synchronous standbys have applied it",
                    server.name()
                ),
            )
            .fix(
                "Remove the delay",
                Edit::SetApplyDelay {
                    server: server.id(),
                    delay: None,
                },
            )
        })
        .collect()
}

pub(super) fn sync_priority_without_policy(topology: &Topology) -> Vec<Found> {
    if topology.sync().is_some() {
        return Vec::new();
    }
    topology
        .sync_candidates()
        .first()
        .map(|server| {
            Found::server(
                server.id(),
                format!(
                    "\"{}\" has a priority, but the design has no [sync]: every standby is asynchronous",
                    server.name()
                ),
            )
            .fix(
                "Wait for one synchronous standby",
                Edit::SetSync(Some(SyncPolicy::default())),
            )
        })
        .into_iter()
        .collect()
}

pub(super) fn sync_without_candidates(topology: &Topology) -> Vec<Found> {
    // Who only asks for another level without standbys (commit = "off") wants none.
    if topology.sync().is_none_or(|policy| !policy.commit.waits()) || !topology.sync_candidates().is_empty() {
        return Vec::new();
    }
    let found = Found::cluster(
        "Synchronous replication is on, but no server directly under the primary has a priority: nothing is synchronous",
    );
    let first = topology.downstreams(topology.primary().id()).next();
    vec![match first {
        Some(server) => found.fix(
            format!("Make \"{}\" synchronous", server.name()),
            Edit::SetSyncPriority {
                server: server.id(),
                priority: Some(1),
            },
        ),
        None => found.fix("Make everything asynchronous", Edit::SetSync(None)),
    }]
}

pub(super) fn sync_needs_all_candidates(topology: &Topology) -> Vec<Found> {
    let candidates = topology.sync_candidates().len();
    match topology.sync() {
        Some(policy)
            if policy.commit.waits() && candidates > 0 && usize::try_from(policy.count) == Ok(candidates) =>
        {
            let whom = match candidates {
                1 => "the only synchronous standby: if it fails".to_owned(),
                2 => "both synchronous standbys: if one fails".to_owned(),
                _ => format!("all {candidates} synchronous standbys: if one fails"),
            };
            vec![Found::cluster(format!(
                "Every commit waits for {whom}, writes stop; give one more standby a priority"
            ))]
        }
        _ => Vec::new(),
    }
}

pub(super) fn commit_waits_for_nobody(topology: &Topology) -> Vec<Found> {
    let candidates = topology.sync_candidates();
    match topology.sync() {
        Some(policy) if !policy.commit.waits() && !candidates.is_empty() => vec![
            Found::cluster(format!(
                "With synchronous_commit = {}, no commit waits for a standby, whatever the priorities: \
                 losing the primary can lose confirmed commits",
                policy.commit.word()
            ))
            .fix(
                "Set commit to \"on\"",
                Edit::SetSync(Some(SyncPolicy {
                    commit: CommitLevel::On,
                    ..policy.clone()
                })),
            ),
        ],
        _ => Vec::new(),
    }
}

pub(super) fn quorum_below_majority(topology: &Topology) -> Vec<Found> {
    let candidates = u32::try_from(topology.sync_candidates().len()).unwrap_or(u32::MAX);
    let majority = candidates / 2 + 1;
    // A majority of the standbys must meet every set of `count` of them.
    let needed = candidates - majority.min(candidates) + 1;
    match topology.sync() {
        Some(policy)
            if policy.method == SyncMethod::Any
                && policy.commit.waits()
                && candidates >= 3
                && policy.count < needed =>
        {
            vec![
                Found::cluster(format!(
                    "A commit is on {} of {candidates} synchronous standbys: if the primary is lost, \
                     {majority} of them can be up and still lack the latest commits",
                    policy.count
                ))
                .fix(
                    format!("Wait for any {needed}"),
                    Edit::SetSync(Some(SyncPolicy {
                        count: needed,
                        ..policy.clone()
                    })),
                ),
            ]
        }
        _ => Vec::new(),
    }
}
