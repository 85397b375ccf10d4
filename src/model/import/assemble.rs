//! One design of all servers: the tree, then what the cluster has in common, then settings, then what is lost.

use std::collections::BTreeMap;

use super::archive::archive;
use super::facts::Facts;
use super::layout::layout_of;
use super::links::{Follows, Links};
use super::settings::{ByHand, by_hand, give, without_needless};
use super::sync::Sync;
use super::terms::Terms;
use super::tree::Tree;
use super::{Asked, Imported, Loss, NoImport, Unreached, access, links, losses, names, places, security};
use crate::model::configuration::Layout;
use crate::model::topology::{
    Archive, Auth, Draft, DraftServer, Host, LinkTerms, PgMajor, Port, ServerName, ServerTerms, Settings,
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
    let layout = layout_of(facts);
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
        archive: archive(facts, tree.root, &layout),
        layout,
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
    layout: Layout,
}

impl Drawing<'_> {
    fn finish(&self, mut asked: Vec<Asked>, mut lost: Vec<Loss>) -> Result<Imported, NoImport> {
        let mut sync = self.tree.sync(self.facts, self.names);
        let members: Vec<Facts> = self
            .facts
            .iter()
            .enumerate()
            .filter(|(place, _)| self.tree.members.contains(place))
            .map(|(_, one)| one.clone())
            .collect();
        let auth = security::auth(&members, self.major);
        let drawn: BTreeMap<usize, usize> = self
            .order
            .iter()
            .enumerate()
            .filter(|(_, place)| **place < self.facts.len())
            .map(|(at, place)| (*place, at))
            .collect();
        let mut terms = Terms::certain(
            self.facts,
            &members,
            self.links,
            self.names,
            self.major,
            &self.layout,
        );
        let build = |terms: &Terms, hand: &ByHand| {
            let draft = self.draft(&sync, auth, terms, hand);
            draft.build().map_err(NoImport::NoTree)
        };
        let base = build(&terms, &ByHand::default())?;
        terms.compare(self.facts, &base, &drawn, &self.layout);
        let base = build(&terms, &ByHand::default())?;
        access::addresses(&mut terms, self.facts, &base, &drawn, &self.layout);
        let base = build(&terms, &ByHand::default())?;
        access::own_lines(&mut terms, self.facts, &base, &drawn, &self.layout);
        let base = build(&terms, &ByHand::default())?;
        let mut hand = by_hand(self.facts, &base, &drawn, &self.layout);
        without_needless(&mut hand, self.facts, &drawn, |hand| build(&terms, hand).ok());
        let topology = build(&terms, &hand)?;
        for one in self.facts {
            lost.extend(one.losses.iter().cloned());
        }
        lost.append(&mut hand.losses);
        lost.append(&mut terms.losses);
        asked.append(&mut terms.asked);
        lost.extend(losses::of(self.facts, &topology, &drawn, &self.layout));
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

    fn draft(&self, sync: &Sync, auth: Option<Auth>, terms: &Terms, hand: &ByHand) -> Draft {
        Draft {
            name: self.name.to_owned(),
            postgres: self.major,
            sync: sync.policy.clone(),
            archive: self.archive.clone(),
            auth,
            tls: terms.has_tls,
            settings: hand.common.clone(),
            terms: terms.cluster.clone(),
            servers: self
                .order
                .iter()
                .filter_map(|place| self.server(*place, sync, terms, hand))
                .collect(),
        }
    }

    fn server(&self, place: usize, sync: &Sync, terms: &Terms, hand: &ByHand) -> Option<DraftServer> {
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
            apply_delay: standby.and_then(Facts::delay),
            settings: Settings::new(),
            terms: ServerTerms::default(),
            link: LinkTerms::default(),
            also_follows: Vec::new(),
        };
        give(&mut server, hand, place);
        terms.give(&mut server, place, self.major);
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
                        "{} connects to it, and no server that was found could be it: its card is a placeholder.",
                        by.join(", ")
                    ),
                }
            })
            .collect()
    }
}
