//! Where every card stands now, side by side in memory: each frame looks through all of them for what is in view.
//!
//! The graph knows the same, but spread out: ten thousand of its nodes are too many to visit sixty times a second.
//! What is looked at here is small, so that a design of any size costs no more than what can be seen of it.

use std::collections::HashMap;

use egui::{Id, Pos2, Rect};
use petgraph::stable_graph::{EdgeIndex, NodeIndex};

use super::card_widget::id_of;
use super::curve::Curve;
use super::server_shape::ServerShape;
use crate::app::cards::{Card, Link, LinkLook, Look};
use crate::model::topology::ServerId;

#[derive(Debug)]
pub struct CardPlace {
    pub id: ServerId,
    pub node: NodeIndex<u32>,
    /// Where the document has its centre; a drag moves it away for a while.
    pub home: Pos2,
    /// In canvas units, where it is now.
    pub rect: Rect,
    pub look: Look,
    pub is_selected: bool,
    pub is_dragged: bool,
}

#[derive(Debug)]
pub struct LinkPlace {
    pub edge: EdgeIndex<u32>,
    /// Places of the servers at its ends.
    pub above: usize,
    pub below: usize,
    pub look: LinkLook,
    /// How far it swings out around cards that lie between its ends at home.
    swing: f32,
}

/// In larger designs, which are seen from far away, nothing is looked for between the ends of a link.
const MOST_IN_THE_WAY: usize = 400;

/// Where a link leaves a card sideways or upwards, or goes around another one, it swings out so far at most.
const SWING: f32 = 250.0;

impl LinkPlace {
    /// Its way between the cards at its ends; `None`: they lie upon each other, and leave no room for a line.
    pub fn curve(&self, above: &CardPlace, below: &CardPlace) -> Option<Curve> {
        if above.rect.intersects(below.rect) {
            return None;
        }
        // What is carried has other cards around it.
        let swing = if above.is_dragged || below.is_dragged {
            0.0
        } else {
            self.swing
        };
        Some(Curve::along(above.rect, below.rect, swing))
    }
}

/// All cards in the order of their ids, and the links between them.
#[derive(Debug, Default)]
pub struct Places {
    cards: Vec<CardPlace>,
    /// In the order of the servers at their lower ends.
    links: Vec<LinkPlace>,
    /// Around all cards at home.
    bounds: Option<Rect>,
    /// Which card a widget stands for.
    widgets: HashMap<Id, ServerId>,
    /// Places of the cards that are not at home.
    away: Vec<usize>,
}

impl CardPlace {
    pub fn new(card: &Card, node: NodeIndex<u32>, home: Pos2) -> Self {
        Self {
            id: card.id,
            node,
            home,
            rect: ServerShape::rect_at(home),
            look: Look::of(card),
            is_selected: false,
            is_dragged: false,
        }
    }

    /// What lies upon what: the higher of two is painted later.
    pub fn rank(&self) -> (bool, bool) {
        (self.is_dragged, self.is_selected)
    }
}

impl Places {
    /// `links`: each with its edge and the server at its lower end.
    pub fn new<'a>(
        mut cards: Vec<CardPlace>,
        links: impl Iterator<Item = (&'a Link, EdgeIndex<u32>, ServerId)>,
    ) -> Self {
        cards.sort_by_key(|card| card.id);
        let mut places = Self {
            bounds: cards.iter().map(|card| card.rect).reduce(Rect::union),
            widgets: cards.iter().map(|card| (id_of(card.id), card.id)).collect(),
            cards,
            links: Vec::new(),
            away: Vec::new(),
        };
        places.links = links
            .filter_map(|(link, edge, below)| {
                Some(LinkPlace {
                    edge,
                    above: places.find(link.upstream)?,
                    below: places.find(below)?,
                    look: LinkLook::of(link),
                    swing: 0.0,
                })
            })
            .collect();
        places.links.sort_by_key(|link| link.below);
        if places.cards.len() <= MOST_IN_THE_WAY {
            places.swing_out();
        }
        places
    }

