//! Who follows whom, from what each standby dials: certain where a walk saw it, else by port, name and address, and asked where
//! two servers could be meant.

use std::collections::BTreeMap;

use super::facts::{Facts, Upstream};
use crate::model::health::Conninfo;
use crate::model::simulate::StandbyNames;

/// Where a standby streams from, as its files say it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dialled {
    /// Empty: a socket, or nothing was said.
    pub host: String,
    pub port: u16,
}

/// How sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sure {
    Certain,
    /// Other servers fit as well, or nothing but order speaks for it.
    Guessed,
}

/// A standby's upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Follows {
    Nobody,
    Server(usize, Sure),
    /// Nobody of those that were looked at: the place is among [`Links::outside`].
    Outside(usize),
    /// A standby of whose upstream nothing is known.
    Unknown,
}

#[derive(Clone, Debug, Default)]
pub struct Links {
    pub follows: Vec<Follows>,
    pub dialled: Vec<Vec<Dialled>>,
    /// The other places that each dials, beside its upstream: `None` where no server was found for one.
    pub others: Vec<Vec<Option<usize>>>,
    /// Upstreams that no server was found for.
    pub outside: Vec<Dialled>,
}

/// What a standby's connection string dials, in its order.
pub fn dialled(link: &Conninfo) -> Vec<Dialled> {
    let hosts = link
        .get("host")
        .or_else(|| link.get("hostaddr"))
        .unwrap_or_default();
    let ports: Vec<&str> = link.get("port").unwrap_or_default().split(',').collect();
    let hosts = hosts.split(',').map(str::trim).enumerate();
    let all = hosts.map(|(at, host)| {
        let port = if ports.len() == 1 {
            ports.first()
        } else {
            ports.get(at)
        };
        let number = port.and_then(|port| port.trim().parse().ok()).unwrap_or(5432);
        Dialled {
            host: if host.starts_with('/') {
                String::new()
            } else {
                host.to_owned()
            },
            port: number,
        }
    });
    let mut all: Vec<Dialled> = all.collect();
    // "host=h, port=1," is taken by libpq as a list with an empty second place.
    if all.len() > 1 {
        all.retain(|one| !one.host.is_empty());
    }
    all
}

/// True if the text means the machine itself.
pub fn is_here(host: &str) -> bool {
    matches!(host, "" | "localhost" | "::1") || host.starts_with("127.")
}

/// The links among the servers.
pub fn resolve(facts: &[Facts]) -> Links {
    let mut links = Links {
        follows: vec![Follows::Nobody; facts.len()],
        dialled: facts
            .iter()
            .map(|one| {
                one.link()
                    .filter(|_| one.is_standby)
                    .map(|link| dialled(&link))
                    .unwrap_or_default()
            })
            .collect(),
        others: vec![Vec::new(); facts.len()],
        outside: Vec::new(),
    };
    let mut groups: BTreeMap<Dialled, Vec<usize>> = BTreeMap::new();
    for (place, one) in facts.iter().enumerate().filter(|(_, one)| one.is_standby) {
        if let Some(Upstream::At(upstream)) = one.follows {
            set(&mut links, place, Follows::Server(upstream, Sure::Certain));
        } else if let Some(first) = links.dialled.get(place).and_then(|all| all.first()) {
            groups.entry(first.clone()).or_default().push(place);
        } else {
            set(&mut links, place, Follows::Unknown);
        }
    }
    // Whom most follow is decided first: it is most likely the primary.
    let mut groups: Vec<(Dialled, Vec<usize>)> = groups.into_iter().collect();
    groups.sort_by_key(|(_, standbys)| std::cmp::Reverse(standbys.len()));
    let mut bound: BTreeMap<usize, Dialled> = BTreeMap::new();
    for (dialled, standbys) in groups {
        decide(facts, &mut links, &mut bound, &dialled, &standbys);
    }
    links.others = (0..facts.len())
        .map(|place| others(facts, &links, &bound, place))
        .collect();
    links
}

/// Who is meant by the places that a standby dials while its upstream does not answer.
fn others(
    facts: &[Facts],
    links: &Links,
    bound: &BTreeMap<usize, Dialled>,
    standby: usize,
) -> Vec<Option<usize>> {
    let Some(Follows::Server(upstream, _)) = links.follows.get(standby) else {
        return Vec::new();
    };
    let all = links.dialled.get(standby).map_or(&[][..], Vec::as_slice);
    let best = |dialled: &Dialled| {
        (0..facts.len())
            .filter(|place| *place != standby)
            .filter_map(|place| {
                Some((
                    score(facts, bound, dialled, standby, place)?,
                    std::cmp::Reverse(place),
                ))
            })
            .max()
            .map(|(_, std::cmp::Reverse(place))| place)
    };
    let mut found: Vec<Option<usize>> = all.iter().map(best).collect();
    // Its upstream is among them, as a rule the first.
    if let Some(own) = found.iter().position(|place| *place == Some(*upstream)) {
        found.remove(own);
    } else if !found.is_empty() {
        found.remove(0);
    }
    found
}

