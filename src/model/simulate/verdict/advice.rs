//! What a DBA would do now, in order: found by doing it in a copy of the world, round by round, until nothing is left
//! to do. So the advice is consistent with itself, and tests can follow it.

use std::collections::BTreeSet;

use serde::Serialize;

use super::commands::{self, Doing};
use super::{Said, heirs};
use crate::model::configuration::Configuration;
use crate::model::operation::Operation;
use crate::model::simulate::world::{CommitFate, Flow, Incident, Life, State, World};
use crate::model::topology::ServerId;

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// What the world would be told; `None`: there is no action for it (a setting is changed).
    #[serde(skip)]
    pub action: Option<Incident>,
    /// What to do, on which server, and what for.
    pub said: Said,
    /// What carries it out; none for what is not the business of PostgreSQL.
    #[serde(skip)]
    pub operations: Vec<Operation>,
    /// The operations as one would type them: a shell's line, SQL, or a line of a file, each with the server in front of it.
    pub commands: Vec<String>,
}

impl Advice {
    pub(super) fn new(
        world: &World,
        configuration: &Configuration<'_>,
        action: Option<Incident>,
        said: Said,
        operations: Vec<Operation>,
    ) -> Self {
        let (major, control) = (world.topology().postgres(), configuration.layout().control);
        let lines = operations.iter().flat_map(|one| one.lines(major, control));
        Self {
            action,
            said,
            commands: lines.collect(),
            operations,
        }
    }
}

/// Each round fixes what the one before made possible, a level of the tree after the other. A tree that is stuck on more
/// levels gets the advice for the upper ones.
const ROUNDS: usize = 64;

/// What to do now, the first thing first.
pub fn advise(world: &World) -> Vec<Advice> {
    let mut then = world.clone();
    let configuration = Configuration::in_cluster_folder(world.topology());
    let mut advice = Vec::new();
    for _ in 0..ROUNDS {
        let doings = round(&then);
        if doings.is_empty() {
            break;
        }
        let actions: Vec<Incident> = doings.iter().map(|doing| doing.action).collect();
        let happened = then.apply_each(&actions);
        let done = doings.iter().zip(&happened).filter(|(_, happened)| **happened);
        advice.extend(done.map(|(doing, _)| commands::advice(&then, &configuration, doing)));
        if !happened.contains(&true) {
            break;
        }
    }
    advice.extend(settings(&then, world, &configuration));
    advice.extend(later(&then, &configuration));
    advice
}

/// What can be done at once; most urgent first.
fn round(world: &World) -> Vec<Doing> {
    let leaders = world.leaders();
    match leaders.as_slice() {
        [] => return new_leader(world).into_iter().collect(),
        [_] => {}
        several => return second_leaders(world, several),
    }
    if world.is_archive_full() {
        // Alone, since what is archived then can lead standbys on: only afterwards is seen what they need.
        return vec![Doing::new(
            Incident::FreeArchive,
            "Free space on the archive's disk; waiting segments are then archived automatically.",
            "WAL is removed from the primary only after it is archived",
        )];
    }
    let mut doings = Vec::new();
    doings.extend(pauses(world));
    doings.extend(links(world, leaders[0]));
    doings
}

/// Of several primaries the one on the newest timeline stays.
fn second_leaders(world: &World, leaders: &[ServerId]) -> Vec<Doing> {
    let newest = leaders.iter().max_by_key(|leader| world.age_of_line(**leader));
    leaders
        .iter()
        .filter(|leader| Some(*leader) != newest)
        .map(|leader| {
            Doing::new(
                Incident::Stop(*leader),
                "Stop {server} and keep clients away from it: the promotion left it behind.",
                "two primaries write two histories, and only one can be kept: the one with the newest \
                 timeline",
            )
        })
        .collect()
}

