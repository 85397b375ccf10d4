//! Where the sites of a design lie on the canvas: rectangles around their cards, which touch no other card.
//!
//! The window and the pictures draw the same ones. A site whose cards stand among others' has several.

use std::collections::BTreeMap;

use super::PointOnCanvas;
use super::arrange::CARD;
use crate::model::topology::{Server, ServerId, SiteName, Topology};

/// How far a rectangle reaches out over its cards: less than half of what lies between two columns.
const SIDE: f32 = 16.0;
/// There stands the name, above the words of the links that arrive.
const ABOVE: f32 = 41.0;
const BELOW: f32 = 15.0;

/// A site with more cards is cut in the middle: the best cut can take away one card at a time, and each looks at all of them.
const CUT_IN_THE_MIDDLE: usize = 256;

/// So many places are tried at each cut of a site that has others' cards between its own.
const CUTS_TRIED: usize = 12;

/// A site with its cards.
#[derive(Clone, Debug, PartialEq)]
pub struct SiteArea {
    pub site: SiteName,
    /// Which of the colours for sites: by its name, and another one than those of the design's other sites while
    /// there are enough.
    pub colour: usize,
    pub parts: Vec<Area>,
}

/// A rectangle on the canvas.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    pub min: PointOnCanvas,
    pub max: PointOnCanvas,
}

/// How many colours there are.
pub const SITE_COLOURS: usize = 8;

/// Every site with a card among these, by name.
pub fn site_areas(topology: &Topology, centres: &BTreeMap<ServerId, PointOnCanvas>) -> Vec<SiteArea> {
    let sites = topology.sites();
    if sites.is_empty() {
        return Vec::new();
    }
    let colours = colours(sites.keys().copied());
    let cards: Vec<(Area, Option<&SiteName>)> = centres
        .iter()
        .map(|(id, at)| (card(*at), topology.server(*id).and_then(Server::site)))
        .collect();
    let area = |(site, servers): (&SiteName, Vec<ServerId>)| {
        let own: Vec<Area> = servers
            .iter()
            .filter_map(|id| Some(card(*centres.get(id)?)))
            .collect();
        let around = own.iter().copied().reduce(Area::with)?.grown();
        let strange = cards
            .iter()
            .filter(|(card, of)| card.meets(around) && *of != Some(site))
            .map(|(card, _)| *card);
        let mut parts = Vec::new();
        split(own, strange.collect(), &mut parts);
        Some(SiteArea {
            site: site.clone(),
            colour: colours.get(site).copied().unwrap_or_default(),
            parts,
        })
    };
    sites.into_iter().filter_map(area).collect()
}

/// The colour that a site's name has of itself; where another site of the design has it, the next one that is free.
fn colours<'a>(sites: impl Iterator<Item = &'a SiteName>) -> BTreeMap<&'a SiteName, usize> {
    let mut taken = [false; SITE_COLOURS];
    sites
        .map(|site| {
            let own = colour_of(site.as_str());
            let free = (0..SITE_COLOURS).map(|step| (own + step) % SITE_COLOURS);
            let colour = free.clone().find(|colour| !taken[*colour]).unwrap_or(own);
            taken[colour] = true;
            (site, colour)
        })
        .collect()
}

/// The same for a name in every design and on every machine (FNV-1a).
fn colour_of(name: &str) -> usize {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    (hash >> 8) as usize % SITE_COLOURS
}

/// One rectangle where it touches no strange card; else two halves, where fewest strange cards are in the way.
fn split(own: Vec<Area>, strange: Vec<Area>, parts: &mut Vec<Area>) {
    let Some(around) = own.iter().copied().reduce(Area::with) else {
        return;
    };
    let whole = around.grown();
    let strange: Vec<Area> = strange.into_iter().filter(|card| card.meets(whole)).collect();
    if strange.is_empty() || own.len() == 1 {
        parts.push(whole);
        return;
    }
    let cut = if own.len() > CUT_IN_THE_MIDDLE {
        middle_cut(&own, around)
    } else {
        best_cut(&own, &strange)
    };
    let Some((axis, at)) = cut else {
        parts.push(whole);
        return;
    };
    let (before, behind): (Vec<Area>, Vec<Area>) = own.into_iter().partition(|card| card.min[axis] < at);
    split(before, strange.clone(), parts);
    split(behind, strange, parts);
}

/// Half of the cards on each side, across the longer way.
fn middle_cut(own: &[Area], around: Area) -> Option<(usize, f32)> {
    let length = |axis: usize| around.max[axis] - around.min[axis];
    let longer = usize::from(length(1) > length(0));
    [longer, 1 - longer].into_iter().find_map(|axis| {
        let mut places: Vec<f32> = own.iter().map(|card| card.min[axis]).collect();
        places.sort_by(f32::total_cmp);
        let (first, middle) = (*places.first()?, *places.get(places.len() / 2)?);
        // Where half of them stand in one line, what stands before that line is cut off, or what stands behind it.
        let at = if middle > first {
            middle
        } else {
            places.iter().copied().find(|place| *place > first)?
        };
        Some((axis, at))
    })
}

