//! Rules on what happens to WAL on a standby: when it is applied, and what its upstream hears of it.

use super::super::findings::Found;
use super::super::{CommitLevel, Edit, Server, Topology};
use super::hosts::real_delay;
use super::turns::Turns;
use super::{by_hand, candidates_that_must_apply, standbys};

fn remove_delay(server: &Server, found: Found) -> Found {
    found.fix(
        "Remove the delay",
        Edit::SetApplyDelay {
            server: server.id(),
            delay: None,
        },
    )
}

pub(super) fn delay_on_relay(topology: &Topology) -> Vec<Found> {
    standbys(topology)
        .filter_map(|server| Some((server, real_delay(server)?)))
        .filter(|(server, _)| topology.is_relay(server.id()))
        .map(|(server, delay)| {
            let message = format!(
                "\"{}\" applies WAL {delay} late but passes it on at once: its downstreams are not delayed. \
                 After a restart, it first applies the WAL it has, and its downstreams receive nothing for \
                 up to {delay}",
                server.name()
            );
            remove_delay(server, Found::server(server.id(), message))
        })
        .collect()
}

pub(super) fn delayed_sync_candidate(topology: &Topology) -> Vec<Found> {
    if topology
        .sync()
        .is_none_or(|policy| !policy.commit.waits() || policy.commit == CommitLevel::RemoteApply)
    {
        return Vec::new();
    }
    topology
        .sync_candidates()
        .into_iter()
        .filter_map(|server| Some((server, real_delay(server)?)))
        .map(|(server, delay)| {
            let message = format!(
                "Commits may wait for \"{}\", which applies WAL {delay} late: after a restart, it does not \
                 stream until it has applied the WAL it has, up to {delay} later",
                server.name()
            );
            Found::server(server.id(), message).fix(
                "Make it asynchronous",
                Edit::SetSyncPriority {
                    server: server.id(),
                    priority: None,
                },
            )
        })
        .collect()
}

pub(super) fn no_standby_is_current(topology: &Topology) -> Vec<Found> {
    let mut delayed = standbys(topology).peekable();
    let Some(first) = delayed.peek().copied() else {
        return Vec::new();
    };
    if delayed.any(|server| real_delay(server).is_none()) {
        return Vec::new();
    }
    let found = Found::cluster(
        "Every standby is delayed: if the primary is lost, the standby that takes over must first apply the \
         WAL it held back",
    );
    vec![found.fix(
        format!("Remove the delay of \"{}\"", first.name()),
        Edit::SetApplyDelay {
            server: first.id(),
            delay: None,
        },
    )]
}

pub(super) fn delay_of_nothing(topology: &Topology) -> Vec<Found> {
    standbys(topology)
        .filter(|server| server.standby().is_some_and(|own| own.apply_delay().is_some()))
        .filter(|server| real_delay(server).is_none())
        .map(|server| {
            let message = format!("The delay of \"{}\" is 0: it applies WAL at once", server.name());
            remove_delay(server, Found::server(server.id(), message))
        })
        .collect()
}

pub(super) fn recovery_target_by_hand(topology: &Topology) -> Vec<Found> {
    const TARGETS: [&str; 5] = [
        "recovery_target",
        "recovery_target_lsn",
        "recovery_target_name",
        "recovery_target_time",
        "recovery_target_xid",
    ];
    by_hand::all(topology)
        .filter(|hand| TARGETS.iter().any(|name| hand.name.eq_ignore_ascii_case(name)))
        .filter(|hand| !hand.value.trim().is_empty())
        .map(|hand| {
            hand.found(format!(
                "{} ends replication: a standby applies WAL up to the target and then pauses, shuts down or is promoted (recovery_target_action), or refuses to start",
                hand.name
            ))
        })
        .collect()
}

pub(super) fn sync_candidate_reports_late(topology: &Topology) -> Vec<Found> {
    if topology.sync().is_none_or(|policy| !policy.commit.waits()) {
        return Vec::new();
    }
    topology
        .sync_candidates()
        .into_iter()
        .filter_map(|server| {
            let interval = by_hand::on(topology, server, "wal_receiver_status_interval")
                .filter(|hand| hand.is_zero())?;
            Some(interval.without(Found::server(
                server.id(),
                format!(
                    "\"{}\" reports its flushed WAL only when it has applied all of it, or when asked after \
                     half of wal_sender_timeout: until then, commits wait for it",
                    server.name()
                ),
            )))
        })
        .collect()
}

pub(super) fn sender_timeout_off(topology: &Topology) -> Vec<Found> {
    by_hand::named(topology, topology.postgres().sender_timeout_setting())
        .filter(|hand| hand.is_zero())
        .map(|hand| {
            hand.found(format!(
                "With {} = 0, nobody notices that a standby is frozen or silently cut off: synchronous commits and the shutdown of its upstream can wait for it indefinitely",
                hand.name
            ))
        })
        .collect()
}

pub(super) fn receiver_timeout_off(topology: &Topology) -> Vec<Found> {
    by_hand::named(topology, "wal_receiver_timeout")
        .filter(|hand| hand.is_zero())
        .map(|hand| {
            hand.found(
                "With wal_receiver_timeout = 0, a standby may never notice that its upstream is gone, and \
                 then never reconnects"
                    .to_owned(),
            )
        })
        .collect()
}

pub(super) fn remote_apply_waits_for_queries(topology: &Topology) -> Vec<Found> {
    let turns = Turns::of(topology);
    candidates_that_must_apply(topology)
        .filter_map(|server| {
            let delay = by_hand::on(topology, server, "max_standby_streaming_delay")
                .filter(|hand| hand.number() == Some(-1))?;
            let failure = turns.failure_before(server.id());
            let once = failure.map_or_else(String::new, |failure| format!(" once {failure}"));
            Some(delay.without(Found::server(
                server.id(),
                format!(
                    "A query on \"{}\" may block replay forever, and with remote_apply every commit waits \
                     for that{once}",
                    server.name()
                ),
            )))
        })
        .collect()
}
