//! The table of features and targets: what each target keeps of a design, and what that means. Report, command line and window
//! ask here, and a test asks for every row.

use std::collections::BTreeMap;

use super::ansible::host_names;
use super::feature::{Feature, authentication};
use super::names::{Spelling, derived};
use super::table::row;
use super::{Target, cloudnativepg, patroni};
use crate::model::document::Document;
use crate::model::topology::{Server, ServerId, Topology};

/// Whether a target keeps a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    Exact,
    Approximated,
    Lost,
}

impl Fate {
    pub fn word(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Approximated => "approximated",
            Self::Lost => "lost",
        }
    }
}

/// One feature of a design in one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub feature: Feature,
    /// A server, a setting, or "cluster".
    pub place: String,
    pub fate: Fate,
    /// What the design says, what the target does instead, and what to do.
    pub message: String,
}

/// Every feature that the design has, as the target keeps it, in the order of the list.
pub fn losses(document: &Document, target: Target) -> Vec<Kept> {
    let topology = document.topology();
    let names = names(target, topology);
    let mut all = Vec::new();
    for feature in Feature::ALL {
        for place in feature.places(document) {
            let (fate, message) = at(feature, target, topology, &names, &place);
            all.push(Kept {
                feature,
                place,
                fate,
                message,
            });
        }
    }
    all
}

/// The row of the table, and what differs from place to place.
fn at(
    feature: Feature,
    target: Target,
    topology: &Topology,
    names: &BTreeMap<ServerId, String>,
    place: &str,
) -> (Fate, String) {
    let (fate, text) = row(feature, target);
    let server = topology.by_name(place);
    let setting = place.rsplit_once(": ").map_or(place, |(_, setting)| setting);
    match (feature, target) {
        (Feature::Name, _) => named(names, server),
        (Feature::Host, Target::Patroni) if server.is_some_and(|server| server.host().is_loopback()) => (
            Fate::Approximated,
            "Patroni refuses loopback names for its members: the file says 127.0.0.2, another address of this machine. If the servers are on separate hosts, name those hosts in the design."
                .to_owned(),
        ),
        (Feature::ClusterSettings | Feature::ServerSettings, Target::Patroni) if !patroni::is_controlled(setting) => {
            (Fate::Exact, "in the parameters of every member's file".to_owned())
        }
        (Feature::ClusterSettings | Feature::ServerSettings, Target::CloudNativePg) if !cloudnativepg::is_refused(setting) => {
            (Fate::Exact, "in the parameters of the Cluster".to_owned())
        }
        (Feature::Host, Target::Systemd | Target::Compose) if is_one_host(topology) => {
            (Fate::Exact, "all servers are drawn on one host".to_owned())
        }
        (Feature::Authentication, _) => (fate, text.replace("AUTH", authentication(topology))),
        (Feature::Port, Target::Compose) => (
            fate,
            text.replace("PORT", &server.map_or_else(String::new, |server| server.port().to_string())),
        ),
        _ => (fate, text.to_owned()),
    }
}

fn is_one_host(topology: &Topology) -> bool {
    let first = topology.primary().host();
    topology.is_all_loopback() || topology.servers().iter().all(|server| server.host() == first)
}

/// What the servers are called there; none where they keep their names.
fn names(target: Target, topology: &Topology) -> BTreeMap<ServerId, String> {
    match target {
        Target::Compose | Target::CloudNativePg => derived(topology, Spelling::Dns { most: 50 }, &[]),
        Target::Systemd => derived(topology, Spelling::Word, &[]),
        Target::Ansible => host_names(topology),
        Target::Hosts | Target::Patroni | Target::Repmgr => BTreeMap::new(),
    }
}

fn named(names: &BTreeMap<ServerId, String>, server: Option<&Server>) -> (Fate, String) {
    let called = server.and_then(|server| Some((server.name(), names.get(&server.id())?)));
    match called {
        Some((drawn, name)) if name != drawn.as_str() => (
            Fate::Approximated,
            format!(
                "it is called {name} there, since names are restricted; {drawn} stays its application_name"
            ),
        ),
        _ => (Fate::Exact, "as drawn".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_has_a_row_in_every_target() {
        for feature in Feature::ALL {
            for target in Target::ALL {
                let (fate, text) = row(feature, target);
                assert!(!text.trim().is_empty(), "{feature:?} {target:?}");
                // A loss comes with what it means.
                assert!(
                    fate == Fate::Exact || text.len() > 20,
                    "{feature:?} {target:?}: {text}"
                );
            }
        }
        let mut words: Vec<&str> = Feature::ALL.iter().map(|feature| feature.word()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Feature::ALL.len());
    }
}
