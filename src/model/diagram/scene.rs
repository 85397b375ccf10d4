//! What stands where in a picture, and what it says; in canvas units, from the upper left corner.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::document::arrange::CARD;
use crate::model::document::sites::{Area, SiteArea, site_areas};
use crate::model::document::{Document, PointOnCanvas};
use crate::model::health::ReplicationRow;
use crate::model::simulate;
use crate::model::topology::{Server, ServerId, Standby, SyncMethod, Topology};
use crate::model::visible::visible;
use crate::model::words::counted;

/// Free space around the cards, and above them for the title.
const MARGIN: f32 = 32.0;
const TITLE: f32 = 40.0;

/// A picture narrower than this would cut its title.
const LEAST_WIDTH: f32 = 420.0;

/// What a standby says that the archive alone feeds.
const BY_ARCHIVE: &str = "by archive";

/// A whole picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagram {
    pub title: String,
    /// "PostgreSQL 15 · 5 servers · FIRST 1 of 2".
    pub subtitle: String,
    pub width: f32,
    pub height: f32,
    /// Behind the cards.
    pub sites: Vec<SiteArea>,
    pub cards: Vec<CardBox>,
    pub links: Vec<Curve>,
}

/// A server's card.
#[derive(Clone, Debug, PartialEq)]
pub struct CardBox {
    /// Its upper left corner.
    pub at: PointOnCanvas,
    pub name: String,
    /// "standby · port 15432".
    pub detail: String,
    /// "sync 1", "async", and on the primary its policy.
    pub badge: String,
    pub tone: Tone,
    pub is_primary: bool,
}

/// What a colour means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Primary,
    Sync,
    Potential,
    Quorum,
    Async,
}

/// How a link is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// It can be synchronous.
    Solid,
    /// It is asynchronous.
    Dashed,
    /// Nothing streams: the archive alone feeds the standby.
    Dotted,
    /// Nothing runs along it before the upstream is away.
    Fallback,
}

/// A link in the direction of the WAL: a cubic curve from card to card.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    pub points: [PointOnCanvas; 4],
    pub label: String,
    pub line: Line,
}

impl Diagram {
    pub fn of(document: &Document) -> Self {
        let topology = document.topology();
        let centres = document.positions();
        let ends = |of: fn(&PointOnCanvas) -> f32, worst: f32, choose: fn(f32, f32) -> f32| {
            centres.values().map(of).fold(worst, choose)
        };
        let across = |[x, _]: &PointOnCanvas| *x;
        let down = |[_, y]: &PointOnCanvas| *y;
        let (left, right) = (ends(across, f32::MAX, f32::min), ends(across, f32::MIN, f32::max));
        let (top, bottom) = (ends(down, f32::MAX, f32::min), ends(down, f32::MIN, f32::max));
        let content = right - left + CARD[0];
        let width = (content + 2.0 * MARGIN).max(LEAST_WIDTH);
        let shift = [(width - content) / 2.0 - left, MARGIN + TITLE - top];
        let corners: BTreeMap<ServerId, PointOnCanvas> = centres
            .iter()
            .map(|(id, at)| (*id, [at[0] + shift[0], at[1] + shift[1]]))
            .collect();
        let place = |server: &Server| corners.get(&server.id()).copied().unwrap_or([MARGIN, MARGIN]);
        let mut sites = site_areas(topology, &centres);
        // Of a card's centre they are, and of its corner is the shift.
        let by = [shift[0] + CARD[0] / 2.0, shift[1] + CARD[1] / 2.0];
        for part in sites.iter_mut().flat_map(|site| &mut site.parts) {
            *part = moved(*part, by);
        }
        let shown = Shown::of(topology);
        let link = |server: &Server| {
            let upstream = topology.server(server.upstream()?)?;
            Some(Curve {
                points: between(place(upstream), place(server))?,
                label: shown.link_label(server),
                line: shown.line(server),
            })
        };
        let fallbacks = |server: &Server| {
            let to = place(server);
            let fallbacks = topology.fallbacks(server.id()).into_iter();
            let curve = |other: &Server| {
                Some(Curve {
                    points: between(place(other), to)?,
                    label: String::new(),
                    line: Line::Fallback,
                })
            };
            fallbacks.filter_map(curve).collect::<Vec<_>>()
        };
        let card = |server: &Server| {
            let (badge, tone) = shown.badge(server);
            CardBox {
                at: place(server),
                name: visible(server.name().as_str()),
                detail: shown.detail(server),
                badge,
                tone,
                is_primary: server.is_primary(),
            }
        };
        Self {
            title: topology.name().to_owned(),
            subtitle: shown.subtitle(),
            width,
            height: bottom - top + CARD[1] + 2.0 * MARGIN + TITLE,
            sites,
            cards: topology.servers().iter().map(card).collect(),
            links: topology
                .servers()
                .iter()
                .flat_map(fallbacks)
                .chain(topology.servers().iter().filter_map(link))
                .collect(),
        }
    }
}

