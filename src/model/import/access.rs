//! Whom pg_hba.conf lets in besides what the drawing derives: addresses that upstreams see standbys come from, and lines of
//! one's own.

use std::collections::{BTreeMap, BTreeSet};

use super::Asked;
use super::facts::Facts;
use super::hba_file::plain;
use super::terms::Terms;
use crate::model::configuration::{Layout, effective_in, lines_that_let_in};
use crate::model::topology::terms::HbaLine;
use crate::model::topology::{HbaAddress, ServerId, Topology};
use crate::model::words::listed;

/// What each server that was looked at lets in and the drawing would not, by server; each rule in its plain form.
type Besides = BTreeMap<ServerId, Vec<String>>;

/// Finds out where upstreams see standbys come from, where that is not the drawn host (`hba_address`).
pub fn addresses(
    terms: &mut Terms,
    facts: &[Facts],
    base: &Topology,
    drawn: &BTreeMap<usize, usize>,
    layout: &Layout,
) {
    let besides = besides(facts, base, drawn, layout);
    let places: BTreeMap<ServerId, usize> = drawn
        .iter()
        .filter_map(|(at, place)| Some((base.servers().get(*place)?.id(), *at)))
        .collect();
    let lists = |of: ServerId, line: &str| {
        let at = places.get(&of)?;
        let rules = &facts.get(*at)?.access;
        Some(rules.iter().any(|rule| plain(&rule.text) == line))
    };
    let mut taken: BTreeSet<(ServerId, String)> = BTreeSet::new();
    for server in base.servers() {
        let Some(at) = places.get(&server.id()) else {
            continue;
        };
        let lines: Vec<String> = lines_that_let_in(base, server)
            .iter()
            .map(|line| plain(line))
            .collect();
        // Who shows it: its upstream lets it in, and so do its downstreams, for the day when roles are swapped.
        let upstream = server.upstream().filter(|_| base.streams(server.id()));
        let around: Vec<ServerId> = upstream
            .into_iter()
            .chain(
                base.downstreams(server.id())
                    .map(crate::model::topology::Server::id),
            )
            .chain(
                base.fallbacks(server.id())
                    .into_iter()
                    .map(crate::model::topology::Server::id),
            )
            .filter(|other| besides.contains_key(other))
            .collect();
        let is_listed = |other: &ServerId| lines.iter().any(|line| lists(*other, line) == Some(true));
        let Some(first) = around.first().filter(|_| !around.iter().any(is_listed)) else {
            continue;
        };
        let mut found: Vec<(i32, String)> = Vec::new();
        for rule in besides.get(first).into_iter().flatten() {
            let Some(address) = lines.first().and_then(|line| address_in(rule, line)) else {
                continue;
            };
            let shown = around
                .iter()
                .filter(|other| besides.get(other).is_some_and(|rules| rules.contains(rule)));
            let mut score = i32::try_from(shown.count()).unwrap_or(0) * 10;
            if HbaLine::parse(rule).is_ok_and(|line| holds(&line, server.host().as_str())) {
                score += 5;
            }
            // Another standby's own address is hardly this one's as well; a network is.
            if taken.contains(&(*first, address.clone())) && !address.contains('/') {
                score -= 20;
            }
            found.push((score, address));
        }
        let best = found.iter().map(|(score, _)| *score).max();
        let address = found.into_iter().find(|(score, _)| Some(*score) == best);
        if let Some((_, address)) = address
            && let Ok(known) = HbaAddress::parse(&address)
            && let Some(own) = terms.own.get_mut(at)
        {
            own.hba_address = Some(known);
            taken.insert((*first, address));
        }
    }
}

/// Takes the rules that every server has and the drawing does not derive, in the order of the first server.
pub fn own_lines(
    terms: &mut Terms,
    facts: &[Facts],
    base: &Topology,
    drawn: &BTreeMap<usize, usize>,
    layout: &Layout,
) {
    let besides = besides(facts, base, drawn, layout);
    let derived: Vec<HbaLine> = effective_in(base, layout)
        .values()
        .flat_map(|one| &one.access)
        .filter_map(|line| HbaLine::parse(line).ok())
        .collect();
    let order = facts.iter().enumerate();
    let first = order
        .filter(|(_, one)| one.sees_access && !one.is_unreached)
        .min_by_key(|(_, one)| one.is_standby);
    let Some((_, first)) = first else { return };
    for rule in &first.access {
        let short = plain(&rule.text);
        let is_everywhere = besides.values().all(|rules| rules.contains(&short));
        let Ok(line) = HbaLine::parse(&rule.text) else {
            continue;
        };
        let is_decided = derived.iter().any(|before| before.who().covers(line.who()));
        if is_everywhere && !is_decided && !terms.cluster.hba.contains(&line) {
            terms.cluster.hba.push(line);
        }
    }
    let unseen: Vec<String> = base
        .servers()
        .iter()
        .filter(|server| !besides.contains_key(&server.id()) && !server.is_receiver())
        .map(|server| server.name().to_string())
        .collect();
    if !terms.cluster.hba.is_empty() && !unseen.is_empty() {
        terms.asked.push(Asked {
            server: None,
            question: format!(
                "Does pg_hba.conf have these lines on {}, too? Nobody could look there, and a design's own lines are for every \
                 server.",
                listed(&unseen)
            ),
            guess: "yes".to_owned(),
        });
    }
}

fn besides(facts: &[Facts], base: &Topology, drawn: &BTreeMap<usize, usize>, layout: &Layout) -> Besides {
    let derived = effective_in(base, layout);
    let mut besides = Besides::new();
    for (at, one) in facts.iter().enumerate() {
        let server = drawn.get(&at).and_then(|place| base.servers().get(*place));
        let Some(server) = server.filter(|_| one.sees_access && !one.is_unreached) else {
            continue;
        };
        let written: Vec<String> = derived
            .get(&server.id())
            .map(|one| one.access.iter().map(|line| plain(line)).collect())
            .unwrap_or_default();
        let rules = one.access.iter().map(|rule| plain(&rule.text));
        besides.insert(
            server.id(),
            rules.filter(|rule| !written.contains(rule)).collect(),
        );
    }
    besides
}

/// The address in a rule that says the same as the line, but for the address.
fn address_in(rule: &str, line: &str) -> Option<String> {
    let (rule, line): (Vec<&str>, Vec<&str>) = (rule.split(' ').collect(), line.split(' ').collect());
    let without = |words: &[&str]| -> Vec<String> {
        let kept = words.iter().enumerate().filter(|(at, _)| *at != 3);
        kept.map(|(_, word)| (*word).to_owned()).collect()
    };
    (without(&rule) == without(&line)).then(|| rule.get(3).map(|word| (*word).to_owned()))?
}

/// True if the line's network holds the host.
fn holds(line: &HbaLine, host: &str) -> bool {
    let bits = if host.contains(':') { 128 } else { 32 };
    let one = HbaLine::parse(&format!("host replication all {host}/{bits} md5"));
    let all = HbaLine::parse(&format!("host replication all {} md5", line.who().address));
    one.is_ok_and(|one| all.is_ok_and(|all| all.who().covers(one.who())))
}
