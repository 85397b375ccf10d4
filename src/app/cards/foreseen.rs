//! The cards of What-if: what the world beside the design would show, in place of what the design expects.

use std::collections::BTreeMap;

use super::card::{BY_ARCHIVE, Badge, BadgeKind, Card, Life, Link, Trouble};
use super::drawn::{NAME_SHOWN, fallbacks, place_in_words};
use super::outlook::outlook_of;
use crate::app::WhatIf;
use crate::model::health::ReplicationRow;
use crate::model::simulate::verdict;
use crate::model::simulate::world::{CommitFate, Flow, State, World};
use crate::model::topology::{Server, ServerId};

/// One card for every server of the design, in its order; with the link to the server that it follows now.
pub fn foresee(what_if: &WhatIf) -> Vec<(Card, Option<Link>)> {
    let world = what_if.world();
    let servers = world.servers();
    let mut downstreams: BTreeMap<ServerId, usize> = BTreeMap::new();
    for upstream in world.servers().filter_map(|(_, state)| state.upstream) {
        *downstreams.entry(upstream).or_default() += 1;
    }
    servers
        .map(|(server, state)| {
            let count = downstreams.get(&server.id()).copied().unwrap_or(0);
            card_and_link(what_if, world, server, state, count)
        })
        .collect()
}

fn card_and_link(
    what_if: &WhatIf,
    world: &World,
    server: &Server,
    state: &State,
    downstreams: usize,
) -> (Card, Option<Link>) {
    let name = server.name().as_str();
    let role = match (state.upstream, downstreams) {
        _ if server.is_receiver() => "receiver",
        (None, _) => "primary",
        (Some(_), 0) => "standby",
        (Some(_), _) => "relay",
    };
    let row = what_if.row(server.id());
    let (outlook, word) = outlook_of(state);
    let life = Life::Foreseen(outlook, word);
    let badge = badge(world, state, row);
    let link = state
        .upstream
        .map(|upstream| link(world, server.id(), upstream, state, row));
    let sentence = world.flow_sentence(server.id()).unwrap_or_default();
    let place = place_in_words(server);
    let label = format!("{name}, {role}, {place}, {}, {}", badge.spoken(), life.word());
    let card = Card {
        id: server.id(),
        name: name.to_owned(),
        is_primary: state.upstream.is_none(),
        is_receiver: server.is_receiver(),
        fallbacks: fallbacks(world.topology(), server.id()),
        // In time it is drawn upon the card how far behind the server is.
        detail: if what_if.in_time().is_some() {
            String::new()
        } else {
            format!("{role} · {place}")
        },
        full: (name.chars().count() > NAME_SHOWN).then(|| format!("{name}\n{role} · {place}")),
        badge,
        life,
        work: None,
        severity: None,
        description: sentence.clone(),
        findings: [sentence]
            .into_iter()
            .chain(whys(world, server.id(), state, row))
            .collect(),
        fold: None,
        label,
    };
    (card, link)
}

/// Why it is so, for who rests the pointer on the card: how the server stands to its upstream, and what its badge says.
fn whys(world: &World, server: ServerId, state: &State, row: Option<&ReplicationRow>) -> Vec<String> {
    let of_badge = if state.leads() {
        let level = world.configured_level(server);
        level.map(|level| verdict::why_commit(&world.commit_on(server, level)).to_owned())
    } else {
        row.and_then(|row| world.why_row(server, row))
    };
    let of_flow = (!state.leads()).then(|| state.flow.row().reason.to_owned());
    let whys = of_flow.into_iter().chain(of_badge);
    whys.map(|why| format!("Why: {why}")).collect()
}