impl Diagram {
    /// The same picture with nothing in it that does not show between two heights.
    pub(super) fn within(&self, top: f32, bottom: f32) -> Self {
        /// For strokes, heads of arrows, and words beside a link.
        const AROUND: f32 = 30.0;
        let shows = |from: f32, to: f32| from - AROUND <= bottom && to + AROUND >= top;
        let is_crossed = |link: &&Curve| {
            // A curve stays between the heights of its points.
            let heights = link.points.map(|[_, y]| y);
            let lowest = heights.into_iter().fold(f32::MIN, f32::max);
            shows(heights.into_iter().fold(f32::MAX, f32::min), lowest)
        };
        let has_card = |card: &&CardBox| shows(card.at[1], card.at[1] + CARD[1]);
        Self {
            title: self.title.clone(),
            subtitle: self.subtitle.clone(),
            sites: self.sites.clone(),
            cards: self.cards.iter().filter(has_card).cloned().collect(),
            links: self.links.iter().filter(is_crossed).cloned().collect(),
            ..*self
        }
    }
}

fn moved(area: Area, by: [f32; 2]) -> Area {
    let [min, max] = [area.min, area.max].map(|[x, y]| [x + by[0], y + by[1]]);
    Area { min, max }
}

/// The words of a diagram; Mermaid and DOT say the same ones.
pub(super) struct Shown<'a> {
    topology: &'a Topology,
    /// What the primary shows of the standbys right under it, by application_name.
    rows: BTreeMap<String, ReplicationRow>,
    candidates: BTreeSet<ServerId>,
}

impl<'a> Shown<'a> {
    pub(super) fn of(topology: &'a Topology) -> Self {
        Self {
            topology,
            // Of two with one name the first counts.
            rows: simulate::rows(topology, topology.primary().id())
                .into_iter()
                .rev()
                .map(|row| (row.application_name.clone(), row))
                .collect(),
            candidates: topology.sync_candidates().into_iter().map(Server::id).collect(),
        }
    }

    pub(super) fn subtitle(&self) -> String {
        let servers = counted(self.topology.servers().len(), "server");
        let policy = self.policy();
        format!("PostgreSQL {} · {servers} · {policy}", self.topology.postgres())
    }

    fn policy(&self) -> String {
        let Some(policy) = self.topology.sync() else {
            return "async only".to_owned();
        };
        let method = match policy.method {
            SyncMethod::First => "first",
            SyncMethod::Any => "any",
        };
        format!("{method} {} of {}", policy.count, self.candidates.len())
    }

    pub(super) fn detail(&self, server: &Server) -> String {
        let role = match (server.is_primary(), self.topology.is_relay(server.id())) {
            _ if server.is_receiver() => "receiver",
            (true, _) => "primary",
            (false, true) => "relay",
            (false, false) => "standby",
        };
        if server.host().is_loopback() {
            format!("{role} · port {}", server.port())
        } else {
            format!("{role} · {}:{}", server.host(), server.port())
        }
    }