/// Nobody takes writes: a primary that was only stopped is started again, in place of a dead one the best heir leads.
fn new_leader(world: &World) -> Option<Doing> {
    let stopped = world
        .servers()
        .filter(|(_, state)| state.upstream.is_none() && state.life == Life::Stopped)
        .map(|(server, _)| server.id())
        .max_by_key(|server| world.age_of_line(*server));
    if let Some(primary) = stopped {
        return Some(Doing::new(
            Incident::ComeBack(primary),
            "Start the primary {server} again.",
            "it was shut down cleanly, and everything is on its disk",
        ));
    }
    if let Some(heir) = heirs::heirs(world).into_iter().next() {
        // Where a pause keeps it from being promoted, that ends first.
        if world.judge(Incident::Promote(heir.server)).is_err() {
            return Some(resume(heir.server));
        }
        return Some(Doing::new(
            Incident::Promote(heir.server),
            "Promote {server}. (If you can restart the dead primary soon, that is simpler and loses \
             nothing.)",
            "of the running servers, it loses the least",
        ));
    }
    let standbys = world.servers().find(|(_, state)| state.life != Life::Refused);
    standbys.map(|(server, _)| {
        Doing::new(
            Incident::ComeBack(server.id()),
            "Start {server} again: no server runs.",
            "the data is needed",
        )
    })
}

fn pauses(world: &World) -> Vec<Doing> {
    let paused = world
        .servers()
        .filter(|(_, state)| state.is_up() && state.is_paused);
    paused.map(|(server, _)| resume(server.id())).collect()
}

fn resume(server: ServerId) -> Doing {
    Doing::new(
        Incident::Resume(server),
        "Resume replay on {server} if the pause is no longer needed.",
        "its queries see old data, commits may wait for it at remote_apply, and up to 12 it cannot be \
         promoted",
    )
}

/// Anyone who runs and receives nothing gets an upstream that does.
fn links(world: &World, leader: ServerId) -> Vec<Doing> {
    let mut doings = Vec::new();
    let mut slow = BTreeSet::new();
    for (server, state) in world.servers() {
        let (server, Some(upstream)) = (server.id(), state.upstream) else {
            continue;
        };
        if has_its_turn_before(world, upstream) {
            continue;
        }
        if comes_back(world, server) {
            doings.push(Doing::new(
                Incident::ComeBack(server),
                "Start {server} again.",
                "it was shut down cleanly and continues where it stopped",
            ));
        }
        if state.flow.is_connected() && world.is_slow_between(server, upstream) {
            slow.insert((upstream, server));
        }
        doings.extend(link(world, leader, server, upstream, state.flow));
    }
    doings.extend(slow.into_iter().map(|(one, other)| {
        Doing::new(
            Incident::Mend { one, other },
            "Check the network between {server} and {other}; PostgreSQL needs no action.",
            "a slow link delays the standby and the commits that wait for it",
        )
    }));
    doings
}

fn link(world: &World, leader: ServerId, server: ServerId, upstream: ServerId, flow: Flow) -> Vec<Doing> {
    let to = |upstream| {
        Doing::new(
            Incident::Repoint { server, upstream },
            "Point {server} at {other}.",
            "a standby does not look for another upstream by itself",
        )
    };
    match flow {
        Flow::Cut | Flow::Silent => vec![mend(upstream, server)],
        Flow::UpstreamDown => {
            let new = living_upstream(world, leader, server, upstream);
            if world.is_cut_between(server, new) {
                return vec![mend(new, server)];
            }
            let way = if world.can_go_on(server, new) {
                to(new)
            } else {
                anew(server, new, Flow::Forked)
            };
            ways_in(world, server, new).chain([way]).collect()
        }
        Flow::UpstreamBehind if upstream != leader => {
            ways_in(world, server, leader).chain([to(leader)]).collect()
        }
        Flow::NotLetIn | Flow::SlotMissing => ways_in(world, server, upstream).collect(),
        // With an archive the WAL comes from there, and only the slot is wanting.
        Flow::SlotLost if world.can_catch_up(server, upstream) => ways_in(world, server, upstream).collect(),
        Flow::Forked | Flow::WalGone | Flow::SlotLost | Flow::CannotFollow | Flow::UpstreamBehind => {
            ways_in(world, server, upstream)
                .chain([anew(server, upstream, flow)])
                .collect()
        }
        _ => Vec::new(),
    }
}

fn mend(one: ServerId, other: ServerId) -> Doing {
    Doing::new(
        Incident::Mend { one, other },
        "Repair the network between {server} and {other}; the standby reconnects by itself.",
        "both ends are up and keep trying",
    )
}

/// A server that cannot go on from what it has.
fn anew(server: ServerId, upstream: ServerId, flow: Flow) -> Doing {
    let what = if flow == Flow::Forked {
        "Rewind {server} to where its history diverged from {other}, and make it follow {other}."
    } else {
        "Rebuild {server} from {other}."
    };
    Doing::new(Incident::Rebuild { server, upstream }, what, flow.row().reason)
}

