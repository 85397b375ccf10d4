//! Rules on where servers stand: what one accident takes, and what crosses from site to site.

use std::collections::{BTreeMap, BTreeSet};

use super::super::findings::Found;
use super::super::{Edit, Fix, Server, ServerId, SiteName, SyncMethod, SyncPolicy, Topology};

/// What commits wait for, where they wait at all and it is known where the primary stands.
fn waiting(topology: &Topology) -> Option<(&SyncPolicy, &SiteName, Vec<&Server>)> {
    let policy = topology.sync().filter(|policy| policy.commit.waits())?;
    let site = topology.primary().site()?;
    let candidates = topology.sync_candidates();
    (!candidates.is_empty()).then_some((policy, site, candidates))
}

pub(super) fn sync_within_one_site(topology: &Topology) -> Vec<Found> {
    let Some((_, site, candidates)) = waiting(topology) else {
        return Vec::new();
    };
    // With one site there is nothing else to choose.
    let is_elsewhere = |server: &Server| server.site().is_some_and(|other| other != site);
    let is_here = |server: &&Server| server.site() == Some(site);
    if !candidates.iter().all(is_here) || !topology.servers().iter().any(is_elsewhere) {
        return Vec::new();
    }
    let found = Found::cluster(format!(
        "Every synchronous candidate is in {site}, like the primary: losing that site can lose every copy of \
         the latest commits"
    ));
    let last = candidates
        .iter()
        .filter_map(|server| server.standby()?.sync_priority())
        .max();
    let far = topology
        .downstreams(topology.primary().id())
        .find(|server| is_elsewhere(server) && !server.is_delayed());
    vec![match far {
        Some(far) => found.fix(
            format!("Give \"{}\" a priority", far.name()),
            Edit::SetSyncPriority {
                server: far.id(),
                priority: Some(last.unwrap_or(0).saturating_add(1)),
            },
        ),
        None => found,
    }]
}

/// A quorum over several other sites waits for the nearest of them alone: that is what it is there for.
pub(super) fn every_commit_crosses_sites(topology: &Topology) -> Vec<Found> {
    let Some((policy, site, candidates)) = waiting(topology) else {
        return Vec::new();
    };
    let count = policy.count as usize;
    let is_far = |server: &&&Server| server.site().is_some_and(|other| other != site);
    let here: Vec<ServerId> = candidates
        .iter()
        .filter(|server| server.site() == Some(site))
        .map(|server| server.id())
        .collect();
    let far = match policy.method {
        SyncMethod::First => candidates.iter().take(count).find(is_far),
        SyncMethod::Any if here.len() < count => {
            let far: Vec<&&Server> = candidates.iter().filter(is_far).collect();
            let first = far.first().copied();
            let is_one_site = far
                .iter()
                .all(|server| server.site() == first.and_then(|first| first.site()));
            first.filter(|_| is_one_site && far.len() + here.len() == candidates.len())
        }
        SyncMethod::Any => None,
    };
    let Some((far, there)) = far.and_then(|far| Some((far, far.site()?))) else {
        return Vec::new();
    };
    let mut found = Found::server(
        far.id(),
        format!(
            "Every commit waits for an answer from {there}, while the primary is in {site}: each one takes \
             a round trip"
        ),
    );
    if policy.method == SyncMethod::First && here.len() >= count {
        let others = candidates.iter().map(|server| server.id());
        let others: Vec<ServerId> = others.filter(|id| !here.contains(id)).collect();
        found = found.fix(
            format!("Put those in {site} first"),
            Edit::OrderSync(here.into_iter().chain(others).collect()),
        );
    }
    vec![found]
}

pub(super) fn several_links_between_sites(topology: &Topology) -> Vec<Found> {
    let mut crossing: BTreeMap<(&SiteName, &SiteName), Vec<&Server>> = BTreeMap::new();
    for server in topology
        .in_tree_order()
        .into_iter()
        .filter_map(|id| topology.server(id))
    {
        let upstream = server.upstream().and_then(|id| topology.server(id));
        let (Some(from), Some(to)) = (upstream.and_then(Server::site), server.site()) else {
            continue;
        };
        if from != to {
            crossing.entry((from, to)).or_default().push(server);
        }
    }
    // A synchronous candidate has to follow the primary itself.
    let candidates: BTreeSet<ServerId> = if topology.sync().is_some() {
        topology
            .sync_candidates()
            .iter()
            .map(|server| server.id())
            .collect()
    } else {
        BTreeSet::new()
    };
    let must_cross = |server: &&&Server| candidates.contains(&server.id());
    crossing
        .into_iter()
        .filter_map(|((from, to), servers)| {
            let needed = servers.iter().filter(must_cross).count();
            let relay = servers
                .iter()
                .find(must_cross)
                .or_else(|| servers.iter().find(|server| !server.is_delayed()))
                .or_else(|| servers.first())?;
            let others = servers.iter().filter(|server| server.id() != relay.id());
            let others: Vec<ServerId> = others
                .map(|server| server.id())
                .filter(|id| !candidates.contains(id))
                .collect();
            if others.is_empty() {
                return None;
            }
            let times = match needed.max(1) {
                1 => "once".to_owned(),
                times => format!("{times} times"),
            };
            let mut found = Found::cluster(format!(
                "{} links carry the same WAL from {from} to {to}: with \"{}\" as a relay there, it would \
                 cross only {times}",
                servers.len(),
                relay.name()
            ));
            // What stands above the relay cannot follow it.
            let above: BTreeSet<ServerId> = topology.upstreams(relay.id()).into_iter().collect();
            if !others.iter().any(|id| above.contains(id)) {
                found.fix = Some(Fix {
                    label: format!("Make the others in {to} follow \"{}\"", relay.name()),
                    edits: vec![Edit::AttachAll {
                        servers: others,
                        upstream: relay.id(),
                    }],
                });
            }
            Some(found)
        })
        .collect()
}
