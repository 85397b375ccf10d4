//! The cards of What-if: what the world beside the design would show, in place of what the design expects.

use super::card::{Badge, BadgeKind, Card, Life, Link, Outlook, Trouble};
use super::describe::{NAME_SHOWN, place_in_words};
use crate::app::WhatIf;
use crate::model::health::ReplicationRow;
use crate::model::simulate::name_in_view;
use crate::model::simulate::world::{CommitFate, Flow, Life as Condition, State, World};
use crate::model::topology::{Server, ServerId, Topology};

/// One card for every server of the design, in its order; with the link to the server that it follows now.
pub fn foresee(what_if: &WhatIf, topology: &Topology) -> Vec<(Card, Option<Link>)> {
    let world = what_if.world();
    let servers = world.servers();
    servers
        .map(|(server, state)| card_and_link(what_if, world, topology, server, state))
        .collect()
}

fn card_and_link(
    what_if: &WhatIf,
    world: &World,
    topology: &Topology,
    server: &Server,
    state: &State,
) -> (Card, Option<Link>) {
    let name = server.name().as_str();
    let downstreams = world
        .servers()
        .filter(|(_, other)| other.upstream == Some(server.id()))
        .count();
    let role = match (state.upstream, downstreams) {
        (None, _) => "primary",
        (Some(_), 0) => "standby",
        (Some(_), _) => "relay",
    };
    let row = row_of(what_if, topology, server, state);
    let life = life(state);
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
        detail: format!("{role} · {place}"),
        full: (name.chars().count() > NAME_SHOWN).then(|| format!("{name}\n{role} · {place}")),
        badge,
        life,
        work: None,
        severity: None,
        description: sentence.clone(),
        findings: vec![sentence],
        label,
    };
    (card, link)
}

/// The row in which the server that it follows now shows it.
fn row_of<'a>(
    what_if: &'a WhatIf,
    topology: &Topology,
    server: &Server,
    state: &State,
) -> Option<&'a ReplicationRow> {
    let upstream = topology.server(state.upstream?)?.name().as_str();
    let board = &what_if.moment().board;
    let reading = board.servers.iter().find(|reading| reading.name == upstream)?;
    let shown = name_in_view(server.name(), topology.postgres());
    let mut rows = reading.replication.iter();
    rows.find(|row| row.application_name == shown)
        .filter(|_| state.flow.is_connected())
}

fn life(state: &State) -> Life {
    let (outlook, word) = match (state.life, state.flow) {
        (Condition::Stopped, _) => (Outlook::Down, "stopped"),
        (Condition::Crashed, _) => (Outlook::Down, "crashed"),
        (Condition::Refused, _) => (Outlook::Down, "does not start"),
        (Condition::Up, _) if state.is_paused => (Outlook::Waits, "paused"),
        (Condition::Up, flow) => match flow {
            Flow::Leads => (Outlook::Well, "takes writes"),
            Flow::Streams => (Outlook::Well, "streaming"),
            Flow::Starves => (Outlook::Waits, "no new data"),
            Flow::Cut => (Outlook::Stuck, "cut off"),
            Flow::UpstreamDown => (Outlook::Stuck, "orphaned"),
            Flow::SlotMissing => (Outlook::Stuck, "slot missing"),
            Flow::WalGone => (Outlook::Stuck, "WAL gone"),
            Flow::StaysOnTimeline | Flow::UpstreamBehind | Flow::CannotFollow => {
                (Outlook::Stuck, "other timeline")
            }
            Flow::Forked => (Outlook::Stuck, "forked off"),
            Flow::Down => (Outlook::Down, "down"),
        },
    };
    Life::Foreseen(outlook, word)
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
    row.map_or_else(
        || Badge {
            kind: BadgeKind::Absent,
            text: "no row".to_owned(),
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
        _ => (Some(Trouble::Broken), "stuck"),
    };
    Link {
        upstream,
        is_candidate: row.is_some_and(|row| row.sync_priority > 0),
        label: label.to_owned(),
        is_streaming: state.flow == Flow::Streams,
        trouble,
    }
}
