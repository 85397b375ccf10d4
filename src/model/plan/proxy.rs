//! The proxy of a laboratory in plans: which links it carries, and when it is opened and closed.

use core::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::steps::New;
use super::{Action, Serve};
use crate::model::topology::{Server, Topology};

/// A proxy listens for every link that could be drawn between two servers, so that a standby can move and servers can
/// change places while it runs; with more it would run out of the files that a process may open.
pub const LINKS_AT_MOST: usize = 400;

/// One way through the proxy: where a standby looks for one of the servers, and where that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxyLink {
    /// Servers by name.
    pub standby: String,
    pub upstream: String,
    /// Where it listens, with the upstream's port.
    pub address: Ipv4Addr,
    /// Where the upstream does.
    pub host: String,
    pub port: u16,
}

/// Every link that the servers could have, in the design's order; none, if it is not a laboratory.
pub fn proxy_links(topology: &Topology) -> Vec<ProxyLink> {
    let servers = || topology.servers().iter().filter(|server| !server.is_receiver());
    servers()
        .filter_map(|standby| Some((standby, topology.proxy_address(standby)?)))
        .flat_map(|(standby, address)| {
            servers()
                .filter(|upstream| upstream.id() != standby.id())
                .map(move |upstream| link(standby, upstream, address))
        })
        .collect()
}

fn link(standby: &Server, upstream: &Server, address: Ipv4Addr) -> ProxyLink {
    ProxyLink {
        standby: standby.name().to_string(),
        upstream: upstream.name().to_string(),
        address,
        host: upstream.host().to_string(),
        port: upstream.port().number(),
    }
}

/// The step that lets the proxy carry the links of all these designs, if one of them is a laboratory.
pub(super) fn open<'a>(designs: &[&Topology]) -> Option<New<'a>> {
    let mut links: Vec<ProxyLink> = Vec::new();
    for link in designs.iter().flat_map(|topology| proxy_links(topology)) {
        // A server that moved to another port keeps both for the time of the change.
        if !links
            .iter()
            .any(|one| (one.address, one.port) == (link.address, link.port))
        {
            links.push(link);
        }
    }
    (!links.is_empty()).then(|| New {
        title: "Open the link proxy".to_owned(),
        why:
            "The design asks for a laboratory ([lab] links): standbys reach their upstreams through a small \
              proxy on this machine, so that a link can be cut and slowed for real"
                .to_owned(),
        undo: Some(Action::Serve(Serve::CloseProxy)),
        lasts: false,
        action: Action::Serve(Serve::OpenProxy { links }),
        ..New::default()
    })
}

/// The step that ends it.
pub(super) fn close<'a>(topology: &Topology) -> Option<New<'a>> {
    topology.terms().has_lab_links.then(|| New {
        title: "Close the link proxy".to_owned(),
        why: "No server runs that needs it".to_owned(),
        action: Action::Serve(Serve::CloseProxy),
        ..New::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::{Edit, notation};

    #[test]
    fn every_server_of_a_laboratory_can_stand_below_every_other() {
        let mut topology = notation::parse("m 5001\n  a 5002\n    b 5003\n").unwrap();
        assert!(proxy_links(&topology).is_empty() && open(&[&topology]).is_none());
        let terms = crate::model::topology::ClusterTerms {
            has_lab_links: true,
            ..topology.terms().clone()
        };
        topology.apply(&Edit::SetClusterTerms(terms)).unwrap();
        let links = proxy_links(&topology);
        assert_eq!(links.len(), 6);
        let b_to_a = links
            .iter()
            .find(|link| link.standby == "b" && link.upstream == "a")
            .unwrap();
        // 5003 is 0x138B.
        assert_eq!(
            (b_to_a.address, b_to_a.port),
            (Ipv4Addr::new(127, 88, 0x13, 0x8b), 5002)
        );
        // Two designs of one cluster share what they have in common.
        let Some(New {
            action: Action::Serve(Serve::OpenProxy { links: both }),
            ..
        }) = open(&[&topology, &topology])
        else {
            panic!("it is a laboratory");
        };
        assert_eq!(both, links);
        assert!(proxy_links(&topology.without_lab()).is_empty());
    }
}
