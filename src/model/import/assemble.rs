//! One design of all servers: the tree, then what the cluster has in common, then settings, then what is lost.

use std::collections::{BTreeMap, BTreeSet};

use super::archive::{Understood, understood};
use super::facts::Facts;
use super::links::{Follows, Links, Sure};
use super::settings::{ByHand, by_hand, give, without_needless};
use super::sync::{Sync, of_primary};
use super::{Asked, Imported, Loss, NoImport, Unreached, links, losses, names, places, security};
use crate::model::topology::catalogue::milliseconds;
use crate::model::topology::{
    ApplyDelay, Archive, ClusterTerms, Draft, DraftServer, Host, LinkTerms, PgMajor, Port, ServerName,
    ServerTerms, Settings,
};

/// Draws the cluster of these servers under a name.
///
/// # Errors
///
/// If there is no server, or they follow one another in a circle.
pub fn draw(name: &str, facts: &[Facts]) -> Result<Imported, NoImport> {
    if facts.is_empty() {
        return Err(NoImport::Nothing);
    }
    let links = links::resolve(facts);
    let (names, mut lost) = names::choose(facts, &links);
    let (places, mut asked) = places::choose(facts, &links, &names);
    let mut tree = Tree::of(facts, &links, &names);
    asked.append(&mut tree.asked);
    lost.append(&mut tree.losses);
    let drawing = Drawing {
        name,
        facts,
        links: &links,
        names: &names,
        places: &places,
        major: major(facts, tree.root, &mut lost, &mut asked),
        order: tree.order(facts, &places, &names),
        tree: &tree,
        archive: archive(facts, tree.root),
    };
    drawing.finish(asked, lost)
}

/// The version that most servers have; the primary's, where it is known.
fn major(facts: &[Facts], root: usize, lost: &mut Vec<Loss>, asked: &mut Vec<Asked>) -> PgMajor {
    let mut known = facts
        .get(root)
        .into_iter()
        .chain(facts)
        .filter(|one| !one.is_major_guessed);
    let chosen = known.find_map(|one| one.major);
    let guessed = || facts.iter().filter_map(|one| one.major).min();
    let Some(chosen) = chosen else {
        let guess = guessed().unwrap_or(PgMajor::V15);
        asked.push(Asked {
            server: None,
            question: "Which major version is it? No PG_VERSION is among the files.".to_owned(),
            guess: guess.to_string(),
        });
        return guess;
    };
    for one in facts {
        if let Some(other) = one
            .major
            .filter(|other| *other != chosen && !one.is_major_guessed)
        {
            lost.push(Loss {
                place: one.place.clone(),
                line: String::new(),
                message: format!("It is PostgreSQL {other}, and a design has one version: {chosen}."),
            });
        }
    }
    chosen
}

/// The archive's folder, as the primary fills it.
fn archive(facts: &[Facts], root: usize) -> Option<Archive> {
    let primary = facts.get(root);
    let all = primary.into_iter().chain(facts);
    let mut archiving = all.filter(|one| matches!(one.value("archive_mode"), Some(mode) if mode.eq_ignore_ascii_case("always") || super::facts::is_on(mode)));
    let command = archiving.find_map(|one| one.value("archive_command").filter(|text| !text.is_empty()))?;
    match understood(command) {
        Understood::Own(directory) | Understood::Copies(directory) => Archive::new(&directory).ok(),
        Understood::Foreign => None,
    }
}

/// Whom each server follows, servers outside among them; one root.
struct Tree {
    /// By place: the servers of the facts, then those outside.
    upstream: BTreeMap<usize, usize>,
    root: usize,
    /// In the design; the others are primaries of other clusters, with what is below them.
    members: BTreeSet<usize>,
    asked: Vec<Asked>,
    losses: Vec<Loss>,
}

