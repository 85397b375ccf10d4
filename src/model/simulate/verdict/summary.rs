//! The few sentences that say whether writes and reads go on, and whether anything is lost.

use super::heirs::of_loss;
use super::{Heir, Said, listed, name};
use crate::model::simulate::world::{CommitFate, Flow, Loss, World};
use crate::model::topology::ServerId;

pub(super) fn summary(world: &World, heirs: &[Heir]) -> Vec<Said> {
    let mut said = vec![writes(world), reads(world)];
    said.extend(archive(world));
    said.extend(safety(world, heirs));
    said
}

fn writes(world: &World) -> Said {
    let leaders = world.leaders();
    let (sentence, why) = match leaders.as_slice() {
        [] => (
            "No server accepts writes: no primary is running, and no standby takes over by itself."
                .to_owned(),
            "a standby is read-only until it is promoted, and PostgreSQL promotes none by itself",
        ),
        [leader] => one_leader(world, *leader),
        leaders => (
            format!(
                "{} servers accept writes at the same time, {}: data written on one is missing on the \
                 others. Stop all but one of them now.",
                leaders.len(),
                listed(world, leaders)
            ),
            "a promotion happens without the old primary's knowledge (split brain); keeping clients away \
             from the old primary is up to you (fencing)",
        ),
    };
    Said {
        sentence,
        why: why.to_owned(),
    }
}

fn one_leader(world: &World, leader: ServerId) -> (String, &'static str) {
    let own = name(world, leader);
    let outcome = world
        .configured_level(leader)
        .map(|level| world.commit_on(leader, level));
    match outcome {
        Some(outcome) if outcome.fate == CommitFate::Hangs => (
            format!(
                "Every write on {own} hangs until a synchronous standby answers. Clients get no error, so \
                 it looks like a freeze."
            ),
            "synchronous replication waits indefinitely rather than acknowledge a commit that no standby has",
        ),
        Some(outcome) if outcome.needed > 0 => {
            let count = usize::try_from(outcome.needed).unwrap_or(usize::MAX);
            let who = if count < outcome.waits_for.len() {
                format!("{count} of {}", listed(world, &outcome.waits_for))
            } else {
                listed(world, &outcome.waits_for)
            };
            let late = if outcome.is_late {
                ", slower than usual"
            } else {
                ""
            };
            let list = world
                .state(leader)
                .and_then(|state| state.configured.as_ref()?.names.as_ref());
            (
                format!("{own} accepts writes{late}: each commit waits for {who}."),
                match list {
                    Some(list) if list.is_quorum() => {
                        "of the streaming standbys in synchronous_standby_names, those count that answer first"
                    }
                    _ => {
                        "of the streaming standbys in synchronous_standby_names, those count that come first there"
                    }
                },
            )
        }
        _ => (
            format!("{own} accepts writes; no commit waits for another server."),
            "nothing is synchronous there: synchronous_standby_names is empty, or synchronous_commit is off or local",
        ),
    }
}

fn reads(world: &World) -> Said {
    let (mut up, mut stale) = (0_usize, Vec::new());
    for (server, state) in world.servers().filter(|(_, state)| state.is_up()) {
        up += 1;
        if !matches!(state.flow, Flow::Leads | Flow::Streams) || state.is_paused {
            stale.push(server.id());
        }
    }
    let all = world.topology().servers().len();
    let answer = match up {
        0 => "Nobody answers queries: no server runs".to_owned(),
        1 if all == 1 => "The server answers queries".to_owned(),
        2 if all == 2 => "Both servers answer queries".to_owned(),
        up if up == all => format!("All {all} servers answer queries"),
        up => format!("{up} of {all} servers answer queries"),
    };
    let old = match (stale.len(), world.leaders().is_empty()) {
        (0, _) => String::new(),
        (count, true) if count == up => ", with the data from when the primary was lost".to_owned(),
        (1, _) => format!(", {} with stale data", listed(world, &stale)),
        _ => format!(
            ", {} of them with stale data ({})",
            stale.len(),
            listed(world, &stale)
        ),
    };
    Said {
        sentence: format!("{answer}{old}."),
        why: "a hot standby keeps answering queries without its upstream, from the WAL it has applied"
            .to_owned(),
    }
}

fn archive(world: &World) -> Option<Said> {
    world.is_archive_full().then(|| Said {
        sentence: "The WAL archive is full. Nothing hangs yet, but the primary now retains all WAL and \
             stops when its own disk is full."
            .to_owned(),
        why: "archive_command fails and is retried; an unarchived segment is never removed, and a server \
             that cannot write WAL panics"
            .to_owned(),
    })
}

/// What a crash would cost, or what the way out costs.
fn safety(world: &World, heirs: &[Heir]) -> Option<Said> {
    let best = heirs.first()?;
    let (has, why) = of_loss(world, best.loss);
    let own = name(world, best.server);
    let sentence = match (world.leaders().as_slice(), best.loss) {
        ([], Loss::Nothing) => format!("Nothing is lost if {own} is promoted: it {has}."),
        ([], _) => format!("The best candidate for promotion is {own}, which {has}."),
        ([leader], Loss::Nothing) => format!(
            "If {} failed now, nothing would be lost: {own} {has}.",
            name(world, *leader)
        ),
        ([leader], _) => format!(
            "If {} failed now, the best candidate for promotion would be {own}, which {has}.",
            name(world, *leader)
        ),
        _ => return None,
    };
    Some(Said {
        sentence,
        why: why.to_owned(),
    })
}

/// Commits that are gone, a sentence for each promotion that left some behind.
pub(super) fn lost(world: &World) -> Vec<Said> {
    world
        .losses()
        .iter()
        .map(|lost| {
            let who = name(world, lost.promoted);
            let what = match lost.loss {
                Loss::LastMoment => {
                    "perhaps the latest confirmed commits, which it had not received".to_owned()
                }
                Loss::NothingIfFarthest => "perhaps commits that other members of the quorum had, if it was \
                     not the most advanced one"
                    .to_owned(),
                Loss::TooFewLeft => "perhaps the latest confirmed commits: the members of the quorum that \
                     confirmed them may all have been lost"
                    .to_owned(),
                Loss::Since(step) => match step.checked_sub(1).and_then(|place| world.incidents().get(place))
                {
                    Some(incident) => format!(
                        "every commit since \"{}\" (step {step})",
                        incident.text(world.topology())
                    ),
                    None => "everything since the beginning".to_owned(),
                },
                _ => "everything on the timeline that it was not on".to_owned(),
            };
            Said {
                sentence: format!("Lost by promoting {who} (step {}): {what}.", lost.incident),
                why: "a promotion continues from the WAL the promoted server has; later commits stay on the \
                     old primary's disk and can only be recovered by hand"
                    .to_owned(),
            }
        })
        .collect()
}
