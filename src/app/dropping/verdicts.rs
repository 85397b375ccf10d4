//! What a drop would do, judged for every server when a drag begins.
//!
//! The judge is `Topology::judge_attach_all` and `judge_place`, the same that decide on the drop, so the two cannot
//! disagree.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::app::WhatIf;
use crate::model::document::Command;
use crate::model::simulate::world::Incident;
use crate::model::topology::{Edit, Fix, Refusal, Server, ServerId, Topology};

/// The part of a card that something is dropped upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// Take this server's place.
    Above,
    /// Follow this server.
    Below,
}

/// What a drag that is under way makes of a card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    #[default]
    Plain,
    /// It can be dropped upon; `is_hit` if the pointer is there.
    Allowed { has_consequence: bool, is_hit: bool },
    /// It cannot, and says why when it is hit.
    Refused { is_hit: bool },
    /// Below the dragged server: it comes along.
    ComesAlong,
}

/// For each server that is not dragged: the sentences of what else would change, or the reason why not.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdicts {
    topology: Topology,
    servers: Vec<ServerId>,
    /// One server alone may also take another one's place.
    can_take_place: bool,
    /// What is judged is a world of What-if: no fix of the design helps there.
    is_world: bool,
    by_target: BTreeMap<ServerId, Verdict>,
    along: Vec<ServerId>,
    /// The same as `along`, asked for every card on every frame.
    comes_along: BTreeSet<ServerId>,
    /// What was asked about last, which is asked several times on every frame.
    last: RefCell<Option<Answer>>,
}

/// Everything about a drop upon one part of one card.
#[derive(Clone, Debug, PartialEq)]
struct Answer {
    about: (ServerId, Zone),
    verdict: Option<Verdict>,
    fix: Option<Fix>,
}

pub type Verdict = Result<Vec<String>, String>;

impl Verdicts {
    /// Judges what becomes of `servers` when they are dropped upon each other one.
    pub fn of(topology: &Topology, servers: Vec<ServerId>, can_take_place: bool) -> Self {
        let judge = |target: &Server| {
            let verdict = worded(topology.judge_attach_all(&servers, target.id()));
            (target.id(), verdict)
        };
        let dragged: BTreeSet<ServerId> = servers.iter().copied().collect();
        let others = topology.servers().iter();
        let heads = topology.heads(&servers);
        let below = heads.iter().flat_map(|head| topology.subtree(*head));
        let along: Vec<ServerId> = below.filter(|id| !dragged.contains(id)).collect();
        Self {
            by_target: others
                .filter(|target| !dragged.contains(&target.id()))
                .map(judge)
                .collect(),
            comes_along: along.iter().copied().collect(),
            along,
            can_take_place: can_take_place && servers.len() == 1,
            is_world: false,
            last: RefCell::default(),
            topology: topology.clone(),
            servers,
        }
    }

    /// The same for What-if: where the world lets it be re-pointed to.
    pub fn of_repoint(what_if: &WhatIf, server: ServerId) -> Self {
        let topology = what_if.world().topology();
        let judge = |target: &Server| {
            let upstream = target.id();
            let verdict = what_if.world().judge(Incident::Repoint { server, upstream });
            let verdict = verdict.map(|_| Vec::new());
            (upstream, verdict.map_err(|refusal| refusal.to_string()))
        };
        let others = topology.servers().iter().filter(|target| target.id() != server);
        Self {
            by_target: others.map(judge).collect(),
            along: Vec::new(),
            comes_along: BTreeSet::new(),
            can_take_place: false,
            is_world: true,
            last: RefCell::default(),
            topology: topology.clone(),
            servers: vec![server],
        }
    }

    pub fn on(&self, target: ServerId, zone: Zone) -> Option<Verdict> {
        self.answer(target, zone).verdict
    }

    /// What the drop does if it is allowed.
    pub fn command(&self, target: ServerId, zone: Zone) -> Command {
        Command::Edit(match (zone, self.servers.as_slice()) {
            (Zone::Above, [server]) => Edit::TakePlace {
                server: *server,
                place: target,
            },
            (_, [server]) => Edit::Attach {
                server: *server,
                upstream: target,
            },
            (_, servers) => Edit::AttachAll {
                servers: servers.to_vec(),
                upstream: target,
            },
        })
    }

    /// What would let a refused drop be done after all.
    pub fn fix(&self, target: ServerId, zone: Zone) -> Option<Fix> {
        self.answer(target, zone).fix
    }

    /// Those of the dragged servers whose links a drop changes.
    pub fn heads(&self) -> Vec<ServerId> {
        self.topology.heads(&self.servers)
    }

    pub fn can_take_place(&self) -> bool {
        self.can_take_place
    }

    /// The servers below the dragged ones, which come along wherever those are attached.
    pub fn along(&self) -> &[ServerId] {
        &self.along
    }

    /// How the target looks while the pointer is over `over`.
    pub fn mood(&self, target: ServerId, over: Option<(ServerId, Zone)>) -> Mood {
        match over.filter(|(id, _)| *id == target) {
            Some((_, zone)) => self
                .on(target, zone)
                .map_or(Mood::Plain, |verdict| match verdict {
                    Ok(consequences) => Mood::Allowed {
                        has_consequence: !consequences.is_empty(),
                        is_hit: true,
                    },
                    Err(_) => Mood::Refused { is_hit: true },
                }),
            None => match self.by_target.get(&target) {
                None => Mood::Plain,
                Some(Ok(consequences)) => Mood::Allowed {
                    has_consequence: !consequences.is_empty(),
                    is_hit: false,
                },
                Some(Err(_)) if self.comes_along.contains(&target) => Mood::ComesAlong,
                Some(Err(_)) => Mood::Refused { is_hit: false },
            },
        }
    }
}

impl Verdicts {
    fn answer(&self, target: ServerId, zone: Zone) -> Answer {
        let about = (target, zone);
        if let Some(answer) = self.last.borrow().as_ref().filter(|answer| answer.about == about) {
            return answer.clone();
        }
        let answer = Answer {
            about,
            verdict: self.judge(target, zone),
            fix: self.find_fix(target, zone),
        };
        *self.last.borrow_mut() = Some(answer.clone());
        answer
    }

    fn judge(&self, target: ServerId, zone: Zone) -> Option<Verdict> {
        let below = self.by_target.get(&target)?;
        match (zone, self.servers.first()) {
            (Zone::Above, Some(server)) => Some(worded(self.topology.judge_place(*server, target))),
            _ => Some(below.clone()),
        }
    }

    fn find_fix(&self, target: ServerId, zone: Zone) -> Option<Fix> {
        match zone {
            _ if self.is_world => None,
            Zone::Above => None,
            Zone::Below => self.topology.fix_attach(&self.servers, target),
        }
    }
}

fn worded(verdict: Result<Vec<String>, Refusal>) -> Verdict {
    verdict.map_err(|refusal| refusal.to_string())
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
        let verdicts = Verdicts::of(&topology, vec![topology.by_name(server).unwrap().id()], true);
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
