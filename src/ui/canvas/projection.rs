//! The design as a graph that can be drawn: a mirror of the document, never a source.
//!
//! [`Projection::reconcile`] runs when the document or the readings moved; node indices stay what they were,
//! and nothing outside this file knows them, because petgraph reuses them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use egui::{Pos2, Rect, pos2};
use egui_graphs::{DisplayEdge as _, DisplayNode as _, Graph};
use petgraph::Directed;
use petgraph::stable_graph::{EdgeIndex, NodeIndex};
use petgraph::visit::EdgeRef as _;

use super::fold::fold_up;
use super::link_shape::{LinkShape, is_on_link};
use super::places::{CardPlace, Places};
use super::server_shape::ServerShape;
use super::sign::{Sign, signs};
use crate::app::cards::describe;
use crate::app::cards::{Card, Link};
use crate::app::glance::Glance;
use crate::app::{RunView, Session};
use crate::model::document::PointOnCanvas;
use crate::model::document::sites::{SiteArea, site_areas};
use crate::model::plan::StepState;
use crate::model::topology::{Server, ServerId, Topology};

pub type DesignGraph = Graph<Arc<Card>, Arc<Link>, Directed, u32, ServerShape, LinkShape>;
pub type ServerNode = egui_graphs::Node<Arc<Card>, Arc<Link>, Directed, u32, ServerShape>;

#[derive(Debug, Default)]
pub struct Projection {
    graph: DesignGraph,
    index: BTreeMap<ServerId, NodeIndex<u32>>,
    places: Places,
    /// How many servers follow each relay; asked for every card on every frame, so counted once.
    relays: BTreeMap<ServerId, usize>,
    /// Each server with one that it turns to in need.
    fallbacks: Vec<(ServerId, ServerId)>,
    /// What the legend explains.
    signs: Vec<Sign>,
    /// Where the sites lie, around the cards that are shown.
    sites: Vec<SiteArea>,
    sites_of: Option<(u64, u64)>,
    /// What the graph was made from.
    seen: Option<Seen>,
    /// Moves with each change of what is drawn.
    generation: u64,
    /// What is selected in `places`.
    selected: (Option<ServerId>, BTreeSet<ServerId>),
}

/// Everything that a card depends on, in a form that is cheap to compare.
#[derive(Debug, PartialEq)]
struct Seen {
    revisions: (u64, u64),
    is_deployed: bool,
    glance: Option<Glance>,
    steps: Option<Vec<StepState>>,
    /// The moment of What-if.
    mode: Option<u64>,
    folding: u64,
}

impl Projection {
    /// Makes the graph equal to the document. True if the tree is another one: servers or links.
    pub fn reconcile(&mut self, session: &Session) -> bool {
        if self.seen.as_ref().is_some_and(|seen| seen.is_of(session)) {
            return false;
        }
        self.seen = Some(Seen::of(session));
        self.generation += 1;
        let is_shown = |id| !session.looks.folding.is_hidden(id);
        let positions = session.desk.document.positions_of(is_shown);
        let of = (session.desk.revision, session.looks.folding.revision());
        if self.sites_of != Some(of) {
            // Readings come every second, and sites do not move with them.
            self.sites_of = Some(of);
            self.sites = site_areas(session.desk.document.topology(), &positions);
        }
        self.relays = relays(session.desk.document.topology());
        // What is hidden cannot be taken by the handle.
        self.relays.retain(|id, _| !session.looks.folding.is_folded(*id));

        let described = fold_up(session, describe(session));
        let turns = |card: &Card| {
            card.fallbacks
                .iter()
                .map(|other| (*other, card.id))
                .collect::<Vec<_>>()
        };
        self.fallbacks = described.iter().flat_map(|(card, _)| turns(card)).collect();
        self.signs = signs(&described, !self.sites.is_empty());
        let before: Vec<ServerId> = self.index.keys().copied().collect();
        let mut has_tree_changed = false;
        let gone = before
            .iter()
            .filter(|id| session.desk.document.topology().server(**id).is_none() || !is_shown(**id));
        for id in gone {
            if let Some(index) = self.index.remove(id) {
                self.graph.remove_node(index);
            }
        }
        for (card, _) in &described {
            self.put_card(card);
        }
        for (card, link) in &described {
            has_tree_changed |= self.put_link(card.id, link.as_ref());
        }
        self.places = self.places_of(&positions, &described);
        self.select(session);
        has_tree_changed || before != self.index.keys().copied().collect::<Vec<_>>()
    }

