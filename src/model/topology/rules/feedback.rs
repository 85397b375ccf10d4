//! Which standbys tell their upstream what their queries still need (hot_standby_feedback), and the rules on that.

use std::collections::{BTreeMap, BTreeSet};

use super::super::findings::{Fix, Found};
use super::super::{Edit, Server, ServerId, Topology};
use super::hosts::real_delay;
use super::{by_hand, standbys};

const SETTING: &str = "hot_standby_feedback";

/// A fix that would turn more servers on is not offered: in a chain of thousands the fixes would be the square of it.
const MOST_IN_A_FIX: usize = 100;

/// The standbys that report: as set by hand, and else all that apply WAL as it comes, below a primary or a standby that
/// reports, too. What a delayed one needs is as old as its delay, and a silent relay passes nothing on.
pub fn reporting(topology: &Topology) -> BTreeSet<ServerId> {
    let mut reporting = BTreeSet::new();
    // Upstreams before downstreams.
    for server in topology
        .in_tree_order()
        .into_iter()
        .filter_map(|id| topology.server(id))
    {
        let Some(upstream) = server.upstream() else {
            continue;
        };
        let is_heard = upstream == topology.primary().id() || reporting.contains(&upstream);
        let unasked = is_heard && real_delay(server).is_none();
        let reports = by_hand::on(topology, server, SETTING).map_or(unasked, by_hand::ByHand::is_on);
        if reports {
            reporting.insert(server.id());
        }
    }
    reporting
}

pub(super) fn feedback_on_delayed(topology: &Topology) -> Vec<Found> {
    standbys(topology)
        .filter_map(|server| Some((server, real_delay(server)?)))
        .filter_map(|(server, delay)| {
            let feedback = by_hand::on(topology, server, SETTING).filter(|hand| hand.is_on())?;
            let found = Found::server(
                server.id(),
                format!(
                    "\"{}\" is {delay} late and sends hot standby feedback: the primary keeps dead rows \
                     {delay} longer, and its tables grow",
                    server.name()
                ),
            );
            Some(match feedback.owner {
                Some(_) => feedback.without(found),
                None => found.fix(
                    format!("Set hot_standby_feedback to off on \"{}\"", server.name()),
                    Edit::SetSetting {
                        server: Some(server.id()),
                        name: feedback.name.to_owned(),
                        value: Some("off".to_owned()),
                    },
                ),
            })
        })
        .collect()
}

pub(super) fn feedback_stops_at_relay(topology: &Topology) -> Vec<Found> {
    let reporting = reporting(topology);
    let reports = |server: &Server| reporting.contains(&server.id());
    // The nearest standby above each that does not report. Upstreams before downstreams, so that the way up is looked at once.
    let mut nearest_silent: BTreeMap<ServerId, ServerId> = BTreeMap::new();
    for id in topology.in_tree_order() {
        let above = topology.server(id).and_then(Server::upstream);
        let Some(above) = above.and_then(|above| topology.server(above)) else {
            continue;
        };
        if above.is_primary() || reports(above) {
            if let Some(farther) = nearest_silent.get(&above.id()).copied() {
                nearest_silent.insert(id, farther);
            }
        } else {
            nearest_silent.insert(id, above.id());
        }
    }
    standbys(topology)
        .filter(|server| reports(server))
        .filter_map(|server| {
            let nearest = nearest_silent.get(&server.id())?;
            let ways_up = std::iter::successors(Some(*nearest), |silent| nearest_silent.get(silent).copied());
            let silent: Vec<&Server> = ways_up
                .take(MOST_IN_A_FIX + 1)
                .filter_map(|id| topology.server(id))
                .collect();
            let nearest = silent.first()?;
            let mut found = Found::server(
                server.id(),
                format!(
                    "Feedback from \"{}\" never reaches the primary: \"{}\" above it has \
                     hot_standby_feedback off and does not pass it on",
                    server.name(),
                    nearest.name()
                ),
            );
            found.fix = (silent.len() <= MOST_IN_A_FIX).then(|| Fix {
                label: "Turn it on at every level above".to_owned(),
                edits: silent
                    .iter()
                    .map(|above| Edit::SetSetting {
                        server: Some(above.id()),
                        name: spelling(above),
                        value: Some("on".to_owned()),
                    })
                    .collect(),
            });
            Some(found)
        })
        .collect()
}

/// The name as the server's own settings have it already, so that it is not given twice.
fn spelling(server: &Server) -> String {
    let mut own = server.settings().keys();
    own.find(|name| name.eq_ignore_ascii_case(SETTING))
        .cloned()
        .unwrap_or_else(|| SETTING.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation;

    #[track_caller]
    fn check(design: &str, settings: &[(&str, &str)], expected: &[&str]) {
        let mut topology = notation::parse(design).unwrap();
        for (server, value) in settings {
            let server = Some(topology.by_name(server).unwrap().id());
            let (name, value) = ("Hot_Standby_Feedback".to_owned(), Some((*value).to_owned()));
            topology.apply(&Edit::SetSetting { server, name, value }).unwrap();
        }
        let names: Vec<&str> = reporting(&topology)
            .into_iter()
            .map(|id| topology.server(id).unwrap().name().as_str())
            .collect();
        assert_eq!(names, expected);
    }

    #[test]
    fn whoever_applies_wal_as_it_comes_reports_as_far_as_it_is_passed_on() {
        let design = "m 1\n  a 2\n    b 3\n  late 4 delay 1h\n    c 5\n  soon 6 delay 0\n";
        check(design, &[], &["a", "b", "soon"]);
        check(design, &[("a", "off")], &["soon"]);
        check(design, &[("a", "off"), ("b", "on")], &["b", "soon"]);
        check(design, &[("late", "yes")], &["a", "b", "late", "c", "soon"]);
    }
}