/// The axis and the place of the cut after which the halves touch fewest strange cards; of equal ones the widest gap.
fn best_cut(own: &[Area], strange: &[Area]) -> Option<(usize, f32)> {
    let mut cuts: Vec<(f32, usize, f32)> = Vec::new();
    for axis in [0, 1] {
        let mut cards = own.to_vec();
        cards.sort_by(|one, other| one.min[axis].total_cmp(&other.min[axis]));
        let mut reach = f32::MIN;
        let mut gaps = Vec::new();
        for card in cards {
            if reach > f32::MIN && card.min[axis] > reach - CARD[axis] {
                gaps.push((card.min[axis] - reach, axis, card.min[axis]));
            }
            reach = reach.max(card.max[axis]);
        }
        gaps.sort_by(|one, other| other.0.total_cmp(&one.0));
        cuts.extend(gaps.into_iter().take(CUTS_TRIED));
    }
    let touched = |axis: usize, at: f32| {
        let side = |is_before: bool| {
            let half = own
                .iter()
                .filter(|card| (card.min[axis] < at) == is_before)
                .copied();
            let half = half.reduce(Area::with).map(Area::grown);
            half.map_or(0, |half| strange.iter().filter(|card| card.meets(half)).count())
        };
        side(true) + side(false)
    };
    cuts.into_iter()
        .filter(|(_, axis, at)| own.iter().any(|card| card.min[*axis] < *at))
        .map(|(gap, axis, at)| (touched(axis, at), -gap, axis, at))
        .min_by(|one, other| one.0.cmp(&other.0).then(one.1.total_cmp(&other.1)))
        .map(|(_, _, axis, at)| (axis, at))
}

fn card([x, y]: PointOnCanvas) -> Area {
    let [width, height] = CARD;
    Area {
        min: [x - width / 2.0, y - height / 2.0],
        max: [x + width / 2.0, y + height / 2.0],
    }
}

impl Area {
    /// Around both.
    fn with(self, other: Self) -> Self {
        let least = |axis: usize| self.min[axis].min(other.min[axis]);
        let most = |axis: usize| self.max[axis].max(other.max[axis]);
        Self {
            min: [least(0), least(1)],
            max: [most(0), most(1)],
        }
    }

    fn grown(self) -> Self {
        Self {
            min: [self.min[0] - SIDE, self.min[1] - ABOVE],
            max: [self.max[0] + SIDE, self.max[1] + BELOW],
        }
    }

    fn meets(self, other: Self) -> bool {
        (0..2).all(|axis| self.min[axis] < other.max[axis] && other.min[axis] < self.max[axis])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::document::{Document, arrange, format, templates};
    use crate::model::topology::notation;

    /// Every card of a site is in one of its parts, and no part touches another card.
    fn assert_holds_its_own(topology: &Topology, centres: &BTreeMap<ServerId, PointOnCanvas>) {
        let areas = site_areas(topology, centres);
        for (id, at) in centres {
            let server = topology.server(*id).unwrap();
            for area in &areas {
                let touched = area.parts.iter().filter(|part| part.meets(card(*at))).count();
                if server.site() == Some(&area.site) {
                    assert!(touched >= 1, "{} is in no part of {}", server.name(), area.site);
                } else {
                    assert_eq!(touched, 0, "{} is touched by {}", server.name(), area.site);
                }
            }
        }
    }

    #[test]
    fn the_templates_sites_hold_their_own_cards_and_no_other() {
        let mut with_sites = 0;
        for template in &templates::TEMPLATES {
            let document = format::read(template.text).unwrap();
            assert_holds_its_own(document.topology(), &document.positions());
            with_sites += usize::from(!document.topology().sites().is_empty());
        }
        assert_eq!(with_sites, 2);
    }

    #[test]
    fn a_thousand_servers_of_mixed_sites_are_kept_apart() {
        let mut text = "m 1 site s0\n".to_owned();
        for relay in 0..30 {
            text += &format!("  r{relay} {} site s{}\n", 100 + relay, relay % 5);
            for leaf in 0..30 {
                text += &format!(
                    "    r{relay}l{leaf} {} site s{}\n",
                    1000 + relay * 30 + leaf,
                    (relay + leaf / 10) % 7
                );
            }
        }
        let topology = notation::parse(&text).unwrap();
        assert_holds_its_own(&topology, &arrange::tidy(&topology));
    }

    #[test]
    fn a_site_that_stands_alone_is_one_rectangle_and_one_among_others_is_several() {
        let parts = |text: &str| -> Vec<usize> {
            let document = Document::new(notation::parse(text).unwrap());
            let areas = site_areas(document.topology(), &document.positions());
            areas.iter().map(|area| area.parts.len()).collect()
        };
        assert_eq!(parts("m 1 site A\n  a 2 site A\n  b 3 site A\n"), [1]);
        assert_eq!(parts("m 1\n  a 2 site A\n  b 3 site B\n  c 4 site A\n"), [2, 1]);
        assert_eq!(parts("m 1\n  a 2\n"), [0; 0]);
    }

    #[test]
    fn a_sites_colour_is_its_names_and_no_other_sites() {
        let colours_of = |names: &[&str]| -> Vec<usize> {
            let mut text = "m 1\n".to_owned();
            for (number, name) in names.iter().enumerate() {
                text += &format!("  s{number} {} site {name}\n", number + 2);
            }
            let document = Document::new(notation::parse(&text).unwrap());
            let areas = site_areas(document.topology(), &document.positions());
            areas.iter().map(|area| area.colour).collect()
        };
        assert_eq!(colours_of(&["Oslo"]), [colour_of("Oslo")]);
        let mut eight = colours_of(&["a", "b", "c", "d", "e", "f", "g", "h"]);
        eight.sort_unstable();
        assert_eq!(eight, [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(
            colours_of(&["a", "b", "c", "d", "e", "f", "g", "h", "i"]).len(),
            9
        );
    }
}