    /// Different after each change of what is drawn.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    pub fn signs(&self) -> &[Sign] {
        &self.signs
    }

    pub fn sites(&self) -> &[SiteArea] {
        &self.sites
    }

    /// Where the cards stand of servers that others turn to in need, and of those others.
    pub fn fallbacks(&self) -> Vec<(Rect, Rect)> {
        let rects = |(fallback, server): &(ServerId, ServerId)| {
            Some((self.card_rect(*fallback)?, self.card_rect(*server)?))
        };
        self.fallbacks.iter().filter_map(rects).collect()
    }

    /// Where everything stands.
    pub fn places(&self) -> &Places {
        &self.places
    }

    pub fn node(&self, id: ServerId) -> Option<&ServerNode> {
        self.graph.node(self.places.card(id)?.node)
    }

    /// Takes over what is selected, if it has changed.
    pub fn follow_selection(&mut self, session: &Session) {
        if self.selected.0 != session.looks.selected || self.selected.1 != session.looks.also_selected {
            self.select(session);
        }
    }

    fn select(&mut self, session: &Session) {
        self.selected = (session.looks.selected, session.looks.also_selected.clone());
        self.places.select(|id| session.is_selected(id));
    }

    /// Puts every card where the document has it.
    pub fn send_home(&mut self) {
        self.places.send_home();
    }

    /// Puts one card somewhere else for now.
    pub fn carry(&mut self, id: ServerId, at: Pos2) {
        self.places.carry(id, at);
    }

    pub fn home(&self, id: ServerId) -> Option<Pos2> {
        self.places.card(id).map(|card| card.home)
    }

    /// How many servers follow it, if it is a relay.
    pub fn downstreams_of_relay(&self, id: ServerId) -> Option<usize> {
        self.relays.get(&id).copied()
    }

    /// The servers whose cards lie in this part of the canvas, or reach into it.
    pub fn touched_by(&self, part: Rect) -> Vec<ServerId> {
        let touches = |card: &&CardPlace| ServerShape::rect_at(card.home).intersects(part);
        self.places
            .cards()
            .iter()
            .filter(touches)
            .map(|card| card.id)
            .collect()
    }

    /// The card on top at this point of the canvas, except those.
    pub fn server_at(&self, at: Pos2, except: impl Fn(ServerId) -> bool) -> Option<ServerId> {
        self.places.card_at(at, except).map(|card| card.id)
    }

    /// Where the card is on the canvas, in canvas units.
    pub fn card_rect(&self, id: ServerId) -> Option<Rect> {
        self.places.card(id).map(|card| card.rect)
    }

    /// The link at this point of the canvas: the server at its lower end.
    pub fn link_at(&self, at: Pos2) -> Option<ServerId> {
        let near = self.places.links_in_view(Rect::from_min_max(at, at));
        let mut hit = near.filter(|(link, above, below)| {
            let curve = link.curve(above, below);
            curve.is_some_and(|curve| is_on_link(curve, at))
        });
        hit.next().map(|(_, _, below)| below.id)
    }

    /// Around all cards; `None` without any.
    pub fn bounds(&self) -> Option<Rect> {
        self.places.bounds()
    }

    /// What the link above a server says.
    pub fn link(&self, below: ServerId) -> Option<&Link> {
        let (edge, _) = self.edge_above(*self.index.get(&below)?)?;
        Some(&**self.graph.edge(edge)?.payload())
    }

    /// The shape of a card as it is now, for the drawing.
    pub fn card_shape(&mut self, id: ServerId) -> Option<&mut ServerShape> {
        let card = self.places.card(id)?;
        let (at, is_selected, is_dragged) = (card.rect.center(), card.is_selected, card.is_dragged);
        let node = self.graph.node_mut(card.node)?;
        node.set_location(at);
        node.set_selected(is_selected);
        node.set_dragged(is_dragged);
        let props = node.props().clone();
        let shape = node.display_mut();
        shape.update(&props);
        Some(shape)
    }

    /// The shape of a link as it is now, for the drawing.
    pub fn link_shape(&mut self, edge: EdgeIndex<u32>) -> Option<&mut LinkShape> {
        let edge = self.graph.edge_mut(edge)?;
        let props = edge.props().clone();
        let shape = edge.display_mut();
        shape.update(&props);
        Some(shape)
    }

    fn places_of(
        &self,
        positions: &BTreeMap<ServerId, PointOnCanvas>,
        described: &[(Card, Option<Link>)],
    ) -> Places {
        let cards = described.iter().filter_map(|(card, _)| {
            let [x, y] = positions.get(&card.id)?;
            Some(CardPlace::new(card, *self.index.get(&card.id)?, pos2(*x, *y)))
        });
        let links = described.iter().filter_map(|(card, link)| {
            let (edge, _) = self.edge_above(*self.index.get(&card.id)?)?;
            Some((link.as_ref()?, edge, card.id))
        });
        Places::new(cards.collect(), links)
    }

    fn edge_above(&self, below: NodeIndex<u32>) -> Option<(EdgeIndex<u32>, NodeIndex<u32>)> {
        let mut edges = self.graph.edges_directed(below, petgraph::Direction::Incoming);
        edges.next().map(|edge| (edge.id(), edge.source()))
    }

    fn put_card(&mut self, card: &Card) {
        match self.index.get(&card.id) {
            None => {
                let index = self.graph.add_node(Arc::new(card.clone()));
                self.index.insert(card.id, index);
            }
            Some(index) => {
                if let Some(node) = self.graph.node_mut(*index)
                    && **node.payload() != *card
                {
                    *node.payload_mut() = Arc::new(card.clone());
                }
            }
        }
    }

    /// True if the server has another upstream than before.
    fn put_link(&mut self, below: ServerId, link: Option<&Link>) -> bool {
        let Some(below) = self.index.get(&below).copied() else {
            return false;
        };
        let above = link.and_then(|link| self.index.get(&link.upstream).copied());
        let old = self.edge_above(below);
        if let Some((edge, source)) = old {
            if Some(source) != above {
                self.graph.remove_edge(edge);
            } else if let (Some(edge), Some(link)) = (self.graph.edge_mut(edge), link) {
                if **edge.payload() != *link {
                    *edge.payload_mut() = Arc::new(link.clone());
                }
                return false;
            }
        }
        if let (Some(above), Some(link)) = (above, link) {
            self.graph.add_edge(above, below, Arc::new(link.clone()));
        }
        old.is_some() || above.is_some()
    }
}

