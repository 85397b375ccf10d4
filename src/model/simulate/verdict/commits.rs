//! What becomes of a commit at each level, in a sentence.

use super::{CommitVerdict, Said, listed, name};
use crate::model::simulate::world::{CommitFate, End, LevelOutcome, World};
use crate::model::topology::{CommitLevel, ServerId};

pub(super) fn commits(world: &World) -> Vec<CommitVerdict> {
    let leaders = world.leaders().into_iter();
    leaders
        .flat_map(|leader| {
            let configured = world.configured_level(leader);
            let outcomes = world.commits_on(leader).into_iter();
            outcomes.map(move |outcome| CommitVerdict {
                on: leader,
                server: world
                    .topology()
                    .server(leader)
                    .map_or_else(String::new, |server| server.name().to_string()),
                level: outcome.level,
                is_configured: configured == Some(outcome.level),
                fate: outcome.fate,
                said: Said {
                    sentence: sentence(world, leader, &outcome),
                    why: why_commit(&outcome).to_owned(),
                },
            })
        })
        .collect()
}

fn sentence(world: &World, leader: ServerId, outcome: &LevelOutcome) -> String {
    let own = name(world, leader);
    if outcome.level == CommitLevel::Off {
        return "answered at once, before it is on any disk: a crash can lose the latest commits".to_owned();
    }
    if outcome.needed == 0 {
        return format!("answered when it is on the disk of {own}; it does not wait for a standby");
    }
    if outcome.fate == CommitFate::Hangs {
        return hanging(world, leader, outcome);
    }
    let late = if outcome.is_late {
        ", which takes longer than usual now"
    } else {
        ""
    };
    format!("answered when {}{late}", answered(world, outcome))
}

/// "it is on the disk of …".
fn answered(world: &World, outcome: &LevelOutcome) -> String {
    let count = usize::try_from(outcome.needed).unwrap_or(usize::MAX);
    let who = if count < outcome.waits_for.len() {
        format!("{count} of {}", listed(world, &outcome.waits_for))
    } else {
        listed(world, &outcome.waits_for)
    };
    let has = if count.min(outcome.waits_for.len()) == 1 {
        "has"
    } else {
        "have"
    };
    match outcome.level {
        CommitLevel::RemoteWrite => {
            format!("{who} {has} written it to the operating system (not yet flushed to disk)")
        }
        CommitLevel::RemoteApply => format!("queries on {who} see it"),
        _ => format!("{who} {has} it on disk"),
    }
}

fn hanging(world: &World, on: ServerId, outcome: &LevelOutcome) -> String {
    let is_cut = |id: &ServerId| world.is_silent(*id, on);
    let cut: Vec<ServerId> = outcome.silent.iter().copied().filter(is_cut).collect();
    if cut.is_empty() {
        return format!("hangs without a timeout: {}", lacking(world, outcome));
    }
    let (own, setting) = (name(world, on), End::Sender.setting(world.topology().postgres()));
    let cut = listed(world, &cut);
    if world.patience(on, End::Sender).is_none() {
        return format!("hangs: {cut} cannot be reached, and {own} never notices ({setting} is 0)");
    }
    format!("hangs at least until {own} notices that {cut} cannot be reached ({setting})")
}

fn lacking(world: &World, outcome: &LevelOutcome) -> String {
    if let Some(first) = outcome.silent.first() {
        let who = listed(world, &outcome.silent);
        return if outcome.silent.len() == 1 {
            format!(
                "it waits for {} to apply it, and its replay is paused",
                name(world, *first)
            )
        } else {
            format!("it waits for {who} to apply it, and their replay is paused")
        };
    }
    let needed = match outcome.needed {
        1 => "the answer of one synchronous standby".to_owned(),
        count => format!("the answers of {count} synchronous standbys"),
    };
    match outcome.waits_for.as_slice() {
        [] => format!("it needs {needed}, and none is connected"),
        connected => {
            let is = if connected.len() == 1 { "is" } else { "are" };
            format!(
                "it needs {needed}, and only {} {is} connected",
                listed(world, connected)
            )
        }
    }
}

/// Why a commit of this outcome is acknowledged, or hangs.
pub fn why_commit(outcome: &LevelOutcome) -> &'static str {
    match (outcome.level, outcome.fate) {
        (CommitLevel::Off, _) => {
            "synchronous_commit = off: the WAL is written within three times wal_writer_delay after the answer"
        }
        (CommitLevel::Local, _) => {
            "synchronous_commit = local: a commit waits for the flush of its own WAL, whatever synchronous_standby_names says"
        }
        (_, CommitFate::Hangs) => {
            "synchronous_standby_names requires more standbys than are streaming, and a synchronous commit \
             has no timeout; if cancelled, it stays committed on the primary"
        }
        _ if outcome.needed == 0 => {
            "synchronous_standby_names is empty on this server: nothing is synchronous"
        }
        (CommitLevel::RemoteWrite, _) => {
            "synchronous_commit = remote_write: the synchronous standbys must write the WAL but need not \
             flush it"
        }
        (CommitLevel::RemoteApply, _) => {
            "synchronous_commit = remote_apply: the synchronous standbys must replay the commit"
        }
        _ => "synchronous_commit = on: the synchronous standbys must flush the WAL to disk",
    }
}