/// A primary says what becomes of its commits, a standby how its upstream shows it.
fn badge(world: &World, state: &State, row: Option<&ReplicationRow>) -> Badge {
    if state.leads() {
        let (kind, text) = if world.cluster_fate() == CommitFate::Hangs {
            (BadgeKind::Trouble, "commits hang")
        } else {
            (BadgeKind::Policy, "commits go on")
        };
        let text = text.to_owned();
        return Badge { kind, text };
    }
    // A primary has no row anywhere, dead or alive.
    if state.upstream.is_none() {
        let (kind, text) = if world.cluster_fate() == CommitFate::Fails {
            (BadgeKind::Trouble, "writes fail")
        } else {
            (BadgeKind::Absent, "was primary")
        };
        let text = text.to_owned();
        return Badge { kind, text };
    }
    row.map_or_else(
        || {
            if state.flow == Flow::ByArchive {
                Badge::by_archive()
            } else {
                Badge::absent()
            }
        },
        |row| Badge::of(&row.sync_state, row.sync_priority),
    )
}

fn link(
    world: &World,
    server: ServerId,
    upstream: ServerId,
    state: &State,
    row: Option<&ReplicationRow>,
) -> Link {
    let is_slow = world.is_slow_between(server, upstream);
    let (trouble, label) = match state.flow {
        _ if world.is_cut_between(server, upstream) => (Some(Trouble::Broken), "cut"),
        Flow::Down | Flow::UpstreamDown => (Some(Trouble::Broken), "down"),
        Flow::Streams | Flow::Starves if is_slow => (Some(Trouble::Slow), "slow"),
        Flow::Streams | Flow::Leads => (None, "streaming"),
        Flow::Starves => (None, "connected"),
        Flow::ByArchive => (None, BY_ARCHIVE),
        _ => (Some(Trouble::Broken), "stuck"),
    };
    Link {
        upstream,
        is_candidate: row.is_some_and(|row| row.sync_priority > 0),
        is_by_archive: state.flow == Flow::ByArchive,
        label: label.to_owned(),
        is_streaming: state.flow == Flow::Streams,
        trouble,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{Message, Session, WhatIfMessage, update};
    use crate::model::document::Document;
    use crate::model::simulate::world::Incident;
    use crate::model::topology::notation;

    #[test]
    fn a_dead_primary_misses_no_row() {
        let seed = "m 1\n  a 2\n";
        let mut session = Session::new(Document::new(notation::parse(seed).unwrap()), None);
        let badge_after = |session: &mut Session, incident: &str| {
            let incident = Incident::parse(incident, session.desk.document.topology()).unwrap();
            update(session, Message::WhatIf(WhatIfMessage::Do(incident)));
            foresee(session.what_if().unwrap())[0].0.badge.text.clone()
        };
        update(&mut session, Message::WhatIf(WhatIfMessage::Enter));
        assert_eq!(badge_after(&mut session, "crash m"), "writes fail");
        assert_eq!(badge_after(&mut session, "promote a"), "was primary");
    }

    #[test]
    fn every_badge_and_every_link_says_why() {
        let seed = "m 1 sync first 1\n  a 2 priority 1\n    c 3\n  b 4 priority 2\n";
        let mut session = Session::new(Document::new(notation::parse(seed).unwrap()), None);
        let crash = Incident::parse("crash a", session.desk.document.topology()).unwrap();
        for message in [WhatIfMessage::Enter, WhatIfMessage::Do(crash)] {
            update(&mut session, Message::WhatIf(message));
        }
        let cards = foresee(session.what_if().unwrap());
        for (name, part) in [
            (
                "m",
                "Why: synchronous_commit = on: the synchronous standbys must flush",
            ),
            ("a", "Why: a stopped server"),
            ("c", "Why: a standby keeps retrying its upstream"),
            (
                "b",
                "Why: number 2 in synchronous_standby_names, and among the first 1",
            ),
        ] {
            let (card, _) = cards.iter().find(|(card, _)| card.name == name).unwrap();
            let said = card.findings.iter().any(|said| said.starts_with(part));
            assert!(said, "{name}: {:?}", card.findings);
        }
    }
}