impl Tree {
    fn of(facts: &[Facts], links: &Links, names: &[ServerName]) -> Self {
        let mut tree = Self {
            upstream: BTreeMap::new(),
            root: 0,
            members: BTreeSet::new(),
            asked: Vec::new(),
            losses: Vec::new(),
        };
        let name = |place: usize| names.get(place).map_or("", ServerName::as_str).to_owned();
        let mut unknown = Vec::new();
        for (place, follows) in links.follows.iter().enumerate() {
            match follows {
                Follows::Nobody => {}
                Follows::Server(upstream, sure) => {
                    tree.upstream.insert(place, *upstream);
                    if *sure == Sure::Guessed {
                        tree.ask(
                            &name(place),
                            "More than one server could be meant by what it dials.",
                            &name(*upstream),
                        );
                    }
                }
                Follows::Outside(at) => {
                    tree.upstream.insert(place, facts.len() + at);
                }
                Follows::Unknown => unknown.push(place),
            }
        }
        let below = |tree: &Self, root: usize| {
            (0..names.len())
                .filter(|place| tree.leads_to(*place, root))
                .count()
        };
        let roots: Vec<usize> = (0..facts.len())
            .filter(|place| facts.get(*place).is_some_and(|one| !one.is_standby))
            .collect();
        let outside: Vec<usize> = (facts.len()..names.len()).collect();
        let largest = |places: &[usize]| {
            places
                .iter()
                .copied()
                .max_by_key(|place| (below(&tree, *place), std::cmp::Reverse(*place)))
        };
        tree.root = largest(&roots)
            .or_else(|| largest(&outside))
            .or_else(|| unknown.first().copied())
            .unwrap_or(0);
        let root = tree.root;
        for place in unknown.into_iter().chain(outside).filter(|place| *place != root) {
            tree.upstream.insert(place, root);
            tree.ask(&name(place), "Nothing says whom it follows.", &name(root));
        }
        tree.members = (0..names.len())
            .filter(|place| tree.leads_to(*place, root))
            .collect();
        for (place, one) in facts.iter().enumerate() {
            if !tree.members.contains(&place) {
                tree.losses.push(Loss {
                    place: one.place.clone(),
                    line: String::new(),
                    message: format!(
                        "\"{}\" does not belong to the tree below \"{}\": a design has one primary, so it is left out. Import it on \
                         its own.",
                        name(place),
                        name(root)
                    ),
                });
            }
        }
        tree
    }

    fn ask(&mut self, server: &str, why: &str, guess: &str) {
        self.asked.push(Asked {
            server: Some(server.to_owned()),
            question: format!("Which server does \"{server}\" follow? {why}"),
            guess: guess.to_owned(),
        });
    }

    fn leads_to(&self, place: usize, root: usize) -> bool {
        let mut next = place;
        for _ in 0..=self.upstream.len() {
            if next == root {
                return true;
            }
            match self.upstream.get(&next) {
                Some(upstream) => next = *upstream,
                None => return false,
            }
        }
        false
    }

    fn level(&self, place: usize) -> usize {
        let mut next = place;
        let mut level = 0;
        while let Some(upstream) = self
            .upstream
            .get(&next)
            .filter(|_| next != self.root && level <= self.upstream.len())
        {
            next = *upstream;
            level += 1;
        }
        level
    }

    /// Level by level, each level in the order of its upstreams, then by synchronous place, port and name.
    fn order(&self, facts: &[Facts], places: &[(Host, Port)], names: &[ServerName]) -> Vec<usize> {
        let sync = self.sync(facts, names);
        let key = |place: &usize| {
            (
                sync.priorities.get(place).copied().unwrap_or(u32::MAX),
                places.get(*place).map(|(_, port)| *port),
                names.get(*place).cloned(),
            )
        };
        let mut order = vec![self.root];
        let mut at = 0;
        while let Some(upstream) = order.get(at).copied() {
            let mut below: Vec<usize> = self
                .members
                .iter()
                .copied()
                .filter(|place| {
                    *place != self.root
                        && self.upstream.get(place) == Some(&upstream)
                        && !order.contains(place)
                })
                .collect();
            below.sort_by_key(key);
            order.extend(below);
            at += 1;
        }
        debug_assert!(order.is_sorted_by_key(|place| self.level(*place)));
        order
    }

    fn sync(&self, facts: &[Facts], names: &[ServerName]) -> Sync {
        let Some(primary) = facts.get(self.root) else {
            return Sync::default();
        };
        let direct: Vec<(usize, ServerName)> = self
            .upstream
            .iter()
            .filter(|(place, upstream)| **upstream == self.root && **place != self.root)
            .filter_map(|(place, _)| Some((*place, names.get(*place)?.clone())))
            .collect();
        of_primary(primary, primary.major.unwrap_or(PgMajor::V15), &direct)
    }
}

struct Drawing<'a> {
    name: &'a str,
    facts: &'a [Facts],
    links: &'a Links,
    names: &'a [ServerName],
    places: &'a [(Host, Port)],
    major: PgMajor,
    /// Places of the servers, in the design's order.
    order: Vec<usize>,
    tree: &'a Tree,
    archive: Option<Archive>,
}

