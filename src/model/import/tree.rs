//! The tree of the servers: one root, who follows whom, and the order of the design.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::Facts;
use super::links::{Follows, Links, Sure};
use super::sync::{Sync, of_primary};
use super::terms::is_fed_by_archive;
use super::{Asked, Loss};
use crate::model::topology::{Host, PgMajor, Port, ServerName};

/// Whom each server follows, servers outside among them; one root.
pub struct Tree {
    /// By place: the servers of the facts, then those outside.
    pub upstream: BTreeMap<usize, usize>,
    pub root: usize,
    /// In the design; the others are primaries of other clusters, with what is below them.
    pub members: BTreeSet<usize>,
    pub asked: Vec<Asked>,
    pub losses: Vec<Loss>,
}

impl Tree {
    pub fn of(facts: &[Facts], links: &Links, names: &[ServerName]) -> Self {
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
            // The archive is the primary's: who is fed by it alone follows nobody else.
            if !facts.get(place).is_some_and(is_fed_by_archive) {
                tree.ask(&name(place), "Nothing says whom it follows.", &name(root));
            }
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
    pub fn order(&self, facts: &[Facts], places: &[(Host, Port)], names: &[ServerName]) -> Vec<usize> {
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

    pub fn sync(&self, facts: &[Facts], names: &[ServerName]) -> Sync {
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
