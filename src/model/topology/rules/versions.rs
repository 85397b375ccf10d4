//! Rules on what the chosen version of PostgreSQL does not have.

use super::super::findings::Found;
use super::super::sync::knows_level;
use super::super::{Auth, CommitLevel, Edit, SyncMethod, SyncPolicy, Topology};
use super::standbys;

pub(super) fn sync_any_before_10(topology: &Topology) -> Vec<Found> {
    match topology.sync() {
        Some(policy) if policy.method == SyncMethod::Any && !topology.postgres().has_quorum() => vec![
            Found::cluster(format!(
                "PostgreSQL {} has no quorum commit (ANY): it is new in 10",
                topology.postgres()
            ))
            .fix(
                "Choose by priority (FIRST)",
                Edit::SetSync(Some(SyncPolicy {
                    method: SyncMethod::First,
                    ..policy.clone()
                })),
            ),
        ],
        _ => Vec::new(),
    }
}

pub(super) fn sync_count_before_9_6(topology: &Topology) -> Vec<Found> {
    match topology.sync() {
        Some(policy) if policy.count > 1 && !topology.postgres().has_several_sync() => vec![
            Found::cluster(format!(
                "PostgreSQL {} waits for one synchronous standby at a time: several are possible from 9.6",
                topology.postgres()
            ))
            .fix(
                "Wait for 1",
                Edit::SetSync(Some(SyncPolicy {
                    count: 1,
                    ..policy.clone()
                })),
            ),
        ],
        _ => Vec::new(),
    }
}

pub(super) fn commit_level_unknown(topology: &Topology) -> Vec<Found> {
    match topology.sync() {
        Some(policy) if !knows_level(topology.postgres(), policy.commit) => vec![
            Found::cluster(format!(
                "PostgreSQL {} does not support synchronous_commit = {} and would not start",
                topology.postgres(),
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

pub(super) fn delay_before_9_4(topology: &Topology) -> Vec<Found> {
    if topology.postgres().has_apply_delay() {
        return Vec::new();
    }
    standbys(topology)
        .filter(|server| {
            server
                .standby()
                .is_some_and(|standby| standby.apply_delay().is_some())
        })
        .map(|server| {
            Found::server(
                server.id(),
                format!(
                    "PostgreSQL {} cannot delay \"{}\": recovery_min_apply_delay is new in 9.4",
                    topology.postgres(),
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

pub(super) fn slot_before_9_4(topology: &Topology) -> Vec<Found> {
    if topology.postgres().has_slots() {
        return Vec::new();
    }
    standbys(topology)
        .filter(|server| {
            server
                .standby()
                .is_some_and(|standby| standby.slot() == Some(true))
        })
        .map(|server| {
            Found::server(
                server.id(),
                format!(
                    "PostgreSQL {} has no replication slots, so \"{}\" cannot use one: they are new in 9.4",
                    topology.postgres(),
                    server.name()
                ),
            )
            .fix(
                "Do not use a slot",
                Edit::SetSlot {
                    server: server.id(),
                    slot: None,
                },
            )
        })
        .collect()
}

pub(super) fn scram_before_10(topology: &Topology) -> Vec<Found> {
    if topology.auth() != Some(Auth::Scram) || topology.postgres().has_scram() {
        return Vec::new();
    }
    vec![
        Found::cluster(format!(
            "PostgreSQL {} does not support SCRAM passwords: they are new in 10",
            topology.postgres()
        ))
        .fix("Use md5", Edit::SetAuth(Some(Auth::Md5))),
    ]
}
