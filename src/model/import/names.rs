//! What each server is called in the design: its application_name, else the name of its process, its host or its folder; each
//! once.

use std::collections::{BTreeMap, BTreeSet};

use super::Loss;
use super::facts::Facts;
use super::links::{Follows, Links, is_here};
use crate::model::topology::ServerName;

/// The names of all servers, and then of those outside, with what is lost by them.
pub fn choose(facts: &[Facts], links: &Links) -> (Vec<ServerName>, Vec<Loss>) {
    let mut losses = Vec::new();
    let mut taken = BTreeSet::new();
    let mut chosen: BTreeMap<usize, ServerName> = BTreeMap::new();
    let hosts = hosts_dialled(facts.len(), links);
    // Who has a name of its own keeps it; the others go round those.
    let own_first = |place: &usize| own_name(facts.get(*place)).is_none();
    let mut order: Vec<usize> = (0..facts.len()).collect();
    order.sort_by_key(|place| (own_first(place), *place));
    for place in order {
        let Some(one) = facts.get(place) else { continue };
        let own = own_name(Some(one));
        let host = hosts.get(&place).map(String::as_str);
        let wish = own.clone().unwrap_or_else(|| fallback(one, host));
        let name = free(&wish, &mut taken);
        match &own {
            Some(own) if own != name.as_str() => losses.push(Loss {
                place: one.place.clone(),
                line: String::new(),
                message: format!(
                    "Another server has the name \"{own}\", too: pg_stat_replication cannot tell the two apart, so the design \
                     calls this one \"{name}\"."
                ),
            }),
            None if one.is_standby && !one.is_unreached && one.link().is_some() => losses.push(Loss {
                place: one.place.clone(),
                line: String::new(),
                message: format!(
                    "Its link has no application_name, so that its upstream shows it as \"walreceiver\"; the design calls it \
                     \"{name}\"."
                ),
            }),
            _ => {}
        }
        chosen.insert(place, name);
    }
    let mut names: Vec<ServerName> = chosen.into_values().collect();
    for outside in &links.outside {
        let wish = if is_here(&outside.host) {
            format!("port-{}", outside.port)
        } else {
            outside.host.clone()
        };
        names.push(free(&wish, &mut taken));
    }
    (names, losses)
}

/// The name that the server itself uses for its link, or for its process.
fn own_name(facts: Option<&Facts>) -> Option<String> {
    let facts = facts?;
    let link = facts.link();
    let of_link = link
        .as_ref()
        .and_then(|link| link.get("application_name"))
        .filter(|_| facts.is_standby);
    let name = of_link.or_else(|| facts.value("cluster_name").filter(|name| !is_debians(name)))?;
    ServerName::parse(name).ok().map(|name| name.to_string())
}

/// `15/main`, which Debian gives every first cluster.
fn is_debians(name: &str) -> bool {
    name.split_once('/')
        .is_some_and(|(major, _)| major.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

fn fallback(facts: &Facts, host: Option<&str>) -> String {
    let address = facts.address.as_ref().map(|(host, _)| host.as_str());
    let listens = facts.listens_on();
    let of_host = [host, address, listens.first().copied()]
        .into_iter()
        .flatten()
        .find(|host| !is_here(host));
    if !facts.label.is_empty() {
        return facts.label.clone();
    }
    match of_host {
        Some(host) => host.to_owned(),
        None if facts.is_standby => format!("standby-{}", facts.port()),
        None => "primary".to_owned(),
    }
}

/// The host under which its downstreams dial each server.
fn hosts_dialled(count: usize, links: &Links) -> BTreeMap<usize, String> {
    let mut hosts = BTreeMap::new();
    for (follows, dialled) in links.follows.iter().zip(&links.dialled) {
        if let (Follows::Server(upstream, _), Some(dialled)) = (follows, dialled.first())
            && *upstream < count
            && !is_here(&dialled.host)
        {
            hosts.entry(*upstream).or_insert_with(|| dialled.host.clone());
        }
    }
    hosts
}

/// The name itself, or the first of it with a number that nobody has.
fn free(wish: &str, taken: &mut BTreeSet<String>) -> ServerName {
    let plain = ServerName::parse(wish).unwrap_or_else(|_| server_name("server"));
    let mut name = plain.clone();
    let mut number = 2_u32;
    while !taken.insert(name.to_string()) {
        name = server_name(&format!("{plain}-{number}"));
        number = number.saturating_add(1);
    }
    name
}

/// For a text that is known to be a name.
fn server_name(text: &str) -> ServerName {
    let mut text = text.to_owned();
    loop {
        match ServerName::parse(&text) {
            Ok(name) => return name,
            Err(_) => "server".clone_into(&mut text),
        }
    }
}
