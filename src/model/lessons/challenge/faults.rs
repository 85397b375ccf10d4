//! Faults of a cluster, with the program's own advice as the way out.

use super::{Challenge, finish, goal, name, words};
use crate::model::lessons::dice::Dice;
use crate::model::lessons::family::cluster;
use crate::model::lessons::{Goal, Lesson, On, Predicate};
use crate::model::simulate::verdict::{Verdict, advise};
use crate::model::simulate::world::{CommitFate, Flow, Incident, World};
use crate::model::topology::ServerId;

/// Faults, so that following the advice repairs them in at least as many steps.
pub(super) fn faults(challenge: Challenge, dice: &mut Dice) -> Option<Lesson> {
    let most = match challenge.level {
        1 => 5,
        2 => 7,
        _ => 8,
    };
    let topology = cluster(dice, most)?;
    let mut world = World::new(&topology);
    let mut happened = Vec::new();
    for kind in kinds(challenge.level, dice) {
        let incident = one(&world, kind, &happened, dice)?;
        world.apply(incident).ok()?;
        happened.push(incident);
    }
    let is_well = world
        .servers()
        .all(|(_, state)| matches!(state.flow, Flow::Streams | Flow::Leads));
    if is_well && world.cluster_fate() == CommitFate::Acknowledged {
        return None;
    }
    if challenge.level >= 3 && Verdict::of(&world).heirs.len() < 2 {
        return None;
    }
    let after = repaired(&world, happened.len())?;
    let on = if challenge.level == 4 { On::Time } else { On::Story };
    let goals = goals_of(&world, &after, on)?;
    let lines: Vec<String> = happened.iter().map(|incident| incident.text(&topology)).collect();
    let gone: Vec<String> = gone(&world)
        .into_iter()
        .filter_map(|id| topology.server(id))
        .map(name)
        .collect();
    let (given, scenario) = if on == On::Time {
        let mut text = format!("seed {}\nclients 4 think 50ms commit 8kB\n", challenge.seed);
        for (place, line) in lines.iter().enumerate() {
            text.push_str(&format!("at {}s {line}\n", place + 1));
        }
        (Vec::new(), text)
    } else {
        (lines, String::new())
    };
    finish(
        challenge,
        topology,
        given,
        scenario,
        &words(challenge.level, happened.len(), &gone),
        goals,
    )
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Any,
    /// On the way up from, or below, what is broken already.
    Hidden,
    /// Rows go on saying streaming.
    Silent,
    Takeover,
}

fn kinds(level: u8, dice: &mut Dice) -> Vec<Kind> {
    match level {
        1 => vec![Kind::Any],
        2 => vec![Kind::Any, Kind::Hidden],
        _ if dice.one_in(2) => vec![Kind::Silent, Kind::Any, Kind::Takeover],
        _ => vec![Kind::Any, Kind::Silent, Kind::Takeover],
    }
}

/// One thing that can happen now.
fn one(world: &World, kind: Kind, before: &[Incident], dice: &mut Dice) -> Option<Incident> {
    let topology = world.topology();
    let touched: Vec<ServerId> = before.iter().filter_map(|incident| last(*incident)).collect();
    let mut possible = Vec::new();
    for (server, state) in world.servers() {
        let id = server.id();
        let related = |other: &ServerId| {
            topology.upstreams(id).contains(other) || topology.upstreams(*other).contains(&id)
        };
        if touched.contains(&id) || (kind == Kind::Hidden && !touched.iter().any(related)) {
            continue;
        }
        let relays = topology.downstreams(id).next().is_some();
        match kind {
            Kind::Takeover if state.leads() => possible.push(Incident::Crash(id)),
            Kind::Takeover => {}
            Kind::Silent => {
                possible.push(Incident::Pause(id));
                if let Some(upstream) = state.upstream.filter(|_| relays) {
                    possible.push(Incident::Cut {
                        one: upstream,
                        other: id,
                    });
                }
            }
            Kind::Any | Kind::Hidden => {
                possible.push(Incident::Stop(id));
                possible.push(Incident::Pause(id));
                if relays {
                    possible.push(Incident::Crash(id));
                }
                if let Some(upstream) = state.upstream {
                    possible.push(Incident::Cut {
                        one: upstream,
                        other: id,
                    });
                }
            }
        }
    }
    possible.retain(|incident| world.judge(*incident).is_ok());
    dice.pick(&possible).copied()
}

fn last(incident: Incident) -> Option<ServerId> {
    let (one, other) = incident.servers();
    other.or(one)
}

/// The world after the advice was followed, if that repairs everything in at least so many steps.
fn repaired(world: &World, least: usize) -> Option<World> {
    let actions: Vec<Incident> = advise(world)
        .into_iter()
        .filter_map(|advice| advice.action)
        .collect();
    if actions.len() < least {
        return None;
    }
    let mut after = world.clone();
    for action in actions {
        after.apply(action).ok()?;
        if after.leaders().len() > 1 {
            return None;
        }
    }
    let gone = gone(world);
    let is_well = after.servers().all(|(server, state)| {
        gone.contains(&server.id()) || matches!(state.flow, Flow::Streams | Flow::Leads) && !state.is_paused
    });
    (is_well && after.cluster_fate() == CommitFate::Acknowledged).then_some(after)
}

/// Whose machines are gone for good.
fn gone(world: &World) -> Vec<ServerId> {
    let crashes = world.incidents().iter().filter_map(|incident| match incident {
        Incident::Crash(server) => Some(*server),
        _ => None,
    });
    crashes.collect()
}

pub(super) fn goals_of(world: &World, after: &World, on: On) -> Option<Vec<Goal>> {
    let gone = gone(world);
    let topology = world.topology();
    let mut well = vec!["all-stream".to_owned(), "all-current".to_owned()];
    let mut kept = vec!["never-two-primaries".to_owned()];
    for server in topology.servers() {
        if gone.contains(&server.id()) {
            kept.push(format!("never come-back {}", name(server)));
            kept.push(format!("never rebuild {} *", name(server)));
        } else {
            well.push(format!("up {}", name(server)));
        }
    }
    if on == On::Story && after.losses().is_empty() {
        kept.push("lost nothing".to_owned());
    }
    // In the same moment: a goal that is reached by the way does not count.
    let all: Vec<String> = well
        .into_iter()
        .chain(["commits go-on".to_owned()])
        .chain(kept)
        .collect();
    let text = "Every remaining server runs and receives changes, commits go on, and no commit is lost that could be kept";
    let mut whole = goal("whole", text, on, &all)?;
    if on == On::Time {
        let played = Predicate::parse("played at-least 3500ms").ok()?;
        whole.holds.insert(0, played);
    }
    Some(vec![whole])
}