    pub(super) fn badge(&self, server: &Server) -> (String, Tone) {
        if server.is_primary() {
            return (self.policy(), Tone::Primary);
        }
        if server.is_fed_by_archive() {
            return (BY_ARCHIVE.to_owned(), Tone::Async);
        }
        let name = server.name().in_view(self.topology.postgres());
        let follows_primary = server.upstream() == Some(self.topology.primary().id());
        let row = self.rows.get(&name);
        match row.filter(|_| follows_primary) {
            Some(row) => match row.sync_state.as_str() {
                "sync" => (format!("sync {}", row.sync_priority), Tone::Sync),
                "potential" => (format!("potential {}", row.sync_priority), Tone::Potential),
                "quorum" => ("quorum".to_owned(), Tone::Quorum),
                _ => ("async".to_owned(), Tone::Async),
            },
            None => ("async".to_owned(), Tone::Async),
        }
    }

    /// It may be synchronous: a solid link.
    pub(super) fn is_candidate(&self, server: &Server) -> bool {
        self.topology.sync().is_some() && self.candidates.contains(&server.id())
    }

    pub(super) fn line(&self, server: &Server) -> Line {
        match (server.is_fed_by_archive(), self.is_candidate(server)) {
            (true, _) => Line::Dotted,
            (false, true) => Line::Solid,
            (false, false) => Line::Dashed,
        }
    }

    pub(super) fn link_label(&self, server: &Server) -> String {
        let mut words = Vec::new();
        let priority = server.standby().and_then(Standby::sync_priority);
        let is_quorum = |method| method == SyncMethod::Any;
        words.push(match priority.filter(|_| self.is_candidate(server)) {
            Some(_)
                if self
                    .topology
                    .sync()
                    .is_some_and(|policy| is_quorum(policy.method)) =>
            {
                "quorum".to_owned()
            }
            Some(priority) => format!("priority {priority}"),
            None if server.is_fed_by_archive() => BY_ARCHIVE.to_owned(),
            None => "async".to_owned(),
        });
        if self.topology.postgres().has_slots()
            && !self.topology.uses_slot(server.id())
            && !server.is_fed_by_archive()
        {
            words.push("no slot".to_owned());
        }
        if let Some(delay) = server.standby().and_then(Standby::apply_delay) {
            words.push(format!("delay {delay}"));
        }
        words.join(" · ")
    }
}

/// From the bottom of the upper card to the top of the lower one; where the cards do not stand so, from side to side,
/// or upwards. Cards upon each other leave no room for a link.
fn between(upstream: PointOnCanvas, downstream: PointOnCanvas) -> Option<[PointOnCanvas; 4]> {
    let [width, height] = CARD;
    let (dx, dy) = (downstream[0] - upstream[0], downstream[1] - upstream[1]);
    if dx.abs() < width && dy.abs() < height {
        return None;
    }
    let middle = |at: PointOnCanvas, share: [f32; 2]| [at[0] + width * share[0], at[1] + height * share[1]];
    let (below, above, left, right) = ([0.5, 1.0], [0.5, 0.0], [0.0, 0.5], [1.0, 0.5]);
    let (from, to, way) = if dy >= height {
        (below, above, [0.0, 1.0])
    } else if dx >= width {
        (right, left, [1.0, 0.0])
    } else if dx <= -width {
        (left, right, [-1.0, 0.0])
    } else {
        (above, below, [0.0, -1.0])
    };
    let (from, to) = (middle(upstream, from), middle(downstream, to));
    let length = ((to[0] - from[0]) * way[0] + (to[1] - from[1]) * way[1]).abs();
    let along = (length * 0.5).max(18.0);
    let step = |at: PointOnCanvas, sign: f32| [at[0] + way[0] * along * sign, at[1] + way[1] * along * sign];
    Some([from, step(from, 1.0), step(to, -1.0), to])
}