fn relays(topology: &Topology) -> BTreeMap<ServerId, usize> {
    let mut counts = BTreeMap::new();
    for upstream in topology.servers().iter().filter_map(Server::upstream) {
        *counts.entry(upstream).or_default() += 1;
    }
    counts.remove(&topology.primary().id());
    counts
}

impl Seen {
    fn of(session: &Session) -> Self {
        Self {
            revisions: (session.desk.revision, session.derived.revision),
            is_deployed: session.live.cluster.is_some(),
            glance: glance(session).cloned(),
            steps: steps(session).map(Iterator::collect),
            mode: session.mode.revision(),
            folding: session.looks.folding.revision(),
        }
    }

    /// Asked on every frame, so it copies nothing.
    fn is_of(&self, session: &Session) -> bool {
        let same_steps = match (&self.steps, steps(session)) {
            (None, None) => true,
            (Some(seen), Some(steps)) => seen.iter().copied().eq(steps),
            _ => false,
        };
        self.revisions == (session.desk.revision, session.derived.revision)
            && self.is_deployed == session.live.cluster.is_some()
            && self.glance.as_ref() == glance(session)
            && same_steps
            && self.mode == session.mode.revision()
            && self.folding == session.looks.folding.revision()
    }
}

fn glance(session: &Session) -> Option<&Glance> {
    session.live.cluster.as_ref()?.seen.as_ref()
}

fn steps(session: &Session) -> Option<impl Iterator<Item = StepState>> {
    match &session.live.run {
        RunView::Run { progress, .. } if !progress.is_finished() => {
            Some(progress.steps.iter().map(|(_, state)| *state))
        }
        _ => None,
    }
}