/// From the primary down: connected too early, a server would get WAL of a history that its upstream is about to leave.
fn has_its_turn_before(world: &World, upstream: ServerId) -> bool {
    let is_stuck =
        |upstream: &State| upstream.is_up() && !matches!(upstream.flow, Flow::Leads | Flow::Streams);
    comes_back(world, upstream) || world.state(upstream).is_some_and(is_stuck)
}

/// A stopped standby is started again; a stopped primary beside a new one is not.
fn comes_back(world: &World, server: ServerId) -> bool {
    world
        .state(server)
        .is_some_and(|state| state.life == Life::Stopped && state.upstream.is_some())
}

/// The nearest on the way up that receives what the primary writes, and can be reached; else the primary.
fn living_upstream(world: &World, leader: ServerId, server: ServerId, dead: ServerId) -> ServerId {
    let mut next = Some(dead);
    while let Some(candidate) = next {
        let Some(state) = world.state(candidate) else {
            break;
        };
        let lives = matches!(state.flow, Flow::Leads | Flow::Streams);
        if lives && !world.is_cut_between(server, candidate) {
            return candidate;
        }
        next = state.upstream;
    }
    leader
}

/// What a server needs at an upstream before it can stream from it.
fn ways_in(world: &World, server: ServerId, upstream: ServerId) -> impl Iterator<Item = Doing> {
    let action = Incident::LetIn { server, upstream };
    let let_in = (!world.lets_in(upstream, server)).then(|| {
        Doing::new(
            action,
            "Allow {server} to connect to {other}, whose pg_hba.conf has no line for its host.",
            "pg_hba.conf controls who may connect from where, and the bundle allows only the designed \
             neighbours",
        )
    });
    let_in.into_iter().chain(slot_at(world, server, upstream))
}

fn slot_at(world: &World, server: ServerId, upstream: ServerId) -> Option<Doing> {
    let action = Incident::MakeSlot { server, upstream };
    (world.asks_for_slot(server) && world.judge(action).is_ok()).then(|| {
        Doing::new(
            action,
            if world.has_lost_slot(upstream, server) {
                "Drop the invalidated replication slot of {server} on {other}, and create it again."
            } else {
                "Create the replication slot of {server} on {other}, so that {other} retains the WAL that \
                 {server} still needs."
            },
            "slots are local to a server: a new upstream has no slot for the standby",
        )
    })
}

/// What only a setting changes: a list that nobody answers, and a new primary without a list.
fn settings(then: &World, now: &World, configuration: &Configuration<'_>) -> Vec<Advice> {
    let Some(leader) = then.leaders().first().copied() else {
        return Vec::new();
    };
    let was_sync = now.topology().sync().is_some_and(|policy| policy.commit.waits());
    let is_new = leader != now.topology().primary().id();
    if then.cluster_fate() == CommitFate::Hangs {
        return vec![commands::shorter_list(then, configuration, leader)];
    }
    let level = then.configured_level(leader);
    let waits = level.is_some_and(|level| then.commit_on(leader, level).needed > 0);
    if is_new && was_sync && !waits {
        return vec![commands::new_list(then, configuration, leader)];
    }
    Vec::new()
}

/// What waits until a machine is back.
fn later(then: &World, configuration: &Configuration<'_>) -> Vec<Advice> {
    let Some(upstream) = then.leaders().first().copied() else {
        return Vec::new();
    };
    let left_behind = then
        .servers()
        .filter(|(_, state)| state.upstream.is_none() && !state.is_up() && state.life != Life::Refused);
    left_behind
        .map(|(server, _)| old_primary(then, configuration, server.id(), upstream))
        .collect()
}

fn old_primary(
    then: &World,
    configuration: &Configuration<'_>,
    server: ServerId,
    upstream: ServerId,
) -> Advice {
    let doing = Doing::new(
        Incident::Rebuild { server, upstream },
        "Do not just restart {server}: it would be a second primary. When its machine is back, make it a \
         standby of {other}.",
        "it does not learn that another server was promoted",
    );
    Advice {
        action: None,
        ..commands::advice(then, configuration, &doing)
    }
}
