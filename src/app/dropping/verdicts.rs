//! What a drop would do, judged for every server when a drag begins.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::{Judge, Verdict, Zone};
use crate::model::topology::{Fix, Server, ServerId};

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
#[derive(Debug)]
pub struct Verdicts {
    judge: Box<dyn Judge>,
    servers: Vec<ServerId>,
    can_take_place: bool,
    by_target: BTreeMap<ServerId, Verdict>,
    along: Vec<ServerId>,
    /// The same as `along`, asked for every card on every frame.
    comes_along: BTreeSet<ServerId>,
    /// What was asked about last, which is asked several times on every frame.
    last: RefCell<Option<Answer>>,
}

/// Everything about a drop upon one part of one card.
#[derive(Clone, Debug)]
struct Answer {
    about: (ServerId, Zone),
    verdict: Option<Verdict>,
    fix: Option<Fix>,
}

impl Verdicts {
    /// Judges what becomes of `servers` when they are dropped upon each other one.
    pub(super) fn of(judge: Box<dyn Judge>, servers: Vec<ServerId>, can_take_place: bool) -> Self {
        let dragged: BTreeSet<ServerId> = servers.iter().copied().collect();
        let along = judge.along();
        let others = judge.topology().servers().iter().map(Server::id);
        Self {
            by_target: others
                .filter(|target| !dragged.contains(target))
                .map(|target| (target, judge.judge(target, Zone::Below)))
                .collect(),
            comes_along: along.iter().copied().collect(),
            along,
            can_take_place: can_take_place && judge.can_take_place(),
            last: RefCell::default(),
            judge,
            servers,
        }
    }

    /// The servers that are on their way.
    pub fn servers(&self) -> &[ServerId] {
        &self.servers
    }

    pub fn on(&self, target: ServerId, zone: Zone) -> Option<Verdict> {
        self.answer(target, zone).verdict
    }

    /// What would let a refused drop be done after all.
    pub fn fix(&self, target: ServerId, zone: Zone) -> Option<Fix> {
        self.answer(target, zone).fix
    }

    /// What a drop there would do, in a few words.
    pub fn title(&self, target: ServerId, zone: Zone) -> String {
        self.judge.title(target, zone)
    }

    /// What can be done with the servers that are on their way.
    pub fn hint(&self) -> &'static str {
        self.judge.hint()
    }

    /// What the drop does with the key held, where that is to change the drawing and nothing else.
    pub fn only_drawing(&self, target: ServerId, zone: Zone) -> Option<(String, Verdict)> {
        self.judge.only_drawing(target, zone)
    }

    /// Those of the dragged servers whose links a drop changes.
    pub fn heads(&self) -> Vec<ServerId> {
        self.judge.topology().heads(&self.servers)
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
                Some(Err(_)) if self.judge.invites(target) => Mood::Allowed {
                    has_consequence: false,
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
            fix: self.judge.fix(target, zone),
        };
        *self.last.borrow_mut() = Some(answer.clone());
        answer
    }

    fn judge(&self, target: ServerId, zone: Zone) -> Option<Verdict> {
        let below = self.by_target.get(&target)?;
        Some(match zone {
            Zone::Above => self.judge.judge(target, zone),
            Zone::Below => below.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::design;
    use super::*;
    use crate::model::topology::notation;

    /// The verdicts of dragging `server` in the seed, one line for each target.
    fn check(server: &str, expected: &str) {
        let topology = notation::parse(
            "master 5432 sync first 1\n  slave1 15432 priority 1\n    slave11 25432\n  slave2 15433 priority 2\n",
        )
        .unwrap();
        let servers = vec![topology.by_name(server).unwrap().id()];
        let judge = Box::new(design::Judging::of(&topology, &servers));
        let verdicts = Verdicts::of(judge, servers, true);
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