    fn swing_out(&mut self) {
        let rects: Vec<Rect> = self.cards.iter().map(|card| card.rect).collect();
        for link in &mut self.links {
            let (Some(above), Some(below)) = (rects.get(link.above), rects.get(link.below)) else {
                continue;
            };
            let is_between = |card: &usize| ![link.above, link.below].contains(card);
            let is_near = |rect: &Rect| {
                rect.intersects(above.union(*below).expand(SWING))
                    && !rect.intersects(*above)
                    && !rect.intersects(*below)
            };
            let others = (0..rects.len()).filter(is_between);
            let others: Vec<Rect> = others
                .filter_map(|card| rects.get(card).copied())
                .filter(is_near)
                .collect();
            link.swing = Curve::swing_around(*above, *below, &others);
        }
    }

    pub fn cards(&self) -> &[CardPlace] {
        &self.cards
    }

    pub fn bounds(&self) -> Option<Rect> {
        self.bounds
    }

    pub fn card(&self, id: ServerId) -> Option<&CardPlace> {
        self.cards.get(self.find(id)?)
    }

    /// The server whose card is this widget.
    pub fn of_widget(&self, widget: Id) -> Option<ServerId> {
        self.widgets.get(&widget).copied()
    }

    /// The cards of which something lies in this part of the canvas, from the lowest to the one on top.
    pub fn in_view(&self, part: Rect) -> Vec<&CardPlace> {
        let mut shown: Vec<&CardPlace> = self
            .cards
            .iter()
            .filter(|card| card.rect.intersects(part))
            .collect();
        // A stable sort of what is nearly sorted: next to nothing.
        shown.sort_by_key(|card| card.rank());
        shown
    }

    /// The links of which something may lie in this part of the canvas, with the cards at their ends.
    pub fn links_in_view(&self, part: Rect) -> impl Iterator<Item = (&LinkPlace, &CardPlace, &CardPlace)> {
        let part = part.expand(SWING);
        self.links.iter().filter_map(move |link| {
            let (above, below) = (self.cards.get(link.above)?, self.cards.get(link.below)?);
            let is_in_view = above.rect.union(below.rect).intersects(part);
            is_in_view.then_some((link, above, below))
        })
    }

    /// The way of the link above a server.
    pub fn curve_above(&self, below: ServerId) -> Option<Curve> {
        let below = self.find(below)?;
        let link = self.links.binary_search_by_key(&below, |link| link.below).ok()?;
        let link = self.links.get(link)?;
        link.curve(self.cards.get(link.above)?, self.cards.get(below)?)
    }

    /// The card on top at this point of the canvas, except those.
    pub fn card_at(&self, at: Pos2, except: impl Fn(ServerId) -> bool) -> Option<&CardPlace> {
        let hit = self
            .cards
            .iter()
            .filter(|card| card.rect.contains(at) && !except(card.id));
        // Of several the last one, as it is painted.
        hit.max_by_key(|card| card.rank())
    }

    pub fn select(&mut self, is_selected: impl Fn(ServerId) -> bool) {
        for card in &mut self.cards {
            card.is_selected = is_selected(card.id);
        }
    }

    /// Puts one card somewhere else for now.
    pub fn carry(&mut self, id: ServerId, centre: Pos2) {
        if let Some(place) = self.find(id)
            && let Some(card) = self.cards.get_mut(place)
        {
            card.rect = ServerShape::rect_at(centre);
            card.is_dragged = true;
            self.away.push(place);
        }
    }

    /// Puts every card where the document has it.
    pub fn send_home(&mut self) {
        for place in self.away.drain(..) {
            if let Some(card) = self.cards.get_mut(place) {
                card.rect = ServerShape::rect_at(card.home);
                card.is_dragged = false;
            }
        }
    }

    fn find(&self, id: ServerId) -> Option<usize> {
        self.cards.binary_search_by_key(&id, |card| card.id).ok()
    }
}