fn set(links: &mut Links, place: usize, follows: Follows) {
    if let Some(one) = links.follows.get_mut(place) {
        *one = follows;
    }
}

/// All that dial one address follow one server, except that `localhost` is another one on every host.
fn decide(
    facts: &[Facts],
    links: &mut Links,
    bound: &mut BTreeMap<usize, Dialled>,
    dialled: &Dialled,
    standbys: &[usize],
) {
    let mut outside = Vec::new();
    for standby in standbys {
        let mut scored: Vec<(i32, usize)> = (0..facts.len())
            .filter(|place| place != standby && !is_below(links, *place, *standby))
            .filter_map(|place| Some((score(facts, bound, dialled, *standby, place)?, place)))
            .collect();
        scored.sort_by_key(|(score, place)| (std::cmp::Reverse(*score), *place));
        match scored.as_slice() {
            [] => outside.push(*standby),
            [(_, place)] => bind(links, bound, dialled, *standby, *place, Sure::Certain),
            [(best, place), (next, _), ..] => {
                let sure = if *best >= 20 && best > next {
                    Sure::Certain
                } else {
                    Sure::Guessed
                };
                bind(links, bound, dialled, *standby, *place, sure);
            }
        }
    }
    if !outside.is_empty() {
        let at = links.outside.len();
        links.outside.push(dialled.clone());
        for standby in outside {
            set(links, standby, Follows::Outside(at));
        }
    }
}

fn bind(
    links: &mut Links,
    bound: &mut BTreeMap<usize, Dialled>,
    dialled: &Dialled,
    standby: usize,
    upstream: usize,
    sure: Sure,
) {
    set(links, standby, Follows::Server(upstream, sure));
    bound.entry(upstream).or_insert_with(|| dialled.clone());
}

/// True if the server is below the standby already, so that it cannot be its upstream.
fn is_below(links: &Links, server: usize, standby: usize) -> bool {
    let mut next = server;
    for _ in 0..links.follows.len() {
        match links.follows.get(next) {
            Some(Follows::Server(upstream, _)) if *upstream == standby => return true,
            Some(Follows::Server(upstream, _)) => next = *upstream,
            _ => return false,
        }
    }
    true
}

/// How much speaks for this server; `None`: it cannot be the one.
fn score(
    facts: &[Facts],
    bound: &BTreeMap<usize, Dialled>,
    dialled: &Dialled,
    standby: usize,
    place: usize,
) -> Option<i32> {
    let (one, standby) = (facts.get(place)?, facts.get(standby)?);
    let host = dialled.host.as_str();
    let mut addresses = one.address.iter().chain(&one.aliases);
    if addresses.any(|(own, port)| own.eq_ignore_ascii_case(host) && *port == dialled.port) {
        return Some(100);
    }
    // What answered was asked whom it is; a walk would have met this one under that address.
    if one.is_running && standby.is_running {
        return None;
    }
    if one.port() != dialled.port || (!is_here(host) && !one.listens_to_others()) {
        return None;
    }
    let mut score = 0;
    let listens = one.listens_on();
    if listens.iter().any(|own| own.eq_ignore_ascii_case(host)) {
        score += 50;
    } else if !listens.is_empty() && !is_here(host) {
        score -= 5;
    }
    let names = [Some(one.label.as_str()), one.value("cluster_name")];
    let link = one.link();
    let own = link.as_ref().and_then(|link| link.get("application_name"));
    let is_named = |name: &str| {
        name.eq_ignore_ascii_case(host)
            || host
                .split('.')
                .next()
                .is_some_and(|first| first.eq_ignore_ascii_case(name))
    };
    if names.into_iter().chain([own]).flatten().any(is_named) {
        score += 40;
    }
    match bound.get(&place) {
        Some(before) if before == dialled => score += 60,
        Some(before) if !is_here(&before.host) && !is_here(host) => score -= 15,
        _ => {}
    }
    if lists(one, standby) {
        score += 20;
    }
    // A host of several servers has one of each port, which is enough for links on it.
    if is_here(host) && standby.listens_on() == listens {
        score += 5;
    }
    if !one.is_standby {
        score += 4;
    }
    Some(score)
}

/// True if the standby's own name is in the server's synchronous_standby_names.
fn lists(server: &Facts, standby: &Facts) -> bool {
    let (Some(text), Some(major)) = (server.value("synchronous_standby_names"), server.major) else {
        return false;
    };
    let link = standby.link();
    let name = link.as_ref().and_then(|link| link.get("application_name"));
    let names = StandbyNames::parse(text, major).ok().flatten();
    match (names, name) {
        (Some(names), Some(name)) => names.members().contains(&name.to_ascii_lowercase().as_str()),
        _ => false,
    }
}
