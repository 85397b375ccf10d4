//! What a switchover or a failover means, for people: what will be different, and who is interrupted.

use super::Stage;
use super::turn::left;
use crate::model::plan::Steering;
use crate::model::plan::apply::difference::Difference;
use crate::model::simulate;
use crate::model::topology::Server;
use crate::model::words::listed;

/// What will be different, a sentence each.
pub fn changes(difference: &Difference<'_>, steering: &Steering) -> Vec<String> {
    let (running, wanted) = (difference.running, difference.wanted);
    let (primary, old) = (wanted.primary(), running.primary());
    let mut told = vec![format!("{} becomes the primary", primary.name())];
    for one in &difference.kept {
        let name = one.is.name();
        let upstream = one.is.upstream().and_then(|id| wanted.server(id));
        let Some(upstream) = upstream.filter(|_| difference.has_moved(one)) else {
            continue;
        };
        told.push(if one.was.id() == old.id() {
            format!("{name} becomes a standby of {}", upstream.name())
        } else {
            format!("{name} follows {}", upstream.name())
        });
    }
    let names = |servers: Vec<&Server>| {
        servers
            .iter()
            .map(|one| one.name().to_string())
            .collect::<Vec<_>>()
    };
    let (was, is) = (names(running.sync_candidates()), names(wanted.sync_candidates()));
    if was != is {
        told.push(match is.as_slice() {
            [] => "Commits wait for no standby any more".to_owned(),
            is => format!("The synchronous standbys are {}", listed(is)),
        });
    }
    if !left(steering).is_empty() {
        told.push(format!(
            "{} {} out until rejoined (pgcascade rejoin)",
            listed(left(steering)),
            if left(steering).len() == 1 {
                "stays"
            } else {
                "stay"
            }
        ));
    }
    told
}

/// Who is interrupted, a sentence each.
pub fn interruptions(difference: &Difference<'_>, steering: &Steering, stage: Stage) -> Vec<String> {
    let (running, wanted) = (difference.running, difference.wanted);
    let (heir, old) = (wanted.primary().name(), running.primary().name());
    let mut told = match (stage, steering) {
        (Stage::Begin, Steering::Switchover { .. }) => vec![
            format!("Writes, from the stop of {old} until {heir} is promoted (usually less than a second)"),
            format!("Sessions on {old}: it is restarted as a standby"),
        ],
        (Stage::Begin, _) => after_failover(difference, steering),
        (Stage::Promoted, _) => Vec::new(),
        (Stage::Back, _) => vec![format!("Writes, until {heir} runs again")],
    };
    if !running.postgres().reloads_upstream() {
        let moved = difference
            .kept
            .iter()
            .filter(|one| difference.has_moved(one) && !one.was.is_primary() && !one.is.is_primary());
        let moved: Vec<String> = moved.map(|one| one.is.name().to_string()).collect();
        if !moved.is_empty() {
            told.push(format!(
                "Sessions on {}: before PostgreSQL 13, a standby restarts to follow another server",
                listed(&moved)
            ));
        }
    }
    told
}

/// Until the promotion nobody can write; after it commits may wait for a standby that is gone.
fn after_failover(difference: &Difference<'_>, steering: &Steering) -> Vec<String> {
    let (running, wanted) = (difference.running, difference.wanted);
    let (heir, old) = (wanted.primary().name(), running.primary().name());
    let mut told = vec![format!("Writes, until {heir} is promoted: {old} is gone")];
    let down = left(steering)
        .iter()
        .filter_map(|name| Some(wanted.by_name(name)?.id()));
    let commits = simulate::predict(wanted, &down.collect()).commits;
    if commits.outcome == "waiting" {
        told.push(format!(
            "Commits, also after that: they wait for a synchronous standby until {} rejoined (or apply a design that asks for fewer)",
            if left(steering).len() == 1 { format!("{old} is") } else { format!("{} are", listed(left(steering))) }
        ));
    }
    told
}
