//! The host and the port of each server: what its downstreams dial, what it listens on, where it answered.

use super::Asked;
use super::facts::Facts;
use super::links::{Follows, Links, is_here};
use crate::model::topology::{Host, Port, ServerName};

/// Each server's place, and what was guessed.
pub fn choose(facts: &[Facts], links: &Links, names: &[ServerName]) -> (Vec<(Host, Port)>, Vec<Asked>) {
    let mut asked = Vec::new();
    let mut hosts: Vec<Option<String>> = facts
        .iter()
        .enumerate()
        .map(|(place, one)| known_host(place, one, links))
        .collect();
    // A standby that dials a socket or localhost stands on its upstream's host.
    for _ in 0..facts.len() {
        let before = hosts.clone();
        for (place, follows) in links.follows.iter().enumerate() {
            let Follows::Server(upstream, _) = follows else {
                continue;
            };
            let is_local = links
                .dialled
                .get(place)
                .and_then(|all| all.first())
                .is_some_and(|dialled| is_here(&dialled.host));
            let (own, other) = (get(&before, place), get(&before, *upstream));
            if !is_local {
                continue;
            }
            match (own, other) {
                (None, Some(host)) if !is_here(&host) => put(&mut hosts, place, host),
                (Some(host), None) if !is_here(&host) => put(&mut hosts, *upstream, host),
                _ => {}
            }
        }
        if before == hosts {
            break;
        }
    }
    let is_apart = hosts.iter().flatten().any(|host| !is_here(host));
    let mut places: Vec<(Host, Port)> = Vec::new();
    for (place, one) in facts.iter().enumerate() {
        let port = Port::new(one.port()).unwrap_or(Port::DEFAULT);
        let known = get(&hosts, place).and_then(|host| Host::parse(&host).ok());
        let host = match known {
            Some(host) => host,
            None if is_apart => {
                let name = names.get(place).map_or("", ServerName::as_str);
                let guess = entrance(one, place, facts, links, &places)
                    .or_else(|| Host::parse(name).ok())
                    .unwrap_or_default();
                asked.push(Asked {
                    server: Some(name.to_owned()),
                    question: format!(
                        "On which host does \"{name}\" run? Nothing connects to it, and it does not listen on a name of its own."
                    ),
                    guess: guess.to_string(),
                });
                guess
            }
            None => Host::default(),
        };
        places.push((host, port));
    }
    for outside in &links.outside {
        let host = Host::parse(&outside.host).unwrap_or_default();
        places.push((host, Port::new(outside.port).unwrap_or(Port::DEFAULT)));
    }
    (places, asked)
}

fn get(hosts: &[Option<String>], place: usize) -> Option<String> {
    hosts.get(place).cloned().flatten()
}

fn put(hosts: &mut [Option<String>], place: usize, host: String) {
    if let Some(one) = hosts.get_mut(place) {
        *one = Some(host);
    }
}

/// What is known without guessing: what others dial that is not loopback, what it listens on, where it answered, loopback.
fn known_host(place: usize, one: &Facts, links: &Links) -> Option<String> {
    let dials = || {
        let pairs = links.follows.iter().zip(&links.dialled);
        pairs
            .filter(|(follows, _)| matches!(follows, Follows::Server(upstream, _) if *upstream == place))
            .filter_map(|(_, dialled)| dialled.first())
            .map(|dialled| dialled.host.clone())
            .filter(|host| !host.is_empty())
    };
    let listens = one.listens_on();
    let address = one.address.as_ref().map(|(host, _)| host.clone());
    let own = || match listens.as_slice() {
        [only] => Some((*only).to_owned()),
        _ => None,
    };
    dials()
        .find(|host| !is_here(host))
        .or_else(own)
        .or_else(|| address.clone().filter(|host| !is_here(host)))
        .or_else(|| {
            dials()
                .next()
                .filter(|_| !one.listens_to_others() || one.is_running)
        })
        .or_else(|| {
            one.value("listen_addresses")
                .is_some_and(|list| list.split(',').any(|one| one.trim() == "localhost"))
                .then(|| "localhost".to_owned())
                .filter(|_| address.as_deref().is_some_and(is_here))
        })
        .or_else(|| {
            // Looked at over the loopback: it is called what others call theirs.
            let is_local = address.as_deref().is_some_and(is_here);
            let mut dialled = links.dialled.iter().flatten();
            (is_local && dialled.any(|one| one.host == "localhost")).then(|| "localhost".to_owned())
        })
        .or(address
            .clone()
            .filter(|host| !host.is_empty() && !host.starts_with('/')))
        .or_else(|| {
            (!one.listens_to_others() && one.value("listen_addresses").is_some())
                .then(|| "localhost".to_owned())
        })
}

/// The one address that its upstream's pg_hba.conf lets in for replication, if it is nobody else's.
fn entrance(
    one: &Facts,
    place: usize,
    facts: &[Facts],
    links: &Links,
    places: &[(Host, Port)],
) -> Option<Host> {
    let Some(Follows::Server(upstream, _)) = links.follows.get(place) else {
        return None;
    };
    let mut hosts: Vec<&str> = facts
        .get(*upstream)?
        .access
        .iter()
        .filter(|rule| rule.is_replication)
        .filter_map(|rule| rule.single_host())
        .filter(|host| !is_here(host) && !places.iter().any(|(taken, _)| taken.as_str() == *host))
        .collect();
    hosts.dedup();
    let named = hosts.iter().find(|host| {
        let first = host.split('.').next().unwrap_or_default();
        !one.label.is_empty()
            && (one.label.eq_ignore_ascii_case(host) || one.label.eq_ignore_ascii_case(first))
    });
    match (named, hosts.as_slice()) {
        (Some(host), _) | (None, [host]) => Host::parse(host).ok(),
        _ => None,
    }
}
