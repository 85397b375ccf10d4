//! What a drop would do, judged for every server when a drag begins.
//!
//! The judge is `Topology::judge_attach`, the same that decides on the drop, so the two cannot disagree.

use std::collections::BTreeMap;

use super::server_shape::Mood;
use crate::app::WhatIf;
use crate::model::simulate::world::Action;
use crate::model::topology::{Server, ServerId, Topology};

/// For each other server: the sentences of what else would change, or the reason why not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdicts {
    by_target: BTreeMap<ServerId, Verdict>,
    along: Vec<ServerId>,
}

pub type Verdict = Result<Vec<String>, String>;

impl Verdicts {
    /// Judges what becomes of `server` when it is dropped upon each other one.
    pub fn of(topology: &Topology, server: ServerId) -> Self {
        let judge = |target: &Server| {
            let verdict = topology
                .judge_attach(server, target.id())
                .map_err(|refusal| refusal.to_string());
            (target.id(), verdict)
        };
        let others = topology.servers().iter().filter(|target| target.id() != server);
        Self {
            by_target: others.map(judge).collect(),
            along: topology.subtree(server).into_iter().skip(1).collect(),
        }
    }

    /// The same for What-if: where the world lets it be re-pointed to.
    pub fn of_repoint(what_if: &WhatIf, server: ServerId) -> Self {
        let judge = |target: &Server| {
            let repoint = Action::Repoint {
                server,
                upstream: target.id(),
            };
            let verdict = what_if.world().judge(repoint).map(|_| Vec::new());
            (target.id(), verdict.map_err(|refusal| refusal.to_string()))
        };
        let servers = what_if.world().topology().servers().iter();
        Self {
            by_target: servers
                .filter(|target| target.id() != server)
                .map(judge)
                .collect(),
            along: Vec::new(),
        }
    }

    pub fn on(&self, target: ServerId) -> Option<&Verdict> {
        self.by_target.get(&target)
    }

    /// The servers below the dragged one, which come along wherever it is attached.
    pub fn along(&self) -> &[ServerId] {
        &self.along
    }

    /// How the target looks while the pointer is over `over`.
    pub fn mood(&self, target: ServerId, over: Option<ServerId>) -> Mood {
        let is_hit = over == Some(target);
        match self.on(target) {
            None => Mood::Plain,
            Some(Ok(consequences)) => Mood::Allowed {
                has_consequence: !consequences.is_empty(),
                is_hit,
            },
            Some(Err(_)) if self.along.contains(&target) && !is_hit => Mood::ComesAlong,
            Some(Err(_)) => Mood::Refused { is_hit },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::notation;

    /// The verdicts of dragging `server` in the seed, one line for each target.
    fn check(server: &str, expected: &str) {
        let topology = notation::parse(
            "master 5432 sync first 1\n  slave1 15432 priority 1\n    slave11 25432\n  slave2 15433 priority 2\n",
        )
        .unwrap();
        let verdicts = Verdicts::of(&topology, topology.by_name(server).unwrap().id());
        let line = |target: &Server| {
            let word = match verdicts.mood(target.id(), None) {
                Mood::Plain => "is dragged",
                Mood::Allowed {
                    has_consequence: false,
                    ..
                } => "allowed",
                Mood::Allowed { .. } => "allowed with a consequence",
                Mood::Refused { .. } => "refused",
                Mood::ComesAlong => "comes along",
            };
            format!("{}: {word}", target.name())
        };
        let found: Vec<String> = topology.servers().iter().map(line).collect();
        assert_eq!(found.join("\n"), expected);
    }

    #[test]
    fn every_server_is_judged() {
        check(
            "slave1",
            "master: refused\nslave1: is dragged\nslave11: comes along\nslave2: allowed with a consequence",
        );
        check(
            "slave11",
            "master: allowed\nslave1: refused\nslave11: is dragged\nslave2: allowed",
        );
        check(
            "master",
            "master: is dragged\nslave1: comes along\nslave11: comes along\nslave2: comes along",
        );
    }
}