impl Drawing<'_> {
    fn finish(&self, asked: Vec<Asked>, mut lost: Vec<Loss>) -> Result<Imported, NoImport> {
        let mut sync = self.tree.sync(self.facts, self.names);
        let members: Vec<Facts> = self
            .facts
            .iter()
            .enumerate()
            .filter(|(place, _)| self.tree.members.contains(place))
            .map(|(_, one)| one.clone())
            .collect();
        let security = (security::auth(&members, self.major), security::has_tls(&members));
        let build = |hand: &ByHand| self.draft(&sync, security, hand).build();
        let base = build(&ByHand::default()).map_err(NoImport::NoTree)?;
        let drawn: BTreeMap<usize, usize> = self
            .order
            .iter()
            .enumerate()
            .filter(|(_, place)| **place < self.facts.len())
            .map(|(at, place)| (*place, at))
            .collect();
        let mut hand = by_hand(self.facts, &base, &drawn);
        without_needless(&mut hand, self.facts, &drawn, |hand| build(hand).ok());
        let topology = build(&hand).map_err(NoImport::NoTree)?;
        for one in self.facts {
            lost.extend(one.losses.iter().cloned());
        }
        lost.append(&mut hand.losses);
        lost.extend(losses::of(self.facts, &topology, &drawn));
        lost.append(&mut sync.losses);
        Ok(Imported {
            names: self
                .names
                .iter()
                .take(self.facts.len())
                .map(ToString::to_string)
                .collect(),
            topology,
            asked,
            losses: lost,
            unreached: self.unreached(),
        })
    }

    fn draft(
        &self,
        sync: &Sync,
        (auth, tls): (Option<crate::model::topology::Auth>, bool),
        hand: &ByHand,
    ) -> Draft {
        Draft {
            name: self.name.to_owned(),
            postgres: self.major,
            sync: sync.policy.clone(),
            archive: self.archive.clone(),
            auth,
            tls,
            settings: hand.common.clone(),
            terms: ClusterTerms::default(),
            servers: self
                .order
                .iter()
                .filter_map(|place| self.server(*place, sync, hand))
                .collect(),
        }
    }

    fn server(&self, place: usize, sync: &Sync, hand: &ByHand) -> Option<DraftServer> {
        let (host, port) = self.places.get(place)?.clone();
        let facts = self.facts.get(place);
        let follows = (place != self.tree.root)
            .then(|| {
                self.tree
                    .upstream
                    .get(&place)
                    .and_then(|upstream| self.names.get(*upstream))
            })
            .flatten();
        let standby = facts.filter(|_| follows.is_some());
        let has_slot = |one: &Facts| {
            one.value("primary_slot_name")
                .is_some_and(|slot| !slot.is_empty())
        };
        let mut server = DraftServer {
            name: self.names.get(place)?.clone(),
            host,
            port,
            site: None,
            follows: follows.map(ToString::to_string),
            sync_priority: sync.priorities.get(&place).copied().filter(|_| follows.is_some()),
            // A standby that nobody looked at is drawn as any other.
            slot: standby
                .filter(|one| self.major.has_slots() && !has_slot(one))
                .map(|_| false),
            apply_delay: standby.and_then(|one| delay(one.value("recovery_min_apply_delay")?)),
            settings: Settings::new(),
            terms: ServerTerms::default(),
            link: LinkTerms::default(),
            also_follows: Vec::new(),
        };
        give(&mut server, hand, place);
        Some(server)
    }

    fn unreached(&self) -> Vec<Unreached> {
        let outside = self.links.outside.iter().enumerate();
        outside
            .map(|(at, dialled)| {
                let place = self.facts.len() + at;
                let by = self.links.follows.iter().zip(self.names);
                let by: Vec<&str> = by
                    .filter(|(follows, _)| **follows == Follows::Outside(at))
                    .map(|(_, name)| name.as_str())
                    .collect();
                Unreached {
                    server: self.names.get(place).map(ToString::to_string),
                    host: (!dialled.host.is_empty()).then(|| dialled.host.clone()),
                    port: Some(dialled.port),
                    message: format!(
                        "{} dials it, and nothing was found that could be it: its card is a place holder.",
                        by.join(", ")
                    ),
                }
            })
            .collect()
    }
}

/// The delay as a design writes it; `1.5h` becomes milliseconds.
fn delay(text: &str) -> Option<ApplyDelay> {
    let delay = ApplyDelay::parse(text).ok().or_else(|| {
        let millis = milliseconds(text)?.round();
        ApplyDelay::parse(&format!("{millis}ms")).ok()
    });
    delay.filter(|delay| delay.micros() > 0)
}
